-- Triggers that may give a row other values before it is updated, with what they run. A row that changes its partition is
-- inserted into the other one.
SELECT t.tgrelid AS relation, t.tgtype & 16 <> 0 AS on_update, l.lanname::text AS language, p.oid < 16384 AS built_in, p.prosrc AS source, t.tgargs AS arguments
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 1 <> 0 AND t.tgtype & 2 <> 0
  AND (t.tgtype & 16 <> 0 OR t.tgtype & 4 <> 0 AND c.relispartition)
ORDER BY t.tgrelid, t.oid
