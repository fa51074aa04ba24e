//! The rights of access and portability (GDPR Art. 15, 20): everything that leads to one person, as JSON, with why it is
//! used, on which basis, by whom, and for how long. Rows are written as they arrive.

use std::io::Write;

use futures_util::TryStreamExt;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use crate::engine::catalog::Catalog;
use crate::engine::policy::{ColumnUse, Policy, Purpose, SubjectKind, TablePolicy};

use super::fault::Fault;
use super::history::{past, records};
use super::key::Key;
use super::path::{leads_to, tables_of, unfilled};
use super::rules::Rules;
use super::standing::{Record, Standing, judge_all};
use super::sweep::{ROW_SECURITY, TableCount};
use super::target::{Target, subject_kind};

/// What the caller adds from the record (`audit`): accesses to this person's data.
pub type Accesses = serde_json::Value;

/// Why a person's data are used (Art. 15(1)(a), (c), (d)).
#[derive(Debug, Serialize)]
struct PurposeNote<'a> {
    purpose: &'a str,
    description: &'a str,
    basis: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dpv: Option<&'a str>,
    categories: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<&'a str>,
    recipients: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_now: Option<AllowedNow>,
}

/// What the person's own choices amount to now.
#[derive(Debug, Serialize)]
struct AllowedNow {
    consent: bool,
    channels: Vec<&'static str>,
    objection: bool,
}

/// One table, without its rows.
#[derive(Debug, Serialize)]
struct TableNote<'a> {
    table: String,
    categories: std::collections::BTreeMap<&'a str, &'a str>,
    purposes: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<RetentionNote<'a>>,
}

#[derive(Debug, Serialize)]
struct RetentionNote<'a> {
    since: &'a str,
    keep: &'a str,
}

/// What the list of accesses is, and is not (Art. 15 asks for recipients; who is left out must be able to tell).
const ACCESSES_ARE: &str = "statements on record that name this person's key, or were given it in a column of a table with \
     record_subjects; those that read the person's rows in any other way (all of a table, by a name, in a count) are on record, \
     but not in this list";

/// Writes everything about the person with this key to `json`, as one JSON object, from one snapshot of the database.
pub async fn export(
    client: &mut Client,
    policy: &Policy,
    catalog: &Catalog,
    kind: &str,
    key: &str,
    accesses: Option<Accesses>,
    json: &mut Json<'_>,
) -> Result<(), Fault> {
    let kind = subject_kind(policy, kind)?;
    client.batch_execute(ROW_SECURITY).await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    let key = &Key::of(catalog, kind)?.canonical(&tx, key).await?;
    let choices = choices(&tx, policy, catalog, kind, key).await?;
    let history = history(&tx, policy, catalog, kind, key).await?;
    json.raw("{\n  \"subject\": ")?;
    json.value(&serde_json::json!({ "kind": kind.name, "key": key }))?;
    json.raw(",\n  \"exported_at\": ")?;
    json.value(&jiff::Timestamp::now().to_string())?;
    json.raw(",\n  \"purposes\": ")?;
    json.value(&purposes(policy, &choices.1))?;
    json.raw(",\n  \"choices\": ")?;
    if let Some(source) = &kind.consent {
        json.given(&source.table_name.to_string(), choices.0.len() as u64);
    }
    json.value(&choices.0)?;
    if let Some(rows) = choice_rows(&tx, policy, catalog, kind, key).await? {
        json.raw(",\n  \"choice_rows\": ")?;
        json.value(&rows)?;
    }
    if let Some((ledger, history)) = history {
        json.given(&ledger, history.len() as u64);
        json.raw(",\n  \"choice_history\": ")?;
        json.value(&history)?;
    }
    json.raw(",\n  \"tables\": [")?;
    tables(&tx, policy, catalog, kind, key, json).await?;
    json.raw("\n  ]")?;
    if let Some(accesses) = accesses {
        json.raw(",\n  \"accesses\": ")?;
        json.value(&accesses)?;
        json.raw(",\n  \"accesses_are\": ")?;
        json.value(&ACCESSES_ARE)?;
    }
    json.raw("\n}\n")?;
    json.out.flush().map_err(unwritable)?;
    Ok(tx.rollback().await?)
}

