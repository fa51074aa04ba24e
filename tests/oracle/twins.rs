//! Twins: two copies of a stored database that differ only in what a context may not see. Hidden text holds tokens that
//! nobody can guess, so that one byte of them in a message to the client shows.

use super::common::postgres::{Database, shared};

/// The twins' names; the token of each begins with [`token_start`].
pub const SIDES: [&str; 2] = ["a", "b"];

/// What every hidden text of a side begins with. (`~` and `Q` meet nowhere else in the data, the queries or the masks.)
pub fn token_start(side: &str) -> String {
    format!("~Q{side}")
}

/// Makes both twins of `base`: the stored tables, with the context's visible tables in the schema `oracle`.
pub fn build(base: &Database<'_>, fixed: &[String]) {
    for (number, side) in SIDES.iter().enumerate() {
        let twin = shared().copy(&base.name, &format!("{}_{side}", base.name));
        let fixed: Vec<String> = fixed.iter().map(|c| format!("'{c}'")).collect();
        twin.psql(&format!(
            "SET session_replication_role = replica;
             CREATE FUNCTION pg_temp.fixed() RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY[{}]::text[] $$;
             CREATE FUNCTION pg_temp.side() RETURNS int LANGUAGE sql AS $$ SELECT {} $$;
             CREATE FUNCTION pg_temp.token(key text) RETURNS text LANGUAGE sql AS $$ SELECT '{}' || md5(key || '{side}') $$;
             {HIDE}",
            fixed.join(", "),
            number + 1,
            token_start(side)
        ));
        twin.grant_to_upstream(); // what the context's script took away to close tables
    }
}

const HIDE: &str = include_str!("hide.sql");
