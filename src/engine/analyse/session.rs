//! The analyser from statement to statement: what begins anew, what is kept, what a judged statement leaves behind.

use pg_query::{Node, NodeEnum};

use super::scope::Columns;
use super::{Analyser, Part};
use crate::engine::context::Context;
use crate::engine::policy::Purpose;
use crate::engine::refusal::Refusal;
use crate::engine::rewrite::guard::{self, Guard};

/// How far what a statement calls reaches, beyond computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Acts {
    #[default]
    Not,
    /// Sequences that go on, notifications, advisory locks: undone with the transaction, or no more than a number that is left
    /// out.
    WithTransaction,
    /// A sequence that is set, and whatever code does that is not looked into: no ROLLBACK takes it back.
    AtOnce,
}

impl<'e> Analyser<'e> {
    pub fn acts_at_once_where(&mut self, it_does: bool) {
        self.acts = if it_does { Acts::AtOnce } else { self.acts };
    }

    /// It calls a function of PostgreSQL's own that does more than compute.
    pub fn acts_by(&mut self, builtin: Option<&&str>) {
        let acts = if builtin == Some(&"setval") { Acts::AtOnce } else { Acts::WithTransaction };
        self.acts = self.acts.max(acts);
    }

    /// The next statement of the message, beginning at byte `start`, as the session finds it then.
    pub fn begin_statement(&mut self, context: Context, purpose: Option<&'e Purpose>, start: usize) {
        self.search_path = context.search_path.clone();
        self.context = context;
        self.purpose = purpose;
        self.statement_start = start;
        self.first_occurrence = self.occurrences.len();
        self.first_injection = self.injections.len();
        self.first_edit = self.sources.first().map_or(0, |s| s.edits.len());
        self.must_rewrite = false;
        self.pinned = false;
        self.guard_all = false;
        self.may_fail = false;
        self.spared = None;
        self.late_keys = Default::default();
        (self.apart, self.spares_lock, self.last_query) = (None, false, None);
        self.collated = false;
        self.lockers = Default::default();
        self.locks = false;
        self.nulls_sizes = false;
        self.explaining = false;
        self.reads_derived = false;
        self.read_before.clear();
        self.reads_temporary = false;
        self.shapes_read.clear();
        self.reads_changeable = false;
        self.shadowed = None;
        self.writes_protected = false;
        (self.writes, self.reads_ahead) = (false, false);
        self.pending.clear();
        self.moment = super::Moment::Old;
        self.tainted = None;
        self.raises.clear();
        self.silent = false;
        self.help = None;
        self.defines.clear();
        self.left = Default::default();
        self.output = Columns::known(Vec::new());
        self.outward = super::outward::Outward::default();
        self.known.forget();
        self.guesses.forget();
        self.subqueries = Default::default();
    }

    /// Whether the statement must leave rewritten.
    pub fn changes(&self) -> bool {
        self.pinned || self.changes_meaning()
    }

    /// Whether it must leave as another than PostgreSQL would run: not when all that it touches are system relations of
    /// which it reads none of the columns that must be null.
    pub fn changes_meaning(&self) -> bool {
        let harmless = |o: &super::Occurrence| {
            let relation = self.engine.catalog.relation(o.relation);
            let nulled = |column: usize| {
                relation.and_then(|r| r.columns.get(column)).is_none_or(|c| o.nulled.contains(&c.name.as_str()))
            };
            o.protected_by.is_none() && !o.uses.iter().enumerate().any(|(i, u)| u.any() && nulled(i))
        };
        let own = &self.occurrences[self.first_occurrence..];
        self.must_rewrite && (own.is_empty() || self.guard_all || self.nulls_sizes || !own.iter().all(harmless))
    }

    /// Whether all that is written into the statement are schemas before names.
    pub fn only_names(&self) -> bool {
        let own = &self.injections[self.first_injection..];
        let by_name = |part: &Part| {
            let occurrence = if let Part::Guard(o) = part { self.occurrences.get(*o) } else { None };
            occurrence.is_some_and(|o| o.as_it_is)
        };
        own.iter().all(|i| by_name(&i.part)) && !self.changes_meaning()
    }

    /// Where the statement changes in names only, what it reads leaves by its name too.
    pub fn leave_as_they_are(&mut self) {
        if !self.changes_meaning() {
            let own = &mut self.occurrences[self.first_occurrence..];
            own.iter_mut().for_each(|o| o.as_it_is = o.protected_by.is_none());
        }
    }

    /// The statement leaves as it was written.
    pub fn forget_edits(&mut self) {
        if let Some(source) = self.sources.first_mut() {
            source.edits.truncate(self.first_edit);
        }
    }

    /// The derived tables of this statement's occurrences, in order.
    pub fn write_guards(&self) -> Result<Vec<Guard>, Refusal> {
        self.occurrences[self.first_occurrence..].iter().map(|o| guard::write(self, o)).collect()
    }

    pub fn touches_protected(&self) -> bool {
        self.writes_protected || self.reads_protected()
    }
}

/// Whether a statement only moves the session, by its tree: [`moves_session_only`] is true of its kind, and of a plain call of
/// `set_config`, which is a SET.
pub fn moves_the_session(node: &Node) -> bool {
    use pg_query::protobuf::TransactionStmtKind as T;
    match &node.node {
        Some(NodeEnum::TransactionStmt(t)) => {
            !matches!(t.kind(), T::TransStmtCommitPrepared | T::TransStmtRollbackPrepared)
        }
        Some(NodeEnum::SelectStmt(s)) => super::set_config::is_plain_call_list(s),
        Some(
            NodeEnum::VariableSetStmt(_)
            | NodeEnum::VariableShowStmt(_)
            | NodeEnum::DiscardStmt(_)
            | NodeEnum::DeallocateStmt(_)
            | NodeEnum::ClosePortalStmt(_)
            | NodeEnum::UnlistenStmt(_),
        ) => true,
        _ => false,
    }
}

impl Analyser<'_> {
    /// Whether what a statement of this kind does may outlive its answer, where no transaction around it is rolled back.
    pub fn lasts(&self, kind: &str) -> bool {
        let reads = matches!(
            kind,
            "select"
                | "explain"
                | "declare_cursor"
                | "fetch"
                | "move"
                | "close"
                | "copy_to"
                | "prepare"
                | "lock"
                | "listen"
                | "unlisten"
        );
        // What an unrestricted role says is not walked: a view, an operator, a cast may call anything.
        let acts =
            self.writes || self.acts > Acts::Not || (self.role.unrestricted && !matches!(kind, "close" | "lock"));
        !moves_session_only(kind) && (!reads || acts)
    }

    /// Whether what a statement of this kind does may be there before its transaction is at its end, and stay.
    pub fn is_at_once(&self, kind: &str) -> bool {
        self.acts == Acts::AtOnce || matches!(kind, "call" | "do")
    }
}

/// Whether a statement of this kind only moves the session: nothing in it depends on purpose or `search_path`.
pub fn moves_session_only(kind: &str) -> bool {
    matches!(
        kind,
        "begin"
            | "commit"
            | "rollback"
            | "savepoint"
            | "release"
            | "rollback_to"
            | "set"
            | "show"
            | "discard"
            | "deallocate"
            | "close"
            | "listen"
            | "unlisten"
            | "set_constraints"
            | "prepare_transaction"
    )
}
