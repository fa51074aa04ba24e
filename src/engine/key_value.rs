//! What a subject's key is, where a statement names it: a value, the casts around it, and the type that it is compared as.
//!
//! What PostgreSQL makes of that is worked out here where it is sure. Of all else it is said that somebody is named, and
//! not who: a person who was not asked about is never on record.

use super::arrays;
use super::catalog::Oid;
use super::context::ParameterType;
use super::spelling;

/// What keys are, and what becomes one by a cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// `int2`, `int4` or `int8`.
    Whole,
    Oid,
    Numeric,
    /// `float8`.
    Float,
    /// `float4`.
    Real,
    /// `text`, `varchar`, `name` or `citext`.
    Text,
    /// `char(n)`.
    Char,
    Uuid,
    /// Whatever else a key is; its text is as it is given.
    Other,
}

impl Class {
    /// Of the name of a type, or of that below a domain.
    pub fn of(base_type: &str) -> Self {
        match base_type {
            "int2" | "int4" | "int8" => Self::Whole,
            "oid" => Self::Oid,
            "numeric" => Self::Numeric,
            "float8" => Self::Float,
            "float4" => Self::Real,
            "text" | "varchar" | "name" | "citext" => Self::Text,
            "bpchar" => Self::Char,
            "uuid" => Self::Uuid,
            _ => Self::Other,
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Oid | Self::Numeric | Self::Float | Self::Real)
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Self::Whole | Self::Oid)
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Char)
    }

    /// Whether a type may cut or round such values.
    pub fn has_limit(self) -> bool {
        self.is_text() || self == Self::Numeric
    }
}

/// The type of a value: of an array, that of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyType {
    pub class: Class,
    pub array: bool,
    /// Characters that it has at most, or digits behind the point.
    pub limit: Option<usize>,
}

impl KeyType {
    pub fn new(class: Class, array: bool) -> Self {
        Self { class, array, limit: None }
    }

    /// By OID (PostgreSQL, pg_type.dat); `None`: none that is known here.
    pub fn of_oid(oid: Oid) -> Option<Self> {
        let scalar = |class| Some(Self::new(class, false));
        let array = |class| Some(Self::new(class, true));
        match oid {
            20 | 21 | 23 => scalar(Class::Whole),
            26 => scalar(Class::Oid),
            1700 => scalar(Class::Numeric),
            700 => scalar(Class::Real),
            701 => scalar(Class::Float),
            19 | 25 | 1043 => scalar(Class::Text),
            1042 => scalar(Class::Char),
            2950 => scalar(Class::Uuid),
            1005 | 1007 | 1016 => array(Class::Whole),
            1028 => array(Class::Oid),
            1231 => array(Class::Numeric),
            1021 => array(Class::Real),
            1022 => array(Class::Float),
            1003 | 1009 | 1015 => array(Class::Text),
            1014 => array(Class::Char),
            2951 => array(Class::Uuid),
            _ => None,
        }
    }

    /// Of a declared parameter; `None`: none that is known here.
    pub fn declared(ty: ParameterType) -> Option<Self> {
        use ParameterType::{Float, Int2, Int4, Int8, Numeric, Text, Uuid};
        let class = match ty.element().unwrap_or(ty) {
            Int2 | Int4 | Int8 => Class::Whole,
            Numeric => Class::Numeric,
            // Which of the two is not said.
            Float => Class::Real,
            Text => Class::Text,
            Uuid => Class::Uuid,
            _ => return None,
        };
        Some(Self::new(class, ty.element().is_some()))
    }
}

/// Of which type a value is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Own {
    Is(KeyType),
    /// A number in the text: a whole one, or not.
    Number,
    /// It is not sure.
    Unsure,
}

/// How a value becomes a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reading {
    pub own: Own,
    /// From the innermost.
    pub casts: Vec<KeyType>,
    /// The key is compared as this; `array`: with each element.
    pub compared: KeyType,
}

/// A value of a class, in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub class: Class,
    pub text: String,
}

/// Values that become keys; `None`: one that is not told.
pub struct Values {
    pub list: Vec<Option<Value>>,
    pub array: bool,
}

