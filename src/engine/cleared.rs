//! `Cleared`: the permission to send a statement, and all that session, relay and audit need to know of it.
//!
//! There is one maker (`Engine::clear`, in `clear.rs`; `alike.rs` repeats what it made around other literals), and the one
//! statement of our own below; the text is private, so nothing else can put words into one.

use std::sync::Arc;

use serde::Serialize;

pub use super::analyse::moves_session_only;
use super::catalog::{Oid, QualifiedName, quote_literal};
use super::context::{Defined, Derived, Filled, PurposeSource};
use super::key_value::Reading;
use super::meaning::Meaning;
use super::refusal::{Place, Refusal};
use super::shape::Shape;

/// A client's message text, judged: what leaves is [`Cleared::wire_text`].
#[derive(Debug, Clone)]
pub struct Cleared {
    text: String,
    /// One per statement, in order; empty for an empty query string.
    pub statements: Vec<Statement>,
    places: Places,
}

/// Which parts of the outgoing text are the client's.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub splices: Vec<Splice>,
    pub copies: Vec<Copied>,
}

/// `len_in` bytes at `at_in` of the client's text became `len_out` bytes at `at_out` of the outgoing text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splice {
    pub at_in: usize,
    pub len_in: usize,
    pub at_out: usize,
    pub len_out: usize,
}

/// `len` bytes at `at_in` of the client's text stand, inside of a splice, at `at_out` of the outgoing text too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    pub at_in: usize,
    pub at_out: usize,
    pub len: usize,
}

impl Places {
    /// Maps a byte offset of the outgoing text to the client's text: of a copy to what it is a copy of, inside of any other
    /// splice to where that begins.
    fn client_offset(&self, out: usize) -> usize {
        let is_in = |c: &&Copied| (c.at_out..c.at_out + c.len).contains(&out);
        if let Some(copy) = self.copies.iter().find(is_in) {
            return copy.at_in + (out - copy.at_out);
        }
        let mut shift: isize = 0;
        for s in &self.splices {
            if out < s.at_out {
                break;
            }
            if out < s.at_out + s.len_out {
                return s.at_in;
            }
            shift = (s.at_in + s.len_in) as isize - (s.at_out + s.len_out) as isize;
        }
        out.saturating_add_signed(shift)
    }
}

impl Cleared {
    /// Only `clear.rs` and `alike.rs` call this, and our own statement.
    pub(super) fn mint(text: String, statements: Vec<Statement>, places: Places) -> Self {
        Self { text, statements, places }
    }

    /// The proxy's own statement: PostgreSQL's `search_path` is made `path`. No rule of any role has a say in it, nor has
    /// the client: it holds nothing but a literal.
    pub fn search_path(path: &str) -> Self {
        // Not SET: it has no way to say the empty path, nor one that was written in another way than SET's.
        let path = quote_literal(path);
        Self::mint(format!("SELECT pg_catalog.set_config('search_path', {path}, false)"), Vec::new(), Places::default())
    }

    /// The same for `client`, a text of one statement in which `len_in` bytes at `at_in` are written otherwise.
    pub(super) fn for_text(mut self, client: &str, (at_in, len_in): (usize, usize), len_out: usize) -> Self {
        self.places = Places { splices: vec![Splice { at_in, len_in, at_out: at_in, len_out }], copies: Vec::new() };
        for statement in &mut self.statements {
            statement.source = client.to_owned();
            statement.outcome = Outcome::Changed;
        }
        self
    }

    /// The text to send, without the trailing NUL.
    pub fn wire_text(&self) -> &str {
        &self.text
    }

    /// Where in the client's text is what stands at this byte of the outgoing text.
    pub fn client_offset(&self, out: usize) -> usize {
        self.places.client_offset(out)
    }

    /// The first statement that depends on purpose or `search_path` and stands behind an end of the transaction.
    pub fn goes_on_behind_an_end(&self) -> Option<usize> {
        let ends = |s: &Statement| {
            matches!(s.effect, Effect::Commit { .. } | Effect::Rollback { .. } | Effect::PrepareTransaction)
        };
        let mut behind = self.statements.iter().enumerate().skip_while(|(_, s)| !ends(s));
        behind.find(|(_, s)| !moves_session_only(s.kind)).map(|(index, _)| index)
    }

