//! PostgreSQL's `search_path` made the one that statements are judged by.
//!
//! What leaves as it was written means what its names mean in PostgreSQL. The session follows SET, RESET and transactions
//! by PostgreSQL's rules (`settings`); should it ever follow wrongly, the two would differ, and a name could mean a stored
//! table there and an open one here. So after each batch that may have changed the path, outside of a transaction, the
//! session says which one it believes in.

use std::sync::Arc;

use super::core::{Core, End};
use super::expect::{Audience, Kind};
use super::plans::Judged;
use crate::engine::catalog::quote_ident;
use crate::engine::context::Protocol;
use crate::engine::names;
use crate::relay::outgoing::Name;
use crate::wire::frontend::Target;

/// PostgreSQL did not take the path: nothing may be judged by it.
pub(super) const NOT_TAKEN: End = End::Upstream("PostgreSQL's search_path cannot be set");

impl Core {
    /// Sends the path in messages of our own, where one was touched. Only with nothing under way.
    pub(super) fn assert_path(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.path_touched) || !self.queue.is_empty() {
            return Ok(());
        }
        let schemas = names::split_path(&self.settings.now().search_path).ok_or(NOT_TAKEN)?;
        let list: Vec<String> = schemas.iter().map(|schema| quote_ident(schema)).collect();
        let list = if list.is_empty() { "''".to_owned() } else { list.join(", ") };
        let judged = self.judge(Protocol::Extended, &format!("SET search_path TO {list}")).map_err(|_| NOT_TAKEN)?;
        self.asserting = true;
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

    fn expect_to_assert(&mut self, kind: Kind, judged: &Arc<Judged>) {
        self.expect_about(kind, judged.clone(), false);
        if let Some(last) = self.queue.back_mut() {
            last.audience = Audience::Nobody;
        }
    }
}