/// Whom a statement names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// In their one spelling.
    pub keys: Vec<String>,
    /// Others too, who are not told.
    pub untold: bool,
}

impl Keys {
    pub fn untold() -> Self {
        Self { keys: Vec::new(), untold: true }
    }
}

impl Value {
    /// A value of a class as a text says it; also some that PostgreSQL would not take (7.0 as a whole number).
    pub fn read(text: &str, class: Class) -> Option<Self> {
        let text = match class {
            Class::Whole | Class::Oid => spelling::number(text).filter(|n| is_whole(n))?,
            Class::Numeric => spelling::number(text)?,
            // Of more digits it may be another number.
            Class::Float => spelling::number(text).filter(|text| is_short(text, FLOAT_DIGITS))?,
            Class::Real => spelling::number(text).filter(|text| is_short(text, REAL_DIGITS))?,
            Class::Char => spelling::char(text).to_owned(),
            Class::Uuid => spelling::uuid(text)?,
            Class::Text | Class::Other => text.to_owned(),
        };
        Some(Self { class, text })
    }

    /// A number that stands in a statement.
    fn number(text: &str) -> Option<Self> {
        let whole = text.bytes().all(|b| b.is_ascii_digit() || b == b'-') && text.parse::<i64>().is_ok();
        Self::read(text, if whole { Class::Whole } else { Class::Numeric })
    }

    /// What a cast makes of it; `None` where that would be another value, or is not worked out here.
    fn cast(self, to: KeyType) -> Option<Self> {
        let Self { class: from, text } = self;
        let limited = |text: String| to.limit.map_or(text.clone(), |most| text.chars().take(most).collect());
        let fits = |text: &String| fraction(text) <= to.limit.unwrap_or(usize::MAX);
        let text = match (from, to.class) {
            (_, Class::Whole | Class::Oid) if from.is_number() => Some(text).filter(|text| is_whole(text)),
            (Class::Text | Class::Char, Class::Whole | Class::Oid) if text.contains(['.', 'e', 'E']) => None,
            (_, Class::Numeric) if from.is_number() || from.is_text() => spelling::number(&text).filter(fits),
            (_, Class::Float | Class::Real) if from.is_number() || from.is_text() => Some(text),
            (Class::Whole | Class::Oid | Class::Text | Class::Char | Class::Uuid, Class::Text | Class::Char) => {
                Some(limited(text))
            }
            // How many zeros a numeric has is not kept; a float may be written with an exponent.
            (Class::Float, Class::Text | Class::Char) => {
                Some(text).filter(|text| is_whole(text) && is_short(text, FLOAT_DIGITS)).map(limited)
            }
            (Class::Real, Class::Text | Class::Char) => {
                Some(text).filter(|text| is_whole(text) && is_short(text, REAL_DIGITS)).map(limited)
            }
            (Class::Text | Class::Char, Class::Whole | Class::Oid | Class::Uuid) | (Class::Uuid, Class::Uuid) => {
                Some(text)
            }
            _ => None,
        };
        Self::read(&text?, to.class)
    }

    /// The key that is equal to it, where the key is of this type; `Ok(None)`: nobody's is.
    fn key(self, base_type: &str) -> Result<Option<String>, Untold> {
        let Self { class, text } = self;
        let exactly = |text: String| Ok(Some(spelling::of(&text, base_type)).filter(|key| *key == text));
        match (class, Class::of(base_type)) {
            // PostgreSQL compares these as floats: more than one key may be equal to it.
            (Class::Float | Class::Real, _) if !is_short(&text, FLOAT_DIGITS) => Err(Untold),
            (from, Class::Whole | Class::Oid) if from.is_number() => Ok(Some(text).filter(|text| is_whole(text))),
            (from, Class::Numeric | Class::Float | Class::Real) if from.is_number() => Ok(Some(text)),
            // Where the key is cast to a text.
            (from, Class::Whole | Class::Oid | Class::Uuid) if from.is_text() => {
                let is_one = Value::read(&text, Class::of(base_type)).is_some();
                if is_one { exactly(text) } else { Ok(None) }
            }
            // As a text it has no blanks to be padded with.
            (Class::Text, Class::Char) => exactly(text),
            (from, Class::Text | Class::Char) if from.is_text() => Ok(Some(spelling::of(&text, base_type))),
            (Class::Uuid, Class::Uuid) | (Class::Other, _) => Ok(Some(spelling::of(&text, base_type))),
            _ => Err(Untold),
        }
    }
}