/// Whether anything in the database is about the person with this key.
pub async fn is_known(
    client: &Client,
    policy: &Policy,
    catalog: &Catalog,
    kind: &str,
    key: &str,
) -> Result<bool, Fault> {
    let kind = subject_kind(policy, kind)?;
    client.batch_execute(ROW_SECURITY).await?;
    let unfilled = unfilled(client).await?;
    for (table, path) in tables_of(policy, kind, &unfilled) {
        let condition = leads_to(catalog, kind, table, path)?;
        let sql = format!("SELECT EXISTS (SELECT FROM {} AS t WHERE {condition})", table.name.to_sql());
        if client.query_one(&sql, &[&key]).await?.try_get(0)? {
            return Ok(true);
        }
    }
    Ok(kind.consent.is_some() && !records(client, &Target::of(policy, catalog, &kind.name)?, key).await?.is_empty())
}

async fn choices(
    tx: &Transaction<'_>,
    policy: &Policy,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
) -> Result<(Vec<Record>, Vec<Standing>), Fault> {
    if kind.consent.is_none() {
        return Ok((Vec::new(), Vec::new()));
    }
    let target = Target::of(policy, catalog, &kind.name)?;
    let records = records(tx, &target, key).await?;
    let standings = judge_all(policy, target.source, &records);
    Ok((records, standings))
}

/// The choices as they are stored, with what the policy maps nowhere; `None`: the consent table is among the tables.
async fn choice_rows(
    tx: &Transaction<'_>,
    policy: &Policy,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
) -> Result<Option<Vec<Box<RawValue>>>, Fault> {
    let Some(source) = &kind.consent else { return Ok(None) };
    if tables_of(policy, kind, &unfilled(tx).await?).iter().any(|(table, _)| table.relation == source.table) {
        return Ok(None);
    }
    let target = Target::of(policy, catalog, &kind.name)?;
    let found = target.given().is_in("t", target.column(&source.subject)?);
    let sql = format!("SELECT pg_catalog.row_to_json(t.*)::pg_catalog.text FROM {} AS t WHERE {found}", target.table());
    let rows = tx.query(&sql, &[&key]).await?;
    let read = |row: &tokio_postgres::Row| RawValue::from_string(row.try_get(0)?).map_err(unserialisable);
    rows.iter().map(read).collect::<Result<_, Fault>>().map(Some)
}

/// What a ledger beside the choices' state has of them, and its name.
async fn history(
    tx: &Transaction<'_>,
    policy: &Policy,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
) -> Result<Option<(String, Vec<Record>)>, Fault> {
    if kind.consent.is_none() {
        return Ok(None);
    }
    let target = Target::of(policy, catalog, &kind.name)?;
    let ledger = target.ledger_beside().map(|source| source.table_name.to_string());
    Ok(ledger.zip(past(tx, &target, key).await?))
}

fn purposes<'p>(policy: &'p Policy, standings: &[Standing]) -> Vec<PurposeNote<'p>> {
    let note = |purpose: &'p Purpose| PurposeNote {
        purpose: &purpose.name,
        description: &purpose.description,
        basis: purpose.basis.as_str(),
        dpv: purpose.dpv.as_deref(),
        categories: purpose.shows.iter().chain(purpose.masks.keys()).map(String::as_str).collect(),
        retention: purpose.retention.as_ref().map(|r| r.0.as_str()),
        recipients: recipients(policy, &purpose.name),
        allowed_now: standings.iter().find(|s| s.purpose == purpose.name).map(allowed_now),
    };
    policy.purposes.values().map(note).collect()
}

fn allowed_now(standing: &Standing) -> AllowedNow {
    AllowedNow {
        consent: standing.any.is_ok(),
        channels: standing.channels.iter().filter(|(_, v)| v.is_ok()).map(|(c, _)| c.as_str()).collect(),
        objection: standing.objects,
    }
}

