-- Whoever may record choices writes a consent table that no [table] lists: any row, found by what the policy maps.
-- recorder/marketing: changed | has AS "consentry_w" SET status = 'withdrawn' | about patron:1 | touches public.patron_choices.status written | touches public.patron_choices.patron compared
UPDATE patron_choices SET status = 'withdrawn', withdrawn_at = now() WHERE patron = 1 AND purpose = 'marketing'
;;
-- recorder/marketing: changed | has RETURNING ("consentry_w"."patron") | lacks CASE
WITH x AS (SELECT 1) UPDATE patron_choices SET ip = NULL WHERE patron = 1 RETURNING patron
;;
-- recorder/marketing: changed | about patron:2
DELETE FROM patron_choices c WHERE c.patron = 2 AND c.form = 'web' RETURNING c.patron, c.status
;;
-- recorder/marketing: changed
INSERT INTO patron_choices (id, patron, purpose, status, ip) VALUES (1, 1, 'marketing', 'granted', '::1') RETURNING *
;;
-- recorder/marketing: changed
INSERT INTO patron_choices AS c (id, patron, purpose, status) VALUES (1, 1, 'marketing', 'granted') ON CONFLICT (patron, purpose) DO UPDATE SET status = excluded.status, withdrawn_at = NULL WHERE c.status <> excluded.status
;;
-- recorder/marketing: changed
MERGE INTO patron_choices c USING (VALUES (1, 'granted')) v (patron, status) ON c.patron = v.patron AND c.purpose = 'marketing' WHEN MATCHED THEN UPDATE SET status = v.status
;;
-- By what it does not map no row is found.
-- recorder/marketing: not-understood
INSERT INTO patron_choices (id, patron, purpose, status) VALUES (1, 1, 'marketing', 'granted') ON CONFLICT (id) DO UPDATE SET status = excluded.status RETURNING patron
;;
-- What it does not map, reads as null.
-- recorder/marketing: changed | has RETURNING (SELECT NULL::pg_catalog.inet AS "ip") | lacks "consentry_w"."ip"
UPDATE patron_choices SET status = 'withdrawn' WHERE ip IS NULL RETURNING ip
;;
-- recorder/marketing: not-understood
UPDATE patron_choices SET ip = ip WHERE patron = 1
;;
-- Others neither write nor read it, and nobody reads it beside a write of his own to it.
-- crm_app/marketing: changed
SELECT 1 FROM patrons
;;
-- mover/marketing: right-missing
UPDATE patron_choices SET status = 'withdrawn' WHERE patron = 1
;;
-- officer/service: table-not-listed
SELECT status FROM patron_choices
;;
-- officer/service: table-not-listed
SELECT status FROM patrons_chose
;;
-- officer/service: table-not-listed
UPDATE patron_choices SET status = (SELECT max(o.status) FROM patron_choices o) WHERE patron = 1
;;
-- officer/service: table-not-listed
UPDATE patron_choices c SET status = o.status FROM patron_choices o WHERE c.patron = 1
;;
-- officer/service: table-not-listed
UPDATE patrons SET name = c.status FROM patron_choices c WHERE c.patron = patrons.id
;;
-- officer/service: table-not-listed
INSERT INTO patron_choices (id, patron) SELECT id + 1, patron FROM patron_choices
;;
-- officer/service: table-not-listed
COPY patron_choices TO STDOUT
;;
-- What it tells, is no data for others' tables.
-- officer/service: right-missing
WITH c AS (UPDATE patron_choices SET form = 'x' WHERE patron = 1 RETURNING status) INSERT INTO newsletters (id, title, sent_on) SELECT 1, status, '2026-01-01' FROM c
;;
-- officer/service: right-missing
UPDATE patron_choices SET form = c.full_name FROM customers c WHERE c.id = 1 AND patron = 1
;;
-- A person's rows that go take choices along.
-- mover/marketing: right-missing
DELETE FROM patrons WHERE id = 1
;;
-- A listed one is written under any purpose; what that does not show is masked.
-- officer/legal: changed | has RETURNING (SELECT NULL::public.consent_status AS "status")
UPDATE consents SET status = 'withdrawn' WHERE subject_id = 7 RETURNING status
;;
-- officer/legal: changed
DELETE FROM consents WHERE subject_id = 7
;;
-- officer/legal: table-out-of-reach
SELECT status FROM consents
;;
-- An open table through which a protected one is read.
-- crm_app/service: reads-protected-child
SELECT id FROM baggy
;;
-- crm_app/service: same
SELECT id FROM ONLY baggy
