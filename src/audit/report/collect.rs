//! Gathers a report from events as they pass.
//!
//! A month is 100 million of them: what comes again and again (users, purposes, tables) is kept once (`Names`) and told
//! apart by number, times stay numbers until the end, and an event costs no more than its statement's entry among those
//! that run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::commands::Commands;
use super::names::{Name, Names};
use super::{Day, PersonEvent, PolicyInForce, RecipientUse, RefusalCount, Report, Unfinished, UnrestrictedUse, Use};
use crate::audit::recorded::{Recorded, Text};
use crate::audit::show::table_words;
use crate::engine::cleared::moves_session_only;

/// Single events that are listed.
pub(super) const MOST_LISTED: usize = 10_000;
/// Different texts that a client chooses (reasons, refused names): beyond this they are counted together.
const MOST_DIFFERENT: usize = 10_000;
const SECONDS_A_DAY: i64 = 86_400;
/// Stands among categories for columns that have none.
const OPEN: &str = "open";

#[derive(Default)]
pub(super) struct Collector {
    person: bool,
    report: Report,
    names: Names,
    /// By days since 1970.
    days: BTreeMap<i64, ByOutcome>,
    uses: Tallies<UseKey>,
    recipients: Tallies<RecipientKey>,
    policies: Tallies<[Name; 2]>,
    /// Of texts that a client chose there is no end: these are not kept as names.
    refusals: BTreeMap<RefusalKey, Tally>,
    unrestricted: BTreeMap<UnrestrictedKey, Tally>,
    running: HashMap<String, Running>,
    commands: Commands,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// What the statement at hand touches; kept for its room.
    touched: Vec<Touched>,
}

#[derive(Default)]
struct ByOutcome {
    allowed: u64,
    changed: u64,
    refused: u64,
}

#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct UseKey {
    role: Name,
    user: Name,
    purpose: Name,
    basis: Name,
    category: Name,
}

/// Recipient, purpose, basis.
type RecipientKey = [Name; 3];

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RefusalKey {
    rule: String,
    sqlstate: String,
    message: String,
    role: String,
    user: String,
    purpose: Option<String>,
}

/// Role, user, reason.
type UnrestrictedKey = (String, String, Option<String>);

/// Counts of one line of a table.
#[derive(Default)]
struct Tally {
    count: u64,
    rows: u64,
    clear: u64,
    masked: u64,
    compared: u64,
    written: u64,
    names: BTreeSet<Name>,
    /// Statements that ran code which nobody looked into, and that code.
    hidden: u64,
    code: BTreeSet<Name>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// Lines of a table by key, each with a number of its own.
struct Tallies<K> {
    numbers: HashMap<K, usize>,
    lines: Vec<(K, Tally)>,
}

impl<K> Default for Tallies<K> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), lines: Vec::new() }
    }
}

impl<K: Copy + Eq + std::hash::Hash> Tallies<K> {
    fn number(&mut self, key: K) -> usize {
        *self.numbers.entry(key).or_insert_with(|| {
            self.lines.push((key, Tally::default()));
            self.lines.len() - 1
        })
    }

    fn at(&mut self, number: usize) -> &mut Tally {
        &mut self.lines[number].1
    }
}

/// How a statement uses a category.
struct Touched {
    line: usize,
    clear: bool,
    masked: bool,
    compared: bool,
    written: bool,
}

/// A statement that has not ended: where its rows are to be counted.
struct Running {
    shown: Vec<usize>,
    recipient: Option<usize>,
    unrestricted: Option<UnrestrictedKey>,
    seq: u64,
    time: Timestamp,
    user: Name,
    purpose: Name,
    kind: Name,
    tables: Vec<Name>,
}

impl Tally {
    fn seen(&mut self, time: Timestamp) {
        self.count += 1;
        self.first = earlier(self.first, time);
        self.last = self.last.max(Some(time));
    }

    fn names(&self, names: &Names) -> Vec<String> {
        let mut all: Vec<String> = self.names.iter().map(|n| names.text(*n)).collect();
        all.sort();
        all
    }

    fn first(&self) -> String {
        self.first.map(second).unwrap_or_default()
    }

    fn last(&self) -> String {
        self.last.map(second).unwrap_or_default()
    }
}

