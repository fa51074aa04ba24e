//! Several statements of one Query, of which one cannot run: those before it do, and the transaction that they began fails,
//! as on a direct connection.

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::raw::{Raw, parse, query, sync};
use super::record::{events, log_in, told};
use super::{session, start, world};

/// Each sequence in two sessions: the answers are the same to the letter.
#[test]
fn what_is_missing_fails_where_it_stands() {
    let made = "CREATE TABLE kept (msg text); GRANT ALL ON kept TO consentry;";
    let database = shared().database("proxy_several", &[include_str!("world.sql"), made].concat());
    database.grant_to_upstream();
    let policy = tempfile::NamedTempFile::new().unwrap();
    let text = std::fs::read_to_string(super::policy())
        .unwrap()
        .replace("\"public.things\"", "\"public.things\", \"public.kept\"");
    std::fs::write(policy.path(), text).unwrap();
    let proxy = super::serve(&database, policy.path(), "");
    let mut direct = Raw::open(shared().port());
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "proxy_several")]), "Z:I");
    let mut through = Raw::log_in(proxy.port(), "ana", &[]);
    let nope = [
        "SELECT * FROM nope",
        "EXECUTE nope",
        "SELECT nope FROM things",
        "FETCH nope",
        "DEALLOCATE nope",
        "INSERT INTO nope VALUES (1)",
        "COPY nope TO STDOUT",
        "SELECT nope()",
        "SELECT 1::nope",
    ];
    for nope in nope {
        let sequences: [&[&str]; 10] = [
            &["BEGIN; INSERT INTO kept VALUES ('$'); COMMIT; $", "SELECT count(*) FROM kept"],
            &["BEGIN; $", "INSERT INTO kept VALUES ('auto')", "ROLLBACK", "SELECT count(*) FROM kept"],
            &["BEGIN; SAVEPOINT s; $; SELECT 2", "SELECT 1", "ROLLBACK TO s", "SELECT 1", "COMMIT"],
            &["INSERT INTO kept VALUES ('a'); $; SELECT 1", "SELECT count(*) FROM kept"],
            &["SELECT id FROM things -- all of them\n; $ ; SELECT 1; $", "SELECT 1"],
            &["BEGIN", "SELECT 1; $", "SELECT 1; $", "ROLLBACK; SELECT 'ö'; $", "SELECT 1"],
            &["SELECT 'ö'; COMMIT; BEGIN; $", "ABORT"],
            // Two at fault: the first counts.
            &["BEGIN; INSERT INTO kept VALUES ('b'); $; EXECUTE nope; SELECT * FROM nope", "SELECT 1", "COMMIT"],
            &["EXECUTE nope; $; SELECT 1", "SELECT count(*) FROM kept"],
            &["PREPARE p AS SELECT 7; EXECUTE p; $", "EXECUTE p", "DEALLOCATE p"],
        ];
        // An EXECUTE behind an end is refused.
        let ends =
            |sequence: &[&str]| sequence.iter().any(|sql| sql.contains("COMMIT; ") || sql.contains("ROLLBACK; "));
        let runs = |sequence: &&[&str]| !(nope == "EXECUTE nope" && ends(sequence));
        for sequence in sequences.into_iter().filter(runs) {
            for sql in sequence.iter().map(|sql| sql.replace('$', nope)) {
                let sql = sql.replace(&format!("('{nope}')"), "('kept')");
                let answers = [direct.ask(&sql), through.ask(&sql)];
                assert_eq!(answers[1], answers[0], "{sql}");
                let said = |c: &Raw| [c.said('M').to_owned(), c.said('P').to_owned()];
                assert_eq!(said(&through), said(&direct), "{sql}");
            }
        }
    }
}

