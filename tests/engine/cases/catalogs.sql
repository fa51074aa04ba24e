-- marketing/marketing: changed | has "consentry_t".tableoid AS tableoid
SELECT c.tableoid, c.oid, c.relname, c.relpages FROM pg_catalog.pg_class c
;;
-- marketing/marketing: same
SELECT tableoid, xmin, relname FROM pg_class ORDER BY tableoid
;;
-- marketing/marketing: changed
SELECT tableoid, xmin, reltuples FROM pg_class ORDER BY tableoid
;;
-- marketing/marketing: changed
SELECT ft.ftrelid, c.reltuples FROM pg_foreign_table ft JOIN pg_class c ON c.oid = ft.ftrelid LEFT JOIN pg_description d ON d.classoid = c.tableoid AND d.objoid = c.oid
;;
-- marketing/marketing: same | alone
SELECT (SELECT max(c.relname) FROM pg_class c WHERE c.tableoid = p.tableoid AND p.oid = 1) FROM pg_class p
;;
-- marketing/marketing: system-column
SELECT *, tableoid FROM pg_class
;;
-- marketing/marketing: system-column
SELECT c, c.tableoid FROM pg_class c
;;
-- marketing/marketing: system-column | alone
SELECT c.relname FROM pg_class c NATURAL JOIN pg_class d WHERE c.tableoid = d.tableoid
;;
-- marketing/marketing: system-column
SELECT j.relname FROM (pg_class c JOIN pg_namespace n ON n.oid = c.tableoid) AS j
;;
-- marketing/marketing: system-column
SELECT xmin FROM pg_stats
;;
-- marketing/marketing: system-column
SELECT c.tableoid FROM customers c
;;
-- marketing/marketing: same | error 42703
SELECT tableoid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
;;
-- marketing/marketing: same
SELECT (information_schema._pg_expandarray(i.indkey)).n FROM pg_catalog.pg_index i
;;
-- marketing/marketing: undefined-function
SELECT information_schema._pg_other(1)

;;
-- marketing/marketing: changed | has NULL::
SELECT attname, attmissingval FROM pg_attribute WHERE atthasmissing
;;
-- marketing/marketing: changed | has NULL::timestamp with time zone AS "last_autovacuum"
SELECT relname, last_autovacuum, last_vacuum, last_analyze, last_autoanalyze FROM pg_stat_user_tables
;;
-- marketing/marketing: changed
SELECT relname, relfrozenxid, relminmxid FROM pg_class
;;
