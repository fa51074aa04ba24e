//! Columns by which the policy decides about protected rows: about whom they are, and whether they are there.

use crate::engine::catalog::Oid;
use crate::engine::policy::{SubjectKind, TablePolicy};

use super::super::Analyser;

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

/// A column on the way from a table's rows to their subject.
pub struct Step<'a> {
    pub table: Oid,
    pub column: &'a str,
    /// The table that it leads to; `None`: it is led to.
    pub leads_to: Option<Oid>,
}

/// The columns on the way from a table's rows to their subject.
pub fn way<'a>(table: &'a TablePolicy, kind: &SubjectKind) -> Vec<Step<'a>> {
    let Some(path) = &table.subject else { return Vec::new() };
    let tables = std::iter::once(table.relation).chain(path.hops.iter().map(|hop| hop.table));
    let columns = path.hops.iter().map(|hop| hop.from.as_str()).chain([path.column.as_str()]);
    let next = path.hops.iter().map(|hop| hop.table).chain([kind.table]);
    let leading = tables.zip(columns).zip(next);
    let leading = leading.map(|((table, column), next)| Step { table, column, leads_to: Some(next) });
    let led_to = path.hops.iter().map(|hop| Step { table: hop.table, column: hop.to.as_str(), leads_to: None });
    leading.chain(led_to).collect()
}
