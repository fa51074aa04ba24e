//! Aggregates, and what puts documents together, that have an answer whatever rows there are, and of which type that is.
//!
//! What collects values (`json_agg`, `array_agg`, …) fails where they are more than one value of PostgreSQL may have, 1 GiB. It
//! has to read as much before that, which takes as long as to tell: what a statement costs is not hidden.

use pg_query::protobuf::{self as pb, AExprKind};
use pg_query::{Node, NodeEnum};

use super::fallible::arms;
use super::scope::{self, Scope};
use super::total::literal;
use super::types::{LITERAL, ORDERED, Ty, computed, is_text, ty};
use super::{Analyser, names};
use crate::engine::allow::{self, FunctionClass, TypeClass};

/// Aggregates of which a row is an argument like any other: of others `max(row)` may be the row's column `max`.
const TAKE_ROWS: [&str; 4] = ["count", "json_agg", "jsonb_agg", "array_agg"];

/// Operators that are null where a side is, whatever they are of.
const STRICT: [&str; 12] = ["+", "-", "*", "/", "%", "=", "<>", "!=", "<", "<=", ">", ">="];

/// Functions that are null where an argument is.
const STRICT_FUNCTIONS: [&str; 7] = ["abs", "round", "trunc", "ceil", "floor", "length", "date_trunc"];