struct Untold;

impl Values {
    pub fn one(value: Option<Value>) -> Self {
        Self { list: vec![value], array: false }
    }

    /// An array that is not read.
    pub fn untold_array() -> Self {
        Self { list: vec![None], array: true }
    }

    /// Those of a text, as which a literal or a parameter in text is given.
    pub fn read(text: &str, own: Own) -> Self {
        match own {
            Own::Number => Self::one(Value::number(text)),
            Own::Is(ty) => Self::of(text, ty),
            Own::Unsure => Self::of(text, KeyType::new(Class::Text, false)),
        }
    }

    /// What casts make of them, from the innermost on.
    pub fn through(self, casts: &[KeyType]) -> Self {
        casts.iter().fold(self, |values, to| values.cast(*to))
    }

    fn of(text: &str, ty: KeyType) -> Self {
        if !ty.array {
            return Self::one(Value::read(text, ty.class));
        }
        let Some(elements) = arrays::elements(text) else { return Self::untold_array() };
        Self::few(elements.iter().map(|element| Value::read(element, ty.class)))
    }

    /// The elements of an array: so many that somebody is asked about, and that there are more.
    pub fn few(mut elements: impl Iterator<Item = Option<Value>>) -> Self {
        let mut list: Vec<_> = elements.by_ref().take(arrays::MOST).collect();
        list.extend(elements.next().map(|_| None));
        Self { list, array: true }
    }

    fn cast(self, to: KeyType) -> Self {
        match (self.array, to.array) {
            (false, true) => match self.list.as_slice() {
                [Some(Value { class: Class::Text, text })] => {
                    let read = Self::of(text, KeyType::new(Class::Text, true));
                    read.cast(to)
                }
                _ => Self::untold_array(),
            },
            (true, false) => Self::one(None),
            _ => {
                let cast = |value: Option<Value>| value.and_then(|value| value.cast(to));
                Self { list: self.list.into_iter().map(cast).collect(), array: self.array }
            }
        }
    }
}

impl Reading {
    /// Those of a text.
    pub fn of_text(&self, text: &str, base_type: &str) -> Keys {
        let own = match self.own {
            // Of what can be compared with the key without a cast, the text says the same.
            Own::Unsure if self.casts.is_empty() => Own::Is(self.compared),
            own => own,
        };
        self.keys(Values::read(text, own), base_type)
    }

    /// The keys that these values are.
    pub fn keys(&self, values: Values, base_type: &str) -> Keys {
        let class = Class::of(base_type);
        // A text of what is not known to be one may be cast from another.
        if self.own == Own::Unsure && !self.casts.is_empty() && (class.is_text() || class == Class::Other) {
            return Keys::untold();
        }
        let values = values.through(&self.casts);
        let mut keys = Keys { keys: Vec::new(), untold: values.array != self.compared.array };
        for value in values.list {
            match value.map(|value| value.key(base_type)) {
                Some(Ok(key)) => keys.keys.extend(key),
                Some(Err(Untold)) | None => keys.untold = true,
            }
        }
        keys
    }
}

fn is_whole(number: &str) -> bool {
    !number.contains('.')
}

