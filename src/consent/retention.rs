//! Retention: what is past its time, and taking it away.
//!
//! A row is past its time when its `since` is older than the table's `keep` (contract, section 3); then it is erased as the
//! table's `erase` says. A purpose's own, narrower period only hides rows from that purpose; they are counted and stay.
//! A row without a date is shown to nobody and is never erased by age. No value leaves these reports but the oldest date.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, GenericClient, Transaction};

use crate::engine::catalog::{Catalog, Oid, quote_ident};
use crate::engine::policy::erasing::{erase_of, goes_along};
use crate::engine::policy::{ColumnUse, Erase, Policy, Purpose, Retention, TablePolicy};

use super::carry_out::Blocking;
use super::commit::{Moment, commit};
use super::emptying::Defaults;
use super::erasure::Run;
use super::fault::Fault;
use super::foreign_keys::children_first;
use super::kept::Emptied;
use super::left::Left;
use super::meanwhile::{Tries, begin};
use super::path::unfilled;
use super::rules::Rules;
use super::sweep::{Blocked, ROW_SECURITY, Sweep, Swept, TableCount, Wanted, not_held};
use super::target::{column, relation, to_instant};

/// One table's rows and their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableReport {
    pub table: String,
    pub since: String,
    pub keep: String,
    /// `delete` or `null`: what `retention apply` does; `refresh` of a materialized view, which it cannot.
    pub erase: &'static str,
    pub rows: u64,
    /// Past the table's own period, and not yet nulled where that is what happens to them.
    pub past: u64,
    /// Of these, kept by `hold_when`.
    pub held: u64,
    /// The oldest date among those past, in UTC.
    pub oldest: Option<String>,
    /// Rows whose date is null.
    pub undated: u64,
    /// Purposes with a period of their own that may see this table.
    pub purposes: Vec<PurposeReport>,
    /// Tables whose rows go along with its rows (ON DELETE CASCADE), past their own time or not.
    pub takes_along: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurposeReport {
    pub purpose: String,
    pub keep: String,
    /// Rows that this purpose no longer sees.
    pub past: u64,
}

/// What the caller hears while `apply` goes on.
pub enum Step<'s> {
    /// A table is begun: this many rows of it are past their time and not held.
    Table { table: String, due: u64 },
    /// A batch, before and after its COMMIT.
    Batch(Moment<'s, Batch>),
}

/// One batch of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub table: String,
    pub keep: String,
    pub swept: Swept,
}

/// What came of `apply`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    pub deleted: Vec<TableCount>,
    pub nulled: Vec<TableCount>,
    /// Rows that went along with those (ON DELETE CASCADE), past their own time or not.
    pub along: Vec<TableCount>,
    /// Rows that stay and no longer refer to those (ON DELETE SET NULL, SET DEFAULT).
    pub changed: Vec<TableCount>,
    /// Rows past their time that stay, because rows that stay refer to them.
    pub blocked: Vec<Blocked>,
    /// Of these, those that lost what they said.
    pub emptied: Vec<Emptied>,
    /// Tables that could not be dealt with, and why.
    pub problems: Vec<String>,
    /// Rows past their time that stay because of `hold_when`.
    pub held: Vec<TableCount>,
    /// What is left of rows that were nulled, by table.
    pub left: BTreeMap<String, Left>,
}

impl Applied {
    /// Whether every table could be dealt with, and all that others do not need could be emptied.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.emptied.iter().all(Emptied::is_whole)
    }
}

/// A table with a period.
struct Kept<'a> {
    table: &'a TablePolicy,
    retention: &'a Retention,
}

/// All that are filled, by name.
fn kept<'p>(policy: &'p Policy, unfilled: &BTreeSet<Oid>) -> Vec<Kept<'p>> {
    let mut tables: Vec<Kept<'p>> = policy
        .tables
        .values()
        .filter(|table| !unfilled.contains(&table.relation))
        .filter_map(|table| table.retention.as_ref().map(|retention| Kept { table, retention }))
        .collect();
    tables.sort_by(|a, b| a.table.name.cmp(&b.table.name));
    tables
}

