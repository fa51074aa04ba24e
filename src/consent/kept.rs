//! A row that was to be deleted and cannot be, because rows that stay refer to it, is emptied as far as it can be: that
//! others need the row is no reason to keep what it says of a person. A legal hold is one: what the held row hangs on stays
//! whole. Nor is emptied what others refer to or lead by, and what decides whether the row is there, or goes.

use std::collections::BTreeSet;

use serde::Serialize;
use tokio_postgres::Transaction;

use crate::engine::catalog::{Column, Oid};
use crate::engine::policy::erasing::holds_choices;
use crate::engine::policy::{ColumnUse, TablePolicy};

use super::emptying::{emptying, lacking};
use super::erasure::Run;
use super::fault::Fault;
use super::foreign_keys::ForeignKey;
use super::meanwhile::was_changed;
use super::sweep::{KEPT, Sweep, at, not_held};
use super::target::relation;

/// Rows that stay and have lost what they said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Emptied {
    pub table: String,
    pub rows: u64,
    /// Columns that are as they were: needed by other rows or by the policy, or not listed.
    pub left: Vec<String>,
    /// Why the database did not let all that others do not need be emptied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Rows that were kept, and what refers to them: `bound` ones are under a hold, or referred to by one that is bound.
pub(super) const BELOW: &str = "pg_temp.consentry_below";

