//! Values of protected tables that a write puts where other purposes read them: `derive`. Into another table, into a row that
//! is there already, from another one, which may be another person's, or into a column of another category. What decides which rows of a protected table are written
//! (WHERE, ON, WHEN, a subquery's conditions) is not among it.

use std::collections::BTreeSet;

use super::super::scope::Base;
use super::super::{Analyser, ColumnUses, Occurrence};
use super::target::{Kind, Target};
use crate::engine::policy::{ColumnUse, Right};
use crate::engine::refusal::{self, Refusal};

/// How values come into the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// `INSERT … SELECT`: whatever is read decides about the rows that are stored.
    Rows,
    /// Values, row by row: only what is shown in them.
    Values,
}

/// What a value is made of.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// Stored columns that it shows something of.
    pub columns: BTreeSet<Base>,
    /// It reads something else than the row that is written.
    pub elsewhere: bool,
}

impl<'e> Analyser<'e> {
    /// Whether what was just drawn into a column stays in its row and its category: other purposes show others.
    pub fn stays_in_row(&self, target: &Target<'e>, column: &str) -> Result<(), Refusal> {
        let Some(p) = target.protected().filter(|_| !self.role.may(Right::Derive)) else { return Ok(()) };
        let used = |name: &str| p.policy.columns.get(name);
        let leaves = self.drawn.columns.iter().filter(|(o, _)| *o == p.occurrence).find_map(|(_, i)| {
            let from = &p.relation.columns.get(*i)?.name;
            let stays = matches!(used(from), Some(ColumnUse::Open)) || used(from) == used(column);
            (!stays).then_some(from)
        });
        let Some(from) = leaves else { return Ok(()) };
        let what = format!("\"{column}\" would hold data of \"{from}\", which other purposes show otherwise");
        Err(refusal::right_missing("derive", &what))
    }

    /// Whether what has been read so far may flow into `target`; a temporary table that takes it in is remembered.
    pub fn check_flow(&mut self, target: &Target<'e>, flow: Flow) -> Result<(), Refusal> {
        let (own, table) = (target.protected().map(|p| p.occurrence), target.protected().map(|p| p.policy.relation));
        // What decides which rows of an open table change can be read back from it, under any purpose.
        let anywhere = own.is_none();
        let occurrences = self.occurrences.iter().enumerate().skip(self.first_occurrence);
        let foreign = occurrences.filter(|(i, o)| Some(*i) != own && o.protected_by.is_some()).any(|(_, o)| {
            let shown = |(i, u): (usize, &ColumnUses)| u.shown && self.is_personal(o, i);
            match flow {
                // Rows of the table's own are copied as they are there: what the purpose shows, under whom the client says.
                Flow::Rows if o.protected_by == table => false,
                // What a write of this statement puts out of its rows are the client's own values, and open ones.
                Flow::Rows => {
                    let personal = |(i, u): (usize, &ColumnUses)| (u.shown || u.compared) && self.is_personal(o, i);
                    o.target.is_none() || (o.chosen && self.is_by_choice(o)) || o.uses.iter().enumerate().any(personal)
                }
                Flow::Values if !anywhere => o.uses.iter().enumerate().any(shown),
                Flow::Values => {
                    let personal = |(i, u): (usize, &ColumnUses)| (u.shown || u.compared) && self.is_personal(o, i);
                    ((o.target.is_none() || o.chosen) && self.is_by_choice(o))
                        || o.uses.iter().enumerate().any(personal)
                }
            }
        });
        let derived = self.reads_derived && !matches!(&target.kind, Kind::Temporary { purpose: Some(_), .. });
        if !foreign && !derived {
            return Ok(());
        }
        if !self.role.may(Right::Derive) {
            return Err(refusal::right_missing(
                "derive",
                "a write puts data of a protected table into another table, or into other rows",
            ));
        }
        if let Kind::Created { open: false } = &target.kind {
            let why = "the policy does not name the table yet, so nobody would be taken out of it when consent is withdrawn; \
                       a TEMPORARY table is possible";
            return Err(refusal::not_supported("a stored copy of protected tables", why));
        }
        if let Kind::Temporary { name, purpose: None } = &target.kind {
            if self.tainted.as_ref().is_some_and(|t| t != name) {
                let why = "both would carry the purpose, and a statement marks one";
                return Err(refusal::not_supported("filling two temporary tables from protected ones at once", why));
            }
            self.tainted = Some(name.clone());
        }
        Ok(())
    }

    /// A write goes by rows that are there.
    pub fn chooses(&mut self, target: &Target<'e>) {
        let occurrence = target.protected().map(|p| p.occurrence);
        if let Some(o) = occurrence.and_then(|i| self.occurrences.get_mut(i)) {
            o.chosen = true;
        }
    }

    /// Whether people's choices decide which rows of an occurrence are there: then each row tells of a choice.
    pub fn is_by_choice(&self, o: &Occurrence) -> bool {
        let decided = self.purpose.is_some_and(|p| p.basis.is_by_choice());
        let table = o.protected_by.and_then(|oid| self.engine.policy.tables.get(&oid));
        table.is_some_and(|t| t.subject.is_some()) && (decided || !self.role.also_requires.is_empty())
    }

    /// Whether a column of a protected table holds personal data.
    pub fn is_personal(&self, o: &Occurrence, column: usize) -> bool {
        let Some(table) = o.protected_by else { return false };
        let name = self.engine.catalog.relation(o.relation).and_then(|r| r.columns.get(column)).map(|c| &c.name);
        let uses = self.engine.policy.tables.get(&table).map(|t| &t.columns);
        !matches!(name.and_then(|n| uses?.get(n)), Some(ColumnUse::Open))
    }
}
