//! The right to erasure (GDPR Art. 17): everything that leads to one person, deleted or nulled as the policy says, in
//! one transaction; and a report of what was done, what stays, and why.

use serde::Serialize;
use tokio_postgres::{Client, GenericClient, Transaction};

use crate::engine::catalog::Catalog;
use crate::engine::policy::erasing::erase_of;
use crate::engine::policy::{ConsentSource, Policy, SubjectKind, TablePolicy};

use super::carry_out::Blocking;
use super::commit::{OnCommit, commit};
use super::fault::Fault;
use super::init::SCHEMA;
use super::kept::Emptied;
use super::key::Key;
use super::left::Left;
use super::meanwhile::{Tries, begin};
use super::path::{leads_to, tables_of};
use super::retention::erase_word;
use super::rules::Rules;
use super::sweep::{Blocked, Sweep, Swept, TableCount, Wanted, not_held};
use super::target::{Target, subject_kind};

/// Whether it is done for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Done in full, reported, and undone.
    Dry,
    ForGood,
}

/// What was done about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    pub kind: String,
    /// Every table that leads to this kind of person.
    pub tables: Vec<TableErased>,
    /// Rows that led not to the person, or of tables that lead to nobody, and went along (ON DELETE CASCADE).
    pub along: Vec<TableCount>,
    /// Rows that stay and no longer refer to what went (ON DELETE SET NULL, SET DEFAULT).
    pub changed: Vec<TableCount>,
    /// Rows that stay because rows that stay refer to them.
    pub blocked: Vec<Blocked>,
    /// Of these, those that lost what they said.
    pub emptied: Vec<Emptied>,
    /// The person's choices that stay, as proof of what was allowed when (Art. 7(1), 17(3)(e)).
    pub choices: Option<TableCount>,
    /// The same in the ledger that `consent init` made beside them.
    pub history: Option<TableCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableErased {
    pub table: String,
    /// `delete` or `null`.
    pub erase: &'static str,
    /// Rows that led to the person.
    pub rows: u64,
    /// Rows deleted or nulled.
    pub erased: u64,
    /// Rows kept by `hold_when`.
    pub held: u64,
    /// What is left of rows that are nulled.
    #[serde(flatten)]
    pub left: Left,
    /// A materialized view: its rows stay until it is refreshed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refreshed: bool,
}

impl Erased {
    /// Whether nothing is left of what no hold keeps and nobody needs.
    pub fn is_whole(&self) -> bool {
        let refreshes = |table: &TableErased| table.refreshed && table.rows > 0;
        !self.tables.iter().any(refreshes) && self.emptied.iter().all(Emptied::is_whole)
    }
}

/// Erases the person with this key, and tells `on` of it.
pub async fn erase(
    client: &mut Client,
    policy: &Policy,
    catalog: &Catalog,
    kind: &str,
    key: &str,
    run: Run,
    on: &mut OnCommit<'_, Erased>,
) -> Result<Erased, Fault> {
    let kind = subject_kind(policy, kind)?;
    let sweep = Sweep::start(client, policy, catalog).await?;
    let mut tries = Tries::default();
    loop {
        let tx = begin(client).await?;
        let erased = match sweep_away(&tx, &sweep, kind, key).await {
            Ok(erased) => erased,
            Err(fault) => {
                tries.again(tx, fault).await?;
                continue;
            }
        };
        match run {
            Run::Dry => tx.rollback().await?,
            Run::ForGood => commit(tx, &erased, on).await?,
        }
        return Ok(erased);
    }
}

