//! Writes a choice into the consent table that the policy maps.
//!
//! Choices about one person count one after the other: PostgreSQL finds two that cross (SERIALIZABLE), and the later one
//! is tried again, on what the first one left. No lock does that, for whatever this role can lock (an advisory key, the
//! person's row), clients of the proxy can hold. The customer's own programs are not SERIALIZABLE: where their unique key
//! says that a row came in between, the whole is tried again too.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, GenericClient, IsolationLevel, Transaction};

use crate::engine::catalog::{Column, quote_ident};
use crate::engine::policy::ConsentSource;
use crate::engine::visible::sql::same_value;

use super::choice::{Act, At, Choice, Write};
use super::commit::{OnCommit, commit};
use super::fault::Fault;
use super::held_up::held_up;
use super::history::{Person, person, records};
use super::made::ledger_that_settles;
use super::standing::{Record, Standing, judge};
use super::taken::is_taken;
use super::target::{Shape, Target};

/// How often a write that lost a race is tried; each time, another one was recorded.
const ATTEMPTS: usize = 32;

/// What was written, and what holds now.
#[derive(Debug)]
pub struct Recorded {
    pub person: Person,
    pub rows_written: usize,
    pub standing: Standing,
}

/// Of whom rows are written, and how many.
#[derive(Debug)]
pub struct Written {
    pub person: Person,
    pub rows: usize,
}

/// Records `choice` of the person with `key`, in one transaction. After a lost race there is another one.
pub async fn record(
    client: &mut Client,
    target: &Target<'_>,
    key: &str,
    choice: &Choice,
    on: &mut OnCommit<'_, Written>,
) -> Result<Recorded, Fault> {
    choice.check(target.policy)?;
    refuse_ahead(client, choice).await?;
    let into = Into { locks: may_lock(client, target).await?, settles: ledger_that_settles(client, target).await? };
    let (mut attempt, mut unsaid) = (1, Unsaid::Here);
    loop {
        match try_record(client, target, key, choice, &into, unsaid, on).await {
            Err(fault) if fault.sqlstate.as_deref() == Some(CHECK_VIOLATION) && unsaid != Unsaid::Kept => {
                unsaid = if unsaid == Unsaid::Here { Unsaid::Default } else { Unsaid::Kept };
            }
            Err(fault) if fault.is_transient() && attempt < ATTEMPTS => attempt += 1,
            Err(fault) => return Err(held_up(client, target, fault).await),
            done => return done,
        }
    }
}

/// How the choice is written.
struct Into {
    locks: bool,
    /// The ledger that takes what was said, and works out what follows from it.
    settles: Option<ConsentSource>,
}

