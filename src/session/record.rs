//! From what was judged and what came back to the events of the record.
//!
//! Holds names, counts and keyed hashes; a value is only ever in here on its way into a hash.

use std::sync::Arc;
use std::time::Instant;

use prometheus_client::metrics::counter::Counter;

use super::arrays::elements;
use super::live::beside_others;
use super::meters::{self, Meters};
use super::startup::printable;
use super::subjects::Watch;
use crate::audit::event::{Client, Completion, Decision, Ending, RefusalRecord, What, Who};
use crate::audit::{Attended, Event, RecordUnavailable, Recorder, Ticket};
use crate::engine::clear::Engine;
use crate::engine::cleared::{Argument, NamedSubject, Outcome, Statement, TouchedTable};
use crate::engine::context::Context;
use crate::engine::policy::Policy;
use crate::engine::refusal::{Refusal, SqlState};
use crate::engine::unjudged::Unjudged;
use crate::wire::frontend::{Bind, Parameter};

/// What the record says of a cleared statement, whoever runs it.
pub fn what(statement: &Statement, context: &Context, policy: &Policy) -> What {
    What {
        unrestricted: is_unrestricted(context, policy),
        recipient: statement.recipient.clone(),
        purpose: statement.purpose.clone(),
        basis: statement.basis.map(str::to_owned),
        purpose_set_by: statement.purpose_set_by,
        fingerprint: statement.fingerprint.clone(),
        sql: statement.sql.clone(),
        kind: statement.kind.to_owned(),
        outcome: statement.outcome,
        refusal: None,
        tables: statement.tables.clone(),
        rules: statement.rules.clone(),
        policy: policy.digest.clone(),
    }
}

