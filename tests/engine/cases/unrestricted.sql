What the record says of statements that nobody judges: their tables and columns, and the code in which nobody can look.
-- dba/-: same | unseen nothing | touches public.customers.email shown
SELECT lower(email), count(*) FROM customers GROUP BY 1
;;
-- dba/-: same | unseen DO | names public.customers | unlike
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM "customers" LOOP RAISE NOTICE '%', r.full_name; END LOOP; END $$
;;
-- dba/-: same | unseen pg_catalog.query_to_xml() | names public.customers | unlike
SELECT pg_catalog.query_to_xml('SELECT full_name FROM CUSTOMERS', true, false, '')
;;
-- dba/-: same | unseen pg_catalog.table_to_xml() | touches public.orders.note shown | names public.customers
SELECT o.note, table_to_xml('customers', true, false, '') FROM orders o
;;
-- dba/-: same | unseen the function's body | names public.customers
CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql AS 'SELECT full_name FROM public.customers'
;;
-- dba/-: same | unseen public.peek() | touches public.orders.id shown
SELECT peek(id::int) FROM orders
;;
-- dba/-: same | unseen public.peek() | names public.peeked
SELECT p.email FROM peeked p
;;
-- What a role may call because it is listed, is not looked into either.
-- trusting/service: changed | unseen public.all_told(), public.peek() | names public.customers | touches public.orders.id shown
SELECT peek(orders.id::int), peek(1), t.email FROM orders, all_told() t
;;
-- An operator runs its own function, not another of the name.
-- peeker/service: same | unseen aside.all_told()
SELECT @## id FROM products
;;
-- dba/-: same | unseen public.count_told() | names public.told_of
SELECT count_told()
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown | names public.customer_contacts
SELECT email FROM customer_contacts
;;
-- dba/-: same | unseen a function that is not known | error 42883
SELECT never_heard_of()
;;
-- dba/-: same | unseen which columns | names public.customers | error 42704
SELECT full_name::never_heard_of FROM customers
;;
-- dba/-: same | unseen nothing | touches public.orders.note shown | touches public.orders.id compared | keys none
WITH d AS (DELETE FROM orders WHERE id = 0 RETURNING note AS n) SELECT n FROM d
;;
-- dba/-: same | unseen nothing | touches public.orders.note written | touches public.customers.email shown
WITH c AS (SELECT id, email FROM customers), u AS (UPDATE orders SET note = c.email FROM c WHERE c.id = customer_id AND orders.id = 0 RETURNING note) SELECT 1
;;
-- dba/-: same | unseen nothing | touches public.orders.note written | touches public.customers.email shown | touches public.customers.id compared
MERGE INTO orders o USING customers p ON o.customer_id = p.id AND o.id = 0 WHEN MATCHED AND p.country = 'ES' THEN UPDATE SET note = 'x' || p.email WHEN NOT MATCHED AND false THEN INSERT (note) VALUES (DEFAULT)
;;
-- dba/-: same | unseen nothing | touches public.orders.note compared
EXPLAIN (ANALYZE) DELETE FROM orders WHERE note = 'x' AND false
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown
CREATE VIEW seen AS SELECT id, email FROM customers
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown
CREATE TABLE seen AS SELECT id, email FROM customers
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown of email
SELECT id, email INTO TEMP aside FROM customers
;;
-- What was put aside is read later as what it was taken from.
-- dba/-: same | unseen nothing | touches public.customers.email shown of email
SELECT id, email INTO TEMP aside FROM customers
-- then
SELECT * FROM aside
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown of email
CREATE TEMP VIEW aside AS SELECT email, internal_note FROM customers
-- then
SELECT count(*) FROM aside
;;
-- dba/-: same | unseen nothing | touches public.customers.phone shown of phone | touches public.orders.note shown of free_text
CREATE TEMP TABLE aside (x text)
-- then
INSERT INTO aside SELECT phone FROM customers
-- then
UPDATE pg_temp.aside SET x = (SELECT note FROM orders LIMIT 1)
-- then
SELECT x FROM aside
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown of email
CREATE TEMP TABLE orders AS SELECT email FROM customers; CREATE TEMP TABLE further AS SELECT * FROM orders; SELECT * FROM further
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown of email
CREATE TEMP TABLE customers AS SELECT 1 AS email
-- then
DROP TABLE customers
-- then
SELECT email FROM customers
;;
-- Rows that go are written, and so are those that go with them.
-- dba/-: same | unseen nothing | touches public.tickets.subject written of free_text | touches public.messages.body written of free_text
DELETE FROM tickets WHERE id = -1
;;
-- dba/-: same | unseen nothing | touches public.messages.body written of free_text
WITH d AS (DELETE FROM messages WHERE id = -1 RETURNING id) SELECT count(*) FROM d
;;
-- dba/-: same | unseen nothing | touches public.tickets.subject written of free_text | touches public.messages.body written of free_text
MERGE INTO tickets t USING products p ON t.id = p.id AND false WHEN MATCHED THEN DELETE
;;
-- dba/-: same | unseen nothing | touches public.tickets.subject written of free_text | touches public.messages.body written of free_text
TRUNCATE tickets CASCADE
;;
-- dba/-: same | unseen nothing | touches public.tickets.subject written of free_text | touches public.messages.body written of free_text
TRUNCATE products, tickets, messages CASCADE
;;
-- dba/-: same | unseen nothing | touches public.ranked.rank written
UPDATE ranks SET name = name WHERE name = 'none'
;;
-- dba/-: same | unseen nothing | touches public.products.name written
INSERT INTO products (id, sku, name, category, price) VALUES (99999, 'x', 'n', 'c', 1) ON CONFLICT (id) DO NOTHING
;;
-- dba/-: same | unseen nothing | touches public.orders.note written | touches public.orders.status written
INSERT INTO orders VALUES (0, 1, now(), DEFAULT, 1, 'n') ON CONFLICT (id) DO UPDATE SET note = excluded.note || orders.note WHERE excluded.id > 0 RETURNING id
;;
-- dba/-: same | unseen nothing | touches public.customers.full_name written | keys 0
UPDATE customers SET (full_name, email) = (SELECT full_name, email FROM customers WHERE id = 2) WHERE id = 0 RETURNING id, full_name
;;
-- dba/-: same | unseen nothing | touches public.customers.email shown
PREPARE a_write AS UPDATE orders SET note = c.email FROM customers c WHERE c.id = customer_id
;;
-- dba/-: same | unseen what this transaction has defined
ALTER TABLE payments RENAME TO zz; SELECT z.amount FROM zz z
;;
-- dba/-: same | unseen what this transaction has defined | names public.tickets
BEGIN; ALTER TABLE tickets RENAME TO t2; ALTER TABLE payments RENAME TO tickets; SELECT * FROM tickets
;;
-- dba/-: same | unseen what this transaction has defined
CREATE TABLE copied AS SELECT * FROM customers; SELECT * FROM copied
;;
-- dba/-: same | unseen nothing | names public.customers
CREATE TEMP TABLE copied AS SELECT * FROM customers
-- then
SELECT * FROM copied
;;

-- Who commits it later, and when, nobody here would know.
-- dba/-: not-understood
BEGIN; CREATE VIEW seen AS SELECT 1; PREPARE TRANSACTION 'x'
;;
-- dba/-: same | error 55000
BEGIN; CREATE INDEX ON products (name); PREPARE TRANSACTION 'x'
;;
-- builder/service: not-understood
BEGIN; CREATE VIEW seen AS SELECT 1; PREPARE TRANSACTION 'x'
;;
-- Another session's, or nobody's.
-- dba/-: same | unseen a relation that is not known | error 42P01
SELECT * FROM pg_temp_7.mine
;;
