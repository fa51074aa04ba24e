//! Expressions in the definitions of tables, as far as another table may take them over.

use serde::{Deserialize, Serialize};

use super::{Catalog, Oid};

/// An expression that a table's definition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expression {
    pub relation: Oid,
    pub kind: ExpressionKind,
    /// As `pg_get_expr` prints it under an empty `search_path`: one or a list; `None`: somebody was changing the table.
    pub text: Option<String>,
    /// A function that it calls, of PostgreSQL's own or an extension's, which is not for clients to call: it runs SQL text, say,
    /// or reads what is named by text.
    #[serde(default)]
    pub runs: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpressionKind {
    Default,
    Generated,
    Check,
    /// Keys and conditions of indexes.
    Index,
    Statistics,
}

impl Catalog {
    /// The expressions in the definition of a relation.
    pub fn expressions_of(&self, relation: Oid) -> impl Iterator<Item = &Expression> {
        self.data().expressions.iter().filter(move |e| e.relation == relation)
    }
}
