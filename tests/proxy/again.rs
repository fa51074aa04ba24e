//! What is prepared again for another purpose: where that fails nothing is lost, and nothing of the client's is ended by it.

use super::raw::{Raw, bind, describe, execute, parse, query, sync};
use super::session;

const COUNT: &str = "SELECT count(*) FROM customers";

/// In a failed transaction PostgreSQL closes a statement and does not prepare it again: its client still has it afterwards.
#[test]
fn what_is_used_in_a_failed_transaction_is_not_lost() {
    let mut c = session("ana");
    let run = [bind("", "p", &[]), execute("", 0), sync()];
    for prepare in [parse("p", COUNT), query(&format!("PREPARE p AS {COUNT}"))] {
        assert!(c.exchange(&[prepare, sync()]).ends_with("Z:I"));
        for (purpose, rows) in [("marketing", "D:1"), ("service", "D:2")] {
            c.ask(&format!("SET consentry.purpose = '{purpose}'"));
            assert_eq!(c.ask("BEGIN; SELECT 1/0"), "C:BEGIN E:22012 Z:E");
            assert_eq!(c.exchange(&run), "E:25P02 Z:E");
            assert_eq!(c.ask("EXECUTE p"), "E:25P02 Z:E");
            assert_eq!(c.exchange(&[describe('S', "p"), sync()]), "E:25P02 Z:E");
            assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
            assert_eq!(c.exchange(&run), format!("2 {rows} C:SELECT 1 Z:I"));
            assert_eq!(c.ask("EXECUTE p"), format!("T {rows} C:SELECT 1 Z:I"));
        }
        assert_eq!(c.ask("DEALLOCATE p"), "C:DEALLOCATE Z:I");
    }
}

/// The same where the client does not wait for the error, and where what it has is taken away next.
#[test]
fn what_is_used_ahead_of_the_error_is_not_lost() {
    let fails = [parse("", "SELECT 1/0"), bind("", "", &[]), execute("", 0), sync()];
    let run = [bind("", "p", &[]), execute("", 0), sync()];
    let in_messages = [parse("", "DEALLOCATE p"), bind("", "", &[]), execute("", 0), sync()];
    for deallocate in [&[query("DEALLOCATE p")][..], &in_messages] {
        let mut c = session("ana");
        assert_eq!(c.exchange(&[parse("p", COUNT), sync()]), "1 Z:I");
        let lose = |c: &mut Raw| {
            c.ask("BEGIN; SET LOCAL consentry.purpose = 'marketing'");
            assert_eq!(c.exchange(&[&fails[..], &run].concat()), "1 E:22012 Z:E E:25P02 Z:E");
            c.ask("ROLLBACK");
        };
        lose(&mut c);
        assert_eq!(c.exchange(&run), "2 D:2 C:SELECT 1 Z:I");
        for again in ["PREPARE p AS SELECT 7", "SELECT 1; PREPARE p AS SELECT 7"] {
            lose(&mut c);
            let said = c.ask(again);
            assert!(said.ends_with("E:42P05 Z:I"), "{said}");
            assert_eq!(c.exchange(&run), "2 D:2 C:SELECT 1 Z:I");
        }
        lose(&mut c);
        assert_eq!(c.exchange(&[parse("p", "SELECT 7"), sync()]), "E:42P05 Z:I");
        assert_eq!(c.exchange(&run), "2 D:2 C:SELECT 1 Z:I");
        lose(&mut c);
        let said = c.exchange(deallocate);
        assert!(said.ends_with("C:DEALLOCATE Z:I"), "{said}");
        assert_eq!(c.exchange(&run), "E:26000 Z:I");
    }
}

/// A portal outlives what fails in a savepoint behind it.
#[test]
fn a_portal_that_is_used_in_a_failed_savepoint_is_not_lost() {
    let mut c = session("ana");
    c.ask("BEGIN");
    let sent = [parse("", "SELECT id FROM customers ORDER BY id LIMIT 1 OFFSET 1"), bind("p", "", &[]), sync()];
    assert_eq!(c.exchange(&sent), "1 2 Z:T");
    c.ask("SAVEPOINT s; SET LOCAL consentry.purpose = 'marketing'");
    assert_eq!(c.ask("SELECT 1/0"), "E:22012 Z:E");
    assert_eq!(c.exchange(&[execute("p", 0), sync()]), "E:25P02 Z:E");
    assert_eq!(c.ask("ROLLBACK TO s"), "C:ROLLBACK Z:T");
    assert_eq!(c.exchange(&[execute("p", 0), sync()]), "D:2 C:SELECT 1 Z:T");
    c.ask("ROLLBACK");
}

