-- marketing/marketing: same
SELECT 1
;;
-- marketing/marketing: same
SELECT name, price FROM products WHERE price < 10 ORDER BY 1
;;
-- marketing/marketing: changed | has FROM "public"."customers" AS "consentry_t" WHERE | has "consentry_t"."country" AS "country"
SELECT id, country FROM customers WHERE id = 7
;;
-- marketing/marketing: changed
SELECT * FROM customers
;;
-- support/service: changed
SELECT c.*, o.total_amount FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country = 'ES' ORDER BY o.placed_at DESC LIMIT 10
;;
-- marketing/marketing: changed
SELECT "public"."customers"."id", "public"."customers"."email" FROM "public"."customers" WHERE "public"."customers"."id" = 1
;;
-- marketing/marketing: changed
SELECT public.customers.* FROM public.customers
;;
-- marketing/marketing: changed
SELECT email FROM ONLY customers
;;
-- marketing/marketing: changed
SELECT email FROM ONLY (public . customers) AS c (a, b)
;;
-- marketing/marketing: changed
SELECT email FROM customers *
;;
-- marketing/marketing: changed
SELECT c.a, c.b FROM customers AS c(a, b) WHERE c.a > 3
;;
-- marketing/marketing: changed
TABLE customers
;;
-- marketing/marketing: changed
WITH x AS (SELECT * FROM customers), customers AS (SELECT 1 AS one) SELECT * FROM x, customers
;;
-- marketing/marketing: changed
WITH customers AS (SELECT * FROM customers) SELECT * FROM customers
;;
-- marketing/marketing: same
WITH customers AS (SELECT 1) SELECT * FROM customers
;;
-- marketing/marketing: changed
WITH customers AS (SELECT 1) SELECT * FROM public.customers
;;
-- marketing/marketing: changed
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n, email FROM t JOIN customers ON id = n
;;
-- marketing/marketing: changed | has CASE WHEN | error 22P02
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT email FROM customers) SELECT * FROM a WHERE email::int > 0
;;
-- nobody/service: role-unknown
SELECT 1
;;
-- support/service: changed
SELECT id FROM customers UNION SELECT customer_id FROM orders EXCEPT SELECT 3 ORDER BY id
;;
-- support/service: changed
SELECT c.id, c.full_name, count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id
;;
-- support/service: changed
SELECT c.*, count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id
;;
-- support/service: changed
SELECT customers.*, count(*) FROM public.customers LEFT JOIN orders o ON o.customer_id = customers.id GROUP BY public.customers.id
;;
-- support/service: changed
SELECT i.order_id, i.line_no, i.quantity FROM order_items i GROUP BY i.order_id, i.line_no
;;
-- marketing/marketing: changed | error 42803
SELECT c.full_name, count(*) FROM customers c GROUP BY c.country
;;
-- marketing/marketing: changed
SELECT country, count(*), rank() OVER (ORDER BY count(*) DESC) FROM customers GROUP BY GROUPING SETS ((country), ()) HAVING count(*) > 1
;;
-- support/service: changed
SELECT c.id, o.n FROM customers c CROSS JOIN LATERAL (SELECT count(*) AS n FROM orders WHERE customer_id = c.id) o
;;
-- support/service: changed
SELECT id, (SELECT max(placed_at) FROM orders o WHERE o.customer_id = customers.id) FROM customers
;;
-- support/service: changed
SELECT * FROM customers WHERE id IN (SELECT customer_id FROM orders) AND EXISTS (SELECT 1 FROM addresses a WHERE a.customer_id = customers.id)
;;
-- marketing/marketing: changed
SELECT row_to_json(c), c, (c).email, c.full_name FROM customers c
;;
-- marketing/marketing: changed
SELECT full_name(c) FROM customers c
;;
-- marketing/marketing: changed
SELECT * FROM customers NATURAL JOIN (SELECT id, country FROM customers) x
;;
-- support/service: changed
SELECT * FROM customers JOIN addresses USING (id) JOIN orders AS o USING (id)
;;
-- support/service: changed
SELECT j.jid, j.email FROM (customers c LEFT JOIN orders o ON o.customer_id = c.id) AS j (jid, ref, full_name, email)
;;
-- marketing/marketing: changed
SELECT g, email FROM generate_series(1, 3) g, customers WHERE id = g
;;
-- marketing/marketing: changed
SELECT u, t.full_name FROM customers t, unnest(t.tags) u
;;
-- marketing/marketing: changed
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, x) JOIN customers USING (id)
;;
-- marketing/marketing: changed
SELECT U&"\0065mail" FROM U&"c\0075stomers"
;;
-- marketing/marketing: changed
SELECT Email, COUNTRY FROM CUSTOMERS
;;
-- marketing/marketing: changed | alone
SELECT "engine_cases"."public"."customers"."email" FROM "engine_cases"."public"."customers"
;;
-- marketing/marketing: not-understood
SELECT 1 FROM "other"."public"."customers"
;;
-- bi/analytics: changed | has "public"."web_events_2025_h1"
SELECT * FROM web_events_2025_h1
;;
-- bi/analytics: changed
SELECT id, occurred_at FROM web_events WHERE occurred_at >= '2025-02-01' AND occurred_at < '2025-03-01'
;;
-- marketing/marketing: changed
SELECT DISTINCT ON (country) country, full_name FROM customers ORDER BY country, full_name
;;
-- marketing/marketing: changed
SELECT full_name AS n FROM customers ORDER BY n LIMIT 5 OFFSET 1
;;
-- marketing/marketing: changed
SELECT string_agg(full_name, ', ' ORDER BY full_name) FILTER (WHERE country = 'ES') FROM customers
;;
-- marketing/marketing: changed
SELECT CASE WHEN country = 'ES' THEN full_name ELSE upper(full_name) END, coalesce(email, phone), NULLIF(email, ''), email LIKE '%x', email ~* 'a', id BETWEEN 1 AND 3, -id, NOT (id = 1), extract(year FROM created_at), created_at AT TIME ZONE 'UTC', substring(email FROM 1 FOR 2), position('@' IN email), overlay(email PLACING 'x' FROM 1), trim(full_name), ARRAY[id, 2], (ARRAY[id])[1], tags[1:2], attributes -> 'a' ->> 'b', id::text, CAST(id AS numeric(10,2)), current_date, ROW(id, email), greatest(id, 2), id IS DISTINCT FROM 3, full_name COLLATE "C", grouping(id) FROM customers GROUP BY id, country, full_name, email, phone, created_at, tags, attributes
;;
-- marketing/marketing: right-missing
SELECT id FROM customers WHERE id = 1 FOR UPDATE
;;
-- crm_app/marketing: changed | has CASE WHEN EXISTS | lacks LATERAL
SELECT id, email FROM customers WHERE id = 1 FOR UPDATE OF customers SKIP LOCKED
;;
-- crm_app/service: changed | has FOR UPDATE OF c
SELECT c.id, o.id FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY 1 FOR UPDATE OF c SKIP LOCKED
;;
-- crm_app/service: changed | has FOR NO KEY UPDATE OF c, o NOWAIT
SELECT c.id, o.id FROM customers c JOIN orders o ON o.customer_id = c.id FOR NO KEY UPDATE OF c, o NOWAIT
;;
-- crm_app/service: changed | has FOR KEY SHARE OF "C" FOR SHARE OF o
SELECT "C".id FROM customers "C" JOIN orders o ON o.customer_id = "C".id FOR KEY SHARE OF "C" FOR SHARE OF o
;;
-- crm_app/service: changed
SELECT id FROM (SELECT id FROM customers FOR NO KEY UPDATE) AS x WHERE id IN (SELECT customer_id FROM orders FOR KEY SHARE)
;;
-- marketing/marketing: right-missing
SELECT c.id FROM customers c FOR KEY SHARE OF c
;;
-- crm_app/marketing: changed | has AS "consentry_t" LEFT JOIN LATERAL (SELECT
SELECT id, email FROM customers WHERE id = 1
;;
-- marketing/marketing: system-column
SELECT ctid FROM customers
;;
-- marketing/marketing: system-column
SELECT c.xmin FROM customers c
;;
-- marketing/marketing: same
SELECT ctid, xmin FROM products
;;
-- marketing/marketing: not-understood
SELECT * FROM customers TABLESAMPLE system (1)
;;
-- marketing/marketing: same
SELECT * FROM products TABLESAMPLE bernoulli (50) REPEATABLE (1)
;;
-- marketing/marketing: undefined-table
SELECT * FROM no_such_table
;;
-- marketing/marketing: undefined-table
SELECT nobody.email FROM customers c
;;
-- marketing/marketing: table-out-of-reach
SELECT * FROM employees
;;
-- marketing/marketing: table-not-listed
SELECT * FROM frozen
;;
-- bi/analytics: changed | has sha256
SELECT email, total_amount FROM customers JOIN orders ON orders.customer_id = customers.id
;;
-- marketing/marketing: syntax-error
SELECT FROM WHERE
;;
-- marketing/marketing: same
SELECT
;;
-- support/service: changed
SELECT count(*) FROM customers; SELECT 2; SELECT id FROM orders

;;
-- marketing/marketing: changed
SELECT id, full_name FROM customers GROUP BY 1
;;
-- marketing/marketing: changed
SELECT id AS k, full_name FROM customers GROUP BY k
;;
-- Who has come to refer to a row locks it; how many rows a foreign key takes along is counted.
-- crm_app/service: system-column
SELECT id, xmax FROM products
;;
-- crm_app/service: system-column
SELECT (p).xmax FROM products p
;;
-- crm_app/service: system-column
SELECT n FROM (SELECT p.xmax::text AS n FROM products p, marks) s
;;
-- crm_app/service: system-column
DELETE FROM products WHERE xmax <> '0'
;;
-- crm_app/service: same
SELECT xmax, xmin FROM marks
;;
-- crm_app/service: system-column
SELECT cmin FROM marks
;;
-- crm_app/service: system-column
SELECT m.cmax FROM marks m
;;
-- crm_app/service: system-column
SELECT cmin, relname FROM pg_class
;;
-- crm_app/service: system-column
CREATE TEMP TABLE t (id int); SELECT cmin FROM t
;;
-- crm_app/service: same
INSERT INTO products (id, sku, name, category, price) VALUES (99999, 'a', 'b', 'c', 2) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING (xmax = 0) AS inserted
;;
-- Of another row than the inserted one it is not the session's own.
-- crm_app/service: system-column
INSERT INTO newsletters (id, title, sent_on) VALUES (-9, 'x', '2026-01-01') RETURNING (SELECT p.xmax <> '0' FROM products p WHERE p.id = 1)
;;
-- crm_app/service: system-column
UPDATE newsletters SET title = 'x' FROM products p WHERE p.id = 1 RETURNING p.xmax
;;
-- crm_app/service: system-column
UPDATE products SET name = 'x' WHERE id = -1 RETURNING xmax <> '0'
;;
-- crm_app/service: system-column
WITH u AS (INSERT INTO newsletters (id, title, sent_on) VALUES (-9, 'x', '2026-01-01') RETURNING (WITH q AS (SELECT xmax AS x FROM products) SELECT min(x::text) FROM q) AS m) SELECT m FROM u
;;
-- Nor is more of it than whether it is 0: another locker makes it another number.
-- crm_app/service: system-column
INSERT INTO products (id, sku, name, category, price) VALUES (99999, 'a', 'b', 'c', 2) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING xmax = xmin
;;
-- crm_app/service: system-column
INSERT INTO products (id, sku, name, category, price) VALUES (99999, 'a', 'b', 'c', 2) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING xmax = '7'
;;
-- crm_app/service: system-column
INSERT INTO products (id, sku, name, category, price) VALUES (99999, 'a', 'b', 'c', 2) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING xmax::text
;;
-- crm_app/service: same
INSERT INTO products AS p (id, sku, name, category, price) VALUES (99999, 'a', 'b', 'c', 2) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING p.id, p.xmax <> '0' AS updated
