Whom a statement is about, as the record tells it: keys named by equality, and output columns that are a bare key.
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE id = 42
;;
-- crm_app/service: changed | about customer:42 | alike
SELECT full_name FROM customers WHERE 42 = id AND country = 'ES'
;;
-- crm_app/service: changed | about customer:42 customer:7 | alike
SELECT full_name FROM customers WHERE id IN (42, 7, 42)
;;
-- crm_app/service: changed | about customer:42 customer:7
SELECT full_name FROM customers WHERE id = 42 OR (id = 7 AND country = 'ES')
;;
-- crm_app/service: changed | about customer:42 customer:7
SELECT full_name FROM customers WHERE id = 42::bigint OR id = CAST('7' AS bigint)
;;
-- A cast may make another value of a constant: what that is, is worked out where it is sure (`key_value.rs`).
-- crm_app/service: changed | about customer:4.6 customer:4.6 customer:51
SELECT full_name FROM customers WHERE id = 4.6::int OR id = '4.6'::numeric::int OR id = '51'::char(1)::int
;;
-- crm_app/service: changed | about customer:42
SELECT c.full_name FROM orders o JOIN customers c ON c.id = o.customer_id AND c.id = 42
;;
-- crm_app/service: changed | about customer:42
SELECT o.placed_at FROM orders o WHERE o.customer_id = 42
;;
-- crm_app/service: changed | about customer:42
SELECT count(*) FROM tickets WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = 42 AND c.id = tickets.customer_id)
;;
-- crm_app/service: changed | about customer:{42,7}[] | alike
SELECT full_name FROM customers WHERE id = ANY ('{42,7}')
;;
-- crm_app/service: changed | about customer:{42,7}[] customer:9
SELECT full_name FROM customers WHERE id = ANY ('{42,7}'::bigint[]) OR id = ANY (ARRAY[9])
;;
-- crm_app/service: changed | about customer:-42 | alike
SELECT full_name FROM customers WHERE id = -42
;;
-- crm_app/service: changed | about customer:42 customer:7
SELECT full_name FROM customers WHERE (id, country) IN ((42, 'ES'), (7, 'FR'))
;;
-- crm_app/service: changed | about customer:42 customer:7
SELECT full_name FROM customers WHERE (country, id) = ('ES', 42) OR id IS NOT DISTINCT FROM 7
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE id = ALL (ARRAY[42])
;;
-- crm_app/service: changed | about nobody
SELECT full_name FROM customers WHERE (id, country) <> (42, 'ES') AND id IS DISTINCT FROM 7
;;
-- crm_app/service: changed | about customer:42 | keys 1
SELECT full_name, id AS who FROM customers WHERE NOT (id = 42) AND id <> 7 AND id > 3
;;
-- crm_app/service: changed | about nobody | keys 0
SELECT c.id, o.customer_id, o.id FROM customers c JOIN orders o ON o.customer_id = c.id
;;
-- crm_app/service: changed | about customer:42
SELECT customer_id FROM orders JOIN tickets USING (customer_id) WHERE customer_id = 42
;;
-- crm_app/service: changed | about customer:42
UPDATE customers SET phone = NULL WHERE id IN (42)
;;
-- dba/-: same | about customer:42 | touches public.customers.full_name shown | touches public.customers.id compared
SELECT full_name FROM customers WHERE id = 42
;;
-- dba/-: same | about customer:42 customer:7 | keys 1 | touches public.customers.email compared
SELECT full_name, id FROM customers WHERE id IN (42, 7) AND email LIKE '%@web.example' FOR UPDATE
;;
-- dba/-: same | about nobody | keys 0 | touches public.customers.email shown
SELECT * FROM customers
;;
An unlisted table beside it, a sampled one, a function of one's own: what is not understood is let through all the same.
-- dba/-: same | about customer:42
SELECT c.full_name FROM employees e, customers c WHERE c.id = 42
;;
-- dba/-: same | about nobody
SELECT full_name FROM customers TABLESAMPLE SYSTEM (10) WHERE id = 42
;;
-- dba/-: same | about customer:42 | touches public.customers.phone written
UPDATE customers SET phone = NULL WHERE id = 42
;;
-- dba/-: same | about customer:42 | touches public.orders.customer_id compared
DELETE FROM order_items USING orders o WHERE o.id = order_id AND o.customer_id = 42
;;
-- dba/-: same | about customer:42 | touches public.customers.email shown
CREATE TEMP TABLE of_one AS SELECT email FROM customers WHERE id = 42
;;
-- dba/-: same | about customer:42
EXPLAIN SELECT email FROM customers WHERE id = 42
;;
-- dba/-: same | about customer:42
WITH c AS (SELECT * FROM customers WHERE id = 42) SELECT count(*) FROM c
;;
What leaves later or otherwise, and what several arms merge into one column.
-- crm_app/service: changed | keys 1
DECLARE c CURSOR FOR SELECT full_name, id FROM customers
;;
-- crm_app/service: changed | keys 0
PREPARE of_keys AS SELECT id FROM customers
;;
-- crm_app/service: changed | keys 0
SELECT id FROM customers UNION ALL SELECT customer_id FROM orders
;;
-- crm_app/service: changed | keys none
SELECT id FROM customers UNION ALL SELECT 7
;;
-- crm_app/service: changed | keys none
SELECT id FROM customers UNION ALL SELECT id FROM products
;;
-- crm_app/service: changed | keys 0
SELECT id FROM customers LEFT JOIN products USING (id)
;;
-- crm_app/service: changed | keys none
SELECT id FROM customers FULL JOIN products USING (id)
;;
-- dba/-: same | keys 1
DECLARE c CURSOR FOR SELECT full_name, id FROM customers
;;
-- In whatever clause, and however the constant is written.
-- crm_app/service: changed | about customer:6
SELECT id, count(*) FROM customers GROUP BY id HAVING id = 6
;;
-- crm_app/service: changed | about customer:6
SELECT c.full_name FROM customers c LEFT JOIN addresses a USING (id) WHERE id = 6
;;
-- crm_app/service: changed | about customer:6
SELECT full_name FROM customers WHERE (id = 6) IS TRUE
;;
-- crm_app/service: changed | about customer:6
SELECT full_name FROM customers WHERE (id = 6) IS FALSE
;;
-- crm_app/service: changed | about customer:6 | unlike
SELECT full_name FROM customers WHERE id = +6
;;
-- crm_app/service: changed | about customer:6 | unlike
SELECT full_name FROM customers WHERE id = 7 - 1
;;
-- crm_app/service: changed | about customer:-6 | unlike
SELECT full_name FROM customers WHERE id = -(3 * 2)
;;
-- crm_app/service: changed | about customer:? | error 22003
SELECT full_name FROM customers WHERE id = 9223372036854775807 + 1
;;
-- crm_app/service: changed | about customer:6
MERGE INTO customers c USING products p ON c.id = 6 AND p.id = -1 WHEN MATCHED THEN UPDATE SET country = 'ES'
;;
Equality is looked for wherever expressions are.
-- crm_app/service: changed | about customer:42
SELECT max(CASE WHEN id = 42 THEN email END) FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT max(CASE id WHEN 42 THEN email END) FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT max(email) FILTER (WHERE id = 42) FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT email FROM customers ORDER BY id = 42 DESC LIMIT 1
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE (id = 42) = true
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE coalesce(id = 42, false)
;;
-- crm_app/service: changed | about customer:42
SELECT id = 42 FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT full_name, nullif(id, 42) IS NULL FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT count(*) FROM customers GROUP BY id = 42
;;
-- crm_app/service: changed | about customer:42
SELECT DISTINCT ON (id = 42) full_name FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT full_name, rank() OVER (PARTITION BY id = 42) FROM customers
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE NOT id = 42
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE id::text = '42'
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE 42 IN (id, 7)
;;
-- crm_app/service: changed | about customer:42
UPDATE orders SET note = CASE WHEN customer_id = 42 THEN 'q' ELSE note END
;;
And what may be one comes from a table of constants, or of parameters.
-- crm_app/service: changed | about customer:42 customer:43 | alike
SELECT full_name FROM customers WHERE id IN (VALUES (42), (43))
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE id IN (SELECT 42)
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE id = (SELECT 42)
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers WHERE (id, country) IN (SELECT 42, 'ES')
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers JOIN (VALUES (42::bigint)) v (id) USING (id)
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers NATURAL JOIN (SELECT 42::bigint AS id) v
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers c JOIN (SELECT 42 AS x) v ON v.x = c.id
;;
-- crm_app/service: changed | about customer:42 customer:43
SELECT full_name FROM customers c JOIN unnest(ARRAY[42, 43]) u ON u = c.id
;;
-- crm_app/service: changed | about customer:$1[]
PREPARE p AS SELECT full_name FROM customers c JOIN unnest($1::bigint[]) u ON u = c.id
;;
-- crm_app/service: changed | about customer:{42,43}[]
SELECT full_name FROM customers c, unnest('{42,43}'::bigint[]) u WHERE u = c.id
;;
-- crm_app/service: changed | about customer:42 customer:43
SELECT full_name FROM customers WHERE id IN (SELECT unnest(ARRAY[42, 43]))
;;
-- crm_app/service: changed | about customer:42 customer:7
WITH w AS (SELECT 42 AS k UNION ALL SELECT 7) SELECT full_name FROM customers WHERE id IN (SELECT k FROM w)
;;
-- crm_app/service: changed | about customer:42
SELECT 42 IN (SELECT id FROM customers)
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers c WHERE EXISTS (SELECT FROM (SELECT 42 AS k) v WHERE v.k = c.id)
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers c, LATERAL (SELECT 42 AS k) v WHERE v.k = c.id
;;
-- crm_app/service: changed | about customer:?
SELECT full_name FROM customers WHERE id = length('secret')
;;
-- crm_app/service: changed | about customer:?
SELECT full_name FROM customers c JOIN generate_series(1, 2) g ON g = c.id
;;
-- crm_app/service: changed | about customer:?
SELECT full_name FROM customers WHERE id IN (SELECT length('secret'))
;;
-- crm_app/service: changed | about nobody
SELECT full_name FROM customers WHERE id = (SELECT max(id) FROM products)
;;
-- crm_app/service: changed | about nobody
SELECT full_name FROM customers WHERE id = length(full_name)
;;
-- crm_app/service: changed | about nobody
SELECT full_name FROM customers c JOIN products p ON p.id = c.id
;;
-- crm_app/service: changed | about customer:?
SELECT full_name FROM customers WHERE id = (SELECT 42)::int OR id = ANY (ARRAY(SELECT 42))
;;
-- crm_app/service: changed | about customer:42
SELECT full_name FROM customers c JOIN (SELECT (SELECT 42) AS k) v ON v.k = c.id
;;
-- crm_app/service: changed | about nobody
SELECT full_name FROM customers WHERE id = (SELECT max(id) FROM products)::int
;;
Who writes about somebody names them.
-- crm_app/service: changed | about customer:42
MERGE INTO orders o USING (SELECT 42 AS cid) s ON o.customer_id = s.cid WHEN MATCHED THEN UPDATE SET note = 'm'
;;
-- crm_app/service: changed | about customer:42 | alike
INSERT INTO addresses (customer_id, line1, postcode, city, country) VALUES (42, 'L', '1', 'C', 'ES')
;;
-- crm_app/service: changed | about customer:42 customer:7
INSERT INTO orders (customer_id, placed_at) VALUES (42, now()), (7, now())
;;
-- crm_app/service: changed | about customer:$1
PREPARE p AS INSERT INTO orders (customer_id, placed_at) SELECT $1, now()
;;
-- crm_app/service: changed | about customer:42
INSERT INTO orders (placed_at, customer_id) SELECT now(), 42
;;
-- dba/-: same | about customer:42
INSERT INTO orders (customer_id, placed_at) VALUES (42, now())
;;
-- dba/-: same | about customer:42
INSERT INTO consents (subject_id, purpose, status) VALUES (42, 'x', 'withdrawn')
;;
-- dba/-: same | about customer:9 customer:42
UPDATE orders SET customer_id = 42 WHERE customer_id = 9
;;
-- dba/-: same | about customer:42
MERGE INTO orders o USING (SELECT 42 AS cid) s ON o.customer_id = s.cid WHEN MATCHED THEN UPDATE SET note = 'm'
;;
;;
-- dba/-: same | about customer:42
UPDATE orders SET (customer_id, note) = (42, 'x') WHERE id = -1
;;
-- dba/-: same | about customer:42
UPDATE orders SET (note, customer_id) = ROW('x', 42), status = DEFAULT WHERE id = -1
