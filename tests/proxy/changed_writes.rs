//! Writes through views that a DBA replaces behind the proxy's back: what is not what was judged is undone.

use super::changes::{Behind, HARMLESS, LEAKING, until_it_is};
use super::raw::{bind, execute, parse, query, sync};

/// Nor does a write do what a view makes of it now: triggers, other columns, checks. Among several statements, whose message
/// would be committed by the time that it is known, it is not sent.
#[test]
fn nor_does_a_write_go_through_a_view_that_is_another_now() {
    let behind = Behind::new("proxy_changes_through");
    behind.run("CREATE VIEW named AS SELECT id, name, name AS other FROM things");
    behind
        .run("CREATE FUNCTION aside() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM things; RETURN NEW; END'");
    behind.database.grant_to_upstream();
    let stored = || behind.database.psql("SELECT count(*) FROM things");
    let insert = "INSERT INTO named (id, name) VALUES (77, 'x')";
    for (change, back) in [
        (
            "CREATE TRIGGER t INSTEAD OF INSERT ON named FOR EACH ROW EXECUTE FUNCTION aside()",
            "DROP TRIGGER t ON named",
        ),
        (
            "ALTER VIEW named RENAME name TO third; ALTER VIEW named RENAME other TO name; ALTER VIEW named RENAME third TO other",
            "ALTER VIEW named RENAME name TO third; ALTER VIEW named RENAME other TO name; ALTER VIEW named RENAME third TO other",
        ),
        ("ALTER VIEW named SET (check_option = local)", "ALTER VIEW named RESET (check_option)"),
        ("ALTER VIEW named ALTER name SET DEFAULT 'y'", "ALTER VIEW named ALTER name DROP DEFAULT"),
    ] {
        let mut c = behind.session();
        until_it_is(&mut c, "SELECT 'two' FROM named WHERE id = 1");
        behind.run(change);
        let answer = c.ask(insert);
        assert!(answer.starts_with("E:"), "{change}: {answer}");
        assert_eq!(stored(), "3", "{change}: {answer}");
        behind.run(back);
    }
    let mut c = behind.session();
    until_it_is(&mut c, "SELECT 'two' FROM named WHERE id = 1");
    assert!(c.ask(&format!("{insert}; SELECT 1")).starts_with("E:0A000"));
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    let answer = c.ask(&format!("{insert}; SELECT 1"));
    assert_eq!(answer, "C:INSERT 0 1 T D:1 C:SELECT 1 Z:T");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
}

/// What was read by the old definition is not stored by the new one either, where everybody may read it.
#[test]
fn nor_does_a_write_store_what_it_shows_now() {
    let behind = Behind::new("proxy_changes_writes");
    let insert = "INSERT INTO things SELECT id + 100, name FROM listed";
    for round in 0..6 {
        let mut c = behind.session();
        behind.settled(&mut c);
        behind.run(LEAKING);
        let answer = match round % 3 {
            0 => c.ask(insert),
            1 => c.exchange(&[parse("", insert), bind("", "", &[]), execute("", 0), sync()]),
            _ => c.exchange(&[query("BEGIN"), query(insert), query("COMMIT")]),
        };
        let stored = behind.database.psql("SELECT count(*) FROM things WHERE name LIKE 'Ned%'");
        assert_eq!(stored, "0", "round {round}: {answer}");
        behind.run(HARMLESS);
        behind.run("DELETE FROM things WHERE id > 100");
    }
}

/// A materialized view over a view is filled anew by what that view says then: where it is open, by nothing that is not. One
/// that was replaced a moment ago undoes it.
#[test]
fn nor_is_a_materialized_view_filled_with_what_is_hidden() {
    let behind = Behind::with_open_schema("proxy_changes_filled", "kept");
    let mut c = behind.session_of("bea");
    behind.settled(&mut c);
    assert_eq!(c.ask("CREATE MATERIALIZED VIEW kept.names AS SELECT name FROM outer_listed"), "C:SELECT 3 Z:I");
    let holds = || behind.database.psql("SELECT count(*) FROM kept.names WHERE name LIKE 'Ned%'");
    for round in 0..4 {
        behind.settled(&mut c);
        assert_eq!(c.ask("REFRESH MATERIALIZED VIEW kept.names"), "C:REFRESH MATERIALIZED VIEW Z:I");
        behind.run(LEAKING);
        let answer = match round % 2 {
            0 => c.ask("REFRESH MATERIALIZED VIEW kept.names"),
            _ => c.exchange(&[query("BEGIN"), query("REFRESH MATERIALIZED VIEW kept.names"), query("COMMIT")]),
        };
        assert!(answer.contains("E:40001") || answer.contains("E:0A000"), "{answer}");
        assert_eq!(holds(), "0", "{answer}");
        behind.run(HARMLESS);
    }
    let several = "CREATE VIEW kept.v AS SELECT name FROM things; INSERT INTO things VALUES (9, 'nine')";
    assert_eq!(c.ask(several), "C:CREATE VIEW C:INSERT 0 1 Z:I");
    let copies = "CREATE VIEW kept.w AS SELECT name FROM things; INSERT INTO things SELECT 10, name FROM kept.w";
    assert!(c.ask(copies).starts_with("E:0A000"));
}
