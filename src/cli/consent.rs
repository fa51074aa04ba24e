//! `consentry consent …`: people's choices. What is written, and what it amounts to, is decided in `crate::consent`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::BadUsage;
use super::consent_import::Import;
use super::consent_init::Init;
use super::consent_show::{Show, sentence};
use super::direct::{Deed, Direct, block_on};
use super::out::say;
use crate::audit::event::UpkeepCount;
use crate::consent::choice::{Act, Choice, Provenance};
use crate::consent::commit::Moment;
use crate::consent::import::line::parse_time;
use crate::consent::record::{Written, record};
use crate::consent::target::Target;
use crate::engine::policy::{Channel, Policy, SubjectKind};

#[derive(Subcommand)]
pub enum ConsentCommand {
    /// Make consent tables in the schema `consentry`, for those who have none, and print the policy that maps them
    Init(Init),
    /// Record that somebody agrees
    Grant(Choose),
    /// Record that somebody no longer agrees; without --channel, on no channel
    Withdraw(Choose),
    /// Record that somebody objects (GDPR Art. 21)
    Object(Choose),
    /// Show somebody's choices, what holds now, and why not
    Show(Show),
    /// Take choices from a CSV file: also the history of people's choices. The newest of a person, purpose and channel holds
    /// (of equally new ones the objection, then the withdrawal); a ledger keeps them all
    Import(Import),
}

impl ConsentCommand {
    pub fn run(self) -> Result<ExitCode> {
        match self {
            ConsentCommand::Init(it) => block_on(it.run()),
            ConsentCommand::Grant(it) => block_on(it.run(Act::Grant)),
            ConsentCommand::Withdraw(it) => block_on(it.run(Act::Withdraw)),
            ConsentCommand::Object(it) => block_on(it.run(Act::Object)),
            ConsentCommand::Show(it) => block_on(it.run()),
            ConsentCommand::Import(it) => block_on(it.run()),
        }
    }
}

/// Text for people, JSON for programs
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// How a contact channel is written on the command line
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChannelArgument {
    Email,
    Sms,
    Phone,
    Post,
}

impl From<ChannelArgument> for Channel {
    fn from(argument: ChannelArgument) -> Self {
        match argument {
            ChannelArgument::Email => Channel::Email,
            ChannelArgument::Sms => Channel::Sms,
            ChannelArgument::Phone => Channel::Phone,
            ChannelArgument::Post => Channel::Post,
        }
    }
}

/// Whom it is about
#[derive(Args)]
pub struct Who {
    /// Kind of subject; not needed when the policy has only one
    #[arg(long)]
    kind: Option<String>,
    /// The subject's key
    #[arg(long)]
    pub key: String,
}

impl Who {
    pub fn kind<'w>(&'w self, policy: &'w Policy) -> Result<&'w str> {
        kind_of(self.kind.as_deref(), policy, policy.subjects.values())
    }

    /// Of those whose choices are recorded.
    pub fn kind_that_chooses<'w>(&'w self, policy: &'w Policy) -> Result<&'w str> {
        kind_that_chooses(self.kind.as_deref(), policy)
    }
}

/// The kind that was named, or the only one whose choices are recorded.
pub fn kind_that_chooses<'w>(named: Option<&'w str>, policy: &'w Policy) -> Result<&'w str> {
    let mut choosing = policy.subjects.values().filter(|kind| kind.consent.is_some()).peekable();
    match choosing.peek() {
        Some(_) => kind_of(named, policy, choosing),
        None => kind_of(named, policy, policy.subjects.values()),
    }
}

/// The kind that was named, or the only one of `kinds`.
fn kind_of<'w>(
    named: Option<&'w str>,
    policy: &Policy,
    mut kinds: impl Iterator<Item = &'w SubjectKind>,
) -> Result<&'w str> {
    let all = || policy.subjects.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    match (named, kinds.next(), kinds.next()) {
        (Some(kind), _, _) if policy.subjects.contains_key(kind) => Ok(kind),
        (None, Some(only), None) => Ok(&only.name),
        (_, None, _) if policy.subjects.is_empty() => bail!("the policy has no [subject.…]"),
        (Some(kind), _, _) => {
            Err(BadUsage(format!("the policy has no subject kind \"{kind}\"\nhint: it has: {}", all())).into())
        }
        (None, _, _) => {
            Err(BadUsage(format!("the policy has several kinds of subject, say which with --kind: {}", all())).into())
        }
    }
}

/// A purpose that the policy declares.
pub fn known_purpose(policy: &Policy, named: &str) -> Result<(), BadUsage> {
    if policy.purposes.contains_key(named) {
        return Ok(());
    }
    let all: Vec<&str> = policy.purposes.keys().map(String::as_str).collect();
    Err(BadUsage(format!("the policy has no purpose \"{named}\"\nhint: it has: {}", all.join(", "))))
}

#[derive(Args)]
pub struct Choose {
    #[command(flatten)]
    direct: Direct,
    #[command(flatten)]
    who: Who,
    /// What the choice is about
    #[arg(long)]
    purpose: String,
    /// Only this channel; without it, all of them
    #[arg(long)]
    channel: Option<ChannelArgument>,
    /// When the choice was made, if not now: 2025-03-01 or 2025-03-01T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// Until when it holds
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires: Option<Timestamp>,
    /// Version of the privacy notice that was shown
    #[arg(long)]
    notice: Option<String>,
    /// Where the choice was made: web form, call centre, …
    #[arg(long)]
    source: Option<String>,
    /// Outside organisation that it is about
    #[arg(long)]
    recipient: Option<String>,
    /// Event type of ISO/IEC TS 27560
    #[arg(long)]
    event: Option<String>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    parse_time(text).ok_or_else(|| "no time; write 2025-03-01 or 2025-03-01T12:00:00Z".to_owned())
}

impl Choose {
    fn choice(&self, act: Act) -> Choice {
        Choice {
            act,
            purpose: self.purpose.clone(),
            channel: self.channel.map(Channel::from),
            at: self.at,
            provenance: Provenance {
                expires: self.expires.map(|t| t.to_string()),
                notice: self.notice.clone(),
                source: self.source.clone(),
                recipient: self.recipient.clone(),
                event: self.event.clone(),
            },
        }
    }

    async fn run(self, act: Act) -> Result<ExitCode> {
        let mut opened = self.direct.open().await?;
        known_purpose(&opened.policy, &self.purpose)?;
        let upkeeper = opened.upkeeper()?;
        let kind = self.who.kind_that_chooses(&opened.policy)?;
        let target = Target::of(&opened.policy, &opened.catalog, kind)?;
        let table = target.source.table_name.to_string();
        let mut open = None;
        let mut hear = |moment: Moment<'_, Written>| {
            upkeeper.hear(&mut open, moment, |done| Deed {
                action: "choice",
                purpose: Some(&self.purpose),
                counts: vec![UpkeepCount { table: table.clone(), what: "written", rows: done.rows as u64 }],
                subject: Some((kind, &done.person.key)),
            })
        };
        let done = record(&mut opened.client, &target, &self.who.key, &self.choice(act), &mut hear).await?;
        let rows = if done.rows_written == 1 { "row" } else { "rows" };
        say!("recorded: {} {rows} in {}", done.rows_written, target.source.table_name)?;
        say!("{}: {}", self.purpose, sentence(&done.standing, done.person.restricted))?;
        Ok(ExitCode::SUCCESS)
    }
}
