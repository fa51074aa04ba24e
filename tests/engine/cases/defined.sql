-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW cheap AS SELECT id, full_name, email FROM customers; SELECT * FROM cheap
;;
-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW cheap AS SELECT * FROM products; SELECT * FROM cheap
;;
-- builder/service: definition-not-settled
CREATE VIEW fresh AS SELECT email FROM customers; SELECT * FROM fresh
;;
-- builder/service: definition-not-settled
CREATE VIEW fresh AS SELECT query FROM pg_stat_activity; SELECT * FROM public.fresh
;;
-- builder/service: changed | has SELECT * FROM "public".fresh
CREATE VIEW fresh AS SELECT name FROM products; SELECT * FROM fresh
;;
-- builder/service: definition-not-settled
CREATE VIEW fresh AS SELECT email FROM customers; CREATE VIEW fresher AS SELECT * FROM fresh
;;
-- builder/service: definition-not-settled
ALTER VIEW cheap RENAME TO dear; SELECT * FROM dear
;;
-- builder/service: definition-not-settled
ALTER VIEW cheap RENAME TO dear; SELECT * FROM cheap
;;
-- builder/service: definition-not-settled
DROP VIEW cheap; SELECT * FROM cheap
;;
-- builder/service: definition-not-settled
DROP VIEW cheap; CREATE TABLE cheap (a int); SELECT * FROM cheap
;;
-- builder/service: changed | has SELECT b FROM "public".fresh
CREATE TABLE fresh (a int); ALTER TABLE fresh ADD COLUMN b text; SELECT b FROM fresh
;;
-- builder/service: changed | has "public".fresher
CREATE TABLE fresh (a int); ALTER TABLE fresh RENAME TO fresher; SELECT a FROM fresher
;;
-- builder/service: definition-not-settled
CREATE TABLE fresh (a int); ALTER TABLE fresh RENAME TO fresher; SELECT a FROM fresh
;;
-- builder/service: changed | has FROM "public"."customers"
CREATE TABLE fresh (a int); DROP TABLE fresh CASCADE; SELECT * FROM contact_list
;;
-- builder/service: definition-not-settled
CREATE SCHEMA s; CREATE VIEW s.cheap AS SELECT * FROM customers; SELECT * FROM s.cheap
;;
-- A schema of this transaction is in the path like any other: names are made and found there first.
-- builder/service: changed | has INTO "s".customers | has DELETE FROM "s".customers | lacks consentry
SET search_path = s, public; CREATE SCHEMA s; CREATE TABLE customers (id int); INSERT INTO customers VALUES (1); DELETE FROM customers
;;
-- builder/service: changed | has SELECT * FROM "s".customers | lacks consentry
CREATE SCHEMA IF NOT EXISTS s; SET LOCAL search_path = s, public; CREATE TABLE customers (id int); SELECT * FROM customers
;;
-- builder/service: changed | has SELECT * FROM "s".orders | lacks consentry
CREATE SCHEMA s; SET search_path = s, public; CREATE TABLE orders AS SELECT 1 AS id; SELECT * FROM orders
;;
-- builder/service: definition-not-settled
SET search_path = s, public; CREATE SCHEMA s; CREATE VIEW cheap AS SELECT id FROM customers; SELECT * FROM cheap
;;
-- A schema that goes leaves the names to the next one of the path.
-- builder/service: definition-not-settled
SET search_path = s, public; CREATE SCHEMA s; DROP SCHEMA s; CREATE OR REPLACE VIEW cheap AS SELECT * FROM customers
;;
-- builder/service: changed | has VIEW "s".cheap
SET search_path = s, public; CREATE SCHEMA s; DROP SCHEMA s; CREATE SCHEMA s; CREATE VIEW cheap AS SELECT * FROM customers
;;
-- builder/service: definition-not-settled
DROP SCHEMA empty; SET search_path = empty, public; CREATE OR REPLACE VIEW cheap AS SELECT id, full_name FROM customers; SELECT * FROM public.cheap
;;
-- What is made without a schema is made where it was judged to be.
-- builder/service: changed | has VIEW "empty".cheap AS SELECT id, full_name FROM customers
SET search_path = empty, public; CREATE VIEW cheap AS SELECT id, full_name FROM customers
;;
-- builder/service: changed | has TABLE "public".fresh | has INTO "public".fresh2
SET search_path = public, pg_temp; CREATE TABLE fresh (id int); SELECT 1 AS a INTO fresh2
;;
-- builder/service: same
CREATE TABLE fresh (id int); SELECT 1 AS a INTO fresh2
;;
-- Where pg_temp is the first schema that is there, what is made is temporary.
-- builder/service: setting-value
SET search_path = pg_temp, public
;;
-- builder/service: setting-value
SET search_path = pg_temp
;;
-- builder/service: setting-value
SET search_path = public, pg_temp_3
;;
-- builder/service: setting-value
SET search_path = public, pg_toast_temp_3
;;
-- builder/service: setting-value
SELECT set_config('search_path', 'pg_temp, public', false)
;;
-- builder/service: same
SET search_path = public, pg_temp
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; CREATE VIEW mine AS SELECT email FROM public.customers
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; CREATE TABLE uuid (a json)
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; CREATE SEQUENCE uuid
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; SELECT '{}'::json AS a INTO date
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; CREATE TABLE mine () INHERITS (public.products)
;;
-- builder/service: not-understood
SET search_path = nowhere, pg_temp; CREATE MATERIALIZED VIEW mine AS SELECT id FROM public.products
;;
-- builder/service: changed | has VIEW "pg_temp".products AS | has SELECT id FROM "pg_temp".products
SET search_path = nowhere, pg_temp; CREATE VIEW products AS SELECT relname AS id FROM pg_class; SET search_path = public; SELECT id FROM products
;;
-- marketing/marketing: changed | has TABLE "pg_temp".mine
SET search_path = nowhere, pg_temp; CREATE TABLE mine (id int)
;;
-- bi/analytics: changed | has INTO "pg_temp".mine
SET search_path = nowhere, pg_temp; SELECT email INTO mine FROM public.customers
;;
-- builder/service: changed | has FROM "pg_temp".ticks
CREATE TEMP SEQUENCE ticks; SELECT last_value FROM ticks
;;
-- builder/service: not-understood
CREATE TEMP SEQUENCE uuid
;;
-- A table that is changed in this transaction is written as far as no foreign key makes that a change of protected rows.
-- builder/service: changed | has UPDATE "public".products
ALTER TABLE products ADD COLUMN fresh int; UPDATE products SET fresh = 1 WHERE id = -1
;;
-- builder/service: definition-not-settled
ALTER TABLE leagues ADD COLUMN fresh int; UPDATE leagues SET name = 'x' WHERE id = -1
;;
-- builder/service: definition-not-settled
ALTER TABLE leagues ADD COLUMN fresh int; DELETE FROM leagues WHERE id = -1
;;
-- builder/service: definition-not-settled
ALTER TABLE leagues ADD COLUMN fresh int; MERGE INTO leagues l USING (VALUES (1)) v (id) ON l.id = v.id WHEN MATCHED THEN DELETE
;;
-- builder/service: changed | has INSERT INTO "public".leagues
ALTER TABLE leagues ADD COLUMN fresh int; INSERT INTO leagues (id) VALUES (1)
;;
-- builder/service: definition-not-settled
ALTER TABLE leagues ADD COLUMN fresh int; UPDATE league_names SET called = 'x' WHERE number = -1
;;
-- builder/service: definition-not-settled
ALTER TABLE products ADD COLUMN fresh int; TRUNCATE products CASCADE
;;
-- builder/service: definition-protected
ALTER TABLE leagues ADD FOREIGN KEY (id) REFERENCES products (id) ON DELETE CASCADE
;;
-- builder/service: definition-protected
ALTER TABLE leagues ADD COLUMN product int REFERENCES products (id) ON UPDATE SET NULL
;;
-- builder/service: definition-protected
ALTER TABLE leagues ADD COLUMN a int; ALTER TABLE leagues ADD COLUMN product int REFERENCES products (id) ON UPDATE SET NULL
;;
-- builder/service: same
ALTER TABLE leagues ADD COLUMN product int REFERENCES products (id)
;;
-- builder/service: not-understood
CREATE TEMPORARY VIEW v AS SELECT query FROM pg_stat_activity
;;
-- builder/service: not-understood
CREATE TEMPORARY VIEW v AS SELECT email FROM customers
;;
-- builder/service: same
CREATE TEMPORARY VIEW v AS SELECT relname FROM pg_class
;;
-- builder/service: same
CREATE VIEW public.fresh AS SELECT email FROM public.customers; ALTER VIEW public.cheap RENAME TO cheap_backup; ALTER TABLE "public"."fresh" RENAME TO cheap
;;
-- builder/service: definition-not-settled
CREATE VIEW public.fresh AS SELECT email FROM public.customers; ALTER VIEW public.fresh RENAME TO fresher; SELECT * FROM public.fresher
;;
-- builder/service: definition-not-settled
CREATE VIEW public.fresh AS SELECT email FROM public.customers; ALTER VIEW public.fresh RENAME TO fresher; SELECT * FROM public.fresh
;;
-- builder/service: definition-not-settled
CREATE VIEW public.fresh AS SELECT email FROM public.customers; ALTER VIEW fresh RENAME TO fresher
;;
-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW public.cheap AS SELECT email FROM public.customers; ALTER VIEW public.cheap RENAME TO dear
;;
-- builder/service: definition-not-settled
CREATE VIEW public.fresh AS SELECT email FROM public.customers; ALTER VIEW public.fresh RENAME COLUMN email TO id
;;
-- builder/service: same
CREATE TABLE public.fresh (a int); SELECT public.fresh.a FROM public.fresh; UPDATE public.fresh SET a = 1 WHERE public.fresh.a = 2; DELETE FROM public.fresh WHERE public.fresh.a = 1
;;
-- builder/service: undefined-table
CREATE TABLE public.fresh (a int); SELECT public.fresh.a FROM public.fresh f
;;
-- builder/service: same | error 42703
CREATE TABLE public.fresh (a int); SELECT public.fresh.pg_sleep FROM public.fresh
;;
-- builder/service: changed | has FROM "public"."customers"
DROP VIEW IF EXISTS nowhere CASCADE; SELECT id FROM contact_list
;;
-- builder/service: changed | has FROM "public"."customers"
DROP INDEX IF EXISTS nowhere CASCADE; SELECT id FROM contact_list
;;
-- builder/service: changed | has FROM "public"."customers"
DROP VIEW IF EXISTS nowhere, cheap CASCADE; SELECT id FROM contact_list
;;
-- builder/service: definition-not-settled
DROP VIEW IF EXISTS nowhere, contact_list CASCADE; SELECT id FROM contact_outer
;;
-- builder/service: definition-not-settled
DROP TABLE loose CASCADE; SELECT * FROM loose_labels
;;
-- builder/service: definition-not-settled
DROP SCHEMA empty CASCADE; SELECT id FROM contact_list
;;
-- builder/service: definition-not-settled
CREATE VIEW public.fresh AS SELECT email FROM public.customers; DROP VIEW IF EXISTS public.fresh CASCADE
;;
-- builder/service: changed | has FROM "public"."customers"
CREATE TABLE fresh (a int); DROP TABLE IF EXISTS nowhere, fresh CASCADE; SELECT id FROM contact_list
;;
-- builder/service: definition-not-settled
DROP VIEW public.contact_list CASCADE; SELECT id FROM public.contact_outer
;;
-- builder/service: changed | has FROM "public"."customers"
DROP SCHEMA empty CASCADE; SELECT id FROM public.contact_list
;;
-- builder/service: definition-not-settled
DROP VIEW public.contact_list CASCADE; SELECT id FROM contact_outer
;;
-- builder/service: definition-not-settled
DROP VIEW public.cheap CASCADE; SELECT * FROM public.cheap
;;
-- builder/service: definition-not-settled
CREATE OR REPLACE VIEW public.contact_outer AS SELECT id, full_name FROM public.customers; DROP VIEW public.contact_list CASCADE; SELECT id FROM public.contact_outer
;;
-- builder/service: same
DROP VIEW public.cheap CASCADE; CREATE VIEW public.fresh AS SELECT email FROM public.customers; ALTER VIEW public.contact_outer RENAME TO backup; ALTER VIEW public.fresh RENAME TO contact_outer
;;
-- builder/service: definition-not-settled
DROP VIEW public.contact_list CASCADE; ALTER VIEW public.contact_outer RENAME TO backup; SELECT * FROM public.backup
;;
-- builder/service: definition-not-settled
DROP VIEW public.contact_list CASCADE; CREATE TABLE public.contact_outer (email text); SELECT * FROM public.contact_outer
