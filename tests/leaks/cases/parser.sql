--! standard_conforming_strings=off
--: ana | 22023 | stored
SET standard_conforming_strings = off

SELECT 'a\'' , '' UNION SELECT email, '' FROM public.customers WHERE id = 7 --'
;;
--! standard_conforming_strings=off
--: ana | 22023 | stored
SELECT set_config('standard_conforming_strings', 'off', false)

SELECT 'a\'' , '' UNION SELECT email, '' FROM public.customers WHERE id = 7 --'
;;
--! Unicode escapes
--: ana | 0A000 | stored
-- UESCAPE behind a table's name is refused: the clause is no part of the name that is replaced.
SELECT * FROM u&"c\0075stomers"

SELECT * FROM u&"c!0075stomers" UESCAPE '!'

SELECT u&"\0070hone", u&"\0073ecret" FROM customers
;;
--! identifier truncation
--: ana | answered | stored
SELECT * FROM a_table_whose_name_is_as_long_as_a_name_can_be_in_this_database_and_longer

SELECT * FROM "a_table_whose_name_is_as_long_as_a_name_can_be_in_this_database_and_longer"
;;
--! database-qualified / schema-qualified refs
--: ana | answered | stored
SELECT public.customers.email, "public"."customers"."phone" FROM public.customers ORDER BY public.customers.id

SELECT * FROM PUBLIC.Customers
;;
--! database-qualified / schema-qualified refs
--: ana | 0A000 | nothing
-- Another database than this one: PostgreSQL refuses it too.
SELECT * FROM shop.public.customers
;;
--! CTE scoping
--: ana | answered | stored
WITH x AS (SELECT * FROM customers), customers AS (SELECT 1 AS one) SELECT * FROM x

WITH customers AS (SELECT * FROM customers) SELECT * FROM customers

WITH customers AS (SELECT 1 AS one) SELECT * FROM public.customers

WITH RECURSIVE x AS (SELECT * FROM customers), customers AS (SELECT 1 AS one) SELECT * FROM x
;;
--! CTE scoping
--: ana | answered | stored
-- The target of a write ignores the names of CTEs.
BEGIN

WITH orders AS (SELECT 1 AS id) DELETE FROM orders RETURNING *

WITH customers AS (SELECT 1 AS id) UPDATE customers SET notes = 'x' RETURNING *

ROLLBACK
;;
--! CTE scoping
--: ana | answered | stored
SELECT (WITH customers AS (SELECT 1) SELECT count(*) FROM customers), c.* FROM customers c

SELECT * FROM products p, LATERAL (WITH products AS (SELECT * FROM customers) SELECT * FROM products WHERE id = p.id) x
;;
--! untagged RangeVar
--: ana | answered | stored
-- Targets that the grammar keeps in fields of their own.
COPY customers TO STDOUT

COPY customers (email, phone, secret) TO STDOUT WITH (FORMAT csv)

TABLE customers
;;
--! untagged RangeVar
--: rea | 42501, 42501, 42501, 42501, 42501, 0A000, 42501 | stored
CREATE TABLE harmless.x AS TABLE customers

SELECT * INTO TEMP x FROM customers

CREATE VIEW x AS SELECT * FROM customers

CREATE INDEX ON customers ((1 / 0))

COMMENT ON TABLE customers IS 'x'

SECURITY LABEL ON TABLE customers IS 'x'

TRUNCATE customers

SELECT name FROM customers
;;
--! grammar version skew
--: ana | 0A000 | nothing
-- PostgreSQL 18's words, which 15 reads otherwise or not at all.
SELECT 1_000 FROM customers
;;
--! grammar version skew
--: ana | 42P01 | nothing
-- As on PostgreSQL 15, which has no such names.
UPDATE customers SET notes = 'x' RETURNING old.phone, new.phone
;;
--! grammar version skew
--: ana | 0A000 | nothing
SELECT * FROM customers c, JSON_TABLE(c.notes, '$' COLUMNS (x text PATH '$')) j
;;
--! deparse bugs
--: ana | answered | nothing
-- Nothing is printed: the client's text leaves as it is, spliced, and is read again. Of null there is no field at all.
SELECT EXTRACT("x' FROM now()), secret FROM public.customers --" FROM valid_until) FROM customers
;;
--! deparse bugs
--: ana | 0A000 | stored
-- The first is read differently by the second parser: refused.
SELECT ''||-- '
 phone FROM customers -- '

SELECT - - 1, name FROM customers

SELECT 1 AS "x"" FROM public.customers --", phone FROM customers
;;
