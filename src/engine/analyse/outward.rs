//! Calls whose effect every session sees, whatever its purpose: notifications, sequences, advisory locks.
//!
//! What such a call is told, and whether it is made, takes `derive` where personal data decide about it, as a write to an
//! open table does. Values that a statement only shows to its client decide about no call but one that stands in the
//! same item.

use super::scope::Base;
use super::{Analyser, At, Occurrence};
use crate::engine::allow::FunctionClass;
use crate::engine::cleared::Usage;
use crate::engine::policy::Right;
use crate::engine::refusal::{self, Refusal};

/// The walk as far as such calls go.
#[derive(Debug, Default)]
pub struct Outward {
    /// Calls that are not settled yet.
    calls: usize,
    /// The walk is in what the client is shown, or an INSERT puts into its target.
    shows: bool,
    /// Columns shown by the item that the walk is in.
    shown: Vec<Base>,
    /// RETURNING of the write that is walked goes to the client.
    pub answers: bool,
}

impl Outward {
    pub fn is_one(class: Option<FunctionClass>, name: Option<&&str>) -> bool {
        match class {
            Some(FunctionClass::Notify | FunctionClass::Advisory) => true,
            Some(FunctionClass::Sequence) => matches!(name, Some(&("nextval" | "setval"))),
            _ => false,
        }
    }

    /// Notes a use of a column; whether it may decide about a call.
    pub fn decides(&mut self, base: Base, at: At) -> bool {
        let shown = self.shows && at.usage == Usage::Shown;
        if shown {
            self.shown.push(base);
        }
        !shown && at.usage != Usage::Written
    }

    /// Begins (or ends) what is shown; returns what was before, for ending it.
    pub fn show(&mut self, shows: bool) -> bool {
        std::mem::replace(&mut self.shows, shows)
    }

    pub fn call(&mut self) {
        self.calls += 1;
    }

    pub fn has_calls(&self) -> bool {
        self.calls > 0
    }

    /// Where an item of what is shown begins.
    pub fn item(&self) -> (usize, usize) {
        (self.calls, self.shown.len())
    }
}

impl Analyser<'_> {
    /// The item that began at `begun` has ended: with a call in it, what it shows decides about that call.
    pub fn end_item(&mut self, begun: (usize, usize)) {
        let shown = self.outward.shown.split_off(begun.1.min(self.outward.shown.len()));
        if self.outward.calls == begun.0 {
            return;
        }
        for (occurrence, column) in shown {
            if let Some(uses) = self.occurrences.get_mut(occurrence).and_then(|o| o.uses.get_mut(column)) {
                uses.decides = true;
            }
        }
    }

    /// Whether what was read so far may decide about the calls so far.
    pub fn settle_outward(&mut self) -> Result<(), Refusal> {
        if std::mem::take(&mut self.outward.calls) == 0 || self.role.may(Right::Derive) {
            return Ok(());
        }
        let own = &self.occurrences[self.first_occurrence..];
        let decides = |o: &Occurrence| o.uses.iter().enumerate().any(|(i, u)| u.decides && self.is_personal(o, i));
        let personal = own.iter().any(|o| decides(o) || ((o.target.is_none() || o.chosen) && self.is_by_choice(o)));
        if personal || self.reads_derived {
            let what = "data of a protected table decide about a notification, a sequence or an advisory lock";
            return Err(refusal::right_missing("derive", what));
        }
        Ok(())
    }
}
