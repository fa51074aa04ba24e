-- Functions, aggregates and procedures that initdb did not make; in `pg_catalog` too, where an extension or an
-- administrator may have put one.
SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name,
       pg_get_function_identity_arguments(p.oid) AS arguments, p.prokind = 'p' AS procedure,
       (SELECT e.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e') AS extension,
       ARRAY(SELECT d.refobjid FROM pg_catalog.pg_depend d
             WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND p.oid >= 16384
               AND d.refclassid = 'pg_catalog.pg_class'::regclass
             UNION SELECT t.typrelid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type a ON a.oid = d.refobjid
             JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN a.typelem <> 0 THEN a.typelem ELSE a.oid END AND t.typrelid <> 0
             WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND p.oid >= 16384
               AND d.refclassid = 'pg_catalog.pg_type'::regclass
             ORDER BY 1) AS depends_on,
       ARRAY(SELECT DISTINCT t.typname::text FROM unnest(p.prorettype || coalesce(p.proallargtypes, p.proargtypes::oid[])) AS a(type)
             JOIN pg_catalog.pg_type t ON t.oid = a.type
             WHERE t.typnamespace <> 'pg_catalog'::regnamespace ORDER BY 1) AS types
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_(toast|temp)' AND (n.nspname <> 'pg_catalog' OR p.oid >= 16384)
ORDER BY n.nspname, p.proname, arguments
