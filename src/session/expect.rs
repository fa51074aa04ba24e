//! What PostgreSQL still has to answer, in order: one entry for each message that has an answer.

use std::sync::Arc;

use super::plans::{ContextId, Judged};
use super::prepared::{Portal, Prepared};
use super::record::Run;
use super::settings::Lifetime;
use crate::engine::cleared::{Described, SetValue, Tracked};
use crate::wire::error::Fields;

/// Who hears the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Client,
    /// The message was ours: only errors reach the client.
    Nobody,
}

pub struct Expect {
    pub kind: Kind,
    pub audience: Audience,
    /// The statement it is about: for error positions and for what errors may say.
    pub judged: Option<Arc<Judged>>,
    /// Its errors could carry stored values.
    pub protected: bool,
    /// The rows of it, or that it describes, are ours (`Statement::silent`); a Query's statements say it one by one.
    pub silent: bool,
}

impl Expect {
    /// Whether the rows that come next are ours.
    pub fn is_silent(&self) -> bool {
        match &self.kind {
            Kind::Query(query) => query.is_silent(),
            _ => self.silent,
        }
    }

    /// Of which columns of tables and views the rows are that are described next.
    pub fn described(&self) -> &[Described] {
        match &self.kind {
            Kind::Query(query) => query.runs.get(query.done).and_then(Option::as_ref).map_or(&[], |run| &run.described),
            Kind::DescribeStatement(_, described) | Kind::DescribePortal(described) => described,
            _ => &[],
        }
    }
}

pub enum Kind {
    /// Until ReadyForQuery.
    Query(Box<QueryRun>),
    /// A marker in place of a refused Query: an error that is replaced, then ReadyForQuery.
    RefusedQuery(Fields),
    /// A marker in place of a refused Parse, Bind, Describe or Execute: an error that is replaced. A Parse of the unnamed
    /// statement has dropped that before it fails.
    Refused {
        said: Fields,
        dropped: Option<NameChange>,
    },
    Parse(NameChange),
    Bind(NameChange),
    /// And of which columns of tables and views its rows are.
    DescribeStatement(Arc<Prepared>, Arc<[Described]>),
    DescribePortal(Arc<[Described]>),
    Execute(Arc<Portal>),
    CloseStatement(NameChange),
    ClosePortal(NameChange),
    Sync,
    /// Our own PREPARE that replaces a statement of the client, and the messages around it.
    OwnParse,
    OwnBind,
    OwnExecute(NameChange),
    /// Our own SET of search_path (`path.rs`).
    OwnAssert,
    OwnClose,
}

/// A change in `session::names` that waits for its answer.
pub struct NameChange {
    pub name: Box<str>,
    pub id: u64,
}

/// A tracked setting that a statement sets when it completes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    pub setting: Tracked,
    pub value: SetValue,
    pub lifetime: Lifetime,
}

/// The statements of one Query message.
pub struct QueryRun {
    /// One for each statement, taken out when it ends.
    pub runs: Vec<Option<StatementRun>>,
    /// The context it was judged in.
    pub context: ContextId,
    /// How many have ended.
    pub done: usize,
    /// Where PostgreSQL is with the next one.
    pub stage: Stage,
    /// The unnamed statement and portal that a Query takes away.
    pub unnamed: [Option<u64>; 2],
    /// Sent in messages of the extended protocol (`inquiry`), whose own answers nobody hears.
    pub in_steps: bool,
    /// What its rows look like, which the client hears when the first of them comes (`described`).
    pub description: Option<Vec<u8>>,
    /// A statement of it has failed.
    pub failed: bool,
    /// What is said in place of the error that comes.
    pub refused: Option<Fields>,
    /// Why what it executes could not be prepared again, ahead of it: said in place of what follows from that.
    pub unprepared: Option<Fields>,
}

/// Of a statement that leaves between two of ours (`Statement::helped`); any other stays in the first stage.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    Before,
    Itself,
    /// It has completed, with this tag.
    Behind(String),
}

pub struct StatementRun {
    pub run: Run,
    /// From `set_config` calls with literal arguments.
    pub settings: Vec<SettingChange>,
    /// Its rows are ours.
    pub silent: bool,
    /// Of which columns of tables and views its rows are.
    pub described: Arc<[Described]>,
}

impl QueryRun {
    /// Whether the rows of the statement that runs are ours.
    pub fn is_silent(&self) -> bool {
        self.runs.get(self.done).and_then(Option::as_ref).is_some_and(|run| run.silent)
    }

    /// PostgreSQL has completed one of the three statements of a helped one. The tag of the client's own, once all have.
    pub fn completes_stage(&mut self, tag: &str) -> Option<String> {
        match std::mem::take(&mut self.stage) {
            Stage::Before => self.stage = Stage::Itself,
            Stage::Itself => self.stage = Stage::Behind(tag.to_owned()),
            Stage::Behind(own) => return Some(own),
        }
        None
    }
}

impl NameChange {
    pub fn new(name: &str, id: u64) -> Self {
        Self { name: name.into(), id }
    }
}

/// The change of names behind an entry, for settling it.
pub enum Settles<'a> {
    Statement(&'a NameChange),
    Portal(&'a NameChange),
    Nothing,
}

impl Kind {
    pub fn settles(&self) -> Settles<'_> {
        match self {
            Kind::Parse(c) | Kind::CloseStatement(c) | Kind::OwnExecute(c) => Settles::Statement(c),
            Kind::Refused { dropped: Some(c), .. } => Settles::Statement(c),
            Kind::Bind(c) | Kind::ClosePortal(c) => Settles::Portal(c),
            Kind::Query(_)
            | Kind::RefusedQuery(_)
            | Kind::Refused { dropped: None, .. }
            | Kind::DescribeStatement(..)
            | Kind::DescribePortal(_)
            | Kind::Execute(_)
            | Kind::Sync
            | Kind::OwnParse
            | Kind::OwnBind
            | Kind::OwnAssert
            | Kind::OwnClose => Settles::Nothing,
        }
    }
}
