//! An UPDATE or INSERT through a view WITH CHECK OPTION has a RETURNING of ours, of which the client hears nothing: every
//! answer is that of a direct connection.

use std::fs;

use tempfile::TempDir;

use super::common::postgres::{Database, UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::common::proxy::Proxy;
use super::raw::{Raw, bind, close, describe, execute, flush, message, parse, query, sync};
use super::record::{log_in, told};
use super::{policy, serve};

const VIEWS: &str = "
INSERT INTO customers VALUES (3, 'Eve Else');
CREATE VIEW asked AS SELECT id, name FROM customers WHERE name <> 'Nobody' WITH CHECK OPTION;
CREATE VIEW asked_listed AS SELECT id, name FROM customers WHERE id IN (SELECT id FROM listed) AND name <> 'Nobody' WITH CHECK OPTION;
CREATE VIEW anns AS SELECT id, name FROM customers WHERE name LIKE 'Ann%';
";

const MET: &str = "UPDATE asked SET name = name || 'x' WHERE id < 3";
const ONE: &str = "UPDATE asked SET name = name || 'y' WHERE id = 2 RETURNING id";
const FAILS: &str = "UPDATE asked SET name = 'Nobody' WHERE id = 1";
const GIVEN: &str = "UPDATE asked SET name = $1 WHERE id = 1";

/// The same database, through a proxy and without.
struct Both {
    database: Database<'static>,
    _folder: TempDir,
    proxy: Proxy,
    through: Raw,
    past: Raw,
}

impl Both {
    fn new(name: &str) -> Self {
        let database = shared().database(name, &[include_str!("world.sql"), VIEWS].concat());
        database.grant_to_upstream();
        let folder = tempfile::tempdir().unwrap();
        let explains = fs::read_to_string(policy()).unwrap().replacen("\"derive\"]", "\"derive\", \"explain\"]", 1);
        fs::write(folder.path().join("policy.toml"), explains).unwrap();
        let proxy = serve(&database, &folder.path().join("policy.toml"), "");
        let through = log_in(&proxy);
        let mut past = Raw::open(shared().port());
        assert_eq!(past.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", name)]), "Z:I");
        Self { database, _folder: folder, proxy, through, past }
    }

    /// The answer, which is the same for both.
    fn exchange(&mut self, messages: &[Vec<u8>]) -> String {
        let names = || self.database.psql("SELECT string_agg(name, ',' ORDER BY id) FROM customers");
        let before = names();
        let past = (self.past.exchange(messages), names());
        if !past.0.ends_with("Z:T") {
            let back = "UPDATE customers SET name = (string_to_array($$";
            self.database.psql(&format!("{back}{before}$$, ','))[id]"));
        }
        let through = (self.through.exchange(messages), names());
        assert_eq!(through, past, "{:?}", self.through.error);
        past.0
    }

    fn ask(&mut self, sql: &str) -> String {
        self.exchange(&[query(sql)])
    }
}

/// A Bind without values, whose results are asked for in these forms.
fn bind_as(portal: &str, statement: &str, forms: &[u8]) -> Vec<u8> {
    let count = [0, 0, 0, 0, 0, u8::try_from(forms.len()).unwrap()];
    let forms: Vec<u8> = forms.iter().flat_map(|form| [0, *form]).collect();
    message(b'B', &[portal.as_bytes(), b"\0", statement.as_bytes(), b"\0", &count, &forms].concat())
}

#[test]
fn a_query_has_no_rows() {
    let mut both = Both::new("proxy_silent_query");
    assert_eq!(both.ask(MET), "C:UPDATE 2 Z:I");
    assert_eq!(both.ask(FAILS), "E:44000 Z:I");
    assert_eq!(both.through.said('M'), both.past.said('M'));
    assert_eq!(both.ask("UPDATE asked SET name = 'Eve Else' WHERE id = 1"), "E:23505 Z:I");
    assert_eq!(both.ask("UPDATE asked SET name = 'x' WHERE id = 99"), "C:UPDATE 0 Z:I");
    // Beside others.
    let all = format!("{MET}; SELECT id FROM things WHERE id = 2; {ONE}; {MET}");
    assert_eq!(both.ask(&all), "C:UPDATE 2 T D:2 C:SELECT 1 T D:2 C:UPDATE 1 C:UPDATE 2 Z:I");
    assert_eq!(both.ask(&format!("{MET}; SELECT 1; {FAILS}; SELECT 2")), "C:UPDATE 2 T D:1 C:SELECT 1 E:44000 Z:I");
    let with = format!("WITH u AS ({MET}) SELECT 1 AS one");
    assert_eq!(both.ask(&with), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(both.ask(&format!("WITH u AS ({MET}) SELECT * FROM u")), "E:0A000 Z:I");
    assert_eq!(both.through.said('M'), both.past.said('M'));
    // In steps, with a question about what it reads before its answer leaves.
    for sql in ["UPDATE asked_listed SET name = name || 'x' WHERE id < 3", "UPDATE asked_listed SET name = 'Nobody'"] {
        both.ask(sql);
    }
    assert_eq!(
        both.ask("UPDATE asked_listed SET name = 'One' WHERE id = 1 RETURNING id, name"),
        "T D:1,One C:UPDATE 1 Z:I"
    );
}

#[test]
fn a_description_says_that_there_are_none() {
    let mut both = Both::new("proxy_silent_described");
    let all = [parse("", MET), describe('S', ""), bind("", "", &[]), describe('P', ""), execute("", 0), sync()];
    assert_eq!(both.exchange(&all), "1 t n 2 n C:UPDATE 2 Z:I");
    let named = [parse("s", GIVEN), describe('S', "s"), sync()];
    assert_eq!(both.exchange(&named), "1 t n Z:I");
    for (value, answer) in [("Anna", "2 n C:UPDATE 1 Z:I"), ("Nobody", "2 n E:44000 Z:I")] {
        assert_eq!(both.exchange(&[bind("p", "s", &[value]), describe('P', "p"), execute("p", 0), sync()]), answer);
    }
    // The client's own rows are limited as ever.
    let sent = [parse("", ONE), describe('S', ""), bind("", "", &[]), execute("", 1), execute("", 1), sync()];
    assert_eq!(both.exchange(&sent), "1 t T 2 D:2 s C:UPDATE 0 Z:I");
}

#[test]
fn it_runs_to_its_end_and_once() {
    let mut both = Both::new("proxy_silent_limits");
    let begin = [parse("", MET), bind("", "", &[])];
    assert_eq!(both.exchange(&[&begin[..], &[execute("", 1), sync()]].concat()), "1 2 C:UPDATE 2 Z:I");
    assert_eq!(
        both.exchange(&[&begin[..], &[execute("", 1), execute("", 1), sync()]].concat()),
        "1 2 C:UPDATE 2 E:55000 Z:I"
    );
    assert_eq!(both.through.said('M'), both.past.said('M'));
    // Many in one write, and an error in the middle.
    let one = |sql: &str| [parse("", sql), bind("", "", &[]), execute("", 1)].concat();
    let pipeline = [MET, "SELECT id FROM things WHERE id = 9", MET, FAILS, MET].map(one);
    assert_eq!(
        both.exchange(&[pipeline.concat(), sync()]),
        "1 2 C:UPDATE 2 1 2 C:SELECT 0 1 2 C:UPDATE 2 1 2 E:44000 Z:I"
    );
    let batches = [one(MET), sync(), one(FAILS), sync(), one(MET), sync()];
    assert_eq!(both.exchange(&batches), "1 2 C:UPDATE 2 Z:I 1 2 E:44000 Z:I 1 2 C:UPDATE 2 Z:I");
}

/// All of it is undone.
#[test]
fn so_it_is_with_new_rows() {
    let mut both = Both::new("proxy_silent_insert");
    let new = "INSERT INTO asked_listed VALUES (2, 'New')";
    let update = "ON CONFLICT (id) DO UPDATE SET name = 'Upper' || excluded.name";
    for (sql, answer) in [
        ("INSERT INTO asked VALUES (4, 'New'), (5, 'Newer')".to_owned(), "C:INSERT 0 2 Z:T"),
        ("INSERT INTO asked VALUES (4, 'New') RETURNING id, 1".to_owned(), "T D:4,1 C:INSERT 0 1 Z:T"),
        ("INSERT INTO asked VALUES (4, 'New'), (5, 'Nobody')".to_owned(), "E:44000 Z:E"),
        ("INSERT INTO asked_listed VALUES (77, 'New')".to_owned(), "E:44000 Z:E"),
        (format!("{new} {update}"), "C:INSERT 0 1 Z:T"),
        (format!("{new} {update} RETURNING *"), "T D:2,UpperNew C:INSERT 0 1 Z:T"),
        (format!("{new} ON CONFLICT DO NOTHING"), "C:INSERT 0 0 Z:T"),
        (format!("WITH i (a) AS ({new} {update}) SELECT 1"), "E:42P10 Z:E"),
    ] {
        let end = answer.split_once(" Z:").unwrap().0;
        let ask = [query("BEGIN"), query(&sql), query("ROLLBACK")];
        assert_eq!(both.exchange(&ask), format!("C:BEGIN Z:T {answer} C:ROLLBACK Z:I"), "{sql}");
        assert_eq!(both.through.said('M'), both.past.said('M'), "{sql}");
        if end.contains("T D:") || end == "E:42P10" {
            continue;
        }
        let steps = [parse("", &sql), describe('S', ""), bind("", "", &[]), describe('P', ""), execute("", 1), sync()];
        let ask = [&[query("BEGIN")], &steps[..], &[query("ROLLBACK")]].concat();
        assert_eq!(both.exchange(&ask), format!("C:BEGIN Z:T 1 t n 2 n {answer} C:ROLLBACK Z:I"), "{sql}");
    }
    // PostgreSQL changes a row that is none of the view's until 15.19.
    let ask = [query("BEGIN"), query(&format!("INSERT INTO anns VALUES (3, 'New') {update}")), query("ROLLBACK")];
    assert_eq!(both.through.exchange(&ask), "C:BEGIN Z:T E:55000 Z:E C:ROLLBACK Z:I");
    if both.past.exchange(&ask).contains("E:") {
        assert_eq!(both.through.said('M'), both.past.said('M'));
    }
}

#[test]
fn no_form_is_asked_for_what_does_not_come() {
    let mut both = Both::new("proxy_silent_forms");
    for forms in [&[][..], &[0], &[1], &[1, 0, 1]] {
        let sent = [parse("", MET), bind_as("", "", forms), describe('P', ""), execute("", 0), sync()];
        assert_eq!(both.exchange(&sent), "1 2 n C:UPDATE 2 Z:I", "{forms:?}");
    }
}

#[test]
fn so_it_is_behind_execute() {
    let mut both = Both::new("proxy_silent_execute");
    assert_eq!(both.ask(&format!("PREPARE p AS {GIVEN}")), "C:PREPARE Z:I");
    assert_eq!(both.ask("EXECUTE p ('Anna')"), "C:UPDATE 1 Z:I");
    assert_eq!(both.ask("EXECUTE p ('Nobody')"), "E:44000 Z:I");
    let sent = [
        parse("", "EXECUTE p ('An')"),
        describe('S', ""),
        bind("", "", &[]),
        describe('P', ""),
        execute("", 1),
        sync(),
    ];
    assert_eq!(both.exchange(&sent), "1 t n 2 n C:UPDATE 1 Z:I");
    let sent = [bind("", "p", &["Nan"]), describe('P', ""), describe('S', "p"), execute("", 1), sync()];
    assert_eq!(both.exchange(&sent), "2 n t n C:UPDATE 1 Z:I");
    let sent =
        [parse("", &format!("PREPARE q AS {MET}")), describe('S', ""), bind("", "", &[]), execute("", 0), sync()];
    assert_eq!(both.exchange(&sent), "1 t n 2 C:PREPARE Z:I");
    assert_eq!(both.ask("EXECUTE q; EXECUTE p ('Ann'); SELECT 1"), "C:UPDATE 2 C:UPDATE 1 T D:1 C:SELECT 1 Z:I");
    assert_eq!(
        both.ask(&format!("PREPARE r AS {MET}; EXECUTE r; DEALLOCATE r")),
        "C:PREPARE C:UPDATE 2 C:DEALLOCATE Z:I"
    );
    assert_eq!(both.ask(&format!("PREPARE r AS {ONE}; EXECUTE r")), "C:PREPARE T D:2 C:UPDATE 1 Z:I");
}

#[test]
fn under_another_purpose_too_and_on_record_by_its_tag() {
    let both = Both::new("proxy_silent_record");
    let mut c = log_in(&both.proxy);
    assert_eq!(
        c.exchange(&[parse("s", GIVEN), sync(), bind("", "s", &["Ann"]), execute("", 0), sync()]),
        "1 Z:I 2 C:UPDATE 1 Z:I"
    );
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "C:SET Z:I");
    let sent = [bind_as("", "s", &[]), sync()];
    assert_eq!(c.exchange(&sent), "E:08P01 Z:I");
    assert_eq!(
        c.exchange(&[bind("p", "s", &["Anna"]), describe('S', "s"), execute("p", 1), sync()]),
        "2 t n C:UPDATE 1 Z:I"
    );
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.exchange(&[bind("p", "s", &["Ann"]), flush(), sync()]), "2 Z:T");
    assert_eq!(c.ask("SET LOCAL consentry.purpose = 'service'"), "C:SET Z:T");
    assert_eq!(c.exchange(&[execute("p", 1), close('P', "p"), sync()]), "C:UPDATE 1 3 Z:T");
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
    assert_eq!(c.ask(MET), "C:UPDATE 1 Z:I");
    let rows: Vec<u64> = told(&both.proxy, 7).into_iter().filter(|t| t.0 == "update").map(|t| t.3).collect();
    assert_eq!(rows, [1, 1, 1, 1]);
    // FETCH would run what it is refused for.
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(
        c.exchange(&[parse("", MET), bind("f", "", &[]), sync(), query("FETCH ALL FROM f")]),
        "1 2 Z:T E:0A000 Z:E"
    );
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
}

/// What EXPLAIN gives is the client's.
#[test]
fn a_plan_is_heard() {
    let mut both = Both::new("proxy_silent_explain");
    assert_eq!(both.ask(&format!("PREPARE p AS {MET}")), "C:PREPARE Z:I");
    for sql in [format!("EXPLAIN {MET}"), "EXPLAIN (COSTS off) EXECUTE p".to_owned()] {
        let answer = both.through.ask(&sql);
        assert!(answer.contains("T D:Update on customers"), "{answer} {:?}", both.through.error);
    }
}
