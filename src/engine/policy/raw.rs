//! The policy file exactly as it is written: one struct a table of the contract's section 3, spans kept.
//! Several files are read as one. Knows TOML, and neither the catalog nor what anything means.
//!
//! Serde stops at the first fault. So that all are reported at once, a faulty key is reported, taken out of the tree,
//! and the tree is read again. So is a file that is not TOML, without the sections that are at fault.

mod salvage;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
pub use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Problems, SourceFile};

/// Definitions by name, both with their places.
pub type Named<T> = BTreeMap<Spanned<String>, Spanned<T>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPolicy {
    #[serde(default)]
    pub open: Vec<Spanned<String>>,
    pub unlisted_tables: Option<Spanned<String>>,
    #[serde(default)]
    pub subject: Named<RawSubject>,
    #[serde(default)]
    pub category: Named<RawCategory>,
    #[serde(default)]
    pub table: Named<RawTable>,
    #[serde(default)]
    pub purpose: Named<RawPurpose>,
    #[serde(default)]
    pub role: Named<RawRole>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSubject {
    pub table: Option<Spanned<String>>,
    pub key: Option<Spanned<String>>,
    pub restricted_when: Option<Spanned<String>>,
    pub consent: Option<Spanned<RawConsent>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConsent {
    pub table: Option<Spanned<String>>,
    pub subject: Option<Spanned<String>>,
    pub purpose: Option<Spanned<String>>,
    pub channel: Option<Spanned<String>>,
    pub status: Option<Spanned<String>>,
    pub granted: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub objected: Vec<Spanned<String>>,
    pub granted_at: Option<Spanned<String>>,
    pub withdrawn_at: Option<Spanned<String>>,
    pub expires_at: Option<Spanned<String>>,
    pub notice: Option<Spanned<String>>,
    pub recorded_at: Option<Spanned<String>>,
    pub withdrawn: Option<Spanned<String>>,
    pub source: Option<Spanned<String>>,
    pub recipient: Option<Spanned<String>>,
    pub event: Option<Spanned<String>>,
}

/// A category is a mask, in either form; the table form may also say more.
#[derive(Debug, Clone)]
pub enum RawCategory {
    Mask(String),
    Table(Box<CategoryTable>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryTable {
    pub mask: Option<Spanned<RawMask>>,
    pub channel: Option<Spanned<String>>,
    pub dpv: Option<Spanned<String>>,
    pub keep_first: Option<Spanned<i64>>,
    pub keep_last: Option<Spanned<i64>>,
    pub truncate: Option<Spanned<String>>,
    pub round: Option<Spanned<Number>>,
    pub prefix: Option<Spanned<i64>>,
    pub constant: Option<Spanned<String>>,
    pub sql: Option<Spanned<String>>,
}

/// `"name"` or `{ kind = argument }`.
#[derive(Debug, Clone)]
pub enum RawMask {
    Name(String),
    Table(Box<MaskTable>),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskTable {
    /// The other form, wrapped: `{ mask = "email" }`.
    pub mask: Option<Spanned<RawMask>>,
    pub keep_first: Option<Spanned<i64>>,
    pub keep_last: Option<Spanned<i64>>,
    pub truncate: Option<Spanned<String>>,
    pub round: Option<Spanned<Number>>,
    pub prefix: Option<Spanned<i64>>,
    pub constant: Option<Spanned<String>>,
    pub sql: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "expected a number")]
pub enum Number {
    Integer(i64),
    Float(f64),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTable {
    /// `{ kind = "column" }` or `{ via = "column -> table.column" }`.
    pub subject: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
    pub retention: Option<Spanned<RawRetention>>,
    pub columns: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
    pub store_requires: Option<Spanned<RawStoreRequires>>,
    pub hold_when: Option<Spanned<String>>,
    pub erase: Option<Spanned<String>>,
    pub record_subjects: Option<Spanned<bool>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRetention {
    pub since: Option<Spanned<String>>,
    pub keep: Option<Spanned<String>>,
}

/// `"consent"` or `{ purpose = "…" }`.
#[derive(Debug)]
pub enum RawStoreRequires {
    Word(String),
    Table(StoreRequiresTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreRequiresTable {
    pub purpose: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPurpose {
    pub description: Option<Spanned<String>>,
    pub basis: Option<Spanned<String>>,
    pub notices: Option<Spanned<Vec<Spanned<String>>>>,
    pub retention: Option<Spanned<String>>,
    #[serde(default)]
    pub shows: Vec<Spanned<String>>,
    #[serde(default)]
    pub masks: Named<RawMask>,
    pub without_consent: Option<Spanned<String>>,
    pub dpv: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRole {
    #[serde(default)]
    pub purposes: Vec<Spanned<String>>,
    pub may: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub functions: Vec<Spanned<String>>,
    #[serde(default)]
    pub extensions: Vec<Spanned<String>>,
    #[serde(default)]
    pub rows: BTreeMap<Spanned<String>, Spanned<String>>,
    pub recipient: Option<Spanned<String>>,
    #[serde(default)]
    pub also_requires: Vec<Spanned<String>>,
    pub unrestricted: Option<Spanned<bool>>,
    pub reason_required: Option<Spanned<bool>>,
}

/// Reads a string or a table, whichever is there, keeping the places inside of the table.
macro_rules! string_or_table {
    ($type:ty, $expecting:literal, $from_text:expr, $from_table:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;
                impl<'de> Visitor<'de> for Either {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E>(self, text: &str) -> Result<$type, E> {
                        Ok($from_text(text.to_owned()))
                    }
                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map($from_table)
                    }
                }
                deserializer.deserialize_any(Either)
            }
        }
    };
}

string_or_table!(RawCategory, "a mask, or a table with `mask`, `channel` and `dpv`", RawCategory::Mask, |t| {
    RawCategory::Table(Box::new(t))
});
string_or_table!(RawMask, "a mask's name, or a table like { keep_last = 2 }", RawMask::Name, |t| RawMask::Table(
    Box::new(t)
));
string_or_table!(
    RawStoreRequires,
    "\"consent\" or { purpose = \"…\" }",
    RawStoreRequires::Word,
    RawStoreRequires::Table
);

/// What was read, and where faulty keys were taken out: nobody should be told that these are missing.
pub struct Read<T> {
    pub value: T,
    pub removed: Vec<Vec<String>>,
    /// No section is missing because it was no TOML.
    pub is_toml: bool,
}

impl<T> Read<T> {
    /// Whether the key at this path was there, but faulty.
    pub fn was_faulty(&self, path: &[&str]) -> bool {
        self.removed.iter().any(|removed| removed.iter().zip(path).all(|(r, p)| r == p) && removed.len() <= path.len())
    }

    /// Whether anything in this section was faulty, so that what seems unused may be used there.
    pub fn has_faults_in(&self, section: &str) -> bool {
        self.removed.iter().any(|removed| removed.first().is_none_or(|first| first == section))
    }
}

/// Reads all files as one document, as far as they are TOML. `None` when not even its outline fits.
pub fn read<T: DeserializeOwned>(files: &[SourceFile], problems: &mut Problems<'_>) -> Option<Read<T>> {
    let mut removed = Vec::new();
    let texts: Vec<String> = problems.sources().files().map(|(base, file)| padded(base, &file.text)).collect();
    debug_assert_eq!(texts.len(), files.len());
    let texts: Vec<String> = texts.into_iter().map(|text| told(text, &mut removed, problems)).collect();
    let is_toml = removed.is_empty();
    let mut whole = DeTable::new();
    for text in &texts {
        let (table, _) = DeTable::parse_recoverable(text);
        merge(&mut whole, table.into_inner(), Depth::Section, problems);
    }
    let value = deserialize(whole, &mut removed, problems)?;
    Some(Read { value, removed, is_toml })
}

/// Says where the text is not TOML; what of it is.
fn told(text: String, removed: &mut Vec<Vec<String>>, problems: &mut Problems<'_>) -> String {
    let (_, errors) = DeTable::parse_recoverable(&text);
    if errors.is_empty() {
        return text;
    }
    for error in errors {
        let end = text.len()..text.len();
        problems.error(error.span().unwrap_or(end), error.message(), "make this valid TOML (https://toml.io)");
    }
    let (text, without) = salvage::salvage(&text);
    removed.extend(without);
    text
}

/// A file's text behind as many blanks as bring its spans to its place among all files.
fn padded(base: usize, text: &str) -> String {
    // A byte order mark may only stand at the start, where the blanks are now.
    match text.strip_prefix('\u{feff}') {
        Some(rest) => " ".repeat(base + '\u{feff}'.len_utf8()) + rest,
        None => " ".repeat(base) + text,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// `open`, `[subject]`, `[table]`, …: may stand in every file.
    Section,
    /// `[table.X]` and below: parts may stand in several files, as long as no key does.
    Definition,
}

fn merge<'i>(into: &mut DeTable<'i>, from: DeTable<'i>, depth: Depth, problems: &mut Problems<'_>) {
    for (key, value) in from {
        let Some(first) = into.get_key_value(key.get_ref().as_ref()).map(|(first, _)| first.span()) else {
            into.insert(key, value);
            continue;
        };
        let existing = into.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut);
        match (existing, value.into_inner()) {
            (Some(DeValue::Table(a)), DeValue::Table(b)) if depth == Depth::Section || disjoint(a, &b) => {
                merge(a, b, Depth::Definition, problems);
            }
            _ => {
                let message = format!("`{}` is defined twice", key.get_ref());
                problems.error(key.span(), message, "keep one of the two definitions");
                problems.see_also(first, "first defined here");
            }
        }
    }
}

/// Whether no key is in both, tables apart.
fn disjoint(a: &DeTable<'_>, b: &DeTable<'_>) -> bool {
    b.iter().all(|(key, value)| match (a.get(key.get_ref().as_ref()).map(Spanned::get_ref), value.get_ref()) {
        (None, _) => true,
        (Some(DeValue::Table(a)), DeValue::Table(b)) => disjoint(a, b),
        (Some(_), _) => false,
    })
}

fn deserialize<T: DeserializeOwned>(
    mut tree: DeTable<'_>,
    removed: &mut Vec<Vec<String>>,
    problems: &mut Problems<'_>,
) -> Option<T> {
    loop {
        let document = toml::Deserializer::from(Spanned::new(0..0, tree.clone()));
        let error = match T::deserialize(document) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let fault = remove_at(&mut tree, &span);
        let fix = match fault {
            Some((_, Fault::Key)) => "correct the spelling, or remove the key",
            Some((_, Fault::Value)) | None => "give it a value of the kind that is expected",
        };
        problems.error(span, error.message().replacen("unknown field", "unknown key", 1), fix);
        removed.push(fault?.0);
    }
}

enum Fault {
    Key,
    Value,
}

/// Takes the innermost key out whose name or value stands at `span`; says its path, and which of the two it was.
fn remove_at(tree: &mut DeTable<'_>, span: &Range<usize>) -> Option<(Vec<String>, Fault)> {
    for (key, value) in tree.iter_mut() {
        if let DeValue::Table(inner) = value.get_mut()
            && let Some((mut path, fault)) = remove_at(inner, span)
        {
            path.insert(0, key.get_ref().to_string());
            return Some((path, fault));
        }
    }
    let at_fault = |key: &Spanned<_>, value: &Spanned<DeValue<'_>>| {
        let within = value.span().start <= span.start && span.end <= value.span().end;
        if key.span() == *span {
            Some(Fault::Key)
        } else {
            (value.span() == *span || within && !value.get_ref().is_table()).then_some(Fault::Value)
        }
    };
    let (name, fault) =
        tree.iter().find_map(|(key, value)| Some((key.get_ref().to_string(), at_fault(key, value)?)))?;
    tree.remove(name.as_str());
    Some((vec![name], fault))
}
