//! `consentry retention …`: what is past its time, and taking it away.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

use super::consent::Format;
use super::direct::{Begun, Deed, Direct, Upkeeper, block_on, counted};
use super::out::{self, remark, say};
use crate::audit::event::UpkeepCount;
use crate::consent::commit::Moment;
use crate::consent::erasure::Run;
use crate::consent::fault::Fault;
use crate::consent::kept::Emptied;
use crate::consent::left::Left;
use crate::consent::retention::{Applied, Batch, Step, TableReport, apply, foresee, report};

#[derive(Subcommand)]
pub enum RetentionCommand {
    /// Count what is past its time, by table and purpose
    Report(Report),
    /// Erase what is past its time, as the policy's `erase` says; rows under `hold_when` stay
    Apply(Apply),
}

impl RetentionCommand {
    pub fn run(self) -> Result<ExitCode> {
        match self {
            RetentionCommand::Report(it) => block_on(it.run()),
            RetentionCommand::Apply(it) => block_on(it.run()),
        }
    }
}

#[derive(Args)]
pub struct Report {
    #[command(flatten)]
    direct: Direct,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Report {
    async fn run(self) -> Result<ExitCode> {
        let opened = self.direct.open().await?;
        let reports = report(&opened.client, &opened.policy, &opened.catalog).await?;
        match self.format {
            Format::Text => {
                say!("{}", table(&reports))?;
                for report in &reports {
                    for along in &report.takes_along {
                        say!(
                            "rows of {along} go along with those of {} (ON DELETE CASCADE); `retention apply --dry-run` counts them",
                            report.table
                        )?;
                    }
                }
            }
            Format::Json => say!("{}", serde_json::to_string_pretty(&reports)?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn table(reports: &[TableReport]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["table", "for", "kept", "rows", "past", "held", "undated", "oldest", "then"]);
    for report in reports {
        table.add_row([
            report.table.clone(),
            "any purpose".to_owned(),
            report.keep.clone(),
            report.rows.to_string(),
            report.past.to_string(),
            report.held.to_string(),
            report.undated.to_string(),
            report.oldest.clone().unwrap_or_default(),
            report.erase.to_owned(),
        ]);
        for purpose in &report.purposes {
            let past = purpose.past.to_string();
            table.add_row(["", &purpose.purpose, &purpose.keep, "", &past, "", "", "", "hidden"]);
        }
    }
    table
}

#[derive(Args)]
pub struct Apply {
    #[command(flatten)]
    direct: Direct,
    /// Find and count all that would be erased, go along or stay, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Rows in one transaction
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
}

impl Apply {
    async fn run(self) -> Result<ExitCode> {
        let mut opened = self.direct.open().await?;
        if self.dry_run {
            let foreseen = foresee(&mut opened.client, &opened.policy, &opened.catalog).await?;
            return tell(&foreseen, Run::Dry);
        }
        let upkeeper = opened.upkeeper()?;
        let bar = ProgressBar::new(0)
            .with_style(ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}").context("progress bar")?);
        let (mut open, mut batches) = (None, 0_u64);
        let mut on = |step: Step<'_>| {
            batches += u64::from(matches!(step, Step::Batch(Moment::Committed(_))));
            take(&upkeeper, &mut open, &bar, step)
        };
        let applied = apply(&mut opened.client, &opened.policy, &opened.catalog, self.batch, &mut on).await;
        bar.finish_and_clear();
        if applied.is_err() && batches > 0 {
            remark!("batches done before the one that failed, and on record: {batches}");
        }
        tell(&applied?, Run::ForGood)
    }
}

fn take(upkeeper: &Upkeeper, open: &mut Option<Begun>, bar: &ProgressBar, step: Step<'_>) -> Result<(), Fault> {
    match step {
        Step::Table { table, due } => {
            bar.set_length(due);
            bar.set_position(0);
            bar.set_message(table);
            Ok(())
        }
        Step::Batch(moment) => {
            if let Moment::Committed(Batch { table, swept, .. }) = &moment {
                let of_table = swept.nulled.iter().chain(&swept.deleted).filter(|c| c.table == *table);
                bar.inc(of_table.map(|c| c.rows).sum());
            }
            upkeeper.hear(open, moment, |batch| {
                let mut counts = counted(&batch.swept.nulled, "nulled");
                counts.extend(counted(&batch.swept.deleted, "deleted"));
                counts.extend(counted(&batch.swept.along, "deleted along"));
                counts.extend(counted(&batch.swept.changed, "changed"));
                let emptied = batch.swept.emptied.iter().filter(|e| e.rows > 0);
                counts.extend(emptied.map(|e| UpkeepCount { table: e.table.clone(), what: "nulled", rows: e.rows }));
                Deed { action: "retention", purpose: None, counts, subject: None }
            })
        }
    }
}

/// The columns that emptying leaves, and why.
pub fn tell_left(out: &mut impl Write, left: &Left) -> io::Result<()> {
    for (columns, why) in [
        (&left.unlisted, "left as they are, because the policy does not list them"),
        (&left.needed, "left as they are, because they say whether a row is there, or whose it is"),
        (&left.generated, "left, because PostgreSQL generates them, and not from what is emptied alone"),
    ] {
        if !columns.is_empty() {
            writeln!(out, "  {why}: {}", columns.join(", "))?;
        }
    }
    Ok(())
}

/// What became of rows that ON DELETE SET NULL or SET DEFAULT changed.
pub const LET_GO: &str = "no longer refer to them";

/// What became of rows that could not be deleted.
pub fn tell_emptied(out: &mut impl Write, all: &[Emptied], run: Run) -> io::Result<()> {
    let be = if run == Run::Dry { "would be " } else { "" };
    for Emptied { table, rows, left, failed } in all {
        if *rows > 0 {
            writeln!(out, "{table}: {rows} of the rows kept {be}nulled, as they cannot be deleted")?;
            if !left.is_empty() {
                writeln!(out, "  left as they are: {}", left.join(", "))?;
            }
        }
        if let Some(failed) = failed {
            writeln!(out, "{table}: not all that rows kept say can be nulled: {failed}")?;
        }
    }
    Ok(())
}

fn tell(applied: &Applied, run: Run) -> Result<ExitCode> {
    let (be, would) = if run == Run::Dry { ("would be ", "would ") } else { ("", "") };
    for count in &applied.deleted {
        say!("{}: {} rows {be}deleted", count.table, count.rows)?;
    }
    for count in &applied.nulled {
        say!("{}: {} rows {be}nulled", count.table, count.rows)?;
        if let Some(left) = applied.left.get(&count.table) {
            out::write(|out| tell_left(out, left))?;
        }
    }
    for count in &applied.along {
        say!("{}: {} rows {be}deleted along with them", count.table, count.rows)?;
    }
    for count in &applied.changed {
        say!("{}: {} rows {would}{LET_GO}", count.table, count.rows)?;
    }
    if applied.deleted.is_empty() && applied.nulled.is_empty() {
        say!("{}", if applied.emptied.is_empty() { "nothing to erase" } else { "nothing to delete" })?;
    }
    for count in &applied.held {
        say!("{}: {} rows kept: legal hold", count.table, count.rows)?;
    }
    for blocked in &applied.blocked {
        say!("{blocked}")?;
    }
    out::write(|out| tell_emptied(out, &applied.emptied, run))?;
    for problem in &applied.problems {
        remark!("error: {problem}");
    }
    Ok(if applied.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
