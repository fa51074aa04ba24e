-- Functions, aggregates and procedures that initdb did not make; in `pg_catalog` too, where an extension or an
-- administrator may have put one. What they depend on is read once for all: there are hundreds in an extension.
WITH used AS MATERIALIZED (
    SELECT d.objid, d.refclassid, d.refobjid, d.deptype FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass
), extensions AS (
    SELECT used.objid, e.extname::text AS name FROM used JOIN pg_catalog.pg_extension e ON e.oid = used.refobjid
    WHERE used.refclassid = 'pg_catalog.pg_extension'::regclass AND used.deptype = 'e'
), relations AS (
    SELECT objid, array_agg(DISTINCT relation ORDER BY relation) AS list FROM (
        SELECT used.objid, used.refobjid AS relation FROM used WHERE used.refclassid = 'pg_catalog.pg_class'::regclass
        UNION ALL SELECT used.objid, t.typrelid FROM used JOIN pg_catalog.pg_type a ON a.oid = used.refobjid
        JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN a.typelem <> 0 THEN a.typelem ELSE a.oid END AND t.typrelid <> 0
        WHERE used.refclassid = 'pg_catalog.pg_type'::regclass
    ) AS one WHERE objid >= 16384 GROUP BY objid
), types AS (
    SELECT p.oid AS objid, array_agg(DISTINCT t.typname::text ORDER BY t.typname::text) AS list
    FROM pg_catalog.pg_proc p, unnest(p.prorettype || coalesce(p.proallargtypes, p.proargtypes::oid[])) AS a(type)
    JOIN pg_catalog.pg_type t ON t.oid = a.type AND t.typnamespace <> 'pg_catalog'::regnamespace
    GROUP BY p.oid
)
SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name,
       pg_get_function_identity_arguments(p.oid) AS arguments, p.prokind = 'p' AS procedure,
       CASE WHEN p.proargnames IS NULL THEN '{}' ELSE ARRAY(
           SELECT a.name FROM unnest(p.proargnames) WITH ORDINALITY AS a(name, i)
           WHERE coalesce(p.proargmodes[a.i], 'i') IN ('i', 'b', 'v') ORDER BY a.i) END AS names,
       p.proargtypes::oid[] AS takes, p.pronargdefaults AS defaults, p.provariadic AS variadic, p.prorettype AS result,
       extensions.name AS extension, coalesce(relations.list, '{}') AS depends_on,
       coalesce(types.list, '{}') AS types,
       -- A body that is parsed SQL names pg_notify by its number.
       p.prosrc ~* 'notif' OR coalesce(p.prosqlbody::text ~ ':funcid 3036 ', false) AS notifies
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN extensions ON extensions.objid = p.oid
LEFT JOIN relations ON relations.objid = p.oid
LEFT JOIN types ON types.objid = p.oid
WHERE n.nspname !~ '^pg_(toast|temp)' AND (n.nspname <> 'pg_catalog' OR p.oid >= 16384)
ORDER BY n.nspname, p.proname, arguments
