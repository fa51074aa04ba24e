-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE c.id = 7 AND c.country = 'ES' AND date(c.country) > '2020-01-01'
;;
-- marketing/marketing: changed | has OFFSET 0) d | error 22023
SELECT c.id FROM customers c, customers d WHERE c.id = 7 AND date_trunc('dow', c.created_at) IS NULL
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE c.id = 7 AND extract(hour FROM c.birth_date) > 1
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22008
SELECT c.id FROM customers c WHERE c.created_at > now() - interval '999 centuries'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.created_at > now() - ('30' || ' days')::interval
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22003
SELECT c.id FROM customers c WHERE c.credit_limit::money > 1e30::money
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id = 7 AND (SELECT p.id FROM products p ORDER BY p.id FETCH FIRST 1 ROW WITH TIES) = 1
;;
-- marketing/marketing: changed | has OFFSET 0) | error 21000
SELECT c.id FROM customers c WHERE c.id = 7 AND (SELECT count(*) + 0 * generate_series(1, 2) FROM products p) > 1
;;
-- marketing/marketing: changed | has OFFSET 0) | error 21000
SELECT c.id FROM customers c WHERE 1 = (SELECT p.id FROM products p)
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE length(c.full_name::bytea, 'UTF8') > 3
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE left(c.full_name, c.id::int) = 'A'
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42804
SELECT c.id FROM customers c WHERE (c.id, ROW(c.country)) < (1, ROW(c.language))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c = c
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE (c.attributes::json ->> 'k') = 'v'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.tags[c.id] = 'x'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE coalesce(c.credit_limit, 1.5::float8) > 1
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE coalesce(c.credit_limit, c.id, 1.5::float4) > 1
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE CASE c.country WHEN c.language THEN c.credit_limit WHEN 'x' THEN 1.5::float8 END > 1
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE c.id + 1 > 5
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE -c.id < 0
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE c.credit_limit / c.id > 2
;;
-- marketing/marketing: changed | has OFFSET 0) d | error 22P02
SELECT c.id FROM customers c, customers d WHERE c.country::int > 0
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE c.id::int4 > 0
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.full_name LIKE c.country
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.full_name LIKE 'x\'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.full_name ~ 'x'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.full_name || c.id::text IS NOT NULL AND (c.id || c.full_name) IS NOT NULL
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.country COLLATE "es-x-icu" > 'a'
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id FROM customers c WHERE c.country::text = ANY (SELECT p.name FROM products p GROUP BY p.name, p.specs::text::json)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.country = ANY (string_to_array(c.full_name, ','))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE (SELECT sum(p.price) FROM products p WHERE p.category = c.country) > 5
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE md5(c.full_name) = 'x'
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22P02
SELECT c.id FROM customers c WHERE c.status = c.country::customer_status
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE lower(c.country) IN (VALUES (c.language), ('x'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.id IN (SELECT p.price FROM products p)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE EXISTS (SELECT 1 FROM products p WHERE p.name = c.country ORDER BY p.specs -> 'a' #> ARRAY[c.country])
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE EXISTS (SELECT p.name FROM products p UNION SELECT c.id::text FROM products p UNION SELECT p.price::text || p.id FROM products p)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE make_date(c.id::int, 1, 1) > '2020-01-01'
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE to_char(c.created_at, 'YYYY') = '2026'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id = ANY (ARRAY[c.credit_limit, 1.5::float8])
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE substr(c.full_name, c.id::int) = 'x'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.id = 7 AND lower(c.country) = 'es' AND upper(c.full_name) LIKE 'A%'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.full_name LIKE 'A%' AND upper(c.full_name) LIKE upper('%b') AND c.phone NOT ILIKE '%7_'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.created_at > now() - interval '30 days' AND c.created_at < CURRENT_TIMESTAMP
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.created_at >= CURRENT_DATE - 30 AND c.updated_at >= CURRENT_DATE - interval '1 year 2 months'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.created_at::date = '2026-01-01' AND date(c.created_at) >= c.birth_date
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE extract(year FROM c.birth_date) = 1980
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE coalesce(c.credit_limit, 0) > 5.5 AND coalesce(c.credit_limit, c.id, 3) >= 0
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.status <> 'erased' AND c.status::text IN ('lead', 'active')
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.status = ANY ('{lead,active}') AND c.status = 'lead'::customer_status
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.attributes -> 'a' ->> 'b' = 'x'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.tags && ARRAY['a', 'b'] AND 'a' = ANY (c.tags)
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE (c.country, c.id) > ('ES', 7) AND (c.country, c.id) IN (('ES', 7), ('DE', 8))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.country IN (SELECT p.name FROM products p) AND EXISTS (SELECT FROM products p WHERE p.id = c.id AND p.price > 1)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE CASE c.country WHEN 'ES' THEN c.full_name ELSE 'x' END <> 'y'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE CASE WHEN c.country = 'ES' THEN c.full_name ELSE 'x' END <> 'y'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.full_name || ' ' || c.country = 'Ada ES'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.credit_limit BETWEEN 10 AND 20.5 AND c.birth_date NOT BETWEEN '1980-01-01' AND CURRENT_DATE
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE greatest(c.created_at, c.updated_at) > '2026-01-01' AND nullif(c.country, 'ES') IS NULL
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.full_name IS DISTINCT FROM c.country AND c.country = ANY (ARRAY['ES', 'DE'])
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE left(c.full_name, 1) = 'A' AND position('x' IN c.email) > 0 AND starts_with(c.email, 'a')
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.id::text = '7' AND c.id::numeric < 7.5 AND c.id IN (1, 2, 3000000000)
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT 1 / c.id, c.country FROM customers c ORDER BY c.country
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT 1 / c.id, c.country FROM customers c ORDER BY 1
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.*, 1 / c.id AS part FROM customers c ORDER BY 18
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT DISTINCT 1 / c.id FROM customers c
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT country, count(*), sum(c.id) / count(*) FROM customers c GROUP BY country HAVING count(*) > 1 ORDER BY 2 DESC
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT x.country FROM (SELECT DISTINCT country FROM customers UNION SELECT country FROM addresses) x ORDER BY 1
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT x.n FROM (SELECT credit_limit AS n FROM customers UNION ALL SELECT 1.5::float8) x
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c JOIN products p USING (id) JOIN (SELECT price AS credit_limit FROM products) q USING (credit_limit) JOIN (SELECT 1.5::float8 AS credit_limit) r USING (credit_limit)
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c JOIN products p USING (id) LEFT JOIN addresses a ON a.customer_id = c.id AND a.is_primary
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (CASE WHEN p.id > 0 THEN 99999 ELSE 1 END)::int2 = 1))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (CASE WHEN p.id > 0 THEN 1e400 ELSE 1.5 END)::float8 = 1))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce(nullif(99999, p.id), 1)::int2 = 1))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM products q WHERE q.id <> p.id HAVING (SELECT max(q.id) FROM products r) IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM (SELECT count(*) OVER (ORDER BY q.id ROWS BETWEEN NULL PRECEDING AND CURRENT ROW) n FROM products q WHERE q.id <> p.id) s WHERE n IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM (SELECT count(*) OVER (ORDER BY q.id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) n FROM products q WHERE q.id <> p.id) s WHERE n IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND ARRAY(SELECT v FROM (SELECT '{}'::text[] v FROM products q WHERE p.id <> q.id) s) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND ceil(p.price) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (SELECT count(*) FROM products r ORDER BY generate_series(1, 2)) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (SELECT DISTINCT ON (generate_series(1, 2)) count(*) FROM products r) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower(p.name || p.name) = 'x'))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.name ILIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%'))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.specs @> '{"a": 1}'))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.specs::text = 'x'))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (SELECT max(q.price) FROM products q WHERE q.id <> p.id) IS NULL AND (SELECT count(*) FROM products) IS NOT NULL))
;;
-- crm_app/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower(p.name) = 'x'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower(p.name) = 'x'))
;;
-- marketing/marketing: changed | has OFFSET 0) d
PREPARE fallible0 (oid) AS SELECT count(*) FROM customers c, customers d WHERE c.id = 3 AND c.id = $1
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE fallible1 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.id = $1 AND EXISTS (SELECT 1 FROM pg_catalog.pg_class k WHERE k.oid = $1)
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE fallible2 (numeric[]) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.id = ANY ($1)
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE fallible3 (int8[]) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.id = ANY ($1)
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE fallible4 (text[]) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.full_name = ANY ($1)
;;
-- marketing/marketing: changed | has OFFSET 0) d
PREPARE fallible5 (float8) AS SELECT count(*) FROM customers c, customers d WHERE c.id = 3 AND c.credit_limit = $1
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE fallible6 (int4) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.credit_limit = $1 AND c.id = $1
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE fallible7 (timestamptz) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.birth_date < $1
;;
-- builder/service: not-understood
CREATE TEMP TABLE date (a json)
;;
-- builder/service: not-understood
CREATE TEMP TABLE text AS SELECT 1 AS a
;;
-- builder/service: not-understood
CREATE TEMP VIEW uuid AS SELECT 1 AS a
;;
-- builder/service: not-understood
CREATE TYPE pg_temp.date AS (a json)
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; CREATE DOMAIN date AS json
;;
-- builder/service: same
CREATE TEMP TABLE dates (a json)
;;
-- crm_app/marketing: changed | has OFFSET 0)
SELECT s.id FROM customers c, LATERAL (SELECT p.id FROM products p WHERE c.country = 'ES' FOR UPDATE NOWAIT) s WHERE c.id = 7
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND current_date IN ('5874897-12-31'::date, now())))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM (SELECT q.id, '{}'::json j FROM products q) h WHERE h.id <> p.id AND h.hash_record IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM generate_series(1, 3) g WHERE p.id > 0 AND g.sqrt IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM (SELECT u.a FROM (SELECT p.name AS a UNION ALL SELECT 'b' COLLATE "C") u ORDER BY u.a LIMIT 1) z)))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (SELECT count(*) FROM products q WHERE q.id <> p.id) IS NOT NULL AND current_date IN ('2026-01-01', '2026-02-01') AND p.id IN (1, 2)))
;;
-- marketing/marketing: not-understood | alone
SELECT 1 FROM (SELECT id, full_name AS max FROM customers) c WHERE id = 3 GROUP BY c.max HAVING 1 / (CASE WHEN max(c) LIKE 'C%' THEN 0 ELSE 1 END) > 0
;;
-- marketing/marketing: not-understood
SELECT max(c.*) FROM (SELECT id, full_name AS max FROM customers) c
;;
-- marketing/marketing: function-not-allowed
SELECT ('customers_id_seq'::regclass).nextval
;;
-- marketing/marketing: function-not-allowed
SELECT ('customers_id_seq'::regclass).pg_sequence_last_value
;;
-- marketing/marketing: function-not-allowed
SELECT (c.id).pg_advisory_lock FROM customers c
;;
-- marketing/marketing: function-not-allowed
SELECT g.nextval FROM unnest(ARRAY['customers_id_seq'::regclass]) g
;;
-- marketing/marketing: not-understood
CREATE TEMP VIEW tv AS SELECT id, pg_try_advisory_lock(id) AS a FROM products
;;
-- marketing/marketing: changed | has OFFSET 0)
CREATE TEMP VIEW tv AS SELECT id, 10 / (id - 1) AS q FROM products OFFSET 0; SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM tv))
;;
-- marketing/marketing: changed | has END AS "credit_limit"
PREPARE fallible_in (numeric, float8) AS SELECT count(*) FROM customers c WHERE c.credit_limit IN ($1, $2)
;;
-- marketing/marketing: changed | has END AS "id"
PREPARE fallible_in2 (numeric, float8) AS SELECT count(*) FROM customers c WHERE c.id IN ($1, $2)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM products q WHERE q.id <> p.id HAVING (SELECT count(*) FILTER (WHERE q.id > 0) FROM products r) IS NULL)))
;;
-- crm_app/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.name ILIKE 'zz%'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.name ILIKE 'zz%' AND p.specs ->> 'a' = 'zz'))
;;
-- crm_app/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.specs ->> 'a' = 'zz'))
;;
-- crm_app/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND p.name LIKE 'zz%'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (now() OPERATOR(pg_catalog.-) interval '30 days') IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (now() OPERATOR(pg_catalog.-) interval '290000 years') IS NULL))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (current_date OPERATOR(pg_catalog.+) 55) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND (current_date OPERATOR(pg_catalog.+) 2147483647) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM unnest('{a}'::text[]) g WHERE p.id > 0 AND g.uuid IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND EXISTS (SELECT 1 FROM (SELECT q.id, '2020-01-01'::date AS da FROM products q) k FULL JOIN (SELECT now() AS da) l USING (da) WHERE da IS NULL)))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c FULL JOIN (SELECT sent_on AS created_at FROM newsletters) k USING (created_at)
;;
-- marketing/marketing: changed | has END AS "created_at"
PREPARE fallible_in3 (date) AS SELECT count(*) FROM customers c WHERE c.created_at IN ($1, NULL)
;;
-- marketing/marketing: changed | lacks END AS "created_at"
PREPARE fallible_in4 (timestamptz) AS SELECT count(*) FROM customers c WHERE c.created_at IN ($1, NULL, '2020-01-01')
;;
-- marketing/marketing: changed | lacks END AS "id"
PREPARE fallible_in5 (int4, int8) AS SELECT count(*) FROM customers c WHERE c.id IN ($1, $2, 5)
;;
-- builder/service: not-understood
CREATE TEMP TABLE customer_status (a json)
;;
-- A join's alias hides the alias of its USING.
-- marketing/marketing: changed | has "consentry_t"."country" AS "country"
SELECT u.id FROM customers u WHERE u.id < 9 AND EXISTS (SELECT 1 FROM (products a JOIN products b USING (id) AS u) AS j WHERE u.country = 'DE')
;;
-- marketing/marketing: changed | lacks OFFSET 0 | has CASE WHEN
SELECT count(*) FROM customers u WHERE u.id = 3 AND u.country = 'ES' AND (u.id < 0 OR EXISTS (SELECT 1 FROM ((SELECT id AS full_name FROM products) a JOIN (SELECT id AS full_name FROM products) b USING (full_name) AS u) AS j WHERE u.full_name::int8 IS NULL))
;;
-- A table's system columns come before another level's columns of such a name.
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM (SELECT id, country, id AS tableoid FROM customers) c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products h WHERE h.id <> c.id AND h.id = tableoid))
;;
-- marketing/marketing: system-column
SELECT count(*) FROM (SELECT 1 AS ctid) x WHERE EXISTS (SELECT 1 FROM customers WHERE ctid IS NOT NULL)
;;
-- A function in FROM has a name without an alias too.
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c, (SELECT id AS unnest FROM products) unnest WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products h, unnest('{a}'::text[]) WHERE h.id <> c.id AND unnest.unnest::numeric IS NULL))
;;
-- marketing/marketing: same
SELECT generate_series.generate_series, now.now FROM generate_series(1, 2), now()
;;
-- marketing/marketing: same
SELECT xmltable.v FROM xmltable('/a' PASSING xml '<a/>' COLUMNS v text PATH '.')
;;
-- What leaves has no schema: the name must mean the same without it.
-- marketing/marketing: not-understood
SELECT customers.id FROM public.customers WHERE EXISTS (SELECT 1 FROM products customers WHERE customers.id = public.customers.id)
;;
-- marketing/marketing: not-understood
SELECT customers.id FROM public.customers WHERE EXISTS (WITH customers AS (SELECT 8 AS id) SELECT 1 FROM customers WHERE public.customers.id = 8)
;;
-- marketing/marketing: changed
SELECT customers.id FROM public.customers WHERE EXISTS (SELECT 1 FROM products p WHERE p.id = public.customers.id)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c, (SELECT ROW('{}'::json) AS tableoid) r WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR (SELECT 1 FROM products a JOIN products b ON a.id <> b.id WHERE a.id <> c.id GROUP BY tableoid LIMIT 1 OFFSET 1) IS NULL)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 55000
SELECT c.id FROM customers c WHERE c.country = 'ES' AND EXISTS (SELECT FROM far f WHERE f.id = c.id)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 55000
SELECT c.id FROM customers c JOIN split p ON p.id = c.id WHERE c.country = 'ES'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c JOIN ONLY split p ON p.id = c.id WHERE c.country = 'ES'
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.country = 'ES' AND EXISTS (SELECT FROM policed p WHERE p.name LIKE 'zz%')
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.country IN (SELECT name FROM policed_names)
;;
-- Columns of constants have types: what joins by them needs no fence.
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.full_name FROM customers c JOIN (VALUES (1, 'q'), (2, 'r')) v (id, n) ON v.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.full_name FROM customers c JOIN unnest('{1,2}'::bigint[]) u (id) ON u.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0
SELECT c.full_name FROM customers c JOIN unnest(ARRAY[1, 2], ARRAY['q', 'r']) u (id, n) ON u.id = c.id
;;
-- crm_app/service: changed | lacks OFFSET 0
WITH s AS (SELECT 7::bigint AS id) SELECT c.full_name FROM customers c JOIN s ON s.id = c.id
;;
-- crm_app/service: changed | lacks CASE
UPDATE customers c SET full_name = v.n FROM (VALUES (-1, 'q'), (-2, 'r')) v (id, n) WHERE v.id = c.id
;;
-- crm_app/service: changed | lacks CASE
SELECT full_name FROM customers WHERE id = ANY (ARRAY[1, 2, 3])
;;
-- crm_app/service: changed | has OFFSET 0
SELECT c.full_name FROM customers c JOIN (VALUES (1, 1::text::int), (2, 3)) v (id, n) ON v.n = c.id
;;
-- crm_app/service: changed | has OFFSET 0
SELECT c.full_name FROM customers c JOIN (VALUES (1, '1'), (2, '2')) v (id, n) ON v.n::int = c.id
;;
-- Rows of values, arrays of a type that is said, and the only row of a subquery compare like columns and values do.
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE (c.id, c.country) = (3, 'ES') AND (c.id, c.ref) IN ((3, '0b2f54f6-6d4c-4a3c-9d5a-1df1a3a0a001'), (4, NULL))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE (c.created_at, c.id) < ('2026-01-01', 7) ORDER BY c.created_at DESC, c.id DESC LIMIT 10
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE (c.id, c.country) = (3, lower(c.language) || 'x')
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE rows_1 AS SELECT c.id FROM customers c WHERE (c.id, c.id) = ($1, $1)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 42883
SELECT c.id FROM customers c WHERE (c.id, c.attributes::text::json) = (3, '{}')
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE rows_2 AS SELECT c.id FROM customers c WHERE c.id = ANY ($1::bigint[]) AND c.country <> ANY ($2::text[])
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE rows_3 (text) AS SELECT c.id FROM customers c WHERE c.id = ANY ($1::bigint[])
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE rows_4 AS SELECT c.id FROM customers c WHERE c.id = ANY ($1::text[]::bigint[])
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE rows_5 AS SELECT c.id, $1::text FROM customers c WHERE c.id = ANY ($1::bigint[])
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT c.id FROM customers c WHERE c.id = (SELECT p.id FROM products p ORDER BY p.id LIMIT 1) AND c.full_name = (SELECT p.name FROM products p WHERE p.id = c.id LIMIT 1)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id = (SELECT p.id FROM products p WHERE 1 / p.id > 0 LIMIT 1)
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id = (SELECT 1 / p.id FROM products p LIMIT 1)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 21000
SELECT c.id FROM customers c WHERE c.id = (SELECT p.id FROM products p LIMIT 2)
;;
-- marketing/marketing: changed | has OFFSET 0) d
SELECT c.id FROM customers c, customers d WHERE c.id < (SELECT p.id FROM products p LIMIT 1)
;;
-- crm_app/marketing: changed | has OFFSET 0)
SELECT c.id FROM customers c WHERE c.id = (SELECT p.id FROM products p LIMIT 1 FOR UPDATE)
