//! Words that PostgreSQL's grammar has only since a later version than the server's: there they are names like others.

use super::Analyser;
use crate::engine::refusal::Refusal;
use crate::engine::{allow, parse};

impl Analyser<'_> {
    /// Whether what the grammar reads as `pg_catalog.word` is that to the server: it looks a word that it does not know up on
    /// its path.
    pub fn is_read_alike(&self, word: &str) -> Result<(), Refusal> {
        let catalog = &self.engine.catalog;
        let known = allow::word_since(word).is_none_or(|since| catalog.data().server_version / 10_000 >= since);
        let own = catalog.functions_named(word).next().is_some() || self.is_taken(word);
        match own && !known {
            true => Err(parse::doubtful_word(word)),
            false => Ok(()),
        }
    }
}
