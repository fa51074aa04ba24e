-- Casts that initdb did not make and that run something: a function, or the text of one type read as the other. The
-- function where neither initdb nor an extension made it, or initdb one that is none of a cast of its own. Not those that PostgreSQL makes with a range type, to its multirange.
SELECT sn.nspname::text AS schema, s.typname::text AS name, tn.nspname::text AS target_schema, t.typname::text AS target_name,
       s.oid >= 16384 AS source_is_own, t.oid >= 16384 AS target_is_own, c.castcontext <> 'e' AS unwritten,
       CASE WHEN f.oid < 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast own WHERE own.oid < 16384 AND own.castfunc = f.oid)
           THEN fn.nspname::text
       WHEN f.oid >= 16384 AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_depend d
           WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = f.oid
             AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e') THEN fn.nspname::text END AS function_schema,
       f.proname::text AS function_name, f.pronargs::int AS takes, f.oid < 16384 AS built_in
FROM pg_catalog.pg_cast c
JOIN pg_catalog.pg_type s ON s.oid = c.castsource JOIN pg_catalog.pg_namespace sn ON sn.oid = s.typnamespace
JOIN pg_catalog.pg_type t ON t.oid = c.casttarget JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_proc f ON f.oid = c.castfunc LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
WHERE c.oid >= 16384 AND c.castmethod <> 'b'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
ORDER BY c.oid