async fn try_record(
    client: &mut Client,
    target: &Target<'_>,
    key: &str,
    choice: &Choice,
    into: &Into,
    unsaid: Unsaid,
    on: &mut OnCommit<'_, Written>,
) -> Result<Recorded, Fault> {
    let tx = client.build_transaction().isolation_level(IsolationLevel::Serializable).start().await?;
    if into.locks {
        // Ahead of what is read: an import, which is not SERIALIZABLE, locks the table, and is waited for here.
        tx.batch_execute(&format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", target.table())).await?;
    }
    let person = person(&tx, target, key).await?;
    let holder = target.column(&target.source.subject)?;
    target.given().fits(&tx, (&target.source.table_name, holder), &person.key).await?;
    let ledger = into.settles.as_ref().map(|source| target.over(source)).transpose()?;
    let written_to = ledger.as_ref().unwrap_or(target);
    let (before, records) = standing(&tx, written_to, &person.key, &choice.purpose).await?;
    let writes = match ledger {
        Some(_) => choice.plan_as_said(written_to.source, &records),
        None => choice.plan(target.source, &records, &before),
    };
    for write in &writes {
        write_row(&tx, written_to, &person.key, write, unsaid).await?;
    }
    is_taken(&tx, (target, written_to), &person.key, (choice, &writes), &records).await?;
    let written = Written { person, rows: writes.len() };
    commit(tx, &written, on).await?;
    let Written { person, rows } = written;
    // Judged after the commit, by a statement of its own: its clock is later than that of the row.
    let (standing, _) = self::standing(client, target, &person.key, &choice.purpose).await?;
    Ok(Recorded { person, rows_written: rows, standing })
}

/// A choice of the future is none yet; as the newest on record it would stand before what somebody says until then.
async fn refuse_ahead(client: &Client, choice: &Choice) -> Result<(), Fault> {
    let Some(at) = choice.at.map(|at| at.to_string()) else { return Ok(()) };
    let sql = "SELECT $1::pg_catalog.text::timestamptz > pg_catalog.clock_timestamp()";
    match client.query_one(sql, &[&at]).await?.try_get(0)? {
        true => Err(Fault::new("the time of the choice is in the future; nothing was recorded")
            .hint("leave --at away to record a choice made now")),
        false => Ok(()),
    }
}

/// Of a state table, the only kind that an import locks; who may change some columns only may not lock it.
async fn may_lock(client: &Client, target: &Target<'_>) -> Result<bool, Fault> {
    let sql = "SELECT pg_catalog.has_table_privilege($1::pg_catalog.oid, 'UPDATE, DELETE, TRUNCATE')";
    let allowed: bool = client.query_one(sql, &[&target.source.table]).await?.try_get(0)?;
    Ok(allowed && target.shape() == Shape::State)
}

pub(super) async fn standing(
    client: &impl GenericClient,
    target: &Target<'_>,
    key: &str,
    purpose: &str,
) -> Result<(Standing, Vec<Record>), Fault> {
    let records = records(client, target, key).await?;
    let purpose = target
        .policy
        .purposes
        .get(purpose)
        .ok_or_else(|| Fault::new(format!("the policy has no purpose \"{purpose}\"")))?;
    Ok((judge(purpose, target.source, &records), records))
}

async fn write_row(
    tx: &Transaction<'_>,
    target: &Target<'_>,
    key: &str,
    write: &Write,
    unsaid: Unsaid,
) -> Result<(), Fault> {
    let row = Row::of(target, key, write, unsaid)?;
    row.fits(tx, target).await?;
    if target.shape() == Shape::State {
        let changed = row.update(tx, target).await?;
        if changed > 0 {
            return Ok(());
        }
    }
    row.insert(tx, target).await
}

/// A value for one column: text for PostgreSQL to read as the column's type.
struct Cell {
    column: String,
    value: Value,
}

enum Value {
    /// The person's key.
    Key(String),
    Text(String),
    /// A time as text.
    Time(String),
    Now,
    Null,
    /// What a new row would get.
    Default,
}

/// A row of the consent table, as it shall be.
struct Row {
    /// What finds the row in a state table: subject, purpose, channel.
    identity: Vec<Cell>,
    content: Vec<Cell>,
    /// Refuse to write over a choice that is newer than this time.
    not_after: Option<String>,
    /// It is a no.
    refuses: bool,
}

impl Row {
    fn of(target: &Target<'_>, key: &str, write: &Write, unsaid: Unsaid) -> Result<Self, Fault> {
        let source = target.source;
        let mut identity = vec![
            Cell { column: source.subject.clone(), value: Value::Key(key.to_owned()) },
            Cell { column: source.purpose.clone(), value: Value::Text(write.purpose.clone()) },
        ];
        match (&source.channel, &write.channel) {
            (Some(column), channel) => identity.push(Cell { column: column.clone(), value: text_or_null(channel) }),
            (None, None) => {}
            (None, Some(_)) => {
                return Err(unmapped(target, "channel", "a choice is for all channels there"));
            }
        }
        let not_after = match &write.at {
            At::Given(time) => Some(time.clone()),
            At::Now | At::CarriedOver(_) => None,
        };
        let content = content(target, write, unsaid)?;
        Ok(Self { identity, content, not_after, refuses: write.act != Act::Grant })
    }

    /// Refuses what its column would cut or round.
    async fn fits(&self, tx: &Transaction<'_>, target: &Target<'_>) -> Result<(), Fault> {
        let (mut statement, mut columns, mut tests) = (Statement::default(), Vec::new(), Vec::new());
        for cell in self.identity.iter().chain(&self.content) {
            if let Value::Text(text) = &cell.value {
                let n = statement.push(Some(text.clone()));
                tests.push(target.holds(&format!("${n}::pg_catalog.text"), &cell.column)?);
                columns.push(&cell.column);
            }
        }
        let sql = format!("SELECT {}", tests.join(", "));
        let row = tx.query_one(&sql, &statement.parameters()).await.map_err(|e| target.explain(e.into()))?;
        for (i, column) in columns.into_iter().enumerate() {
            if row.try_get::<_, Option<bool>>(i)? != Some(true) {
                return Err(target.too_small(column)?);
            }
        }
        Ok(())
    }

    /// Changes every row of a state table that is about this subject, purpose and channel; how many there were.
    async fn update(&self, tx: &Transaction<'_>, target: &Target<'_>) -> Result<u64, Fault> {
        let mut statement = Statement::default();
        let set: Vec<String> = self
            .content
            .iter()
            .map(|c| Ok(format!("{} = {}", quote_ident(&c.column), statement.value(target, c)?)))
            .collect::<Result<_, Fault>>()?;
        let found: Vec<String> =
            self.identity.iter().map(|c| statement.finds(target, c)).collect::<Result<_, Fault>>()?;
        self.refuse_older(tx, target).await?;
        let sql = format!("UPDATE {} SET {} WHERE {}", target.table(), set.join(", "), found.join(" AND "));
        statement.execute(tx, &sql).await.map_err(|f| target.explain(f))
    }

    /// A choice that is told late must not undo a newer one, nor a yes a no of its own moment.
    async fn refuse_older(&self, tx: &Transaction<'_>, target: &Target<'_>) -> Result<(), Fault> {
        let Some(at) = &self.not_after else { return Ok(()) };
        let mut statement = Statement::default();
        let mut found: Vec<String> =
            self.identity.iter().map(|c| statement.finds(target, c)).collect::<Result<_, Fault>>()?;
        let time = statement.push(Some(at.clone()));
        let said = if self.refuses { target.last_said_to_a_no("t")? } else { target.last_said("t")? };
        let newer = format!("{said} > ${time}::pg_catalog.text::timestamptz");
        found.push(match self.refuses {
            true => newer,
            false => format!(
                "({newer} OR {said} = ${time}::pg_catalog.text::timestamptz AND t.{}::pg_catalog.text NOT IN ({}))",
                quote_ident(&target.source.status),
                target.granted_list()
            ),
        });
        let sql = format!("SELECT 1 FROM {} AS t WHERE {} LIMIT 1", target.table(), found.join(" AND "));
        match statement.query(tx, &sql).await? {
            0 => Ok(()),
            _ => Err(Fault::new("a newer choice, or a no of the same moment, for this purpose and channel is on record; nothing was changed")
                .hint("see `consentry consent show`; leave --at away to record a choice made now")),
        }
    }

    async fn insert(&self, tx: &Transaction<'_>, target: &Target<'_>) -> Result<(), Fault> {
        let mut statement = Statement::default();
        let cells = self.identity.iter().chain(&self.content);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for cell in cells {
            columns.push(quote_ident(&cell.column));
            values.push(statement.value(target, cell)?);
        }
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", target.table(), columns.join(", "), values.join(", "));
        statement.execute(tx, &sql).await.map_err(|f| target.explain(f))?;
        Ok(())
    }
}

/// Columns besides those that find the row. What a choice does not say is as if its row were new: nothing of what was said
/// of the opposite, or of an earlier one, is said of it.
fn content(target: &Target<'_>, write: &Write, unsaid: Unsaid) -> Result<Vec<Cell>, Fault> {
    let source = target.source;
    let mut cells = vec![Cell { column: source.status.clone(), value: Value::Text(target.status_for(write.act)?) }];
    let mut put = |column: &Option<String>, value: Option<Value>| {
        if let (Some(column), Some(value)) = (column, value) {
            cells.push(Cell { column: column.clone(), value });
        }
    };
    let row_time = match (&write.ahead, &write.at) {
        (Some(time), _) | (None, At::Given(time)) => Value::Time(time.clone()),
        (None, At::Now | At::CarriedOver(_)) => Value::Now,
    };
    let choice_time = match &write.at {
        At::Given(time) | At::CarriedOver(Some(time)) => Value::Time(time.clone()),
        At::Now | At::CarriedOver(None) => Value::Now,
    };
    put(&source.recorded_at, Some(row_time));
    match write.act {
        Act::Grant => {
            put(&source.granted_at, Some(choice_time));
            put(&source.withdrawn_at, Some(Value::Null));
        }
        Act::Withdraw | Act::Object => put(&source.withdrawn_at, Some(choice_time)),
    }
    let keeps_time =
        [&source.recorded_at, if write.act == Act::Grant { &source.granted_at } else { &source.withdrawn_at }];
    if matches!(write.at, At::Given(_)) && keeps_time.iter().all(|column| column.is_none()) {
        let key = if write.act == Act::Grant { "granted_at" } else { "withdrawn_at" };
        return Err(unmapped(target, key, "the time of the choice would be lost"));
    }
    let given = &write.provenance;
    let fields = [
        ("expires_at", &source.expires_at, &given.expires),
        ("notice", &source.notice, &given.notice),
        ("source", &source.source, &given.source),
        ("recipient", &source.recipient, &given.recipient),
        ("event", &source.event, &given.event),
    ];
    for (key, column, value) in fields {
        if column.is_none() && value.is_some() {
            return Err(unmapped(target, key, "it would be lost"));
        }
        let value = match (value, write.act) {
            (Some(v), _) if key == "expires_at" => Some(Value::Time(v.clone())),
            (Some(v), _) => Some(Value::Text(v.clone())),
            (None, Act::Grant) => Some(Value::Default),
            // Left as it was only where the table does not let it go: a withdrawal must not fail for that.
            (None, Act::Withdraw | Act::Object) => match column {
                Some(name) if unsaid != Unsaid::Kept && !target.column(name)?.not_null => Some(Value::Default),
                Some(_) | None => None,
            },
        };
        put(column, value);
    }
    if let (Some(column), None) = (&source.source, &given.source)
        && unsaid == Unsaid::Here
        && says_text(target.column(column)?)
    {
        cells.retain(|c| c.column != *column);
        cells.push(Cell { column: column.clone(), value: Value::Text(HERE.to_owned()) });
    }
    Ok(cells)
}

/// Where a choice comes from of which nobody says it: the table's default tells of another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsaid {
    Here,
    /// The table knows its own words only.
    Default,
    /// It refuses its own defaults too: a no leaves what stands there.
    Kept,
}

