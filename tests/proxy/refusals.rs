//! A refusal is an error like any other: in its place, failing what an error fails, leaving the session usable.

use super::raw::{bind, describe, execute, message, parse, query, sync};
use super::session;

const REFUSED: &str = "SELECT pg_read_file('x')";

#[test]
fn in_the_simple_protocol() {
    let mut c = session("ana");
    assert_eq!(c.ask(REFUSED), "E:42501 Z:I");
    assert_eq!(c.said('S'), "ERROR");
    assert!(!c.said('D').is_empty() && !c.said('H').is_empty(), "{:?}", c.error);
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
}

#[test]
fn it_aborts_an_open_transaction() {
    let mut c = session("ana");
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask(REFUSED), "E:42501 Z:E");
    assert_eq!(c.ask("SELECT 1"), "E:25P02 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
}

#[test]
fn a_function_that_is_not_there_is_named_as_by_postgresql() {
    let mut c = session("ana");
    let call = "no_such(1, 'x', NULL, now(), ARRAY[1], 'a'::varchar(3), id) FROM things";
    let words = "(integer, unknown, unknown, timestamp with time zone, integer[], character varying, integer)";
    for name in ["", "public.", "lower"] {
        let call = call.replace("no_such", if name == "lower" { "lower" } else { "no_such" });
        let schema = if name == "lower" { "" } else { name };
        assert_eq!(c.ask(&format!("SELECT {schema}{call}")), "E:42883 Z:I");
        let called = if name == "lower" { "lower" } else { "no_such" };
        assert_eq!(c.said('M'), format!("function {schema}{called}{words} does not exist"));
    }
}

#[test]
fn in_a_failed_transaction_it_is_told_as_by_postgresql() {
    let mut c = session("ana");
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask("SELECT * FROM nowhere"), "E:42P01 Z:E");
    for sql in [REFUSED, "SELECT * FROM nowhere", "EXECUTE nothing", "SELECT no_such(1);\n", "DO $$ BEGIN; END $$"] {
        assert_eq!(c.ask(sql), "E:25P02 Z:E", "{sql}");
        assert_eq!(c.exchange(&[parse("", sql), bind("", "", &[]), execute("", 0), sync()]), "E:25P02 Z:E", "{sql}");
    }
    assert_eq!(c.ask("SELEC"), "E:42601 Z:E");
    // What stands behind its end is refused as such.
    assert_eq!(c.ask(&format!("ROLLBACK; {REFUSED}")), "C:ROLLBACK E:42501 Z:I");
}

#[test]
fn in_a_pipeline_it_skips_to_sync_and_keeps_the_order() {
    let mut c = session("ana");
    let sent = [
        parse("", "SELECT 1"),
        bind("", "", &[]),
        execute("", 0),
        parse("", REFUSED),
        bind("", "", &[]),
        describe('P', ""),
        execute("", 0),
        sync(),
        query("SELECT 2"),
    ];
    assert_eq!(c.exchange(&sent), "1 2 D:1 C:SELECT 1 E:42501 Z:I T D:2 C:SELECT 1 Z:I");
}

#[test]
fn it_undoes_what_its_batch_has_done() {
    let mut c = session("dan");
    let sent = [
        parse("", "INSERT INTO things VALUES (300, 'x')"),
        bind("", "", &[]),
        execute("", 0),
        parse("", "SET standard_conforming_strings = off"),
        sync(),
        query("SELECT count(*) FROM things WHERE id = 300"),
    ];
    assert_eq!(c.exchange(&sent), "1 2 C:INSERT 0 1 E:22023 Z:I T D:0 C:SELECT 1 Z:I");
}

#[test]
fn function_calls_by_number_are_refused() {
    let mut c = session("ana");
    c.send(&message(b'F', &[0, 0, 0x08, 0x9c, 0, 0, 0, 0, 0, 0]));
    assert_eq!([c.answer(), c.answer()], ["E:0A000", "Z:I"]);
}

