//! Random sequences of what moves `search_path` and transactions: PostgreSQL's path and the proxy's never part.
//!
//! Two tables bear one name, in `rep` an open one, in `public` a protected one. Were the proxy to take the name for the
//! open one while PostgreSQL takes it for the other, stored rows would leave.

use std::fs;
use std::sync::OnceLock;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::common::postgres::shared;
use super::common::proxy::Proxy;
use super::raw::{Raw, bind, execute, parse, query, sync};
use super::{policy, serve};

const STATEMENTS: [&str; 41] = [
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
    "SELECT id FROM nowhere",
    "SELECT name::int FROM customers",
    "DECLARE c CURSOR FOR SELECT 1",
    "FETCH FROM c",
    "CLOSE ALL",
    "SET search_path = 'rep', \"public\"",
];

fn proxy() -> &'static Proxy {
    static PROXY: OnceLock<(Proxy, tempfile::TempDir)> = OnceLock::new();
    let (proxy, _) = PROXY.get_or_init(|| {
        let database = shared().database("proxy_paths", include_str!("world.sql"));
        database.grant_to_upstream();
        database.psql(
            "CREATE SCHEMA rep; CREATE TABLE rep.customers (id int, name text); INSERT INTO rep.customers VALUES (2, 'rep'); \
             GRANT USAGE ON SCHEMA rep TO consentry; GRANT SELECT ON rep.customers TO consentry",
        );
        let folder = tempfile::tempdir().expect("a folder");
        let text = fs::read_to_string(policy()).expect("the policy");
        let open = text.replace("open = [\"public.things\"]", "open = [\"public.things\", \"rep.customers\"]");
        assert_ne!(open, text);
        let file = folder.path().join("policy.toml");
        fs::write(&file, open).expect("a policy");
        (serve(&database, &file, ""), folder)
    });
    proxy
}

/// One Query with some statements, or a pipeline of them.
fn batch(random: &mut StdRng) -> (String, Vec<Vec<u8>>) {
    let count = random.gen_range(1..=4);
    let chosen: Vec<&str> = (0..count).map(|_| *STATEMENTS.choose(random).expect("some")).collect();
    if random.gen_range(0..5) < 2 {
        let text = chosen.join("; ");
        return (format!("Query {text}"), vec![query(&text)]);
    }
    let mut messages: Vec<_> = chosen.iter().flat_map(|s| [parse("", s), bind("", "", &[]), execute("", 0)]).collect();
    messages.push(sync());
    (format!("pipeline {}", chosen.join(" | ")), messages)
}

/// `CONSENTRY_PATHS=2000` tries as many sessions; a failure prints what was sent.
#[test]
fn postgresql_and_the_proxy_look_in_the_same_schema() {
    let sessions = std::env::var("CONSENTRY_PATHS").map_or(200, |n| n.parse().expect("a number"));
    let mut random = StdRng::seed_from_u64(11);
    let mut compared = [0, 0];
    for _ in 0..sessions {
        let options = [("options", "-c consentry.purpose=marketing")];
        let mut c = Raw::log_in(proxy().port(), "ana", &options);
        let mut sent = Vec::new();
        for _ in 0..random.gen_range(1..=5) {
            let (text, messages) = batch(&mut random);
            sent.push(text);
            let answer = c.exchange(&messages);
            assert!(
                answer.ends_with("Z:I") || answer.ends_with("Z:T") || answer.ends_with("Z:E"),
                "{sent:#?} {answer}"
            );
            if answer.ends_with("Z:E") {
                continue;
            }
            // PostgreSQL's own word for it.
            let shown = c.ask("SHOW search_path");
            let rep = shown.replace('"', "").starts_with("T D:rep");
            // Ned, number 2, was never asked: not there for marketing.
            let expected = if rep { "T D:rep C:SELECT 1" } else { "T C:SELECT 0" };
            let found = c.ask("SELECT name FROM customers WHERE id = 2");
            assert!(found.starts_with(expected), "{sent:#?}\n{shown}\n{found}");
            compared[usize::from(rep)] += 1;
        }
    }
    assert!(compared.iter().all(|n| *n > sessions / 10), "{compared:?}");
}
