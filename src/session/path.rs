//! PostgreSQL's `search_path` made the one that statements are judged by.
//!
//! What leaves as it was written means what its names mean in PostgreSQL. The session follows SET, RESET and transactions
//! by PostgreSQL's rules (`settings`); should it ever follow wrongly, the two would differ, and a name could mean a stored
//! table there and an open one here. So after each batch that may have changed the path, outside of a transaction, the
//! session says which one it believes in; nothing is judged in between.

use super::core::{Core, End};
use super::expect::{Audience, Kind};
use crate::engine::cleared::Cleared;
use crate::relay::outgoing::Name;
use crate::wire::frontend::Target;

/// PostgreSQL did not take the path: nothing may be judged by it.
pub(super) const NOT_TAKEN: End = End::Upstream("PostgreSQL's search_path cannot be set");

/// How often in a row it is said again, where a cancel request of the client came too late for its own statement and hit
/// ours, or the client's `statement_timeout` is very short.
const MAX_RETRIES: u8 = 100;

impl Core {
    /// Sends the path in messages of our own, where one was touched. Only with nothing under way.
    pub(super) fn assert_path(&mut self) -> Result<(), End> {
        if !self.path_touched || !self.queue.is_empty() {
            return Ok(());
        }
        self.path_touched = false;
        let ours = Cleared::search_path(&self.settings.now().search_path);
        self.asserting = true;
        // A statement of ours that was cancelled, or failed in steps (`inquiry`), may be prepared still.
        self.to_server.close(Target::Statement, Name::Own)?;
        self.expect(Kind::OwnClose, Audience::Nobody);
        self.to_server.parse(Name::Own, &ours, &[0, 0])?;
        self.expect(Kind::OwnParse, Audience::Nobody);
        self.to_server.bind_own()?;
        self.expect(Kind::OwnBind, Audience::Nobody);
        self.to_server.execute(Name::Own, 0)?;
        self.expect(Kind::OwnAssert, Audience::Nobody);
        self.to_server.close(Target::Statement, Name::Own)?;
        self.expect(Kind::OwnClose, Audience::Nobody);
        self.to_server.sync();
        self.expect(Kind::Sync, Audience::Nobody);
        self.batch += 1;
        Ok(())
    }

    /// PostgreSQL has the path.
    pub(super) fn path_is_taken(&mut self) {
        self.asserting = false;
        self.assert_retries = 0;
    }

    /// Our own statement was cancelled: it is said again after its Sync. Nothing was taken from the client meanwhile.
    pub(super) fn path_was_cancelled(&mut self) -> Result<(), End> {
        while self.queue.front().is_some_and(|e| !matches!(e.kind, Kind::Sync)) {
            self.queue.pop_front();
        }
        if self.assert_retries == MAX_RETRIES {
            return Err(NOT_TAKEN);
        }
        self.assert_retries += 1;
        self.asserting = false;
        self.path_touched = true;
        Ok(())
    }
}
