SELECT o.oid, n.nspname::text AS schema, o.oprname::text AS name,
       array_remove(ARRAY[o.oprleft, o.oprright], 0::oid) AS takes, o.oprresult AS result,
       fn.nspname::text AS function_schema, f.proname::text AS function_name,
       (SELECT e.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_operator'::regclass AND d.objid = o.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e') AS extension
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
JOIN pg_catalog.pg_proc f ON f.oid = o.oprcode
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
WHERE n.nspname !~ '^pg_(toast|temp)' AND (n.nspname <> 'pg_catalog' OR o.oid >= 16384)
ORDER BY n.nspname, o.oprname, o.oid
