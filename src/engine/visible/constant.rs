//! The `constant` mask: a literal of the column's type that is known to be readable before PostgreSQL reads it.

use crate::engine::catalog::{Catalog, ColumnType};

use super::masks::literal;
use super::sql::{is_domain, is_text, type_sql};

/// Whether the constant can be a value of the type.
pub fn fits(value: &str, ty: &ColumnType) -> Result<(), &'static str> {
    let readable = match ty.base.as_str() {
        _ if is_text(ty) => !value.contains('\0'),
        "bool" => matches!(value, "true" | "false"),
        "int2" => value.parse::<i16>().is_ok(),
        "int4" => value.parse::<i32>().is_ok(),
        "int8" => value.parse::<i64>().is_ok(),
        "numeric" => number(value) && within_precision(value, ty),
        "float4" => number(value) && value.parse::<f32>().is_ok_and(f32::is_finite),
        "float8" => number(value) && value.parse::<f64>().is_ok_and(f64::is_finite),
        "date" => is_date(value),
        "timestamp" => value.parse::<jiff::civil::DateTime>().is_ok_and(|d| d.year() > 0),
        "timestamptz" => value.parse::<jiff::Timestamp>().is_ok(),
        "uuid" => uuid(value),
        "inet" => value.parse::<core::net::IpAddr>().is_ok(),
        "json" | "jsonb" => serde_json::from_str::<serde_json::Value>(value).is_ok() && !value.contains("\\u0000"),
        // Known to the catalog, see `expression`.
        _ if ty.kind == 'e' => true,
        _ => return Err("a constant of this type is not supported; use `null` or `{ sql = … }`"),
    };
    if readable { Ok(()) } else { Err("the constant is no value of the column's type") }
}

/// Whether a text is a date as PostgreSQL reads it under every `DateStyle`: year, month and day.
pub fn is_date(value: &str) -> bool {
    value.parse::<jiff::civil::Date>().is_ok_and(|d| d.year() > 0) && value.len() == 10
}

/// The literal, for a constant that fits. `None`: the enum has no such label.
pub fn expression(catalog: &Catalog, ty: &ColumnType, value: &str) -> Option<String> {
    if ty.kind == 'e' {
        let labels = &catalog.data().types.iter().find(|t| t.oid == ty.oid)?.labels;
        let known = !is_domain(ty) && labels.iter().any(|l| l == value);
        return known.then(|| literal(value, &type_sql(ty)));
    }
    Some(match ty.base.as_str() {
        _ if is_text(ty) => literal(value, "pg_catalog.text"),
        base => literal(value, &format!("pg_catalog.{base}")),
    })
}

fn number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.len() <= 100
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
}

fn within_precision(value: &str, ty: &ColumnType) -> bool {
    let Some(p) = super::numbers::precision(ty) else { return true };
    let whole = value.trim_start_matches('-').split('.').next().unwrap_or("").trim_start_matches('0').len();
    // One digit less than declared leaves room for rounding up.
    whole == 0 && p.scale >= 0 && i64::from(p.digits) > i64::from(p.scale)
        || (whole as i64) < i64::from(p.digits) - i64::from(p.scale)
        || whole as i64 == i64::from(p.digits) - i64::from(p.scale) && !value.contains('.')
}

fn uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
