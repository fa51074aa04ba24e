//! PostgreSQL's messages: rows pass as they are, the rest moves the state on.

use std::sync::Arc;

use super::complete::{FAILED, NO_SUCH_STATEMENT, QUERY_CANCELED};
use super::core::{Copy, Core, End};
use super::expect::{Audience, Expect, Kind, Stage};
use super::gate::Mark;
use super::names::Fate;
use super::path::NOT_TAKEN;
use super::prepared::{Portal, Progress};
use super::sanitise::{self, Sensitivity};
use super::subjects::Watch;
use crate::engine::clear::Engine;
use crate::relay::login::PINNED;
use crate::wire::backend::{Status, command_complete, no_data, read_command_tag, read_parameter};
use crate::wire::buffer::Inbox;
use crate::wire::error::{Fields, MESSAGE, SCHEMA, Severity, TABLE, WHERE, from_refusal};
use crate::wire::frame::{HEADER, Header, MAX_INSPECTED_BODY, header, put_frame};

/// What the client gets of a message.
pub(super) enum Verdict {
    Pass,
    Drop,
    /// These fields under this tag instead.
    Instead(u8, Fields),
    /// CommandComplete with this tag instead.
    Completed(String),
    /// NoData instead.
    NoData,
    /// A NotificationResponse instead.
    Notification(Vec<u8>),
}

impl From<Audience> for Verdict {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Client => Verdict::Pass,
            Audience::Nobody => Verdict::Drop,
        }
    }
}

pub(super) const OUT_OF_ORDER: End = End::Upstream("PostgreSQL sent a message out of order");

impl Core {
    /// Takes all that has arrived from PostgreSQL. Runs of messages that pass are copied at once.
    pub fn take_server(&mut self, inbox: &mut Inbox) -> Result<(), End> {
        if inbox.is_empty() {
            return Ok(());
        }
        self.gate.come_to(self.mark());
        let taken = self.pass_on(inbox).and_then(|()| self.end_condemned());
        self.end_several();
        // What is withheld is no answer any more. Everything else waits for its record, also when it ends in an error.
        if self.withheld.is_none() {
            self.gate.hold(self.mark(), self.clerk.last, &self.clerk.recorder);
        }
        taken
    }

    fn pass_on(&mut self, inbox: &mut Inbox) -> Result<(), End> {
        let bytes = inbox.bytes();
        let at = self.go_on_passing(bytes)?;
        let (mut from, mut at) = (at, at);
        while let Some(head) = header(&bytes[at..]).map_err(|_| OUT_OF_ORDER)? {
            let end = at + HEADER + head.body;
            if self.begins_inquiry(head.tag) {
                self.to_client.tail().extend_from_slice(&bytes[from..at]);
                from = at;
                self.hold_inquiry_from(self.to_client.end_offset());
            }
            if !self.has_watched(head, bytes.get(at + HEADER..end)) {
                break;
            }
            if head.tag == b'T'
                && head.body <= MAX_INSPECTED_BODY
                && (self.description_waits() || self.is_redescribed())
            {
                let Some(whole) = bytes.get(at..end) else { break };
                self.to_client.tail().extend_from_slice(&bytes[from..at]);
                self.describe(whole)?;
                (from, at) = (end, end);
                continue;
            }
            if let Some(description) = self.described(head.tag) {
                self.to_client.tail().extend_from_slice(&bytes[from..at]);
                self.to_client.tail().extend_from_slice(&description);
                from = at;
            }
            if is_streamed(head.tag) && !self.queue.front().is_some_and(Expect::is_silent) {
                let audience = self.streamed(head.tag, head.body)?;
                if audience == Audience::Nobody {
                    self.to_client.tail().extend_from_slice(&bytes[from..at]);
                }
                self.passing = end.saturating_sub(bytes.len());
                self.passing_to = audience;
                at = end.min(bytes.len());
                if audience == Audience::Nobody {
                    from = at;
                }
                continue;
            }
            if head.body > MAX_INSPECTED_BODY {
                return Err(End::Upstream("PostgreSQL sent a message that is too long"));
            }
            let Some(body) = bytes.get(at + HEADER..end) else {
                break;
            };
            let verdict = self.verdict(head.tag, body)?;
            if !matches!(verdict, Verdict::Pass) {
                self.to_client.tail().extend_from_slice(&bytes[from..at]);
                from = end;
            }
            match verdict {
                Verdict::Pass | Verdict::Drop => {}
                Verdict::Instead(tag, fields) => fields.put(self.to_client.tail(), tag)?,
                Verdict::Completed(tag) => command_complete(self.to_client.tail(), &tag)?,
                Verdict::NoData => no_data(self.to_client.tail())?,
                Verdict::Notification(body) => put_frame(self.to_client.tail(), b'A', |out| out.extend(body))?,
            }
            at = end;
        }
        self.to_client.tail().extend_from_slice(&bytes[from..at]);
        inbox.consume(at);
        Ok(())
    }

