//! An event as it is read back from a line, and the questions that can be asked of it.
//!
//! Borrows from the line where it can: a month of events passes through here.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

/// Any event: what its kind does not have is `None` or empty.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded<'a> {
    pub seq: u64,
    pub time: Timestamp,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow, default)]
    pub session: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub statement: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub user: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub role: Option<Cow<'a, str>>,
    #[serde(default)]
    pub unrestricted: bool,
    #[serde(borrow, default)]
    pub recipient: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub purpose: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub basis: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub purpose_set_by: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub client: Option<RecordedClient<'a>>,
    #[serde(borrow, default)]
    pub database: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub fingerprint: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub sql: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub outcome: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub refusal: Option<RecordedRefusal<'a>>,
    #[serde(borrow, default)]
    pub tables: Vec<RecordedTable<'a>>,
    #[serde(borrow, default)]
    pub rules: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub policy: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub subjects: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub sqlstate: Option<Cow<'a, str>>,
    #[serde(default)]
    pub rows: Option<u64>,
    #[serde(default)]
    pub bytes: Option<u64>,
    #[serde(default)]
    pub ms: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RecordedClient<'a> {
    #[serde(borrow)]
    pub address: Cow<'a, str>,
    #[serde(borrow, default)]
    pub application_name: Option<Cow<'a, str>>,
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
    #[serde(borrow)]
    pub table: Cow<'a, str>,
    #[serde(borrow, default)]
    pub columns: Vec<RecordedColumn<'a>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RecordedColumn<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub category: Option<Cow<'a, str>>,
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
}

/// Whether `name` (`public.customers`) is what somebody means by `asked` (`customers`, `public.customers`).
pub fn names_table(name: &str, asked: &str) -> bool {
    name == asked || name.strip_suffix(asked).is_some_and(|schema| schema.ends_with('.'))
}
