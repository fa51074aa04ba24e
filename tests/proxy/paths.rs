//! Random sequences of what moves `search_path` and transactions: PostgreSQL's path and the proxy's never part.
//!
//! Two tables bear one name, in `rep` an open one, in `public` a protected one. Were the proxy to take the name for the
//! open one while PostgreSQL takes it for the other, stored rows would leave.

use std::fs;
use std::sync::OnceLock;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::common::postgres::{UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use super::common::proxy::Proxy;
use super::raw::{Raw, bind, execute, parse, query, sync};
use super::{policy, serve};

const STATEMENTS: [&str; 43] = [
    "SET search_path = rep, public",
    "SET search_path = public, rep",
    "SET SESSION search_path = rep, public",
    "SET LOCAL search_path = rep, public",
    "SET LOCAL search_path = public, rep",
    "SET SCHEMA 'rep'",
    "SET SCHEMA 'public'",
    "SET search_path TO DEFAULT",
    "RESET search_path",
    "RESET ALL",
    "DISCARD ALL",
    "DISCARD PLANS",
    "DEALLOCATE ALL",
    "SELECT set_config('search_path', 'rep, public', false)",
    "SELECT set_config('search_path', 'public, rep', true)",
    "SELECT set_config('search_path', NULL, false)",
    "BEGIN",
    "BEGIN",
    "START TRANSACTION",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "COMMIT AND CHAIN",
    "ROLLBACK AND CHAIN",
    "PREPARE TRANSACTION 'x'",
    "SAVEPOINT a",
    "SAVEPOINT b",
    "RELEASE a",
    "RELEASE b",
    "ROLLBACK TO a",
    "ROLLBACK TO b",
    "SELECT 1",
    "SELECT 1/0",
    "SELEC",
    "SELECT name::int FROM customers",
    "DECLARE c CURSOR FOR SELECT 1",
    "FETCH FROM c",
    "CLOSE ALL",
    "SET search_path = 'rep', \"public\"",
    "SET search_path = ''",
    "SET search_path TO '', public",
    "SELECT set_config('search_path', '', false)",
];

fn proxy() -> &'static Proxy {
    static PROXY: OnceLock<(Proxy, tempfile::TempDir)> = OnceLock::new();
    let (proxy, _) = PROXY.get_or_init(|| {
        let database = shared().database("proxy_paths", include_str!("world.sql"));
        database.grant_to_upstream();
        database.psql(
            "CREATE SCHEMA rep; CREATE TABLE rep.customers (id int, name text); INSERT INTO rep.customers VALUES (2, 'rep'); \
             GRANT USAGE ON SCHEMA rep TO consentry; GRANT SELECT ON rep.customers TO consentry; \
             CREATE SCHEMA shut; CREATE TABLE shut.customers (id int, name text); CREATE TABLE shut.things (id int); \
             GRANT SELECT ON shut.customers, shut.things TO consentry",
        );
        let folder = tempfile::tempdir().expect("a folder");
        let text = fs::read_to_string(policy()).expect("the policy");
        let open = text.replace("open = [\"public.things\"]", "open = [\"public.things\", \"rep.customers\", \"shut.*\"]");
        assert_ne!(open, text);
        let file = folder.path().join("policy.toml");
        fs::write(&file, open).expect("a policy");
        (serve(&database, &file, ""), folder)
    });
    proxy
}

fn batch_of(statements: &[&str], simple: bool) -> Vec<Vec<u8>> {
    if simple {
        return vec![query(&statements.join("; "))];
    }
    let pipeline = statements.iter().flat_map(|s| [parse("", s), bind("", "", &[]), execute("", 0)]);
    pipeline.chain([sync()]).collect()
}

/// One Query with some statements, or a pipeline of them; and in the same write, one that asks what `customers` is.
fn batch(random: &mut StdRng) -> (String, Vec<Vec<u8>>) {
    let chosen: Vec<&str> = (0..random.gen_range(1..=4)).map(|_| *STATEMENTS.choose(random).expect("some")).collect();
    let (simple, simple_probe) = (random.gen_range(0..5) < 2, random.gen_bool(0.5));
    let messages = [batch_of(&chosen, simple), batch_of(&[PROBE], simple_probe)].concat();
    (format!("{} {}", if simple { "Query" } else { "pipeline" }, chosen.join(" | ")), messages)
}

