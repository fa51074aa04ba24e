-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW contact_list AS SELECT id, full_name, email FROM customers WHERE country = 'PT'; UPDATE contact_outer SET full_name = 'x'
;;
-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW contact_list AS SELECT id, full_name, email FROM customers WHERE country = 'PT'; DELETE FROM contact_outer WHERE id = -1
;;
-- builder/service: definition-not-settled
ALTER VIEW contact_list ALTER COLUMN full_name SET DEFAULT 'x'; INSERT INTO contact_outer (id) VALUES (-1)
;;
-- builder/service: changed | has = 'ES'
UPDATE contact_outer SET full_name = 'x' WHERE id = -1
;;
-- builder/service: changed | lacks pg_temp | has NULL::
CREATE TEMP TABLE pg_stat_activity (pid int, query text); SELECT query FROM activity
;;
-- builder/service: system-relation
CREATE TEMP TABLE pg_settings (name text, setting text); UPDATE settings SET setting = 'x' WHERE name = 'search_path'
;;
-- builder/service: system-relation
UPDATE settings SET setting = 'x' WHERE name = 'search_path'
;;
-- Nothing is written through a temporary view: nobody's rights are asked for it.
-- builder/service: same
CREATE TEMP VIEW mine AS SELECT name, setting FROM pg_settings
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT name, setting FROM pg_settings; UPDATE mine SET setting = 'x' WHERE name = 'search_path'
;;
-- builder/service: same
CREATE TEMP VIEW mine AS SELECT relname FROM pg_class
;;
-- marketing/marketing: same
CREATE TEMP VIEW mine AS SELECT * FROM products
;;
-- marketing/marketing: same
CREATE VIEW pg_temp.mine AS SELECT * FROM products ORDER BY id
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM leagues; UPDATE mine SET name = 'x' WHERE id = -1
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM products; INSERT INTO mine (id) VALUES (1)
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM products; DELETE FROM mine
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM products; MERGE INTO mine USING (VALUES (1)) v (id) ON mine.id = v.id WHEN MATCHED THEN DELETE
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM products; COPY mine FROM STDIN
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM products; CREATE OR REPLACE TEMP VIEW mine AS SELECT * FROM products; DELETE FROM mine
;;
-- marketing/marketing: same
CREATE TEMP VIEW mine AS SELECT p.id, q.name FROM products p JOIN products q ON p.id = q.id
;;
-- marketing/marketing: same
CREATE TEMP VIEW mine AS SELECT count(*) FROM products GROUP BY name
;;
-- builder/service: same
CREATE TEMP VIEW mine AS SELECT * FROM products
;;
-- builder/service: same
CREATE TEMP VIEW mine AS SELECT * FROM ruled
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM ruled; INSERT INTO mine (id) VALUES (1)
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT * FROM cheap
;;
-- builder/service: not-understood
CREATE TEMP VIEW mine AS SELECT id FROM products WHERE id IN (SELECT id FROM cheap)
;;
-- builder/service: not-understood
CREATE VIEW fresh AS SELECT name FROM products; CREATE TEMP VIEW mine AS SELECT * FROM fresh OFFSET 0
;;
-- Nor through one that the snapshot does not show: what its table's foreign keys change would be nobody's to judge.
-- builder/service: not-understood
CREATE VIEW fresh AS SELECT * FROM ruled; INSERT INTO fresh (id) VALUES (1)
;;
-- builder/service: not-understood
CREATE VIEW fresh AS SELECT id, name FROM products; UPDATE fresh SET name = 'x' WHERE id = -1
;;
-- builder/service: not-understood
CREATE VIEW fresh AS SELECT id, name FROM products; ALTER VIEW fresh RENAME TO fresher; UPDATE fresher SET name = 'x' WHERE id = -1
;;
-- The view that a new one reads may be replaced, and PostgreSQL would read the new one through it.
-- builder/service: definition-not-settled
CREATE VIEW fresh AS SELECT * FROM cheap; SELECT * FROM fresh
;;
-- builder/service: definition-not-settled
CREATE VIEW fresh AS SELECT id FROM products WHERE EXISTS (SELECT FROM cheap); SELECT * FROM fresh
;;
-- A materialized view may read others. What fills it anew reads them as they are by then, and where it is open, they must
-- be; what it reads itself, whoever opened it knew.
-- builder/service: same
CREATE MATERIALIZED VIEW stored AS SELECT * FROM cheap
;;
-- builder/service: same
REFRESH MATERIALIZED VIEW cheap_ones
;;
-- builder/service: not-understood
REFRESH MATERIALIZED VIEW public.contacts_filled
;;
-- builder/service: not-understood
REFRESH MATERIALIZED VIEW public.contacts_filled WITH NO DATA
;;
-- builder/service: same
REFRESH MATERIALIZED VIEW public.emails_filled
;;
-- Statistics and sizes, which are null to a session, would be stored.
-- builder/service: not-understood
REFRESH MATERIALIZED VIEW rows_filled
;;
-- builder/service: not-understood
REFRESH MATERIALIZED VIEW sizes_filled
;;
-- builder/service: changed | has pg_relation_size((NULL::pg_catalog.regclass))
SELECT bytes FROM told_of_sizes
;;
-- builder/service: changed | has pg_relation_size((NULL::pg_catalog.regclass))
SELECT p.id, t.bytes FROM products p, told_of_told t
;;
-- It is not open itself.
-- builder/service: same
REFRESH MATERIALIZED VIEW frozen
;;
-- A view below has been replaced, in this transaction.
-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW cheap AS SELECT id, name, price FROM products; REFRESH MATERIALIZED VIEW public.cheap_ones
;;
-- builder/service: definition-not-settled
CREATE MATERIALIZED VIEW stored AS SELECT * FROM cheap; REFRESH MATERIALIZED VIEW stored
;;
-- builder/service: same
CREATE MATERIALIZED VIEW stored AS SELECT name FROM products
;;
-- builder/service: definition-not-settled
ALTER TABLE ruled ADD COLUMN z int; INSERT INTO ruled (id) VALUES (1)
;;
-- builder/service: definition-not-settled
ALTER TABLE ruled RENAME TO rules; INSERT INTO rules (id) VALUES (1)
;;
-- builder/service: changed
ALTER TABLE products ADD COLUMN z int; UPDATE products SET name = 'x' WHERE id = -1
;;
-- PostgreSQL's own it was, and is.
-- builder/service: changed | has pg_catalog.format(
SELECT words FROM greetings
;;
-- builder/service: changed | has THEN ((pg_catalog.format('Dear %s' | has ("consentry_w"."id" OPERATOR(pg_catalog.=) (SELECT 7))
UPDATE greeted SET full_name = 'x' WHERE id = 7 AND id < 0
;;
-- builder/service: same
SELECT words FROM labels
;;
-- builder/service: changed
SELECT c.full_name, l.words FROM customers c, labels l WHERE l.id = c.id
;;
-- crm_app/service: not-understood
SELECT * FROM costly
;;
-- crm_app/service: not-understood
SELECT * FROM costly_too
;;
-- crm_app/service: not-understood
UPDATE costly SET full_name = 'x'
;;
-- crm_app/service: same
SELECT * FROM costly_things
;;
-- crm_app/service: changed
SELECT * FROM costly_sum
;;
-- crm_app/service: changed
SELECT * FROM searched
;;
-- crm_app/service: not-understood
SET search_path = public, pg_catalog; SELECT * FROM searched
;;
-- crm_app/service: changed
SET search_path = pg_catalog, public; SELECT * FROM searched
;;
