//! System columns of what the session sees as it is stored that tell of other rows.
//!
//! `xmax`: who locks a row; PostgreSQL does, for each row that comes to refer to it. `cmin` and `cmax`: how many commands a
//! transaction has run; PostgreSQL runs one for each row that a foreign key takes along.

use super::Analyser;
use std::collections::BTreeSet;

use super::relations::is_closed;
use super::scope::{self, Found, Scope};
use crate::engine::catalog::{Oid, Relation};
use crate::engine::refusal::{self, Refusal};

/// What one statement names.
#[derive(Debug, Default)]
pub struct Lockers {
    /// The relations that it reads or writes.
    pub read: BTreeSet<Oid>,
    /// It names an `xmax`.
    named: bool,
    /// The walk is in RETURNING of an INSERT.
    pub inserted: bool,
}

impl Analyser<'_> {
    /// Judges a column's name, which may be such a column's. `fields`: the name with what qualifies it.
    pub fn may_tell_of_others(&mut self, fields: &[String], scope: &Scope<'_>, location: i32) -> Result<(), Refusal> {
        let Some((name, qualifier)) = fields.split_last().filter(|(name, _)| tells(name)) else { return Ok(()) };
        let (is_column, protected) = match qualifier.last() {
            None => (
                !matches!(scope::column(scope, name), Found::Nothing | Found::Doubtful(_)),
                scope::with_system_columns(scope).iter().any(|i| self.is_protected(i.occurrence)),
            ),
            Some(alias) => match scope::item(scope, None, alias) {
                Some((item, _)) => {
                    (item.columns.list().iter().any(|c| *c.name == **name), self.is_protected(item.occurrence))
                }
                None => (false, false),
            },
        };
        // Of a row that is just inserted, or was locked to be updated instead, it is the session's own (`RETURNING (xmax = 0)`).
        let inserted = self.lockers.inserted && scope.parent.is_none() && name == "xmax";
        // Of a protected table it is no column at all.
        if is_column || protected || inserted {
            return Ok(());
        }
        self.tells_of_others(name).map_err(|r| r.at(location))
    }

    /// A field that is taken from a row may be such a column too.
    pub fn tells_of_others(&mut self, name: &str) -> Result<(), Refusal> {
        self.lockers.named |= name == "xmax";
        if matches!(name, "cmin" | "cmax") { Err(refusal::counts_commands(name)) } else { Ok(()) }
    }

    /// Refuses `xmax` where rows that are not open refer to one of the relations that are read.
    pub fn tells_of_no_lockers(&self) -> Result<(), Refusal> {
        let referred = |oid: &Oid| self.engine.catalog.relation(*oid).filter(|r| self.is_referred_to(r));
        match self.lockers.read.iter().find_map(referred).filter(|_| self.lockers.named) {
            Some(relation) => Err(refusal::shows_lockers(&relation.name.to_string())),
            None => Ok(()),
        }
    }

    fn is_referred_to(&self, relation: &Relation) -> bool {
        let (catalog, policy) = (&self.engine.catalog, &self.engine.policy);
        let family = catalog.family(relation.oid);
        let refers = |by: &&Relation| by.foreign_keys.iter().any(|k| family.iter().any(|r| r.oid == k.references));
        catalog.relations().filter(refers).any(|by| is_closed(catalog, policy, by))
    }

    fn is_protected(&self, occurrence: Option<usize>) -> bool {
        occurrence.and_then(|o| self.occurrences.get(o)).is_some_and(|o| o.protected_by.is_some())
    }
}

fn tells(name: &str) -> bool {
    matches!(name, "xmax" | "cmin" | "cmax")
}
