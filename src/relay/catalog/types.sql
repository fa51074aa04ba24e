-- Types that initdb did not make, without the row types of tables and views and without the array types that come with
-- each type.
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS kind,
       (SELECT e.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e') AS extension,
       ARRAY(SELECT v.enumlabel::text FROM pg_catalog.pg_enum v WHERE v.enumtypid = t.oid ORDER BY v.enumsortorder) AS labels,
       ARRAY(WITH RECURSIVE below AS (
                 SELECT t.oid AS id, t.typbasetype AS base
                 UNION ALL
                 SELECT b.oid, b.typbasetype FROM below JOIN pg_catalog.pg_type b ON b.oid = below.base AND b.typtype = 'd')
             SELECT pg_catalog.pg_get_expr(k.conbin, 0) FROM below JOIN pg_catalog.pg_constraint k ON k.contypid = below.id
             WHERE k.contype = 'c' ORDER BY k.oid) AS checks,
       t.typdefault IS NOT NULL AS has_default
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_(toast|temp)' AND (n.nspname <> 'pg_catalog' OR t.oid >= 16384) AND t.typisdefined
  AND (t.typrelid = 0 OR (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid) = 'c')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type element WHERE element.typarray = t.oid)
ORDER BY n.nspname, t.typname
