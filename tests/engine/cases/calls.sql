-- A procedure is found by what it gives, too: PostgreSQL's own does not hide it.
-- builder/service: function-not-allowed
CALL version(NULL)
;;
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
-- It takes no row, and PostgreSQL finds none that does.
-- marketing/marketing: same | error 42703
SELECT p.peek FROM products p
;;
-- There is one of the customers' rows.
-- marketing/marketing: changed | has pg_catalog.initcap(name)
SELECT initcap(name) FROM products
;;
-- marketing/marketing: function-not-allowed
SELECT initcap(c) FROM customers c
;;
-- marketing/marketing: changed | has pg_catalog.initcap((SELECT name))
SELECT initcap((SELECT name)) FROM products
;;
-- marketing/marketing: function-not-allowed
SELECT initcap((SELECT c)) FROM customers c
;;
-- marketing/marketing: function-not-allowed
SELECT initcap((SELECT c FROM customers c LIMIT 1)) FROM products
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

;;
-- marketing/marketing: function-not-allowed
SELECT set_config('standard_conforming_strings.x'::varchar(27), 'off', false)
;;
-- marketing/marketing: function-not-allowed
SELECT set_config('standard_conforming_strings    '::character(31), 'off', false)
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(CAST('standard_conforming_strings_and_what_more_than_a_name_can_hold_.x' AS name), 'off', false)
;;
-- marketing/marketing: function-not-allowed
SELECT set_config('standard_conforming_strings'::text, 'off'::varchar(3), false)
;;
-- marketing/marketing: setting-value
SELECT set_config('standard_conforming_strings'::text, 'off', false)
;;
-- marketing/marketing: function-not-allowed
SELECT set_config('jit', 'off', 'false'::varchar(1)::bool)
;;
-- marketing/marketing: function-not-allowed
SELECT set_config($1::varchar(27), 'off', false)
;;
-- marketing/marketing: same | error 42P02
SELECT set_config($1, $2, $3), set_config('search_path'::pg_catalog.text, $4::text, $5::bool)
;;
-- marketing/marketing: same
SELECT current_setting('jit'), set_config('jit'::text, 'off', false)
;;
-- marketing/marketing: function-not-allowed
SELECT id FROM products WHERE set_config('jit', 'off', false) <> ''
;;
-- marketing/marketing: function-not-allowed
SELECT set_config('jit', 'off', false) OVER ()
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(setting_name => 'jit', new_value => 'off', is_local => false), 1
;;
-- marketing/marketing: function-not-allowed
SELECT set_config('jit', 'off', VARIADIC ARRAY[false])
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IS DISTINCT FROM 'jit'
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = ANY ('jit')
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit.x'::varchar(3)
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings WHERE NOT name = 'jit'
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings AS s (x, name) WHERE name = 'jit'
;;
-- marketing/marketing: function-not-allowed
WITH pg_settings AS (SELECT 'search_path' AS name) SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit'
;;
-- marketing/marketing: undefined-table
SELECT set_config(name, 'off', false) FROM reporting.pg_settings WHERE name = 'jit'
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit' GROUP BY name
;;
-- marketing/marketing: function-not-allowed
SELECT set_config(name, 'off', false) FROM pg_settings WHERE 'jit' = name
;;
-- marketing/marketing: function-not-allowed
SELECT nextval('customers_id_seq_x'::varchar(16)::regclass)
;;
-- marketing/marketing: function-not-allowed
SELECT currval('customers_id_seq'::text::varchar::regclass)
;;
-- All functions of a schema are trusted, and what operators, casts and checks call by other names.
-- trusting/service: same
SELECT peek(1)
;;
-- trusting/service: same | error 23514
SELECT 'a@b.example'::known_email
;;
-- support/service: function-not-allowed
SELECT peek(1)
;;
-- marketing/marketing: changed | has age(CURRENT_DATE, '3'::xid) | error 42883
SELECT age('3'::xid)
;;
-- marketing/marketing: changed | has age(CURRENT_DATE, xmin) | error 42883
SELECT age(xmin) FROM pg_class
;;
-- marketing/marketing: changed | error 42883
SELECT age(((CASE WHEN true THEN xmin END))) FROM products
;;
-- marketing/marketing: function-not-allowed
SELECT ('3'::xid).age
;;
-- marketing/marketing: function-not-allowed
SELECT mxid_age('3')
;;
-- marketing/marketing: same
SELECT age(birth_date::timestamp) FROM (SELECT '2001-01-01'::date AS birth_date) d
;;
-- marketing/marketing: same
SELECT age('2001-01-01'::date), age(now(), '2001-01-01')
;;
-- marketing/marketing: same
SELECT age(now() - interval '1 day')
;;
-- support/service: changed | lacks CURRENT_DATE
SELECT age(birth_date), age(c.created_at) FROM customers c
;;
-- marketing/marketing: same
SELECT x FROM (SELECT pg_catalog.age(date_trunc('day', now())) AS x) s
;;
-- dba/-: same
SELECT age('3'::xid)
;;
-- What a reference misses, PostgreSQL says of a statement that touches nothing protected; what it calls is judged all the same.
-- marketing/marketing: same | error 42P01
SELECT nope.id FROM products
;;
-- marketing/marketing: same | error 42P01
SELECT f1, g FROM products a, (SELECT a.name AS g) ss(g)
;;
-- marketing/marketing: undefined-table
SELECT nope.id FROM customers
;;
-- marketing/marketing: undefined-table
SELECT nope.email FROM products WHERE EXISTS (SELECT 1 FROM customers)
;;
-- marketing/marketing: function-not-allowed
SELECT nope.peek FROM products
