//! From a person's key to the rows of a table that lead to them, as SQL.

use tokio_postgres::GenericClient;

use crate::engine::catalog::{Catalog, Column, quote_ident};
use crate::engine::policy::{Policy, SubjectKind, SubjectPath, TablePolicy};

use super::fault::Fault;
use super::target::{column, relation, relation_of_kind};

/// `t` leads to the person whose key is the text parameter `$1`.
pub fn leads_to(catalog: &Catalog, table: &TablePolicy, path: &SubjectPath) -> Result<String, Fault> {
    let given = |key: &Column, holder: &str| {
        format!("{holder}.{} = $1::pg_catalog.text::{}", quote_ident(&key.name), key.ty.sql)
    };
    leads_to_key(catalog, table, path, &given)
}

/// `t` leads to the person whose key `is` says of the column that holds it, behind an alias.
pub fn leads_to_key(
    catalog: &Catalog,
    table: &TablePolicy,
    path: &SubjectPath,
    is: &dyn Fn(&Column, &str) -> String,
) -> Result<String, Fault> {
    let mut condition = None;
    // From the last table, which holds the key, back to this one.
    for depth in (0..=path.hops.len()).rev() {
        let alias = alias(depth);
        condition = Some(match (condition, path.hops.get(depth)) {
            (Some(inner), Some(hop)) => format!(
                "{alias}.{from} IN (SELECT {next}.{to} FROM {table} AS {next} WHERE {inner})",
                from = quote_ident(&hop.from),
                to = quote_ident(&hop.to),
                table = hop.table_name.to_sql(),
                next = self::alias(depth + 1),
            ),
            _ => is(key_column(catalog, table, path)?, &alias),
        });
    }
    condition.ok_or_else(|| Fault::new(format!("{} leads to nobody", table.name)))
}

/// `t` leads to its person through the row `row` of the table that the path's hop number `hop` goes to.
pub fn leads_through(path: &SubjectPath, hop: usize, row: &str) -> String {
    let mut condition = String::new();
    for (depth, hop) in path.hops.iter().enumerate().take(hop + 1).rev() {
        let from = format!("{}.{}", alias(depth), quote_ident(&hop.from));
        condition = match condition.is_empty() {
            true => format!("{from} = {row}.{}", quote_ident(&hop.to)),
            false => format!(
                "{from} IN (SELECT {next}.{to} FROM {table} AS {next} WHERE {condition})",
                to = quote_ident(&hop.to),
                table = hop.table_name.to_sql(),
                next = alias(depth + 1),
            ),
        };
    }
    condition
}

fn alias(depth: usize) -> String {
    if depth == 0 { "t".to_owned() } else { format!("t{depth}") }
}

fn key_column<'c>(catalog: &'c Catalog, table: &TablePolicy, path: &SubjectPath) -> Result<&'c Column, Fault> {
    let (oid, name) = match path.hops.last() {
        Some(hop) => (hop.table, &hop.table_name),
        None => (table.relation, &table.name),
    };
    column(relation(catalog, oid, &name.to_string())?, &path.column)
}

/// The policy's tables whose rows lead to a person of this kind, by name.
pub fn tables_of<'p>(policy: &'p Policy, kind: &SubjectKind) -> Vec<(&'p TablePolicy, &'p SubjectPath)> {
    let mut tables: Vec<_> = policy
        .tables
        .values()
        .filter_map(|t| t.subject.as_ref().filter(|p| p.kind == kind.name).map(|p| (t, p)))
        .collect();
    tables.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    tables
}

/// The key as PostgreSQL prints it, also when the person's own row is gone and others still lead to it.
pub async fn canonical_key(
    client: &impl GenericClient,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
) -> Result<String, Fault> {
    let ty = &column(relation_of_kind(catalog, kind)?, &kind.key)?.ty.sql;
    let sql = format!("SELECT ($1::pg_catalog.text::{ty})::pg_catalog.text");
    let row = client.query_one(&sql, &[&key]).await.map_err(|e| bad_key(e.into()))?;
    Ok(row.try_get::<_, Option<String>>(0)?.unwrap_or_default())
}

/// Says what became of a key that is none.
pub fn bad_key(fault: Fault) -> Fault {
    match fault.sqlstate.as_deref() {
        Some("22P02" | "22003" | "22007" | "22008") => Fault::new("the key does not fit the type of the subject's key"),
        _ => fault,
    }
}
