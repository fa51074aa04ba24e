-- What PostgreSQL chooses functions and operators by, of every type: rows of tables and arrays of them too.
-- What can be grouped by: a type with a default operator class of its own, or of one that it is read as (`GetDefaultOpClass`).
-- A true array only is one to the casts of its elements (`IsTrueArrayType` of PostgreSQL's source).
SELECT t.oid, t.typname::text AS name, t.typtype::text AS kind, t.typcategory::text AS category, t.typispreferred AS preferred,
       t.typbasetype AS over,
       CASE WHEN t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc THEN t.typelem ELSE 0 END AS element,
       EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
               WHERE o.opcdefault AND m.amname IN ('btree', 'hash') AND (o.opcintype = t.oid OR o.opcintype IN (
                   SELECT c.casttarget FROM pg_catalog.pg_cast c
                   WHERE c.castsource = t.oid AND c.castmethod = 'b' AND c.castcontext = 'i'))) AS equality,
       ARRAY(SELECT a.atttypid FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
             UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
             UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid) AS parts
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= $1 AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY t.oid
