//! A write's target cannot stand behind a fence (`fallible.rs`). So what could fail in the conditions of a write is tested
//! where the row is there only: `CASE WHEN <the row is there> THEN (…) END`.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::Scope;
use super::super::{Analyser, At, Part as Injected, Replacement, injection_of, ours, placeholder};
use super::apart::{AskedQuery, Runs, holds_query, runs_in_from};
use super::target::{Protected, Target};
use super::unseen::joined_with;
use super::view::{Checked, Conditions};
use super::{Aim, What};
use crate::engine::refusal::{self, Refusal};
use crate::engine::visible::CellKind;

/// What of a write could fail while its target's rows are chosen.
#[derive(Debug, Clone, Default)]
pub struct Fallible {
    /// Something before the condition could: FROM, WITH.
    pub before: bool,
    /// What could there may come to where the target is read (`apart.rs`).
    pub loose: bool,
    /// Each conjunct, or the whole.
    pub parts: Vec<Part>,
    /// The conditions of the views that it goes through.
    pub views: Vec<Part>,
}

/// How a conjunct could fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Not at all. But how many rows PostgreSQL expects it to find, it takes from statistics of hidden rows too, and its plan
    /// decides whether others fail. What compares with constants has a copy that serves indexes (`copies.rs`).
    Expected,
    /// The same of `target.column = column`, which PostgreSQL can be kept from expecting anything of (`unseen.rs`).
    Joins,
    /// Not by itself. But it holds a subquery, which PostgreSQL may run row by row, and so all that this reads of WITH.
    Query,
    /// In a subquery that is set apart, and that PostgreSQL joins with the target, as if it stood in FROM.
    Joined,
    /// Not at all, but others can see that it was tested (`queue.rs`).
    Queue,
    Fails,
}

impl Fallible {
    /// Whether anything could.
    fn any(&self) -> bool {
        let mut parts = self.parts.iter().chain(&self.views);
        self.before || parts.any(|part| matches!(part, Part::Fails | Part::Joined))
    }

    /// Whether a part must not be tested before the row is known to be there.
    fn fences(&self, part: Part) -> bool {
        match part {
            Part::Fails => true,
            Part::Expected => self.any(),
            Part::Query => self.before,
            Part::Joins | Part::Joined => self.loose,
            Part::Queue => false,
        }
    }
}

impl Part {
    /// A condition that was walked, and cannot fail by itself.
    pub fn of_what_cannot(condition: &Node) -> Self {
        if holds_query(condition) { Self::Query } else { Self::Expected }
    }
}

