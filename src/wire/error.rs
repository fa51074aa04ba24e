//! ErrorResponse and NoticeResponse: fields read, written, and made from a refusal.
//!
//! Field letters: PostgreSQL manual, "Error and Notice Message Fields".

use super::frame::{Malformed, Reader, put_frame, put_string};
use crate::engine::refusal::Refusal;

/// Fields in the order in which they arrived.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Fields(pub Vec<(u8, String)>);

pub const SEVERITY: u8 = b'S';
pub const SEVERITY_PLAIN: u8 = b'V';
pub const CODE: u8 = b'C';
pub const MESSAGE: u8 = b'M';
pub const DETAIL: u8 = b'D';
pub const HINT: u8 = b'H';
pub const POSITION: u8 = b'P';
pub const INTERNAL_POSITION: u8 = b'p';
pub const INTERNAL_QUERY: u8 = b'q';
pub const WHERE: u8 = b'W';
pub const SCHEMA: u8 = b's';
pub const TABLE: u8 = b't';
pub const COLUMN: u8 = b'c';
pub const DATA_TYPE: u8 = b'd';
pub const CONSTRAINT: u8 = b'n';
/// The file of PostgreSQL's source that raised it.
pub const FILE: u8 = b'F';
/// The function of it that did.
pub const ROUTINE: u8 = b'R';

impl Fields {
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader(body);
        let mut fields = Vec::with_capacity(12);
        loop {
            match r.u8()? {
                0 => break,
                // A message of a localised server in another encoding than UTF-8 cannot come: client_encoding is pinned.
                letter => fields.push((letter, r.string()?.to_owned())),
            }
        }
        Ok(Self(fields))
    }

    pub fn field(&self, letter: u8) -> Option<&str> {
        self.0.iter().find(|(l, _)| *l == letter).map(|(_, text)| text.as_str())
    }

    /// Replaces a field, or adds it.
    pub fn set(&mut self, letter: u8, text: String) {
        match self.0.iter_mut().find(|(l, _)| *l == letter) {
            Some((_, old)) => *old = text,
            None => self.0.push((letter, text)),
        }
    }

    pub fn remove(&mut self, letter: u8) {
        self.0.retain(|(l, _)| *l != letter);
    }

    pub fn sqlstate(&self) -> &str {
        self.field(CODE).unwrap_or("XX000")
    }

    /// Whether the server closes the connection after this one.
    pub fn is_fatal(&self) -> bool {
        matches!(self.field(SEVERITY_PLAIN).or(self.field(SEVERITY)), Some("FATAL" | "PANIC"))
    }

    /// Appends the fields as a frame: `E` for an error, `N` for a notice.
    pub fn put(&self, out: &mut Vec<u8>, tag: u8) -> Result<(), Malformed> {
        put_frame(out, tag, |b| {
            for (letter, text) in &self.0 {
                b.push(*letter);
                put_string(b, text);
            }
            b.push(0);
        })
    }
}

/// How bad it is: whether the session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Fatal,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
        }
    }
}

/// A refusal as fields; `client_text` is what its byte position points into.
pub fn from_refusal(refusal: &Refusal, severity: Severity, client_text: &str) -> Fields {
    let mut fields = vec![
        (SEVERITY, severity.as_str().to_owned()),
        (SEVERITY_PLAIN, severity.as_str().to_owned()),
        (CODE, refusal.sqlstate.0.to_owned()),
        (MESSAGE, refusal.message.clone()),
    ];
    if !refusal.detail.is_empty() {
        fields.push((DETAIL, refusal.detail.clone()));
    }
    if !refusal.hint.is_empty() {
        fields.push((HINT, refusal.hint.clone()));
    }
    if let Some(at) = refusal.position.and_then(|at| usize::try_from(at).ok()) {
        fields.push((POSITION, character_position(client_text, at).to_string()));
    }
    Fields(fields)
}

/// The 1-based character position of byte `at` in `text` (field `P` counts characters).
pub fn character_position(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(i, _)| *i < at).count() + 1
}

/// The byte offset of 1-based character position `position` in `text`.
pub fn byte_offset(text: &str, position: usize) -> usize {
    text.char_indices().nth(position.saturating_sub(1)).map_or(text.len(), |(i, _)| i)
}
