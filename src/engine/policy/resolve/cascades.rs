//! Rows that go before their own time: by ON DELETE CASCADE, with rows of a table whose retention ends earlier.

use super::super::super::catalog::Relation;
use super::super::erasing::{erase_of, goes_along};
use super::super::raw::Spanned;
use super::super::{Erase, TablePolicy};
use super::Resolver;

pub(super) fn run(r: &mut Resolver<'_, '_>, key: &Spanned<String>, relation: &Relation, table: &TablePolicy) {
    let Some(own) = table.retention.as_ref() else { return };
    let Some(at) = r.raw().table.get(key).and_then(|raw| raw.get_ref().retention.as_ref()) else { return };
    let mut messages = Vec::new();
    for other in r.policy.tables_by_name() {
        let Some(its) = other.retention.as_ref().filter(|_| erase_of(r.catalog, &r.policy, other) == Erase::Delete)
        else {
            continue;
        };
        let along = goes_along(r.catalog, &r.policy, other.relation);
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
