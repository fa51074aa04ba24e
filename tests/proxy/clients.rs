//! What real clients do (`clients.sql`, numbered as in the list that was seen on the wire from 41 of them), on the demo's
//! CRM under its own policy: each is answered, or refused on purpose.

use std::path::Path;
use std::sync::OnceLock;

use consentry::cli::demo::crm;

use super::common::postgres::{Database, shared};
use super::common::proxy::{Proxy, Served};
use super::raw::Raw;

const ROWS: u32 = 47;

fn crm() -> &'static (Database<'static>, Proxy) {
    static CRM: OnceLock<(Database<'static>, Proxy)> = OnceLock::new();
    CRM.get_or_init(|| {
        let database = shared().database("clients", &crm::SCRIPTS.map(|(_, sql)| sql).concat());
        database.grant_to_upstream();
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm");
        let users = [("crm_app", "crm_app"), ("bi", "bi"), ("marketing", "marketing"), ("dba", "dba")];
        let proxy = Proxy::start(&[Served { name: "crm", database: &database, policy: &policy }], &users, "");
        (database, proxy)
    })
}

/// `-- 26 crm_app: answer`, then what the client sends, up to `;;`. Several lines are sent one after the other.
struct Case {
    row: u32,
    user: String,
    expected: String,
    sql: String,
}

fn cases() -> Vec<Case> {
    let text = include_str!("clients.sql");
    let blocks = text.split("\n;;\n").map(str::trim).filter(|b| b.contains("\n"));
    blocks
        .map(|block| {
            let (head, sql) = block.lines().enumerate().find(|(_, l)| is_head(l)).map_or_else(
                || panic!("no head: {block}"),
                |(i, head)| (head, block.lines().skip(i + 1).collect::<Vec<_>>().join("\n")),
            );
            let (who, expected) = head.trim_start_matches("-- ").split_once(": ").expect("head");
            let (row, user) = who.split_once(' ').expect("row and user");
            Case {
                row: row.parse().expect("a row's number"),
                user: user.to_owned(),
                expected: expected.to_owned(),
                sql,
            }
        })
        .collect()
}

fn is_head(line: &str) -> bool {
    line.strip_prefix("-- ").and_then(|l| l.chars().next()).is_some_and(|c| c.is_ascii_digit()) && line.contains(": ")
}

#[test]
fn what_clients_send_is_answered_or_refused_on_purpose() {
    let (_, proxy) = crm();
    let mut wrong = Vec::new();
    for case in cases() {
        let mut session = Raw::log_in(proxy.port(), &case.user, &[("database", "crm")]);
        let answers: Vec<String> = case.sql.lines().map(|sql| session.ask(sql)).collect();
        let answer = answers.join(" ");
        let told = session.error.iter().find(|(f, _)| *f == 'M').map_or("", |(_, m)| m.as_str());
        if !matches(&answer, &case.expected) {
            wrong.push(format!("-- {} {}: {answer}\n   {told}\n{}", case.row, case.user, case.sql));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n;;\n"));
}

/// `…` in what is expected stands for anything.
fn matches(answer: &str, expected: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| answer.strip_prefix(first)) else { return false };
    let mut last = "";
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || expected.ends_with('…') || (!last.is_empty() && answer.ends_with(last))
}

/// Rows that another test holds are named in the head of `clients.sql`: `-- elsewhere 8: file.rs test_function`.
#[test]
fn every_row_of_the_list_is_a_case() {
    let mut held: Vec<u32> = cases().iter().map(|c| c.row).collect();
    for line in include_str!("clients.sql").lines().filter_map(|l| l.strip_prefix("-- elsewhere ")) {
        let (row, place) = line.split_once(": ").expect("elsewhere");
        let (file, function) = place.split_once(' ').expect("file and function");
        let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file));
        let source = source.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(source.contains(&format!("fn {function}(")), "{file} has no {function}");
        held.push(row.parse().expect("a row's number"));
    }
    let missing: Vec<u32> = (1..=ROWS).filter(|row| !held.contains(row)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// PostgreSQL would print the key of the pseudonyms with the plan.
#[test]
fn explain_of_execute_tells_no_secrets() {
    let mut c = Raw::log_in(crm().1.port(), "bi", &[("database", "crm")]);
    c.ask("PREPARE q AS SELECT id FROM customers WHERE email = 'x'");
    c.ask("PREPARE r AS SELECT total_amount FROM orders WHERE total_amount > 7");
    assert_eq!(c.ask("EXPLAIN EXECUTE q"), "E:0A000 Z:I");
    assert!(c.ask("EXPLAIN EXECUTE r").ends_with("C:EXPLAIN Z:I"), "{}", c.said('M'));
}
