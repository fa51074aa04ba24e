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
-- A cast that makes another value of a constant: nobody is named rather than somebody else.
-- crm_app/service: changed
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
-- crm_app/service: changed | about nobody | keys 1
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
-- crm_app/service: changed | about nobody
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
-- crm_app/service: changed | about nobody | error 22003
SELECT full_name FROM customers WHERE id = 9223372036854775807 + 1
;;
-- crm_app/service: changed | about customer:6
MERGE INTO customers c USING products p ON c.id = 6 AND p.id = -1 WHEN MATCHED THEN UPDATE SET country = 'ES'
;;
