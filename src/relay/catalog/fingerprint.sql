-- One value that changes whenever a row that `Catalog` is made of changes.
--
-- Each row of a user object is hashed from its identity and the transaction that made this version of it (`xmin`), so a
-- change cannot be missed. In-place updates (reltuples, relfrozenxid) leave `xmin` as it is, and so does VACUUM FREEZE since
-- PostgreSQL 9.4. The hashes are joined by bit_xor, which needs no order. pg_class is hashed by the columns that matter
-- instead, because TRUNCATE, CLUSTER and GRANT make new versions of its rows; of the sizes of large tables the order of
-- magnitude matters. Temporary relations of all sessions are
-- left out: they come and go all the time and no catalog lists them.
WITH namespace AS MATERIALIZED (
    SELECT oid, nspname, xmin::text, has_schema_privilege(oid, 'USAGE') AS usable
    FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast|temp)'
), class AS MATERIALIZED (
    SELECT c.oid, hash_record_extended(ROW(c.oid, c.relname, c.relnamespace, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
        c.reloptions, c.relrowsecurity AND pg_has_role(current_user, c.relowner, 'USAGE'),
        CASE WHEN c.reltuples >= 100000 THEN floor(log(c.reltuples::float8)) END), 0) AS hash
    FROM pg_catalog.pg_class c
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't'
)
SELECT concat_ws('.',
    (SELECT count(*) || '-' || bit_xor(hash_record_extended(ROW(oid, nspname, xmin, usable), 1)) FROM namespace),
    (SELECT count(*) || '-' || bit_xor(hash) FROM class),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((a.attrelid::int8 << 32) | int8in(xidout(a.xmin)), a.attnum))
     FROM pg_catalog.pg_attribute a JOIN class ON class.oid = a.attrelid WHERE a.attnum > 0),
    (SELECT count(*) || '-' || bit_xor(hash_record_extended(ROW(i.indexrelid, i.xmin::text, x.relname), 0))
     FROM pg_catalog.pg_index i JOIN class ON class.oid = i.indrelid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid),
    (SELECT bit_xor(hashint8extended((d.objid::int8 << 32) | d.refobjid::int8, 2))
     FROM pg_catalog.pg_class s JOIN pg_catalog.pg_depend d ON d.objid = s.oid
     WHERE s.relkind = 'S' AND s.relpersistence <> 't' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
       AND d.refclassid = 'pg_catalog.pg_class'::regclass),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((k.oid::int8 << 32) | int8in(xidout(k.xmin)), 0))
     FROM pg_catalog.pg_constraint k JOIN class ON class.oid = k.conrelid),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((s.oid::int8 << 32) | int8in(xidout(s.xmin)), 0))
     FROM pg_catalog.pg_statistic_ext s JOIN class ON class.oid = s.stxrelid),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((h.inhrelid::int8 << 32) | h.inhparent::int8, h.inhseqno))
     FROM pg_catalog.pg_inherits h JOIN class ON class.oid = h.inhrelid),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((r.oid::int8 << 32) | int8in(xidout(r.xmin)), 0))
     FROM pg_catalog.pg_rewrite r JOIN class ON class.oid = r.ev_class),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((t.oid::int8 << 32) | int8in(xidout(t.xmin)), 0))
     FROM pg_catalog.pg_trigger t JOIN class ON class.oid = t.tgrelid WHERE NOT t.tgisinternal OR t.tgenabled <> 'O'),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((p.oid::int8 << 32) | int8in(xidout(p.xmin)), 0))
     FROM pg_catalog.pg_policy p JOIN class ON class.oid = p.polrelid),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((p.oid::int8 << 32) | int8in(xidout(p.xmin)), 0))
     FROM pg_catalog.pg_proc p JOIN namespace n ON n.oid = p.pronamespace WHERE p.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((o.oid::int8 << 32) | int8in(xidout(o.xmin)), 0))
     FROM pg_catalog.pg_operator o WHERE o.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((t.oid::int8 << 32) | int8in(xidout(t.xmin)), 0))
     FROM pg_catalog.pg_type t JOIN namespace n ON n.oid = t.typnamespace WHERE t.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((v.oid::int8 << 32) | int8in(xidout(v.xmin)), 0))
     FROM pg_catalog.pg_enum v WHERE v.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((k.oid::int8 << 32) | int8in(xidout(k.xmin)), 0))
     FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 AND k.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((c.oid::int8 << 32) | int8in(xidout(c.xmin)), 0))
     FROM pg_catalog.pg_cast c WHERE c.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((c.oid::int8 << 32) | int8in(xidout(c.xmin)), 0))
     FROM pg_catalog.pg_collation c WHERE c.oid >= 16384),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((e.oid::int8 << 32) | int8in(xidout(e.xmin)), 0))
     FROM pg_catalog.pg_extension e),
    (SELECT count(*) || '-' || bit_xor(hashint8extended((d.objid::int8 << 32) | d.classid::int8, d.refobjid::int8))
     FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'),
    (SELECT hash_record_extended(ROW(u.rolname, u.rolsuper, u.rolbypassrls), 3) FROM pg_catalog.pg_roles u WHERE u.rolname = current_user),
    (SELECT bit_xor(hash_record_extended(ROW(s.setdatabase, s.setrole, s.setconfig), 2)) FROM pg_catalog.pg_db_role_setting s),
    current_setting('server_version_num'))
