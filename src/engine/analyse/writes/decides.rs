//! Columns by which the policy decides about protected rows: about whom they are, and whether they are there.

use crate::engine::catalog::Oid;
use crate::engine::policy::{SubjectKind, TablePolicy};

use super::super::Analyser;

/// A table and its column.
type Place<'a> = (Oid, &'a str);

impl Analyser<'_> {
    /// Whether a column of a stored table decides which rows are there: of that table, or of its subjects.
    pub fn decides(&self, table: Oid, column: &str) -> bool {
        let policy = &self.engine.policy;
        let of_person = policy.subjects.values().filter(|kind| self.is_part(table, kind.table)).any(|kind| {
            kind.key == column || kind.restricted_when.as_ref().is_some_and(|restricted| restricted.reads(column))
        });
        let since = |t: &TablePolicy| t.retention.as_ref().is_some_and(|r| r.since == column);
        let by_row = policy
            .tables
            .values()
            .filter(|t| self.is_part(table, t.relation))
            .any(|t| since(t) || self.role.rows.get(&t.relation).is_some_and(|rows| rows.reads(column)));
        of_person || by_row
    }

    /// Whether a relation is a table, or one of its partitions and inheritance children.
    pub fn is_part(&self, relation: Oid, table: Oid) -> bool {
        self.engine.catalog.family(table).iter().any(|r| r.oid == relation)
    }

    /// Whether some purpose of the role sees people whom others of its purposes do not see, for they are restricted.
    pub fn sees_restricted(&self, kind: &SubjectKind) -> bool {
        kind.restricted_when.is_some() && self.purposes().any(|p| p.basis.sees_restricted())
    }
}

/// The columns on the way from a table's rows to their subject.
pub fn way(table: &TablePolicy) -> Vec<Place<'_>> {
    let Some(path) = &table.subject else { return Vec::new() };
    let tables = std::iter::once(table.relation).chain(path.hops.iter().map(|hop| hop.table));
    let leading = path.hops.iter().map(|hop| hop.from.as_str()).chain([path.column.as_str()]);
    let keys = path.hops.iter().map(|hop| (hop.table, hop.to.as_str()));
    tables.zip(leading).chain(keys).collect()
}
