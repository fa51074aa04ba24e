//! Others write while rows are erased: all that one transaction does is done to what it saw at its begin, or is undone and
//! tried again.

use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::fault::Fault;

const TRIES: u32 = 5;

/// The transaction sees what was there at its first statement; what others change of that later makes it fail.
pub(super) async fn begin(client: &mut Client) -> Result<Transaction<'_>, Fault> {
    Ok(client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?)
}

/// How often it was tried.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Undoes what failed so; or why it is not to be tried again.
    pub(super) async fn again(&mut self, tx: Transaction<'_>, fault: Fault) -> Result<(), Fault> {
        self.0 += 1;
        tx.rollback().await?;
        let (changed, refers) = (was_changed(&fault), fault.sqlstate.as_deref() == Some("23503"));
        match changed || refers {
            true if self.0 < TRIES => Ok(()),
            true if changed => Err(Fault {
                message: format!("nothing was done, tried {TRIES} times: others write these rows: {}", fault.message),
                hint: Some("try again when fewer write to these tables".to_owned()),
                ..fault
            }),
            true => {
                let see = fault.hint.map_or(String::new(), |see| format!("; {see}"));
                let hint = format!("see what this foreign key refers to, and the defaults of its columns{see}");
                Err(Fault { message: format!("{}, tried {TRIES} times", fault.message), hint: Some(hint), ..fault })
            }
            false => Err(fault),
        }
    }
}

/// Whether others changed rows that this transaction had seen. (Where they added some that refer to them, that is 23503; but
/// so is what the schema itself does not allow.)
fn was_changed(fault: &Fault) -> bool {
    matches!(fault.sqlstate.as_deref(), Some("40001" | "40P01"))
}
