//! Kinds of people beside each other.

use std::collections::BTreeSet;

use super::super::catalog::{Catalog, Column, Oid};
use super::SubjectKind;

impl SubjectKind {
    /// The column that holds the keys, while it is there.
    pub fn key_column<'c>(&self, catalog: &'c Catalog) -> Option<&'c Column> {
        catalog.relation(self.table)?.column(&self.key)
    }

    /// Whether its choices and those of another kind are in one column, so that each other's would count: not where their
    /// keys are one, each a foreign key to the same.
    pub fn takes_choices_of(&self, other: &SubjectKind, catalog: &Catalog) -> bool {
        let (Some(own), Some(theirs)) = (&self.consent, &other.consent) else { return false };
        !own.subject.is_empty()
            && own.subject == theirs.subject
            && one_family(catalog, own.table, theirs.table)
            && self.keys(catalog).is_disjoint(&other.keys(catalog))
    }

    /// The column that its keys are in, with those that they are foreign keys to.
    fn keys(&self, catalog: &Catalog) -> BTreeSet<(Oid, String)> {
        let (mut keys, mut todo) = (BTreeSet::new(), vec![(self.table, self.key.clone())]);
        while let Some((table, column)) = todo.pop() {
            let foreign = catalog.relation(table).into_iter().flat_map(|t| &t.foreign_keys);
            let alone = foreign.filter(|k| k.columns.len() == 1 && k.columns.contains(&column));
            let next: Vec<_> =
                alone.filter_map(|k| Some((k.references, k.referenced_columns.first()?.clone()))).collect();
            if keys.insert((table, column)) {
                todo.extend(next);
            }
        }
        keys
    }
}

/// Whether the rows of one table are among those of the other.
fn one_family(catalog: &Catalog, a: Oid, b: Oid) -> bool {
    let holds = |whole: Oid, part: Oid| catalog.family(whole).iter().any(|r| r.oid == part);
    holds(a, b) || holds(b, a)
}
