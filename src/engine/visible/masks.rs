//! Masks as expressions over a stored column (contract, section 3 "Masks"): exactly of the column's type, null for null,
//! and never an error, whatever value is stored.

use crate::engine::catalog::{Catalog, Column, ColumnType, quote_ident, quote_literal};
use crate::engine::policy::Mask;
use crate::engine::refusal::Refusal;

use super::pseudonym::{self, Key};
use super::sql::{column, is_domain, is_text, op, text, type_sql};
use super::{STARS, StandIn, constant, domain, numbers, times};

/// Whether a mask can be applied to a column of this type; the error says why not. A constant of an enum type fits by
/// its label, which is looked up in the catalog when the mask is written: an unknown label shows null.
pub fn mask_fits(mask: &Mask, ty: &ColumnType) -> Result<(), &'static str> {
    let must = |holds: bool, why: &'static str| if holds { Ok(()) } else { Err(why) };
    match mask {
        Mask::Null | Mask::Redact | Mask::Sql(_) => Ok(()),
        Mask::Email | Mask::KeepFirst(_) | Mask::KeepLast(_) => must(is_text(ty), "it masks text only"),
        Mask::Pseudonym => pseudonym::fits(ty),
        Mask::Truncate(field) => {
            must(times::is_truncatable(ty), "it masks dates and timestamps only")?;
            must(times::FIELDS.contains(&field.as_str()), "it is no field that `date_trunc` knows, such as `year`")
        }
        Mask::Round(to) => {
            must(numbers::is_number(ty), "it masks numbers only")?;
            numbers::step_fits(to)
        }
        Mask::Prefix(bits) => {
            must(matches!(ty.base.as_str(), "inet" | "cidr"), "it masks network addresses only")?;
            must(*bits <= 128, "a network prefix has 0 to 128 bits")
        }
        Mask::Constant(value) => constant::fits(value, ty),
    }
}

/// What `mask` can make of a value of this type.
pub fn stand_in(mask: &Mask, ty: &ColumnType) -> StandIn {
    if mask_fits(mask, ty).is_err() {
        return StandIn::Null;
    }
    // The stars are not cut off by the column's length, nor can a cast to an odd type change them.
    let has = |characters: u32| match ty.base.as_str() {
        // 63 bytes, and four of these for a character at most.
        "name" => characters <= 15,
        _ => ty.length.is_none_or(|length| length >= characters),
    };
    let starred = |room: u32| match is_text(ty) && ty.deterministic && has(room) {
        true => StandIn::Starred,
        false => StandIn::Any,
    };
    match mask {
        Mask::Null => StandIn::Null,
        Mask::Redact if !is_text(ty) => StandIn::Null,
        Mask::Redact | Mask::KeepLast(_) => starred(3),
        Mask::Email => starred(4),
        Mask::KeepFirst(n) => starred(n.saturating_add(3)),
        Mask::Pseudonym | Mask::Truncate(_) | Mask::Round(_) | Mask::Prefix(_) | Mask::Constant(_) | Mask::Sql(_) => {
            StandIn::Any
        }
    }
}

/// The masked cell. `key` makes pseudonyms of the session's purpose.
pub fn masked(catalog: &Catalog, of: &Column, alias: &str, mask: &Mask, key: Key<'_>) -> Result<String, Refusal> {
    let stored = column(alias, &of.name);
    let Some(value) = value(catalog, of, &stored, mask, key)? else { return Ok(null_cell(of, alias)) };
    let value = match is_domain(&of.ty) {
        true => domain::checked(catalog, &of.ty, &value, matches!(mask, Mask::Sql(_))),
        false => Some(format!("({value})::{}", type_sql(&of.ty))),
    };
    // `THEN stored` (a null there) carries the column's own type and collation.
    Ok(match value {
        Some(value) => format!("CASE WHEN {stored} IS NULL THEN {stored} ELSE {value} END"),
        None => null_cell(of, alias),
    })
}

/// Null of the column's type and collation. Of a domain it is taken from an empty array: a cast would run the domain's
/// checks.
pub fn null_cell(of: &Column, alias: &str) -> String {
    let null = null_of(&of.ty);
    if !is_text(&of.ty) && !of.ty.base.starts_with('_') {
        return null;
    }
    // A branch that is never taken, and is gone from the plan, gives the column's collation.
    format!("CASE WHEN false THEN {} ELSE {null} END", column(alias, &of.name))
}

/// Null of the type, whatever its collation: for a branch beside one that has the column's.
pub fn null_of(ty: &ColumnType) -> String {
    let name = type_sql(ty);
    if is_domain(ty) { format!("(ARRAY[]::{name}[])[1]") } else { format!("NULL::{name}") }
}