/// Digits behind the point.
fn fraction(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// A `float8` of so many decimal digits is the number that they say (`DBL_DIG`), and so is a `float4` (`FLT_DIG`).
const FLOAT_DIGITS: usize = 15;
const REAL_DIGITS: usize = 6;

fn is_short(number: &str, digits: usize) -> bool {
    number.bytes().filter(u8::is_ascii_digit).count() <= digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(class: Class) -> KeyType {
        KeyType::new(class, false)
    }

    fn told(own: Own, casts: &[KeyType], compared: Class, base: &str, text: &str) -> Option<Vec<String>> {
        let reading = Reading { own, casts: casts.to_vec(), compared: ty(compared) };
        let Keys { keys, untold } = reading.of_text(text, base);
        (!untold).then_some(keys)
    }

    #[test]
    fn a_value_is_the_key_that_postgresql_makes_of_it_or_nobodys() {
        let (whole, text, float, real) = (ty(Class::Whole), ty(Class::Text), ty(Class::Float), ty(Class::Real));
        let cut = KeyType { limit: Some(3), ..text };
        let of = |own| Own::Is(own);
        for (own, casts, given, wanted) in [
            (of(whole), &[][..], "042", Some("42")),
            (Own::Number, &[], "42.0", Some("42")),
            (Own::Number, &[], "42.5", Some("")),
            (of(text), &[text, whole], " 42 ", Some("42")),
            (of(float), &[], "42.0", Some("42")),
            (of(float), &[float, whole], "42.5", None),
            (Own::Number, &[whole], "4.6", None),
            (of(float), &[], "9007199254740993", None),
            (of(real), &[], "16777217", None),
            (Own::Number, &[real], "16777217", None),
            (Own::Number, &[real, text, whole], "1000000", None),
            (Own::Number, &[real, whole], "42", Some("42")),
            (of(text), &[cut, whole], "4200", Some("420")),
            (of(text), &[], "x", Some("")),
            (Own::Unsure, &[], "42", Some("42")),
            (Own::Unsure, &[whole], "42", Some("42")),
            (of(ty(Class::Other)), &[whole], "42", None),
        ] {
            let wanted = wanted.map(|key| [key].into_iter().filter(|k| !k.is_empty()).map(str::to_owned).collect());
            assert_eq!(told(own, casts, Class::Whole, "int8", given), wanted, "{own:?} {casts:?} {given}");
        }
    }

    #[test]
    fn texts_numerics_and_uuids_are_told_as_exactly() {
        let (whole, text, char) = (ty(Class::Whole), ty(Class::Text), ty(Class::Char));
        let of = |own| Own::Is(own);
        let uuid = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11";
        for (own, casts, compared, base, given, wanted) in [
            (Own::Number, &[text][..], Class::Text, "text", "42", Some("42")),
            (of(whole), &[whole, text], Class::Text, "text", "042", Some("42")),
            (of(text), &[], Class::Text, "text", "042", Some("042")),
            (Own::Unsure, &[text], Class::Text, "text", "042", None),
            (of(text), &[], Class::Text, "citext", "Ana", Some("ana")),
            (of(char), &[], Class::Char, "bpchar", "ab  ", Some("ab")),
            (of(text), &[text], Class::Char, "bpchar", "ab  ", None),
            (Own::Number, &[], Class::Numeric, "numeric", "42.00", Some("42")),
            (of(text), &[], Class::Text, "int8", "42", Some("42")),
            (of(text), &[], Class::Text, "int8", "042", None),
            (of(ty(Class::Uuid)), &[], Class::Uuid, "uuid", uuid, Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
            (of(text), &[], Class::Text, "uuid", uuid, None),
            (of(ty(Class::Other)), &[], Class::Other, "date", "2026-01-01", Some("2026-01-01")),
        ] {
            let told = told(own, casts, compared, base, given).unwrap_or_default();
            assert_eq!(told.first().map(String::as_str), wanted, "{own:?} {casts:?} {base} {given}");
        }
    }

    #[test]
    fn of_an_array_each_element_is() {
        let (one, many) = (ty(Class::Whole), KeyType::new(Class::Whole, true));
        let keys = |own, casts: &[KeyType], text: &str| {
            let reading = Reading { own: Own::Is(own), casts: casts.to_vec(), compared: many };
            reading.of_text(text, "int8")
        };
        let both = Keys { keys: vec!["42".to_owned(), "43".to_owned()], untold: false };
        assert_eq!(keys(many, &[], "{42,NULL,43}"), both);
        assert_eq!(keys(KeyType::new(Class::Text, true), &[many], "{42,043}"), both);
        assert_eq!(keys(ty(Class::Text), &[many], "{42,43}"), both);
        assert_eq!(keys(many, &[], "42"), Keys::untold());
        assert!(keys(one, &[], "42").untold);
    }
}
