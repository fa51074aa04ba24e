//! The record: each statement's decision and completion, and what happens when it cannot be written.

use std::collections::BTreeMap;
use std::fs;
use std::net::Shutdown;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::raw::{Raw, bind, describe, execute, message, parse, query, sync};
use super::{start, start_with, world};
use crate::common::proxy::{Proxy, Served};

pub fn log_in(proxy: &Proxy) -> Raw {
    Raw::log_in(proxy.port(), "ana", &[])
}

pub fn events(folder: &Path) -> Vec<Value> {
    let files = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
        .iter()
        .flat_map(|f| fs::read_to_string(f).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}

/// Decisions with their completions, once `n` of them are there: completions may trail.
pub fn told(proxy: &Proxy, n: usize) -> Vec<(String, String, String, u64)> {
    let start = Instant::now();
    loop {
        let all = events(&proxy.audit());
        let completions: BTreeMap<&str, &Value> =
            all.iter().filter(|e| e["event"] == "completion").map(|e| (e["statement"].as_str().unwrap(), e)).collect();
        let told: Vec<_> = all
            .iter()
            .filter(|e| e["event"] == "decision")
            .map(|d| {
                let end = completions.get(d["statement"].as_str().unwrap());
                (
                    d["kind"].as_str().unwrap().to_owned(),
                    d["outcome"].as_str().unwrap().to_owned(),
                    end.map_or("none".to_owned(), |e| e["outcome"].as_str().unwrap().to_owned()),
                    end.map_or(0, |e| e["rows"].as_u64().unwrap()),
                )
            })
            .collect();
        let open = told.iter().filter(|(_, outcome, end, _)| outcome != "refused" && end == "none").count();
        if told.len() >= n && open == 0 || start.elapsed() > Duration::from_secs(15) {
            return told;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn line(kind: &str, outcome: &str, end: &str, rows: u64) -> (String, String, String, u64) {
    (kind.to_owned(), outcome.to_owned(), end.to_owned(), rows)
}

#[test]
fn every_statement_is_decided_and_completed() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("SELECT id FROM things; SELECT count(*) FROM customers");
    c.ask("SELECT nothing");
    c.ask("SELECT pg_read_file('secret-word')");
    // A portal that is left half-read: no CommandComplete ever comes.
    c.exchange(&[
        parse("", "SELECT id FROM customers WHERE name <> 'secret-word'"),
        bind("", "", &[]),
        execute("", 1),
        sync(),
    ]);
    // Skipped behind an error.
    c.exchange(&[query("SELECT 1/0; SELECT 'secret-word'")]);
    let told = told(&proxy, 7);
    assert_eq!(
        told,
        [
            line("select", "allowed", "ok", 3),
            line("select", "changed", "ok", 1),
            line("select", "allowed", "error", 0),
            line("select", "refused", "none", 0),
            line("select", "changed", "ok", 1),
            line("select", "allowed", "error", 0),
            line("select", "allowed", "cancelled", 0),
        ]
    );
    for file in fs::read_dir(proxy.audit()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("secret-word"), "a literal is on record");
    }
    let all = events(&proxy.audit());
    let login = all.iter().find(|e| e["event"] == "login" && e["user"] == "ana").unwrap();
    drop(c);
    let begun = Instant::now();
    let end = loop {
        let all = events(&proxy.audit());
        if let Some(end) = all.iter().find(|e| e["event"] == "session_end" && e["session"] == login["session"]) {
            break end.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "the session's end is not on record");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(end["user"], "ana", "a filter by user finds it");
}

/// Rows and bytes of the last statement on record, once `n` have ended.
fn last_sent(proxy: &Proxy, n: usize) -> (u64, u64) {
    told(proxy, n);
    let all = events(&proxy.audit());
    let last = all.iter().rfind(|e| e["event"] == "completion").unwrap();
    assert_eq!(last["outcome"], "cancelled", "{last}");
    (last["rows"].as_u64().unwrap(), last["bytes"].as_u64().unwrap())
}

/// More rows of one digit than wait anywhere between PostgreSQL and a client.
fn many() -> String {
    let crossed: Vec<String> = (0..15).map(|i| format!("things t{i}")).collect();
    format!("SELECT t0.id FROM {}", crossed.join(", "))
}

/// Sends a message, and reads so many rows of the answer.
fn read_some(c: &mut Raw, message: &[u8], rows: u64) {
    c.send(message);
    let mut read = 0;
    while read < rows {
        let answer = c.answer();
        assert!(!answer.starts_with("E:"), "{:?}", c.error);
        read += u64::from(answer.starts_with("D:") || answer == "d");
    }
}

/// Nobody reads the rest of an answer whose client has hung up: PostgreSQL does not wait for that for ever, nor does what
/// stands behind it.
#[test]
fn a_client_that_hangs_up_in_the_middle_of_an_answer_leaves_no_session() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    read_some(&mut c, &query(&format!("SELECT id FROM things; {}", many())), 10);
    let stream = c.into_stream();
    stream.shutdown(Shutdown::Write).unwrap();
    let ends: Vec<_> = told(&proxy, 2).into_iter().map(|(_, _, end, _)| end).collect();
    assert_eq!(ends, ["ok", "cancelled"]);
}

/// Who breaks off after having read what he wanted has got it: rows that left are on record however their session ended.
#[test]
fn what_was_sent_before_a_session_ended_is_on_record() {
    const READ: u64 = 3000;
    let proxy = start(world());
    let many = many();
    let suspended = [parse("", &many), bind("", "", &[]), execute("", 1000), execute("", 0), sync()].concat();
    let in_block = format!("BEGIN; DECLARE c CURSOR FOR {many}");
    // What comes before, what breaks off, how many statements both are, how long a row is.
    let ways = [
        ("", query(&many), 1, 7),
        ("", query(&format!("SELECT id FROM things; {many}")), 2, 7),
        (in_block.as_str(), query("FETCH ALL FROM c"), 3, 7),
        ("", query(&format!("COPY ({many}) TO STDOUT")), 1, 2),
        ("", suspended, 1, 7),
    ];
    let mut n = 0;
    for (before, breaks_off, statements, length) in ways {
        let mut c = log_in(&proxy);
        c.ask(before);
        read_some(&mut c, &breaks_off, READ);
        drop(c);
        n += statements;
        let (rows, bytes) = last_sent(&proxy, n);
        assert!(rows >= READ - 3, "{rows} rows of {READ} are on record: {}", String::from_utf8_lossy(&breaks_off));
        assert_eq!(bytes, rows * length);
    }
}

/// COPY that fails has sent rows as well.
#[test]
fn what_copy_sent_before_it_failed_is_on_record() {
    let proxy = start(world());
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    let answer = c.ask("COPY (SELECT 1 / (5 - i) FROM generate_series(1, 9) i) TO STDOUT");
    assert_eq!(answer, "H d d d d E:22012 Z:I");
    assert_eq!(c.ask("COPY (SELECT id FROM things) TO STDOUT (FORMAT csv, HEADER)"), "H d d d d c C:COPY 3 Z:I");
    assert_eq!(told(&proxy, 2), [line("copy_to", "allowed", "error", 4), line("copy_to", "allowed", "ok", 3)]);
}

/// Nor in the log, however much is logged: what we are made of would tell each text that it reads.
#[test]
fn no_literal_is_in_the_log_at_any_level() {
    let served = [Served { name: "app", database: &world().database, policy: &super::policy() }];
    let proxy = Proxy::start_with(&served, &[("ana", "app")], "", &[("CONSENTRY_LOG", Path::new("trace"))]);
    let mut c = log_in(&proxy);
    assert_eq!(c.ask("SELECT id FROM customers WHERE name = 'secret-word'"), "T C:SELECT 0 Z:I");
    assert_eq!(c.ask("SELECT id FROM things WHERE name = 'secret-word' -- secret-word"), "T C:SELECT 0 Z:I");
    told(&proxy, 2);
    let log = proxy.log();
    assert!(log.contains("INFO"), "{log}");
    let secret: Vec<_> = log.lines().filter(|l| l.contains("secret-word")).collect();
    assert!(secret.is_empty(), "{secret:?}");
}

/// A bare key column tells whose rows have left, in text and in binary, and the same person has the same hash, however
/// often the key is shown.
#[test]
fn subjects_that_leave_are_on_record_as_hashes() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("SELECT id, name, id, id FROM customers ORDER BY id");
    let binary = [0, 0, 0, 0, 0, 1, 0, 1];
    let bound = message(b'B', &[&b"\0\0"[..], &binary].concat());
    c.exchange(&[parse("", "SELECT id FROM customers WHERE id = 2"), bound, execute("", 0), sync()]);
    c.ask("SELECT count(*) FROM customers");
    told(&proxy, 3);
    let seen: Vec<Vec<String>> = events(&proxy.audit())
        .iter()
        .filter(|e| e["event"] == "subjects_seen")
        .map(|e| e["subjects"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect())
        .collect();
    let [both, one] = &seen[..] else { panic!("two statements show keys: {seen:?}") };
    assert_eq!((both.len(), one.len()), (2, 1));
    assert!(both.contains(&one[0]));
}

/// EXECUTE names by its arguments whom the prepared statement is about, in every way that one is run; an array, by its
/// elements.
#[test]
fn arguments_of_execute_and_arrays_name_subjects() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("SELECT name FROM customers WHERE id = 2");
    c.ask("PREPARE z AS SELECT name FROM customers WHERE name <> $1 AND id = $2");
    c.ask("EXECUTE z('x', 2)");
    c.ask("PREPARE y AS SELECT name FROM customers WHERE id = $1; EXECUTE y('02'::int)");
    c.exchange(&[parse("", "EXECUTE z('x', 2)"), bind("", "", &[]), execute("", 0), sync()]);
    c.ask("EXECUTE z('x', 1 + 1)");
    c.ask("SELECT name FROM customers WHERE id = ANY ('{2, null}')");
    c.exchange(&[
        parse("", "SELECT name FROM customers WHERE id = ANY ($1)"),
        bind("", "", &["{\"2\"}"]),
        execute("", 0),
        sync(),
    ]);
    c.ask("PREPARE x AS SELECT name FROM customers WHERE id = ANY ($1); EXECUTE x('{2}')");
    told(&proxy, 11);
    let decisions: Vec<_> = events(&proxy.audit()).into_iter().filter(|e| e["event"] == "decision").collect();
    let about: Vec<_> = decisions.iter().map(|d| d["subjects"].as_array().unwrap().clone()).collect();
    let two = about[0].clone();
    assert_eq!(two.len(), 1, "{two:?}");
    let nobody = Vec::new();
    assert_eq!(about, [&two, &nobody, &two, &nobody, &two, &two, &two, &two, &two, &nobody, &two].map(Clone::clone));
}

/// Who reads a temporary table that was derived from a protected one reads that one, as the record says.
#[test]
fn what_a_temporary_table_was_derived_from_is_on_record_when_it_is_read() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.ask("CREATE TEMP TABLE d AS SELECT id, name FROM customers");
    c.ask("SELECT * FROM d");
    c.ask("CREATE TEMP TABLE e (x text); INSERT INTO e SELECT name FROM d; SELECT * FROM e");
    c.ask("SELECT x FROM e");
    c.ask("CREATE TEMP TABLE f (x int)");
    c.ask("SELECT x FROM f");
    told(&proxy, 8);
    let decisions: Vec<_> = events(&proxy.audit()).into_iter().filter(|e| e["event"] == "decision").collect();
    let tables = |d: &serde_json::Value| -> Vec<String> {
        d["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect()
    };
    let of: Vec<_> = decisions.iter().map(|d| tables(d).join(" ")).collect();
    let customers = "public.customers";
    assert_eq!(of, [customers, customers, "", customers, customers, customers, "", ""]);
    let columns = decisions[1]["tables"][0]["columns"].as_array().unwrap();
    assert!(columns.iter().any(|c| c["name"] == "name" && c["use"] == "shown"), "{columns:?}");
}

/// The folder is gone: what had left already is withheld, what comes is refused before it runs, the session lives on,
/// and goes on by itself when the folder is back.
#[test]
fn without_a_record_nothing_is_answered_and_the_session_lives_on() {
    let proxy = start(world());
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
    let away = proxy.audit().with_file_name("away");
    fs::rename(proxy.audit(), &away).unwrap();
    let sent = [parse("", "SELECT id FROM things"), bind("", "", &[]), execute("", 0), sync(), query("SELECT 2")];
    assert_eq!(c.exchange(&sent), "E:58030 Z:I E:58030 Z:I");
    assert_eq!(c.ask("DELETE FROM things"), "E:58030 Z:I");
    assert_eq!(world().database.psql("SELECT count(*) > 0 FROM things"), "t");
    fs::rename(&away, proxy.audit()).unwrap();
    let start = Instant::now();
    while c.ask("SELECT 1") != "T D:1 C:SELECT 1 Z:I" {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", c.error);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What was refused takes the rest of its batch with it: nothing of that is a decision, whatever statement it would have
/// meant. All arrives together, as most drivers send it.
#[test]
fn what_stands_behind_a_refusal_is_no_decision() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    let run = |sql: &str| vec![parse("", sql), bind("", "", &[]), describe('P', ""), execute("", 0), sync()];
    let refused = "SELECT pg_read_file('x')";
    let long = "n".repeat(64);
    assert_eq!(c.exchange(&run("SELECT count(*) FROM customers")), "1 2 T D:2 C:SELECT 1 Z:I");
    assert_eq!(c.exchange(&[parse("s", "SELECT id FROM customers"), sync()]), "1 Z:I");
    // Parse, of the unnamed statement and of a named one that is there already; Bind; Execute.
    assert_eq!(c.exchange(&run(refused)), "E:42501 Z:I");
    let batch = [parse("s", refused), bind("", "s", &[]), execute("", 0), sync()];
    assert_eq!(c.exchange(&batch), "E:42501 Z:I");
    let batch = [bind("p", "s", &[]), bind("", &long, &[]), execute("p", 0), execute("", 0), sync()];
    assert_eq!(c.exchange(&batch), "2 E:42622 Z:I");
    let batch = [bind("p", "s", &[]), bind("", "none", &[]), execute("p", 0), execute("", 0), sync()];
    assert_eq!(c.exchange(&batch), "2 E:26000 Z:I");
    let batch = [bind("p", "s", &[]), execute("none", 0), execute("p", 0), sync()];
    assert_eq!(c.exchange(&batch), "2 E:34000 Z:I");
    assert_eq!(c.exchange(&[bind("", "s", &[]), execute("", 1), sync()]), "2 D:1 s Z:I");
    assert_eq!(
        told(&proxy, 5),
        [
            line("select", "changed", "ok", 1),
            line("select", "refused", "none", 0),
            line("select", "refused", "none", 0),
            line("message", "refused", "none", 0),
            line("select", "changed", "ok", 1),
        ]
    );
}

/// As with PostgreSQL itself, a Parse that fails has dropped the unnamed statement before it did.
#[test]
fn a_refused_parse_drops_the_unnamed_statement() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    assert_eq!(c.exchange(&[parse("", "SELECT id FROM customers"), sync()]), "1 Z:I");
    assert_eq!(c.exchange(&[bind("", "none", &[]), sync()]), "E:26000 Z:I");
    assert_eq!(c.exchange(&[bind("", "", &[]), execute("", 1), sync()]), "2 D:1 s Z:I");
    for refused in ["SELECT pg_read_file('x')", "SELECT nothing"] {
        assert_eq!(c.exchange(&[parse("", "SELECT id FROM customers"), sync()]), "1 Z:I");
        let answer = c.exchange(&[parse("", refused), sync(), bind("", "", &[]), execute("", 1), sync()]);
        assert!(answer.ends_with(" Z:I E:26000 Z:I"), "{refused}: {answer}");
    }
    assert_eq!(told(&proxy, 2).len(), 2, "{:?}", told(&proxy, 2));
}

/// Completions in order: outcome and SQLSTATE.
fn endings(proxy: &Proxy, n: usize) -> Vec<String> {
    told(proxy, n);
    let ends = events(&proxy.audit()).into_iter().filter(|e| e["event"] == "completion");
    let text = |v: &Value| v.as_str().unwrap_or("none").to_owned();
    ends.map(|e| format!("{} {}", text(&e["outcome"]), text(&e["sqlstate"]))).collect()
}

/// An error of PostgreSQL's at Parse, Bind or Describe is the end of the statement it is about; what stands behind that
/// in the batch did not run.
#[test]
fn an_error_before_execute_is_the_statements_own() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    c.exchange(&[parse("s", "SELECT id FROM customers WHERE id = $1"), sync()]);
    let one = [bind("one", "s", &["1"]), execute("one", 0)].concat();
    for (before, code) in [
        // Planned at Bind.
        ([parse("", "SELECT 1/0"), bind("", "", &[])].concat(), "22012"),
        ([parse("", "SELECT nothing FROM customers"), bind("", "", &[])].concat(), "42703"),
        (bind("", "s", &["x"]), "22P02"),
        // Taken already.
        ([parse("s", "SELECT 1"), bind("", "s", &[])].concat(), "42P05"),
    ] {
        let answer = c.exchange(&[before, describe('P', ""), execute("", 0), one.clone(), sync()]);
        assert!(answer.ends_with(&format!("E:{code} Z:I")), "{answer}");
    }
    // The portal that failed, not the first one that is executed.
    let batch = [bind("one", "s", &["1"]), bind("", "s", &["x"]), execute("one", 0), execute("", 0), sync()];
    assert_eq!(c.exchange(&batch), "2 E:22P02 Z:I");
    let none = "cancelled none";
    let errors = ["error 22012", "error 42703", "error 22P02", "error 42P05"];
    let mut wanted: Vec<&str> = errors.iter().flat_map(|e| [*e, none]).collect();
    wanted.extend([none, "error 22P02"]);
    assert_eq!(endings(&proxy, 10), wanted);
}

