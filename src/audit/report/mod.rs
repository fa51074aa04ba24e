//! The auditor's report: what a record answers, gathered in one pass and flat memory, as data, text or a page.
//!
//! Memory grows with the number of different users, purposes, categories, rules and reasons, never with that of events;
//! lists of single events are bounded, and say how many more there were.

mod collect;
mod commands;
mod names;
mod page;
mod text;

use std::io;
use std::path::Path;

use serde::Serialize;

use super::filter::{Filter, Sieve};
use super::verify::Verdict;

pub use page::{page, style_digest};
pub use text::text;

/// What was asked and what came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    pub folder: String,
    /// When the report was made.
    pub made: String,
    /// The filters, in words.
    pub scope: String,
    pub subject: Option<String>,
    /// `None`: no key was given, so nothing is known of the record's soundness.
    pub verdict: Option<Verdict>,
    pub totals: Totals,
    pub days: Vec<Day>,
    pub uses: Vec<Use>,
    pub recipients: Vec<RecipientUse>,
    pub refusals: Vec<RefusalCount>,
    pub unrestricted: Vec<UnrestrictedUse>,
    /// Everything about one person, when one was asked for.
    pub person: Vec<PersonEvent>,
    pub more_person: u64,
    /// Months of which persons are on record under a key that is not there any more: this one cannot be looked for in them.
    pub months_without_key: Vec<String>,
    /// What commands did to stored data: they have a log of their own.
    pub commands: Vec<CommandRun>,
    pub more_commands: u64,
    /// That log, where it lies beside the record that was asked for.
    pub upkeep: Option<UpkeepLog>,
    pub never_completed: Vec<Unfinished>,
    pub more_never_completed: u64,
    pub policies: Vec<PolicyInForce>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub statements: u64,
    pub allowed: u64,
    pub changed: u64,
    pub refused: u64,
    /// Of those that were let through.
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub rows: u64,
    pub logins: u64,
    pub logins_refused: u64,
    pub first: Option<String>,
    pub last: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    pub day: String,
    pub allowed: u64,
    pub changed: u64,
    pub refused: u64,
}

/// Who used which category for which purpose, on which basis, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Use {
    pub user: String,
    pub role: String,
    pub purpose: Option<String>,
    pub basis: Option<String>,
    pub category: String,
    pub tables: Vec<String>,
    /// Statements that showed it in clear, masked, that compared it, that wrote it.
    pub clear: u64,
    pub masked: u64,
    pub compared: u64,
    pub written: u64,
    /// Rows of the statements that showed it.
    pub rows: u64,
    pub first: String,
    pub last: String,
}

/// What an outside organisation got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecipientUse {
    pub recipient: String,
    pub purpose: Option<String>,
    pub basis: Option<String>,
    /// Of the columns that it got; `open`: such as have none.
    pub categories: Vec<String>,
    pub statements: u64,
    pub rows: u64,
    pub first: String,
    pub last: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalCount {
    pub rule: String,
    pub sqlstate: String,
    pub message: String,
    pub user: String,
    pub role: String,
    pub purpose: Option<String>,
    pub count: u64,
    pub first: String,
    pub last: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnrestrictedUse {
    pub user: String,
    pub role: String,
    pub reason: Option<String>,
    pub tables: Vec<String>,
    pub statements: u64,
    /// Of these, how many ran code that nobody looked into, whatever that read; and which code.
    pub hidden: u64,
    pub code: Vec<String>,
    pub rows: u64,
    pub first: String,
    pub last: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonEvent {
    pub seq: u64,
    pub time: String,
    pub user: String,
    pub role: String,
    pub recipient: Option<String>,
    pub purpose: Option<String>,
    pub basis: Option<String>,
    pub kind: String,
    pub outcome: String,
    pub tables: String,
}

/// A statement that was let through and of whose end nothing is on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    pub seq: u64,
    pub time: String,
    pub user: String,
    pub purpose: Option<String>,
    pub kind: String,
    pub tables: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpkeepLog {
    pub folder: String,
    /// `None`: no key was given, or it could not be read.
    pub verdict: Option<Verdict>,
    /// Why it could not be read: nothing is known of what commands did.
    pub fault: Option<String>,
}

/// What a command was about to do, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandRun {
    pub seq: u64,
    pub time: String,
    pub action: String,
    pub user: String,
    pub database: String,
    pub purpose: Option<String>,
    pub counts: String,
    /// `ok` or `error`; `None`: its end is not on record, and nothing tells whether it took effect.
    pub outcome: Option<String>,
    pub sqlstate: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyInForce {
    pub database: String,
    pub policy: String,
    pub statements: u64,
    pub first: String,
    pub last: String,
}

impl Report {
    /// Whether something was proved to be damaged.
    pub fn is_damaged(&self) -> bool {
        let beside = self.upkeep.as_ref().and_then(|log| log.verdict.as_ref());
        self.verdict.iter().chain(beside).any(|verdict| !verdict.is_whole())
    }

    /// Nothing on record is what was asked for.
    pub fn is_empty(&self) -> bool {
        self.totals.first.is_none() && self.commands.is_empty()
    }

    /// What the log beside it has of commands.
    pub fn take_upkeep(&mut self, of_commands: Report, verdict: Option<Verdict>) {
        (self.commands, self.more_commands) = (of_commands.commands, of_commands.more_commands);
        self.months_without_key.extend(of_commands.months_without_key);
        self.months_without_key.sort();
        self.months_without_key.dedup();
        self.upkeep = Some(UpkeepLog { folder: of_commands.folder, verdict, fault: None });
    }
}

/// Reads a record through `filter`. `progress` is told how many bytes have been read.
pub fn collect(folder: &Path, filter: Filter, progress: &mut dyn FnMut(u64)) -> io::Result<Report> {
    let person = filter.subject.is_some();
    let mut collector = collect::Collector::new(person);
    let mut lines: u64 = 0;
    let mut progress = |bytes| {
        lines += 1;
        if lines.is_multiple_of(4096) {
            progress(bytes);
        }
    };
    let months_without_key = Sieve::of_statements(filter).read(folder, &mut progress, |_, event| {
        collector.take(event);
        true
    })?;
    let mut report = collector.finish();
    report.months_without_key = months_without_key;
    report.folder = folder.display().to_string();
    report.made = format!("{:.0}", jiff::Timestamp::now());
    Ok(report)
}
