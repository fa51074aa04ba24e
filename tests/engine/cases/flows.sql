What personal data decide about is seen by every session: `derive` is needed.
-- crm_app/service: right-missing
SELECT count(pg_notify('leak', full_name || email)) FROM customers WHERE id > 9
;;
-- builder/service: changed
SELECT count(pg_notify('leak', full_name || email)) FROM customers WHERE id > 9
;;
-- crm_app/service: right-missing
SELECT setval('marks', (SELECT credit_limit::bigint * 1000 FROM customers WHERE id = 3))
;;
-- crm_app/service: right-missing
SELECT pg_try_advisory_lock(credit_limit::bigint) FROM customers WHERE id = 3
;;
-- crm_app/service: right-missing
SELECT * FROM customers c, LATERAL pg_notify('leak', c.email)
;;
-- crm_app/service: right-missing
SELECT pg_notify('leak', c::text) FROM customers c WHERE id = 3
;;
-- crm_app/service: right-missing
SELECT pg_notify('leak', c.name) FROM contact_names c
;;
-- crm_app/service: right-missing
WITH c AS (SELECT full_name AS n FROM customers) SELECT pg_notify('leak', n) FROM c
;;
-- crm_app/service: right-missing
WITH w AS (UPDATE customers SET language = 'es' WHERE id = 3 RETURNING lower(full_name) AS n) SELECT pg_notify('leak', n) FROM w
;;
-- crm_app/service: right-missing
UPDATE customers SET language = 'es' WHERE id = 3 RETURNING pg_notify('leak', full_name)
;;
-- crm_app/service: right-missing
INSERT INTO customers (full_name, email, country) VALUES ('A', 'a@new.example', 'ES') RETURNING id, pg_notify('new', email)
;;
Whether it is called, and how often, tells as much.
-- crm_app/service: right-missing
SELECT pg_notify('leak', '7') FROM customers WHERE id = 7 AND credit_limit > 50
;;
-- crm_app/service: right-missing
SELECT CASE WHEN credit_limit > 50 THEN nextval('ticks') END FROM customers WHERE id = 7
;;
-- crm_app/service: right-missing
SELECT nextval('ticks') FROM (SELECT DISTINCT credit_limit FROM customers) c
;;
-- crm_app/service: right-missing
SELECT nextval('ticks') WHERE 50 IN (SELECT credit_limit FROM customers)
;;
-- crm_app/service: right-missing
SELECT nextval('ticks') FROM customers c JOIN addresses a ON a.city = c.full_name
;;
-- crm_app/service: right-missing
DECLARE c CURSOR FOR SELECT pg_notify('leak', email) FROM customers
;;
-- crm_app/service: right-missing
PREPARE p AS SELECT pg_notify('leak', email) FROM customers
;;
What clients do with them stays possible.
-- crm_app/service: same
SELECT nextval('ticks'), setval('marks', 7), pg_notify('news', 'x'), pg_advisory_xact_lock(1)
;;
-- crm_app/service: changed
INSERT INTO customers (id, ref, full_name, email, country) VALUES (nextval('ticks'), '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', 'A', 'a@new.example', 'ES') RETURNING id, email
;;
-- crm_app/service: changed
INSERT INTO customers (id, ref, full_name, email, country) VALUES (nextval('ticks'), '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', 'A', 'a@new.example', 'ES') ON CONFLICT (id) DO UPDATE SET full_name = EXCLUDED.full_name WHERE customers.email <> 'x' RETURNING email
;;
-- builder/service: changed
INSERT INTO orders (id, customer_id, status, total_amount) SELECT nextval('ticks'), customer_id, status, total_amount FROM orders WHERE id = 5 ORDER BY id
;;
-- crm_app/service: changed
SELECT id, email, pg_try_advisory_xact_lock(id) FROM customers WHERE country = 'ES' ORDER BY id LIMIT 1
;;
-- crm_app/service: changed
SELECT full_name FROM customers WHERE pg_try_advisory_lock(id) AND status = 'active' ORDER BY id
;;
-- crm_app/service: changed
SELECT setval('marks', (SELECT max(id) FROM orders))
;;
-- crm_app/service: changed
SELECT nextval('ticks'), c.* FROM customers c
;;
-- crm_app/service: changed
UPDATE orders SET status = 'paid' WHERE id = nextval('ticks')
;;
Which rows of an open table are gone, everybody can read.
-- crm_app/service: right-missing
DELETE FROM products WHERE id = (SELECT credit_limit FROM customers WHERE id = 3)
;;
-- crm_app/service: right-missing
DELETE FROM products USING customers c WHERE products.id = length(c.full_name) - 100 AND c.id = 4
;;
-- builder/service: changed
DELETE FROM products USING customers c WHERE products.id = length(c.full_name) - 100 AND c.id = 4
;;
-- crm_app/service: changed
DELETE FROM products WHERE id IN (SELECT product_id FROM order_items WHERE order_id = -5)
;;
-- crm_app/service: same
DELETE FROM products WHERE name = 'x' RETURNING id
;;
-- crm_app/service: changed
DELETE FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email = 'x')

