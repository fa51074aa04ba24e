//! Rows of people themselves: their key, by which their choices are kept and their restriction is known, and their removal.
//!
//! Whether somebody is restricted is said by their own row. Where that is gone, or has another key, rows about them would be
//! there for purposes that did not show them.

use std::collections::BTreeSet;

use super::super::Analyser;
use super::Aim;
use super::target::Target;
use crate::engine::catalog::{ForeignKey, Relation};
use crate::engine::policy::{Right, SubjectKind, TablePolicy};
use crate::engine::refusal::{self, Refusal};

impl<'e> Analyser<'e> {
    /// Judges the assignment of columns that may be people's keys.
    pub fn keeps_keys(&self, target: &Target<'e>, changed: &BTreeSet<String>) -> Result<(), Refusal> {
        for kind in self.kinds_of(target).filter(|kind| changed.contains(&kind.key)) {
            let link = self.is_own_row(target, kind);
            if (link || kind.consent.is_some()) && !self.role.may(Right::RecordConsent) {
                let what = format!("changing the key of {}, by which people's choices are kept", kind.table_name);
                return Err(refusal::right_missing("record_consent", &what));
            }
            if self.may_be_restricted(target, kind) {
                let what = format!("changing the key of {}", kind.table_name);
                let why = "rows about people who are restricted would be about nobody who is";
                return Err(refusal::not_supported(&what, why));
            }
        }
        Ok(())
    }

    /// Judges the removal of people about whom rows stay.
    pub fn frees_nobody(&self, target: &Target<'e>) -> Result<(), Refusal> {
        for kind in self.kinds_of(target).filter(|kind| self.may_be_restricted(target, kind)) {
            if let Some(table) = self.engine.policy.tables_by_name().into_iter().find(|table| self.stays(table, kind)) {
                let what = format!("removing rows of {}", kind.table_name);
                let why = format!(
                    "rows of {} would stay, whose people may be restricted and would not be any more",
                    table.name
                );
                return Err(refusal::not_supported(&what, &why));
            }
        }
        Ok(())
    }

    /// The kinds of people whose rows a target's may be.
    fn kinds_of(&self, target: &Target<'e>) -> impl Iterator<Item = &'e SubjectKind> {
        let engine = self.engine;
        let written = target.stored().map_or(Vec::new(), |relation| engine.catalog.family(relation.oid));
        let holds = move |kind: &&SubjectKind| {
            engine.catalog.family(kind.table).iter().any(|r| written.iter().any(|w| w.oid == r.oid))
        };
        engine.policy.subjects.values().filter(holds)
    }

    /// Whether a target's rows are there as the people are whose rows they are.
    fn is_own_row(&self, target: &Target<'e>, kind: &SubjectKind) -> bool {
        let rows = target.protected().filter(|p| p.aim == Aim::Rows && p.policy.relation == kind.table);
        rows.is_some_and(|p| is_own(p.policy, kind))
    }

    /// Whether the statement may reach the row of somebody who is restricted, and the role sees rows otherwise then.
    fn may_be_restricted(&self, target: &Target<'e>, kind: &SubjectKind) -> bool {
        let sees = self.purpose.is_some_and(|p| p.basis.sees_restricted());
        kind.restricted_when.is_some()
            && !self.role.unrestricted
            && self.purposes().any(|p| !p.basis.sees_restricted())
            && (sees || !self.is_own_row(target, kind))
    }

    /// Whether rows of a table may stay when the person whom they are about is removed.
    fn stays(&self, table: &TablePolicy, kind: &SubjectKind) -> bool {
        let Some(path) = table.subject.as_ref().filter(|path| path.kind == kind.name && !is_own(table, kind)) else {
            return false;
        };
        let (catalog, replaced) = (&self.engine.catalog, self.writes_more_than_once());
        let last = path.hops.last().map_or(table.relation, |hop| hop.table);
        let Some(people) = catalog.relation(kind.table) else { return true };
        let outlives =
            |key: &ForeignKey| self.is_part(key.references, kind.table) && (key.releases || (key.waits && replaced));
        let goes =
            |part: &Relation| part.refers(&path.column, people, &kind.key) && !part.foreign_keys.iter().any(outlives);
        !catalog.family(last).into_iter().all(goes)
    }
}

/// Whether a table's rows are the people's own.
fn is_own(table: &TablePolicy, kind: &SubjectKind) -> bool {
    let own = |hops: usize, column: &str| hops == 0 && column == kind.key;
    table.relation == kind.table
        && table.subject.as_ref().is_some_and(|p| p.kind == kind.name && own(p.hops.len(), &p.column))
}
