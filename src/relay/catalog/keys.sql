-- Primary and unique keys that identify a row at any moment: valid, total, on plain columns, checked at once (a
-- deferrable key may hold twice until commit, and PostgreSQL does not accept it for GROUP BY either). And unique indexes that
-- are not `total`, with a condition or an expression: ON CONFLICT takes those too whose condition PostgreSQL proves.
-- `exact`: two values are equal to the index only when their bytes are (of char(n), padded, too).
SELECT i.indrelid AS relation, i.indisprimary AS is_primary, k.conname::text AS constraint_name,
       NOT EXISTS (
           SELECT FROM unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[])
               WITH ORDINALITY AS key(number, class, sorting, place)
           JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = key.number
           LEFT JOIN pg_catalog.pg_opclass o ON o.oid = key.class AND o.oid < 16384
           LEFT JOIN pg_catalog.pg_collation co ON co.oid = key.sorting
           WHERE key.place <= i.indnkeyatts AND NOT (
               coalesce(co.collisdeterministic, true)
               AND (coalesce(o.opcname, '') IN ('int2_ops', 'int4_ops', 'int8_ops', 'oid_ops', 'bool_ops', 'text_ops', 'bytea_ops',
                                                'uuid_ops', 'date_ops', 'timestamp_ops', 'timestamptz_ops', 'enum_ops')
                    OR coalesce(o.opcname, '') = 'bpchar_ops' AND a.atttypid = 'pg_catalog.bpchar'::regtype AND a.atttypmod > 0))) AND i.indexprs IS NULL AS exact,
       i.indpred IS NULL AND i.indexprs IS NULL AS total,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
             WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u')
WHERE c.oid >= $1 AND n.nspname !~ '^pg_(toast|temp)' AND i.indisunique AND i.indisvalid AND i.indimmediate
ORDER BY i.indrelid, i.indexrelid
