-- Tables, views, materialized views, foreign tables, sequences and free-standing composite types of all lasting schemas.
-- `pg_get_viewdef` waits for whoever changes or locks the view, or a relation that it names, which may take as long as a
-- transaction; meanwhile nothing else would be read. The definition of such a view is left out (load.rs: it is not complete),
-- so it is closed.
WITH changing AS MATERIALIZED (
    SELECT l.relation FROM pg_catalog.pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
), unreadable AS MATERIALIZED (
    SELECT relation FROM changing
    UNION
    SELECT r.ev_class FROM changing
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = changing.relation
        AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       CASE WHEN $2 AND c.relkind = 'v' AND c.oid NOT IN (SELECT relation FROM unreadable) THEN pg_get_viewdef(c.oid) END AS definition,
       (SELECT substr(o, length('check_option=') + 1) FROM unnest(c.reloptions) AS o WHERE o LIKE 'check\_option=%') AS check_option,
       (SELECT e.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e') AS extension,
       ARRAY(SELECT DISTINCT a.attname::text FROM pg_catalog.pg_index i
             JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = c.oid AND c.oid >= 16384 AND i.indisvalid AND i.indpred IS NULL AND m.amname IN ('btree', 'hash')
             ORDER BY a.attname::text) AS indexed,
       ARRAY(SELECT x.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
             WHERE i.indrelid = c.oid AND c.oid >= 16384 ORDER BY x.relname::text) AS indexes,
       CASE WHEN c.relkind = 'S' THEN ARRAY(
           SELECT d.refobjid FROM pg_catalog.pg_depend d
           WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
             AND d.refclassid = 'pg_catalog.pg_class'::regclass
           UNION SELECT f.adrelid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
           WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
             AND d.refobjid = c.oid
           ORDER BY 1) ELSE '{}' END AS serves,
       ARRAY(SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = c.oid ORDER BY inhseqno) AS parents,
       EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS has_triggers,
       -- Also one of the whole that is on here and off there, or the other way about.
       EXISTS (SELECT FROM pg_catalog.pg_trigger t LEFT JOIN pg_catalog.pg_trigger whole ON whole.oid = t.tgparentid
               WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 1 <> 0
                   AND coalesce(whole.tgenabled, 'D') <> t.tgenabled) AS has_own_triggers,
       EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN') AS has_rules,
       -- As in together.sql (PostgreSQL's check_enable_rls).
       c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))
           AND NOT (SELECT u.rolsuper OR u.rolbypassrls FROM pg_catalog.pg_roles u WHERE u.rolname = current_user) AS row_security,
       -- As in meaning.sql; what goes into it goes into fingerprint.sql too.
       CASE WHEN c.oid < 16384 THEN 0 ELSE
           hash_record_extended(ROW(c.oid, c.relname, c.relkind, n.oid, n.nspname, n.xmin::text), 0)
           # coalesce((SELECT bit_xor(hashint8extended((r.oid::int8 << 32) | int8in(xidout(r.xmin)), 0))
                       FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid), 0)
           # coalesce((SELECT bit_xor(hashint8extended((h.inhrelid::int8 << 32) | h.inhparent::int8, 1))
                       FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid), 0)
           # CASE WHEN c.relkind = 'v' THEN hash_record_extended(ROW(c.reloptions), 2)
               # coalesce((SELECT bit_xor(hashint8extended((a.attnum::int8 << 32) | int8in(xidout(a.xmin)), 3))
                           FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), 0)
               # coalesce((SELECT bit_xor(hashint8extended((t.oid::int8 << 32) | int8in(xidout(t.xmin)), 4))
                           FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid), 0) ELSE 0 END END AS version,
       CASE WHEN c.oid >= 16384 AND c.relkind IN ('r', 'm') AND c.reltuples > 0 THEN c.reltuples::int8 ELSE 0 END AS rows
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= $1 AND n.nspname !~ '^pg_(toast|temp)' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
ORDER BY n.nspname, c.relname
