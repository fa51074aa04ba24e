//! What shows, or reads, protected tables behind what is open: a materialized view holds what it was filled with, a trigger
//! or rule reads stored tables, a parent has its children's rows. Whoever opened it may not know; it is to be said to them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::super::catalog::{Behind, How, Oid, Relation, RelationKind};
use super::super::raw::Spanned;
use super::super::{is_closed, is_open, names};
use super::{Resolver, is_system, open};

pub(super) fn run(r: &mut Resolver<'_, '_>) {
    for relation in r.catalog.relations().filter(|t| !is_system(t)) {
        let holds_rows = !matches!(relation.kind, RelationKind::View | RelationKind::Composite);
        if holds_rows && is_open(r.catalog, &r.policy, relation) {
            reads_closed(r, relation);
        }
    }
    for (name, raw) in &r.raw().subject {
        let Some(kind) = r.policy.subjects.get(name.get_ref()) else { continue };
        let choices = kind.consent.as_ref().map(|c| c.table);
        let tables: BTreeSet<Oid> = choices.into_iter().chain([kind.table]).collect();
        for table in tables {
            shown_whole(r, name.get_ref(), table, raw.span());
        }
    }
}

/// Warns where PostgreSQL reads what is closed behind an open relation.
fn reads_closed(r: &mut Resolver<'_, '_>, relation: &Relation) {
    let name = &relation.name;
    for behind in r.catalog.behind(relation.oid) {
        let closed = closed_behind(r, behind);
        if closed.is_empty() {
            continue;
        }
        let closed: Vec<String> = closed.into_iter().collect();
        let closed = closed.join(", ");
        let code = behind.function.as_ref().map_or("its query".to_owned(), |f| format!("the text of {f}()"));
        let (message, fix) = match behind.how {
            How::Query => (
                format!(
                    "{name} is open and was filled from stored rows, hidden ones and masked values too: {code} names {closed}"
                ),
                format!("see that it tells of nobody, or protect it as [table.\"{name}\"]: it is a table of its own"),
            ),
            How::Trigger => (
                format!("{name} is open and a trigger of it sees stored tables: {code} names {closed}"),
                "see that it tells and keeps nothing of them, or protect the table".to_owned(),
            ),
            How::Rule => (
                format!("{name} is open and a rule of it sees stored tables: {code} names {closed}"),
                "drop the rule: nothing is written to a table that has one".to_owned(),
            ),
        };
        if let Some(opened) = opened(r, relation) {
            r.warning(opened, message, fix);
        }
    }
}

/// What is read that is not open, also through views.
fn closed_behind(r: &Resolver<'_, '_>, behind: &Behind) -> BTreeSet<String> {
    let (mut todo, mut seen, mut closed) = (vec![behind], BTreeSet::new(), BTreeSet::new());
    while let Some(behind) = todo.pop() {
        for relation in behind.reads.iter().filter(|oid| seen.insert(**oid)).filter_map(|oid| r.catalog.relation(*oid))
        {
            match relation.kind {
                RelationKind::View => todo.extend(r.catalog.behind(relation.oid)),
                RelationKind::Sequence | RelationKind::Composite => {}
                _ if is_closed(r.catalog, &r.policy, relation) => _ = closed.insert(relation.name.to_string()),
                _ => {}
            }
        }
    }
    closed
}

/// Warns where who people are, or what they chose, is read as it is stored, though nobody listed that table as open.
fn shown_whole(r: &mut Resolver<'_, '_>, kind: &str, table: Oid, at: Range<usize>) {
    let Some(relation) = r.catalog.relation(table).filter(|t| !open::is_protected(r, t)) else { return };
    let opens = |other: &&Relation| is_open(r.catalog, &r.policy, other);
    let above = r.catalog.above(table).into_iter().find(opens);
    // What opens the whole opens its parts.
    let Some(other) = above.or_else(|| r.catalog.family(table).into_iter().find(opens)) else { return };
    if other.oid == table && entry(r, other, false).is_some() {
        return;
    }
    let how = match other.oid == table {
        true => "is open".to_owned(),
        false => format!("its rows are read through {}, which is open", other.name),
    };
    let message = format!("{} says who each `{kind}` is or what they chose, and {how}", relation.name);
    let fix = format!("protect it as [table.\"{}\"]: open tables are shown whole, for every purpose", relation.name);
    let opened = opened(r, other).unwrap_or(at);
    r.warning(opened, message, fix);
}

/// Where the policy opens a relation.
fn opened(r: &Resolver<'_, '_>, relation: &Relation) -> Option<Range<usize>> {
    let family = || std::iter::once(relation).chain(r.catalog.above(relation.oid));
    let by_entry = family().find_map(|t| entry(r, t, false)).or_else(|| family().find_map(|t| entry(r, t, true)));
    by_entry.or_else(|| r.raw().unlisted_tables.as_ref()).map(Spanned::span)
}

/// The entry of `open` that is the relation's name, or its schema's.
fn entry<'a>(r: &Resolver<'a, '_>, relation: &Relation, of_schema: bool) -> Option<&'a Spanned<String>> {
    r.raw().open.iter().find(|entry| match (entry.get_ref().trim().strip_suffix(".*"), of_schema) {
        (Some(schema), true) => names::single(schema).is_ok_and(|schema| schema == relation.name.schema),
        (None, false) => names::qualified(entry.get_ref()).is_ok_and(|name| name == relation.name),
        (Some(_), false) | (None, true) => false,
    })
}
