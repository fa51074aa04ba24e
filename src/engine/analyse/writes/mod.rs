//! INSERT, UPDATE, DELETE, MERGE, COPY and TRUNCATE over visible tables (contract section 3, "Writes").
//!
//! The target of a write stays the stored table, under an alias of ours ([`target`]). Every reference to it is replaced by
//! the cell that the session may see ([`refs`]), and the conditions that make a row visible are added to WHERE. So an
//! unmatched reference would read a stored value: whatever cannot be resolved for sure is refused here.

mod apart;
mod assign;
pub mod carried;
mod checked;
mod copy;
mod decides;
mod deeper;
mod definition;
mod derive;
mod fence;
mod insert;
mod merge;
mod merge_clauses;
mod moves;
mod people;
mod queue;
mod refs;
mod returning;
mod spans;
mod store;
mod store_copy;
mod store_function;
mod store_rows;
mod target;
mod together;
mod truncate;
mod unseen;
mod unsettled;
mod update;
mod view;

pub use store_copy::Help;

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

pub use deeper::is_plain_call;
pub use derive::Drawn;

use super::scope::{Columns, Scope};
use super::statement::Judged;
use super::{Analyser, At, inner, kind_of};
use crate::engine::cleared::Effect;
use crate::engine::context::Derived;
use crate::engine::refusal::{self, Refusal};

pub use apart::{Apart, AskedQuery, runs_in_from, runs_in_with};

/// The alias of a write's target in what leaves; no client's reference can mean it.
pub const TARGET: &str = "consentry_w";

/// Why a relation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Its rows: those that are there.
    Rows,
    /// New rows only; nothing of it is read.
    Added,
    /// All its rows go, whoever sees them, with those of a table that was named.
    Emptied,
    /// People's choices are recorded in it: `record_consent` is enough, and any row is reached.
    Consent,
}

/// Which row a reference to a write's target means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The stored row while rows are being chosen, or new values for a chosen row worked out.
    Old,
    /// The stored row that an INSERT ran into.
    Existing,
    /// The row as written, in RETURNING.
    New,
    /// The row as an UPDATE has made it, where the conditions of views test it.
    Tested,
    /// The row as an INSERT has made it, where the conditions of views test it.
    Inserted,
    /// The row as an INSERT with ON CONFLICT DO UPDATE has made it, of either kind, where the conditions of views test it.
    Upserted,
    /// The row that was deleted, in RETURNING.
    Deleted,
}

/// An injected expression over a target, written when the statement's uses of each column are known.
#[derive(Debug, Clone)]
pub struct Pending {
    pub injection: usize,
    pub occurrence: usize,
    pub what: What,
    pub moment: Moment,
    /// It is a select list's item: its output name must stay the column's.
    pub named: bool,
}

/// A stored column, and what the client calls it (a view may have a name of its own for it).
#[derive(Debug, Clone)]
pub struct Called {
    pub index: usize,
    pub name: String,
}

#[derive(Debug, Clone)]
pub enum What {
    Column(Called),
    /// The whole row, under the name that it had.
    Row {
        name: String,
        columns: Vec<Called>,
    },
    /// What must be true of a row that is reached; with the columns that must be clear in it, and whether rows of other
    /// tables move with it.
    Reached {
        clear: Vec<usize>,
        moves: bool,
    },
    /// That the row is there, as a test that PostgreSQL makes where it reads the row, before it joins anything.
    There,
}

impl<'e> Analyser<'e> {
    /// A write as a statement of its own.
    pub fn top_write(&mut self, node: &mut Node) -> Result<Judged, Refusal> {
        let kind = match inner(node)? {
            NodeEnum::InsertStmt(_) => "insert",
            NodeEnum::UpdateStmt(_) => "update",
            NodeEnum::DeleteStmt(_) => "delete",
            NodeEnum::MergeStmt(_) => "merge",
            other => return Err(refusal::not_supported(&kind_of(other), "a write is expected here")),
        };
        self.outward.answers = true;
        self.output = self.write(node, At::OUTPUT)?;
        Ok(Judged { kind, effect: Effect::None })
    }

    /// A write in WITH: what its RETURNING puts out.
    pub fn write_in_with(&mut self, node: &mut Node, _outer: &Scope<'_>) -> Result<Columns, Refusal> {
        let answers = std::mem::replace(&mut self.outward.answers, false);
        let columns = self.write(node, At { place: super::Place::Output, ..At::ITEM });
        self.outward.answers = answers;
        columns
    }

    fn write(&mut self, node: &mut Node, at: At) -> Result<Columns, Refusal> {
        let outside = self.ctes.len();
        self.writes = true;
        self.in_order()?;
        self.moment = Moment::Old;
        self.moves = false;
        // A write in WITH chooses among its target's rows by what the queries before it compute.
        let around = self.apart;
        let columns = match inner(node)? {
            NodeEnum::InsertStmt(s) => {
                self.apart = None;
                self.insert(s, at)
            }
            NodeEnum::UpdateStmt(s) => self.update(s, at),
            NodeEnum::DeleteStmt(s) => self.delete(s, at),
            NodeEnum::MergeStmt(s) => self.merge_into(s, at),
            other => Err(refusal::not_supported(&kind_of(other), "a write is expected here")),
        };
        self.ctes.truncate(outside);
        self.moment = Moment::Old;
        self.apart = around;
        columns
    }

    /// What flows into a write is what has been walked before it.
    pub fn in_order(&self) -> Result<(), Refusal> {
        match self.writes && self.reads_ahead {
            true => {
                let why = "queries of WITH stand in the order in which they read each other, where one of them writes";
                Err(refusal::not_supported("reading a query of WITH before it is defined", why))
            }
            false => Ok(()),
        }
    }

    fn write_with(&mut self, with: Option<&mut pb::WithClause>) -> Result<(), Refusal> {
        with.map_or(Ok(()), |with| self.with_clause(with, &Scope::EMPTY))
    }

    /// The same for what chooses among a target's rows by what it reads.
    fn chooses_with(&mut self, with: Option<&mut pb::WithClause>) -> Result<(), Refusal> {
        self.apart.get_or_insert_default();
        self.write_with(with)
    }

    /// A temporary table that took in protected values carries the purpose from now on.
    pub fn with_taint(&self, judged: Judged) -> Result<Judged, Refusal> {
        match (&self.tainted, self.purpose, &judged.effect) {
            (None, _, _) => Ok(judged),
            (Some(name), Some(purpose), Effect::None) => {
                let shape = self.context.temporary.get(name).and_then(|known| known.shape.clone());
                let made = Derived { shape, ..Derived::under(purpose, &self.engine.policy) };
                let effect = Effect::CreateTemporary { name: name.clone(), made, on_commit_drop: false };
                Ok(Judged { effect, ..judged })
            }
            (Some(_), _, _) => {
                let why = "the temporary table must carry the purpose, and this statement has another effect already";
                Err(refusal::not_supported("filling a temporary table from protected ones in this statement", why))
            }
        }
    }
}