#[test]
fn a_refusal_fails_the_transaction_that_the_same_message_begins() {
    let mut c = session("ana");
    assert_eq!(c.ask("BEGIN; SELECT pg_sleep(0)"), "C:BEGIN E:42501 Z:E");
    assert_eq!(c.ask("INSERT INTO things VALUES (900, 'auto')"), "E:25P02 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    let kept = "BEGIN; INSERT INTO things VALUES (901, 'kept'); COMMIT; SELECT pg_sleep(0); SELECT 1";
    assert_eq!(c.ask(kept), "C:BEGIN C:INSERT 0 1 C:COMMIT E:42501 Z:I");
    assert_eq!(c.said('P'), "64", "it points into the whole text");
    assert_eq!(c.ask("DELETE FROM things WHERE id >= 900"), "C:DELETE 1 Z:I");
    // Protected rows before it are shown, and what was written is undone.
    let sql =
        "SELECT name FROM customers WHERE id = 1; UPDATE customers SET name = 'x' WHERE id = 1; SELECT pg_sleep(0)";
    assert_eq!(c.ask(sql), "T D:Ann Asked C:SELECT 1 C:UPDATE 1 E:42501 Z:I");
    assert_eq!(c.ask("SELECT name FROM customers WHERE id = 1"), "T D:Ann Asked C:SELECT 1 Z:I");
}

/// A setting that the message made is gone with the transaction that fails, and what follows waits for that.
#[test]
fn what_it_has_set_is_undone_before_the_next_message_is_judged() {
    let mut c = session("ana");
    let sent =
        [query("SET consentry.purpose = 'marketing'; SELECT pg_sleep(0)"), query("SELECT count(*) FROM customers")];
    assert_eq!(c.exchange(&sent), "C:SET E:42501 Z:I T D:2 C:SELECT 1 Z:I");
    let sent =
        [query("BEGIN; SET consentry.purpose = 'marketing'; COMMIT; SELECT nope()"), query("SHOW consentry.purpose")];
    assert_eq!(c.exchange(&sent), "C:BEGIN C:SET C:COMMIT E:42883 Z:I T D:marketing C:SHOW Z:I");
}

#[test]
fn on_record_is_what_ran_and_the_one_that_was_refused() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    assert_eq!(
        c.ask("SELECT id FROM customers WHERE id = 1; SELECT pg_sleep(0); SELECT 3"),
        "T D:1 C:SELECT 1 E:42501 Z:I"
    );
    // An earlier one fails in PostgreSQL: the refused one would not have run.
    assert_eq!(c.ask("SELECT 1 / (id - id) FROM things; SELECT pg_sleep(0)"), "T E:22012 Z:I");
    drop(c);
    let all: Vec<_> = told(&proxy, 4)
        .into_iter()
        .map(|(kind, outcome, end, rows)| format!("{kind} {outcome} {end} {rows}"))
        .collect();
    assert_eq!(
        all,
        ["select changed ok 1", "select refused none 0", "select allowed error 0", "select refused none 0"]
    );
}

/// What is refused before anything of it is judged goes on record under the purpose that is in force.
#[test]
fn a_refusal_is_on_record_under_the_purpose_that_was_set_last() {
    let proxy = start(world());
    let mut c = log_in(&proxy);
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
    let name = "n".repeat(64);
    assert_eq!(c.exchange(&[parse(&name, "SELECT 1"), sync()]), "E:42622 Z:I");
    drop(c);
    told(&proxy, 2);
    let events = events(&proxy.audit());
    let refused = events.iter().find(|e| e["outcome"] == "refused").unwrap();
    assert_eq!([&refused["purpose"], &refused["purpose_set_by"]], ["marketing", "set"], "{refused}");
}

/// In a failed transaction PostgreSQL asks only whether the first statement ends it.
#[test]
fn in_a_failed_transaction_the_first_decides() {
    let mut c = session("ana");
    for (sql, said) in [
        ("SELECT * FROM nope; SELECT 1", "E:25P02 Z:E"),
        (";; SELECT nope(); ROLLBACK", "E:25P02 Z:E"),
        ("SELECT (1); SELECT * FROM nope; COMMIT", "E:25P02 Z:E"),
        ("SELECT 1; SELEC 2", "E:42601 Z:E"),
        ("ROLLBACK; SELECT * FROM nope", "C:ROLLBACK E:42P01 Z:I"),
    ] {
        c.ask("BEGIN");
        assert_eq!(c.ask("SELECT 1/0"), "E:22012 Z:E");
        assert_eq!(c.ask(sql), said, "{sql}");
        c.ask("ROLLBACK");
    }
}