/// Outside organisations that a purpose's roles stand for.
fn recipients<'p>(policy: &'p Policy, purpose: &str) -> Vec<&'p str> {
    let mut names: Vec<&str> = policy
        .roles
        .values()
        .filter(|r| r.purposes.iter().any(|p| p == purpose))
        .filter_map(|r| r.recipient.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

async fn tables(
    tx: &Transaction<'_>,
    policy: &Policy,
    catalog: &Catalog,
    kind: &SubjectKind,
    key: &str,
    json: &mut Json<'_>,
) -> Result<(), Fault> {
    let unfilled = unfilled(tx).await?;
    for (i, (table, path)) in tables_of(policy, kind, &unfilled).into_iter().enumerate() {
        json.raw(if i == 0 { "\n    " } else { ",\n    " })?;
        let condition = leads_to(catalog, kind, table, path)?;
        write_table(tx, Rules { policy, catalog }, table, &condition, key, json).await?;
    }
    Ok(())
}

async fn write_table(
    tx: &Transaction<'_>,
    rules: Rules<'_>,
    table: &TablePolicy,
    condition: &str,
    key: &str,
    json: &mut Json<'_>,
) -> Result<(), Fault> {
    let note = serde_json::to_string(&note(rules.policy, table)).map_err(unserialisable)?;
    // The note's object is left open for its rows.
    json.raw(note.strip_suffix('}').unwrap_or(&note))?;
    json.raw(",\"rows\":[")?;
    let (name, mut first) = (table.name.to_string(), true);
    json.given(&name, 0);
    for source in rules.sources(table)? {
        let sql = format!("SELECT pg_catalog.row_to_json(t.*)::pg_catalog.text FROM {source} AND {condition}");
        let rows = tx.query_raw(&sql, [&key]).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await? {
            let text: String = row.try_get(0)?;
            json.raw(if std::mem::take(&mut first) { "\n      " } else { ",\n      " })?;
            json.given(&name, 1);
            json.value(&RawValue::from_string(text).map_err(unserialisable)?)?;
        }
    }
    json.raw("]}")
}

fn note<'p>(policy: &'p Policy, table: &'p TablePolicy) -> TableNote<'p> {
    let categories: std::collections::BTreeMap<&str, &str> = table
        .columns
        .iter()
        .filter_map(|(column, usage)| match usage {
            ColumnUse::Open => None,
            ColumnUse::Category(category) => Some((column.as_str(), category.as_str())),
        })
        .collect();
    let uses = |p: &&Purpose| categories.values().any(|c| p.shows.contains(*c) || p.masks.contains_key(*c));
    TableNote {
        table: table.name.to_string(),
        purposes: policy.purposes.values().filter(uses).map(|p| p.name.as_str()).collect(),
        retention: table.retention.as_ref().map(|r| RetentionNote { since: &r.since, keep: &r.keep.0 }),
        categories,
    }
}

/// JSON as it is written, piece by piece, and how far it came.
pub struct Json<'w> {
    out: &'w mut dyn Write,
    /// Rows that were given to the output, by table; those of the consent table also as choices.
    pub given: Vec<TableCount>,
}

impl<'w> Json<'w> {
    pub fn to(out: &'w mut dyn Write) -> Self {
        Self { out, given: Vec::new() }
    }

    fn given(&mut self, table: &str, rows: u64) {
        match self.given.iter_mut().find(|count| count.table == table) {
            Some(count) => count.rows += rows,
            None => self.given.push(TableCount { table: table.to_owned(), rows }),
        }
    }

    fn raw(&mut self, text: &str) -> Result<(), Fault> {
        self.out.write_all(text.as_bytes()).map_err(unwritable)
    }

    fn value(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        serde_json::to_writer(&mut *self.out, value).map_err(unserialisable)
    }
}

fn unwritable(error: std::io::Error) -> Fault {
    Fault::new(format!("the export cannot be written: {error}"))
}

fn unserialisable(error: serde_json::Error) -> Fault {
    // Without its text: that may quote a value.
    Fault::new(format!("the export cannot be written: {:?}", error.classify()))
}
