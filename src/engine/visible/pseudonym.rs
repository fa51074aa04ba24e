//! The `pseudonym` mask: HMAC-SHA256 (RFC 2104) of a value, written with PostgreSQL's own `sha256`, as a value of the
//! column's type. Keyed per purpose, so nobody can get back by trying inputs, and two purposes cannot be joined.
//!
//! Equal values have equal pseudonyms in columns of one type, and of all text types that have room for 20 hexadecimal
//! digits. In columns of other types and widths they differ ([`shape`]), and where there is little room, different values
//! share one: `check` warns of both.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::engine::catalog::ColumnType;
use crate::engine::refusal::{Refusal, SqlState};

use super::numbers::precision;
use super::sql::{is_text, op};

/// SHA-256's block, in bytes.
const BLOCK: usize = 64;
/// Hexadecimal digits of a text pseudonym: 80 bits.
const DIGITS: u32 = 20;
/// Fewer could not tell people apart.
const FEWEST_DIGITS: u32 = 4;
/// Days of the years 1000 to 9998.
const DAYS: u64 = 3_286_815;
/// Seconds since 1970 up to the year 9999.
const SECONDS: u64 = 253_370_764_800;

/// What pseudonyms are keyed with.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// The database's master key.
    pub master: &'a [u8],
    pub purpose: &'a str,
}

/// Whether the type has room for a pseudonym.
pub fn fits(ty: &ColumnType) -> Result<(), &'static str> {
    match ty.base.as_str() {
        _ if is_text(ty) && ty.length.is_some_and(|n| n < FEWEST_DIGITS) => {
            Err("the column is too short for a pseudonym")
        }
        _ if is_text(ty) => Ok(()),
        "numeric" if whole_digits(ty) < FEWEST_DIGITS => Err("the column has too few digits for a pseudonym"),
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "uuid" | "bytea" | "date" | "timestamp"
        | "timestamptz" | "inet" | "cidr" => Ok(()),
        _ => Err("a value of this type cannot be a pseudonym; use `null`"),
    }
}

/// What pseudonyms of a column's type are like.
pub struct Shape {
    /// Types that can hold equal values.
    pub family: &'static str,
    /// Within a family, equal values have equal pseudonyms where this is equal.
    pub form: String,
    /// How many different ones there are.
    pub room: f64,
}

impl Shape {
    /// Among how many values two are as likely as not to have the same pseudonym (the birthday problem).
    pub fn shared_among(&self) -> f64 {
        (2.0 * std::f64::consts::LN_2 * self.room).sqrt()
    }
}

/// Follows [`expression`] and [`message`].
pub fn shape(ty: &ColumnType) -> Shape {
    let digits = ty.length.unwrap_or(DIGITS).min(DIGITS);
    let bits = |bits: u32| (format!("{bits} bits"), 2f64.powf(f64::from(bits)));
    let (family, (form, room)) = match ty.base.as_str() {
        "citext" => ("text", (format!("{digits} digits without case"), 16f64.powf(f64::from(digits)))),
        _ if is_text(ty) => ("text", (format!("{digits} digits"), 16f64.powf(f64::from(digits)))),
        "int2" => ("number", bits(15)),
        "int4" => ("number", bits(31)),
        "int8" => ("number", bits(63)),
        "float4" => ("number", bits(24)),
        "float8" => ("number", bits(53)),
        "numeric" => {
            let whole = whole_digits(ty);
            ("number", (format!("{whole} decimal digits"), 10f64.powf(f64::from(whole))))
        }
        "date" => ("time", ("date".into(), DAYS as f64)),
        "timestamp" => ("time", ("timestamp".into(), SECONDS as f64)),
        "timestamptz" => ("time", ("timestamptz".into(), SECONDS as f64)),
        "uuid" => ("uuid", bits(128)),
        "bytea" => ("bytea", bits(256)),
        _ => ("address", bits(63)),
    };
    Shape { family, form, room }
}

