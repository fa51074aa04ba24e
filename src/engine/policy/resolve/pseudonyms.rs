//! What of pseudonyms depends on the columns' types and on who may write: where equal values have unequal ones, where
//! different values are likely to share one, and who can have the pseudonym of a value made.

use std::collections::BTreeMap;

use super::super::super::catalog::{Column, Oid};
use super::super::super::visible::{in_reach, pseudonym};
use super::super::raw::{RawRole, Spanned};
use super::super::{ColumnUse, Mask, Purpose, Right, TablePolicy};
use super::Resolver;

/// Fewer people than this are told of when two of them are likely to share a pseudonym.
const MANY_PEOPLE: f64 = 1e7;

pub(super) fn run(r: &mut Resolver<'_, '_>) {
    for category in r.raw().category.keys() {
        if r.policy.purposes.values().any(|p| shows_pseudonym(r, p, category.get_ref())) {
            let columns = columns(r, category.get_ref());
            unequal(r, category, &columns);
            narrow(r, category, &columns);
        }
    }
    for (name, raw) in &r.raw().role {
        made_to_order(r, name, raw.get_ref());
    }
}

fn shows_pseudonym(r: &Resolver<'_, '_>, purpose: &Purpose, category: &str) -> bool {
    match purpose.masks.get(category) {
        Some(mask) => *mask == Mask::Pseudonym,
        None => {
            let own = r.policy.categories.get(category).map(|c| &c.mask);
            own == Some(&Mask::Pseudonym) && !purpose.shows.contains(category)
        }
    }
}

/// The columns of the category that have pseudonyms, each with its table.
fn columns<'a>(r: &Resolver<'a, '_>, category: &str) -> Vec<(String, &'a Column)> {
    let mut found = Vec::new();
    for table in r.policy.tables.values() {
        let Some(relation) = r.catalog.relation(table.relation) else { continue };
        let tagged = |c: &&Column| table.columns.get(&c.name) == Some(&ColumnUse::Category(category.to_owned()));
        let fitting = relation.columns.iter().filter(tagged).filter(|c| pseudonym::fits(&c.ty).is_ok());
        found.extend(fitting.map(|c| (format!("{}.{}", table.name, c.name), c)));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Columns that can hold equal values and show them differently.
fn unequal(r: &mut Resolver<'_, '_>, category: &Spanned<String>, columns: &[(String, &Column)]) {
    let mut families: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (name, column) in columns {
        let shape = pseudonym::shape(&column.ty);
        let alike = families.entry(shape.family).or_default().entry(shape.form).or_default();
        alike.push(format!("{name} ({})", column.ty.sql));
    }
    for alike in families.into_values().filter(|forms| forms.len() > 1) {
        let groups: Vec<String> = alike.into_values().map(|names| names.join(", ")).collect();
        let message = format!(
            "equal values of `{}` have different pseudonyms in columns of different types, so that joins between them find nobody, or the wrong ones: {}",
            category.get_ref(),
            groups.join(" | ")
        );
        r.warning(category.span(), message, "give the columns one type (bigint or text) where they are joined");
    }
}

fn narrow(r: &mut Resolver<'_, '_>, category: &Spanned<String>, columns: &[(String, &Column)]) {
    let narrow: Vec<String> = columns
        .iter()
        .map(|(name, column)| (name, &column.ty.sql, pseudonym::shape(&column.ty).shared_among()))
        .filter(|(_, _, people)| *people < MANY_PEOPLE)
        .map(|(name, ty, people)| format!("{name} ({ty}: about {})", roughly(people)))
        .collect();
    if !narrow.is_empty() {
        let message = format!(
            "different values of `{}` are likely to share a pseudonym among this many: {}",
            category.get_ref(),
            narrow.join(", ")
        );
        r.warning(category.span(), message, "make the column bigint or text where people must be told apart");
    }
}

/// Rounded down to its first digit, with its thousands apart.
fn roughly(number: f64) -> String {
    let unit = 10f64.powf(number.max(1.0).log10().floor());
    let digits = format!("{:.0}", (number / unit).floor() * unit);
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// INSERT fills every listed column, also one that is read as a pseudonym: who may write chooses the value, and reads what
/// becomes of it. An UPDATE of such a column is refused.
fn made_to_order(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawRole) {
    let Some((may, role)) = raw.may.as_ref().zip(r.policy.roles.get(name.get_ref())) else { return };
    let writes =
        |table: Oid| match r.policy.subjects.values().filter_map(|s| s.consent.as_ref()).any(|c| c.table == table) {
            true => role.may.contains(&Right::RecordConsent),
            false => role.may.contains(&Right::Insert) || role.may.contains(&Right::CopyIn),
        };
    let told = |p: &Purpose, t: &TablePolicy| {
        let category = t.categories().find(|c| writes(t.relation) && in_reach(t, p) && shows_pseudonym(r, p, c))?;
        Some((p.name.clone(), category.to_owned()))
    };
    let purposes = role.purposes.iter().filter_map(|p| r.policy.purposes.get(p));
    let mut found = purposes.flat_map(|p| r.policy.tables.values().map(move |t| (p, t)));
    let found = found.find_map(|(p, t)| told(p, t)).filter(|_| !role.unrestricted);
    if let Some((purpose, category)) = found {
        let message = format!(
            "`{}` may write new rows under `{purpose}`, and so have the pseudonym of any value of `{category}` made, to look for it among all",
            name.get_ref()
        );
        r.warning(
            may.span(),
            message,
            "let a role that reads pseudonyms write none of these rows, or trust it with this",
        );
    }
}
