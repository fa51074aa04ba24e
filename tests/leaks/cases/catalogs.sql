--! pg_stats
--: ana | answered | stored
SELECT tablename, attname, most_common_vals::text, histogram_bounds::text, null_frac, n_distinct, correlation FROM pg_stats WHERE tablename IN ('customers', 'orders') ORDER BY 1, 2
;;
--! pg_stats
--: ana | answered | stored
SELECT s::text FROM pg_stats s WHERE tablename = 'customers' AND s::text LIKE '%@%'
;;
--! pg_stats
--: ana | answered | stored
SELECT * FROM pg_catalog.pg_stats WHERE schemaname <> 'pg_catalog' ORDER BY schemaname, tablename, attname, inherited
;;
--! pg_statistic, pg_statistic_ext_data
--: ana | 42501, 42501 | superuser
SELECT stavalues1::text, stavalues2::text, stavalues3::text FROM pg_statistic

SELECT stxdmcv::text FROM pg_statistic_ext_data
;;
--! pg_stats_ext(_exprs)
--: ana | answered | superuser
SELECT most_common_vals FROM pg_stats_ext

SELECT most_common_vals::text FROM pg_stats_ext_exprs
;;
--! pg_class.reltuples, pg_stat_*_tables n_live_tup, pg_relation_size
--: ana | answered | stored twins
SELECT relname, reltuples, relpages, relallvisible FROM pg_class WHERE relname = 'customers'
;;
--! pg_class.reltuples, pg_stat_*_tables n_live_tup, pg_relation_size
--: ana | answered | stored twins
SELECT relname, n_live_tup, n_dead_tup, seq_scan FROM pg_stat_user_tables WHERE relname IN ('customers', 'orders') ORDER BY 1

SELECT pg_relation_size('customers'), pg_total_relation_size('orders'), pg_table_size('visits_south'), pg_indexes_size('customers')
;;
--! pg_class.reltuples, pg_stat_*_tables n_live_tup, pg_relation_size
--: ana | answered | stored twins
SELECT relname, pg_stat_get_live_tuples(oid), pg_stat_get_tuples_inserted(oid), pg_stat_get_numscans(oid), pg_stat_get_last_analyze_time(oid) FROM pg_class WHERE relname IN ('customers', 'orders') ORDER BY 1

SELECT sum(n) FROM pg_class c, LATERAL pg_stat_get_live_tuples(c.oid) AS n WHERE relname = 'customers'
;;
--! pg_class.reltuples, pg_stat_*_tables n_live_tup, pg_relation_size
--: ana | answered | stored twins
SELECT pg_size_pretty(pg_relation_size(oid)) FROM pg_class WHERE relname = 'customers'

SELECT (c).reltuples FROM (SELECT c FROM pg_class c WHERE relname = 'customers') x
;;
--! pg_get_viewdef/functiondef/expr/constraintdef/indexdef/ruledef/triggerdef, pg_views, pg_policies, information_schema.*_definition
--: ana | answered | nothing
-- Definitions are open, as psql's \d needs them: literals in them are the DBA's words, and `check` can show them. Accepted.
SELECT count(pg_get_viewdef(oid)) > 0 FROM pg_class WHERE relkind = 'v' AND relname = 'people'

SELECT count(definition) > 0 FROM pg_views WHERE viewname = 'people'
;;
--! toast
--: ana | 42P01 | nothing
-- What it is named after is not told: it does not exist. The proxy's role has no right there either.
SELECT * FROM pg_toast.pg_toast_1262
;;
--! pg_largeobject, lo_get
--: ana | 42501, 42501, 42501, 42501 | stored
SELECT convert_from(lo_get(424242), 'UTF8')

SELECT loread(lo_open(424242, 262144), 100)

SELECT lo_export(424242, '/tmp/x')

SELECT data FROM pg_largeobject
;;
--! pg_locks / advisory locks
--: ana | answered, 42501 | nothing
-- Advisory locks are open: migrators (Rails, sqlx, Kysely) take them, and a key of one's own would be no lock between them.
-- Sessions that mean to talk could as well write to an open table. pg_locks tells what others lock, and under SERIALIZABLE
-- which stored rows were looked at.
SELECT pg_try_advisory_lock(77), pg_advisory_unlock(77)

SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock'
;;
--! pg_export_snapshot / SET TRANSACTION SNAPSHOT
--: ana | 42501, 25P02 | nothing
-- That session B would see consent as before a withdrawal needs two sessions: tests/proxy. Here: neither half is to be had.
BEGIN ISOLATION LEVEL REPEATABLE READ

SELECT pg_export_snapshot()

SET TRANSACTION SNAPSHOT '00000003-0000001B-1'

ROLLBACK
;;
--! pg_export_snapshot / SET TRANSACTION SNAPSHOT
--: ana | 42501 | nothing
BEGIN ISOLATION LEVEL REPEATABLE READ

SET TRANSACTION SNAPSHOT '00000003-0000001B-1'

ROLLBACK
;;
--! txid_current, xmin, ctid, tableoid
--: ana | 42703, 42703, 42703, 42703, 42703 | stored twins
SELECT count(DISTINCT ctid) FROM customers

SELECT max(ctid) FROM orders

SELECT tableoid::regclass FROM visits

SELECT xmin::text, cmin FROM customers

SELECT id FROM customers WHERE ctid = '(0,3)'
;;
--! sequences
--: ana | 42501, 42501, 42501 | stored twins
SELECT last_value FROM order_numbers

SELECT nextval('order_numbers')

SELECT setval('order_numbers', 1)
;;
--! sequences
--: ana | answered | stored twins
SELECT sequencename, last_value FROM pg_sequences WHERE sequencename = 'order_numbers'
;;
--! pg_class.reltuples, pg_stat_*_tables n_live_tup, pg_relation_size
--: ana | answered | superuser twins
-- VERBOSE counts rows. The proxy's role owns no table here, and is told so in a warning that goes too.
VACUUM (VERBOSE) customers

ANALYZE VERBOSE customers
