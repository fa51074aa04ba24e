--! SQL / plpgsql functions (invoker, definer, BEGIN ATOMIC, procedures)
--: ana | 42501, 42501, 42501, 42501, 42501 | stored
SELECT f_definer(7)

SELECT * FROM f_invoker(7)

SELECT f_atomic(id) FROM products

SELECT * FROM f_dynamic('customers')

CALL pp(NULL)
;;
--! SQL / plpgsql functions (invoker, definer, BEGIN ATOMIC, procedures)
--: ana | 0A000 | stored
DO $$ DECLARE e text; BEGIN SELECT email INTO e FROM public.customers WHERE id = 7; RAISE NOTICE '%', e; END $$
;;
--! partitions
--: ana | answered | stored
SELECT * FROM visits_north

SELECT * FROM visits_south

TABLE visits
;;
--! partitions
--: ana | answered | stored
COPY visits_north TO STDOUT

COPY (SELECT * FROM visits_south) TO STDOUT
;;
--! inheritance child
--: ana | answered | stored
SELECT * FROM customers_extra

SELECT * FROM ONLY customers

SELECT count(*) FROM customers
;;
--! foreign tables / dblink
--: ana | 42501 | stored
SELECT * FROM elsewhere
;;
--! foreign tables / dblink; dblink*, postgres_fdw
--: ana | 42501, 42501 | stored
SELECT * FROM dblink('host=127.0.0.1 port=' || current_setting('port') || ' user=consentry password=upstream-secret dbname=' || current_database(), 'SELECT email FROM public.customers') AS t (e text)

SELECT dblink_connect('x', 'host=127.0.0.1')
;;
--! dblink*, postgres_fdw
--: ana | 0A000, 0A000 | nothing
-- The proxy's role may not make servers either.
CREATE SERVER mine FOREIGN DATA WRAPPER postgres_fdw

IMPORT FOREIGN SCHEMA public FROM SERVER here INTO harmless
;;
--! rename
--: ana | 42501, 0A000, 42501, 42501 | nothing
-- Only the owner may. What a DBA renames behind the proxy is in tests/catalog_window.rs.
ALTER TABLE customers RENAME TO x

ALTER TABLE customers SET SCHEMA harmless

ALTER TABLE customers RENAME COLUMN email TO open_column

ALTER TABLE visits DETACH PARTITION visits_north
;;
--! publication / subscription / logical slot
--: ana | 0A000, 0A000, 42501, 42501 | nothing
-- Needs rights that the proxy's role lacks.
CREATE PUBLICATION mine FOR TABLE customers

CREATE SUBSCRIPTION mine CONNECTION 'host=127.0.0.1' PUBLICATION changes

SELECT * FROM pg_logical_slot_get_changes('x', NULL, NULL)

SELECT pg_create_logical_replication_slot('x', 'test_decoding')
;;
--! new column
--: ana | answered | stored
-- `secret` is such a column: not in the policy, null in every cell.
SELECT * FROM customers

SELECT secret FROM customers

SELECT to_json(c), c::text FROM customers c
;;
--! system sampling
--: ana | 0A000 | stored
SELECT * FROM customers TABLESAMPLE system (100) REPEATABLE (1)
;;
--! system sampling
--: ana | 0A000 | stored
SELECT * FROM customers TABLESAMPLE bernoulli (100) REPEATABLE (1)
;;
--! typed whole row
--: ana | 42501 | stored
SELECT f_whole(c) FROM customers c
;;
--! typed whole row
--: ana | answered | stored
SELECT c FROM customers c

SELECT (c).secret, (c).phone FROM (SELECT c FROM customers c) x

SELECT row_to_json(c), c IS NULL FROM customers c
;;
--! typed whole row
--: ana | answered | stored
-- The cast is to the stored table's row type, of the visible table's cells.
SELECT c::customers FROM customers c
;;
--! user casts/operators/collations/types/aggregates/domains
--: ana | 0A000, 0A000, 42501, 0A000, 0A000, 0A000, 0A000 | nothing
-- Code that runs on values is made by DBAs only.
CREATE FUNCTION harmless.f(t text) RETURNS text LANGUAGE sql AS 'SELECT t'

CREATE AGGREGATE harmless.a (text) (SFUNC = textcat, STYPE = text)

CREATE DOMAIN harmless.d AS text CHECK (public.leak(VALUE))

CREATE OPERATOR harmless.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)

CREATE COLLATION harmless.c (provider = icu, locale = 'und', deterministic = false)

CREATE CAST (text AS int) WITH INOUT AS IMPLICIT

CREATE TYPE harmless.t
;;
--! new column
--: ana | 42501, 42501, 42501, 42501, 42501 | nothing
-- Only the owner may, which the proxy's role is not here: the value of a row in an error, yes or no by a check, a count by a
-- sequence, whether there are rows at all.
ALTER TABLE customers ADD COLUMN x int GENERATED ALWAYS AS (email::int) STORED

ALTER TABLE customers ADD COLUMN x int CHECK (email <> '{email7}@hidden.example')

ALTER TABLE customers ADD COLUMN x serial

ALTER TABLE customers ADD COLUMN x int NOT NULL

CREATE INDEX ON elsewhere ((email::int))
