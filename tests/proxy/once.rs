//! What a portal does to the session is done with its first row, whatever its row limit, and once.

use super::raw::{Raw, bind, execute, message, parse, query, sync};
use super::record::events;
use super::{session, world};

/// As asyncpg's `fetchval` sends it: one row is asked for, and no more.
fn fetch_one(c: &mut Raw, sql: &str) -> String {
    c.exchange(&[parse("", sql), bind("", "", &[]), execute("", 1), sync()])
}

#[test]
fn a_purpose_set_with_a_row_limit() {
    let mut c = session("ana");
    assert_eq!(
        fetch_one(&mut c, "SELECT set_config('consentry.purpose', 'marketing', false)"),
        "1 2 D:marketing s Z:I"
    );
    assert_eq!(c.ask("SHOW consentry.purpose"), "T D:marketing C:SHOW Z:I");
    assert_eq!(c.ask("SELECT id, name FROM customers WHERE id = 2"), "T C:SELECT 0 Z:I");
    assert_eq!(fetch_one(&mut c, "SELECT set_config('consentry.purpose', 'service', false)"), "1 2 D:service s Z:I");
    assert_eq!(c.ask("SELECT id FROM customers WHERE id = 2"), "T D:2 C:SELECT 1 Z:I");
}

#[test]
fn a_local_one_ends_with_its_transaction() {
    let mut c = session("ana");
    c.ask("BEGIN");
    assert_eq!(fetch_one(&mut c, "SELECT set_config('consentry.purpose', 'marketing', true)"), "1 2 D:marketing s Z:T");
    assert_eq!(c.ask("SELECT id FROM customers WHERE id = 2"), "T C:SELECT 0 Z:T");
    c.ask("COMMIT");
    assert_eq!(c.ask("SELECT id FROM customers WHERE id = 2"), "T D:2 C:SELECT 1 Z:I");
}

#[test]
fn a_portal_that_is_executed_again_sets_nothing_again() {
    for limit in [0, 1] {
        let mut c = session("ana");
        let set = [
            query("BEGIN"),
            parse("", "SELECT set_config('consentry.purpose', 'service', false)"),
            bind("p", "", &[]),
            execute("p", limit),
            sync(),
        ];
        let first = if limit == 0 { "C:SELECT 1" } else { "s" };
        assert_eq!(c.exchange(&set), format!("C:BEGIN Z:T 1 2 D:service {first} Z:T"));
        assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:T");
        assert_eq!(c.exchange(&[execute("p", limit), sync()]), "C:SELECT 0 Z:T", "{limit}");
        assert_eq!(c.ask("SHOW consentry.purpose"), "T D:marketing C:SHOW Z:T");
        assert_eq!(c.ask("SELECT id FROM customers WHERE id = 2"), "T C:SELECT 0 Z:T", "{limit}");
    }
}

#[test]
fn a_search_path_set_with_a_row_limit() {
    let mut c = session("ana");
    assert_eq!(c.ask("SELECT count(*) FROM things"), "T D:3 C:SELECT 1 Z:I");
    assert_eq!(fetch_one(&mut c, "SELECT set_config('search_path', 'harmless', false)"), "1 2 D:harmless s Z:I");
    assert_eq!(c.ask("SELECT count(*) FROM things"), "E:42P01 Z:I");
    assert_eq!(c.ask("RESET search_path"), "C:RESET Z:I");
    assert_eq!(c.ask("SELECT count(*) FROM things"), "T D:3 C:SELECT 1 Z:I");
}

