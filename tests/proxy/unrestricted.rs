//! A role that is `unrestricted` may do what the upstream role may.

use std::path::Path;
use std::process::Command;

use super::world;
use crate::session;

#[test]
fn it_steers_plans() {
    let mut c = session("dan");
    for (setting, value) in [
        ("enable_seqscan", "off"),
        ("default_statistics_target", "50"),
        ("random_page_cost", "1"),
        ("plan_cache_mode", "force_generic_plan"),
        ("from_collapse_limit", "4"),
        ("array_nulls", "off"),
    ] {
        assert_eq!(
            c.ask(&format!("SET {setting} = '{value}'; SHOW {setting}")),
            format!("C:SET T D:{value} C:SHOW Z:I")
        );
        assert_eq!(
            c.ask(&format!("SELECT set_config('{setting}', '{value}', false)")),
            format!("T D:{value} C:SELECT 1 Z:I")
        );
    }
    for (setting, value, sqlstate) in [
        ("client_encoding", "latin1", "22023"),
        ("standard_conforming_strings", "off", "22023"),
        ("session_authorization", "postgres", "42501"),
        ("consentry.role", "app", "42501"),
        ("no_such_setting", "on", "42704"),
    ] {
        let answer = c.ask(&format!("SET {setting} = '{value}'"));
        assert!(answer.starts_with(&format!("E:{sqlstate}")), "{setting}: {answer}");
    }
    // Others do not, also where it is asked for at the beginning.
    assert!(session("ana").ask("SET enable_seqscan = off").starts_with("E:"));
    let port = world().proxy.port();
    let mut c = crate::raw::Raw::log_in(port, "dan", &[("options", "-c enable_seqscan=off")]);
    assert_eq!(c.ask("SHOW enable_seqscan"), "T D:off C:SHOW Z:I");
    // What PostgreSQL does not let the upstream role set, PostgreSQL says.
    let options = [("options", "-c session_replication_role=replica")];
    let mut c = crate::raw::Raw::open(port);
    assert_eq!(c.try_log_in("dan", &crate::password_of("dan"), &options), "E:42501", "{:?}", c.error);
}

#[test]
fn it_sees_the_snapshot_of_another_session() {
    let (mut one, mut other) = (session("dan"), session("dan"));
    assert_eq!(one.ask("BEGIN ISOLATION LEVEL REPEATABLE READ"), "C:BEGIN Z:T");
    let told = one.ask("SELECT pg_export_snapshot()");
    let snapshot = told.strip_prefix("T D:").and_then(|t| t.split(' ').next()).expect("a snapshot");
    assert_eq!(other.ask("BEGIN ISOLATION LEVEL REPEATABLE READ"), "C:BEGIN Z:T");
    assert_eq!(other.ask(&format!("SET TRANSACTION SNAPSHOT '{snapshot}'")), "C:SET Z:T");
    let mut ana = session("ana");
    assert_eq!(ana.ask("BEGIN ISOLATION LEVEL REPEATABLE READ"), "C:BEGIN Z:T");
    assert!(ana.ask(&format!("SET TRANSACTION SNAPSHOT '{snapshot}'")).starts_with("E:"));
}

#[test]
fn its_tools_do_their_work() {
    let world = world();
    let connection = world.proxy.connection("dan", "app", None);
    let folder = std::env::temp_dir().join(format!("consentry-dump-{}", std::process::id()));
    let path = folder.to_str().expect("a path");
    run(world.database.bin(), "pg_dump", &["-Fd", "-j2", "-f", path, "-d", &connection]);
    std::fs::remove_dir_all(&folder).expect("a dump");
    run(world.database.bin(), "vacuumdb", &["--analyze-in-stages", "-d", &connection]);
}

fn run(bin: &Path, tool: &str, arguments: &[&str]) {
    let done = Command::new(bin.join(tool)).args(arguments).output().expect(tool);
    assert!(done.status.success(), "{tool}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn what_a_transaction_has_defined_is_not_looked_into() {
    let proxy = crate::start(world());
    let mut dba = crate::raw::Raw::log_in(proxy.port(), "dan", &[]);
    for sql in [
        "BEGIN",
        "CREATE TABLE copied AS SELECT name FROM customers",
        "SELECT count(*) FROM copied",
        "ROLLBACK",
        "SELECT count(*) FROM customers",
    ] {
        assert!(!dba.ask(sql).contains("E:"), "{sql}");
    }
    crate::record::told(&proxy, 5);
    let events = crate::record::events(&proxy.audit());
    let counts = events.iter().filter(|e| e["event"] == "decision" && e["kind"] == "select");
    let rules: Vec<&serde_json::Value> = counts.map(|e| &e["rules"]).collect();
    assert_eq!(
        rules,
        [&serde_json::json!(["not looked into: what this transaction has defined"]), &serde_json::json!([])]
    );
}

/// However it came there, and whatever it is called by then.
#[test]
fn what_fills_a_temporary_relation_is_on_record_when_that_is_read() {
    let fills: [(&[&str], &str); 6] = [
        (&["CREATE TEMP TABLE a AS SELECT name FROM customers", "ALTER TABLE a RENAME TO renamed"], "renamed"),
        (
            &["CREATE TEMP TABLE b (name text)", "PREPARE i AS INSERT INTO b SELECT name FROM customers", "EXECUTE i"],
            "b",
        ),
        (
            &[
                "CREATE TEMP TABLE c (name text)",
                "WITH x AS (INSERT INTO c SELECT name FROM customers RETURNING 1) SELECT count(*) FROM x",
            ],
            "c",
        ),
        (&["EXPLAIN ANALYZE CREATE TEMP TABLE d AS SELECT name FROM customers"], "d"),
        (&["CREATE TEMP TABLE e AS SELECT name FROM customers", "DROP TABLE IF EXISTS pg_temp_99.e"], "e"),
        (&["DO $$ BEGIN EXECUTE 'CREATE TEMP TABLE f AS SELECT name FROM ' || 'custom' || 'ers'; END $$"], "f"),
    ];
    let proxy = crate::start(world());
    let mut dba = crate::raw::Raw::log_in(proxy.port(), "dan", &[]);
    for (statements, relation) in fills {
        for sql in statements {
            assert!(!dba.ask(sql).contains("E:"), "{sql}: {:?}", dba.error);
        }
        let answer = dba.ask(&format!("WITH w AS (SELECT name FROM {relation}) SELECT name AS was_read FROM w"));
        assert!(answer.contains("D:"), "{relation}: {answer}");
    }
    crate::record::told(&proxy, 18);
    let events = crate::record::events(&proxy.audit());
    let reads: Vec<_> =
        events.iter().filter(|e| e["sql"].as_str().is_some_and(|sql| sql.contains("WITH w AS"))).collect();
    let tables: Vec<&serde_json::Value> = reads.iter().map(|e| &e["tables"][0]["name"]).collect();
    assert_eq!(tables[..5], ["public.customers"; 5]);
    let rules: Vec<&serde_json::Value> = reads.iter().map(|e| &e["rules"]).collect();
    assert_eq!(*rules[5], serde_json::json!(["not looked into: a relation that is not known"]));
}
