//! What touches nothing protected goes through as on a direct connection: order of messages, flushes, limits, errors.

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::raw::{Raw, bind, close, describe, execute, flush, message, parse, query, sync};
use super::session;

#[test]
fn several_statements_and_empty_ones() {
    let mut c = session("ana");
    assert_eq!(c.ask("SELECT 1; SELECT 2, 'x'"), "T D:1 C:SELECT 1 T D:2,x C:SELECT 1 Z:I");
    assert_eq!(c.ask(""), "I Z:I");
    assert_eq!(c.ask(" ; "), "I Z:I");
    assert_eq!(c.ask("-- ping"), "I Z:I");
    assert_eq!(c.exchange(&[parse("", ""), bind("", "", &[]), execute("", 0), sync()]), "1 2 I Z:I");
    assert_eq!(c.exchange(&[sync()]), "Z:I");
}

#[test]
fn an_answer_comes_on_flush_before_sync() {
    let mut c = session("ana");
    c.send(&[parse("s", "SELECT $1::int + 1"), describe('S', "s"), flush()].concat());
    assert_eq!([c.answer(), c.answer(), c.answer()], ["1", "t", "T"]);
    c.send(&[bind("", "s", &["6"]), execute("", 0), flush()].concat());
    assert_eq!([c.answer(), c.answer(), c.answer()], ["2", "D:7", "C:SELECT 1"]);
    assert_eq!(c.exchange(&[sync()]), "Z:I");
}

#[test]
fn a_portal_with_a_row_limit_is_suspended_and_goes_on() {
    let mut c = session("ana");
    let sent = [
        parse("", "SELECT id FROM things WHERE id < 10 ORDER BY id"),
        bind("", "", &[]),
        execute("", 2),
        execute("", 2),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 2 D:1 D:2 s D:3 C:SELECT 1 Z:I");
}

#[test]
fn after_an_error_all_up_to_sync_is_skipped_and_the_next_batch_runs() {
    let mut c = session("ana");
    let sent = [
        parse("", "SELECT 1/(id - id) FROM things"),
        bind("", "", &[]),
        execute("", 0),
        parse("", "SELECT 1"),
        bind("", "", &[]),
        execute("", 0),
        sync(),
        parse("", "SELECT 2"),
        bind("", "", &[]),
        execute("", 0),
        sync(),
    ];
    assert_eq!(c.exchange(&sent), "1 2 E:22012 Z:I 1 2 D:2 C:SELECT 1 Z:I");
    assert_eq!(c.said('M'), "division by zero");
}

#[test]
fn a_hundred_batches_in_flight_are_answered_in_order() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("n", "SELECT $1::int"), sync()]), "1 Z:I");
    let sent: Vec<Vec<u8>> =
        (0..100).flat_map(|i| [bind("", "n", &[&i.to_string()]), execute("", 0), sync()]).collect();
    let expected: Vec<String> = (0..100).map(|i| format!("2 D:{i} C:SELECT 1 Z:I")).collect();
    assert_eq!(c.exchange(&sent), expected.join(" "));
}

#[test]
fn transaction_state_and_its_errors_are_postgresql_s() {
    let mut c = session("ana");
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask("SELECT nothing FROM things"), "E:42703 Z:E");
    assert_eq!(c.said('P'), "8");
    assert_eq!(c.ask("SELECT 1"), "E:25P02 Z:E");
    assert_eq!(c.ask("COMMIT"), "C:ROLLBACK Z:I");
}

#[test]
fn unprotected_errors_keep_every_field() {
    let mut c = session("dan");
    assert_eq!(c.ask("INSERT INTO things VALUES (1, 'again')"), "E:23505 Z:I");
    assert_eq!(c.said('D'), "Key (id)=(1) already exists.");
    assert_eq!(c.said('n'), "things_pkey");
}

#[test]
fn a_changed_setting_is_told() {
    let mut c = session("ana");
    assert_eq!(c.ask("SET application_name = 'x'"), "C:SET S:application_name Z:I");
}