/// Ned, number 2, was never asked: not there for marketing.
const PROBE: &str = "SELECT name FROM customers WHERE id = 2";
const STORED: &str = "D:Ned Never C:SELECT 1";

/// A session past the proxy, with its role.
fn direct() -> Raw {
    let mut raw = Raw::open(shared().port());
    let answer = raw.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "proxy_paths")]);
    assert_eq!(answer, "Z:I", "{:?}", raw.error);
    raw
}

/// `CONSENTRY_PATHS=2000` tries as many sessions; a failure prints what was sent.
///
/// What is said through the proxy is what is said past it, but for the row that is hidden; from a refusal on (`0A000`),
/// which PostgreSQL does not have, only that this row is never told.
#[test]
fn postgresql_and_the_proxy_look_in_the_same_schema() {
    let sessions = std::env::var("CONSENTRY_PATHS").map_or(200, |n| n.parse().expect("a number"));
    let mut random = StdRng::seed_from_u64(11);
    let (mut rep, mut stored, mut whole) = (0, 0, 0);
    for _ in 0..sessions {
        let mut through = Raw::log_in(proxy().port(), "ana", &[("options", "-c consentry.purpose=marketing")]);
        let mut past = Some(direct());
        let mut sent = Vec::new();
        for _ in 0..random.gen_range(1..=5) {
            let (text, messages) = batch(&mut random);
            sent.push(text);
            let found = through.exchange(&messages);
            assert!(!found.contains("Ned") && !found.contains("closed"), "{sent:#?} {found}");
            let Some(c) = &mut past else { continue };
            let said = c.exchange(&messages);
            if found.contains("E:0A000") && !said.contains("E:0A000") {
                past = None;
                continue;
            }
            // In a failed transaction the proxy still says what it knows to be wrong with the name.
            let told = |answer: &str| answer.replace("E:42P01 Z:E", "E:25P02 Z:E").replace(STORED, "C:SELECT 0");
            assert_eq!(told(&found), told(&said), "{sent:#?}");
            assert_eq!(through.ask("SHOW search_path"), c.ask("SHOW search_path"), "{sent:#?}");
            rep += usize::from(said.contains("D:rep"));
            stored += usize::from(said.contains(STORED));
        }
        whole += usize::from(past.is_some());
    }
    assert!([rep, stored, whole].iter().all(|n| *n > sessions / 4), "{rep} {stored} {whole}");
}

/// In one message with what moves the path, too; and a schema that PostgreSQL leaves out is none.
#[test]
fn nothing_that_is_stored_is_told_behind_what_moves_the_path() {
    let mut random = StdRng::seed_from_u64(12);
    let mut stored = 0;
    let more = [
        "SET search_path = shut, public",
        "SET LOCAL search_path = shut, rep",
        "SET LOCAL search_path = rep",
        "COMMIT",
    ];
    for _ in 0..150 {
        let mut through = Raw::log_in(proxy().port(), "ana", &[("options", "-c consentry.purpose=marketing")]);
        let mut past = direct();
        let mut sent = Vec::new();
        for _ in 0..random.gen_range(1..=3) {
            let known = if random.gen_bool(0.5) { &STATEMENTS[..] } else { &more[..] };
            let mut chosen: Vec<&str> =
                (0..random.gen_range(1..=4)).map(|_| *known.choose(&mut random).expect("some")).collect();
            chosen.push(PROBE);
            sent.push(chosen.join("; "));
            let messages = [query(&chosen.join("; "))];
            let found = through.exchange(&messages);
            assert!(!found.contains("Ned") && !found.contains("closed"), "{sent:#?} {found}");
            stored += usize::from(past.exchange(&messages).contains(STORED));
        }
    }
    assert!(stored > 30, "{stored}");
}

