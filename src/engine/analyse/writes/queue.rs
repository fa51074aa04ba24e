//! `WHERE id = (SELECT id FROM the same table … LIMIT 1 FOR UPDATE SKIP LOCKED)`: the next entry of a queue.
//!
//! Others can see the lock. PostgreSQL runs such a subquery once, when it is first asked for its value: when a row of the
//! target gets there, a hidden one too, or when it looks the value up in an index. But it reads what the target shows,
//! nothing in it could fail, and it refers to nothing of the row that asks: where no row of the target is there, it does
//! nothing, and where one is, that row gets there as well, if nothing else chooses before that the row is there. So such a
//! conjunct stays bare, where an index serves it, and all others stand behind the test.

use pg_query::protobuf as pb;
use pg_query::{Node, NodeEnum};

use super::super::fallible::is_one;
use super::super::{Analyser, Part as Injected, injection_of};
use super::apart::{AskedQuery, holds_query};
use super::fence::{Fallible, Part, hides_rows};
use super::target::{Protected, Target};

impl<'e> Analyser<'e> {
    /// Whether a conjunct that was not walked yet has the form of a queue's.
    pub fn may_be_queue(&self, target: &Target<'e>, part: &Node) -> bool {
        let hides = target.protected().is_some_and(|p| hides_rows(p) && p.through.is_none());
        hides && queried(part).is_some_and(is_queue)
    }

    /// Whether the subquery of one that was walked reads the target's table, as much of it as the target is, and nothing of
    /// the row that is tested.
    pub fn is_queue_of(&self, target: &Target<'e>, part: &Node) -> bool {
        if !matches!(self.last_query, Some(AskedQuery { refers: false, .. })) {
            return false;
        }
        let reads = |s: &pb::SelectStmt| match s.from_clause.as_slice() {
            [item] => match injection_of(item).and_then(|i| self.injections.get(i)).map(|i| &i.part) {
                Some(Injected::Guard(occurrence)) => self.occurrences.get(*occurrence),
                _ => None,
            },
            _ => None,
        };
        let own = target.protected().and_then(|p| self.occurrences.get(p.occurrence));
        match (queried(part).and_then(reads), own) {
            (Some(read), Some(own)) => {
                (read.relation, read.only, read.protected_by) == (own.relation, own.only, own.protected_by)
            }
            _ => false,
        }
    }

    /// A queue's conjunct stays alone: nothing else of the statement decides whether it is tested.
    pub fn queue_alone(&mut self, target: &Target<'e>, fallible: &mut Fallible, items: usize) {
        let queues = fallible.parts.iter().filter(|part| **part == Part::Queue).count();
        if queues == 0 {
            return;
        }
        if queues > 1 || fallible.before || items > 1 {
            self.no_queue(fallible);
            return;
        }
        if fallible.parts.len() > 1
            && let Some(p) = target.protected()
            && let Some(o) = self.occurrences.get_mut(p.occurrence)
        {
            // They would stand bare beside it.
            o.inside.clear();
            fallible.parts.iter_mut().filter(|part| **part != Part::Queue).for_each(|part| *part = Part::Fails);
        }
    }

    /// Its lock counts as what could fail, after all.
    pub fn no_queue(&mut self, fallible: &mut Fallible) {
        for part in fallible.parts.iter_mut().filter(|part| **part == Part::Queue) {
            *part = Part::Fails;
            self.may_fail = true;
        }
    }

    /// What else must be true of a row that is reached, decides too.
    pub fn queue_beside(&mut self, p: &Protected<'e>, fallible: &Fallible, more: bool) -> Fallible {
        let mut fallible = fallible.clone();
        if more || p.through.is_some() {
            self.no_queue(&mut fallible);
        }
        fallible
    }
}

/// The subquery of `column = (SELECT …)`.
fn queried(part: &Node) -> Option<&pb::SelectStmt> {
    let Some(NodeEnum::AExpr(e)) = &part.node else { return None };
    let Some(NodeEnum::SubLink(s)) = e.rexpr.as_deref().and_then(|right| right.node.as_ref()) else { return None };
    match s.subselect.as_deref().and_then(|query| query.node.as_ref()) {
        Some(NodeEnum::SelectStmt(s)) => Some(s),
        _ => None,
    }
}

fn is_queue(s: &pb::SelectStmt) -> bool {
    let rest = [&s.group_clause, &s.distinct_clause, &s.window_clause, &s.values_lists];
    let bare = match s.target_list.as_slice() {
        [Node { node: Some(NodeEnum::ResTarget(t)) }] => {
            matches!(t.val.as_deref().and_then(|v| v.node.as_ref()), Some(NodeEnum::ColumnRef(_)))
        }
        _ => false,
    };
    let sorts = s.sort_clause.iter().all(|key| match &key.node {
        Some(NodeEnum::SortBy(by)) => by.node.as_deref().is_some_and(|key| !holds_query(key)),
        _ => false,
    });
    bare && sorts
        && !s.locking_clause.is_empty()
        && s.op() == pb::SetOperation::SetopNone
        && s.with_clause.is_none()
        && s.having_clause.is_none()
        && s.limit_offset.is_none()
        && s.limit_option() != pb::LimitOption::WithTies
        && s.limit_count.as_deref().and_then(|n| n.node.as_ref()).is_some_and(is_one)
        && rest.iter().all(|clause| clause.is_empty())
        && s.where_clause.as_deref().is_none_or(|condition| !holds_query(condition))
        && matches!(s.from_clause.as_slice(), [Node { node: Some(NodeEnum::RangeVar(_) | NodeEnum::ParamRef(_)) }])
}
