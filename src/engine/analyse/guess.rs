//! What a query in an expression gives: PostgreSQL chooses the operator around `(SELECT …)` by it.
//!
//! Of one that has been walked, its column says it; before that, it is told of queries whose FROM holds nothing but names; of any
//! other, what needs no column.

use std::rc::Rc;

use pg_query::protobuf::{self as pb, SetOperation, SubLinkType};
use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::from::aliased;
use super::relations::Named;
use super::scope::{Columns, Item, Scope};
use super::select::{is_row_expansion, star};
use super::temporary::columns_of;
use crate::engine::catalog::{Operand, RelationKind};

impl Analyser<'_> {
    /// What `(SELECT …)` or `ARRAY(SELECT …)` is.
    pub fn operand_of_query(&self, s: &pb::SubLink, scope: &Scope<'_>) -> Operand {
        let ahead = || s.subselect.as_deref().map_or(Operand::Any, |query| self.only_column(query, scope));
        let column = || self.walked_column(s).unwrap_or_else(|| self.ahead(ahead));
        match s.sub_link_type() {
            SubLinkType::ExistsSublink | SubLinkType::AnySublink | SubLinkType::AllSublink => Operand::BOOL,
            SubLinkType::ExprSublink => column(),
            SubLinkType::ArraySublink => self.engine.catalog.array_of(column()),
            _ => Operand::Any,
        }
    }

    fn only_column(&self, query: &Node, scope: &Scope<'_>) -> Operand {
        let Some(NodeEnum::SelectStmt(s)) = &query.node else { return Operand::Any };
        let plain = matches!(s.op(), SetOperation::SetopNone | SetOperation::Undefined);
        let [Node { node: Some(NodeEnum::ResTarget(target)) }] = &s.target_list[..] else { return Operand::Any };
        let Some(value) = target.val.as_deref() else { return Operand::Any };
        if !plain || s.with_clause.is_some() || star(value).is_some() || is_row_expansion(value) {
            return Operand::Any;
        }
        let named: Option<Vec<Item>> = s.from_clause.iter().map(|node| self.item_by_name(node)).collect();
        self.settled(match named {
            Some(items) => self.operand(value, &scope.child(&items)),
            None => self.operand(value, &Scope { items: &[nothing_known()], parent: None }),
        })
    }

    /// An item of FROM that is a name, with its columns as far as they are known.
    fn item_by_name(&self, node: &Node) -> Option<Item> {
        let Some(NodeEnum::RangeVar(var)) = &node.node else { return None };
        let bare = var.schemaname.is_empty() && var.catalogname.is_empty();
        let columns = match self.ctes.iter().rev().find(|cte| bare && cte.name == var.relname) {
            Some(cte) if cte.ahead || cte.unread => Columns::Unknown,
            Some(cte) => cte.columns.clone(),
            None => match self.resolve(var).ok()? {
                Named::Relation(relation) if relation.kind != RelationKind::View => self.plain_columns(relation),
                Named::Temporary(_) => self.shape(&var.relname).map_or(Columns::Unknown, |shape| columns_of(shape)),
                Named::Relation(_) | Named::Created(_) => Columns::Unknown,
            },
        };
        let alias: Rc<str> = var.alias.as_ref().map_or(var.relname.as_str(), |a| a.aliasname.as_str()).into();
        let named = aliased(var.alias.as_ref(), columns);
        Some(Item { alias: Some(alias), whole: Operand::Any, qualified: true, ..named })
    }
}

/// An item in which any column may be.
fn nothing_known() -> Item {
    Item { whole: Operand::Any, qualified: true, ..aliased(None, Columns::Unknown) }
}
