--! UDF pushdown
--: ana | answered | naive
SELECT id FROM (SELECT id, email FROM customers WHERE country = 'ES') c WHERE leak(email)
;;
--! UDF pushdown
--: ana | answered | naive
SELECT id FROM customers WHERE leak(name || country)
;;
--! UDF pushdown
--: ana | answered | naive
-- A join's condition runs on either side's rows.
SELECT p.id FROM products p JOIN customers c ON leak(c.email) AND c.id = p.id
;;
--! built-in cast error prints value
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND email::int > 0
;;
--! built-in cast error prints value
--: ana | 22P02 | nothing
-- A visible row's cast fails as it should; what it says, here of Ada, is taken out all the same.
SELECT id FROM customers WHERE id IN (1, 7) AND email::int > 0
;;
--! same-row flag
--: cal | answered | flag
SET consentry.purpose = flagged

SELECT id FROM customers WHERE leak(email)
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT count(*) FROM customers WHERE 1 / (CASE WHEN email LIKE '{email7}@%' THEN 0 ELSE 1 END) > 0
;;
--! 1-bit oracle
--: ana | answered | naive twins
-- The column itself is open, the row is not there.
SELECT id FROM customers WHERE 1 / (CASE WHEN country = '{country7}' THEN 0 ELSE 1 END) > 0
;;
--! unguarded sibling column
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND country::int > 0
;;
--! unguarded sibling column
--: ana | answered | naive
SELECT id FROM customers WHERE id = 7 AND notes::date > 'today'
;;
--! OFFSET 0 / CTE fence price
--: ana | answered | naive
-- No fence is put around the table, and none is needed: see benches/consent for the price.
SELECT id FROM customers WHERE id = 7 AND phone::bigint = 3
;;
--! OFFSET 0 / CTE fence price
--: ana | answered | naive
WITH c AS NOT MATERIALIZED (SELECT * FROM customers) SELECT id FROM c WHERE id > 2 AND name::int = 3
;;
--! estimates under security_barrier
--: ana | answered | barrier twins | oracle
-- By right, and without costs: but which plan is cheapest follows from the stored rows. The contract accepts that.
EXPLAIN SELECT * FROM customers WHERE country = 'DE'
;;
--! histogram walk
--: ana | answered | naive twins
-- No number walks a histogram: without costs the plan alone is told.
EXPLAIN SELECT * FROM customers WHERE email < '8'
;;
--! histogram walk
--: rea | 42501 | naive twins
EXPLAIN (FORMAT json) SELECT * FROM customers WHERE name < 'x8'
;;
--! EXPLAIN ANALYZE
--: ana | 0A000 | naive twins
EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT * FROM customers WHERE country = 'DE'
;;
--! EXPLAIN ANALYZE
--: ana | 0A000, 42501, 22023 | nothing
-- auto_explain would say it in notices; a client cannot load it, and cannot ask for them.
LOAD 'auto_explain'

SET auto_explain.log_analyze = on

SET client_min_messages = log
;;
--! aggregates inside CASE
--: ana | 22P02 | stored
-- Only visible rows are aggregated, and what the error quotes of them is taken out.
SELECT CASE WHEN count(*) < 0 THEN max(coalesce(secret, email)::int) END FROM customers
;;
--! aggregates inside CASE
--: ana | answered | stored
SELECT CASE WHEN count(*) < 0 THEN max(phone::int) END FROM customers WHERE id = 7
;;
--! constant folding
--: ana | 22012 | nothing
-- PostgreSQL folds what the client wrote; it tells of no row. Masks are columns or functions of columns: nothing in them folds.
SELECT CASE WHEN id = -1 THEN 1 / 0 END FROM customers
;;
--! constant folding
--: ana | answered | stored
SELECT id, phone FROM customers WHERE id = 2
;;
--! implied-predicate push-in timing
--: ana | answered | stored
-- Time is not measured here. The condition goes inside only on columns that show in clear, and never on masked ones.
SELECT id FROM customers WHERE email = '{email7}@hidden.example'

