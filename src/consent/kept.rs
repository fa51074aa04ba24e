//! A row that was to be deleted and cannot be, because rows that stay refer to it, is emptied as far as it can be: that
//! others need the row is no reason to keep what it says of a person. A legal hold is one: what the held row hangs on stays
//! whole. Nor is emptied what others refer to or lead by, and what decides whether the row is there, or goes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tokio_postgres::{Client, Transaction};

use crate::engine::catalog::{Column, Oid};
use crate::engine::policy::erasing::holds_choices;
use crate::engine::policy::{ColumnUse, TablePolicy};

use super::emptying::{Defaults, emptying};
use super::erasure::Run;
use super::fault::Fault;
use super::foreign_keys::ForeignKey;
use super::left::keeps;
use super::sweep::{KEPT, Sweep, at, not_held};

/// Rows that stay and have lost what they could of what they said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Emptied {
    pub table: String,
    pub rows: u64,
    /// Columns that are as they were: needed by other rows or by the policy, generated, or not listed.
    pub left: Vec<String>,
    /// Why the database did not let all that others do not need be emptied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Emptied {
    /// Whether all that others do not need could be emptied.
    pub fn is_whole(&self) -> bool {
        self.failed.is_none()
    }
}

/// Rows that were kept, and what refers to them: `bound` ones are under a hold, or referred to by one that is bound.
pub(super) const BELOW: &str = "pg_temp.consentry_below";

/// A table with rows that are kept.
struct Kept<'s> {
    table: &'s TablePolicy,
    /// The columns that the rows lose.
    free: Vec<&'s Column>,
    defaults: Defaults,
    told: Emptied,
}

impl Kept<'_> {
    /// `t` is the row of `k`, may be emptied, and holds something in these columns.
    fn which(&self, columns: &[&Column]) -> String {
        format!("{} AND {}", self.is_free(), self.defaults.filled(self.table.relation, columns, "t"))
    }

    fn is_free(&self) -> String {
        let (at, bound) = (at("k", self.table.relation, "t"), at("b", self.table.relation, "t"));
        format!("{at} AND NOT EXISTS (SELECT FROM {BELOW} AS b WHERE b.bound AND {bound})")
    }

    /// In how many columns that it is to lose the row `t` holds something.
    fn says(&self) -> String {
        let one = |column: &&Column| {
            format!("({})::pg_catalog.int4", self.defaults.filled(self.table.relation, &[column], "t"))
        };
        self.free.iter().map(one).chain(["0".to_owned()]).collect::<Vec<_>>().join(" + ")
    }

    async fn count(&self, tx: &Transaction<'_>, which: &str) -> Result<u64, Fault> {
        let sql =
            format!("SELECT pg_catalog.count(*) FROM {} AS t, {} WHERE {which}", self.table.name.to_sql(), fresh());
        Ok(tx.query_one(&sql, &[]).await?.try_get::<_, i64>(0)?.unsigned_abs())
    }
}

