//! The trials of a world: files of queries and random queries, against the visible databases and on twins.

use std::fmt::Write;
use std::future::Future;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use tokio_postgres::Client;

use super::answer::{Protocol, ask, difference};
use super::common::proxy::connection_to;
use super::generate;
use super::query::{Order, Query, QueryFile};
use super::tap::{Tap, frames};
use super::twins;
use super::world::{Context, World};

const PROTOCOLS: [(Protocol, &str); 2] = [(Protocol::Simple, "simple"), (Protocol::Extended, "extended")];
const QUERIES_PER_SEED: usize = 100;
const DIFFERENCES_IN_A_REPORT: usize = 12;

pub fn of_world(world: Arc<World>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for c in 0..world.contexts.len() {
        for (protocol, called) in PROTOCOLS {
            let prefix = format!("{}::{}::{called}", world.name, world.contexts[c].name);
            for file in &world.files {
                let (w, name) = (world.clone(), file.name.clone());
                trials.push(Trial::test(format!("{prefix}::{name}"), move || {
                    run(equal_to_visible(&w, &w.contexts[c], w.file(&name), protocol))
                }));
            }
            for seed in seeds() {
                let w = world.clone();
                trials.push(Trial::test(format!("{prefix}::random_{seed}"), move || {
                    let context = &w.contexts[c];
                    run(async { equal_to_visible(&w, context, &random_file(&w, context, seed).await, protocol).await })
                }));
                let w = world.clone();
                trials.push(Trial::test(format!("{prefix}::twins_{seed}"), move || {
                    let context = &w.contexts[c];
                    run(async {
                        twins_answer_alike(&w, context, &random_file(&w, context, seed).await, protocol).await?;
                        for file in &w.files {
                            twins_answer_alike(&w, context, file, protocol).await?;
                        }
                        Ok(())
                    })
                }));
            }
        }
    }
    trials
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |v| v.parse().expect("a number"));
    let from = number("ORACLE_FROM", 1);
    from..from + number("ORACLE_SEEDS", 1)
}

fn run(trial: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(trial)
}

async fn random_file(world: &World, context: &Context, seed: u64) -> QueryFile {
    let schema = generate::Schema::read(&context.visible.superuser().await, &world.stored.superuser().await).await;
    let queries = generate::queries(&schema, seed, QUERIES_PER_SEED);
    QueryFile { name: format!("random_{seed}"), search_path: None, queries }
}

/// A session of the context through `port`: its purpose by start-up option (extended) or by SET (simple).
async fn session(
    port: u16,
    context: &Context,
    database: &str,
    protocol: Protocol,
    search_path: Option<&str>,
) -> Client {
    let at_startup = (protocol == Protocol::Extended).then_some(context.purpose.as_str());
    let client = super::common::postgres::connect(&connection_to(port, &context.role, database, at_startup)).await;
    if protocol == Protocol::Simple {
        client
            .batch_execute(&format!("SET consentry.purpose = '{}'", context.purpose))
            .await
            .expect("a purpose of the role's");
    }
    set_search_path(&client, search_path).await;
    client
}

async fn set_search_path(client: &Client, search_path: Option<&str>) {
    if let Some(path) = search_path {
        client.batch_execute(&format!("SET search_path = {path}")).await.expect("search_path may be set");
    }
}

/// Every query of `file` answers through the proxy as it does on the visible database.
async fn equal_to_visible(
    world: &World,
    context: &Context,
    file: &QueryFile,
    protocol: Protocol,
) -> Result<(), Failed> {
    // An ordinary role: closed tables are those that it has no right to.
    let visible = context.visible.upstream().await;
    set_search_path(&visible, file.search_path.as_deref()).await;
    let proxied = session(world.proxy.port(), context, &world.stored.name, protocol, file.search_path.as_deref()).await;
    let mut report = Report::default();
    for query in asked(file, protocol) {
        let expected = ask(&visible, query, protocol).await;
        let actual = ask(&proxied, query, protocol).await;
        report.add(query, difference(&expected, &actual, query));
    }
    report.verdict()
}

