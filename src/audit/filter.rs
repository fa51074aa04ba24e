//! Which events are asked for: the filters of `audit show`, `audit report` and `audit export`.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::read;
use super::recorded::{Recorded, Text, names_table};
use super::segment::Segment;

/// All of what is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub since: Option<Timestamp>,
    /// Not included.
    pub until: Option<Timestamp>,
    /// By its name in the server file.
    pub database: Option<String>,
    pub user: Option<String>,
    pub role: Option<String>,
    pub purpose: Option<String>,
    pub table: Option<String>,
    /// `email`, `customers.email` or `public.customers.email`.
    pub column: Option<String>,
    /// Of a decision (allowed, changed, refused), of a completion (ok, error, cancelled) or of a deed's end (ok, error).
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

    fn is_past(&self, time: Timestamp) -> bool {
        self.until.is_some_and(|until| time >= until)
    }

    fn wants_outcome(&self, outcome: Option<&str>) -> bool {
        self.outcome.is_none() || self.outcome.as_deref() == outcome
    }

    fn wants_kind(&self, e: &Recorded) -> bool {
        self.event.as_ref().is_none_or(|kind| *kind == e.event)
    }

    /// Whether an event has what is asked of it alone.
    fn wants_event(&self, e: &Recorded) -> bool {
        self.wants_time(e.time) && self.wants_kind(e) && self.wants_outcome(e.outcome.as_deref())
    }

    /// Who and why.
    fn wants_asker(&self, e: &Recorded) -> bool {
        self.wants_who(e) && is_asked(&self.purpose, &e.purpose)
    }

    fn wants_who(&self, e: &Recorded) -> bool {
        is_asked(&self.database, &e.database) && is_asked(&self.user, &e.user) && is_asked(&self.role, &e.role)
    }

    /// Who, why and what; not the outcome and not the subject.
    fn wants_facts(&self, e: &Recorded) -> bool {
        self.wants_asker(e)
            && self.table.as_ref().is_none_or(|asked| e.tables.iter().any(|t| names_table(&t.table, asked)))
            && self.column.as_ref().is_none_or(|asked| touches_column(e, asked))
    }

    /// Who and why of a command's deed; which tables, its end may have to tell. It has no columns.
    fn wants_deed(&self, e: &Recorded) -> bool {
        self.wants_asker(e) && self.column.is_none()
    }

    /// Whether something is asked that only the beginning of a statement, or of a deed, can tell.
    fn asks_facts(&self) -> bool {
        let facts = [&self.database, &self.user, &self.role, &self.purpose, &self.table, &self.column];
        facts.iter().any(|asked| asked.is_some())
    }

    fn counts_table(&self, e: &Recorded) -> bool {
        self.table.as_ref().is_none_or(|asked| e.counts.iter().any(|c| names_table(&c.table, asked)))
    }

    /// Whether only statements can be meant.
    fn is_about_statements(&self) -> bool {
        self.table.is_some() || self.column.is_some() || self.outcome.is_some()
    }

    fn names_subject(&self, e: &Recorded) -> bool {
        self.subject.as_ref().is_none_or(|hashes| e.subjects.iter().any(|s| hashes.contains(&**s)))
    }
}

