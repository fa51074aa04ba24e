//! UPDATE and DELETE: only rows that are there.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::{Columns, Item, Scope};
use super::super::{Analyser, At};
use super::checked::Tests;
use super::derive::Flow;
use super::fence::Fallible;
use super::target::{Protected, Reach, Target};
use super::{Aim, Moment, What};
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    pub fn update(&mut self, s: &mut pb::UpdateStmt, at: At) -> Result<Columns, Refusal> {
        let pb::UpdateStmt { relation, target_list, where_clause, from_clause, returning_clause, with_clause } = s;
        self.chooses_with(with_clause.as_mut())?;
        let target = self.write_target(named(relation)?, &[Right::Update], Reach::Reads)?;
        self.chooses(&target);
        let items = self.items(&target, from_clause)?;
        let scope = Scope { items: &items, parent: None };
        let fails = self.settle_apart();
        let mut fallible = self.chosen(&target, where_clause, &scope, fails)?;
        let clear = self.assignments(&target, target_list, &scope, &[])?;
        let elsewhere = self.drawn.elsewhere;
        let set = target.protected().map(|p| self.set_list(p.after));
        self.check_assigned(&target, target_list, &scope, set)?;
        let (conditions, checked) = self.fence_views(&target, &mut fallible)?;
        self.reach_only(&target, where_clause, conditions, clear, &fallible)?;
        // Of what FROM and WITH show, nothing comes into values that read none of it.
        if elsewhere || target.protected().is_none() || self.reads_derived {
            self.check_flow(&target, Flow::Values)?;
        }
        let tests = self.check_option(&target, &checked, Moment::Tested)?;
        self.returning(returning_clause, &scope, at, Moment::New, tests)
    }

    pub fn delete(&mut self, s: &mut pb::DeleteStmt, at: At) -> Result<Columns, Refusal> {
        let pb::DeleteStmt { relation, using_clause, where_clause, returning_clause, with_clause } = s;
        self.chooses_with(with_clause.as_mut())?;
        let target = self.write_target(named(relation)?, &[Right::Delete], Reach::Reads)?;
        self.chooses(&target);
        let items = self.items(&target, using_clause)?;
        let scope = Scope { items: &items, parent: None };
        let fails = self.settle_apart();
        let mut fallible = self.chosen(&target, where_clause, &scope, fails)?;
        self.releases(&target)?;
        self.takes_choices(&target)?;
        let (conditions, _) = self.fence_views(&target, &mut fallible)?;
        self.reach_only(&target, where_clause, conditions, Vec::new(), &fallible)?;
        // Which rows of an open table are gone can be read by everybody.
        if target.protected().is_none() {
            self.check_flow(&target, Flow::Values)?;
        }
        if let Some(p) = target.protected() {
            (0..p.relation.columns.len()).for_each(|i| self.note_written(p.occurrence, i));
        }
        self.returning(returning_clause, &scope, at, Moment::Deleted, Tests::default())
    }

    /// The target and what FROM or USING adds to it.
    fn items(&mut self, target: &Target<'e>, more: &mut [Node]) -> Result<Vec<Item>, Refusal> {
        let mut items = vec![target.item.clone()];
        // FROM does not see the target.
        items.extend(self.from_clause(more, &Scope::EMPTY)?);
        let name = items.first().and_then(|i| i.alias.clone());
        if target.protected().is_some() && items.iter().skip(1).any(|i| i.qualified && i.alias == name) {
            return Err(refusal::duplicate_alias(name.as_deref().unwrap_or_default()));
        }
        Ok(items)
    }

    fn chosen(
        &mut self,
        target: &Target<'e>,
        condition: &mut Option<Box<Node>>,
        scope: &Scope<'_>,
        (before, loose): (bool, bool),
    ) -> Result<Fallible, Refusal> {
        let nothing = Fallible { before, loose, ..Fallible::default() };
        let Some(condition) = condition else { return Ok(nothing) };
        if let Some(NodeEnum::CurrentOfExpr(_)) = &condition.node {
            return match target.protected() {
                None => Ok(nothing),
                Some(_) => {
                    let why = "a cursor's position is in the stored table";
                    Err(refusal::not_supported("WHERE CURRENT OF on a protected table", why))
                }
            };
        }
        self.copy_conjuncts(condition, scope);
        self.fallible(target, condition, scope, (before, loose))
    }

    /// Adds to WHERE what is in `conditions`, that the row is there, and clear where it is assigned.
    fn reach_only(
        &mut self,
        target: &Target<'e>,
        condition: &mut Option<Box<Node>>,
        mut conditions: Vec<usize>,
        clear: Vec<usize>,
        fallible: &Fallible,
    ) -> Result<(), Refusal> {
        let Some(p) = target.protected() else { return Ok(()) };
        let moves = std::mem::take(&mut self.moves);
        let fallible = &self.queue_beside(p, fallible, !clear.is_empty() || moves);
        conditions.extend(self.fence_from(p, fallible));
        if limits(p, &clear) || moves {
            if let Some(o) = self.occurrences.get_mut(p.occurrence) {
                o.clear.clone_from(&clear);
            }
            conditions.push(self.pend(p.occurrence, What::Reached { clear, moves }));
        }
        let fenced = match condition {
            Some(condition) => {
                let from = self.clause_end(p.after, &[Token::Where]) + 1;
                let span = (from, self.clause_end(from, &[Token::Returning]));
                self.fence(p, condition, span, fallible)?
            }
            None => false,
        };
        self.add_conditions(p.after, condition, &conditions, fenced)
    }
}

/// Whether there is a condition at all under which rows are out of reach.
pub fn limits(p: &Protected<'_>, clear: &[usize]) -> bool {
    !clear.is_empty() || (p.aim == Aim::Rows && !p.visible.rows.is_empty())
}

pub fn named(relation: &mut Option<pb::RangeVar>) -> Result<&mut pb::RangeVar, Refusal> {
    relation.as_mut().ok_or_else(|| refusal::not_supported("a write", "it names no table"))
}
