--! unique violation
--: ana | 23505, 25P02 | naive twins | oracle
-- The contract: constraints stay PostgreSQL's own, their errors lose the values. That it is there, the error tells.
BEGIN

UPDATE customers SET email = '{email7}@hidden.example' WHERE id = 1

INSERT INTO customers (id, name) VALUES (7, 'x')

ROLLBACK
;;
--! ON CONFLICT DO UPDATE .. RETURNING
--: ana | answered | stored | oracle
-- The hidden row is neither changed nor told; that nothing was inserted, the count tells (a constraint's own bit).
BEGIN

INSERT INTO customers (id, name, email, country) VALUES (700, 'x', '{email7}@hidden.example', 'DE') ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id, phone, country

ROLLBACK
;;
--! ON CONFLICT DO UPDATE .. RETURNING
--: ana | answered | stored
BEGIN

INSERT INTO customers AS c (id, name) VALUES (7, 'x') ON CONFLICT (id) DO UPDATE SET name = c.notes WHERE leak(c.phone) RETURNING *

ROLLBACK
;;
--! ON CONFLICT DO NOTHING
--: ana | answered | stored twins | oracle
-- Accepted by the contract, as the unique constraint itself.
BEGIN

INSERT INTO customers (id, name, email) VALUES (701, 'x', '{email7}@hidden.example') ON CONFLICT DO NOTHING

ROLLBACK
;;
--! FK oracle
--: ana | 23503 | stored
-- The reference is PostgreSQL's own check. What the error says of values is taken out.
BEGIN

INSERT INTO orders VALUES (1, 555, '{order7}')

ROLLBACK

SELECT note FROM orders
;;
--! row counts
--: ana | answered | stored twins
BEGIN

UPDATE customers SET notes = notes WHERE id = 7 AND email LIKE '{email7}@%'

UPDATE customers SET notes = notes WHERE country = 'DE'

DELETE FROM orders WHERE customer_id > 1000

ROLLBACK
;;
--! row counts
--: ana | answered | naive
-- A condition runs on no hidden row of the target.
BEGIN

UPDATE customers SET notes = 'x' WHERE leak(email || phone)

ROLLBACK
;;
--! DELETE .. USING / sub-select
--: ana | answered | stored twins
BEGIN

DELETE FROM products WHERE id IN (SELECT id FROM customers WHERE email LIKE '{email7}@%')

DELETE FROM products USING customers c WHERE products.id = c.id AND c.email LIKE '{email7}@%' RETURNING products.*

ROLLBACK
;;
--! RETURNING
--: ana | answered | stored
BEGIN

UPDATE customers SET notes = 'x' RETURNING *

UPDATE customers c SET notes = 'x' RETURNING c.*, c, c.secret, to_jsonb(c)

DELETE FROM orders RETURNING note

ROLLBACK
;;
--! laundering assignment
--: ana | answered | stored
-- Right sides see the visible table: a masked cell is copied as its mask.
BEGIN

UPDATE customers SET name = phone WHERE id IN (2, 7)

SELECT name FROM customers ORDER BY id

ROLLBACK
;;
--! laundering assignment
--: ana | 42703 | nothing
-- `secret` is unlisted: it reads as null, and is never written.
BEGIN

UPDATE customers SET name = xmin::text

ROLLBACK
;;
--! COPY (UPDATE .. RETURNING) TO STDOUT
--: ana | 0A000 | stored
COPY (UPDATE customers SET notes = 'x' RETURNING email) TO STDOUT
;;
--! COPY (UPDATE .. RETURNING) TO STDOUT
--: ana | answered | stored
-- Allowed, and as the visible table has it.
COPY (WITH u AS (UPDATE customers SET notes = 'x' RETURNING email) SELECT * FROM u) TO STDOUT
;;
--! data-modifying CTE
--: ana | answered | stored
BEGIN

WITH d AS (UPDATE customers SET notes = 'x' RETURNING *) SELECT email, phone, secret FROM d

ROLLBACK
;;
--! triggers
--: ana | answered | stored
-- The trigger is trusted server code and sees everything; its notices do not reach the client.
BEGIN

INSERT INTO orders VALUES (71, 7, 'x')

UPDATE orders SET note = 'x'

ROLLBACK
;;
--! triggers
--: ana | P0001 | stored
BEGIN

INSERT INTO orders VALUES (71, 7, 'fail')

ROLLBACK
;;
--! triggers
--: ana | 42501 | stored
-- By the SQLSTATE it could be PostgreSQL's own.
BEGIN

INSERT INTO orders VALUES (71, 7, 'deny')

ROLLBACK
;;
--! FK oracle
--: ana | 23502 | stored twins
-- What a foreign key does to protected rows fails in a statement that names an open table alone.
BEGIN

DELETE FROM places WHERE id = 7

ROLLBACK
;;
--! triggers
--: ana | 23514 | stored
-- PostgreSQL's own words about a row that the trigger of an open table has changed.
BEGIN

INSERT INTO ticks VALUES (7)

ROLLBACK
;;
--! triggers
--: ana | 42501 | stored
-- What is raised when the transaction ends is about what it has done.
BEGIN

UPDATE counters SET total = 50 WHERE customer_id = 2

COMMIT
;;
--! rules
--: ana | 0A000, 25P02 | stored
BEGIN

INSERT INTO ruled VALUES (1)

SELECT what FROM log

ROLLBACK
;;
--! SELECT FOR UPDATE / NOWAIT / SKIP LOCKED
--: rea | 42501, 42501, 42501 | stored
SELECT id, email FROM customers FOR UPDATE

SELECT id, email FROM customers FOR SHARE NOWAIT

SELECT id, email FROM customers FOR NO KEY UPDATE SKIP LOCKED
;;
--! SELECT FOR UPDATE / NOWAIT / SKIP LOCKED
--: ana | answered | stored
BEGIN

SELECT id, email FROM customers FOR UPDATE SKIP LOCKED

ROLLBACK
;;
--! UPDATE .. WHERE ctid / CURRENT OF
--: ana | 42703 | stored
BEGIN

UPDATE customers SET notes = 'x' WHERE ctid > '(0,0)' RETURNING email, secret

ROLLBACK
;;
--! UPDATE .. WHERE ctid / CURRENT OF
--: ana | 0A000 | stored
BEGIN

DECLARE c CURSOR FOR SELECT * FROM customers FOR UPDATE

FETCH 3 FROM c

UPDATE customers SET notes = 'x' WHERE CURRENT OF c RETURNING *

ROLLBACK
;;
