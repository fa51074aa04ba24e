//! The `truncate` mask: `date_trunc` in UTC.

use crate::engine::catalog::ColumnType;

use super::sql::op;

/// What `date_trunc` takes (PostgreSQL manual, "Date/Time Functions").
pub const FIELDS: [&str; 13] = [
    "microseconds",
    "milliseconds",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "decade",
    "century",
    "millennium",
];

pub fn is_truncatable(ty: &ColumnType) -> bool {
    matches!(ty.base.as_str(), "date" | "timestamp" | "timestamptz")
}

/// Infinite values stay; values so far away that PostgreSQL could not truncate or convert them become null.
pub fn truncated(ty: &ColumnType, stored: &str, field: &str) -> String {
    let (name, low, high) = match ty.base.as_str() {
        "date" => ("pg_catalog.date", "4000-01-01 BC", "294276-12-31"),
        "timestamp" => ("timestamp without time zone", "4000-01-01 00:00:00 BC", "294276-12-31 00:00:00"),
        _ => ("timestamp with time zone", "4000-01-01 00:00:00+00 BC", "294276-12-31 00:00:00+00"),
    };
    let unit = format!("'{field}'::pg_catalog.text");
    let value = match ty.base.as_str() {
        "date" => format!("pg_catalog.date_trunc({unit}, {stored}::timestamp without time zone)::pg_catalog.date"),
        "timestamp" => format!("pg_catalog.date_trunc({unit}, {stored})"),
        _ => format!("pg_catalog.date_trunc({unit}, {stored}, 'UTC'::pg_catalog.text)"),
    };
    let near = format!(
        "{} AND {}",
        op(stored, ">=", &format!("'{low}'::{name}")),
        op(stored, "<=", &format!("'{high}'::{name}"))
    );
    format!("CASE WHEN {near} THEN {value} WHEN NOT pg_catalog.isfinite({stored}) THEN {stored} END")
}
