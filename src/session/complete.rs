//! Statements that end: completion, suspension, failure, ReadyForQuery; each goes on record.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::core::{Core, End};
use super::effects::Completed;
use super::expect::{Audience, Expect, Kind, QueryRun, Settles, StatementRun};
use super::names::Fate;
use super::prepared::{Portal, Progress};
use super::record::Run;
use super::server::{OUT_OF_ORDER, Verdict};
use crate::audit::event::Ending;
use crate::wire::backend::{Status, rows_in_tag};
use crate::wire::error::Fields;

/// Query cancelled, by a client's request or a timeout (PostgreSQL manual, appendix A).
pub(super) const QUERY_CANCELED: &str = "57014";
/// There is no prepared statement of a name.
pub(super) const NO_SUCH_STATEMENT: &str = "26000";
/// The transaction has failed before.
pub(super) const FAILED: &str = "25P02";

impl Core {
    /// A change of names has happened or not. A portal that is replaced or closed ends with it.
    pub(super) fn settle(&mut self, kind: &Kind, fate: Fate) {
        match kind.settles() {
            Settles::Statement(change) => drop(self.statements.settle(&change.name, change.id, fate)),
            Settles::Portal(change) => {
                let old = self.portals.settle(&change.name, change.id, fate);
                self.finish_portals(old);
            }
            Settles::Nothing => {}
        }
    }

    pub(super) fn command_complete(&mut self, tag: &str) -> Result<Verdict, End> {
        match self.queue.front_mut() {
            Some(Expect { kind: Kind::Query(query), judged, .. }) => {
                let index = query.done;
                let judged = judged.clone().ok_or(OUT_OF_ORDER)?;
                let helped = judged.cleared.statements.get(index).is_some_and(|s| s.helped.is_some());
                let own = match helped.then(|| query.completes_stage(tag)) {
                    Some(None) => return Ok(Verdict::Drop),
                    Some(own) => own,
                    None => None,
                };
                let tag = own.as_deref().unwrap_or(tag);
                let Some(StatementRun { run, settings, .. }) = query.runs.get_mut(index).and_then(Option::take) else {
                    return Err(OUT_OF_ORDER);
                };
                query.done += 1;
                let context = query.context;
                self.completed(run, tag);
                self.apply(&Completed { judged: &judged, index, context, settings: &settings, tag });
                Ok(own.map_or(Verdict::Pass, Verdict::Completed))
            }
            Some(Expect { kind: Kind::Execute(_), .. }) => {
                let portal = self.pop_execute()?;
                if let Some(run) = portal.finish() {
                    self.completed(run, tag);
                }
                self.apply_once(&portal, tag);
                Ok(Verdict::Pass)
            }
            Some(Expect { kind: Kind::OwnExecute(_), .. }) => match self.queue.pop_front() {
                Some(expect) => {
                    self.settle(&expect.kind, Fate::Happened);
                    Ok(expect.audience.into())
                }
                None => Err(OUT_OF_ORDER),
            },
            Some(Expect { kind: Kind::OwnAssert, .. }) => {
                self.queue.pop_front();
                self.path_is_taken();
                Ok(Verdict::Drop)
            }
            _ => Err(OUT_OF_ORDER),
        }
    }

    pub(super) fn empty_query(&mut self) -> Result<Verdict, End> {
        match self.queue.front().map(|e| &e.kind) {
            Some(Kind::Query(_)) => Ok(Verdict::Pass),
            Some(Kind::Execute(_)) => self.pop_execute().map(|_| Verdict::Pass),
            _ => Err(OUT_OF_ORDER),
        }
    }

    /// What a portal does to the session when it runs. PostgreSQL runs it once, also where it is executed again.
    fn apply_once(&mut self, portal: &Portal, tag: &str) {
        let Portal { judged, index, context, settings, .. } = portal;
        // What PREPARE was about runs, not the PREPARE.
        if !portal.was_prepared_in_sql() && !portal.applied.swap(true, Ordering::Relaxed) {
            self.apply(&Completed { judged, index: *index, context: *context, settings, tag });
        }
    }

    /// The row limit is reached; the portal may go on, be closed, or just end with its transaction. What it does to the session
    /// is done with its first row: `set_config` has run, and what writes or is no query has run to its end.
    pub(super) fn portal_suspended(&mut self) -> Result<Verdict, End> {
        let portal = self.pop_execute()?;
        if let Progress::Running(run) = &mut *portal.progress.lock() {
            self.has_run(run.started);
            self.count_rows(run, None);
        }
        self.apply_once(&portal, "");
        Ok(Verdict::Pass)
    }

    fn pop_execute(&mut self) -> Result<Arc<Portal>, End> {
        match self.queue.pop_front() {
            Some(Expect { kind: Kind::Execute(portal), .. }) => Ok(portal),
            _ => Err(OUT_OF_ORDER),
        }
    }

