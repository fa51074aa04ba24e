//! Columns that tell rows apart, and columns that lead from every row to one row of another table.

use super::{Catalog, ForeignKey, Relation, RelationKind};

/// Why a column does not lead from every row to one row of another table.
#[derive(Debug, Clone, Copy)]
pub enum Unsound<'c> {
    /// Several rows there may have the key.
    Ambiguous,
    /// So may rows of tables that inherit from it.
    Inherited,
    /// Row-level security may hide the row that is led to, as if it led nowhere.
    Policed,
    /// Rows of this table need not refer to anything.
    NoKey(&'c Relation),
}

impl Relation {
    /// Whether no two of its own rows share a value of the column.
    pub fn is_unique(&self, column: &str) -> bool {
        let alone = |key: &[String]| key.len() == 1 && key[0] == column;
        alone(&self.primary_key) || self.unique_keys.iter().any(|key| alone(key))
    }

    /// Whether every row that has a value in `from` refers by it to a row of `target`.
    pub fn refers(&self, from: &str, target: &Relation, to: &str) -> bool {
        let never_null = |name: &String| self.column(name).is_some_and(|c| c.not_null);
        let pairs = |key: &ForeignKey| {
            // With a null in another column a key of several refers to nothing (MATCH SIMPLE).
            let binds = key.columns.iter().filter(|c| *c != from).all(never_null);
            binds && key.columns.iter().zip(&key.referenced_columns).any(|(a, b)| a == from && b == to)
        };
        self.foreign_keys.iter().any(|key| key.valid && key.references == target.oid && pairs(key))
    }
}

impl Catalog {
    /// Whether no two rows of the relation, its children included, share a value of the column.
    pub fn is_sole(&self, relation: &Relation, column: &str) -> bool {
        relation.is_unique(column) && self.binds_children(relation)
    }

    /// A key of a partitioned table holds in all of it; one of an inheritance parent does not bind its children.
    fn binds_children(&self, relation: &Relation) -> bool {
        relation.kind == RelationKind::PartitionedTable || self.children(relation.oid).is_empty()
    }

    /// Whether every row of a table, its parts included, leads by a column to one row of `target`, or to none where it is
    /// null.
    pub fn leads<'c>(
        &'c self,
        relation: &Relation,
        from: &str,
        target: &Relation,
        to: &str,
    ) -> Result<(), Unsound<'c>> {
        if !target.is_unique(to) {
            return Err(Unsound::Ambiguous);
        }
        if !self.binds_children(target) {
            return Err(Unsound::Inherited);
        }
        if target.row_security {
            return Err(Unsound::Policed);
        }
        let free = self.family(relation.oid).into_iter().find(|part| !part.refers(from, target, to));
        free.map_or(Ok(()), |part| Err(Unsound::NoKey(part)))
    }
}
