//! Functions and operators that make a value one of another argument's type, and so run what checks that type's values
//! without naming it: `array_append(codes, 'x')` of an array of a domain.

use super::Analyser;
use super::calls::runs_for;
use super::scope::{Col, Columns, Lasts};
use crate::engine::catalog::{Operand, Relation};
use crate::engine::refusal::Refusal;

/// PostgreSQL's own of `anyelement`, `anycompatible` and the like beside a second argument (PostgreSQL manual, 38.2.5), and
/// those that fill a row.
const FUNCTIONS: &[&str] = &[
    "array_append",
    "array_cat",
    "array_fill",
    "array_position",
    "array_positions",
    "array_prepend",
    "array_remove",
    "array_replace",
    "json_populate_record",
    "json_populate_recordset",
    "jsonb_populate_record",
    "jsonb_populate_recordset",
    "lag",
    "lead",
    "nth_value",
    "width_bucket",
];
const OPERATORS: &[&str] = &["||", "@>", "<@", "&&"];

impl Analyser<'_> {
    /// Notes that a relation has a column whose values are checked by a function that the role does not list.
    pub fn holds_checked(&mut self, relation: &Relation) {
        relation.columns.iter().for_each(|c| self.holds_checked_type(&c.ty.name));
    }

    /// The same of a column of a type of this name.
    pub fn holds_checked_type(&mut self, ty: &str) {
        let functions = self.engine.catalog.type_functions_named(ty);
        let refused = functions.map(|t| runs_for(self.role, t)).find_map(Result::err);
        self.checked = self.checked.take().or(refused);
    }

    /// The same of a relation whose columns are not known.
    pub fn may_hold_checked(&mut self) {
        let refused = self.engine.catalog.data().type_functions.iter().map(|t| runs_for(self.role, t));
        let refused = refused.into_iter().find_map(Result::err);
        self.checked = self.checked.take().or(refused);
    }

    /// Judges a call of a built-in function once its arguments have been.
    pub fn makes_one_type(&self, name: &str) -> Result<(), Refusal> {
        self.unless_checked(FUNCTIONS.contains(&name))
    }

    /// Judges an operator once its operands have been.
    pub fn makes_one_type_by(&self, operator: &str) -> Result<(), Refusal> {
        self.unless_checked(OPERATORS.contains(&operator))
    }

    /// Judges a table that is made of a result: its columns keep the result's types, and what is written into them later is
    /// checked by them.
    pub fn keeps_types(&self, columns: &Columns) -> Result<(), Refusal> {
        let built_in = |c: &Col| c.lasts == Lasts::Always || c.operand == Operand::Literal;
        let all = matches!(columns, Columns::Known(list) if list.iter().all(built_in));
        self.unless_checked(!all)
    }

    fn unless_checked(&self, makes: bool) -> Result<(), Refusal> {
        self.checked.clone().filter(|_| makes).map_or(Ok(()), Err)
    }
}
