//! Who asks, why, and in which session state: everything besides policy and catalog that a decision depends on.

use std::collections::BTreeMap;

use super::catalog::QualifiedName;

/// Where a session's purpose came from (`purpose_set_by` in the record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PurposeSource {
    Default,
    Startup,
    Set,
    Comment,
}

impl PurposeSource {
    pub fn as_str(self) -> &'static str {
        match self {
            PurposeSource::Default => "default",
            PurposeSource::Startup => "startup",
            PurposeSource::Set => "set",
            PurposeSource::Comment => "comment",
        }
    }
}

/// A session's state as one statement sees it. Part of the plan cache's key, so it is `Eq + Hash`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Context {
    pub role: String,
    /// The session's purpose; `None` only for an unrestricted role that names none.
    pub purpose: Option<String>,
    pub purpose_set_by: PurposeSource,
    /// Whether `consentry.reason` is set to something.
    pub has_reason: bool,
    /// The effective `search_path` as a list of schema names, `"$user"` resolved or dropped, without the implicit
    /// `pg_catalog` and `pg_temp`.
    pub search_path: Vec<String>,
    /// This session's temporary relations by name, each with the purpose it was derived under (`None`: touches
    /// nothing protected).
    pub temporary: BTreeMap<String, Option<String>>,
    /// What the open transaction, or the message so far, has defined: the catalog snapshot cannot show it yet.
    pub defined: BTreeMap<QualifiedName, Defined>,
}

/// What a definition made of a relation's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defined {
    /// A table that holds nothing protected; its columns are not known.
    Open,
    /// Gone, or other than the snapshot says.
    Doubtful,
}

/// How the statement arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A Query message: any number of statements, no parameters.
    Simple,
    /// A Parse message: at most one statement, parameters `$n`.
    Extended,
}
