//! Conditions that PostgreSQL may test on a stored row without telling anything of it: leakproof comparisons of a bare
//! column with a constant or another bare column, null tests, and booleans.

use pg_query::protobuf::{self as pb, AExprKind, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::constant::{Constant, Value, comparable};
use super::fallible::has_one_row;
use super::scope::{self, Col, Columns, Found, Scope};
use super::writes::AskedQuery;
use super::{Analyser, At, inner, names};
use crate::engine::refusal::Refusal;

/// A side of a comparison.
enum Side {
    Column(Col),
    Constant(Constant),
    Other,
}

impl Side {
    fn column(&self) -> Option<Col> {
        match self {
            Side::Column(col) => Some(col.clone()),
            Side::Constant(_) | Side::Other => None,
        }
    }
}

/// `column = column`.
fn are_two_columns(node: &Node) -> bool {
    let is_column = |n: &Option<Box<Node>>| matches!(n.as_deref(), Some(Node { node: Some(NodeEnum::ColumnRef(_)) }));
    matches!(&node.node, Some(NodeEnum::AExpr(e)) if e.kind() == AExprKind::AexprOp
        && names(&e.name).last() == Some(&"=") && is_column(&e.lexpr) && is_column(&e.rexpr))
}

impl<'e> Analyser<'e> {
    /// Judges a condition of a known harmless shape; false when it has none.
    pub fn condition(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<bool, Refusal> {
        let harmless = match inner(node)? {
            NodeEnum::AExpr(e) if self.is_scalar_test(e, scope) => return self.harmless_scalar(e, scope),
            NodeEnum::AExpr(e) => self.harmless_comparison(e, scope),
            NodeEnum::NullTest(t) => self.harmless_test(t.arg.as_deref(), scope),
            NodeEnum::BooleanTest(t) => {
                self.harmless_test(t.arg.as_deref(), scope).filter(|columns| columns.iter().all(|c| self.is_boolean(c)))
            }
            NodeEnum::SubLink(s) => return self.harmless_membership(s, scope),
            _ => None,
        };
        let Some(columns) = harmless else { return Ok(false) };
        self.joins_columns = are_two_columns(node);
        // The parts still have to be judged; their columns are noted as compared, nothing more.
        match inner(node)? {
            NodeEnum::AExpr(e) => {
                self.operation(e, scope)?;
                for side in [&mut e.lexpr, &mut e.rexpr].into_iter().flatten() {
                    self.vary(side);
                    self.harmless_side(side, scope)?;
                }
            }
            NodeEnum::NullTest(t) => t.arg.iter_mut().try_for_each(|arg| self.harmless_side(arg, scope))?,
            NodeEnum::BooleanTest(t) => t.arg.iter_mut().try_for_each(|arg| self.harmless_side(arg, scope))?,
            _ => {}
        }
        columns.iter().for_each(|c| self.note(&c.origin, At::CONDITION));
        self.joins_columns = false;
        Ok(true)
    }

    /// A bare column is judged as such, anything else as the constant that it is.
    fn harmless_side(&mut self, side: &mut Node, scope: &Scope<'_>) -> Result<(), Refusal> {
        match inner(side)? {
            NodeEnum::ColumnRef(_) => self.column_ref(side, scope, At::KEY).map(|_| ()),
            NodeEnum::RowExpr(row) => row.args.iter_mut().try_for_each(|side| self.harmless_side(side, scope)),
            NodeEnum::List(list) => list.items.iter_mut().try_for_each(|side| self.harmless_side(side, scope)),
            _ => self.expr(side, scope, At::OPERAND),
        }
    }

    fn harmless_test(&self, arg: Option<&Node>, scope: &Scope<'_>) -> Option<Vec<Col>> {
        match self.side(arg?, scope) {
            Side::Column(col) => Some(vec![col]),
            Side::Constant(_) | Side::Other => None,
        }
    }

    pub fn harmless_comparison(&self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<Vec<Col>> {
        let (wanted, list) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
        let operator = names(&e.name);
        let operators: &[&str] = match (e.kind(), operator.as_slice()) {
            (AExprKind::AexprOp | AExprKind::AexprIn | AExprKind::AexprOpAny, [name] | ["pg_catalog", name]) => {
                &[*name]
            }
            (AExprKind::AexprBetween, _) => &[">=", "<="],
            (AExprKind::AexprNotBetween, _) => &["<", ">"],
            _ => return None,
        };
        if !self.is_built_in_operation(e, scope) {
            return None;
        }
        if let Some(NodeEnum::RowExpr(left)) = &wanted.node {
            return self.harmless_rows(e, operators, left, list, scope);
        }
        let rights: Vec<&Node> = match &list.node {
            Some(NodeEnum::List(list)) => list.items.iter().collect(),
            Some(NodeEnum::AArrayExpr(array)) if e.kind() == AExprKind::AexprOpAny && are_integers(array) => {
                array.elements.iter().collect()
            }
            _ => vec![list],
        };
        let mut columns = Vec::new();
        let left = self.side(wanted, scope);
        let between = matches!(e.kind(), AExprKind::AexprBetween | AExprKind::AexprNotBetween);
        // The type that a parameter has been given by the first bound, it has beside the second.
        let mut given: Option<Value> = None;
        for right in rights {
            if e.kind() == AExprKind::AexprOpAny && std::ptr::eq(right, list) {
                columns.push(self.harmless_elements(operators, &left, right)?);
            } else {
                let right = self.side(right, scope);
                let value = self.harmless_pair(operators, e.kind(), (&left, given.as_ref()), &right)?;
                given = given.or_else(|| Some(value).filter(|_| between && self.is_undeclared(wanted)));
                columns.extend([&left, &right].into_iter().filter_map(Side::column));
            }
        }
        let one = e.kind() != AExprKind::AexprIn || self.become_one(wanted, list, scope);
        (!columns.is_empty() && one).then_some(columns)
    }

    /// Two values that are compared, at least one of which is a column; what the right one is. `given`: what the left one is
    /// already.
    fn harmless_pair(
        &self,
        operators: &[&str],
        kind: AExprKind,
        (left, given): (&Side, Option<&Value>),
        right: &Side,
    ) -> Option<Value> {
        let (a, b) = match (left, right) {
            (Side::Constant(_), Side::Column(b)) if given.is_some() => (given?.clone(), Value::of(b)),
            (Side::Column(a), Side::Column(b)) if kind == AExprKind::AexprOp => (Value::of(a), Value::of(b)),
            (Side::Column(a), Side::Constant(c)) => (Value::of(a), self.beside(c, &Value::of(a))?),
            (Side::Constant(c), Side::Column(b)) => (self.beside(c, &Value::of(b))?, Value::of(b)),
            _ => return None,
        };
        operators.iter().all(|op| comparable(op, &a, &b)).then_some(b)
    }

    /// `column = ANY (array)`: an array that is a parameter or a literal takes the column's type.
    fn harmless_elements(&self, operators: &[&str], left: &Side, array: &Node) -> Option<Col> {
        let col = left.column()?;
        let element = match &array.node {
            Some(NodeEnum::TypeCast(c)) => Value::named(self.array_of(c)?),
            _ if is_bare_constant(array) => self.beside(&self.constant(array)?, &Value::of(&col))?,
            _ => return None,
        };
        operators.iter().all(|op| comparable(op, &Value::of(&col), &element)).then_some(col)
    }

    /// `(a, b) = (1, 2)`, `(a, b) IN ((1, 2), …)`: PostgreSQL compares column by column.
    fn harmless_rows(
        &self,
        e: &pb::AExpr,
        operators: &[&str],
        left: &pb::RowExpr,
        right: &Node,
        scope: &Scope<'_>,
    ) -> Option<Vec<Col>> {
        let rows = match (e.kind(), &right.node) {
            (AExprKind::AexprIn, Some(NodeEnum::List(list))) => list.items.iter().collect(),
            (AExprKind::AexprOp, Some(NodeEnum::RowExpr(_))) => vec![right],
            _ => return None,
        };
        let mut columns = Vec::new();
        for row in rows {
            let Some(NodeEnum::RowExpr(row)) = &row.node else { return None };
            if row.args.len() != left.args.len() || left.args.len() < 2 {
                return None;
            }
            for (left, right) in left.args.iter().zip(&row.args) {
                let (left, right) = (self.side(left, scope), self.side(right, scope));
                self.harmless_pair(operators, AExprKind::AexprOp, (&left, None), &right)?;
                columns.extend([&left, &right].into_iter().filter_map(Side::column));
            }
        }
        (!columns.is_empty()).then_some(columns)
    }

    /// `column IN (SELECT column …)` over leakproof equality.
    fn harmless_membership(&mut self, s: &mut pb::SubLink, scope: &Scope<'_>) -> Result<bool, Refusal> {
        let equality = s.oper_name.is_empty() || names(&s.oper_name) == ["="];
        let test = s.testexpr.as_deref().map(|t| self.side(t, scope));
        let (pb::SubLinkType::AnySublink, true, Some(Side::Column(col))) = (s.sub_link_type(), equality, test) else {
            return Ok(false);
        };
        if let Some(test) = s.testexpr.as_mut() {
            self.harmless_side(test, scope)?;
        }
        let Some(query) = s.subselect.as_mut() else { return Ok(false) };
        self.compares_query(&col, query, scope, s.location).map(|()| true)
    }

    /// Whether it is `column = (SELECT …)` of one row at most.
    fn is_scalar_test(&self, e: &pb::AExpr, scope: &Scope<'_>) -> bool {
        let (Some(left), Some(right)) = (&e.lexpr, &e.rexpr) else { return false };
        let one = match &right.node {
            Some(NodeEnum::SubLink(s)) => {
                s.sub_link_type() == pb::SubLinkType::ExprSublink && has_one_row(s.subselect.as_deref())
            }
            _ => false,
        };
        let equality = e.kind() == AExprKind::AexprOp && e.name.len() == 1 && names(&e.name) == ["="];
        one && equality && matches!(self.side(left, scope), Side::Column(_))
    }

    /// `column = (SELECT column …)` over leakproof equality.
    fn harmless_scalar(&mut self, e: &mut pb::AExpr, scope: &Scope<'_>) -> Result<bool, Refusal> {
        let (Some(left), Some(right)) = (&mut e.lexpr, &mut e.rexpr) else { return Ok(false) };
        let (Side::Column(col), NodeEnum::SubLink(s)) = (self.side(left, scope), inner(right)?) else {
            return Ok(false);
        };
        let Some(query) = s.subselect.as_mut() else { return Ok(false) };
        self.harmless_side(left, scope)?;
        self.compares_query(&col, query, scope, e.location).map(|()| true)
    }

    /// Judges a query whose only column a column is compared with, and the comparison.
    fn compares_query(&mut self, col: &Col, query: &mut Node, scope: &Scope<'_>, location: i32) -> Result<(), Refusal> {
        let (pended, before) = (self.pending.len(), std::mem::replace(&mut self.may_fail, false));
        let columns = self.in_expression(|a| a.query(query, scope, At { usage: At::KEY.usage, ..At::ITEM }))?;
        columns.list().iter().take(1).for_each(|one| self.name_compared(col, one));
        let asked = AskedQuery { fails: self.may_fail, refers: self.pending.len() > pended };
        self.may_fail |= before;
        let always = self.compares_with_query(col, &columns, location)?;
        self.last_query = Some(asked.compared(always));
        Ok(())
    }

    /// Notes that a column is compared, by `=`, with the one of a query. Returns whether that has an answer always.
    fn compares_with_query(&mut self, col: &Col, columns: &Columns, location: i32) -> Result<bool, Refusal> {
        self.casts_columns(std::slice::from_ref(col)).and_then(|()| self.casts_columns(columns.list()))?;
        let built_in = self.equals_query(col, columns, location)?;
        let fits = match columns.list() {
            [one] => built_in && comparable("=", &Value::of(col), &Value::of(one)),
            _ => false,
        };
        let at = if fits { At::CONDITION } else { At::OPERAND };
        self.note(&col.origin, at);
        let compares = fits || matches!(columns.list(), [one] if self.compares_always(col, one));
        self.may_fail |= !compares;
        columns.list().iter().for_each(|c| self.note(&c.origin, at));
        Ok(compares)
    }

    fn side(&self, node: &Node, scope: &Scope<'_>) -> Side {
        match &node.node {
            Some(NodeEnum::ColumnRef(r)) => self.bare_column(r, scope).map_or(Side::Other, Side::Column),
            _ => self.constant(node).map_or(Side::Other, Side::Constant),
        }
    }

    /// The column that a reference surely means.
    pub fn bare_column(&self, r: &pb::ColumnRef, scope: &Scope<'_>) -> Option<Col> {
        let fields = names(&r.fields);
        if fields.len() != r.fields.len() {
            return None;
        }
        match fields.as_slice() {
            [column] => match scope::column(scope, column) {
                Found::Column { col, .. } => Some(col),
                _ => None,
            },
            [.., alias, column] => {
                let schema = fields.len().checked_sub(3).and_then(|i| fields.get(i)).copied();
                let (item, _) = scope::item(scope, schema, alias)?;
                item.columns.list().iter().find(|c| &*c.name == *column).cloned()
            }
            [] => None,
        }
    }
}

/// `ARRAY[1, 2]`: of int4, which compares with every integer.
fn are_integers(array: &pb::AArrayExpr) -> bool {
    let integer = |n: &Node| matches!(&n.node, Some(NodeEnum::AConst(c)) if matches!(c.val, Some(Val::Ival(_))));
    !array.elements.is_empty() && array.elements.iter().all(integer)
}

fn is_bare_constant(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::ParamRef(_)) => true,
        Some(NodeEnum::AConst(c)) => matches!(c.val, Some(Val::Sval(_))),
        _ => false,
    }
}
