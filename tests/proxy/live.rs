//! A person's choice takes effect on the next statement: withdrawn straight in the database, while a session is in the
//! middle of something.

use std::sync::OnceLock;

use super::common::postgres::shared;
use super::raw::{Raw, bind, execute, flush, parse, query, sync};
use super::{World, policy, serve};

/// Of its own: people come and go here.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let database = shared().database("proxy_live", include_str!("world.sql"));
        database.grant_to_upstream();
        let proxy = serve(&database, &policy(), "");
        World { proxy, database }
    })
}

/// Somebody who has said yes to marketing, and a session with that purpose.
fn asked(id: i32) -> Raw {
    let add = "INSERT INTO customers VALUES ($, 'Person $'); INSERT INTO consents VALUES ($, 'marketing', 'granted')";
    world().database.psql(&add.replace('$', &id.to_string()));
    let mut c = Raw::log_in(world().proxy.port(), "ana", &[("options", "-c consentry.purpose=marketing")]);
    assert_eq!(c.ask(&select(id)), format!("T D:Person {id} C:SELECT 1 Z:I"));
    c
}

/// What the person says, by another connection, past the proxy.
fn says(id: i32, status: &str) {
    world().database.psql(&format!("UPDATE consents SET status = '{status}' WHERE subject_id = {id}"));
}

fn select(id: i32) -> String {
    format!("SELECT name FROM customers WHERE id = {id}")
}

#[test]
fn between_two_statements() {
    let mut c = asked(11);
    for status in ["withdrawn", "objected"] {
        says(11, status);
        assert_eq!(c.ask(&select(11)), "T C:SELECT 0 Z:I", "{status}");
        assert_eq!(c.ask("UPDATE customers SET name = 'x' WHERE id = 11"), "C:UPDATE 0 Z:I", "{status}");
        says(11, "granted");
        assert_eq!(c.ask(&select(11)), "T D:Person 11 C:SELECT 1 Z:I", "{status}");
    }
}

#[test]
fn inside_an_open_transaction() {
    let mut c = asked(12);
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask(&select(12)), "T D:Person 12 C:SELECT 1 Z:T");
    says(12, "withdrawn");
    assert_eq!(c.ask(&select(12)), "T C:SELECT 0 Z:T");
    assert_eq!(c.ask("DELETE FROM customers WHERE id = 12"), "C:DELETE 0 Z:T");
    says(12, "granted");
    assert_eq!(c.ask(&select(12)), "T D:Person 12 C:SELECT 1 Z:T");
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
}

/// A snapshot that the client asked for is the transaction's, and no longer.
#[test]
fn after_a_transaction_with_one_snapshot() {
    let mut c = asked(13);
    assert_eq!(c.ask("BEGIN ISOLATION LEVEL REPEATABLE READ"), "C:BEGIN Z:T");
    assert_eq!(c.ask(&select(13)), "T D:Person 13 C:SELECT 1 Z:T");
    says(13, "withdrawn");
    assert_eq!(c.ask(&select(13)), "T D:Person 13 C:SELECT 1 Z:T");
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
    assert_eq!(c.ask(&select(13)), "T C:SELECT 0 Z:I");
}

/// Also when PostgreSQL has settled on one plan for it (after five executions, plancache.c).
#[test]
fn under_a_prepared_statement() {
    let mut c = asked(14);
    c.exchange(&[parse("p", "SELECT name FROM customers WHERE id = $1::int"), sync()]);
    c.ask("PREPARE q (int) AS SELECT name FROM customers WHERE id = $1");
    let run = [bind("", "p", &["14"]), execute("", 0), sync()];
    for _ in 0..8 {
        assert_eq!(c.exchange(&run), "2 D:Person 14 C:SELECT 1 Z:I");
        assert_eq!(c.ask("EXECUTE q (14)"), "T D:Person 14 C:SELECT 1 Z:I");
    }
    says(14, "withdrawn");
    assert_eq!(c.exchange(&run), "2 C:SELECT 0 Z:I");
    assert_eq!(c.ask("EXECUTE q (14)"), "T C:SELECT 0 Z:I");
}

/// Bound before, executed after. PostgreSQL takes the snapshot of a SELECT at Bind (PortalStart, tcop/pquery.c), and a
/// portal that is bound anew takes another: either is the statement's own.
#[test]
fn between_bind_and_execute() {
    let mut c = asked(15);
    c.send(&[parse("", &select(15)), bind("", "", &[]), flush()].concat());
    assert_eq!([c.answer(), c.answer()], ["1", "2"]);
    says(15, "withdrawn");
    let found = c.exchange(&[execute("", 0), sync()]);
    assert!(["D:Person 15 C:SELECT 1 Z:I", "C:SELECT 0 Z:I"].contains(&found.as_str()), "{found}");
    assert_eq!(c.exchange(&[parse("", &select(15)), bind("", "", &[]), execute("", 0), sync()]), "1 2 C:SELECT 0 Z:I");
}

/// A cursor reads to its end what was there when it was opened, in PostgreSQL as here; the next statement obeys, a cursor
/// opened anew among them.
#[test]
fn under_a_cursor() {
    let mut c = asked(16);
    world().database.psql(
        "INSERT INTO customers VALUES (17, 'Person 17'); INSERT INTO consents VALUES (17, 'marketing', 'granted')",
    );
    let both = "CURSOR FOR SELECT name FROM customers WHERE id IN (16, 17) ORDER BY id";
    c.exchange(&[query("BEGIN"), query(&format!("DECLARE old {both}"))]);
    assert_eq!(c.ask("FETCH 1 FROM old"), "T D:Person 16 C:FETCH 1 Z:T");
    says(17, "withdrawn");
    assert_eq!(c.ask(&select(17)), "T C:SELECT 0 Z:T");
    assert_eq!(c.ask(&format!("DECLARE new {both}")), "C:DECLARE CURSOR Z:T");
    assert_eq!(c.ask("FETCH ALL FROM new"), "T D:Person 16 C:FETCH 1 Z:T");
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
    assert_eq!(c.ask(&select(17)), "T C:SELECT 0 Z:I");
}
