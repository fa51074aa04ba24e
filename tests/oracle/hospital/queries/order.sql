--! cast of a hidden e-mail
SELECT "Id" FROM care."Patient" WHERE "Id" = '00000000-0000-0000-0000-000000000003' AND "E-Mail"::int > 0
--! cast of everyone's e-mail
SELECT count(*) FROM care."Patient" WHERE CASE WHEN "E-Mail" LIKE '%@%' THEN 1 ELSE 1 / (length("E-Mail") - length("E-Mail")) END = 1
--! one-bit oracle
SELECT count(*) FROM care."Patient" WHERE 1 / (CASE WHEN "Full Name" = 'Person E3' THEN 0 ELSE 1 END) > 0
--! one-bit oracle on an open column of a hidden row
SELECT count(*) FROM care."Patient" WHERE 1 / ("größe" - 153) IS NOT NULL
--! division over an open column of hidden rows
SELECT "Id" FROM care."Patient" WHERE 100 / ("größe" - 154) >= 0
--! integer overflow over hidden rows
SELECT count(*) FROM care.visit WHERE doctor * 1000000000000000000 > 0 AND id = 20
--! date arithmetic over hidden rows
SELECT count(*) FROM care.reading WHERE (taken - date '2000-01-01') / (id - 200) < 100000
--! jsonb cast over hidden rows
SELECT "Id" FROM care."Patient" WHERE (chart->>'bp')::int / ((chart->>'bp')::int - 103) >= 0
--! subscript and cast over unlisted column
SELECT count(*) FROM care."Patient" WHERE "select"::int = 1
--! unlisted column of labs
SELECT count(*) FROM care.lab WHERE secret::int = 1
--! inet function that fails
SELECT count(*) FROM care."Patient" WHERE set_masklen(home_net, 33) IS NOT NULL
--! text to date
SELECT count(*) FROM care."Patient" WHERE state::date IS NOT NULL
--! invalid regular expression from a column
SELECT count(*) FROM care."Patient" WHERE 'x' ~ ("Full Name" || '(')
--! enum cast of hidden text
SELECT count(*) FROM care.visit WHERE diagnosis::care.blood = 'A'
--! a predicate in the join condition
SELECT count(*) FROM care.ward w LEFT JOIN care."Patient" p ON p.ward = w.code AND 1 / ("größe" - 154) >= 0
--! a predicate in HAVING
SELECT ward FROM care."Patient" GROUP BY ward HAVING min(1000 / ("größe" - 154)) IS NOT NULL
--! a predicate in a CASE branch never taken
SELECT CASE WHEN "Id" IS NULL THEN 1 / ("größe" - "größe") ELSE 1 END FROM care."Patient"
--! an error in the select list
SELECT 1 / ("größe" - 153) FROM care."Patient"
--! an error in ORDER BY
SELECT "Id" FROM care."Patient" ORDER BY 1 / ("größe" - 153)
--! an error in an aggregate
SELECT sum(1 / ("größe" - 154)) FROM care."Patient"
--! an error behind LIMIT
SELECT 1 / (SELECT count(*) FROM care."Patient" WHERE "Id" = '00000000-0000-0000-0000-000000000003')
--! existence of a hidden row by scalar subquery
SELECT (SELECT 1 FROM care."Patient" WHERE "Id" = '00000000-0000-0000-0000-000000000010') IS NULL
--! exists on a hidden row
SELECT EXISTS (SELECT FROM care."Patient" WHERE "E-Mail" = 'p3@b.example')
--! pattern on notes of hidden people
SELECT count(*) FROM care.note WHERE body LIKE 'note 3%'
--! string_to_array of a hidden cell
SELECT (string_to_array("E-Mail", '@'))[2]::int FROM care."Patient" WHERE "Id" = '00000000-0000-0000-0000-000000000004'
--! leakproof look-ups by masked cells
SELECT "Id" FROM care."Patient" WHERE born = '1943-06-16' OR born = '1944-01-01'
--! comparison of a null-masked enum
SELECT "Id" FROM care."Patient" WHERE blood = 'A'
--! key look-up with a hidden predicate
SELECT * FROM care.visit WHERE id = 20 AND 1 / (id - 20) > 0
--! aggregates that read a column of a hidden row only
SELECT min("größe"), max("größe"), sum("größe") FROM care."Patient"
