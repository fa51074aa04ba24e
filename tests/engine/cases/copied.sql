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