/// Every query of `file` gives the same bytes on both twins, and no byte of a hidden token.
async fn twins_answer_alike(
    world: &World,
    context: &Context,
    file: &QueryFile,
    protocol: Protocol,
) -> Result<(), Failed> {
    let taps = [Tap::default(), Tap::default()];
    let mut clients = Vec::new();
    for (tap, database) in taps.iter().zip(&context.twins) {
        let port = tap.listen(world.proxy.port()).await;
        clients.push(session(port, context, database, protocol, file.search_path.as_deref()).await);
        tap.take(); // log-in: salts and keys
    }
    let mut report = Report::default();
    for query in asked(file, protocol) {
        let mut heard = Vec::new();
        for (tap, client) in taps.iter().zip(&clients) {
            ask(client, query, protocol).await;
            // An error is told before ReadyForQuery comes: an answer to nothing marks the end of all that was said.
            client.simple_query("").await.expect("the session goes on after every answer");
            heard.push(tap.take());
        }
        report.add(query, bytes_differ(&heard[0], &heard[1], query.order));
    }
    report.verdict()
}

fn asked(file: &QueryFile, protocol: Protocol) -> impl Iterator<Item = &Query> {
    file.queries.iter().filter(move |q| q.parameters.is_empty() || protocol == Protocol::Extended)
}

fn bytes_differ(a: &[u8], b: &[u8], order: Order) -> Option<String> {
    for (side, bytes) in twins::SIDES.iter().zip([a, b]) {
        let token = twins::token_start(side);
        if bytes.windows(token.len()).any(|w| w == token.as_bytes()) {
            return Some(format!("a hidden value reaches the client: {}", bytes.escape_ascii()));
        }
    }
    let (a, b) = (in_order(a, order), in_order(b, order));
    let (one, other) = a.iter().zip(&b).find(|(x, y)| x != y)?;
    Some(format!("twins differ:\n      {}\n      {}", one.escape_ascii(), other.escape_ascii()))
}

/// The frames, and an end mark so that a missing last one shows. Where the order of rows is free they are sorted, and
/// those before an error left out: how many leave before the faulty one is a matter of where rows lie on disk.
fn in_order(bytes: &[u8], order: Order) -> Vec<Vec<u8>> {
    let mut frames = frames(bytes);
    if order == Order::Any {
        for rows in frames.chunk_by_mut(|(x, _), (y, _)| *x == b'D' && *y == b'D') {
            rows.sort();
        }
        if frames.iter().any(|(kind, _)| *kind == b'E') {
            frames.retain(|(kind, _)| *kind != b'D');
        }
    }
    let told = frames.into_iter().map(|(kind, frame)| if kind == b'T' { unnumbered(frame) } else { frame.to_vec() });
    told.chain([b"end".to_vec()]).collect()
}

/// A RowDescription without the numbers of the columns' tables: that of a temporary table is the next one free.
fn unnumbered(description: &[u8]) -> Vec<u8> {
    let mut frame = description.to_vec();
    // Kind, length, count; then a name that ends with a zero, the table's number, and 14 bytes.
    let mut at = 7;
    while let Some(end) = frame.get(at..).and_then(|rest| rest.iter().position(|b| *b == 0)) {
        let number = at + end + 1;
        let Some(bytes) = frame.get_mut(number..number + 4) else { break };
        bytes.fill(0);
        at = number + 18;
    }
    frame
}

#[derive(Default)]
struct Report {
    asked: usize,
    differences: Vec<String>,
}

impl Report {
    fn add(&mut self, query: &Query, difference: Option<String>) {
        self.asked += 1;
        if let Some(difference) = difference {
            self.differences.push(format!("{}: {difference}\n    {}", query.title, query.sql.replace('\n', "\n    ")));
        }
    }

    fn verdict(self) -> Result<(), Failed> {
        if self.differences.is_empty() {
            return Ok(());
        }
        let mut text = format!("{} of {} queries differ\n", self.differences.len(), self.asked);
        for difference in self.differences.iter().take(DIFFERENCES_IN_A_REPORT) {
            writeln!(text, "  - {difference}").expect("a string takes text");
        }
        Err(text.into())
    }
}
