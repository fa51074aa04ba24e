//! What a session defines, the next statement of another one obeys: of the same entry of the server file, of another one that
//! leads to the same database, under another policy.

use std::path::Path;

use super::common::postgres::shared;
use super::common::proxy::{Proxy, Served};
use super::raw::Raw;

const POLICY: &str = include_str!("policy.toml");
const HIDDEN: &str = "Ned Never";
const MARKETING: [(&str, &str); 1] = [("options", "-c consentry.purpose=marketing")];
const READ: &str = "SELECT id, name FROM rep.extra";
/// Ways to put protected rows under the name of an open table, and back; the last is no builder's.
const WAYS: [(&str, &str); 4] = [
    ("DROP TABLE rep.extra; CREATE VIEW rep.extra AS SELECT id, name FROM public.customers", "DROP VIEW rep.extra"),
    (
        "CREATE VIEW rep.spare AS SELECT id, name FROM public.customers; DROP TABLE rep.extra; ALTER VIEW rep.spare RENAME TO extra",
        "DROP VIEW rep.extra",
    ),
    (
        "CREATE TABLE rep.spare AS SELECT 1 AS id, 'x'::text AS name; DROP TABLE rep.extra; ALTER TABLE rep.spare RENAME TO extra",
        "DROP TABLE rep.extra",
    ),
    (
        "CREATE VIEW public.extra AS SELECT id, name FROM public.customers; DROP TABLE rep.extra; ALTER VIEW public.extra SET SCHEMA rep",
        "DROP VIEW rep.extra",
    ),
];
const ANEW: &str = "CREATE TABLE rep.extra AS SELECT 5 AS id, 'five'::text AS name";

/// Two entries before one database. The first has `ddl` for the builder where that is asked for; the second has not.
fn entries(name: &str, policy: &str, check: impl Fn(&Proxy)) {
    let database = shared().database(name, include_str!("world.sql"));
    database.grant_to_upstream();
    database.psql("GRANT CREATE ON SCHEMA public TO consentry; CREATE SCHEMA rep AUTHORIZATION consentry");
    database.psql(&format!("SET ROLE consentry; {ANEW}"));
    let folder = tempfile::tempdir().unwrap();
    let open = |policy: &str| policy.replacen("open = [", "open = [\"rep.*\", ", 1);
    let write = |file: &str, policy: &str| {
        let path = folder.path().join(file);
        std::fs::write(&path, open(policy)).unwrap();
        path
    };
    let (app, other) = (write("app.toml", policy), write("other.toml", &POLICY.replace("\"ddl\", ", "")));
    let entry = |name, policy| Served { name, database: &database, policy };
    let served = [entry("app", Path::new(&app)), entry("other", Path::new(&other))];
    check(&Proxy::start(&served, &[("ana", "app"), ("bea", "builder"), ("dan", "dba")], ""));
}

fn reads_nothing_hidden(proxy: &Proxy, mut definer: Raw, ways: &[(&str, &str)], databases: [&str; 2]) {
    let mut readers: Vec<Raw> = databases
        .iter()
        .map(|database| Raw::log_in(proxy.port(), "ana", &[MARKETING[0], ("database", database)]))
        .collect();
    for (change, back) in ways.iter().cycle().take(12) {
        for reader in &mut readers {
            assert!(reader.ask(READ).starts_with("T D:5,five"), "{change}: {:?}", reader.error);
        }
        for statement in change.split("; ") {
            let answer = definer.ask(statement);
            assert!(!answer.contains("E:"), "{statement}: {answer} {:?}", definer.error);
        }
        for reader in &mut readers {
            let answer = reader.ask(READ);
            assert!(!answer.contains(HIDDEN), "{change}: {answer}");
        }
        for statement in [back, ANEW] {
            let answer = definer.ask(statement);
            assert!(!answer.contains("E:"), "{statement}: {answer} {:?}", definer.error);
        }
    }
}

#[test]
fn what_one_entry_lets_define_the_other_knows() {
    entries("proxy_entries", POLICY, |proxy| {
        let builder = Raw::log_in(proxy.port(), "bea", &[]);
        reads_nothing_hidden(proxy, builder, &WAYS[..3], ["other", "app"]);
    });
}

#[test]
fn what_an_unrestricted_role_defines_all_know() {
    let policy = POLICY.replace("\"ddl\", ", "");
    entries("proxy_entries_dba", &policy, |proxy| {
        let dba = Raw::log_in(proxy.port(), "dan", &[]);
        reads_nothing_hidden(proxy, dba, &WAYS, ["app", "other"]);
    });
}
