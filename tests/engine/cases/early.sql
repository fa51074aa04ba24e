-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN | error 22P02
SELECT id FROM customers WHERE country::int > 0
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT x FROM (SELECT country || 'a' AS x FROM customers) s WHERE x::int > 0
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN | error 22P02
SELECT x FROM (SELECT country AS x FROM customers) s WHERE x::int > 0
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN
WITH s AS (SELECT country AS x FROM customers) SELECT 1 FROM s WHERE 1 / length(x) > 0
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN | error 22P02
SELECT 1 FROM contact_list v WHERE v.full_name::int > 0
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT 1 FROM customers c WHERE row_to_json(c)::text::int > 0
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT 1 FROM products p WHERE EXISTS (SELECT 1 FROM customers c WHERE c.country LIKE p.name)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT 1 FROM customers c JOIN products p ON c.country::int = p.id
;;
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT country FROM customers UNION ALL SELECT 'x' ORDER BY 1
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN | has ("consentry_t"."country" OPERATOR(pg_catalog.=) (SELECT 'ES' | error 22P02
SELECT 1 FROM customers WHERE country = 'ES' AND country::int > 0
;;
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT upper(country) FROM customers WHERE id = 1 AND created_at > now() - interval '1 day'

;;
-- marketing/marketing: changed | has ("consentry_t"."email" OPERATOR(pg_catalog.=) 'a@b.example' OR pg_catalog.strpos('a@b.example'::pg_catalog.text, '***')
SELECT full_name FROM customers WHERE email = 'a@b.example'
;;
-- marketing/marketing: changed | has ("consentry_t"."country" IN ('ES', 'PT'))
SELECT 1 FROM customers WHERE country IN ('ES', 'PT') AND upper(country) = 'ES'

;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
SELECT id FROM customers ORDER BY 1 / (CASE WHEN country = 'ES' THEN 0 ELSE 1 END), id
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
SELECT 1 / (CASE WHEN country = 'ES' THEN 0 ELSE 1 END), id FROM customers ORDER BY 1, 2
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
SELECT DISTINCT 1 / (CASE WHEN country = 'ES' THEN 0 ELSE 1 END), id FROM customers
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
SELECT 1 / (CASE WHEN country = 'ES' THEN 0 ELSE 1 END) AS x, count(*) FROM customers GROUP BY x
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22012
(SELECT 1 / (CASE WHEN country = 'ES' THEN 0 ELSE 1 END) FROM customers) UNION ALL SELECT 2
;;
-- marketing/marketing: changed | has CASE WHEN ("consentry_t"."updated_at"
SELECT string_agg(country, ',' ORDER BY upper(country)) FROM customers
;;
-- marketing/marketing: changed | has CASE WHEN ("consentry_t"."updated_at"
SELECT id, rank() OVER w FROM customers WINDOW w AS (ORDER BY upper(country), id)
;;
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT country, id FROM customers ORDER BY country, id
;;
-- support/service: changed | has OFFSET 0) | error 22P02
SELECT x.id FROM (SELECT f.*, c.email AS e, c.id FROM customers c, jsonb_to_record('{}') AS f(a int)) x WHERE e::int > 0
;;
-- support/service: changed | has OFFSET 0) | error 22P02
SELECT e FROM (SELECT (ROW(1, 2)).*, 'x' AS e FROM products UNION ALL SELECT 1, 2, email FROM customers) x WHERE e::int > 0
;;
-- support/service: changed | has OFFSET 0) | error 22P02
SELECT x.email FROM (SELECT (c).* FROM customers c) x WHERE x.email::int > 0
;;
-- support/service: changed | has OFFSET 0) | error 22P02
SELECT x.column17 FROM customers c, LATERAL (VALUES ((c).*)) x WHERE x.column4::int > 0
;;
-- support/service: changed | error 42803
SELECT c.*, c.id FROM customers c GROUP BY 2

;;
-- What a column of an inner query is called decides whose column a name means. A function's own output column keeps its name:
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.country FROM customers c WHERE EXISTS (SELECT 1 FROM json_array_elements('[1]') AS country WHERE country::int > 0)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.country FROM customers c WHERE EXISTS (SELECT 1 FROM jsonb_array_elements_text('["1"]') AS country WHERE country::int > 0)
;;
-- A row in an array has as many columns as it has:
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.country FROM customers c WHERE EXISTS (SELECT 1 FROM unnest(ARRAY[null::public.products]) AS country WHERE country::int > 0)
;;
-- Of casts in casts the outer one gives the name, and a CASE is called so:
-- bi/analytics: changed | has OFFSET 0) | error 22P02
SELECT w.path FROM web_events w WHERE EXISTS (SELECT 1 FROM (SELECT '((0,0))'::path::text) s WHERE path::int > 0)
;;
-- bi/analytics: changed | has OFFSET 0) | error 22P02
SELECT w.path FROM web_events w WHERE EXISTS (SELECT 1 FROM (SELECT CASE WHEN true THEN '' ELSE '((0,0))'::path END) s WHERE path::int > 0)
;;
-- bi/analytics: changed | lacks END AS "path"
SELECT w.path FROM web_events w WHERE EXISTS (SELECT 1 FROM (SELECT '((0,0))'::path) s WHERE path IS NOT NULL)
;;
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT c.country FROM customers c WHERE EXISTS (SELECT 1 FROM unnest('{1}'::int[]) AS country WHERE country > 0)
;;
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT c.country FROM customers c WHERE EXISTS (SELECT 1 FROM generate_series(1, 2) AS country WHERE country > 0)
;;
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT c.country FROM customers c, json_array_elements('[1]') AS x WHERE x.value::text <> ''
;;
-- An aggregate over a column of the level around it runs in the condition that it stands in.
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.id FROM customers c WHERE (SELECT sum(c.country::int + p.id) FROM products p) > 0
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT id FROM customers WHERE (SELECT max(country::int + p.id) OVER () FROM products p LIMIT 1) > 0
;;
-- marketing/marketing: changed | has CASE WHEN ("consentry_t"."updated_at"
SELECT c.id FROM customers c WHERE (SELECT count(c) FILTER (WHERE p.id > 0) FROM products p) > 0
;;
-- A copy of a condition holds no cast that could fail: PostgreSQL would run it for the first stored row that gets there.
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN | lacks ARRAY[$1
PREPARE early_1 (int8, int8) AS SELECT id FROM customers WHERE account_manager_id IN ($1, $2) AND 1 / id >= 0
;;
-- marketing/marketing: changed | has ANY ((SELECT ARRAY[$1::pg_catalog."int4", $2::pg_catalog."int4"])::pg_catalog."int4"[])
PREPARE early_2 AS SELECT id FROM customers WHERE account_manager_id IN ($1, $2) AND 1 / id >= 0
;;
-- marketing/marketing: changed | has "account_manager_id" OPERATOR(pg_catalog.=) (SELECT $1)
PREPARE early_3 (int8) AS SELECT id FROM customers WHERE account_manager_id IN ($1) AND 1 / id >= 0
;;
-- marketing/marketing: changed | has ARRAY['a'::pg_catalog."varchar", 'b'::pg_catalog."varchar"]
SELECT id FROM customers WHERE language IN ('a', 'b') AND 1 / id >= 0
