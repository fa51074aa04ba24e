-- What is no boolean is cast to one where a condition stands, and may fail.
-- marketing/marketing: changed | has OFFSET 0) | has END AS "country" | error 22P02
SELECT c.id FROM customers c WHERE c.country
;;
-- marketing/marketing: changed | has OFFSET 0) | has END AS "country" | error 22P02
SELECT c.id FROM customers c WHERE c.country IS TRUE AND c.id <> 0
;;
-- marketing/marketing: changed | has OFFSET 0) | has END AS "country" | error 22P02
SELECT c.id FROM customers c WHERE NOT c.country OR c.id = 1
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM sites s WHERE s.id <> c.id AND s.code))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM sites s WHERE s.id <> c.id AND (s.code AND true) IS NULL))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR EXISTS (SELECT 1 FROM sites s JOIN sites t ON s.code))
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND (c.id < 0 OR (SELECT count(*) FILTER (WHERE s.code) FROM sites s WHERE s.id <> c.id LIMIT 1) = 0)
;;
-- marketing/marketing: changed | has OFFSET 0)
PREPARE own_casts1 (char(5)) AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND $1
;;
-- marketing/marketing: changed | lacks OFFSET 0
PREPARE own_casts2 AS SELECT count(*) FROM customers c WHERE c.id = 3 AND c.country = 'ES' AND $1
;;
-- crm_app/marketing: changed | lacks OFFSET 0 | lacks END AS "is_primary"
SELECT a.id FROM addresses a WHERE a.is_primary AND NOT a.is_primary AND a.is_primary IS NOT FALSE
;;
-- Where a value may be cast, a function may be called that the role does not list.
-- marketing/marketing: function-not-allowed
SELECT lower(spot) FROM sites
;;
-- marketing/marketing: function-not-allowed
SELECT spot::text FROM sites
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM sites WHERE spot = 'x'
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM sites WHERE spot
;;
-- marketing/marketing: function-not-allowed
SELECT lower(x.p) FROM (SELECT spot AS p FROM sites) x
;;
-- marketing/marketing: function-not-allowed
SELECT lower((SELECT spot FROM sites LIMIT 1))
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM sites WHERE spot IN (SELECT name FROM products)
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM products WHERE name IN (SELECT spot FROM sites)
;;
-- marketing/marketing: function-not-allowed
SELECT coalesce(spot, NULL) FROM sites
;;
-- marketing/marketing: function-not-allowed
SELECT to_json(s) FROM sites s
;;
-- marketing/marketing: function-not-allowed
SELECT lower(spots[1]) FROM sites
;;
-- marketing/marketing: function-not-allowed
SELECT spot FROM sites UNION ALL SELECT name FROM products
;;
-- builder/service: function-not-allowed
INSERT INTO policed (name) SELECT spot FROM sites
;;
-- builder/service: function-not-allowed
UPDATE policed p SET name = s.spot FROM sites s WHERE s.id = p.id
;;
-- builder/service: function-not-allowed
INSERT INTO sites (id, spot) SELECT id, name FROM products
;;
-- builder/service: function-not-allowed
INSERT INTO sites VALUES (1, 'a', 'b'::text)
;;
-- builder/service: function-not-allowed
UPDATE sites SET spot = 'x' || id
;;
-- builder/service: same
INSERT INTO sites (id, code) VALUES (1, 'a') ON CONFLICT DO NOTHING
;;
-- builder/service: same
UPDATE sites SET code = 'x' WHERE spot IS NULL
;;
-- maker/marketing: function-not-allowed
SELECT some_spot()
;;
-- caster/marketing: same
SELECT lower(spot), lower(some_spot()), spot::text FROM sites WHERE spot = 'x' OR code::text IN (SELECT spot FROM sites)
;;
-- marketing/marketing: same
SELECT s.spot, s.* FROM (SELECT * FROM sites UNION SELECT * FROM sites) s WHERE s.spot IS NOT NULL AND s.id = 1 ORDER BY s.spot
;;
-- What can be got out of a value, and made of it, may be cast too.
-- marketing/marketing: function-not-allowed
SELECT lower(span) + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT lower(span) = 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT abs(lower(span)) FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT sum(lower(span)) FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT upper(many[1])::int FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT lower(range_merge(spans)) + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT tone + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT abs(tone) FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT tones[1] + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT long + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT longs[1] + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT (held).m + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT (helds[1]).m + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT array_agg(echo) + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT ARRAY[echo] + 1 FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT x + 1 FROM (SELECT lower(span) AS x FROM moody) q
;;
-- marketing/marketing: function-not-allowed
SELECT u + 1 FROM moody, unnest(tones) u
;;
-- marketing/marketing: function-not-allowed
SELECT lower(u) + 1 FROM moody, unnest(spans) u
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM moody LIMIT (SELECT lower(span) FROM moody)
;;
-- marketing/marketing: function-not-allowed
SELECT (ARRAY[1, 2])[lower(span)] FROM moody
;;
-- marketing/marketing: function-not-allowed
SELECT tone + 1 FROM (SELECT tone FROM moody UNION SELECT tone FROM moody) q
;;
-- As it stands it may be shown.
-- marketing/marketing: same
SELECT span, spans, many, tone, tones, long, longs, held, helds, echo FROM moody WHERE tone IS NOT NULL ORDER BY span
;;
-- What is stored is cast.
-- builder/service: function-not-allowed
INSERT INTO moody (id, tone) SELECT 1, name FROM products
;;
-- builder/service: function-not-allowed
UPDATE moody SET tones[1] = 'low'::text
;;
-- builder/service: same
INSERT INTO moody (id, long, echo) VALUES (1, 'low', 'high')
;;
-- A row of a table is of a type of its own, wherever it goes.
-- marketing/marketing: function-not-allowed
SELECT p::text FROM papers p
;;
-- marketing/marketing: function-not-allowed
SELECT x.p::text FROM (SELECT p FROM papers p) x
;;
-- marketing/marketing: function-not-allowed
SELECT (SELECT p FROM papers p LIMIT 1)::text
;;
-- marketing/marketing: function-not-allowed
WITH c AS (SELECT p AS e FROM papers p) SELECT length(e) FROM c
;;
-- marketing/marketing: function-not-allowed
SELECT l.e LIKE 'x' FROM papers p, LATERAL (SELECT p AS e) l
;;
-- marketing/marketing: function-not-allowed
SELECT (ARRAY(SELECT papers FROM papers))[1]::text
;;
-- marketing/marketing: function-not-allowed
SELECT x.p::text FROM (SELECT jsonb_populate_record(e, '{"id": 2}') AS p FROM (SELECT p AS e FROM papers p) y) x
;;
-- builder/service: function-not-allowed
INSERT INTO paper_sink (v) SELECT p FROM papers p
;;
-- marketing/marketing: same
SELECT p.id, p.txt FROM papers p WHERE p.txt = 'x'
;;
-- Of a view, it is the view's.
-- marketing/marketing: same
SELECT x.k::text FROM (SELECT k FROM kept_papers k) x
;;
-- What is protected leaves as a query, whose rows are of no type.
-- marketing/marketing: changed
SELECT x.c::text FROM (SELECT c FROM customers c WHERE c.id = 1) x
;;
-- Of a view that has just been made, nobody knows the types.
-- builder/service: function-not-allowed
CREATE TEMP VIEW v AS SELECT * FROM moody
;;
-- builder/service: function-not-allowed
CREATE VIEW v AS SELECT tone AS t FROM moody; SELECT t + 1 FROM v
;;
-- builder/service: function-not-allowed
CREATE TEMP VIEW v AS SELECT spans FROM with_known
;;
-- builder/service: function-not-allowed
CREATE TEMP VIEW v AS SELECT p FROM papers p
;;
-- builder/service: function-not-allowed
ALTER TABLE moody ADD COLUMN z int; SELECT tone + 1 FROM moody
;;
-- builder/service: function-not-allowed
ALTER TABLE papers ADD COLUMN z int; SELECT x.s::text FROM (SELECT s FROM papers s) x
;;
-- builder/service: changed
CREATE TEMP VIEW v AS SELECT id FROM moody; SELECT id FROM v
;;
-- The row of a write's target, and what it runs into.
-- builder/service: function-not-allowed
UPDATE papers SET txt = papers WHERE id = 1 RETURNING txt
;;
-- builder/service: function-not-allowed
INSERT INTO papers VALUES (9, 'z') RETURNING papers::text
;;
-- builder/service: function-not-allowed
WITH d AS (DELETE FROM papers p WHERE id = 9 RETURNING p AS r) SELECT r::text FROM d
;;
-- builder/service: function-not-allowed
DELETE FROM papers WHERE length(papers) = 77
;;
-- builder/service: function-not-allowed
INSERT INTO papers AS p VALUES (9, 'z') ON CONFLICT (id) DO UPDATE SET txt = excluded
;;
-- builder/service: function-not-allowed
MERGE INTO papers p USING products q ON q.id = p.id WHEN MATCHED THEN UPDATE SET txt = p
;;
-- builder/service: function-not-allowed
ALTER TABLE papers ADD COLUMN z int; UPDATE papers SET txt = papers
;;
-- builder/service: same
UPDATE papers SET txt = 'x' WHERE id = 1 RETURNING id, txt
