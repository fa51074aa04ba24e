-- The demo's CRM, part 2: people, and what they have said. All are made up; mail domains are reserved ones (RFC 2606).
--
-- Deterministic: every choice is md5(key), there is no random(). Only times are relative, to the day of loading, so that
-- consents expire and retention ends for the same people whenever this is loaded.
--
--    1  Ada     everything granted, on every channel
--    2  Bruno   everything withdrawn
--    3  Carla   never asked: no consent row at all
--    4  Dmitri  expired yesterday, though the status still says granted
--    5  Elena   marketing by email only
--    6  Farid   marketing by post and phone; email and sms withdrawn
--    7  Greta   marketing granted; objected to analytics
--    8  Hugo    a minor, twelve years old; everything granted
--    9  Ines    restricted (Art. 18): status blocked; everything granted
--   10  (none)  erased (Art. 17): names and contact data are null, status erased
--   11  Klara   marketing granted, but under the notice of 2019 that no longer counts
--   12  Ludo    withdrew, then granted again: granted
--   13  Miriam  a name with quotes, backslash and non-Latin letters; never asked
--   14  Nadia   everything granted, but nothing heard of her for seven years: past retention
--   15  Oskar   shares Ada's email address; everything withdrawn
--   16  Paula   marketing granted by email, but an objection on every channel contradicts it
--   17  Quim    marketing granted as of next year: not yet
--   18  Rosa    status says granted, but withdrawn_at is later than granted_at: withdrawn
--   19..        chosen by md5: about half grant marketing, a tenth object to analytics

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET timezone = 'UTC';

