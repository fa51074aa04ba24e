//! What PostgreSQL changes with a statement's own rows: it follows foreign keys, through as many tables as there are, and
//! computes generated columns anew.

use std::collections::BTreeSet;

use crate::engine::catalog::{Catalog, Column, ForeignKey, Oid};

/// How rows change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Removed,
    /// A column is given another value.
    Assigned(String),
}

/// A change of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    pub table: Oid,
    pub change: Change,
    /// It follows a key that was assigned (ON UPDATE), not a row that was removed (ON DELETE).
    pub by_update: bool,
}

/// Every change that may come with a change of a table's rows (or of its children's), without that one itself.
pub fn carried(catalog: &Catalog, table: Oid, change: Change) -> BTreeSet<Carried> {
    let mut found = BTreeSet::new();
    let mut todo: Vec<(Oid, Change)> = catalog.family(table).iter().map(|r| (r.oid, change.clone())).collect();
    while let Some((table, change)) = todo.pop() {
        for by in catalog.relations() {
            let keys = by.foreign_keys.iter().filter(|k| k.references == table);
            let changes: BTreeSet<Change> = keys.flat_map(|k| followed(k, catalog, by.oid, &change)).collect();
            for (member, next) in changes.iter().flat_map(|c| catalog.family(by.oid).into_iter().map(move |r| (r, c))) {
                let by_update = matches!(change, Change::Assigned(_));
                if found.insert(Carried { table: member.oid, change: next.clone(), by_update }) {
                    todo.push((member.oid, next.clone()));
                }
            }
        }
    }
    found
}

/// The columns that an assignment of one column assigns: those that are computed from it too.
pub fn assigned(catalog: &Catalog, table: Oid, column: &str) -> BTreeSet<String> {
    let family = catalog.family(table);
    let follows = |c: &&Column| c.computed && c.computed_from.iter().any(|from| from == column);
    let computed = family.iter().flat_map(|r| r.columns.iter()).filter(follows).map(|c| c.name.clone());
    computed.chain([column.to_owned()]).collect()
}

/// What a foreign key does to the rows of its table `by` when the row that they refer to changes.
fn followed(key: &ForeignKey, catalog: &Catalog, by: Oid, change: &Change) -> BTreeSet<Change> {
    let (removed, assigns) = match change {
        Change::Removed => (key.cascades, key.releases),
        Change::Assigned(column) => (false, key.carries && key.referenced_columns.contains(column)),
    };
    let columns = key.columns.iter().filter(|_| assigns).flat_map(|c| assigned(catalog, by, c));
    columns.map(Change::Assigned).chain(removed.then_some(Change::Removed)).collect()
}
