//! Expressions that have an answer, or null, for all values, and of which type that is.
//!
//! PostgreSQL takes an overload, and casts, by the types of what it is given: `date(timestamptz)` never fails, `date(text)`
//! does. So nothing is known of an expression whose parts' types are not. The list is short on purpose: what clients write in
//! conditions day by day, over bare columns and constants; each further step (a CASE of constants, a text put together) has
//! ways to fail that nobody thinks of.

use std::rc::Rc;

use pg_query::protobuf::{self as pb, AExprKind, SqlValueFunctionOp, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::fallible::is_count;
use super::scope::{Col, Lasts, Scope};
use super::types::{
    ARRAYS, COMPARISONS, INTEGER, LITERAL, MOMENTS, NUMBER, ORDERED, TEXTS, Ty, computed, is_text, join, ty,
};
use super::{Analyser, names};
use crate::engine::alike::FEW_WILDCARDS;
use crate::engine::allow::{self, FunctionClass};
use crate::engine::context::ParameterType;
use crate::engine::policy::Right;
use crate::engine::visible::sql::DEFAULT_COLLATION;

const LIKES: [&str; 4] = ["~~", "!~~", "~~*", "!~~*"];
/// `generate_series` of so many numbers may fail.
const LONG_SERIES: i64 = 10_000;

impl Analyser<'_> {
    /// The type of an expression that has an answer for all values if its parts have; `None`: it may have none.
    pub fn type_of(&self, node: &Node, scope: &Scope<'_>) -> Option<Ty> {
        self.known_type(node, scope, || {
            self.find_type(node, scope).or_else(|| self.type_of_near(node, scope).and_then(ty))
        })
    }

    fn find_type(&self, node: &Node, scope: &Scope<'_>) -> Option<Ty> {
        match node.node.as_ref()? {
            NodeEnum::BoolExpr(_) | NodeEnum::NullTest(_) | NodeEnum::BooleanTest(_) => ty("bool"),
            NodeEnum::SubLink(s) => match s.sub_link_type() {
                pb::SubLinkType::ExistsSublink => ty("bool"),
                pb::SubLinkType::ExprSublink
                    if counts(s) && self.engine.catalog.functions_named("count").next().is_none() =>
                {
                    ty("int8")
                }
                _ => None,
            },
            NodeEnum::CoalesceExpr(c) => {
                self.common(&c.args, scope).map(computed).or_else(|| self.type_of_documents(&c.args, scope))
            }
            NodeEnum::AExpr(e) => self.type_of_operation(e, scope),
            NodeEnum::FuncCall(f) => self.type_of_call(f, scope),
            NodeEnum::TypeCast(c) => self.type_of_cast(c, scope),
            NodeEnum::AArrayExpr(a) => self.type_of_array(&a.elements),
            _ => self.bare_type(node, scope),
        }
    }

    /// A bare column, a constant or the clock.
    pub fn bare_type(&self, node: &Node, scope: &Scope<'_>) -> Option<Ty> {
        match node.node.as_ref()? {
            NodeEnum::ColumnRef(r) => self.type_of_column(&self.bare_column(r, scope)?),
            NodeEnum::AConst(c) if c.isnull => ty(LITERAL),
            NodeEnum::AConst(c) => match c.val.as_ref()? {
                Val::Ival(_) => ty(INTEGER),
                Val::Fval(_) => ty(NUMBER),
                Val::Boolval(_) => ty("bool"),
                Val::Sval(_) => ty(LITERAL),
                Val::Bsval(_) => None,
            },
            NodeEnum::ParamRef(p) => self.type_of_parameter(usize::try_from(p.number).ok()?),
            NodeEnum::SqlvalueFunction(f) => match f.op() {
                SqlValueFunctionOp::SvfopCurrentDate => ty("date"),
                SqlValueFunctionOp::SvfopCurrentTimestamp => ty("timestamptz"),
                _ => None,
            },
            NodeEnum::TypeCast(c) => self.type_of_constant_cast(c),
            _ => None,
        }
    }

    /// Of a column whose collation is not determined nothing is known.
    pub fn type_of_column(&self, column: &Col) -> Option<Ty> {
        let ty = column.ty.clone()?;
        let collated = TEXTS.contains(&ty.trim_start_matches('_')) && column.collation == 0;
        (!collated && self.is_plain_or_ordered(&ty)).then_some(ty)
    }

    fn type_of_parameter(&self, number: usize) -> Option<Ty> {
        match self.parameters.get(number) {
            ParameterType::Inferred if self.is_repeated(number) => None,
            ParameterType::Inferred => ty(LITERAL),
            declared => declared.name().and_then(ty),
        }
    }

    /// The type that all of them become without an error (PostgreSQL manual, 10.5).
    fn common<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>, scope: &Scope<'_>) -> Option<Ty> {
        let mut types = nodes.into_iter().map(|node| self.bare_type(node, scope));
        let first = types.next()??;
        types.try_fold(first, |so_far, ty| join(&so_far, &ty?))
    }

    /// `ARRAY[…]` of constants of one kind.
    fn type_of_array(&self, elements: &[Node]) -> Option<Ty> {
        match &*self.common(elements, &Scope::EMPTY)? {
            LITERAL => ty("_text"),
            INTEGER => ty("_int4"),
            _ => None,
        }
    }

    /// The column that constants alone make, as those of VALUES do: of the type that they all become.
    pub fn column_of<'n>(&self, name: &str, constants: impl IntoIterator<Item = &'n Node>) -> Col {
        let ty = self.common(constants, &Scope::EMPTY).map(computed).filter(|ty| ORDERED.contains(&&**ty));
        let collation = if ty.as_deref().is_some_and(is_text) { DEFAULT_COLLATION } else { 0 };
        let lasts = if ty.is_some() { Lasts::Always } else { Lasts::Catalogued };
        let total = ty.is_some();
        Col { ty, collation, given: true, total, lasts, ..Col::computed(name) }
    }

    /// The column of an array's elements, where it says of which type they are.
    pub fn column_of_elements(&self, name: &str, array: &Node) -> Col {
        let element = match &array.node {
            // Whatever becomes of the cast: what comes out of it is of that type.
            Some(NodeEnum::TypeCast(c)) => c
                .type_name
                .as_ref()
                .and_then(|to| self.plain_type(&pb::TypeName { array_bounds: Vec::new(), ..to.clone() }).and_then(ty)),
            _ => self.type_of(array, &Scope::EMPTY).and_then(|array| array.strip_prefix('_').and_then(ty)),
        };
        self.given_column(name, element.filter(|ty| ORDERED.contains(&&**ty)))
    }

    /// A column of what a client gives, of such a type.
    pub fn given_column(&self, name: &str, ty: Option<Ty>) -> Col {
        let collation = if ty.as_deref().is_some_and(is_text) { DEFAULT_COLLATION } else { 0 };
        Col { ty, collation, given: true, ..Col::computed(name) }
    }

    fn compare(&self, a: &str, b: &Node, scope: &Scope<'_>) -> bool {
        self.type_of(b, scope).is_some_and(|b| self.compares(a, &b))
    }

    fn type_of_operation(&self, e: &pb::AExpr, scope: &Scope<'_>) -> Option<Ty> {
        let operator = match names(&e.name)[..] {
            [name] | ["pg_catalog", name] => name,
            _ => return None,
        };
        let (left, right) = (e.lexpr.as_deref()?, e.rexpr.as_deref()?);
        if !self.is_built_in_operation(e, scope) {
            return None;
        }
        let compares = COMPARISONS.contains(&operator);
        let total = match e.kind() {
            AExprKind::AexprBetween
            | AExprKind::AexprNotBetween
            | AExprKind::AexprBetweenSym
            | AExprKind::AexprNotBetweenSym => self.compares_with_bounds(left, right, scope),
            AExprKind::AexprIn => compares && self.compares_with_each(left, right, scope),
            AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => self.compares_with(left, right, scope),
            AExprKind::AexprOpAny | AExprKind::AexprOpAll => {
                compares && self.compares_with_elements(left, right, scope)
            }
            AExprKind::AexprLike | AExprKind::AexprIlike => return self.type_of_like(operator, left, right, scope),
            // As PostgreSQL writes it in a view's definition.
            AExprKind::AexprOp if LIKES.contains(&operator) => return self.type_of_like(operator, left, right, scope),
            AExprKind::AexprOp if compares => self.compares_with(left, right, scope),
            AExprKind::AexprOp => return self.type_of_other(operator, left, right, scope),
            _ => false,
        };
        total.then(|| Rc::from("bool"))
    }

    /// Two values, or two rows of as many. (A row in a row is a record, whose columns' types are compared when it runs.)
    fn compares_with(&self, left: &Node, right: &Node, scope: &Scope<'_>) -> bool {
        let values = |a: &Node, b: &Node| self.type_of(a, scope).is_some_and(|ty| self.compare(&ty, b, scope));
        match (&left.node, &right.node) {
            (Some(NodeEnum::RowExpr(a)), Some(NodeEnum::RowExpr(b))) => {
                a.args.len() == b.args.len() && a.args.iter().zip(&b.args).all(|(a, b)| values(a, b))
            }
            _ => values(left, right),
        }
    }

    fn compares_with_each(&self, left: &Node, list: &Node, scope: &Scope<'_>) -> bool {
        let Some(NodeEnum::List(list)) = &list.node else { return false };
        if matches!(left.node, Some(NodeEnum::RowExpr(_))) {
            return list.items.iter().all(|right| self.compares_with(left, right, scope));
        }
        let types: Option<Vec<Ty>> = list.items.iter().map(|item| self.type_of(item, scope)).collect();
        let (Some(left), Some(types)) = (self.type_of(left, scope), types) else { return false };
        types.iter().all(|ty| self.compares(&left, ty)) && become_one(&left, &types)
    }

    /// BETWEEN. A parameter without a type has that of the first bound beside the second (`compared_with_bounds`).
    fn compares_with_bounds(&self, left: &Node, bounds: &Node, scope: &Scope<'_>) -> bool {
        let Some(NodeEnum::List(list)) = &bounds.node else { return false };
        if matches!(left.node, Some(NodeEnum::RowExpr(_))) {
            return !self.is_undeclared(left) && list.items.iter().all(|right| self.compares_with(left, right, scope));
        }
        let types: Option<Vec<Ty>> = list.items.iter().map(|item| self.type_of(item, scope)).collect();
        let (Some(of), Some(types)) = (self.type_of(left, scope), types) else { return false };
        let first = types.first().filter(|_| self.is_undeclared(left)).cloned().map(computed);
        types.iter().all(|ty| self.compares(&of, ty) && first.as_ref().is_none_or(|first| self.compares(first, ty)))
    }

    /// Whether the items of IN become one type beside what is looked for: PostgreSQL makes an array of those without columns.
    pub fn become_one(&self, left: &Node, list: &Node, scope: &Scope<'_>) -> bool {
        let Some(NodeEnum::List(list)) = &list.node else { return false };
        if matches!(left.node, Some(NodeEnum::RowExpr(_))) {
            return true;
        }
        let types: Option<Vec<Ty>> = list.items.iter().map(|item| self.type_of(item, scope)).collect();
        self.type_of(left, scope).zip(types).is_some_and(|(left, types)| become_one(&left, &types))
    }

    fn compares_with_elements(&self, left: &Node, array: &Node, scope: &Scope<'_>) -> bool {
        let (Some(left), Some(array)) = (self.type_of(left, scope), self.type_of(array, scope)) else { return false };
        match array.strip_prefix('_') {
            Some(element) => self.compares(&left, element),
            None => &*array == LITERAL && self.has_order(&left),
        }
    }

    fn type_of_like(&self, operator: &str, left: &Node, pattern: &Node, scope: &Scope<'_>) -> Option<Ty> {
        let folds = operator.ends_with('*');
        let total = !(folds && (self.stores() || self.is_given(left, scope)))
            && is_whole_pattern(pattern)
            && self.type_of(left, scope).is_some_and(|ty| is_text(&ty));
        total.then(|| Rc::from("bool"))
    }

    /// Operators that look into documents and arrays. (`@>` of documents goes as deep as they are; the
    /// text of one may be longer than any: `1e131000` is short until it is written out.)
    fn type_of_other(&self, operator: &str, left: &Node, right: &Node, scope: &Scope<'_>) -> Option<Ty> {
        let stored = || !self.stores() && self.is_stored(left, scope);
        let (of, right) = (self.type_of(left, scope)?, self.type_of(right, scope)?);
        match (operator, &*of, &*right) {
            ("->", "jsonb", LITERAL | INTEGER) | ("#>", "jsonb", LITERAL) => Some(of),
            ("->>", "jsonb", LITERAL | INTEGER) | ("#>>", "jsonb", LITERAL) if stored() => ty("text"),
            ("?", "jsonb", LITERAL) => ty("bool"),
            ("@>" | "<@" | "&&", a, b) if ARRAYS.contains(&a) && (a == b || b == LITERAL) => ty("bool"),
            _ => None,
        }
    }

    /// Whether a value is in an expression, that has a type, which is as long as a client likes: EXECUTE takes any.
    fn is_given(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(|n| self.is_given(n, scope));
        match &node.node {
            Some(NodeEnum::ColumnRef(r)) => self.bare_column(r, scope).is_none_or(|col| col.given),
            Some(NodeEnum::AConst(_) | NodeEnum::SqlvalueFunction(_)) => false,
            Some(NodeEnum::TypeCast(c)) => part(&c.arg),
            Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().any(|arg| self.is_given(arg, scope)),
            Some(NodeEnum::AExpr(e)) => part(&e.lexpr) || part(&e.rexpr),
            Some(NodeEnum::FuncCall(f)) => f.args.iter().any(|arg| self.is_given(arg, scope)),
            _ => true,
        }
    }

    /// Whether an expression is a stored document or a part of one, or an empty one.
    fn is_stored(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let stored = |arg: &Node| self.is_stored(arg, scope);
        match &node.node {
            Some(NodeEnum::ColumnRef(r)) => self.bare_column(r, scope).is_some_and(|col| !col.given),
            Some(NodeEnum::AExpr(e)) => e.lexpr.as_deref().is_some_and(stored),
            Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().all(|arg| stored(arg) || is_empty_document(arg)),
            _ => false,
        }
    }

    fn type_of_call(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> Option<Ty> {
        let name = self.built_in_name(f, scope).filter(|_| !f.func_variadic)?;
        let class = allow::builtin_function(name, f.args.len())?;
        if class == FunctionClass::Aggregate {
            return self.type_of_aggregate(name, f, scope);
        }
        if let Some(built) = self.type_of_document(name, &f.args, scope) {
            return Some(built);
        }
        if name == "unnest" {
            // Of several arrays each makes a column of its own.
            let arrays = f.args.iter().map(|a| self.type_of(a, scope)).collect::<Option<Vec<_>>>()?;
            let elements: Option<Vec<&str>> = arrays.iter().map(|array| array.strip_prefix('_')).collect();
            return elements?.first().and_then(|of| ty(of));
        }
        let types = f.args.iter().map(|a| self.bare_type(a, scope)).collect::<Option<Vec<_>>>()?;
        let given = f.args.iter().any(|arg| self.is_given(arg, scope));
        match (name, types.as_slice()) {
            ("lower" | "upper", [of]) if is_text(of) && !self.stores() && !given => ty("text"),
            ("date", [of]) if MOMENTS.contains(&&**of) => ty("date"),
            ("generate_series", [_, _]) if is_short_series(&f.args) => ty("int4"),
            _ => None,
        }
    }

    /// Whether the role could store a text of more than 256 MB, of which `lower`, `upper` and `ILIKE` fail, or a document
    /// that is too long when it is written out.
    fn stores(&self) -> bool {
        [Right::Insert, Right::Update, Right::CopyIn, Right::Derive].iter().any(|right| self.role.may(*right))
    }

    /// Of a constant the planner makes one, whatever rows there are; the type of a parameter is only said.
    fn type_of_constant_cast(&self, c: &pb::TypeCast) -> Option<Ty> {
        let (arg, to) = (c.arg.as_deref()?, c.type_name.as_ref()?);
        if let Some(NodeEnum::ParamRef(_)) = &arg.node {
            return self.array_of(c).map_or_else(|| self.cast(c)?.ty, |element| ty(&format!("_{element}")));
        }
        let from = match &arg.node {
            Some(NodeEnum::AConst(_)) => self.bare_type(arg, &Scope::EMPTY)?,
            _ => return None,
        };
        let element = pb::TypeName { array_bounds: Vec::new(), ..to.clone() };
        match (&*from, self.plain_type(&element)) {
            (_, None) => self.label(&from, to),
            (LITERAL, Some(name)) if to.array_bounds.is_empty() => ty(name),
            (LITERAL, Some(name)) => ty(&format!("_{name}")),
            (from, Some(name)) if self.recasts(from, name) => None,
            (_, Some(name)) => ty(name).filter(|name| to.array_bounds.is_empty() && ORDERED.contains(&&**name)),
        }
    }

    fn type_of_cast(&self, c: &pb::TypeCast, scope: &Scope<'_>) -> Option<Ty> {
        if let Some(ty) = self.type_of_constant_cast(c) {
            return Some(ty);
        }
        let to = c.type_name.as_ref()?;
        let (from, name) = (self.bare_type(c.arg.as_deref()?, scope)?, self.plain_type(to)?);
        let sound = match (&*from, name) {
            (from, name) if self.recasts(from, name) => false,
            (from, "text" | "varchar" | "bpchar") if TEXTS.contains(&from) => true,
            // Of these the text is longer, and may be too long.
            ("jsonb" | "bytea", "text") => false,
            (from, "text") => self.has_order(from),
            ("timestamp" | "timestamptz", "date") => true,
            ("int2", "int4" | "int8" | "numeric" | "float8")
            | ("int4", "int8" | "numeric" | "float8")
            | ("int8", "numeric" | "float8") => to.typmods.is_empty(),
            (from, to_name) => from == to_name && to.typmods.is_empty(),
        };
        if sound { ty(name) } else { None }
    }

    /// A literal of an enum is read where the statement is; a domain's check runs later.
    fn label(&self, from: &str, to: &pb::TypeName) -> Option<Ty> {
        let (schema, name) = match names(&to.names)[..] {
            [name] => (None, name),
            [schema, name] => (Some(schema), name),
            _ => return None,
        };
        let taken = schema.is_none() && self.is_relation(name);
        let mut own = self.engine.catalog.types_named(name).filter(|t| schema.is_none_or(|s| s == t.name.schema));
        let literal = from == LITERAL && to.array_bounds.is_empty() && !to.setof;
        (literal && !taken && own.next().is_some() && self.has_order(name)).then(|| Rc::from(name))
    }
}