#[test]
fn a_derived_temporary_table_filled_with_a_row_limit() {
    let mut c = session("ana");
    assert_eq!(c.ask("CREATE TEMP TABLE told (id int, name text)"), "C:CREATE TABLE Z:I");
    let filled = fetch_one(&mut c, "INSERT INTO told SELECT id, name FROM customers RETURNING 1");
    assert_eq!(filled, "1 2 D:1 s Z:I");
    assert_eq!(c.ask("SELECT count(*) FROM told"), "T D:2 C:SELECT 1 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
    assert_eq!(c.ask("SELECT * FROM told"), "E:42501 Z:I");
}

/// On record is the purpose that was in force.
#[test]
fn on_record_under_the_purpose_that_was_set() {
    let proxy = super::start(world());
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    fetch_one(&mut c, "SELECT set_config('consentry.purpose', 'marketing', false)");
    assert_eq!(c.ask("SELECT name FROM customers"), "T D:Ann Asked C:SELECT 1 Z:I");
    drop(c);
    let events = events(&proxy.audit());
    let read = events.iter().find(|e| e["tables"].to_string().contains("customers")).unwrap();
    assert_eq!([&read["purpose"], &read["purpose_set_by"]], ["marketing", "set"], "{read}");
}

fn declared(sql: &str, types: &[i32]) -> Vec<u8> {
    let count = i16::try_from(types.len()).unwrap().to_be_bytes();
    let types = types.iter().flat_map(|t| t.to_be_bytes());
    message(b'P', &[&[0], sql.as_bytes(), &[0], &count].concat().into_iter().chain(types).collect::<Vec<_>>())
}

/// PostgreSQL leaves parameters of type `void` out of a call, and two arguments are another function than three.
#[test]
fn a_parameter_that_postgres_leaves_out_hides_no_function() {
    const INT: i32 = 23;
    const VOID: i32 = 2278;
    const TEXT: &str = "select ''a''::tsquery, plainto_tsquery(''simple'', name) from public.customers";
    let mut c = session("ana");
    let rewrites = format!("ts_rewrite('a'::tsquery, '{TEXT}', ");
    let refused = ["E:0A000 Z:I", "E:42501 Z:I", "E:42704 Z:I", "E:42601 Z:I", "E:42P02 Z:I"];
    for sql in [
        format!("SELECT {rewrites}$1::void)"),
        format!("SELECT {rewrites}CAST($1 AS pg_catalog.void))"),
        format!("SELECT $1::void, {rewrites}$1)"),
        format!("SELECT * FROM {rewrites}$1::void) AS t"),
        format!("PREPARE p(void) AS SELECT {rewrites}$1)"),
        format!("PREPARE p AS SELECT {rewrites}$1::void)"),
        format!("SELECT coalesce($1, pg_notify('a', 'b')) IS NULL, {rewrites}$1)"),
        format!("SELECT coalesce($1, \"pg_notify\"('a', 'b')) IS NULL, {rewrites}$1)"),
        format!(r#"SELECT coalesce($1, U&"pg_n\006ftify"('a', 'b')) IS NULL, {rewrites}$1)"#),
        format!("PREPARE p AS SELECT coalesce($1, pg_notify('a', 'b')) IS NULL, {rewrites}$1)"),
        format!("PREPARE p(unknown) AS SELECT coalesce($1, pg_notify('a', 'b')) IS NULL, {rewrites}$1)"),
        format!(
            "PREPARE p(proxy.pg_catalog.unknown) AS SELECT coalesce($1, pg_notify('a', 'b')) IS NULL, {rewrites}$1)"
        ),
        format!("PREPARE p(setof unknown) AS SELECT coalesce($1, pg_notify('a', 'b')) IS NULL, {rewrites}$1)"),
        format!("PREPARE p(setof pg_catalog.void) AS SELECT {rewrites}$1)"),
        format!("SELECT {rewrites}$1)"),
        format!("SELECT void_send($1), {rewrites}$1)"),
        format!("SELECT coalesce($1, pg_notify('a', 'b')), proxy.pg_catalog.{rewrites}$1)"),
        format!("SELECT coalesce($1, pg_notify('a', 'b')), pg_catalog.{rewrites}$1)"),
        format!("SELECT * FROM (SELECT void_send($1)) s, {rewrites}$1) t"),
        format!("SELECT coalesce($4294967297, pg_notify('a', 'b')) IS NULL, {rewrites}$1)"),
    ] {
        let answer = c.exchange(&[parse("", &sql), bind("", "", &[]), execute("", 0), sync()]);
        assert!(refused.contains(&answer.as_str()), "{sql}: {answer}");
        let answer = c.ask(&sql);
        assert!(refused.contains(&answer.as_str()), "{sql}: {answer}");
    }
    // Beside one that is declared so.
    for beside in ["coalesce($1, $2)", "CASE WHEN true THEN $1 ELSE $2 END", "(VALUES ($1), ($2) LIMIT 1)"] {
        let sql = format!("SELECT {beside}, {rewrites}$1)");
        assert_eq!(c.exchange(&[declared(&sql, &[0, VOID]), sync()]), "E:0A000 Z:I", "{sql}");
    }
    let others = (1..=32).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let types: Vec<i32> = [INT; 32].into_iter().chain([VOID]).collect();
    let sql = format!("SELECT {rewrites}$33), ARRAY[{others}]");
    assert_eq!(c.exchange(&[declared(&sql, &types), sync()]), "E:0A000 Z:I");
    assert_eq!(c.said('M'), "a parameter of type void behind the 32nd is not supported behind the proxy");
    // Nobody has declared it, and somebody one behind it.
    let types: Vec<i32> = [0; 33].into_iter().chain([INT]).collect();
    let sql = format!("SELECT coalesce($33, pg_notify('a', 'b')), ARRAY[{others}, $34], {rewrites}$33)");
    assert_eq!(c.exchange(&[declared(&sql, &types), sync()]), "E:0A000 Z:I");
    // Without one that is void, any number of parameters.
    let types: Vec<i32> = [INT; 33].to_vec();
    let sql = format!("SELECT greatest({others}, worth($33))");
    let values = ["1"; 33];
    let sent = [declared(&sql, &types), bind("", "", &values), execute("", 0), sync()];
    assert_eq!(c.exchange(&sent), "1 2 D:10 C:SELECT 1 Z:I");
}

/// A parameter that stands in two places is an argument like any other where without it nothing else would be called.
#[test]
fn a_parameter_in_two_places_is_no_reason_to_refuse() {
    let mut c = session("ana");
    for (sql, answer) in [
        ("SELECT replace($1, 'o', $1), round(7, $2), mod(9, $2)", "D:onene,7.00,1 C:SELECT 1"),
        ("SELECT lower($1), upper($1), coalesce($1, 'y'), $2::int", "D:one,ONE,one,2 C:SELECT 1"),
        ("SELECT worth($2), $2, pg_catalog.length($1), upper($1)", "D:20,2,3,ONE C:SELECT 1"),
        ("SELECT id FROM things WHERE starts_with(name, $1) OR name = $1 OR id = $2", "D:1 D:2 C:SELECT 2"),
    ] {
        let told = c.exchange(&[parse("", sql), bind("", "", &["one", "2"]), execute("", 0), sync()]);
        assert_eq!(told, format!("1 2 {answer} Z:I"), "{sql}");
    }
}
