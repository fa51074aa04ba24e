-- support/service: changed
SELECT c.full_name, count(*) FROM customers c GROUP BY (c.id)
;;
-- support/service: changed
SELECT full_name, count(*) FROM customers GROUP BY ((id))
;;
-- support/service: changed
SELECT c.full_name, c.email, count(*) FROM customers c GROUP BY (c.id, c.country), c.status
;;
-- support/service: changed
SELECT c.full_name, count(o.id) FROM customers c LEFT JOIN orders o USING (id) GROUP BY id
;;
-- support/service: changed
SELECT o.total_amount, count(c.id) FROM customers c RIGHT JOIN orders o USING (id) GROUP BY id
;;
-- support/service: changed | error 42803
SELECT c.full_name, count(o.id) FROM customers c FULL JOIN orders o USING (id) GROUP BY id
;;
-- support/service: changed | error 42803
SELECT o.total_amount, count(c.id) FROM customers c JOIN orders o USING (id) GROUP BY id
;;
-- support/service: changed
SELECT c.full_name, count(*) FROM (SELECT id FROM orders) x NATURAL RIGHT JOIN customers c GROUP BY id
;;
-- support/service: changed
SELECT c, count(*) FROM customers c GROUP BY c.id
;;
-- support/service: changed
SELECT c.id, to_jsonb(c), c.email FROM customers c GROUP BY c.id
;;
-- support/service: changed
SELECT c, o.id, o, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY o.id, c.id
;;
-- support/service: changed
SELECT c.full_name, o.total_amount FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY DISTINCT (o.id), c.id
;;
-- support/service: changed
SELECT c.full_name FROM customers c WHERE c.id IN (SELECT o.id FROM orders o GROUP BY (o.id) HAVING o.total_amount > 3) GROUP BY (1, c.id)
;;
-- support/service: changed | error 42803
SELECT c.full_name FROM customers c GROUP BY ROW (c.id, c.country)
;;
-- support/service: changed | error 42803
SELECT c FROM customers c GROUP BY c.country
;;
-- Behind a join's alias the table's own alias means another item, or nothing.
-- marketing/marketing: changed | lacks p.country | error 42803
SELECT j.id, j.country, count(*) FROM (customers p CROSS JOIN (SELECT 1 AS one) z) AS j, (SELECT id, name AS country FROM products) p WHERE p.id = j.id GROUP BY j.id
;;
-- marketing/marketing: changed | lacks "p"."country" | error 42803
SELECT j.id, j.country, count(*) FROM (customers p CROSS JOIN (SELECT 1 AS one) z) AS j GROUP BY j.id
;;
-- support/service: changed | has "p"."id", "p"."customer_id", (SELECT pg_catalog.min(("p"."doc")::pg_catalog.text COLLATE pg_catalog."C")::pg_catalog.json AS "doc")
SELECT p.*, count(o.id) FROM profiles p LEFT JOIN orders o ON o.customer_id = p.customer_id GROUP BY p.id
;;
-- marketing/marketing: changed
SELECT * FROM profiles GROUP BY id
;;
-- support/service: changed | has (SELECT (pg_catalog.array_agg(at))[1] AS "at")::text
SELECT id, at::text, profiles."Odd", doc ->> 'a' FROM profiles GROUP BY id HAVING at IS NULL OR doc IS NOT NULL ORDER BY at <-> point '(0,0)'
;;
-- support/service: changed | lacks array_agg
SELECT id, count(doc), max(doc::text) FILTER (WHERE at IS NULL) FROM profiles GROUP BY id
;;
-- support/service: changed
SELECT p.doc, coalesce(p.doc, '{}'), array_agg(p.doc ORDER BY p.words), lower(p.doc::text), (SELECT count(*) FROM orders o WHERE o.customer_id = p.customer_id) FROM profiles p GROUP BY p.id
;;
-- support/service: changed | error 42803
SELECT p.doc FROM profiles p GROUP BY p.customer_id
;;
-- support/service: changed
SELECT a.*, b.doc FROM profiles a JOIN profiles b ON b.customer_id = a.customer_id GROUP BY b.id, a.id
;;
;;
-- Arrays of such types, rows with such columns, and the whole row.
-- support/service: changed | lacks , "a"."docs", | has AS "docs"
SELECT a.id, a.docs, a.spots, a.shown, a.tags, count(*) FROM albums a LEFT JOIN orders o ON o.customer_id = a.customer_id GROUP BY a.id
;;
-- support/service: changed
SELECT a.* FROM albums a GROUP BY a.id
;;
-- support/service: changed
SELECT row_to_json(a), a.docs[1] ->> 'a' FROM albums a GROUP BY a.id
;;
-- support/service: changed
SELECT row_to_json(p), to_json(p.*), p.doc, (p).words, lag(p.doc::text) OVER (PARTITION BY p.doc ->> 'a' ORDER BY p.id), ARRAY[p.doc::text], ROW(p.doc), count(p) FROM profiles p GROUP BY p.id
;;
-- support/service: changed
SELECT p.id, sum(count(*)) OVER w FROM profiles p GROUP BY p.id WINDOW w AS (PARTITION BY p.doc::text)
;;
-- The same query in the select list and in GROUP BY, ORDER BY, DISTINCT ON: PostgreSQL compares their trees.
-- crm_app/service: changed
SELECT CASE WHEN EXISTS (SELECT id FROM orders WHERE orders.customer_id = customers.id) THEN 'buyer' ELSE 'lead' END, count(*) FROM customers GROUP BY CASE WHEN EXISTS (SELECT id FROM orders WHERE orders.customer_id = customers.id) THEN 'buyer' ELSE 'lead' END
;;
-- bi/analytics: changed
SELECT (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.id), count(*) FROM customers c GROUP BY (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.id) HAVING count(*) > 0 OR (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.id) > now() ORDER BY (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.id)
;;
-- bi/analytics: changed
SELECT DISTINCT (SELECT max(o.note) FROM orders o WHERE o.customer_id = c.id) FROM customers c ORDER BY (SELECT max(o.note) FROM orders o WHERE o.customer_id = c.id)
;;
-- bi/analytics: changed
SELECT DISTINCT ON ((SELECT min(o.id) FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid')) c.id FROM customers c ORDER BY (SELECT min(o.id) FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid'), c.id
;;
-- bi/analytics: changed
SELECT EXISTS (SELECT o.id FROM orders o WHERE false), string_agg(DISTINCT c.phone, ',') FROM customers c GROUP BY CUBE (EXISTS (SELECT o.id FROM orders o WHERE false))
;;
-- bi/analytics: changed
SELECT string_agg(DISTINCT (SELECT min(o.status::text) FROM orders o WHERE o.customer_id = c.id), ',' ORDER BY (SELECT min(o.status::text) FROM orders o WHERE o.customer_id = c.id)) FROM customers c
;;
-- One in another.
-- bi/analytics: changed
SELECT c.id IN (SELECT o.customer_id FROM orders o WHERE o.id = (SELECT max(id) FROM orders)), (SELECT max(id) FROM orders), count(*) FROM customers c GROUP BY c.id IN (SELECT o.customer_id FROM orders o WHERE o.id = (SELECT max(id) FROM orders))
;;
-- bi/analytics: changed
SELECT count(*) FROM orders GROUP BY ROLLUP ((total_amount + 1) / 2, (SELECT max(id) FROM orders)), CUBE ((status)::text)
;;
-- A masked key determines nothing: what need not stand in GROUP BY does not.
-- bi/analytics: changed | lacks "logins"."
SELECT login, sum(total) FROM logins GROUP BY login
;;
-- bi/analytics: changed | lacks "logins"."
SELECT login, count(*) FROM logins WHERE total > 0 GROUP BY 1 HAVING max(city) > 'a' AND count(*) FILTER (WHERE total > 1) > 0 ORDER BY min(city), string_agg(city, ',' ORDER BY total)
;;
-- bi/analytics: changed | lacks "l"."
SELECT login, max(l.total) FROM logins l JOIN products p ON p.id = l.total GROUP BY login
;;
-- bi/analytics: changed | has GROUP BY "logins"."city", | lacks "logins"."total"
SELECT login, city, sum(total) FROM logins GROUP BY login
;;
-- bi/analytics: changed | has "l"."city" | has "l"."total"
SELECT login, rank() OVER (ORDER BY l.total), (SELECT count(*) FROM products p WHERE p.name = l.city) FROM logins l GROUP BY login
;;
-- bi/analytics: changed | has "l"."total" | lacks "l"."city"
SELECT login, (SELECT sum(p.id * l.total) FROM products p) FROM logins l WHERE city = 'x' GROUP BY login
;;
-- bi/analytics: changed | has "l"."total" | lacks "l"."city"
SELECT login, sum(sum(l.total)) OVER (PARTITION BY l.total), percentile_disc(0.5) WITHIN GROUP (ORDER BY city) FROM logins l GROUP BY login
;;
-- support/service: changed
SELECT c.id, c.full_name, c.status, count(*) FROM customers c GROUP BY c.id, ROLLUP (c.status)
;;
-- support/service: changed
SELECT c.id, c.full_name, c.status FROM customers c GROUP BY GROUPING SETS ((c.id), (c.id, c.status))
;;
-- support/service: changed
SELECT c.id, c.full_name, o.id FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, CUBE (o.id), ROLLUP ((lower(c.full_name)))
;;
-- support/service: changed | error 42803
SELECT c.id, c.full_name FROM customers c GROUP BY ROLLUP (c.id)
;;
-- support/service: changed | error 42803
SELECT c.id, c.full_name FROM customers c GROUP BY GROUPING SETS ((c.id), (c.country))
;;
-- support/service: changed | error 42803
SELECT c.id, c.full_name FROM customers c GROUP BY GROUPING SETS ((c.id), ())
;;
-- support/service: changed
SELECT id, full_name FROM customers GROUP BY GROUPING SETS ((id), (id, full_name::text))
;;
-- support/service: changed
SELECT id, full_name::text AS nm, full_name FROM customers GROUP BY GROUPING SETS ((id), (id, nm))
;;
-- support/service: changed
SELECT c.id, c.full_name FROM customers c GROUP BY GROUPING SETS ((c.id), (c.id, (c).full_name))
;;
-- support/service: changed
SELECT *, full_name FROM customers GROUP BY GROUPING SETS ((id), (id, 2))
;;
-- GROUPING is asked of keys: what a key only determines is none.
-- support/service: changed | error 42803
SELECT id, full_name, GROUPING(full_name) FROM customers GROUP BY id
;;
-- support/service: changed | error 42803
SELECT c.id, GROUPING(c.full_name::text) FROM customers c GROUP BY c.id
;;
-- support/service: changed
SELECT c.id, c.full_name, GROUPING(c.status), GROUPING(c.id, lower(c.full_name)), GROUPING(c.id) FROM customers c GROUP BY c.id, lower(c.full_name), ROLLUP (c.status)
;;
-- A number counts the columns of a star.
-- support/service: changed
SELECT c.*, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY 1
;;
-- support/service: changed
SELECT 1 AS one, *, upper(full_name) FROM customers GROUP BY 2, 1
;;
-- support/service: changed
SELECT o.id, c.*, o.placed_at FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 2, 1
;;
-- support/service: changed | error 42803
SELECT c.*, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY 2