SELECT count(*), max(name) FROM customers WHERE id = 7
;;
--! timing of expensive predicates; pg_sleep*, advisory locks, generate_series bombs
--: ana | 42501 | nothing
-- On a naive rewrite the hidden row makes the difference of a second; here nothing sleeps.
SELECT id FROM customers WHERE id = 7 AND pg_sleep(1) IS NOT NULL
;;
--! timing of expensive predicates
--: ana | answered | naive
-- What is slow by its argument sees no hidden row: leak() would print each.
SELECT id FROM customers WHERE leak(repeat(name, 3)) AND repeat(name, 20) ~ '((((a*)*)*)*)*b'
;;
--! cached plan under other identity
--: ana | answered | stored
-- A plan made for one purpose is not used for another: under `statistics` names and telephone numbers are masked.
PREPARE p AS SELECT id, name, phone FROM customers ORDER BY id

EXECUTE p; EXECUTE p; EXECUTE p; EXECUTE p; EXECUTE p; EXECUTE p

SET consentry.purpose = statistics

SET consentry.purpose = marketing

EXECUTE p
;;
--! MERGE under RLS
--: ana | answered | nothing
-- Through the proxy MERGE sees the visible table: the hidden row does not match, and nothing tells that it is there.
BEGIN

MERGE INTO customers c USING (VALUES (7)) v (id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET notes = c.email

MERGE INTO products p USING customers c ON p.id = c.id WHEN MATCHED THEN UPDATE SET label = 'x'

SELECT count(*) FROM products WHERE label = 'x'

ROLLBACK
;;
--! null-bucket counting
--: ana | answered | stored twins
-- Under `marketing` those who refuse are not there to be counted; how many of those who are there mask a cell is what the visible table says.
SELECT phone = '***', count(*) FROM customers GROUP BY 1 ORDER BY 1
;;
--! functional dependencies
--: ana | answered | stored
-- Free text is a category of its own: it goes with the row, and `statistics` does not show it.
SET consentry.purpose = statistics

SELECT notes, name FROM customers WHERE id = 1

SET consentry.purpose = marketing

SELECT notes FROM customers
;;
--! built-in cast error prints value
--: ana | answered | naive
-- A function with an output argument names its column by that, whatever its alias is: `name` is the outer one.
SELECT c.name FROM customers c WHERE c.id = 7 AND EXISTS (SELECT 1 FROM json_array_elements('[1]') AS name WHERE name::int > 0)
;;
--! built-in cast error prints value
--: ana | answered | naive
-- An array of rows has the columns of the rows.
SELECT c.name FROM customers c WHERE c.id = 7 AND EXISTS (SELECT 1 FROM unnest(ARRAY[null::public.products]) AS name WHERE name::int > 0)
;;
--! built-in cast error prints value
--: ana | answered | naive
-- The outermost cast names a column that has no name, and CASE is called so.
SELECT c.name FROM customers c WHERE c.id = 7 AND EXISTS (SELECT 1 FROM (SELECT 'x'::name::text) s WHERE name::int > 0)

SELECT c.name FROM customers c WHERE c.id = 7 AND EXISTS (SELECT 1 FROM (SELECT CASE WHEN true THEN '1' ELSE '2'::name END) s WHERE name::int > 0)

;;
--! 1-bit oracle
--: ana | answered | naive twins
-- A comparison of text is leakproof by its types, and fails where its sides have two collations: if it ran on the hidden row,
-- its error would tell that the conditions before it were met.
SELECT id FROM members WHERE id = 1000 AND street >= 'x' AND tongue = 'x'::name
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT id FROM members WHERE id = 1000 AND street >= 'x' AND tongue < handle
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT id FROM members WHERE id = 1000 AND street >= 'x' AND nick ^@ 'x'
;;
--! 1-bit oracle
--: ana | answered | nothing
-- On either side of a join, and under either name. PostgreSQL hashes here, and would fail on whichever row it hashes first.
SELECT a.id FROM members a JOIN members b ON a.tongue = b.nick WHERE a.id = 1000

SELECT id FROM members WHERE id = 1000 AND tongue IN (SELECT nick FROM members WHERE id = 1000)

SELECT a.id FROM members a JOIN (SELECT id AS n, nick AS tongue FROM members) b USING (tongue) WHERE a.id = 1000 AND b.n = 1000

UPDATE members SET handle = handle WHERE id = 1000 AND street >= 'x' AND tongue = nick

DELETE FROM members WHERE id = 1000 AND street >= 'x' AND tongue = 'x'::name
;;
--! 1-bit oracle
--: ana | answered | naive twins
-- A parameter may be declared to be of a type that brings its own collation.
PREPARE collated (name) AS SELECT id FROM members WHERE id = 1000 AND street >= 'x' AND tongue = $1

EXECUTE collated ('x')

