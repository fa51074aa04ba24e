//! What PostgreSQL reads on its own behind a relation that a client names: the query of a view, the code of a trigger or rule.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Catalog, Oid, QualifiedName};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// A view, when it is read; a materialized view, when it was filled.
    Query,
    /// A rule, when the relation is written.
    Rule,
    Trigger,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    pub relation: Oid,
    pub how: How,
    /// The function that is run; `None`: a query of the relation's own.
    #[serde(default)]
    pub function: Option<QualifiedName>,
    /// Relations that the query reads; of a function, those that its text may name.
    pub reads: BTreeSet<Oid>,
}

impl Catalog {
    pub fn behind(&self, relation: Oid) -> impl Iterator<Item = &Behind> {
        self.data.behind.iter().filter(move |behind| behind.relation == relation)
    }
}

/// The words of a text that may be names of relations, as PostgreSQL would fold them and as they stand.
pub fn words(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let words = text.split(|c| !is_part(c)).filter(|w| !w.is_empty());
    words.flat_map(|w| [w.to_owned(), w.to_lowercase()]).collect()
}
