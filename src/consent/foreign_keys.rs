//! Foreign keys as erasing must know them: what becomes of the rows that refer to a deleted one.

use std::collections::BTreeSet;

use tokio_postgres::GenericClient;

use crate::engine::catalog::{Oid, QualifiedName, quote_ident};

use super::fault::Fault;

/// `ON DELETE` (`pg_constraint.confdeltype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// NO ACTION, RESTRICT: a row that is referred to cannot go.
    Refuse,
    /// The referring row goes too.
    Cascade,
    /// SET NULL, SET DEFAULT: the referring row stays and is changed.
    Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub child: Oid,
    pub child_name: QualifiedName,
    pub parent: Oid,
    pub parent_name: QualifiedName,
    /// (column of the child, column of the parent)
    pub columns: Vec<(String, String)>,
    pub on_delete: OnDelete,
}

impl ForeignKey {
    /// `c.x = p.y AND …`: the row `child` refers to the row `parent` (a null in it refers to nothing: MATCH SIMPLE).
    pub fn matches(&self, child: &str, parent: &str) -> String {
        let pairs: Vec<String> = self
            .columns
            .iter()
            .map(|(c, p)| format!("{child}.{} = {parent}.{}", quote_ident(c), quote_ident(p)))
            .collect();
        pairs.join(" AND ")
    }
}

/// Every foreign key of the database, partitioned tables once (not again for each partition).
pub async fn load(client: &impl GenericClient) -> Result<Vec<ForeignKey>, Fault> {
    let columns = |oid: &str, keys: &str| {
        format!(
            "(SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY k.place)
                FROM pg_catalog.unnest({keys}) WITH ORDINALITY AS k (number, place)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = {oid} AND a.attnum = k.number)"
        )
    };
    let sql = format!(
        "SELECT f.conrelid, cn.nspname::pg_catalog.text, c.relname::pg_catalog.text,
                f.confrelid, pn.nspname::pg_catalog.text, p.relname::pg_catalog.text,
                f.confdeltype::pg_catalog.text, {child}, {parent}
           FROM pg_catalog.pg_constraint AS f
           JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
           JOIN pg_catalog.pg_class AS p ON p.oid = f.confrelid JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
          WHERE f.contype = 'f' AND f.conparentid = 0
          ORDER BY 2, 3, 5, 6, f.conname",
        child = columns("f.conrelid", "f.conkey"),
        parent = columns("f.confrelid", "f.confkey"),
    );
    let mut keys = Vec::new();
    for row in client.query(&sql, &[]).await? {
        let (child, parent): (Vec<String>, Vec<String>) = (row.try_get(7)?, row.try_get(8)?);
        keys.push(ForeignKey {
            child: row.try_get(0)?,
            child_name: QualifiedName::new(row.try_get::<_, String>(1)?, row.try_get::<_, String>(2)?),
            parent: row.try_get(3)?,
            parent_name: QualifiedName::new(row.try_get::<_, String>(4)?, row.try_get::<_, String>(5)?),
            columns: child.into_iter().zip(parent).collect(),
            on_delete: on_delete(row.try_get(6)?)?,
        });
    }
    Ok(keys)
}

fn on_delete(code: &str) -> Result<OnDelete, Fault> {
    match code {
        "a" | "r" => Ok(OnDelete::Refuse),
        "c" => Ok(OnDelete::Cascade),
        "n" | "d" => Ok(OnDelete::Change),
        other => Err(Fault::new(format!("foreign key action \"{other}\" is not known"))),
    }
}

/// `tables` with every table behind those that refer to it, as far as there is such an order (cycles have none).
pub fn children_first(tables: &[Oid], keys: &[ForeignKey]) -> Vec<Oid> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for table in tables {
        visit(*table, tables, keys, &mut seen, &mut order);
    }
    order
}

fn visit(table: Oid, tables: &[Oid], keys: &[ForeignKey], seen: &mut BTreeSet<Oid>, order: &mut Vec<Oid>) {
    if !seen.insert(table) {
        return;
    }
    for key in keys.iter().filter(|k| k.parent == table) {
        visit(key.child, tables, keys, seen, order);
    }
    if tables.contains(&table) {
        order.push(table);
    }
}
