//! `consentry audit …`: the record's side of the command line. What it prints is made in `crate::audit`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::audit_filter::FilterArguments;
use super::out::{self, remark, say};
use crate::audit::filter::Sieve;
use crate::audit::note::{DEFAULT_ORIGIN, NoteSigner, NoteVerifier};
use crate::audit::prove::{Proof, ProveError, prove};
use crate::audit::recorded::Recorded;
use crate::audit::verify::{Verdict, verify};
use crate::audit::{config, read, segment, show, subjects};

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Make a key that signs checkpoints; prints the verifier key. Where the key is there and its .pub is missing, writes that
    Keygen(Keygen),
    /// Check a record offline; exits with 1 and names the first line that is not as it was
    Verify(Verify),
    /// Print a proof that a line is on record, which `verify --proof` accepts alone
    Prove(Prove),
    /// Print events
    Show(Show),
    /// Answer an auditor's questions, with the verification's result on top
    Report(super::audit_report::ReportCommand),
    /// Print events in other systems' words
    Export(super::audit_export::ExportCommand),
    /// Destroy a past month's subject key: its hashes mean nothing any more
    Forget(Forget),
}

impl AuditCommand {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            AuditCommand::Keygen(it) => it.run(),
            AuditCommand::Verify(it) => it.run(),
            AuditCommand::Prove(it) => it.run(),
            AuditCommand::Show(it) => it.run(),
            AuditCommand::Report(it) => it.run(),
            AuditCommand::Export(it) => it.run(),
            AuditCommand::Forget(it) => it.run(),
        }
    }
}

// === keygen ===

#[derive(Args)]
pub struct Keygen {
    /// Where to write the private key; the verifier key goes beside it as FILE.pub
    #[arg(value_name = "FILE", default_value = "audit-keys/signing.key")]
    file: PathBuf,
    /// Name of the record, such as crm.example.com/audit: no spaces, no +
    #[arg(long, default_value = DEFAULT_ORIGIN)]
    name: String,
}

impl Keygen {
    fn run(self) -> anyhow::Result<ExitCode> {
        let signer = NoteSigner::generate(&self.name).with_context(|| format!("--name {:?}", self.name))?;
        let cannot_write = || format!("cannot write {}", self.file.display());
        if signer.save_if_first(&self.file).with_context(cannot_write)? {
            say!("{}", signer.verifier())?;
            return Ok(ExitCode::SUCCESS);
        }
        // One that was killed left the key without its verifier key: the next one goes on there.
        let there = NoteSigner::load(&self.file).ok().filter(|key| key.verifier().name() == self.name);
        match there {
            Some(key) if key.publish(&self.file).with_context(cannot_write)? => {
                remark!("{} was there already; its .pub was not, and is now", self.file.display());
                say!("{}", key.verifier())?;
                Ok(ExitCode::SUCCESS)
            }
            _ => bail!("{} is there already, and a key is never overwritten: name another file", self.file.display()),
        }
    }
}

