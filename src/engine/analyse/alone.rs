//! Queries inside of others that PostgreSQL runs by themselves.
//!
//! Most subqueries become part of the query around them, or take its conditions in, and then all that could fail in either may
//! meet the hidden rows of both. Some never do (PostgreSQL 15, `prepjointree.c`, `subquery_is_pushdown_safe`): a subquery as
//! a value (of these EXISTS and IN become joins, where they are conditions), one with LIMIT or OFFSET, and one that aggregates all that it has
//! (what is asked of its columns is asked of the aggregates). Of such a query, nothing that could fail around it comes to its
//! rows, and what it puts out is computed of rows that are chosen; but the rows around it, for which it runs, may not be.

use pg_query::protobuf::{self as pb, SubLinkType};
use pg_query::{Node, NodeEnum};

use super::scope::{self, Scope};
use super::{Analyser, Occurrence, names};
use crate::engine::allow::{self, FunctionClass};

/// How PostgreSQL runs a query inside of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runs {
    /// As its shape says.
    #[default]
    ByShape,
    Alone,
    /// It may become a part of the query around it, whatever its shape.
    Within,
}

/// Whether the query that the walk is in runs by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alone {
    #[default]
    No,
    /// Its shape is still to be seen.
    Perhaps,
    Yes,
}

/// How PostgreSQL runs the query that the walk is in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Running {
    /// Said of the query that is walked next.
    pub next: Runs,
    alone: Alone,
    /// What the query puts out could fail; it runs by itself.
    fails_above: bool,
}

/// What is known of the query around.
pub struct Around {
    running: Running,
    failed: bool,
}

impl Analyser<'_> {
    /// How a query in an expression runs.
    pub fn runs_in_expression(&self, kind: SubLinkType) -> Runs {
        match kind {
            SubLinkType::ExprSublink | SubLinkType::ArraySublink => Runs::Alone,
            // Conditions alone become joins.
            _ if self.late => Runs::Alone,
            // Its LIMIT is dropped.
            SubLinkType::ExistsSublink => Runs::Within,
            // A subquery in FROM, or none that is moved.
            _ => Runs::ByShape,
        }
    }

    pub fn enter_alone(&mut self, s: &pb::SelectStmt) -> Around {
        // What is written, or locked, is chosen in ways of its own (`writes/fence.rs`).
        let may_be = self.within && !self.writes && s.locking_clause.is_empty();
        let alone = match std::mem::take(&mut self.running.next) {
            Runs::Alone if may_be => Alone::Yes,
            Runs::ByShape if may_be => Alone::Perhaps,
            _ => Alone::No,
        };
        let running = std::mem::replace(&mut self.running, Running { alone, ..Running::default() });
        Around { running, failed: std::mem::take(&mut self.may_fail) }
    }

    /// Sees whether a query whose FROM was walked runs alone.
    pub fn see_shape(&mut self, s: &pb::SelectStmt, scope: &Scope<'_>) {
        if self.running.alone != Alone::Perhaps {
            return;
        }
        let rest = [&s.group_clause, &s.distinct_clause, &s.window_clause];
        let plain = rest.iter().all(|c| c.is_empty()) && s.having_clause.is_none();
        let cut = s.limit_count.is_some() || s.limit_offset.is_some();
        let aggregates = |item: &Node| match &item.node {
            Some(NodeEnum::ResTarget(t)) => t.val.as_deref().is_some_and(|v| self.aggregates(v, scope)),
            _ => false,
        };
        if cut || plain && s.target_list.iter().any(aggregates) {
            self.running.alone = Alone::Yes;
        }
    }

    /// Whether an expression holds an aggregate of the query's own rows, and not of those around it.
    fn aggregates(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(|n| self.aggregates(n, scope));
        match &node.node {
            Some(NodeEnum::FuncCall(f)) => {
                let class = self.built_in_name(f, scope).and_then(|name| allow::builtin_function(name, f.args.len()));
                let own = f.agg_star || f.args.iter().any(|arg| reads_own(arg, scope));
                class == Some(FunctionClass::Aggregate) && f.over.is_none() && own
                    || f.args.iter().any(|arg| self.aggregates(arg, scope))
            }
            Some(NodeEnum::AExpr(e)) => part(&e.lexpr) || part(&e.rexpr),
            Some(NodeEnum::TypeCast(c)) => part(&c.arg),
            Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().any(|arg| self.aggregates(arg, scope)),
            _ => false,
        }
    }

    /// Something that could fail is evaluated once rows are chosen, or before any is asked for.
    pub fn fails_once_chosen(&mut self) {
        match self.running.alone {
            Alone::Yes => self.running.fails_above = true,
            Alone::No | Alone::Perhaps => self.may_fail = true,
        }
    }

    /// The query that the walk was in has ended, which began with occurrence `first`: the walk is in the one around it again.
    pub fn leave_alone(&mut self, around: Around, first: usize) {
        let (Running { alone, fails_above, .. }, failed) = (self.running, self.may_fail);
        let fails = failed || fails_above;
        (self.running, self.may_fail) = (around.running, around.failed);
        if alone != Alone::Yes {
            self.may_fail |= fails;
            return;
        }
        for o in self.occurrences.iter_mut().skip(first).filter(|o| !o.alone) {
            (o.alone, o.fails) = (true, failed);
        }
        match (fails, self.late) {
            (true, true) if !self.within => {}
            (true, true) => self.fails_once_chosen(),
            (true, false) => self.may_fail = true,
            (false, _) => {}
        }
    }

    /// Whether something that could fail may come to hidden rows of an occurrence.
    pub fn may_fail_on(&self, o: &Occurrence) -> bool {
        o.fails || (self.may_fail && !o.alone)
    }
}

/// Whether an expression reads a column, or a row, of the query's own FROM.
fn reads_own(node: &Node, scope: &Scope<'_>) -> bool {
    let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(|n| reads_own(n, scope));
    match &node.node {
        Some(NodeEnum::ColumnRef(r)) => match names(&r.fields)[..] {
            [name] => match scope::column(scope, name) {
                scope::Found::Column { level, .. } => level == 0,
                _ => scope::item(scope, None, name).is_some_and(|(_, level)| level == 0),
            },
            [.., alias, _] => scope::item(scope, None, alias).is_some_and(|(_, level)| level == 0),
            [] => false,
        },
        Some(NodeEnum::FuncCall(f)) => f.args.iter().any(|arg| reads_own(arg, scope)),
        Some(NodeEnum::AExpr(e)) => part(&e.lexpr) || part(&e.rexpr),
        Some(NodeEnum::TypeCast(c)) => part(&c.arg),
        Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().any(|arg| reads_own(arg, scope)),
        _ => false,
    }
}
