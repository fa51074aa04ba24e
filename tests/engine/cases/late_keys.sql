-- What the outermost query is sorted or grouped by is computed of rows that were tested in their own scan: it may fail.
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT c.id, c.country FROM customers c WHERE c.id > 7 ORDER BY 10 / c.id
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT 1 / c.id AS part, c.country FROM customers c WHERE c.id > 7 ORDER BY part, 2
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE | lacks CASE WHEN
SELECT date_trunc('month', c.created_at), count(*) FROM customers c WHERE c.id BETWEEN 7 AND 70 GROUP BY 1 ORDER BY 1
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT DISTINCT 1 / c.id FROM customers c WHERE c.id > 7
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT CASE WHEN c.id > 9 THEN 'late' ELSE 'early' END, max(p.price) FROM customers c JOIN products p ON p.id = c.id WHERE c.id > 7 GROUP BY ROLLUP (1)
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT DISTINCT ON (10 / c.id) c.id FROM customers c WHERE c.id > 7 ORDER BY 10 / c.id, c.id
;;
-- Of a query inside as well, the columns of which are keys outside.
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT 10 / x.n, count(*) FROM (SELECT id AS n FROM customers WHERE id > 7) x GROUP BY 1
;;
-- All that is joined is tested where it is scanned.
-- bi/analytics: changed | lacks OFFSET 0 | has ) IS TRUE | lacks CASE WHEN
SELECT to_char(o.placed_at, 'YYYY-MM'), count(*) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 7 GROUP BY 1
;;
-- An aggregate decides which groups are shown: all rows are read.
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT 10 / c.id AS part, count(*) AS n FROM customers c WHERE c.id > 7 GROUP BY 1 ORDER BY n DESC LIMIT 10
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT 10 / c.id AS part, count(*) FROM customers c WHERE c.id > 7 GROUP BY part ORDER BY 2 DESC, 1 LIMIT 10
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE
SELECT 10 / c.id AS part FROM customers c WHERE c.id > 7 GROUP BY part ORDER BY max(c.id) LIMIT 10
;;
-- Else LIMIT may spare a row that would fail, as the plan goes.
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id > 7 ORDER BY c.id, 10 / c.id LIMIT 10
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT 10 / c.id AS part, count(*) FROM customers c WHERE c.id > 7 GROUP BY 1 ORDER BY 1 LIMIT 10
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT 10 / c.id AS part, count(*) FROM customers c WHERE c.id > 7 GROUP BY 1 OFFSET 3
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT *, count(*) FROM (SELECT 10 / id AS part FROM customers WHERE id > 7) c GROUP BY 1 ORDER BY 2 DESC LIMIT 10
;;
-- And whoever reads a cursor stops where they like.
-- marketing/marketing: changed | has OFFSET 0)
DECLARE c CURSOR FOR SELECT c.id FROM customers c WHERE c.id > 7 ORDER BY 10 / c.id
;;
-- marketing/marketing: changed | has OFFSET 0) | has CASE WHEN
DECLARE c CURSOR FOR SELECT date_trunc('month', c.created_at), count(*) FROM customers c WHERE c.id BETWEEN 7 AND 70 GROUP BY 1
;;
-- What decides which rows there are is none of them; such is null in a hidden row.
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE | has CASE WHEN
SELECT c.id FROM customers c WHERE c.id > 7 AND 10 / c.id > 0 ORDER BY 10 / c.id
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has ) IS TRUE | has CASE WHEN
SELECT 10 / c.id, count(*) FROM customers c WHERE c.id > 7 GROUP BY 1, c.id HAVING 10 / c.id > 1
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT x.part FROM (SELECT DISTINCT 10 / id AS part FROM customers WHERE id > 7) x WHERE x.part > 0
;;
-- marketing/marketing: changed | has OFFSET 0)
WITH x AS (SELECT id FROM customers WHERE id > 7 ORDER BY 10 / id) SELECT id FROM x
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT id FROM customers WHERE id > 7 UNION SELECT 10 / id FROM customers WHERE id > 8
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id, (SELECT max(10 / p.id) FROM products p WHERE p.id = c.id AND 10 / p.id > 1) FROM customers c WHERE c.id > 7 AND c.country = 'ES' ORDER BY 2
;;
-- crm_app/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id > 7 ORDER BY 10 / c.id FOR UPDATE
