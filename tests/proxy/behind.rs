//! FETCH and EXECUTE name what runs: the record says of them what it says of that statement, and what they cannot be
//! followed through is refused.

use serde_json::Value;

use super::raw::{Raw, bind, close, execute, message, parse, query, sync};
use super::record::{events, log_in, told};
use super::{session, start, world};
use crate::common::proxy::Proxy;

/// Kind, tables and how many subjects were seen, of each decision once `n` are there.
fn on_record(proxy: &Proxy, n: usize) -> Vec<(String, Vec<String>, usize)> {
    told(proxy, n);
    let all = events(&proxy.audit());
    let seen = |statement: &Value| {
        let seen = all.iter().find(|e| e["event"] == "subjects_seen" && e["statement"] == *statement);
        seen.map_or(0, |e| e["subjects"].as_array().unwrap().len())
    };
    let tables = |d: &Value| {
        let tables = d["tables"].as_array().unwrap().iter();
        tables.map(|t| t["name"].as_str().unwrap().trim_start_matches("public.").to_owned()).collect()
    };
    let decisions = all.iter().filter(|e| e["event"] == "decision");
    decisions.map(|d| (d["kind"].as_str().unwrap().to_owned(), tables(d), seen(&d["statement"]))).collect()
}

fn line(kind: &str, tables: &[&str], subjects: usize) -> (String, Vec<String>, usize) {
    (kind.to_owned(), tables.iter().map(|t| (*t).to_owned()).collect(), subjects)
}

const ROWS: &str = "SELECT id, name FROM customers ORDER BY id";

/// A Bind whose results come in binary.
fn bind_binary(portal: &str, statement: &str) -> Vec<u8> {
    message(b'B', &[portal.as_bytes(), b"\0", statement.as_bytes(), b"\0\0\0\0\0\0\x01\0\x01"].concat())
}

/// All in one write: whether the portal is there PostgreSQL has not said yet when the FETCH comes.
#[test]
fn a_fetch_ahead_of_answers_is_on_record_with_its_tables() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    let sent = [query("BEGIN"), parse("", ROWS), bind("c1", "", &[]), sync(), query("FETCH ALL FROM c1")];
    assert_eq!(c.exchange(&sent), "C:BEGIN Z:T 1 2 Z:T T D:1,Ann Asked D:2,Ned Never C:FETCH 2 Z:T");
    // The same in the extended protocol.
    let sent = [
        parse("", ROWS),
        bind("c2", "", &[]),
        sync(),
        parse("", "FETCH ALL FROM c2"),
        bind("", "", &[]),
        execute("", 0),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 2 Z:T 1 2 D:1,Ann Asked D:2,Ned Never C:FETCH 2 Z:T");
    c.ask("ROLLBACK");
    assert_eq!(
        on_record(&proxy, 4),
        [
            line("begin", &[], 0),
            line("fetch", &["customers"], 2),
            line("fetch", &["customers"], 2),
            line("rollback", &[], 0),
        ]
    );
}

#[test]
fn subjects_are_seen_through_cursors() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("BEGIN");
    assert_eq!(c.ask("DECLARE c CURSOR FOR SELECT id, name FROM customers"), "C:DECLARE CURSOR Z:T");
    assert_eq!(c.ask("FETCH 1 FROM c"), "T D:1,Ann Asked C:FETCH 1 Z:T");
    assert_eq!(c.ask("MOVE 1 FROM c"), "C:MOVE 1 Z:T");
    assert_eq!(c.ask("DECLARE b BINARY CURSOR FOR SELECT id FROM customers"), "C:DECLARE CURSOR Z:T");
    assert_eq!(c.ask("FETCH ALL FROM b"), "T D:\0\0\0\u{1} D:\0\0\0\u{2} C:FETCH 2 Z:T");
    c.ask("DECLARE d CURSOR FOR SELECT id FROM customers");
    let sent = [parse("", "FETCH ALL FROM d"), bind_binary("", ""), execute("", 1), execute("", 0), sync()];
    assert_eq!(c.exchange(&sent), "1 2 D:\0\0\0\u{1} s D:\0\0\0\u{2} C:FETCH 1 Z:T");
    // Declared in the same message.
    let answer = c.ask("DECLARE e CURSOR FOR SELECT id FROM customers; FETCH ALL FROM e; CLOSE e");
    assert_eq!(answer, "C:DECLARE CURSOR T D:1 D:2 C:FETCH 2 C:CLOSE CURSOR Z:T");
    c.ask("ROLLBACK");
    let fetched: Vec<_> = on_record(&proxy, 12).into_iter().filter(|l| l.0 == "fetch" || l.0 == "move").collect();
    let expected = [1, 0, 2, 2, 2].map(|n| line(if n == 0 { "move" } else { "fetch" }, &["customers"], n));
    assert_eq!(fetched, expected);
}

