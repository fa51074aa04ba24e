//! What the policy makes of columns: which say whether a row is there, or whose it is, and must stay for that.

use crate::engine::catalog::{Catalog, Oid, Relation};
use crate::engine::policy::{Policy, SubjectKind, TablePolicy};

use super::fault::Fault;
use super::target;

/// A policy and the catalog that it was resolved against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub policy: &'a Policy,
    pub catalog: &'a Catalog,
}

impl<'a> Rules<'a> {
    /// What the catalog says of a table of the policy.
    pub(super) fn relation(&self, table: &TablePolicy) -> Result<&'a Relation, Fault> {
        target::relation(self.catalog, table.relation, &table.name.to_string())
    }

    /// The column and those that PostgreSQL computes from it: they change with it.
    pub(super) fn follow(&self, table: Oid, column: &str) -> Vec<String> {
        let computed = self.catalog.family(table).into_iter().flat_map(|r: &Relation| &r.columns);
        let computed = computed.filter(|c| c.computed_from.iter().any(|from| from == column));
        std::iter::once(column.to_owned()).chain(computed.map(|c| c.name.clone())).collect()
    }

    /// Whether it depends on the column, or on what is computed from it, if a row is there, or whose it is. A plain link
    /// does not count: a null in it leads to nobody, and such rows are not shown; what is computed of a null is not known.
    pub(super) fn decides(&self, table: Oid, column: &str) -> bool {
        let holds = |column: &str| {
            let reads = |t: &TablePolicy| t.hold_when.as_ref().is_some_and(|when| when.reads(column));
            self.policy.tables.values().any(|t| self.is_of(table, t.relation) && reads(t))
        };
        let is_key = |kind: &SubjectKind| self.is_of(table, kind.table) && kind.key == column;
        self.policy.subjects.values().any(is_key)
            || self.follow(table, column).iter().any(|followed| {
                let computed_link = followed != column && self.is_link(table, followed);
                computed_link || self.settles(table, followed) || holds(followed)
            })
    }

    /// Whether rows are there, or shown to a role, by what the column itself holds.
    pub(super) fn settles(&self, table: Oid, column: &str) -> bool {
        let mut sources = self.policy.consent_sources();
        let is_since =
            |t: &TablePolicy| self.is_of(table, t.relation) && t.retention.as_ref().is_some_and(|r| r.since == column);
        let mut filters = self.policy.roles.values().flat_map(|role| &role.rows);
        sources.any(|s| self.is_of(table, s.table) && s.columns().any(|mapped| mapped == column))
            || self.restricts(table, column)
            || self.policy.tables.values().any(is_since)
            || filters.any(|(oid, rows)| self.is_of(table, *oid) && rows.reads(column))
    }

    /// Whether rows lead to their person by the column, or to it.
    pub(super) fn is_link(&self, table: Oid, column: &str) -> bool {
        let own = |t: &TablePolicy| {
            let first = t.subject.as_ref().map(|path| path.hops.first().map_or(&path.column, |hop| &hop.from));
            self.is_of(table, t.relation) && first.is_some_and(|first| first == column)
        };
        self.policy.tables.values().any(own) || self.leads_others(table, column)
    }

    /// Whether rows of other tables lead to their person by the column, or to it. The tables on their way have the rest
    /// of it as their own (`policy/resolve/path.rs`).
    pub(super) fn leads_others(&self, table: Oid, column: &str) -> bool {
        let by_path = |t: &TablePolicy| {
            let Some(path) = &t.subject else { return false };
            let from = path.hops.iter().skip(1).map(|hop| &hop.from).chain([&path.column]);
            let mut on = path.hops.iter().zip(from);
            on.any(|(hop, from)| self.is_of(table, hop.table) && (hop.to == column || from == column))
        };
        let is_key = |kind: &SubjectKind| self.is_of(table, kind.table) && kind.key == column;
        self.policy.tables.values().any(by_path) || self.policy.subjects.values().any(is_key)
    }

    fn restricts(&self, table: Oid, column: &str) -> bool {
        let reads = |kind: &SubjectKind| kind.restricted_when.as_ref().is_some_and(|when| when.reads(column));
        self.policy.subjects.values().any(|kind| self.is_of(table, kind.table) && reads(kind))
    }

    /// Whether rows of one of them may be rows of the other: partitions, inheritance.
    pub(super) fn is_of(&self, a: Oid, b: Oid) -> bool {
        let family = |above: Oid, below: Oid| self.catalog.family(above).iter().any(|r| r.oid == below);
        a == b || family(a, b) || family(b, a)
    }
}
