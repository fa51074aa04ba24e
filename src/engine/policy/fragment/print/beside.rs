//! Columns of types that are not PostgreSQL's own, such as citext: their operators stand beside the type, and those of
//! `pg_catalog` would compare them as another type.

use pg_query::NodeEnum;
use pg_query::protobuf::{AExpr, ColumnRef, Node, a_const};

use super::super::super::super::catalog::ColumnType;
use super::super::super::super::visible::{Operators, operators};
use super::{Done, Printer, Scope};

/// What can be told of a type that is not PostgreSQL's own by its own operators.
const COMPARISONS: [&str; 14] = ["=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"];

impl<'a> Printer<'a> {
    /// The schema of the operator between a column of an extension's type, such as citext, and a literal or another such.
    pub(super) fn beside(&self, e: &AExpr, operator: &str) -> Option<String> {
        let schema = |node: &Option<Box<Node>>| match self.type_of(node.as_deref()?).map(operators)? {
            Operators::Beside(schema) => Some(schema.to_owned()),
            Operators::BuiltIn | Operators::Unknown => None,
        };
        let literal = |node: &Option<Box<Node>>| {
            let constant = match &node.as_ref()?.node {
                Some(NodeEnum::AConst(constant)) => constant,
                _ => return None,
            };
            matches!(constant.val, Some(a_const::Val::Sval(_))).then_some(())
        };
        let known = COMPARISONS.contains(&operator);
        match (schema(&e.lexpr), schema(&e.rexpr)) {
            _ if !known => None,
            (Some(left), Some(right)) => (left == right).then_some(left),
            (Some(schema), None) => literal(&e.rexpr).map(|()| schema),
            (None, Some(schema)) => literal(&e.lexpr).map(|()| schema),
            (None, None) => None,
        }
    }

    /// The type of a column that stands by itself.
    pub(super) fn type_of(&self, node: &Node) -> Option<&'a ColumnType> {
        let (Some(NodeEnum::ColumnRef(column)), Scope::Table(table)) = (&node.node, self.scope) else { return None };
        match column.fields.as_slice() {
            [Node { node: Some(NodeEnum::String(name)) }] => table.column(&name.sval).map(|c| &c.ty),
            _ => None,
        }
    }

    /// An operand where it does not matter how its type compares.
    pub(super) fn bare_operand(&mut self, node: &Option<Box<Node>>) -> Done {
        match node.as_deref().and_then(|n| n.node.as_ref()) {
            Some(NodeEnum::ColumnRef(column)) => self.column(column),
            _ => self.operand(node),
        }
    }

    /// Everywhere else a value of an extension's type would be compared by another type's operators and functions.
    pub(super) fn compared_as_built_in(&self, column: &ColumnRef) -> Done {
        let node = Node { node: Some(NodeEnum::ColumnRef(column.clone())) };
        match self.type_of(&node) {
            Some(ty) if operators(ty) != Operators::BuiltIn => {
                let why = "which may stand here beside a literal, with IS NULL or with a cast only";
                Err(format!("it has a column of type {}, {why}: write `column::text`", ty.sql))
            }
            _ => Ok(()),
        }
    }
}
