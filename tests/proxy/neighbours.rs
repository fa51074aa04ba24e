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
    database.psql(&format!("GRANT CREATE ON DATABASE {name} TO consentry; GRANT CREATE ON SCHEMA public TO consentry"));
    database.psql("CREATE SCHEMA rep AUTHORIZATION consentry; ALTER TABLE customers OWNER TO consentry");
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

/// What is not committed yet would be by the time that PostgreSQL looks: whoever asks meanwhile does not wait for that.
#[test]
fn what_is_about_to_be_committed_is_not_read() {
    let changes = [
        "DROP TABLE rep.extra; CREATE VIEW rep.extra AS SELECT id, name FROM public.customers",
        "DELETE FROM rep.extra; CREATE RULE \"_RETURN\" AS ON SELECT TO rep.extra DO INSTEAD SELECT id, name FROM public.customers",
        "DROP SCHEMA rep CASCADE; CREATE SCHEMA rep CREATE VIEW extra AS SELECT id, name FROM public.customers",
        "ALTER TABLE rep.extra ALTER id SET NOT NULL, INHERIT public.customers; INSERT INTO rep.extra SELECT * FROM public.customers",
        "ALTER TABLE rep.part ATTACH PARTITION rep.extra FOR VALUES FROM (0) TO (9)",
    ];
    let policy = POLICY.replace("\"ddl\", ", "");
    entries("proxy_entries_open", &policy, |proxy| {
        let mut dba = Raw::log_in(proxy.port(), "dan", &[]);
        let mut reader = Raw::log_in(proxy.port(), "ana", &MARKETING);
        assert_eq!(dba.ask("CREATE TABLE rep.part (id int, name text) PARTITION BY RANGE (id)"), "C:CREATE TABLE Z:I");
        for change in changes {
            assert_eq!(reader.ask(READ), "T D:5,five C:SELECT 1 Z:I", "{change}");
            dba.ask("BEGIN");
            for statement in change.split("; ") {
                let answer = dba.ask(statement);
                assert!(!answer.contains("E:"), "{statement}: {answer} {:?}", dba.error);
            }
            assert_eq!(reader.ask(READ), "E:0A000 Z:I", "{change}");
            assert_eq!(dba.ask("PREPARE TRANSACTION 'm'"), "E:0A000 Z:E", "{change}");
            dba.ask("ROLLBACK");
        }
    });
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