/// One byte of LATIN1 costs its statement, not the session.
#[test]
fn a_text_that_is_not_utf8_is_an_error_like_any_other() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[message(b'Q', b"SELECT '\xff'\0")]), "E:22021 Z:I");
    assert_eq!((c.said('S'), c.said('M')), ("ERROR", "invalid byte sequence for encoding \"UTF8\""));
    let ok = [parse("", "SELECT 1"), bind("", "", &[]), execute("", 0)];
    for broken in [
        message(b'P', b"\0SELECT '\xe9'\0\0\0"),
        message(b'P', b"\xe9\0SELECT 1\0\0\0"),
        message(b'B', b"\xe9\0\0\0\0\0\0\0\0"),
        message(b'D', b"S\xe9\0"),
        message(b'E', b"\xe9\0\0\0\0\0"),
        message(b'C', b"P\xe9\0"),
    ] {
        let sent = [&ok[..], std::slice::from_ref(&broken), &ok[..], &[sync(), query("SELECT 2")]].concat();
        let answer = c.exchange(&sent);
        assert_eq!(answer, "1 2 D:1 C:SELECT 1 E:22021 Z:I T D:2 C:SELECT 1 Z:I", "{broken:?}");
        // Behind an error nothing is read up to Sync.
        let sent = [parse("", REFUSED), broken.clone(), message(b'Q', b"\xff\0"), sync()];
        c.send(&sent.concat());
        assert_eq!([c.answer(), c.answer()], ["E:42501", "Z:I"], "{broken:?}");
    }
    // It fails an open transaction.
    c.ask("BEGIN");
    assert_eq!(c.exchange(&[message(b'Q', b"SELECT '\xff'\0")]), "E:22021 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    c.send(&query("COPY things FROM STDIN"));
    assert_eq!(c.answer(), "G");
    c.send(&message(b'f', b"\xff\0"));
    assert_eq!([c.answer(), c.answer()], ["E:22021", "Z:I"]);
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
}

#[test]
fn broken_frames_end_the_session() {
    for (bytes, sqlstate) in [
        (message(b'?', b""), "08P01"),                 // no such message
        (vec![b'Q', 0x7f, 0xff, 0xff, 0xff], "54000"), // 2 GiB
        (vec![b'Q', 0xff, 0xff, 0xff, 0xff], "08P01"), // negative
    ] {
        let mut c = session("ana");
        c.send(&bytes);
        assert_eq!([c.answer(), c.answer()], [format!("E:{sqlstate}"), "closed".to_owned()], "{bytes:?}");
        assert_eq!(c.said('S'), "FATAL");
    }
}

/// As in PostgreSQL: the frame was cut, and the error is one like any other.
#[test]
fn broken_messages_do_not_end_the_session() {
    let mut c = session("ana");
    for bytes in [
        message(b'Q', b"SELECT 1"),               // no terminator
        message(b'Q', b"SELECT 1\0; SELECT 2\0"), // two
    ] {
        assert_eq!(c.exchange(&[bytes]), "E:08P01 Z:I");
    }
    for bytes in [
        message(b'P', b"\0SELECT 1\0\x00\x05"), // five types announced, none there
        message(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"), // a value of length -2
        message(b'B', b"\0\0\0\x01\0\x07\0\0\0\0"), // a format that there is not
        message(b'D', b"Xname\0"),
        message(b'C', b"Xname\0"),
        message(b'E', b"\0\0"),
    ] {
        let sent = [parse("", "SELECT 1"), bytes.clone(), execute("", 0), sync()];
        assert_eq!(c.exchange(&sent), "1 E:08P01 Z:I", "{bytes:?}");
        assert_eq!(c.said('S'), "ERROR");
    }
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.exchange(&[message(b'Q', b"SELECT 1")]), "E:08P01 Z:E");
}