/// What a value that is not null becomes; `None`: null.
fn value(catalog: &Catalog, of: &Column, stored: &str, mask: &Mask, key: Key<'_>) -> Result<Option<String>, Refusal> {
    let ty = &of.ty;
    if mask_fits(mask, ty).is_err() {
        // `resolve` refuses such a policy; a column that changed its type since shows nothing.
        return Ok(None);
    }
    Ok(Some(match mask {
        Mask::Null => return Ok(None),
        Mask::Redact if is_text(ty) => redacted(ty),
        Mask::Redact => return Ok(None),
        Mask::Email => email(catalog, ty, stored),
        Mask::KeepFirst(n) => {
            kept(ty, stored, *n, |word| op(&format!("pg_catalog.left({word}, {n})"), "||", &text(STARS)))
        }
        Mask::KeepLast(n) => {
            kept(ty, stored, *n, |word| op(&text(STARS), "||", &format!("pg_catalog.right({word}, {n})")))
        }
        Mask::Pseudonym => pseudonym::expression(ty, stored, key)?,
        Mask::Truncate(field) => times::truncated(ty, stored, field),
        Mask::Round(to) => numbers::rounded(ty, stored, to),
        Mask::Prefix(bits) => prefix(stored, *bits),
        Mask::Constant(value) => match constant::expression(catalog, ty, value) {
            Some(value) => value,
            None => return Ok(None),
        },
        Mask::Sql(sql) => {
            // `resolve` refuses such a mask; the column may have changed its type since.
            let Ok(sql) = sql.over(ty, catalog) else { return Ok(None) };
            sql.to_sql(quote_ident, stored)
        }
    }))
}

/// `***`, no longer than the column takes.
pub(super) fn redacted(ty: &ColumnType) -> String {
    let length = ty.length.map_or(STARS.len(), |n| STARS.len().min(n as usize));
    text(&STARS[..length])
}

/// The stored value as text whose characters can be searched: PostgreSQL refuses that under a nondeterministic collation.
fn searchable(ty: &ColumnType, stored: &str) -> String {
    let value = format!("{stored}::pg_catalog.text");
    if ty.deterministic { value } else { format!("({value} COLLATE pg_catalog.\"C\")") }
}

/// First character of what stands before the last `@`, then the domain. No regular expression: those cost eight times
/// as much.
fn email(catalog: &Catalog, ty: &ColumnType, stored: &str) -> String {
    let word = searchable(ty, stored);
    let at = text("@");
    let first_at = format!("pg_catalog.strpos({word}, {at})");
    let domain = match catalog.data().server_version {
        140_000.. => op(&text("***@"), "||", &format!("pg_catalog.split_part({word}, {at}, -1)")),
        _ => {
            let length = format!("pg_catalog.strpos(pg_catalog.reverse({word}), {at})");
            op(&text(STARS), "||", &format!("pg_catalog.right({word}, {length})"))
        }
    };
    let local = op(&format!("pg_catalog.left({word}, 1)"), "||", &domain);
    let masked = format!(
        "CASE WHEN {} THEN {local} WHEN {} THEN {domain} ELSE {} END",
        op(&first_at, ">", "1"),
        op(&first_at, "=", "1"),
        text(STARS)
    );
    without_collation(ty, masked)
}

/// `keep` of the value where it has more than `n` characters, else `***`.
fn kept(ty: &ColumnType, stored: &str, n: u32, keep: impl Fn(&str) -> String) -> String {
    let word = searchable(ty, stored);
    let longer = op(&format!("pg_catalog.char_length({word})"), ">", &n.to_string());
    without_collation(ty, format!("CASE WHEN {longer} THEN {} ELSE {} END", keep(&word), text(STARS)))
}

/// Takes an explicit `COLLATE "C"` off again, so that the cell compares as its column does.
fn without_collation(ty: &ColumnType, value: String) -> String {
    if ty.deterministic {
        return value;
    }
    // jsonb has no collation, so the way through it leaves none behind.
    op(&format!("pg_catalog.to_jsonb({value})"), "#>>", "'{}'::pg_catalog.text[]")
}

/// The network of the first `bits` bits. An IPv4 address has 32: with more, all of it would be shown, so nothing is.
fn prefix(stored: &str, bits: u32) -> String {
    let network = format!("pg_catalog.network(pg_catalog.set_masklen({stored}, {bits}))");
    if bits <= 32 {
        return network;
    }
    format!("CASE WHEN {} THEN {network} END", op(&format!("pg_catalog.family({stored})"), "=", "6"))
}

/// A literal as the policy wrote it, with a type.
pub(super) fn literal(value: &str, ty: &str) -> String {
    format!("{}::{ty}", quote_literal(value))
}
