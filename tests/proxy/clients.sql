-- What 41 real clients send, by row of the list that was seen on the wire. Held elsewhere:
-- elsewhere 1: proxy/service.rs tls_with_channel_binding_and_without_what_is_required
-- elsewhere 2: proxy/door.rs encryption_that_is_not_offered_is_declined_in_either_order
-- elsewhere 3: proxy/door.rs a_cancel_request_reaches_the_statement_and_a_guess_does_not
-- elsewhere 4: proxy/door.rs a_wrong_password_and_an_unknown_user_sound_the_same
-- elsewhere 5: proxy/door.rs newer_protocols_are_talked_down
-- elsewhere 6: proxy/door.rs start_up_parameters_that_are_pinned_or_unknown
-- elsewhere 7: proxy/door.rs parameters_are_what_postgresql_says
-- elsewhere 8: proxy/transparent.rs an_answer_comes_on_flush_before_sync
-- elsewhere 9: proxy/purpose.rs a_prepared_statement_is_judged_anew
-- elsewhere 10: proxy/purpose.rs the_unnamed_statement_is_judged_anew_too
-- elsewhere 11: proxy/transparent.rs a_hundred_batches_in_flight_are_answered_in_order
-- elsewhere 14: proxy/transparent.rs copy_in_the_extended_protocol_with_its_second_sync
-- elsewhere 15: proxy/transparent.rs a_portal_with_a_row_limit_is_suspended_and_goes_on
-- elsewhere 16: oracle/trial.rs run
-- elsewhere 17: proxy/purpose.rs set_config_with_parameters
-- elsewhere 18: proxy/refusals.rs function_calls_by_number_are_refused
-- elsewhere 19: proxy/refusals.rs broken_frames_end_the_session
-- elsewhere 20: proxy/names.rs bind_takes_what_prepare_has_prepared_judged_anew
-- elsewhere 23: proxy/door.rs start_up_parameters_that_are_pinned_or_unknown
-- elsewhere 31: oracle/trial.rs run
-- elsewhere 40: proxy/purpose.rs at_start_up_and_what_reset_goes_back_to
-- elsewhere 45: proxy/names.rs deallocate_and_discard_forget

