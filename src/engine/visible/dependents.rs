//! Tables whose rows lead to their subject through a row of another table: whoever changes where that row leads moves them.

use crate::engine::catalog::{Catalog, Oid, Relation};
use crate::engine::policy::{Policy, SubjectPath, TablePolicy};
use crate::engine::refusal::Refusal;

use super::sql::Names;
use super::subject::{Subject, check_way};
use super::{Sight, View, cells, relation_of};

/// A table behind a row of another, with the rest of its way from there.
pub struct Dependent<'a> {
    pub table: &'a TablePolicy,
    /// The table that refers to the one in the middle: itself, or one on its way.
    pub by: Oid,
    pub through: Oid,
    /// The column of the table in the middle that its rows refer to.
    pub key: &'a str,
    /// From the table in the middle on.
    pub rest: SubjectPath,
}

impl Dependent<'_> {
    /// Each of its rows leads to one person still, or to none.
    pub fn check(&self, catalog: &Catalog, policy: &Policy) -> Result<(), Refusal> {
        let Some(path) = &self.table.subject else { return Ok(()) };
        check_way(catalog, policy, path, relation_of(catalog, self.table.relation)?).map(|_| ())
    }

    /// The column of the table in the middle that leads on.
    pub fn link(&self) -> &str {
        self.rest.hops.first().map_or(self.rest.column.as_str(), |hop| hop.from.as_str())
    }
}

/// The tables of the policy whose rows lead to somebody through rows of `table`.
pub fn dependents<'a>(policy: &'a Policy, table: Oid) -> impl Iterator<Item = Dependent<'a>> {
    policy.tables_by_name().into_iter().filter_map(move |other| {
        let path = other.subject.as_ref()?;
        let at = path.hops.iter().position(|hop| hop.table == table)?;
        let rest = SubjectPath {
            kind: path.kind.clone(),
            hops: path.hops.get(at + 1..)?.to_vec(),
            column: path.column.clone(),
        };
        let by = at.checked_sub(1).and_then(|i| path.hops.get(i)).map_or(other.relation, |hop| hop.table);
        Some(Dependent { table: other, by, through: table, key: &path.hops.get(at)?.to, rest })
    })
}

/// What must be true of a row of `table`, behind `alias`, for nothing of what depends on it to be uncovered by moving it to
/// another subject: every condition under which cells of theirs are shown.
pub fn movable(
    sight: Sight<'_>,
    table: &TablePolicy,
    relation: &Relation,
    alias: &str,
) -> Result<Vec<String>, Refusal> {
    let Sight { catalog, policy, .. } = sight;
    let names = Names::beside(alias);
    let mut all = Vec::new();
    for dependent in dependents(policy, table.relation) {
        let here = TablePolicy { subject: Some(dependent.rest), ..table.clone() };
        let subject = Subject::of(catalog, policy, &here, relation, alias, &names)?;
        let relation = relation_of(catalog, dependent.table.relation)?;
        let table = dependent.table;
        let view = View { sight, table, relation, alias, subject, joins: None };
        for condition in cells::choices(&view)? {
            if !all.contains(&condition) {
                all.push(condition);
            }
        }
    }
    Ok(all)
}