#[test]
fn several_statements_in_a_parse() {
    let mut c = session("ana");
    assert_eq!(c.exchange(&[parse("", "SELECT 1; SELECT 2"), sync()]), "E:42601 Z:I");
}

#[test]
fn positions_point_into_the_text_that_was_sent() {
    let mut c = session("ana");
    let sql = "SELECT id, name, 'ñ' FROM customers WHERE bogus = 1";
    assert_eq!(c.ask(sql), "E:42703 Z:I");
    let at: usize = c.said('P').parse().unwrap();
    assert_eq!(sql.chars().skip(at - 1).collect::<String>(), "bogus = 1");
}

#[test]
fn errors_on_protected_data_say_no_value() {
    let mut c = session("ana");
    assert_eq!(c.ask("SELECT name::int FROM customers"), "T E:22P02 Z:I");
    assert_eq!(c.said('M'), "invalid input syntax for type integer");
    assert!(c.error.iter().all(|(_, text)| !text.contains("Ann") && !text.contains("Ned")), "{:?}", c.error);
}

#[test]
fn a_constraint_s_error_names_the_constraint_and_no_value() {
    let mut c = session("ana");
    assert_eq!(c.ask("INSERT INTO customers VALUES (9, 'Ned Never')"), "E:23505 Z:I");
    assert!(c.error.iter().all(|(_, text)| !text.contains("Ned")), "{:?}", c.error);
    assert_eq!(c.said('n'), "customers_name_key");
    assert_eq!(c.said('M'), "duplicate key value violates unique constraint \"customers_name_key\"");
    c.ask("BEGIN; INSERT INTO customers VALUES (700, 'Ned N'); INSERT INTO friends VALUES (1, 700); SAVEPOINT s");
    let key = "foreign key constraint \"friends_friend_fkey\"";
    for (sql, message) in [
        ("INSERT INTO friends VALUES (1, 8)", format!("insert or update on table \"friends\" violates {key}")),
        (
            "DELETE FROM customers WHERE id = 700",
            format!("update or delete on table \"customers\" violates {key} on table \"friends\""),
        ),
        (
            "INSERT INTO friends (customer_id) VALUES (1)",
            "null value in column \"friend\" of relation \"friends\" violates not-null constraint".to_owned(),
        ),
        (
            "INSERT INTO friends VALUES (1, 1)",
            "new row for relation \"friends\" violates check constraint \"friends_check\"".to_owned(),
        ),
    ] {
        assert!(c.ask(sql).starts_with("E:23"), "{sql}: {:?}", c.error);
        assert_eq!((c.said('M'), c.said('D')), (message.as_str(), ""), "{sql}");
        assert_eq!(c.ask("ROLLBACK TO s"), "C:ROLLBACK Z:T");
    }
    c.ask("ROLLBACK");
}

/// What holds no value is said as PostgreSQL says it.
#[test]
fn errors_on_protected_data_are_in_postgresql_s_own_words() {
    let mut c = session("ana");
    c.ask("CREATE TEMP TABLE taken (a int)");
    for (sql, message) in [
        ("SELECT substr(name, 1, -id) FROM customers", "negative substring length not allowed"),
        ("SELECT ln(id - 1) FROM customers", "cannot take logarithm of zero"),
        ("SELECT name ~ repeat('(', id) FROM customers", "invalid regular expression"),
        ("SELECT id FROM customers LIMIT -1", "LIMIT must not be negative"),
        ("SELECT (id * 70000)::smallint FROM customers", "smallint out of range"),
        ("SELECT (id || '000000')::smallint FROM customers", "value is out of range for type smallint"),
        ("SELECT ('2020-1-' || 40 + id)::date FROM customers", "date/time field value out of range"),
        ("CREATE TEMP TABLE taken AS SELECT id FROM customers", "relation \"taken\" already exists"),
        ("INSERT INTO customers (id, nope) VALUES (1, 2)", "column \"nope\" of relation \"customers\" does not exist"),
        ("UPDATE customers SET nope = 1", "column \"nope\" of relation \"customers\" does not exist"),
        ("COPY customers (id, nope) TO STDOUT", "column \"nope\" of relation \"customers\" does not exist"),
    ] {
        assert!(c.ask(sql).contains("E:"), "{sql}");
        assert_eq!(c.said('M'), message, "{sql} {}", c.said('C'));
    }
}

