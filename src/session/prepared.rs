//! What the session knows of a prepared statement and of a portal or cursor.

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::behind::{Behind, is_silent};
use super::expect::SettingChange;
use super::names::Weigh;
use super::plans::{ContextId, Judged};
use super::record::{Named, Run};
use crate::engine::catalog::Oid;
use crate::engine::cleared::{Effect, Statement};
use crate::engine::context::Protocol;
use crate::wire::frontend;

/// Where a statement was prepared: how it has to be prepared again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// By Parse, with the parameter types of that message.
    Protocol { types: Box<[u8]> },
    /// By SQL `PREPARE`: the judged text is the whole PREPARE.
    Sql,
}

impl Origin {
    pub fn protocol(&self) -> Protocol {
        match self {
            Origin::Protocol { types } => Protocol::of_parse(frontend::type_oids(types)),
            Origin::Sql => Protocol::Simple,
        }
    }
}

#[derive(Debug)]
pub struct Prepared {
    pub judged: Arc<Judged>,
    /// The context it was judged in; in another one it is judged anew.
    pub context: ContextId,
    pub origin: Origin,
    /// Of which types PostgreSQL has said that its parameters are, once a client has asked.
    pub types: OnceLock<Box<[Oid]>>,
}

impl Weigh for Prepared {
    fn weight(&self) -> usize {
        self.judged.weight()
    }
}

impl Prepared {
    /// Of which types its parameters are, as far as somebody has said so: PostgreSQL, else the client; 0: nobody.
    pub fn parameter_types(&self) -> Vec<Oid> {
        match (self.types.get(), &self.origin) {
            (Some(types), _) => types.to_vec(),
            (None, Origin::Protocol { types }) => frontend::type_oids(types).collect(),
            (None, Origin::Sql) => Vec::new(),
        }
    }

    /// The same, where PostgreSQL has it no longer.
    pub fn to_be_made(&self) -> Self {
        let Self { judged, context: _, origin, types } = self;
        Self { judged: judged.clone(), context: ContextId::NONE, origin: origin.clone(), types: types.clone() }
    }

    /// Whether subjects in its rows may go on record: then the form of its results must be known.
    pub fn may_be_watched(&self) -> bool {
        let names_another = matches!(self.effect(), Effect::Fetch { .. } | Effect::Execute { .. });
        names_another || self.judged.cleared.statements.first().is_some_and(|s| !s.subject_columns.is_empty())
    }

    /// What its one statement does to the session when it runs; an empty statement does nothing, and neither does the
    /// query or write that a PREPARE is about.
    pub fn effect(&self) -> &Effect {
        match self.origin {
            Origin::Protocol { .. } => self.judged.cleared.statements.first().map_or(&Effect::None, |s| &s.effect),
            Origin::Sql => &Effect::None,
        }
    }
}

/// A portal of Bind, or a cursor of DECLARE.
#[derive(Debug)]
pub struct Portal {
    pub judged: Arc<Judged>,
    /// What it was bound from, to bind it again in another context; a cursor of DECLARE has none.
    pub bound: Option<Bound>,
    /// Which statement of the judged text it is (a DECLARE may stand among others).
    pub index: usize,
    pub context: ContextId,
    pub kind: PortalKind,
    /// Errors while it runs could carry stored values.
    pub protected: bool,
    /// From `set_config` calls, with the arguments of Bind.
    pub settings: Vec<SettingChange>,
    /// Whom it names, by what came with Bind.
    pub named: Named,
    /// For FETCH and EXECUTE: what stood behind it at Bind.
    pub behind: Option<Behind>,
    pub progress: Mutex<Progress>,
    /// Its effects on the session have been taken note of: once, when it has run, however often it is executed.
    pub applied: AtomicBool,
}

/// A Bind that may have to be said again.
#[derive(Debug)]
pub struct Bound {
    pub prepared: Arc<Prepared>,
    /// The Bind behind its names; `None` when it is too long to keep.
    pub rest: Option<Box<[u8]>>,
}

/// The longest Bind that is kept.
pub const MAX_KEPT_BIND: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalKind {
    /// Gone at the end of the transaction.
    Bound,
    Cursor,
    /// DECLARE … WITH HOLD: lives on.
    Held,
}

/// Whether a portal has been executed, for the record.
#[derive(Debug, Default)]
pub enum Progress {
    #[default]
    Bound,
    /// Decided, and maybe suspended.
    Running(Run),
    Done,
}

impl Portal {
    pub fn statement(&self) -> Option<&Statement> {
        self.judged.cleared.statements.get(self.index)
    }

    /// How its statement came.
    pub fn protocol(&self) -> Protocol {
        self.bound.as_ref().map_or(Protocol::Simple, |bound| bound.prepared.origin.protocol())
    }

    /// What it does to the session when it runs.
    pub fn effect(&self) -> &Effect {
        match &self.bound {
            Some(bound) => bound.prepared.effect(),
            None => self.statement().map_or(&Effect::None, |s| &s.effect),
        }
    }

    /// Whether subjects in its rows go on record, as far as that is told without looking at what it names.
    pub fn may_be_watched(&self) -> bool {
        self.behind.is_some() || self.statement().is_some_and(|s| !s.subject_columns.is_empty())
    }

    /// Whether its rows are ours (`Statement::silent`).
    pub fn is_silent(&self) -> bool {
        is_silent(self.statement(), self.behind.as_ref())
    }

    /// The Bind of it behind its names, as it goes to PostgreSQL. The client may name the forms of as many columns as it likes
    /// where it hears of none.
    pub fn bind<'a>(&self, rest: &'a [u8]) -> Cow<'a, [u8]> {
        match self.is_silent() {
            true => Cow::Owned(frontend::without_results(rest)),
            false => Cow::Borrowed(rest),
        }
    }

    /// Whether its judged text is a PREPARE.
    pub fn was_prepared_in_sql(&self) -> bool {
        self.bound.as_ref().is_some_and(|b| b.prepared.origin == Origin::Sql)
    }

    /// Takes out what its completion needs, if it is running.
    pub fn finish(&self) -> Option<Run> {
        match std::mem::replace(&mut *self.progress.lock(), Progress::Done) {
            Progress::Running(run) => Some(run),
            Progress::Bound | Progress::Done => None,
        }
    }
}
