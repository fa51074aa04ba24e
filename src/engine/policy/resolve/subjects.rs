//! `[subject]`: kinds of people, where they stand, and when use of their data is restricted.

use super::super::super::catalog::{Relation, RelationKind};
use super::super::SubjectKind;
use super::super::raw::{RawSubject, Spanned};
use super::{Resolver, consent, kind_in_words};

/// The word of a table's `subject` that is no kind of person.
const RESERVED: &str = "via";

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    r.refuse_names_alike("subject", r.raw().subject.keys());
    for (name, raw) in &r.raw().subject {
        if name.get_ref() == RESERVED {
            r.error(name.span(), "`via` cannot be a kind of person: it leads to another table", "choose another name");
            continue;
        }
        if let Some(subject) = subject(r, name, raw.get_ref()) {
            r.policy.subjects.insert(name.get_ref().clone(), subject);
        }
    }
    consent::tell_kinds_apart(r);
}

fn subject(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawSubject) -> Option<SubjectKind> {
    let path = |key| ["subject", name.get_ref().as_str(), key];
    let fix = "name the table with one row a person, for example table = \"public.customers\"";
    let table = r.required(&raw.table, &path("table"), name.span(), fix);
    let fix = "name the column that identifies a person, for example key = \"id\"";
    let key = r.required(&raw.key, &path("key"), name.span(), fix);
    let relation = r.relation(table?)?;
    if !stores_rows(r, relation, table?) {
        return None;
    }
    let key = r.column(relation, key?).map(|column| {
        if !relation.is_unique(&column.name) {
            let message = format!("`{}` is not unique in {}", column.name, relation.name);
            r.error(key?.span(), message, "name a column that is the primary key, or unique by itself");
        }
        Some(column)
    })??;
    if raw.restricted_when.is_some() && relation.row_security {
        r.error(table?.span(), hidden(relation, "a person whom it hides would not count as restricted"), NOT_HIDDEN);
    }
    let restricted_when = raw.restricted_when.as_ref().map(|text| r.condition(text, relation));
    let consent = raw.consent.as_ref().map(|c| consent::resolve(r, name, c, key));
    Some(SubjectKind {
        name: name.get_ref().clone(),
        table: relation.oid,
        table_name: relation.name.clone(),
        key: key.name.clone(),
        restricted_when: restricted_when.flatten(),
        consent: consent.flatten(),
    })
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
