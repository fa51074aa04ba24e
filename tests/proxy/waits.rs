//! A write that waits for its record: clients that say goodbye behind it, hang up, or cancel it. What comes of it is what the
//! record says.

use std::path::Path;
use std::time::{Duration, Instant};

use super::raw::{Raw, bind, execute, message, parse, query, sync};
use super::record::events;
use super::{policy, start, world};
use crate::common::disk::FaultyDisk;
use crate::common::proxy::{Proxy, Served};

fn terminate() -> Vec<u8> {
    message(b'X', &[])
}

pub fn start_on(disk: &FaultyDisk) -> Proxy {
    let served = [Served { name: "app", database: &world().database, policy: &policy() }];
    let (library, control) = (disk.library(), disk.control());
    let env: [(&str, &Path); 2] = [("LD_PRELOAD", &library), ("CONSENTRY_TEST_FAULT", &control)];
    Proxy::start_with(&served, &[("dan", "dba"), ("ana", "app")], "", &env)
}

/// A table of one number, whose updates take a second.
fn make(table: &str) {
    world().database.psql(&format!(
        "CREATE TABLE {table} (n int); INSERT INTO {table} VALUES (0); GRANT ALL ON {table} TO consentry;
         CREATE FUNCTION wait_for_{table}() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
         CREATE TRIGGER waits BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION wait_for_{table}()"
    ));
}

/// How the statements of this kind ended, by outcome and SQLSTATE, once `n` of them have.
fn endings(proxy: &Proxy, kind: &str, n: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let all = events(&proxy.audit());
        let of_kind = |e: &&serde_json::Value| e["event"] == "decision" && e["kind"] == kind;
        let statements: Vec<_> = all.iter().filter(of_kind).map(|d| &d["statement"]).collect();
        let ends = all.iter().filter(|e| e["event"] == "completion" && statements.contains(&&e["statement"]));
        let word = |e: &serde_json::Value| e.as_str().unwrap_or("none").to_owned();
        let ends: Vec<_> = ends.map(|e| format!("{} {}", word(&e["outcome"]), word(&e["sqlstate"]))).collect();
        if ends.len() >= n || begun.elapsed() > Duration::from_secs(15) {
            return ends;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// As on PostgreSQL: what was sent before Terminate is done, answered and on record as what it was.
#[test]
fn what_comes_before_terminate_is_done_and_answered() {
    make("parting");
    let stored = || world().database.psql("SELECT n FROM parting");
    let update = "UPDATE parting SET n = n + 1";
    let batch = [parse("", update), bind("", "", &[]), execute("", 0), sync()].concat();
    let mut proxy = start(world());
    for (round, durability) in ["strict", "relaxed"].into_iter().enumerate() {
        if durability == "relaxed" {
            proxy.kill();
            let file = std::fs::read_to_string(proxy.server_file()).unwrap();
            let relaxed = file.replace("folder = \"audit\"", "folder = \"audit\"\ndurability = \"relaxed\"");
            std::fs::write(proxy.server_file(), relaxed).unwrap();
            proxy.start_again();
        }
        let before = round * 5;
        for (n, sent) in [query(update), batch.clone()].into_iter().enumerate() {
            let mut c = Raw::log_in(proxy.port(), "dan", &[]);
            c.send(&[sent, terminate()].concat());
            let answers = std::iter::from_fn(|| Some(c.answer()).filter(|a| a != "closed"));
            let answers = answers.collect::<Vec<_>>().join(" ");
            assert!(answers.ends_with("C:UPDATE 1 Z:I"), "{durability}: {answers}");
            assert_eq!(stored(), (before + n + 1).to_string());
        }
        // Nobody waits for the answer: with a goodbye, and without.
        for (n, sent) in [[query(update), terminate()].concat(), query(update), batch.clone()].into_iter().enumerate() {
            let mut c = Raw::log_in(proxy.port(), "dan", &[]);
            c.send(&sent);
            drop(c);
            assert_eq!(endings(&proxy, "update", before + n + 3), vec!["ok none"; before + n + 3], "{durability}");
            assert_eq!(stored(), (before + n + 3).to_string());
        }
        let mut c = Raw::log_in(proxy.port(), "dan", &[]);
        c.send(&[query("SELECT 1"), terminate()].concat());
        let answers: Vec<_> = (0..5).map(|_| c.answer()).collect();
        assert_eq!(answers.join(" "), "T D:1 C:SELECT 1 Z:I closed", "{durability}");
    }
}

/// The same while the record of the write is being waited for.
#[test]
fn a_client_that_hangs_up_behind_a_write_that_waits_has_it_done() {
    make("abandoned");
    let disk = FaultyDisk::new();
    let proxy = start_on(&disk);
    let update = "UPDATE abandoned SET n = n + 1";
    for (n, more) in [Vec::new(), terminate()].into_iter().enumerate() {
        let mut c = Raw::log_in(proxy.port(), "dan", &[]);
        c.ask("SELECT 1");
        disk.set("hang");
        c.send(&[query("SELECT 2"), query(update), more].concat());
        std::thread::sleep(Duration::from_millis(300));
        drop(c);
        std::thread::sleep(Duration::from_millis(300));
        disk.set("");
        assert_eq!(endings(&proxy, "update", n + 1), vec!["ok none"; n + 1]);
        assert_eq!(world().database.psql("SELECT n FROM abandoned"), (n + 1).to_string());
    }
}

/// A statement that has not left is cancelled here: PostgreSQL has nothing to cancel.
#[test]
fn a_statement_that_waits_for_its_record_is_cancelled() {
    make("cancelled");
    let disk = FaultyDisk::new();
    let proxy = start_on(&disk);
    let update = "UPDATE cancelled SET n = n + 1";
    let commit = [parse("", "COMMIT"), bind("", "", &[]), execute("", 0), sync()].concat();
    let block = [query("BEGIN"), query(update)];
    for (block, sent, answers) in [
        (&[][..], query(update), "E:57014 Z:I"),
        (&[], query(&format!("SELECT 1; {update}; SELECT 2")), "E:57014 Z:I"),
        (&block, query("COMMIT"), "E:57014 Z:E"),
        (&block, commit, "1 2 E:57014 Z:E"),
    ] {
        let mut c = Raw::log_in(proxy.port(), "dan", &[]);
        c.exchange(block);
        c.ask("SELECT 1");
        // Completions are written by then.
        std::thread::sleep(Duration::from_millis(500));
        disk.set("hang");
        c.send(&sent);
        std::thread::sleep(Duration::from_millis(300));
        Raw::cancel(proxy.port(), c.pid, c.secret);
        let told: Vec<_> = answers.split(' ').map(|_| c.answer()).collect();
        assert_eq!(told.join(" "), answers, "{}", String::from_utf8_lossy(&sent));
        assert_eq!(c.said('M'), "canceling statement due to user request");
        disk.set("");
        assert!(c.ask("ROLLBACK").ends_with("C:ROLLBACK Z:I"));
        assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
        assert_eq!(world().database.psql("SELECT n FROM cancelled"), "0");
    }
    assert_eq!(endings(&proxy, "commit", 2), ["cancelled 57014", "cancelled 57014"]);
    // One that has left is PostgreSQL's to cancel, as ever; so is what stands before one that waits.
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    c.send(&[query("SELECT pg_sleep(60)"), query(update)].concat());
    std::thread::sleep(Duration::from_millis(300));
    Raw::cancel(proxy.port(), c.pid, c.secret);
    let told: Vec<_> = (0..5).map(|_| c.answer()).collect();
    assert_eq!(told.join(" "), "T E:57014 Z:I C:UPDATE 1 Z:I");
}
