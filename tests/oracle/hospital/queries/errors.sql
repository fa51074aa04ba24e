--! syntax
SELECT FROM WHERE
--! misspelt keyword
SELEKT 1
--! type mismatch
SELECT "größe" + 'x' FROM care."Patient"
--! no such function
SELECT nosuch("Id") FROM care."Patient"
--! wrong argument types
SELECT upper("größe") FROM care."Patient"
--! no such operator
SELECT chart + 1 FROM care."Patient"
--! aggregate in WHERE
SELECT 1 FROM care."Patient" WHERE count(*) > 1
--! window in WHERE
SELECT 1 FROM care."Patient" WHERE rank() OVER () = 1
--! column must be grouped
SELECT "Id", count(*) FROM care.visit, care."Patient" GROUP BY ward
--! union of different widths
SELECT "Id", phone FROM care."Patient" UNION SELECT id FROM care.visit
--! union of different types
SELECT "größe" FROM care."Patient" UNION SELECT device FROM care.reading
--! missing FROM entry
SELECT q."Id" FROM care."Patient" p
--! lateral reference without LATERAL
SELECT * FROM care."Patient" p, (SELECT p.phone) x
--! bad literal for an enum
SELECT "Id" FROM care."Patient" WHERE blood = 'Z'
--! bad literal for a uuid
SELECT "Id" FROM care."Patient" WHERE "Id" = 'Z'
--! division by zero, constant
SELECT 1 / 0 FROM care."Patient"
--! subquery returns two columns
SELECT (SELECT "Id", phone FROM care."Patient" LIMIT 1)
--! IN with two columns
SELECT 1 FROM care."Patient" WHERE "Id" IN (SELECT "Id", phone FROM care."Patient")
--! order by position out of range
SELECT "Id" FROM care."Patient" ORDER BY 3
--! distinct on without order
SELECT DISTINCT ON (phone) "Id" FROM care."Patient" ORDER BY "Id"
--! duplicate CTE name
WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a
--! column alias list too long
SELECT * FROM care.note n (a, b, c, d)
--! ambiguous using
SELECT * FROM care.visit v JOIN care.lab l USING (id) JOIN care.note n USING (patient) WHERE diagnosis = body AND id IS NULL AND nope = 1