fn become_one(left: &Ty, types: &[Ty]) -> bool {
    types.len() == 1 || types.iter().try_fold(left.clone(), |so_far, ty| join(&so_far, ty)).is_some()
}

/// Whether a series is kept in memory, however little of that there is: on disk it may meet a limit.
fn is_short_series(bounds: &[Node]) -> bool {
    let number = |n: &Node| match &n.node {
        Some(NodeEnum::AConst(pb::AConst { val: Some(Val::Ival(i)), .. })) => Some(i64::from(i.ival)),
        _ => None,
    };
    match bounds {
        [from, to] => number(from).zip(number(to)).is_some_and(|(from, to)| to - from < LONG_SERIES),
        _ => false,
    }
}

fn is_empty_document(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::AConst(c)) => matches!(&c.val, Some(Val::Sval(s)) if matches!(s.sval.as_str(), "{}" | "[]")),
        Some(NodeEnum::TypeCast(c)) => c.arg.as_deref().is_some_and(is_empty_document),
        _ => false,
    }
}

/// The text of a literal.
pub fn literal(node: &Node) -> Option<&str> {
    match &node.node {
        Some(NodeEnum::AConst(c)) => match &c.val {
            Some(Val::Sval(s)) => Some(&s.sval),
            _ => None,
        },
        // As PostgreSQL writes it in a view's definition.
        Some(NodeEnum::TypeCast(c)) => {
            let text = c.type_name.as_ref().is_some_and(|t| {
                t.array_bounds.is_empty() && matches!(names(&t.names)[..], ["text"] | ["pg_catalog", "text"])
            });
            c.arg.as_deref().filter(|_| text).and_then(literal)
        }
        _ => None,
    }
}

/// A pattern of LIKE that does not end in the middle of an escape, and that is matched in few steps into each other.
fn is_whole_pattern(node: &Node) -> bool {
    if let Some(NodeEnum::FuncCall(f)) = &node.node
        && let (["upper" | "lower"] | ["pg_catalog", "upper" | "lower"], [pattern]) =
            (&names(&f.funcname)[..], f.args.as_slice())
    {
        return is_whole_pattern(pattern);
    }
    let whole = |p: &str| p.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 0;
    literal(node).is_some_and(|p| whole(p) && p.matches('%').count() <= FEW_WILDCARDS)
}

/// `(SELECT count(*) …)`.
fn counts(s: &pb::SubLink) -> bool {
    let Some(NodeEnum::SelectStmt(query)) = s.subselect.as_deref().and_then(|q| q.node.as_ref()) else { return false };
    is_count(query)
}
