-- PostgreSQL's own functions, without those that take what no expression gives.
SELECT p.proname::text AS name, p.proargtypes::oid[] AS takes, p.pronargdefaults AS defaults, p.provariadic AS variadic,
       p.prorettype AS result,
       ARRAY(SELECT coalesce(p.proargnames[a.i], '') FROM unnest(p.proargmodes) WITH ORDINALITY AS a(mode, i)
             WHERE a.mode IN ('o', 'b', 't') ORDER BY a.i) AS out_names,
       ARRAY(SELECT p.proallargtypes[a.i] FROM unnest(p.proargmodes) WITH ORDINALITY AS a(mode, i)
             WHERE a.mode IN ('o', 'b', 't') ORDER BY a.i) AS out_types
FROM pg_catalog.pg_proc p
WHERE p.oid >= $1 AND p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace
  AND 'pg_catalog.internal'::regtype <> ALL (p.proargtypes)
ORDER BY p.oid
