-- PostgreSQL's own functions, without those that take what no expression gives.
SELECT p.proname::text AS name, p.proargtypes::oid[] AS takes, p.pronargdefaults AS defaults, p.provariadic AS variadic,
       p.prorettype AS result
FROM pg_catalog.pg_proc p
WHERE p.oid >= $1 AND p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace
  AND 'pg_catalog.internal'::regtype <> ALL (p.proargtypes)
ORDER BY p.oid
