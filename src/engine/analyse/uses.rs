//! Where columns are used, and what PostgreSQL may do with them there.

use super::Analyser;
use super::scope::Base;
use crate::engine::cleared::Usage;

#[derive(Debug, Clone, Copy, Default)]
pub struct ColumnUses {
    pub shown: bool,
    pub compared: bool,
    pub written: bool,
    /// Used where PostgreSQL might run it on a row before the row filter.
    pub early: bool,
    /// The same in a key that is computed last (`late_keys.rs`).
    pub in_late_key: bool,
    /// Compared with something else than another column.
    pub weighed: bool,
    /// It may decide about a call that other sessions see the effect of (`outward.rs`).
    pub decides: bool,
    /// Used above the groups of a query, outside of their aggregates.
    pub ungrouped: bool,
    /// GROUPING is asked about it: it must be one of the keys.
    pub asked: bool,
}

impl ColumnUses {
    pub fn any(self) -> bool {
        self.shown || self.compared || self.written
    }
}

/// Where an expression stands: what PostgreSQL may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Output of the outermost query: computed after every filter.
    Output,
    /// Output or key of an inner query: a bare column is harmless, anything else may become part of a condition.
    Item,
    /// A condition: leakproof comparisons are harmless.
    Condition,
    /// Anything else: may run on any stored row.
    Operand,
}

/// A place, and what the record calls the use of a column there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    pub place: Place,
    pub usage: Usage,
}

impl At {
    pub const OUTPUT: At = At { place: Place::Output, usage: Usage::Shown };
    pub const ITEM: At = At { place: Place::Item, usage: Usage::Shown };
    pub const KEY: At = At { place: Place::Item, usage: Usage::Compared };
    pub const CONDITION: At = At { place: Place::Condition, usage: Usage::Compared };
    pub const OPERAND: At = At { place: Place::Operand, usage: Usage::Compared };
    /// Of a function in FROM.
    pub const ARGUMENT: At = At { place: Place::Operand, usage: Usage::Shown };

    /// For a part of an expression that stands here.
    pub fn part(self) -> At {
        if self.place == Place::Output { self } else { At { place: Place::Operand, ..self } }
    }
}

impl Analyser<'_> {
    /// Notes a use of stored columns in a comparison of two.
    pub fn note_joined(&mut self, bases: &[Base], at: At) {
        self.joins_columns = at == At::CONDITION;
        self.note(bases, at);
        self.joins_columns = false;
    }

    /// Notes a use of stored columns.
    pub fn note(&mut self, bases: &[Base], at: At) {
        let (early, in_late_key) = (at.place == Place::Operand, self.in_late_key());
        if early && in_late_key {
            self.key_computes();
        }
        if at.usage == Usage::Shown {
            self.drawn.columns.extend(bases);
        }
        for &(occurrence, column) in bases {
            let Some(uses) = self.occurrences.get_mut(occurrence).and_then(|o| o.uses.get_mut(column)) else {
                continue;
            };
            match at.usage {
                Usage::Shown => uses.shown = true,
                Usage::Compared => uses.compared = true,
                Usage::Written => uses.written = true,
            }
            uses.early |= early && !in_late_key;
            uses.weighed |= at.usage == Usage::Compared && !self.joins_columns;
            uses.in_late_key |= early && in_late_key;
            uses.ungrouped |= self.groups.above;
            uses.asked |= self.groups.must_be_key();
            uses.decides |= self.outward.decides((occurrence, column), at);
        }
    }
}
