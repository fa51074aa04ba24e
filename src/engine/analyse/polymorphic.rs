//! Functions and operators that make a value one of another argument's type, and so run what checks that type's values
//! without naming it: `array_append(codes, 'x')` of an array of a domain.

use pg_query::protobuf::a_const::Val;
use pg_query::{Node, NodeEnum};

use super::Analyser;
use super::calls::runs_for;
use super::scope::{Col, Columns, Scope};
use crate::engine::catalog::{Function, Operand, Relation};
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
    // hstore's.
    "populate_record",
    "nth_value",
    "width_bucket",
];
const OPERATORS: &[&str] = &["||", "@>", "<@", "&&", "#="];

/// What the relations that are read have values of: what the role is refused with that would make others of these types.
#[derive(Default)]
pub struct Held {
    /// Of a type whose values a function checks.
    pub checked: Option<Refusal>,
    /// The same of a column that is known to be of such a type.
    pub column: Option<Refusal>,
    /// Of a type to which a function casts what is stored in a column of it.
    pub cast: Option<Refusal>,
}

/// How PostgreSQL makes values alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// For an operator or a function, which take a domain's value as one of the type below it.
    Compared,
    /// To one type that they have in common (`select_common_type` of its source).
    Common,
    /// The same of values that are sorted: a domain's are of the type below it.
    Sorted,
}

impl Held {
    fn any(&self) -> Option<Refusal> {
        self.checked.as_ref().or(self.cast.as_ref()).cloned()
    }
}

impl Analyser<'_> {
    /// Judges what a call of a function that the role may call runs beside it: what it is given becomes one of the types that it
    /// takes.
    pub fn takes_values(&self, function: &Function) -> Result<(), Refusal> {
        let takes = function.signature.as_ref().map_or(&[][..], |s| &s.arguments);
        let mut runs = self.engine.catalog.data().type_functions.iter().filter(|t| takes.contains(&t.oid));
        runs.try_for_each(|t| runs_for(self.role, t))?;
        function.types.iter().try_for_each(|ty| self.casts_value(ty))
    }

    /// Notes that a relation has a column whose values are checked by a function that the role does not list.
    pub fn holds_checked(&mut self, relation: &Relation) {
        relation.columns.iter().for_each(|c| self.holds_checked_type(&c.ty.name));
    }

    /// The same of a column of a type of this name.
    pub fn holds_checked_type(&mut self, ty: &str) {
        let functions = self.engine.catalog.type_functions_named(ty);
        let refused = functions.map(|t| runs_for(self.role, t)).find_map(Result::err);
        let cast = self.engine.catalog.casts_stored(ty).map(|c| self.may_cast(c)).find_map(Result::err);
        let held = &mut self.held;
        held.column = held.column.take().or_else(|| refused.clone());
        held.checked = held.checked.take().or(refused);
        held.cast = held.cast.take().or(cast);
    }

    /// The same of a function that is called: of what it gives, which may stand beside a literal.
    pub fn holds_checked_of(&mut self, function: &Function) {
        function.types.iter().for_each(|ty| self.holds_checked_type(ty));
    }

    /// The same of a relation whose columns are not known.
    pub fn may_hold_checked(&mut self) {
        let refused = self.engine.catalog.data().type_functions.iter().map(|t| runs_for(self.role, t));
        let refused = refused.into_iter().find_map(Result::err);
        self.held.checked = self.held.checked.take().or(refused);
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
        let list = match columns {
            Columns::Known(list) => list,
            Columns::Unknown => return self.held.any().map_or(Ok(()), Err),
        };
        match list.iter().all(|c| c.operand.is_built_in(false)) {
            true => Ok(()),
            false => self.held.any().map_or(Ok(()), Err),
        }
    }

    /// Judges what makes a literal or a parameter one of the type of what stands beside it, or an array one of an array's
    /// beside it: a comparison, `COALESCE`, a `CASE`, a set operation.
    pub fn makes_beside<'n>(
        &self,
        all: impl Iterator<Item = &'n Node>,
        scope: &Scope<'_>,
        how: Beside,
    ) -> Result<(), Refusal> {
        if self.held.column.is_none() {
            return Ok(());
        }
        let literal = |n: &Node| match &n.node {
            Some(NodeEnum::AConst(c)) => matches!(c.val, Some(Val::Sval(_))),
            Some(NodeEnum::ParamRef(_)) => true,
            _ => false,
        };
        let known = |n: &Node| if literal(n) { Operand::Literal } else { self.operand(n, scope) };
        self.makes_of(&all.map(known).collect::<Vec<_>>(), how)
    }

    /// The same of the columns of VALUES.
    pub fn makes_in_rows(&self, rows: &[Node], scope: &Scope<'_>) -> Result<(), Refusal> {
        let lists = rows.iter().filter_map(|row| match &row.node {
            Some(NodeEnum::List(list)) => Some(&list.items),
            _ => None,
        });
        let width = lists.clone().map(Vec::len).max().filter(|_| self.held.column.is_some()).unwrap_or(0);
        let column = |i: usize| lists.clone().filter_map(move |list| list.get(i));
        (0..width).try_for_each(|i| self.makes_beside(column(i), scope, Beside::Common))
    }

    /// The same of the columns of a set operation's arms.
    pub fn makes_in_arms(&self, left: &[Col], right: &[Col]) -> Result<(), Refusal> {
        left.iter().zip(right).try_for_each(|(a, b)| self.makes_of(&[a.operand, b.operand], Beside::Common))
    }

    /// The same of values of which this is known.
    pub fn makes_of(&self, all: &[Operand], how: Beside) -> Result<(), Refusal> {
        let Some(refused) = &self.held.column else { return Ok(()) };
        let own = |operand: &Operand| !operand.is_built_in(how != Beside::Common);
        let from_literal = all.contains(&Operand::Literal) && all.iter().any(own);
        // PostgreSQL casts arrays to one another, element by element.
        let array = |operand: &&Operand| how != Beside::Compared && self.engine.catalog.may_be_array(**operand);
        let arrays: Vec<&Operand> = all.iter().filter(array).collect();
        let alike = arrays.iter().all(|a| a.ty().is_some() && *a == arrays[0]);
        let from_array = !alike && arrays.len() > 1 && arrays.iter().any(|a| own(a));
        if from_literal || from_array { Err(refused.clone()) } else { Ok(()) }
    }

    fn unless_checked(&self, makes: bool) -> Result<(), Refusal> {
        self.held.checked.clone().filter(|_| makes).map_or(Ok(()), Err)
    }
}