/// The moment `$n`, an interval as text, ago, the same in all of a transaction. Counted in UTC, whatever the connection's time
/// zone is.
fn ago(n: usize) -> String {
    format!("((transaction_timestamp() AT TIME ZONE 'UTC') - ${n}::pg_catalog.text::pg_catalog.interval)")
}

impl Kept<'_> {
    /// `t` is older than the interval in `$n`; in a form that an index on the column serves.
    fn older_than(&self, rules: Rules<'_>, n: usize) -> Result<String, Fault> {
        let since = column(rules.relation(self.table)?, &self.retention.since)?;
        let name = format!("t.{}", quote_ident(&since.name));
        // Refuses a column that is no time.
        to_instant(since, &name)?;
        Ok(match since.ty.base.as_str() {
            "timestamptz" => format!("{name} < ({} AT TIME ZONE 'UTC')", ago(n)),
            _ => format!("{name} < {}", ago(n)),
        })
    }

    /// Rows past their time. Where rows are nulled, those that are nulled already are done with.
    fn past(&self, rules: Rules<'_>, defaults: &Defaults) -> Result<String, Fault> {
        let older = self.older_than(rules, 1)?;
        if erase_of(rules.catalog, rules.policy, self.table) == Erase::Delete {
            return Ok(format!("({older})"));
        }
        let personal = rules.emptied_columns(self.table)?;
        Ok(format!("({older}) AND {}", defaults.filled(self.table.relation, &personal, "t")))
    }

    /// Rows that `apply` would still do something to.
    fn left_to_do(&self, sweep: &Sweep<'_>) -> Result<String, Fault> {
        match erase_of(sweep.rules.catalog, sweep.rules.policy, self.table) {
            Erase::Delete => Ok("true".to_owned()),
            Erase::Null => sweep.has_personal_value(self.table, "t"),
        }
    }
}

/// Purposes that show or mask a category of this table, and keep rows for a period of their own.
fn purposes_with_period<'p>(policy: &'p Policy, table: &TablePolicy) -> Vec<(&'p Purpose, &'p str)> {
    let reaches = |purpose: &Purpose| {
        table.columns.values().any(|c| match c {
            ColumnUse::Open => false,
            ColumnUse::Category(name) => purpose.shows.contains(name) || purpose.masks.contains_key(name),
        })
    };
    policy
        .purposes
        .values()
        .filter(|p| reaches(p))
        .filter_map(|p| p.retention.as_ref().map(|r| (p, r.0.as_str())))
        .collect()
}

/// Counts what is past its time in every table that has a period.
pub async fn report(client: &Client, policy: &Policy, catalog: &Catalog) -> Result<Vec<TableReport>, Fault> {
    client.batch_execute(ROW_SECURITY).await?;
    let rules = Rules { policy, catalog };
    let defaults = Defaults::of_nulled(client, rules).await?;
    let mut reports = Vec::new();
    let unfilled = unfilled(client).await?;
    for kept in kept(policy, &unfilled) {
        reports.push(report_table(client, rules, &defaults, &kept).await?);
    }
    Ok(reports)
}

/// The tables whose rows a cascade takes with those of `table`.
fn takes_along(policy: &Policy, catalog: &Catalog, table: Oid) -> Result<Vec<String>, Fault> {
    let along = goes_along(catalog, policy, table).into_keys();
    let names = along.map(|oid| Ok(relation(catalog, oid, &oid.to_string())?.name.to_string()));
    let mut names: Vec<String> = names.collect::<Result<_, Fault>>()?;
    names.sort_unstable();
    Ok(names)
}