impl Analyser<'_> {
    pub fn type_of_aggregate(&self, name: &str, f: &pb::FuncCall, scope: &Scope<'_>) -> Option<Ty> {
        if f.agg_within_group {
            return None;
        }
        if !f.agg_distinct
            && let Some(collected) = self.type_of_collection(name, &f.args, scope)
        {
            return Some(collected);
        }
        if !f.agg_order.is_empty() {
            return None;
        }
        let types = || f.args.iter().map(|a| self.bare_type(a, scope));
        // Distinct values are sorted.
        let sorts = |ty: Option<Ty>| ty.is_some_and(|ty| self.has_order(&ty));
        if name == "count" {
            return if f.agg_distinct && !types().all(sorts) { None } else { ty("int8") };
        }
        match (name, &types().collect::<Option<Vec<_>>>()?[..]) {
            ("min" | "max", [of]) if !["bool", "uuid", "bytea", "jsonb", "macaddr"].contains(&&**of) => {
                Some(computed(of.clone())).filter(|ty| self.has_order(ty))
            }
            // Of floats they overflow, and of numerics that have no bound.
            ("sum", [of]) if matches!(&**of, "int2" | "int4") => ty("int8"),
            ("sum", [of]) if &**of == "int8" => ty("numeric"),
            ("sum" | "avg", [of]) if &**of == "numeric" && self.is_bounded(f.args.first()?, scope) => ty("numeric"),
            ("avg", [of]) if matches!(&**of, "int2" | "int4" | "int8") => ty("numeric"),
            _ => None,
        }
    }

    /// Aggregates that keep what they are given, in whatever order.
    fn type_of_collection(&self, name: &str, args: &[Node], scope: &Scope<'_>) -> Option<Ty> {
        match (name, args) {
            ("json_agg", [value]) if self.is_written_out(value, scope) => ty("json"),
            ("jsonb_agg", [value]) if self.is_written_out(value, scope) => ty("jsonb"),
            ("array_agg", [value]) => {
                let element = self.type_of(value, scope).map(computed).filter(|of| ORDERED.contains(&&**of))?;
                ty(&format!("_{element}"))
            }
            ("string_agg", [value, between]) if literal(between).is_some() => {
                self.type_of(value, scope).filter(|of| is_text(of)).and_then(|_| ty("text"))
            }
            ("bool_and" | "bool_or" | "every", [value]) => self.type_of(value, scope).filter(|of| &**of == "bool"),
            _ => None,
        }
    }

    /// Whether an expression is computed from aggregates of the query's own rows, and so above all that chooses these.
    pub fn is_above(&self, node: &Node, scope: &Scope<'_>) -> bool {
        any_part(node, &|part| match part {
            NodeEnum::FuncCall(f) => self.is_own_aggregate(f, scope).then_some(true),
            _ => None,
        })
    }

    /// Whether an expression is above all that chooses rows once PostgreSQL has folded constants. (It tests a condition of
    /// HAVING without aggregates like WHERE, and sorts by such a key early.) What folds `count(*) > NULL` away must fold all
    /// of the expression, or else the aggregate must stay.
    pub fn stays_above(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(|n| self.stays_above(n, scope));
        match &node.node {
            Some(NodeEnum::FuncCall(f)) => {
                let strict = self.built_in_name(f, scope).is_some_and(|name| STRICT_FUNCTIONS.contains(&name));
                self.is_own_aggregate(f, scope) || strict && f.args.iter().any(|arg| self.stays_above(arg, scope))
            }
            Some(NodeEnum::AExpr(e)) => self.is_strict(e, scope) && (part(&e.lexpr) || part(&e.rexpr)),
            Some(NodeEnum::TypeCast(c)) => self.is_plain_cast(c) && part(&c.arg),
            // Only what stands before the first constant stays for sure.
            Some(NodeEnum::CoalesceExpr(c)) => c.args.first().is_some_and(|first| self.aggregate_stays(first, scope)),
            Some(NodeEnum::CaseExpr(c)) => {
                let first = arms(c).next().and_then(|arm| arm.expr.as_deref());
                c.arg.is_none() && first.is_some_and(|first| self.aggregate_stays(first, scope))
            }
            _ => false,
        }
    }

    /// Whether an expression is computed from an aggregate whatever constants PostgreSQL folds.
    fn aggregate_stays(&self, node: &Node, scope: &Scope<'_>) -> bool {
        match &node.node {
            Some(NodeEnum::FuncCall(f)) => self.is_own_aggregate(f, scope),
            Some(NodeEnum::AExpr(e)) => {
                let stays =
                    |side: &Option<Box<Node>>| side.as_deref().is_some_and(|side| self.aggregate_stays(side, scope));
                let (left, right) = (stays(&e.lexpr), stays(&e.rexpr));
                let known = (left || is_value(e.lexpr.as_deref())) && (right || is_value(e.rexpr.as_deref()));
                self.is_strict(e, scope) && (left || right) && known
            }
            Some(NodeEnum::TypeCast(c)) => {
                self.is_plain_cast(c) && c.arg.as_deref().is_some_and(|arg| self.aggregate_stays(arg, scope))
            }
            _ => false,
        }
    }

    /// An operation that is null where a side is.
    fn is_strict(&self, e: &pb::AExpr, scope: &Scope<'_>) -> bool {
        let strict = matches!(names(&e.name).last(), Some(name) if STRICT.contains(name));
        strict && e.kind() == AExprKind::AexprOp && self.is_built_in_operation(e, scope)
    }

    fn is_plain_cast(&self, c: &pb::TypeCast) -> bool {
        c.type_name.as_ref().is_some_and(|ty| self.plain_type(ty).is_some())
    }

    /// An aggregate belongs to the innermost query whose columns it reads: to this one, if it reads one of it, or nothing.
    fn is_own_aggregate(&self, f: &pb::FuncCall, scope: &Scope<'_>) -> bool {
        let name = self.built_in_name(f, scope).filter(|_| f.over.is_none());
        let class = name.and_then(|name| allow::builtin_function(name, f.args.len()));
        let own = (f.agg_star && f.agg_filter.is_none()) || f.args.iter().any(|arg| reads_own(arg, scope));
        let takes_rows = name.is_some_and(|name| TAKE_ROWS.contains(&name));
        class == Some(FunctionClass::Aggregate)
            && own
            && (takes_rows || f.args.iter().all(|arg| self.is_no_row(arg, scope)))
    }

    /// Of a row `max(row)` is its column `max`, where it has one.
    fn is_no_row(&self, node: &Node, scope: &Scope<'_>) -> bool {
        const PLAIN: [&str; 10] =
            ["abs", "round", "trunc", "extract", "date_part", "date_trunc", "length", "char_length", "lower", "upper"];
        match &node.node {
            Some(NodeEnum::ColumnRef(r)) => {
                let ty = self.bare_column(r, scope).and_then(|c| c.ty);
                ty.is_some_and(|ty| self.engine.catalog.types_named(&ty).all(|t| t.kind == 'e') && !self.is_taken(&ty))
            }
            Some(NodeEnum::AConst(_)) => true,
            Some(NodeEnum::AExpr(e)) => self.is_built_in_operation(e, scope),
            Some(NodeEnum::TypeCast(c)) => {
                let ty = c.type_name.as_ref().and_then(|ty| self.plain_type(ty));
                ty.is_some_and(|ty| allow::builtin_type(ty) == Some(TypeClass::Pure) && ty != "record")
            }
            Some(NodeEnum::CoalesceExpr(c)) => c.args.iter().all(|arg| self.is_no_row(arg, scope)),
            Some(NodeEnum::CaseExpr(c)) => {
                let results = arms(c).map(|w| &w.result).chain([&c.defresult]);
                results.into_iter().flatten().all(|result| self.is_no_row(result, scope))
            }
            Some(NodeEnum::FuncCall(f)) => self.built_in_name(f, scope).is_some_and(|name| PLAIN.contains(&name)),
            _ => false,
        }
    }

    /// `json_build_object('name', column, …)` and its like.
    pub fn type_of_document(&self, name: &str, args: &[Node], scope: &Scope<'_>) -> Option<Ty> {
        let built = match name {
            "json_build_object" | "json_build_array" => ty("json"),
            "jsonb_build_object" | "jsonb_build_array" => ty("jsonb"),
            _ => return None,
        };
        let named = name.ends_with("_object");
        let sound = |(i, arg): (usize, &Node)| match named && i.is_multiple_of(2) {
            true => literal(arg).is_some(),
            false => self.is_written_out(arg, scope),
        };
        built.filter(|_| (!named || args.len().is_multiple_of(2)) && args.iter().enumerate().all(sound))
    }

    /// Of documents, or literals of some, that become one type: `coalesce(json_agg(name), '[]')`.
    pub fn type_of_documents(&self, nodes: &[Node], scope: &Scope<'_>) -> Option<Ty> {
        let types = nodes.iter().map(|node| self.type_of(node, scope)).collect::<Option<Vec<_>>>()?;
        let first = types.first().filter(|first| ["json", "jsonb"].contains(&&***first))?;
        types.iter().all(|ty| ty == first || &**ty == LITERAL).then(|| first.clone())
    }

    /// Whether a value becomes a part of a document whatever it is. (Documents and bytes may be longer there than they are.)
    fn is_written_out(&self, node: &Node, scope: &Scope<'_>) -> bool {
        if let Some(NodeEnum::FuncCall(f)) = &node.node {
            let name = self.built_in_name(f, scope).filter(|_| !f.func_variadic);
            return name.is_some_and(|name| self.type_of_document(name, &f.args, scope).is_some());
        }
        // An enum becomes its label, where nobody has made a cast of it.
        let is_label = |of: &str| self.has_order(of) && self.engine.catalog.casts_of_values(of).next().is_none();
        self.type_of(node, scope).is_some_and(|of| match &*of {
            LITERAL => true,
            "jsonb" | "bytea" => false,
            of => ORDERED.contains(&of) || is_label(of),
        })
    }

    /// Whether a stored column takes numbers of some digits only (`numeric(12, 2)`): no sum of them is too large.
    fn is_bounded(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let Some(NodeEnum::ColumnRef(r)) = &node.node else { return false };
        let Some(col) = self.bare_column(r, scope).filter(|col| !col.mixed && !col.origin.is_empty()) else {
            return false;
        };
        col.origin.iter().all(|&(occurrence, column)| {
            let relation = self.occurrences.get(occurrence).and_then(|o| self.engine.catalog.relation(o.relation));
            relation.and_then(|r| r.columns.get(column)).is_some_and(|c| c.ty.typmod >= 0)
        })
    }
}

