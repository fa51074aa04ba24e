//! From a person's key to the rows of a table that lead to them, as SQL: those that lead to them in visible tables.

use std::collections::BTreeSet;

use tokio_postgres::GenericClient;

use crate::engine::catalog::{Catalog, Column, Oid, QualifiedName, Relation};
use crate::engine::policy::{Hop, Policy, SubjectKind, SubjectPath, TablePolicy};
use crate::engine::visible::sql::same_key;

use super::fault::Fault;
use super::key::Key;
use super::target::{column, relation};

/// `t` leads to the person of this kind whose key is the text parameter `$1`.
pub fn leads_to(
    catalog: &Catalog,
    kind: &SubjectKind,
    table: &TablePolicy,
    path: &SubjectPath,
) -> Result<String, Fault> {
    let key = Key::of(catalog, kind)?;
    leads_to_key(catalog, table, path, &|holder, alias| key.is_in(alias, holder))
}

/// `t` leads to the person whose key `is` says of the column that holds it, behind an alias.
pub fn leads_to_key(
    catalog: &Catalog,
    table: &TablePolicy,
    path: &SubjectPath,
    is: &dyn Fn(&Column, &str) -> String,
) -> Result<String, Fault> {
    let (holder, _) = at(catalog, table, path, path.hops.len())?;
    let condition = is(column(holder, &path.column)?, &alias(path.hops.len()));
    along(catalog, table, path, path.hops.len(), condition)
}

/// `t` leads to its person through the row `row` of the table that the path's hop number `hop` goes to.
pub fn leads_through(
    catalog: &Catalog,
    table: &TablePolicy,
    path: &SubjectPath,
    hop: usize,
    row: &str,
) -> Result<String, Fault> {
    let (link, here) = (step(catalog, table, path, hop)?, alias(hop));
    along(catalog, table, path, hop, same_key((row, link.to), (&here, link.from)))
}

/// `t` leads to a row behind the alias of `depth` for which `condition` holds.
fn along(
    catalog: &Catalog,
    table: &TablePolicy,
    path: &SubjectPath,
    depth: usize,
    condition: String,
) -> Result<String, Fault> {
    let mut condition = condition;
    for hop in (0..depth).rev() {
        let (link, here, next) = (step(catalog, table, path, hop)?, alias(hop), alias(hop + 1));
        condition = format!(
            "EXISTS (SELECT FROM {} AS {next} WHERE {} AND {condition})",
            link.table.to_sql(),
            same_key((&next, link.to), (&here, link.from))
        );
    }
    Ok(condition)
}

/// What hop number `hop` of a path leads by.
struct Step<'c> {
    from: &'c Column,
    to: &'c Column,
    table: &'c QualifiedName,
}

fn step<'c>(catalog: &'c Catalog, table: &TablePolicy, path: &SubjectPath, hop: usize) -> Result<Step<'c>, Fault> {
    let ((here, hop), (there, _)) = (at(catalog, table, path, hop)?, at(catalog, table, path, hop + 1)?);
    let hop = hop.ok_or_else(|| Fault::new(format!("{} leads to nobody", table.name)))?;
    Ok(Step { from: column(here, &hop.from)?, to: column(there, &hop.to)?, table: &there.name })
}

/// The table that a path has come to after `depth` hops, and the next of these.
fn at<'c, 'p>(
    catalog: &'c Catalog,
    table: &TablePolicy,
    path: &'p SubjectPath,
    depth: usize,
) -> Result<(&'c Relation, Option<&'p Hop>), Fault> {
    let last = depth.checked_sub(1).and_then(|last| path.hops.get(last));
    let (oid, name) = last.map_or((table.relation, &table.name), |hop| (hop.table, &hop.table_name));
    Ok((relation(catalog, oid, &name.to_string())?, path.hops.get(depth)))
}

fn alias(depth: usize) -> String {
    if depth == 0 { "t".to_owned() } else { format!("t{depth}") }
}

/// Materialized views that were never filled: PostgreSQL does not read them.
const UNFILLED: &str = "SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'm' AND NOT relispopulated";

/// The views of which nothing is asked: they have no rows because nothing has filled them.
pub(super) async fn unfilled(client: &impl GenericClient) -> Result<BTreeSet<Oid>, Fault> {
    let rows = client.query(UNFILLED, &[]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// The policy's tables whose rows lead to a person of this kind, by name; without what is `unfilled`.
pub(super) fn tables_of<'p>(
    policy: &'p Policy,
    kind: &SubjectKind,
    unfilled: &BTreeSet<Oid>,
) -> Vec<(&'p TablePolicy, &'p SubjectPath)> {
    let mut tables: Vec<_> = policy
        .tables
        .values()
        .filter(|t| !unfilled.contains(&t.relation))
        .filter_map(|t| t.subject.as_ref().filter(|p| p.kind == kind.name).map(|p| (t, p)))
        .collect();
    tables.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    tables
}
