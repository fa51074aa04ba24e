//! What PostgreSQL makes of expressions: which operators and functions of others than itself it takes, and of which type they are.

use std::collections::BTreeMap;

use super::postgres::Database;

/// A function that [`answers`] needs.
pub const JUDGED: &str = "
    CREATE FUNCTION judged(said text, OUT own text, OUT type oid) LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE 'CREATE TEMP VIEW one AS SELECT ' || said || ' AS x';
        SELECT coalesce(string_agg(DISTINCT d.refobjid::text, ','), '') INTO own
            FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
            WHERE r.ev_class = 'pg_temp.one'::regclass AND d.refobjid >= 16384
              AND d.refclassid IN ('pg_operator'::regclass, 'pg_proc'::regclass);
        SELECT atttypid INTO type FROM pg_attribute WHERE attrelid = 'pg_temp.one'::regclass AND attname = 'x';
        DROP VIEW pg_temp.one;
    EXCEPTION WHEN OTHERS THEN own := NULL; type := NULL;
    END $$;";

/// The server's answers for expressions under a path: the OIDs of others' operators and functions, and the type.
pub fn answers(db: &Database<'_>, path: &str, said: &[String]) -> BTreeMap<String, (Vec<u32>, u32)> {
    let values: Vec<String> = said.iter().map(|s| format!("($q${s}$q$)")).collect();
    let script = format!(
        "SET client_min_messages = warning; SET search_path = {path};
         SELECT said, own, type FROM (VALUES {}) AS v(said), LATERAL public.judged(said) WHERE own IS NOT NULL",
        values.join(", ")
    );
    let line = |line: &str| {
        let mut parts = line.rsplitn(3, '\t').map(str::to_owned);
        let (ty, own, said) = (parts.next()?, parts.next()?, parts.next()?);
        Some((said, (own.split(',').filter_map(|oid| oid.parse().ok()).collect(), ty.parse().ok()?)))
    };
    // `|` is an operator.
    db.psql(&format!("\\pset fieldsep '\\t'\n{script}")).lines().filter_map(line).collect()
}
