-- Functions that run when a value becomes one of a type: those of casts, and of the checks of domains, which may be inside
-- of arrays, ranges and rows; those of domains' defaults, which fill columns of them; and what a range type calls. Of those
-- that initdb or an extension made: what checks and defaults of others call, and casts of others run. A cast between a
-- built-in type and another one is told of the other one, or every use of the built-in one would be a call.
WITH RECURSIVE of_extension AS (
    SELECT d.classid, d.objid, e.extname::text AS extension
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
), calls AS (
    SELECT d.classid, d.objid, coalesce(o.oprcode::oid, d.refobjid) AS function
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
    WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
    -- What initdb made is in no dependency. An operator of its own runs what computes.
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::regclass, k.oid, f.call[1]::oid
    FROM pg_catalog.pg_constraint k, LATERAL pg_catalog.regexp_matches(k.conbin::text, ':funcid (\d+)', 'g') AS f(call)
    WHERE k.contypid <> 0
    UNION ALL
    SELECT 'pg_catalog.pg_type'::regclass, t.oid, f.call[1]::oid
    FROM pg_catalog.pg_type t, LATERAL pg_catalog.regexp_matches(t.typdefaultbin::text, ':funcid (\d+)', 'g') AS f(call)
    -- A sequence gives keys.
    WHERE t.typtype = 'd' AND f.call[1]::oid <> 'pg_catalog.nextval(pg_catalog.regclass)'::regprocedure
), runs AS (
    -- `others`: also what initdb or an extension made.
    SELECT t.type, c.castfunc AS function,
           c.oid >= 16384 AND ('pg_catalog.pg_cast'::regclass, c.oid) NOT IN (SELECT e.classid, e.objid FROM of_extension e) AS others
    FROM pg_catalog.pg_cast c, unnest(ARRAY[c.castsource, c.casttarget]) AS t(type)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
      AND (t.type >= 16384 OR c.castsource < 16384 AND t.type = c.casttarget AND c.casttarget < 16384)
    UNION
    SELECT k.contypid, calls.function,
           ('pg_catalog.pg_type'::regclass, k.contypid) NOT IN (SELECT e.classid, e.objid FROM of_extension e)
    FROM pg_catalog.pg_constraint k
    JOIN calls ON calls.classid = 'pg_catalog.pg_constraint'::regclass AND calls.objid = k.oid
    WHERE k.contypid <> 0
    UNION
    SELECT t.oid, calls.function, ('pg_catalog.pg_type'::regclass, t.oid) NOT IN (SELECT e.classid, e.objid FROM of_extension e)
    FROM pg_catalog.pg_type t JOIN calls ON calls.classid = 'pg_catalog.pg_type'::regclass AND calls.objid = t.oid
    WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
    UNION
    SELECT r.rngtypid, f.function::oid, false FROM pg_catalog.pg_range r, unnest(ARRAY[r.rngcanonical, r.rngsubdiff]) AS f(function)
    UNION
    SELECT r.rngtypid, p.amproc, false
    FROM pg_catalog.pg_range r JOIN pg_catalog.pg_opclass c ON c.oid = r.rngsubopc
    JOIN pg_catalog.pg_amproc p ON p.amprocfamily = c.opcfamily AND p.amproclefttype = c.opcintype
    UNION
    SELECT outside.type, runs.function, runs.others
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
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, of_function.nspname::text AS function_schema,
       p.proname::text AS function_name, p.oid >= 16384 AS made, e.extension, p.pronargs::int AS takes,
       'pg_catalog.xid'::regtype = ANY (p.proargtypes) AS takes_xid
FROM (SELECT runs.type, runs.function, bool_or(runs.others) AS others FROM runs GROUP BY runs.type, runs.function) AS r
JOIN pg_catalog.pg_proc p ON p.oid = r.function JOIN pg_catalog.pg_namespace of_function ON of_function.oid = p.pronamespace
LEFT JOIN of_extension e ON e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid
JOIN pg_catalog.pg_type t ON t.oid = r.type JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_(toast|temp)' AND (r.others OR p.oid >= 16384 AND e.extension IS NULL)
ORDER BY t.oid, of_function.nspname, p.proname, p.oid