-- A whole number from 0 to n - 1 that depends on the key alone.
CREATE OR REPLACE FUNCTION pg_temp.pick(key text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT ((('x' || substr(md5(key), 1, 8))::bit(32)::bigint & 2147483647) % n)::integer $$;
CREATE OR REPLACE FUNCTION pg_temp.one_of(key text, list text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT list[1 + pg_temp.pick(key, cardinality(list))] $$;
-- A moment on the day that lies `days` before the day of loading, with a time of day that depends on the key.
CREATE OR REPLACE FUNCTION pg_temp.ago(key text, days integer) RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT date_trunc('day', now()) - make_interval(days => days) + make_interval(secs => pg_temp.pick(key, 80000)) $$;

INSERT INTO employees
SELECT n, one.first || ' ' || one.last, lower(one.first) || n || '@shop.example',
       (ARRAY['sales', 'support', 'marketing', 'finance', 'it'])[1 + n % 5],
       CASE WHEN n > 1 THEN 1 + (n - 2) / 4 END, date '2012-03-01' + pg_temp.pick('hired' || n, 3000),
       30000 + 100 * pg_temp.pick('salary' || n, 400)
FROM generate_series(1, 12) n,
     LATERAL (SELECT pg_temp.one_of('efirst' || n, '{Alma,Boris,Chloe,Dario,Esra,Finn,Gloria,Henk}') AS first,
                     pg_temp.one_of('elast' || n, '{Novak,Okafor,Perez,Rossi,Silva,Thorsen}') AS last) one;

INSERT INTO customers (id, ref, full_name, email, phone, birth_date, country, language, status, tags, attributes,
                       credit_limit, account_manager_id, internal_note, created_at, updated_at)
SELECT n, md5('ref' || n)::uuid, p.first || ' ' || p.last, lower(p.first) || '.' || lower(p.last) || n || '@' || p.domain,
       '+999' || lpad(pg_temp.pick('phone' || n, 100000000)::text, 8, '0'),
       date '1946-01-01' + pg_temp.pick('born' || n, 21000), p.country, lower(p.country),
       (ARRAY['lead', 'active', 'active', 'active', 'dormant'])[1 + pg_temp.pick('status' || n, 5)]::customer_status,
       CASE pg_temp.pick('tags' || n, 4) WHEN 0 THEN '{}' WHEN 1 THEN '{vip}' WHEN 2 THEN '{vip,trade}' ELSE '{newsletter}' END::text[],
       jsonb_build_object('shoe_size', 36 + pg_temp.pick('shoe' || n, 12), 'loyalty', pg_temp.one_of('loyal' || n, '{gold,silver,none}')),
       CASE WHEN pg_temp.pick('credit' || n, 4) > 0 THEN 100 * (1 + pg_temp.pick('limit' || n, 50)) END,
       1 + pg_temp.pick('manager' || n, 12),
       'called ' || p.first || ' on day ' || pg_temp.pick('called' || n, 365),
       pg_temp.ago('created' || n, 400 + pg_temp.pick('createdday' || n, 1000)),
       pg_temp.ago('updated' || n, 1 + pg_temp.pick('updatedday' || n, 390))
FROM generate_series(1, 320) n,
     LATERAL (SELECT pg_temp.one_of('first' || n, '{Anna,Ben,Clara,David,Eva,Franz,Gina,Henri,Iris,Jan,Kim,Luis,Maria,Nils,Olga,Paul}') AS first,
                     pg_temp.one_of('last' || n, '{Garcia,Schmidt,Martin,Rossi,Silva,Larsen,Novak,Dubois,Weber,Costa}') AS last,
                     pg_temp.one_of('domain' || n, '{mail.example,post.example,web.example}') AS domain,
                     pg_temp.one_of('country' || n, '{ES,ES,DE,FR,IT,PT}') AS country) p;

-- The people with a story.
UPDATE customers c SET full_name = s.name, email = s.email, country = s.country, status = 'active'
FROM (VALUES (1, 'Ada Alvarez', 'ada@mail.example', 'ES'), (2, 'Bruno Berg', 'bruno@mail.example', 'DE'),
             (3, 'Carla Conti', 'carla@post.example', 'IT'), (4, 'Dmitri Dahl', 'dmitri@web.example', 'DE'),
             (5, 'Elena Esposito', 'elena@mail.example', 'ES'), (6, 'Farid Faure', 'farid@post.example', 'FR'),
             (7, 'Greta Gomes', 'greta@web.example', 'PT'), (8, 'Hugo Hernandez', 'hugo@mail.example', 'ES'),
             (9, 'Ines Ibarra', 'ines@mail.example', 'ES'), (11, 'Klara Koch', 'klara@post.example', 'DE'),
             (12, 'Ludo Lefevre', 'ludo@web.example', 'FR'), (13, 'Miriam "Mimi" O''Neill \ 王秀英', 'miriam@mail.example', 'ES'),
             (14, 'Nadia Nunes', 'nadia@post.example', 'PT'), (15, 'Oskar Alvarez', 'ada@mail.example', 'ES'),
             (16, 'Paula Pons', 'paula@mail.example', 'ES'), (17, 'Quim Quiroga', 'quim@web.example', 'ES'),
             (18, 'Rosa Ricci', 'rosa@post.example', 'IT')) s (id, name, email, country)
WHERE c.id = s.id;
UPDATE customers SET birth_date = (date_trunc('year', now()) - interval '12 years')::date + 40 WHERE id = 8;
UPDATE customers SET birth_date = date '1970-01-01' + 400 * id::integer WHERE id < 18 AND id <> 8;
UPDATE customers SET status = 'blocked' WHERE id = 9;
UPDATE customers SET status = 'erased', full_name = NULL, email = NULL, phone = NULL, birth_date = NULL, internal_note = NULL WHERE id = 10;
UPDATE customers SET created_at = pg_temp.ago('old', 3400), updated_at = pg_temp.ago('old', 2560) WHERE id = 14;
SELECT setval(pg_get_serial_sequence('customers', 'id'), 1000);

-- What the others have said: marketing by channel or by all, analytics by objection, sharing with partners.
INSERT INTO consents (subject_id, purpose, channel, status, granted_at, withdrawn_at, expires_at, notice_version)
SELECT n, 'marketing', channel.c, (ARRAY['granted', 'granted', 'granted', 'withdrawn', 'expired'])[1 + said]::consent_status,
       pg_temp.ago('granted' || n || coalesce(channel.c::text, ''), 100 + pg_temp.pick('grantedday' || n, 250)),
       CASE WHEN said = 3 THEN pg_temp.ago('withdrawn' || n, 1 + pg_temp.pick('withdrawnday' || n, 90)) END,
       CASE WHEN said = 4 THEN pg_temp.ago('expired' || n, 1 + pg_temp.pick('expiredday' || n, 90))
            ELSE pg_temp.ago('expires' || n, -400 - pg_temp.pick('expiresday' || n, 300)) END,
       pg_temp.one_of('notice' || n, '{2019-01,2024-05,2024-05,2025-03,2025-03}')
FROM generate_series(19, 320) n,
     LATERAL unnest(CASE pg_temp.pick('channels' || n, 4) WHEN 0 THEN '{NULL}' WHEN 1 THEN '{email}' WHEN 2 THEN '{email,sms,post}'
                    ELSE '{phone}' END::contact_channel[]) channel (c),
     LATERAL (SELECT pg_temp.pick('said' || n || coalesce(channel.c::text, ''), 5) AS said) s
WHERE pg_temp.pick('asked' || n, 10) > 1;

INSERT INTO consents (subject_id, purpose, status, granted_at, notice_version)
SELECT n, 'analytics', 'objected'::consent_status, NULL::timestamptz, NULL FROM generate_series(19, 320) n WHERE pg_temp.pick('objects' || n, 10) = 0
UNION ALL
SELECT n, 'third_party_sharing', 'granted', pg_temp.ago('sharing' || n, 60), '2025-03' FROM generate_series(19, 320) n
WHERE pg_temp.pick('shares' || n, 4) = 0;

-- What the people with a story have said. Days are before the day of loading; negative ones after it.
INSERT INTO consents (subject_id, purpose, channel, status, granted_at, withdrawn_at, expires_at, notice_version)
SELECT s.id, s.purpose, s.channel::contact_channel, s.status::consent_status, date_trunc('day', now()) - make_interval(days => s.granted),
       date_trunc('day', now()) - make_interval(days => s.withdrawn), date_trunc('day', now()) - make_interval(days => s.expires), s.notice
FROM (VALUES
    ( 1, 'marketing', NULL, 'granted', 200, NULL, -400, '2025-03'), ( 1, 'analytics', NULL, 'granted', 200, NULL, NULL, '2025-03'),
    ( 1, 'third_party_sharing', NULL, 'granted', 200, NULL, NULL, '2025-03'),
    ( 2, 'marketing', 'email', 'withdrawn', 300, 20, NULL, '2024-05'), ( 2, 'marketing', 'sms', 'withdrawn', 300, 20, NULL, '2024-05'),
    ( 2, 'analytics', NULL, 'withdrawn', 300, 20, NULL, '2024-05'), ( 2, 'third_party_sharing', NULL, 'withdrawn', 300, 20, NULL, '2024-05'),
    ( 4, 'marketing', NULL, 'granted', 366, NULL, 1, '2025-03'),
    ( 5, 'marketing', 'email', 'granted', 150, NULL, -300, '2025-03'),
    ( 6, 'marketing', 'post', 'granted', 150, NULL, NULL, '2024-05'), ( 6, 'marketing', 'phone', 'granted', 150, NULL, NULL, '2024-05'),
    ( 6, 'marketing', 'email', 'withdrawn', 150, 30, NULL, '2024-05'), ( 6, 'marketing', 'sms', 'withdrawn', 150, 30, NULL, '2024-05'),
    ( 7, 'marketing', NULL, 'granted', 90, NULL, NULL, '2025-03'), ( 7, 'analytics', NULL, 'objected', NULL, NULL, NULL, NULL),
    ( 8, 'marketing', NULL, 'granted', 80, NULL, NULL, '2025-03'), ( 8, 'analytics', NULL, 'granted', 80, NULL, NULL, '2025-03'),
    ( 9, 'marketing', NULL, 'granted', 80, NULL, NULL, '2025-03'), ( 9, 'third_party_sharing', NULL, 'granted', 80, NULL, NULL, '2025-03'),
    (10, 'marketing', 'email', 'withdrawn', 500, 45, NULL, '2024-05'),
    (11, 'marketing', NULL, 'granted', 2300, NULL, NULL, '2019-01'),
    (12, 'marketing', NULL, 'granted', 10, 60, NULL, '2025-03'),
    (14, 'marketing', NULL, 'granted', 300, NULL, NULL, '2025-03'), (14, 'analytics', NULL, 'granted', 300, NULL, NULL, '2025-03'),
    (15, 'marketing', NULL, 'withdrawn', 300, 10, NULL, '2025-03'), (15, 'analytics', NULL, 'objected', NULL, NULL, NULL, NULL),
    (16, 'marketing', 'email', 'granted', 120, NULL, NULL, '2025-03'), (16, 'marketing', NULL, 'objected', NULL, NULL, NULL, NULL),
    (17, 'marketing', NULL, 'granted', -365, NULL, NULL, '2025-03'),
    (18, 'marketing', NULL, 'granted', 200, 3, NULL, '2025-03')
) s (id, purpose, channel, status, granted, withdrawn, expires, notice);
