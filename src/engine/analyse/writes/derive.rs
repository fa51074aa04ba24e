//! Values of protected tables that a write puts where other purposes read them: `derive`. Into another table, into a row that
//! is there already, from another one, which may be another person's, or into a column of another category. What decides which rows of a protected table are written
//! (WHERE, ON, WHEN, a subquery's conditions) is not among it.

use std::collections::BTreeSet;
use std::ops::RangeBounds;
use std::rc::Rc;

use super::super::scope::{Base, Columns};
use super::super::{Analyser, ColumnUses, Occurrence};
use super::target::{Kind, Protected, Target};
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
    /// It may show something of others too.
    pub unknown: bool,
    /// It reads something else than the row that is written.
    pub elsewhere: bool,
}

impl Drawn {
    /// All columns that it shows something of, where these are known.
    pub fn made_of(&self) -> Option<Rc<[Base]>> {
        (!self.unknown).then(|| self.columns.iter().copied().collect())
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.unknown |= other.unknown;
        self.elsewhere |= other.elsewhere;
    }
}

impl<'e> Analyser<'e> {
    /// Whether what was just drawn into a column stays in its row and its category: other purposes show others.
    pub fn stays_in_row(&self, target: &Target<'e>, column: &str) -> Result<(), Refusal> {
        let Some(p) = target.protected().filter(|_| !self.role.may(Right::Derive)) else { return Ok(()) };
        let shown = match self.drawn.made_of() {
            Some(bases) => bases.to_vec(),
            None => self.all_shown(p.occurrence..=p.occurrence),
        };
        let own = shown.iter().filter(|(o, _)| *o == p.occurrence);
        keeps_category(p, own.filter_map(|base| self.column_of_base(*base)), column)
    }

    /// The name of a stored column.
    fn column_of_base(&self, (occurrence, column): Base) -> Option<&'e str> {
        let relation = self.engine.catalog.relation(self.occurrences.get(occurrence)?.relation)?;
        relation.columns.get(column).map(|c| c.name.as_str())
    }

    /// The stored columns that these occurrences have been read for.
    fn all_shown(&self, of: impl RangeBounds<usize>) -> Vec<Base> {
        let read = self.occurrences.iter().enumerate().filter(|(n, _)| of.contains(n));
        let shown = |(n, o): (usize, &Occurrence)| {
            let shown = o.uses.iter().enumerate().filter(|(_, u)| u.shown);
            shown.map(|(i, _)| (n, i)).collect::<Vec<_>>()
        };
        read.flat_map(shown).collect()
    }

    /// Whether values of these columns' may be copied into columns of rows that a write adds to the same table: each stays in
    /// its category. What is in another table is [`Self::check_flow`]'s.
    pub fn copies_rows(&self, target: &Target<'e>, filled: &[usize], given: &Columns) -> Result<(), Refusal> {
        let all = given.list().iter().map(|c| c.made_of.as_deref());
        let all = all.chain(std::iter::repeat(Some(&[][..]))).take(filled.len());
        let all: Vec<Option<&[Base]>> = match given {
            Columns::Known(_) => all.collect(),
            Columns::Unknown => vec![None; filled.len()],
        };
        filled.iter().zip(all).try_for_each(|(column, bases)| self.copies_into(target, *column, bases))
    }

    /// The same of one column; `bases` as in `Col::made_of`.
    pub fn copies_into(&self, target: &Target<'e>, column: usize, bases: Option<&[Base]>) -> Result<(), Refusal> {
        let Some(p) = target.protected().filter(|_| !self.role.may(Right::Derive)) else { return Ok(()) };
        let Some(column) = p.relation.columns.get(column) else { return Ok(()) };
        let same = |o: &Occurrence| o.protected_by == Some(p.policy.relation);
        let shown: Vec<Base> = match bases {
            Some(bases) => bases.to_vec(),
            None => self.all_shown(self.first_occurrence..),
        };
        // Rows that a write adds show nothing of those that it finds.
        let own = shown.iter().filter(|(n, _)| *n != p.occurrence && self.occurrences.get(*n).is_some_and(same));
        keeps_category(p, own.filter_map(|base| self.column_of_base(*base)), &column.name)
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
                // Rows of the table's own are copied as they are there: what the purpose shows, under whom the client says
                // (`copies_rows`).
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

/// Whether values of `columns` may come into `into` of the same table: open ones, and those of its own category.
fn keeps_category<'c>(
    p: &Protected<'_>,
    mut columns: impl Iterator<Item = &'c str>,
    into: &str,
) -> Result<(), Refusal> {
    let used = |name: &str| p.policy.columns.get(name);
    let leaves = columns.find(|from| !matches!(used(from), Some(ColumnUse::Open)) && used(from) != used(into));
    let Some(from) = leaves else { return Ok(()) };
    let what = format!("\"{into}\" would hold data of \"{from}\", which other purposes show otherwise");
    Err(refusal::right_missing("derive", &what))
}
