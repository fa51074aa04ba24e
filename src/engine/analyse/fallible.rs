//! What could raise an error, or do something, while it is evaluated.
//!
//! PostgreSQL tests the conditions of a query in whatever order it finds cheap, and a hidden row takes part in it until its
//! row filter was tested. The comparisons that are let on stored values (`compare.rs`) tell nothing themselves; but they
//! decide which rows get to an expression that can fail, and its error, or the lack of one, then tells how they ended. So
//! a statement that holds such an expression where rows are still chosen reads its visible tables behind a fence
//! (`rewrite/guard.rs`). Allow-lists: what is not known to be unable to fail counts as if it failed.

use pg_query::protobuf::{self as pb, SubLinkType, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::constant::is_default;
use super::scope::{self, Col, Columns, Found, Scope};
use super::{Analyser, At, Place, names};
use crate::engine::catalog::{Column, Relation, RelationKind};
use crate::engine::cleared::Usage;

impl Analyser<'_> {
    /// Takes note that `node`, without its parts, is evaluated at `at`.
    pub fn evaluated(&mut self, node: &Node, scope: &Scope<'_>, at: At) {
        let late = at.place == Place::Output || self.late;
        if (late && !self.within) || self.may_fail {
            return;
        }
        let Some(inner) = &node.node else { return };
        // Of texts of several collations comparisons and functions raise errors, and so do some of one that is its own.
        let collates =
            self.collated && !matches!(inner, NodeEnum::ColumnRef(_) | NodeEnum::AConst(_) | NodeEnum::ParamRef(_));
        let sorts = at.place == Place::Item && at.usage == Usage::Compared;
        let casts = at.place == Place::Condition && !self.is_condition(node, scope);
        let otherwise = collates || casts || (sorts && !self.is_sort_key(node, scope));
        match otherwise || self.can_fail(node, scope) {
            true if late => self.fails_once_chosen(),
            true if otherwise || self.in_late_key() => self.key_fails(),
            true => self.fails_on_values(node, scope),
            false => {}
        }
    }

    /// Takes note of a relation that is read: of the collations of its columns, and of what PostgreSQL runs or asks of
    /// another server when it reads it, which may fail there.
    pub fn read_relation(&mut self, relation: &Relation, only: bool) {
        self.lockers.read.insert(relation.oid);
        let family = if only { vec![relation] } else { self.engine.catalog.family(relation.oid) };
        self.may_fail |= relation.row_security || family.iter().any(|r| r.kind == RelationKind::ForeignTable);
        let own = |c: &Column| {
            let texts = ["text", "varchar", "bpchar"].contains(&c.ty.base.trim_start_matches('_'));
            texts && !is_default(c.ty.collation)
        };
        self.collated |= relation.name.schema != "pg_catalog" && relation.columns.iter().any(own);
    }

    /// Something that could fail stands where rows are still chosen.
    pub fn can_fail_here(&mut self) {
        self.may_fail = true;
    }

    /// Takes note of a function in FROM.
    pub fn set_evaluated(&mut self, call: &Node, scope: &Scope<'_>) {
        self.may_fail |= self.type_of(call, scope).is_none();
    }

    /// Takes note that columns of these two are made one, in a query inside of another.
    pub fn columns_joined(&mut self, left: &Columns, right: &Columns) {
        let (a, b) = (left.list(), right.list());
        let known = a.len() == b.len() && !a.is_empty();
        self.may_fail |= self.within && !(known && a.iter().zip(b).all(|(a, b)| a.ty.is_some() && a.ty == b.ty));
    }

    /// Whether `left = right` has an answer for all values of these columns.
    pub fn compares_always(&self, left: &Col, right: &Col) -> bool {
        match (self.type_of_column(left), self.type_of_column(right)) {
            (Some(a), Some(b)) => {
                let operands = [self.settled(left.operand), self.settled(right.operand)];
                !self.collated && self.is_built_in("=", &operands) && self.compares(&a, &b)
            }
            _ => false,
        }
    }

    /// Takes note of the rows of VALUES in a query inside of another: those of one column become one type.
    pub fn values_joined(&mut self, row: &[Node]) {
        let constant = |n: &Node| matches!(n.node, Some(NodeEnum::AConst(_)));
        self.may_fail |= self.within && !row.iter().all(constant);
    }

    /// `alias.name` is `name(alias)`, a function or a cast, where the item has no such column.
    fn may_be_call(&self, r: &pb::ColumnRef, scope: &Scope<'_>) -> bool {
        let whole = names(&r.fields).len() < r.fields.len();
        !whole && r.fields.len() > 1 && self.bare_column(r, scope).is_none()
    }

    /// Takes note of a reference. A column of a query around may be an expression that PostgreSQL computes here, for each row
    /// that gets here: it merges the query that the column comes from with the one around.
    pub fn referred(&mut self, r: &pb::ColumnRef, scope: &Scope<'_>, at: At) {
        match self.within && self.may_be_computed_here(r, scope) {
            true if at.place == Place::Output || self.late => self.fails_once_chosen(),
            true => self.may_fail = true,
            false => {}
        }
    }

    fn may_be_computed_here(&self, r: &pb::ColumnRef, scope: &Scope<'_>) -> bool {
        let fields = names(&r.fields);
        if let [name] = fields[..]
            && matches!(scope::column(scope, name), Found::Doubtful(_))
        {
            return true;
        }
        if scope::level_of(r, scope).is_none_or(|level| level == 0) {
            return false;
        }
        let item = fields.last().and_then(|name| scope::item(scope, None, name));
        match self.bare_column(r, scope) {
            Some(col) => !col.total,
            None => !item.is_some_and(|(item, _)| item.columns.are_total()),
        }
    }

    fn can_fail(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let Some(inner) = &node.node else { return true };
        match inner {
            NodeEnum::ColumnRef(r) => self.may_be_call(r, scope),
            NodeEnum::AConst(_)
            | NodeEnum::SetToDefault(_)
            | NodeEnum::ParamRef(_)
            | NodeEnum::SqlvalueFunction(_)
            | NodeEnum::NullTest(_)
            | NodeEnum::RowExpr(_)
            | NodeEnum::List(_)
            | NodeEnum::GroupingFunc(_)
            | NodeEnum::NamedArgExpr(_)
            | NodeEnum::ResTarget(_) => false,
            NodeEnum::BoolExpr(b) => !b.args.iter().all(|arg| self.is_condition(arg, scope)),
            NodeEnum::BooleanTest(t) => !t.arg.as_deref().is_some_and(|arg| self.is_condition(arg, scope)),
            NodeEnum::FuncCall(f) => {
                let filters = f.agg_filter.as_deref().is_none_or(|filter| self.is_condition(filter, scope));
                !filters || self.type_of(node, scope).is_none()
            }
            NodeEnum::AExpr(_) | NodeEnum::TypeCast(_) | NodeEnum::CoalesceExpr(_) | NodeEnum::AArrayExpr(_) => {
                self.type_of(node, scope).is_none()
            }
            NodeEnum::CollateClause(c) => !is_plain_collation(c),
            NodeEnum::SubLink(s) => match s.sub_link_type() {
                SubLinkType::ExistsSublink => false,
                SubLinkType::ExprSublink => !has_one_row(s.subselect.as_deref()),
                _ => true,
            },
            _ => true,
        }
    }
}

