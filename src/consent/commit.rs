//! The end of a transaction that changes stored data, told as it comes: before COMMIT, and what PostgreSQL said of it.

use tokio_postgres::Transaction;
use tokio_postgres::error::Severity;

use super::fault::Fault;

/// Where a transaction is.
#[derive(Debug)]
pub enum Moment<'m, T> {
    /// This is done and about to be committed; an error undoes it.
    Before(&'m T),
    Committed(&'m T),
    /// PostgreSQL did not commit it, and undid it.
    Undone(&'m T, &'m Fault),
    // There is no word for that PostgreSQL was lost meanwhile: whoever hears nothing more knows nothing more.
}

/// Told of each moment of a transaction.
pub type OnCommit<'f, T> = dyn FnMut(Moment<'_, T>) -> Result<(), Fault> + 'f;

/// Commits `tx`, which did `done`.
pub(super) async fn commit<T>(tx: Transaction<'_>, done: &T, on: &mut OnCommit<'_, T>) -> Result<(), Fault> {
    on(Moment::Before(done))?;
    let Err(error) = tx.commit().await else { return on(Moment::Committed(done)) };
    // FATAL ends the session, and may come from it or from who ended it.
    let answered = error.as_db_error().is_some_and(|db| db.parsed_severity() == Some(Severity::Error));
    let fault = Fault::from(error);
    if !answered {
        return Err(Fault::new(format!("PostgreSQL was lost while it committed: {fault}"))
            .hint("whether it took effect is not known; the record says of it that its end is missing"));
    }
    // That this could not be told is less than what went wrong, and shows where it was to be told.
    let _ = on(Moment::Undone(done, &fault));
    Err(fault)
}
