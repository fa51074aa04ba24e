--! scalar subquery
SELECT "Id", (SELECT count(*) FROM care.reading r WHERE r.patient = p."Id") FROM care."Patient" p
--! scalar subquery of more than one row
SELECT (SELECT "Id" FROM care."Patient")
--! subquery in WHERE with an aggregate
SELECT id FROM care.reading WHERE taken = (SELECT max(taken) FROM care.reading)
--! IN subquery over a masked column
SELECT id FROM care.lab_comment WHERE author IN (SELECT "Full Name" FROM care."Patient")
--! = ANY, <> ALL
SELECT id FROM care.reading WHERE patient = ANY (SELECT "Id" FROM care."Patient" WHERE flag) AND kind <> ALL (ARRAY['temp'])
--! ARRAY subquery
SELECT "Id", ARRAY(SELECT r.kind FROM care.reading r WHERE r.patient = p."Id" ORDER BY r.kind) FROM care."Patient" p
--! row comparison with a subquery
SELECT id FROM care.reading WHERE (patient, kind) IN (SELECT patient, 'pulse' FROM care.note)
--! subquery in FROM, star
SELECT * FROM (SELECT "Id", "E-Mail" FROM care."Patient") s
--! two levels of subquery
SELECT n FROM (SELECT "E-Mail" AS n FROM (SELECT * FROM care."Patient" WHERE flag) a) b WHERE n IS NOT NULL
--! CTE
WITH p AS (SELECT * FROM care."Patient") SELECT count(*), count(phone) FROM p
--! a CTE that hides the table's name
WITH reading AS (SELECT 1 AS id) SELECT * FROM reading
--! a CTE named like a table, using the table
WITH visit AS (SELECT * FROM care.visit WHERE id < 10) SELECT * FROM visit
--! a schema-qualified name is not the CTE
WITH visit AS (SELECT 1 AS one) SELECT count(*) FROM care.reading, visit
--! materialised
WITH p AS MATERIALIZED (SELECT "Id", "Full Name" AS n FROM care."Patient") SELECT n FROM p WHERE n LIKE '%1%'
--! not materialised, used twice
WITH p AS NOT MATERIALIZED (SELECT "Id", ward FROM care."Patient") SELECT a."Id" FROM p a JOIN p b ON a."Id" = b."Id" WHERE b.ward = 'ICU'
--! CTE with column names
WITH p (k, m) AS (SELECT "Id", "E-Mail" FROM care."Patient") SELECT m FROM p
--! CTE that reads an earlier one
WITH a AS (SELECT patient FROM care.reading WHERE kind = 'temp'), b AS (SELECT patient, count(*) AS n FROM a GROUP BY patient) SELECT p.phone, b.n FROM b JOIN care."Patient" p ON p."Id" = b.patient
--! recursive over staff
WITH RECURSIVE chain (id, boss, depth) AS (SELECT id, boss, 0 FROM care.staff WHERE boss IS NULL UNION ALL SELECT s.id, s.boss, c.depth + 1 FROM care.staff s JOIN chain c ON s.boss = c.id WHERE c.depth < 5) SELECT * FROM chain
--! recursive, the inner name shadows a table
WITH RECURSIVE visit (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM visit WHERE n < 5) SELECT n FROM visit
--! recursive with SEARCH [or refused]
WITH RECURSIVE c (id, boss) AS (SELECT id, boss FROM care.staff WHERE id = 1 UNION ALL SELECT s.id, s.boss FROM care.staff s JOIN c ON s.boss = c.id WHERE s.id > c.id) SEARCH DEPTH FIRST BY id SET o SELECT id FROM c ORDER BY o
--! CTE inside a subquery
SELECT * FROM (WITH x AS (SELECT ward FROM care."Patient") SELECT ward, count(*) FROM x GROUP BY ward) y
--! union
SELECT patient FROM care.visit UNION SELECT patient FROM care.reading
--! union all of masked columns
SELECT "Full Name" FROM care."Patient" UNION ALL SELECT author FROM care.lab_comment UNION ALL SELECT device FROM care.reading
--! intersect
SELECT "Full Name" FROM care."Patient" INTERSECT SELECT author FROM care.lab_comment
--! except
SELECT "Id" FROM care."Patient" EXCEPT SELECT patient FROM care.visit
--! except all, intersect all
(SELECT patient FROM care.reading EXCEPT ALL SELECT patient FROM care.visit) INTERSECT ALL SELECT "Id" FROM care."Patient"
--! set operation with order and limit [ordered]
SELECT "Id"::text AS k FROM care."Patient" UNION SELECT id::text FROM care.reading ORDER BY k LIMIT 25
--! nested set operations
SELECT ward FROM care."Patient" UNION (SELECT "Ward" FROM care.visit EXCEPT SELECT code FROM care.ward)
--! union with constants and nulls
SELECT NULL AS x, 1 UNION ALL SELECT "E-Mail", 2 FROM care."Patient"
--! values alone
VALUES (1, 'a'), (2, 'b')
--! values with a subquery
VALUES ((SELECT count(*) FROM care."Patient")), (0)
--! select without from
SELECT 1 AS one, 'x' AS x, now() IS NOT NULL
--! distinct on [ordered]
SELECT DISTINCT ON (ward) ward, "Id", phone FROM care."Patient" ORDER BY ward, "Id"
--! fetch first with ties [ordered]
SELECT "größe" % 5 AS g FROM care."Patient" ORDER BY g FETCH FIRST 3 ROWS WITH TIES
--! offset without limit [ordered]
SELECT "Id" FROM care."Patient" ORDER BY "Id" OFFSET 5 ROWS
--! group by the primary key
SELECT p.*, count(v.id) FROM care."Patient" p LEFT JOIN care.visit v ON v.patient = p."Id" GROUP BY p."Id"
--! group by a key of two columns
SELECT l.visit_id, l.no, l.unit, count(*) FROM care.lab l GROUP BY l.visit_id, l.no
--! group by a column that is no key
SELECT ward, phone FROM care."Patient" GROUP BY ward
--! group by expression, having
SELECT left("E-Mail", 1) AS l, count(*) FROM care."Patient" GROUP BY l HAVING count(*) > 1
--! group by position and all aggregates
SELECT ward, count(DISTINCT blood), array_agg("Id" ORDER BY "Id"), string_agg(tag, ',' ORDER BY tag), bool_and(flag), min(seen), json_agg("größe" ORDER BY "größe") FROM care."Patient" GROUP BY 1
--! grouping sets
SELECT ward, flag, count(*), grouping(ward, flag) FROM care."Patient" GROUP BY GROUPING SETS ((ward), (flag), ())
--! rollup over a masked column
SELECT blood, ward, count(*) FROM care."Patient" GROUP BY ROLLUP (blood, ward)
--! cube
SELECT kind, patient IS NULL AS nobody, count(*) FROM care.reading GROUP BY CUBE (kind, (patient IS NULL))
--! filter and ordered-set aggregates
SELECT count(*) FILTER (WHERE val > 40), percentile_disc(0.5) WITHIN GROUP (ORDER BY val), mode() WITHIN GROUP (ORDER BY kind) FROM care.reading
--! window: rank over a masked column
SELECT "Id", rank() OVER (ORDER BY "Full Name") FROM care."Patient"
--! window: named, with frame
SELECT id, sum(cost) OVER w, first_value(id) OVER w FROM care.visit WINDOW w AS (PARTITION BY "Ward" ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
--! window: lag and row number by key
SELECT id, lag(diagnosis) OVER (ORDER BY id), row_number() OVER (PARTITION BY patient ORDER BY id) FROM care.visit
--! window: groups frame with exclusion [or refused]
SELECT id, count(*) OVER (ORDER BY "Ward" GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM care.visit
--! top per group
SELECT * FROM (SELECT id, patient, row_number() OVER (PARTITION BY patient ORDER BY id DESC) AS n FROM care.reading) x WHERE n = 1
--! tablesample of everything [or refused]
SELECT count(*) FROM care.reading TABLESAMPLE BERNOULLI (100)
--! multiple set-returning functions
SELECT generate_series(1, 2), unnest(visits) FROM care."Patient"
--! rows from
SELECT * FROM ROWS FROM (generate_series(1, 3), generate_series(5, 6)) WITH ORDINALITY AS t (a, b, n)
--! unnest with ordinality
SELECT p."Id", u.v, u.n FROM care."Patient" p, unnest(p.visits) WITH ORDINALITY u (v, n)
--! ordered inside, limited outside [ordered]
SELECT "Id" FROM (SELECT "Id" FROM care."Patient") x ORDER BY "Id" LIMIT 1
