-- quality, statistics (public task): as legitimate interests, by its own objections; names become a constant.
CREATE TABLE oracle.off AS SELECT who FROM oracle.restricted UNION SELECT who FROM oracle.objection WHERE purpose = 'statistics' AND channel IS NULL;
CREATE TABLE oracle.objects_to_email AS SELECT who FROM oracle.objection WHERE purpose = 'statistics' AND channel = 'email';

CREATE TABLE oracle."care.Patient" AS
SELECT "Id", CASE WHEN "Full Name" IS NOT NULL THEN 'someone' END AS "Full Name",
       CASE WHEN "Id" IN (TABLE oracle.objects_to_email) THEN oracle.email("E-Mail")::varchar(40) ELSE "E-Mail" END AS "E-Mail", oracle.last(phone, 2) AS phone,
       NULL::date AS born, blood, NULL::numeric(5,1) AS weight, NULL::real AS height, NULL::int AS "Score", allergies, chart, oracle.net(home_net, 24) AS home_net, photo,
       visits, state, NULL::text AS "select", CASE WHEN tag IS NOT NULL THEN 'n/a' END::care.short_text AS tag, seen, flag, ward, "größe"
FROM care."Patient" WHERE "Id" NOT IN (TABLE oracle.off) AND seen >= now() - interval '4 years';

CREATE TABLE oracle."care.visit" AS SELECT id, patient, at, doctor, diagnosis, round(cost / 100) * 100 AS cost, NULL::text AS remark, "Ward"
FROM care.visit WHERE (patient IS NULL OR patient NOT IN (TABLE oracle.off)) AND at >= (now() - interval '3 years') AT TIME ZONE 'UTC';

CREATE TABLE oracle."care.lab" AS SELECT l.id, visit_id, no, NULL::numeric AS value, unit, result, NULL::text AS secret
FROM care.lab l JOIN oracle.lab_of o USING (id) WHERE o.who IS NULL OR o.who NOT IN (TABLE oracle.off);

CREATE TABLE oracle."care.lab_comment" AS SELECT c.id, c.lab_id, NULL::text AS body, CASE WHEN c.author IS NOT NULL THEN 'someone' END AS author, c.at
FROM care.lab_comment c JOIN oracle.comment_of o USING (id) WHERE o.who IS NULL OR o.who NOT IN (TABLE oracle.off);

CREATE TABLE oracle."care.reading" AS SELECT id, patient, taken, kind, NULL::float8 AS val, CASE WHEN device IS NOT NULL THEN 'someone' END AS device
FROM care.reading WHERE (patient IS NULL OR patient NOT IN (TABLE oracle.off)) AND taken >= now() - interval '2 years';

CREATE TABLE oracle."care.survey" AS SELECT id, email, NULL::text AS answer, NULL::int AS age, stars, sent FROM care.survey WHERE sent >= now() - interval '3 years';
CREATE TABLE oracle."care.staff" AS SELECT id, CASE WHEN name IS NOT NULL THEN 'someone' END AS name, mail, round(wage / 100) * 100 AS wage, boss FROM care.staff;
CREATE TABLE oracle."care.staff_choice" AS SELECT staff_id, purpose, ok, NULL::text AS notice FROM care.staff_choice;

REVOKE SELECT ON care.note, care.note_archive FROM consentry;
