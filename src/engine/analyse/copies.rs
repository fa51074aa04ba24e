//! Conditions of the client's on stored columns that are tested inside of visible tables too, so that indexes serve them.
//!
//! Where something could fail, PostgreSQL's plan decides what is run first, and so whether it fails; and the plan depends on
//! what PostgreSQL expects of a constant: on how many rows hold it, hidden ones too. There a constant stands in a
//! subquery of its own: PostgreSQL plans with values like it in general, and an index serves it still.

use pg_query::protobuf::{self as pb, AExprKind, Token, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::scope::{self, Base, Col, Scope};
use super::{Analyser, names};
use crate::engine::alike;
use crate::engine::catalog::{FIRST_NORMAL_OID, quote_ident};
use crate::engine::context::ParameterType;
use crate::engine::parse::parameter;

/// How all names begin that we give inside of a visible table.
const OURS: &str = "consentry_";

/// `column <condition>`: a leakproof comparison with constants.
#[derive(Debug, Clone, PartialEq)]
pub struct Conjunct {
    pub column: usize,
    /// Operator and constant, as text: `OPERATOR(pg_catalog.=) 'x'`.
    pub condition: String,
    /// The constant's text when the operator is `=`.
    pub equals: Option<String>,
    /// The condition with a constant that PostgreSQL does not see when it plans, where that can be said.
    pub unseen: Option<String>,
}

impl Analyser<'_> {
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
        if let ("=", Some(NodeEnum::ColumnRef(a)), Some(NodeEnum::ColumnRef(b))) = (op, &left.node, &right.node) {
            return self.copy_key(a, b, scope).or_else(|| self.copy_key(b, a, scope));
        }
        let (column, constant, op) = match (&left.node, &right.node) {
            (Some(NodeEnum::ColumnRef(c)), _) => (c, right, op),
            (_, Some(NodeEnum::ColumnRef(c))) if e.kind() == AExprKind::AexprOp => (c, left, commuted(op)?),
            _ => return None,
        };
        self.harmless_comparison(e, scope)?;
        let col = self.bare_column(column, scope)?;
        let (occurrence, index) = stored_here(&col, scope)?;
        let mut copies = Vec::new();
        match (e.kind(), elements(constant)) {
            (AExprKind::AexprOp, _) => copies.push(self.copy_of_one(op, &col, index, constant)?),
            (AExprKind::AexprBetween, Some([low, high])) => {
                copies.push(self.copy_of_one(">=", &col, index, low)?);
                copies.push(self.copy_of_one("<=", &col, index, high)?);
            }
            (AExprKind::AexprIn | AExprKind::AexprOpAny, list) if op == "=" => {
                let condition = match list {
                    Some(list) => {
                        let texts: Option<Vec<String>> = list.iter().map(|n| self.constant_text(n)).collect();
                        format!("IN ({})", texts?.join(", "))
                    }
                    None => format!("OPERATOR(pg_catalog.=) ANY ({})", self.constant_text(constant)?),
                };
                let unseen = self.unseen_array(&col, constant);
                copies.push(Conjunct { column: index, condition, equals: None, unseen });
            }
            _ => return None,
        }
        self.occurrences.get_mut(occurrence)?.inside.extend(copies);
        Some(())
    }

    /// Remembers `column = column of a query around`, where PostgreSQL runs this query for each row of that one: an index then
    /// finds the few rows of each, behind a fence too. (Of one that may become a join it would make such a query.)
    fn copy_key(&mut self, own: &pb::ColumnRef, outer: &pb::ColumnRef, scope: &Scope<'_>) -> Option<()> {
        let (Some(0), Some(1..)) = (scope::level_of(own, scope), scope::level_of(outer, scope)) else { return None };
        let (column, key) = (self.bare_column(own, scope)?, self.bare_column(outer, scope)?);
        let (occurrence, index) = stored_here(&column, scope)?;
        let stored = key.instead.is_none() && !key.mixed && key.origin.len() == 1;
        if !(stored && self.runs_alone() && self.compares_always(&column, &key) && self.may_be_indexed(&column)) {
            return None;
        }
        // Behind the fence a name alone would mean a column there, and so would one that we give.
        let [item, name] = names(&outer.fields)[..] else { return None };
        (!item.starts_with(OURS)).then_some(())?;
        let condition = format!("OPERATOR(pg_catalog.=) {}.{}", quote_ident(item), quote_ident(name));
        let copy = Conjunct { column: index, unseen: Some(condition.clone()), condition, equals: None };
        self.occurrences.get_mut(occurrence)?.inside.push(copy);
        Some(())
    }

    /// The text of a constant that is one token; of the client's own, what `alike.rs` puts it in place of.
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
        let own = self.source == 0;
        if own && alike::is_literal(token, &self.sources[0].text) {
            return Some(alike::copy_of(token.start));
        }
        // `'a' ⏎ 'b'` is one constant of several pieces; it is one token too.
        single.then(|| if own { alike::copy_of_words(token.start, token.end) } else { text.to_owned() })
    }

    fn copy_of_one(&self, op: &str, col: &Col, column: usize, constant: &Node) -> Option<Conjunct> {
        let text = self.constant_text(constant)?;
        let equals = (op == "=").then(|| text.clone());
        let unseen = self.typed(constant, self.beside_column(op, col).as_deref());
        let unseen = unseen.map(|constant| format!("OPERATOR(pg_catalog.{op}) (SELECT {constant})"));
        Some(Conjunct { column, condition: format!("OPERATOR(pg_catalog.{op}) {text}"), equals, unseen })
    }

    /// What a constant without a type becomes beside a column.
    fn beside_column(&self, op: &str, col: &Col) -> Option<String> {
        let beside = self.engine.catalog.become_beside(op, col.operand).ty().filter(|oid| *oid < FIRST_NORMAL_OID)?;
        self.engine.catalog.type_facts(beside).map(|facts| typed_as(&facts.name))
    }

    /// `= ANY` of an array that PostgreSQL does not see when it plans, of values that are of its type already: a cast could
    /// fail, and is run by the first stored row that asks for it.
    fn unseen_array(&self, col: &Col, constant: &Node) -> Option<String> {
        let (array, ty) = match elements(constant) {
            // PostgreSQL takes a list of one for `=`.
            Some([one]) => {
                let one = self.typed(one, self.beside_column("=", col).as_deref())?;
                return Some(format!("OPERATOR(pg_catalog.=) (SELECT {one})"));
            }
            Some(list) if list.iter().all(is_integer) => (self.array(list, "")?, "pg_catalog.int4".to_owned()),
            Some(list) if !list.iter().any(is_number) => {
                // Of several it makes an array of the column's type (`transformAExprIn`).
                let facts = self.engine.catalog.type_facts(col.operand.stored_as()?);
                let facts = facts.filter(|facts| facts.oid < FIRST_NORMAL_OID)?;
                list.iter().all(|node| self.is_of(node, &facts.name)).then_some(())?;
                let ty = typed_as(&facts.name);
                (self.array(list, &format!("::{ty}"))?, ty)
            }
            Some(_) => return None,
            None => {
                let beside = self.beside_column("=", col);
                let ty = self.declared_element(constant)?.map_or(beside, |name| Some(typed_as(name)))?;
                (format!("{}::{ty}[]", self.constant_text(constant)?), ty)
            }
        };
        // Without the cast it would be taken for a subquery of rows.
        Some(format!("OPERATOR(pg_catalog.=) ANY ((SELECT {array})::{ty}[])"))
    }

    /// Whether a constant takes this type, or is of it.
    fn is_of(&self, node: &Node, ty: &str) -> bool {
        let Some(NodeEnum::ParamRef(p)) = &node.node else { return true };
        let declared = usize::try_from(p.number).map(|number| self.parameters.get(number));
        declared.is_ok_and(|declared| declared == ParameterType::Inferred || declared.name() == Some(ty))
    }

    fn array(&self, list: &[Node], cast: &str) -> Option<String> {
        let all: Option<Vec<String>> = list.iter().map(|n| Some(format!("{}{cast}", self.constant_text(n)?))).collect();
        Some(format!("ARRAY[{}]", all?.join(", ")))
    }

    /// A constant of the type that it has beside the column, `ty` where it has none of its own.
    fn typed(&self, constant: &Node, ty: Option<&str>) -> Option<String> {
        let text = self.constant_text(constant)?;
        let own = match &constant.node {
            Some(NodeEnum::ParamRef(p)) => {
                self.parameters.get(usize::try_from(p.number).ok()?) != ParameterType::Inferred
            }
            _ => is_number(constant),
        };
        if own { Some(text) } else { Some(format!("{text}::{}", ty?)) }
    }

    /// What the elements of a parameter that is an array are declared as; the outer `None`: as what is not known.
    fn declared_element(&self, constant: &Node) -> Option<Option<&'static str>> {
        let Some(NodeEnum::ParamRef(p)) = &constant.node else { return Some(None) };
        match self.parameters.get(usize::try_from(p.number).ok()?) {
            ParameterType::Inferred => Some(None),
            declared => Some(Some(declared.element()?.name()?)),
        }
    }
}

/// The stored column that `col` is, of a table that stands in the query's own FROM.
fn stored_here(col: &Col, scope: &Scope<'_>) -> Option<Base> {
    let [base] = col.origin[..] else { return None };
    scope.items.iter().any(|i| i.occurrence == Some(base.0)).then_some(base)
}

fn typed_as(name: &str) -> String {
    format!("pg_catalog.{}", quote_ident(name))
}

/// The constants of `IN (…)` or `ARRAY[…]`.
fn elements(node: &Node) -> Option<&[Node]> {
    match &node.node {
        Some(NodeEnum::List(list)) => Some(&list.items),
        Some(NodeEnum::AArrayExpr(array)) => Some(&array.elements),
        _ => None,
    }
}

fn is_integer(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::AConst(pb::AConst { val: Some(Val::Ival(_)), .. })))
}

fn is_number(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::AConst(pb::AConst { val: Some(Val::Ival(_) | Val::Fval(_)), .. })))
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