/// No purpose helps where the policy does not know the column.
#[test]
fn a_column_that_is_not_listed_is_to_be_listed() {
    let mut c = session("ana");
    for sql in ["UPDATE friends SET unlisted = ''", "INSERT INTO friends (customer_id, unlisted) VALUES (1, '')"] {
        assert_eq!(c.ask(sql), "E:42501 Z:I");
        assert!(c.said('H').contains("`columns`") && !c.said('H').contains("purpose"), "{:?}", c.error);
    }
}

/// Lists to PostgreSQL's parser, and deep trees to the second one.
#[test]
fn long_chains_of_and_and_or_are_answered() {
    let mut c = session("ana");
    for word in ["AND", "OR"] {
        for n in [1_000, 10_000, 50_000, 90_000] {
            let sql = format!("SELECT count(*) FROM things WHERE id = 1 {}", format!("{word} true ").repeat(n));
            let answer = c.ask(&sql);
            assert!(answer.starts_with("T D:") || answer == "E:54001 Z:I", "{word} {n}: {answer} {}", c.said('M'));
        }
    }
}

/// Whatever nests, and however deep: an answer, or an error. On a stack too small for it the whole proxy would end.
#[test]
fn nesting_of_every_kind_and_depth_is_answered() {
    const KINDS: [(&str, &str, &str); 10] = [
        ("(SELECT ", "1", ")"),
        ("(", "1", ")"),
        ("CASE WHEN true THEN ", "1", " END"),
        ("EXISTS (SELECT 1 WHERE ", "true", ")"),
        ("ARRAY[", "1", "]"),
        ("(SELECT 1 FROM (VALUES (", "1", ")) v)"),
        ("coalesce(1, ", "1", ")"),
        ("true IN (SELECT ", "true", ")"),
        ("NOT ", "true", ""),
        ("(WITH q AS (SELECT ", "1", ") SELECT 1 FROM q)"),
    ];
    let mut c = session("ana");
    for (open, inner, close) in KINDS {
        for depth in [1, 4, 10, 16, 22, 30, 36, 45, 60, 90, 150, 400, 1_000] {
            let nested = format!("SELECT {}{inner}{}", open.repeat(depth), close.repeat(depth));
            let sql = format!("SELECT count(*) FROM things WHERE id = 1 OR ({nested}) IS NULL");
            for sql in [nested, sql] {
                let answer = c.ask(&sql);
                // Arrays of more than six dimensions are PostgreSQL's limit, as is a stack of its own.
                let sound = answer.starts_with("T D:")
                    || ["E:54001 Z:I", "E:54000 Z:I", "E:42804 Z:I", "E:0A000 Z:I"].contains(&&*answer);
                assert!(sound, "{open} {depth}: {answer} {}", c.said('M'));
            }
        }
    }
}

/// Of a chain in brackets that begins a chain the depths add up; on a stack for a small one the proxy would end.
#[test]
fn chains_of_chains_are_read_on_a_stack_that_holds_them() {
    let chain = |n: usize| format!("SELECT {}1{}", "(".repeat(n), format!("{})", " + 1".repeat(n)).repeat(n));
    let mut c = session("ana");
    assert_eq!(c.ask(&chain(29)), "T D:842 C:SELECT 1 Z:I");
    assert_eq!(c.ask(&chain(300)), "E:54001 Z:I");
}

