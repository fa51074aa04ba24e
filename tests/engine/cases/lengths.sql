-- Values that are as long as a client likes, or are written out longer than they are.
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes1 (tsquery) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes2 (jsonpath) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes3 (jsonb) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes4 (bytea) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes5 (xml) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes6 (text[]) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes7 (int8[]) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes8 (name) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes9 (tsquery) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::varchar = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes10 (text) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes11 (int8) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes12 (numeric) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes13 (timestamptz) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes14 (uuid) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes15 (interval) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1::text = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes_key (tsquery) AS SELECT count(*) FROM customers c, products p WHERE c.id = 3 AND c.country = $1::text
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes17 (text) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower($1) = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes18 (text) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1 ILIKE 'zz%'))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes19 (text) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce($1, p.name) ILIKE 'zz%'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes20 (text) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower(p.name) = $1 AND p.name ILIKE 'zz%' AND p.specs ->> 'a' = $1))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes21 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower($1) = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes22 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND $1 ILIKE 'zz%'))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes23 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce($1, p.name) ILIKE 'zz%'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE sizes24 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND lower(p.name) = $1 AND p.name ILIKE 'zz%'))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes25 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND ($1::jsonb) ->> 'a' = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE sizes26 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce(p.specs, $1::jsonb) -> 'b' ->> 'a' = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce(p.specs, '{"a": [1e131000]}') ->> 'a' = 'zz'))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce(p.specs, '{"a": [1e131000]}') #>> '{a}' = 'zz'))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p WHERE p.id <> c.id AND coalesce(p.specs, '{}'::jsonb) -> 'b' ->> 'a' = 'zz' AND coalesce(p.specs, '{}') ->> 'a' = 'zz'))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM generate_series(1, 5000000) g WHERE g IS NULL))
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM generate_series(-5, 366) g WHERE g IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE lengths0 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, unnest($1::text[]) u WHERE p.id <> c.id AND lower(u) = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE lengths1 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, (SELECT $1 AS d) x WHERE p.id <> c.id AND lower(x.d) = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE lengths2 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, (VALUES ($1), ('y')) x (d) WHERE p.id <> c.id AND x.d ILIKE 'zz%'))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE lengths3 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, (SELECT $1::jsonb AS d) x WHERE p.id <> c.id AND x.d ->> 'a' = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE lengths4 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, (VALUES ('{"a": [1e131000]}'::jsonb), ('{}')) x (d) WHERE p.id <> c.id AND x.d ->> 'a' = p.name))
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE lengths5 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, (SELECT x.d FROM (VALUES ('{}'::jsonb)) x (d) UNION ALL SELECT specs FROM products) x WHERE p.id <> c.id AND x.d ->> 'a' = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE lengths6 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, (VALUES ($1)) x (d) WHERE p.id <> c.id AND x.d = p.name))
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE lengths7 (text[]) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM products p, unnest($1) u WHERE p.id <> c.id AND p.name = u AND lower(p.name) = 'x'))
