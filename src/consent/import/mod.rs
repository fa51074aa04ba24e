//! `consent import`: many choices from a CSV file, all or (on request) all good ones, in flat memory.
//!
//! Lines are checked one by one (`line`) and copied into a temporary table; what only the database knows is checked
//! there; then the whole is merged into the consent table (`merge`; `withdrawals` says what those mean beside other
//! choices; `said` where the tables work that out themselves), in one transaction.

pub mod line;
mod merge;
mod said;
mod typed;
mod withdrawals;

use std::io::Read;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use csv::ByteRecord;
use futures_util::SinkExt;
use jiff::Timestamp;
use tokio_postgres::{Client, CopyInSink, Transaction};

use super::commit::{OnCommit, commit};
use super::fault::Fault;
use super::held_up::held_up;
use super::made::ledger_that_settles;
use super::target::{Shape, Target};
use line::{Checker, Header, Key};
use merge::{Defaults, Merge};

/// Sent to PostgreSQL in pieces of about this many bytes.
const CHUNK: usize = 64 * 1024;

/// What a bad line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLines {
    /// Nothing is imported.
    Refuse,
    /// The others are imported.
    Skip,
}

/// What the caller is told while it goes on.
pub enum Progress {
    /// This many bytes of the file have been read.
    Read(u64),
    /// A line is bad: its number, counted from 1 with the header, and what is wrong.
    Bad { line: u64, wrong: String },
    /// The file is read, and is being checked and merged.
    Merging,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    pub lines: u64,
    pub bad: u64,
    /// Rows added.
    pub added: u64,
    /// Rows changed (state tables).
    pub changed: u64,
    /// Choices left out, because a newer one is on record (state tables).
    pub older: u64,
    /// Rows added besides to the ledger that `consent init` made with the state table: what came before.
    pub history: u64,
}

/// Imports `file`; `on` hears of every bad line, whether or not they are skipped, and `on_commit` of the transaction.
pub async fn import(
    client: &mut Client,
    target: &Target<'_>,
    file: impl Read,
    bad_lines: BadLines,
    on: &mut dyn FnMut(Progress),
    on_commit: &mut OnCommit<'_, Imported>,
) -> Result<Imported, Fault> {
    match try_import(client, target, file, bad_lines, on, on_commit).await {
        Err(fault) => Err(held_up(client, target, fault).await),
        done => done,
    }
}

async fn try_import(
    client: &mut Client,
    target: &Target<'_>,
    file: impl Read,
    bad_lines: BadLines,
    on: &mut dyn FnMut(Progress),
    on_commit: &mut OnCommit<'_, Imported>,
) -> Result<Imported, Fault> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = Header::read(reader.headers().map_err(unreadable)?, target)?;
    // A line without a time is of now, as a single choice is: by the clock that judges them all.
    let now: SystemTime = client.query_one("SELECT pg_catalog.clock_timestamp()", &[]).await?.try_get(0)?;
    let now = Timestamp::try_from(now).map_err(|e| Fault::new(format!("PostgreSQL's clock: {e}")))?;
    let checker = Checker::new(target, header, now);

    let settles = ledger_that_settles(client, target).await?;
    let tx = client.transaction().await?;
    let merge = Merge::new(target, Key::of(target.key_base()), defaults(&tx, target).await?);
    tx.batch_execute(merge::CREATE_STAGE).await?;
    let mut done = stage(&tx, &mut reader, &checker, on).await?;
    on(Progress::Merging);
    tx.batch_execute(&format!("ANALYZE {}", merge::STAGE)).await?;
    done.bad += check_staged(&tx, &merge, settles.is_some(), on).await?;
    if done.bad > 0 && bad_lines == BadLines::Refuse {
        return Err(Fault::new(format!("{} of {} lines are bad; nothing was imported", done.bad, done.lines))
            .hint("correct them, or leave them out with --skip-bad"));
    }
    match &settles {
        Some(ledger) => said::merge(&tx, target, ledger, &mut done).await,
        None => merge_staged(&tx, target, &merge, &mut done).await,
    }
    .map_err(|f| target.explain(f))?;
    commit(tx, &done, on_commit).await?;
    Ok(done)
}

async fn defaults(tx: &Transaction<'_>, target: &Target<'_>) -> Result<Defaults, Fault> {
    let rows = tx.query(merge::DEFAULTS, &[&target.source.table]).await?;
    Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, tokio_postgres::Error>>()?)
}

