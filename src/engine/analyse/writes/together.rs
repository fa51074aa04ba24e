//! Columns that PostgreSQL reads together when a row is written: whether a value passes, or fails, there tells of the others.

use std::collections::BTreeSet;

use super::carried::assigned;
use crate::engine::catalog::{Catalog, Column, ExpressionKind, Relation, Together};

/// The other columns that are read with one that is assigned: by constraints, generated columns, indexes and partition keys
/// of the table, of its parts and of what it is a part of. Not those that the statement gives a value of its own as a
/// `whole`: what is stored there is not read.
pub fn read_together<'c>(
    catalog: &'c Catalog,
    relation: &'c Relation,
    column: &str,
    whole: &BTreeSet<String>,
) -> BTreeSet<&'c str> {
    read_in(catalog, relation, column, whole, &|_| true)
}

/// The other columns that are read with one that becomes null.
pub fn read_with_null<'c>(catalog: &'c Catalog, relation: &'c Relation, column: &str) -> BTreeSet<&'c str> {
    let counts = |set: &Together| !set.null_passes || set.columns.iter().all(|c| c != column);
    read_in(catalog, relation, column, &BTreeSet::new(), &counts)
}

fn read_in<'c>(
    catalog: &'c Catalog,
    relation: &'c Relation,
    column: &str,
    whole: &BTreeSet<String>,
    counts: &dyn Fn(&Together) -> bool,
) -> BTreeSet<&'c str> {
    let family = catalog.family(relation.oid);
    let given = assigned(catalog, relation.oid, column);
    let mut changed = triggered(catalog, relation, &family, &given);
    changed.extend(given.iter().cloned());
    let above = catalog.above(relation.oid);
    let sets = family.iter().chain(&above).flat_map(|r| &r.together);
    let sets = sets.filter(|set| counts(set) && reads(&set.columns, &changed));
    let mut others: BTreeSet<&str> = sets.flat_map(|set| &set.columns).map(String::as_str).collect();
    // What is computed from the column may be computed from others too.
    let computed = family.iter().flat_map(|r| &r.columns).filter(|c| others.contains(c.name.as_str()));
    let from: Vec<&str> = computed.flat_map(|c| &c.computed_from).map(String::as_str).collect();
    others.extend(from);
    let moves = family.iter().any(|r| reads(&r.partition_key, &changed));
    for part in family.iter().filter(|r| r.oid != relation.oid) {
        let apart = differences(catalog, part, relation);
        if apart.iter().any(|set| reads(set, &changed)) {
            others.extend(catalog.placed_by(part.oid).into_iter().map(|(_, column)| column));
        }
        others.extend(apart.into_iter().filter(|_| moves).flatten());
    }
    others.retain(|c| !given.contains(*c) && !whole.contains(*c));
    others
}

/// What triggers may assign, whatever the statement does, where these columns are given: they may read it, too.
fn triggered(
    catalog: &Catalog,
    relation: &Relation,
    family: &[&Relation],
    given: &BTreeSet<String>,
) -> BTreeSet<String> {
    let by = |columns: &mut dyn Iterator<Item = &String>| -> BTreeSet<String> {
        columns.flat_map(|c| assigned(catalog, relation.oid, c)).collect()
    };
    let mut changed = by(&mut family.iter().flat_map(|r| &r.set_by_triggers));
    if family.iter().any(|r| reads(&r.partition_key, given) || reads(&r.partition_key, &changed)) {
        changed.extend(by(&mut family.iter().flat_map(|r| &r.set_where_it_comes)));
    }
    changed
}

fn reads<S: AsRef<str>>(set: &[S], columns: &BTreeSet<String>) -> bool {
    set.iter().any(|c| columns.contains(c.as_ref()))
}

/// What a part demands of a row, or computes in it, that the whole does not: the columns that each of these reads. A row that
/// comes there meets them, and whether a value passes tells whether the row lies there.
fn differences<'c>(catalog: &Catalog, part: &'c Relation, whole: &Relation) -> Vec<Vec<&'c str>> {
    let own = part.together.iter().filter(|set| !set.inherited);
    let mut found: Vec<Vec<&str>> = own.map(|set| set.columns.iter().map(String::as_str).collect()).collect();
    let nullable = |c: &&'c Column| whole.column(&c.name).is_none_or(|other| !other.not_null);
    found.extend(part.columns.iter().filter(|c| c.not_null).filter(nullable).map(|c| vec![c.name.as_str()]));
    // A trigger of its own may read anything.
    if part.has_own_triggers {
        found.push(part.columns.iter().map(|c| c.name.as_str()).collect());
    }
    if !computes_alike(catalog, part, whole) {
        let computed = part.columns.iter().filter(|c| c.computed);
        found.extend(computed.map(|c| c.computed_from.iter().chain([&c.name]).map(String::as_str).collect()));
    }
    found
}

/// Whether both are known to compute the same of a row.
fn computes_alike(catalog: &Catalog, part: &Relation, whole: &Relation) -> bool {
    let computed = |relation: &Relation| {
        let expressions = catalog.expressions_of(relation.oid).filter(|e| e.kind == ExpressionKind::Generated);
        let mut texts: Vec<Option<String>> = expressions.map(|e| e.text.clone()).collect();
        texts.sort();
        texts
    };
    let texts = computed(part);
    !texts.contains(&None) && texts == computed(whole)
}