    /// Where a statement stands behind others.
    pub fn place(&self, index: usize) -> Option<Place> {
        let spans: Vec<_> = self.statements.iter().map(Statement::span).collect();
        Place::of(&spans, index)
    }

    /// Whether any statement touches protected data: errors and notices must then be stripped of values.
    pub fn protected(&self) -> bool {
        self.statements.iter().any(|s| s.protected)
    }
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Goes out as the client wrote it.
    Allowed,
    /// Goes out rewritten.
    Changed,
    Refused,
}

/// One statement of a [`Cleared`].
#[derive(Debug, Clone)]
pub struct Statement {
    /// For the record and for tags: `select`, `insert`, `update`, `delete`, `merge`, `copy_to`, `copy_in`, `set`,
    /// `show`, `begin`, …
    pub kind: &'static str,
    pub outcome: Outcome,
    /// Reads or writes a protected table (or a temporary table derived from one).
    pub protected: bool,
    pub effect: Effect,
    /// What it makes of relations' names: to be remembered until the catalog has been read again.
    pub defined: Vec<(QualifiedName, Defined)>,
    /// What its names mean, where PostgreSQL must be asked for it once it has answered; `None`: it need not.
    pub meaning: Option<Arc<Meaning>>,
    /// It reads what its transaction has defined, which rests on what that was judged by.
    pub reads_defined: bool,
    /// It defines a view, and does nothing else: whoever reads that is judged by what it says then.
    pub defines_view: bool,
    /// The purpose it was judged for, and where that came from (a comment may differ from the session's).
    pub purpose: Option<String>,
    pub purpose_set_by: PurposeSource,
    /// The purpose's legal basis, when the statement is protected.
    pub basis: Option<&'static str>,
    pub recipient: Option<String>,
    pub tables: Vec<TouchedTable>,
    /// Rules that applied, in words: `row filter on public.customers: consent for marketing`.
    pub rules: Vec<String>,
    /// Errors that the statement raises on purpose, and what the client is told instead.
    pub raises: Vec<Raise>,
    /// It returns rows that the client did not ask for, and hears nothing of.
    pub silent: bool,
    /// It leaves between two statements of ours, in the same message: what it calls is made, and dropped again. The client
    /// hears nothing of them. What is said where PostgreSQL does not let us make it.
    pub helped: Option<Box<Refusal>>,
    /// Subject keys that the statement names by equality.
    pub subjects: Vec<NamedSubject>,
    /// Output columns (0-based) that are a bare subject key, with the subject kind, where `record_subjects` asks for it.
    pub subject_columns: Vec<(u16, String)>,
    /// Of a statement that was changed: what a RowDescription would have said of its output columns. A cell that is masked is
    /// an expression to PostgreSQL, and a view that is spelled out is its tables; drivers look columns up by this.
    pub described: Arc<[Described]>,
    /// What its rows look like, where that is known.
    pub row_shape: Option<RowShape>,
    /// What it does may outlive its answer: what makes it last must not happen before its record is on disk.
    pub lasts: bool,
    /// No end of its transaction takes back what it does: it must not run before that.
    pub at_once: bool,
    /// The statement with literals replaced by `$n` and comments dropped.
    pub sql: String,
    /// What equal statements have in common (see `record.rs`), 16 hex digits.
    pub fingerprint: String,
    /// The client's own text of this statement (for judging a prepared one anew); never recorded.
    pub source: String,
    /// Where that begins in the text of its message.
    pub at: usize,
}

impl Statement {
    /// Which bytes of its message it is.
    pub fn span(&self) -> (usize, usize) {
        (self.at, self.at + self.source.len())
    }

    /// Whether it gives and does nothing but move the session: a plain call of `set_config` is a SET.
    pub fn moves_session(&self) -> bool {
        moves_session_only(self.kind) || matches!(&self.effect, Effect::SetConfig(calls) if !calls.is_empty())
    }
}

