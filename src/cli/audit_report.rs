//! `consentry audit report`: the auditor's questions, answered from a record that is verified on the way.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, ValueEnum};

use super::audit::{LogArgument, keys_of, load_key, progress, tell_of_lost_keys};
use super::audit_filter::FilterArguments;
use crate::audit::config::UPKEEP;
use crate::audit::filter::Filter;
use crate::audit::note::NoteVerifier;
use crate::audit::report::{self, Report, UpkeepLog};
use crate::audit::segment;
use crate::audit::verify::{Verdict, verify};

#[derive(Args)]
pub struct ReportCommand {
    #[arg(value_name = "FOLDER", default_value = "audit")]
    folder: PathBuf,
    /// The verifier key, or a file with it; by default the .pub file in FOLDER-keys, if there is one
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    log: LogArgument,
    #[command(flatten)]
    filter: FilterArguments,
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum ReportFormat {
    #[default]
    Text,
    Json,
    /// One self-contained page
    Html,
}

impl ReportCommand {
    /// Exits with 1 when the record is damaged: the report is written all the same, with the damage on top.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let key = self.load_key()?.map(|key| self.log.of(key)).transpose()?;
        let report = make(&self.folder, &self.filter, key.as_ref())?;
        self.write(&report)?;
        if report.is_empty() {
            self.filter.tell_of_nothing();
        }
        tell_of_lost_keys(&report.months_without_key);
        Ok(if report.is_damaged() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn load_key(&self) -> anyhow::Result<Option<NoteVerifier>> {
        let beside = keys_of(&self.folder).join("signing.key.pub");
        match &self.key {
            Some(given) => load_key(given).map(Some),
            None if beside.exists() => load_key(&beside.to_string_lossy()).map(Some),
            None => Ok(None),
        }
    }

    fn write(&self, report: &Report) -> anyhow::Result<()> {
        let mut text = Vec::new();
        match self.format {
            ReportFormat::Text => report::text(&mut text, report)?,
            ReportFormat::Json => serde_json::to_writer_pretty(&mut text, report)?,
            ReportFormat::Html => text.extend_from_slice(report::page(report).as_bytes()),
        }
        match &self.output {
            // Colours only where a terminal shows them: `anstream` takes them out elsewhere.
            None => Ok(super::out::write(|out| out.write_all(&text))?),
            Some(path) => super::out::whole_file(path, &anstream::adapter::strip_bytes(&text).into_vec())
                .with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

/// The filters of a report, as a page is asked for them.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Asked {
    #[command(flatten)]
    filter: FilterArguments,
}

/// What a page may be asked for; which folders it reads is not the asker's to say. Nor can it be asked about a person:
/// addresses are kept by browsers, logs and whoever one is sent to, and the person's key would stand in it.
const ASKED: [&str; 10] =
    ["since", "until", "database", "user", "role", "purpose", "table", "column", "outcome", "event"];

/// Filters by name, for the auditor's page of `serve`; one that is not known, or not well written, is an error in words
/// for whoever asked.
pub fn asked(asked: &[(String, String)]) -> Result<FilterArguments, String> {
    if asked.iter().any(|(name, _)| name == "subject") {
        return Err("about one person: `consentry audit report --subject KIND:KEY`; an address is no place for \
                    somebody's key"
            .to_owned());
    }
    let unknown = asked.iter().find(|(name, _)| !ASKED.contains(&name.as_str()));
    if let Some((name, _)) = unknown {
        return Err(format!("unknown filter {name:?}; there are {} and verify", ASKED.join(", ")));
    }
    let arguments = asked.iter().map(|(name, value)| format!("--{name}={value}"));
    Asked::try_parse_from(arguments).map(|asked| asked.filter).map_err(|e| e.to_string())
}

/// The report of `folder`, and of what commands did where their log lies beside it; `key`: with the verification of the
/// whole of both.
pub fn make(folder: &Path, filter: &FilterArguments, key: Option<&NoteVerifier>) -> anyhow::Result<Report> {
    let (mut report, verdict) = gather(folder, filter.resolve(folder)?, key)?;
    report.verdict = verdict;
    if let Some(beside) = upkeep_of(folder) {
        let key = key.map(NoteVerifier::for_upkeep).transpose()?;
        match gather(&beside, filter.resolve(folder)?, key.as_ref()) {
            Ok((of_commands, verdict)) => report.take_upkeep(of_commands, verdict),
            // Whoever runs the proxy may not read what commands did as somebody else.
            Err(fault) => {
                let (folder, fault) = (beside.display().to_string(), Some(format!("{fault:#}")));
                report.upkeep = Some(UpkeepLog { folder, verdict: None, fault });
            }
        }
    }
    report.scope = filter.describe();
    report.subject = filter.subject().map(str::to_owned);
    Ok(report)
}

/// `audit` → `audit-upkeep`, if it is there.
fn upkeep_of(folder: &Path) -> Option<PathBuf> {
    let mut name = folder.file_name()?.to_os_string();
    name.push(UPKEEP);
    Some(folder.with_file_name(name)).filter(|beside| beside.is_dir())
}

/// Reads and verifies at the same time: two passes over the same files, the second of which finds them in memory.
fn gather(folder: &Path, filter: Filter, key: Option<&NoteVerifier>) -> anyhow::Result<(Report, Option<Verdict>)> {
    let context = || format!("cannot read {}", folder.display());
    let bar = progress(folder, |s| filter.wants_file(s))?;
    // A report of some days reads other files than the verification does.
    let together = key.is_some() && segment::list(folder).with_context(context)?.iter().all(|s| filter.wants_file(s));
    let reached = [AtomicU64::new(0), AtomicU64::new(0)];
    let reporting = Place { mine: &reached[0], other: &reached[1], together };
    let checking = Place { mine: &reached[1], other: &reached[0], together };
    let (report, verdict) = std::thread::scope(|scope| {
        let verifying =
            key.map(|key| scope.spawn(move || verify(folder, key, None, &mut |bytes| checking.reach(bytes))));
        let report = report::collect(folder, filter, &mut |bytes| {
            bar.set_position(bytes);
            reporting.reach(bytes);
        });
        drop(reporting);
        let verdict = verifying.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (report, verdict.transpose())
    });
    bar.finish_and_clear();
    Ok((report.with_context(context)?, verdict.with_context(context)?))
}

/// Bytes by which one reader may be ahead of the other: little of what a machine keeps of files in memory.
const MOST_APART: u64 = 256 << 20;

/// How far one of two readers of the same files is. The faster one waits for the slower, so that a record that is longer
/// than memory is read from the disk once. Dropped, it lets the other go on alone.
struct Place<'a> {
    mine: &'a AtomicU64,
    other: &'a AtomicU64,
    together: bool,
}

impl Place<'_> {
    fn reach(&self, bytes: u64) {
        self.mine.store(bytes, Ordering::Relaxed);
        while self.together && bytes.saturating_sub(self.other.load(Ordering::Relaxed)) > MOST_APART {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.mine.store(u64::MAX, Ordering::Relaxed);
    }
}
