//! `consentry check`: the server file, and each database's policy against its live schema. Exit 0: nothing is wrong
//! (there may be warnings), 1: something is.

mod cut;
mod index;
mod left;
mod made;
mod nulled;
mod temporary;

use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::databases::{ConfigOption, Findings, Judged, block_on, judge_wholly, load_server, tell};
use super::out::{remark, say};
use crate::config::server::Server;
use crate::engine::policy::Policy;
use crate::engine::policy::diagnostics::{Severity, SourceFile};
use crate::serve::rehearse;

/// Check consentry.toml and the policies in it against the live databases
///
/// Reports every problem at once, with its place and what to do. Changes nothing.
#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigOption,
    /// Count warnings as errors
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub fn run(&self) -> Result<ExitCode> {
        let (server, warnings, source) = match load_server(&self.config.config) {
            Ok(loaded) => loaded,
            Err(findings) => {
                findings.tell();
                return Ok(ExitCode::FAILURE);
            }
        };
        tell(&warnings, std::slice::from_ref(&source));
        let mut tally = Tally { warnings: warnings.len(), errors: 0 };
        let sinks = server.check_sinks();
        tally.warnings += sinks.len();
        tell(&sinks, std::slice::from_ref(&source));
        for fault in block_on(rehearse::faults(&server))? {
            remark!("error: serve would not start: {fault}\n");
            tally.errors += 1;
        }
        let policies = block_on(databases(&server, &mut tally))??;
        users(&server, &source, &policies, &mut tally);
        self.verdict(&tally)
    }

    fn verdict(&self, tally: &Tally) -> Result<ExitCode> {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        say!("{}, {}", count(tally.errors, "error"), count(tally.warnings, "warning"))?;
        let failed = tally.errors > 0 || self.strict && tally.warnings > 0;
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// How much was found.
struct Tally {
    errors: usize,
    warnings: usize,
}

/// Checks every database; gives the policies that are in order.
async fn databases(server: &Server, tally: &mut Tally) -> Result<BTreeMap<String, Policy>> {
    let mut policies = BTreeMap::new();
    for (name, database) in &server.databases {
        match judge_wholly(database).await {
            Ok(judged) => {
                tell(&judged.warnings, &judged.files);
                tally.warnings += judged.warnings.len();
                live(name, &judged, tally).await;
                summary(name, &judged)?;
                policies.insert(name.clone(), judged.policy);
            }
            Err(findings) => {
                remark!("database {name}:");
                findings.tell();
                let problems = match &findings {
                    Findings::Problems(problems, _) => problems.as_slice(),
                    Findings::Error(_) => &[],
                };
                let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
                tally.warnings += warnings;
                tally.errors += (problems.len() - warnings).max(1);
            }
        }
    }
    Ok(policies)
}

/// Whether consent tables have their index, hold what the policy names and are kept as those of this version are, what is to
/// be nulled can be and leaves nothing, and the upstream role has the rights that COPY takes.
async fn live(name: &str, judged: &Judged, tally: &mut Tally) {
    let consent = index::missing(judged).await.into_iter().chain(cut::too_small(judged).await);
    let advice =
        consent.chain(made::old(judged).await).chain(nulled::refused(judged).await).chain(left::staying(judged));
    for advice in advice.chain(temporary::missing(judged).await) {
        remark!("warning: database {name}: {advice}\n");
        tally.warnings += 1;
    }
}

fn summary(name: &str, judged: &Judged) -> io::Result<()> {
    let policy = &judged.policy;
    say!(
        "database {name}: {} protected tables, {} open, {} purposes, {} roles; policy {}",
        policy.tables.len(),
        policy.open.len(),
        policy.purposes.len(),
        policy.roles.len(),
        policy.digest.get(..12).unwrap_or_default(),
    )
}

fn users(server: &Server, source: &SourceFile, policies: &BTreeMap<String, Policy>, tally: &mut Tally) {
    let known = policies.iter().map(|(name, policy)| (name.clone(), policy)).collect();
    let problems = server.check_roles(&known);
    tally.errors += problems.len();
    tell(&problems, std::slice::from_ref(source));
}