/// PostgreSQL's scanner takes the square of the length for these; the proxy would before it had asked anybody.
#[test]
fn what_would_take_too_long_to_read_is_refused_at_once() {
    let mut c = session("ana");
    for text in [
        format!("{}{}SELECT 1", "/*".repeat(60_000), "*/".repeat(60_000)),
        format!("SELECT 1 {}", "/**/".repeat(60_000)),
        format!("SELECT 1 {}1", "+".repeat(200_000)),
        format!("COPY things FROM STDIN {}", "/*-*/".repeat(60_000)),
        format!("{} {}SELECT 1", "/* ".repeat(1_001), "*/".repeat(1_001)),
    ] {
        assert_eq!(c.ask(&text), "E:54001 Z:I");
        assert_eq!(c.exchange(&[parse("", &text), sync()]), "E:54001 Z:I");
    }
    assert_eq!(c.ask(&format!("{} {}SELECT 1", "/* ".repeat(1_000), "*/".repeat(1_000))), "T D:1 C:SELECT 1 Z:I");
}

/// A header that says so many bytes, and all of them.
fn giant(tag: u8, head: &[u8], length: usize) -> Vec<u8> {
    let mut body = head.to_vec();
    body.resize(length, b'x');
    message(tag, &body)
}

/// Longer than the proxy takes: it is read and thrown away as it comes, and costs its statement, not the session.
#[test]
fn a_message_that_is_too_long_is_an_error_like_any_other() {
    const TOO_LONG: usize = (64 << 20) + 1;
    let mut c = session("ana");
    assert_eq!(
        c.exchange(&[giant(b'Q', b"SELECT '", TOO_LONG), query("SELECT 1")]),
        "E:54000 Z:I T D:1 C:SELECT 1 Z:I"
    );
    assert_eq!(c.said('S'), "ERROR");
    assert!(c.said('M').contains("67108864") && !c.said('H').is_empty(), "{:?}", c.error);
    // In a transaction it is an error too.
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.exchange(&[giant(b'Q', b"SELECT '", TOO_LONG), query("ROLLBACK")]), "E:54000 Z:E C:ROLLBACK Z:I");
    // In the extended protocol it takes what stands behind it along, up to Sync; what stands before has happened.
    let ok = [parse("", "SELECT 1"), bind("", "", &[]), execute("", 0)];
    let long = giant(b'B', b"\0\0\0\0\0\x01", TOO_LONG);
    let sent = [&ok[..], std::slice::from_ref(&long), &ok[..], &[sync(), query("SELECT 2")]].concat();
    assert_eq!(c.exchange(&sent), "1 2 D:1 C:SELECT 1 E:54000 Z:I T D:2 C:SELECT 1 Z:I");
    // Behind an error nobody hears of it.
    let sent = [parse("", REFUSED), long.clone(), long, sync(), query("SELECT 3")];
    assert_eq!(c.exchange(&sent), "E:42501 Z:I T D:3 C:SELECT 1 Z:I");
    // What PostgreSQL itself does not take ends the session, there too.
    c.send(&[&b"Q"[..], &0x4000_0000_i32.to_be_bytes()].concat());
    assert_eq!([c.answer(), c.answer()], ["E:54000", "closed"]);
}

/// So is data that is copied in: the COPY fails.
#[test]
fn a_row_of_copy_that_is_too_long_fails_the_copy() {
    let mut c = session("dan");
    c.send(&query("COPY things FROM STDIN"));
    assert_eq!(c.answer(), "G");
    c.send(&message(b'd', b"400\tx\n"));
    c.send(&giant(b'd', b"", (64 << 20) + 1));
    c.send(&message(b'd', b"401\tx\n"));
    c.send(&message(b'c', b""));
    assert_eq!([c.answer(), c.answer()], ["E:54000", "Z:I"]);
    assert!(!c.said('H').is_empty(), "{:?}", c.error);
    assert_eq!(c.ask("SELECT count(*) FROM things WHERE id >= 400 AND id < 500"), "T D:0 C:SELECT 1 Z:I");
}
