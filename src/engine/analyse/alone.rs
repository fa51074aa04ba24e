//! Queries inside of others that PostgreSQL runs by themselves.
//!
//! Most subqueries become part of the query around them, or take its conditions in, and then all that could fail in either may
//! meet the hidden rows of both. Some never do (PostgreSQL 15, `prepjointree.c`, `subquery_is_pushdown_safe`): a subquery as
//! a value (of these EXISTS and IN become joins, where they are conditions), one with LIMIT or OFFSET, and one that aggregates
//! all that it has (what is asked of its columns is asked of the aggregates). Of such a query, nothing that could fail around
//! it comes to its rows, and what it puts out is computed of rows that are chosen; but the rows around it, for which it runs,
//! may not be.

use pg_query::protobuf::{self as pb, SubLinkType};
use pg_query::{Node, NodeEnum};

use super::scope::Scope;
use super::strict::{Spared, both};
use super::{Analyser, At, Occurrence, Place};
use crate::engine::refusal::Refusal;

/// Whether PostgreSQL may make a query a part of the one around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merges {
    /// As its shape says, which is still to be seen.
    #[default]
    ByShape,
    Never,
    Perhaps,
}

/// How PostgreSQL runs the query that the walk is in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Running {
    /// Said of the query that is walked next.
    pub next: Merges,
    merges: Merges,
    /// What the query puts out could fail; it runs by itself.
    fails_above: bool,
    /// The first query of WITH that it reads, by its place.
    reads: Option<usize>,
}

/// What is known of the query around.
pub struct Around {
    running: Running,
    /// How many queries of WITH it knows.
    ctes: usize,
    within: bool,
    late: bool,
    in_keys: bool,
    failed: bool,
    spared: Spared,
}

impl Analyser<'_> {
    /// Whether a query in an expression may become a part of the one around it.
    pub fn merges_in_expression(&self, kind: SubLinkType) -> Merges {
        match kind {
            SubLinkType::ExprSublink | SubLinkType::ArraySublink => Merges::Never,
            // Conditions alone become joins.
            _ if self.late => Merges::Never,
            // Its LIMIT is dropped.
            SubLinkType::ExistsSublink => Merges::Perhaps,
            // A subquery in FROM, or none that is moved.
            _ => Merges::ByShape,
        }
    }

    /// The walk comes to a query that stands at `at`.
    pub fn enter_query(&mut self, s: &pb::SelectStmt, at: At) -> Around {
        let within = self.within || at.place != Place::Output;
        // What is written, or locked, is chosen in ways of its own (`writes/fence.rs`).
        let may_be_alone = within && !self.writes && s.locking_clause.is_empty();
        let next = std::mem::take(&mut self.running.next);
        let merges = if may_be_alone { next } else { Merges::Perhaps };
        Around {
            ctes: self.ctes.len(),
            running: std::mem::replace(&mut self.running, Running { merges, ..Running::default() }),
            within: std::mem::replace(&mut self.within, within),
            late: std::mem::take(&mut self.late),
            in_keys: self.leave_keys(),
            failed: std::mem::take(&mut self.may_fail),
            spared: self.spared.take(),
        }
    }

    /// Sees whether a query whose FROM was walked runs alone.
    pub fn see_shape(&mut self, s: &pb::SelectStmt, scope: &Scope<'_>) {
        if self.running.merges != Merges::ByShape {
            return;
        }
        let rest = [&s.group_clause, &s.distinct_clause, &s.window_clause];
        let plain = rest.iter().all(|c| c.is_empty()) && s.having_clause.is_none();
        let cut = s.limit_count.is_some() || s.limit_offset.is_some();
        let aggregates = |item: &Node| match &item.node {
            Some(NodeEnum::ResTarget(t)) => t.val.as_deref().is_some_and(|v| self.is_above(v, scope)),
            _ => false,
        };
        if cut || plain && s.target_list.iter().any(aggregates) {
            self.running.merges = Merges::Never;
        }
    }

    /// Whether PostgreSQL surely makes no part of another of the query that the walk is in.
    pub fn runs_alone(&self) -> bool {
        self.running.merges == Merges::Never
    }

    /// The query reads the one of WITH at this place.
    pub fn reads_cte(&mut self, at: usize) {
        self.running.reads = Some(self.running.reads.map_or(at, |first| first.min(at)));
    }

    /// Something that could fail is evaluated once rows are chosen, or before any is asked for.
    pub fn fails_once_chosen(&mut self) {
        match self.running.merges {
            Merges::Never => self.running.fails_above = true,
            Merges::ByShape | Merges::Perhaps => self.may_fail = true,
        }
    }

    /// Whether anything that could fail is met in this part of the walk, wherever it is evaluated.
    pub fn watched(&mut self, walk: impl FnOnce(&mut Self) -> Result<(), Refusal>) -> Result<bool, Refusal> {
        let before = (std::mem::take(&mut self.may_fail), std::mem::take(&mut self.running.fails_above));
        let (key_failed, spared) = (self.take_key_fails(), self.spared.take());
        let walked = walk(self);
        let fails = self.may_fail || self.running.fails_above || self.late_keys_fail() || self.spared.is_some();
        self.add_key_fails(key_failed);
        self.spared = both(self.spared.take(), spared);
        self.may_fail |= before.0;
        self.running.fails_above |= before.1;
        walked.map(|()| fails)
    }

    /// The first query of WITH that the query reads and does not have itself: one that is known around it.
    pub fn reads_around(&self, around: &Around) -> Option<usize> {
        self.running.reads.filter(|at| *at < around.ctes)
    }

    /// The query that the walk was in has ended, which began with occurrence `first`: the walk is in the one around it again.
    pub fn leave_query(&mut self, around: Around, first: usize) {
        let reads = self.reads_around(&around);
        self.ctes.truncate(around.ctes);
        let (Running { merges, fails_above, .. }, failed) = (self.running, self.may_fail);
        let spared = std::mem::replace(&mut self.spared, around.spared);
        (self.running, self.may_fail) = (around.running, around.failed);
        (self.within, self.late) = (around.within, around.late);
        self.enter_keys(around.in_keys);
        let fails = failed || fails_above;
        // PostgreSQL puts a query of WITH that is read once in the place where it is read.
        reads.into_iter().for_each(|at| self.reads_cte(at));
        if merges != Merges::Never || reads.is_some() {
            self.may_fail |= fails;
            self.spared = both(self.spared.take(), spared);
            return;
        }
        for (i, o) in self.occurrences.iter_mut().enumerate().skip(first).filter(|(_, o)| !o.alone) {
            (o.alone, o.fails) = (true, failed || spared.as_ref().is_some_and(|spared| !spared.contains(&i)));
            o.spared = spared.is_some() && !o.fails;
        }
        match (fails || spared.is_some(), self.late) {
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
