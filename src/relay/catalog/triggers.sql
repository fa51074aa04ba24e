-- Triggers that may give a row other values before it is updated, with what they run.
SELECT t.tgrelid AS relation, l.lanname::text AS language, p.oid < 16384 AS built_in, p.prosrc AS source, t.tgargs AS arguments
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 1 <> 0 AND t.tgtype & 2 <> 0 AND t.tgtype & 16 <> 0
ORDER BY t.tgrelid, t.oid
