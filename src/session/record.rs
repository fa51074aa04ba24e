//! From what was judged and what came back to the events of the record.
//!
//! Holds names, counts and keyed hashes; a value is only ever in here on its way into a hash.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::metrics::counter::Counter;

use super::keys::{Given, keys_of};
use super::live::beside_others;
use super::meters::{self, Meters};
use super::startup::printable;
use super::subjects::Watch;
use crate::audit::event::{Client, Completion, Decision, Ending, RefusalRecord, What, Who};
use crate::audit::{Attended, Event, RecordUnavailable, Recorder, Ticket};
use crate::engine::catalog::Oid;
use crate::engine::clear::Engine;
use crate::engine::cleared::{Argument, NOT_TOLD, NamedSubject, Outcome, Statement, TouchedTable};
use crate::engine::context::Context;
use crate::engine::key_value::Keys;
use crate::engine::policy::Policy;
use crate::engine::refusal::{Refusal, SqlState};
use crate::engine::unjudged::Unjudged;
use crate::wire::frontend::Bind;

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
    let tables = match refusal.table() {
        Some(table) if what.tables.is_empty() => vec![TouchedTable { table: table.to_owned(), columns: Vec::new() }],
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
    pub started: Instant,
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

    /// What the session calls itself from now on.
    pub fn rename(&mut self, name: &str) {
        let application_name = Some(printable(name)).filter(|name| !name.is_empty());
        let client = Client { application_name, ..self.who.client.clone() };
        self.who = Arc::new(Who { client, ..(*self.who).clone() });
    }

    /// Puts a decision on record, before the statement leaves.
    pub fn decide(
        &mut self,
        what: &Arc<What>,
        reason: Option<Arc<str>>,
        named: Named,
    ) -> Result<Run, RecordUnavailable> {
        self.statements += 1;
        let statement = format!("{}-{}", self.who.session, self.statements);
        let (who, what) = (self.who.clone(), named.on_record(what));
        let outcome = what.outcome;
        let decision = Decision { who, statement: statement.clone(), reason, what, subjects: named.hashes };
        self.recorder.attend(&mut self.attended);
        self.last = Some(self.recorder.append(Event::Decision(decision))?);
        match outcome {
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

    /// The subjects that a statement names by equality.
    pub fn subjects(
        &self,
        named: &[NamedSubject],
        given: Option<(&Bind<'_>, &[Oid])>,
        engine: &Engine,
    ) -> Result<Named, RecordUnavailable> {
        let mut told = Named::default();
        let by_parameter = named.iter().any(|s| matches!(s.key, Some(Argument::Parameter(_))));
        let given = given.filter(|_| by_parameter);
        let given = given.map(|(bind, types)| Given { bound: bind.parameters(), types }).unwrap_or_default();
        for subject in named {
            let Keys { keys, untold } = keys_of(subject, &given, engine);
            for key in keys {
                told.hashes.push(self.recorder.subject_hash(&subject.kind, &key)?);
            }
            if untold {
                told.untold.insert(subject.kind.clone());
            }
        }
        Ok(told)
    }
}

/// Whom a statement names.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Keyed hashes of the subjects.
    pub hashes: Vec<String>,
    /// Kinds of which somebody is named who is not told.
    pub untold: BTreeSet<String>,
}

impl Named {
    pub fn add(&mut self, other: &Self) {
        self.hashes.extend_from_slice(&other.hashes);
        self.untold.extend(other.untold.iter().cloned());
    }

    /// What the record says of the statement.
    fn on_record(&self, what: &Arc<What>) -> Arc<What> {
        if self.untold.is_empty() {
            return what.clone();
        }
        let mut told = What::clone(what);
        told.rules.extend(self.untold.iter().map(|kind| format!("{NOT_TOLD}{kind}")));
        Arc::new(told)
    }
}