async fn report_table(
    client: &impl GenericClient,
    rules: Rules<'_>,
    defaults: &Defaults,
    kept: &Kept<'_>,
) -> Result<TableReport, Fault> {
    let Rules { policy, catalog } = rules;
    let past = kept.past(rules, defaults)?;
    let since = column(rules.relation(kept.table)?, &kept.retention.since)?;
    let name = format!("t.{}", quote_ident(&since.name));
    let purposes = purposes_with_period(policy, kept.table);
    let mut columns = vec![
        "pg_catalog.count(*)".to_owned(),
        format!("pg_catalog.count(*) FILTER (WHERE {past})"),
        format!("pg_catalog.count(*) FILTER (WHERE {past} AND NOT ({}))", not_held(kept.table, "t")),
        format!(
            "(pg_catalog.min({}) FILTER (WHERE {past}) AT TIME ZONE 'UTC')::pg_catalog.date::pg_catalog.text",
            to_instant(since, &name)?
        ),
        format!("pg_catalog.count(*) FILTER (WHERE {name} IS NULL)"),
    ];
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&kept.retention.keep.0];
    for (_, period) in &purposes {
        parameters.push(period);
        // The narrower of the two periods is the one that ends later.
        let (own, its) = (kept.older_than(rules, 1)?, kept.older_than(rules, parameters.len())?);
        columns.push(format!("pg_catalog.count(*) FILTER (WHERE {own} OR {its})"));
    }
    let sql = format!("SELECT {} FROM {} AS t", columns.join(", "), kept.table.name.to_sql());
    let row = client.query_one(&sql, &parameters).await?;
    let count = |i: usize| row.try_get::<_, i64>(i).map(i64::unsigned_abs);
    let purposes = purposes.iter().enumerate().map(|(i, (purpose, keep))| {
        Ok(PurposeReport { purpose: purpose.name.clone(), keep: (*keep).to_owned(), past: count(5 + i)? })
    });
    Ok(TableReport {
        table: kept.table.name.to_string(),
        since: kept.retention.since.clone(),
        keep: kept.retention.keep.0.clone(),
        erase: match rules.is_refreshed(kept.table) {
            true => "refresh",
            false => erase_word(erase_of(catalog, policy, kept.table)),
        },
        rows: count(0)?,
        past: count(1)?,
        held: count(2)?,
        oldest: row.try_get(3)?,
        undated: count(4)?,
        purposes: purposes.collect::<Result<_, Fault>>()?,
        takes_along: takes_along(policy, catalog, kept.table.relation)?,
    })
}

pub fn erase_word(erase: Erase) -> &'static str {
    match erase {
        Erase::Delete => "delete",
        Erase::Null => "null",
    }
}

