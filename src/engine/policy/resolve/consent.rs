//! `[subject.X.consent]`: the table in which people's choices are recorded, mapped by its columns.

use super::super::super::catalog::{Column, Relation};
use super::super::raw::{RawConsent, Spanned};
use super::super::{ConsentSource, SubjectKind};
use super::{Resolver, comparable, subjects};

const COLUMNS_FIX: &str = "name the column of the consent table that holds it";

pub(super) fn resolve(
    r: &mut Resolver<'_, '_>,
    kind: &Spanned<String>,
    raw: &Spanned<RawConsent>,
    key: Option<&Column>,
) -> Option<ConsentSource> {
    let c = raw.get_ref();
    let path = |key| ["subject", kind.get_ref().as_str(), "consent", key];
    let at = kind.span();
    let table = r.required(&c.table, &path("table"), at.clone(), "name the table that records choices");
    let subject = r.required(&c.subject, &path("subject"), at.clone(), COLUMNS_FIX);
    let purpose = r.required(&c.purpose, &path("purpose"), at.clone(), COLUMNS_FIX);
    let status = r.required(&c.status, &path("status"), at.clone(), COLUMNS_FIX);
    let fix = "list the values of `status` that mean yes, for example granted = [\"granted\"]";
    let granted = r.required(&c.granted, &path("granted"), at, fix);
    check_values(r, c, granted);
    let table = table?;
    let relation = r.relation(table)?;
    subjects::stores_rows(r, relation, table);
    if relation.row_security {
        r.error(
            table.span(),
            subjects::hidden(relation, "a choice that it hides would not count"),
            subjects::NOT_HIDDEN,
        );
    }
    let channel = text_column(r, relation, c.channel.as_ref());
    let notice = text_column(r, relation, c.notice.as_ref());
    Some(ConsentSource {
        table: relation.oid,
        table_name: relation.name.clone(),
        subject: subject_column(r, relation, subject, key).unwrap_or_default(),
        purpose: text_column(r, relation, purpose).unwrap_or_default(),
        channel: channel.or_else(|| named(&c.channel)),
        status: status_column(r, relation, status, c).unwrap_or_default(),
        granted: texts(granted.map_or(&[], |g| g.get_ref())),
        objected: texts(&c.objected),
        granted_at: c.granted_at.as_ref().and_then(|t| r.time_column(relation, t)),
        withdrawn_at: c.withdrawn_at.as_ref().and_then(|t| r.time_column(relation, t)),
        expires_at: c.expires_at.as_ref().and_then(|t| r.time_column(relation, t)),
        notice: notice.or_else(|| named(&c.notice)),
        recorded_at: c.recorded_at.as_ref().and_then(|t| r.time_column(relation, t)),
        withdrawn: c.withdrawn.as_ref().map(|w| w.get_ref().clone()),
        source: text_column(r, relation, c.source.as_ref()),
        recipient: text_column(r, relation, c.recipient.as_ref()),
        event: text_column(r, relation, c.event.as_ref()),
    })
}

/// What a faulty entry names, so that nobody is told that it is missing.
fn named(text: &Option<Spanned<String>>) -> Option<String> {
    text.as_ref().map(|t| t.get_ref().clone())
}

/// Choices of different kinds of people in one column of one table are each other's: person 3 of one kind would be asked
/// for what person 3 of another chose. Not where their keys are one: each a foreign key to the same.
pub(super) fn tell_kinds_apart(r: &mut Resolver<'_, '_>) {
    let has_key = |kind: &&SubjectKind| kind.key_column(r.catalog).is_some();
    let kinds: Vec<SubjectKind> = r.policy.subjects.values().filter(has_key).cloned().collect();
    for (name, raw) in &r.raw().subject {
        let Some(kind) = kinds.iter().find(|k| k.name == *name.get_ref()) else { continue };
        let others = r.raw().subject.iter().take_while(|(other, _)| *other != name);
        for (other, _) in others {
            let Some(theirs) = kinds.iter().find(|k| k.name == *other.get_ref()) else { continue };
            if let Some(source) = kind.consent.as_ref().filter(|_| kind.takes_choices_of(theirs, r.catalog)) {
                let column = raw.get_ref().consent.as_ref().and_then(|c| c.get_ref().subject.as_ref());
                let message = format!(
                    "`{}` and `{}` have their choices in the same column of {}: each other's would count",
                    other.get_ref(),
                    name.get_ref(),
                    source.table_name
                );
                let fix = "give each kind of person a consent table, or a column for its keys";
                r.error(column.map_or(name.span(), Spanned::span), message, fix);
            }
        }
    }
}

fn texts(values: &[Spanned<String>]) -> Vec<String> {
    values.iter().map(|v| v.get_ref().clone()).collect()
}

fn subject_column(
    r: &mut Resolver<'_, '_>,
    relation: &Relation,
    text: Option<&Spanned<String>>,
    key: Option<&Column>,
) -> Option<String> {
    let text = text?;
    let column = r.column(relation, text)?;
    if let Some(key) = key.filter(|key| !comparable(column, key)) {
        let message =
            format!("`{}` is of type {}, the people's key is of type {}", column.name, column.ty.sql, key.ty.sql);
        r.error(text.span(), message, "name the column that holds the person's key");
    }
    Some(column.name.clone())
}

/// A column whose values compare as text: text, enum, and whatever PostgreSQL prints plainly.
fn text_column(r: &mut Resolver<'_, '_>, relation: &Relation, text: Option<&Spanned<String>>) -> Option<String> {
    let text = text?;
    let column = r.column(relation, text)?;
    let plain = matches!(
        column.ty.base.as_str(),
        "text" | "varchar" | "bpchar" | "name" | "int2" | "int4" | "int8" | "uuid" | "date" | "bool"
    );
    if !plain && column.ty.kind != 'e' {
        let message = format!("`{}` is of type {}, which does not compare as text", column.name, column.ty.sql);
        r.error(text.span(), message, "name a column of a text or enum type");
    }
    Some(column.name.clone())
}

fn status_column(
    r: &mut Resolver<'_, '_>,
    relation: &Relation,
    text: Option<&Spanned<String>>,
    raw: &RawConsent,
) -> Option<String> {
    let name = text_column(r, relation, text)?;
    let column = relation.column(&name)?;
    let values = || raw.granted.iter().flat_map(|g| g.get_ref()).chain(&raw.objected);
    for value in values().filter(|v| column.ty.base == "bool" && !matches!(v.get_ref().as_str(), "true" | "false")) {
        let message = format!("`{name}` is boolean and never `{}`", value.get_ref());
        r.error(value.span(), message, "a boolean status is \"true\" or \"false\"");
    }
    r.known_labels(column, values().chain(&raw.withdrawn));
    Some(name)
}

fn check_values(r: &mut Resolver<'_, '_>, raw: &RawConsent, granted: Option<&Spanned<Vec<Spanned<String>>>>) {
    let Some(granted) = granted else { return };
    if granted.get_ref().is_empty() {
        r.error(granted.span(), "no status means yes, so nobody ever consents", "list the values that mean yes");
    }
    for objected in &raw.objected {
        if let Some(yes) = granted.get_ref().iter().find(|g| g.get_ref() == objected.get_ref()) {
            let message = format!("`{}` cannot mean both yes and no", objected.get_ref());
            r.error(objected.span(), message, "keep it in `granted` or in `objected`");
            r.problems.see_also(yes.span(), "means yes here");
        }
    }
}