// === verify ===

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    key: KeyArgument,
    /// The record, or a copy of it
    #[arg(value_name = "FOLDER", required_unless_present = "proof")]
    folder: Option<PathBuf>,
    /// A checkpoint, or a copy of the file checkpoints, that was kept elsewhere: shows a tail that was cut off with its
    /// own checkpoints
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Check a proof of `audit prove` instead of a folder
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "checkpoint"])]
    proof: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Verify {
    fn run(self) -> anyhow::Result<ExitCode> {
        let key = self.key.load()?;
        if let Some(proof) = &self.proof {
            return check_proof(proof, &key);
        }
        let folder = self.folder.context("no folder")?;
        let external = self.checkpoint.as_deref().map(read_text).transpose()?;
        let verdict = verify_with_progress(&folder, &key, external.as_deref())?;
        match self.format {
            Format::Text => out::write(|out| show::verdict(out, &verdict))?,
            Format::Json => print_json(&verdict)?,
        }
        Ok(if verdict.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn check_proof(path: &Path, key: &NoteVerifier) -> anyhow::Result<ExitCode> {
    let proof: Proof =
        serde_json::from_str(&read_text(path)?).with_context(|| format!("{}: not a proof", path.display()))?;
    proof.check(key).with_context(|| format!("{} proves nothing", path.display()))?;
    say!("line {} is on record, under the checkpoint of {} lines", proof.seq, proof.tree_size)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn verify_with_progress(
    folder: &Path,
    key: &NoteVerifier,
    external: Option<&str>,
) -> anyhow::Result<Verdict> {
    let bar = progress(folder, |_| true)?;
    let verdict = verify(folder, key, external, &mut |bytes| bar.set_position(bytes));
    bar.finish_and_clear();
    verdict.with_context(|| cannot_read(folder))
}

// === prove ===

#[derive(Args)]
pub struct Prove {
    /// Number of the line
    seq: u64,
    #[command(flatten)]
    key: KeyArgument,
    #[arg(value_name = "FOLDER", default_value = "audit")]
    folder: PathBuf,
}

impl Prove {
    fn run(self) -> anyhow::Result<ExitCode> {
        let proof = prove(&self.folder, &self.key.load()?, self.seq).map_err(|fault| match fault {
            ProveError::Io(fault) => anyhow::Error::from(fault).context(cannot_read(&self.folder)),
            other => other.into(),
        })?;
        print_json(&proof)?;
        Ok(ExitCode::SUCCESS)
    }
}

// === show ===

#[derive(Args)]
pub struct Show {
    #[arg(value_name = "FOLDER", default_value = "audit")]
    folder: PathBuf,
    #[command(flatten)]
    filter: FilterArguments,
    /// Go on with what comes
    #[arg(long, short)]
    follow: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Show {
    fn run(self) -> anyhow::Result<ExitCode> {
        let mut sieve = Sieve::of_events(self.filter.resolve(&self.folder)?);
        let mut out = io::BufWriter::new(out::stdout());
        let mut found = false;
        let unreadable = || cannot_read(&self.folder);
        let mut tail = read::Tail::new(&self.folder, |s| sieve.filter().wants_file(s)).with_context(unreadable)?;
        loop {
            let mut fault = Ok(());
            let read = tail.read_new(|line| {
                let Some(event) = Recorded::parse(line) else { return true };
                sieve.pass(line, &event, |line, event| {
                    found = true;
                    let written = match self.format {
                        Format::Text => show::line(&mut out, line, event),
                        Format::Json => out.write_all(line).and_then(|()| out.write_all(b"\n")),
                    };
                    fault = std::mem::replace(&mut fault, Ok(())).and(written);
                });
                fault.is_ok() && !out.get_ref().is_closed()
            });
            fault.and_then(|()| out.flush())?;
            read.with_context(unreadable)?;
            if out.get_ref().is_closed() {
                return Ok(ExitCode::SUCCESS);
            }
            if !self.follow {
                if !found {
                    self.filter.tell_of_nothing();
                }
                tell_of_no_end(&sieve.without_end());
                tell_of_lost_keys(&sieve.without_key());
                return Ok(ExitCode::SUCCESS);
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }
}

/// Months in which a person can not be looked for: nothing found there must not be taken for an answer.
pub(super) fn tell_of_lost_keys(months: &[String]) {
    if !months.is_empty() {
        let all = months.join(", ");
        remark!(
            "who is on record of {all} cannot be told: the subject key was destroyed, or is not in this folder of keys"
        );
    }
}

/// Deeds of commands that were shown without their ends, since these are not on record.
fn tell_of_no_end(lines: &[u64]) {
    let all: Vec<String> = lines.iter().map(u64::to_string).collect();
    match &all[..] {
        [] => {}
        [one] => {
            remark!("of what line {one} tells no end is on record: nothing tells whether it took effect");
        }
        all => {
            let lines = all.join(", ");
            remark!("of what lines {lines} tell no end is on record: nothing tells whether it took effect");
        }
    }
}

// === forget ===

#[derive(Args)]
pub struct Forget {
    /// A month that is over, such as 2026-10
    period: String,
    /// Folder of the subject keys
    #[arg(long, value_name = "FOLDER", default_value = "audit-keys/subjects")]
    keys: PathBuf,
}

impl Forget {
    fn run(self) -> anyhow::Result<ExitCode> {
        let forgotten = subjects::forget(&self.keys, &self.period)
            .with_context(|| format!("the key of {} was not destroyed", self.period))?;
        match forgotten {
            subjects::Forgotten::Destroyed => {
                say!(
                    "the key of {} is destroyed; the running proxy, or the next start, puts that on record",
                    self.period
                )?;
            }
            subjects::Forgotten::AlreadyDestroyed => say!("the key of {} had been destroyed before", self.period)?,
            subjects::Forgotten::NeverThere => bail!("{} holds no key of {}", self.keys.display(), self.period),
        }
        Ok(ExitCode::SUCCESS)
    }
}

// === shared arguments ===

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Args)]
pub struct KeyArgument {
    /// The verifier key, as `audit keygen` printed it, or a file that holds it
    #[arg(long, value_name = "KEY")]
    key: String,
    #[command(flatten)]
    log: LogArgument,
}

/// Which of the logs that one key signs
#[derive(Args)]
pub struct LogArgument {
    /// The record of what commands did (audit-upkeep), not the proxy's: a log of its own
    #[arg(long)]
    upkeep: bool,
}

impl LogArgument {
    pub fn of(&self, key: NoteVerifier) -> anyhow::Result<NoteVerifier> {
        if self.upkeep { Ok(key.for_upkeep()?) } else { Ok(key) }
    }
}

impl KeyArgument {
    pub fn load(&self) -> anyhow::Result<NoteVerifier> {
        self.log.of(load_key(&self.key)?)
    }
}

/// A verifier key from its text, or from a file with it or with the private key.
pub(crate) fn load_key(given: &str) -> anyhow::Result<NoteVerifier> {
    if let Ok(key) = NoteVerifier::parse(given) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given)
        .with_context(|| format!("{given}: neither a verifier key (name+hash+base64) nor a file with one"))?;
    let key = match text.starts_with("PRIVATE+KEY+") {
        true => NoteSigner::parse(&text).map(|signer| signer.verifier().clone()),
        false => NoteVerifier::parse(&text),
    };
    key.with_context(|| given.to_owned())
}

// === helpers ===

/// Where the keys of a record are: the log of what commands did has those of the proxy's record.
pub(super) fn keys_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().and_then(|name| name.to_str());
    let of_proxy = name.and_then(|name| name.strip_suffix(config::UPKEEP)).map(|name| folder.with_file_name(name));
    let beside = config::keys_beside(folder);
    of_proxy.filter(|_| !beside.exists()).map_or(beside, |proxy| config::keys_beside(&proxy))
}

fn cannot_read(folder: &Path) -> String {
    format!("cannot read {}", folder.display())
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    out::write(|out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        Ok(writeln!(out)?)
    })
}

/// A bar over the bytes of a record's files, on a terminal.
pub(super) fn progress(folder: &Path, wanted: impl Fn(&segment::Segment) -> bool) -> anyhow::Result<ProgressBar> {
    let files = segment::list(folder).with_context(|| cannot_read(folder))?;
    let bytes = files.iter().filter(|s| wanted(s)).filter_map(|s| s.path.metadata().ok()).map(|m| m.len()).sum();
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left")?;
    Ok(ProgressBar::new(bytes).with_style(style))
}
