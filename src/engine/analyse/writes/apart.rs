//! What could fail beside a write's target, and yet leaves the conditions on it bare.
//!
//! PostgreSQL tests the conditions on a table in the order of their cost, on hidden rows too, and what FROM and WITH compute
//! may come to stand there: it puts a subquery's expressions in the place of its columns, and of values that are equal it
//! tests any against any. Not so of a query that it runs by itself (one with OFFSET, a function's call): out of that come
//! values, and nothing else. So where what could fail in FROM and WITH stands in such queries only, what is left on the
//! target cannot fail, and stays bare, where indexes and joins serve it; and that the row is there is tested where the
//! target is read, before it is joined with anything: whether what is apart runs at all does not depend on hidden rows.
//!
//! A subquery that a target's column is IN needs both: that PostgreSQL joins it (`convert_ANY_sublink_to_join` of its
//! planner, which [`Analyser::is_joined`] makes sure of), so that it is not run where the target is read; and that it is run
//! by itself, for which `OFFSET 0` is added, so that what it computes does not come there. (A query in FROM gets none:
//! conditions on its columns could not keep it from failing any more.)

use pg_query::protobuf::{self as pb, Token, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::super::from_function::{SCALAR_SETS, VALUE_SETS};
use super::super::scope::Scope;
use super::super::{Analyser, Replacement, names};
use crate::engine::refusal::Refusal;

/// What was found in WITH and FROM of the write that is walked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Apart {
    /// Something that could fail is in a query that is run by itself.
    failed: bool,
}

/// How PostgreSQL runs an item of FROM or a query of WITH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Maybe as a part of the query around it.
    Within,
    /// By itself.
    Alone,
    /// By itself, and it writes.
    Writing,
}

/// The query of `column IN (SELECT …)` or `column = (SELECT …)`.
#[derive(Debug, Clone, Copy)]
pub struct AskedQuery {
    /// Something in it could fail, and comparing with it could not.
    pub fails: bool,
    /// It refers to a target.
    pub refers: bool,
}

impl AskedQuery {
    /// `always`: comparing with it has an answer always.
    pub fn compared(self, always: bool) -> Self {
        Self { fails: self.fails && always, ..self }
    }
}

/// More functions that FROM scans by themselves, as those with a column of a plain type.
const SCANNED: [&str; 9] = [
    "unnest",
    "json_to_recordset",
    "jsonb_to_recordset",
    "json_to_record",
    "jsonb_to_record",
    "json_each",
    "jsonb_each",
    "json_each_text",
    "jsonb_each_text",
];

impl Analyser<'_> {
    /// Judges a FROM item or a query of WITH.
    pub fn apart<T>(&mut self, runs: Runs, judge: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let Some(around) = self.apart.filter(|_| runs != Runs::Within) else { return judge(self) };
        let before = self.may_fail;
        // What is computed before comes to the hidden rows of a write's own target too, and is not forgotten there.
        if runs == Runs::Alone {
            (self.may_fail, self.apart) = (false, None);
        }
        let judged = judge(self)?;
        let fails = std::mem::replace(&mut self.may_fail, before);
        self.apart = Some(Apart { failed: around.failed || fails });
        Ok(judged)
    }

    /// Judges a subquery in an expression. It may stand in the place of a column, and what it reads of WITH run only when it
    /// is asked.
    pub fn in_expression<T>(&mut self, judge: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let apart = self.apart.take();
        self.may_fail |= apart.is_some_and(|apart| apart.failed);
        let judged = judge(self);
        self.apart = apart;
        judged
    }

    /// Whether WITH or FROM could fail, and whether that could come to the target.
    pub fn settle_apart(&mut self) -> (bool, bool) {
        let (apart, loose) = (self.apart.take().unwrap_or_default(), self.may_fail);
        self.may_fail |= apart.failed;
        (self.may_fail, loose)
    }

    /// `OFFSET 0` at the end of the query whose parenthesis is the token `open`, in text and tree.
    pub fn set_apart(&mut self, query: Option<&mut Node>, open: usize) -> bool {
        let Some(NodeEnum::SelectStmt(s)) = query.and_then(|q| q.node.as_mut()) else { return false };
        let end = self.tokens().list.get(self.clause_end(open + 1, &[])).filter(|t| t.kind == Token::Ascii41);
        let (Some(end), false) = (end.map(|t| t.start), runs_alone(s)) else { return false };
        self.edit(end, end, Replacement::Text(" OFFSET 0".to_owned()));
        let zero = pb::AConst { isnull: false, location: -1, val: Some(Val::Ival(pb::Integer { ival: 0 })) };
        s.limit_offset = Some(Box::new(Node { node: Some(NodeEnum::AConst(zero)) }));
        s.limit_option = pb::LimitOption::Count as i32;
        true
    }

    /// How a function in FROM is run: PostgreSQL scans these, and puts nothing in their place.
    pub fn runs_function(&self, f: &pb::RangeFunction, scope: &Scope<'_>) -> Runs {
        let scanned = |call: &Node| match &call.node {
            Some(NodeEnum::FuncCall(f)) => self.built_in_name(f, scope).is_some_and(|name| {
                SCANNED.contains(&name) || SCALAR_SETS.contains(&name) || VALUE_SETS.contains(&name)
            }),
            _ => false,
        };
        let alone = f.functions.iter().all(|item| match &item.node {
            Some(NodeEnum::List(list)) => list.items.first().is_some_and(scanned),
            _ => false,
        });
        if alone { Runs::Alone } else { Runs::Within }
    }

    /// The parenthesis of the subquery of `… IN (query)` or `… = ANY (query)`.
    pub fn query_of_membership(&self, s: &pb::SubLink) -> Option<usize> {
        let tokens = self.tokens();
        let at = tokens.at(usize::try_from(s.location).ok()?)?;
        let open = match (tokens.kind(at)?, tokens.kind(at + 1)?) {
            (Token::InP, _) => at + 1,
            (_, Token::Any | Token::Some) => at + 2,
            _ => return None,
        };
        (tokens.kind(open) == Some(Token::Ascii40)).then_some(open)
    }
}

