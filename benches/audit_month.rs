//! A month of the record, as an auditor reads it: time, events a second and peak memory of `audit verify`, `report`
//! and `show` at growing sizes. Memory must not grow with the events.
//!
//! `cargo bench --bench audit_month -- [EVENTS…]`: sizes in events (default: 1 and 4 million). A million take 0.6 GB in
//! `target/tmp` while it runs; a size that the disk has no room for is left out.

#[path = "record_sample/mod.rs"]
mod record_sample;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use consentry::audit::event::{Completion, Decision, Ending, Event, What, Who};
use consentry::audit::{Config, Durability, Recorder};
use record_sample::{what, who};

/// Statements that run at the same time: a completion comes this many decisions after its own.
const RUNNING: u64 = 32;
const USERS: u64 = 200;
const STATEMENTS: u64 = 3_000;
/// Events that the recorder holds in memory at most.
const MOST_WAITING: u64 = 80_000;
/// Of an event with its hash, rounded up.
const BYTES_AN_EVENT: u64 = 640;
/// Left free on the disk, for whoever else is there.
const SPARE: u64 = 8 << 30;

fn main() {
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000_000, 4_000_000] } else { sizes };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("| events | GB | command | seconds | events/s | peak MB |\n|---:|---:|---|---:|---:|---:|");
    for events in sizes {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("audit-month");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let free = fs4::available_space(&folder).expect("a disk");
        if events * BYTES_AN_EVENT + SPARE > free {
            println!("| {events} | | not run: {} GB are free | | | |", free / 1_000_000_000);
            continue;
        }
        let begin = Instant::now();
        let bytes = runtime.block_on(write(&folder.join("audit"), events));
        let tell = |command: &str, time: Duration, peak: u64| {
            let rate = events as f64 / time.as_secs_f64();
            println!(
                "| {events} | {:.1} | {command} | {:.1} | {rate:.0} | {peak} |",
                bytes as f64 / 1e9,
                time.as_secs_f64()
            );
        };
        tell("written by the recorder", begin.elapsed(), high_water(std::process::id()).unwrap_or(0) / 1024);
        let key = folder.join("audit-keys/signing.key.pub");
        for command in ["verify", "report", "show --user user7 --outcome refused"] {
            let key = (!command.starts_with("show")).then_some(key.as_path());
            let (time, peak) = read(&folder.join("audit"), command, key);
            tell(&format!("`audit {command}`"), time, peak);
        }
        let _ = std::fs::remove_dir_all(&folder);
    }
}

async fn write(folder: &Path, events: u64) -> u64 {
    // Relaxed, so that the journal does not write everything twice.
    let config = Config { durability: Durability::Relaxed, ..Config::new(folder) };
    let recorder = Recorder::open(config).expect("the folder can be written");
    let whos: Vec<_> = (0..USERS).map(|n| Arc::new(numbered_who(n))).collect();
    let whats: Vec<_> = (0..STATEMENTS).map(|n| Arc::new(numbered_what(n))).collect();
    let mut appended = 0;
    for n in 0..events / 2 {
        let decision = Decision {
            who: whos[(n % USERS) as usize].clone(),
            statement: format!("5e55-{n}"),
            reason: None,
            what: whats[(n * 7 % STATEMENTS) as usize].clone(),
            subjects: vec![format!("2026-11:{:032x}", u128::from(n % 1_000_000))],
        };
        recorder.append(Event::Decision(decision)).expect("the record works");
        if let Some(before) = n.checked_sub(RUNNING) {
            let statement = format!("5e55-{before}");
            let completion = Completion { statement, outcome: Ending::Ok, sqlstate: None, rows: 3, bytes: 90, ms: 0.4 };
            recorder.append(Event::Completion(completion)).expect("the record works");
        }
        // Not faster than the disk: the recorder refuses what it cannot write.
        appended += 1 + u64::from(n >= RUNNING);
        while n.is_multiple_of(1_000) && appended > recorder.counts().events + MOST_WAITING {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    recorder.shutdown().await;
    recorder.counts().bytes
}

/// How long a command took, and the most memory it held (MB, `VmHWM`).
fn read(folder: &Path, command: &str, key: Option<&Path>) -> (Duration, u64) {
    let begin = Instant::now();
    let mut consentry = Command::new(env!("CARGO_BIN_EXE_consentry"));
    consentry.arg("audit").args(command.split(' ')).arg(folder);
    if let Some(key) = key {
        consentry.arg("--key").arg(key);
    }
    let mut child = consentry.stdout(Stdio::null()).spawn().expect("consentry runs");
    let mut peak = 0;
    loop {
        peak = high_water(child.id()).unwrap_or(0).max(peak);
        match child.try_wait().expect("a child") {
            Some(status) => {
                assert!(status.success(), "audit {command}: {status}");
                return (begin.elapsed(), peak / 1024);
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn numbered_who(n: u64) -> Who {
    Who {
        session: format!("{n:024x}"),
        user: format!("user{n}"),
        role: ["crm_app", "bi", "support"][(n % 3) as usize].into(),
        ..who()
    }
}

fn numbered_what(n: u64) -> What {
    let mut what = what();
    what.recipient = n.is_multiple_of(11).then(|| "Adworks GmbH".into());
    what.purpose = Some(["service", "marketing", "analytics"][(n % 3) as usize].into());
    what.fingerprint = format!("{n:016x}");
    what.tables[0].table = format!("public.table{}", n % 40);
    what
}
