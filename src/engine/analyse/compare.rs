//! Conditions that PostgreSQL may test on a stored row without telling anything of it: leakproof comparisons of a bare
//! column with a constant or another bare column, null tests, and booleans.

use pg_query::protobuf::{self as pb, AExprKind, Token, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::constant::{Constant, Value, comparable};
use super::scope::{self, Col, Found, Scope};
use super::{Analyser, At, Conjunct, inner, names};
use crate::engine::alike;
use crate::engine::parse::parameter;
use crate::engine::refusal::Refusal;

/// A side of a comparison.
enum Side {
    Column(Col),
    Constant(Constant),
    Other,
}

impl<'e> Analyser<'e> {
    /// Judges a condition of a known harmless shape; false when it has none.
    pub fn condition(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<bool, Refusal> {
        let harmless = match inner(node)? {
            NodeEnum::AExpr(e) => self.harmless_comparison(e, scope),
            NodeEnum::NullTest(t) => self.harmless_test(t.arg.as_deref(), scope),
            NodeEnum::BooleanTest(t) => {
                self.harmless_test(t.arg.as_deref(), scope).filter(|columns| columns.iter().all(|c| self.is_boolean(c)))
            }
            NodeEnum::SubLink(s) => return self.harmless_membership(s, scope),
            _ => None,
        };
        let Some(columns) = harmless else { return Ok(false) };
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
        Ok(true)
    }

    /// A bare column is judged as such, anything else as the constant that it is.
    fn harmless_side(&mut self, side: &mut Node, scope: &Scope<'_>) -> Result<(), Refusal> {
        match inner(side)? {
            NodeEnum::ColumnRef(_) => self.column_ref(side, scope, At::KEY).map(|_| ()),
            _ => self.expr(side, scope, At::OPERAND),
        }
    }

    fn harmless_test(&self, arg: Option<&Node>, scope: &Scope<'_>) -> Option<Vec<Col>> {
        match self.side(arg?, scope) {
            Side::Column(col) => Some(vec![col]),
            Side::Constant(_) | Side::Other => None,
        }
    }

    fn harmless_comparison(&self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<Vec<Col>> {
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
        let pairs = rights.into_iter().map(|r| (self.side(r, scope), r));
        for (right, node) in pairs {
            let (a, b) = match (&left, &right) {
                (Side::Constant(_), Side::Column(b)) if given.is_some() => (given.clone()?, Value::of(b)),
                (Side::Column(a), Side::Column(b)) if e.kind() == AExprKind::AexprOp => (Value::of(a), Value::of(b)),
                (Side::Column(a), Side::Constant(c)) => (Value::of(a), self.beside(c, &Value::of(a))?),
                (Side::Constant(c), Side::Column(b)) => (self.beside(c, &Value::of(b))?, Value::of(b)),
                _ => return None,
            };
            // `column = ANY (array)`: only an array that is a parameter or a literal takes the column's type.
            if e.kind() == AExprKind::AexprOpAny && !is_bare_constant(node) && std::ptr::eq(node, list) {
                return None;
            }
            if !operators.iter().all(|op| comparable(op, &a, &b)) {
                return None;
            }
            given = given.or_else(|| Some(b).filter(|_| between && self.is_undeclared(wanted)));
            for side in [&left, &right] {
                if let Side::Column(col) = side {
                    columns.push(col.clone());
                }
            }
        }
        let one = e.kind() != AExprKind::AexprIn || self.become_one(wanted, list, scope);
        (!columns.is_empty() && one).then_some(columns)
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
        let columns = self.query(query, scope, At { usage: At::KEY.usage, ..At::ITEM })?;
        self.casts_columns(std::slice::from_ref(&col)).and_then(|()| self.casts_columns(columns.list()))?;
        let built_in = self.membership(s, &columns, scope)?;
        let fits = match columns.list() {
            [one] => built_in && comparable("=", &Value::of(&col), &Value::of(one)),
            _ => false,
        };
        let at = if fits { At::CONDITION } else { At::OPERAND };
        self.note(&col.origin, at);
        self.may_fail |= !fits && !matches!(columns.list(), [one] if self.compares_always(&col, one));
        columns.list().iter().for_each(|c| self.note(&c.origin, at));
        Ok(true)
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

    /// Remembers conjuncts `column op constant` on stored columns of this level: they may be tested inside too, so that
    /// an index serves.
    pub fn copy_conjuncts(&mut self, node: &Node, scope: &Scope<'_>) {
        match &node.node {
            Some(NodeEnum::BoolExpr(b)) if b.boolop() == pb::BoolExprType::AndExpr => {
                b.args.iter().for_each(|arg| self.copy_conjuncts(arg, scope));
            }
            Some(NodeEnum::AExpr(e)) => {
                self.copy_comparison(e, scope);
            }
            _ => {}
        }
    }

    fn copy_comparison(&mut self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<()> {
        let (left, right) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
        let [op] = names(&e.name)[..] else { return None };
        let (column, constant, op) = match (&left.node, &right.node) {
            (Some(NodeEnum::ColumnRef(c)), _) => (c, right, op),
            (_, Some(NodeEnum::ColumnRef(c))) if e.kind() == AExprKind::AexprOp => (c, left, commuted(op)?),
            _ => return None,
        };
        self.harmless_comparison(e, scope)?;
        let col = self.bare_column(column, scope)?;
        let [(occurrence, index)] = col.origin[..] else { return None };
        let local = scope.items.iter().any(|i| i.occurrence == Some(occurrence));
        if !local {
            return None;
        }
        let condition = match e.kind() {
            AExprKind::AexprOp => format!("OPERATOR(pg_catalog.{op}) {}", self.constant_text(constant)?),
            AExprKind::AexprOpAny if op == "=" && matches!(constant.node, Some(NodeEnum::AArrayExpr(_))) => {
                let Some(NodeEnum::AArrayExpr(array)) = &constant.node else { return None };
                let texts: Option<Vec<String>> = array.elements.iter().map(|n| self.constant_text(n)).collect();
                format!("IN ({})", texts?.join(", "))
            }
            AExprKind::AexprOpAny if op == "=" => {
                format!("OPERATOR(pg_catalog.=) ANY ({})", self.constant_text(constant)?)
            }
            AExprKind::AexprIn if op == "=" => {
                let Some(NodeEnum::List(list)) = &constant.node else { return None };
                let texts: Option<Vec<String>> = list.items.iter().map(|n| self.constant_text(n)).collect();
                format!("IN ({})", texts?.join(", "))
            }
            _ => return None,
        };
        let equals = (e.kind() == AExprKind::AexprOp && op == "=").then(|| self.constant_text(constant)).flatten();
        let conjunct = Conjunct { column: index, condition, equals };
        self.occurrences.get_mut(occurrence)?.inside.push(conjunct);
        Some(())
    }

    /// The text of a constant that is one token; of the client's literals, what `alike.rs` puts it in place of.
    fn constant_text(&self, node: &Node) -> Option<String> {
        let location = match &node.node {
            Some(NodeEnum::AConst(c)) => c.location,
            Some(NodeEnum::ParamRef(p)) => p.location,
            _ => return None,
        };
        let token = self.tokens().list.get(self.tokens().at(usize::try_from(location).ok()?)?)?;
        let single = matches!(token.kind, Token::Sconst | Token::Iconst | Token::Fconst | Token::Param);
        let text = self.sources[self.source].text.get(token.start..token.end)?;
        // A parameter takes its type from the first place that tells it; ours would stand before the client's.
        if token.kind == Token::Param
            && parameter(token.kind, text).is_none_or(|number| self.tokens().repeated.contains(&number))
        {
            return None;
        }
        if self.source == 0 && alike::is_literal(token, &self.sources[0].text) {
            return Some(alike::copy_of(token.start));
        }
        // `'a' ⏎ 'b'` is one constant of several pieces; it is one token too.
        single.then(|| text.to_owned())
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

fn commuted(op: &str) -> Option<&'static str> {
    match op {
        "=" => Some("="),
        "<" => Some(">"),
        ">" => Some("<"),
        "<=" => Some(">="),
        ">=" => Some("<="),
        _ => None,
    }
}
