-- A queue: nothing fails, and the lock is taken whatever hidden rows there are.
-- crm_app/service: changed | has WHERE (("consentry_w"."id") = (SELECT id | lacks CASE WHEN EXISTS
PREPARE apart_9 AS UPDATE orders SET status = 'paid' WHERE id = (SELECT id FROM orders WHERE customer_id = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id
;;
-- crm_app/service: changed | has WHERE ("consentry_w"."id") = (SELECT id | has THEN (("consentry_w"."customer_id") = 7) END
UPDATE orders SET status = 'paid' WHERE id = (SELECT id FROM orders ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) AND customer_id = 7
;;
-- The lock of another table's row would be taken if any row, a hidden one too, gets there.
-- crm_app/service: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE orders SET status = 'paid' WHERE id = (SELECT id FROM customers ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE orders SET status = 'paid' WHERE id = (SELECT id FROM orders ORDER BY 1 / id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE orders SET status = 'paid' FROM products p WHERE p.id = orders.id AND orders.id = (SELECT id FROM orders ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/service: changed | has THEN ((CASE WHEN
UPDATE orders SET status = 'paid' WHERE id = (SELECT 1 / id FROM orders ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/marketing: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE customers SET email = 'a@b.example' WHERE id = (SELECT id FROM customers ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- A queue's subquery that refers to the row that asks takes another lock for each, for hidden ones too.
-- crm_app/service: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE orders SET status = 'paid' WHERE id = (SELECT o.id FROM orders o WHERE o.id = orders.customer_id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE orders SET status = 'paid' WHERE id = (SELECT orders.id FROM orders o ORDER BY o.id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/service: changed | has THEN (("consentry_w"."id") = (SELECT
UPDATE orders SET status = 'paid' WHERE id = (SELECT o.id FROM orders o ORDER BY orders.customer_id LIMIT 1 FOR UPDATE SKIP LOCKED)
;;
-- Several entries: of what is cut off, nothing is locked.
-- crm_app/service: changed | lacks OFFSET 0) AS | has (("consentry_w"."id") = c.id) AND (CASE WHEN
WITH c AS (SELECT id FROM orders WHERE customer_id = 7 ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0) AS
UPDATE orders SET status = 'paid' WHERE id IN (SELECT id FROM orders WHERE customer_id = 7 ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED)
;;
-- crm_app/service: changed | lacks OFFSET 0) AS
DELETE FROM orders USING (SELECT id FROM orders ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) c WHERE orders.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0) AS
WITH c AS (SELECT id FROM orders ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) SELECT id FROM c
;;
-- What else could fail in it, it does behind the fence; and without LIMIT it may be a part of the query around it.
-- crm_app/service: changed | has OFFSET 0) AS
WITH c AS (SELECT id FROM orders WHERE 1 / id > 0 ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id
;;
-- crm_app/service: changed | has OFFSET 0) AS
WITH c AS (SELECT id FROM orders FOR UPDATE SKIP LOCKED) UPDATE orders SET status = 'paid' FROM c WHERE orders.id = c.id
;;
-- What it is read beside stands behind one.
-- crm_app/service: changed | has OFFSET 0) o
SELECT o.id FROM orders o, (SELECT id FROM orders ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) c WHERE o.id = c.id