/// Erases what is past its time, `batch` rows a transaction, tables that refer to others first. Can be stopped and
/// begun again at any time: the rows that are left are the state.
pub async fn apply(
    client: &mut Client,
    policy: &Policy,
    catalog: &Catalog,
    batch: u32,
    on: &mut dyn FnMut(Step<'_>) -> Result<(), Fault>,
) -> Result<Applied, Fault> {
    let sweep = Sweep::start(client, policy, catalog).await?;
    let (order, mut applied) = in_order(&sweep);
    loop {
        let mut erased = 0;
        for wanted in &order {
            erased += apply_table(client, &sweep, wanted, &order, batch, Blocking::Keeps, &mut applied, on).await?;
        }
        applied.blocked = sweep.blocked(client).await?;
        // What kept a row may have gone in the meantime.
        if erased == 0 || applied.blocked.is_empty() {
            break;
        }
        sweep.forget_kept(client).await?;
    }
    if !applied.blocked.is_empty() {
        sweep.forget_kept(client).await?;
        for wanted in &order {
            let Some(filled) = sweep.kept_has_value(client, wanted.table).await? else { continue };
            let wanted = Wanted { condition: format!("{} AND {filled}", wanted.condition), ..*wanted };
            apply_table(client, &sweep, &wanted, &order, batch, Blocking::Empties, &mut applied, on).await?;
        }
    }
    finish(client, &sweep, &mut applied).await?;
    Ok(applied)
}

/// What [`apply`] would do. Rows are marked in its order and by its rules, and nothing is changed.
pub async fn foresee(client: &mut Client, policy: &Policy, catalog: &Catalog) -> Result<Applied, Fault> {
    let sweep = Sweep::start(client, policy, catalog).await?;
    let (order, mut applied) = in_order(&sweep);
    let tx = begin(client).await?;
    loop {
        let before = sweep.count_marked(&tx).await?;
        for wanted in &order {
            if sweep.mark(&tx, wanted, None).await? > 0 {
                sweep.mark_circles(&tx, &order).await?;
                sweep.settle(&tx).await?;
            }
        }
        applied.blocked = sweep.blocked(&tx).await?;
        if sweep.count_marked(&tx).await? == before || applied.blocked.is_empty() {
            break;
        }
        sweep.forget_kept(&tx).await?;
    }
    let Swept { nulled, deleted, along, changed, .. } = sweep.foreseen(&tx).await?;
    let emptied = sweep.empty_kept(&tx, Run::Dry).await?;
    applied = Applied { nulled, deleted, along, changed, emptied, ..applied };
    finish(&tx, &sweep, &mut applied).await?;
    tx.rollback().await?;
    Ok(applied)
}

/// The tables with a period, those that refer to others first, each with the condition of the rows that there is something
/// to do to; what cannot be dealt with is entered as a problem.
fn in_order<'p>(sweep: &Sweep<'p>) -> (Vec<Wanted<'p>>, Applied) {
    let mut kept = kept(sweep.rules.policy, &sweep.unfilled);
    kept.retain(|k| !sweep.rules.is_refreshed(k.table));
    let oids: Vec<Oid> = kept.iter().map(|k| k.table.relation).collect();
    let order: Vec<Oid> = children_first(&oids, &sweep.keys).into_iter().flatten().collect();
    kept.sort_by_key(|k| order.iter().position(|oid| *oid == k.table.relation));
    let (mut ordered, mut applied) = (Vec::new(), Applied::default());
    for kept in kept {
        let condition = kept.older_than(sweep.rules, 1).and_then(|older| {
            let left = kept.left_to_do(sweep)?;
            Ok(format!("({older}) AND ({left})"))
        });
        match condition {
            Ok(condition) => {
                ordered.push(Wanted { table: kept.table, condition, parameter: &kept.retention.keep.0 });
            }
            Err(problem) => applied.problems.push(problem.to_string()),
        }
    }
    (ordered, applied)
}

/// Enters what stays by the policy's own word.
async fn finish(client: &impl GenericClient, sweep: &Sweep<'_>, applied: &mut Applied) -> Result<(), Fault> {
    for kept in kept(sweep.rules.policy, &sweep.unfilled) {
        let (table, name) = (kept.table, kept.table.name.to_string());
        if table.hold_when.is_some() {
            let rows = count_held(client, sweep, &kept).await?;
            add(&mut applied.held, vec![TableCount { table: name.clone(), rows }]);
        }
        if applied.nulled.iter().any(|n| n.table == name) {
            applied.left.insert(name, sweep.rules.left(table)?);
        }
        if sweep.rules.is_refreshed(table) {
            applied.problems.extend(not_refreshed(client, sweep, &kept).await?);
        }
    }
    applied.emptied.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(())
}

/// Rows past their time that a hold keeps.
async fn count_held(client: &impl GenericClient, sweep: &Sweep<'_>, kept: &Kept<'_>) -> Result<u64, Fault> {
    count_past(client, sweep, kept, &format!("NOT ({})", not_held(kept.table, "t"))).await
}

/// Says that rows of a materialized view are past their time, and not held.
async fn not_refreshed(
    client: &impl GenericClient,
    sweep: &Sweep<'_>,
    kept: &Kept<'_>,
) -> Result<Option<String>, Fault> {
    let (rows, name) = (count_past(client, sweep, kept, &not_held(kept.table, "t")).await?, &kept.table.name);
    let stay = || {
        Fault::new(format!("{name}: {rows} rows past their time stay: a materialized view"))
            .hint(format!("REFRESH MATERIALIZED VIEW {}", name.to_sql()))
    };
    Ok((rows > 0).then(|| stay().to_string()))
}