/// Statements come when all that is asked for is known of them, which may be at their end.
fn earlier(known: Option<Timestamp>, time: Timestamp) -> Option<Timestamp> {
    Some(known.map_or(time, |known| known.min(time)))
}

/// A time to the second.
pub(super) fn second(time: Timestamp) -> String {
    format!("{time:.0}")
}

pub(super) fn owned(text: &Option<Text>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

pub(super) fn text(text: &Option<Text>) -> String {
    owned(text).unwrap_or_default()
}

/// The entry of `key`; of `other` when there are too many different ones.
fn bounded<K: Ord>(map: &mut BTreeMap<K, Tally>, key: K, other: impl FnOnce(K) -> K) -> &mut Tally {
    let key = if map.len() >= MOST_DIFFERENT && !map.contains_key(&key) { other(key) } else { key };
    map.entry(key).or_default()
}

impl Collector {
    pub fn new(person: bool) -> Self {
        Self { person, ..Self::default() }
    }

    pub fn take(&mut self, e: &Recorded) {
        self.first = earlier(self.first, e.time);
        self.last = self.last.max(Some(e.time));
        match &*e.event {
            "decision" => self.decision(e),
            "completion" => self.completion(e),
            "login" => self.report.totals.logins += 1,
            "login_refused" => self.report.totals.logins_refused += 1,
            "start" => self.end_running(),
            "upkeep" => self.commands.begun(e),
            "upkeep_done" => self.commands.done(e),
            _ => {}
        }
    }

    fn decision(&mut self, e: &Recorded) {
        self.count(e);
        let policy = [self.names.of(&e.database), self.names.of(&e.policy)];
        let line = self.policies.number(policy);
        self.policies.at(line).seen(e.time);
        if self.person {
            self.list_person(e);
        }
        if e.is_refused() {
            return self.refusal(e);
        }
        let shown = self.categories(e);
        let recipient = e.recipient.as_ref().and_then(|_| self.recipient(e));
        // `SET consentry.reason` is no access yet.
        let accesses = e.unrestricted && !moves_session_only(e.kind.as_deref().unwrap_or_default());
        let unrestricted = accesses.then(|| self.unrestricted(e));
        let Some(statement) = e.statement.as_deref() else { return };
        let running = Running {
            shown,
            recipient,
            unrestricted,
            seq: e.seq,
            time: e.time,
            user: self.names.of(&e.user),
            purpose: self.names.of(&e.purpose),
            kind: self.names.of(&e.kind),
            tables: e.tables.iter().map(|t| self.names.name(&t.table)).collect(),
        };
        self.running.insert(statement.to_owned(), running);
    }

    fn count(&mut self, e: &Recorded) {
        let day = self.days.entry(e.time.as_second().div_euclid(SECONDS_A_DAY)).or_default();
        let totals = &mut self.report.totals;
        totals.statements += 1;
        let (of_day, of_all) = match e.outcome.as_deref() {
            Some("refused") => (&mut day.refused, &mut totals.refused),
            Some("changed") => (&mut day.changed, &mut totals.changed),
            _ => (&mut day.allowed, &mut totals.allowed),
        };
        *of_day += 1;
        *of_all += 1;
    }

    /// Counts the categories that a statement touches; returns the lines of those whose values may leave.
    fn categories(&mut self, e: &Recorded) -> Vec<usize> {
        let mut touched = std::mem::take(&mut self.touched);
        let names = &mut self.names;
        let who = [names.of(&e.role), names.of(&e.user), names.of(&e.purpose), names.of(&e.basis)];
        for table in &e.tables {
            let table_name = self.names.name(&table.table);
            for column in &table.columns {
                let Some(category) = column.category.as_deref() else { continue };
                let [role, user, purpose, basis] = who;
                let key = UseKey { role, user, purpose, basis, category: self.names.name(category) };
                let line = self.uses.number(key);
                self.uses.at(line).names.insert(table_name);
                let at = touched.iter().position(|t| t.line == line).unwrap_or_else(|| {
                    touched.push(Touched { line, clear: false, masked: false, compared: false, written: false });
                    touched.len() - 1
                });
                let used = &mut touched[at];
                match &*column.usage {
                    "shown" if column.treatment == "clear" => used.clear = true,
                    "shown" => used.masked = true,
                    "compared" => used.compared = true,
                    "written" => used.written = true,
                    _ => {}
                }
            }
        }
        for used in &touched {
            let tally = self.uses.at(used.line);
            tally.seen(e.time);
            tally.clear += u64::from(used.clear);
            tally.masked += u64::from(used.masked);
            tally.compared += u64::from(used.compared);
            tally.written += u64::from(used.written);
        }
        let shown = touched.drain(..).filter(|t| t.clear || t.masked).map(|t| t.line).collect();
        self.touched = touched;
        shown
    }

    /// Counts what an outside organisation gets of protected tables: also open columns, which say whom a row is about. What is
    /// hidden is null.
    fn recipient(&mut self, e: &Recorded) -> Option<usize> {
        let columns = e.tables.iter().flat_map(|t| &t.columns);
        let mut gets = columns.filter(|c| c.usage == "shown" && c.treatment != "hidden").peekable();
        gets.peek()?;
        let key = [self.names.of(&e.recipient), self.names.of(&e.purpose), self.names.of(&e.basis)];
        let line = self.recipients.number(key);
        let tally = self.recipients.at(line);
        tally.seen(e.time);
        tally.names.extend(gets.map(|c| self.names.name(c.category.as_deref().unwrap_or(OPEN))));
        Some(line)
    }

    fn unrestricted(&mut self, e: &Recorded) -> UnrestrictedKey {
        let key = (text(&e.role), text(&e.user), owned(&e.reason));
        let tally = bounded(&mut self.unrestricted, key.clone(), |k| (k.0, k.1, Some("(other reasons)".into())));
        tally.seen(e.time);
        tally.names.extend(e.tables.iter().map(|t| self.names.name(&t.table)));
        tally.hidden += u64::from(e.hidden().is_some());
        tally.code.extend(e.hidden().iter().flat_map(|code| code.split(", ")).map(|name| self.names.name(name)));
        key
    }

    fn refusal(&mut self, e: &Recorded) {
        let Some(refusal) = &e.refusal else { return };
        let key = RefusalKey {
            rule: refusal.rule.to_string(),
            sqlstate: refusal.sqlstate.to_string(),
            message: refusal.message.to_string(),
            role: text(&e.role),
            user: text(&e.user),
            purpose: owned(&e.purpose),
        };
        bounded(&mut self.refusals, key, |k| RefusalKey { message: "(other messages)".into(), ..k }).seen(e.time);
    }

    fn list_person(&mut self, e: &Recorded) {
        if self.report.person.len() >= MOST_LISTED {
            self.report.more_person += 1;
            return;
        }
        self.report.person.push(PersonEvent {
            seq: e.seq,
            time: second(e.time),
            user: text(&e.user),
            role: text(&e.role),
            recipient: owned(&e.recipient),
            purpose: owned(&e.purpose),
            basis: owned(&e.basis),
            kind: text(&e.kind),
            outcome: text(&e.outcome),
            tables: e.tables.iter().map(table_words).collect::<Vec<_>>().join(" "),
        });
    }

    fn completion(&mut self, e: &Recorded) {
        let Some(running) = e.statement.as_deref().and_then(|s| self.running.remove(s)) else { return };
        let (totals, rows) = (&mut self.report.totals, e.rows.unwrap_or(0));
        totals.rows += rows;
        match e.outcome.as_deref() {
            Some("ok") => totals.completed += 1,
            Some("cancelled") => totals.cancelled += 1,
            _ => totals.failed += 1,
        }
        for line in running.shown {
            self.uses.at(line).rows += rows;
        }
        if let Some(line) = running.recipient {
            self.recipients.at(line).rows += rows;
        }
        if let Some(tally) = running.unrestricted.and_then(|key| self.unrestricted.get_mut(&key)) {
            tally.rows += rows;
        }
    }

    fn end_running(&mut self) {
        let mut ended: Vec<Running> = self.running.drain().map(|(_, running)| running).collect();
        ended.sort_by_key(|running| running.seq);
        let room = MOST_LISTED.saturating_sub(self.report.never_completed.len());
        self.report.more_never_completed += ended.len().saturating_sub(room) as u64;
        let names = &self.names;
        self.report.never_completed.extend(ended.into_iter().take(room).map(|running| Unfinished {
            seq: running.seq,
            time: second(running.time),
            user: names.text(running.user),
            purpose: names.given(running.purpose),
            kind: names.text(running.kind),
            tables: running.tables.into_iter().map(|t| names.text(t)).collect::<Vec<_>>().join(", "),
        }));
    }

    pub fn finish(mut self) -> Report {
        self.end_running();
        let (mut report, names) = (self.report, &self.names);
        report.person.sort_by_key(|event| event.seq);
        (report.commands, report.more_commands) = self.commands.finish();
        (report.totals.first, report.totals.last) = (self.first.map(second), self.last.map(second));
        report.days = self.days.into_iter().map(|(day, counts)| day_of(day, counts)).collect();
        report.uses = self.uses.lines.into_iter().map(|(k, t)| use_of(names, k, t)).collect();
        report.uses.sort_by(|a, b| place(a).cmp(&place(b)));
        report.recipients = self.recipients.lines.into_iter().map(|(k, t)| recipient_of(names, k, t)).collect();
        report.recipients.sort_by(|a, b| (&a.recipient, &a.purpose).cmp(&(&b.recipient, &b.purpose)));
        report.refusals = self.refusals.into_iter().map(|(k, t)| refusal_of(k, t)).collect();
        report.refusals.sort_by_key(|r| std::cmp::Reverse(r.count));
        report.unrestricted = self.unrestricted.into_iter().map(|(k, t)| unrestricted_of(names, k, t)).collect();
        report.policies = self.policies.lines.into_iter().map(|(k, t)| policy_of(names, k, t)).collect();
        report.policies.sort_by(|a, b| a.first.cmp(&b.first));
        report
    }
}

fn day_of(day: i64, counts: ByOutcome) -> Day {
    let midnight = Timestamp::from_second(day * SECONDS_A_DAY).unwrap_or_default();
    let ByOutcome { allowed, changed, refused } = counts;
    Day { day: midnight.to_zoned(TimeZone::UTC).date().to_string(), allowed, changed, refused }
}

/// The order of uses in the report.
fn place(u: &Use) -> (&str, &str, Option<&str>, Option<&str>, &str) {
    (&u.role, &u.user, u.purpose.as_deref(), u.basis.as_deref(), &u.category)
}

fn use_of(names: &Names, k: UseKey, t: Tally) -> Use {
    Use {
        user: names.text(k.user),
        role: names.text(k.role),
        purpose: names.given(k.purpose),
        basis: names.given(k.basis),
        category: names.text(k.category),
        tables: t.names(names),
        clear: t.clear,
        masked: t.masked,
        compared: t.compared,
        written: t.written,
        rows: t.rows,
        first: t.first(),
        last: t.last(),
    }
}

fn recipient_of(names: &Names, [recipient, purpose, basis]: RecipientKey, t: Tally) -> RecipientUse {
    RecipientUse {
        recipient: names.text(recipient),
        purpose: names.given(purpose),
        basis: names.given(basis),
        categories: t.names(names),
        statements: t.count,
        rows: t.rows,
        first: t.first(),
        last: t.last(),
    }
}

fn refusal_of(k: RefusalKey, t: Tally) -> RefusalCount {
    RefusalCount {
        rule: k.rule,
        sqlstate: k.sqlstate,
        message: k.message,
        user: k.user,
        role: k.role,
        purpose: k.purpose,
        count: t.count,
        first: t.first(),
        last: t.last(),
    }
}

fn unrestricted_of(names: &Names, (role, user, reason): UnrestrictedKey, t: Tally) -> UnrestrictedUse {
    UnrestrictedUse {
        user,
        role,
        reason,
        tables: t.names(names),
        statements: t.count,
        hidden: t.hidden,
        code: t.code.iter().map(|name| names.text(*name)).collect(),
        rows: t.rows,
        first: t.first(),
        last: t.last(),
    }
}

fn policy_of(names: &Names, [database, policy]: [Name; 2], t: Tally) -> PolicyInForce {
    PolicyInForce {
        database: names.text(database),
        policy: names.text(policy),
        statements: t.count,
        first: t.first(),
        last: t.last(),
    }
}
