-- What PostgreSQL chooses functions and operators by, of every type: rows of tables and arrays of them too.
-- A true array only is one to the casts of its elements (`IsTrueArrayType` of PostgreSQL's source).
SELECT t.oid, t.typname::text AS name, t.typtype::text AS kind, t.typcategory::text AS category, t.typispreferred AS preferred,
       t.typbasetype AS over,
       CASE WHEN t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc THEN t.typelem ELSE 0 END AS element
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= $1 AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY t.oid
