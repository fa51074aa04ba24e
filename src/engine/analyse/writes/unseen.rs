//! `target.column = column` where something could fail: of a subquery's column PostgreSQL expects nothing in particular, and
//! no statistics of hidden rows, of how many have a value, decide about its plan.

use pg_query::protobuf::{self as pb, Token};
use pg_query::{Node, NodeEnum};

use super::super::{Analyser, Replacement, injection_of, names};
use super::fence::{Fallible, Part, is_and};
use super::target::Protected;
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// `target.column = (SELECT column)`. Returns whether there was such a conjunct.
    pub fn join_unseen(
        &mut self,
        p: &Protected<'e>,
        condition: &mut Node,
        fallible: &Fallible,
    ) -> Result<bool, Refusal> {
        let parts: Vec<&mut Node> = match &mut condition.node {
            Some(NodeEnum::BoolExpr(b)) if is_and(b) => b.args.iter_mut().collect(),
            _ => vec![condition],
        };
        let joins = parts.into_iter().zip(&fallible.parts).filter(|(_, part)| **part == Part::Joins);
        let joins: Vec<&mut Node> = joins.map(|(part, _)| part).filter(|part| !self.joins_by_key(p, part)).collect();
        let any = !joins.is_empty();
        for column in joins.into_iter().filter_map(joined_with_mut) {
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
        Ok(any)
    }

    /// Of a column that no two rows share a value of, statistics tell nothing.
    fn joins_by_key(&self, p: &Protected<'e>, part: &Node) -> bool {
        let Some(NodeEnum::AExpr(e)) = &part.node else { return false };
        [&e.lexpr, &e.rexpr].into_iter().any(|side| self.is_sole_column(p, side.as_deref()))
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
}

/// The column that one of the target is compared with, in a condition that was walked: `target.column = column`.
pub fn joined_with(part: &Node) -> Option<&Node> {
    let Some(NodeEnum::AExpr(e)) = &part.node else { return None };
    let (left, right) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
    let plain = e.kind() == pb::AExprKind::AexprOp && names(&e.name) == ["="];
    let is_target = |n: &Node| injection_of(n).is_some();
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