#[test]
fn subjects_are_seen_through_prepared_statements() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    assert_eq!(c.ask("PREPARE p AS SELECT id, name FROM customers"), "C:PREPARE Z:I");
    assert_eq!(c.ask("EXECUTE p"), "T D:1,Ann Asked D:2,Ned Never C:SELECT 2 Z:I");
    // Prepared in the same message, under a name that was another statement's.
    assert_eq!(c.ask("PREPARE q AS SELECT id FROM things"), "C:PREPARE Z:I");
    let answer = c.ask("DEALLOCATE q; PREPARE q AS SELECT id FROM customers; EXECUTE q");
    assert_eq!(answer, "C:DEALLOCATE C:PREPARE T D:1 D:2 C:SELECT 2 Z:I");
    let sent = [parse("", "EXECUTE q"), bind_binary("", ""), execute("", 0), sync()];
    assert_eq!(c.exchange(&sent), "1 2 D:\0\0\0\u{1} D:\0\0\0\u{2} C:SELECT 2 Z:I");
    // By Parse, ahead of its answer.
    let sent = [parse("s", "SELECT id FROM customers WHERE id = 1"), sync(), query("EXECUTE s")];
    assert_eq!(c.exchange(&sent), "1 Z:I T D:1 C:SELECT 1 Z:I");
    let run: Vec<_> = on_record(&proxy, 8).into_iter().filter(|l| l.0 == "execute").collect();
    assert_eq!(run, [2, 2, 2, 1].map(|n| line("execute", &["customers"], n)));
}

#[test]
fn subjects_are_seen_through_set_operations() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("SELECT id FROM customers UNION ALL SELECT id FROM customers WHERE false");
    c.ask("SELECT id FROM customers UNION SELECT subject_id FROM consents");
    let more = "SELECT c.id FROM customers c JOIN r ON c.id > r.id";
    c.ask(&format!("WITH RECURSIVE r AS (SELECT id FROM customers WHERE id = 1 UNION {more}) SELECT id FROM r"));
    // Not only keys of people: nothing is claimed of it.
    c.ask("SELECT id FROM customers UNION ALL SELECT id FROM things");
    let seen: Vec<_> = on_record(&proxy, 4).into_iter().map(|l| l.2).collect();
    assert_eq!(seen, [2, 2, 2, 0]);
}

/// COPY has many forms: its rows are counted.
#[test]
fn subjects_that_are_copied_out_are_counted() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("COPY (SELECT id, name FROM customers) TO STDOUT");
    c.ask("COPY customers TO STDOUT (FORMAT csv, HEADER)");
    c.ask("COPY customers (id) TO STDOUT (FORMAT binary)");
    c.ask("COPY customers (name) TO STDOUT");
    let mut dba = Raw::log_in(proxy.port(), "dan", &[]);
    dba.ask("COPY customers (name, id) TO STDOUT");
    told(&proxy, 5);
    let seen = events(&proxy.audit()).into_iter().filter(|e| e["event"] == "subjects_seen");
    let seen: Vec<_> = seen.map(|e| (e["subjects"].as_array().unwrap().len(), e["more"].as_u64())).collect();
    assert_eq!(seen, [(0, Some(2)); 4]);
}

