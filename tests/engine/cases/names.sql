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
-- crm_app/service: not-understood
BEGIN; SET LOCAL search_path = reporting; COMMIT; SELECT * FROM letters
;;
-- crm_app/service: not-understood
SET LOCAL search_path = reporting; END; SELECT * FROM letters
;;
-- crm_app/service: not-understood
BEGIN; SELECT set_config('search_path', 'reporting', true); COMMIT AND CHAIN; SELECT * FROM letters
;;
-- crm_app/service: not-understood
BEGIN; SAVEPOINT a; SET LOCAL search_path = reporting; RELEASE a; PREPARE TRANSACTION 'x'; SELECT * FROM letters
;;
-- crm_app/marketing: not-understood
BEGIN; SET LOCAL consentry.purpose = 'service'; COMMIT; SELECT count(*) FROM customers
;;
-- crm_app/service: changed | has FROM "reporting".letters
BEGIN; SELECT set_config('search_path', 'reporting', false); COMMIT; SELECT * FROM letters; RESET search_path
;;
-- crm_app/service: same
BEGIN; SET LOCAL search_path = reporting; COMMIT; SHOW search_path
