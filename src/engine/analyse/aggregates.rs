//! Aggregates, and what puts documents together, that have an answer whatever rows there are, and of which type that is.
//!
//! What collects values (`json_agg`, `array_agg`, …) fails where they are more than one value of PostgreSQL may have, 1 GiB. It
//! has to read as much before that, which takes as long as to tell: what a statement costs is not hidden.

use pg_query::protobuf::{self as pb, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::scope::Scope;
use super::types::{LITERAL, ORDERED, Ty, computed, is_text, ty};

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
            ("string_agg", [value, between]) if is_literal(between) => {
                self.type_of(value, scope).filter(|of| is_text(of)).and_then(|_| ty("text"))
            }
            ("bool_and" | "bool_or" | "every", [value]) => self.type_of(value, scope).filter(|of| &**of == "bool"),
            _ => None,
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
            true => is_literal(arg),
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

/// A text that is written out, and not NULL.
fn is_literal(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::AConst(pb::AConst { isnull: false, val: Some(Val::Sval(_)), .. })))
}