    /// Looks at a row for subjects, where that is done. False where the row has to be whole first.
    fn has_watched(&mut self, head: Header, body: Option<&[u8]>) -> bool {
        match head.tag {
            b'D' if self.is_watched() => match body {
                None if head.body <= MAX_INSPECTED_BODY => return false,
                body => self.watch(body),
            },
            // A row of COPY, in one of many forms: it is counted.
            b'd' if self.is_watched() => self.watch(None),
            _ => {}
        }
        true
    }

    /// What becomes of a message that was looked into.
    fn verdict(&mut self, tag: u8, body: &[u8]) -> Result<Verdict, End> {
        let verdict = self.answer(tag, body)?;
        Ok(if self.withheld.is_some() {
            self.withhold(tag, verdict)?
        } else if self.is_condemned() && !matches!(tag, b'A' | b'S') && !self.fatal {
            Verdict::Drop
        } else {
            verdict
        })
    }

    /// The rest of a message whose beginning has passed; where the next message starts.
    fn go_on_passing(&mut self, bytes: &[u8]) -> Result<usize, End> {
        let n = self.passing.min(bytes.len());
        self.passing -= n;
        if n > 0 && self.passing_to == Audience::Client {
            self.to_client.tail().extend_from_slice(&bytes[..n]);
            // In relaxed durability its beginning may have left without its record.
            if self.clerk.recorder.is_strict() {
                self.gate.go_on(self.mark());
            }
            self.row_has_ended()?;
        }
        Ok(n)
    }

    /// The end of what goes to the client.
    pub(super) fn mark(&self) -> Mark {
        let inside = self.passing > 0 && self.passing_to == Audience::Client;
        Mark { offset: self.to_client.end_offset(), readies: self.readies, inside }
    }

    /// Whether the running statement's rows are looked at for subjects.
    fn is_watched(&self) -> bool {
        match self.queue.front().map(|e| &e.kind) {
            Some(Kind::Query(query)) => {
                query.runs.get(query.done).and_then(Option::as_ref).is_some_and(|r| r.run.watch.is_some())
            }
            Some(Kind::Execute(portal)) => portal.may_be_watched(),
            _ => false,
        }
    }

    /// Looks at a row; `None` is one that is not read.
    fn watch(&mut self, row: Option<&[u8]>) {
        let look = |watch: &mut Watch| match row {
            Some(body) => watch.row(body),
            None => watch.skipped(),
        };
        match self.queue.front_mut().map(|e| &mut e.kind) {
            Some(Kind::Query(query)) => {
                let run = query.runs.get_mut(query.done).and_then(Option::as_mut);
                run.and_then(|r| r.run.watch.as_deref_mut()).map(look);
            }
            Some(Kind::Execute(portal)) => {
                if let Progress::Running(run) = &mut *portal.progress.lock() {
                    run.watch.as_deref_mut().map(look);
                }
            }
            _ => {}
        }
    }

    /// A message whose body is not looked into.
    pub(super) fn streamed(&mut self, tag: u8, length: usize) -> Result<Audience, End> {
        let Some(head) = self.queue.front() else {
            return Err(OUT_OF_ORDER);
        };
        let audience = if self.withheld.is_some() { Audience::Nobody } else { head.audience };
        match (tag, &head.kind) {
            (b'D', Kind::OwnExecute(_)) | (b'D' | b'd', Kind::Query(_) | Kind::Execute(_)) => {
                self.rows += 1;
                self.bytes += length as u64;
            }
            (b'D', Kind::OwnAssert) => {}
            (b'T', Kind::Query(_)) => {}
            (b'T', Kind::DescribeStatement(..) | Kind::DescribePortal(_)) => drop(self.queue.pop_front()),
            _ => return Err(OUT_OF_ORDER),
        }
        Ok(audience)
    }

