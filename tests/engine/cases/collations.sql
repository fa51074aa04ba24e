-- Comparisons of text fail where their sides have two collations: such a column does not leave bare.
-- crm_app/marketing: changed | lacks END AS "plain"
SELECT 1 FROM badges WHERE plain = 'x'
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de = 'x' OR de IN ('a', 'b'::text) OR de BETWEEN 'a' AND 'b'
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de = 'x'::name
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de = 'x'::name::text
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de IN ('a', 'x'::name)
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de BETWEEN 'a' AND 'x'::name
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE 'x'::name < de
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de = es
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de >= es
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de = fold
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de = handle
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de ^@ 'x'
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges WHERE de IN (SELECT es FROM badges)
;;
-- crm_app/marketing: changed | has END AS "de" | has END AS "plain"
SELECT 1 FROM badges WHERE de = plain OR plain < de
;;
-- crm_app/marketing: changed | lacks END AS "de"
SELECT 1 FROM badges WHERE de IN (SELECT plain FROM badges)
;;
-- crm_app/marketing: changed | lacks END AS "fold"
SELECT 1 FROM badges WHERE fold = 'x'
;;
-- crm_app/marketing: changed | has END AS "fold"
SELECT 1 FROM badges WHERE fold ^@ 'x'
;;
-- crm_app/marketing: changed | lacks END AS "plain"
SELECT 1 FROM badges WHERE plain ^@ 'x'
;;
-- crm_app/marketing: changed | has END AS "handle" | has END AS "plain"
SELECT 1 FROM badges WHERE handle = 'x' OR handle = plain
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM badges a JOIN (SELECT es AS de FROM badges) b USING (de)
;;
-- crm_app/marketing: changed | lacks END AS "de"
SELECT 1 FROM badges a JOIN badges b USING (de)
;;
-- crm_app/marketing: changed | has END AS "de"
SELECT 1 FROM (SELECT de AS x FROM badges UNION ALL SELECT es FROM badges) s WHERE x = 'a'
;;
-- A parameter: of the column's type, of a declared type, or of the type of another place.
-- crm_app/marketing: changed | lacks END AS "de"
PREPARE coll1 AS SELECT 1 FROM badges WHERE de = $1
;;
-- crm_app/marketing: changed | lacks END AS "de"
PREPARE coll2 (text) AS SELECT 1 FROM badges WHERE de = $1
;;
-- crm_app/marketing: changed | has END AS "de"
PREPARE coll3 (name) AS SELECT 1 FROM badges WHERE de = $1
;;
-- Of which of two places a parameter takes its type is not followed.
-- crm_app/marketing: changed | has END AS "de" | has END AS "plain"
PREPARE coll4 AS SELECT 1 FROM badges WHERE de = $1 OR plain = $1
;;
-- A cast of a parameter that is of another type runs, and fails, row by row.
-- crm_app/marketing: changed | has END AS "id" | has END AS "made"
PREPARE coll5 AS SELECT 1 FROM badges WHERE id = $1::int AND made > $2::date
;;
-- crm_app/marketing: changed | has END AS "id" | has END AS "made"
PREPARE coll6 (text, varchar) AS SELECT 1 FROM badges WHERE id = $1::int AND made > $2::date
;;
-- crm_app/marketing: changed | has END AS "id"
PREPARE coll7 (int, uuid) AS SELECT 1 FROM badges WHERE id = $1::int8
;;
-- crm_app/marketing: changed | has END AS "id"
PREPARE coll8 (int8) AS SELECT 1 FROM badges WHERE id = $1::int
;;
-- crm_app/marketing: changed | has END AS "weight"
PREPARE coll9 (numeric) AS SELECT 1 FROM badges WHERE weight = $1
;;
-- crm_app/marketing: changed | has END AS "made"
SELECT 1 FROM badges WHERE made = '2024-01-01'::text::date
