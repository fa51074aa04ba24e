//! The one spelling of a subject's key, under which its hash is on record: however a statement, a row or somebody who asks
//! writes it. Values of a key's type that PostgreSQL takes for equal have the same.

use std::collections::BTreeSet;

/// Longer numbers are nobody's key.
const MOST_DIGITS: usize = 1000;

/// A key, in any form that PostgreSQL reads as a value of the type.
pub fn of(key: &str, base_type: &str) -> String {
    let one = match base_type {
        "int2" | "int4" | "int8" | "oid" | "numeric" | "float4" | "float8" => number(key),
        "uuid" => uuid(key),
        "bpchar" => Some(char(key).to_owned()),
        "citext" => Some(key.to_lowercase()),
        _ => None,
    };
    one.unwrap_or_else(|| key.to_owned())
}

/// The spellings of a key whose type is not known, that one included in which it is given. A text keeps its zeros and its
/// letters, unless it is a fraction or a UUID.
pub fn of_any_type(key: &str) -> BTreeSet<String> {
    let fraction = number(key).filter(|_| key.contains('.'));
    [Some(key.to_owned()), Some(char(key).to_owned()), fraction, uuid(key)].into_iter().flatten().collect()
}

/// A value of `char(n)` without the blanks that it is padded with.
pub fn char(text: &str) -> &str {
    text.trim_end_matches(' ')
}

pub fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// A number in plain digits, without zeros that say nothing: 42 for `042`, `42.00` and `4.2e1`. `None`: it is none.
pub fn number(text: &str) -> Option<String> {
    let text = text.trim_matches(is_space);
    let (negative, text) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    plain(negative, &digits, point)
}

/// Digits with a point behind the first `point` of them, which may lie outside.
pub fn plain(negative: bool, digits: &str, point: i64) -> Option<String> {
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let (digits, point) = (digits.trim_matches('0'), point - i64::try_from(leading).ok()?);
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let (behind, before) = (usize::try_from(point.max(0)).ok()?, usize::try_from((-point).max(0)).ok()?);
    if digits.len().max(behind) + before > MOST_DIGITS {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    Some(match (digits.len().checked_sub(behind), before) {
        (None | Some(0), _) => format!("{sign}{digits}{}", "0".repeat(behind - digits.len())),
        (Some(_), before) if point <= 0 => format!("{sign}0.{}{digits}", "0".repeat(before)),
        _ => format!("{sign}{}.{}", &digits[..behind], &digits[behind..]),
    })
}

/// `None`: it is none.
pub fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase();
    let is_one = digits.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit() || "{}-".contains(c));
    is_one.then(|| [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]).join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_spelling() {
        for (text, base, wanted) in [
            ("07", "int4", "7"),
            (" +7\n", "int8", "7"),
            ("-007", "int8", "-7"),
            ("x", "int4", "x"),
            ("7.0", "int4", "7"),
            ("-1e3", "int8", "-1000"),
            ("7.5", "int4", "7.5"),
            ("inf", "int4", "inf"),
            ("42.00", "numeric", "42"),
            ("4200e-2", "numeric", "42"),
            ("043.50", "numeric", "43.5"),
            (".050", "numeric", "0.05"),
            ("-0.00", "numeric", "0"),
            ("5e-3", "numeric", "0.005"),
            ("1e9999", "numeric", "1e9999"),
            ("1.", "numeric", "1"),
            (".", "numeric", "."),
            ("{A0EEBC99-9C0B4EF8-BB6D6BB9BD380A11}", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("a0eebc999c0b4ef8bb6d6bb9bd380a11", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("07", "text", "07"),
            ("ab  ", "bpchar", "ab"),
            ("Ana", "citext", "ana"),
        ] {
            assert_eq!(of(text, base), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_key_of_a_type_that_is_not_known_has_those_of_all_that_it_may_be() {
        for (key, wanted) in [
            ("42", &["42"][..]),
            ("042", &["042"]),
            ("42.00", &["42", "42.00"]),
            ("ab12  ", &["ab12", "ab12  "]),
            ("1e3", &["1e3"]),
        ] {
            assert_eq!(of_any_type(key), wanted.iter().map(|w| (*w).to_owned()).collect(), "{key}");
        }
    }
}
