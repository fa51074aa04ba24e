-- What PostgreSQL reads on its own where a relation is read, filled or written: the queries of views, materialized views and
-- rules, and the functions that these call and that triggers run, with their texts.
WITH rule AS (
    SELECT r.oid, r.ev_class AS relation, CASE WHEN r.rulename = '_RETURN' THEN 'query' ELSE 'rule' END AS how
    FROM pg_catalog.pg_rewrite r WHERE r.ev_class >= 16384
), code AS (
    SELECT t.tgrelid AS relation, 'trigger' AS how, t.tgfoid AS function
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
    UNION
    SELECT rule.relation, rule.how, d.refobjid FROM rule
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = rule.oid
        AND d.refclassid = 'pg_catalog.pg_proc'::regclass
)
SELECT rule.relation, rule.how, NULL::text AS schema, NULL::text AS name, NULL::text AS source,
       array_agg(DISTINCT d.refobjid ORDER BY d.refobjid) AS reads
FROM rule JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = rule.oid
    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> rule.relation AND d.refobjid >= 16384
GROUP BY rule.relation, rule.how
UNION ALL
SELECT code.relation, code.how, n.nspname::text, p.proname::text, p.prosrc,
       ARRAY(SELECT DISTINCT d.refobjid FROM pg_catalog.pg_depend d
             WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
               AND d.refclassid = 'pg_catalog.pg_class'::regclass ORDER BY d.refobjid)
FROM code JOIN pg_catalog.pg_proc p ON p.oid = code.function AND p.oid >= 16384
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
ORDER BY 1, 2, 3, 4
