//! Holds back what makes lasting what a statement does, until its record is on disk: the end of its transaction, or the
//! statement itself where it is one of its own.
//!
//! What is undone with its transaction, and what only reads, goes to PostgreSQL at once, and is answered when its record is
//! on disk (`gate`); what acts at once, and is not undone with its transaction, waits itself. So a record that cannot be
//! written leaves nothing changed.

use std::collections::VecDeque;

use super::core::{Copy, Core, End};
use super::expect::{Expect, Kind};
use super::refuse;
use crate::audit::{Recorder, Ticket};
use crate::engine::cleared::{Effect, Statement};

/// Kinds of statements that PostgreSQL takes back with their transaction, whatever message ends that. (A CALL may end it by
/// itself, VACUUM has none.)
const TAKEN_BACK: [&str; 8] =
    ["insert", "update", "delete", "merge", "copy_in", "select", "execute", "create_table_as"];

#[derive(Default)]
pub struct Dam {
    /// What lies behind each offset of what goes to PostgreSQL waits for its ticket.
    waiting: VecDeque<(u64, Ticket)>,
    /// A transaction block is open, and no message that was sent since that was known may end it.
    in_block: bool,
    /// The batch that is sent has done what its Sync makes lasting.
    pub(super) batch_lasts: bool,
}

impl Dam {
    /// Offset up to which bytes may leave now.
    pub fn limit(&mut self, recorder: &Recorder) -> u64 {
        while let Some((offset, ticket)) = self.waiting.front() {
            if !recorder.is_durable(ticket) {
                return *offset;
            }
            self.waiting.pop_front();
        }
        u64::MAX
    }

    /// Whether a block is open that none of these statements ends.
    pub fn stays_in_block(&self, statements: &[Statement]) -> bool {
        self.in_block && !statements.iter().any(ends)
    }

    /// What is waited for next.
    pub fn next(&self) -> Option<Ticket> {
        self.waiting.front().map(|(_, ticket)| *ticket)
    }

    /// Nothing waits any more; returns from where on.
    pub fn open(&mut self) -> Option<u64> {
        let from = self.waiting.front().map(|(offset, _)| *offset);
        self.waiting.clear();
        self.batch_lasts = false;
        from
    }
}

impl Core {
    /// With nothing under way it is known whether a block is open.
    pub(super) fn look_for_block(&mut self) {
        if self.queue.is_empty() && !self.unsynced {
            self.dam.in_block = self.in_block;
            self.dam.batch_lasts = false;
        }
    }

    /// A Query of these statements is the next to go. Whether it commits: what comes behind it waits for its answer then, for
    /// what is told of the one must not hang on the record of the other.
    pub(super) fn dam_query(&mut self, statements: &[Statement]) -> bool {
        let lasts = statements.iter().any(|s| self.lasts(s));
        let commits = statements.iter().any(commits) || (lasts && statements.iter().any(ends));
        // The end of a Query is that of the batch before it too, which no Sync has ended.
        let commits = commits || std::mem::take(&mut self.dam.batch_lasts) || (lasts && !self.dam.in_block);
        let at_once = statements.iter().any(|s| self.is_at_once(s));
        self.dam.in_block &= !statements.iter().any(ends);
        (commits || at_once) && self.dam_here()
    }

    /// What a statement does may outlive its answer.
    pub(super) fn lasts(&self, statement: &Statement) -> bool {
        self.may_be(statement, |s| s.lasts)
    }

    fn is_at_once(&self, statement: &Statement) -> bool {
        self.may_be(statement, |s| s.at_once)
    }

    /// Whether a statement is so; of one that names another, that. What is not known may be.
    fn may_be(&self, statement: &Statement, so: fn(&Statement) -> bool) -> bool {
        let prepared = |name: &str| {
            let prepared = self.statements.newest(name);
            prepared.is_none_or(|p| p.judged.cleared.statements.iter().any(so))
        };
        match &statement.effect {
            Effect::Execute { name, .. } | Effect::ExplainExecute { name, .. } => prepared(name),
            Effect::Fetch { name } => {
                let portal = self.portals.newest(name);
                portal.and_then(|p| p.statement()).is_none_or(|s| match &s.effect {
                    Effect::Execute { name, .. } => prepared(name),
                    _ => so(s),
                })
            }
            _ => so(statement),
        }
    }