/// Reads the file into the staging table.
async fn stage(
    tx: &Transaction<'_>,
    reader: &mut csv::Reader<impl Read>,
    checker: &Checker<'_>,
    on: &mut dyn FnMut(Progress),
) -> Result<Imported, Fault> {
    let sink: CopyInSink<Bytes> = tx.copy_in(merge::COPY_STAGE).await?;
    let mut sink = std::pin::pin!(sink);
    let (mut done, mut chunk, mut record) = (Imported::default(), BytesMut::new(), ByteRecord::new());
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        done.lines += 1;
        let number = record.position().map_or(0, csv::Position::line);
        match checker.check(std::mem::take(&mut record)) {
            Ok(line) => line.copy_into(number, &mut chunk),
            Err(wrong) => {
                done.bad += 1;
                on(Progress::Bad { line: number, wrong: wrong.join("; ") });
            }
        }
        if chunk.len() >= CHUNK {
            sink.send(chunk.split().freeze()).await?;
            on(Progress::Read(reader.position().byte()));
        }
    }
    sink.send(chunk.freeze()).await?;
    sink.finish().await?;
    Ok(done)
}

fn unreadable(error: csv::Error) -> Fault {
    // csv's own words hold positions and I/O errors, no fields.
    Fault::new(format!("the file cannot be read: {error}"))
}

/// Checks that need the database; bad lines leave the staging table.
async fn check_staged(
    tx: &Transaction<'_>,
    merge: &Merge<'_>,
    settles: bool,
    on: &mut dyn FnMut(Progress),
) -> Result<u64, Fault> {
    let mut bad = 0;
    for (wrong, lines) in typed::misfits(tx, merge).await? {
        bad += leave_out(tx, &lines, &wrong, on).await?;
    }
    let cut = |what: &str| format!("{what} does not fit the consent table's column, which would cut or round it");
    let mut checks = vec![
        (merge.unknown_subjects(), "subject is not there".to_owned()),
        (merge.changed_subjects()?, cut("subject")),
    ];
    checks.extend(merge.cut()?.into_iter().map(|(_, what, sql)| (sql, cut(what))));
    if let Some(sql) = merge.withdrawn_from_what_lies_ahead()?.filter(|_| !settles) {
        checks.push((
            sql,
            "takes one channel out of a consent for all channels that begins later; record it with `consent withdraw`"
                .to_owned(),
        ));
    }
    for (sql, wrong) in checks {
        let lines = tx.query(&sql, &[]).await.map_err(|e| merge.target.explain(e.into()))?;
        let lines: Vec<i64> = lines.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?;
        bad += leave_out(tx, &lines, &wrong, on).await?;
    }
    Ok(bad)
}

/// Complains about these lines, and takes them out of the staging table. Returns how many they were.
async fn leave_out(
    tx: &Transaction<'_>,
    lines: &[i64],
    wrong: &str,
    on: &mut dyn FnMut(Progress),
) -> Result<u64, Fault> {
    for line in lines {
        on(Progress::Bad { line: line.unsigned_abs(), wrong: wrong.to_owned() });
    }
    if lines.is_empty() {
        return Ok(0);
    }
    Ok(tx.execute(&format!("DELETE FROM {} WHERE line = ANY($1)", merge::STAGE), &[&lines]).await?)
}

async fn merge_staged(
    tx: &Transaction<'_>,
    target: &Target<'_>,
    merge: &Merge<'_>,
    done: &mut Imported,
) -> Result<(), Fault> {
    if target.shape() == Shape::State {
        tx.batch_execute(&merge.lock()).await?;
    }
    let meant = [
        merge.spread_withdrawals()?,
        merge.take_back_what_was_carried_over()?,
        merge.split_generals()?,
        merge.keep_objections()?,
    ];
    for sql in meant.iter().flatten() {
        tx.execute(sql, &[]).await?;
    }
    // What follows from the lines names other channels.
    for (column, _, sql) in merge.cut()? {
        if !tx.query(&sql, &[]).await?.is_empty() {
            return Err(target.too_small(column)?);
        }
    }
    if target.shape() == Shape::State {
        tx.execute(&merge.keep_newest(), &[]).await?;
        let older: i64 = tx.query_one(&merge.count_older()?, &[]).await?.try_get(0)?;
        done.older = older.unsigned_abs();
        tx.execute(&merge.remember_nos()?, &[]).await?;
        done.changed = tx.execute(&merge.update()?, &[]).await?;
    }
    done.added = tx.execute(&merge.insert()?, &[]).await?;
    if let Some(sql) = merge.insert_beside_what_lies_ahead()? {
        done.added += tx.execute(&sql, &[]).await?;
    }
    done.history = insert_history(tx, target).await?;
    let lost: i64 = tx.query_one(&merge.count_not_taken()?, &[]).await?.try_get(0)?;
    if lost > 0 {
        return Err(super::taken::not_held(&target.source.table_name));
    }
    Ok(())
}

/// What the state came by, into the ledger beside it: the state's own triggers have put there what has become of it.
async fn insert_history(tx: &Transaction<'_>, target: &Target<'_>) -> Result<u64, Fault> {
    let Some(source) = target.ledger_beside() else { return Ok(0) };
    let ledger = target.over(&source)?;
    let merge = Merge::new(&ledger, Key::of(ledger.key_base()), defaults(tx, &ledger).await?);
    tx.execute(&merge.insert_history()?, &[]).await.map_err(|e| ledger.explain(e.into()))
}
