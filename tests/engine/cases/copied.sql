-- marketing/marketing: same
CREATE TEMP TABLE t (LIKE public.filled)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (LIKE filled INCLUDING DEFAULTS)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (LIKE filled INCLUDING ALL)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (id int, LIKE filled INCLUDING COMMENTS INCLUDING GENERATED)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (LIKE filled INCLUDING CONSTRAINTS)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (LIKE filled INCLUDING INDEXES)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (LIKE filled INCLUDING STATISTICS)
;;
-- marketing/marketing: same
CREATE TEMP TABLE t (LIKE public.filled INCLUDING ALL EXCLUDING DEFAULTS EXCLUDING GENERATED EXCLUDING CONSTRAINTS EXCLUDING INDEXES EXCLUDING STATISTICS)
;;
-- marketing/marketing: table-not-listed
CREATE TEMP TABLE t (LIKE public.drawn INCLUDING DEFAULTS)
;;
-- marketing/marketing: same
CREATE TEMP TABLE t (LIKE public.drawn INCLUDING ALL EXCLUDING DEFAULTS)
;;
-- marketing/marketing: same
CREATE TEMP TABLE t (LIKE public.customers INCLUDING ALL)
;;
-- marketing/marketing: same
CREATE TEMP TABLE t (LIKE public.products INCLUDING ALL)
;;
-- marketing/marketing: function-not-allowed
CREATE TEMP TABLE t (LIKE public.with_known)
;;
-- builder/service: function-not-allowed
CREATE TABLE public.more (LIKE public.filled INCLUDING DEFAULTS)
;;
-- builder/service: function-not-allowed
CREATE TABLE public.more (z int) INHERITS (public.filled)
;;
-- builder/service: function-not-allowed
BEGIN; ALTER TABLE public.filled ADD COLUMN z int; CREATE TABLE public.more (LIKE public.filled INCLUDING DEFAULTS); COMMIT
;;
-- builder/service: same
CREATE TABLE public.more (LIKE public.products INCLUDING ALL)
;;
-- trusting/service: same
CREATE TEMP TABLE t (LIKE public.filled INCLUDING ALL)
;;
-- What a table's own definition runs, in rows that come.
-- mover/marketing: function-not-allowed
INSERT INTO reports (n) VALUES (1) RETURNING report
;;
-- mover/marketing: function-not-allowed
INSERT INTO all_reports VALUES (1)
;;
-- mover/marketing: function-not-allowed
UPDATE reports SET report = DEFAULT RETURNING report
;;
-- mover/marketing: function-not-allowed
UPDATE checked SET report = '/etc/passwd'
;;
-- crm_app/service: function-not-allowed
COPY reports (n) FROM STDIN
;;
-- mover/marketing: function-not-allowed
MERGE INTO checked USING products p ON p.id = n WHEN NOT MATCHED THEN INSERT VALUES (p.id, p.name)
;;
-- mover/marketing: same
DELETE FROM reports WHERE n = 1; SELECT n, report FROM reports
;;
-- dba/-: same
INSERT INTO reports (n) VALUES (1)
;;
-- mover/marketing: same
INSERT INTO filled (n) VALUES (5)
