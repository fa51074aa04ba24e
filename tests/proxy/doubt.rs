//! What one session defines anew, others do not read by what it was.

use std::time::{Duration, Instant};

use super::common::postgres::shared;
use super::raw::Raw;

const READ: &str = "SELECT count(*), max(name) FROM listed";

/// Without the doubt, the answer would be given by the definition of before: the stored rows of `customers`.
#[test]
fn a_view_that_is_being_replaced_is_not_read_by_what_it_was() {
    // A database of its own: a catalog that changes has other sessions' portals bound anew.
    let database = shared().database("proxy_doubt", include_str!("world.sql"));
    database.grant_to_upstream();
    let proxy = super::serve(&database, &super::policy(), "");
    let [mut builder, mut reader] = ["bea", "ana"].map(|user| Raw::log_in(proxy.port(), user, &[]));
    reader.ask("SET consentry.purpose = 'marketing'");
    assert_eq!(reader.ask(READ), "T D:3,two C:SELECT 1 Z:I");
    builder.ask("BEGIN");
    let replace = "CREATE OR REPLACE VIEW listed AS SELECT id, name FROM customers";
    assert_eq!(builder.ask(replace), "C:CREATE VIEW Z:T");
    assert_eq!(reader.ask(READ), "E:0A000 Z:I", "it would wait for the lock, and then read what is stored");
    assert_eq!(reader.ask("SELECT count(*) FROM things"), "T D:3 C:SELECT 1 Z:I");
    builder.ask("ROLLBACK");
    assert_eq!(reader.ask(READ), "T D:3,two C:SELECT 1 Z:I");
    // A definition that fails, or is undone, is in nobody's way, though its transaction goes on.
    builder.ask("BEGIN");
    assert_eq!(builder.ask("CREATE OR REPLACE VIEW listed AS SELECT 1"), "E:42P16 Z:E");
    assert_eq!(reader.ask(READ), "T D:3,two C:SELECT 1 Z:I");
    builder.ask("ROLLBACK");
    builder.ask("BEGIN; SAVEPOINT s");
    assert_eq!(builder.ask(replace), "C:CREATE VIEW Z:T");
    assert_eq!(reader.ask(READ), "E:0A000 Z:I");
    builder.ask("ROLLBACK TO s");
    assert_eq!(reader.ask(READ), "T D:3,two C:SELECT 1 Z:I");
    builder.ask("ROLLBACK");
    assert_eq!(builder.ask(replace), "C:CREATE VIEW Z:I");
    assert_eq!(builder.ask(READ), "T D:1,Ann Asked C:SELECT 1 Z:I");
    assert_eq!(reader.ask(READ), "T D:1,Ann Asked C:SELECT 1 Z:I");
}

/// A session that goes leaves its transaction behind no longer than PostgreSQL does.
#[test]
fn a_definition_is_in_nobodys_way_when_its_session_has_gone() {
    let database = shared().database("proxy_gone", include_str!("world.sql"));
    database.grant_to_upstream();
    let proxy = super::serve(&database, &super::policy(), "");
    let mut reader = Raw::log_in(proxy.port(), "ana", &[]);
    assert_eq!(reader.ask(READ), "T D:3,two C:SELECT 1 Z:I");
    for goes in [&b"X\0\0\0\x04"[..], &[]] {
        let mut builder = Raw::log_in(proxy.port(), "bea", &[]);
        builder.ask("BEGIN");
        let replace = "CREATE OR REPLACE VIEW listed AS SELECT id, name FROM customers";
        assert_eq!(builder.ask(replace), "C:CREATE VIEW Z:T");
        assert_eq!(reader.ask(READ), "E:0A000 Z:I");
        builder.send(goes);
        drop(builder);
        let began = Instant::now();
        while reader.ask(READ) != "T D:3,two C:SELECT 1 Z:I" {
            assert!(began.elapsed() < Duration::from_secs(3), "it is still in doubt");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
