-- quality, quality (legitimate interests): everyone who did not object; the e-mail address only in part, and not of those who object to e-mail.
CREATE TABLE oracle.objects AS SELECT who FROM oracle.objection WHERE purpose = 'quality' AND channel IS NULL;
CREATE TABLE oracle.objects_to_email AS SELECT who FROM oracle.objection WHERE purpose = 'quality' AND channel = 'email';
CREATE TABLE oracle.off AS SELECT who FROM oracle.restricted UNION SELECT who FROM oracle.objects;

CREATE TABLE oracle."care.Patient" AS
SELECT "Id", oracle.stars("Full Name") AS "Full Name",
       CASE WHEN "Id" IN (TABLE oracle.objects_to_email) THEN oracle.email("E-Mail") ELSE oracle.first("E-Mail", 3) END::varchar(40) AS "E-Mail", oracle.last(phone, 2) AS phone,
       date_trunc('decade', born)::date AS born, NULL::care.blood AS blood, (round(weight / 10) * 10)::numeric(5,1) AS weight, (round(height::float8 / 10) * 10)::real AS height,
       (round("Score"::numeric / 10) * 10)::int AS "Score", NULL::text[] AS allergies, NULL::jsonb AS chart, oracle.net(home_net, 16) AS home_net, NULL::bytea AS photo, visits, state,
       NULL::text AS "select", CASE WHEN tag IS NOT NULL THEN 'n/a' END::care.short_text AS tag, seen, flag, ward, "größe"
FROM care."Patient" WHERE "Id" NOT IN (TABLE oracle.off) AND seen >= now() - interval '4 years';

CREATE TABLE oracle."care.visit" AS SELECT id, patient, at, doctor, NULL::text AS diagnosis, cost, left(remark, 3) AS remark, "Ward"
FROM care.visit WHERE (patient IS NULL OR patient NOT IN (TABLE oracle.off)) AND at >= (now() - interval '3 years') AT TIME ZONE 'UTC';

CREATE TABLE oracle."care.lab" AS SELECT l.id, visit_id, no, round(value / 10) * 10 AS value, unit, NULL::text AS result, NULL::text AS secret
FROM care.lab l JOIN oracle.lab_of o USING (id) WHERE o.who IS NULL OR o.who NOT IN (TABLE oracle.off);

CREATE TABLE oracle."care.lab_comment" AS SELECT c.id, c.lab_id, left(c.body, 3) AS body, oracle.stars(c.author) AS author, c.at
FROM care.lab_comment c JOIN oracle.comment_of o USING (id) WHERE o.who IS NULL OR o.who NOT IN (TABLE oracle.off);

CREATE TABLE oracle."care.reading" AS SELECT id, patient, taken, kind, round(val / 10) * 10 AS val, oracle.stars(device) AS device
FROM care.reading WHERE (patient IS NULL OR patient NOT IN (TABLE oracle.off)) AND taken >= now() - interval '2 years';

CREATE TABLE oracle."care.note" AS SELECT id, patient, left(body, 3) AS body FROM ONLY care.note WHERE patient NOT IN (TABLE oracle.off);
CREATE TABLE oracle."care.note_archive" AS SELECT id, patient, left(body, 3) AS body, NULL::text AS boxed FROM care.note_archive WHERE patient NOT IN (TABLE oracle.off);
CREATE TABLE oracle."care.survey" AS SELECT id, oracle.first(email, 3) AS email, left(answer, 3) AS answer, (round(age::numeric / 10) * 10)::int AS age, stars, sent
FROM care.survey WHERE sent >= now() - interval '3 years';
CREATE TABLE oracle."care.staff" AS SELECT id, oracle.stars(name) AS name, oracle.first(mail, 3) AS mail, wage, boss FROM care.staff;
CREATE TABLE oracle."care.staff_choice" AS SELECT staff_id, purpose, ok, NULL::text AS notice FROM care.staff_choice;
