//! Masks: from the file's two forms to a [`Mask`] (contract, section 3 "Masks"). Which types each fits, `visible` knows.

use std::ops::Range;

use super::super::catalog::Catalog;
use super::diagnostics::Problems;
use super::raw::{MaskTable, Number, RawMask, Spanned};
use super::{Mask, SqlFragment};

/// Masks that are named alone.
const NAMED: &[(&str, Mask)] =
    &[("null", Mask::Null), ("redact", Mask::Redact), ("email", Mask::Email), ("pseudonym", Mask::Pseudonym)];
const FORMS: &str = "use \"null\", \"redact\", \"email\", \"pseudonym\", { keep_first = n }, { keep_last = n }, \
                     { truncate = \"year\" }, { round = n }, { prefix = n }, { constant = \"…\" } or { sql = \"…\" }";

/// Fields of `date_trunc` (PostgreSQL manual, "Date/Time Functions"), coarse to fine.
const DATE_FIELDS: &[&str] = &[
    "millennium",
    "century",
    "decade",
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "milliseconds",
    "microseconds",
];

impl MaskTable {
    pub(super) fn is_empty(&self) -> bool {
        self.spans().is_empty()
    }

    /// Where each key's value stands.
    fn spans(&self) -> Vec<Range<usize>> {
        fn span<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
            value.as_ref().map(Spanned::span)
        }
        [
            span(&self.mask),
            span(&self.keep_first),
            span(&self.keep_last),
            span(&self.truncate),
            span(&self.round),
            span(&self.prefix),
            span(&self.constant),
            span(&self.sql),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The mask that is written there; says what is wrong with it.
pub(super) fn resolve(raw: &Spanned<RawMask>, catalog: &Catalog, problems: &mut Problems<'_>) -> Option<Mask> {
    match raw.get_ref() {
        RawMask::Name(name) => {
            let found = NAMED.iter().find(|(known, _)| known == name).map(|(_, mask)| mask.clone());
            if found.is_none() {
                problems.error(raw.span(), format!("`{name}` is not a mask"), FORMS);
            }
            found
        }
        RawMask::Table(table) => {
            if table.spans().len() != 1 {
                problems.error(raw.span(), "a mask is exactly one of its kinds", FORMS);
                return None;
            }
            of_table(table, catalog, problems)
        }
    }
}

fn of_table(table: &MaskTable, catalog: &Catalog, problems: &mut Problems<'_>) -> Option<Mask> {
    if let Some(inner) = &table.mask {
        return resolve(inner, catalog, problems);
    }
    if let Some(n) = &table.keep_first {
        return length(n, problems).map(Mask::KeepFirst);
    }
    if let Some(n) = &table.keep_last {
        return length(n, problems).map(Mask::KeepLast);
    }
    if let Some(field) = &table.truncate {
        return truncate(field, problems);
    }
    if let Some(number) = &table.round {
        return round(number, problems);
    }
    if let Some(bits) = &table.prefix {
        return within(bits, 0..=128, "a prefix has 0 to 128 bits", problems).map(Mask::Prefix);
    }
    if let Some(text) = &table.constant {
        return Some(Mask::Constant(text.get_ref().clone()));
    }
    let text = table.sql.as_ref()?;
    SqlFragment::mask(text.get_ref(), catalog)
        .map(Mask::Sql)
        .map_err(|what| {
            let fix = "write one SQL expression over `{}`, for example { sql = \"left({}, 2)\" }";
            problems.error(text.span(), format!("this mask cannot be used: {what}"), fix);
        })
        .ok()
}

fn length(n: &Spanned<i64>, problems: &mut Problems<'_>) -> Option<u32> {
    within(n, 1..=1000, "a mask keeps 1 to 1000 characters", problems)
}

fn within(
    n: &Spanned<i64>,
    range: std::ops::RangeInclusive<i64>,
    fix: &str,
    problems: &mut Problems<'_>,
) -> Option<u32> {
    let fits = range.contains(n.get_ref()).then(|| u32::try_from(*n.get_ref()).ok()).flatten();
    if fits.is_none() {
        problems.error(n.span(), format!("{} is out of range", n.get_ref()), fix);
    }
    fits
}

fn truncate(field: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Mask> {
    let name = field.get_ref().as_str();
    if DATE_FIELDS.contains(&name) {
        return Some(Mask::Truncate(name.to_owned()));
    }
    let fix = format!("use one of {}", DATE_FIELDS.join(", "));
    problems.error(field.span(), format!("`{name}` is not a part of a date"), fix);
    None
}

fn round(number: &Spanned<Number>, problems: &mut Problems<'_>) -> Option<Mask> {
    let text = match *number.get_ref() {
        Number::Integer(n) if n > 0 => n.to_string(),
        Number::Float(n) if n > 0.0 && n.is_finite() => n.to_string(),
        Number::Integer(_) | Number::Float(_) => {
            problems.error(number.span(), "only a positive number can be rounded to", "for example { round = 100 }");
            return None;
        }
    };
    Some(Mask::Round(text))
}

impl Mask {
    /// The mask as it is written in a policy, for people.
    pub fn describe(&self) -> String {
        match self {
            Mask::Null => "null".into(),
            Mask::Redact => "redact".into(),
            Mask::Email => "email".into(),
            Mask::KeepFirst(n) => format!("keep_first = {n}"),
            Mask::KeepLast(n) => format!("keep_last = {n}"),
            Mask::Pseudonym => "pseudonym".into(),
            Mask::Truncate(field) => format!("truncate = {field}"),
            Mask::Round(number) => format!("round = {number}"),
            Mask::Prefix(bits) => format!("prefix = {bits}"),
            Mask::Constant(text) => format!("constant = {text:?}"),
            Mask::Sql(fragment) => format!("sql = {:?}", fragment.text),
        }
    }
}
