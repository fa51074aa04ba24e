//! Does what is marked, table by table, those that refer to others first: so triggers that go for rows of other tables find
//! what they would find for a DELETE by hand. They find names as they do for that, too, by this login's own `search_path`:
//! the statements here give every name its schema.
//!
//! All is done or nothing: what a trigger, a rule or row security keeps, changes or puts back undoes the rest.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Transaction;

use crate::engine::catalog::{Oid, QualifiedName};

use super::erasure::Run;
use super::fault::Fault;
use super::foreign_keys::{ForeignKey, children_first};
use super::places::remember_files;
use super::sweep::{Fate, KEPT, MARKED, Sweep, Swept, Wanted, at, gone, not_held};

/// A table with rows that are to be changed.
type Named = (Oid, QualifiedName);

/// Tables of which PostgreSQL has no rows of its own.
const FOREIGN: &str = "SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.relkind = 'f'";

const NOT_CHANGED: &str = "kept or changed by them";
const NOT_BACK: &str = "put back by them";

/// What becomes of a row that cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// Nothing yet: what refers to it may still go.
    Keeps,
    Empties,
}

impl Sweep<'_> {
    /// Nulls and deletes what is marked, empties what is kept where that is `blocking`, and sees that nothing `wanted` is
    /// there then that was not there before, besides what was marked, and that no table has more rows than it should.
    pub async fn carry_out(
        &self,
        tx: &Transaction<'_>,
        blocking: Blocking,
        wanted: &[Wanted<'_>],
    ) -> Result<Swept, Fault> {
        tx.batch_execute(&format!("ANALYZE {MARKED}")).await?;
        let mut swept = self.foreseen(tx).await?;
        let (nulled, deleted) = (self.marked(tx, Fate::Null).await?, self.marked(tx, Fate::Delete).await?);
        let all: Vec<Named> = nulled.iter().chain(&deleted).cloned().collect();
        let watched = self.may_put_back(tx, &nulled, &deleted, blocking, wanted).await?;
        let (watched, counted) = if watched { (wanted, all.as_slice()) } else { Default::default() };
        let before = self.waiting(tx, watched).await?;
        let mut due = BTreeMap::new();
        for table in counted {
            due.insert(table.0, self.size(tx, table).await? - self.to_go(tx, table).await?);
        }
        remember_files(tx).await?;
        for table in nulled {
            let (oid, sql) = (table.0, self.nulling(&table)?);
            let lost = self.whole(tx, &[table], Fate::Null, &sql, wanted).await?;
            // A trigger has deleted them before their turn, or moved them to another partition, where nobody nulls them.
            if let Some(due) = due.get_mut(&oid) {
                *due -= lost;
            }
        }
        let oids: Vec<Oid> = deleted.iter().map(|(oid, _)| *oid).collect();
        for group in children_first(&oids, &self.keys) {
            let group: Vec<Named> = deleted.iter().filter(|(oid, _)| group.contains(oid)).cloned().collect();
            self.whole(tx, &group, Fate::Delete, &deleting(&group), wanted).await?;
        }
        tx.batch_execute(&format!("TRUNCATE {MARKED}")).await?;
        // Triggers and foreign keys that wait for COMMIT.
        if let Err(fault) = self.change(tx, tx.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")).await {
            return Err(self.refused(tx, &all, fault).await?);
        }
        self.find_again(tx, KEPT).await?;
        if blocking == Blocking::Empties {
            swept.emptied = self.empty_kept(tx, Run::ForGood).await?;
        }
        let after = self.waiting(tx, watched).await?;
        let more = watched.iter().zip(before.iter().zip(after)).find(|(_, (before, after))| after > *before);
        let mut back = more.map(|(wanted, _)| &wanted.table.name);
        for table in counted {
            let size = self.size(tx, table).await?;
            if due.get(&table.0).is_some_and(|due| size > *due) {
                back = Some(&table.1);
            }
        }
        match back {
            Some(name) => {
                let what = format!("rows of {name} are there again that were to go, or others in their place");
                Err(self.undone(tx, &all, &what, NOT_BACK).await?)
            }
            None => Ok(swept),
        }
    }

    /// How many rows of a table are marked to be deleted, foreign ones aside.
    async fn to_go(&self, tx: &Transaction<'_>, (table, _): &Named) -> Result<i64, Fault> {
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM {MARKED} WHERE root = $1 AND fate = 'd' AND rel <> ALL (ARRAY({FOREIGN}))"
        );
        Ok(tx.query_one(&sql, &[table]).await?.try_get(0)?)
    }

    /// How many rows it has, foreign ones aside. Others change nothing of it within this transaction; and what a trigger tried
    /// and undid is not in it, as it is in what PostgreSQL counts by itself.
    async fn size(&self, tx: &Transaction<'_>, (_, name): &Named) -> Result<i64, Fault> {
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM {} AS t WHERE t.tableoid <> ALL (ARRAY({FOREIGN}))",
            name.to_sql()
        );
        Ok(tx.query_one(&sql, &[]).await?.try_get(0)?)
    }

    /// Whether one of the tables of which rows are changed has a trigger that fires for it, or a rule.
    async fn may_put_back(
        &self,
        tx: &Transaction<'_>,
        nulled: &[Named],
        deleted: &[Named],
        blocking: Blocking,
        wanted: &[Wanted<'_>],
    ) -> Result<bool, Fault> {
        let mut changed: BTreeSet<Oid> = nulled.iter().map(|(oid, _)| *oid).collect();
        if blocking == Blocking::Empties {
            changed.extend(wanted.iter().map(|w| w.table.relation));
        }
        let deleted: BTreeSet<Oid> = deleted.iter().map(|(oid, _)| *oid).collect();
        // What a foreign key changes, and what follows that one by another.
        loop {
            let follows = |k: &&ForeignKey| changed.contains(&k.parent.table) || deleted.contains(&k.parent.table);
            let more: Vec<Oid> = self.keys.iter().filter(follows).map(|k| k.child.table).collect();
            let known = changed.len();
            changed.extend(more);
            if changed.len() == known {
                break;
            }
        }
        let family = |tables: BTreeSet<Oid>| -> Vec<Oid> {
            tables.into_iter().flat_map(|table| self.rules.catalog.family(table)).map(|r| r.oid).collect()
        };
        // Triggers for DELETE, and rules ON DELETE; on what may be changed in other ways, all.
        let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                                   WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
                                     AND (t.tgrelid = ANY ($1) OR t.tgrelid = ANY ($2) AND t.tgtype & 8 <> 0))
                       OR EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r
                                   WHERE r.ev_enabled <> 'D' AND (r.ev_class = ANY ($1) OR r.ev_class = ANY ($2) AND r.ev_type = '4'))";
        Ok(tx.query_one(sql, &[&family(changed), &family(deleted)]).await?.try_get(0)?)
    }

    /// Runs `sql`, after which no marked row of `tables` is as it was, and forgets these. Returns how many it has not reached
    /// because they are nowhere.
    async fn whole(
        &self,
        tx: &Transaction<'_>,
        tables: &[Named],
        fate: Fate,
        sql: &str,
        wanted: &[Wanted<'_>],
    ) -> Result<i64, Fault> {
        self.find_again(tx, MARKED).await?;
        self.are_wanted_still(tx, tables, wanted).await?;
        let done = match self.change(tx, tx.execute(sql, &[])).await {
            Ok(done) => done,
            Err(fault) => return Err(self.refused(tx, tables, fault).await?),
        };
        let mut marked = Vec::new();
        for (oid, _) in tables {
            let sql =
                format!("SELECT pg_catalog.count(*) FROM {MARKED} WHERE root = {oid} AND fate = '{}'", fate.code());
            marked.push(tx.query_one(&sql, &[]).await?.try_get::<_, i64>(0)?.unsigned_abs());
        }
        if fate == Fate::Null || marked != [done] {
            // Some may have gone by a trigger, before their turn.
            self.find_again(tx, MARKED).await?;
            self.all_are_changed(tx, tables, &marked, fate).await?;
        }
        let unreached = marked.iter().sum::<u64>().saturating_sub(done).cast_signed();
        let lost = if fate == Fate::Null && unreached > 0 { unreached.min(self.nowhere(tx, tables).await?) } else { 0 };
        let oids: Vec<Oid> = tables.iter().map(|(oid, _)| *oid).collect();
        tx.execute(&format!("DELETE FROM {MARKED} WHERE root = ANY ($1)"), &[&oids]).await?;
        Ok(lost)
    }

    /// How many marked rows are no longer at their place, foreign ones aside.
    async fn nowhere(&self, tx: &Transaction<'_>, tables: &[Named]) -> Result<i64, Fault> {
        let mut lost = 0;
        for (oid, name) in tables {
            let sql = format!(
                "SELECT pg_catalog.count(*) FROM {MARKED} AS d WHERE d.root = $1 AND d.rel <> ALL (ARRAY({FOREIGN}))
                    AND NOT EXISTS (SELECT FROM {} AS t WHERE {})",
                name.to_sql(),
                at("d", *oid, "t")
            );
            lost += tx.query_one(&sql, &[oid]).await?.try_get::<_, i64>(0)?;
        }
        Ok(lost)
    }

    /// Refuses where some of the marked rows of `tables`, as many as `marked` says of each, are as they were.
    async fn all_are_changed(
        &self,
        tx: &Transaction<'_>,
        tables: &[Named],
        marked: &[u64],
        fate: Fate,
    ) -> Result<(), Fault> {
        for (table, marked) in tables.iter().zip(marked) {
            let left = self.as_they_were(tx, table, fate).await?;
            if left > 0 {
                let (name, done) = (&table.1, marked - left);
                let what = format!(
                    "of {marked} rows of {name} that were to be {}, {done} were; a trigger, a rule or row security of the \
                     database keeps or changes the others",
                    if fate == Fate::Delete { "deleted" } else { "nulled" }
                );
                return Err(self.undone(tx, std::slice::from_ref(table), &what, NOT_CHANGED).await?);
            }
        }
        Ok(())
    }

    /// Refuses marked rows that were changed into such as are not to go.
    async fn are_wanted_still(
        &self,
        tx: &Transaction<'_>,
        tables: &[Named],
        wanted: &[Wanted<'_>],
    ) -> Result<(), Fault> {
        let moved = tx.query(&format!("SELECT DISTINCT root FROM {MARKED} WHERE moved"), &[]).await?;
        let moved = moved.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<Oid>, _>>()?;
        for named in tables.iter().filter(|(oid, _)| moved.contains(oid)) {
            let mut lost = self.unmark_along(tx, &BTreeSet::from([named.0])).await?;
            for Wanted { table, condition, parameter } in wanted.iter().filter(|w| w.table.relation == named.0) {
                let (name, at, free) = (named.1.to_sql(), at("d", named.0, "t"), not_held(table, "t"));
                let sql = format!(
                    "SELECT pg_catalog.count(*) FROM {MARKED} AS d JOIN {name} AS t ON {at} AND d.moved AND NOT d.along
                      WHERE (({condition}) AND {free}) IS NOT TRUE"
                );
                lost += tx.query_one(&sql, &[parameter]).await?.try_get::<_, i64>(0)?.unsigned_abs();
            }
            if lost > 0 {
                let what = format!("rows of {} that were to go were changed into such as are not", named.1);
                return Err(self.undone(tx, std::slice::from_ref(named), &what, NOT_CHANGED).await?);
            }
        }
        Ok(())
    }

    /// How many marked rows are as they were.
    async fn as_they_were(&self, tx: &Transaction<'_>, table: &Named, fate: Fate) -> Result<u64, Fault> {
        let mut which = at("d", table.0, "t");
        if fate == Fate::Null {
            let policy = self.rules.policy.tables.get(&table.0).ok_or_else(|| gone(&table.1))?;
            which.push_str(&format!(" AND {}", self.has_personal_value(policy, "t")?));
        }
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM {} AS t JOIN {MARKED} AS d ON {which} AND d.fate = '{}'",
            table.1.to_sql(),
            fate.code()
        );
        Ok(tx.query_one(&sql, &[]).await?.try_get::<_, i64>(0)?.unsigned_abs())
    }

    /// Changes rows, as by hand. What fails is undone, and nothing else is.
    pub(super) async fn change<T>(
        &self,
        tx: &Transaction<'_>,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        tx.batch_execute("SAVEPOINT consentry_change; SET LOCAL search_path TO DEFAULT").await?;
        match work.await.map_err(Fault::from) {
            Ok(done) => {
                tx.batch_execute("SET LOCAL search_path = pg_catalog; RELEASE SAVEPOINT consentry_change").await?;
                Ok(done)
            }
            Err(fault) if fault.sqlstate.is_some() => {
                tx.batch_execute("ROLLBACK TO SAVEPOINT consentry_change").await?;
                Err(fault)
            }
            Err(fault) => Err(fault),
        }
    }

    /// How many rows each of `wanted` would mark.
    async fn waiting(&self, tx: &Transaction<'_>, all: &[Wanted<'_>]) -> Result<Vec<u64>, Fault> {
        let mut counts = Vec::new();
        for wanted in all {
            let (table, which) = (wanted.table.name.to_sql(), self.not_dealt_with(wanted)?);
            let sql = format!("SELECT pg_catalog.count(*) FROM {table} AS t WHERE {which}");
            counts.push(tx.query_one(&sql, &[&wanted.parameter]).await?.try_get::<_, i64>(0)?.unsigned_abs());
        }
        Ok(counts)
    }

    /// What PostgreSQL would not do, and the triggers that may be why.
    async fn refused(&self, tx: &Transaction<'_>, tables: &[Named], fault: Fault) -> Result<Fault, Fault> {
        let triggers = self.triggers(tx, tables).await?;
        let names: Vec<String> = tables.iter().map(|(_, name)| name.to_string()).collect();
        let hint = match (fault.sqlstate.as_deref(), &triggers) {
            (_, None) => fault.hint,
            (Some("27000"), Some(triggers)) => Some(format!(
                "see {triggers}: a row that a BEFORE trigger changes is not deleted, by hand neither; let it do so AFTER DELETE"
            )),
            (Some("42P01" | "42883"), Some(triggers)) => Some(format!(
                "see {triggers}: with this login's search_path its function does not find all that it names; say the schema \
                 there, or ALTER FUNCTION … SET search_path"
            )),
            (_, Some(triggers)) => Some(format!("see {triggers}")),
        };
        Ok(Fault { message: format!("nothing was done: {}: {}", names.join(", "), fault.message), hint, ..fault })
    }

    /// Says what the database has made of it, and which triggers may have.
    async fn undone(&self, tx: &Transaction<'_>, tables: &[Named], what: &str, must: &str) -> Result<Fault, Fault> {
        let see =
            self.triggers(tx, tables).await?.unwrap_or_else(|| "the rules and policies of these tables".to_owned());
        Ok(Fault::new(format!("nothing was done: {what}")).hint(format!("see {see}: what is to go must not be {must}")))
    }

    /// The triggers of these tables, in words.
    async fn triggers(&self, tx: &Transaction<'_>, tables: &[Named]) -> Result<Option<String>, Fault> {
        let family = |table: &Named| self.rules.catalog.family(table.0).into_iter().map(|r| r.oid).collect::<Vec<_>>();
        let oids: Vec<Oid> = tables.iter().flat_map(family).collect();
        let sql = "SELECT t.tgname::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text
                     FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
                     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE t.tgrelid = ANY ($1) AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgparentid = 0
                    ORDER BY 2, 3, 1";
        let mut triggers = Vec::new();
        for row in tx.query(sql, &[&oids]).await? {
            let table = QualifiedName::new(row.try_get::<_, String>(1)?, row.try_get::<_, String>(2)?);
            triggers.push(format!("trigger {} of {table}", row.try_get::<_, String>(0)?));
        }
        Ok((!triggers.is_empty()).then(|| triggers.join(", ")))
    }
}

/// Of several tables in one statement, as they refer to each other.
fn deleting(tables: &[Named]) -> String {
    let delete = |(oid, name): &Named| {
        let (name, at) = (name.to_sql(), at("d", *oid, "t"));
        format!("DELETE FROM {name} AS t USING {MARKED} AS d WHERE {at} AND d.fate OPERATOR(pg_catalog.=) 'd'")
    };
    match tables {
        [table] => delete(table),
        tables => {
            let parts: Vec<String> = tables
                .iter()
                .enumerate()
                .map(|(i, table)| format!("d{i} AS ({} RETURNING 1)", delete(table)))
                .collect();
            format!("WITH {} SELECT WHERE false", parts.join(", "))
        }
    }
}