-- 3 crm_app: T D:t C:SELECT 1 Z:I E:42501 Z:I
SELECT pg_backend_pid() > 0
SELECT pg_terminate_backend(1)
;;
-- 7 crm_app: C:SET T D:x C:SHOW S:application_name Z:I
SET application_name = 'x'; SHOW application_name
;;
-- 12 crm_app: C:PREPARE Z:I T D:Ada Alvarez C:SELECT 1 Z:I C:DEALLOCATE Z:I C:DEALLOCATE ALL Z:I
PREPARE a1 (bigint) AS SELECT full_name FROM customers WHERE id = $1
EXECUTE a1 (1)
DEALLOCATE "a1"
DEALLOCATE ALL
;;
-- 12 bi: C:PREPARE Z:I T D:[…"Output": ["name"]…C:EXPLAIN Z:I
PREPARE sqlx_s_6 (int) AS SELECT name FROM products WHERE id = $1
EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE sqlx_s_6(NULL)
;;
-- 13 crm_app: C:BEGIN T D:1 C:SELECT 1 Z:T C:SAVEPOINT T C:SELECT 0 Z:T C:RELEASE C:SAVEPOINT T D:1 C:SELECT 1 Z:T C:ROLLBACK Z:I
BEGIN;SELECT id FROM customers WHERE id = 1
SAVEPOINT _EXEC_SVP_0x55;SELECT id FROM orders WHERE id = -1
RELEASE _EXEC_SVP_0x55;SAVEPOINT _EXEC_SVP_0x55;SELECT 1
ROLLBACK
;;
-- 13 crm_app: T D: C:SELECT 1 C:CLOSE CURSOR ALL C:UNLISTEN C:RESET Z:I
SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;
;;
-- 14 crm_app: H d d d c C:COPY 2 Z:I H d d … d d c C:COPY … Z:I E:42809 Z:I H d d c C:COPY 2 Z:I H d d … d d c C:COPY … Z:I
COPY (SELECT id, full_name FROM customers WHERE id <= 2 ORDER BY id) TO STDOUT (FORMAT csv, HEADER)
COPY addresses (id) TO STDOUT (FORMAT binary)
COPY web_events TO STDOUT
COPY (SELECT id, full_name FROM customers WHERE id <= 2 ORDER BY id) TO STDOUT (FORMAT csv, QUOTE '''', ESCAPE '''', HEADER off)
COPY addresses (id) TO STDOUT (FORMAT csv, HEADER 0)
;;
-- 18 crm_app: E:42501 Z:I
SELECT lo_create(0)
;;
-- 21 crm_app: C:SET Z:I C:SET Z:I T D:t C:SELECT 1 Z:I E:42P01 Z:I T D: C:SELECT 1 Z:I E:42P01 Z:I T D:t C:SELECT 1 Z:I
SET search_path = "public"
SET SESSION search_path = 'reporting'
SELECT count(*) > 0 FROM customer_360
SELECT count(*) FROM customers
SELECT set_config('search_path', '', false)
SELECT count(*) FROM customer_360
SELECT count(*) > 0 FROM public.customers
;;
-- 21 bi: C:BEGIN Z:T C:SELECT 1 Z:T T D:1 C:SELECT 1 Z:T T D:24 C:SELECT 1 Z:T C:ROLLBACK Z:I
BEGIN
CREATE TEMPORARY TABLE products AS SELECT 1 AS one
SELECT * FROM products
SELECT count(*) FROM public.products
ROLLBACK
;;
-- 22 crm_app: E:42501 Z:I T D:1 C:SELECT 1 Z:I T D:customers C:SELECT 1 Z:I
SELECT count(*) > 0 FROM web_events_2025_h1
SELECT CUSTOMERS.ID FROM CUSTOMERS WHERE CUSTOMERS.ID = 1
SELECT RELNAME FROM PG_CLASS WHERE OID = 'customers'::regclass
;;
-- 24 crm_app: C:START TRANSACTION Z:T C:SAVEPOINT Z:T C:SET Z:T C:ROLLBACK Z:T C:COMMIT Z:I C:BEGIN Z:T T D:t C:SELECT 1 Z:T C:COMMIT Z:I
START TRANSACTION READ ONLY
SAVEPOINT a
SET LOCAL statement_timeout = '5s'
ROLLBACK TO a
COMMIT
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE
SELECT count(*) > 0 FROM customers
COMMIT
;;
-- 25 crm_app: C:LISTEN Z:I C:NOTIFY A:news,x Z:I C:UNLISTEN Z:I C:DECLARE CURSOR Z:I T D:1 C:FETCH 1 Z:I C:CLOSE CURSOR Z:I
LISTEN news
NOTIFY news, 'x'
UNLISTEN news
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM products ORDER BY id
FETCH 1 FROM c
CLOSE c
;;
-- 25 crm_app: E:0A000 Z:I T D: C:SELECT 1 Z:I E:42501 Z:I
DECLARE "SQL_CUR0x1" CURSOR WITH HOLD FOR SELECT id FROM customers
SELECT pg_advisory_lock(72707369)
SELECT pg_export_snapshot()
;;
-- 26 crm_app: T D:1,Ada Alvarez C:SELECT 1 Z:I
SELECT "public"."customers"."id", "public"."customers"."full_name" FROM "public"."customers" WHERE ("public"."customers"."id" = 1 AND 1=1) LIMIT 1 OFFSET 0
;;
-- 27 crm_app: E:42703 Z:I E:42703 Z:I T D:t C:SELECT 1 Z:I
SELECT ctid FROM customers
UPDATE customers SET language = 'en' WHERE id = -1 RETURNING (xmax <> 0)
SELECT count(ctid) > 0 FROM products
;;
-- 28 crm_app: T D:1,Ada Alvarez,t C:SELECT 1 Z:I
SELECT "customers"."id", "customers"."full_name", COUNT("orders"."id") >= 0 FROM "customers" LEFT OUTER JOIN "orders" ON ("customers"."id" = "orders"."customer_id") WHERE "customers"."id" = 1 GROUP BY "customers"."id"
;;
-- 29 crm_app: T D:1 C:SELECT 1 Z:I E:0A000 Z:I C:BEGIN Z:T T D:1 C:SELECT 1 Z:T C:LOCK TABLE Z:T C:LOCK TABLE Z:T C:ROLLBACK Z:I
SELECT id FROM ONLY public.customers WHERE id = 1
SELECT id FROM customers TABLESAMPLE system (1)
BEGIN
SELECT id FROM customers WHERE id = 1 FOR UPDATE SKIP LOCKED
LOCK TABLE products IN ACCESS SHARE MODE
LOCK TABLE customers IN ACCESS SHARE MODE
ROLLBACK
;;
-- 30 crm_app: T D:ada@mail.example C:SELECT 1 Z:I T C:SELECT 0 Z:I
SELECT (c).email FROM customers c WHERE id = 1
SELECT c FROM addresses c WHERE id = -1
;;
-- 32 marketing: T C:SELECT 0 Z:I E:42501 Z:I
SELECT * FROM customers WHERE 1=0
SELECT * FROM tickets LIMIT 0
;;
-- 33 marketing: T D:t,t C:SELECT 1 Z:I
SELECT count(*) = (SELECT count(*) FROM (SELECT 1 FROM customers) c), min(id) > 0 FROM customers
;;
-- 34 crm_app: E:0A000 Z:I E:0A000 Z:I E:42501 Z:I
DO $$ BEGIN RAISE NOTICE 'x'; END $$
CREATE OR REPLACE FUNCTION pg_temp.testfunc() RETURNS int AS $f$ BEGIN RETURN 1; END $f$ LANGUAGE plpgsql
SELECT * FROM query_to_xml('SELECT email FROM customers', true, true, '')
;;
-- 35 bi: C:SELECT … Z:I T D:t C:SELECT 1 Z:I E:0A000 Z:I E:0A000 Z:I E:42501 Z:I E:42501 Z:I
CREATE TEMPORARY TABLE copy AS SELECT country, count(*) AS n FROM customers GROUP BY country
SELECT count(*) > 0 FROM copy
CREATE TABLE lasting AS SELECT country FROM customers
SELECT country INTO lasting FROM customers
CREATE VIEW v AS SELECT id FROM customers
REFRESH MATERIALIZED VIEW reporting.revenue_by_country
;;
-- 36 crm_app: T D:t,0,0,0 C:SELECT 1 Z:I T D:0 C:SELECT 1 Z:I E:42501 Z:I E:42501 Z:I
SELECT count(*) > 0, count(most_common_vals), count(histogram_bounds), count(null_frac) FROM pg_stats WHERE schemaname = 'public'
SELECT count(query) FROM pg_stat_activity
SELECT count(*) FROM pg_statistic
SELECT count(rolpassword) FROM pg_authid
;;
-- 36 bi: E:0A000 Z:I T D:Limit … C:EXPLAIN Z:I
EXPLAIN ANALYZE SELECT * FROM customers
EXPLAIN (COSTS off) SELECT id FROM products LIMIT 1
;;
-- 37 crm_app: C:BEGIN Z:T T D:1,Ada Alvarez C:UPDATE 1 Z:T T D:y C:INSERT 0 1 Z:T T D:1,1,home,…D:…,1,home,x,1,y,ES,t C:DELETE 2 Z:T C:ROLLBACK Z:I
BEGIN
UPDATE customers SET language = language WHERE id = 1 RETURNING id, full_name
INSERT INTO addresses (customer_id, line1, postcode, city, country) VALUES (1, 'x', '1', 'y', 'ES') RETURNING city
DELETE FROM addresses WHERE customer_id = 1 RETURNING *
ROLLBACK
;;
-- 38 crm_app: C:BEGIN Z:T C:DECLARE CURSOR Z:T T D:1 D:2 C:FETCH 2 Z:T C:MOVE 1 Z:T T D:2 C:FETCH 1 Z:T C:CLOSE CURSOR Z:T C:COMMIT Z:I
BEGIN
DECLARE c SCROLL CURSOR FOR SELECT id FROM customers WHERE id < 9 ORDER BY id
FETCH 2 FROM c
MOVE 1 IN c
FETCH BACKWARD 1 FROM c
CLOSE c
COMMIT
;;
-- 39 crm_app: T D:1,t C:SELECT 1 Z:I T D:"Ada Alvarez" C:SELECT 1 Z:I T D:t C:SELECT 1 Z:I
SELECT c.id, o.j IS NOT NULL FROM customers c LEFT JOIN LATERAL (SELECT coalesce(json_agg(json_build_array(o.id, o.note)), '[]'::json) AS j FROM orders o WHERE o.customer_id = c.id) o ON true WHERE c.id = 1
SELECT to_json((__local_0__."full_name")) FROM customers AS __local_0__ WHERE id = 1
SELECT row_to_json(c) IS NOT NULL FROM customers c WHERE id = 1
;;
-- 41 crm_app: E:42703 Z:I E:22P02 Z:I
SELECT nope FROM customers
SELECT full_name FROM customers WHERE id = 'x'
;;
-- 42 crm_app: T C:SELECT 0 Z:I T D:pg_default C:SELECT 1 Z:I
SELECT subname FROM pg_subscription
SELECT spcname FROM pg_tablespace ORDER BY 1 LIMIT 1
;;
-- 43 crm_app: T D:t C:SELECT 1 Z:I T D:t C:SELECT 1 Z:I
SELECT count(*) > 2000 FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
SELECT count(*) > 100 FROM information_schema.columns
;;
-- 44 crm_app: T D:1 C:SELECT 1 Z:I
/* {"app": "dbt", "node_id": "model.x"} */ SELECT 1 -- @see https://example.org
;;
-- 46 crm_app: C:BEGIN Z:T C:SAVEPOINT Z:T E:22012 Z:E C:ROLLBACK Z:T C:RELEASE Z:T C:COMMIT Z:I
BEGIN
SAVEPOINT "_EXEC_SVP_0x5581"
SELECT 1/0
ROLLBACK TO "_EXEC_SVP_0x5581"
RELEASE "_EXEC_SVP_0x5581"
COMMIT
;;
-- 47 crm_app: T D:consentry,f,t C:SELECT 1 Z:I T D:orders_customer_id_fkey C:SELECT 1 Z:I
SELECT r.rolname, r.rolsuper, (SELECT setting FROM pg_settings WHERE name = 'server_version_num') IS NOT NULL FROM pg_roles r WHERE r.rolname = current_user
SELECT c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE c.contype = 'f' AND r.relname = 'orders'
;;
-- 22 bi: T D:t C:SELECT 1 Z:I
SELECT count(*) > 0 FROM web_events_2025_h1
;;
-- 29 bi: T C:SELECT 0 Z:I E:42703 Z:I
SELECT c.tableoid, c.relname, c.relpages FROM pg_class c WHERE c.oid = 1
SELECT tableoid FROM customers
;;
-- 13 bi: E:42501 Z:I
DROP SCHEMA IF EXISTS scratch CASCADE