#[test]
fn copy_in_and_out_and_its_failure() {
    let mut c = session("dan");
    assert_eq!(c.ask("COPY (SELECT id FROM things WHERE id < 10 ORDER BY id) TO STDOUT"), "H d d d c C:COPY 3 Z:I");
    c.send(&query("COPY things FROM STDIN"));
    assert_eq!(c.answer(), "G");
    c.send(&[message(b'd', b"100\tc\n"), message(b'S', &[]), message(b'd', b"101\td\n"), message(b'c', b"")].concat());
    assert_eq!([c.answer(), c.answer()], ["C:COPY 2", "Z:I"]);
    c.send(&query("COPY things FROM STDIN"));
    assert_eq!(c.answer(), "G");
    c.send(&message(b'f', b"no more\0"));
    assert_eq!([c.answer(), c.answer()], ["E:57014", "Z:I"]);
    c.send(&query("COPY things FROM STDIN"));
    assert_eq!(c.answer(), "G");
    c.send(&[message(b'd', b"bad\n"), message(b'd', b"bad\n"), message(b'c', b"")].concat());
    assert_eq!([c.answer(), c.answer()], ["E:22P02", "Z:I"]);
    assert_eq!(c.ask("DELETE FROM things WHERE id IN (100, 101)"), "C:DELETE 2 Z:I");
}

#[test]
fn copy_in_the_extended_protocol_with_its_second_sync() {
    let mut c = session("dan");
    c.send(&[parse("", "COPY things FROM STDIN"), bind("", "", &[]), execute("", 0), sync()].concat());
    assert_eq!([c.answer(), c.answer(), c.answer()], ["1", "2", "G"]);
    c.send(&[message(b'd', b"200\tx\n"), message(b'c', b""), sync()].concat());
    assert_eq!([c.answer(), c.answer()], ["C:COPY 1", "Z:I"]);
    assert_eq!(c.ask("DELETE FROM things WHERE id = 200"), "C:DELETE 1 Z:I");
}

#[test]
fn rows_longer_than_any_buffer_pass() {
    let mut c = session("ana");
    let long = c.ask("SELECT repeat('x', 3000000), 7");
    assert_eq!(long.len(), "T D:".len() + 3_000_000 + ",7 C:SELECT 1 Z:I".len());
    let sql = format!("SELECT length('{}')", "y".repeat(1_000_000));
    assert_eq!(c.exchange(&[query(&sql), query(&sql), query("SELECT 1")]).matches("D:1000000").count(), 2);
}

#[test]
fn close_of_what_is_not_there_is_no_error() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[close('S', "nothing"), close('P', "nothing"), sync()]), "3 3 Z:I");
    assert_eq!(c.exchange(&[bind("", "nothing", &[]), sync()]), "E:26000 Z:I");
    assert_eq!(c.said('M'), "prepared statement \"nothing\" does not exist");
    assert_eq!(c.exchange(&[execute("nothing", 0), sync()]), "E:34000 Z:I");
}

#[test]
fn what_postgres_says_of_vacuum_passes_for_open_tables_alone() {
    let mut c = session("bea");
    let sql = |table: &str| format!("VACUUM (FULL, PARALLEL 2) {table}");
    assert_eq!(c.ask(&sql("things")), "E:0A000 Z:I");
    assert_eq!(c.said('M'), "VACUUM FULL cannot be performed in parallel");
    assert_eq!(c.ask(&sql("nothing")), "E:0A000 Z:I");
    assert_eq!(c.said('M'), "VACUUM FULL cannot be performed in parallel");
    assert_eq!(c.ask(&sql("things, customers")), "E:0A000 Z:I");
    assert_eq!(c.said('M'), "the statement failed with SQLSTATE 0A000; values of protected tables are not shown");
}

