-- researcher, research (consent under v2 or v3, or masked): rows of known people stay; those without consent have their personal cells masked.
-- Role filter: patients with a stored score above 20, visits with a stored cost. Pseudonyms are filled in afterwards (contexts.toml).
CREATE TABLE oracle.allowed AS SELECT DISTINCT who FROM oracle.valid WHERE purpose = 'research' AND notice IN ('v2', 'v3');

CREATE TABLE oracle."care.Patient" AS
SELECT "Id", CASE WHEN ok THEN "Full Name" ELSE oracle.stars("Full Name") END AS "Full Name", oracle.email("E-Mail")::varchar(40) AS "E-Mail", oracle.last(phone, 2) AS phone,
       CASE WHEN ok THEN date_trunc('year', born)::date END AS born, CASE WHEN ok THEN blood END AS blood, CASE WHEN ok THEN weight END AS weight,
       CASE WHEN ok THEN height END AS height, CASE WHEN ok THEN "Score" END AS "Score", CASE WHEN ok THEN allergies END AS allergies, CASE WHEN ok THEN chart END AS chart,
       oracle.net(home_net, 24) AS home_net, CASE WHEN ok THEN photo END AS photo, visits, state, NULL::text AS "select",
       CASE WHEN ok THEN oracle.first(tag, 2) WHEN tag IS NOT NULL THEN 'n/a' END::care.short_text AS tag, seen, flag, ward, "größe"
FROM (SELECT *, "Id" IN (TABLE oracle.allowed) AS ok FROM care."Patient") p
WHERE "Id" NOT IN (SELECT who FROM oracle.restricted) AND seen >= now() - interval '4 years' AND "Score" > 20;

CREATE TABLE oracle."care.visit" AS
SELECT id, patient, at, doctor, CASE WHEN patient IN (TABLE oracle.allowed) THEN diagnosis END AS diagnosis, round(cost / 100) * 100 AS cost, NULL::text AS remark, "Ward"
FROM care.visit WHERE patient NOT IN (SELECT who FROM oracle.restricted) AND at >= (now() - interval '3 years') AT TIME ZONE 'UTC' AND cost IS NOT NULL;

CREATE TABLE oracle."care.lab" AS
SELECT l.id, visit_id, no, CASE WHEN o.who IN (TABLE oracle.allowed) THEN value END AS value, unit, CASE WHEN o.who IN (TABLE oracle.allowed) THEN result END AS result, NULL::text AS secret
FROM care.lab l JOIN oracle.lab_of o USING (id) WHERE o.who NOT IN (SELECT who FROM oracle.restricted);

CREATE TABLE oracle."care.lab_comment" AS
SELECT c.id, c.lab_id, NULL::text AS body, CASE WHEN o.who IN (TABLE oracle.allowed) THEN c.author ELSE oracle.stars(c.author) END AS author, c.at
FROM care.lab_comment c JOIN oracle.comment_of o USING (id) WHERE o.who NOT IN (SELECT who FROM oracle.restricted);

CREATE TABLE oracle."care.reading" AS
SELECT id, patient, taken, kind, CASE WHEN patient IN (TABLE oracle.allowed) THEN val END AS val,
       CASE WHEN patient IN (TABLE oracle.allowed) THEN device ELSE oracle.stars(device) END AS device
FROM care.reading WHERE patient NOT IN (SELECT who FROM oracle.restricted) AND taken >= now() - interval '2 years';

CREATE TABLE oracle."care.survey" AS SELECT id, oracle.email(email) AS email, NULL::text AS answer, age, stars, sent FROM care.survey WHERE sent >= now() - interval '3 years';

CREATE TABLE oracle.staff_allowed AS SELECT who FROM oracle.staff_valid WHERE purpose = 'research' AND notice IN ('v2', 'v3');
CREATE TABLE oracle."care.staff" AS
SELECT id, CASE WHEN id IN (TABLE oracle.staff_allowed) THEN name ELSE oracle.stars(name) END AS name, oracle.email(mail) AS mail, round(wage / 100) * 100 AS wage, boss FROM care.staff;
CREATE TABLE oracle."care.staff_choice" AS SELECT staff_id, purpose, ok, NULL::text AS notice FROM care.staff_choice;

REVOKE SELECT ON care.note, care.note_archive FROM consentry;