const CHECK_VIOLATION: &str = "23514";
const HERE: &str = "command line";

/// The column takes that, as far as its type says.
fn says_text(column: &Column) -> bool {
    let fits = column.ty.length.is_none_or(|most| most as usize >= HERE.len());
    is_text(column) && fits
}

pub(super) fn is_text(column: &Column) -> bool {
    matches!(column.ty.name.as_str(), "text" | "varchar")
}

fn text_or_null(value: &Option<String>) -> Value {
    value.clone().map_or(Value::Null, Value::Text)
}

fn unmapped(target: &Target<'_>, key: &str, why: &str) -> Fault {
    Fault::new(format!("the policy maps no `{key}` column of {}: {why}", target.source.table_name)).hint(format!(
        "map it in [subject.{}.consent], as in {key} = \"…\", or leave the option away",
        target.kind.name
    ))
}

/// A statement's parameters as they are numbered.
#[derive(Default)]
struct Statement {
    parameters: Vec<Option<String>>,
}

impl Statement {
    fn push(&mut self, value: Option<String>) -> usize {
        self.parameters.push(value);
        self.parameters.len()
    }

    fn value(&mut self, target: &Target<'_>, cell: &Cell) -> Result<String, Fault> {
        match &cell.value {
            Value::Key(v) | Value::Text(v) => {
                let n = self.push(Some(v.clone()));
                target.parameter(n, &cell.column)
            }
            Value::Time(v) => {
                let n = self.push(Some(v.clone()));
                target.time_parameter(n, &cell.column)
            }
            Value::Now => super::target::from_instant(target.column(&cell.column)?, "pg_catalog.clock_timestamp()"),
            Value::Null => Ok("NULL".to_owned()),
            Value::Default => Ok("DEFAULT".to_owned()),
        }
    }

    fn finds(&mut self, target: &Target<'_>, cell: &Cell) -> Result<String, Fault> {
        let column = quote_ident(&cell.column);
        match &cell.value {
            Value::Key(key) => {
                let n = self.push(Some(key.clone()));
                Ok(target.given().is(n, &column, &target.column(&cell.column)?.ty))
            }
            Value::Null => Ok(format!("{column} IS NULL")),
            Value::Text(_) | Value::Time(_) | Value::Now | Value::Default => {
                let ty = &target.column(&cell.column)?.ty;
                Ok(same_value((&column, ty), (&self.value(target, cell)?, ty)))
            }
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.parameters.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
    }

    async fn execute(&self, tx: &Transaction<'_>, sql: &str) -> Result<u64, Fault> {
        Ok(tx.execute(sql, &self.parameters()).await?)
    }

    async fn query(&self, tx: &Transaction<'_>, sql: &str) -> Result<usize, Fault> {
        Ok(tx.query(sql, &self.parameters()).await?.len())
    }
}