/// The pseudonym of `stored`, not yet cast to the column's type.
pub fn expression(ty: &ColumnType, stored: &str, key: Key<'_>) -> Result<String, Refusal> {
    if key.master.is_empty() {
        return Err(Refusal::new(
            "pseudonym-key-missing",
            SqlState::INSUFFICIENT_PRIVILEGE,
            "pseudonyms have no key",
            "rule pseudonym-key-missing: without a key they could be reversed by trying inputs",
            "ask the administrator to give the server a pseudonym key",
        ));
    }
    let mac = mac_sql(&derived(key), &message(ty, stored));
    let hex = format!("pg_catalog.encode({mac}, 'hex'::pg_catalog.text)");
    let number = |bits: u32| number(&hex, bits);
    let modulo = |most: u64| op(&number(63), "%", &format!("'{most}'::bigint"));
    Ok(match ty.base.as_str() {
        _ if is_text(ty) => format!("pg_catalog.left({hex}, {})", ty.length.unwrap_or(DIGITS).min(DIGITS)),
        "int2" => number(15),
        "int4" => number(31),
        "int8" => number(63),
        "float4" => number(24),
        "float8" => number(53),
        "numeric" => modulo(10u64.pow(whole_digits(ty))),
        "uuid" => format!("pg_catalog.left({hex}, 32)"),
        "bytea" => mac,
        "date" => op("'1000-01-01'::pg_catalog.date", "+", &format!("{}::integer", modulo(DAYS))),
        "timestamptz" => format!("pg_catalog.to_timestamp({}::double precision)", modulo(SECONDS)),
        "timestamp" => format!(
            "pg_catalog.timezone('UTC'::pg_catalog.text, pg_catalog.to_timestamp({}::double precision))",
            modulo(SECONDS)
        ),
        // An address of RFC 4193's locally assigned range: no host's.
        _ => op("'fd00::'::pg_catalog.inet", "+", &number(63)),
    })
}

/// Digits before the point of a numeric pseudonym.
fn whole_digits(ty: &ColumnType) -> u32 {
    match precision(ty) {
        Some(p) if p.scale >= 0 => p.digits.saturating_sub(p.scale.unsigned_abs()).min(18),
        // A negative scale would round the pseudonym's last digits away.
        Some(_) => 0,
        None => 18,
    }
}

/// The first `bits` bits of a hash as a positive whole number.
fn number(hex: &str, bits: u32) -> String {
    let word = op("'x'::pg_catalog.text", "||", &format!("pg_catalog.left({hex}, 16)"));
    let shifted = op(&format!("{word}::bit(64)::bigint"), ">>", &(64 - bits).to_string());
    op(&shifted, "&", &format!("'{}'::bigint", (1u64 << bits) - 1))
}

/// One spelling for equal values, independent of the session's settings, as `bytea`.
fn message(ty: &ColumnType, stored: &str) -> String {
    let utf8 = |word: String| format!("pg_catalog.convert_to({word}, 'UTF8'::pg_catalog.name)");
    match ty.base.as_str() {
        // citext compares without case.
        "citext" => utf8(format!("pg_catalog.lower({stored}::pg_catalog.text)")),
        _ if is_text(ty) => utf8(format!("{stored}::pg_catalog.text")),
        "int2" | "int4" | "int8" => utf8(format!("{stored}::pg_catalog.text")),
        "numeric" => utf8(format!("pg_catalog.trim_scale({stored})::pg_catalog.text")),
        // Adding zero makes one zero of the two.
        "float4" | "float8" => {
            format!(
                "pg_catalog.float8send({})",
                op(&format!("{stored}::double precision"), "+", "'0'::double precision")
            )
        }
        "uuid" => format!("pg_catalog.uuid_send({stored})"),
        "bytea" => stored.to_owned(),
        "date" => format!("pg_catalog.date_send({stored})"),
        "timestamp" => format!("pg_catalog.timestamp_send({stored})"),
        "timestamptz" => format!("pg_catalog.timestamptz_send({stored})"),
        _ => utf8(format!("pg_catalog.text({stored}::pg_catalog.inet)")),
    }
}

/// A purpose's key: a SHA-256 HMAC of its name under the master key.
fn derived(key: Key<'_>) -> [u8; 32] {
    hmac(key.master, format!("consentry pseudonym 1\0{}", key.purpose).as_bytes())
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key longer than a block is hashed first (RFC 2104, section 2); one that fits is padded with zeros.
    let mut block = [0u8; BLOCK];
    if key.len() > BLOCK {
        use sha2::Digest;
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// `sha256(outer || sha256(inner || message))` with the key's two blocks as constants.
fn mac_sql(key: &[u8; 32], message: &str) -> String {
    let block = |pad: u8| {
        let mut block = [pad; BLOCK];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        format!("pg_catalog.decode('{}'::pg_catalog.text, 'hex'::pg_catalog.text)", hex::encode(block))
    };
    let inner = format!("pg_catalog.sha256({})", op(&block(0x36), "||", message));
    format!("pg_catalog.sha256({})", op(&block(0x5c), "||", &inner))
}