    fn answer(&mut self, tag: u8, body: &[u8]) -> Result<Verdict, End> {
        match tag {
            _ if self.is_step(tag) => Ok(Verdict::Drop),
            b'1' => self.simple_answer(|k| matches!(k, Kind::Parse(_) | Kind::OwnParse)),
            b'2' => {
                self.transaction_is_open();
                self.simple_answer(|k| matches!(k, Kind::Bind(_) | Kind::OwnBind))
            }
            b'3' => {
                self.simple_answer(|k| matches!(k, Kind::CloseStatement(_) | Kind::ClosePortal(_) | Kind::OwnClose))
            }
            b'n' => self.simple_answer(|k| matches!(k, Kind::DescribeStatement(..) | Kind::DescribePortal(_))),
            b't' => self.parameter_types(body),
            b'c' => self.still(|k| matches!(k, Kind::Query(_) | Kind::Execute(_))),
            b'G' => {
                self.copy = Copy::In;
                self.still(|k| matches!(k, Kind::Query(_) | Kind::Execute(_)))
            }
            b'H' => self.still(|k| matches!(k, Kind::Query(_) | Kind::Execute(_))),
            b'T' | b'D' => self.silenced(tag),
            b'C' => self.command_complete(read_command_tag(body).map_err(|_| OUT_OF_ORDER)?),
            b'I' => self.empty_query(),
            b's' => self.portal_suspended(),
            b'Z' => self.ready(Status::read(body).map_err(|_| OUT_OF_ORDER)?),
            b'E' => self.error(Fields::read(body).map_err(|_| OUT_OF_ORDER)?),
            b'N' => self.notice(body),
            b'S' => self.parameter_status(body),
            b'A' => self.notification(body),
            _ => Err(OUT_OF_ORDER),
        }
    }

    /// ParameterStatus passes as PostgreSQL says it; but a pinned setting that has moved ends the session. Programs that share
    /// connections say by `application_name` who uses one now.
    fn parameter_status(&mut self, body: &[u8]) -> Result<Verdict, End> {
        let (name, value) = read_parameter(body).map_err(|_| OUT_OF_ORDER)?;
        match PINNED.iter().find(|(pinned, _)| *pinned == name) {
            Some((_, wanted)) if *wanted != value => Err(End::Upstream("a pinned setting has changed in PostgreSQL")),
            _ if name == "application_name" => {
                self.clerk.rename(value);
                Ok(Verdict::Pass)
            }
            _ => Ok(Verdict::Pass),
        }
    }

    /// Whether a message only says that a step of ours was taken.
    fn is_step(&self, tag: u8) -> bool {
        matches!(self.queue.front().map(|e| &e.kind), Some(Kind::Query(query)) if query.is_step(tag))
    }

    /// The answer to the front of the queue, which has no other.
    fn simple_answer(&mut self, fits: impl Fn(&Kind) -> bool) -> Result<Verdict, End> {
        match self.queue.pop_front() {
            Some(expect) if fits(&expect.kind) => {
                self.settle(&expect.kind, Fate::Happened);
                Ok(expect.audience.into())
            }
            _ => Err(OUT_OF_ORDER),
        }
    }

    /// A message that belongs to the front of the queue, which goes on.
    pub(super) fn still(&self, fits: impl Fn(&Kind) -> bool) -> Result<Verdict, End> {
        match self.queue.front() {
            Some(expect) if fits(&expect.kind) => Ok(expect.audience.into()),
            _ => Err(OUT_OF_ORDER),
        }
    }