async fn count_past(
    client: &impl GenericClient,
    sweep: &Sweep<'_>,
    kept: &Kept<'_>,
    which: &str,
) -> Result<u64, Fault> {
    let (name, past) = (kept.table.name.to_sql(), kept.past(sweep.rules, &sweep.defaults)?);
    let sql = format!("SELECT pg_catalog.count(*) FROM {name} AS t WHERE {past} AND {which}");
    let rows: i64 = client.query_one(&sql, &[&kept.retention.keep.0]).await?.try_get(0)?;
    Ok(rows.unsigned_abs())
}

#[allow(
    clippy::too_many_arguments,
    reason = "a batch loop joins all that `apply` holds; a struct would only rename them"
)]
async fn apply_table(
    client: &mut Client,
    sweep: &Sweep<'_>,
    wanted: &Wanted<'_>,
    all: &[Wanted<'_>],
    batch: u32,
    blocking: Blocking,
    applied: &mut Applied,
    on: &mut dyn FnMut(Step<'_>) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let due = count_due(client, wanted).await?;
    on(Step::Table { table: wanted.table.name.to_string(), due })?;
    let mut erased = 0;
    if due == 0 {
        return Ok(0);
    }
    let mut tries = Tries::default();
    loop {
        let tx = begin(client).await?;
        let swept = match sweep_batch(&tx, sweep, wanted, all, batch, blocking).await {
            Ok(Some(swept)) => swept,
            Ok(None) => return Ok(erased),
            Err(fault) => {
                tries.again(tx, fault).await?;
                continue;
            }
        };
        tries = Tries::default();
        let done = Batch { table: wanted.table.name.to_string(), keep: wanted.parameter.to_owned(), swept };
        // One that changes nothing only remembers what is kept.
        let changes = done.swept.rows() > 0;
        commit(tx, &done, &mut |moment| if changes { on(Step::Batch(moment)) } else { Ok(()) }).await?;
        let Batch { swept, .. } = done;
        erased += swept.rows();
        add(&mut applied.nulled, swept.nulled);
        add(&mut applied.deleted, swept.deleted);
        add(&mut applied.along, swept.along);
        add(&mut applied.changed, swept.changed);
        add_emptied(&mut applied.emptied, swept.emptied);
    }
}

/// `None`: nothing is left to do.
async fn sweep_batch(
    tx: &Transaction<'_>,
    sweep: &Sweep<'_>,
    wanted: &Wanted<'_>,
    all: &[Wanted<'_>],
    batch: u32,
    blocking: Blocking,
) -> Result<Option<Swept>, Fault> {
    if sweep.mark(tx, wanted, Some(batch)).await? == 0 {
        return Ok(None);
    }
    sweep.mark_circles(tx, all).await?;
    sweep.settle(tx).await?;
    sweep.carry_out(tx, blocking, all).await.map(Some)
}

async fn count_due(client: &Client, Wanted { table, condition, parameter }: &Wanted<'_>) -> Result<u64, Fault> {
    let (name, free) = (table.name.to_sql(), not_held(table, "t"));
    let sql = format!("SELECT pg_catalog.count(*) FROM {name} AS t WHERE {condition} AND {free}");
    let due: i64 = client.query_one(&sql, &[parameter]).await?.try_get(0)?;
    Ok(due.unsigned_abs())
}

fn add_emptied(to: &mut Vec<Emptied>, more: Vec<Emptied>) {
    for emptied in more {
        match to.iter_mut().find(|t| t.table == emptied.table) {
            Some(total) => {
                total.rows += emptied.rows;
                total.failed = total.failed.take().or(emptied.failed);
            }
            None => to.push(emptied),
        }
    }
}

fn add(to: &mut Vec<TableCount>, counts: Vec<TableCount>) {
    for count in counts.into_iter().filter(|c| c.rows > 0) {
        match to.iter_mut().find(|t| t.table == count.table) {
            Some(total) => total.rows += count.rows,
            None => to.push(count),
        }
    }
}
