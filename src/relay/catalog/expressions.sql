-- What CREATE TABLE takes over with another table's definition and runs when rows come: defaults, generated columns, checks,
-- expressions and conditions of indexes, expressions of statistics; several of one are a list. Like the definition of a view
-- in relations.sql, that of a relation that somebody changes is not waited for: it is null.
WITH changing AS MATERIALIZED (
    SELECT l.relation FROM pg_catalog.pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
), stored (relation, kind, tree) AS (
    SELECT e.adrelid, CASE WHEN a.attgenerated <> '' THEN 'g' ELSE 'd' END, e.adbin
    FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
  UNION ALL
    SELECT k.conrelid, 'c', k.conbin FROM pg_catalog.pg_constraint k WHERE k.conrelid <> 0 AND k.conbin IS NOT NULL
  UNION ALL
    SELECT i.indrelid, 'i', x.tree FROM pg_catalog.pg_index i, LATERAL (VALUES (i.indexprs), (i.indpred)) AS x(tree) WHERE x.tree IS NOT NULL
  UNION ALL
    SELECT s.stxrelid, 's', s.stxexprs FROM pg_catalog.pg_statistic_ext s WHERE s.stxexprs IS NOT NULL
)
SELECT c.oid AS relation, s.kind,
       CASE WHEN $1 AND c.oid NOT IN (SELECT relation FROM changing) THEN pg_get_expr(s.tree, c.oid) END AS text,
       f.calls, f.extensions
FROM stored s CROSS JOIN LATERAL (
    -- Functions that initdb or an extension made.
    SELECT array_agg(p.proname::text ORDER BY p.oid) AS calls, array_agg(e.extname::text ORDER BY p.oid) AS extensions
    FROM pg_catalog.regexp_matches(s.tree::text, ':funcid (\d+)', 'g') AS m(call)
    JOIN pg_catalog.pg_proc p ON p.oid = m.call[1]::oid
    LEFT JOIN (pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid) ON d.objid = p.oid
      AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
    WHERE p.oid < 16384 OR e.oid IS NOT NULL
) f
JOIN pg_catalog.pg_class c ON c.oid = s.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY c.oid, s.kind, text
