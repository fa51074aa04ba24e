//! What PostgreSQL changes with a statement's own rows: it follows foreign keys, through as many tables as there are, and
//! computes generated columns anew.

use std::collections::BTreeSet;

use crate::engine::catalog::{Catalog, Column, ForeignKey, Oid, Relation, RelationKind};

/// How rows change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Removed,
    /// A column is given another value.
    Assigned(String),
    /// A column refers to a row that is gone, as long as the transaction runs; nothing is changed.
    Outlives(String),
}

impl Change {
    /// Whether anything is stored otherwise.
    pub fn is_one(&self) -> bool {
        !matches!(self, Change::Outlives(_))
    }
}

/// What a foreign key follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A key that was assigned (ON UPDATE).
    Update,
    /// A row that was removed (ON DELETE CASCADE or SET NULL).
    Delete,
    /// The same, and the default takes the key's place (ON DELETE SET DEFAULT).
    Default,
}

/// A change of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    pub table: Oid,
    pub change: Change,
    pub cause: Cause,
    /// The columns of the foreign key that it comes by.
    pub along: Vec<String>,
    /// Its rows refer to the statement's own, not to rows that were changed with these.
    pub direct: bool,
}

/// Every change that may come with a change of a table's rows (or of its children's), without that one itself.
pub fn carried(catalog: &Catalog, table: Oid, change: Change) -> BTreeSet<Carried> {
    let mut found = BTreeSet::new();
    let mut todo: Vec<(Oid, Change, bool)> =
        catalog.family(table).iter().map(|r| (r.oid, change.clone(), true)).collect();
    while let Some((table, change, direct)) = todo.pop() {
        for by in catalog.relations() {
            for key in by.foreign_keys.iter().filter(|k| k.references == table) {
                let cause = match change {
                    Change::Assigned(_) | Change::Outlives(_) => Cause::Update,
                    Change::Removed if key.defaults => Cause::Default,
                    Change::Removed => Cause::Delete,
                };
                for change in followed(key, catalog, by.oid, &change) {
                    for member in catalog.family(by.oid) {
                        let next = Carried {
                            table: member.oid,
                            change: change.clone(),
                            cause,
                            along: key.columns.clone(),
                            direct,
                        };
                        if found.insert(next) {
                            todo.push((member.oid, change.clone(), false));
                        }
                    }
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

/// The columns that triggers may assign in rows that are updated, of those that rows of other tables follow.
pub fn followed_triggers(catalog: &Catalog, table: Oid) -> BTreeSet<String> {
    let family = catalog.family(table);
    let set = family.iter().flat_map(|r| &r.set_by_triggers).flat_map(|c| assigned(catalog, table, c));
    let follows = |key: &ForeignKey, column: &String| {
        key.carries
            && key.referenced_columns.contains(column)
            && family.iter().any(|r| catalog.ancestry(r.oid).contains(&key.references))
    };
    set.filter(|c| catalog.relations().any(|by| by.foreign_keys.iter().any(|key| follows(key, c)))).collect()
}

/// The parts of a table that some foreign key refers to which does not refer to the whole: in them alone a row may be held,
/// or take others with it.
pub fn referred_apart(catalog: &Catalog, table: Oid) -> Vec<&Relation> {
    let parts = catalog.family(table).into_iter().skip(1);
    parts.filter(|part| refers_apart(catalog, part, |_| true)).collect()
}

/// Whether rows of a partitioned table that change their partition are removed for some foreign key: for one that refers to
/// a partition by itself they are.
pub fn leaves_partitions(catalog: &Catalog, table: Oid) -> bool {
    let family = catalog.family(table);
    let acts = |key: &ForeignKey| key.cascades || key.releases;
    family.iter().any(|r| r.kind == RelationKind::PartitionedTable)
        && family.iter().any(|part| refers_apart(catalog, part, acts))
}

/// Whether such a foreign key refers to a part by itself, and not because it refers to what the part is one of.
fn refers_apart(catalog: &Catalog, part: &Relation, such: impl Fn(&ForeignKey) -> bool) -> bool {
    let above = catalog.above(part.oid);
    let apart = |by: &Relation, key: &ForeignKey| {
        let whole = |other: &ForeignKey| {
            other.columns == key.columns && above.iter().any(|whole| whole.oid == other.references)
        };
        key.references == part.oid && such(key) && !by.foreign_keys.iter().any(whole)
    };
    !above.is_empty() && catalog.relations().any(|by| by.foreign_keys.iter().any(|key| apart(by, key)))
}

/// What a foreign key does to the rows of its table `by` when the row that they refer to changes.
fn followed(key: &ForeignKey, catalog: &Catalog, by: Oid, change: &Change) -> BTreeSet<Change> {
    let columns: &[String] = match change {
        Change::Removed if key.cascades => return BTreeSet::from([Change::Removed]),
        Change::Removed if key.released.is_empty() && key.releases => {
            return key.columns.iter().cloned().map(Change::Outlives).collect();
        }
        Change::Removed => &key.released,
        Change::Assigned(column) if key.carries && key.referenced_columns.contains(column) => &key.columns,
        Change::Assigned(_) | Change::Outlives(_) => &[],
    };
    let mut changes: BTreeSet<String> = columns.iter().flat_map(|c| assigned(catalog, by, c)).collect();
    if !changes.is_empty() {
        changes.extend(followed_triggers(catalog, by));
    }
    changes.into_iter().map(Change::Assigned).collect()
}