/// An output column that is a column of a table or view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// Which output column, from 0.
    pub column: u16,
    pub relation: Oid,
    /// `pg_attribute.attnum`.
    pub number: i16,
}

/// What a client knows of a statement's rows once it has heard of them.
#[derive(Debug, Clone)]
pub struct RowShape {
    /// `None`: not known.
    pub columns: Option<ShownColumns>,
    /// What is not known follows from this.
    pub from: u64,
}

#[derive(Debug, Clone)]
pub struct ShownColumns {
    /// A hash of their names, in order.
    pub names: u64,
    /// 0: not known.
    pub types: Box<[Oid]>,
}

impl RowShape {
    /// Whether rows of another shape may be read as such. `same_text`: PostgreSQL is given the same text for both, and looks
    /// itself.
    pub fn fits(&self, other: &Self, same_text: bool) -> bool {
        let alike = same_text || self.from == other.from;
        let (Some(own), Some(others)) = (&self.columns, &other.columns) else { return alike };
        let same = |(a, b): (&Oid, &Oid)| if *a == 0 || *b == 0 { alike } else { a == b };
        let types = || own.types.iter().zip(&others.types).all(same);
        own.names == others.names && own.types.len() == others.types.len() && types()
    }
}

/// SQLSTATE of the errors that a [`Raise`] is about: a text that is no integer.
pub const RAISED: &str = "22P02";

/// A refusal that only PostgreSQL can decide, row by row: it raises an error of SQLSTATE [`RAISED`] whose message contains
/// `marker`; nothing is stored then. The session sends `refusal` in its place, and records it as a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raise {
    pub marker: String,
    pub refusal: Refusal,
}

/// A table that a statement touches, as the record tells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct TouchedTable {
    #[serde(rename = "name")]
    pub table: String,
    /// A column that is written and read stands here twice.
    pub columns: Vec<TouchedColumn>,
}

/// Begins the rule, of an unrestricted role's statement, that names the code which it runs unseen.
pub const NOT_LOOKED_INTO: &str = "not looked into: ";

/// Adds a table to those that a statement touches: each once.
pub fn add_table(tables: &mut Vec<TouchedTable>, table: TouchedTable) {
    match tables.iter_mut().find(|known| known.table == table.table) {
        Some(known) => known.add(table),
        None => tables.push(table),
    }
}

impl TouchedTable {
    /// Without what is only written.
    pub fn as_read(&self) -> Option<Self> {
        let columns: Vec<_> = self.columns.iter().filter(|c| c.usage != Usage::Written).cloned().collect();
        let read = !columns.is_empty() || self.columns.is_empty();
        read.then(|| Self { table: self.table.clone(), columns })
    }

