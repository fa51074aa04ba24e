//! `subject = { … }` of a table: the way from a row to the person that it is about, over foreign keys if need be.

use super::super::super::catalog::{ForeignKey, Oid, QualifiedName, Relation, Unsound, quote_ident};
use super::super::raw::{RawTable, Spanned};
use super::super::{Hop, SubjectPath, names};
use super::subjects::{NOT_HIDDEN, hidden};
use super::{Resolver, comparable};

/// What a table's `subject` says.
enum Leads<'a> {
    /// This column holds the key of a person of that kind.
    To {
        kind: &'a Spanned<String>,
        column: &'a Spanned<String>,
    },
    Via(&'a Spanned<String>),
}

const FIX: &str =
    "write subject = { customer = \"customer_id\" } or subject = { via = \"order_id -> public.orders.id\" }";

/// The way from `table`'s rows to their person. Says what is wrong with it.
pub(super) fn resolve(r: &mut Resolver<'_, '_>, table: Oid, raw: &RawTable) -> Option<SubjectPath> {
    let mut relation = r.catalog.relation(table)?;
    let mut definition = raw;
    let mut visited = vec![table];
    let mut hops = Vec::new();
    loop {
        match leads(r, definition)? {
            Leads::To { kind, column } => {
                let column = direct(r, relation, kind, column, Report::when(hops.is_empty()))?;
                return Some(SubjectPath { kind: kind.get_ref().clone(), hops, column });
            }
            Leads::Via(text) => {
                let hop = hop(r, relation, text, Report::when(hops.is_empty()))?;
                // Faults further on belong to the tables there, but that the way goes round is said at its start.
                let start = raw.subject.as_ref().map_or(text.span(), Spanned::span);
                if visited.contains(&hop.table) {
                    let message = format!("the way to the person goes round: it comes back to {}", hop.table_name);
                    r.error(start, message, "let one of these tables name its person by a column");
                    return None;
                }
                visited.push(hop.table);
                relation = r.catalog.relation(hop.table)?;
                let name = hop.table_name.clone();
                hops.push(hop);
                definition = next(r, &name, text)?;
            }
        }
    }
}

/// Whether a fault is this table's own, to be reported, or another's, reported there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    Here,
    Elsewhere,
}

impl Report {
    fn when(own: bool) -> Self {
        if own { Report::Here } else { Report::Elsewhere }
    }
}

fn leads<'t>(r: &mut Resolver<'_, '_>, raw: &'t RawTable) -> Option<Leads<'t>> {
    let subject = raw.subject.as_ref()?;
    let mut entries = subject.get_ref().iter();
    match (entries.next(), entries.next()) {
        (Some((key, text)), None) if key.get_ref() == "via" => Some(Leads::Via(text)),
        (Some((kind, column)), None) => Some(Leads::To { kind, column }),
        _ => {
            r.error(subject.span(), "a row is about exactly one person", FIX);
            None
        }
    }
}

fn direct(
    r: &mut Resolver<'_, '_>,
    relation: &Relation,
    kind: &Spanned<String>,
    column: &Spanned<String>,
    report: Report,
) -> Option<String> {
    let name = kind.get_ref().as_str();
    if report == Report::Elsewhere {
        return names::single(column.get_ref()).ok().filter(|c| relation.column(c).is_some());
    }
    let found = r.column(relation, column);
    if !r.raw().subject.contains_key(name) {
        if !r.raw.was_faulty(&["subject", name]) {
            let known = r.raw().subject.keys().map(|k| k.get_ref().clone());
            let fix = super::did_you_mean(name, known)
                .unwrap_or_else(|| format!("declare it with [subject.{name}], or lead to a kind that is declared"));
            r.error(kind.span(), format!("there is no kind of person `{name}`"), fix);
        }
        return None;
    }
    let found = found?;
    let subject = r.policy.subjects.get(name)?;
    let key = subject.key_column(r.catalog)?;
    if !comparable(found, key) {
        let message =
            format!("`{}` is of type {}, the key of `{name}` is of type {}", found.name, found.ty.sql, key.ty.sql);
        r.error(column.span(), message, format!("name the column that holds the key of `{name}`"));
        return None;
    }
    Some(found.name.clone())
}

