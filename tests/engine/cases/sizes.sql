-- marketing/marketing: changed | has pg_total_relation_size((NULL::pg_catalog.regclass))
SELECT pg_total_relation_size('customers')
;;
-- marketing/marketing: changed | has pg_size_pretty(pg_catalog.pg_table_size((NULL::pg_catalog.regclass)))
SELECT relname, pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) FROM pg_class c WHERE relkind = 'r'
;;
-- marketing/marketing: changed | has pg_relation_size((NULL::pg_catalog.regclass), 'main')
SELECT pg_relation_size(concat('customers', '') :: regclass, 'main') AS size
;;
-- marketing/marketing: changed | has pg_database_size((NULL::pg_catalog.oid))
SELECT sum(pg_database_size(datname)) FROM pg_database
;;
-- marketing/marketing: changed | lacks (c.oid
SELECT (SELECT pg_indexes_size((array[c.oid])[1]) FROM pg_class c LIMIT 1)
;;
-- marketing/marketing: changed | error 42703
SELECT c.pg_table_size FROM pg_class c
;;
-- marketing/marketing: table-out-of-reach
SELECT pg_relation_size('customers', (SELECT name FROM employees LIMIT 1))
;;
-- marketing/marketing: changed | has pg_stat_get_numscans((NULL::pg_catalog.oid))
SELECT i.*, pg_catalog.pg_relation_size(i.indexrelid) AS index_rel_size, pg_catalog.pg_stat_get_numscans(i.indexrelid) AS index_num_scans FROM pg_catalog.pg_index i
;;
-- marketing/marketing: changed | lacks (c.oid
SELECT relname, pg_stat_get_live_tuples(c.oid), pg_stat_get_dead_tuples(c.oid) + pg_stat_get_last_vacuum_time(c.oid)::text::int FROM pg_class c
;;
-- marketing/marketing: changed | error 42703
SELECT c.pg_stat_get_live_tuples FROM pg_class c
;;
-- marketing/marketing: function-not-allowed
SELECT pg_stat_get_live_tuples(c.oid) OVER () FROM pg_class c
;;
-- marketing/marketing: function-not-allowed
SELECT pg_stat_get_db_tuples_returned(oid) FROM pg_database
;;
-- Partial indexes serve where it is said that there is a channel or none.
-- mover/marketing: changed | has "channel" IS NULL OR
SELECT words FROM guest_notes WHERE guest = 5
;;
