//! An event as it is read back from a line, and the questions that can be asked of it.
//!
//! Borrows from the line where it can: a month of events passes through here.

use std::borrow::{Borrow, Cow};
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::cleared::NOT_LOOKED_INTO;

/// A text of the line, borrowed unless it holds escapes. `Option<Cow<str>>` would be a copy each time: serde borrows
/// into a `Cow` only where it is a field itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

/// Any event: what its kind does not have is `None` or empty.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded<'a> {
    pub seq: u64,
    pub time: Timestamp,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow, default)]
    pub session: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub statement: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub user: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub role: Option<Text<'a>>,
    #[serde(default)]
    pub unrestricted: bool,
    #[serde(borrow, default)]
    pub recipient: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub purpose: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub basis: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub purpose_set_by: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub client: Option<RecordedClient<'a>>,
    #[serde(borrow, default)]
    pub database: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub fingerprint: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub sql: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub outcome: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub refusal: Option<RecordedRefusal<'a>>,
    #[serde(borrow, default)]
    pub tables: Vec<RecordedTable<'a>>,
    #[serde(borrow, default)]
    pub rules: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub policy: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub subjects: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub sqlstate: Option<Text<'a>>,
    /// Of a change of purpose.
    #[serde(borrow, default)]
    pub from: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub to: Option<Text<'a>>,
    /// For which a reload was refused.
    #[serde(default)]
    pub problems: u64,
    /// Of what a command does, and of its end.
    #[serde(borrow, default)]
    pub deed: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub action: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub counts: Vec<RecordedCount<'a>>,
    /// Subjects beyond those that are listed.
    #[serde(default)]
    pub more: u64,
    #[serde(default)]
    pub rows: Option<u64>,
    #[serde(default)]
    pub bytes: Option<u64>,
    #[serde(default)]
    pub ms: Option<f64>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct RecordedCount<'a> {
    #[serde(borrow)]
    pub table: Cow<'a, str>,
    #[serde(borrow)]
    pub what: Cow<'a, str>,
    pub rows: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RecordedClient<'a> {
    #[serde(borrow)]
    pub address: Cow<'a, str>,
    #[serde(borrow, default)]
    pub application_name: Option<Text<'a>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RecordedRefusal<'a> {
    #[serde(borrow)]
    pub rule: Cow<'a, str>,
    #[serde(borrow)]
    pub sqlstate: Cow<'a, str>,
    #[serde(borrow, default)]
    pub message: Cow<'a, str>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RecordedTable<'a> {
    /// As the contract calls it; records of the first versions said `table`.
    #[serde(borrow, rename = "name", alias = "table")]
    pub table: Cow<'a, str>,
    #[serde(borrow, default)]
    pub columns: Vec<RecordedColumn<'a>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RecordedColumn<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub category: Option<Text<'a>>,
    #[serde(borrow, rename = "use")]
    pub usage: Cow<'a, str>,
    #[serde(borrow)]
    pub treatment: Cow<'a, str>,
}

impl<'a> Recorded<'a> {
    /// Reads a line; `None` when it is not an event.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    pub fn is_decision(&self) -> bool {
        self.event == "decision"
    }

    pub fn is_refused(&self) -> bool {
        self.outcome.as_deref() == Some("refused")
    }

    /// What a command does, in words: `public.chat: 3 deleted`. Its end may know better.
    pub fn counts_in_words(&self, end: Option<&Recorded>) -> String {
        let words = |c: &RecordedCount| format!("{}: {} {}", c.table, c.rows, c.what);
        let counts = end.map(|end| &end.counts).filter(|counts| !counts.is_empty()).unwrap_or(&self.counts);
        counts.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    /// The code that the statement ran and that nobody looked into, by name.
    pub fn hidden(&self) -> Option<&str> {
        self.rules.iter().find_map(|rule| rule.strip_prefix(NOT_LOOKED_INTO))
    }
}

/// Whether `name` (`public.customers`) is what somebody means by `asked` (`customers`, `public.customers`).
pub fn names_table(name: &str, asked: &str) -> bool {
    name == asked || name.strip_suffix(asked).is_some_and(|schema| schema.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_unescaping_is_borrowed() {
        let line = br#"{"seq":1,"time":"2026-11-25T10:00:00Z","event":"decision","user":"ana","reason":"\"so\"","subjects":["a"]}"#;
        let e = Recorded::parse(line).unwrap();
        let borrowed = |t: &Text| matches!(t.0, Cow::Borrowed(_));
        assert!(e.user.as_ref().is_some_and(borrowed) && borrowed(&e.subjects[0]));
        assert!(e.reason.as_ref().is_some_and(|r| !borrowed(r) && **r == *"\"so\""));
    }
}
