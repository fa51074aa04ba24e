//! A write's target cannot stand behind a fence (`fallible.rs`). So what could fail in the conditions of a write is tested
//! where the row is there only: `CASE WHEN <the row is there> THEN (…) END`.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::scope::Scope;
use super::super::{Analyser, At, Replacement, names, placeholder};
use super::target::{Protected, Target};
use super::view::Added;
use super::{Aim, What};
use crate::engine::refusal::{self, Refusal};

/// Which parts of a condition could fail.
#[derive(Debug, Clone, Default)]
pub struct Fallible {
    /// Something before it could: FROM, WITH.
    pub before: bool,
    /// Each conjunct, or the whole.
    pub parts: Vec<Part>,
}

/// What a conjunct of a write's condition does, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Fails,
    /// It cannot fail. But how many rows PostgreSQL expects it to find, it takes from statistics of hidden rows too, and its
    /// plan decides whether others fail. What compares with constants has a copy that serves indexes (`copies.rs`).
    Expected,
    /// The same of `target.column = column`. Of a subquery's column it expects nothing in particular.
    Joins,
    /// It cannot fail, and holds a query.
    Total,
}

impl<'e> Analyser<'e> {
    /// Judges a condition of a write, conjunct by conjunct.
    pub fn fallible(&mut self, condition: &mut Node, scope: &Scope<'_>) -> Result<Fallible, Refusal> {
        let before = self.may_fail;
        let mut parts = Vec::new();
        let mut judge = |a: &mut Self, part: &mut Node| {
            a.may_fail = false;
            a.expr(part, scope, At::CONDITION)?;
            parts.push(match a.may_fail {
                true => Part::Fails,
                false if joined_with(part).is_some() => Part::Joins,
                false if holds_no_query(part) => Part::Expected,
                false => Part::Total,
            });
            Ok(())
        };
        match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) => {
                b.args.iter_mut().try_for_each(|part| judge(self, part))?;
            }
            _ => judge(self, condition)?,
        }
        self.may_fail = before || parts.contains(&Part::Fails);
        Ok(Fallible { before, parts })
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
        let any = fallible.before || fallible.parts.contains(&Part::Fails);
        let fails = |i: usize| match fallible.parts.get(i) {
            Some(Part::Fails) => true,
            Some(Part::Expected) => any,
            Some(Part::Joins | Part::Total) | None => fallible.before,
        };
        if any && !fallible.before && hides_rows(p) {
            self.join_unseen(condition, fallible)?;
        }
        if !hides_rows(p) || !(0..fallible.parts.len()).any(fails) {
            return Ok(false);
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

    /// `target.column = (SELECT column)`.
    fn join_unseen(&mut self, condition: &mut Node, fallible: &Fallible) -> Result<(), Refusal> {
        let parts: Vec<&mut Node> = match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) => b.args.iter_mut().collect(),
            _ => vec![condition],
        };
        let joins = parts.into_iter().zip(&fallible.parts).filter(|(_, part)| **part == Part::Joins);
        for column in joins.filter_map(|(part, _)| joined_with_mut(part)) {
            let (start, end) = self.span_of_column(column)?;
            self.edit(start, start, Replacement::Text("(SELECT ".to_owned()));
            self.edit(end, end, Replacement::Text(")".to_owned()));
            let value = pb::ResTarget {
                val: Some(Box::new(Node { node: column.node.take() })),
                location: -1,
                ..pb::ResTarget::default()
            };
            let select = pb::SelectStmt {
                target_list: vec![Node { node: Some(NodeEnum::ResTarget(Box::new(value))) }],
                limit_option: pb::LimitOption::Default as i32,
                op: pb::SetOperation::SetopNone as i32,
                ..pb::SelectStmt::default()
            };
            let query = pb::SubLink {
                sub_link_type: pb::SubLinkType::ExprSublink as i32,
                subselect: Some(Box::new(Node { node: Some(NodeEnum::SelectStmt(Box::new(select))) })),
                location: -1,
                ..pb::SubLink::default()
            };
            column.node = Some(NodeEnum::SubLink(Box::new(query)));
        }
        Ok(())
    }

    /// Byte range of a column's reference: names, with dots between them.
    fn span_of_column(&self, column: &Node) -> Result<(usize, usize), Refusal> {
        let at = match &column.node {
            Some(NodeEnum::ColumnRef(c)) => usize::try_from(c.location).ok().and_then(|at| self.tokens().at(at)),
            _ => None,
        };
        let first = at.ok_or_else(|| refusal::not_faithful("a column was not found in the text"))?;
        let mut last = first;
        while self.tokens().kind(last + 1) == Some(Token::Ascii46) {
            last += 2;
        }
        self.token_span(first, last + 1)
    }

    /// What FROM computes runs for each row that gets there, whatever the conditions say: a row that is not there is
    /// dropped before.
    pub fn fence_from(&mut self, p: &Protected<'e>, fallible: &Fallible) -> Option<usize> {
        (fallible.before && hides_rows(p)).then(|| self.pend(p.occurrence, What::There))
    }

    /// The conditions of the views that a write goes through stand in no text of the client's: nothing of them can be put
    /// behind a test.
    pub fn sound_view_conditions(&mut self, target: &Target<'e>) -> Result<Added, Refusal> {
        let before = std::mem::replace(&mut self.may_fail, false);
        let added = self.view_conditions(target)?;
        if self.may_fail && target.protected().is_some_and(hides_rows) {
            let why = "its condition computes something that could fail on rows that are not there: write to its table";
            return Err(refusal::not_supported("a write through this view", why));
        }
        self.may_fail |= before;
        Ok(added)
    }

    /// `CASE WHEN <the row is there> THEN (part) END`, in text and tree.
    fn where_there(&mut self, p: &Protected<'e>, part: &mut Node, from: usize, to: usize) -> Result<(), Refusal> {
        let there = self.pend(p.occurrence, What::There);
        let (start, end) = self.token_span(from, to)?;
        self.edit(start, start, Replacement::Text("CASE WHEN ".to_owned()));
        self.edit(start, start, Replacement::Injected(there, " THEN (".to_owned()));
        self.edit(end, end, Replacement::Text(") END".to_owned()));
        let when = pb::CaseWhen {
            expr: Some(Box::new(Node { node: Some(placeholder(there)) })),
            result: Some(Box::new(Node { node: part.node.take() })),
            location: -1,
            ..pb::CaseWhen::default()
        };
        let when = Node { node: Some(NodeEnum::CaseWhen(Box::new(when))) };
        let case = pb::CaseExpr { args: vec![when], location: -1, ..pb::CaseExpr::default() };
        part.node = Some(NodeEnum::CaseExpr(Box::new(case)));
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
fn hides_rows(p: &Protected<'_>) -> bool {
    p.aim == Aim::Rows && !p.visible.rows.is_empty()
}

fn is_and(b: &pb::BoolExpr) -> bool {
    b.boolop() == pb::BoolExprType::AndExpr
}

/// The column that one of the target is compared with, in a condition that was walked: `target.column = column`.
fn joined_with(part: &Node) -> Option<&Node> {
    let Some(NodeEnum::AExpr(e)) = &part.node else { return None };
    let (left, right) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
    let plain = e.kind() == pb::AExprKind::AexprOp && names(&e.name) == ["="];
    let is_target = |n: &Node| matches!(&n.node, Some(NodeEnum::ParamRef(p)) if p.number < 0);
    let is_column = |n: &Node| matches!(&n.node, Some(NodeEnum::ColumnRef(_)));
    match plain {
        true if is_target(left) && is_column(right) => Some(right),
        true if is_column(left) && is_target(right) => Some(left),
        _ => None,
    }
}

fn joined_with_mut(part: &mut Node) -> Option<&mut Node> {
    joined_with(part)?;
    let Some(NodeEnum::AExpr(e)) = &mut part.node else { return None };
    let is_column = |n: &&mut Node| matches!(&n.node, Some(NodeEnum::ColumnRef(_)));
    [e.lexpr.as_deref_mut()?, e.rexpr.as_deref_mut()?].into_iter().find(is_column)
}

/// Whether surely no query is in a condition.
fn holds_no_query(node: &Node) -> bool {
    let part = |n: &Option<Box<Node>>| n.as_deref().is_none_or(holds_no_query);
    match &node.node {
        Some(NodeEnum::ColumnRef(_) | NodeEnum::AConst(_) | NodeEnum::ParamRef(_) | NodeEnum::SqlvalueFunction(_)) => {
            true
        }
        Some(NodeEnum::AExpr(e)) => part(&e.lexpr) && part(&e.rexpr),
        Some(NodeEnum::BoolExpr(b)) => b.args.iter().all(holds_no_query),
        Some(NodeEnum::NullTest(t)) => part(&t.arg),
        Some(NodeEnum::BooleanTest(t)) => part(&t.arg),
        Some(NodeEnum::TypeCast(c)) => part(&c.arg),
        Some(NodeEnum::CollateClause(c)) => part(&c.arg),
        Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().all(holds_no_query),
        Some(NodeEnum::AArrayExpr(a)) => a.elements.iter().all(holds_no_query),
        Some(NodeEnum::RowExpr(r)) => r.args.iter().all(holds_no_query),
        Some(NodeEnum::List(l)) => l.items.iter().all(holds_no_query),
        Some(NodeEnum::FuncCall(f)) => f.args.iter().all(holds_no_query),
        _ => false,
    }
}