#[test]
fn a_schema_without_usage_is_not_looked_into() {
    let mut c = Raw::log_in(proxy().port(), "ana", &[("options", "-c consentry.purpose=marketing")]);
    for set in ["SET search_path = shut, public", "SELECT set_config('search_path', 'shut, public', false)"] {
        c.ask(set);
        assert_eq!(c.ask("SELECT name FROM customers WHERE id = 2"), "T C:SELECT 0 Z:I");
        // Not in the policy's `open`, and not PostgreSQL's either.
        assert_eq!(c.ask("SELECT count(*) FROM things"), "T D:3 C:SELECT 1 Z:I");
    }
}

/// A transaction that has failed takes its settings along, whatever ends it.
#[test]
fn what_stands_behind_the_end_of_a_transaction_is_judged_by_what_counts_there() {
    for (set, fails, refused) in [
        ("SET consentry.purpose = 'service'", true, true),
        ("SET consentry.purpose = 'service'", false, false),
        ("SET LOCAL consentry.purpose = 'service'", false, true),
        ("SET LOCAL search_path = rep", false, true),
        ("SET search_path = rep", true, true),
        ("SELECT 1", true, false),
    ] {
        let mut c = Raw::log_in(proxy().port(), "ana", &[("options", "-c consentry.purpose=marketing")]);
        c.ask("BEGIN");
        c.ask(set);
        if fails {
            c.ask("SELECT 1/0");
        }
        let answer = c.ask("COMMIT; SELECT name FROM customers WHERE id = 2");
        assert_eq!(answer.contains("E:0A000"), refused, "{set}: {answer}");
        let told = answer.contains("Ned");
        assert_eq!(told, set.contains("'service'") && !refused, "{set}: {answer}");
    }
}

/// As pg_dump sets it, and as one may by mistake: nothing is found without its schema, and the session lives.
#[test]
fn an_empty_search_path_is_kept() {
    for set in ["SELECT set_config('search_path', '', false)", "SET search_path = ''", "SET search_path TO '', rep"] {
        let (mut through, mut past) = (Raw::log_in(proxy().port(), "ana", &[]), direct());
        for sql in [set, "SHOW search_path", "SELECT name FROM customers", "SELECT name FROM rep.customers"] {
            assert_eq!(through.ask(sql), past.ask(sql), "{set}: {sql}");
        }
    }
}

/// A cancel request that comes too late for the client's statement may hit the proxy's own.
#[test]
fn a_cancelled_message_of_the_proxys_own_is_said_again() {
    let mut c = Raw::log_in(proxy().port(), "ana", &[]);
    for _ in 0..200 {
        c.send(&query("SET search_path = rep"));
        Raw::cancel(proxy().port(), c.pid, c.secret);
        let answer = [c.answer(), c.answer()].join(" ");
        // Its own statement it may hit as well.
        assert!(matches!(&*answer, "C:SET Z:I" | "E:57014 Z:I"), "{answer} {}", c.said('M'));
    }
}

/// What the proxy says itself is not judged by the role's rules: `reason_required` refuses the client's statements only.
#[test]
fn no_rule_of_a_role_stands_in_the_way_of_the_path() {
    let database = &super::world().database;
    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(policy()).expect("the policy");
    let file = folder.path().join("policy.toml");
    fs::write(&file, text.replace("unrestricted = true", "unrestricted = true\nreason_required = true"))
        .expect("a policy");
    let proxy = serve(database, &file, "");
    for moved in [
        "DISCARD ALL",
        "RESET ALL",
        "SET search_path = public",
        "RESET search_path",
        "BEGIN; SET search_path = public; ROLLBACK",
        "SET consentry.reason = 'x'; DISCARD ALL",
    ] {
        let mut dba = Raw::log_in(proxy.port(), "dan", &[]);
        assert!(dba.ask(moved).ends_with(" Z:I"), "{moved}");
        assert_eq!(dba.ask("SELECT count(*) FROM things"), "E:42501 Z:I", "{moved}");
        assert_eq!(dba.ask("SET consentry.reason = 'support'"), "C:SET Z:I", "{moved}");
        assert!(dba.ask("SELECT count(*) FROM things").ends_with("C:SELECT 1 Z:I"), "{moved}");
        let batch = [parse("", moved.split("; ").last().expect("one")), bind("", "", &[]), execute("", 0), sync()];
        assert!(dba.exchange(&batch).ends_with(" Z:I"), "{moved}");
    }
}
