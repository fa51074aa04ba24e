//! Expressions that have an answer, or null, for all values, and of which type that is.
//!
//! PostgreSQL takes an overload, and casts, by the types of what it is given: `date(timestamptz)` never fails, `date(text)`
//! does. So nothing is known of an expression whose parts' types are not; and the lists here name types, not names alone.

use std::rc::Rc;

use pg_query::protobuf::{self as pb, AExprKind, SqlValueFunctionOp, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::fallible::{is_plain_collation, is_short, is_whole_pattern};
use super::scope::Scope;
use super::types::{
    ARRAYS, COMPARISONS, INTEGER, LITERAL, MOMENTS, NUMBER, ORDERED, TEXTS, Ty, computed, is_text, join, ty,
};
use super::{Analyser, names};
use crate::engine::allow::{self, FunctionClass};
use crate::engine::context::ParameterType;
use crate::engine::policy::Right;

const LIKES: [&str; 4] = ["~~", "!~~", "~~*", "!~~*"];
/// The clock: it stands still while a statement runs.
const CLOCKS: [&str; 3] = ["now", "statement_timestamp", "transaction_timestamp"];

impl Analyser<'_> {
    /// The type of an expression that has an answer for all values if its parts have; `None`: it may have none.
    pub fn type_of(&self, node: &Node, scope: &Scope<'_>) -> Option<Ty> {
        match node.node.as_ref()? {
            NodeEnum::ColumnRef(r) => self.bare_column(r, scope)?.ty.filter(|ty| self.is_plain_or_ordered(ty)),
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
            NodeEnum::BoolExpr(_) | NodeEnum::NullTest(_) | NodeEnum::BooleanTest(_) => ty("bool"),
            NodeEnum::SubLink(s) if s.sub_link_type() == pb::SubLinkType::ExistsSublink => ty("bool"),
            NodeEnum::CoalesceExpr(c) => self.common(&c.args, scope),
            NodeEnum::MinMaxExpr(m) => self.common(&m.args, scope).filter(|ty| self.has_order(ty)),
            NodeEnum::CaseExpr(c) => self.type_of_case(c, scope),
            NodeEnum::AArrayExpr(a) => match &*self.common(&a.elements, scope)? {
                of if of.starts_with('_') => None,
                of => ty(&format!("_{of}")),
            },
            NodeEnum::AExpr(e) => self.type_of_operation(e, scope),
            NodeEnum::FuncCall(f) => self.type_of_call(f, scope),
            NodeEnum::TypeCast(c) => self.type_of_cast(c, scope),
            NodeEnum::CollateClause(c) if is_plain_collation(c) => {
                self.type_of(c.arg.as_deref()?, scope).filter(|ty| is_text(ty))
            }
            _ => None,
        }
    }

    fn type_of_parameter(&self, number: usize) -> Option<Ty> {
        let name = match self.parameters.get(number) {
            ParameterType::Inferred if self.is_repeated(number) => return None,
            ParameterType::Inferred => LITERAL,
            ParameterType::Text => "text",
            ParameterType::Int2 => "int2",
            ParameterType::Int4 => "int4",
            ParameterType::Int8 => "int8",
            ParameterType::Numeric => "numeric",
            ParameterType::Bool => "bool",
            ParameterType::Uuid => "uuid",
            ParameterType::Date => "date",
            ParameterType::Timestamp => "timestamp",
            ParameterType::Timestamptz => "timestamptz",
            ParameterType::Interval => "interval",
            ParameterType::TextArray => "_text",
            ParameterType::Int2Array => "_int2",
            ParameterType::Int4Array => "_int4",
            ParameterType::Int8Array => "_int8",
            ParameterType::UuidArray => "_uuid",
            ParameterType::Float | ParameterType::BuiltIn | ParameterType::Other => return None,
        };
        ty(name)
    }

    fn type_of_case(&self, c: &pb::CaseExpr, scope: &Scope<'_>) -> Option<Ty> {
        let arms = c.args.iter().map(|arm| match &arm.node {
            Some(NodeEnum::CaseWhen(when)) => Some((when.expr.as_deref()?, when.result.as_deref()?)),
            _ => None,
        });
        let arms = arms.collect::<Option<Vec<_>>>()?;
        if let Some(arg) = c.arg.as_deref() {
            let arg = self.type_of(arg, scope)?;
            if !self.is_plain("=") || !arms.iter().all(|(when, _)| self.compare(&arg, when, scope)) {
                return None;
            }
        }
        self.common(arms.into_iter().map(|(_, result)| result).chain(c.defresult.as_deref()), scope)
    }

    /// The type that all of them become without an error (PostgreSQL manual, 10.5).
    fn common<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>, scope: &Scope<'_>) -> Option<Ty> {
        let mut joint: Option<Ty> = None;
        for node in nodes {
            let ty = self.type_of(node, scope)?;
            joint = match joint {
                Some(so_far) => Some(join(&so_far, &ty)?),
                None => Some(ty),
            };
        }
        joint.map(computed)
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
        let total = match e.kind() {
            AExprKind::AexprBetween
            | AExprKind::AexprNotBetween
            | AExprKind::AexprBetweenSym
            | AExprKind::AexprNotBetweenSym => {
                self.is_plain("<=") && self.is_plain(">=") && self.compares_with_each(left, right, scope)
            }
            AExprKind::AexprIn => self.is_plain(operator) && self.compares_with_each(left, right, scope),
            AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => {
                self.is_plain("=") && self.compares_with(left, right, scope)
            }
            AExprKind::AexprNullif => {
                let ty = self.type_of(left, scope)?;
                let total = self.is_plain("=") && self.compare(&ty, right, scope);
                return total.then(|| computed(ty));
            }
            AExprKind::AexprOpAny | AExprKind::AexprOpAll => {
                self.is_plain(operator) && self.compares_with_elements(left, right, scope)
            }
            AExprKind::AexprLike | AExprKind::AexprIlike => return self.type_of_like(operator, left, right, scope),
            // As PostgreSQL writes it in a view's definition.
            AExprKind::AexprOp if LIKES.contains(&operator) => return self.type_of_like(operator, left, right, scope),
            AExprKind::AexprOp if COMPARISONS.contains(&operator) => {
                self.is_plain(operator) && self.compares_with(left, right, scope)
            }
            AExprKind::AexprOp if self.is_built_in(operator) => {
                return self.type_of_other(operator, left, right, scope);
            }
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
        let Some(ty) = self.type_of(left, scope) else { return false };
        list.items.iter().all(|right| self.compare(&ty, right, scope))
    }

    fn compares_with_elements(&self, left: &Node, array: &Node, scope: &Scope<'_>) -> bool {
        let (Some(left), Some(array)) = (self.type_of(left, scope), self.type_of(array, scope)) else { return false };
        match array.strip_prefix('_') {
            Some(element) => self.compares(&left, element),
            None => &*array == LITERAL && self.has_order(&left),
        }
    }

    fn type_of_like(&self, operator: &str, left: &Node, pattern: &Node, scope: &Scope<'_>) -> Option<Ty> {
        let total = self.is_built_in(operator)
            && is_whole_pattern(pattern)
            && self.type_of(left, scope).is_some_and(|ty| is_text(&ty));
        total.then(|| Rc::from("bool"))
    }

    /// Operators that look into documents and arrays, and move the clock. (`@>` of documents goes as deep as they are.)
    fn type_of_other(&self, operator: &str, left: &Node, right: &Node, scope: &Scope<'_>) -> Option<Ty> {
        if matches!(operator, "+" | "-") {
            return self.type_of_moved(left, right);
        }
        let (left, right) = (self.type_of(left, scope)?, self.type_of(right, scope)?);
        match (operator, &*left, &*right) {
            ("->", "jsonb", LITERAL | INTEGER) | ("#>", "jsonb", LITERAL) => Some(left),
            ("->>", "jsonb", LITERAL | INTEGER) | ("#>>", "jsonb", LITERAL) => ty("text"),
            ("?", "jsonb", LITERAL) => ty("bool"),
            ("@>" | "<@" | "&&", a, b) if ARRAYS.contains(&a) && (a == b || b == LITERAL) => ty("bool"),
            _ => None,
        }
    }

    /// `now() - interval '30 days'`: a point in time that surely is one.
    fn type_of_moved(&self, left: &Node, right: &Node) -> Option<Ty> {
        let clock = match left.node.as_ref()? {
            NodeEnum::SqlvalueFunction(f) if f.op() == SqlValueFunctionOp::SvfopCurrentDate => "date",
            NodeEnum::SqlvalueFunction(f) if f.op() == SqlValueFunctionOp::SvfopCurrentTimestamp => "timestamptz",
            NodeEnum::FuncCall(f) if f.args.is_empty() && CLOCKS.contains(&self.plain_name(f)?) => "timestamptz",
            _ => return None,
        };
        match right.node.as_ref()? {
            NodeEnum::TypeCast(c) if self.is_short_interval(c) => ty(if clock == "date" { "timestamp" } else { clock }),
            NodeEnum::AConst(c) if clock == "date" => match &c.val {
                Some(Val::Ival(days)) if days.ival.unsigned_abs() < 100_000 => ty(clock),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_short_interval(&self, c: &pb::TypeCast) -> bool {
        let interval = c.type_name.as_ref().is_some_and(|t| self.plain_type(t) == Some("interval"));
        let text = match c.arg.as_deref().and_then(|n| n.node.as_ref()) {
            Some(NodeEnum::AConst(pb::AConst { val: Some(Val::Sval(s)), .. })) => s.sval.as_str(),
            _ => return false,
        };
        interval && is_short(text)
    }

    /// The name of a function that nothing but PostgreSQL's own bears.
    fn plain_name<'f>(&self, f: &'f pb::FuncCall) -> Option<&'f str> {
        match names(&f.funcname)[..] {
            [name] | ["pg_catalog", name] if self.engine.catalog.functions_named(name).next().is_none() => Some(name),
            _ => None,
        }
    }

    fn type_of_call(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> Option<Ty> {
        let name = self.plain_name(f).filter(|_| !f.func_variadic)?;
        let class = allow::builtin_function(name, f.args.len())?;
        if f.args.is_empty() && CLOCKS.contains(&name) {
            return ty("timestamptz");
        }
        let types = f.args.iter().map(|a| self.type_of(a, scope));
        match class {
            FunctionClass::Aggregate => {
                let plain = !f.agg_within_group && f.agg_order.is_empty();
                // Distinct values are sorted.
                let sorts = |ty: &Option<Ty>| ty.as_deref().is_some_and(|ty| self.has_order(ty));
                let plain = plain && (!f.agg_distinct || types.clone().all(|ty| sorts(&ty)));
                match (plain, name) {
                    (true, "count") => ty("int8"),
                    (true, _) => self.type_of_aggregate(name, &types.collect::<Option<Vec<_>>>()?),
                    (false, _) => None,
                }
            }
            FunctionClass::Window => {
                f.over.as_ref()?;
                match (name, &types.collect::<Option<Vec<_>>>()?[..]) {
                    ("row_number" | "rank" | "dense_rank", []) => ty("int8"),
                    ("percent_rank" | "cume_dist", []) => ty("float8"),
                    ("lag" | "lead" | "first_value" | "last_value", [of]) => Some(computed(of.clone())),
                    _ => None,
                }
            }
            _ if matches!(name, "extract" | "date_part") => self.type_of_field(name, &f.args, scope),
            _ => {
                let types = types.collect::<Option<Vec<_>>>()?;
                let types: Vec<&str> = types.iter().map(|ty| &**ty).collect();
                match name {
                    "lower" | "upper" => self.type_of_case_folded(&f.args, &types),
                    _ => type_of_function(name, &types),
                }
            }
        }
    }

    /// They fail above 256 MB, which nothing that is computed here can come to, but a value that was stored for that.
    fn type_of_case_folded(&self, args: &[Node], types: &[&str]) -> Option<Ty> {
        let bare = args.iter().all(|a| matches!(a.node, Some(NodeEnum::ColumnRef(_) | NodeEnum::AConst(_))));
        let stores = [Right::Insert, Right::Update, Right::CopyIn, Right::Derive].iter().any(|r| self.role.may(*r));
        match types {
            [of] if is_text(of) && bare && !stores => ty("text"),
            _ => None,
        }
    }

    fn type_of_aggregate(&self, name: &str, types: &[Ty]) -> Option<Ty> {
        let [of] = types else { return None };
        match (name, &**of) {
            ("min" | "max", "bool" | "uuid" | "bytea" | "jsonb" | "macaddr") => None,
            ("min" | "max", _) if self.has_order(of) => Some(computed(of.clone())),
            ("bool_and" | "bool_or" | "every", "bool") => ty("bool"),
            // Of floats they overflow, and of numerics that have no bound.
            ("sum", "int2" | "int4" | INTEGER) => ty("int8"),
            ("sum", "int8") | ("avg", "int2" | "int4" | "int8" | INTEGER) => ty("numeric"),
            _ => None,
        }
    }

    /// `EXTRACT (field FROM moment)`; `date_part` would first make a timestamp of a date.
    fn type_of_field(&self, name: &str, args: &[Node], scope: &Scope<'_>) -> Option<Ty> {
        let [field, of] = args else { return None };
        let NodeEnum::AConst(pb::AConst { val: Some(Val::Sval(field)), .. }) = field.node.as_ref()? else {
            return None;
        };
        let known = matches!(field.sval.to_ascii_lowercase().as_str(), "year" | "quarter" | "month" | "day");
        let moment = match &*self.type_of(of, scope)? {
            "date" => name == "extract",
            of => MOMENTS.contains(&of),
        };
        (known && moment).then(|| Rc::from(if name == "extract" { "numeric" } else { "float8" }))
    }

    fn type_of_cast(&self, c: &pb::TypeCast, scope: &Scope<'_>) -> Option<Ty> {
        let (arg, to) = (c.arg.as_deref()?, c.type_name.as_ref()?);
        if let Some(NodeEnum::ParamRef(_)) = &arg.node {
            return self.cast(c)?.ty;
        }
        let from = self.type_of(arg, scope)?;
        let Some(name) = self.plain_type(&pb::TypeName { array_bounds: Vec::new(), ..to.clone() }).map(Rc::from) else {
            return self.label(&from, to);
        };
        let name: Ty = name;
        if &*from == LITERAL && !to.setof {
            return if to.array_bounds.is_empty() { Some(name) } else { ty(&format!("_{name}")) };
        }
        let bare = to.typmods.is_empty();
        let sound = to.array_bounds.is_empty()
            && match (&*from, &*name) {
                (INTEGER | NUMBER, to) => ORDERED.contains(&to),
                (from, "text" | "varchar" | "bpchar") if TEXTS.contains(&from) => true,
                // Of these the text is longer, and may be too long.
                ("jsonb" | "bytea", "text") => false,
                (from, "text") => self.has_order(from),
                (from, to) if from == to => bare,
                ("timestamp" | "timestamptz", "date") => true,
                ("int2", "int4" | "int8" | "numeric" | "float8")
                | ("int4", "int8" | "numeric" | "float8")
                | ("int8", "numeric" | "float8") => bare,
                _ => false,
            };
        sound.then_some(name)
    }

    /// A literal of an enum is read where the statement is; a domain's check runs later.
    fn label(&self, from: &str, to: &pb::TypeName) -> Option<Ty> {
        let name = *names(&to.names).last()?;
        let own = self.engine.catalog.types_named(name).next().is_some();
        let literal = from == LITERAL && to.array_bounds.is_empty() && !to.setof;
        (literal && own && self.has_order(name)).then(|| Rc::from(name))
    }
}

/// Plain functions, by what they are given.
fn type_of_function(name: &str, types: &[&str]) -> Option<Ty> {
    let texts = types.iter().all(|ty| is_text(ty));
    match (name, types) {
        ("reverse", [_]) | ("btrim" | "ltrim" | "rtrim", [_] | [_, _]) if texts => ty("text"),
        ("length" | "char_length" | "character_length" | "octet_length" | "bit_length", [_]) if texts => ty("int4"),
        ("left" | "right", [of, INTEGER]) if is_text(of) => ty("text"),
        ("strpos" | "position", [_, _]) if texts => ty("int4"),
        ("starts_with", [_, _]) if texts => ty("bool"),
        ("cardinality", [of]) if of.starts_with('_') => ty("int4"),
        ("ceil" | "ceiling" | "floor", ["float8"]) => ty("float8"),
        ("date", [of]) if MOMENTS.contains(of) => ty("date"),
        ("jsonb_typeof", ["jsonb"]) => ty("text"),
        ("unnest", [of]) => of.strip_prefix('_').and_then(ty),
        ("generate_series", [INTEGER, INTEGER]) => ty("int4"),
        _ => None,
    }
}