async fn sweep_away(tx: &Transaction<'_>, sweep: &Sweep<'_>, kind: &SubjectKind, key: &str) -> Result<Erased, Fault> {
    let Rules { policy, catalog } = sweep.rules;
    let key = &Key::of(catalog, kind)?.canonical(tx, key).await?;
    let (mut tables, mut all) = (Vec::new(), Vec::new());
    let leading = tables_of(policy, kind, &sweep.unfilled);
    for (table, path) in leading.into_iter().filter(|(table, _)| table.name.schema != SCHEMA) {
        let condition = leads_to(catalog, kind, table, path)?;
        let counted = count(tx, sweep, table, &condition, key).await?;
        let refreshed = counted.refreshed;
        tables.push(counted);
        if refreshed {
            continue;
        }
        let wanted = Wanted { table, condition, parameter: key };
        sweep.mark(tx, &wanted, None).await?;
        all.push(wanted);
    }
    if tables.iter().all(|t| t.rows == 0) {
        return Err(Fault::new(format!("no row of any table leads to a {} with this key", kind.name)));
    }
    sweep.settle(tx).await?;
    let swept = sweep.carry_out(tx, Blocking::Empties, &all).await?;
    account(&mut tables, &swept);
    Ok(Erased {
        kind: kind.name.clone(),
        tables,
        along: swept.along,
        changed: swept.changed,
        blocked: sweep.blocked(tx).await?,
        emptied: swept.emptied,
        choices: choices(tx, policy, catalog, kind, key).await?,
        history: history(tx, policy, catalog, kind, key).await?,
    })
}

/// What leads to the person before anything is done.
async fn count(
    tx: &Transaction<'_>,
    sweep: &Sweep<'_>,
    table: &TablePolicy,
    condition: &str,
    key: &str,
) -> Result<TableErased, Fault> {
    let (rules, refreshed) = (sweep.rules, sweep.rules.is_refreshed(table));
    // Refreshed, it has the rows that stay in what it is made of: what they hold counts, where it is known to be personal.
    let filled = if refreshed { sweep.has_personal_value(table, "t").ok() } else { None };
    let which = filled.map_or(condition.to_owned(), |filled| format!("{condition} AND {filled}"));
    let sql = format!(
        "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE NOT ({})) FROM {} AS t WHERE {which}",
        not_held(table, "t"),
        table.name.to_sql()
    );
    let row = tx.query_one(&sql, &[&key]).await?;
    Ok(TableErased {
        table: table.name.to_string(),
        erase: erase_word(erase_of(rules.catalog, rules.policy, table)),
        rows: row.try_get::<_, i64>(0)?.unsigned_abs(),
        erased: 0,
        held: row.try_get::<_, i64>(1)?.unsigned_abs(),
        left: rules.left(table)?,
        refreshed,
    })
}

/// Enters what was done to the rows that led to the person.
fn account(tables: &mut [TableErased], swept: &Swept) {
    for count in swept.nulled.iter().chain(&swept.deleted) {
        let of_table = tables.iter_mut().filter(|t| t.table == count.table);
        of_table.for_each(|table| table.erased += count.rows);
    }
}

/// Choices on record that are left, where the consent table is none of the policy's listed tables.
async fn choices(
    client: &impl GenericClient,
    policy: &Policy,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
) -> Result<Option<TableCount>, Fault> {
    let Some(source) =
        kind.consent.as_ref().filter(|s| s.table_name.schema == SCHEMA || !policy.tables.contains_key(&s.table))
    else {
        return Ok(None);
    };
    count_of(client, catalog, (source, Key::of(catalog, kind)?), key).await
}

/// The same of the ledger beside it, as far as this login may read it.
async fn history(
    client: &impl GenericClient,
    policy: &Policy,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
) -> Result<Option<TableCount>, Fault> {
    if kind.consent.is_none() {
        return Ok(None);
    }
    let Some(ledger) = Target::of(policy, catalog, &kind.name)?.ledger_beside() else { return Ok(None) };
    let sql = "SELECT pg_catalog.has_table_privilege($1::pg_catalog.oid, 'SELECT')";
    match client.query_one(sql, &[&ledger.table]).await?.try_get(0)? {
        true => count_of(client, catalog, (&ledger, Key::of(catalog, kind)?), key).await,
        false => Ok(None),
    }
}

async fn count_of(
    client: &impl GenericClient,
    catalog: &Catalog,
    (source, about): (&ConsentSource, Key<'_>),
    key: &str,
) -> Result<Option<TableCount>, Fault> {
    let relation = super::target::relation(catalog, source.table, &source.table_name.to_string())?;
    let subject = super::target::column(relation, &source.subject)?;
    let sql = format!(
        "SELECT pg_catalog.count(*) FROM {} AS t WHERE {}",
        source.table_name.to_sql(),
        about.is_in("t", subject)
    );
    let rows: i64 = client.query_one(&sql, &[&key]).await?.try_get(0)?;
    Ok((rows > 0).then(|| TableCount { table: source.table_name.to_string(), rows: rows.unsigned_abs() }))
}
