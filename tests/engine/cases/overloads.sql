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
-- marketing/marketing on public, ext: same
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
-- marketing/marketing on public, hostile: function-not-allowed
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
