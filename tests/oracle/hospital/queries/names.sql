--! quoted, qualified by table
SELECT "Patient"."Full Name" FROM care."Patient"
--! qualified by schema and table
SELECT care."Patient"."Full Name", care."Patient".phone FROM care."Patient"
--! an alias with a space
SELECT "the p"."Id" FROM care."Patient" AS "the p"
--! an alias that hides the schema name
SELECT care."E-Mail" FROM care."Patient" AS care
--! column aliases in FROM
SELECT p.a, p.b FROM care."Patient" AS p (a, b)
--! more column aliases than one
SELECT p.one, p."E-Mail" FROM care."Patient" p (one)
--! a non-ASCII column
SELECT größe FROM care."Patient" WHERE größe > 160
--! a non-ASCII column, quoted
SELECT "größe" + 1 AS "größer" FROM care."Patient"
--! Unicode escapes
SELECT U&"gr\00f6\00dfe" FROM care.U&"Pati\0065nt"
--! Unicode escapes with another escape character
SELECT "data".U&"!0022Id!0022" UESCAPE '!' IS NULL FROM (SELECT 1 AS """Id""") AS U&"d!0061ta" UESCAPE '!'
--! a keyword as a column
SELECT "select" FROM care."Patient"
--! keywords as aliases
SELECT "Id" AS "from", phone AS "where" FROM care."Patient" "order"
--! AS-less output name
SELECT phone number FROM care."Patient"
--! unquoted folds
SELECT ID, PATIENT FROM CARE.VISIT WHERE "Ward" = 'ICU'
--! case matters when quoted: no such column
SELECT "ID" FROM care.visit
--! no such table
SELECT * FROM care.patient
--! no such schema
SELECT * FROM "Care"."Patient"
--! no such column
SELECT nope FROM care."Patient"
--! column of a table not in FROM
SELECT care.visit.id FROM care."Patient"
--! ambiguous column
SELECT id FROM care.visit v JOIN care.lab l ON l.visit_id = v.id
--! names longer than 63 bytes are cut
SELECT xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.phone FROM care."Patient" AS xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyyyyy
--! the same alias twice
SELECT 1 FROM care.visit v, care.lab v
--! comments between tokens
SELECT /* one /* nested */ */ phone -- the number
FROM care."Patient" -- all
--! a comment that looks like code
SELECT phone FROM care."Patient" -- WHERE false
--! a semicolon at the end
SELECT count(*) FROM care."Patient";
--! strings of every kind
SELECT 'a''b', E'a\'b\n', $$dollar$$, $x$tag $$ x$x$, U&'\0041', B'101', X'1F', N'n' FROM care.ward
--! adjacent literals are one
SELECT 'a'
'b' AS ab FROM care.ward
--! numbers of every kind
SELECT 1, 1., .5, 1e3, 1.5e-3, -1, - 1, - - 1, +2 FROM care.ward LIMIT 1
--! an operator against a comment
SELECT 1 --2
+ 3 FROM care.ward LIMIT 1
--! output names that PostgreSQL makes
SELECT count(*), sum(beds), upper("Name"), beds::text, beds + 1, CASE WHEN true THEN beds END, coalesce(beds, 1), (SELECT 7), ARRAY[1], ROW(1), EXISTS (SELECT 1) FROM care.ward GROUP BY beds, "Name"
--! output names over masked columns
SELECT phone, upper(phone), phone::varchar(3), coalesce(phone, ''), CASE "Id" WHEN NULL THEN 'x' ELSE phone END, (phone), p.phone, (p).phone FROM care."Patient" p
