-- Columns of which one expression or condition of a table reads several: whether it holds, or fails, tells one by another.
-- Constraints, unique indexes, generated columns, and indexes with expressions or a condition (their key columns too).
WITH read AS (
    SELECT k.conrelid AS relation, k.oid AS reader, c.number
    FROM pg_catalog.pg_constraint k, unnest(k.conkey) AS c(number)
    WHERE k.contype IN ('c', 'f', 'u', 'p', 'x') AND k.conrelid <> 0
  UNION
    SELECT i.indrelid, i.indexrelid, c.number
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS c(number, place)
    WHERE (i.indisunique AND c.place <= i.indnkeyatts) OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
  UNION
    SELECT i.indrelid, i.indexrelid, d.refobjsubid::int2
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
  UNION
    SELECT e.adrelid, e.oid, d.refobjsubid::int2
    FROM pg_catalog.pg_attrdef e
    JOIN pg_catalog.pg_attribute g ON g.attrelid = e.adrelid AND g.attnum = e.adnum AND g.attgenerated <> ''
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = e.adrelid
        AND (d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = e.oid
             OR d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = e.adrelid AND d.objsubid = e.adnum)
    WHERE d.refobjsubid NOT IN (0, e.adnum)
)
SELECT DISTINCT relation, columns
FROM (
    SELECT read.relation, array_agg(DISTINCT a.attname::text ORDER BY a.attname::text) AS columns
    FROM read
    JOIN pg_catalog.pg_attribute a ON a.attrelid = read.relation AND a.attnum = read.number AND a.attnum > 0
    JOIN pg_catalog.pg_class c ON c.oid = read.relation
    WHERE c.oid >= 16384
    GROUP BY read.relation, read.reader
    HAVING count(DISTINCT a.attname) > 1
) AS sets
ORDER BY relation, columns
