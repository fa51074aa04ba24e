--@ care, public
--! unqualified
SELECT count(*), count("E-Mail") FROM "Patient"
--! the first schema wins
SELECT diagnosis FROM visit
--! a later schema, qualified
SELECT diagnosis FROM public.visit
--! a partition, unqualified
SELECT count(*) FROM "reading_New_Pulse"
--! a view, unqualified
SELECT name, mail FROM patient_list
--! types, unqualified
SELECT 'A'::blood, 'x'::short_text
--! enum comparison with an unqualified cast
SELECT "Id" FROM "Patient" WHERE blood = 'B'::blood
--! columns qualified by the table only
SELECT visit.id, "Patient".phone FROM visit JOIN "Patient" ON "Patient"."Id" = visit.patient
--! columns qualified by the schema though the table is not
SELECT care.visit.id FROM visit
--! CTE before table
WITH visit AS (SELECT 'mine' AS diagnosis) SELECT diagnosis FROM visit
--! unqualified whole row
SELECT note FROM note
--! pg_catalog is first
SELECT count(*) > 0 FROM pg_class
