//! Which events are asked for: the filters of `audit show`, `audit report` and `audit export`.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::recorded::{Recorded, Text, names_table};
use super::segment::Segment;

/// All of what is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub since: Option<Timestamp>,
    /// Not included.
    pub until: Option<Timestamp>,
    pub user: Option<String>,
    pub role: Option<String>,
    pub purpose: Option<String>,
    pub table: Option<String>,
    /// `email`, `customers.email` or `public.customers.email`.
    pub column: Option<String>,
    /// Of a decision (allowed, changed, refused) or of a completion (ok, error, cancelled).
    pub outcome: Option<String>,
    /// Keyed hashes of one subject, one for each period.
    pub subject: Option<HashSet<String>>,
    /// Kind of event.
    pub event: Option<String>,
}

impl Filter {
    /// Whether a file can hold lines of the wanted time. Lines of a day may stand in the file of the day before.
    pub fn wants_file(&self, segment: &Segment) -> bool {
        let start = segment.day.to_zoned(TimeZone::UTC).map(|z| z.timestamp()).unwrap_or(Timestamp::MIN);
        let end = start.checked_add(jiff::SignedDuration::from_hours(48)).unwrap_or(Timestamp::MAX);
        self.until.is_none_or(|until| start < until) && self.since.is_none_or(|since| end >= since)
    }

    fn wants_time(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    fn wants_outcome(&self, outcome: Option<&str>) -> bool {
        self.outcome.is_none() || self.outcome.as_deref() == outcome
    }

    /// Who, why and what; not the outcome and not the subject.
    fn wants_facts(&self, e: &Recorded) -> bool {
        let equal = |asked: &Option<String>, is: &Option<Text>| asked.is_none() || asked.as_deref() == is.as_deref();
        equal(&self.user, &e.user)
            && equal(&self.role, &e.role)
            && equal(&self.purpose, &e.purpose)
            && self.table.as_ref().is_none_or(|asked| e.tables.iter().any(|t| names_table(&t.table, asked)))
            && self.column.as_ref().is_none_or(|asked| touches_column(e, asked))
    }

    /// Whether only statements can be meant.
    fn is_about_statements(&self) -> bool {
        self.role.is_some() || self.purpose.is_some() || self.table.is_some() || self.column.is_some()
    }

    fn names_subject(&self, e: &Recorded) -> bool {
        self.subject.as_ref().is_none_or(|hashes| e.subjects.iter().any(|s| hashes.contains(&**s)))
    }
}

fn touches_column(e: &Recorded, asked: &str) -> bool {
    let (table, column) = match asked.rsplit_once('.') {
        Some((table, column)) => (Some(table), column),
        None => (None, asked),
    };
    e.tables
        .iter()
        .filter(|t| table.is_none_or(|asked| names_table(&t.table, asked)))
        .any(|t| t.columns.iter().any(|c| c.name == column))
}

/// A filter at work: completions and seen subjects belong to decisions that came before them.
pub struct Sieve {
    filter: Filter,
    /// Nothing is asked for, so nothing need be remembered.
    all: bool,
    /// Statements that run: those whose facts are wanted, with their decision's line when it has not been let through.
    running: HashMap<String, Option<Vec<u8>>>,
}

impl Sieve {
    pub fn new(filter: Filter) -> Self {
        Self { all: filter == Filter::default(), filter, running: HashMap::new() }
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Calls `out` for `line`, if it is wanted, and before it for the decision that it makes wanted.
    pub fn pass(&mut self, line: &[u8], event: &Recorded, mut out: impl FnMut(&[u8], &Recorded)) {
        if self.all {
            return out(line, event);
        }
        if event.event == "start" {
            // What ran then has no end on record.
            self.running.clear();
        }
        if !self.filter.wants_time(event.time) {
            return;
        }
        let wanted = match &*event.event {
            "decision" => self.pass_decision(line, event),
            "completion" => self.pass_completion(event),
            "subjects_seen" => self.pass_subjects(event, &mut out),
            _ => self.wants_other(event),
        };
        if wanted && self.filter.event.as_ref().is_none_or(|kind| *kind == event.event) {
            out(line, event);
        }
    }

    fn pass_decision(&mut self, line: &[u8], e: &Recorded) -> bool {
        if !self.filter.wants_facts(e) {
            return false;
        }
        let named = self.filter.names_subject(e);
        if let Some(statement) = e.statement.as_deref().filter(|_| !e.is_refused()) {
            self.running.insert(statement.into(), (!named).then(|| line.to_vec()));
        }
        named && self.filter.wants_outcome(e.outcome.as_deref())
    }

    fn pass_completion(&mut self, e: &Recorded) -> bool {
        let of_wanted = e.statement.as_deref().and_then(|s| self.running.remove(s)).is_some_and(|held| held.is_none());
        of_wanted && self.filter.wants_outcome(e.outcome.as_deref())
    }

    fn pass_subjects(&mut self, e: &Recorded, out: &mut impl FnMut(&[u8], &Recorded)) -> bool {
        let Some(held) = e.statement.as_deref().and_then(|s| self.running.get_mut(s)) else { return false };
        let named = self.filter.names_subject(e);
        if named
            && self.filter.outcome.is_none()
            && let Some(line) = held.take()
            && let Some(decision) = Recorded::parse(&line)
        {
            out(&line, &decision);
        }
        named && self.filter.outcome.is_none()
    }

    /// Logins, reloads and the like have neither tables nor subjects.
    fn wants_other(&self, e: &Recorded) -> bool {
        let f = &self.filter;
        let about = f.is_about_statements() || f.subject.is_some() || f.outcome.is_some();
        !about && (f.user.is_none() || f.user.as_deref() == e.user.as_deref())
    }
}
