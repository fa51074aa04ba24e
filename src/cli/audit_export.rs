//! `consentry audit export`: the record in other systems' words.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::audit::{FilterArguments, progress};
use crate::audit::export::{Dialect, export};

#[derive(Args)]
pub struct ExportCommand {
    #[arg(value_name = "FOLDER", default_value = "audit")]
    folder: PathBuf,
    #[arg(long, value_enum)]
    format: ExportFormat,
    #[command(flatten)]
    filter: FilterArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// OCSF 1.4: Datastore Activity (6005), Authentication (3002), …
    Ocsf,
    /// ArcSight Common Event Format
    Cef,
    /// Apache Parquet: a table, a row an event (to a file or pipe: it is no text)
    Parquet,
    /// The lines as they are
    Jsonl,
}

impl ExportCommand {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let filter = self.filter.resolve(&self.folder)?;
        let dialect = match self.format {
            ExportFormat::Ocsf => Dialect::Ocsf,
            ExportFormat::Cef => Dialect::Cef,
            ExportFormat::Parquet => Dialect::Parquet,
            ExportFormat::Jsonl => Dialect::Jsonl,
        };
        if dialect == Dialect::Parquet && io::stdout().is_terminal() {
            anyhow::bail!("Parquet is no text to be read on a terminal: write it to a file (> record.parquet)");
        }
        let bar = progress(&self.folder, |s| filter.wants_file(s))?;
        let mut out = io::BufWriter::new(io::stdout());
        let written = export(&self.folder, filter, dialect, &mut out, &mut |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        match written.and_then(|found| out.flush().map(|()| found)) {
            Ok(true) => {}
            Ok(false) => self.filter.tell_of_nothing(),
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            Err(e) => return Err(anyhow::Error::from(e).context("cannot write the export")),
        }
        Ok(ExitCode::SUCCESS)
    }
}
