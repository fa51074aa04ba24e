//! PostgreSQL's `search_path` made the one that statements are judged by.
//!
//! What leaves as it was written means what its names mean in PostgreSQL. The session follows SET, RESET and transactions
//! by PostgreSQL's rules (`settings`); should it ever follow wrongly, the two would differ, and a name could mean a stored
//! table there and an open one here. So after each batch that may have changed the path, outside of a transaction, the
//! session says which one it believes in; nothing is judged in between.

use std::sync::Arc;

use super::core::{Core, End};
use super::expect::{Audience, Kind};
use super::plans::Judged;
use crate::engine::catalog::quote_literal;
use crate::engine::context::Protocol;
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
        // Not SET: it has no way to say the empty path, nor one that was written in another way than SET's.
        let path = quote_literal(&self.settings.now().search_path);
        let text = format!("SELECT pg_catalog.set_config('search_path', {path}, false)");
        let judged = self.judge(Protocol::Extended, &text).map_err(|_| NOT_TAKEN)?;
        self.asserting = true;
        if self.assert_retries > 0 {
            // What was cancelled may be prepared already.
            self.to_server.close(Target::Statement, Name::Own)?;
            self.expect_to_assert(Kind::OwnClose, &judged);
        }
        self.to_server.parse(Name::Own, &judged.cleared, &[0, 0])?;
        self.expect_to_assert(Kind::OwnParse, &judged);
        self.to_server.bind_own()?;
        self.expect_to_assert(Kind::OwnBind, &judged);
        self.to_server.execute(Name::Own, 0)?;
        self.expect_to_assert(Kind::OwnAssert, &judged);
        self.to_server.close(Target::Statement, Name::Own)?;
        self.expect_to_assert(Kind::OwnClose, &judged);
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

    fn expect_to_assert(&mut self, kind: Kind, judged: &Arc<Judged>) {
        self.expect_about(kind, judged.clone(), false);
        if let Some(last) = self.queue.back_mut() {
            last.audience = Audience::Nobody;
        }
    }
}