/// Whether PostgreSQL never makes a subquery a part of the one around it (`is_simple_subquery` of its planner). A lock does not
/// count: it is one only where it finds a table to lock, not a function, VALUES or WITH (`applyLockingClause`).
fn runs_alone(s: &pb::SelectStmt) -> bool {
    let plain = |key: &Node| !matches!(key.node, Some(NodeEnum::GroupingSet(_)));
    s.limit_count.is_some()
        || s.limit_offset.is_some()
        || s.with_clause.is_some()
        || !s.distinct_clause.is_empty()
        || s.group_clause.iter().any(plain)
        || s.values_lists.len() > 1
}

/// How a query in FROM is run.
pub fn runs_in_from(query: Option<&Node>) -> Runs {
    match query.and_then(|q| q.node.as_ref()) {
        Some(NodeEnum::SelectStmt(s)) if runs_alone(s) => Runs::Alone,
        _ => Runs::Within,
    }
}

/// How a query of WITH is run (`SS_process_ctes` of PostgreSQL's planner).
pub fn runs_in_with(cte: &pb::CommonTableExpr) -> Runs {
    let query = cte.ctequery.as_deref();
    match query.and_then(|q| q.node.as_ref()) {
        Some(NodeEnum::SelectStmt(_)) if cte.ctematerialized() == pb::CteMaterialize::Always => Runs::Alone,
        Some(NodeEnum::SelectStmt(_)) | None => runs_in_from(query),
        Some(_) => Runs::Writing,
    }
}

/// Whether a subquery may be in an expression.
pub fn holds_query(node: &Node) -> bool {
    let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(holds_query);
    match &node.node {
        Some(NodeEnum::ColumnRef(_) | NodeEnum::AConst(_) | NodeEnum::ParamRef(_) | NodeEnum::SqlvalueFunction(_)) => {
            false
        }
        Some(NodeEnum::AExpr(e)) => part(&e.lexpr) || part(&e.rexpr),
        Some(NodeEnum::BoolExpr(b)) => b.args.iter().any(holds_query),
        Some(NodeEnum::NullTest(t)) => part(&t.arg),
        Some(NodeEnum::BooleanTest(t)) => part(&t.arg),
        Some(NodeEnum::TypeCast(c)) => part(&c.arg),
        Some(NodeEnum::CollateClause(c)) => part(&c.arg),
        Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().any(holds_query),
        Some(NodeEnum::RowExpr(r)) => r.args.iter().any(holds_query),
        Some(NodeEnum::AArrayExpr(a)) => a.elements.iter().any(holds_query),
        Some(NodeEnum::List(l)) => l.items.iter().any(holds_query),
        Some(NodeEnum::FuncCall(f)) => !names(&f.funcname).is_empty() && f.args.iter().any(holds_query),
        _ => true,
    }
}