/// A statement that does something to the session, executed by its name, would do it unseen.
#[test]
fn execute_runs_only_what_the_session_need_not_follow() {
    let path = |c: &mut Raw| c.ask("SHOW search_path");
    let mut c = session("ana");
    let before = path(&mut c);
    for (name, sql) in [
        ("s1", "SET search_path = harmless"),
        ("s2", "SELECT set_config('search_path', 'harmless', false)"),
        ("s3", "SET consentry.purpose = 'marketing'"),
        ("s4", "PREPARE hidden AS SELECT 1"),
        ("s5", "DEALLOCATE ALL"),
        ("s6", "DISCARD ALL"),
        ("s7", "CREATE TEMP TABLE taken AS SELECT name FROM customers"),
        ("s8", "BEGIN"),
        ("s9", "EXECUTE s1"),
    ] {
        assert_eq!(c.exchange(&[parse(name, sql), sync()]), "1 Z:I", "{sql}");
        assert_eq!(c.ask(&format!("EXECUTE {name}")), "E:0A000 Z:I", "{sql}");
        let sent = [parse("", &format!("EXECUTE {name}")), bind("", "", &[]), execute("", 0), sync()];
        assert_eq!(c.exchange(&sent), "1 E:0A000 Z:I", "{sql}");
        assert_eq!(path(&mut c), before, "{sql}");
    }
    assert_eq!(c.exchange(&[parse("show", "SHOW search_path"), sync()]), "1 Z:I");
    assert_eq!(c.ask("EXECUTE show"), before, "what changes nothing runs");
}

/// FETCH runs the portal that it names.
#[test]
fn fetch_runs_only_what_the_session_need_not_follow() {
    let mut c = session("ana");
    c.ask("CREATE TEMP TABLE taken (name text)");
    c.ask("PREPARE p AS SELECT id FROM customers");
    let before = c.ask("SHOW search_path");
    for sql in [
        "SELECT set_config('search_path', 'harmless', false)",
        "INSERT INTO taken SELECT name FROM customers RETURNING 1",
        "EXECUTE p",
        "FETCH ALL FROM other",
    ] {
        c.ask("BEGIN");
        c.ask("DECLARE other CURSOR FOR SELECT id FROM customers");
        assert_eq!(c.exchange(&[parse("", sql), bind("c", "", &[]), sync()]), "1 2 Z:T", "{sql}");
        assert_eq!(c.ask("FETCH ALL FROM c"), "E:0A000 Z:E", "{sql}");
        c.ask("ROLLBACK");
    }
    assert_eq!(c.ask("SHOW search_path"), before);
    assert_eq!(c.ask("SELECT count(*) FROM taken"), "T D:0 C:SELECT 1 Z:I");
    // Writes that only write are fine.
    c.ask("BEGIN");
    let sent = [parse("", "DELETE FROM things WHERE id = 3 RETURNING id"), bind("c", "", &[]), sync()];
    assert_eq!(c.exchange(&sent), "1 2 Z:T");
    assert_eq!(c.ask("FETCH ALL FROM c"), "T D:3 C:FETCH 1 Z:T");
    c.ask("ROLLBACK");
}

