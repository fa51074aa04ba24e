-- Functions that run when a value becomes one of a type: those of casts, and of the checks of domains, which may be inside
-- of arrays, ranges and rows; those of domains' defaults, which fill columns of them; and what a range type calls. Not those that initdb or an extension made. A cast between a built-in type and another one is
-- told of the other one, or every use of the built-in one would be a call.
WITH RECURSIVE own AS (
    SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e')
), calls AS (
    SELECT d.classid, d.objid, coalesce(o.oprcode::oid, d.refobjid) AS function
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
    WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
), runs AS (
    SELECT t.type, c.castfunc AS function
    FROM pg_catalog.pg_cast c, unnest(ARRAY[c.castsource, c.casttarget]) AS t(type)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
      AND (t.type >= 16384 OR c.castsource < 16384 AND t.type = c.casttarget AND c.casttarget < 16384)
    UNION
    SELECT k.contypid, calls.function
    FROM pg_catalog.pg_constraint k
    JOIN calls ON calls.classid = 'pg_catalog.pg_constraint'::regclass AND calls.objid = k.oid
    WHERE k.contypid <> 0
    UNION
    SELECT t.oid, calls.function
    FROM pg_catalog.pg_type t JOIN calls ON calls.classid = 'pg_catalog.pg_type'::regclass AND calls.objid = t.oid
    WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
    UNION
    SELECT r.rngtypid, f.function::oid FROM pg_catalog.pg_range r, unnest(ARRAY[r.rngcanonical, r.rngsubdiff]) AS f(function)
    UNION
    SELECT r.rngtypid, p.amproc
    FROM pg_catalog.pg_range r JOIN pg_catalog.pg_opclass c ON c.oid = r.rngsubopc
    JOIN pg_catalog.pg_amproc p ON p.amprocfamily = c.opcfamily AND p.amproclefttype = c.opcintype
    UNION
    SELECT outside.type, runs.function
    FROM runs JOIN (
        SELECT t.oid AS type, t.typelem AS part FROM pg_catalog.pg_type t WHERE t.typelem <> 0
        UNION ALL SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typbasetype <> 0
        UNION ALL SELECT r.rngtypid, r.rngsubtype FROM pg_catalog.pg_range r
        UNION ALL SELECT r.rngmultitypid, r.rngtypid FROM pg_catalog.pg_range r
        -- Of types that a domain's checks or default name.
        UNION ALL SELECT k.contypid, d.refobjid
            FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_depend d
              ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid
            WHERE k.contypid <> 0 AND d.refclassid = 'pg_catalog.pg_type'::regclass
        UNION ALL SELECT t.oid, d.refobjid
            FROM pg_catalog.pg_type t JOIN pg_catalog.pg_depend d
              ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid
            WHERE t.typtype = 'd' AND d.refclassid = 'pg_catalog.pg_type'::regclass
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
