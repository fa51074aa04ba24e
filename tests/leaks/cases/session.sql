--! re-resolution
--: ana | answered | stored
-- A prepared name keeps its meaning: `customers` is the harmless one, whatever search_path comes to be.
SET search_path = harmless

PREPARE p AS SELECT id, name, email FROM customers

SET search_path = public

EXECUTE p

SET search_path = harmless, public

EXECUTE p

SET search_path = public

SELECT name, email FROM customers
;;
--! re-resolution
--: ana | answered | stored
-- Judged anew: the name means the protected table now, and the visible one is what is read.
CREATE TEMP TABLE customers AS SELECT 1 AS id, 'x'::text AS name, 'x'::text AS email

PREPARE p AS SELECT id, name, email FROM customers

EXECUTE p

DROP TABLE pg_temp.customers

EXECUTE p
;;
--! WITH HOLD cursor
--: ana | 0A000, 34000 | stored
DECLARE c CURSOR WITH HOLD FOR SELECT id, email FROM customers

FETCH ALL FROM c
;;
--! temp tables / CTAS across purposes and pooled clients
--: ana | 42501, 42501 | nothing
-- The naive rewrite has no purposes. A derived table is read under the purpose that it was made for.
CREATE TEMP TABLE mine AS SELECT * FROM customers

SET consentry.purpose = statistics

SELECT * FROM mine

INSERT INTO log (what) SELECT name FROM mine

RESET consentry.purpose

SELECT count(*) FROM mine
;;
--! temp tables / CTAS across purposes and pooled clients
--: rea | 42501, 42P01 | stored
CREATE TEMP TABLE mine AS SELECT * FROM customers

SELECT * FROM mine
;;
--! SET LOCAL + savepoint
--: ana | answered | nothing
-- The naive rewrite has no purposes. Masked under statistics, in clear under marketing, as PostgreSQL's rules for settings have it.
BEGIN

SET LOCAL consentry.purpose = 'marketing'

SAVEPOINT s

SET LOCAL consentry.purpose = 'statistics'

SELECT name FROM customers WHERE id = 1

ROLLBACK TO s

SELECT name FROM customers WHERE id = 1

SHOW consentry.purpose

SET consentry.purpose = 'statistics'

ROLLBACK

SHOW consentry.purpose
;;
--! UPDATE pg_settings
--: ana | 42501, 42501 | nothing
-- Direct, the setting changes: `standard_conforming_strings` in parser.sql shows what that leads to.
UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'

UPDATE pg_catalog.pg_settings SET setting = 'x' WHERE name = 'search_path' RETURNING *
;;
--! SET ROLE / SESSION AUTHORIZATION / RESET ALL / DISCARD ALL
--: ana | 42501, 42501, 42501 | nothing
-- The proxy's role is nobody's member.
SET ROLE postgres

SET SESSION AUTHORIZATION postgres

SELECT set_config('role', 'postgres', false)
;;
--! SET ROLE / SESSION AUTHORIZATION / RESET ALL / DISCARD ALL
--: ana | answered | stored
-- The session's purpose, path and pins are as at its start.
RESET ALL

SELECT name, phone FROM customers

DISCARD ALL

SELECT name, phone FROM customers

SHOW standard_conforming_strings
;;
--! REPEATABLE READ / SERIALIZABLE
--: ana | answered | stored
-- Allowed: the snapshot is the transaction's, its age bounded by `max_transaction` (contract, section 1).
BEGIN ISOLATION LEVEL SERIALIZABLE

SELECT email, phone FROM customers

COMMIT
;;
--! session_replication_role, row_security, lo_compat_privileges, default_tablespace..
--: ana | 22023, 42501, 22023 | nothing
-- Most need a superuser anyhow. `row_security = off` turns filters into errors: pg_dump asks for it, and it may.
SET session_replication_role = replica

SET row_security = off

SET lo_compat_privileges = on

SET default_tablespace = 'x'
;;
--! lexer/format GUCs
--: ana | 22023, 22023, 22023, 22023, 22023 | nothing
-- Those that change what text means are pinned; those of the output's form are free, and change no cell that is masked.
SET backslash_quote = on

SET transform_null_equals = on

SET array_nulls = off

SET xmloption = document

SET escape_string_warning = off; SET standard_conforming_strings = off

SET bytea_output = escape; SET DateStyle = 'SQL, DMY'; SET IntervalStyle = iso_8601; SET extra_float_digits = 0

SELECT name, phone FROM customers
;;
--! pg_temp functions
--: ana | 0A000, 42883 | stored
CREATE FUNCTION pg_temp.lower(t text) RETURNS text LANGUAGE sql AS 'SELECT max(secret) FROM public.customers'

SELECT pg_temp.lower(name) FROM customers
;;
--! temp tables / CTAS across purposes and pooled clients
--: ana | 0A000, 42P01 | stored
-- A view of a temporary table reads what came into it later, under another purpose.
CREATE TEMP TABLE mine (x text)

CREATE TEMP VIEW all_of_mine AS SELECT * FROM mine

INSERT INTO mine SELECT name FROM customers WHERE id = 7

SET consentry.purpose = statistics

SELECT * FROM all_of_mine
;;
--! temp tables / CTAS across purposes and pooled clients
--: ana | 42501, 42501 | stored
-- Another table's DROP does not make the session forget the temporary one of its name.
CREATE TEMP TABLE products AS SELECT name FROM customers WHERE id IN (1, 7)

DROP TABLE IF EXISTS nowhere.products

SET consentry.purpose = statistics

SELECT * FROM products

TABLE pg_temp.products
;;
--! temp tables / CTAS across purposes and pooled clients
--: ana | 0A000, 42P01 | stored
-- A temporary view of a view reads what that has become since.
CREATE VIEW furniture AS SELECT id, label FROM products

CREATE TEMP VIEW mine AS SELECT * FROM furniture

CREATE OR REPLACE VIEW furniture AS SELECT id, name AS label FROM customers

SELECT * FROM mine

DROP VIEW furniture CASCADE
;;
--! re-resolution
--: ana | 0A000 | stored
-- What was set for a transaction is gone behind it, in the same message.
BEGIN; SET LOCAL search_path = harmless; COMMIT; SELECT name, email FROM customers WHERE id = 7
;;
--! re-resolution
--: ana | 0A000 | stored
SELECT set_config('search_path', 'harmless', true); END; SELECT name, email FROM customers WHERE id = 7
;;
--! temp tables / CTAS across purposes and pooled clients
--: ana | 42501 | nothing
-- Rows that are gone tell as much as rows that have come: the table carries the purpose from then on.
CREATE TEMP TABLE lengths AS SELECT generate_series(1, 99) AS k

DELETE FROM lengths WHERE k NOT IN (SELECT length(email) FROM customers WHERE email IS NOT NULL)

SELECT count(*) > 0 FROM lengths

SET consentry.purpose = statistics

SELECT * FROM lengths