/// The parser library does not say where; PostgreSQL does.
#[test]
fn a_syntax_error_says_where_as_postgres_does() {
    let mut direct = Raw::open(shared().port());
    let mut through = session("ana");
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "proxy")]), "Z:I");
    for text in [
        "SELEC 1",
        "SELECT 1 FORM things WHERE",
        "SELECT id, name, FROM things, things b",
        "SELECT (1, (2, 3)), 4), 5)",
        "SELECT 'ö' AS \"ä\", 1 FROM FROM things",
        "SELECT a FROM b WHERE c = = 1 AND d = = 2",
        "INSERT INTO things (id) VALUES (1, 2)) RETURNING id",
        "SELECT 1; SELECT 2; SELEC 3; SELEC 4",
        "SELECT 1 FROM  ",
        "SELECT 'abc",
        "SELECT 1, $$a",
        "SELECT 1 /* open",
        "SELECT \"id FROM things",
        "SELECT id FROM things ORDER BY LIMIT 1",
        "UPDATE things SET WHERE id = 1",
        "SELECT a not in, b not in (1)",
        "SELECT * FROM things WHERE id IN ()",
        "SELECT * FROM things t JOIN things u WHERE t.id = u.id",
    ] {
        let answers = [direct.ask(text), through.ask(text)];
        assert_eq!(answers[0], "E:42601 Z:I", "{text}");
        assert_eq!(answers[1], answers[0], "{text}");
        let told = |c: &Raw| [c.said('M').to_owned(), c.said('P').to_owned()];
        assert_eq!(told(&through), told(&direct), "{text}");
    }
}

/// JDBC's `{? = call worth(?)}`: the first parameter, of type `void`, stands for what is returned.
#[test]
fn a_parameter_that_is_declared_as_void_is_no_argument() {
    let mut c = session("ana");
    let types = [2_i16.to_be_bytes().to_vec(), 2278_i32.to_be_bytes().to_vec(), 23_i32.to_be_bytes().to_vec()].concat();
    let parse = message(b'P', &[b"\0SELECT * FROM worth($1, $2) AS result\0".to_vec(), types].concat());
    assert_eq!(c.exchange(&[parse, bind("", "", &["", "7"]), execute("", 0), sync()]), "1 2 D:70 C:SELECT 1 Z:I");
}

/// Nothing was set that matters: what stands behind a reset is judged as it would be in a message of its own.
#[test]
fn a_statement_behind_an_end_or_a_reset_that_changes_nothing_runs() {
    let mut c = session("ana");
    assert_eq!(c.ask("ROLLBACK; SELECT 1"), "N:there is no transaction in progress C:ROLLBACK T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.ask("RESET ALL; SELECT 1"), "C:RESET T D:1 C:SELECT 1 Z:I");
    let answer = c.ask("BEGIN; SAVEPOINT a; ROLLBACK TO a; SELECT 1");
    assert_eq!(answer, "C:BEGIN C:SAVEPOINT C:ROLLBACK T D:1 C:SELECT 1 Z:T");
    assert_eq!(c.ask("ABORT; BEGIN; SELECT 1"), "C:ROLLBACK C:BEGIN T D:1 C:SELECT 1 Z:T");
    assert_eq!(c.ask("ROLLBACK AND CHAIN; SELECT 1"), "C:ROLLBACK T D:1 C:SELECT 1 Z:T");
    // What the session has set and committed no rollback takes back, but RESET ALL does.
    assert_eq!(c.ask("ROLLBACK; SET search_path = public, pg_catalog"), "C:ROLLBACK C:SET Z:I");
    assert_eq!(c.ask("BEGIN; ROLLBACK; SELECT 1"), "C:BEGIN C:ROLLBACK T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.ask("RESET ALL; SELECT 1"), "C:RESET E:0A000 Z:I");
    // What is set in the transaction, or in the same message, is taken back.
    assert_eq!(c.ask("BEGIN; SET LOCAL search_path = public"), "C:BEGIN C:SET Z:T");
    assert_eq!(c.ask("ROLLBACK; SELECT 1"), "C:ROLLBACK E:0A000 Z:I");
    assert_eq!(c.ask("BEGIN; SAVEPOINT a; SET search_path = public"), "C:BEGIN C:SAVEPOINT C:SET Z:T");
    assert_eq!(c.ask("ROLLBACK TO a; SELECT 1"), "C:ROLLBACK E:0A000 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    assert_eq!(c.ask("BEGIN; SET search_path = public; ROLLBACK; SELECT 1"), "C:BEGIN C:SET C:ROLLBACK E:0A000 Z:I");
}
