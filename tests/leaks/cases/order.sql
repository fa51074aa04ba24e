--! 1-bit oracle
--: ana | answered | naive twins
-- The comparison tells nothing, and decides whether the subquery fails.
SELECT c.id FROM customers c WHERE c.id = 7 AND (SELECT p.id FROM products p WHERE c.country = '{country7}') = 1
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT c.id FROM customers c WHERE c.id = 7 AND 1 IN (SELECT 1 / (p.id - p.id) FROM products p WHERE c.country = '{country7}')
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT c.id FROM customers c WHERE c.id = 7 AND (SELECT sum(1 / (p.id - p.id)) FROM products p WHERE c.country = '{country7}') > 0
;;
--! 1-bit oracle
--: ana | answered | nothing
SELECT c.id FROM customers c WHERE c.id = 7 AND EXISTS (SELECT FROM products WHERE c.country = '{country7}' LIMIT -1)
;;
--! 1-bit oracle
--: ana | answered | naive twins
-- The other table's condition runs on what the join has of hidden rows.
SELECT c.id FROM customers c LEFT JOIN products p ON c.country = '{country7}' AND p.id = 2 WHERE c.id = 7 AND 1 / (coalesce(p.id, 7) - 2) > 0
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells with other costs: here PostgreSQL tests the filter first.
SELECT c.id FROM customers c WHERE c.id = 7 AND c.country = '{country7}' AND (random() / 0) IS NULL
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells where the function is the inner side of a loop.
SELECT c.id FROM customers c, LATERAL generate_series(1, 2, c.id - c.id) g WHERE c.id = 7 AND c.country = '{country7}'
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells where the subquery is the inner side of a loop.
SELECT c.id FROM customers c, (SELECT 1 / (id - id) AS k FROM products) p WHERE c.id = 7 AND c.country = '{country7}' AND p.k = c.id
;;
--! 1-bit oracle
--: ana | answered | nothing
-- The pattern's end is not reached.
SELECT c.id FROM customers c WHERE c.id = 7 AND c.country = '{country7}' AND c.country LIKE 'x' || chr(92)
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells where the other table is the inner side of a loop.
SELECT c.id FROM customers c JOIN products p ON p.label LIKE '%\' WHERE c.id = 7 AND c.country = '{country7}'
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT c.id FROM customers c WHERE c.id = 7 AND c.country = '{country7}' GROUP BY c.id HAVING 1 / (c.id - 7) > 0
;;
--! 1-bit oracle
--: ana | answered | stored twins
UPDATE customers c SET country = country WHERE c.id = 7 AND c.country = '{country7}' AND (random() / 0) IS NULL
;;
--! 1-bit oracle
--: ana | answered | nothing
-- The cell is no null in the stored table.
UPDATE customers c SET country = country WHERE c.id = 7 AND c.country = '{country7}' AND 1 / coalesce(length(c.email), 0) > 0
;;
--! 1-bit oracle
--: ana | answered | stored twins
DELETE FROM customers c WHERE c.id = 7 AND c.country = '{country7}' AND coalesce(length(c.email), 0) > (SELECT 1 / (p.id - p.id) FROM products p WHERE p.id = 2)
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells where the subquery is the inner side of a loop.
UPDATE customers c SET country = c.country FROM (SELECT id, 1 / (id - id) AS k FROM products) p WHERE c.id = 7 AND c.country = '{country7}' AND p.k = c.id
;;
--! 1-bit oracle
--: ana | answered | nothing
-- The cell is no null in the stored table.
SELECT c.id FROM customers c WHERE c.id = 7 AND c.country = '{country7}' AND 1 / coalesce(length(c.email), 0) > 0 FOR UPDATE
;;
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells where the other table is the inner side of a loop.
SELECT c.id FROM customers c LEFT JOIN products p ON c.country = '{country7}' AND date(p.label) IS NULL WHERE c.id = 7
;;
--! 1-bit oracle
--: ana | answered | nothing
SELECT c.id FROM customers c LEFT JOIN products p ON c.country = '{country7}' AND now() - interval '999999 centuries' IS NULL WHERE c.id = 7
;;
--! 1-bit oracle
--: ana | answered | nothing
SELECT c.id FROM customers c LEFT JOIN products p ON c.country = '{country7}' AND coalesce(p.label, ROW(p.id)::text)::json IS NULL WHERE c.id = 7
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT c.id FROM customers c WHERE c.id = 7 AND (SELECT p.id FROM products p WHERE c.country = '{country7}' ORDER BY p.id > 0 FETCH FIRST 1 ROW WITH TIES) = 1
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT c.id FROM customers c WHERE c.id = 7 AND (SELECT count(*) + generate_series(1, CASE WHEN c.country = '{country7}' THEN 2 ELSE 1 END) FROM products p) = 4
;;
--! 1-bit oracle
--: ana | answered | stored twins
UPDATE customers c SET country = country WHERE c.id = 7 AND c.country = '{country7}' AND date(coalesce(c.email, 'xx')) IS NULL
;;
--! 1-bit oracle
--: ana | answered | nothing
SELECT c.id FROM customers c WHERE c.id = 7 AND c.country = '{country7}' AND date(coalesce(c.email, 'xx')) IS NULL FOR UPDATE

;;
--! 1-bit oracle
--: ana | answered, answered | naive
-- A mask of the policy's own fails on a hidden value only.
SELECT count(*) FROM accounts WHERE customer_id = 7 AND no = '5'

SELECT no FROM accounts WHERE no <> '5'
;;
--! 1-bit oracle
--: ana | answered | stored twins
WITH p AS MATERIALIZED (SELECT id FROM products WHERE 1 / (id - id) > 0) UPDATE customers c SET country = c.country WHERE c.id = 7 AND c.country = '{country7}' AND (c.id = 1 OR c.id IN (SELECT id FROM p))
;;
--! 1-bit oracle
--: ana | answered | stored twins
-- What stands before a write in WITH comes to the hidden rows of its target too.
WITH p AS MATERIALIZED (SELECT id FROM products WHERE 1 / (id - id) > 0), w AS (UPDATE customers SET notes = 'x' WHERE customers.id = 7 AND customers.country = '{country7}' AND (customers.id = 1 OR customers.id IN (SELECT id FROM p)) RETURNING customers.id) UPDATE customers SET notes = 'y' FROM w WHERE customers.id = w.id
;;
--! 1-bit oracle
--: ana | answered | naive twins
-- It is null for null, and the hidden row's column is.
SELECT c.id FROM customers c WHERE c.id = 7 AND c.country = '{country7}' AND 1 / (c.id - 7) > 0
;;
--! 1-bit oracle
--: ana | answered | naive twins
SELECT c.id FROM products p JOIN customers c ON c.id = p.id WHERE c.country = '{country7}' AND 1 / (c.id - p.id) > 0 AND c.id = 7
;;
--! 1-bit oracle
--: ana | answered | nothing
-- It tells where the scan is parallel, and sorted below the test of the filter.
SELECT c.id FROM customers c WHERE c.id > 6 AND c.country = '{country7}' ORDER BY 1 / (c.id - 7)
;;
--! 1-bit oracle
--: ana | answered | nothing
SELECT 1 / (c.id - 7), count(*) FROM customers c JOIN products p ON p.id = c.id WHERE c.country = '{country7}' GROUP BY 1