/// Who tried to reach a table can be asked of the record.
#[test]
fn a_refusal_names_the_table_that_may_not_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = fs::read_to_string(super::policy()).unwrap();
    let text = text.replace("purposes = [\"service\", \"marketing\"]", "purposes = [\"service\", \"counting\"]");
    let text = text.replace("open = [\"public.things\"]", "open = []");
    let counting = "\n[purpose.counting]\ndescription = \"Count\"\nbasis = \"contract\"\n";
    fs::write(&policy, text + counting).unwrap();
    let proxy = start_with(world(), &policy, "");
    let mut ana = log_in(&proxy);
    let mut bea = Raw::log_in(proxy.port(), "bea", &[]);
    for sql in [
        "SELECT * FROM things",
        "WITH l AS (SELECT id FROM listed) SELECT c.name FROM customers c, l",
        "/*purpose='counting'*/ SELECT count(*) FROM customers",
        "SELECT * FROM pg_authid",
        "SELECT * FROM no_such_table",
    ] {
        assert!(ana.ask(sql).starts_with("E:42"), "{sql}");
    }
    assert_eq!(bea.ask("UPDATE customers SET name = 'x'"), "E:42501 Z:I");
    let refused = || -> Vec<(String, Vec<String>)> {
        let all = events(&proxy.audit());
        let decisions = all.iter().filter(|e| e["outcome"] == "refused" && e["event"] == "decision");
        let name = |table: &Value| table["name"].as_str().unwrap().to_owned();
        let tables = |e: &Value| e["tables"].as_array().unwrap().iter().map(name).collect();
        decisions.map(|e| (e["refusal"]["rule"].as_str().unwrap().to_owned(), tables(e))).collect()
    };
    let start = Instant::now();
    while refused().len() < 6 && start.elapsed() < Duration::from_secs(15) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let expected = [
        ("table-not-listed", vec!["public.things"]),
        ("table-not-listed", vec!["public.things"]),
        ("table-out-of-reach", vec!["public.customers"]),
        ("system-relation", vec!["pg_catalog.pg_authid"]),
        ("undefined-table", vec![]),
        ("right-missing", vec!["public.customers"]),
    ];
    let expected = expected.map(|(rule, of)| (rule.to_owned(), of.into_iter().map(str::to_owned).collect()));
    assert_eq!(refused(), expected);
    let shown =
        proxy.command(&["audit", "show", "--outcome", "refused", "--table", "things"]).arg(proxy.audit()).output();
    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    assert_eq!(shown.lines().count(), 2, "{shown}");
}

/// A pool says by it who uses a connection now.
#[test]
fn what_a_session_calls_itself_is_on_record_as_it_is_then() {
    let proxy = start(world());
    let mut c = Raw::log_in(proxy.port(), "ana", &[("application_name", "pool")]);
    for sql in [
        "SELECT 1",
        "SET application_name = 'billing'",
        "SELECT 2",
        "BEGIN; SET LOCAL application_name = 'é\n'; SELECT 3",
        "SELECT 4",
        "ROLLBACK",
        "SELECT 5",
    ] {
        c.ask(sql);
    }
    told(&proxy, 9);
    let named: Vec<String> = events(&proxy.audit())
        .iter()
        .filter(|e| e["event"] == "decision" && e["kind"] == "select")
        .map(|e| e["client"]["application_name"].as_str().unwrap_or("-").to_owned())
        .collect();
    // What is sent in one message is on record before any of it has run.
    assert_eq!(named, ["pool", "billing", "billing", "???", "billing"]);
}