    fn notice(&mut self, body: &[u8]) -> Result<Verdict, End> {
        let protected = self.queue.front().is_some_and(|e| e.protected);
        match self.sensitivity(protected) {
            Sensitivity::Open => Ok(Verdict::Pass),
            // What a trigger or function says of protected rows is not known to be harmless.
            Sensitivity::Protected => Ok(Verdict::Drop),
            Sensitivity::Lingering => {
                let mut fields = Fields::read(body).map_err(|_| OUT_OF_ORDER)?;
                // RAISE has a context, and any code.
                if fields.field(WHERE).is_some() {
                    return Ok(Verdict::Drop);
                }
                let judged = self.queue.front().and_then(|e| e.judged.as_deref());
                sanitise::error(&mut fields, judged, Sensitivity::Lingering, &|name| self.is_whole(name));
                Ok(Verdict::Instead(b'N', fields))
            }
        }
    }

    // === errors ===

    fn error(&mut self, mut fields: Fields) -> Result<Verdict, End> {
        self.settings.error();
        self.copy = Copy::Not;
        self.fatal |= fields.is_fatal();
        if self.asserting {
            let cancelled = fields.sqlstate() == QUERY_CANCELED && !fields.is_fatal();
            return if cancelled { self.path_was_cancelled().map(|()| Verdict::Drop) } else { Err(NOT_TAKEN) };
        }
        let Some(head) = self.queue.front() else {
            // Out of the blue: the server ends the session (57P01 and its like), and says why.
            return if fields.is_fatal() { Ok(Verdict::Instead(b'E', fields)) } else { Err(OUT_OF_ORDER) };
        };
        let ours = fields.field(MESSAGE).is_some_and(|m| self.marker.is_named_in(m));
        let ended_by_us = self.ended_by_us.take().filter(|_| ours);
        match &head.kind {
            Kind::Query(_) | Kind::Execute(_) if ended_by_us.is_some() => fields = ended_by_us.unwrap_or(fields),
            Kind::RefusedQuery(refusal) | Kind::Refused { said: refusal, .. } if ours => fields = refusal.clone(),
            Kind::Query(query) if ours && query.refused.is_some() => fields = query.refused.clone().unwrap_or(fields),
            Kind::Query(query)
                if matches!(fields.sqlstate(), NO_SUCH_STATEMENT | FAILED) && query.unprepared.is_some() =>
            {
                fields = query.unprepared.clone().unwrap_or(fields);
            }
            _ => match self.raised_behind(head, &fields).or_else(|| not_helped(head, &fields)) {
                Some(refusal) => fields = refusal,
                None => {
                    let protected = head.protected || self.is_about_closed(&fields);
                    let (judged, sensitivity) = (head.judged.as_deref(), self.sensitivity(protected));
                    sanitise::unmark(&mut fields, || Engine::mark_of(&self.clerk.who.user));
                    sanitise::error(&mut fields, judged, sensitivity, &|name| self.is_whole(name));
                }
            },
        }
        let own = head.audience == Audience::Nobody && !self.fatal;
        self.fail_front(&fields);
        if own && let Some(query) = self.query_behind() {
            query.unprepared = Some(fields);
            return Ok(Verdict::Drop);
        }
        Ok(Verdict::Instead(b'E', fields))
    }

    /// Whether PostgreSQL names a table that is not open: a trigger of an open one may have written it.
    fn is_about_closed(&self, fields: &Fields) -> bool {
        let named = fields.field(SCHEMA).zip(fields.field(TABLE));
        named.is_some_and(|(schema, table)| self.snapshot.engine.is_closed_to(&self.context.role, schema, table))
    }

    /// Whether relations of this name are known, and none is a partition or child of another one.
    fn is_whole(&self, name: &str) -> bool {
        let mut known = self.snapshot.engine.catalog.relations_named(name).peekable();
        known.peek().is_some() && known.all(|r| r.parents.is_empty())
    }

    /// The front of the queue has failed. In the extended protocol all behind it up to Sync falls too.
    fn fail_front(&mut self, fields: &Fields) {
        match self.queue.front() {
            Some(Expect { kind: Kind::Query(_), .. }) => self.query_statement_failed(fields),
            Some(Expect { kind: Kind::RefusedQuery(_) | Kind::Sync, .. }) | None => {}
            Some(_) => self.fail_to_sync(fields),
        }
    }

