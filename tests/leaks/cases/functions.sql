--! ts_stat(text[,text])
--: ana | 42501, 42501 | stored
SELECT * FROM ts_stat('select to_tsvector(''simple'', email || name) from public.customers where id = 7')

SELECT * FROM ts_stat('select to_tsvector(''simple'', email || name) from public.customers where id = 7', 'a')
;;
--! ts_rewrite(tsquery,text)
--: ana | 42501 | stored
SELECT ts_rewrite('a'::tsquery, 'select ''a''::tsquery, plainto_tsquery(''simple'', name) from public.customers where id = 7')
;;
--! ts_rewrite(tsquery,text)
--: ana | 42501, 42501, 42501, 42501 | stored
-- The same family: SQL, tables or schemas by name.
SELECT query_to_xml('select email from public.customers', true, false, '')

SELECT table_to_xml('public.customers', true, false, '')

SELECT schema_to_xml('public', true, false, '')

SELECT database_to_xml(true, false, '')
;;
--! ts_rewrite(tsquery,text)
--: ana | 42501 | stored
SELECT * FROM cursor_to_xml('x', 1, true, false, '')

SELECT name FROM public.customers
;;
--! pageinspect, pgstattuple, pg_visibility, pg_walinspect, amcheck, pg_buffercache, pg_freespacemap, pgrowlocks
--: ana | 42501, 42501, 42501 | superuser
SELECT encode(get_raw_page('customers', 0), 'escape')

SELECT table_len, tuple_count FROM pgstattuple('customers')

SELECT * FROM pgrowlocks('customers')
;;
--! pg_cancel_backend / pg_terminate_backend
--: ana | 42501, 42501 | nothing
-- All clients have one role upstream, which may end its own sessions. CancelRequest is the way.
SELECT pg_cancel_backend(pg_backend_pid())

SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user
;;
--! pg_sleep*, advisory locks, generate_series bombs
--: ana | 42501, 42501, 42501 | nothing
-- generate_series is a tool that reports need: `statement_timeout` bounds it.
SELECT pg_sleep(0.01)

SELECT pg_sleep_for('1 ms')

SELECT pg_sleep_until(now())
;;
--! error-printing built-ins (raw value in message)
--: ana | 22P02 | stored
SELECT secret::json, email::json FROM customers WHERE id = 1
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND name::json IS NOT NULL
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | naive twins
SELECT id FROM customers WHERE id = 7 AND to_date(name, 'YYYY-MM-DD') > 'today'
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND name::numeric > 0
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND name::timestamptz > now()
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND xmlparse(DOCUMENT '<a>' || name || '</b>') IS NOT NULL
;;
--! error-printing built-ins (raw value in message)
--: ana | 22P02 | stored
SELECT coalesce(secret, name)::uuid FROM customers WHERE id = 1
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | naive
SELECT id FROM customers WHERE CASE WHEN id = 7 THEN name::regclass END IS NOT NULL
;;
--! error-printing built-ins (raw value in message)
--: ana | answered | stored
-- A masked cell of a visible row is masked before anything runs on it.
SELECT phone::json FROM customers WHERE id = 7

SELECT id FROM customers WHERE id = 2 AND upper(phone) LIKE 'G%'

SELECT length(phone), phone FROM customers WHERE id = 2
;;
--! user casts/operators/collations/types/aggregates/domains
--: ana | 42501, 42501, 42501, 42501, 42501, 42501 | stored
-- A cast and a domain's check are calls by other names.
SELECT (7::wrapped).t

SELECT ('x'::text).telling

SELECT g.telling FROM unnest('{x}'::text[]) g

SELECT 'x'::telling

SELECT telling('x')

CREATE TEMP TABLE mine (x telling DEFAULT 'x')
;;
--! SQL / plpgsql functions (invoker, definer, BEGIN ATOMIC, procedures)
--: ana | 42501, 42501 | nothing
-- PostgreSQL evaluates the bounds of a partition at once and shows them to all: by pg_get_expr, and in the error that the
-- proxy's role gets here, which owns no such table.
CREATE TABLE harmless.part PARTITION OF visits FOR VALUES IN (query_to_xml('SELECT email FROM public.customers', true, false, '')::text)

CREATE TABLE harmless.part (x text) PARTITION BY LIST (f_definer(7))
