-- The oracle's nasty world: quoted names, a ledger of consents, null subjects, chains, partitions, inheritance, every type that masks meet.
SET client_min_messages = warning;
SET timezone = 'UTC';

CREATE SCHEMA care;
CREATE TYPE care.blood AS ENUM ('0', 'A', 'B', 'AB');
CREATE TYPE care.reason AS ENUM ('outreach', 'research');
CREATE DOMAIN care.short_text AS varchar(12) CHECK (VALUE <> '');

CREATE OR REPLACE FUNCTION pg_temp.pick(key text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT ((('x' || substr(md5(key), 1, 8))::bit(32)::bigint & 2147483647) % n)::integer $$;
CREATE OR REPLACE FUNCTION pg_temp.id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;

CREATE TABLE care.ward (code char(3) PRIMARY KEY, "Name" text NOT NULL, beds int);
INSERT INTO care.ward VALUES ('ICU', 'Intensive', 8), ('ER ', 'Emergency', 12), ('GYN', 'Women', 20), ('PED', 'Children', NULL);

CREATE TABLE care.staff (id bigint PRIMARY KEY, name text, mail text, wage numeric(9,2), boss bigint REFERENCES care.staff);
INSERT INTO care.staff
SELECT n, 'Nurse ' || n, 'n' || n || '@care.example', 2000 + 10 * n, CASE WHEN n > 1 THEN 1 + n % 3 END FROM generate_series(1, 9) n;
CREATE TABLE care.staff_choice (staff_id bigint, purpose care.reason, ok boolean, notice text, PRIMARY KEY (staff_id, purpose));
INSERT INTO care.staff_choice VALUES (1, 'outreach', true, 'v1'), (2, 'outreach', false, 'v1'), (3, 'outreach', NULL, NULL), (4, 'outreach', true, NULL),
    (5, 'research', true, 'v2'), (6, 'research', false, 'v2'), (1, 'research', true, 'v1');

CREATE TABLE care."Patient" (
    "Id" uuid PRIMARY KEY, "Full Name" text, "E-Mail" varchar(40), phone text, born date, blood care.blood, weight numeric(5,1),
    height real, "Score" int, allergies text[], chart jsonb, home_net inet, photo bytea, visits int[], state text, "select" text,
    tag care.short_text, seen date, flag boolean, ward char(3), "größe" int
);
-- 1..12 are told below; 13..60 by md5. Every fifth has a null somewhere.
INSERT INTO care."Patient"
SELECT pg_temp.id(n), 'Person ' || chr(64 + 1 + n % 26) || n, 'p' || n || '@' || (ARRAY['a.example', 'b.example'])[1 + n % 2],
       '+99' || 100000 + n, date '1940-03-03' + 400 * n, (enum_range(NULL::care.blood))[1 + n % 4], 50 + n / 2.0, 1.5 + n / 100.0, 15 + n,
       CASE WHEN n % 5 > 0 THEN (ARRAY['nuts', 'dust'])[1:n % 3] END, jsonb_build_object('bp', 100 + n, 'tags', jsonb_build_array('x', n)),
       ('10.' || n || '.7.' || n)::inet, decode(md5(n::text), 'hex'), ARRAY[n, n + 1],
       CASE WHEN n % 11 = 0 THEN 'blocked' WHEN n % 13 = 0 THEN NULL ELSE 'ok' END, 'never shown ' || n,
       CASE WHEN n % 4 > 0 THEN 't' || n || 'ag' END, current_date - 10 * n, n % 3 = 0, (ARRAY['ICU', 'ER ', 'GYN'])[1 + n % 3], 150 + n
FROM generate_series(1, 60) n;
UPDATE care."Patient" SET "Full Name" = NULL, "E-Mail" = NULL, phone = NULL, born = NULL, blood = NULL, weight = NULL, chart = NULL WHERE "Id" = pg_temp.id(5);
UPDATE care."Patient" SET "E-Mail" = 'no address', phone = '7', tag = 't' WHERE "Id" = pg_temp.id(6);
UPDATE care."Patient" SET seen = NULL WHERE "Id" = pg_temp.id(7);                               -- null since: not there
UPDATE care."Patient" SET seen = current_date - 1100 WHERE "Id" IN (pg_temp.id(8), pg_temp.id(9)); -- three years: past outreach's year, within four
UPDATE care."Patient" SET seen = current_date - 1600 WHERE "Id" = pg_temp.id(10);               -- past everything
UPDATE care."Patient" SET state = 'blocked' WHERE "Id" = pg_temp.id(3);
UPDATE care."Patient" SET state = NULL WHERE "Id" = pg_temp.id(4);                              -- null restriction: restricted
UPDATE care."Patient" SET "Full Name" = 'O''Neill "x" \ 王', "E-Mail" = 'Ünal@b.example', chart = '{"a": null, "deep": {"k": [1, 2]}}' WHERE "Id" = pg_temp.id(12);
UPDATE care."Patient" SET home_net = '2001:db8:1:2::5/64' WHERE "Id" = pg_temp.id(1);
CREATE INDEX ON care."Patient" ("E-Mail");

CREATE TABLE care."Consent Log" (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Who" uuid, why varchar(20), channel text, decision text, given timestamptz,
    taken_back timestamptz, until timestamp, notice text, recorded timestamptz NOT NULL
);
INSERT INTO care."Consent Log" ("Who", why, channel, decision, given, taken_back, until, notice, recorded)
SELECT CASE WHEN s.who > 0 THEN pg_temp.id(s.who) END, s.why, s.channel, s.decision, now() - make_interval(days => s.given), now() - make_interval(days => s.back),
       (now() AT TIME ZONE 'UTC') - make_interval(days => s.until), s.notice, now() - make_interval(days => s.rec)
FROM (VALUES
    -- 1: yes to all, by every channel
    (1, 'outreach', NULL, 'yes', 90, NULL::int, NULL::int, 'v3', 90), (1, 'research', NULL, 'Yes', 90, NULL, -400, 'v2', 90), (1, 'sharing', NULL, 'yes', 90, NULL, NULL, 'v3', 90),
    -- 2: yes, then no, by ledger; research the other way round
    (2, 'outreach', NULL, 'yes', 90, NULL, NULL, 'v3', 90), (2, 'outreach', NULL, 'no', NULL, NULL, NULL, 'v3', 20),
    (2, 'research', NULL, 'no', NULL, NULL, NULL, 'v3', 90), (2, 'research', NULL, 'yes', 20, NULL, NULL, 'v3', 20),
    -- 3: blocked, but said yes; 4: state unknown, said yes
    (3, 'outreach', NULL, 'yes', 90, NULL, NULL, 'v3', 90), (4, 'research', NULL, 'yes', 90, NULL, NULL, 'v3', 90),
    -- 5: two equally new records, one of them a no
    (5, 'outreach', NULL, 'yes', 30, NULL, NULL, 'v3', 30), (5, 'outreach', NULL, 'no', NULL, NULL, NULL, 'v3', 30),
    -- 6: email only, sharing under a notice that sharing does not accept
    (6, 'outreach', 'email', 'yes', 30, NULL, NULL, 'v3', 30), (6, 'sharing', NULL, 'yes', 30, NULL, NULL, 'v1', 30),
    -- 8: all channels; 9: expired yesterday
    (8, 'outreach', NULL, 'yes', 30, NULL, NULL, 'v3', 30), (9, 'research', NULL, 'yes', 30, NULL, 1, 'v3', 30),
    -- 11: phone only; objects to quality wholly and to statistics by email
    (11, 'outreach', 'phone', 'yes', 30, NULL, NULL, 'v2', 30), (11, 'quality', NULL, 'objection', NULL, NULL, NULL, NULL, 30), (11, 'statistics', 'email', 'objection', NULL, NULL, NULL, NULL, 30),
    -- 12: withdrawn after granted; research granted again after a withdrawal
    (12, 'outreach', NULL, 'yes', 30, 10, NULL, 'v3', 30), (12, 'research', NULL, 'yes', 30, 40, NULL, 'v3', 30),
    -- 13: research under a notice that does not count; 14: email yes and a general objection; 15: objects to quality by email
    (13, 'research', NULL, 'yes', 30, NULL, NULL, 'v1', 30), (14, 'outreach', 'email', 'yes', 30, NULL, NULL, 'v3', 30), (14, 'outreach', NULL, 'objection', NULL, NULL, NULL, NULL, 40),
    (15, 'quality', 'email', 'objection', NULL, NULL, NULL, NULL, 30),
    -- 16: an objection that was taken back; 17: granted next week; 18: no notice at all
    (16, 'quality', NULL, 'objection', NULL, NULL, NULL, NULL, 30), (16, 'quality', NULL, 'yes', 10, NULL, NULL, 'v3', 10),
    (17, 'outreach', NULL, 'yes', -7, NULL, NULL, 'v3', 1), (18, 'research', NULL, 'yes', 30, NULL, NULL, NULL, 30),
    -- 19: withdrawn without a grant time; 20: email and phone, sharing by the post; 21: an objection by email beside a yes by phone
    (19, 'outreach', NULL, 'yes', NULL, 10, NULL, 'v3', 30), (20, 'outreach', 'email', 'yes', NULL, NULL, NULL, 'v3', 30), (20, 'outreach', 'phone', 'yes', NULL, NULL, NULL, 'v3', 30),
    (20, 'sharing', 'post', 'yes', 30, NULL, NULL, 'v3', 30), (21, 'outreach', 'phone', 'yes', 30, NULL, NULL, 'v3', 30), (21, 'outreach', 'email', 'objection', NULL, NULL, NULL, NULL, 30),
    -- a record about nobody
    (0, 'outreach', NULL, 'yes', 30, NULL, NULL, 'v3', 30), (0, 'research', NULL, 'yes', 30, NULL, NULL, 'v3', 30)
) s (who, why, channel, decision, given, back, until, notice, rec);
INSERT INTO care."Consent Log" ("Who", why, channel, decision, given, notice, recorded)
SELECT pg_temp.id(n), w, c, CASE pg_temp.pick('said' || n || w || d, 3) WHEN 0 THEN 'no' ELSE 'yes' END, now() - make_interval(days => 50 + d), 'v' || 2 + n % 2,
       now() - make_interval(days => 50 + d)
FROM generate_series(22, 60) n, unnest(ARRAY['outreach', 'research', 'sharing']) w, (VALUES (NULL), ('email'), ('phone')) ch (c), generate_series(0, 1) d
WHERE pg_temp.pick('asked' || n || w || coalesce(c, ''), 3) = 0;

CREATE TABLE care.visit (
    id bigint PRIMARY KEY, patient uuid REFERENCES care."Patient", at timestamp, doctor bigint REFERENCES care.staff, diagnosis text,
    cost numeric(10,2), remark text, "Ward" char(3)
);
INSERT INTO care.visit
SELECT n, CASE WHEN n % 9 > 0 THEN pg_temp.id(1 + n % 60) END, localtimestamp - make_interval(days => 3 + 8 * n), 1 + n % 9, 'diagnosis ' || n % 7,
       CASE WHEN n % 10 > 0 THEN 10.25 * n END, 'seen by ' || n, (ARRAY['ICU', 'ER ', 'GYN'])[1 + n % 3]
FROM generate_series(1, 150) n;
UPDATE care.visit SET at = NULL WHERE id = 20;
CREATE INDEX ON care.visit (patient);

CREATE TABLE care.lab (id int NOT NULL UNIQUE, visit_id bigint NOT NULL REFERENCES care.visit, no smallint, value numeric, unit text, result text, secret text, PRIMARY KEY (visit_id, no));
INSERT INTO care.lab SELECT n, 1 + n % 150, 1 + n / 150, n * 1.5, (ARRAY['mg', 'ml'])[1 + n % 2], 'result ' || n % 5, 'lab secret ' || n FROM generate_series(1, 260) n;
CREATE TABLE care.lab_comment (id int PRIMARY KEY, lab_id int REFERENCES care.lab (id), body text, author text, at timestamptz);
INSERT INTO care.lab_comment SELECT n, CASE WHEN n % 8 > 0 THEN 2 * n END, 'comment ' || n, 'Person ' || chr(64 + 1 + n % 26) || n, now() - make_interval(days => n) FROM generate_series(1, 90) n;

CREATE TABLE care.reading (id int, patient uuid, taken date NOT NULL, kind text NOT NULL, val double precision, device text) PARTITION BY RANGE (taken);
CREATE TABLE care.reading_old PARTITION OF care.reading FOR VALUES FROM (MINVALUE) TO ('2024-07-01');
CREATE TABLE care.reading_new PARTITION OF care.reading FOR VALUES FROM ('2024-07-01') TO (MAXVALUE) PARTITION BY LIST (kind);
CREATE TABLE care."reading_New_Pulse" PARTITION OF care.reading_new FOR VALUES IN ('pulse');
CREATE TABLE care.reading_new_other PARTITION OF care.reading_new DEFAULT;
INSERT INTO care.reading
SELECT n, CASE WHEN n % 12 > 0 THEN pg_temp.id(1 + n % 60) END, current_date - 5 * n, (ARRAY['pulse', 'temp', 'spo2'])[1 + n % 3], 36.6 + n / 10.0, 'device of ' || n
FROM generate_series(1, 200) n;

CREATE TABLE care.note (id int, patient uuid, body text);
CREATE TABLE care.note_archive (boxed text) INHERITS (care.note);
INSERT INTO care.note SELECT n, pg_temp.id(1 + n % 60), 'note ' || n FROM generate_series(1, 40) n;
INSERT INTO care.note_archive SELECT 100 + n, pg_temp.id(1 + n % 60), 'old note ' || n, 'box ' || n FROM generate_series(1, 30) n;

CREATE TABLE care.survey (id int PRIMARY KEY, email text, answer text, age int, stars int, sent date);
INSERT INTO care.survey SELECT n, 's' || n || '@a.example', 'answer ' || n, 20 + n, n % 6, current_date - 60 * n FROM generate_series(1, 30) n;

CREATE TABLE public.visit (id bigint PRIMARY KEY, patient text, diagnosis text);   -- a decoy: the same name in another schema, open
INSERT INTO public.visit SELECT n, 'nobody', 'open ' || n FROM generate_series(1, 5) n;

CREATE VIEW care.patient_list AS SELECT "Id", "Full Name" AS name, "E-Mail" AS mail, ward, seen FROM care."Patient" WHERE flag IS NOT NULL;
CREATE VIEW care.ward_load AS SELECT w."Name", count(p."Id") AS patients FROM care.ward w LEFT JOIN care."Patient" p ON p.ward = w.code GROUP BY w."Name";
CREATE VIEW care."Recent Visits" AS
    SELECT v.id, l.name, v.diagnosis FROM care.visit v JOIN care.patient_list l ON l."Id" = v.patient WHERE v.id > 50;
ANALYZE;
