//! The record alone: how many decisions a second, and how many of them share a sync, by sessions and durability.
//!
//! `cargo bench --bench audit_recorder [FOLDER]`: FOLDER lies on the disk to be measured (default: the target folder).
//! Each session does what a statement does: decision, wait until it is durable, completion.

#[path = "record_sample/mod.rs"]
mod record_sample;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use consentry::audit::event::{Completion, Decision, Ending, Event, What, Who};
use consentry::audit::{Config, Durability, Recorder};
use record_sample::{what, who};

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