/// What was refused, as far as it is known.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A statement that was judged before.
    Judged(&'a What),
    /// A text that was not, or not to the end.
    Text(&'a str),
    /// No statement at all: a message that calls a function by number, or that names a statement which is not there.
    Message,
}

/// What the record says of a refusal.
pub fn refused(refusal: &Refusal, context: &Context, subject: Subject<'_>, engine: &Engine) -> What {
    let policy = &engine.policy;
    let described = |about: Unjudged| What {
        unrestricted: is_unrestricted(context, policy),
        recipient: policy.roles.get(&context.role).and_then(|r| r.recipient.clone()),
        purpose: context.purpose.clone(),
        basis: None,
        purpose_set_by: context.purpose_set_by,
        fingerprint: about.fingerprint,
        sql: about.sql,
        kind: about.kind.to_owned(),
        outcome: Outcome::Refused,
        refusal: None,
        tables: Vec::new(),
        rules: Vec::new(),
        policy: policy.digest.clone(),
    };
    let what = match subject {
        Subject::Judged(what) => what.clone(),
        Subject::Text(text) => described(beside_others(text, || engine.describe(text))),
        Subject::Message => described(Unjudged { kind: "message", sql: String::new(), fingerprint: String::new() }),
    };
    let tables = match &refusal.table {
        Some(table) if what.tables.is_empty() => vec![TouchedTable { table: table.0.clone(), columns: Vec::new() }],
        _ => what.tables,
    };
    What { outcome: Outcome::Refused, refusal: Some(RefusalRecord::from(refusal)), tables, ..what }
}

fn is_unrestricted(context: &Context, policy: &Policy) -> bool {
    policy.roles.get(&context.role).is_some_and(|r| r.unrestricted)
}

/// One statement that is running, for its completion.
#[derive(Debug)]
pub struct Run {
    statement: String,
    started: Instant,
    pub rows: u64,
    pub bytes: u64,
    /// Subjects that leave with its rows.
    pub watch: Option<Box<Watch>>,
}

/// Writes a session's events.
pub struct Clerk {
    pub recorder: Recorder,
    pub who: Arc<Who>,
    /// Highest ticket so far: nothing that the server says from now on may leave before it is durable.
    pub last: Option<Ticket>,
    pub statements: u64,
    pub refused: u64,
    /// What ends now is not told: its record was lost (`withhold`).
    pub withheld: bool,
    attended: Attended,
    allowed: Counter,
    changed: Counter,
    meters: Meters,
}

impl Clerk {
    /// What the session calls itself from now on.
    pub fn is_called(&mut self, name: &str) {
        let application_name = Some(printable(name)).filter(|name| !name.is_empty());
        let client = Client { application_name, ..self.who.client.clone() };
        self.who = Arc::new(Who { client, ..(*self.who).clone() });
    }

    pub fn new(recorder: Recorder, who: Arc<Who>, meters: Meters) -> Self {
        let counter = |outcome| meters.statements.get_or_create(&meters::Outcome { outcome }).clone();
        let (allowed, changed) = (counter("allowed"), counter("changed"));
        Self {
            recorder,
            who,
            last: None,
            statements: 0,
            refused: 0,
            withheld: false,
            attended: Attended::default(),
            allowed,
            changed,
            meters,
        }
    }

    /// Puts a decision on record, before the statement leaves.
    pub fn decide(
        &mut self,
        what: &Arc<What>,
        reason: Option<Arc<str>>,
        subjects: Vec<String>,
    ) -> Result<Run, RecordUnavailable> {
        self.statements += 1;
        let statement = format!("{}-{}", self.who.session, self.statements);
        let decision =
            Decision { who: self.who.clone(), statement: statement.clone(), reason, what: what.clone(), subjects };
        self.recorder.attend(&mut self.attended);
        self.last = Some(self.recorder.append(Event::Decision(decision))?);
        match what.outcome {
            Outcome::Changed => self.changed.inc(),
            Outcome::Allowed | Outcome::Refused => self.allowed.inc(),
        };
        Ok(Run { statement, started: Instant::now(), rows: 0, bytes: 0, watch: None })
    }

    /// Puts a refusal on record. When that fails there is nothing to hold back: nothing runs.
    pub fn refuse(&mut self, rule: &'static str, what: What, reason: Option<Arc<str>>) {
        self.meters.refusals.get_or_create(&meters::Rule { rule }).inc();
        self.statements += 1;
        self.refused += 1;
        self.meters.statements.get_or_create(&meters::Outcome { outcome: "refused" }).inc();
        let statement = format!("{}-{}", self.who.session, self.statements);
        let decision =
            Decision { who: self.who.clone(), statement, reason, what: Arc::new(what), subjects: Vec::new() };
        match self.recorder.append(Event::Decision(decision)) {
            Ok(ticket) => self.last = Some(ticket),
            Err(error) => tracing::warn!(%error, "a refusal could not be recorded"),
        }
    }

    pub fn complete(&mut self, run: Run, outcome: Ending, sqlstate: Option<&str>) {
        if let Some(watch) = run.watch {
            watch.tell(&run.statement, run.rows, self);
        }
        let lost = self.withheld.then_some((Ending::Error, Some(SqlState::IO_ERROR.0)));
        let (outcome, sqlstate) = lost.unwrap_or((outcome, sqlstate));
        let completion = Completion {
            statement: run.statement,
            outcome,
            sqlstate: sqlstate.map(str::to_owned),
            rows: run.rows,
            bytes: run.bytes,
            ms: run.started.elapsed().as_micros() as f64 / 1000.0,
        };
        if let Err(error) = self.recorder.append(Event::Completion(completion)) {
            tracing::warn!(%error, "a completion could not be recorded");
        }
    }

    pub fn note(&self, event: Event) {
        if let Err(error) = self.recorder.append(event) {
            tracing::warn!(%error, "an event could not be recorded");
        }
    }

    /// Keyed hashes of the subjects that a statement names by equality.
    pub fn subjects(
        &self,
        named: &[NamedSubject],
        bind: Option<&Bind<'_>>,
        engine: &Engine,
    ) -> Result<Vec<String>, RecordUnavailable> {
        let mut hashes = Vec::new();
        let by_parameter = named.iter().any(|s| matches!(s.key, Argument::Parameter(_)));
        let bound = bind.filter(|_| by_parameter).map(Bind::parameters).unwrap_or_default();
        for subject in named {
            for key in keys_of(subject, &bound, engine).unwrap_or_default() {
                hashes.push(self.recorder.subject_hash(&subject.kind, &key)?);
            }
        }
        Ok(hashes)
    }
}

fn keys_of(subject: &NamedSubject, bound: &[Parameter<'_>], engine: &Engine) -> Option<Vec<String>> {
    let kind = engine.policy.subjects.get(&subject.kind)?;
    let base = &engine.catalog.relation(kind.table)?.column(&kind.key)?.ty.base;
    let given = match &subject.key {
        Argument::Literal(text) => Parameter { binary: false, value: Some(text.as_bytes()) },
        Argument::Null => return None,
        Argument::Parameter(n) => *bound.get(usize::from(*n).checked_sub(1)?)?,
    };
    let keys = match subject.array {
        true => elements(given).into_iter().filter_map(|element| key_as_text(element.given(), base)).collect(),
        false => vec![key_as_text(given, base)?],
    };
    // What is no whole number is nobody's key where keys are: as a value of that type it would be another one.
    let whole = |key: &String| !matches!(base.as_str(), "int2" | "int4" | "int8" | "oid") || key.parse::<i64>().is_ok();
    Some(keys.into_iter().map(|key| as_printed(key, base)).filter(whole).collect())
}

/// A key as PostgreSQL would print it: `'07'` and `' 7'` are 7, a UUID has many spellings. Whoever asks for what is on
/// record about somebody asks by that.
fn as_printed(text: String, base_type: &str) -> String {
    let spaces = |c: char| c.is_ascii_whitespace() || c == '\x0b';
    match base_type {
        "int2" | "int4" | "int8" | "oid" => whole(text.trim_matches(spaces)).map_or(text, |n| n.to_string()),
        "uuid" => {
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase();
            let plain = digits.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit() || "{}-".contains(c));
            match plain {
                true => [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]).join("-"),
                false => text,
            }
        }
        "bpchar" => text.trim_end_matches(' ').to_owned(),
        _ => text,
    }
}