    /// Adds the columns of another occurrence of the same table: what is written stands beside what is read, of which the
    /// stronger use counts.
    pub fn add(&mut self, other: TouchedTable) {
        let written = |c: &TouchedColumn| c.usage == Usage::Written;
        for column in other.columns {
            match self.columns.iter_mut().find(|c| c.name == column.name && written(c) == written(&column)) {
                Some(known) => {
                    known.treatment = known.treatment.min(column.treatment);
                    if column.usage == Usage::Shown {
                        known.usage = Usage::Shown;
                    }
                }
                None => self.columns.push(column),
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct TouchedColumn {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(rename = "use")]
    pub usage: Usage,
    pub treatment: Treatment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// Its value may reach the client.
    Shown,
    /// It decides about rows, groups, order or another value.
    Compared,
    Written,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// As stored in all rows, or in those of people who chose so: more is never called less.
    Clear,
    /// Masked in all rows.
    Masked,
    /// Unlisted: always null.
    Hidden,
}

/// A person whom a statement names: by what it holds equal to a key, or stores in a column that leads to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSubject {
    /// `None`: PostgreSQL works it out.
    pub key: Option<Argument>,
    pub kind: String,
    pub reading: Reading,
}

/// A rule of a statement that names somebody of this kind, where it is not told who.
pub const NOT_TOLD: &str = "somebody is named who is not told: ";

/// A value that is in the text, or comes with Bind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Argument {
    Literal(String),
    Null,
    /// `$n`, from 1.
    Parameter(u16),
}

/// What the session must do once the statement has completed without error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    None,
    Begin,
    /// `COMMIT`/`END`, also `AND CHAIN`.
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    Savepoint(String),
    RollbackTo(String),
    Release(String),
    PrepareTransaction,
    /// A setting that the session tracks: `search_path`, `consentry.purpose`, `consentry.reason`. Others are PostgreSQL's.
    Set {
        setting: Tracked,
        value: SetValue,
        local: bool,
    },
    /// `RESET ALL` / `DISCARD ALL` (which also drops prepared statements, cursors and temporary tables).
    ResetAll,
    DiscardAll,
    DiscardPlans,
    DiscardTemp,
    /// `SELECT set_config(name, value, is_local)` calls; arguments may be parameters, so the session decides at Bind
    /// with `Engine::judge_setting`.
    SetConfig(Vec<SetConfigCall>),
    /// SQL `PREPARE name AS …`; the statement itself is `Statement::source`.
    Prepare {
        name: String,
        fills: Option<Filled>,
    },
    Execute {
        name: String,
        arguments: Vec<Option<Argument>>,
    },
    /// `EXPLAIN … EXECUTE name`.
    ExplainExecute {
        name: String,
        arguments: Vec<Option<Argument>>,
        /// It was judged as one of a statement on protected tables.
        as_protected: bool,
    },
    /// `DEALLOCATE name`; `None` for `ALL`.
    Deallocate(Option<String>),
    DeclareCursor {
        name: String,
        hold: bool,
        /// FETCH in a Query gives its rows in binary.
        binary: bool,
    },
    /// `FETCH` or `MOVE`.
    Fetch {
        name: String,
    },
    CloseCursor(Option<String>),
    /// A temporary relation now exists, or something was derived into it; of its columns is known what `made` says.
    CreateTemporary {
        name: String,
        made: Derived,
        /// It goes with its transaction (`ON COMMIT DROP`).
        on_commit_drop: bool,
    },
    /// A temporary relation has these columns now, or others that are not known. The catalog is to be read again: the
    /// definition may name lasting relations too.
    AlterTemporary {
        name: String,
        shape: Option<Arc<Shape>>,
    },
    /// Relations are dropped, temporary ones by these names; the catalog is to be read again.
    DropRelations(Vec<String>),
    /// DDL that changes the catalog: read it again before judging anything further.
    CatalogChanged,
    /// Code that is not looked into may have done the same, to temporary tables too.
    CodeRan,
    CopyIn,
    CopyOut,
}

impl Effect {
    /// Whether the context may be another one after the statement: what it is then, only PostgreSQL's answer tells.
    pub fn may_change_context(&self) -> bool {
        match self {
            Self::Set { .. }
            | Self::SetConfig(_)
            | Self::ResetAll
            | Self::DiscardAll
            | Self::Commit { .. }
            | Self::Rollback { .. }
            | Self::RollbackTo(_)
            | Self::PrepareTransaction
            | Self::DiscardTemp
            | Self::Prepare { fills: Some(_), .. }
            | Self::CreateTemporary { .. }
            | Self::AlterTemporary { .. }
            | Self::DropRelations(_)
            | Self::CatalogChanged
            | Self::CodeRan => true,
            Self::None
            | Self::Begin
            | Self::Savepoint(_)
            | Self::Release(_)
            | Self::DiscardPlans
            | Self::Prepare { fills: None, .. }
            | Self::Execute { .. }
            | Self::ExplainExecute { .. }
            | Self::Deallocate(_)
            | Self::DeclareCursor { .. }
            | Self::Fetch { .. }
            | Self::CloseCursor(_)
            | Self::CopyIn
            | Self::CopyOut => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tracked {
    SearchPath,
    Purpose,
    Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetValue {
    /// The new value, as `SHOW` would print it (for `search_path`: comma-separated, quoted where needed).
    Value(String),
    Default,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetConfigCall {
    pub name: Argument,
    pub value: Argument,
    pub is_local: Argument,
}
