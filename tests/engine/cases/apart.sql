-- What could fail in FROM and WITH of a write is run by itself; then what cannot fail stays bare.
-- crm_app/service: changed | lacks CASE | lacks OFFSET
PREPARE apart_1 AS UPDATE orders SET note = v.s FROM unnest($1::bigint[], $2::text[]) v (id, s) WHERE orders.id = v.id
;;
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = ANY ($1::bigint[])) AND ( | lacks CASE
PREPARE apart_2 AS UPDATE orders SET status = 'paid' WHERE id = ANY ($1::bigint[])
;;
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = ANY ($1)) AND ( | lacks CASE
PREPARE apart_3 (bigint[]) AS UPDATE orders SET status = 'paid' WHERE id = ANY ($1)
;;
-- crm_app/service: changed | has ($3, $4)) v (id, s) WHERE (("consentry_w"."id") = v.id) AND (CASE WHEN | lacks THEN (
PREPARE apart_4 AS UPDATE orders SET note = v.s FROM (VALUES ($1::bigint, $2::text), ($3, $4)) v (id, s) WHERE orders.id = v.id
;;
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = v.id) AND (CASE WHEN | lacks THEN (
PREPARE apart_5 AS UPDATE orders SET note = v.s FROM jsonb_to_recordset($1::jsonb) AS v (id bigint, s text) WHERE orders.id = v.id
;;
-- crm_app/service: changed | has (("consentry_w"."id"), ("consentry_w"."customer_id")) = ($1, $2)) AND ( | lacks CASE
PREPARE apart_6 AS UPDATE orders SET status = 'paid' WHERE (id, customer_id) = ($1, $2)
;;
-- crm_app/service: changed | lacks CASE
PREPARE apart_7 AS UPDATE orders SET status = 'paid' WHERE (id, customer_id) IN (($1, $2), ($3, 4))
;;
-- crm_app/service: changed | has CASE WHEN
PREPARE apart_8 AS UPDATE orders SET status = 'paid' WHERE (id, customer_id) = ($1, $1)
;;
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = c.id) AND (CASE WHEN | lacks THEN (
WITH c AS (SELECT id FROM orders WHERE customer_id = 7 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id RETURNING orders.id
;;
-- crm_app/service: changed | has LIMIT $2)) AND (CASE WHEN | lacks THEN (
PREPARE apart_10 AS DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE customer_id = $1 ORDER BY id LIMIT $2)
;;
-- crm_app/service: changed | has LIKE $2 OFFSET 0)) AND (CASE WHEN | lacks THEN (
PREPARE apart_11 AS DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE customer_id = $1 AND note LIKE $2)
;;
-- crm_app/service: changed | has LIKE $2 OFFSET 0)) AND (CASE WHEN | lacks THEN (
PREPARE apart_12 AS DELETE FROM orders WHERE id = ANY (SELECT id FROM orders WHERE customer_id = $1 AND note LIKE $2)
;;
-- Of a column that several rows share a value of, statistics would tell how many, hidden ones too.
-- crm_app/service: changed | has THEN (
PREPARE apart_18 AS DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders WHERE customer_id = $1 AND note LIKE $2)
;;
-- What is not joined is run when a row asks for it: behind the test.
-- crm_app/service: changed | has THEN (
PREPARE apart_13 AS DELETE FROM order_items WHERE order_id NOT IN (SELECT id FROM orders WHERE note LIKE $1)
;;
-- crm_app/service: changed | has THEN (
PREPARE apart_14 AS DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders WHERE note LIKE $1) OR quantity = 0
;;
-- crm_app/service: changed | has THEN (
PREPARE apart_15 AS DELETE FROM order_items i WHERE order_id IN (SELECT id FROM orders WHERE note LIKE $1 AND id > i.line_no)
;;
-- crm_app/service: changed | has THEN (
PREPARE apart_16 AS DELETE FROM order_items i USING products q WHERE q.id = i.product_id AND order_id IN (SELECT id FROM orders WHERE note LIKE $1 AND id > q.id)
;;
-- crm_app/service: changed | has THEN (
DELETE FROM order_items i WHERE (order_id, line_no) IN (SELECT 1, id FROM orders WHERE id IN (SELECT 1 / id FROM products))
;;
-- crm_app/service: changed | has THEN (
WITH c AS (SELECT 1 / id AS id FROM products LIMIT 5) UPDATE orders SET status = 'paid' FROM c WHERE c.id = orders.id AND (orders.id = 1 OR orders.id IN (SELECT id FROM c))
;;
-- crm_app/service: changed | has THEN (
WITH c AS (SELECT 1 / id AS id FROM products LIMIT 5) UPDATE orders SET status = 'paid' WHERE EXISTS (SELECT 1 FROM c WHERE c.id = orders.id)
;;
-- Conditions on the columns of such a query keep it from failing: it is not set apart.
-- crm_app/service: changed | lacks OFFSET 0 | has THEN (
WITH c AS (SELECT id, 1 / id AS part FROM products) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0 | has THEN (
WITH c AS (SELECT 1 / id AS id FROM products) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0 | has THEN (
WITH RECURSIVE c AS (SELECT 1 / id AS id FROM products) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0 | has THEN (
UPDATE orders SET status = 'paid' FROM (SELECT id, 1 / id AS part FROM products) q WHERE orders.id = q.id
;;
-- crm_app/service: changed | lacks OFFSET 0 | has THEN (
UPDATE orders SET note = CASE WHEN note IS DISTINCT FROM 'x' THEN 'x' END FROM products r, LATERAL (SELECT 1 / r.id AS part) q WHERE orders.id = r.id
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = p.id)
UPDATE orders SET status = 'paid' FROM products p JOIN products q ON q.id = 1 / p.id WHERE orders.id = p.id
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = p.id)
UPDATE orders SET status = 'paid' FROM products p JOIN (SELECT 1 / id AS id FROM products) q ON q.id = p.id WHERE orders.id = p.id
;;
-- crm_app/service: changed | lacks OFFSET 0 | has THEN (
MERGE INTO orders o USING (VALUES (1, 1::text::int)) s (id, n) ON o.id = s.id WHEN MATCHED THEN UPDATE SET status = 'paid'
;;
-- Nothing to guard against: nothing is set apart.
-- crm_app/service: same
UPDATE products SET price = 1 FROM (SELECT 1 / id AS id FROM products) q WHERE q.id = products.id
;;
-- A function's call is run by itself wherever it stands.
-- crm_app/service: changed | has (("consentry_w"."id") = v.id) AND (CASE WHEN | lacks THEN (
WITH v AS (SELECT r.id, r.s FROM jsonb_to_recordset('[]') AS r (id bigint, s text)) UPDATE orders SET note = v.s FROM v WHERE orders.id = v.id
;;
-- crm_app/service: changed | has (("consentry_w"."id") = v.id) AND (CASE WHEN | lacks THEN (
WITH v (id, s) AS (VALUES (1, 'a'), ('2'::text::int, 'b')) UPDATE orders SET note = 'x' FROM products p JOIN (SELECT id FROM products ORDER BY 1 / id LIMIT 5) v ON v.id = p.id WHERE orders.id = v.id
;;
-- crm_app/service: changed | has THEN (
UPDATE orders SET note = 'x' FROM (SELECT (SELECT y FROM (SELECT 1 / id AS y FROM products LIMIT 1) z LIMIT 1) AS n, id FROM products) v WHERE orders.id = v.id
;;
-- A write in WITH has hidden rows of its own, and what stands before it may fail: the test that the row is there stands by itself.
-- crm_app/service: changed | has THEN (("consentry_w"."id") = c.id)
WITH c AS (SELECT id FROM products WHERE 1 / id > 0 LIMIT 5), w AS (UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id RETURNING orders.id) SELECT count(*) FROM w
;;
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = c.id) AND (CASE WHEN | lacks THEN (
WITH c AS (SELECT id FROM products WHERE 1 / id > 0 LIMIT 5), w AS (UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id RETURNING orders.id) DELETE FROM order_items USING w WHERE order_items.order_id = w.id
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = c.id)
WITH c AS (SELECT id FROM products WHERE 1 / id > 0), w AS (UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id RETURNING orders.id) DELETE FROM order_items USING w WHERE order_items.order_id = w.id
;;
-- crm_app/service: changed | has THEN (("consentry_w"."order_id") IN (SELECT
WITH c AS (SELECT id FROM products WHERE 1 / id > 0 LIMIT 5), w AS (DELETE FROM order_items WHERE order_id IN (SELECT id FROM c) RETURNING order_id) UPDATE orders SET status = 'paid' FROM w WHERE orders.id = w.order_id
;;
-- What compares no stored column, or is one array of values, PostgreSQL does not join.
-- crm_app/service: changed | has THEN (
DELETE FROM customers WHERE internal_note IN (SELECT name FROM products WHERE 1 / id > 0)
;;
-- crm_app/service: changed | has THEN (
PREPARE apart_17 AS DELETE FROM orders WHERE id IN (VALUES ($1::bigint / 2), ($2))
;;
-- crm_app/service: changed | lacks CASE
DELETE FROM orders WHERE id IN (VALUES (1), (2))
;;
-- crm_app/service: changed | has 0) OFFSET 0)) AND (CASE WHEN | lacks THEN (
UPDATE orders SET status = 'paid' WHERE id IN ((SELECT id FROM orders WHERE 1 / customer_id > 0 UNION SELECT order_id FROM order_items WHERE 1 / line_no > 0))
;;
-- Another way to ask for one row's key: it cannot fail, and an index serves it.
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = (SELECT id | lacks CASE WHEN EXISTS
DELETE FROM orders WHERE id = (SELECT id FROM orders ORDER BY placed_at LIMIT 1)
;;
-- crm_app/service: changed | has THEN (
DELETE FROM orders WHERE id = (SELECT id FROM orders WHERE note LIKE note ORDER BY placed_at LIMIT 1)
;;
-- crm_app/service: changed | has THEN ( | error 21000
DELETE FROM orders WHERE id = (SELECT id FROM orders ORDER BY placed_at LIMIT 2)
;;
-- The column that the target's is joined with stands first.
-- crm_app/service: changed | has WHERE (SELECT u.k) = 
UPDATE orders SET note = 'b' FROM (SELECT id AS k, count(*) / 2 AS z FROM products GROUP BY id) u WHERE u.k = orders.customer_id
;;
-- crm_app/service: changed | has WHERE (SELECT u.k) = 
UPDATE orders SET note = 'b' FROM (SELECT id AS k, count(*) / 2 AS z FROM products GROUP BY id) u WHERE u.k = orders.customer_id AND (orders.id = 5 OR orders.id = 6)
;;
-- crm_app/service: changed | has USING (SELECT
DELETE FROM orders USING (SELECT id AS k, count(*) / 2 AS z FROM products GROUP BY id) s WHERE s.k = orders.customer_id AND orders.id = -1
;;
-- crm_app/service: changed | has ON (SELECT s.k) = 
MERGE INTO orders USING (SELECT id AS k, count(*) / 2 AS z FROM products GROUP BY id) s ON s.k = orders.customer_id WHEN MATCHED THEN UPDATE SET note = 'x'