    pub(super) fn ready(&mut self, status: Status) -> Result<Verdict, End> {
        let expect = self.queue.pop_front().ok_or(OUT_OF_ORDER)?;
        let verdict = expect.audience.into();
        self.readies += u64::from(expect.audience == Audience::Client);
        match expect.kind {
            Kind::Query(query) => {
                // Its unnamed statement and portal are gone.
                let [statement, portal] = query.unnamed;
                statement.map(|id| self.statements.settle("", id, Fate::Happened));
                let portal = portal.and_then(|id| self.portals.settle("", id, Fate::Happened));
                self.finish_portals(portal);
                self.cancel_rest(*query);
            }
            Kind::RefusedQuery(_) | Kind::Sync => {}
            _ => return Err(OUT_OF_ORDER),
        }
        let before = self.settings.now().purpose.clone();
        self.settings.ready(status);
        // The answer to an earlier batch, or to messages of ours, says nothing of what was sent since.
        self.pins_unproven &= self.unsynced || !self.queue.is_empty();
        self.note_purpose(before);
        self.status = status;
        self.in_block = status != Status::Idle;
        if self.queue.is_empty() {
            self.settle_undone_doubts();
        }
        if status == Status::Idle {
            self.catalog_changed |= self.catalog_unread;
            self.nothing_was_defined();
            self.age_anew(false);
            self.transaction_has_ended();
            self.assert_path()?;
        } else {
            self.transaction_is_open();
        }
        Ok(verdict)
    }

    // === rows and records ===

    /// Moves what was counted since the last statement to `run`. A tag's number counts rows that were written, and those of
    /// COPY, which may send a header besides.
    fn count_rows(&mut self, run: &mut Run, tag: Option<&str>) {
        let sent = std::mem::take(&mut self.rows);
        let counts = |tag: &&str| sent == 0 || tag.starts_with("COPY ");
        run.rows += tag.filter(counts).and_then(rows_in_tag).unwrap_or(sent);
        run.bytes += std::mem::take(&mut self.bytes);
    }

    fn completed(&mut self, mut run: Run, tag: &str) {
        self.has_run(run.started);
        self.count_rows(&mut run, Some(tag));
        self.clerk.complete(run, Ending::Ok, None);
    }

    /// It ends before PostgreSQL has completed it: what it has sent until then is on record too.
    fn broke_off(&mut self, mut run: Run, ending: Ending, sqlstate: Option<&str>) {
        self.count_rows(&mut run, None);
        self.clerk.complete(run, ending, sqlstate);
    }

    pub(super) fn query_statement_failed(&mut self, fields: &Fields) {
        let Some(Expect { kind: Kind::Query(query), .. }) = self.queue.front_mut() else {
            return;
        };
        let run = query.runs.get_mut(query.done).and_then(Option::take);
        query.done += 1;
        query.failed = true;
        if let Some(StatementRun { run, .. }) = run {
            self.failed(run, fields);
        }
    }

    fn failed(&mut self, run: Run, fields: &Fields) {
        let ending = if fields.sqlstate() == QUERY_CANCELED { Ending::Cancelled } else { Ending::Error };
        self.broke_off(run, ending, Some(fields.sqlstate()));
    }

    pub(super) fn finish_portal(&mut self, portal: &Portal, fields: &Fields) {
        if let Some(run) = portal.finish() {
            self.failed(run, fields);
        }
    }

    /// Portals that are gone: what they have sent is all they will.
    pub(super) fn finish_portals(&mut self, portals: impl IntoIterator<Item = Arc<Portal>>) {
        for portal in portals {
            if let Some(run) = portal.finish() {
                self.broke_off(run, Ending::Ok, None);
            }
        }
    }

    pub(super) fn cancel_portal(&mut self, portal: &Portal) {
        if let Some(run) = portal.finish() {
            self.broke_off(run, Ending::Cancelled, None);
        }
    }

    pub(super) fn query_never_ran(&mut self, query: QueryRun) {
        let [statement, portal] = query.unnamed;
        statement.map(|id| self.statements.settle("", id, Fate::DidNot));
        portal.map(|id| self.portals.settle("", id, Fate::DidNot));
        self.cancel_rest(query);
    }

    fn cancel_rest(&mut self, query: QueryRun) {
        for StatementRun { run, .. } in query.runs.into_iter().flatten() {
            self.broke_off(run, Ending::Cancelled, None);
        }
    }

    /// The session ends with statements running: what is counted is the first one's.
    pub fn abandon(&mut self) {
        self.throw_away();
        while let Some(expect) = self.queue.pop_front() {
            match expect.kind {
                Kind::Query(query) => self.cancel_rest(*query),
                Kind::Execute(portal) => self.cancel_portal(&portal),
                _ => {}
            }
        }
        let closed = self.portals.retain(|_| false);
        self.finish_portals(closed);
    }
}