impl Sweep<'_> {
    /// Empties the rows that were found to be kept since the last time.
    pub(super) async fn empty_kept(&self, tx: &Transaction<'_>, run: Run) -> Result<Vec<Emptied>, Fault> {
        self.find_bound(tx).await?;
        let mut all = Vec::new();
        let kept = format!("SELECT DISTINCT root FROM {KEPT} WHERE fresh AND NOT along");
        for row in tx.query(&kept, &[]).await? {
            if let Some(table) = self.rules.policy.tables.get(&row.try_get(0)?) {
                all.extend(self.empty_kept_of(tx, table, run).await?);
            }
        }
        all.retain(|emptied| emptied.rows > 0 || emptied.failed.is_some());
        all.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(all)
    }

    async fn empty_kept_of(
        &self,
        tx: &Transaction<'_>,
        table: &TablePolicy,
        run: Run,
    ) -> Result<Option<Emptied>, Fault> {
        let Some(losable) = self.losable(table)? else { return Ok(None) };
        let left = self.left(table, &losable)?;
        let (free, stuck) = self.defaults.parted(table.relation, losable);
        let rows = self.count_kept(tx, table, &free).await?;
        let mut told = Emptied { table: table.name.to_string(), rows, left, failed: None };
        if self.count_kept(tx, table, &stuck).await? > 0 {
            told.failed = lacking(&stuck);
        }
        if run == Run::ForGood && rows > 0 {
            let (name, from, which) = (table.name.to_sql(), fresh(), self.kept_with(table, &free));
            let sql = format!("UPDATE {name} AS t SET {} FROM {from} WHERE {which}", emptying(&free));
            match self.change(tx, &sql).await {
                Ok(_) => {}
                // A constraint or trigger that wants a value.
                Err(fault) if fault.sqlstate.is_some() && !was_changed(&fault) => {
                    (told.rows, told.failed) = (0, Some(fault.to_string()));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(Some(told))
    }

    /// Tells of what is there still, after all triggers, and is done with these rows.
    pub(super) async fn see_emptied(&self, tx: &Transaction<'_>, all: &mut [Emptied]) -> Result<(), Fault> {
        for table in self.rules.policy.tables.values() {
            let name = table.name.to_string();
            let Some(told) = all.iter_mut().find(|t| t.table == name && t.rows > 0) else { continue };
            let (free, _) = self.defaults.parted(table.relation, self.losable(table)?.unwrap_or_default());
            let left = self.count_kept(tx, table, &free).await?;
            if left > 0 {
                told.failed = Some(format!("a trigger or rule keeps what {left} of them say"));
            }
            told.rows = told.rows.saturating_sub(left);
        }
        Ok(tx.batch_execute(&format!("UPDATE {KEPT} SET fresh = false WHERE fresh; TRUNCATE {BELOW}")).await?)
    }

    /// How many rows that are kept and may be emptied hold something in these columns.
    async fn count_kept(&self, tx: &Transaction<'_>, table: &TablePolicy, columns: &[&Column]) -> Result<u64, Fault> {
        let (name, from, which) = (table.name.to_sql(), fresh(), self.kept_with(table, columns));
        let sql = format!("SELECT pg_catalog.count(*) FROM {name} AS t, {from} WHERE {which}");
        Ok(tx.query_one(&sql, &[]).await?.try_get::<_, i64>(0)?.unsigned_abs())
    }

    fn kept_with(&self, table: &TablePolicy, columns: &[&Column]) -> String {
        let (at, bound) = (at("k", table.relation, "t"), at("b", table.relation, "t"));
        let filled = self.defaults.filled(table.relation, columns, "t");
        format!("{at} AND {filled} AND NOT EXISTS (SELECT FROM {BELOW} AS b WHERE b.bound AND {bound})")
    }

    /// The row `t`, if it is kept, still has what it is to lose; `None`: such rows stay whole.
    pub(super) fn kept_has_value(&self, table: &TablePolicy) -> Result<Option<String>, Fault> {
        Ok(self.losable(table)?.map(|columns| self.defaults.filled(table.relation, &columns, "t")))
    }

    /// The columns that a row is to lose that must stay; `None`: such rows stay whole.
    fn losable(&self, table: &TablePolicy) -> Result<Option<Vec<&Column>>, Fault> {
        if holds_choices(self.rules.catalog, self.rules.policy, table.relation) {
            return Ok(None);
        }
        let relation = relation(self.rules.catalog, table.relation, &table.name.to_string())?;
        let referred = |column: &str| {
            let to = |k: &ForeignKey| k.columns.iter().any(|(_, parent)| parent == column);
            self.keys.iter().any(|k| k.parent.table == table.relation && to(k))
        };
        let losable = relation.columns.iter().filter(|c| {
            let name = c.name.as_str();
            let needed =
                self.rules.decides(table.relation, name) || self.rules.is_link(table.relation, name) || referred(name);
            table.is_personal(c) && !needed
        });
        Ok(Some(losable.collect()))
    }

    /// The columns with personal values that a row keeps that must stay, and those of which nobody knows.
    fn left(&self, table: &TablePolicy, losable: &[&Column]) -> Result<Vec<String>, Fault> {
        let relation = relation(self.rules.catalog, table.relation, &table.name.to_string())?;
        let left = relation.columns.iter().filter(|c| {
            let open = matches!(table.columns.get(&c.name), Some(ColumnUse::Open));
            // What is computed follows the others.
            !open && !c.computed && !losable.iter().any(|l| l.name == c.name)
        });
        Ok(left.map(|c| c.name.clone()).collect())
    }

    /// Finds which of the kept rows a row under hold hangs on.
    async fn find_bound(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        let keys = self.keys_to_holds();
        if keys.is_empty() {
            return Ok(());
        }
        let start =
            format!("INSERT INTO {BELOW} SELECT DISTINCT root, rel, tid, false FROM {KEPT} WHERE fresh AND NOT along");
        let mut added = tx.execute(&start, &[]).await?;
        while added > 0 {
            tx.batch_execute(&format!("ANALYZE {BELOW}")).await?;
            added = 0;
            for key in &keys {
                let policy = self.rules.policy.tables.get(&key.child.table);
                let free = policy.map_or("true".to_owned(), |table| not_held(table, "c"));
                let sql = format!(
                    "INSERT INTO {BELOW} SELECT {table}, c.tableoid, c.ctid, NOT ({free})
                       FROM {parent} AS p JOIN {BELOW} AS b ON {at_parent} JOIN {child} AS c ON {matches}
                      WHERE {stays} ON CONFLICT DO NOTHING",
                    table = key.child.table,
                    parent = key.parent.source,
                    at_parent = at("b", key.parent.table, "p"),
                    child = key.child.source,
                    matches = key.matches("c", "p"),
                    stays = self.refers_still(key)?,
                );
                added += tx.execute(&sql, &[]).await?;
            }
        }
        let mut bound = 1;
        while bound > 0 {
            bound = 0;
            for key in &keys {
                let sql = format!(
                    "UPDATE {BELOW} AS b SET bound = true FROM {parent} AS p
                      WHERE NOT b.bound AND {at_parent} AND EXISTS (SELECT FROM {child} AS c JOIN {BELOW} AS h ON {at_child} AND h.bound
                                                                     WHERE {matches})",
                    parent = key.parent.source,
                    at_parent = at("b", key.parent.table, "p"),
                    child = key.child.source,
                    at_child = at("h", key.child.table, "c"),
                    matches = key.matches("c", "p"),
                );
                bound += tx.execute(&sql, &[]).await?;
            }
        }
        Ok(())
    }

    /// The foreign keys on ways up from tables where rows may be under hold.
    fn keys_to_holds(&self) -> Vec<&ForeignKey> {
        let holding = self.rules.policy.tables.values().filter(|t| t.hold_when.is_some()).map(|t| t.relation);
        let mut tables: BTreeSet<Oid> = holding.collect();
        loop {
            let parents = self.keys.iter().filter(|k| tables.contains(&k.child.table)).map(|k| k.parent.table);
            let more: Vec<Oid> = parents.filter(|parent| !tables.contains(parent)).collect();
            if more.is_empty() {
                return self.keys.iter().filter(|k| tables.contains(&k.child.table)).collect();
            }
            tables.extend(more);
        }
    }
}

/// Rows that were found to be kept since the last time.
fn fresh() -> String {
    format!("(SELECT DISTINCT root, rel, tid FROM {KEPT} WHERE fresh AND NOT along) AS k")
}