/// PostgreSQL looks the name up when the statement runs, and has told the columns when it was bound.
#[test]
fn what_is_named_at_bind_is_what_runs() {
    let mut c = session("ana");
    c.ask("BEGIN");
    let sent = [
        parse("", "SELECT id FROM things"),
        bind("c", "", &[]),
        parse("", "FETCH ALL FROM c"),
        bind("f", "", &[]),
        close('P', "c"),
        parse("", ROWS),
        bind("c", "", &[]),
        execute("f", 0),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 2 1 2 3 1 2 E:0A000 Z:E");
    c.ask("ROLLBACK");
    // Replaced under another purpose, which is not the session's any more.
    c.ask("SET consentry.purpose = 'service'");
    c.ask("BEGIN");
    assert_eq!(c.exchange(&[parse("s", "SELECT 0"), sync()]), "1 Z:T");
    assert_eq!(c.exchange(&[parse("", "EXECUTE s"), bind("p", "", &[]), sync()]), "1 2 Z:T");
    c.ask("SET consentry.purpose = 'marketing'");
    let sent = [close('S', "s"), parse("s", "SELECT count(*) FROM customers"), sync()];
    assert_eq!(c.exchange(&sent), "3 1 Z:T");
    c.ask("SET consentry.purpose = 'service'");
    assert_eq!(c.exchange(&[execute("p", 0), sync()]), "E:0A000 Z:E");
    c.ask("ROLLBACK");
}

/// A portal of a statement that PREPARE made runs that statement; it prepares nothing again.
#[test]
fn a_portal_of_a_prepared_statement_leaves_its_name_alone() {
    let mut c = session("ana");
    c.ask("BEGIN");
    c.ask("PREPARE q AS SELECT id FROM things WHERE id = 3");
    assert_eq!(c.exchange(&[bind("p", "q", &[]), sync()]), "2 Z:T");
    c.ask("DEALLOCATE q");
    assert_eq!(c.exchange(&[parse("q", "SELECT count(*) FROM customers"), sync()]), "1 Z:T");
    assert_eq!(c.exchange(&[execute("p", 0), sync()]), "D:3 C:SELECT 1 Z:T");
    c.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(c.ask("EXECUTE q"), "T D:1 C:SELECT 1 Z:T");
    c.ask("ROLLBACK");
}

/// The end of a failed transaction is on its way when EXECUTE comes: it will run, and must be judged for its purpose.
#[test]
fn execute_behind_the_end_of_a_failed_transaction_is_judged_anew() {
    let mut c = session("ana");
    c.ask("PREPARE p AS SELECT count(*) FROM customers");
    c.ask("SET consentry.purpose = 'marketing'");
    c.ask("BEGIN");
    assert_eq!(c.ask("SELECT 1/0"), "E:22012 Z:E");
    assert_eq!(c.ask("EXECUTE p"), "E:25P02 Z:E");
    let sent = [query("ROLLBACK"), query("EXECUTE p")];
    assert_eq!(c.exchange(&sent), "C:ROLLBACK Z:I T D:1 C:SELECT 1 Z:I");
}

/// Parse and Bind say nothing to the record, so what a name stands for is told where it runs; PREPARE and DECLARE do.
#[test]
fn what_was_parsed_is_on_record_with_its_text() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("BEGIN");
    c.exchange(&[parse("s", "SELECT name FROM customers WHERE id < 3"), bind("p", "s", &[]), sync()]);
    assert_eq!(c.ask("EXECUTE s"), "T D:Ann Asked D:Ned Never C:SELECT 2 Z:T");
    assert_eq!(c.ask("FETCH 1 FROM p"), "T D:Ann Asked C:FETCH 1 Z:T");
    assert_eq!(c.ask("PREPARE q AS SELECT id FROM customers"), "C:PREPARE Z:T");
    assert_eq!(c.ask("EXECUTE q"), "T D:1 D:2 C:SELECT 2 Z:T");
    c.ask("ROLLBACK");
    told(&proxy, 6);
    let all = events(&proxy.audit());
    let told: Vec<_> =
        (all.iter().filter(|e| e["event"] == "decision")).map(|d| format!("{}: {}", d["kind"], d["sql"])).collect();
    let parsed = r#""SELECT name FROM customers WHERE id < $1""#;
    assert_eq!(
        told[1..5],
        [
            format!(r#""execute": {parsed}"#),
            format!(r#""fetch": {parsed}"#),
            r#""prepare": "PREPARE q AS SELECT id FROM customers""#.to_owned(),
            r#""execute": "EXECUTE q""#.to_owned(),
        ]
    );
}