/// A whole number, also one that is written as a numeric: 7.0, 1e3.
fn whole(text: &str) -> Option<i64> {
    let exact = |n: &f64| n.fract() == 0.0 && n.abs() < 2_f64.powi(53);
    text.parse().ok().or_else(|| text.parse::<f64>().ok().filter(exact).map(|n| n as i64))
}

/// A key as PostgreSQL would print it, for the types that keys have. `None`: NULL or not such a type.
pub(super) fn key_as_text(parameter: Parameter<'_>, base_type: &str) -> Option<String> {
    let value = parameter.value?;
    if !parameter.binary {
        return std::str::from_utf8(value).ok().map(str::to_owned);
    }
    match (base_type, value.len()) {
        ("int2" | "int4" | "int8" | "oid", 2) => Some(i16::from_be_bytes(value.try_into().ok()?).to_string()),
        ("int2" | "int4" | "int8" | "oid", 4) => Some(i32::from_be_bytes(value.try_into().ok()?).to_string()),
        ("int2" | "int4" | "int8" | "oid", 8) => Some(i64::from_be_bytes(value.try_into().ok()?).to_string()),
        ("uuid", 16) => {
            let h = hex::encode(value);
            Some(format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..]))
        }
        ("text" | "varchar" | "bpchar" | "citext" | "name", _) => std::str::from_utf8(value).ok().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::as_printed;

    #[test]
    fn a_key_has_one_spelling() {
        for (text, base, printed) in [
            ("07", "int4", "7"),
            (" +7\n", "int8", "7"),
            ("-007", "int8", "-7"),
            ("x", "int4", "x"),
            ("7.0", "int4", "7"),
            ("-1e3", "int8", "-1000"),
            ("7.5", "int4", "7.5"),
            ("inf", "int4", "inf"),
            ("{A0EEBC99-9C0B4EF8-BB6D6BB9BD380A11}", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("a0eebc999c0b4ef8bb6d6bb9bd380a11", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("07", "text", "07"),
            ("ab  ", "bpchar", "ab"),
        ] {
            assert_eq!(as_printed(text.to_owned(), base), printed, "{text:?}");
        }
    }
}
