-- Live columns of the relations of relations.sql. `below` walks down a domain to the type it is made of, with the nearest
-- type modifier on the way (`char(2)` under `CREATE DOMAIN iso_country AS char(2)`).
-- Collations other than PostgreSQL's own are looked up in their library, once each.
WITH RECURSIVE changed AS MATERIALIZED (
    SELECT co.oid FROM pg_catalog.pg_collation co
    WHERE co.oid IN (SELECT a.attcollation FROM pg_catalog.pg_attribute a WHERE a.attcollation NOT IN (0, 100, 950, 951))
      AND co.collversion <> pg_catalog.pg_collation_actual_version(co.oid)
), below AS (
    SELECT oid, oid AS base, -1 AS typmod FROM pg_catalog.pg_type WHERE typtype <> 'd'
    UNION ALL
    SELECT d.oid, b.base, CASE WHEN d.typtypmod >= 0 THEN d.typtypmod ELSE b.typmod END
    FROM pg_catalog.pg_type d JOIN below b ON b.oid = d.typbasetype WHERE d.typtype = 'd'
)
SELECT a.attrelid AS relation, a.attname::text AS name, a.attnum AS number,
       format_type(a.atttypid, a.atttypmod) AS sql, t.typname::text AS type_name, bt.typname::text AS base,
       bt.typtype::text AS kind, a.atttypid AS type_oid, CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE b.typmod END AS typmod,
       CASE WHEN bt.typname IN ('varchar', 'bpchar') THEN
           nullif(greatest(CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE b.typmod END - 4, 0), 0) END AS length,
       coalesce(co.collisdeterministic, true) AS deterministic,
       CASE WHEN a.attcollation IN (SELECT oid FROM changed) THEN 0 ELSE a.attcollation END AS collation,
       a.attnotnull AS not_null, a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
       a.attgenerated <> '' AS computed,
       CASE WHEN a.attgenerated <> '' THEN ARRAY(
           SELECT DISTINCT r.attname::text FROM pg_catalog.pg_attrdef e
           JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = e.adrelid
               AND (d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = e.oid
                    OR d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = e.adrelid AND d.objsubid = e.adnum)
           JOIN pg_catalog.pg_attribute r ON r.attrelid = e.adrelid AND r.attnum = d.refobjsubid
           WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum AND r.attnum NOT IN (0, a.attnum))
           ELSE '{}' END AS computed_from,
       a.atthasdef OR a.attidentity <> '' AS has_default
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN below b ON b.oid = a.atttypid
JOIN pg_catalog.pg_type bt ON bt.oid = b.base
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
WHERE c.oid >= $1 AND n.nspname !~ '^pg_(toast|temp)' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
