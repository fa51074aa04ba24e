//! PostgreSQL's own words for a function that is not there.

use super::Analyser;
use crate::engine::catalog::Operand;
use crate::engine::refusal::{self, Refusal};

impl Analyser<'_> {
    /// `operands`: of which types its arguments are, if that is known.
    pub fn undefined_function(&self, name: &str, operands: Option<&[Operand]>) -> Refusal {
        let types =
            operands.map(|list| list.iter().map(|o| self.engine.catalog.words_of(*o)).collect::<Option<Vec<_>>>());
        match types.flatten() {
            Some(types) => refusal::undefined_function(&format!("{name}({})", types.join(", "))),
            None => refusal::undefined_function(name),
        }
    }
}
