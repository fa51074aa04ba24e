-- A name that relations of several schemas bear leaves with its schema, whatever PostgreSQL's path is. `letters` is
-- protected in `public` and open in `reporting`; `tables` is open, and a view in `information_schema`.
-- crm_app/service: changed | has FROM "reporting".letters
SET search_path = reporting, public; SELECT * FROM letters
;;
-- crm_app/service: changed | has FROM ONLY "reporting".letters
BEGIN; SET LOCAL search_path = reporting; SELECT id FROM ONLY letters AS l WHERE l.id > 0; COMMIT
;;
-- crm_app/service: changed | has TABLE "public".tables | alike
TABLE tables LIMIT 3
;;
-- crm_app/service: changed | has FROM "public".products p, "public".tables
SELECT * FROM products p, tables
;;
-- crm_app/service: same
SELECT * FROM products p, public.tables
;;
-- crm_app/service: same
WITH tables AS (SELECT 1 AS x) SELECT x FROM tables
;;
-- crm_app/service: changed | has FROM "public".tables
SELECT (SELECT max(id) FROM tables) FROM pg_class
;;
-- crm_app/service: changed | has "pg_temp".mine
CREATE TEMP TABLE mine (id int); SELECT relname, id FROM pg_class, mine
;;
-- crm_app/service: changed | has INTO "public".tables | has UPDATE "public".tables | has FROM "public".tables
INSERT INTO tables VALUES (1, 'x', '2024-01-01'); UPDATE tables SET id = tables.id; DELETE FROM tables
;;
-- crm_app/service: changed | has "public".tables IN
LOCK TABLE tables IN ACCESS SHARE MODE
;;
-- crm_app/service: changed | has FROM "public".tables
DECLARE c CURSOR FOR SELECT * FROM tables
;;
-- crm_app/service: changed | has FROM "public".tables
PREPARE of_tables AS SELECT * FROM tables
;;
-- builder/service: changed | has FROM "public".tables
CREATE TEMP VIEW v AS SELECT * FROM tables
;;
-- builder/service: changed | has FROM "public".tables
CREATE VIEW v AS SELECT * FROM tables
;;
-- builder/service: same
CREATE VIEW v AS SELECT l.* FROM letters l, tables
;;
-- builder/service: changed | has FROM "public".tables
CREATE TABLE v AS SELECT * FROM tables
;;
-- builder/service: changed | has ALTER TABLE "public".tables
ALTER TABLE tables ADD COLUMN more int
;;
-- builder/service: changed | has ON "public".tables
CREATE INDEX ON tables (id)
;;
-- builder/service: changed | has ALTER TABLE "public".tables
ALTER TABLE tables RENAME TO chairs
;;
-- builder/service: changed | has DROP TABLE IF EXISTS "public".tables
DROP TABLE IF EXISTS tables, nothing
;;
-- builder/service: changed | has LIKE "public".tables
CREATE TABLE mine (LIKE tables)
;;
-- builder/service: changed | has INHERITS ("public".tables)
CREATE TABLE mine () INHERITS (tables)
;;
-- builder/service: changed | has ALTER SEQUENCE "public".numbers
ALTER SEQUENCE numbers RESTART
;;
-- What is local ends with the transaction, whatever ends it.
-- crm_app/service: depends-on-reset
BEGIN; SET LOCAL search_path = reporting; COMMIT; SELECT * FROM letters
;;
-- crm_app/service: depends-on-reset
SET LOCAL search_path = reporting; END; SELECT * FROM letters
;;
-- crm_app/service: depends-on-reset
BEGIN; SELECT set_config('search_path', 'reporting', true); COMMIT AND CHAIN; SELECT * FROM letters
;;
-- crm_app/service: depends-on-reset
BEGIN; SAVEPOINT a; SET LOCAL search_path = reporting; RELEASE a; PREPARE TRANSACTION 'x'; SELECT * FROM letters
;;
-- crm_app/marketing: depends-on-reset
BEGIN; SET LOCAL consentry.purpose = 'service'; COMMIT; SELECT count(*) FROM customers
;;
-- crm_app/service: changed | has FROM "reporting".letters
BEGIN; SELECT set_config('search_path', 'reporting', false); COMMIT; SELECT * FROM letters; RESET search_path
;;
-- crm_app/service: same
BEGIN; SET LOCAL search_path = reporting; COMMIT; SHOW search_path
;;
-- What leaves of a write through a view writes its table, which has more columns.
-- crm_app/marketing: undefined-column
UPDATE customer_contacts SET country = 'ES' WHERE id = 3 RETURNING id, internal_note
;;
-- crm_app/marketing: undefined-column
DELETE FROM customer_contacts WHERE id = 3 AND birth_date IS NULL
;;
-- crm_app/marketing: changed
UPDATE customer_contacts SET country = 'ES' WHERE id = 3 RETURNING id, email
;;
-- A cell that stands for a reference gives the column the name that the reference gave it.
-- crm_app/marketing: changed | has AS "email")::text FROM
UPDATE customers c SET language = 'es' WHERE c.id = 3 AND EXISTS (SELECT 1 FROM (SELECT p.id, c.email::text FROM products p WHERE p.id = 1) z WHERE email = 'user3@x.example')
;;
-- The name of a subquery's first column, behind a star.
-- marketing/marketing: changed | has END AS "phone"
SELECT count(*) FROM customers c WHERE c.id = 3 AND EXISTS (SELECT 1 FROM (SELECT id, (SELECT x.* FROM (SELECT 'a' AS phone) x LIMIT 1) FROM products) h WHERE h.id <> c.id AND phone IS NULL)
;;
-- LIMIT and OFFSET of a set operation see the levels around it.
-- crm_app/marketing: changed | lacks WHEN internal_note
UPDATE customers c SET language = 'es' WHERE c.id = 3 RETURNING (SELECT 'a' UNION ALL SELECT 'b' LIMIT 1 OFFSET (CASE WHEN internal_note = 'x' THEN 0 ELSE 1 END))
;;
-- marketing/marketing: changed | has "consentry_t"."country"
SELECT c.id FROM customers c WHERE c.id IN (3, 6) AND EXISTS (SELECT 1 UNION ALL SELECT 2 OFFSET (CASE WHEN c.country = 'ES' THEN 0 ELSE 10 END))
;;
-- A key that is called like an output column is that one.
-- crm_app/marketing: changed | has ORDER BY email DESC
UPDATE customers c SET language = (SELECT left(h.name, 5) AS email FROM products h ORDER BY email DESC LIMIT 1) WHERE id = 3
;;
-- crm_app/marketing: changed | has GROUP BY email
UPDATE customers c SET language = (SELECT left(h.name, 5) AS email FROM products h GROUP BY email LIMIT 1) WHERE id = 3
;;
-- crm_app/marketing: not-understood
INSERT INTO customers (id, ref, country) VALUES (90001, '00000000-0000-0000-0000-000000000001', 'ES') RETURNING (SELECT customers.email FROM (SELECT 1::bigint AS id, 'x' AS email) consentry_w)
;;
-- marketing/marketing: not-understood
SELECT 1 FROM customers, generate_series(1, 2) AS consentry_w
;;
-- VALUES has its own columns in scope.
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM (SELECT id, country, id AS column1 FROM customers) c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products h, (VALUES ('a'), ('b') ORDER BY column1::numeric LIMIT 1) v WHERE h.id <> c.id))
;;
-- marketing/marketing: same
VALUES (2, 'b'), (1, 'a') ORDER BY column1, "*VALUES*".column2
;;
-- A name that nothing has may be a column that the target has got since.
-- crm_app/marketing: undefined-column
UPDATE customers SET language = 'es' WHERE id = 1 RETURNING fresh
;;
-- crm_app/marketing: undefined-column
UPDATE customers SET language = (SELECT fresh FROM products LIMIT 1) WHERE id = 1
;;
-- A partition that is named tells of its rows what they were found by.
-- crm_app/marketing: partition-tells
SELECT id FROM parcels_b_all
;;
-- crm_app/marketing: partition-tells
UPDATE parcels_b_all SET note = 'x' WHERE id = 1
;;
-- crm_app/marketing: partition-tells
SELECT count(*) FROM ONLY parcels_b_all
;;
-- crm_app/marketing: changed
SELECT id FROM parcels_b
;;
-- crm_app/marketing: changed
SELECT id FROM parcels_a
;;
-- A word since PostgreSQL 16, a name before.
-- marketing/marketing: doubtful-token
SELECT * FROM system_user
;;
-- marketing/marketing: doubtful-token
SELECT SYSTEM_USER
;;
-- marketing/marketing: doubtful-token
UPDATE customers SET language = 'es' WHERE id = 3 RETURNING system_user
;;
-- marketing/marketing: same
SELECT 1 AS "system_user", p."system_user" FROM (SELECT 2 AS "system_user") p
;;
-- marketing/marketing: same
SELECT p.system_user FROM (SELECT 2 AS "system_user") p
;;
-- Others of these words mean the same where the database has nothing of that name.
-- marketing/marketing: same
SELECT json_object('{a,b}'), '{}'::json, json '[]', CAST('{1}' AS json[])
