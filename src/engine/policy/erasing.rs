//! What becomes of a table's rows when they are erased, and of those beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::{ColumnUse, Erase, Policy, TablePolicy, protecting_ancestor};
use crate::engine::catalog::{Catalog, Column, Oid};

/// Whether the column holds a category, and values of its own: what is computed follows them.
pub fn is_personal(columns: &BTreeMap<String, ColumnUse>, column: &Column) -> bool {
    !column.generated && matches!(columns.get(&column.name), Some(ColumnUse::Category(_)))
}

/// The table as which a table's rows count: the policy's nearest one above it, or the topmost.
pub fn counts_as(catalog: &Catalog, policy: &Policy, own: Oid) -> Oid {
    protecting_ancestor(catalog, policy, own).unwrap_or_else(|| topmost(catalog, own))
}

fn topmost(catalog: &Catalog, oid: Oid) -> Oid {
    let above = catalog.relation(oid).and_then(|r| r.parents.first());
    above.map_or(oid, |parent| topmost(catalog, *parent))
}

/// Whether people's choices are recorded in the table.
pub fn holds_choices(catalog: &Catalog, policy: &Policy, table: Oid) -> bool {
    policy.consent_sources().any(|s| s.table == table || counts_as(catalog, policy, s.table) == table)
}

/// What becomes of a table's rows. Choices are never emptied: one without its channel, its end or its status is
/// another choice.
pub fn erase_of(catalog: &Catalog, policy: &Policy, table: &TablePolicy) -> Erase {
    match holds_choices(catalog, policy, table.relation) {
        true => Erase::Delete,
        false => table.erase,
    }
}

/// The tables whose rows go with those of `table` (ON DELETE CASCADE), each with the one that it is reached from. Rows that
/// the policy would only null keep what they refer to.
pub fn goes_along(catalog: &Catalog, policy: &Policy, table: Oid) -> BTreeMap<Oid, Oid> {
    let counts_as = |oid: Oid| counts_as(catalog, policy, oid);
    let goes = |oid: Oid| policy.tables.get(&oid).is_none_or(|t| erase_of(catalog, policy, t) == Erase::Delete);
    let cascades = catalog.relations().flat_map(|child| {
        let keys = child.foreign_keys.iter().filter(|k| k.cascades);
        keys.map(move |k| (counts_as(k.references), counts_as(child.oid)))
    });
    let cascades: BTreeSet<(Oid, Oid)> = cascades.filter(|(_, child)| goes(*child)).collect();
    let mut found = BTreeMap::new();
    let mut todo: Vec<Oid> = Some(table).into_iter().filter(|oid| goes(*oid)).collect();
    while let Some(parent) = todo.pop() {
        for (_, child) in cascades.range((parent, Oid::MIN)..=(parent, Oid::MAX)) {
            if found.insert(*child, parent).is_none() {
                todo.push(*child);
            }
        }
    }
    found
}
