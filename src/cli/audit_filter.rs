//! The filters of `consentry audit show`, `report` and `export`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::audit::keys_of;
use super::out::remark;
use crate::audit::filter::Filter;
use crate::audit::subjects;
use crate::engine::spelling;

#[derive(Args)]
pub struct FilterArguments {
    /// From this time on (UTC): 2026-11-25, 2026-11-25T10:00, 2026-11-25T10:00:00+02:00, or 24h ago. `show`, and JSON lines,
    /// go by each event's own time: the end of a statement too, but with --user, --table and the like only where it was
    /// decided less than a day before. What puts a statement together with its end goes by when it was decided
    #[arg(long, value_parser = parse_since)]
    since: Option<Timestamp>,
    /// Up to this time; a day is included
    #[arg(long, value_parser = parse_until)]
    until: Option<Timestamp>,
    /// One of several databases: the same key may be another person's in each. Ends of sessions, changes of purpose and
    /// wrong passwords are on record without it, and without a role, in lines of older versions
    #[arg(long)]
    database: Option<String>,
    #[arg(long)]
    user: Option<String>,
    #[arg(long)]
    role: Option<String>,
    #[arg(long)]
    purpose: Option<String>,
    /// customers or public.customers; who reads a view is on record with the tables that it reads, not with its name
    #[arg(long)]
    table: Option<String>,
    /// email or public.customers.email
    #[arg(long)]
    column: Option<String>,
    /// How statements were decided, or how they or what commands did ended
    #[arg(long, value_parser = ["allowed", "changed", "refused", "ok", "error", "cancelled"])]
    outcome: Option<String>,
    /// A person, such as customer:42; a key of citext in lower case
    #[arg(long, value_name = "KIND:KEY", value_parser = parse_subject)]
    subject: Option<String>,
    /// Folder of the subject keys; beside FOLDER by default
    #[arg(long, value_name = "FOLDER")]
    subject_keys: Option<PathBuf>,
    /// A kind of event, such as decision or login
    #[arg(long)]
    event: Option<String>,
}

/// What is asked without a filter.
const WHOLE: &str = "the whole record";

impl FilterArguments {
    pub fn resolve(&self, folder: &Path) -> anyhow::Result<Filter> {
        Ok(Filter {
            since: self.since,
            until: self.until,
            database: self.database.clone(),
            user: self.user.clone(),
            role: self.role.clone(),
            purpose: self.purpose.clone(),
            table: self.table.clone(),
            column: self.column.clone(),
            outcome: self.outcome.clone(),
            subject: self.subject.as_deref().map(|s| self.subject_hashes(s, folder)).transpose()?,
            event: self.event.clone(),
        })
    }

    /// The filters in a sentence.
    pub fn describe(&self) -> String {
        let time = |t: Option<Timestamp>| t.map(|t| t.to_string());
        let asked = [
            ("since", time(self.since)),
            ("until", time(self.until)),
            ("database", self.database.clone()),
            ("user", self.user.clone()),
            ("role", self.role.clone()),
            ("purpose", self.purpose.clone()),
            ("table", self.table.clone()),
            ("column", self.column.clone()),
            ("outcome", self.outcome.clone()),
            ("subject", self.subject.clone()),
            ("event", self.event.clone()),
        ];
        let words: Vec<String> = asked.into_iter().filter_map(|(name, v)| Some(format!("{name} {}", v?))).collect();
        if words.is_empty() { WHOLE.to_owned() } else { words.join(", ") }
    }

    /// A name that is spelt otherwise on record finds nothing: that must not be taken for an answer.
    pub fn tell_of_nothing(&self) {
        let keys = "; a key is spelt as PostgreSQL prints it, such as customer:42";
        let hint = if self.subject.is_some() { keys } else { "" };
        match self.describe() {
            whole if whole == WHOLE => remark!("nothing is on record"),
            asked => remark!("nothing is on record for: {asked}{hint}"),
        }
    }

    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    fn subject_hashes(&self, subject: &str, folder: &Path) -> anyhow::Result<HashSet<String>> {
        let (kind, key) = subject.split_once(':').context(SUBJECT)?;
        let keys = self.subject_keys.clone().unwrap_or_else(|| keys_of(folder).join("subjects"));
        // Nothing here says of which type keys are.
        let spellings = spelling::of_any_type(key);
        let others: Vec<&str> = spellings.iter().map(String::as_str).filter(|spelling| *spelling != key).collect();
        if !others.is_empty() {
            remark!(
                "{subject} is looked for as {} too, as which a key of another type than text is on record",
                others.join(", ")
            );
        }
        let hashes = subjects::hashes(&keys, kind, &spellings)
            .with_context(|| format!("{}: cannot read the subject keys (--subject-keys)", keys.display()))?;
        if hashes.is_empty() {
            bail!("{} holds no subject key: nobody can be found in this record", keys.display());
        }
        Ok(hashes.into_iter().collect())
    }
}

/// How a person is named.
const SUBJECT: &str = "a person is KIND:KEY, such as customer:42";

fn parse_subject(text: &str) -> Result<String, &'static str> {
    text.split_once(':').filter(|(kind, _)| !kind.is_empty()).map(|_| text.to_owned()).ok_or(SUBJECT)
}

fn parse_since(text: &str) -> Result<Timestamp, String> {
    let day = || day(text).and_then(start_of);
    // "24h ago" is read as a negative one.
    let ago = || text.parse::<SignedDuration>().ok().and_then(|d| Timestamp::now().checked_sub(d.abs()).ok());
    moment(text).or_else(day).or_else(ago).ok_or_else(|| "not a time, a day or a duration".to_owned())
}

fn parse_until(text: &str) -> Result<Timestamp, String> {
    let end_of_day = || day(text)?.tomorrow().ok().and_then(start_of);
    moment(text).or_else(end_of_day).ok_or_else(|| "not a time or a day".to_owned())
}

/// A time; of no zone, it is UTC, as those on record. (A zone by name would be read past.)
fn moment(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<DateTime>().ok().filter(|_| day(text).is_none() && !text.contains('['));
    text.parse().ok().or_else(|| civil()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp()))
}

/// A day and nothing behind it, which would be read past.
fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.chars().all(|c| c.is_ascii_digit() || c == '-'))
}

fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
}
