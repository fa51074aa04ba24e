SELECT o.oprname::text AS name, array_remove(ARRAY[o.oprleft, o.oprright], 0::oid) AS takes, o.oprresult AS result
FROM pg_catalog.pg_operator o
WHERE o.oid >= $1 AND o.oid < 16384 AND o.oprnamespace = 'pg_catalog'::regnamespace
ORDER BY o.oid
