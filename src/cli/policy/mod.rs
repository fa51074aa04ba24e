//! `consentry policy show|ropa|notice`: a policy in words, for those who write it, for auditors, and for the people that the
//! data is about.

mod activity;
mod markdown;
mod notice;
mod page;
mod ropa;
mod show;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};

use self::activity::activities;
use self::notice::{Language, Notice};
use self::ropa::{Controller, Ropa};
use super::databases::{ConfigOption, Judged, block_on, choose, judge, load_server};
use super::out::{self, remark};

/// A policy in words
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Who sees what for which purpose, table by table
    Show(Show),
    /// The record of processing activities (GDPR Art. 30)
    Ropa(RopaArgs),
    /// What people are told about the use of their data (GDPR Art. 13, 14)
    Notice(NoticeArgs),
}

#[derive(Args)]
pub struct Which {
    #[command(flatten)]
    config: ConfigOption,
    /// The database whose policy it is; needed when the server file has several
    #[arg(short, long)]
    database: Option<String>,
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    which: Which,
    /// Only this purpose
    #[arg(short, long)]
    purpose: Option<String>,
}

#[derive(Args)]
pub struct ControllerArgs {
    /// The organisation that is responsible
    #[arg(long)]
    controller: Option<String>,
    /// How to reach it
    #[arg(long)]
    contact: Option<String>,
    /// Its data protection officer
    #[arg(long)]
    dpo: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RopaFormat {
    Text,
    Markdown,
    Html,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NoticeFormat {
    Text,
    Markdown,
    Html,
}

#[derive(Args)]
pub struct RopaArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    controller: ControllerArgs,
    #[arg(short, long, value_enum, default_value = "text")]
    format: RopaFormat,
    #[arg(short, long, value_enum, default_value = "en")]
    language: Language,
}

#[derive(Args)]
pub struct NoticeArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    controller: ControllerArgs,
    #[arg(short, long, value_enum, default_value = "text")]
    format: NoticeFormat,
    #[arg(short, long, value_enum, default_value = "en")]
    language: Language,
    /// Only this purpose
    #[arg(short, long)]
    purpose: Option<String>,
}

impl PolicyCommand {
    pub fn run(&self) -> Result<ExitCode> {
        let which = match self {
            PolicyCommand::Show(Show { which, .. }) => which,
            PolicyCommand::Ropa(RopaArgs { which, .. }) => which,
            PolicyCommand::Notice(NoticeArgs { which, .. }) => which,
        };
        let Some(judged) = which.judged()? else { return Ok(ExitCode::FAILURE) };
        let text = self.text(&judged)?;
        out::write(|out| out.write_all(text.as_bytes()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, judged: &Judged) -> Result<String> {
        match self {
            PolicyCommand::Show(args) => {
                known_purpose(judged, args.purpose.as_deref())?;
                Ok(show::show(&judged.policy, &judged.catalog, args.purpose.as_deref()))
            }
            PolicyCommand::Ropa(args) => args.text(judged),
            PolicyCommand::Notice(args) => args.text(judged),
        }
    }
}

impl Which {
    /// The database's policy, resolved; problems are told on stderr.
    fn judged(&self) -> Result<Option<Judged>> {
        let server = match load_server(&self.config.config) {
            Ok((server, _, _)) => server,
            Err(findings) => {
                findings.tell();
                return Ok(None);
            }
        };
        let (_, database) = choose(&server, self.database.as_deref())?;
        match block_on(judge(database))? {
            Ok(judged) => Ok(Some(judged)),
            Err(findings) => {
                findings.tell();
                Ok(None)
            }
        }
    }
}

fn known_purpose(judged: &Judged, purpose: Option<&str>) -> Result<()> {
    Ok(purpose.map_or(Ok(()), |name| super::consent::known_purpose(&judged.policy, name))?)
}

impl ControllerArgs {
    fn controller(&self) -> Controller {
        Controller { name: self.controller.clone(), contact: self.contact.clone(), dpo: self.dpo.clone() }
    }
}

impl RopaArgs {
    fn text(&self, judged: &Judged) -> Result<String> {
        let (controller, activities) = (self.controller.controller(), activities(&judged.policy));
        let (database, policy) = (judged.catalog.database(), &judged.policy.digest);
        let roles = judged.policy.roles.values().filter(|role| role.unrestricted);
        let unrestricted: Vec<String> = roles.map(|role| role.name.clone()).collect();
        let ropa = Ropa::new(&controller, database, policy, &activities, &unrestricted, self.language)?;
        match self.format {
            RopaFormat::Text => Ok(ropa.text()),
            RopaFormat::Markdown => Ok(ropa.markdown()),
            RopaFormat::Html => Ok(ropa.html()),
            RopaFormat::Json => Ok(ropa.json()? + "\n"),
        }
    }
}

impl NoticeArgs {
    fn text(&self, judged: &Judged) -> Result<String> {
        known_purpose(judged, self.purpose.as_deref())?;
        let mut activities = activities(&judged.policy);
        activities.retain(|a| self.purpose.as_ref().is_none_or(|only| a.purpose == *only));
        if self.controller.controller.is_none() || self.controller.contact.is_none() {
            remark!("note: people must be told who is responsible and how to reach them: --controller, --contact");
        }
        let notice = Notice::new(&activities, &self.controller.controller(), self.language)?;
        Ok(match self.format {
            NoticeFormat::Text => notice.text(),
            NoticeFormat::Markdown => notice.markdown(),
            NoticeFormat::Html => notice.html(),
        })
    }
}