/// What it is prepared again for may fail by itself: one error is heard, and the statement is there afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn what_meets_a_lock_when_it_is_prepared_again_is_not_lost() {
    let database = super::common::postgres::shared().database("proxy_locked", include_str!("world.sql"));
    database.grant_to_upstream();
    let proxy = super::serve(&database, &super::policy(), "");
    let locks = database.superuser().await;
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    c.ask("SET lock_timeout = '100ms'");
    let run = [bind("", "p", &[]), execute("", 0), sync()];
    for block in [false, true] {
        let fails = |said: &str| format!("{said} Z:{}", if block { 'E' } else { 'I' });
        assert_eq!(c.ask("SET consentry.purpose = 'service'"), "C:SET Z:I");
        assert_eq!(c.exchange(&[parse("p", COUNT), sync()]), "1 Z:I");
        assert_eq!(c.ask(&format!("PREPARE q AS {COUNT}")), "C:PREPARE Z:I");
        assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
        locks.batch_execute("BEGIN; LOCK TABLE customers").await.unwrap();
        for execute in ["EXECUTE p", "SELECT 7; EXECUTE q"] {
            if block {
                c.ask("BEGIN");
            }
            let said = c.ask(execute);
            assert!(said == fails("E:55P03") || said == fails("T D:7 C:SELECT 1 E:55P03"), "{execute}: {said}");
            c.ask("ROLLBACK");
        }
        assert_eq!(c.exchange(&run), "E:55P03 Z:I");
        locks.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(c.ask("EXECUTE q; EXECUTE p"), "T D:1 C:SELECT 1 T D:1 C:SELECT 1 Z:I");
        assert_eq!(c.exchange(&run), "2 D:1 C:SELECT 1 Z:I");
        c.ask("DEALLOCATE ALL");
    }
}

/// What the client has sent without a Sync is not committed by one of ours.
#[test]
fn what_is_prepared_again_ends_no_batch() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("s", COUNT), sync()]), "1 Z:I");
    assert_eq!(c.ask("CREATE TEMP TABLE mine AS SELECT 7 AS a"), "C:SELECT 1 Z:I");
    for batch in ["TRUNCATE mine", "DROP TABLE mine", "SET consentry.purpose = 'service'", "LISTEN lost", "SELECT 1"] {
        assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
        let sent = [parse("", batch), bind("", "", &[]), execute("", 0), query("EXECUTE s; SELECT 1/0"), sync()];
        let said = c.exchange(&sent);
        assert!(said.contains("E:0A000") || said.contains("E:22012"), "{batch}: {said}");
        assert_eq!(c.ask("SHOW consentry.purpose"), "T D:marketing C:SHOW Z:I", "{batch}");
        assert_eq!(c.ask("SELECT a FROM mine"), "T D:7 C:SELECT 1 Z:I", "{batch}");
        assert_eq!(c.ask("SET consentry.purpose = 'service'"), "C:SET Z:I");
        assert_eq!(c.ask("EXECUTE s"), "T D:2 C:SELECT 1 Z:I", "{batch}");
    }
}

/// A Query behind a batch that has failed is not heard, whatever it would have made anew.
#[test]
fn what_is_lost_is_not_made_behind_a_failed_batch() {
    let mut c = session("ana");
    for sql in ["DEALLOCATE p", "PREPARE p AS SELECT 7", "EXECUTE p"] {
        assert_eq!(c.exchange(&[parse("p", COUNT), sync()]), "1 Z:I");
        c.ask("BEGIN; SET LOCAL consentry.purpose = 'marketing'");
        c.ask("SELECT 1/0");
        assert_eq!(c.exchange(&[bind("", "p", &[]), execute("", 0), sync()]), "E:25P02 Z:E");
        c.ask("ROLLBACK");
        c.send(&[parse("", "SELECT 1/0"), bind("", "", &[]), execute("", 0), query(sql), sync()].concat());
        c.send(&query("SELECT 'next'"));
        for expected in ["1", "E:22012", "Z:I", "T", "D:next", "C:SELECT 1", "Z:I"] {
            assert_eq!(c.answer(), expected, "{sql}");
        }
        assert_eq!(c.ask("DEALLOCATE p"), "C:DEALLOCATE Z:I");
    }
}
