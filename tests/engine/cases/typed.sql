-- The type of a query's column is known outside of it, and with it which functions and operators a name means there: those
-- that an extension brings for types of its own are not among them.
-- support/service: changed
SELECT max(s.n) FROM (SELECT (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id ORDER BY o.id LIMIT 1) AS n FROM customers c) s
;;
-- support/service: changed
WITH s AS (SELECT id, (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id ORDER BY o.id LIMIT 1) AS n FROM customers c) SELECT max(n) FROM s WHERE n = 2
;;
-- support/service: changed
SELECT max(s.n), max(s.m) FROM (SELECT coalesce((SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id LIMIT 1), 0) AS n, (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id LIMIT 1) + 1 AS m FROM customers c) s
;;
-- support/service: changed
SELECT max(s.n) FROM (SELECT CASE WHEN c.id > 3 THEN (SELECT sum(o.total_amount) FROM orders o JOIN customers d ON d.id = o.customer_id WHERE o.customer_id = c.id) END AS n FROM customers c) s
;;
-- support/service: changed
SELECT max(s.n[1]) FROM (SELECT ARRAY(SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c) s
;;
-- support/service: changed
SELECT max(s.n) FROM (SELECT (SELECT (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id LIMIT 1)) AS n FROM customers c) s
;;
-- support/service: changed
SELECT max(s.n) FROM (SELECT (SELECT * FROM (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id) x LIMIT 1) AS n FROM customers c) s
;;
-- support/service: changed
SELECT max(s.n) FROM (SELECT (WITH x AS (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id) SELECT total_amount FROM x LIMIT 1) AS n FROM customers c) s
;;
-- support/service: changed
SELECT max(s.n) FROM (SELECT (SELECT full_name FROM contact_list l WHERE l.id = c.id UNION SELECT 'x' LIMIT 1) AS n FROM customers c) s
;;
-- support/service: changed
SELECT max(v.a), max(v.b) FROM (VALUES ((SELECT o.total_amount FROM orders o LIMIT 1), 1), ((SELECT max(o.total_amount) FROM orders o, customers c), 2)) v (a, b)
;;
-- Where it stands, too.
-- support/service: changed
SELECT max((SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id ORDER BY o.id LIMIT 1)) FROM customers c
;;
-- support/service: changed
SELECT max((SELECT sum(o.total_amount) FROM orders o JOIN customers d ON d.id = o.customer_id WHERE o.customer_id = c.id)) FROM customers c
;;
-- support/service: changed
SELECT max((SELECT x.total_amount FROM (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id) x LIMIT 1)) FROM customers c
;;
-- support/service: changed
SELECT id FROM customers c WHERE (SELECT o.total_amount FROM orders o JOIN customers d ON d.id = o.customer_id WHERE o.customer_id = c.id LIMIT 1) = 2
;;
-- support/service: changed
SELECT id FROM customers c WHERE (SELECT l.full_name FROM contact_list l WHERE l.id = c.id) = 'x'
;;
-- support/service: changed
SELECT max((SELECT (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id LIMIT 1))) FROM customers c
;;
-- support/service: changed
SELECT max((SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id UNION SELECT 2 LIMIT 1)) FROM customers c
;;
-- support/service: changed
SELECT max((WITH x AS (SELECT o.total_amount FROM orders o WHERE o.customer_id = c.id) SELECT total_amount FROM x LIMIT 1)) FROM customers c
;;
-- PostgreSQL says itself that a column is not there.
-- support/service: undefined-column
SELECT count(*) FROM customers c JOIN orders o USING (customer_id)
;;
-- support/service: undefined-column
SELECT count(*) FROM orders o JOIN customers c USING (customer_id)
;;
-- support/service: undefined-column
SELECT (SELECT count(*) FROM products p JOIN newsletters n USING (sku)) FROM products
;;
-- support/service: changed
SELECT CASE (SELECT l.full_name FROM contact_list l WHERE l.id = c.id) WHEN 'x' THEN 1 WHEN (SELECT m.full_name FROM contact_list m WHERE m.id = c.id) THEN 2 END FROM customers c
;;
-- support/service: changed
SELECT max(a.s) FROM (SELECT lower((SELECT l.full_name FROM contact_list l WHERE l.id = c.id)) || 'x' AS s FROM customers c) a WHERE a.s LIKE (SELECT full_name || '%' FROM contact_list LIMIT 1)
;;
-- What is of an extension's type is what the extension's own take.
-- marketing/marketing on public, ext: function-not-allowed
SELECT max((SELECT h.handle FROM (SELECT handle FROM handles) h LIMIT 1)) FROM products
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT max(s.h) FROM (SELECT (SELECT h.handle FROM (SELECT handle FROM handles) h LIMIT 1) AS h FROM products) s
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM products p WHERE (SELECT h.handle FROM (SELECT handle FROM handles) h LIMIT 1) = 'x'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT CASE (SELECT h.handle FROM (SELECT handle FROM handles) h LIMIT 1) WHEN 'x' THEN 1 END FROM products p
