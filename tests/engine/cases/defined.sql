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
-- builder/service: definition-not-settled
CREATE TABLE fresh (a int); DROP TABLE fresh CASCADE; SELECT * FROM contact_list
;;
-- builder/service: definition-not-settled
CREATE SCHEMA s; CREATE VIEW s.cheap AS SELECT * FROM customers
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
-- builder/service: function-not-allowed
CREATE TABLE public.fresh (a int); SELECT public.fresh.pg_sleep FROM public.fresh
