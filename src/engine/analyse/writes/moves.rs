//! Rows that others lead through: an order leads its items to a customer. Whoever changes the order's customer, or takes the
//! order away from under its items, moves the items to somebody else's choices. So where that could uncover something, only
//! rows are touched whose subject's own choices hide nothing; and what cannot be told for each row is refused.

use super::super::Analyser;
use super::target::{Kind, Target};
use crate::engine::catalog::{Oid, Relation};
use crate::engine::policy::{Basis, Policy, Purpose};
use crate::engine::refusal::{self, Refusal, SqlState};
use crate::engine::visible::{self, Dependent};

impl<'e> Analyser<'e> {
    /// Judges the assignment of a column that other tables may lead through.
    pub fn leads_on(&mut self, target: &Target<'e>, column: &str) -> Result<(), Refusal> {
        let is_way = |d: &Dependent<'_>| d.key == column || d.link() == column;
        self.moves_rows(target, is_way)
    }

    /// Judges the removal of rows that others refer to and would outlive.
    pub fn releases(&mut self, target: &Target<'e>) -> Result<(), Refusal> {
        let engine = self.engine;
        let releases = |d: &Dependent<'_>| {
            let by = engine.catalog.relation(d.by);
            by.is_none_or(|by| by.foreign_keys.iter().any(|k| d.through == k.references && k.releases))
        };
        self.moves_rows(target, releases)
    }

    fn moves_rows(&mut self, target: &Target<'e>, concerned: impl Fn(&Dependent<'_>) -> bool) -> Result<(), Refusal> {
        let engine = self.engine;
        let Some(relation) = relation_of(target) else { return Ok(()) };
        let table = engine.policy.tables.get(&policy_oid(target, relation));
        for dependent in visible::dependents(&engine.policy, table.map_or(relation.oid, |t| t.relation)) {
            if !concerned(&dependent) || self.role.unrestricted {
                continue;
            }
            let own = table.and_then(|t| t.subject.as_ref()) == Some(&dependent.rest);
            let stores = table.is_none_or(|t| t.store_requires != dependent.table.store_requires);
            if dependent.table.store_requires.is_some() && stores {
                return Err(moved(relation, &dependent, "are stored only with their subject's consent"));
            }
            // Its rows are hidden and shown as those of this table are: what is not, is in cells.
            match own {
                true => self.moves = true,
                false if self.purpose.is_none_or(depends_on_people) || restricts(&engine.policy, &dependent) => {
                    return Err(moved(relation, &dependent, "are hidden or masked by their subject's choices"));
                }
                false => {}
            }
        }
        Ok(())
    }
}

/// Whether what is shown under a purpose differs from person to person.
fn depends_on_people(purpose: &Purpose) -> bool {
    match purpose.basis {
        Basis::Consent | Basis::LegitimateInterests | Basis::PublicTask => true,
        Basis::Contract | Basis::LegalObligation | Basis::VitalInterests => false,
    }
}

/// Whether its people can have their rows restricted (Art. 18).
fn restricts(policy: &Policy, dependent: &Dependent<'_>) -> bool {
    policy.subjects.get(&dependent.rest.kind).is_none_or(|kind| kind.restricted_when.is_some())
}

fn relation_of<'e>(target: &Target<'e>) -> Option<&'e Relation> {
    match &target.kind {
        Kind::Open(relation) => Some(relation),
        Kind::Protected(p) => Some(p.relation),
        // Of others nobody's way leads through them.
        Kind::Temporary { .. } | Kind::Created | Kind::Unread { .. } => None,
    }
}

fn policy_oid(target: &Target<'_>, relation: &Relation) -> Oid {
    target.protected().map_or(relation.oid, |p| p.policy.relation)
}

fn moved(relation: &Relation, dependent: &Dependent<'_>, why: &str) -> Refusal {
    let (middle, table) = (&relation.name, &dependent.table.name);
    Refusal::new(
        "subject-moved",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("this change of \"{middle}\" would give rows of \"{table}\" another subject"),
        format!("rule subject-moved: rows of {table} lead to their subject through {middle}, and {why}"),
        "change it under a purpose that treats all subjects alike, such as one on contract",
    )
}
