//! Columns that PostgreSQL reads together when a row is written: whether a value passes, or fails, there tells of the others.

use std::collections::BTreeSet;

use super::carried::assigned;
use crate::engine::catalog::{Catalog, Oid, Relation};

/// The other columns that are read with one that is assigned: by constraints, generated columns, indexes and partition keys
/// of the table, of its parts and of what it is a part of. Not those that the statement gives a value of its own as a
/// `whole`: what is stored there is not read.
pub fn read_together<'c>(
    catalog: &'c Catalog,
    relation: &'c Relation,
    column: &str,
    whole: &BTreeSet<String>,
) -> BTreeSet<&'c str> {
    let changed = assigned(catalog, relation.oid, column);
    let read_with = |all: &&Vec<String>| all.iter().any(|c| changed.contains(c));
    let family = catalog.family(relation.oid);
    let above = ancestors(catalog, relation.oid);
    let sets = family.iter().chain(&above).flat_map(|r| &r.together);
    let mut others: BTreeSet<&str> = sets.filter(read_with).flatten().map(String::as_str).collect();
    // What is computed from the column may be computed from others too.
    let computed = family.iter().flat_map(|r| &r.columns).filter(|c| others.contains(c.name.as_str()));
    let from: Vec<&str> = computed.flat_map(|c| &c.computed_from).map(String::as_str).collect();
    others.extend(from);
    if family.iter().any(|r| read_with(&&r.partition_key)) {
        others.extend(differences(relation, &family));
    }
    let differs = |part: &&&Relation| reads_otherwise(part, relation, &changed);
    others.extend(family.iter().filter(differs).flat_map(|part| catalog.placed_by(part.oid)).map(|(_, c)| c));
    others.retain(|c| !changed.contains(*c) && !whole.contains(*c));
    others
}

/// A row that changes its partition meets constraints that it did not meet before: the columns that these read.
fn differences<'c>(whole: &'c Relation, family: &[&'c Relation]) -> BTreeSet<&'c str> {
    let sets = |r: &'c Relation| {
        let mut sets: Vec<&Vec<String>> = r.together.iter().collect();
        sets.sort();
        sets
    };
    let not_null =
        |r: &'c Relation| r.columns.iter().filter(|c| c.not_null).map(|c| c.name.as_str()).collect::<BTreeSet<_>>();
    // What a partitioned table has for its key is no constraint of a part's.
    let own: Vec<_> = sets(whole).into_iter().filter(|set| **set != whole.partition_key).collect();
    let mut found = BTreeSet::new();
    for part in family.iter().filter(|r| r.oid != whole.oid) {
        if sets(part) != own {
            found.extend(part.together.iter().flatten().map(String::as_str));
        }
        found.extend(not_null(part).difference(&not_null(whole)));
    }
    found
}

/// Whether a value of these columns passes, or fails, in a part otherwise than in the whole: which, tells where the row lies.
fn reads_otherwise(part: &Relation, whole: &Relation, columns: &BTreeSet<String>) -> bool {
    let sets = |r: &Relation| {
        let reads = |set: &&Vec<String>| set.iter().any(|c| columns.contains(c));
        let mut sets: Vec<Vec<String>> = r.together.iter().filter(reads).cloned().collect();
        sets.sort();
        sets
    };
    let not_null = |r: &Relation| r.columns.iter().filter(|c| c.not_null && columns.contains(&c.name)).count();
    // What a partitioned table has for its key is no constraint of a part's.
    let mut own = sets(whole);
    if let Some(key) = own.iter().position(|set| *set == whole.partition_key) {
        own.remove(key);
    }
    part.oid != whole.oid && (sets(part) != own || not_null(part) != not_null(whole))
}

fn ancestors(catalog: &Catalog, relation: Oid) -> Vec<&Relation> {
    catalog
        .ancestry(relation)
        .into_iter()
        .filter(|oid| *oid != relation)
        .filter_map(|oid| catalog.relation(oid))
        .collect()
}
