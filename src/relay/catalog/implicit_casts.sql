-- Casts that PostgreSQL applies where none is written: everywhere, or where a value is stored.
SELECT castsource AS source, casttarget AS target, castcontext = 'i' AS implicit
FROM pg_catalog.pg_cast WHERE castcontext IN ('i', 'a') ORDER BY oid
