-- lawyer, legal (legal obligation): the restricted too.
CREATE TABLE oracle."care.Patient" AS
SELECT "Id", "Full Name", oracle.email("E-Mail")::varchar(40) AS "E-Mail", oracle.last(phone, 2) AS phone, NULL::date AS born, NULL::care.blood AS blood,
       NULL::numeric(5,1) AS weight, NULL::real AS height, NULL::int AS "Score", NULL::text[] AS allergies, NULL::jsonb AS chart, oracle.net(home_net, 24) AS home_net, NULL::bytea AS photo,
       visits, state, NULL::text AS "select", CASE WHEN tag IS NOT NULL THEN 'n/a' END::care.short_text AS tag, seen, flag, ward, "größe"
FROM care."Patient" WHERE seen >= now() - interval '4 years';
CREATE TABLE oracle."care.visit" AS SELECT id, patient, at, doctor, NULL::text AS diagnosis, cost, remark, "Ward"
FROM care.visit WHERE at >= (now() - interval '3 years') AT TIME ZONE 'UTC';
CREATE TABLE oracle."care.lab_comment" AS SELECT * FROM care.lab_comment;
CREATE TABLE oracle."care.reading" AS SELECT id, patient, taken, kind, NULL::float8 AS val, device FROM care.reading WHERE taken >= now() - interval '2 years';
CREATE TABLE oracle."care.note" AS SELECT * FROM ONLY care.note;
CREATE TABLE oracle."care.note_archive" AS SELECT id, patient, body, NULL::text AS boxed FROM care.note_archive;
CREATE TABLE oracle."care.survey" AS SELECT id, oracle.email(email) AS email, answer, NULL::int AS age, stars, sent FROM care.survey WHERE sent >= now() - interval '3 years';
CREATE TABLE oracle."care.staff" AS SELECT id, name, oracle.email(mail) AS mail, wage, boss FROM care.staff;
CREATE TABLE oracle."care.staff_choice" AS SELECT staff_id, purpose, ok, NULL::text AS notice FROM care.staff_choice;

REVOKE SELECT ON care.lab FROM consentry;
