-- Extensions on the path define operators and functions of PostgreSQL's names for types of their own: what PostgreSQL cannot
-- take for the values that are there is not there.
-- marketing/marketing on public, ext: changed | has "consentry_t"."n" AS "n" | lacks OFFSET 0
SELECT id FROM handles WHERE n = 7
;;
-- marketing/marketing on public, ext: changed | has "consentry_t"."name" AS "name" | lacks OFFSET 0
SELECT id FROM handles WHERE name = 'x'
;;
-- marketing/marketing on public, ext: changed | has "consentry_t"."code" AS "code" | lacks OFFSET 0
SELECT id FROM handles WHERE 'x' = code
;;
-- marketing/marketing on public, ext: changed | has "consentry_t"."name" AS "name" | lacks OFFSET 0
SELECT id FROM handles WHERE name IN ('x', 'y')
;;
-- marketing/marketing on public, ext: changed | lacks OFFSET 0
SELECT id FROM handles WHERE name NOT IN ('x', 'y') AND n BETWEEN 1 AND 5 AND made NOT BETWEEN '2020-01-01' AND '2021-01-01'
;;
-- marketing/marketing on public, ext: changed | lacks OFFSET 0
SELECT id FROM handles WHERE colour = 'blue' AND made > '2020-01-01' AND amount >= 1.5 AND short <> 'ES'
;;
-- marketing/marketing on public, ext: changed | lacks OFFSET 0
SELECT id FROM handles WHERE name LIKE 'a%' AND code NOT LIKE 'b%' AND name IS DISTINCT FROM 'x'
;;
-- marketing/marketing on public, ext: changed
SELECT max(id), min(name), max(code), max(made), count(*) FROM handles GROUP BY colour HAVING max(id) > 3 AND min(name) <> 'x'
;;
-- marketing/marketing on public, ext: changed
SELECT replace(name, 'a', 'b'), strpos(code, 'x'), split_part(name, ' ', 1), translate(name, 'a', 'b') FROM handles WHERE lower(name) = lower('X')
;;
-- marketing/marketing on public, ext: changed
SELECT CASE name WHEN 'x' THEN 1 WHEN code THEN 2 END, nullif(name, ''), greatest(name, code), first_value(name) OVER (ORDER BY n) FROM handles
;;
-- marketing/marketing on public, ext: changed
SELECT data -> 'a', data ->> 'b', data @> '{}', data || '{}', name || ' ' || code FROM handles WHERE data ->> 'b' = 'x' AND name || code = 'y'
;;
-- marketing/marketing on public, ext: changed
SELECT x FROM (SELECT lower(name) AS x, count(*) AS n FROM handles GROUP BY 1) s WHERE x = 'a' AND n > 1
;;
-- marketing/marketing on public, ext: changed
SELECT a.id FROM handles a JOIN handles b USING (id, name) NATURAL JOIN (SELECT id, made AS day FROM handles) c WHERE (a.name, a.n) = (b.name, b.n)
;;
-- marketing/marketing on public, ext: changed
SELECT id FROM handles WHERE name IN (SELECT name FROM handles) AND name = ANY (SELECT lower(code) FROM handles) AND n <> ALL (ARRAY[1, 2])
;;
-- marketing/marketing on public, ext: same
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t WHERE n <> 3 AND n + 1 > 2
;;
-- marketing/marketing on public, ext: changed
SELECT id FROM handles WHERE 'a' = 'b' OR coalesce(name, code) = 'x' OR CASE WHEN n > 1 THEN 'x' ELSE name END = 'y'
;;
-- marketing/marketing on public, ext: changed
SELECT date_trunc('month', made) = date_trunc('month', now()), made - 1 < '2020-01-01', n + 1 = small FROM handles
;;
-- marketing/marketing on public, ext: changed | lacks OFFSET 0
PREPARE overloads1 AS SELECT id FROM handles WHERE name = $1 AND n = $2 AND made > $3
;;
-- marketing/marketing on public, ext: changed | lacks OFFSET 0
PREPARE overloads2 (varchar) AS SELECT id FROM handles WHERE name = $1
;;
-- marketing/marketing on public, ext: changed
SELECT name FROM handles UNION SELECT 'x' ORDER BY 1
;;
-- What it may be is refused to who may not have it.
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle = 'x'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE 'x' = handle
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE login = 'x'
;;
-- PostgreSQL compares these as texts.
-- marketing/marketing on public, ext: changed
SELECT id FROM handles WHERE name = 'x'::citext
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE 'x'::citext = login
;;
-- marketing/marketing on public, ext: changed | has pg_catalog.date(made)
SELECT (h).name = 'x', tags[1] = 'x', date(made) = '2020-01-01' FROM products h, (SELECT NULL::text[] AS tags, now() AS made) t
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle LIKE 'x'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle IN ('x', 'y')
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE 'x' IN (n::text, handle)
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle BETWEEN 'x' AND 'y'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle NOT BETWEEN SYMMETRIC 'x' AND 'y'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT CASE handle WHEN 'x' THEN 1 END FROM handles
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT nullif(handle, 'x') FROM handles
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle IS DISTINCT FROM 'x'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE (n, handle) = (1, 'x')
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT 1 FROM handles a JOIN handles b USING (handle)
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT 1 FROM (SELECT handle FROM handles) a NATURAL JOIN (SELECT handle FROM handles) b
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle IN (SELECT handle FROM handles)
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE (n, handle) IN (SELECT n, handle FROM handles)
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles WHERE handle = ANY (ARRAY['x'::citext])
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT x FROM (SELECT coalesce(handle, 'x') AS x FROM handles) s WHERE x = 'a'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT x FROM (SELECT handle AS x FROM handles UNION SELECT 'x') s WHERE x = 'a'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT id FROM handles ORDER BY handle USING <
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT tags -> 'x' FROM handles
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT max(handle) FROM handles
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT replace(handle, 'x', 'y') FROM handles
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT similarity FROM (SELECT subpath('a.b', 1) AS similarity) s
;;
-- A parameter of two places has the type that the first one gives it.
-- marketing/marketing on public, ext: operator-not-allowed
PREPARE overloads3 AS SELECT tags -> $1 FROM handles
;;
-- marketing/marketing on public, ext: operator-not-allowed
PREPARE overloads4 AS SELECT $1 = 'x', $1::citext
;;
-- Who has the extension has both.
-- lister/marketing on public, ext: changed
SELECT max(handle) FROM handles WHERE handle = 'x'
;;
-- lister/marketing on public, ext: changed | has OFFSET 0
SELECT id FROM handles WHERE handle = 'x' AND n = 1
;;
-- lister/marketing on public, ext: changed | lacks OFFSET 0
SELECT id FROM handles WHERE name = 'x' AND n = 1
;;
-- Operators of somebody's own in front of PostgreSQL's: PostgreSQL has none of varchar, and takes theirs.
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code = 'x'
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code IN ('x', 'y')
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE 'x' IN (code, name)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code BETWEEN 'x' AND 'y'
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code NOT BETWEEN 'x' AND 'y'
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT CASE code WHEN 'x' THEN 1 END FROM handles
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT 1 FROM handles a JOIN handles b USING (code)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT 1 FROM handles a NATURAL JOIN (SELECT code FROM handles) b
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT 1 FROM handles a NATURAL JOIN json_to_recordset('[]') b (code varchar)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code IN (SELECT code FROM handles)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE (n, code) IN (SELECT n, code FROM handles)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code <> ALL (SELECT code FROM handles)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code <> ALL ('{x}')
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code LIKE 'x'
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE (code, n) = ('x', 1)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE small = 1
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE small IN (1, 2)
;;
-- marketing/marketing on public, hostile: operator-not-allowed
PREPARE overloads5 (varchar) AS SELECT id FROM handles WHERE code = $1
;;
-- marketing/marketing on public, hostile: function-not-allowed
SELECT lower(code) FROM handles
;;
-- marketing/marketing on public, hostile: changed | has SELECT pg_catalog.abs(small)
SELECT abs(small) FROM handles
;;
-- marketing/marketing on public, hostile: changed | has "consentry_t"."name" AS "name" | lacks OFFSET 0
SELECT lower(name), abs(n) FROM handles WHERE name = 'x' AND amount = 1.5 AND n = 1
;;
-- Who may call it runs it on no row that is not there.
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT id FROM handles WHERE n = 1 AND code = 'x'
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT id FROM handles WHERE n = 1 AND code NOT BETWEEN 'a' AND 'x'
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT a.id FROM handles a JOIN handles b USING (code) WHERE a.n = 1
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT id FROM handles WHERE n = 1 AND code IN (SELECT code FROM handles)
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT id FROM handles WHERE n = 1 AND CASE code WHEN 'x' THEN true END
;;
-- teller/marketing on public, hostile: changed | lacks OFFSET 0
SELECT id FROM handles WHERE n = 1 AND name = 'x'
;;
-- Of any type, of the very types, of a domain: PostgreSQL may take theirs by the order of the path.
-- marketing/marketing on public, greedy: operator-not-allowed
SELECT id FROM handles WHERE name = 'x'
;;
-- marketing/marketing on public, greedy: operator-not-allowed
SELECT id FROM handles WHERE n IN (1, 2)
;;
-- marketing/marketing on same, public: operator-not-allowed
SELECT id FROM handles WHERE name = 'x'
;;
-- marketing/marketing on same, public: operator-not-allowed
SELECT 1 FROM handles a JOIN handles b USING (name)
;;
-- marketing/marketing on same, public: changed | lacks OFFSET 0
SELECT id FROM handles WHERE n = 1
;;
-- marketing/marketing on public, checked: operator-not-allowed
SELECT id FROM handles WHERE short = 'x'
;;
-- marketing/marketing on public, checked: operator-not-allowed
SELECT id FROM handles WHERE name = 'x'
;;
-- marketing/marketing on public, checked: changed | lacks OFFSET 0
SELECT id FROM handles WHERE n = 1
;;
-- A view's names were looked up without a path, and are again on the session's.
-- marketing/marketing on public, ext: changed
SELECT full_name FROM contact_list
;;
-- marketing/marketing on public, greedy: operator-not-allowed
SELECT full_name FROM contact_list
;;
-- By its schema it is what it is.
-- marketing/marketing on public, hostile: changed | lacks OFFSET 0
SELECT id FROM handles WHERE code OPERATOR(pg_catalog.=) 'x'
;;
-- marketing/marketing on public: operator-not-allowed
SELECT id FROM handles WHERE code OPERATOR(hostile.=) 'x'
;;
-- The name of a function in FROM that gives no rows of columns is the value that it gives.
-- marketing/marketing on public, spy: function-not-allowed
SELECT lower(u) FROM generate_series(1, 6) AS u(a)
;;
-- marketing/marketing on public, spy: function-not-allowed
SELECT u.lower FROM generate_series(1, 6) AS u(a)
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT u = NULL::money FROM generate_series(1, 3) AS u(a)
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (u).a = NULL::money FROM jsonb_path_query('[1]', '$') AS u(a)
;;
-- marketing/marketing on public, ext, spy: changed
SELECT h.id, u = 1, e -> 'a', e ->> 'b' FROM handles h, generate_series(1, 3) AS u(a), jsonb_array_elements(h.data) AS e WHERE e -> 'x' = '1'
;;
-- ager/marketing on public, spy: same
SELECT spy.told(e), told(e), told(value) FROM jsonb_array_elements('[1, 2]') AS e
;;
-- A function that shares the name of a column of such a row, or of a type, is what is judged.
-- marketing/marketing on public, spy: changed | has pg_catalog.length(u) | error 42883
SELECT length(u) FROM generate_series(1, 3) AS u(length)
;;
-- marketing/marketing on public, spy: function-not-allowed
SELECT few(u) FROM generate_series(1, 3) AS u(few)
;;
-- marketing/marketing on public, spy: function-not-allowed
SELECT u.few FROM generate_series(1, 3) AS u(a)
;;
-- Rows are compared column by column, with a query too, and whatever the operator.
-- marketing/marketing on public, spy: operator-not-allowed
SELECT ROW(n) = (SELECT NULL::money) FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (id, n) = (SELECT 1, NULL::money) FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT ROW(n) BETWEEN (SELECT 1) AND (SELECT NULL::money) FROM handles
;;
-- marketing/marketing on public, ext, spy: operator-not-allowed
SELECT ROW(code) LIKE ROW(handle) FROM handles
;;
-- marketing/marketing on public, ext, spy: operator-not-allowed
SELECT ROW(code) LIKE (SELECT handle) FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT ROW(o.*, n) = ROW(1, 2, NULL::money) FROM handles, (SELECT 1, 2) o
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT ROW(o.*, n) = ROW(n, NULL::money) FROM handles, (SELECT 1) o
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT ROW(o.*, n) IN (SELECT 1, NULL::money) FROM handles, (SELECT 1) o
;;
-- marketing/marketing on public, ext, spy: changed
SELECT (n, name) = (SELECT 1, 'x'), ROW(n, name) = ROW(1, 'x'), ROW(name) LIKE ROW('x%') FROM handles
;;
-- Where PostgreSQL's own is meant, what leaves says so: nothing else can be run by mistake, nor a cast to a type of the name.
-- marketing/marketing on public, spy: changed | has pg_catalog.upper(code) | has pg_catalog.lower(name)
SELECT upper(code), lower(name) FROM handles
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.length(name)
SELECT length(name) FROM products
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.max(code)
SELECT 1 FROM handles GROUP BY code HAVING max(code) <> 'x'
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.max(
SELECT name FROM (SELECT max(name) AS name FROM products) p WHERE name <> 'x'
;;
-- marketing/marketing on public: same
SELECT sqrt(id), concat(name, 'x') FROM products
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.upper(p.name) | has ORDER BY upper
SELECT upper(p.name) FROM products p ORDER BY upper
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.age(CURRENT_DATE, name) | error 42883
SELECT age(name) FROM handles
;;
-- marketing/marketing on public, spy: function-not-allowed
SELECT age(current_date, name) FROM handles
;;
-- ager/marketing on public, spy: changed | has  age(handle) | lacks CURRENT_DATE
SELECT age(handle) FROM handles
;;
-- ager/marketing on public, spy: function-not-allowed
SELECT age('2020-01-01') FROM handles
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.age(made) | lacks CURRENT_DATE
SELECT age(made) FROM handles
;;
-- A number beyond int4 is no numeric for sure.
-- marketing/marketing on public, spy: function-not-allowed
CREATE TEMP TABLE overloads6 AS SELECT 3000000002 AS x
-- then
SELECT lower(x) FROM overloads6
;;
-- marketing/marketing on public, spy: function-not-allowed
CREATE TEMP TABLE overloads7 AS VALUES (3000000002)
-- then
SELECT lower(column1) FROM overloads7
;;
-- marketing/marketing on public, spy: changed | has pg_catalog.lower(
CREATE TEMP TABLE overloads8 (a varchar(3), b text)
-- then
SELECT lower(a), lower(b) FROM overloads8
;;
-- A row of a table that is called like a built-in type is none of that.
-- marketing/marketing on public, spy: changed | has OFFSET 0
SELECT count(*) FROM stays WHERE name > 'a' AND name < 'b' AND planned = taken
;;
-- marketing/marketing on public, spy: changed | has OFFSET 0
SELECT planned FROM stays WHERE name > 'a' AND planned IS DISTINCT FROM taken
;;
-- marketing/marketing on public, spy: changed | lacks OFFSET 0
SELECT count(*) FROM stays WHERE name > 'a' AND spent = spent
;;
-- BETWEEN copies its parameter, which has the type of the first bound beside the second.
-- marketing/marketing on public: changed | has OFFSET 0
PREPARE overloads9 AS SELECT id FROM handles WHERE name > 'a' AND $1 BETWEEN amount AND 1.5::float8
;;
-- marketing/marketing on public: changed | has OFFSET 0
PREPARE overloads10 AS SELECT h.id FROM handles h JOIN pg_class c ON true WHERE name > 'a' AND $1 BETWEEN customer_id AND c.oid
;;
-- marketing/marketing on public: changed | lacks OFFSET 0
PREPARE overloads11 AS SELECT id FROM handles WHERE name > 'a' AND $1 BETWEEN made AND made AND n BETWEEN $2 AND $3
;;
-- marketing/marketing on public, spy: operator-not-allowed
PREPARE overloads12 AS SELECT $1 BETWEEN n AND NULL::money FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
PREPARE overloads13 AS SELECT ($1, 1) BETWEEN (n, 1) AND (NULL::money, 2) FROM handles
;;
-- marketing/marketing on public, ext, spy: changed
PREPARE overloads14 AS SELECT $1 BETWEEN n AND n, $2 BETWEEN made AND made, $3 BETWEEN name AND code FROM handles
;;
-- What is asked of each level is not asked of all below it again.
-- marketing/marketing on public, spy: changed
SELECT date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(date(now())))))))))))))))))))))))
;;
-- marketing/marketing on public: same
SELECT ((((((((((((((((((((((1 IN (1, 2)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)) IN (true, false)
;;
-- Where only names are written into a statement, system tables leave by theirs.
-- marketing/marketing on public, ext: changed | has pg_catalog.max(c.relname) | has ONLY "pg_catalog"."pg_class" c | lacks NULL
SELECT max(c.relname), c.tableoid, count(pg_namespace.oid) FROM ONLY pg_class c, pg_namespace GROUP BY c.tableoid
;;
-- A query that reads itself has the types of the arm that does not.
-- marketing/marketing on public, spy: same
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3 AND n = 2) SELECT n + 1, r.n = 2 FROM r
;;
-- marketing/marketing on public, spy: same
WITH RECURSIVE r (rank, age) AS (SELECT 1, 'x' UNION ALL SELECT r.rank + 1, r.age || 'y' FROM r WHERE r.rank < 3) SELECT r.rank, r.age FROM r
;;
-- marketing/marketing on public, spy: operator-not-allowed
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT 2 FROM r WHERE n = NULL::money) SELECT n FROM r
;;
-- marketing/marketing on public, spy: operator-not-allowed
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT 2 FROM r) SELECT n = NULL::money FROM r
;;
-- marketing/marketing on public, ext, spy: changed
WITH RECURSIVE r AS (SELECT h.id, h.name FROM handles h WHERE n = 1 UNION ALL SELECT h.id, r.name || h.code FROM handles h JOIN r ON h.n = r.id WHERE r.name <> 'x') SELECT * FROM r
;;
-- marketing/marketing on public, spy: operator-not-allowed
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) CYCLE n SET is_cycle USING path SELECT n = NULL::money FROM r
;;
-- The columns of functions whose types the text, or PostgreSQL, tells.
-- marketing/marketing on public, ext, spy: same
SELECT x.age, x.rank, x.age + 1, x.name || 'y' FROM jsonb_to_recordset('[{"age": 1}]') AS x(age int, rank int, name text)
;;
-- marketing/marketing on public, ext, spy: changed
SELECT 'a.' || x, e.value = '1', e.key || 'x', f.value -> 'a', u.a + 1, u.o + 1, x2.c = 'z'
FROM handles h, unnest(string_to_array(h.name, ' ')) x, jsonb_each_text(h.data) e, jsonb_each(h.data) f, unnest(ARRAY[1, 2]) WITH ORDINALITY u(a, o),
XMLTABLE('/r' PASSING ('<r/>'::xml) COLUMNS c text PATH 'c', n FOR ORDINALITY) x2
;;
-- marketing/marketing on public, ext, spy: same
SELECT 'toast.' || x FROM pg_class tc, pg_catalog.unnest(tc.reloptions) x
;;
-- marketing/marketing on public, ext, spy: changed
SELECT (array_agg(name ORDER BY id))[1] || 'x', (array_agg(DISTINCT n))[1] = 1, lag(name) OVER () || 'x' FROM handles GROUP BY name
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT x.a = NULL::money FROM jsonb_to_recordset('[]') AS x(a int)
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (array_agg(n))[1] = NULL::money FROM handles
;;
-- Of several arrays PostgreSQL takes its own, under the bare name; with columns defined it looks for a function.
-- marketing/marketing on public, spy: same
SELECT * FROM unnest(ARRAY[1], ARRAY[2]) u, ROWS FROM (unnest(ARRAY[1], ARRAY[2])) v
;;
-- marketing/marketing on public, spy: function-not-allowed
SELECT * FROM ROWS FROM (unnest(ARRAY[1], ARRAY[2]) AS (a int, b int)) v
;;
-- What the columns of PostgreSQL's functions are called, and of which types they are: it takes each as it is taken here.
-- marketing/marketing on public, spy: changed | has pg_catalog.regexp_split_to_table(
SELECT a.a + 1, generate_subscripts.generate_subscripts + 1, c.c || 'x', d.d || 'x', e.e || 'x', f.f || 'x', g.g -> 'a', h.value ->> 'a', i.value || 'x', j.value || '{}', k.value || 'x',
l.key || 'x', l.value ->> 'a', m.key || m.value, n.key || 'x', n.value || '{}', o.key || o.value, p.p || 'x', q.q + q.ordinality
FROM generate_series(1, 2) a, generate_subscripts(ARRAY[1], 1), regexp_split_to_table('a b', ' ') c, string_to_table('a b', ' ') d, json_object_keys('{}') e, jsonb_object_keys('{}') f,
jsonb_path_query('{}', '$') g, json_array_elements('[]') h, json_array_elements_text('[]') i, jsonb_array_elements('[]') j, jsonb_array_elements_text('[]') k,
json_each('{}') l, json_each_text('{}') m, jsonb_each('{}') n, jsonb_each_text('{}') o, unnest(ARRAY['a']) p, unnest(ARRAY[1]) WITH ORDINALITY q
;;
-- PostgreSQL's own of the same arguments comes first.
-- marketing/marketing on public, ext: changed | has SELECT pg_catalog.gen_random_uuid()
SELECT gen_random_uuid()
;;
-- marketing/marketing on pg_catalog, public, ext: changed | has pg_catalog.gen_random_uuid()
SELECT gen_random_uuid()
;;
-- marketing/marketing on public, ext, pg_catalog: function-not-allowed
SELECT gen_random_uuid()
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT left('x')
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT ext.gen_random_uuid()
;;

-- Rows, arrays and the only row of a subquery are compared by the same operators.
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT id FROM handles WHERE code = (SELECT code FROM handles LIMIT 1)
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT id FROM handles WHERE code = (SELECT code FROM handles LIMIT 1)
;;
-- marketing/marketing on public, hostile: changed | lacks OFFSET 0
SELECT id FROM handles WHERE name = (SELECT name FROM handles LIMIT 1)
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0 | error 0A000
SELECT id FROM handles WHERE (code, n) = ('x', 1)
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT id FROM handles WHERE (n, small) IN ((1, 2), (3, 4))
;;
-- marketing/marketing on public, hostile: changed | lacks OFFSET 0
SELECT id FROM handles WHERE (n, name) IN ((1, 'x'), (3, NULL))
;;
-- marketing/marketing on public, hostile: operator-not-allowed
PREPARE overloads_rows (varchar[]) AS SELECT id FROM handles WHERE code = ANY ($1::varchar[])
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
PREPARE overloads_rows_2 AS SELECT id FROM handles WHERE code = ANY ($1::varchar[])
;;
-- teller/marketing on public, hostile: changed | has OFFSET 0
SELECT h.id FROM handles h JOIN jsonb_to_recordset('[]') AS r (code varchar, small smallint) ON r.code = h.code
;;
-- marketing/marketing on public, hostile: changed | has END AS "n"
SELECT h.id FROM handles h JOIN jsonb_to_recordset('[{"n": 1}]') AS r (n int, name text) ON r.n = h.n AND r.name = h.name
;;
-- The only column of a query in an expression, before the query is walked: names in it mean what they mean there.
-- marketing/marketing on public, ext, spy: changed
SELECT (SELECT count(*) FROM handles) + 1, (SELECT min(h.n) FROM handles h WHERE h.id = o.id) + o.n, (SELECT name FROM handles LIMIT 1) || 'x', ARRAY(SELECT h.n + 1 FROM handles h) || o.n,
(SELECT count(*) FROM handles h JOIN products p ON p.id = h.id) + 1, (WITH w AS (SELECT n FROM handles) SELECT 'x' FROM w LIMIT 1) FROM handles o
;;
-- marketing/marketing on public, ext, spy: changed
WITH w AS (SELECT n, name FROM handles) SELECT (SELECT min(n) FROM w) + 1, (SELECT v.a FROM w AS v(b, a) LIMIT 1) || 'x'
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (SELECT n FROM handles LIMIT 1) = NULL::money
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT ARRAY(SELECT n FROM handles) + 1
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (SELECT count(*)::int FROM handles) = NULL::money
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (SELECT name FROM (SELECT n AS name FROM handles) s LIMIT 1) = NULL::money FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (SELECT h.name FROM (SELECT n AS name FROM handles) h LIMIT 1) = NULL::money FROM handles h
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (SELECT h FROM unnest(ARRAY[1]) h) = NULL::money FROM handles h
;;
-- marketing/marketing on public, spy: operator-not-allowed
WITH handles AS (SELECT 1 AS name) SELECT (SELECT name FROM handles) = NULL::money
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (WITH handles AS (SELECT 1 AS name) SELECT name FROM handles) = NULL::money
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT (SELECT v.name FROM handles AS v(name) LIMIT 1) = NULL::money
;;
-- NULLIF gives what its `=` takes first; what is made alike of several arguments is of one type.
-- marketing/marketing on public, ext, spy: changed
SELECT nullif(n, 0) + 1, nullif(name, 'x') || 'y', nullif(code, name) || 'y', nullif('x', code) || 'y', nullif(n, 5::bigint) + 1,
lag(n, 1, 0) OVER () + 1, lag(name, 1, 'x') OVER () || 'y', (array_append(ARRAY[n], 1))[1] + 1, array_cat(ARRAY[name], '{x}') || 'y'::text FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT nullif(n, 0) = NULL::money FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT nullif(NULL, n) = NULL::money FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT nullif(n, 5::bigint) = NULL::money FROM handles
;;
-- marketing/marketing on public, hostile: operator-not-allowed
SELECT nullif(code, 'x') || 'y' FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT lag(n, 1, 0) OVER () = NULL::money FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT lag(small, 1, 0) OVER () = NULL::money FROM handles
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT array_append(ARRAY[small], n) + 1 FROM handles
;;
-- The columns of a table that is made, altered or indexed are those that it has by then.
-- builder/service on public, ext, spy: changed | has "public".made_here (a int
CREATE TABLE made_here (a int CHECK (a + 1 = 2), b text CHECK (b || 'x' <> 'y'), c serial CHECK (c + 1 > 0), CHECK (a = c AND b LIKE 'x%')); DROP TABLE made_here
;;
-- builder/service on public, ext, spy: changed | has "pg_temp".made_here ((b
CREATE TEMP TABLE made_here (a int, b text CHECK (b || 'x' <> 'y')); CREATE INDEX ON made_here ((b || 'x')) WHERE a + 1 = 2; ALTER TABLE made_here ADD CHECK (b || 'x' <> 'z')
;;
-- builder/service on public, ext, spy: same
CREATE INDEX ON products ((name || 'x')) WHERE id = 1
;;
-- builder/service on public, ext, spy: same
ALTER TABLE products ADD CHECK (name || 'x' <> 'y' AND id + 1 <> 0)
;;
-- builder/service on public, spy: operator-not-allowed
CREATE TABLE made_here (a int, CHECK (a = NULL::money))
;;
-- builder/service on public, spy: operator-not-allowed
CREATE TEMP TABLE made_here (a text, CHECK (a = 'x')); ALTER TABLE made_here ALTER COLUMN a TYPE int USING 1, ADD CHECK (a = NULL::money)
;;
-- builder/service on public, spy: operator-not-allowed
CREATE INDEX ON products (id) WHERE price::int = NULL::money
;;
-- builder/service on public, spy: operator-not-allowed
ALTER TABLE products ADD COLUMN more int, ADD CHECK (more = NULL::money)
;;
-- builder/service on public, spy: operator-not-allowed
CREATE TEMP TABLE made_here (a text); ALTER TABLE made_here ALTER COLUMN a TYPE int USING 1; ALTER TABLE made_here ADD CHECK (a = NULL::money)
;;
-- An operator of somebody's own may run what computes from its arguments only; as a condition it is none of PostgreSQL's.
-- marketing/marketing on public, spy: same
SELECT @#@ 1
;;
-- marketing/marketing on public, spy: changed
SELECT name %#% 'x' FROM handles
;;
-- marketing/marketing on public, spy: changed | has OFFSET 0
SELECT id FROM handles WHERE name %#% 'x'
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT @## name FROM handles
;;
-- A query of WITH is no table that PostgreSQL writes through a view.
-- crm_app/service on public, spy: same | error 55000
UPDATE of_with SET id = 1
;;
-- crm_app/service on public, spy: not-understood
UPDATE of_with_people SET id = 1
;;
-- What a view's author called macaddr8 was PostgreSQL's own.
-- marketing/marketing on spy, pg_catalog, public: type-not-allowed
SELECT m FROM of_type
;;
-- marketing/marketing on public, spy: changed
SELECT m FROM of_type
;;
-- A literal beside a value becomes one of its type, where the database has an operator of two such.
-- marketing/marketing on public, spy: operator-not-allowed
SELECT '{}'::jsonb - '1'
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT h.j - '1' FROM (SELECT '{}'::jsonb AS j) h
;;
-- marketing/marketing on public, spy: operator-not-allowed
PREPARE overloads_diff AS SELECT '{}'::jsonb - $1
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT 'x'::bpchar LIKE '1'
;;
-- marketing/marketing on public, spy: operator-not-allowed
SELECT 'x'::spy.padded_text LIKE '1'
;;
-- marketing/marketing on public, spy: same
SELECT '{}'::jsonb - 'a'::text, '[1]'::jsonb - 0
;;
-- marketing/marketing: same
SELECT '{}'::jsonb - '1', 'x'::bpchar LIKE '1'
;;
-- What an operator or a function means beside a column that is not there, is not known: the column is told, as PostgreSQL does.
-- marketing/marketing on public, ext: undefined-column
SELECT id FROM customers WHERE emial = 'x'
;;
-- marketing/marketing on public, ext: undefined-column
SELECT id FROM customers c WHERE id = 1 AND c.emial LIKE 'x%'
;;
-- marketing/marketing on public, ext: undefined-column
SELECT id FROM products WHERE ttile || 'x' = 'y'
;;
-- marketing/marketing on public, ext: changed
SELECT id FROM customers ORDER BY email USING <
;;
-- What PostgreSQL makes a text, an array or a jsonb is one, and no extension's.
-- marketing/marketing on public, ext: same
SELECT '(' || 5 || ')', ('x' || id) = 'x1', ('a' || 1) IN ('b'), 'n=' || id || '!' LIKE 'n%', CASE 'a' || 1 WHEN 'b' THEN 1 END FROM products
;;
-- marketing/marketing on public, ext: same
SELECT 'a' || now() || 'b' < 'c' FROM products
;;
-- marketing/marketing on public, ext: same
SELECT (ARRAY[[1,2],[3,4]])[1:1] = '{1}', ARRAY[ARRAY['a']] = '{}', ('{"a": 1}'::jsonb)['a'] = '1', xmlserialize(content '<a/>' AS text) = 'x'
;;
-- marketing/marketing on public, ext: same
SELECT mode() WITHIN GROUP (ORDER BY name) = 'x', percentile_disc(0.5) WITHIN GROUP (ORDER BY name) = 'x', rank('x') WITHIN GROUP (ORDER BY name) = 1 FROM products
;;
-- marketing/marketing on public, ext: changed
SELECT ('x' || handle) = 'x' FROM handles
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT mode() WITHIN GROUP (ORDER BY handle) = 'x' FROM handles
;;
-- The columns of PostgreSQL's own functions in FROM are of the types that it says.
-- marketing/marketing on public, ext: same
SELECT c.conname FROM pg_partition_ancestors('products') AS a JOIN pg_constraint c ON c.conrelid = a.relid WHERE c.conname = 'x'
;;
-- marketing/marketing on public, ext: same
SELECT option_name || '=' || option_value FROM pg_class c, pg_options_to_table(c.reloptions) WHERE option_name = 'x'
;;
-- marketing/marketing on public, ext: same
SELECT a.grantee, pg_get_userbyid(a.grantor) = 'x' FROM pg_class c, aclexplode(c.relacl) AS a WHERE a.privilege_type = 'SELECT' AND a.grantee = 0
;;
-- marketing/marketing on public, ext: changed
SELECT x[1] = 'a' FROM regexp_matches('a', 'b') x, regexp_match('a', 'b') AS y (z) WHERE z[1] = 'c' AND lower(y.z[2]) = 'd'
;;
-- marketing/marketing on public, ext: same
SELECT word = 'a', tokid = 1 FROM ts_parse('default', 'x') AS t (tokid, word), now() WHERE now = '2020-01-01' AND now::text = 'x'
;;
-- marketing/marketing on public, ext: operator-not-allowed
SELECT handle = 'x' FROM handles, lower('x') AS l
;;
-- A slice of an oidvector is an oid[]; a domain over an array has arrays of its own, whose elements are arrays.
-- marketing/marketing on public, lists: operator-not-allowed
SELECT i.indclass[0:1] = i.indclass[0:1] FROM pg_index i
;;
-- marketing/marketing on public, lists: operator-not-allowed
SELECT q = q FROM numbered n, unnest(ARRAY[n.d]) AS y (q)
;;
-- marketing/marketing on public, lists: operator-not-allowed
SELECT s.x = s.x FROM (SELECT (ARRAY[n.d])[1] AS x FROM numbered n) s
;;
-- marketing/marketing on public, lists: operator-not-allowed
SELECT d[1:1] = d[1:1] FROM numbered
;;
-- marketing/marketing on public, lists: operator-not-allowed
SELECT ARRAY[i.indclass] = ARRAY[i.indclass] FROM pg_index i
;;
-- marketing/marketing on public, lists: same
SELECT ARRAY[ARRAY['a']] = ARRAY[ARRAY['b']], i.indclass[0] = 1, (ARRAY[ARRAY['a']])[1][1] = 'a' FROM pg_index i
;;
-- To PostgreSQL 15 these words are names, which it looks up on its path.
-- marketing/marketing on public, ext: doubtful-token
SELECT json_object('a', 'b', 'c')
;;
-- marketing/marketing on public, ext: doubtful-token
SELECT * FROM json_object('{a,b}'::text[]) AS o
;;
-- marketing/marketing on public, ext: function-not-allowed
SELECT "json_object"('a', 'b', 'c')
;;
-- marketing/marketing on ownjson, pg_catalog, public: doubtful-token
SELECT 'x'::json
;;
-- marketing/marketing on ownjson, pg_catalog, public: doubtful-token
SELECT CAST(name AS json[]) FROM handles
;;
-- A parameter that nobody has declared, and that stands elsewhere too, may be void there, and is no argument then.
-- marketing/marketing on ownjson, pg_catalog, public: function-not-allowed
PREPARE p AS SELECT $1, lower('x', $1)
;;
-- marketing/marketing on ownjson, pg_catalog, public: function-not-allowed
PREPARE p AS SELECT $1, $2, lower('x', $1, $2)
;;
-- marketing/marketing on public: not-understood
PREPARE p AS SELECT $1, initcap('abc', $1)
;;
-- marketing/marketing on public: not-understood
PREPARE p AS SELECT $1, age('3'::xid, $1)
;;
-- marketing/marketing on public: not-understood
PREPARE p AS SELECT $1, app.pg_catalog.age('3'::xid, $1)
;;
-- marketing/marketing on public: changed | has pg_catalog.upper($1)
PREPARE p(text, text) AS SELECT $1, upper($1), replace('x', $1, $2), $2
