-- support/service: changed
SELECT (c).* FROM customers c
;;
-- support/service: changed
SELECT (c).email, (c).full_name FROM customers c WHERE (c).country = 'ES'
;;
-- support/service: changed
SELECT (x).email FROM (SELECT c AS x FROM customers c) s
;;
-- support/service: changed
SELECT (SELECT c FROM customers c LIMIT 1) IS NULL, (c.tags)[1], (c).tags[1] FROM customers c
;;
-- support/service: changed
WITH RECURSIVE t(id, n) AS (SELECT id, 1 FROM customers UNION ALL SELECT c.id, n + 1 FROM customers c JOIN t ON c.id = t.id + 1 WHERE n < 3) SEARCH DEPTH FIRST BY id, n SET ordercol SELECT id FROM t ORDER BY ordercol
;;
-- support/service: changed
WITH RECURSIVE t(id, n) AS (SELECT id, 1 FROM customers UNION ALL SELECT c.id, n + 1 FROM customers c JOIN t ON c.id = t.id WHERE n < 3) SEARCH BREADTH FIRST BY id SET o CYCLE id SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT id, is_cycle FROM t
;;
-- support/service: changed
WITH RECURSIVE t(id) AS (SELECT id FROM customers UNION ALL SELECT c.id FROM customers c JOIN t ON c.id = t.id) CYCLE id SET is_cycle USING path SELECT id FROM t
;;
-- support/service: changed
DECLARE c SCROLL CURSOR FOR SELECT email FROM customers
;;
-- support/service: changed
DECLARE c NO SCROLL CURSOR FOR SELECT email FROM customers
;;
-- support/service: changed
DECLARE c INSENSITIVE SCROLL CURSOR WITHOUT HOLD FOR SELECT email FROM customers
;;
-- support/service: changed
DECLARE c BINARY NO SCROLL CURSOR FOR SELECT email FROM customers
;;
-- support/service: changed
SELECT c.email, r.* FROM customers c, ROWS FROM (generate_series(1, 2), unnest(c.tags)) AS r(a, b)
;;
-- support/service: changed
SELECT c.email, r.* FROM customers c, ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH ORDINALITY AS r(a, b, o)
;;
-- support/service: changed
SELECT c.id, r.a FROM customers c, ROWS FROM (jsonb_to_record('{"a": 1}') AS (a int), generate_series(1, 2)) AS r
;;
-- support/service: changed
SELECT xmlelement(name p, xmlattributes(c.email AS mail, c.id), c.full_name) FROM customers c
;;
-- support/service: changed
SELECT xmlforest(c.email, c.full_name AS "name"), xmlagg(xmlelement(name x, c.id)) FROM customers c GROUP BY c.id
;;
-- support/service: changed
SELECT xmlconcat('<a/>', xmlcomment('x')), xmlparse(CONTENT '<a/>' PRESERVE WHITESPACE), xmlpi(name php, 'x'), xmlroot('<a/>', version '1.0', standalone yes), xmlserialize(CONTENT '<a/>' AS text), xmlcomment(c.full_name) IS NOT DOCUMENT FROM customers c
;;
-- support/service: changed
SELECT c.id, x.n FROM customers c, XMLTABLE('/r/n' PASSING '<r><n>1</n></r>' COLUMNS n int PATH '.') x
;;
-- support/service: changed
SELECT xmlexists('//a' PASSING BY VALUE '<a/>'), c.email FROM customers c
;;
-- crm_app/service: changed
UPDATE products SET specs['a'] = '1' WHERE id IN (SELECT id FROM customers)
;;
-- builder/service: changed
UPDATE products SET specs['a'] = '1', specs['b'] = to_jsonb(c.full_name) FROM customers c WHERE c.id = products.id
;;
-- builder/service: changed
CREATE TEMP TABLE u AS TABLE customers
;;
-- support/service: changed
SELECT c.email, p.name FROM customers c, products p TABLESAMPLE SYSTEM (50) REPEATABLE (1) WHERE p.id = c.id
;;
-- support/service: changed
SELECT c.email, p.name FROM customers c, products p TABLESAMPLE BERNOULLI (50) WHERE p.id = c.id
;;
-- support/service: changed
SELECT c.country, c.status, count(*) FROM customers c GROUP BY GROUPING SETS ((c.country, c.status), c.country, ())
;;
-- support/service: changed
SELECT c.country, c.status, grouping(c.country), count(*) FROM customers c GROUP BY CUBE (c.country, (c.status, c.language)), ROLLUP (c.id)
;;
-- support/service: changed
SELECT c.country, count(*) FROM customers c GROUP BY DISTINCT GROUPING SETS (CUBE (c.country), ROLLUP (c.country, c.status))
;;
-- support/service: changed
SELECT count(*) FROM customers c GROUP BY ()
;;
-- support/service: changed
SELECT c.email, r.a FROM customers c, unnest(ARRAY[1,2]) WITH ORDINALITY AS r(a, n)
;;
-- support/service: changed
SELECT c.email, r.a FROM customers c, jsonb_to_recordset('[{"a": 1}]') AS r(a int, b text)
;;
-- support/service: changed
SELECT c.email, r.a FROM customers c, jsonb_to_recordset('[{"a": 1}]') AS (a int, b text) , generate_series(1, 2) WITH ORDINALITY r(x, a)
;;
-- support/service: changed
SELECT email FROM customers WHERE id OPERATOR(pg_catalog.=) 7 AND country OPERATOR(pg_catalog.<>) 'ES' ORDER BY id USING OPERATOR(pg_catalog.<)
;;
-- support/service: changed
SELECT email FROM customers ORDER BY id FETCH FIRST 3 ROWS WITH TIES
;;
-- support/service: changed | alone
SELECT email FROM customers ORDER BY id USING < OFFSET 1 ROW FETCH NEXT ROW ONLY
;;
-- support/service: changed
SELECT sum(c.id) OVER (ORDER BY c.id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW), sum(c.id) OVER w FROM customers c WINDOW w AS (ORDER BY c.id GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES)
;;
-- support/service: changed
SELECT sum(c.id) OVER (ORDER BY c.id ROWS 1 PRECEDING EXCLUDE NO OTHERS), sum(c.id) OVER (ORDER BY c.id ROWS 1 PRECEDING EXCLUDE GROUP) FROM customers c
;;
-- support/service: not-understood
SELECT email IS JSON FROM customers
;;
-- support/service: changed
SELECT c.full_name COLLATE "C", c.created_at AT TIME ZONE 'UTC', overlay(c.full_name PLACING 'x' FROM 1 FOR 2), position('a' IN c.full_name), trim(BOTH 'x' FROM c.full_name), extract(epoch FROM c.created_at), substring(c.full_name FROM 1 FOR 2), substring(c.full_name SIMILAR 'a#"b#"c' ESCAPE '#'), c.full_name IS NFC NORMALIZED, normalize(c.full_name, NFC) FROM customers c
;;
-- support/service: changed
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY c.id), count(*) FILTER (WHERE c.id > 3), array_agg(c.id ORDER BY c.id DESC NULLS LAST), (ROW(c.id, c.email)).f1, ARRAY(SELECT id FROM customers), c.tags[1:2], c.tags[:1], (ARRAY[1,2])[1] FROM customers c GROUP BY c.id
;;
-- support/service: changed
SELECT (c.created_at, c.updated_at) OVERLAPS (c.created_at, interval '1 day'), c.id BETWEEN SYMMETRIC 3 AND 1, c.full_name SIMILAR TO 'a%' ESCAPE '#', c.id = ANY ('{1,2}'), c.id IS DISTINCT FROM 3, (c.id, 1) IN (SELECT id, 1 FROM customers), c.id <> ALL (SELECT id FROM customers) FROM customers c
;;
-- support/service: changed
SELECT DISTINCT ON (c.country) c.* FROM customers c ORDER BY c.country, c.id
;;
-- support/service: changed
SELECT * FROM customers NATURAL LEFT JOIN (SELECT id FROM customers) o
;;
-- support/service: changed
SELECT j.id FROM (customers c JOIN orders o USING (id) AS m) AS j, LATERAL (VALUES (1), (j.id)) v(a)

