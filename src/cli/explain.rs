//! `consentry explain`: what PostgreSQL would receive for a statement, and why, in plain words.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;

use super::BadUsage;
use super::consent::known_purpose;
use super::databases::{ConfigOption, block_on, choose, judge, load_server};
use super::out;
use crate::engine::clear::{Engine, Secrets};
use crate::engine::cleared::{Cleared, Outcome, Statement, TouchedTable, Treatment, Usage};
use crate::engine::context::{Context, Protocol, PurposeSource, Resets, effective_path};
use crate::engine::refusal::Refusal;

/// Show what PostgreSQL would receive for a statement, and why
#[derive(Args)]
pub struct Explain {
    #[command(flatten)]
    config: ConfigOption,
    /// The user who would ask
    #[arg(short, long)]
    user: String,
    /// The purpose; the role's first when it is not given
    #[arg(short, long)]
    purpose: Option<String>,
    /// The database; needed only where the server file has several
    #[arg(short, long)]
    database: Option<String>,
    /// The statement
    sql: String,
}

impl Explain {
    /// Exit code 1 when the statement would be refused.
    pub fn run(&self) -> Result<ExitCode> {
        let (server, ..) = load_server(&self.config.config)?;
        let user = server.users.get(&self.user);
        let user = user.ok_or_else(|| BadUsage(format!("the server file has no user \"{}\"", self.user)))?;
        let (_, database) = choose(&server, self.database.as_deref())?;
        let judged = block_on(judge(database))??;
        self.purpose.iter().try_for_each(|purpose| known_purpose(&judged.policy, purpose))?;
        // A plan does not need the key, and what is printed must not hold it.
        let secrets = Secrets { pseudonym: b"not the key".to_vec() };
        let engine = Engine::new(judged.catalog.into(), judged.policy.into(), secrets);
        let role = user.role.clone();
        let context = Context { user: Some(self.user.clone()), ..context(&engine, &role, self.purpose.as_deref())? };
        match engine.clear(&self.sql, &context, Protocol::Simple) {
            Ok(cleared) => {
                out::write(|out| out.write_all(in_words(&cleared, &self.sql).as_bytes()))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(refusal) => {
                out::write(|out| out.write_all(refused_in_words(&refusal).as_bytes()))?;
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// A fresh session of a role, as it would be after connecting.
pub fn context(engine: &Engine, role: &str, purpose: Option<&str>) -> Result<Context> {
    let known = engine.policy.roles.get(role).ok_or_else(|| anyhow!("the policy has no role \"{role}\""))?;
    Ok(Context {
        role: role.to_owned(),
        purpose: purpose.map(str::to_owned).or_else(|| known.purposes.first().cloned()),
        purpose_set_by: if purpose.is_some() { PurposeSource::Set } else { PurposeSource::Default },
        has_reason: false,
        search_path: effective_path(&engine.catalog, &engine.catalog.data().search_path),
        temporary: Default::default(),
        defined: Default::default(),
        user: None,
        explains_protected: false,
        resets: Resets::default(),
    })
}

/// What leaves, and the reason for every mask and filter.
pub fn in_words(cleared: &Cleared, asked: &str) -> String {
    let mut out = String::new();
    if cleared.wire_text() == asked {
        out.push_str("PostgreSQL receives the statement as it was written.\n");
    } else {
        out.push_str("PostgreSQL receives:\n\n");
        for line in pretty(cleared.wire_text()).lines() {
            out.push_str(&format!("    {line}\n"));
        }
    }
    for statement in &cleared.statements {
        out.push_str(&why(statement));
    }
    out
}

fn why(s: &Statement) -> String {
    let mut out = String::from("\nWhy:\n");
    let mut say = |line: String| out.push_str(&format!("  - {line}\n"));
    match (&s.purpose, s.basis) {
        (Some(purpose), Some(basis)) => {
            say(format!(
                "the purpose is \"{purpose}\" ({}), its legal basis is {}",
                s.purpose_set_by.as_str(),
                basis.replace('_', " ")
            ));
        }
        (Some(purpose), None) => say(format!("the purpose is \"{purpose}\"; nothing protected is touched")),
        (None, _) => say("the role is unrestricted: it sees what is stored, and each statement is recorded".to_owned()),
    }
    s.rules.iter().cloned().for_each(&mut say);
    s.tables.iter().flat_map(touched_in_words).for_each(&mut say);
    if s.outcome == Outcome::Changed && !s.rules.is_empty() {
        say("a column that a condition could look into before the row filter stands in CASE WHEN <the row is there> …"
            .to_owned());
    }
    out
}

fn touched_in_words(table: &TouchedTable) -> Option<String> {
    let list = |wanted: &dyn Fn(Usage) -> bool| -> String {
        let of = table.columns.iter().filter(|c| wanted(c.usage));
        let words = of.map(|c| match c.treatment {
            Treatment::Clear => c.name.clone(),
            Treatment::Masked => format!("{} (masked)", c.name),
            Treatment::Hidden => format!("{} (never shown)", c.name),
        });
        words.collect::<Vec<_>>().join(", ")
    };
    let shown = list(&|u| u == Usage::Shown);
    let compared = list(&|u| u == Usage::Compared);
    let written = list(&|u| u == Usage::Written);
    let parts: Vec<String> = [("shows", shown), ("compares", compared), ("writes", written)]
        .into_iter()
        .filter(|(_, columns)| !columns.is_empty())
        .map(|(verb, columns)| format!("{verb} {columns}"))
        .collect();
    (!parts.is_empty()).then(|| format!("the record will say of {}: {}", table.table, parts.join("; ")))
}

/// A refusal as psql shows it.
pub fn refused_in_words(refusal: &Refusal) -> String {
    let mut out = format!("refused with SQLSTATE {}\n\nERROR:  {}\n", refusal.sqlstate.0, refusal.message);
    for (label, text) in [("DETAIL", &refusal.detail), ("HINT", &refusal.hint)] {
        if !text.is_empty() {
            out.push_str(&format!("{label}:  {text}\n"));
        }
    }
    out
}

/// The text laid out for reading; as it is where the layouter cannot.
fn pretty(sql: &str) -> String {
    crate::engine::layout::pretty(sql).unwrap_or_else(|| sql.to_owned())
}
