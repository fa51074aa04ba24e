//! The record alone: how many decisions a second, and how many of them share a sync, by sessions and durability.
//!
//! `cargo bench --bench audit_recorder [FOLDER]`: FOLDER lies on the disk to be measured (default: the target folder).
//! Each session does what a statement does: decision, wait until it is durable, completion.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use consentry::audit::event::{Client, Completion, Decision, Ending, Event, What, Who};
use consentry::audit::{Config, Durability, Recorder};
use consentry::engine::cleared::{Outcome, TouchedColumn, TouchedTable, Treatment, Usage};
use consentry::engine::context::PurposeSource;

const TIME: Duration = Duration::from_secs(3);

fn main() {
    let parent =
        std::env::args().nth(1).filter(|a| !a.starts_with('-')).unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!(
        "{:>9} {:>8} {:>12} {:>9} {:>14} {:>12}",
        "sessions", "mode", "decisions/s", "syncs/s", "decisions/sync", "bytes/event"
    );
    for sessions in [1, 8, 32] {
        for durability in [Durability::Strict, Durability::Relaxed, Durability::Off] {
            let folder = PathBuf::from(&parent).join(format!("audit-{}-{sessions}", durability.as_str()));
            let _ = std::fs::remove_dir_all(&folder);
            runtime.block_on(measure(&folder, sessions, durability));
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

async fn measure(folder: &Path, sessions: usize, durability: Durability) {
    let mut config = Config::new(folder.join("audit"));
    config.durability = durability;
    let recorder = Recorder::open(config).expect("the folder can be written");
    let (who, what) = (Arc::new(who()), Arc::new(what()));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..sessions)
        .map(|session| tokio::spawn(run(recorder.clone(), who.clone(), what.clone(), session, begin)))
        .collect();
    let mut decisions = 0;
    for task in tasks {
        decisions += task.await.expect("no panic");
    }
    let seconds = begin.elapsed().as_secs_f64();
    recorder.shutdown().await;
    let counts = recorder.counts();
    println!(
        "{sessions:>9} {:>8} {:>12.0} {:>9.0} {:>14.1} {:>12.0}",
        durability.as_str(),
        decisions as f64 / seconds,
        counts.syncs as f64 / seconds,
        decisions as f64 / counts.syncs.max(1) as f64,
        counts.bytes as f64 / counts.events.max(1) as f64,
    );
}

async fn run(recorder: Recorder, who: Arc<Who>, what: Arc<What>, session: usize, begin: Instant) -> u64 {
    let mut n = 0;
    while begin.elapsed() < TIME {
        let statement = format!("5e55{session}-{n}");
        let decision = Decision {
            who: who.clone(),
            statement: statement.clone(),
            reason: None,
            what: what.clone(),
            subjects: Vec::new(),
        };
        let ticket = recorder.append(Event::Decision(decision)).expect("the record works");
        if !recorder.is_durable(&ticket) {
            recorder.durable(&ticket).await.expect("the record works");
        }
        let completion = Completion { statement, outcome: Ending::Ok, sqlstate: None, rows: 1, bytes: 64, ms: 0.2 };
        recorder.append(Event::Completion(completion)).expect("the record works");
        n += 1;
        if n % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    n
}

fn who() -> Who {
    Who {
        session: "0a1b2c3d4e5f60718293a4b5c6d7e8f9".into(),
        user: "app".into(),
        role: "crm_app".into(),
        client: Client { address: "127.0.0.1".into(), application_name: Some("pgbench".into()) },
        database: "crm".into(),
    }
}

fn what() -> What {
    let column = |name: &str, category: Option<&str>| TouchedColumn {
        name: name.into(),
        category: category.map(str::to_owned),
        usage: Usage::Shown,
        treatment: Treatment::Clear,
    };
    What {
        unrestricted: false,
        recipient: None,
        purpose: Some("service".into()),
        basis: Some("contract".into()),
        purpose_set_by: PurposeSource::Default,
        fingerprint: "50fde20626009aba".into(),
        sql: "SELECT id, full_name, email FROM customers WHERE id = $1".into(),
        kind: "select".into(),
        outcome: Outcome::Changed,
        refusal: None,
        tables: vec![TouchedTable {
            table: "public.customers".into(),
            columns: vec![column("id", None), column("full_name", Some("identity")), column("email", Some("email"))],
        }],
        rules: vec!["cells of public.customers: phone masked".into()],
        policy: "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de".into(),
    }
}
