//! `[subject]`: kinds of people, where they stand, and when use of their data is restricted.

use super::super::super::catalog::{Column, QualifiedName, Relation, RelationKind};
use super::super::raw::{RawSubject, Spanned};
use super::super::{SqlFragment, SubjectKind};
use super::{Resolver, consent, kind_in_words};

/// The word of a table's `subject` that is no kind of person.
const RESERVED: &str = "via";

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    r.refuse_names_alike("subject", r.raw().subject.keys());
    for (name, raw) in &r.raw().subject {
        if name.get_ref() == RESERVED {
            r.error(name.span(), "`via` cannot be a kind of person: it leads to another table", "choose another name");
        }
        let subject = subject(r, name, raw.get_ref());
        r.policy.subjects.insert(name.get_ref().clone(), subject);
    }
    consent::tell_kinds_apart(r);
}

/// What cannot be read of it stays empty: its faults are told, and the rest is read on, so that all of them are.
fn subject(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawSubject) -> SubjectKind {
    let path = |key| ["subject", name.get_ref().as_str(), key];
    let fix = "name the table with one row a person, for example table = \"public.customers\"";
    let table = r.required(&raw.table, &path("table"), name.span(), fix);
    let fix = "name the column that identifies a person, for example key = \"id\"";
    let key = r.required(&raw.key, &path("key"), name.span(), fix);
    let found = table.and_then(|at| Some((at, r.relation(at)?)));
    let column = match (found, key) {
        (Some((at, relation)), key) => self::key(r, relation, at, key),
        (None, Some(text)) => r.name(text).and(None),
        (None, None) => None,
    };
    let restricted_when = raw.restricted_when.as_ref().and_then(|text| restriction(r, found, text));
    let consent = raw.consent.as_ref().and_then(|c| consent::resolve(r, name, c, column));
    SubjectKind {
        name: name.get_ref().clone(),
        table: found.map_or(0, |(_, relation)| relation.oid),
        table_name: found.map_or(QualifiedName::new("", ""), |(_, relation)| relation.name.clone()),
        key: column.map(|column| column.name.clone()).unwrap_or_default(),
        restricted_when,
        consent,
    }
}

fn key<'c>(
    r: &mut Resolver<'_, '_>,
    relation: &'c Relation,
    at: &Spanned<String>,
    key: Option<&Spanned<String>>,
) -> Option<&'c Column> {
    let stores = stores_rows(r, relation, at);
    let key = key?;
    let column = r.column(relation, key)?;
    if stores && !relation.is_unique(&column.name) {
        let message = format!("`{}` is not unique in {}", column.name, relation.name);
        r.error(key.span(), message, "name a column that is the primary key, or unique by itself");
    }
    Some(column)
}

fn restriction(
    r: &mut Resolver<'_, '_>,
    found: Option<(&Spanned<String>, &Relation)>,
    text: &Spanned<String>,
) -> Option<SqlFragment> {
    let Some((at, relation)) = found else {
        r.condition_somewhere(text);
        return None;
    };
    if relation.row_security {
        r.error(at.span(), hidden(relation, "a person whom it hides would not count as restricted"), NOT_HIDDEN);
    }
    r.condition(text, relation)
}

pub(super) const NOT_HIDDEN: &str =
    "disable it there, or let it not apply to the upstream role (its owner's, or with BYPASSRLS)";

/// What PostgreSQL hides from the upstream role, nobody here can tell from what is not there.
pub(super) fn hidden(relation: &Relation, so: &str) -> String {
    format!("{} has row-level security in PostgreSQL: {so}", relation.name)
}

/// People and choices are rows of a table, not of a view over one.
pub(super) fn stores_rows(r: &mut Resolver<'_, '_>, relation: &Relation, at: &Spanned<String>) -> bool {
    let stores =
        matches!(relation.kind, RelationKind::Table | RelationKind::PartitionedTable | RelationKind::ForeignTable);
    if !stores {
        let message = format!("{} is {}", relation.name, kind_in_words(relation.kind));
        r.error(at.span(), message, "name the table that holds the rows");
    }
    stores
}
