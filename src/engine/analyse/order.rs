//! What rows are sorted, grouped and told apart by: whether any two values of it compare.
//!
//! PostgreSQL refuses types without an order before anything runs; of a row whose columns' types are found out when it runs
//! (`record`) two fail to compare, and so do texts of several collations. A sort may stand below the test of a row filter,
//! in the outermost query too (a parallel scan that is sorted early, for ORDER BY, DISTINCT, GROUP BY, a window, or what an
//! aggregate sorts): which rows get there the conditions decide. What is not known to compare counts as failing.

use pg_query::{Node, NodeEnum};

use super::fallible::is_plain_collation;
use super::scope::{self, Col, Columns, Found, Scope};
use super::select::star;
use super::types::computed;
use super::{Analyser, names};
use crate::engine::catalog::Operand;

impl Analyser<'_> {
    /// Whether a key that rows are sorted or grouped by compares.
    pub fn is_sort_key(&self, key: &Node, scope: &Scope<'_>) -> bool {
        is_output(key, scope) || self.has_sort(key, scope)
    }

    /// What ORDER BY … USING compares with itself; of an output column, by its number or name, that is not said here.
    pub fn operand_of_key(&self, key: &Node, scope: &Scope<'_>) -> Operand {
        match is_output(key, scope) {
            true => Operand::Any,
            false => self.settled(self.operand(key, scope)),
        }
    }

    /// Whether values of an expression compare, whatever they are.
    pub fn has_sort(&self, node: &Node, scope: &Scope<'_>) -> bool {
        match &node.node {
            Some(NodeEnum::RowExpr(row)) => row.args.iter().all(|part| self.has_sort(part, scope)),
            Some(NodeEnum::ColumnRef(r)) => self.bare_column(r, scope).is_some_and(|col| self.is_ordered(&col)),
            // A date or time, or a name; a number.
            Some(NodeEnum::SqlvalueFunction(_) | NodeEnum::GroupingFunc(_)) => true,
            Some(NodeEnum::CollateClause(c)) if is_plain_collation(c) => {
                c.arg.as_deref().is_some_and(|arg| self.has_sort(arg, scope))
            }
            _ => self.type_of(node, scope).is_some_and(|ty| self.has_order(&computed(ty))),
        }
    }

    fn is_ordered(&self, col: &Col) -> bool {
        match &col.ty {
            Some(_) => self.type_of_column(col).is_some_and(|ty| self.has_order(&ty)),
            None => col.ordered,
        }
    }

    /// Whether values of a column that these two are merged into compare. Of a text that is computed the collation is not
    /// known.
    pub fn are_ordered(&self, a: &Col, b: &Col) -> bool {
        !self.collated && self.is_ordered(a) && self.is_ordered(b)
    }

    /// Takes note of an item of the select list by which rows are sorted or grouped.
    pub fn output_sorted(&mut self, value: &Node, columns: Option<&[Col]>, scope: &Scope<'_>) {
        let sorts = match (star(value), columns) {
            // What is computed from aggregates is sorted above them.
            (None, _) => (!self.within && self.stays_above(value, scope)) || self.has_sort(value, scope),
            (Some(_), None) => false,
            (Some(_), Some(columns)) => columns.iter().all(|c| self.is_ordered(c)),
        };
        if !sorts {
            self.key_fails();
        }
    }

    /// Takes note that rows of these columns are compared with each other.
    pub fn columns_compared(&mut self, columns: &Columns) {
        let all = matches!(columns, Columns::Known(_)) && columns.list().iter().all(|c| self.is_ordered(c));
        self.may_fail |= !all;
    }

    /// Takes note of what an aggregate sorts its rows by.
    pub fn aggregate_sorted<'n>(&mut self, keys: impl IntoIterator<Item = &'n Node>, scope: &Scope<'_>) {
        let all = keys.into_iter().all(|key| match &key.node {
            Some(NodeEnum::SortBy(sort)) => sort.node.as_deref().is_some_and(|key| self.has_sort(key, scope)),
            _ => self.has_sort(key, scope),
        });
        self.may_fail |= !all;
    }

    /// Whether the values of a column of VALUES compare, all of which become one type.
    pub fn values_ordered<'n>(&self, values: impl Iterator<Item = Option<&'n Node>>, scope: &Scope<'_>) -> bool {
        let mut types = values.map(|value| self.type_of(value?, scope));
        let Some(Some(first)) = types.next() else { return false };
        let all = types.try_fold(first, |so_far, ty| super::types::join(&so_far, &ty?));
        all.is_some_and(|ty| self.has_order(&computed(ty)))
    }
}

/// The number of an output column, or its name, which is judged there.
fn is_output(key: &Node, scope: &Scope<'_>) -> bool {
    match &key.node {
        Some(NodeEnum::AConst(_)) => true,
        Some(NodeEnum::ColumnRef(r)) => match names(&r.fields)[..] {
            [name] => matches!(scope::column(scope, name), Found::Nothing),
            _ => false,
        },
        _ => false,
    }
}
