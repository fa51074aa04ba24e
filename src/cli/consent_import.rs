//! `consentry consent import`: choices from a CSV file, with a progress bar and every bad line on stderr.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::consent::kind_that_chooses;
use super::direct::{Deed, Direct};
use super::out::{remark, say};
use crate::audit::event::UpkeepCount;
use crate::consent::commit::Moment;
use crate::consent::import::{BadLines, Imported, Progress, import};
use crate::consent::target::Target;

#[derive(Args)]
pub struct Import {
    #[command(flatten)]
    direct: Direct,
    /// Kind of subject; not needed when the policy has only one
    #[arg(long)]
    kind: Option<String>,
    /// Leave bad lines out instead of importing nothing
    #[arg(long)]
    skip_bad: bool,
    /// The file, or - for the standard input. Its first line names the columns: subject, purpose, choice (grant, withdraw,
    /// object, or the table's own words), and as needed channel, time, expires, notice, source, recipient, event
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Import {
    pub async fn run(self) -> Result<ExitCode> {
        let (file, length) = self.open()?;
        let mut opened = self.direct.open().await?;
        let upkeeper = opened.upkeeper()?;
        let kind = kind_that_chooses(self.kind.as_deref(), &opened.policy)?;
        let target = Target::of(&opened.policy, &opened.catalog, kind)?;
        let table = target.source.table_name.to_string();
        let ledger = target.ledger_beside().map(|source| source.table_name.to_string());
        let bar = bar(length)?;
        let bad_lines = if self.skip_bad { BadLines::Skip } else { BadLines::Refuse };
        let mut open = None;
        let mut hear = |moment: Moment<'_, Imported>| {
            upkeeper.hear(&mut open, moment, |done| {
                let count = |table: &str, what, rows| UpkeepCount { table: table.to_owned(), what, rows };
                let mut counts =
                    vec![count(&table, "written", done.added + done.changed), count(&table, "kept", done.older)];
                counts.extend(ledger.iter().map(|ledger| count(ledger, "written", done.history)));
                Deed { action: "import", purpose: None, counts, subject: None }
            })
        };
        let mut on = |progress: Progress| tell(&bar, progress);
        let done = import(&mut opened.client, &target, file, bad_lines, &mut on, &mut hear).await;
        bar.finish_and_clear();
        let done = done?;
        let history = ledger.map_or(String::new(), |ledger| format!(", {} of before that to {ledger}", done.history));
        say!(
            "{} lines: {} rows added to {table}, {} changed{history}, {} older than what is on record, {} bad lines left out",
            done.lines,
            done.added,
            done.changed,
            done.older,
            done.bad
        )?;
        Ok(ExitCode::SUCCESS)
    }

    fn open(&self) -> Result<(Box<dyn Read>, Option<u64>)> {
        if self.file.as_os_str() == "-" {
            return Ok((Box::new(stdin()), None));
        }
        let file = File::open(&self.file).with_context(|| format!("cannot open {}", self.file.display()))?;
        let length = file.metadata().ok().map(|m| m.len());
        Ok((Box::new(file), length))
    }
}

/// Seen only on a terminal.
fn bar(length: Option<u64>) -> Result<ProgressBar> {
    Ok(match length {
        Some(length) => ProgressBar::new(length).with_style(
            ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}").context("progress bar")?,
        ),
        None => ProgressBar::new_spinner(),
    }
    .with_message("reading"))
}

fn tell(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Read(bytes) => bar.set_position(bytes),
        Progress::Merging => bar.set_message("checking and merging"),
        Progress::Bad { line, wrong } => bar.suspend(|| remark!("line {line}: {wrong}")),
    }
}