;;
-- crm_app/marketing: right-missing
INSERT INTO products (id, sku, name, category, price) VALUES (901, 's', 'n', 'x', 1) ON CONFLICT (id) DO UPDATE SET name = (SELECT email FROM customers WHERE id = 1)
;;
-- crm_app/marketing: right-missing
INSERT INTO products (id, sku, name, category, price) VALUES (901, 's', 'n', 'x', 1) ON CONFLICT (id) DO UPDATE SET category = 'x' WHERE EXISTS (SELECT 1 FROM customers WHERE id = 1 AND email LIKE 'ada@%')
;;
-- crm_app/marketing: right-missing
INSERT INTO addresses (id, customer_id, line1, postcode, city, country) VALUES (1, 1, 'x', 'y', 'z', 'ES') ON CONFLICT (id) DO UPDATE SET city = (SELECT full_name FROM customers WHERE id = 1)
;;
-- crm_app/marketing: changed
INSERT INTO addresses (id, customer_id, line1, postcode, city, country) VALUES (1, 1, 'x', 'y', 'z', 'ES') ON CONFLICT (id) DO UPDATE SET city = excluded.city, line1 = excluded.line1 WHERE addresses.city <> excluded.city

;;
-- Which rows are there tells who consented.
-- crm_app/marketing: right-missing
UPDATE products SET name = 'consents' FROM customers c WHERE products.id = 950 + c.id
;;
-- crm_app/marketing: right-missing
DELETE FROM products USING customers c WHERE products.id = 950 + c.id
;;
-- crm_app/marketing: right-missing
SELECT pg_advisory_lock(id) FROM customers WHERE id IN (1, 2, 3)
;;
-- crm_app/service: changed
UPDATE products SET price = price * 2 FROM order_items i WHERE products.id = i.product_id AND i.order_id = 5
;;
-- Who sees less of a row than another purpose of the role does not move it to another subject.
-- crm_app/service: subject-moved
UPDATE newsletter_sends SET customer_id = 1 WHERE customer_id IN (2, 3)
;;
-- crm_app/marketing: changed
UPDATE newsletter_sends SET customer_id = 1 WHERE customer_id IN (2, 3)
;;
-- crm_app/service: subject-moved
INSERT INTO newsletter_sends (newsletter_id, customer_id, address) VALUES (1, 2, 'x') ON CONFLICT (newsletter_id, customer_id) DO UPDATE SET customer_id = 1
;;
-- crm_app/service: changed
UPDATE addresses SET customer_id = 1 WHERE id = 2
;;
-- Choices go with a person's row, and stay with its key, but for who may record them.
-- builder/service: right-missing
DELETE FROM customers WHERE id = 133
;;
-- builder/service: right-missing
UPDATE customers SET id = 9999 WHERE id = 133
;;
-- A table of this transaction that no policy names keeps no purpose, and nobody could be taken out of it.
-- builder/service: not-understood
CREATE TABLE mine (a text); INSERT INTO mine SELECT email FROM customers
;;
-- builder/service: not-understood
CREATE TABLE mine (a text); UPDATE mine SET a = (SELECT email FROM customers WHERE id = 1)
;;
-- builder/service: changed
CREATE TABLE mine (a text); INSERT INTO mine SELECT name FROM products
;;
-- builder/service: changed
ALTER TABLE products ADD COLUMN fresh text; UPDATE products SET fresh = (SELECT full_name FROM customers WHERE id = 1) WHERE id = -1
;;
Values stay in their row and their category: out of it goes what other purposes read then.
-- crm_app/service: right-missing
UPDATE customers SET country = left(full_name, 2) WHERE id = 4
;;
-- crm_app/service: right-missing
UPDATE customers SET language = CASE WHEN full_name < 'M' THEN 'xa' ELSE 'xb' END
;;
-- crm_app/service: right-missing
UPDATE customers SET full_name = email WHERE id = 4
;;
-- crm_app/service: right-missing
UPDATE customers SET full_name = row_to_json(customers)::text WHERE id = 4
;;
-- crm_app/service: right-missing
UPDATE customers SET (country, language) = ('ES', left(email, 5)) WHERE id = 1
;;
-- crm_app/service: right-missing
UPDATE customers SET (country, language) = (SELECT 'ES', left(customers.email, 5)) WHERE id = 1
;;
-- crm_app/marketing: right-missing
UPDATE customers SET tags[length(full_name)] = 'x' WHERE id = 1
;;
-- crm_app/service: right-missing
UPDATE contact_list SET full_name = left(email, 3) WHERE id = 1
;;
-- crm_app/service: right-missing
UPDATE customers SET full_name = b.full_name FROM (SELECT * FROM customers WHERE id = 4) b WHERE customers.id = 1
;;
-- crm_app/service: right-missing
UPDATE customers SET full_name = b.n FROM (SELECT lower(full_name) AS n FROM customers WHERE id = 4) b WHERE customers.id = 1
;;
-- crm_app/service: right-missing
UPDATE customers SET full_name = (SELECT c.full_name FROM customers c WHERE c.id = 4) WHERE id = 1
;;
-- crm_app/service: right-missing
WITH a AS (UPDATE customers SET language = language WHERE id = 6 RETURNING full_name) UPDATE customers SET full_name = (SELECT full_name FROM a) WHERE id = 4
;;
-- crm_app/service: changed
INSERT INTO orders (id, customer_id, status, total_amount) SELECT id + 1000, 1, status, total_amount FROM orders WHERE id = 40
;;
-- crm_app/service: changed
INSERT INTO orders (id, customer_id, status) SELECT id + 1000, 1, status FROM orders WHERE id = 40
;;
-- crm_app/service: right-missing
INSERT INTO customers (id, ref, full_name, email, country) VALUES (1, '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', 'A', 'a@new.example', 'ES') ON CONFLICT (id) DO UPDATE SET language = left(customers.email, 5)
;;
-- crm_app/service: right-missing
INSERT INTO customers (id, ref, full_name, email, country) VALUES (1, '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', (SELECT c.full_name FROM customers c WHERE c.id = 4), 'a@new.example', 'ES')
;;
-- crm_app/service: right-missing
MERGE INTO customers c USING (VALUES (4)) v(id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET language = left(c.email, 5)
;;
-- crm_app/service: right-missing
MERGE INTO customers c USING customers d ON c.id = d.id + 1 WHEN MATCHED THEN UPDATE SET full_name = d.full_name
;;
-- crm_app/service: changed
MERGE INTO orders o USING (SELECT * FROM orders) p ON o.id = p.id + 1000 WHEN NOT MATCHED THEN INSERT (id, customer_id, status) VALUES (p.id + 1000, 1, p.status)
;;
Whoever has the right may.
-- builder/service: changed
UPDATE customers SET language = left(email, 2) WHERE id = 4
;;
-- builder/service: changed
UPDATE customers SET full_name = b.full_name FROM (SELECT * FROM customers WHERE id = 4) b WHERE customers.id = 1
;;
What stays where it is needs no right: a column's own value, or one of its category, open ones everywhere, the client's own.
-- crm_app/service: changed
UPDATE customers SET full_name = trim(full_name), email = lower(email) WHERE id = 4
;;
-- crm_app/service: changed
UPDATE customers SET (full_name, email) = (upper(full_name), lower(email)) WHERE id = 4
;;
-- crm_app/service: changed
UPDATE customers SET full_name = coalesce(full_name, country), updated_at = now() WHERE email = 'x'
;;
-- crm_app/service: changed
UPDATE customers SET full_name = CASE WHEN full_name = 'x' THEN 'y' ELSE full_name || country END WHERE birth_date < '1974-01-01'
;;
-- crm_app/service: changed
UPDATE customers SET language = 'xx' WHERE id IN (SELECT c.id FROM customers c WHERE c.full_name = 'x')
;;
-- crm_app/service: changed
UPDATE orders SET total_amount = total_amount + 1, status = coalesce(status, 'paid') WHERE total_amount > 5 RETURNING total_amount, *
;;
-- crm_app/service: changed
UPDATE orders SET status = (SELECT o.status FROM orders o WHERE o.id = 4) WHERE id = 5
;;
-- crm_app/service: changed
UPDATE customers SET full_name = (SELECT upper(customers.full_name)) WHERE id = 4
;;
-- crm_app/service: changed
WITH q AS (SELECT * FROM orders WHERE status = 'paid' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE orders SET status = 'paid' FROM q WHERE orders.id = q.id RETURNING orders.*
;;
-- crm_app/service: changed
INSERT INTO orders (id, customer_id, status) SELECT 70000, 1, 'paid'::order_status WHERE NOT EXISTS (SELECT 1 FROM orders WHERE total_amount = 5)
;;
-- crm_app/service: changed
INSERT INTO customers (id, ref, full_name, email, country) VALUES (1, '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001', 'A', 'a@new.example', 'ES') ON CONFLICT (id) DO UPDATE SET language = left(EXCLUDED.email, 2), full_name = coalesce(EXCLUDED.full_name, customers.full_name)
;;
-- crm_app/service: changed
MERGE INTO orders o USING (VALUES (4, 'paid'::order_status)) v(id, s) ON o.id = v.id WHEN MATCHED THEN UPDATE SET status = v.s, total_amount = o.total_amount * 2 WHEN NOT MATCHED THEN INSERT (id, customer_id, status) VALUES (v.id, 1, v.s)
;;
A row that is copied within its table keeps what it shows where it was.
-- crm_app/service: right-missing
INSERT INTO customers (ref, country) SELECT gen_random_uuid(), email FROM customers WHERE id = 3
;;
-- crm_app/service: right-missing
INSERT INTO customers (ref, full_name, language) SELECT gen_random_uuid(), c.full_name, q.x FROM customers c, (SELECT left(email, 2) AS x FROM customers) q
;;
-- crm_app/service: right-missing
WITH q AS (SELECT 'x' AS x UNION ALL SELECT email FROM customers) INSERT INTO customers (ref, country) SELECT gen_random_uuid(), upper(x) FROM q
;;
-- crm_app/service: right-missing
INSERT INTO customers (ref, country) SELECT gen_random_uuid(), c::text FROM customers c WHERE id = 3
;;
-- crm_app/service: right-missing
INSERT INTO customers (ref, country) SELECT gen_random_uuid(), (SELECT max(c.email) FROM customers c)
;;
-- crm_app/service: right-missing
WITH RECURSIVE r AS (SELECT email AS x, 1 AS n FROM customers UNION ALL SELECT x, n + 1 FROM r WHERE n < 2) SEARCH DEPTH FIRST BY n SET o INSERT INTO customers (ref, country) SELECT gen_random_uuid(), x FROM r
;;
-- crm_app/service: right-missing
MERGE INTO customers c USING customers v ON c.id = v.id + 1000 WHEN NOT MATCHED THEN INSERT (ref, country) VALUES (v.ref, v.full_name)
;;
-- builder/service: changed
INSERT INTO customers (ref, country) SELECT gen_random_uuid(), email FROM customers WHERE id = -3
;;
-- crm_app/service: changed
INSERT INTO customers (ref, full_name, email, country, language, updated_at) SELECT gen_random_uuid(), upper(full_name), email, coalesce(country, 'ES'), 'es', now() FROM customers WHERE id = -3
;;
-- crm_app/service: changed
WITH q AS (SELECT full_name AS n, country AS c FROM customers WHERE id = -3) INSERT INTO customers (ref, full_name, country) SELECT gen_random_uuid(), n, c FROM q
;;
-- crm_app/service: changed
MERGE INTO customers c USING customers v ON c.id = v.id + 1000 AND v.id = -1 WHEN NOT MATCHED AND v.id = -1 THEN INSERT (ref, full_name, country) VALUES (v.ref, v.full_name, v.country)
;;
What goes through a function in FROM is shown by it.
-- crm_app/service: right-missing
UPDATE customers c SET full_name = (SELECT v FROM customers q, unnest(ARRAY[q.full_name]) v WHERE q.id = 5) WHERE id = 3
;;
-- crm_app/service: right-missing
UPDATE customers c SET country = (SELECT v FROM unnest(ARRAY[c.full_name]) v) WHERE id = 3
;;
-- crm_app/service: right-missing
UPDATE customers c SET country = (SELECT v.x FROM jsonb_to_record(jsonb_build_object('x', c.full_name)) AS v(x text)) WHERE id = 3
;;
-- crm_app/service: right-missing
INSERT INTO customers (ref, country) SELECT gen_random_uuid(), v FROM customers, regexp_split_to_table(full_name, 'zz') v WHERE id = 3
;;
-- crm_app/service: right-missing
INSERT INTO customers (ref, country) SELECT gen_random_uuid(), x.v FROM customers, XMLTABLE('/a' PASSING xmlelement(NAME a, full_name) COLUMNS v text PATH '.') x WHERE id = 3
;;
-- crm_app/service: right-missing
MERGE INTO customers c USING (SELECT q.id, v FROM customers q, unnest(ARRAY[q.full_name]) v) s ON s.id = c.id WHEN MATCHED THEN UPDATE SET full_name = s.v
;;
-- crm_app/service: changed
UPDATE customers c SET country = n.country, full_name = upper(c.full_name) FROM jsonb_to_recordset('[]') AS n(key int, country text) WHERE c.id = n.key
;;
-- crm_app/service: changed
CREATE TEMP TABLE staging (key int, country text); UPDATE customers c SET country = s.country, full_name = upper(c.full_name) FROM staging s WHERE c.id = s.key
;;
