//! `max_transaction`: whatever holds a transaction open ends with its time, and nothing else does.

use std::sync::OnceLock;
use std::time::Duration;

use super::common::proxy::Proxy;
use super::raw::{Raw, bind, execute, flush, message, parse, query, sync};
use super::service::{rewrite, wait_for};
use super::{start, world};

/// One under which transactions end after a second.
fn proxy() -> &'static Proxy {
    static PROXY: OnceLock<Proxy> = OnceLock::new();
    PROXY.get_or_init(|| {
        let proxy = start(world());
        rewrite(&proxy, "\npolicy = ", "\nmax_transaction = \"1 second\"\npolicy = ");
        wait_for(|| {
            let mut c = Raw::log_in(proxy.port(), "ana", &[]);
            assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
            wait();
            match c.ask("SELECT 1").as_str() {
                "E:25P04 closed" => true,
                // The server file was not taken up yet when the session began.
                "T D:1 C:SELECT 1 Z:T" | "E:57P01 closed" => false,
                other => panic!("{other}"),
            }
        });
        proxy
    })
}

fn wait() {
    std::thread::sleep(Duration::from_millis(1500));
}

fn session(user: &str) -> Raw {
    Raw::log_in(proxy().port(), user, &[])
}

fn is_ended(mut c: Raw, what: &str) {
    wait();
    assert_eq!([c.answer(), c.answer()], ["E:25P04", "closed"], "{what}");
}

fn run(sql: &str, limit: i32) -> Vec<u8> {
    [parse("", sql), bind("", "", &[]), execute("", limit)].concat()
}

fn hears(c: &mut Raw, answers: &[&str]) {
    for expected in answers {
        assert_eq!(c.answer(), *expected);
    }
}

fn hears_until(c: &mut Raw, wanted: &str) {
    loop {
        match c.answer() {
            said if said == wanted => return,
            said => assert_ne!(said, "closed"),
        }
    }
}

#[test]
fn without_a_sync_it_ends_too() {
    let mut c = session("ana");
    c.send(&[run("BEGIN ISOLATION LEVEL REPEATABLE READ", 0), run("SELECT 7", 0), flush()].concat());
    hears(&mut c, &["1", "2", "C:BEGIN", "1", "2", "D:7", "C:SELECT 1"]);
    is_ended(c, "BEGIN");
    let mut c = session("ana");
    c.send(&[run("SELECT id FROM customers ORDER BY id", 1), flush()].concat());
    hears(&mut c, &["1", "2", "D:1", "s"]);
    is_ended(c, "a portal with more rows to come");
    let mut c = session("ana");
    c.send(&[parse("", "SELECT id FROM customers"), bind("", "", &[]), flush()].concat());
    hears(&mut c, &["1", "2"]);
    is_ended(c, "a portal that is bound");
}

#[test]
fn in_the_middle_of_a_query_it_ends_too() {
    let mut c = session("dan");
    c.send(&query("SELECT 7; COPY things FROM STDIN; SELECT count(*) FROM customers"));
    hears(&mut c, &["T", "D:7", "C:SELECT 1", "G"]);
    is_ended(c, "COPY behind a statement");
}

#[test]
fn what_is_alone_may_take_its_time() {
    let mut c = session("dan");
    for copy in [query("COPY things FROM STDIN"), [run("COPY things FROM STDIN", 0), flush()].concat()] {
        c.send(&copy);
        hears_until(&mut c, "G");
        wait();
        c.send(&[message(b'c', b""), sync()].concat());
        hears_until(&mut c, "Z:I");
    }
    // The second Sync of the first round has an answer of its own.
    assert!(c.ask("SELECT 7").contains("D:7"));
}

#[test]
fn one_behind_the_other_each_has_its_own_time() {
    let mut c = session("ana");
    c.ask("BEGIN");
    for _ in 0..10 {
        assert_eq!(c.ask("COMMIT AND CHAIN"), "C:COMMIT Z:T");
        std::thread::sleep(Duration::from_millis(80));
        assert_eq!(c.ask("COMMIT; BEGIN"), "C:COMMIT C:BEGIN Z:T");
        std::thread::sleep(Duration::from_millis(80));
        let next = [run("COMMIT", 0), run("BEGIN", 0), sync()];
        assert_eq!(c.exchange(&next), "1 2 C:COMMIT 1 2 C:BEGIN Z:T");
    }
    is_ended(c, "the last one");
}
