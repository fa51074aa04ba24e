-- What relations are now, by OID (with their version, as in relations.sql) and by name (all that bear it, in any lasting
-- schema).
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name,
       hash_record_extended(ROW(c.oid, c.relname, c.relkind, n.oid, n.nspname, n.xmin::text), 0)
       # CASE WHEN c.relhasrules THEN
           coalesce((SELECT bit_xor(hashint8extended((r.oid::int8 << 32) | int8in(xidout(r.xmin)), 0))
                     FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid), 0) ELSE 0 END
       # CASE WHEN c.relhassubclass THEN
           coalesce((SELECT bit_xor(hashint8extended((h.inhrelid::int8 << 32) | h.inhparent::int8, 1))
                     FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid), 0) ELSE 0 END
       # CASE WHEN c.relkind = 'v' THEN hash_record_extended(ROW(c.reloptions), 2)
           # coalesce((SELECT bit_xor(hashint8extended((a.attnum::int8 << 32) | int8in(xidout(a.xmin)), 3))
                       FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), 0)
           # coalesce((SELECT bit_xor(hashint8extended((t.oid::int8 << 32) | int8in(xidout(t.xmin)), 4))
                       FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid), 0) ELSE 0 END AS version
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1)
UNION ALL
SELECT c.oid, n.nspname::text, c.relname::text, NULL
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ANY ($2) AND n.nspname !~ '^pg_(toast|temp)' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