/// The WHEN … THEN … of a CASE.
pub fn arms(c: &pb::CaseExpr) -> impl Iterator<Item = &pb::CaseWhen> {
    c.args.iter().filter_map(|arm| match &arm.node {
        Some(NodeEnum::CaseWhen(when)) => Some(&**when),
        _ => None,
    })
}

/// Collations under which no comparison fails; that an explicit one may clash with another, PostgreSQL says before it runs.
pub fn is_plain_collation(c: &pb::CollateClause) -> bool {
    matches!(names(&c.collname)[..], ["C" | "POSIX" | "default"] | ["pg_catalog", "C" | "POSIX" | "default"])
}

/// Whether a subquery as a value has one row at most: it aggregates all it has, or is cut off behind the first.
pub fn has_one_row(query: Option<&Node>) -> bool {
    let Some(NodeEnum::SelectStmt(s)) = query.and_then(|q| q.node.as_ref()) else { return false };
    let ties = s.limit_option() == pb::LimitOption::WithTies;
    if !ties && s.limit_count.as_deref().and_then(|n| n.node.as_ref()).is_some_and(is_one) {
        return true;
    }
    // Beside or behind the aggregate a set-returning function makes rows.
    let rest = [&s.values_lists, &s.group_clause, &s.distinct_clause, &s.sort_clause, &s.window_clause];
    let plain = s.op() == pb::SetOperation::SetopNone && rest.iter().all(|c| c.is_empty());
    plain && is_count(s)
}

/// Whether a query gives `count(*)` and nothing else.
pub fn is_count(s: &pb::SelectStmt) -> bool {
    match s.target_list.as_slice() {
        // That of a column, or with a filter of one, may be an outer query's.
        [Node { node: Some(NodeEnum::ResTarget(t)) }] => match t.val.as_deref().and_then(|v| v.node.as_ref()) {
            Some(NodeEnum::FuncCall(f)) => {
                f.agg_star && f.agg_filter.is_none() && f.over.is_none() && names(&f.funcname).last() == Some(&"count")
            }
            _ => false,
        },
        _ => false,
    }
}

pub fn is_one(node: &NodeEnum) -> bool {
    matches!(node, NodeEnum::AConst(c) if matches!(&c.val, Some(Val::Ival(i)) if (0..=1).contains(&i.ival)))
}

/// A bound of LIMIT or OFFSET that PostgreSQL takes whatever it is.
pub fn is_bound(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::AConst(c)) => c.isnull || is_offset(node),
        _ => false,
    }
}

/// The same of a window's frame in rows, which is never null.
pub fn is_offset(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::AConst(c)) => matches!(&c.val, Some(Val::Ival(i)) if i.ival >= 0),
        _ => false,
    }
}
