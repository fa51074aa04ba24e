//! An import into the tables of `consent init`: what was said goes into the ledger, which works out what holds.

use tokio_postgres::Transaction;

use crate::consent::fault::Fault;
use crate::consent::target::{Shape, Target};
use crate::engine::policy::ConsentSource;

use super::line::Key;
use super::merge::{Merge, STAGE};
use super::{Imported, defaults};

/// Rows that this transaction made or changed.
const MINE: &str = "xmin = pg_catalog.pg_current_xact_id()::xid";

pub async fn merge(
    tx: &Transaction<'_>,
    target: &Target<'_>,
    ledger: &ConsentSource,
    done: &mut Imported,
) -> Result<(), Fault> {
    let ledger = target.over(ledger)?;
    let merge = Merge::new(&ledger, Key::of(ledger.key_base()), defaults(tx, &ledger).await?).into_said();
    let state = ledger.state_beside()?;
    // No other choice comes in between; readers go on reading.
    tx.batch_execute(&format!("LOCK TABLE {state} IN SHARE ROW EXCLUSIVE MODE")).await?;
    let before = count(tx, &format!("SELECT pg_catalog.count(*) FROM {state}")).await?;
    tx.execute(&merge.insert()?, &[]).await?;
    if let Some(sql) = merge.insert_beside_what_lies_ahead()? {
        tx.execute(&sql, &[]).await?;
    }
    let in_ledger = count(tx, &format!("SELECT pg_catalog.count(*) FROM {} WHERE {MINE}", ledger.table())).await?;
    if target.shape() == Shape::Ledger {
        done.added = in_ledger;
        return Ok(());
    }
    let written = count(tx, &format!("SELECT pg_catalog.count(*) FROM {state} WHERE {MINE}")).await?;
    done.added = count(tx, &format!("SELECT pg_catalog.count(*) FROM {state}")).await? - before;
    done.changed = written - done.added;
    done.history = in_ledger.saturating_sub(written);
    done.older = count(
        tx,
        &format!(
            "SELECT pg_catalog.count(*) FROM (SELECT DISTINCT subject, purpose, channel FROM {STAGE}) AS s
              WHERE EXISTS (SELECT FROM {state} AS t WHERE {} AND NOT t.{MINE})",
            merge.same("t")?
        ),
    )
    .await?;
    Ok(())
}

async fn count(tx: &Transaction<'_>, sql: &str) -> Result<u64, Fault> {
    let count: i64 = tx.query_one(sql, &[]).await?.try_get(0)?;
    Ok(count.unsigned_abs())
}
