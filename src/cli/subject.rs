//! `consentry subject …`: what a person may ask for (GDPR Art. 15, 17, 20).

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::audit::tell_of_lost_keys;
use super::consent::{Format, Who};
use super::direct::{Deed, Direct, Opened, block_on, counted};
use super::out::{self, remark, say};
use super::retention::{LET_GO, tell_emptied, tell_left};
use crate::audit::event::UpkeepCount;
use crate::audit::filter::{Filter, Sieve};
use crate::audit::recorded::Recorded;
use crate::audit::{segment, subjects};
use crate::consent::commit::Moment;
use crate::consent::erasure::{Erased, Run, erase};
use crate::consent::export::{Json, export, is_known};
use crate::consent::fault::Fault;
use crate::consent::key::Key;
use crate::consent::sweep::TableCount;
use crate::consent::target::subject_kind;
use crate::engine::spelling;

#[derive(Subcommand)]
pub enum SubjectCommand {
    /// Write everything that leads to a person as JSON: rows, purposes, choices, accesses on record (Art. 15, 20)
    Export(Export),
    /// Delete or null everything that leads to a person, in one transaction, and report what stays and why (Art. 17)
    Erase(Erase),
}

impl SubjectCommand {
    pub fn run(self) -> Result<ExitCode> {
        match self {
            SubjectCommand::Export(it) => block_on(it.run()),
            SubjectCommand::Erase(it) => block_on(it.run()),
        }
    }
}

#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    direct: Direct,
    #[command(flatten)]
    who: Who,
    /// Write here, readable by nobody else, instead of to the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Leave the accesses on record away
    #[arg(long)]
    no_accesses: bool,
}

impl Export {
    async fn run(self) -> Result<ExitCode> {
        let mut opened = self.direct.open().await?;
        let upkeeper = opened.upkeeper()?;
        let kind = self.who.kind(&opened.policy)?.to_owned();
        let key = canonical_key(&opened, &kind, &self.who.key).await?;
        let accesses = if self.no_accesses { None } else { Some(accesses(&opened, &kind, &key)?) };
        let accessed = accesses.as_ref().and_then(Value::as_array).is_some_and(|found| !found.is_empty());
        if !accessed && !is_known(&opened.client, &opened.policy, &opened.catalog, &kind, &key).await? {
            bail!("no row of any table leads to a {kind} with this key");
        }
        // On record before a byte leaves; how many rows it was is not known yet.
        let deed = Deed { action: "export", purpose: None, counts: Vec::new(), subject: Some((&kind, &key)) };
        let begun = upkeeper.begin(deed)?;
        let mut given = Vec::new();
        let done = self.write(&mut opened, &kind, &key, accesses, &mut given).await;
        let how = done.as_ref().copied().map_err(|e| e.downcast_ref::<Fault>()?.sqlstate.as_deref());
        let mut counts = counted(&given, "exported");
        counts.retain(|c| c.rows > 0);
        let put = upkeeper.end(begun, how, counts);
        done?;
        put?;
        let rows: u64 = given.iter().map(|table| table.rows).sum();
        remark!("exported {rows} rows of {} tables", given.len());
        Ok(ExitCode::SUCCESS)
    }

    /// `given` is what has left, also where it fails.
    async fn write(
        &self,
        opened: &mut Opened,
        kind: &str,
        key: &str,
        accesses: Option<Value>,
        given: &mut Vec<TableCount>,
    ) -> Result<()> {
        let mut out = self.open()?;
        let mut json = Json::to(&mut out);
        let done = export(&mut opened.client, &opened.policy, &opened.catalog, kind, key, accesses, &mut json).await;
        *given = json.given;
        Ok(done?)
    }

    fn open(&self) -> Result<Box<dyn Write>> {
        let Some(path) = &self.output else { return Ok(Box::new(BufWriter::new(stdout()))) };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Box::new(BufWriter::new(file)))
    }
}

/// The key as its column has it.
async fn canonical_key(opened: &Opened, kind: &str, key: &str) -> Result<String> {
    let column = Key::of(&opened.catalog, subject_kind(&opened.policy, kind)?)?;
    Ok(column.canonical(&opened.client, key).await?)
}