impl<'e> Analyser<'e> {
    /// Judges a condition of a write, conjunct by conjunct.
    pub fn fallible(
        &mut self,
        target: &Target<'e>,
        condition: &mut Node,
        scope: &Scope<'_>,
        (before, loose): (bool, bool),
    ) -> Result<Fallible, Refusal> {
        let mut parts = Vec::new();
        let mut judge = |a: &mut Self, part: &mut Node| {
            a.may_fail = false;
            a.last_query = None;
            a.spares_lock = a.may_be_queue(target, part);
            let may_be_queue = a.spares_lock;
            a.expr(part, scope, At::CONDITION)?;
            let queue = may_be_queue && !std::mem::take(&mut a.spares_lock);
            a.may_fail |= queue && !a.is_queue_of(target, part);
            let joined = a.may_fail && a.is_joined(target, part, scope);
            parts.push(match a.may_fail {
                true if joined => Part::Joined,
                true => Part::Fails,
                false if queue => Part::Queue,
                false if joined_with(part).is_some() => Part::Joins,
                false => Part::of_what_cannot(part),
            });
            Ok(())
        };
        match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) => {
                b.args.iter_mut().try_for_each(|part| judge(self, part))?;
            }
            _ => judge(self, condition)?,
        }
        self.may_fail = before || parts.iter().any(|part| matches!(part, Part::Joined | Part::Fails));
        let mut fallible = Fallible { before, loose, parts, views: Vec::new() };
        self.queue_alone(target, &mut fallible, scope.items.len());
        Ok(fallible)
    }

    /// Whether a conjunct that was walked could fail in a subquery only that PostgreSQL joins with the target: where the
    /// column that it compares is the target's, stored, and the subquery reads nothing of what is around it. Such a subquery
    /// is set apart.
    pub fn is_joined(&mut self, target: &Target<'e>, part: &mut Node, scope: &Scope<'_>) -> bool {
        let Some(p) = target.protected().filter(|p| hides_rows(p)) else { return false };
        let (Some(AskedQuery { fails: true, refers: false }), Some(NodeEnum::SubLink(s))) =
            (self.last_query, &mut part.node)
        else {
            return false;
        };
        // MERGE joins its target otherwise; what a subquery has of FROM would keep it where it is; VALUES may become an
        // array (`convert_VALUES_to_ANY`, from PostgreSQL 18 on).
        let alone = matches!(scope.items, [_]) && s.sub_link_type() == pb::SubLinkType::AnySublink;
        if !alone || is_values(s.subselect.as_deref()) || !self.is_sole_column(p, s.testexpr.as_deref()) {
            return false;
        }
        let Some(open) = self.query_of_membership(s) else { return false };
        runs_in_from(s.subselect.as_deref()) == Runs::Alone || self.set_apart(s.subselect.as_deref_mut(), open)
    }

    /// Whether a reference that was walked is a column of the target that is shown as stored (a constant mask would leave
    /// nothing to join), no two rows of which share a value (or statistics would tell how many do).
    pub fn is_sole_column(&self, p: &Protected<'e>, reference: Option<&Node>) -> bool {
        let injection = reference.and_then(injection_of);
        let mut pending =
            self.pending.iter().filter(|r| Some(r.injection) == injection && r.occurrence == p.occurrence);
        let Some(What::Column(column)) = pending.next().map(|r| &r.what) else { return false };
        let clear = p.visible.cells.get(column.index).is_some_and(|cell| matches!(cell.kind, CellKind::Clear));
        let name = p.relation.columns.get(column.index).map(|c| c.name.as_str());
        clear && name.is_some_and(|name| self.engine.catalog.is_sole(p.relation, name))
    }

    /// Puts what could fail of `condition`, whose text is that of the tokens `from..to`, behind the test that the target's
    /// row is there: then all of it is a chain of AND. Returns whether anything was.
    pub fn fence(
        &mut self,
        p: &Protected<'e>,
        condition: &mut Node,
        (from, to): (usize, usize),
        fallible: &Fallible,
    ) -> Result<bool, Refusal> {
        let fails = |i: usize| fallible.parts.get(i).is_some_and(|part| fallible.fences(*part));
        let joined = fallible.any() && !fallible.loose && hides_rows(p) && self.join_unseen(p, condition, fallible)?;
        if !hides_rows(p) || !(0..fallible.parts.len()).any(fails) {
            return Ok(joined);
        }
        let spans = self.conjuncts(from, to);
        match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) && spans.len() == b.args.len() => {
                let parts = b.args.iter_mut().zip(spans).enumerate().filter(|(i, _)| fails(*i));
                for (_, (part, (from, to))) in parts {
                    self.where_there(p, part, from, to)?;
                }
            }
            _ => self.where_there(p, condition, from, to)?,
        }
        Ok(true)
    }

    /// What FROM computes, or a subquery that is joined, runs for each row that gets there, whatever the conditions say: a
    /// row that is not there is dropped before.
    pub fn fence_from(&mut self, p: &Protected<'e>, fallible: &Fallible) -> Option<usize> {
        let joins = fallible.before || fallible.parts.contains(&Part::Joined);
        (joins && hides_rows(p)).then(|| self.pend(p.occurrence, What::There))
    }

    /// Judges the conditions of the views that a write goes through, and puts those behind the test that the row is there which
    /// must not come before it. Their injections; and which of them new rows must meet.
    pub fn fence_views(
        &mut self,
        target: &Target<'e>,
        fallible: &mut Fallible,
    ) -> Result<(Vec<usize>, Vec<Checked>), Refusal> {
        let Conditions { all, checked } = self.view_conditions(target)?;
        fallible.views = all.iter().map(|(_, _, part)| *part).collect();
        let mut injections = Vec::with_capacity(all.len());
        for (source, mut tree, part) in all {
            if let Some(p) = target.protected().filter(|p| hides_rows(p) && fallible.fences(part)) {
                let outside = std::mem::replace(&mut self.source, source);
                // Behind SELECT.
                let fenced = self.where_there(p, &mut tree, 1, self.tokens().list.len());
                self.source = outside;
                fenced?;
            }
            injections.push(self.inject(Injected::Condition { source, tree: Box::new(tree) }, None, false));
        }
        Ok((injections, checked))
    }

    /// `CASE WHEN <the row is there> THEN (part) END`, in text and tree.
    fn where_there(&mut self, p: &Protected<'e>, part: &mut Node, from: usize, to: usize) -> Result<(), Refusal> {
        let there = self.pend(p.occurrence, What::There);
        let (start, end) = self.token_span(from, to)?;
        self.edit(start, start, Replacement::Text("CASE WHEN ".to_owned()));
        self.edit(start, start, Replacement::Injected(there, " THEN (".to_owned()));
        self.edit(end, end, Replacement::Text(") END".to_owned()));
        let then = part.node.take().ok_or_else(|| refusal::not_faithful("a condition is gone"))?;
        part.node = Some(ours::filled("CASE WHEN $1 THEN $2 END", [placeholder(there), then])?);
        Ok(())
    }

    /// The tokens `from..to` between the ANDs of the outermost level, other than those of BETWEEN.
    fn conjuncts(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let (mut all, mut start, mut cases, mut between) = (Vec::new(), from, 0_usize, false);
        let mut at = from;
        let stops = [Token::And, Token::Between, Token::Case, Token::EndP];
        loop {
            at = self.clause_end(at, &stops);
            if at >= to {
                all.push((start, to));
                return all;
            }
            match self.tokens().kind(at) {
                Some(Token::Case) => cases += 1,
                Some(Token::EndP) => cases = cases.saturating_sub(1),
                Some(Token::Between) if cases == 0 => between = true,
                Some(Token::And) if cases == 0 && between => between = false,
                Some(Token::And) if cases == 0 => {
                    all.push((start, at));
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// Whether some rows of the target are not there.
pub fn hides_rows(p: &Protected<'_>) -> bool {
    p.aim == Aim::Rows && !p.visible.rows.is_empty()
}

fn is_values(query: Option<&Node>) -> bool {
    matches!(query.and_then(|q| q.node.as_ref()), Some(NodeEnum::SelectStmt(s)) if !s.values_lists.is_empty())
}

pub fn is_and(b: &pb::BoolExpr) -> bool {
    b.boolop() == pb::BoolExprType::AndExpr
}
