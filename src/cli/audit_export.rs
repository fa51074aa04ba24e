//! `consentry audit export`: the record in other systems' words.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::audit::{progress, tell_of_lost_keys};
use super::audit_filter::FilterArguments;
use crate::audit::export::{Dialect, Purposes, export};
use crate::config::folder::read_policy;
use crate::engine::policy::resolve::{digest, purpose_terms};

#[derive(Args)]
pub struct ExportCommand {
    #[arg(value_name = "FOLDER", default_value = "audit")]
    folder: PathBuf,
    #[arg(long, value_enum)]
    format: ExportFormat,
    #[command(flatten)]
    filter: FilterArguments,
    /// The policy, for what its purposes are in the W3C Data Privacy Vocabulary (OCSF): tells of the lines that it judged
    #[arg(long, value_name = "FILE OR FOLDER")]
    policy: Option<PathBuf>,
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
        let purposes = self.policy.as_deref().map(purposes_of).transpose()?.unwrap_or_default();
        let bar = progress(&self.folder, |s| filter.wants_file(s))?;
        let mut out = io::BufWriter::new(io::stdout());
        let written = export(&self.folder, filter, dialect, &purposes, &mut out, &mut |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        match written.and_then(|exported| out.flush().map(|()| exported)) {
            Ok(exported) => {
                if !exported.found {
                    self.filter.tell_of_nothing();
                }
                tell_of_lost_keys(&exported.without_key);
            }
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            Err(e) => return Err(anyhow::Error::from(e).context("cannot write the export")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The vocabulary's terms, as policies write them, by what they begin with.
const PREFIXES: [(&str, &str); 2] = [("dpv:", "https://w3id.org/dpv#"), ("pd:", "https://w3id.org/dpv/pd#")];

fn purposes_of(path: &Path) -> anyhow::Result<Purposes> {
    let files = read_policy(path).context("cannot read the policy")?;
    let iris = purpose_terms(&files).into_iter().map(|(name, term)| (name, iri(&term))).collect();
    Ok(Purposes { policy: digest(&files), iris })
}

fn iri(term: &str) -> String {
    let known = PREFIXES.iter().find_map(|(prefix, base)| Some(format!("{base}{}", term.strip_prefix(prefix)?)));
    known.unwrap_or_else(|| term.to_owned())
}
