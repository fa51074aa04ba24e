//! Names of the database's objects, and how they and values stand in SQL text.

use serde::{Deserialize, Serialize};

/// A schema-qualified name, folded and truncated as PostgreSQL stores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QualifiedName {
    pub schema: String,
    pub name: String,
}

impl QualifiedName {
    /// What stands for no name among names.
    pub const NONE: Self = Self { schema: String::new(), name: String::new() };

    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// What stands for a schema among names: no relation or type has an empty name.
    pub fn schema_alone(schema: impl Into<String>) -> Self {
        Self::new(schema, "")
    }

    /// The name as SQL text, each part quoted.
    pub fn to_sql(&self) -> String {
        format!("{}.{}", quote_ident(&self.schema), quote_ident(&self.name))
    }
}

impl std::fmt::Display for QualifiedName {
    /// For people: `schema.name`, unquoted.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// `name` as a quoted SQL identifier (always quoted: no keyword list to go stale).
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `value` as a SQL string literal; `E''` is used when it holds a backslash, so that
/// `standard_conforming_strings` cannot change its meaning.
pub fn quote_literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if doubled.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}
