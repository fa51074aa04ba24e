//! Every reason to refuse, declared once: rule, SQLSTATE, message, detail, hint.
//!
//! Messages name tables, columns, purposes and settings, never values.

use std::fmt;

/// A five-character SQLSTATE (PostgreSQL manual, appendix A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState(pub &'static str);

impl SqlState {
    pub const INSUFFICIENT_PRIVILEGE: Self = Self("42501");
    pub const FEATURE_NOT_SUPPORTED: Self = Self("0A000");
    pub const INVALID_PARAMETER_VALUE: Self = Self("22023");
    pub const SYNTAX_ERROR: Self = Self("42601");
    pub const STATEMENT_TOO_LONG: Self = Self("54000");
    pub const STATEMENT_TOO_COMPLEX: Self = Self("54001");
    pub const INVALID_PASSWORD: Self = Self("28P01");
    pub const IO_ERROR: Self = Self("58030");
    pub const CONNECTION_FAILURE: Self = Self("08006");
    pub const CANNOT_CONNECT_NOW: Self = Self("57P03");
    pub const PROTOCOL_VIOLATION: Self = Self("08P01");
    pub const UNDEFINED_TABLE: Self = Self("42P01");
    pub const UNDEFINED_OBJECT: Self = Self("42704");
    pub const DEPENDENT_OBJECTS: Self = Self("2BP01");
    pub const INTERNAL_ERROR: Self = Self("XX000");
}

/// Why a statement does not leave. Shown to the client as an ErrorResponse and kept in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable id of the rule, for the record, metrics and documentation: `table-not-listed`.
    pub rule: &'static str,
    pub sqlstate: SqlState,
    /// Primary message: lower case, no period (PostgreSQL's error style guide).
    pub message: String,
    /// Which rule said so.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// Byte offset into the client's text, where one construct is at fault.
    pub position: Option<usize>,
}

impl Refusal {
    pub fn new(
        rule: &'static str,
        sqlstate: SqlState,
        message: impl Into<String>,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { rule, sqlstate, message: message.into(), detail: detail.into(), hint: hint.into(), position: None }
    }

    /// The same refusal, pointing at a byte offset of the client's text (negative: nowhere).
    pub fn at(mut self, position: i32) -> Self {
        self.position = self.position.or(usize::try_from(position).ok());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
