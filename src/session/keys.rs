//! Whom a statement names: its literals and parameters as subjects' keys.
//!
//! A parameter is read as what it is, not as the key that it is compared with: 8 bytes may be a `bigint` or a `float8`. Keys
//! leave this file for their hashes only.

use crate::engine::arrays;
use crate::engine::catalog::Oid;
use crate::engine::clear::Engine;
use crate::engine::cleared::{Argument, NamedSubject};
use crate::engine::key_value::{Class, KeyType, Keys, Own, Reading, Value, Values};
use crate::engine::spelling;
use crate::wire::frame::Reader;
use crate::wire::frontend::Parameter;

/// PostgreSQL's `MAXDIM`.
const MOST_DIMENSIONS: i32 = 6;

/// The parameters of a statement, and of which types PostgreSQL has said that they are.
#[derive(Default)]
pub struct Given<'a> {
    pub bound: Vec<Parameter<'a>>,
    pub types: &'a [Oid],
}

/// The keys by which `subject` is named.
pub fn keys_of(subject: &NamedSubject, given: &Given<'_>, engine: &Engine) -> Keys {
    let kind = engine.policy.subjects.get(&subject.kind);
    let key = kind.and_then(|kind| kind.key_column(&engine.catalog));
    let Some(key) = key else { return Keys::untold() };
    let base = key.ty.base.as_str();
    match &subject.key {
        None => Keys::untold(),
        Some(Argument::Literal(text)) => subject.reading.of_text(text, base),
        Some(Argument::Null) => Keys::default(),
        Some(Argument::Parameter(n)) => {
            let at = usize::from(*n).checked_sub(1);
            let Some(parameter) = at.and_then(|at| given.bound.get(at)) else { return Keys::untold() };
            let Some(value) = parameter.value else { return Keys::default() };
            let said = at.and_then(|at| given.types.get(at)).and_then(|oid| KeyType::of_oid(*oid));
            let known = said.map(|ty| Reading { own: Own::Is(ty), ..subject.reading.clone() });
            let reading = known.as_ref().unwrap_or(&subject.reading);
            match (parameter.binary, reading.own) {
                (true, Own::Is(ty)) => reading.keys(in_binary(value, ty), base),
                (true, Own::Number | Own::Unsure) => Keys::untold(),
                (false, _) => {
                    std::str::from_utf8(value).map_or_else(|_| Keys::untold(), |text| reading.of_text(text, base))
                }
            }
        }
    }
}

/// A key that leaves, in its one spelling; `None` where its type is none that is read here.
pub fn key_that_leaves(value: &[u8], binary: bool, base_type: &str) -> Option<String> {
    match binary {
        // As PostgreSQL prints it.
        true if base_type == "float4" => spelling::number(&f32::from_be_bytes(value.try_into().ok()?).to_string()),
        true => one_in_binary(value, Class::of(base_type)).map(|value| spelling::of(&value.text, base_type)),
        false => std::str::from_utf8(value).ok().map(|text| spelling::of(text, base_type)),
    }
}

fn in_binary(value: &[u8], ty: KeyType) -> Values {
    match ty.array {
        true => array_in_binary(value, ty.class).unwrap_or_else(Values::untold_array),
        false => Values::one(one_in_binary(value, ty.class)),
    }
}

/// As `array_recv` reads it. What its elements are, it says itself.
fn array_in_binary(value: &[u8], class: Class) -> Option<Values> {
    let mut r = Reader(value);
    // Dimensions, whether there are nulls, the elements' type; then length and lower bound of each.
    let dimensions = r.i32().ok().filter(|n| (0..=MOST_DIMENSIONS).contains(n))?;
    r.i32().ok()?;
    let said = KeyType::of_oid(r.i32().ok()?.cast_unsigned());
    let class = said.map_or(class, |element| element.class);
    let mut length = i32::from(dimensions > 0);
    for _ in 0..dimensions {
        length = length.saturating_mul(r.i32().ok()?);
        r.i32().ok()?;
    }
    let mut elements = Vec::new();
    for _ in 0..length {
        elements.extend(r.value().ok()?.map(|element| one_in_binary(element, class)));
        if elements.len() > arrays::MOST {
            break;
        }
    }
    Some(Values::few(elements.into_iter()))
}

