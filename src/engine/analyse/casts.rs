//! Casts of the database's own, which PostgreSQL applies where none is written.
//!
//! A cast calls a function by another name, and may fail where nobody expects one. The types of a statement's expressions
//! are not all worked out here; so it is asked where a value of a type with such casts comes from: a column, a row, a
//! function. As it stands it may be shown, sorted and tested for null; anywhere else something may be cast to it or from it.
//! Casts between built-in types may run anywhere at all: who may not call what they run asks nothing.

use pg_query::protobuf::AExprKind;
use pg_query::{Node, NodeEnum};

use super::scope::{self, Col, Found, Item, Lasts, Scope};
use super::types::{COMPARISONS, INTEGER, LITERAL, NUMBER};
use super::{Analyser, names};
use crate::engine::catalog::Cast;
use crate::engine::refusal::{self, Refusal};

impl Analyser<'_> {
    /// Whether the role may call what runs when PostgreSQL casts one built-in type to another by itself.
    pub fn casts_anywhere(&self) -> Result<(), Refusal> {
        self.engine.catalog.casts_anywhere().try_for_each(|c| self.may_cast(c))
    }

    /// Whether the role may use a value of a type of this name where it may be cast.
    pub fn casts_value(&self, ty: &str) -> Result<(), Refusal> {
        self.engine.catalog.casts_of_values(ty).try_for_each(|c| self.may_cast(c))
    }

    /// The same of these columns.
    pub fn casts_columns(&self, columns: &[Col]) -> Result<(), Refusal> {
        columns.iter().filter_map(|c| c.ty.as_deref()).try_for_each(|ty| self.casts_value(ty))
    }

    /// The same of what a reference means: a column, or a row of any table.
    pub fn casts_reference(&self, node: &Node, scope: &Scope<'_>) -> Result<(), Refusal> {
        let Some(NodeEnum::ColumnRef(r)) = &node.node else { return Ok(()) };
        if self.engine.catalog.data().casts.is_empty() {
            return Ok(());
        }
        // Of a type that is not known it may be a row.
        let known = |c: &Col| c.ty.is_some() || c.lasts != Lasts::Perhaps;
        if let Some(col) = self.bare_column(r, scope).filter(known) {
            return self.casts_columns(&[col]);
        }
        let fields = names(&r.fields);
        let item = match fields.as_slice() {
            [name] => match scope::column(scope, name) {
                Found::Row { item } => Some(item),
                _ => None,
            },
            [.., alias, _] => scope::item(scope, None, alias).map(|(item, _)| item.clone()),
            [] => None,
        };
        let Some(item) = item else { return Ok(()) };
        self.casts_columns(item.columns.list())?;
        self.casts_row(&item)
    }

    /// The same of a row of an item, as one value. Where it goes from here, nobody knows of what type it is.
    pub fn casts_row(&self, item: &Item) -> Result<(), Refusal> {
        item.row.as_deref().map_or(Ok(()), |ty| self.casts_value(ty))
    }

    /// Whether the role may call what a cast runs.
    pub fn may_cast(&self, cast: &Cast) -> Result<(), Refusal> {
        match &cast.function {
            Some(function) if !self.role.unrestricted && !self.role.functions.contains(function) => {
                let (source, target) = (&cast.source, &cast.target);
                let why = format!("PostgreSQL casts {source} to {target} with it, and the role does not list it");
                Err(refusal::function_not_allowed(&function.to_string(), &why))
            }
            _ => Ok(()),
        }
    }

    /// Whether a condition surely is a boolean: PostgreSQL casts what is none by itself, if it can.
    pub fn is_condition(&self, node: &Node, scope: &Scope<'_>) -> bool {
        let mut casts = self.engine.catalog.casts_to("bool").filter(|c| c.unwritten);
        let compares = match &node.node {
            // `x = ANY (SELECT …)` compares, whatever it compares.
            Some(NodeEnum::SubLink(s)) => s.testexpr.is_some(),
            Some(NodeEnum::AExpr(e)) => {
                let comparison = names(&e.name).last().is_some_and(|name| COMPARISONS.contains(name));
                e.kind() == AExprKind::AexprOp && comparison && self.is_built_in_operation(e, scope)
            }
            _ => false,
        };
        casts.next().is_none() || compares || matches!(self.type_of(node, scope).as_deref(), Some("bool" | LITERAL))
    }

    /// Whether a column surely is a boolean.
    pub fn is_boolean(&self, col: &Col) -> bool {
        self.type_of_column(col).as_deref() == Some("bool")
    }

    /// Whether a cast between these types may be another than PostgreSQL's own.
    pub fn recasts(&self, from: &str, to: &str) -> bool {
        let of = |source: &str| match from {
            INTEGER => source == "int4",
            NUMBER => matches!(source, "int8" | "numeric"),
            _ => source == from,
        };
        from != LITERAL && self.engine.catalog.casts_to(to).any(|c| of(&c.source.name))
    }
}
