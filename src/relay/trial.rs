//! A policy's conditions and masks, tried on PostgreSQL: prepared, and executed only where they read no table, so no row is
//! read.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::engine::policy::resolve::{Failure, Reading, Trial};

/// Tries all of them; what PostgreSQL does not take is among the policy's problems from then on. An error: PostgreSQL
/// could not be asked.
pub async fn run(client: &Client, reading: &mut Reading<'_>) -> Result<(), tokio_postgres::Error> {
    for trial in reading.take_trials() {
        if let Some(failure) = failure(client, &trial).await? {
            reading.failed(trial, failure);
        }
    }
    Ok(())
}

async fn failure(client: &Client, trial: &Trial) -> Result<Option<Failure>, tokio_postgres::Error> {
    let tried = match client.prepare(trial.sql()).await {
        Ok(statement) if trial.asks() => client.query_one(&statement, &[]).await.and_then(|row| row.try_get(0)),
        tried => tried.map(|_| true),
    };
    let error = match tried {
        Ok(so) => return Ok((!so).then_some(Failure::Denied)),
        Err(error) => error,
    };
    let Some(told) = error.as_db_error() else { return Err(error) };
    let said = told.message().to_owned();
    match (told.code(), told.code().code().get(..2)) {
        (&SqlState::INSUFFICIENT_PRIVILEGE, _) => Ok(Some(Failure::NotAllowed(said))),
        // Data exceptions, and what is wrong with the statement; not that PostgreSQL stops, is full, or waits for a lock.
        (_, Some("22" | "42" | "0A")) => Ok(Some(Failure::Unfit(said))),
        _ => Err(error),
    }
}
