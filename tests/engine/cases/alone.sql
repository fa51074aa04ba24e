-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, (SELECT sum(o.total_amount / 2) FROM orders o WHERE o.customer_id = c.id) FROM customers c WHERE c.id = 7
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, ARRAY(SELECT o.total_amount / 2 FROM orders o WHERE o.customer_id = c.id) FROM customers c WHERE c.id = 7
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, (SELECT o.total_amount * 2 FROM orders o WHERE o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT 1) FROM customers c
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, EXISTS (SELECT o.total_amount / 2 FROM orders o WHERE o.customer_id = c.id) FROM customers c
;;
-- crm_app/service: changed | has OFFSET 0) o | lacks OFFSET 0) c
SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND coalesce(o.total_amount, 0) / 2 > 5) FROM customers c WHERE c.id = 7
;;
-- crm_app/service: changed | has OFFSET 0) o | has OFFSET 0) c
SELECT c.id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND coalesce(o.total_amount, 0) / 2 > 5) > 1
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT json_agg(o.id) AS d FROM orders o WHERE o.customer_id = c.id) j ON true ORDER BY c.id LIMIT 20
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT coalesce(json_agg(json_build_array(o.id, o.status, o.total_amount, o.placed_at, o.note)), '[]'::json) AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT sum(o.total_amount) AS d FROM orders o WHERE o.customer_id = c.id) j ON true WHERE c.country = 'DE'
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT sum(o.total_amount / 2) AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT o.total_amount / 2 AS d FROM orders o WHERE o.customer_id = c.id LIMIT 3) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | has OFFSET 0) o
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT o.total_amount / 2 AS d FROM orders o WHERE o.customer_id = c.id ORDER BY 1 LIMIT 3) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | has OFFSET 0) o
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT o.total_amount / 2 AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | has OFFSET 0) o
SELECT c.id, j.d FROM customers c JOIN (SELECT o.customer_id, sum(o.total_amount / 2) AS d FROM orders o GROUP BY o.customer_id) j ON j.customer_id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) > 6 ORDER BY c.id LIMIT 10
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
SELECT c.id FROM customers c WHERE (SELECT sum(o.total_amount / 2) FROM orders o WHERE o.customer_id = c.id) > 6
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
SELECT c.id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) > 6 AND 1 / coalesce(c.id, 1) > 0
;;
-- crm_app/service: changed | has OFFSET 0) c | has OFFSET 0) o
SELECT c.id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id LIMIT 1) AND 1 / coalesce(c.id, 1) > 0
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
SELECT c.id FROM customers c WHERE c.id IN (SELECT o.customer_id FROM orders o LIMIT 3) AND 1 / coalesce(c.id, 1) > 0
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
SELECT c.id FROM customers c, (SELECT max(o.id) AS last FROM orders o) m WHERE 1 / (m.last - coalesce(c.id, 1)) > 0
;;
-- crm_app/service: changed | has OFFSET 0) c | has OFFSET 0) o
SELECT c.country FROM customers c GROUP BY c.country HAVING EXISTS (SELECT FROM (SELECT max(c.id) AS last, 1 / o.id AS d FROM orders o) m WHERE m.d > 0)
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o | lacks OFFSET 0) i
SELECT c.id FROM customers c WHERE (SELECT max((SELECT sum(i.line_total / 2) FROM order_items i WHERE i.order_id = o.id)) FROM orders o WHERE o.customer_id = c.id) > 5
;;
-- crm_app/service: changed | has OFFSET 0) c | has OFFSET 0) o | lacks OFFSET 0) i
SELECT c.id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND (SELECT sum(i.line_total / 2) FROM order_items i WHERE i.order_id = o.id) > 5)
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT o.id AS d FROM orders o WHERE o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT 3) j ON true
;;
-- crm_app/service: changed | lacks OFFSET 0
PREPARE latest (bigint) AS SELECT c.id, (SELECT o.id FROM orders o WHERE o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT $1) FROM customers c
;;
-- crm_app/service: changed | has OFFSET 0) c | lacks OFFSET 0) o
PREPARE latest (bigint) AS SELECT c.id, j.d FROM customers c LEFT JOIN LATERAL (SELECT o.id AS d FROM orders o WHERE o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT $1) j ON true
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT array_agg(o.note) AS d, string_agg(o.note, ', ' ORDER BY o.placed_at) AS e, bool_or(o.id > 5) AS f, jsonb_agg(jsonb_build_object('id', o.id, 'by', json_build_array(o.note))) AS g FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | error 22023
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT json_object_agg(o.note, o.id) AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | error 22023
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT json_agg(json_build_object(o.note, o.id)) AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c | error 22023
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT json_agg(json_build_object(NULL, o.id)) AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT coalesce(json_agg(o.id), to_json(o.id / 0)) AS d FROM orders o WHERE o.customer_id = c.id GROUP BY o.id LIMIT 3) j ON true
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.id, j.d FROM customers c JOIN LATERAL (SELECT string_agg(o.note, ', '::text) AS d FROM orders o WHERE o.customer_id = c.id) j ON true
;;
-- A query of WITH stands where it is read.
-- crm_app/service: changed | has OFFSET 0) k
WITH c AS (SELECT k.id FROM customers k) SELECT (SELECT count(*) FROM c WHERE c.id = 7 AND (SELECT 1 / o.total_amount FROM orders o WHERE o.customer_id = c.id LIMIT 1) > 0)
;;
-- crm_app/service: changed | has OFFSET 0) k
WITH c AS (SELECT k.id FROM customers k) SELECT (SELECT EXISTS (SELECT FROM c WHERE c.id = 7 AND (SELECT 1 / o.total_amount FROM orders o WHERE o.customer_id = c.id LIMIT 1) > 0) LIMIT 1)
;;
-- crm_app/service: changed | has OFFSET 0) k
WITH c AS (SELECT k.id FROM customers k), d AS (SELECT id FROM c) SELECT (SELECT sum((SELECT 1 / o.total_amount FROM orders o WHERE o.customer_id = d.id LIMIT 1)) FROM d WHERE 1 / d.id > 0)
;;
-- crm_app/service: changed | lacks OFFSET 0) x | has OFFSET 0) k
SELECT x.id, (WITH c AS (SELECT k.id FROM customers k) SELECT (SELECT count(*) FROM c WHERE 1 / coalesce(c.id, 1) > 0)) FROM orders x
;;
-- What an item of FROM computes is computed where it is read.
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id = 501 AND c.id >= q.v) FROM (SELECT 1 / o.total_amount AS v FROM orders o) q
;;
-- crm_app/service: changed | has OFFSET 0) c
WITH q AS (SELECT 1 / o.total_amount AS v FROM orders o) SELECT (SELECT c.id FROM customers c WHERE c.id >= q.v LIMIT 1) FROM q
;;
-- An aggregate whose FILTER reads a column of the query around belongs to that.
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT q.id FROM (SELECT count(*) FILTER (WHERE o.id > 0) AS n, c.id AS id FROM customers c) q WHERE 1 / coalesce(q.id, 1) > 0 LIMIT 1) FROM orders o
;;
-- HAVING whose aggregates are gone once constants are folded is tested like WHERE.
-- crm_app/service: changed | has OFFSET 0) c
SELECT c.country FROM customers c GROUP BY c.country, c.id HAVING CASE WHEN true THEN 1 / c.id > 0 ELSE count(*) > 1 END
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT c.country FROM customers c GROUP BY c.country, c.id HAVING coalesce(1, count(*)) = 1 / c.id
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT c.country FROM customers c GROUP BY c.country, c.id HAVING (1 / c.id > 0) IS DISTINCT FROM (count(*) > NULL::int)
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT c.country FROM customers c GROUP BY c.country, c.id HAVING 1 / coalesce(c.id, 1) > sum(o.id) LIMIT 1) FROM orders o
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.country FROM customers c GROUP BY c.country, c.id HAVING 1 / c.id < count(*) + 1
;;
-- Behind a fence an index finds the rows of each row around.
-- crm_app/service: changed | has OPERATOR(pg_catalog.=) "c"."id") AND | has OFFSET 0) o
SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND coalesce(o.total_amount, 0) / 2 > 5) FROM customers c
;;
-- crm_app/service: changed | has "customer_id" OPERATOR(pg_catalog.=) "c"."id") AND | has OFFSET 0) o
SELECT c.id, j.n FROM customers c LEFT JOIN LATERAL (SELECT o.id AS n FROM orders o WHERE c.id = o.customer_id AND coalesce(o.total_amount, 0) / 2 > 5 LIMIT 3) j ON true
;;
-- crm_app/service: changed | has "customer_id" OPERATOR(pg_catalog.=) "customers"."id") AND | has OFFSET 0) o
SELECT id, EXISTS (SELECT FROM orders o WHERE customers.id = o.customer_id AND coalesce(o.total_amount, 0) / 2 > 5) FROM customers
;;
-- crm_app/service: changed | lacks OPERATOR(pg_catalog.=) "c"."id") AND | has OFFSET 0) o
SELECT c.id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND coalesce(o.total_amount, 0) / 2 > 5)
;;
-- crm_app/service: changed | lacks "consentry_o" | has OFFSET 0) o
SELECT consentry_o.id, (SELECT count(*) FROM orders o WHERE o.customer_id = consentry_o.id AND coalesce(o.total_amount, 0) / 2 > 5) FROM customers consentry_o
;;
-- crm_app/service: changed | lacks "c"."id") AND
WITH o AS (SELECT customer_id, total_amount FROM orders) SELECT (SELECT count(*) FROM o WHERE o.customer_id = c.id AND o.total_amount / 2 > 5) FROM customers c
;;
-- crm_app/service: changed | lacks "c"."id") AND
SELECT (SELECT count(*) FROM (SELECT customer_id, total_amount FROM orders LIMIT 5) o WHERE o.customer_id = c.id AND o.total_amount / 2 > 5) FROM customers c
;;
-- PostgreSQL puts the expression of a column of a query around where the column is read.
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR q.v IS NULL) FROM (SELECT 1 / o.total_amount AS v, o.id FROM orders o) q WHERE q.id = 505
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR q IS NULL) FROM (SELECT 1 / o.total_amount AS v, o.id FROM orders o) q
;;
-- crm_app/service: changed | has OFFSET 0) c
WITH q AS (SELECT 1 / o.total_amount AS v FROM orders o) SELECT (SELECT c.id FROM customers c WHERE c.id <> 501 OR EXISTS (SELECT 1 WHERE q.v IS NULL) LIMIT 1) FROM q
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT j.n FROM orders o, LATERAL (VALUES (1 / o.total_amount)) q (v), LATERAL (SELECT count(*) AS n FROM customers c WHERE c.id <> 501 OR q.v IS NULL) j
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR q.v IS NULL) FROM (SELECT (SELECT 1 / o.total_amount FROM orders o WHERE o.id = 505) AS v) q
;;
-- crm_app/service: changed | lacks OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR q.v IS NULL) FROM (SELECT o.note AS v, 7 AS w FROM orders o) q WHERE q.w = 7
;;
-- crm_app/service: changed | lacks OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> q.n) FROM generate_series(1, 3) q (n)
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR (SELECT q.* LIMIT 1) IS NULL) FROM (SELECT (r).* FROM (SELECT 1 / o.total_amount AS v FROM orders o) r) q
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR (SELECT q.* LIMIT 1) IS NULL) FROM (SELECT 1 / o.total_amount AS v FROM orders o) q
;;
-- crm_app/service: changed | lacks OFFSET 0) c
SELECT (SELECT count(*) FROM customers c WHERE c.id <> 501 OR (SELECT q.* LIMIT 1) IS NULL) FROM (SELECT o.total_amount AS v FROM orders o) q
;;
-- What is sorted by an aggregate in the text only is sorted before rows are chosen.
-- crm_app/service: changed | has OFFSET 0) c
SELECT c.id FROM customers c GROUP BY c.id ORDER BY CASE WHEN true THEN 1 / c.id ELSE count(*) END
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT CASE WHEN true THEN 1 / c.id ELSE count(*) END AS e FROM customers c GROUP BY c.id ORDER BY e
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT row_number() OVER (ORDER BY (1 / c.id > 0) IS DISTINCT FROM (count(*) > NULL::int)) FROM customers c GROUP BY c.id
;;
-- crm_app/service: changed | has OFFSET 0) c
SELECT DISTINCT coalesce(count(*) > NULL::int, 1 / c.id > 0) FROM customers c GROUP BY c.id
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.country, round(avg(c.id), 2) AS a, CASE WHEN count(*) > 0 THEN sum(c.id) / count(*) END AS b, coalesce(sum(c.id) / 2, 0) AS d FROM customers c GROUP BY c.country ORDER BY a, b, d, sum(c.id) / 2 DESC
;;
-- crm_app/service: changed | has OFFSET 0) o
WITH q AS (SELECT 1 / c.id AS v FROM customers c) SELECT max(s.id) FROM (SELECT o.id FROM orders o WHERE o.status <> 'paid' OR (SELECT q.v FROM q LIMIT 1) IS NULL LIMIT 1000 FOR UPDATE OF o) s
;;
