-- partner, outreach: as the nurse's, and who has consented to sharing under a notice that sharing accepts. Staff never could.
CREATE TABLE oracle.allowed AS SELECT DISTINCT who FROM oracle.valid WHERE purpose = 'outreach'
INTERSECT SELECT who FROM oracle.valid WHERE purpose = 'sharing' AND notice IN ('v2', 'v3');
CREATE TABLE oracle.by_email AS SELECT DISTINCT who FROM oracle.valid WHERE purpose = 'outreach' AND (channel IS NULL OR channel = 'email');
CREATE TABLE oracle.by_phone AS SELECT DISTINCT who FROM oracle.valid WHERE purpose = 'outreach' AND (channel IS NULL OR channel = 'phone');

CREATE TABLE oracle."care.Patient" AS
SELECT "Id", "Full Name", CASE WHEN "Id" IN (TABLE oracle.by_email) THEN "E-Mail" ELSE oracle.email("E-Mail")::varchar(40) END AS "E-Mail",
       CASE WHEN "Id" IN (TABLE oracle.by_phone) THEN phone ELSE oracle.last(phone, 2) END AS phone, NULL::date AS born, NULL::care.blood AS blood,
       NULL::numeric(5,1) AS weight, NULL::real AS height, NULL::int AS "Score", NULL::text[] AS allergies, NULL::jsonb AS chart, oracle.net(home_net, 24) AS home_net,
       NULL::bytea AS photo, visits, state, NULL::text AS "select", CASE WHEN tag IS NOT NULL THEN 'n/a' END::care.short_text AS tag, seen, flag, ward, "größe"
FROM care."Patient"
WHERE "Id" NOT IN (SELECT who FROM oracle.restricted) AND seen >= now() - interval '1 year' AND "Id" IN (TABLE oracle.allowed);

CREATE TABLE oracle."care.lab_comment" AS SELECT c.id, c.lab_id, NULL::text AS body, c.author, c.at
FROM care.lab_comment c JOIN oracle.comment_of o USING (id)
WHERE o.who NOT IN (SELECT who FROM oracle.restricted) AND o.who IN (TABLE oracle.allowed);

CREATE TABLE oracle."care.reading" AS SELECT id, patient, taken, kind, NULL::float8 AS val, device FROM care.reading
WHERE patient NOT IN (SELECT who FROM oracle.restricted) AND patient IN (TABLE oracle.allowed) AND taken >= now() - interval '1 year';

CREATE TABLE oracle."care.survey" AS SELECT id, oracle.email(email) AS email, NULL::text AS answer, NULL::int AS age, stars, sent
FROM care.survey WHERE sent >= now() - interval '1 year';

CREATE TABLE oracle."care.staff" AS SELECT * FROM care.staff WHERE false;
CREATE TABLE oracle."care.staff_choice" AS SELECT * FROM care.staff_choice WHERE false;

REVOKE SELECT ON care.visit, care.lab, care.note, care.note_archive FROM consentry;