    /// An Execute of this statement is the next to go. Whether it commits.
    pub(super) fn dam_execute(&mut self, statement: Option<&Statement>) -> bool {
        let Some(statement) = statement else { return false };
        let lasts = self.lasts(statement) && !self.dam.in_block;
        let with_batch = TAKEN_BACK.contains(&statement.kind);
        self.dam.batch_lasts |= lasts && with_batch;
        self.dam.in_block &= !ends(statement);
        (commits(statement) || self.is_at_once(statement) || (lasts && !with_batch)) && self.dam_here()
    }

    /// A Sync is the next to go. Whether it commits.
    pub(super) fn dam_sync(&mut self) -> bool {
        std::mem::take(&mut self.dam.batch_lasts) && self.dam_here()
    }

    /// What is sent from here on waits for all that has been put on record. Whether anything ever does.
    fn dam_here(&mut self) -> bool {
        if let Some(ticket) = self.clerk.last.filter(|ticket| !self.clerk.recorder.is_durable(ticket)) {
            self.dam.waiting.push_back((self.to_server.end_offset(), ticket));
        }
        self.clerk.recorder.is_strict()
    }

    /// Whether PostgreSQL is at a statement whose effects last, and will say what became of it. (A batch without Sync lasts by
    /// none, and a COPY waits for data.)
    pub fn is_at_what_lasts(&self) -> bool {
        let ends = |e: &Expect| matches!(e.kind, Kind::Query(_) | Kind::Sync);
        let behind = self.queue.iter().rposition(ends).map_or(0, |last| last + 1);
        let statements = self.queue.iter().take(behind).filter_map(|e| match &e.kind {
            Kind::Query(_) => e.judged.as_ref().map(|judged| judged.cleared.statements.as_slice()),
            Kind::Execute(portal) => portal.statement().map(std::slice::from_ref),
            _ => None,
        });
        self.copy != Copy::In && statements.flatten().any(|s| self.lasts(s) || commits(s))
    }

    /// A cancel request. Whether it was for a statement that has not left, which ends here; any other is PostgreSQL's to end.
    /// What has run and waits to be committed does not end so, as in PostgreSQL.
    pub fn cancels(&mut self) -> Result<bool, End> {
        let waits = self.awaited_by_server().is_some();
        let mut running =
            self.queue.iter().filter(|e| matches!(e.kind, Kind::Query(_) | Kind::Execute(_) | Kind::Sync));
        let it_is_next = matches!(running.next().map(|e| &e.kind), Some(Kind::Query(_) | Kind::Execute(_)));
        if !waits || !it_is_next || running.next().is_some() {
            return Ok(false);
        }
        if let Some(from) = self.dam.open() {
            self.to_server.take_back(from, &self.marker)?;
        }
        self.ended_by_us = Some(refuse::cancelled());
        // Nothing of it is told: its record need not be waited for.
        self.clerk.last = self.gate.newest();
        Ok(true)
    }

    /// Offset of `to_server` up to which bytes may leave now.
    pub fn send_limit(&mut self) -> u64 {
        self.dam.limit(&self.clerk.recorder)
    }

    /// The record that was waited for next when it was last asked how much may leave: tickets are durable in order.
    pub fn awaited(&self) -> Option<Ticket> {
        self.gate.next().into_iter().chain(self.dam.next()).min_by_key(|ticket| ticket.seq())
    }

    /// The record that what is sent to PostgreSQL waits for.
    pub fn awaited_by_server(&mut self) -> Option<Ticket> {
        self.send_limit();
        self.dam.next()
    }
}

/// Makes lasting what came before it.
fn commits(statement: &Statement) -> bool {
    matches!(statement.effect, Effect::Commit { .. } | Effect::PrepareTransaction)
        || matches!(statement.kind, "commit_prepared" | "rollback_prepared")
}

/// May end a transaction block.
fn ends(statement: &Statement) -> bool {
    commits(statement) || matches!(statement.effect, Effect::Rollback { .. })
}
