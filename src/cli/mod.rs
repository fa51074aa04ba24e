//! The command line: one file a command.

pub mod audit;
mod audit_export;
mod audit_filter;
pub mod audit_report;
pub mod check;
pub mod consent;
mod consent_import;
mod consent_init;
mod consent_show;
mod databases;
pub mod demo;
mod direct;
pub mod explain;
mod out;
pub mod passwd;
pub mod policy;
pub mod retention;
pub mod serve;
pub mod subject;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "consentry", version, about = "A PostgreSQL proxy that enforces consent", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Explain(explain::Explain),
    Check(check::Check),
    Passwd(passwd::Passwd),
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// See Consentry at work on a throwaway PostgreSQL with a small CRM
    Demo(demo::Demo),
    /// The record: keys, verification, proofs, events, reports
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// People's choices: record them, show them, import them, make tables for them
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// What is past its time: count it, erase it
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// What a person may ask for: a copy of their data, their erasure
    #[command(subcommand)]
    Subject(subject::SubjectCommand),
}

/// Runs the program; 0: done, 1: it failed, 2: usage (clap's own, and [`BadUsage`]).
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Explain(it) => exit(it.run()),
        Command::Serve(it) => exit(it.run().map(|()| ExitCode::SUCCESS)),
        Command::Check(it) => exit(it.run()),
        Command::Passwd(it) => exit(it.run().map(|()| ExitCode::SUCCESS)),
        Command::Policy(it) => exit(it.run()),
        Command::Demo(it) => exit(it.run()),
        Command::Audit(it) => exit(it.run()),
        Command::Consent(it) => exit(it.run()),
        Command::Retention(it) => exit(it.run()),
        Command::Subject(it) => exit(it.run()),
    }
}

/// Tells an error with its causes on stderr.
fn exit(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|e| {
        out::remark!("error: {e:#}");
        if e.is::<BadUsage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// The command line does not fit what server file and policy declare.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadUsage(pub String);
