-- Functions that run when a value becomes one of a type: those of casts, and of the checks of domains, which may be inside
-- of arrays, ranges and rows; and those of domains' defaults, which fill columns of them. Not those that initdb or an extension made. A cast between a built-in type and another one is
-- told of the other one, or every use of the built-in one would be a call.
WITH RECURSIVE own AS (
    SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e')
), runs AS (
    SELECT t.type, c.castfunc AS function
    FROM pg_catalog.pg_cast c, unnest(ARRAY[c.castsource, c.casttarget]) AS t(type)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
      AND (t.type >= 16384 OR c.castsource < 16384 AND t.type = c.casttarget AND c.casttarget < 16384)
    UNION
    SELECT k.contypid, d.refobjid
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::regclass
      AND d.objid = k.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
    WHERE k.contypid <> 0
    UNION
    SELECT t.oid, d.refobjid
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::regclass
      AND d.objid = t.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
    WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
    UNION
    SELECT outside.type, runs.function
    FROM runs JOIN (
        SELECT t.oid AS type, t.typelem AS part FROM pg_catalog.pg_type t WHERE t.typelem <> 0
        UNION ALL SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typbasetype <> 0
        UNION ALL SELECT r.rngtypid, r.rngsubtype FROM pg_catalog.pg_range r
        UNION ALL SELECT c.reltype, a.atttypid
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            WHERE c.reltype <> 0 AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
    ) AS outside ON outside.part = runs.type
)
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, own.schema AS function_schema, own.name AS function_name
FROM runs JOIN own ON own.oid = runs.function
JOIN pg_catalog.pg_type t ON t.oid = runs.type JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_(toast|temp)'
ORDER BY t.oid, own.schema, own.name