;;
-- builder/service: changed
UPDATE products SET specs[(SELECT full_name FROM customers LIMIT 1)] = '1'
;;
-- crm_app/service: right-missing
UPDATE products SET specs[(SELECT full_name FROM customers LIMIT 1)] = '1'
;;
-- support/service: changed
SELECT concat(VARIADIC c.tags), concat_ws(', ', VARIADIC c.tags) FROM customers c
;;
-- support/service: changed
SELECT c.*::text, (c.*) IS NULL, ROW(c.*, 1) FROM customers c
;;
-- support/service: changed
DECLARE c NO SCROLL INSENSITIVE CURSOR FOR SELECT email FROM customers
;;
-- support/service: changed
DECLARE c SCROLL BINARY INSENSITIVE CURSOR FOR SELECT name FROM products WHERE id IN (SELECT id FROM customers)
;;
-- support/service: changed
DECLARE c CURSOR FOR SELECT email FROM customers; FETCH c; FETCH 2 FROM c; FETCH BACKWARD ALL IN c; MOVE 2 c; MOVE ABSOLUTE -1 FROM "c"; CLOSE c
;;
-- support/service: changed
SELECT country, count(*) FROM customers GROUP BY GROUPING SETS ((), GROUPING SETS ((country), ()))
;;
-- builder/service: changed | has "pg_temp".made_here WHERE CURRENT OF c | error 34000
CREATE TEMP TABLE made_here (a int)
-- then
DELETE FROM made_here WHERE CURRENT OF c
;;
-- crm_app/service: not-understood
DELETE FROM customers WHERE CURRENT OF c
;;
-- support/service: changed
SELECT count(*) OVER (ORDER BY created_at RANGE BETWEEN '1 year'::interval PRECEDING AND '2 days'::interval FOLLOWING EXCLUDE TIES) FROM customers
;;
-- builder/service: changed | has "pg_temp".made_here SET
CREATE TEMP TABLE made_here (a int[], j jsonb, id int)
-- then
UPDATE made_here SET a[-1:2] = '{1,2,3,4}', j['x'][0] = '1', j['y'][id] = '2'
;;
-- builder/service: changed | has "pg_temp".made_here (a[1:2])
CREATE TEMP TABLE made_here (a int[], j jsonb, id int)
-- then
INSERT INTO made_here (a[1:2]) VALUES ('{1,2}')
;;
-- crm_app/service: changed
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, DEFERRABLE; SELECT full_name FROM customers; SAVEPOINT a; RELEASE a; COMMIT AND NO CHAIN
;;
-- crm_app/service: changed | error 55000
SELECT full_name FROM customers; PREPARE TRANSACTION 'x'
;;
-- crm_app/service: changed
SELECT collation for (full_name), COLLATION FOR ((SELECT email FROM customers LIMIT 1)) FROM customers; SHOW TRANSACTION ISOLATION LEVEL
;;
