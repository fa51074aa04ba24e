-- nurse, emergency (vital interests): everyone, the restricted too; channels do not matter.
CREATE TABLE oracle."care.Patient" AS
SELECT "Id", "Full Name", oracle.email("E-Mail")::varchar(40) AS "E-Mail", phone, NULL::date AS born, blood, NULL::numeric(5,1) AS weight, NULL::real AS height, NULL::int AS "Score",
       allergies, chart, oracle.net(home_net, 24) AS home_net, photo, visits, state, NULL::text AS "select",
       CASE WHEN tag IS NOT NULL THEN 'n/a' END::care.short_text AS tag, seen, flag, ward, "größe"
FROM care."Patient" WHERE seen >= now() - interval '4 years';

CREATE TABLE oracle."care.visit" AS SELECT id, patient, at, doctor, diagnosis, round(cost / 100) * 100 AS cost, NULL::text AS remark, "Ward"
FROM care.visit WHERE at >= (now() - interval '3 years') AT TIME ZONE 'UTC';
CREATE TABLE oracle."care.lab" AS SELECT id, visit_id, no, NULL::numeric AS value, unit, result, NULL::text AS secret FROM care.lab;
CREATE TABLE oracle."care.lab_comment" AS SELECT id, lab_id, NULL::text AS body, author, at FROM care.lab_comment;
CREATE TABLE oracle."care.reading" AS SELECT id, patient, taken, kind, NULL::float8 AS val, device FROM care.reading WHERE taken >= now() - interval '2 years';
CREATE TABLE oracle."care.staff" AS SELECT id, name, oracle.email(mail) AS mail, round(wage / 100) * 100 AS wage, boss FROM care.staff;
CREATE TABLE oracle."care.staff_choice" AS SELECT staff_id, purpose, ok, NULL::text AS notice FROM care.staff_choice;

REVOKE SELECT ON care.note, care.note_archive, care.survey FROM consentry;
