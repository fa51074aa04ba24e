-- What rows are sorted by may fail to compare, below the test of a row filter too.
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id ORDER BY ROW('{}'::json, p.id) LIMIT 1
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id, ROW(p.attributes) FROM customers c, (SELECT id, specs::json AS attributes FROM products) p WHERE c.country = 'ES' AND c.id = p.id ORDER BY 2
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id FROM customers c, (SELECT id, ROW('{}'::json, id) AS r FROM products) p WHERE c.country = 'ES' AND c.id = p.id ORDER BY p.r
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT DISTINCT ROW('{}'::json, p.id), c.id FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT count(*) FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id GROUP BY ROW('{}'::json, p.id)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT p FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id ORDER BY p
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id, count(*) OVER (ORDER BY ROW('{}'::json, p.id)) FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id, rank() OVER (PARTITION BY 10 / p.id) FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id, rank() OVER w FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id WINDOW w AS (ORDER BY 10 / p.id)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT string_agg(c.country, ',' ORDER BY ROW('{}'::json, p.id)) FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(DISTINCT 10 / p.id) FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT string_agg(c.country, ',' ORDER BY 10 / p.id) FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42804
SELECT c.id, ROW(c.id) FROM customers c WHERE c.country = 'ES' UNION SELECT id, ROW('{}'::json) FROM products
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id FROM customers c WHERE c.country = 'ES' AND EXISTS (SELECT ROW('{}'::json) FROM products INTERSECT ALL SELECT ROW('{}'::json))
;;
-- crm_app/marketing: changed | has OFFSET 0) | error 42P22
SELECT b.made FROM badges b, (SELECT de AS t FROM badges UNION ALL SELECT es FROM badges) x WHERE b.plain = 'x' ORDER BY x.t
;;
-- What surely compares costs nothing.
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id, c.country FROM customers c, products p WHERE c.country = 'ES' AND c.id = p.id ORDER BY c.country COLLATE "C", lower(p.name), (c.id, p.price), c.created_at::date
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT x.country, x.n FROM (SELECT country, count(*) AS n, max(id) AS last FROM customers GROUP BY country) x ORDER BY x.n DESC, x.last
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT DISTINCT 'customer' AS kind, c.country, current_user FROM customers c WHERE c.id IN (1, 2)
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.country, count(*), sum(p.price) / count(*) FROM customers c JOIN products p USING (id) GROUP BY c.country ORDER BY count(*) / 2, 3
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id, row_number() OVER (PARTITION BY c.country ORDER BY c.created_at DESC), sum(count(*)) OVER (ORDER BY count(*)) FROM customers c GROUP BY c.id, c.country, c.created_at
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT string_agg(DISTINCT lower(c.country), ', ' ORDER BY lower(c.country)), count(DISTINCT c.created_at::date), array_agg(10 / c.id ORDER BY c.id) FROM customers c
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c, (VALUES (1, 'a'), (2, NULL)) v (id, label) WHERE c.country = 'ES' ORDER BY v.label
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT g, c.id FROM customers c, generate_series(1, 3) g, unnest('{ES,DE}'::text[]) u WHERE c.country = 'ES' ORDER BY g, u
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.country = 'ES' ORDER BY (SELECT count(*) FROM products p WHERE p.id = c.id) DESC
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id, c.country FROM customers c WHERE c.country = 'ES' UNION SELECT id, 'none' FROM products ORDER BY 2
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY p.price / 2) FROM customers c JOIN products p USING (id) WHERE c.country = 'ES'