/// Decisions on record that name this person by key, without SQL and session: who, when, why, which columns.
fn accesses(opened: &Opened, kind: &str, key: &str) -> Result<Value> {
    let config = opened.audit_config();
    // No proxy has run yet: there are no keys to hash with either.
    if !config.folder.exists() || segment::list(&config.folder)?.is_empty() {
        return Ok(json!([]));
    }
    // Older versions put keys on record as PostgreSQL prints them.
    let spellings = [spelling::of(key, opened.key_type(kind)), key.to_owned()].into();
    let hashes: HashSet<String> = subjects::hashes(&config.subject_keys_folder(), kind, &spellings)
        .context("cannot read the keys that subjects are hashed with")?
        .into_iter()
        .collect();
    // The hash tells kind and key: in another database these may be somebody else's.
    let (database, event) = (Some(opened.database.clone()), Some("decision".to_owned()));
    let filter = Filter { database, subject: Some(hashes), event, ..Filter::default() };
    let mut found = Vec::new();
    let months = Sieve::of_events(filter)
        .read(&config.folder, &mut |_| {}, |_, e| {
            found.push(access(e));
            true
        })
        .with_context(|| format!("cannot read the record {}", config.folder.display()))?;
    tell_of_lost_keys(&months);
    Ok(Value::Array(found))
}

fn access(e: &Recorded<'_>) -> Value {
    let tables: Vec<Value> = e
        .tables
        .iter()
        .map(|t| json!({ "table": t.table, "columns": t.columns.iter().map(|c| &c.name).collect::<Vec<_>>() }))
        .collect();
    json!({
        "time": e.time.to_string(), "user": e.user, "role": e.role, "recipient": e.recipient, "purpose": e.purpose,
        "basis": e.basis, "kind": e.kind, "outcome": e.outcome, "tables": tables,
    })
}

#[derive(Args)]
pub struct Erase {
    #[command(flatten)]
    direct: Direct,
    #[command(flatten)]
    who: Who,
    /// Do all of it, report it, and undo it
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Erase {
    async fn run(self) -> Result<ExitCode> {
        let mut opened = self.direct.open().await?;
        let upkeeper = opened.upkeeper()?;
        let kind = self.who.kind(&opened.policy)?.to_owned();
        let key = canonical_key(&opened, &kind, &self.who.key).await?;
        let run = if self.dry_run { Run::Dry } else { Run::ForGood };
        let mut open = None;
        let mut hear = |moment: Moment<'_, Erased>| {
            upkeeper.hear(&mut open, moment, |erased| Deed {
                action: "erasure",
                purpose: None,
                counts: counts(erased),
                subject: Some((&kind, &key)),
            })
        };
        let erased = erase(&mut opened.client, &opened.policy, &opened.catalog, &kind, &key, run, &mut hear).await?;
        match self.format {
            Format::Text => out::write(|out| tell(out, &erased, run))?,
            Format::Json => say!("{}", serde_json::to_string_pretty(&erased)?)?,
        }
        Ok(if erased.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn counts(erased: &Erased) -> Vec<UpkeepCount> {
    let done = |word: &str| if word == "delete" { "deleted" } else { "nulled" };
    let count = |table: &str, what, rows| UpkeepCount { table: table.to_owned(), what, rows };
    let mut counts: Vec<UpkeepCount> = erased.tables.iter().map(|t| count(&t.table, done(t.erase), t.erased)).collect();
    counts.extend(counted(&erased.along, "deleted along"));
    counts.extend(counted(&erased.changed, "changed"));
    counts.extend(erased.emptied.iter().map(|e| count(&e.table, "nulled", e.rows)));
    counts.extend(erased.tables.iter().map(|t| count(&t.table, "kept", t.rows.saturating_sub(t.erased))));
    counts.retain(|c| c.rows > 0);
    counts
}

fn tell(out: &mut impl Write, erased: &Erased, run: Run) -> io::Result<()> {
    let done = |word: &str| match (word, run) {
        ("delete", Run::ForGood) => "deleted",
        ("delete", Run::Dry) => "would be deleted",
        (_, Run::ForGood) => "nulled",
        (_, Run::Dry) => "would be nulled",
    };
    for table in &erased.tables {
        writeln!(out, "{}: {} of {} rows {}", table.table, table.erased, table.rows, done(table.erase))?;
        if table.held > 0 {
            writeln!(out, "  {} kept: legal hold", table.held)?;
        }
        if table.refreshed && table.rows > 0 {
            writeln!(out, "  a materialized view: they stay until it is refreshed (REFRESH MATERIALIZED VIEW)")?;
        }
        // Also where they were emptied before.
        if table.rows > 0 {
            tell_left(out, &table.left)?;
        }
    }
    for count in &erased.along {
        writeln!(out, "{}: {} rows {} along with them", count.table, count.rows, done("delete"))?;
    }
    for count in &erased.changed {
        let would = if run == Run::Dry { "would " } else { "" };
        writeln!(out, "{}: {} rows {would}{LET_GO}", count.table, count.rows)?;
    }
    for blocked in &erased.blocked {
        writeln!(out, "{blocked}")?;
    }
    tell_emptied(out, &erased.emptied, run)?;
    for choices in erased.choices.iter().chain(&erased.history) {
        writeln!(
            out,
            "{}: {} choices kept, as proof of what was allowed when (Art. 7(1))",
            choices.table, choices.rows
        )?;
    }
    Ok(())
}
