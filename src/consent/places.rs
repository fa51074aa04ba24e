//! Where marked rows are: those that change within the transaction are at another place then.
//!
//! PostgreSQL tells the new place of a row (`currtid2`) to whoever may read the very table that holds it. The rights that
//! reading it through its partitioned table takes, or through one that it inherits from, are not enough; nor does it tell of
//! one that has moved to another partition. So what this login changes itself is followed as it is changed. What a trigger,
//! rule or foreign key changes where it may not read cannot be followed, and nothing is done then.

use std::collections::BTreeSet;

use tokio_postgres::{GenericClient, Transaction};

use crate::engine::catalog::{FIRST_NORMAL_OID, Oid};

use super::fault::Fault;
use super::sweep::{FILES, KEPT, MARKED, Sweep, at, is};

/// Tables that this login may read at most through others; PostgreSQL's own, of which no row is marked, aside.
const UNREADABLE: &str = "SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.relkind = 'r' AND c.oid >= $1
    AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'))";

pub(super) async fn unreadable(client: &impl GenericClient) -> Result<BTreeSet<Oid>, Fault> {
    let rows = client.query(UNREADABLE, &[&FIRST_NORMAL_OID]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Notes in which file each table is of which rows are marked or kept.
pub(super) async fn remember_files(tx: &Transaction<'_>) -> Result<(), Fault> {
    let sql = format!(
        "TRUNCATE {FILES}; INSERT INTO {FILES} SELECT rel, pg_catalog.pg_relation_filenode(rel)
           FROM (SELECT rel FROM {MARKED} UNION SELECT rel FROM {KEPT}) AS marks"
    );
    Ok(tx.batch_execute(&sql).await?)
}

impl Sweep<'_> {
    /// `update`, which changes rows `t` of the table by their marks `mark`, so that the marks are where the rows are then.
    pub(super) fn followed(&self, table: Oid, update: String, marks: &str, mark: &str) -> String {
        if self.rules.catalog.family(table).iter().all(|part| part.oid == table && !self.unreadable.contains(&table)) {
            return update;
        }
        format!(
            "WITH now AS ({update} RETURNING {mark}.rel AS old_rel, {mark}.tid AS old_tid, t.tableoid, t.ctid)
             UPDATE {marks} AS m SET rel = now.tableoid, tid = now.ctid, moved = true FROM now
              WHERE m.rel OPERATOR(pg_catalog.=) now.old_rel AND m.tid OPERATOR(pg_catalog.=) now.old_tid"
        )
    }

    /// Rows that were changed since they were marked or kept, by triggers and foreign keys of this transaction, are where
    /// they are now. (Foreign tables tell no such thing.) Those of a table that a trigger emptied by TRUNCATE are gone: where
    /// they were, there may be another row.
    pub(super) async fn find_again(&self, tx: &Transaction<'_>, marks: &str) -> Result<(), Fault> {
        let truncated = format!(
            "DELETE FROM {marks} AS m USING {FILES} AS f
              WHERE f.rel = m.rel AND pg_catalog.pg_relation_filenode(f.rel) IS DISTINCT FROM f.file"
        );
        tx.execute(&truncated, &[]).await?;
        let unreadable: Vec<Oid> = self.unreadable.iter().copied().collect();
        let sql = format!(
            "UPDATE {marks} AS m SET tid = now.tid, moved = true
               FROM (SELECT m.ctid, pg_catalog.currtid2(m.rel::pg_catalog.regclass::pg_catalog.text, m.tid) AS tid
                       FROM {marks} AS m JOIN pg_catalog.pg_class AS c ON c.oid = m.rel AND c.relkind = 'r'
                      WHERE m.rel <> ALL ($1)) AS now
              WHERE now.ctid = m.ctid AND now.tid <> m.tid"
        );
        tx.execute(&sql, &[&unreadable]).await?;
        if unreadable.is_empty() { Ok(()) } else { self.none_is_lost(tx, marks, &unreadable).await }
    }

    /// Refuses where a row is no longer at its place, and may be at another: one that this transaction has made.
    async fn none_is_lost(&self, tx: &Transaction<'_>, marks: &str, unreadable: &[Oid]) -> Result<(), Fault> {
        let due = if marks == KEPT { "m.fresh" } else { "true" };
        let sql = format!("SELECT DISTINCT root, rel FROM {marks} AS m WHERE {due} AND m.rel = ANY ($1)");
        for row in tx.query(&sql, &[&unreadable]).await? {
            let (root, part): (Oid, Oid) = (row.try_get(0)?, row.try_get(1)?);
            let table = self.name(root)?.to_sql();
            // What others made is visible to this transaction, by its isolation, only where it is older.
            let sql = format!(
                "SELECT EXISTS (SELECT FROM {marks} AS m WHERE {due} AND m.root = {root} AND m.rel = {part}
                                   AND NOT EXISTS (SELECT FROM {table} AS t WHERE {}))
                    AND EXISTS (SELECT FROM {table} AS t WHERE t.tableoid = {part} AND pg_catalog.age(t.xmin) <= 0
                                   AND NOT EXISTS (SELECT FROM {marks} AS m WHERE {}))",
                at("m", root, "t"),
                is("m", "t")
            );
            if tx.query_one(&sql, &[]).await?.try_get(0)? {
                let part = self.name(part)?;
                return Err(Fault::new(format!(
                    "nothing was done: rows of {part} that were to go were changed by a trigger, rule or foreign key, and this \
                     login cannot follow them"
                ))
                .hint(format!("GRANT SELECT ON {} to it, and USAGE on its schema", part.to_sql())));
            }
        }
        Ok(())
    }
}
