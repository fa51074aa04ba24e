SELECT k.conrelid AS relation, k.confrelid AS referenced,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS c(number, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.number ORDER BY c.place) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS c(number, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.number ORDER BY c.place) AS referenced_columns,
       k.confdeltype IN ('n', 'd') OR k.condeferrable AS releases,
       -- SET NULL (a, b) names some of them since PostgreSQL 15; of an older one the column is not there to be named.
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
             WHERE k.confdeltype IN ('n', 'd') AND a.attrelid = k.conrelid
               AND coalesce(nullif(to_jsonb(k) -> 'confdelsetcols', 'null') @> to_jsonb(a.attnum), a.attnum = ANY (k.conkey))
             ORDER BY a.attnum) AS released,
       k.confdeltype = 'c' AS cascades, k.confdeltype = 'd' AS defaults, k.confdeltype = 'a' AS waits, k.confupdtype IN ('c', 'n', 'd') AS carries,
       -- Nor where the triggers are off that see to it (ALTER TABLE … DISABLE TRIGGER ALL), or fire for replication only.
       k.convalidated AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                                      WHERE t.tgconstraint = k.oid AND t.tgenabled NOT IN ('O', 'A')) AS valid
FROM pg_catalog.pg_constraint k
WHERE k.contype = 'f'
ORDER BY k.conrelid, k.oid
