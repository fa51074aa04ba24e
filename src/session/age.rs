//! How old a transaction is: its snapshot, cursors and portals see consent as it was, so its age is bounded
//! (`max_transaction`).
//!
//! PostgreSQL says of a transaction block only with ReadyForQuery that it is open, and of the transaction of several
//! statements in one Query, or in messages before a Sync, nothing at all. A statement that is alone in its transaction may
//! take its time: it ends with its own answer.

use std::time::Instant;

use super::core::Core;

#[derive(Debug, Default)]
pub struct Age {
    since: Option<Instant>,
    /// A statement has run in it.
    ran: bool,
}

impl Core {
    /// When the open transaction must end.
    pub fn transaction_deadline(&self) -> Option<Instant> {
        let waits = self.unsynced && self.has_answered_all();
        let since = self.age.since.filter(|_| self.in_block || self.age.ran || waits)?;
        Some(since + self.live.max_transaction)
    }

    /// It is open: PostgreSQL has said so, or has a portal bound in it, which has its snapshot from then on.
    pub(super) fn transaction_is_open(&mut self) {
        self.age.since.get_or_insert_with(Instant::now);
    }

    /// A statement has run, or a part of its rows has come. The first one's own time does not count where that was all that
    /// the transaction did.
    pub(super) fn has_run(&mut self, began: Instant) {
        let alone = !self.age.ran && self.age.since.is_none_or(|since| since >= began);
        if alone {
            self.age.since = Some(Instant::now());
        }
        self.age.ran = true;
    }

    /// The transaction has ended; `chain`: another one has begun.
    pub(super) fn age_anew(&mut self, chain: bool) {
        self.age = Age { since: chain.then(Instant::now), ran: false };
    }
}