    fn fail_to_sync(&mut self, fields: &Fields) {
        let mut own = None;
        if !self.in_block {
            self.age_anew(false);
        }
        if let Some(failed) = self.queue.pop_front() {
            own = self.execute_behind(&failed);
            match &failed.kind {
                Kind::Execute(portal) => {
                    let portal = portal.clone();
                    self.finish_portal(&portal, fields);
                }
                // A Parse that fails has dropped the unnamed statement before it did.
                Kind::Parse(change) if change.name.is_empty() => {
                    self.settle(&failed.kind, Fate::DidNot);
                    drop(self.statements.remove(""));
                }
                Kind::Refused { .. } => self.settle(&failed.kind, Fate::Happened),
                other => self.settle(other, Fate::DidNot),
            }
        }
        while let Some(next) = self.queue.front() {
            if matches!(next.kind, Kind::Sync) {
                return;
            }
            match self.queue.pop_front() {
                Some(Expect { kind: Kind::Execute(portal), .. })
                    if own.as_ref().is_some_and(|own| Arc::ptr_eq(own, &portal)) =>
                {
                    self.inquiry_is_void(&portal);
                    self.finish_portal(&portal, fields);
                }
                Some(skipped) => self.skipped(skipped),
                None => {}
            }
        }
        // The Sync has not come yet: what comes before it is ignored by PostgreSQL, and does not even go there.
        self.skipping = true;
    }

    /// The portal whose first Execute stands behind a message that has failed and was to make or to describe it: the error
    /// is that statement's own.
    fn execute_behind(&self, failed: &Expect) -> Option<Arc<Portal>> {
        let batch = || self.queue.iter().take_while(|e| !matches!(e.kind, Kind::Sync));
        let executed = || batch().filter_map(|e| if let Kind::Execute(portal) = &e.kind { Some(portal) } else { None });
        let message = match failed.audience {
            Audience::Client => failed,
            // Ours: sent for the client's next one.
            Audience::Nobody => batch().find(|e| e.audience == Audience::Client)?,
        };
        let found = match &message.kind {
            Kind::Parse(change) => {
                let made = self.statements.under_way(&change.name, change.id)?;
                executed().find(|p| p.bound.as_ref().is_some_and(|b| Arc::ptr_eq(&b.prepared, made)))
            }
            Kind::Bind(change) => {
                let made = self.portals.under_way(&change.name, change.id)?;
                executed().find(|p| Arc::ptr_eq(p, made))
            }
            Kind::DescribeStatement(..) | Kind::DescribePortal(_) => {
                let judged = message.judged.as_ref()?;
                executed().find(|p| Arc::ptr_eq(&p.judged, judged))
            }
            Kind::Execute(portal) => Some(portal),
            Kind::Query(_)
            | Kind::RefusedQuery(_)
            | Kind::Refused { .. }
            | Kind::CloseStatement(_)
            | Kind::ClosePortal(_)
            | Kind::Sync
            | Kind::OwnParse
            | Kind::OwnBind
            | Kind::OwnExecute(_)
            | Kind::OwnAssert
            | Kind::OwnClose => None,
        };
        found.cloned()
    }

    fn skipped(&mut self, expect: Expect) {
        self.settle(&expect.kind, Fate::DidNot);
        match expect.kind {
            Kind::Execute(portal) => {
                self.inquiry_is_void(&portal);
                self.cancel_portal(&portal);
            }
            Kind::Query(query) => self.query_never_ran(*query),
            _ => {}
        }
    }
}

/// What is said where PostgreSQL does not make what a statement needs: it would speak of a statement of ours.
fn not_helped(head: &Expect, fields: &Fields) -> Option<Fields> {
    let (Kind::Query(query), Some(judged)) = (&head.kind, head.judged.as_deref()) else { return None };
    let refusal = judged.cleared.statements.get(query.done)?.helped.as_deref()?;
    match fields.sqlstate() {
        _ if query.stage != Stage::Before => None,
        "42501" => Some(from_refusal(refusal, Severity::Error, &judged.source)),
        // PostgreSQL: "cannot execute %s in a read-only transaction", "… during recovery".
        "25006" => {
            let message = fields.field(MESSAGE)?.replace("CREATE FUNCTION", "COPY FROM");
            let mut said = fields.clone();
            said.set(MESSAGE, message);
            Some(said)
        }
        _ => None,
    }
}

/// Messages that pass without being held in memory: rows may be a gigabyte long.
fn is_streamed(tag: u8) -> bool {
    matches!(tag, b'D' | b'd' | b'T')
}
