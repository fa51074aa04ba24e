//! Microseconds to clear a statement: a short and a 60-line one, on open and on protected tables; for the first time with
//! our own texts known, and after one that is like it but for its literals.
//!
//! `cargo bench --bench clear` (a throwaway PostgreSQL gives the catalog). Prints medians for benches/README.md.

#[path = "../tests/common/mod.rs"]
mod common;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use common::postgres::shared;
use consentry::cli::demo::crm;
use consentry::config::folder::read_policy;
use consentry::engine::alike::{Shape, Template};
use consentry::engine::clear::{Engine, Memory, Secrets};
use consentry::engine::cleared::Cleared;
use consentry::engine::context::{Context, Protocol, PurposeSource};
use consentry::engine::policy::resolve::resolve;

const ROUNDS: usize = 400;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let db = shared().database("bench_clear", &crm::SCRIPTS.map(|(_, sql)| sql).concat());
    let catalog =
        runtime.block_on(async { consentry::relay::catalog::load(&db.superuser().await).await.expect("a catalog") });
    let files = read_policy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm")).expect("the demo's policy");
    let (policy, _) = resolve(&files, &catalog).unwrap_or_else(|problems| panic!("{problems:?}"));
    let engine = Engine::new(Arc::new(catalog), Arc::new(policy), Secrets { pseudonym: b"bench".to_vec() });
    println!("| statement | bytes | µs, the first of its kind | µs, with other literals |\n|---|---:|---:|---:|");
    for (name, sql) in statements() {
        println!("| {name} | {} | {:.1} | {:.1} |", sql.len(), first(&engine, &sql), alike(&engine, &sql));
    }
}

/// Remembers all trees, as a session does.
#[derive(Default)]
struct Trees(RefCell<HashMap<String, Arc<[u8]>>>);

impl Memory for Trees {
    fn tree(&self, text: &str) -> Option<Arc<[u8]>> {
        self.0.borrow().get(text).cloned()
    }
    fn keep_tree(&self, text: &str, tree: &Arc<[u8]>) {
        self.0.borrow_mut().insert(text.to_owned(), tree.clone());
    }
}

fn context() -> Context {
    Context {
        role: "crm_app".into(),
        purpose: Some("marketing".into()),
        purpose_set_by: PurposeSource::Default,
        has_reason: false,
        search_path: vec!["public".into()],
        temporary: Default::default(),
        defined: Default::default(),
        user: None,
        explains_protected: false,
        resets: Default::default(),
    }
}

fn learn(engine: &Engine, sql: &str, trees: &Trees) -> (Cleared, Option<Template>) {
    let learned = engine.clear_and_learn(black_box(sql), &context(), Protocol::Simple, trees);
    learned.unwrap_or_else(|r| panic!("{r}: {}", r.detail))
}

fn first(engine: &Engine, sql: &str) -> f64 {
    let trees = Trees::default();
    median(|| drop(black_box(learn(engine, sql, &trees))))
}

fn alike(engine: &Engine, sql: &str) -> f64 {
    let template = learn(engine, sql, &Trees::default()).1.expect("other literals may stand in it");
    let other = sql.replace("id = 42", "id = 77").replace("1000", "2000");
    median(|| {
        let shape = Shape::of(black_box(&other)).expect("it has literals");
        black_box(template.clears(&other, &shape)).expect("it is like the first");
    })
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn statements() -> Vec<(&'static str, String)> {
    let long = |table: &str, column: &str| {
        let lines: Vec<String> = (0..56)
            .map(|i| format!("  CASE WHEN t.id % {} = 0 THEN t.{column} ELSE 'line {i}' END AS c{i}", i + 2))
            .collect();
        format!("SELECT\n{}\nFROM {table} t\nWHERE t.id BETWEEN 1 AND 1000\nORDER BY t.id", lines.join(",\n"))
    };
    vec![
        ("short, open", "SELECT name FROM products WHERE id = 42".to_owned()),
        ("60 lines, open", long("products", "name")),
        ("short, protected", "SELECT full_name, email FROM customers WHERE id = 42".to_owned()),
        ("60 lines, protected", long("customers", "full_name")),
    ]
}
