//! Rows that others lead through: an order leads its items to a customer. Whoever changes the order's customer, or takes the
//! order away from under its items, moves the items to somebody else's choices. So only orders are touched in this way whose
//! customer's own choices hide nothing of the items (`visible::movable`).

use super::super::Analyser;
use super::target::Target;
use crate::engine::refusal::{Refusal, SqlState};
use crate::engine::visible::{self, Dependent};

impl<'e> Analyser<'e> {
    /// Judges the assignment of a column that other tables may lead through.
    pub fn leads_on(&mut self, target: &Target<'e>, column: &str) -> Result<(), Refusal> {
        self.moves_rows(target, |d| d.key == column || d.link() == column)
    }

    /// Judges the removal of rows that others refer to and would outlive.
    pub fn releases(&mut self, target: &Target<'e>) -> Result<(), Refusal> {
        let engine = self.engine;
        self.moves_rows(target, |d| {
            let by = engine.catalog.relation(d.by);
            by.is_none_or(|by| by.foreign_keys.iter().any(|k| k.references == d.through && k.releases))
        })
    }

    fn moves_rows(&mut self, target: &Target<'e>, concerned: impl Fn(&Dependent<'_>) -> bool) -> Result<(), Refusal> {
        // Only tables with rules have others lead through them (`policy/resolve/path.rs`).
        let Some(p) = target.protected() else { return Ok(()) };
        for dependent in visible::dependents(&self.engine.policy, p.policy.relation).filter(concerned) {
            let stores = dependent.table.store_requires.is_some();
            if stores && dependent.table.store_requires != p.policy.store_requires {
                return Err(moved(p.relation.name.to_string(), &dependent));
            }
            self.moves = true;
        }
        Ok(())
    }
}

fn moved(middle: String, dependent: &Dependent<'_>) -> Refusal {
    let table = &dependent.table.name;
    Refusal::new(
        "subject-moved",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("this change of \"{middle}\" would give rows of \"{table}\" another subject"),
        format!(
            "rule subject-moved: rows of {table} are stored only with their subject's consent, and lead to it through it"
        ),
        "delete these rows, and insert them anew under the other subject",
    )
}
