-- nurse, treat (contract): everyone who is not restricted, everything in clear; unlisted columns are null.
CREATE TABLE oracle."care.Patient" AS
SELECT "Id", "Full Name", "E-Mail", phone, born, blood, weight, height, "Score", allergies, chart, home_net, photo, visits, state, NULL::text AS "select", tag, seen, flag, ward, "größe"
FROM care."Patient" WHERE "Id" NOT IN (SELECT who FROM oracle.restricted) AND seen >= now() - interval '4 years';

CREATE TABLE oracle."care.visit" AS SELECT * FROM care.visit
WHERE (patient IS NULL OR patient NOT IN (SELECT who FROM oracle.restricted)) AND at >= (now() - interval '3 years') AT TIME ZONE 'UTC';

CREATE TABLE oracle."care.lab" AS SELECT l.id, visit_id, no, value, unit, result, NULL::text AS secret
FROM care.lab l JOIN oracle.lab_of o USING (id) WHERE o.who IS NULL OR o.who NOT IN (SELECT who FROM oracle.restricted);

CREATE TABLE oracle."care.lab_comment" AS SELECT c.*
FROM care.lab_comment c JOIN oracle.comment_of o USING (id) WHERE o.who IS NULL OR o.who NOT IN (SELECT who FROM oracle.restricted);

CREATE TABLE oracle."care.reading" AS SELECT * FROM care.reading
WHERE (patient IS NULL OR patient NOT IN (SELECT who FROM oracle.restricted)) AND taken >= now() - interval '2 years';

CREATE TABLE oracle."care.note" AS SELECT * FROM ONLY care.note WHERE patient NOT IN (SELECT who FROM oracle.restricted);
CREATE TABLE oracle."care.note_archive" AS SELECT id, patient, body, NULL::text AS boxed FROM care.note_archive WHERE patient NOT IN (SELECT who FROM oracle.restricted);
CREATE TABLE oracle."care.survey" AS SELECT * FROM care.survey WHERE sent >= now() - interval '3 years';
CREATE TABLE oracle."care.staff" AS SELECT * FROM care.staff;
CREATE TABLE oracle."care.staff_choice" AS SELECT staff_id, purpose, ok, NULL::text AS notice FROM care.staff_choice;