/// A value of a class as its type sends it; `None`: it is none, or of a class that is not read here.
fn one_in_binary(value: &[u8], class: Class) -> Option<Value> {
    let text = match (class, value.len()) {
        (Class::Whole, 2) => i16::from_be_bytes(value.try_into().ok()?).to_string(),
        (Class::Whole, 4) => i32::from_be_bytes(value.try_into().ok()?).to_string(),
        (Class::Whole, 8) => i64::from_be_bytes(value.try_into().ok()?).to_string(),
        (Class::Oid, 4) => u32::from_be_bytes(value.try_into().ok()?).to_string(),
        // Compared as it is with a float8: what it is near to is another number.
        (Class::Real, 4) => spelling::number(&f64::from(f32::from_be_bytes(value.try_into().ok()?)).to_string())?,
        (Class::Float, 8) => spelling::number(&f64::from_be_bytes(value.try_into().ok()?).to_string())?,
        (Class::Numeric, _) => numeric(value)?,
        (Class::Uuid, 16) => spelling::uuid(&hex::encode(value))?,
        (Class::Text, _) => std::str::from_utf8(value).ok()?.to_owned(),
        (Class::Char, _) => spelling::char(std::str::from_utf8(value).ok()?).to_owned(),
        _ => return None,
    };
    Some(Value { class, text })
}

/// As `numeric_recv` reads it: digits of base 10 000.
fn numeric(value: &[u8]) -> Option<String> {
    const NEGATIVE: i16 = 0x4000;
    let mut r = Reader(value);
    let (count, weight, sign) = (r.count().ok()?, r.i16().ok()?, r.i16().ok()?);
    r.i16().ok()?;
    let mut digits = String::new();
    for _ in 0..count {
        let digit = r.i16().ok().filter(|digit| (0..10_000).contains(digit))?;
        digits.push_str(&format!("{digit:04}"));
    }
    // Any other sign is that of NaN or an infinity.
    matches!(sign, 0 | NEGATIVE).then(|| spelling::plain(sign == NEGATIVE, &digits, (i64::from(weight) + 1) * 4))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ty: KeyType, value: &[u8]) -> Vec<Option<String>> {
        in_binary(value, ty).list.into_iter().map(|value| value.map(|value| value.text)).collect()
    }

    fn text(class: Class, value: &[u8]) -> Option<String> {
        one_in_binary(value, class).map(|value| value.text)
    }

    #[test]
    fn a_value_is_read_as_what_it_is() {
        let number = |n: &str| Some(n.to_owned());
        assert_eq!(text(Class::Whole, &42_i64.to_be_bytes()), number("42"));
        assert_eq!(text(Class::Float, &42_f64.to_be_bytes()), number("42"));
        assert_eq!(text(Class::Real, &42_f32.to_be_bytes()), number("42"));
        assert_eq!(text(Class::Float, &f64::NAN.to_be_bytes()), None);
        assert_eq!(text(Class::Oid, &u32::MAX.to_be_bytes()), number("4294967295"));
        assert_eq!(text(Class::Whole, b"42"), number("13362"));
        assert_eq!(text(Class::Other, b"42"), None);
        assert_eq!(text(Class::Char, b"ab  "), number("ab"));
        for (digits, weight, sign, wanted) in [
            (&[42][..], 0, 0, Some("42")),
            (&[43, 5000], 0, 0x4000, Some("-43.5")),
            (&[1], 1, 0, Some("10000")),
            (&[500], -1, 0, Some("0.05")),
            (&[], 0, 0, Some("0")),
            (&[], 0, -0x4000, None),
        ] {
            let head = [i16::try_from(digits.len()).unwrap(), weight, sign, 2];
            let sent: Vec<u8> = head.iter().chain(digits).flat_map(|n| n.to_be_bytes()).collect();
            assert_eq!(text(Class::Numeric, &sent).as_deref(), wanted, "{digits:?}");
        }
    }

    #[test]
    fn an_array_is_read_as_array_recv_reads_it() {
        let (texts, whole) = (KeyType::new(Class::Text, true), KeyType::new(Class::Whole, true));
        let head = [1, 0, 25, 2, 1].map(i32::to_be_bytes).concat();
        let array = [&head[..], &[0, 0, 0, 1, b'5', 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(told(texts, &array), [Some("5".to_owned())]);
        assert_eq!(told(texts, &array[..array.len() - 6]), [None]);
        assert_eq!(told(texts, &[0; 12]), []);
        let head = [2, 0, 21, 2, 1, 1, 5].map(i32::to_be_bytes).concat();
        let array = [&head[..], &[0, 0, 0, 2, 0, 5, 0, 0, 0, 2, 0, 6]].concat();
        assert_eq!(told(whole, &array), ["5", "6"].map(|n| Some(n.to_owned())));
    }
}