/// `column -> schema.table.column`, along a foreign key to a unique column.
fn hop(r: &mut Resolver<'_, '_>, relation: &Relation, text: &Spanned<String>, report: Report) -> Option<Hop> {
    let unread = |what: &str| format!("`via` cannot be read: {what}");
    let Some((from, to)) = text.get_ref().split_once("->") else {
        if report == Report::Here {
            r.error(text.span(), unread("an arrow `->` is expected"), FIX);
        }
        return None;
    };
    let (from, to) = (names::single(from), names::column_of_table(to));
    if report == Report::Elsewhere {
        let (from, (table, to)) = (from.ok()?, to.ok()?);
        let target = r.catalog.relation_named(&table.schema, &table.name)?;
        return Some(Hop { from, table: target.oid, table_name: target.name.clone(), to });
    }
    for what in [from.as_ref().err(), to.as_ref().err()].into_iter().flatten() {
        r.error(text.span(), unread(what), FIX);
    }
    // Each end is looked at, whatever is wrong with the other.
    let own = from.ok().filter(|from| r.column_named(relation, from, text.span()).is_some());
    let (table, to) = to.ok()?;
    let target = r.relation_named(&table, text.span())?;
    let there = r.column_named(target, &to, text.span());
    let (Some(from), Some(_)) = (own, there) else {
        next(r, &target.name, text);
        return None;
    };
    if let Err(unsound) = r.catalog.leads(relation, &from, target, &to) {
        let (message, fix) = match unsound {
            Unsound::Ambiguous => (
                format!("`{to}` is not unique in {}: a row could belong to several people", target.name),
                "lead to the primary key, or to a column that is unique by itself".to_owned(),
            ),
            Unsound::Inherited => (
                format!("`{to}` is not unique in {} with the tables that inherit from it", target.name),
                "lead to a table that no other inherits from (partitions are no matter)".to_owned(),
            ),
            Unsound::Policed => (hidden(target, "a row that it hides would lead to nobody"), NOT_HIDDEN.to_owned()),
            Unsound::NoKey(part) => (
                format!("{}.{from} is no foreign key to {}.{to} that all rows obey", part.name, target.name),
                foreign_key_ddl(part, &from, target, &to),
            ),
        };
        r.error(text.span(), message, fix);
        next(r, &target.name, text);
        return None;
    }
    Some(Hop { from, table: target.oid, table_name: target.name.clone(), to })
}

fn foreign_key_ddl(relation: &Relation, from: &str, target: &Relation, to: &str) -> String {
    let same =
        |key: &&ForeignKey| key.references == target.oid && key.columns == [from] && key.referenced_columns == [to];
    if relation.foreign_keys.iter().any(|key| same(&key)) {
        return format!("it is NOT VALID: ALTER TABLE {} VALIDATE CONSTRAINT …", relation.name.to_sql());
    }
    format!(
        "follow a foreign key, or add it: ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({})",
        relation.name.to_sql(),
        quote_ident(from),
        target.name.to_sql(),
        quote_ident(to)
    )
}

/// The definition of the table that `via` leads to.
fn next<'a>(r: &mut Resolver<'a, '_>, name: &QualifiedName, via: &Spanned<String>) -> Option<&'a RawTable> {
    let listed = r.raw().table.iter().find(|(key, _)| names::qualified(key.get_ref()).is_ok_and(|n| n == *name));
    match listed {
        Some((_, raw)) if raw.get_ref().subject.is_some() => Some(raw.get_ref()),
        Some((key, _)) => {
            if !r.raw.was_faulty(&["table", key.get_ref(), "subject"]) {
                let message = format!("`via` ends in {name}, which has no `subject`");
                r.error(via.span(), message, format!("say in [table.\"{name}\"] whose its rows are"));
            }
            None
        }
        None if r.table_was_faulty(name) => None,
        None => {
            let message = format!("`via` ends in {name}, which the policy does not list");
            r.error(via.span(), message, format!("list it as [table.\"{name}\"] with its `subject`"));
            None
        }
    }
}
