//! What rows are sorted and grouped by: items of the select list, by number or by name, or expressions of their own.

use std::collections::BTreeSet;

use pg_query::protobuf::{self as pb, a_const::Val};
use pg_query::{Node, NodeEnum};

use super::colname::output_name;
use super::names;
use super::scope::{self, Scope};
use super::select::{is_row_expansion, star};

/// The select list's items that the query may be sorted or grouped by; `None`: all.
pub fn keys_among(s: &pb::SelectStmt) -> Option<BTreeSet<usize>> {
    if !s.distinct_clause.is_empty() {
        return None;
    }
    let shifts = s.target_list.iter().any(|item| match &item.node {
        Some(NodeEnum::ResTarget(t)) => t.val.as_deref().is_some_and(|v| star(v).is_some() || is_row_expansion(v)),
        _ => false,
    });
    let mut keys = BTreeSet::new();
    for node in s.sort_clause.iter().chain(&s.group_clause) {
        let key = match &node.node {
            Some(NodeEnum::SortBy(sort)) => sort.node.as_deref()?,
            _ => node,
        };
        match &key.node {
            Some(NodeEnum::AConst(c)) => match &c.val {
                // `*` makes several of one item.
                Some(Val::Ival(n)) if !shifts => keys.extend(usize::try_from(n.ival.checked_sub(1)?)),
                _ => return None,
            },
            Some(NodeEnum::ColumnRef(r)) => {
                let [.., name] = names(&r.fields)[..] else { return None };
                let is_named = |item: &Node| match &item.node {
                    Some(NodeEnum::ResTarget(t)) if t.name.is_empty() => {
                        t.val.as_deref().is_none_or(|value| output_name(value) == name)
                    }
                    Some(NodeEnum::ResTarget(t)) => t.name == name,
                    _ => true,
                };
                let named = s.target_list.iter().enumerate().filter(|(_, item)| is_named(item));
                keys.extend(named.map(|(i, _)| i));
            }
            Some(NodeEnum::GroupingSet(_) | NodeEnum::RowExpr(_)) | None => return None,
            // An expression of its own: judged as the key that it is.
            Some(_) => {}
        }
    }
    Some(keys)
}

/// Whether a key is the name of an output column and none of the query's own FROM (`findTargetlistEntrySQL92` of
/// PostgreSQL's parser): it is judged as that column, and means none of a query around this one.
pub fn names_output(targets: &[Node], key: &Node, scope: &Scope<'_>) -> bool {
    let Some(NodeEnum::ColumnRef(r)) = &key.node else { return false };
    let ([name], 1) = (&names(&r.fields)[..], r.fields.len()) else { return false };
    let own = match scope::column(scope, name) {
        scope::Found::Column { level, .. } => level == 0,
        _ => false,
    };
    let is_named = |item: &Node| match &item.node {
        Some(NodeEnum::ResTarget(t)) if t.name.is_empty() => t.val.as_deref().is_some_and(|v| output_name(v) == *name),
        Some(NodeEnum::ResTarget(t)) => t.name == *name,
        _ => false,
    };
    !own && targets.iter().any(is_named)
}
