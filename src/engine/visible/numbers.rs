//! The `round` mask: `round(v / n) * n`, kept inside of what the column can hold.

use crate::engine::catalog::ColumnType;

use super::sql::op;

pub fn is_number(ty: &ColumnType) -> bool {
    matches!(ty.base.as_str(), "int2" | "int4" | "int8" | "numeric" | "float4" | "float8")
}

/// Declared digits of a `numeric(p, s)`; the scale may be negative (PostgreSQL 15).
pub struct Precision {
    pub digits: u32,
    pub scale: i32,
}

/// `None` for a `numeric` without a modifier. The modifier's layout: PostgreSQL, `numeric.c`, `make_numeric_typmod`.
pub fn precision(ty: &ColumnType) -> Option<Precision> {
    let modifier = ty.typmod.checked_sub(4).filter(|m| *m >= 0 && ty.base == "numeric")?;
    let digits = (modifier >> 16) & 0xffff;
    let scale = ((modifier & 0x7ff) ^ 1024) - 1024;
    Some(Precision { digits: digits.unsigned_abs(), scale })
}

/// Steps that rounding can use without overflow in any type.
pub fn step_fits(step: &str) -> Result<(), &'static str> {
    let plain =
        step.bytes().all(|b| b.is_ascii_digit() || b == b'.') && step.bytes().filter(|b| *b == b'.').count() <= 1;
    match step.parse::<f64>() {
        Ok(n) if plain && (1e-18..=1e18).contains(&n) => Ok(()),
        _ => Err("rounding takes a positive number such as 100 or 0.5, at most 1e18"),
    }
}

/// The rounded value, not yet cast to the column's type.
pub fn rounded(ty: &ColumnType, stored: &str, step: &str) -> String {
    let whole = |min: &str, max: &str| {
        let rounded = multiple_of(&format!("{stored}::numeric"), step);
        clamped(&rounded, &largest(min, step), &largest(max, step))
    };
    match ty.base.as_str() {
        "int2" => whole("-32768", "32767"),
        "int4" => whole("-2147483648", "2147483647"),
        "int8" => whole("-9223372036854775808", "9223372036854775807"),
        "numeric" => numeric(ty, stored, step),
        _ => float(stored, step),
    }
}

/// `round(value / step) * step` in numeric.
fn multiple_of(value: &str, step: &str) -> String {
    let step = format!("'{step}'::numeric");
    op(&format!("pg_catalog.round({})", op(value, "/", &step)), "*", &step)
}

/// The multiple of `step` farthest from zero within `limit`.
fn largest(limit: &str, step: &str) -> String {
    op(&format!("pg_catalog.div('{limit}'::numeric, '{step}'::numeric)"), "*", &format!("'{step}'::numeric"))
}

fn clamped(value: &str, low: &str, high: &str) -> String {
    format!("LEAST(GREATEST({value}, {low}), {high})")
}

fn numeric(ty: &ColumnType, stored: &str, step: &str) -> String {
    let rounded = multiple_of(stored, step);
    match precision(ty) {
        Some(p) => {
            let limit = format!("{}e{}", "9".repeat(p.digits as usize), -p.scale);
            let inside = clamped(&rounded, &largest(&format!("-{limit}"), step), &largest(&limit, step));
            format!("CASE WHEN {} THEN {stored} ELSE {inside} END", op(stored, "=", "'NaN'::numeric"))
        }
        // Far outside of any sensible step the product could exceed what numeric holds; NaN and infinities stay.
        None => {
            let small = op(&format!("pg_catalog.abs({stored})"), "<", "'1e1000'::numeric");
            format!("CASE WHEN {small} THEN {rounded} ELSE pg_catalog.trunc({stored}, -900) END")
        }
    }
}

/// In double precision; where a division could over- or underflow (an error in PostgreSQL), its limit.
fn float(stored: &str, step: &str) -> String {
    let (value, step) = (format!("{stored}::double precision"), format!("'{step}'::double precision"));
    let size = format!("pg_catalog.abs({value})");
    let huge = op(&size, ">", &op(&step, "*", "'1e20'::double precision"));
    let tiny = op(&size, "<", &op(&step, "*", "'1e-200'::double precision"));
    let rounded = op(&format!("pg_catalog.round({})", op(&value, "/", &step)), "*", &step);
    let zero = op(&value, "*", "'0'::double precision");
    format!("CASE WHEN {huge} THEN {value} WHEN {tiny} THEN {zero} ELSE {rounded} END")
}
