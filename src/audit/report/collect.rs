//! Gathers a report from events as they pass.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Day, PersonEvent, PolicyInForce, RecipientUse, RefusalCount, Report, Unfinished, UnrestrictedUse, Use};
use crate::audit::recorded::{Recorded, RecordedColumn};
use crate::audit::show::table_words;

/// Single events that are listed.
const MOST_LISTED: usize = 10_000;
/// Different texts that a client chooses (reasons, refused names): beyond this they are counted together.
const MOST_DIFFERENT: usize = 10_000;

#[derive(Default)]
pub(super) struct Collector {
    person: bool,
    report: Report,
    days: BTreeMap<String, Day>,
    uses: BTreeMap<UseKey, Tally>,
    recipients: BTreeMap<(String, Option<String>, Option<String>), Tally>,
    refusals: BTreeMap<RefusalKey, Tally>,
    unrestricted: BTreeMap<(String, String, Option<String>), Tally>,
    policies: BTreeMap<(String, String), Tally>,
    running: HashMap<String, Running>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
struct UseKey {
    role: String,
    user: String,
    purpose: Option<String>,
    basis: Option<String>,
    category: String,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RefusalKey {
    rule: String,
    sqlstate: String,
    message: String,
    role: String,
    user: String,
    purpose: Option<String>,
}

/// Counts of one line of a table.
#[derive(Default)]
struct Tally {
    count: u64,
    rows: u64,
    clear: u64,
    masked: u64,
    compared: u64,
    written: u64,
    names: BTreeSet<String>,
    first: String,
    last: String,
}

/// A statement that has not ended: where its rows are to be counted.
struct Running {
    shown: Vec<UseKey>,
    recipient: Option<(String, Option<String>, Option<String>)>,
    unrestricted: Option<(String, String, Option<String>)>,
    unfinished: Unfinished,
}

impl Tally {
    fn seen(&mut self, time: &str) {
        self.count += 1;
        if self.first.is_empty() {
            self.first = time.to_owned();
        }
        time.clone_into(&mut self.last);
    }
}

fn owned(text: &Option<Cow<str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

fn text(text: &Option<Cow<str>>) -> String {
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
        let time = format!("{:.0}", e.time);
        self.report.totals.first.get_or_insert_with(|| time.clone());
        self.report.totals.last = Some(time.clone());
        match &*e.event {
            "decision" => self.decision(e, &time),
            "completion" => self.completion(e),
            "login" => self.report.totals.logins += 1,
            "login_refused" => self.report.totals.logins_refused += 1,
            "start" => self.end_running(),
            _ => {}
        }
    }

    fn decision(&mut self, e: &Recorded, time: &str) {
        self.count_day(e, time);
        self.policies.entry((text(&e.database), text(&e.policy))).or_default().seen(time);
        if self.person {
            self.list_person(e, time);
        }
        if e.is_refused() {
            return self.refusal(e, time);
        }
        let shown = self.categories(e, time);
        let recipient = self.recipient(e, &shown, time);
        let unrestricted = e.unrestricted.then(|| self.unrestricted(e, time));
        if let Some(statement) = e.statement.as_deref() {
            let unfinished = Unfinished {
                seq: e.seq,
                time: time.to_owned(),
                user: text(&e.user),
                purpose: owned(&e.purpose),
                kind: text(&e.kind),
                tables: table_names(e),
            };
            self.running.insert(statement.to_owned(), Running { shown, recipient, unrestricted, unfinished });
        }
    }

    fn count_day(&mut self, e: &Recorded, time: &str) {
        let day = time.get(..10).unwrap_or_default();
        let new = || Day { day: day.to_owned(), allowed: 0, changed: 0, refused: 0 };
        let entry = self.days.entry(day.to_owned()).or_insert_with(new);
        let totals = &mut self.report.totals;
        totals.statements += 1;
        let (of_day, of_all) = match e.outcome.as_deref() {
            Some("refused") => (&mut entry.refused, &mut totals.refused),
            Some("changed") => (&mut entry.changed, &mut totals.changed),
            _ => (&mut entry.allowed, &mut totals.allowed),
        };
        *of_day += 1;
        *of_all += 1;
    }

    /// Counts the categories that a statement touches; returns those whose values may leave.
    fn categories(&mut self, e: &Recorded, time: &str) -> Vec<UseKey> {
        let mut touched: BTreeMap<&str, (BTreeSet<&str>, Vec<&RecordedColumn>)> = BTreeMap::new();
        for table in &e.tables {
            for column in &table.columns {
                if let Some(category) = column.category.as_deref() {
                    let entry = touched.entry(category).or_default();
                    entry.0.insert(&table.table);
                    entry.1.push(column);
                }
            }
        }
        let mut shown = Vec::new();
        for (category, (tables, columns)) in touched {
            let key = UseKey {
                role: text(&e.role),
                user: text(&e.user),
                purpose: owned(&e.purpose),
                basis: owned(&e.basis),
                category: category.to_owned(),
            };
            let any = |usage: &str, clear: Option<bool>| {
                u64::from(
                    columns.iter().any(|c| c.usage == usage && clear.is_none_or(|is| is == (c.treatment == "clear"))),
                )
            };
            let tally = self.uses.entry(key.clone()).or_default();
            tally.seen(time);
            tally.clear += any("shown", Some(true));
            tally.masked += any("shown", Some(false));
            tally.compared += any("compared", None);
            tally.written += any("written", None);
            tally.names.extend(tables.into_iter().map(str::to_owned));
            if any("shown", None) == 1 {
                shown.push(key);
            }
        }
        shown
    }

    fn recipient(
        &mut self,
        e: &Recorded,
        shown: &[UseKey],
        time: &str,
    ) -> Option<(String, Option<String>, Option<String>)> {
        let recipient = e.recipient.as_deref().filter(|_| !shown.is_empty())?;
        let key = (recipient.to_owned(), owned(&e.purpose), owned(&e.basis));
        let tally = self.recipients.entry(key.clone()).or_default();
        tally.seen(time);
        tally.names.extend(shown.iter().map(|k| k.category.clone()));
        Some(key)
    }

    fn unrestricted(&mut self, e: &Recorded, time: &str) -> (String, String, Option<String>) {
        let key = (text(&e.role), text(&e.user), owned(&e.reason));
        let tally = bounded(&mut self.unrestricted, key.clone(), |k| (k.0, k.1, Some("(other reasons)".into())));
        tally.seen(time);
        tally.names.extend(e.tables.iter().map(|t| t.table.to_string()));
        key
    }

    fn refusal(&mut self, e: &Recorded, time: &str) {
        let Some(refusal) = &e.refusal else { return };
        let key = RefusalKey {
            rule: refusal.rule.to_string(),
            sqlstate: refusal.sqlstate.to_string(),
            message: refusal.message.to_string(),
            role: text(&e.role),
            user: text(&e.user),
            purpose: owned(&e.purpose),
        };
        bounded(&mut self.refusals, key, |k| RefusalKey { message: "(other messages)".into(), ..k }).seen(time);
    }

    fn list_person(&mut self, e: &Recorded, time: &str) {
        if self.report.person.len() >= MOST_LISTED {
            self.report.more_person += 1;
            return;
        }
        self.report.person.push(PersonEvent {
            seq: e.seq,
            time: time.to_owned(),
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
        for key in &running.shown {
            self.uses.entry(key.clone()).or_default().rows += rows;
        }
        if let Some(key) = running.recipient {
            self.recipients.entry(key).or_default().rows += rows;
        }
        if let Some(tally) = running.unrestricted.and_then(|key| self.unrestricted.get_mut(&key)) {
            tally.rows += rows;
        }
    }

    fn end_running(&mut self) {
        let mut ended: Vec<Unfinished> = self.running.drain().map(|(_, r)| r.unfinished).collect();
        ended.sort_by_key(|u| u.seq);
        let room = MOST_LISTED.saturating_sub(self.report.never_completed.len());
        self.report.more_never_completed += ended.len().saturating_sub(room) as u64;
        self.report.never_completed.extend(ended.into_iter().take(room));
    }

    pub fn finish(mut self) -> Report {
        self.end_running();
        let mut report = self.report;
        report.days = self.days.into_values().collect();
        report.uses = self.uses.into_iter().map(|(k, t)| use_of(k, t)).collect();
        report.recipients = self.recipients.into_iter().map(|(k, t)| recipient_of(k, t)).collect();
        report.refusals = self.refusals.into_iter().map(|(k, t)| refusal_of(k, t)).collect();
        report.refusals.sort_by_key(|r| std::cmp::Reverse(r.count));
        report.unrestricted = self.unrestricted.into_iter().map(|(k, t)| unrestricted_of(k, t)).collect();
        report.policies = self.policies.into_iter().map(|(k, t)| policy_of(k, t)).collect();
        report.policies.sort_by(|a, b| a.first.cmp(&b.first));
        report
    }
}

fn table_names(e: &Recorded) -> String {
    e.tables.iter().map(|t| &*t.table).collect::<Vec<_>>().join(", ")
}

fn use_of(k: UseKey, t: Tally) -> Use {
    Use {
        user: k.user,
        role: k.role,
        purpose: k.purpose,
        basis: k.basis,
        category: k.category,
        tables: t.names.into_iter().collect(),
        clear: t.clear,
        masked: t.masked,
        compared: t.compared,
        written: t.written,
        rows: t.rows,
        first: t.first,
        last: t.last,
    }
}

fn recipient_of((recipient, purpose, basis): (String, Option<String>, Option<String>), t: Tally) -> RecipientUse {
    let categories = t.names.into_iter().collect();
    RecipientUse {
        recipient,
        purpose,
        basis,
        categories,
        statements: t.count,
        rows: t.rows,
        first: t.first,
        last: t.last,
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
        first: t.first,
        last: t.last,
    }
}

fn unrestricted_of((role, user, reason): (String, String, Option<String>), t: Tally) -> UnrestrictedUse {
    let tables = t.names.into_iter().collect();
    UnrestrictedUse { user, role, reason, tables, statements: t.count, rows: t.rows, first: t.first, last: t.last }
}

fn policy_of((database, policy): (String, String), t: Tally) -> PolicyInForce {
    PolicyInForce { database, policy, statements: t.count, first: t.first, last: t.last }
}