/// Whether an expression reads a column, or a row, of the query's own FROM.
pub fn reads_own(node: &Node, scope: &Scope<'_>) -> bool {
    any_part(node, &|part| match part {
        NodeEnum::ColumnRef(r) => Some(scope::level_of(r, scope) == Some(0)),
        NodeEnum::FuncCall(f) if f.over.is_some() => Some(false),
        _ => None,
    })
}

/// Whether `is` says so of an expression, or, where it says nothing, of any of its parts.
fn any_part(node: &Node, is: &dyn Fn(&NodeEnum) -> Option<bool>) -> bool {
    let part = |n: &Option<Box<Node>>| n.as_deref().is_some_and(|n| any_part(n, is));
    let any = |nodes: &[Node]| nodes.iter().any(|n| any_part(n, is));
    let Some(node) = &node.node else { return false };
    is(node).unwrap_or_else(|| match node {
        NodeEnum::FuncCall(f) => any(&f.args),
        NodeEnum::AExpr(e) => part(&e.lexpr) || part(&e.rexpr),
        NodeEnum::TypeCast(c) => part(&c.arg),
        NodeEnum::CoalesceExpr(c) => any(&c.args),
        NodeEnum::CaseExpr(c) => arms(c).any(|w| part(&w.expr) || part(&w.result)) || part(&c.defresult),
        _ => false,
    })
}

/// Whether a side is a constant that is not null.
fn is_value(side: Option<&Node>) -> bool {
    matches!(side.and_then(|n| n.node.as_ref()), Some(NodeEnum::AConst(c)) if !c.isnull)
}