impl Sweep<'_> {
    /// Empties the rows that were found to be kept since the last time, as far as the database lets them be, and is done with
    /// them. Nothing else waits for COMMIT.
    pub(super) async fn empty_kept(&self, tx: &Transaction<'_>, run: Run) -> Result<Vec<Emptied>, Fault> {
        self.find_bound(tx).await?;
        let mut all = Vec::new();
        let kept = format!("SELECT DISTINCT root FROM {KEPT} WHERE fresh AND NOT along");
        for row in tx.query(&kept, &[]).await? {
            if let Some(table) = self.rules.policy.tables.get(&row.try_get(0)?) {
                all.extend(self.kept_of(tx, table).await?);
            }
        }
        if run == Run::ForGood {
            self.empty_all(tx, &mut all).await?;
        }
        let mut told: Vec<Emptied> = all.into_iter().map(|kept| kept.told).collect();
        told.retain(|emptied| emptied.rows > 0 || !emptied.is_whole());
        told.sort_by(|a, b| a.table.cmp(&b.table));
        tx.batch_execute(&format!("UPDATE {KEPT} SET fresh = false WHERE fresh; TRUNCATE {BELOW}")).await?;
        Ok(told)
    }

    /// The statement that empties these columns of the rows of `from`, an item of FROM with the name `k`.
    fn emptying(&self, kept: &Kept<'_>, columns: &[&Column], from: &str) -> String {
        let (name, which) = (kept.table.name.to_sql(), kept.which(columns));
        let update = format!("UPDATE {name} AS t SET {} FROM {from} WHERE {which}", emptying(columns));
        self.followed(kept.table.relation, update, KEPT, "k")
    }

    /// What is to be emptied of a table, and what cannot be.
    async fn kept_of<'s>(&'s self, tx: &Transaction<'_>, table: &'s TablePolicy) -> Result<Option<Kept<'s>>, Fault> {
        let Some(losable) = self.losable(table)? else { return Ok(None) };
        let left = self.left(table, &losable)?;
        let defaults = Defaults::load(tx, &with_table(table, &losable)).await?;
        let (free, stuck) = defaults.parted(table.relation, losable);
        let told = Emptied { table: table.name.to_string(), rows: 0, left, failed: None };
        let mut kept = Kept { table, free, defaults, told };
        if kept.count(tx, &kept.which(&stuck)).await? > 0 {
            kept.told.failed = kept.defaults.lacking(table.relation, &stuck);
        }
        kept.told.rows = kept.count(tx, &kept.which(&kept.free)).await?;
        let sql = format!(
            "UPDATE {KEPT} AS k SET says = {} FROM {} AS t WHERE k.fresh AND {}",
            kept.says(),
            table.name.to_sql(),
            kept.is_free()
        );
        tx.execute(&sql, &[]).await?;
        Ok(Some(kept))
    }

    /// Empties all at once, so that what the rows of one table want of another's, or wait for until COMMIT, is there; else
    /// each as far as it can be. Then sees what came of it.
    async fn empty_all(&self, tx: &Transaction<'_>, all: &mut [Kept<'_>]) -> Result<(), Fault> {
        let updates = all.iter().filter(|k| k.told.rows > 0).map(|k| self.emptying(k, &k.free, &fresh()) + ";");
        let updates: String = updates.collect();
        if updates.is_empty() {
            return Ok(());
        }
        let sql = format!("SET CONSTRAINTS ALL DEFERRED; {updates} SET CONSTRAINTS ALL IMMEDIATE");
        let mut failed = BTreeMap::new();
        if self.try_to(tx, &sql).await?.is_some() {
            for (i, kept) in all.iter().enumerate().filter(|(_, k)| k.told.rows > 0) {
                self.find_again(tx, KEPT).await?;
                if self.try_to(tx, &self.emptying(kept, &kept.free, &fresh())).await?.is_some() {
                    failed.extend(self.empty_each(tx, kept).await?.map(|fault| (i, fault.to_string())));
                }
            }
        }
        self.find_again(tx, KEPT).await?;
        for (i, kept) in all.iter_mut().enumerate() {
            let left = kept.count(tx, &kept.which(&kept.free)).await?;
            let unchanged = format!("{} AND k.says > 0 AND {} >= k.says", kept.is_free(), kept.says());
            let unchanged = kept.count(tx, &unchanged).await?;
            kept.told.rows = kept.told.rows.saturating_sub(unchanged);
            let by_trigger = || (left > 0).then(|| format!("a trigger or rule keeps what {left} of them say"));
            let more = failed.remove(&i).or_else(by_trigger);
            kept.told.failed = kept.told.failed.take().into_iter().chain(more).reduce(|a, b| format!("{a}; {b}"));
        }
        Ok(())
    }

    /// Empties row by row; why not all of all could be.
    async fn empty_each(&self, tx: &Transaction<'_>, kept: &Kept<'_>) -> Result<Option<Fault>, Fault> {
        let sql = format!(
            "SELECT pg_catalog.min(k.id) FROM {} AS t, {KEPT} AS k WHERE k.fresh AND NOT k.along AND {} GROUP BY k.rel, k.tid",
            kept.table.name.to_sql(),
            kept.which(&kept.free)
        );
        let mut first = None;
        for row in tx.query(&sql, &[]).await? {
            let from = format!(
                "(SELECT * FROM {KEPT} AS k WHERE k.id OPERATOR(pg_catalog.=) {}) AS k",
                row.try_get::<_, i32>(0)?
            );
            // Triggers of other rows may have changed it.
            self.find_again(tx, KEPT).await?;
            if let Some(fault) = self.empty_one(tx, kept, &from).await? {
                first.get_or_insert(fault);
            }
        }
        Ok(first)
    }

    /// Empties a row of all, or of all but one column, or of those that it can do without one by one; why not of all.
    async fn empty_one(&self, tx: &Transaction<'_>, kept: &Kept<'_>, from: &str) -> Result<Option<Fault>, Fault> {
        let Some(fault) = self.try_to(tx, &self.emptying(kept, &kept.free, from)).await? else { return Ok(None) };
        let all_but = |i: usize| {
            let others = kept.free.iter().enumerate().filter(|(k, _)| *k != i);
            others.map(|(_, column)| *column).collect::<Vec<_>>()
        };
        for others in (0..kept.free.len()).map(all_but).filter(|others| !others.is_empty()) {
            if self.try_to(tx, &self.emptying(kept, &others, from)).await?.is_none() {
                return Ok(Some(fault));
            }
        }
        for column in kept.free.iter().filter(|_| kept.free.len() > 2) {
            if self.try_to(tx, &self.emptying(kept, &[column], from)).await?.is_none() {
                self.find_again(tx, KEPT).await?;
            }
        }
        Ok(Some(fault))
    }

    /// What the database has against it, be it that what a default refers to is not there. What trying again, or more time,
    /// may cure fails.
    async fn try_to(&self, tx: &Transaction<'_>, sql: &str) -> Result<Option<Fault>, Fault> {
        match self.change(tx, tx.batch_execute(sql)).await {
            Ok(()) => Ok(None),
            Err(fault) => match fault.sqlstate.as_deref() {
                None | Some("55P03") => Err(fault),
                Some(code) if ["40", "53", "57"].iter().any(|class| code.starts_with(class)) => Err(fault),
                Some(_) => Ok(Some(fault)),
            },
        }
    }

    /// The row `t`, if it is kept, still has what it is to lose; `None`: such rows stay whole.
    pub(super) async fn kept_has_value(&self, client: &Client, table: &TablePolicy) -> Result<Option<String>, Fault> {
        let Some(losable) = self.losable(table)? else { return Ok(None) };
        let defaults = Defaults::load_apart(client, &with_table(table, &losable)).await?;
        Ok(Some(defaults.filled(table.relation, &losable, "t")))
    }

    /// The columns that a row is to lose that must stay; `None`: such rows stay whole.
    fn losable(&self, table: &TablePolicy) -> Result<Option<Vec<&Column>>, Fault> {
        if holds_choices(self.rules.catalog, self.rules.policy, table.relation) {
            return Ok(None);
        }
        let referred = |column: &str| {
            let follow = self.rules.follow(table.relation, column);
            let to = |k: &ForeignKey| k.columns.iter().any(|(_, parent)| follow.contains(parent));
            self.keys.iter().any(|k| k.parent.table == table.relation && to(k))
        };
        let losable = self.columns(table)?.iter().filter(|c| {
            let name = c.name.as_str();
            let needed =
                self.rules.decides(table.relation, name) || self.rules.is_link(table.relation, name) || referred(name);
            table.is_personal(c) && !needed
        });
        Ok(Some(losable.collect()))
    }

    /// The columns with personal values that a row keeps that must stay, and those of which nobody knows.
    fn left(&self, table: &TablePolicy, losable: &[&Column]) -> Result<Vec<String>, Fault> {
        let left = self.columns(table)?.iter().filter(|c| {
            let open = matches!(table.columns.get(&c.name), Some(ColumnUse::Open));
            !open && keeps(c, losable)
        });
        Ok(left.map(|c| c.name.clone()).chain(self.rules.of_heirs(table)?).collect())
    }

    fn columns(&self, table: &TablePolicy) -> Result<&[Column], Fault> {
        Ok(&self.rules.relation(table)?.columns)
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

/// Columns, each with its table.
fn with_table<'c>(table: &TablePolicy, columns: &[&'c Column]) -> Vec<(Oid, &'c Column)> {
    columns.iter().map(|column| (table.relation, *column)).collect()
}

/// Rows that were found to be kept since the last time.
fn fresh() -> String {
    format!("(SELECT DISTINCT root, rel, tid, says FROM {KEPT} WHERE fresh AND NOT along) AS k")
}
