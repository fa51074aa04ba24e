//! Rows that go before their own time: by ON DELETE CASCADE, with rows of a table whose retention ends earlier.

use std::collections::BTreeMap;

use super::super::super::catalog::{Oid, Relation};
use super::super::raw::Spanned;
use super::super::{Erase, TablePolicy};
use super::Resolver;

pub(super) fn run(r: &mut Resolver<'_, '_>, key: &Spanned<String>, relation: &Relation, table: &TablePolicy) {
    let Some(own) = table.retention.as_ref() else { return };
    let Some(at) = r.raw().table.get(key).and_then(|raw| raw.get_ref().retention.as_ref()) else { return };
    let mut messages = Vec::new();
    for other in r.policy.tables_by_name() {
        let Some(its) = other.retention.as_ref().filter(|_| other.erase == Erase::Delete) else { continue };
        let along = goes_along(r, other.relation);
        let Some(last) = along.get(&relation.oid) else { continue };
        let past = if other.relation == relation.oid { "are".to_owned() } else { format!("are past {}", its.keep.0) };
        let way = match r.catalog.relation(*last).filter(|last| last.oid != other.relation) {
            Some(last) => format!(", by way of {}", last.name),
            None => String::new(),
        };
        messages.push(format!(
            "rows of {} that are not past their {} go with rows of {} that {past} (ON DELETE CASCADE{way})",
            table.name, own.keep.0, other.name
        ));
    }
    for message in messages {
        let fix = "make the foreign key ON DELETE NO ACTION, so that these wait; `retention apply --dry-run` counts what goes along";
        r.warning(at.span(), message, fix);
    }
}

/// The tables whose rows go with those of `table`, each with the one that it is reached from. Rows that the policy would
/// only null keep what they refer to.
fn goes_along(r: &Resolver<'_, '_>, table: Oid) -> BTreeMap<Oid, Oid> {
    let mut found = BTreeMap::new();
    let mut todo = vec![table];
    while let Some(parent) = todo.pop() {
        for by in r.catalog.relations() {
            let child = topmost(r, by.oid);
            let cascades = by.foreign_keys.iter().any(|k| k.cascades && topmost(r, k.references) == parent);
            let goes = r.policy.tables.get(&child).is_none_or(|t| t.erase == Erase::Delete);
            if cascades && goes && !found.contains_key(&child) {
                found.insert(child, parent);
                todo.push(child);
            }
        }
    }
    found
}

/// The table as which the rows of a partition or inheritance child count.
fn topmost(r: &Resolver<'_, '_>, table: Oid) -> Oid {
    let above = r.catalog.relation(table).and_then(|relation| relation.parents.first());
    above.map_or(table, |parent| topmost(r, *parent))
}