fn is_asked(asked: &Option<String>, is: &Option<Text>) -> bool {
    asked.is_none() || asked.as_deref() == is.as_deref()
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

/// A filter at work: completions and seen subjects belong to decisions that came before them, and ends to the deeds of
/// commands.
pub struct Sieve {
    filter: Filter,
    /// Nothing is asked for, so nothing need be remembered.
    all: bool,
    /// What is let through.
    by: By,
    /// Months with a key under which the person who is asked for may be found, and others that are on record.
    periods: HashSet<String>,
    without_key: BTreeSet<String>,
    /// Statements that run and whose facts are wanted.
    running: HashMap<String, Running>,
    /// The same of commands' deeds. No start ends them: commands write to their log by turns.
    deeds: HashMap<String, Running>,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum By {
    /// Each event for itself, by its own time; who and what is asked for, the decision tells.
    Event,
    /// Statements from their decision to their end, and deeds to theirs: what is asked for, one of their events has.
    Statement,
    /// Statements and deeds that ended as is asked: an end alone tells neither who nor what. Not what came before the
    /// wanted time.
    Ending,
}

/// What has not been met yet of what is asked of a statement, or of a deed.
struct Running {
    /// Number of its first line.
    seq: u64,
    /// That line was let through.
    shown: bool,
    elsewhere: bool,
    unnamed: bool,
    other_outcome: bool,
    other_event: bool,
    /// Its lines until all is.
    held: Vec<Vec<u8>>,
}

impl Sieve {
    /// Lets single events through; of an outcome that only an end has, with what they are the end of.
    pub fn of_events(filter: Filter) -> Self {
        let ends = matches!(filter.outcome.as_deref(), Some("ok" | "error" | "cancelled"));
        let period = |hash: &String| hash.split_once(':').map_or_else(String::new, |(period, _)| period.to_owned());
        Self {
            all: filter == Filter::default(),
            by: if ends { By::Ending } else { By::Event },
            periods: filter.subject.iter().flatten().map(period).collect(),
            without_key: BTreeSet::new(),
            filter,
            running: HashMap::new(),
            deeds: HashMap::new(),
        }
    }

    /// Lets whole statements through, for what puts a decision and its completion together. Of a wanted time are those that
    /// were decided then.
    pub fn of_statements(filter: Filter) -> Self {
        Self { by: By::Statement, ..Self::of_events(filter) }
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Numbers of the lines with those deeds that were let through and of whose end nothing has come: nothing tells whether
    /// they took effect.
    pub fn without_end(&self) -> Vec<u64> {
        let mut lines: Vec<u64> = self.deeds.values().filter(|deed| deed.shown).map(|deed| deed.seq).collect();
        lines.sort_unstable();
        lines
    }

    /// Months of which persons are on record, and nobody can tell any more whether the one who is asked for is among them.
    pub fn without_key(&self) -> Vec<String> {
        self.without_key.iter().cloned().collect()
    }

    /// Reads a record, and calls `out` for all that is wanted until that says `false`. `progress` is told how many bytes have
    /// been read. Returns [`Sieve::without_key`].
    pub fn read(
        mut self,
        folder: &Path,
        progress: &mut dyn FnMut(u64),
        mut out: impl FnMut(&[u8], &Recorded) -> bool,
    ) -> io::Result<Vec<String>> {
        let filter = self.filter.clone();
        // What was decided in the wanted time may have ended in another file.
        let waits = Cell::new(false);
        read::for_each_line(
            folder,
            |segment| filter.wants_file(segment) || waits.get(),
            |line, bytes| {
                progress(bytes);
                let mut goes_on = true;
                if let Some(event) = Recorded::parse(line) {
                    self.pass(line, &event, |line, event| goes_on = goes_on && out(line, event));
                }
                waits.set(self.by != By::Event && !(self.running.is_empty() && self.deeds.is_empty()));
                goes_on
            },
        )?;
        Ok(self.without_key())
    }

    /// Calls `out` for `line`, if it is wanted, and before it for those that it makes wanted.
    pub fn pass(&mut self, line: &[u8], event: &Recorded, mut out: impl FnMut(&[u8], &Recorded)) {
        if self.filter.subject.is_some() && self.filter.wants_time(event.time) {
            let periods = event.subjects.iter().filter_map(|hash| hash.split_once(':')).map(|(period, _)| period);
            self.without_key.extend(periods.filter(|period| !self.periods.contains(*period)).map(str::to_owned));
        }
        match (&*event.event, event.deed.as_deref()) {
            ("upkeep", Some(deed)) => {
                if self.follows(event) && self.filter.wants_deed(event) {
                    self.deeds.insert(deed.to_owned(), Running::new(&self.filter, event));
                }
                return self.pass_of(deed, line, event, &mut out);
            }
            ("upkeep_done", Some(deed)) => return self.pass_of(deed, line, event, &mut out),
            _ if self.all => return out(line, event),
            _ => {}
        }
        if event.event == "start" {
            // What ran then has no end on record.
            self.running.clear();
        }
        match (&*event.event, event.statement.as_deref()) {
            ("decision", Some(statement)) if self.follows(event) && self.filter.wants_facts(event) => {
                self.running.insert(statement.to_owned(), Running::new(&self.filter, event));
                self.pass_of(statement, line, event, &mut out);
            }
            ("completion" | "subjects_seen", Some(statement)) => self.pass_of(statement, line, event, &mut out),
            ("decision" | "completion" | "subjects_seen", _) => {}
            _ if self.wants_other(event) => out(line, event),
            _ => {}
        }
    }

    /// Whether what begins with this can have events of the wanted time.
    fn follows(&self, first: &Recorded) -> bool {
        if self.by == By::Statement { self.filter.wants_time(first.time) } else { !self.filter.is_past(first.time) }
    }

    /// Whether an event is wanted whose beginning is not among what was read: nobody knows who and what it is about.
    fn wants_alone(&self, e: &Recorded) -> bool {
        let f = &self.filter;
        self.by != By::Statement && !f.asks_facts() && f.wants_event(e) && f.names_subject(e)
    }

    /// An event of a statement or of a deed, by its name.
    fn pass_of(&mut self, name: &str, line: &[u8], e: &Recorded, out: &mut impl FnMut(&[u8], &Recorded)) {
        let all = if e.deed.is_some() { &mut self.deeds } else { &mut self.running };
        let Some(running) = all.get_mut(name) else {
            return if self.wants_alone(e) {
                out(line, e)
            };
        };
        running.meet(&self.filter, self.by, e);
        if running.is_wanted() {
            running.shown |= !running.held.is_empty();
            for line in running.held.drain(..) {
                Recorded::parse(&line).into_iter().for_each(|event| out(&line, &event));
            }
        }
        let wanted = match self.by {
            By::Statement => true,
            By::Ending => self.filter.since.is_none_or(|since| e.time >= since) && self.filter.wants_kind(e),
            By::Event => self.filter.wants_event(e),
        };
        // Others' keys are not asked for.
        if wanted && (e.event != "subjects_seen" || self.filter.names_subject(e)) {
            match running.is_wanted() {
                true => {
                    running.shown = true;
                    out(line, e);
                }
                false => running.held.push(line.to_vec()),
            }
        }
        if matches!(&*e.event, "completion" | "upkeep_done") || e.is_refused() {
            all.remove(name);
        }
    }

    /// Logins, reloads and the like have no tables, and some no asker; deeds of commands that older versions put on record
    /// have no end.
    fn wants_other(&self, e: &Recorded) -> bool {
        let f = &self.filter;
        if e.event == "upkeep" {
            return f.wants_deed(e) && f.counts_table(e) && f.wants_event(e) && f.names_subject(e);
        }
        let to_it = e.event == "purpose_change" && f.purpose.is_some() && f.purpose.as_deref() == e.to.as_deref();
        let for_it = to_it || is_asked(&f.purpose, &e.purpose);
        !f.is_about_statements() && f.wants_who(e) && for_it && f.wants_event(e) && f.names_subject(e)
    }
}

impl Running {
    fn new(filter: &Filter, first: &Recorded) -> Self {
        Self {
            seq: first.seq,
            shown: false,
            // A statement that is elsewhere is not followed at all.
            elsewhere: first.deed.is_some() && filter.table.is_some(),
            unnamed: filter.subject.is_some(),
            other_outcome: filter.outcome.is_some(),
            other_event: filter.event.is_some(),
            held: Vec::new(),
        }
    }

    fn is_wanted(&self) -> bool {
        !(self.elsewhere || self.unnamed || self.other_outcome || self.other_event)
    }

    /// Looks at one of its events.
    fn meet(&mut self, filter: &Filter, by: By, e: &Recorded) {
        self.elsewhere &= !filter.counts_table(e);
        self.unnamed &= !filter.names_subject(e);
        self.other_outcome &= by != By::Event && !filter.wants_outcome(e.outcome.as_deref());
        self.other_event &= by == By::Statement && !filter.wants_kind(e);
    }
}
