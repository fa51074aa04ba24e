//! The record fails while statements are under way: what is not on record has done nothing, what is stays.

use std::fs;
use std::time::{Duration, Instant};

use super::raw::{Raw, bind, execute, flush, parse, query, sync};
use super::record::events;
use super::waits::start_on;
use super::{start, world};
use crate::common::disk::FaultyDisk;

/// Statements that are under way when the record fails have done nothing: not by themselves, not in a batch or a block.
#[test]
fn what_is_under_way_when_the_record_fails_is_not_done() {
    world().database.psql(
        "CREATE TABLE lasting (n int); INSERT INTO lasting VALUES (1); GRANT ALL ON lasting TO consentry;
         CREATE FUNCTION raised() RETURNS int LANGUAGE sql AS 'UPDATE lasting SET n = n + 100 RETURNING n'",
    );
    let stored = || world().database.psql("SELECT n FROM lasting");
    let update = "UPDATE lasting SET n = n + 100";
    let begin = || vec![query("BEGIN"), query(update)];
    let run = || vec![parse("", update), bind("", "", &[]), execute("", 0)];
    let (simple, commit) = (vec![query(update)], vec![query("BEGIN; UPDATE lasting SET n = n + 100; COMMIT")]);
    let batch = [run(), vec![sync()]].concat();
    let twice = [run(), vec![sync()], simple.clone()].concat();
    let reads_first = [vec![query("SELECT 1")], simple.clone(), vec![query("SELECT 2")]].concat();
    let function = vec![query("SELECT raised()")];
    for (block, sent, answer) in [
        (false, &simple, "E:58030 Z:I"),
        (false, &vec![query("SELECT 1; UPDATE lasting SET n = n + 100")], "E:58030 Z:I"),
        (false, &commit, "E:58030 Z:I"),
        (false, &batch, "E:58030 Z:I"),
        (false, &twice, "E:58030 Z:I E:58030 Z:I"),
        (false, &reads_first, "E:58030 Z:I E:58030 Z:I E:58030 Z:I"),
        (false, &function, "E:58030 Z:I"),
        // A Query ends the batch before it.
        (false, &[run(), vec![query("SELECT 1")]].concat(), "E:58030 Z:I"),
        (false, &[run(), vec![query("")]].concat(), "E:58030 Z:I"),
        (false, &vec![parse("", update), bind("p", "", &[]), query("FETCH ALL FROM p")], "E:58030 Z:I"),
        (false, &vec![query("PREPARE q AS UPDATE lasting SET n = n + 100; EXPLAIN ANALYZE EXECUTE q")], "E:58030 Z:I"),
        (true, &simple, "E:58030 Z:E"),
        (true, &batch, "E:58030 Z:E"),
        (true, &vec![query("COMMIT")], "E:58030 Z:E"),
        (true, &vec![query(update), query("COMMIT")], "E:58030 Z:E E:58030 Z:E"),
        (true, &vec![parse("", "COMMIT"), bind("", "", &[]), execute("", 0), sync()], "E:58030 Z:E"),
    ] {
        let proxy = start(world());
        let mut c = Raw::log_in(proxy.port(), "dan", &[]);
        if block {
            assert!(c.exchange(&begin()).ends_with("Z:T"));
        } else {
            c.ask("SELECT 1");
        }
        // Completions are written by then.
        std::thread::sleep(Duration::from_millis(500));
        let away = proxy.audit().with_file_name("away");
        fs::rename(proxy.audit(), &away).unwrap();
        assert_eq!(c.exchange(sent), answer, "{block} {sent:?}");
        fs::rename(&away, proxy.audit()).unwrap();
        let start = Instant::now();
        while c.ask("ROLLBACK").starts_with("E:58030") {
            assert!(start.elapsed() < Duration::from_secs(30), "{:?}", c.error);
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
        assert_eq!(stored(), "1", "{block} {sent:?}");
        // In a block it had been answered, and its transaction was undone; of several one may have been, or be refused.
        let one = !block && (sent == &simple || sent == &batch);
        let lost = |e: &serde_json::Value| !one || (e["event"] == "completion" && e["sqlstate"] == "58030");
        while !events(&proxy.audit()).iter().any(lost) {
            assert!(start.elapsed() < Duration::from_secs(30), "{block} {sent:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What no ROLLBACK takes back waits for its record itself, in a block and in a batch too.
#[test]
fn what_acts_at_once_does_not_before_its_record_is_durable() {
    world().database.psql(
        "CREATE SEQUENCE raised_at_once; GRANT ALL ON SEQUENCE raised_at_once TO consentry;
         CREATE FUNCTION raise_at_once() RETURNS bigint LANGUAGE sql AS $$ SELECT setval('raised_at_once', 100) $$;
         CREATE VIEW raises_at_once AS SELECT raise_at_once(); GRANT SELECT ON raises_at_once TO consentry",
    );
    let disk = FaultyDisk::new();
    let proxy = start_on(&disk);
    let victim = Raw::log_in(world().proxy.port(), "dan", &[]);
    let batch = |sql: &str| [parse("", sql), bind("", "", &[]), execute("", 0), sync()].concat();
    let set = "SELECT setval('raised_at_once', 100)";
    for (block, sent) in [
        (false, batch(set)),
        (true, batch(set)),
        (true, query(set)),
        (true, query("SELECT raise_at_once()")),
        (true, query("SELECT * FROM raises_at_once")),
        (true, query("DO $$ BEGIN PERFORM raise_at_once(); END $$")),
        (true, query("EXECUTE raises")),
        (true, query(&format!("SELECT pg_terminate_backend({})", victim.pid))),
        (true, query("COPY (SELECT 1) TO PROGRAM 'false'")),
    ] {
        let mut c = Raw::log_in(proxy.port(), "dan", &[]);
        c.ask(&format!("PREPARE raises AS {set}"));
        c.ask(if block { "BEGIN" } else { "SELECT 1" });
        // Completions are written by then.
        std::thread::sleep(Duration::from_millis(500));
        disk.set("hang");
        c.send(&sent);
        std::thread::sleep(Duration::from_millis(500));
        disk.set(&libc::EIO.to_string());
        let answer = until_ready(&mut c, 1);
        disk.set("");
        let status = if block { "E" } else { "I" };
        assert_eq!(answer, format!("E:58030 Z:{status}"), "{}", String::from_utf8_lossy(&sent));
        let stored = world().database.psql("SELECT last_value FROM raised_at_once");
        assert_eq!(stored, "1", "{}", String::from_utf8_lossy(&sent));
        std::thread::sleep(Duration::from_millis(1000));
    }
    let mut victim = victim;
    assert_eq!(victim.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
    // What is undone with its transaction goes at once.
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    c.ask("BEGIN");
    std::thread::sleep(Duration::from_millis(500));
    disk.set("hang");
    c.send(&query("SELECT lower('X'), pg_advisory_xact_lock(4711)"));
    let locked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711";
    let start = Instant::now();
    while world().database.psql(locked) == "0" {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
    disk.set("");
    assert!(until_ready(&mut c, 1).ends_with("C:SELECT 1 Z:T"));
}

/// What is committed and on record is told, whatever becomes of the record of what comes behind it.
#[test]
fn a_lost_record_takes_nothing_back_that_is_on_record() {
    world().database.psql(
        "CREATE TABLE told (n int); INSERT INTO told VALUES (1); GRANT ALL ON told TO consentry;
         CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
         CREATE TRIGGER slowly BEFORE UPDATE ON told FOR EACH ROW EXECUTE FUNCTION slowly()",
    );
    let update = "UPDATE told SET n = n + 1";
    let batch = [parse("", update), bind("", "", &[]), execute("", 0), sync()].concat();
    for (sent, answer) in [(query(update), "C:UPDATE 1 Z:I E:58030 Z:I"), (batch, "1 2 C:UPDATE 1 Z:I E:58030 Z:I")] {
        let proxy = start(world());
        let mut c = Raw::log_in(proxy.port(), "dan", &[]);
        let before: i32 = world().database.psql("SELECT n FROM told").parse().unwrap();
        c.send(&[sent, query("SELECT 1")].concat());
        std::thread::sleep(Duration::from_millis(500));
        let away = proxy.audit().with_file_name("away");
        fs::rename(proxy.audit(), &away).unwrap();
        assert_eq!(until_ready(&mut c, 2), answer);
        fs::rename(&away, proxy.audit()).unwrap();
        assert_eq!(world().database.psql("SELECT n FROM told").parse::<i32>().unwrap(), before + 1);
    }
    // A COPY that waits for data fails, and the session lives on.
    let proxy = start(world());
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    c.ask("SELECT 1");
    std::thread::sleep(Duration::from_millis(500));
    let away = proxy.audit().with_file_name("away");
    fs::rename(proxy.audit(), &away).unwrap();
    c.send(&[parse("", "COPY told FROM STDIN"), bind("", "", &[]), execute("", 0), flush()].concat());
    std::thread::sleep(Duration::from_millis(300));
    c.send(&sync());
    assert_eq!(until_ready(&mut c, 1), "E:58030 Z:I");
    assert_eq!(c.ask("SELECT 1"), "E:58030 Z:I");
    fs::rename(&away, proxy.audit()).unwrap();
}

/// A row of which the beginning has left goes on to its end, whatever becomes of the record of what was sent behind it: the
/// session goes on behind the row.
#[test]
fn half_a_row_is_told_to_its_end_when_the_record_is_lost() {
    // More than the buffers of two connections may take.
    const LENGTH: usize = 100_000_000;
    let long = format!("SELECT repeat('x', {LENGTH})");
    let batch = [parse("", &long), bind("", "", &[]), execute("", 0), sync()].concat();
    let disk = FaultyDisk::new();
    let proxy = start_on(&disk);
    for (first, behind) in [
        (query(&long), query("SELECT 2")),
        (query(&long), query("INSERT INTO things VALUES (902, 'x')")),
        (batch, query("SELECT 2")),
    ] {
        let mut c = Raw::log_in(proxy.port(), "ana", &[]);
        c.send(&first);
        // What comes with the row's beginning; the row then fills all that lies between here and PostgreSQL.
        assert!(["T", "1"].contains(&&*c.answer()));
        std::thread::sleep(Duration::from_millis(1000));
        disk.set("hang");
        c.send(&behind);
        std::thread::sleep(Duration::from_millis(300));
        disk.set(&libc::EIO.to_string());
        std::thread::sleep(Duration::from_millis(300));
        let answers = until_ready(&mut c, 2);
        let told = answers.replace(&"x".repeat(LENGTH), "row");
        assert!(told.ends_with("D:row E:58030 Z:I E:58030 Z:I"), "{}", &told[..told.len().min(200)]);
        disk.set("");
        let start = Instant::now();
        while c.ask("SELECT 1") != "T D:1 C:SELECT 1 Z:I" {
            assert!(start.elapsed() < Duration::from_secs(30), "{:?}", c.error);
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(world().database.psql("SELECT count(*) FROM things WHERE id = 902"), "0");
    }
}

/// Each answer that a lost record takes back is taken back once, also where the next record is lost before it was on disk.
#[test]
fn an_answer_is_taken_back_once() {
    let disk = FaultyDisk::new();
    let proxy = start_on(&disk);
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    c.ask("SELECT 1");
    for _ in 0..3 {
        disk.set("hang");
        c.send(&query("SELECT 2"));
        std::thread::sleep(Duration::from_millis(300));
        disk.set(&libc::EIO.to_string());
        assert_eq!(until_ready(&mut c, 1), "E:58030 Z:I");
        disk.set("");
        // Nobody asks for anything until it can be written again.
        std::thread::sleep(Duration::from_millis(1500));
    }
    assert_eq!(c.ask("SELECT 3"), "T D:3 C:SELECT 1 Z:I");
}

fn until_ready(c: &mut Raw, readies: usize) -> String {
    let mut answers: Vec<String> = Vec::new();
    while answers.iter().filter(|a| a.starts_with("Z:") || *a == "closed").count() < readies {
        answers.push(c.answer());
    }
    answers.join(" ")
}

/// Preparing anew for another purpose takes a Sync of ours: it commits nothing that the client's own Query would undo.
#[test]
fn a_sync_of_ours_commits_no_batch_of_the_clients() {
    let proxy = start(world());
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    c.ask("PREPARE py AS SELECT 1 / (id - id) FROM customers");
    let insert = || vec![parse("", "INSERT INTO things VALUES (901, 'x')"), bind("", "", &[]), execute("", 0)];
    c.ask("SET consentry.purpose = 'marketing'");
    let answer = c.exchange(&[insert(), vec![query("EXECUTE py")]].concat());
    assert!(answer.ends_with("E:0A000 Z:I"), "{answer}");
    assert_eq!(world().database.psql("SELECT count(*) FROM things WHERE id = 901"), "0");
    // Behind a Sync it is prepared anew and fails by itself.
    assert!(c.ask("EXECUTE py").ends_with("E:22012 Z:I"));
}
