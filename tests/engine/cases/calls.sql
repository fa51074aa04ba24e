-- marketing/marketing: function-not-allowed
SELECT pg_sleep(1)
;;
-- marketing/marketing: function-not-allowed
SELECT query_to_xml('select 1', true, true, '')
;;
-- marketing/marketing: function-not-allowed
SELECT peek(1)
;;
-- marketing/marketing: function-not-allowed
SELECT public.peek(1) FROM products
;;
-- marketing/marketing: function-not-allowed
SELECT (c).initcap FROM customers c
;;
-- marketing/marketing: function-not-allowed
SELECT p.peek FROM products p
;;
-- marketing/marketing: function-not-allowed
SELECT initcap(name) FROM products
;;
-- marketing/marketing: same
SELECT pg_catalog.initcap(name) FROM products
;;
-- marketing/marketing: undefined-function
SELECT no_such(1)
;;
-- marketing/marketing: undefined-function
SELECT 1 <@@@> 2
;;
-- marketing/marketing: function-not-allowed
SELECT set_config('search_path', 'x', false) FROM products
;;
-- marketing/marketing: same
SELECT set_config('search_path', '', false)
;;
-- marketing/marketing: setting-value
SELECT set_config('session_replication_role', 'replica', false)
;;
-- marketing/marketing: system-relation
SELECT * FROM pg_statistic
;;
-- marketing/marketing: changed | has NULL::
SELECT pid, query FROM pg_stat_activity
;;
-- marketing/marketing: same
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
;;
-- marketing/marketing: same
SELECT table_name FROM information_schema.tables
;;
-- marketing/marketing: not-understood
DO $$ BEGIN END $$
;;
-- marketing/marketing: not-understood
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
;;
-- marketing/marketing: same
SELECT current_setting('jit'), set_config('jit', 'off', false)
;;
-- marketing/marketing: same
SELECT set_config('bytea_output', 'hex', false) FROM pg_settings WHERE name = 'bytea_output'
;;
-- dba/-: reason-required
SELECT pg_catalog.set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'
;;
-- marketing/marketing: same
SELECT pg_catalog.set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'search_path'
;;
-- marketing/marketing: function-not-allowed
SELECT (SELECT set_config(name, 'x', false) FROM (SELECT 'search_path' AS name) q) FROM pg_settings WHERE name = 'jit'
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM products WHERE set_config('search_path', name, false) <> ''
