//! One message of the client: what kind it is decides where it goes.

use super::core::{Copy, Core, End, Hold};
use super::expect::{Audience, Kind, NameChange};
use super::names::Lookup;
use super::refuse;
use super::run::MAX_WAITING;
use crate::relay::outgoing::{Name, OWN_NAME};
use crate::wire::buffer::Inbox;
use crate::wire::error::{Severity, from_refusal};
use crate::wire::frame::{HEADER, Malformed, client_frame, too_long};
use crate::wire::frontend::{self, Message, Target};

/// The longest name of a prepared statement or portal. PostgreSQL looks at the first 63 bytes only (`NAMEDATALEN`), so
/// two longer ones could be one to it and two to us.
const MAX_NAME: usize = 63;

/// Whether a message is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Done,
    /// It depends on answers that are not here yet: look at it again when they are.
    Later,
}

impl Core {
    /// Takes as many complete messages from `inbox` as may be taken now. Returns whether any was.
    pub fn take_client(&mut self, inbox: &mut Inbox) -> Result<bool, End> {
        let mut progress = false;
        while self.takes_messages() && self.to_server.waiting() < MAX_WAITING {
            self.hold = Hold::Go;
            self.look_for_block();
            if self.discarding.is_none() {
                self.discarding = too_long(inbox.bytes())?;
            }
            if self.discarding.is_some() {
                match self.discard(inbox)? {
                    true => continue,
                    false => break,
                }
            }
            let Some((tag, body)) = client_frame(inbox.bytes())? else {
                break;
            };
            let length = HEADER + body.len();
            match self.client_message(tag, body)? {
                Taken::Done => inbox.consume(length),
                Taken::Later if self.queue.is_empty() => return Err(End::Upstream("an answer is missing")),
                Taken::Later => self.wait_for_answers(),
            }
            progress = true;
        }
        Ok(progress)
    }

    /// Throws away what has come of a message that is too long. Its end is what is answered, as with PostgreSQL; returns
    /// whether that was there.
    fn discard(&mut self, inbox: &mut Inbox) -> Result<bool, End> {
        let Some((tag, left)) = self.discarding.take() else { return Ok(true) };
        let here = left.min(inbox.bytes().len());
        inbox.consume(here);
        if here < left {
            self.discarding = Some((tag, left - here));
            return Ok(false);
        }
        self.too_long(tag)?;
        Ok(true)
    }

    /// A message that was too long: an error like any other.
    fn too_long(&mut self, tag: u8) -> Result<Taken, End> {
        match (self.copy, tag) {
            (Copy::In, b'd' | b'f') => {
                self.ended_by_us = Some(from_refusal(&refuse::message_too_long(), Severity::Error, ""));
                self.to_server.marker_copy_fail(&self.marker)?;
                self.end_copy();
                Ok(Taken::Done)
            }
            (Copy::In, _) => Err(End::Fatal(Box::new(refuse::not_in_copy()))),
            (Copy::Not, _) if self.skipping => Ok(Taken::Done),
            // Behind a COPY that has failed.
            (Copy::Not, b'd' | b'f') => Ok(Taken::Done),
            (Copy::Not, b'P' | b'B') => self.refuse_extended(&refuse::message_too_long(), "", None),
            (Copy::Not, _) => self.refuse_query(&refuse::message_too_long(), "", None),
        }
    }

    fn client_message(&mut self, tag: u8, body: &[u8]) -> Result<Taken, End> {
        let message = match frontend::read(tag, body) {
            Err(fault) => return self.unreadable(tag, fault),
            Ok(message) => message,
        };
        match self.copy {
            Copy::In => self.copy_message(message, body),
            Copy::Not if self.skipping => self.skip(message),
            Copy::Not => self.message(message),
        }
    }

    fn message(&mut self, message: Message<'_>) -> Result<Taken, End> {
        if self.is_no_longer_unrestricted() {
            return Err(End::Fatal(Box::new(refuse::ends_narrowed(&self.context.role))));
        }
        if let Some(name) = message.names().into_iter().find(|name| name.len() > MAX_NAME) {
            return self.refuse_extended(&refuse::name_too_long(name.len()), "", None);
        }
        match message {
            Message::Query(sql) => self.query(sql),
            Message::Parse(parse) => self.parse(&parse),
            Message::Bind(bind) => self.bind(&bind),
            Message::Describe(Target::Statement, name) => self.describe_statement(name),
            Message::Describe(Target::Portal, name) => self.describe_portal(name),
            Message::Execute { portal, limit } => self.execute(portal, limit),
            Message::Close(target, name) => self.close(target, name),
            Message::Flush => {
                self.to_server.flush();
                Ok(Taken::Done)
            }
            Message::Sync => {
                self.sync();
                Ok(Taken::Done)
            }
            Message::Terminate => self.terminate(),
            // "Accept but ignore these messages, per protocol spec; we probably got here because a frontend is still
            // sending after receipt of a COPY failure" (PostgreSQL, tcop/postgres.c).
            Message::CopyData | Message::CopyDone | Message::CopyFail => Ok(Taken::Done),
            Message::FunctionCall => {
                self.refuse_query(&refuse::function_call(), "", None)?;
                Ok(Taken::Done)
            }
        }
    }

    /// What is in a message is wrong: a text in another encoding, a count. PostgreSQL has cut the frame by then, and goes on
    /// behind the error; not where it knows no such message.
    fn unreadable(&mut self, tag: u8, fault: Malformed) -> Result<Taken, End> {
        let refusal = match fault {
            Malformed::Utf8 => refuse::not_utf8(),
            fault => refuse::unreadable(fault),
        };
        match (self.copy, tag) {
            (Copy::In, _) => Err(End::Fatal(Box::new(refuse::not_in_copy()))),
            (Copy::Not, b'Q' | b'P' | b'B' | b'D' | b'E' | b'C') if self.skipping => Ok(Taken::Done),
            (Copy::Not, b'Q') => self.refuse_query(&refusal, "", None),
            (Copy::Not, b'P' | b'B' | b'D' | b'E' | b'C') => self.refuse_extended(&refusal, "", None),
            (Copy::Not, _) => Err(fault.into()),
        }
    }

    /// PostgreSQL has failed and ignores all messages up to Sync.
    fn skip(&mut self, message: Message<'_>) -> Result<Taken, End> {
        match message {
            Message::Sync => self.sync(),
            Message::Terminate => return self.terminate(),
            Message::Query(_)
            | Message::Parse(_)
            | Message::Bind(_)
            | Message::Describe(..)
            | Message::Execute { .. }
            | Message::Close(..)
            | Message::Flush
            | Message::CopyData
            | Message::CopyDone
            | Message::CopyFail
            | Message::FunctionCall => {}
        }
        Ok(Taken::Done)
    }

    /// What was sent before is done and answered first.
    fn terminate(&mut self) -> Result<Taken, End> {
        self.leaving = true;
        if self.unsynced {
            self.to_server.flush();
        }
        Ok(Taken::Done)
    }

    /// Inside of COPY … FROM STDIN. PostgreSQL ignores Flush and Sync there, and so they have no answer.
    fn copy_message(&mut self, message: Message<'_>, body: &[u8]) -> Result<Taken, End> {
        match message {
            Message::CopyData => self.to_server.copy_data(body)?,
            Message::CopyDone => {
                self.to_server.copy_done();
                self.end_copy();
            }
            Message::CopyFail => {
                self.to_server.copy_fail(body)?;
                self.end_copy();
            }
            Message::Flush | Message::Sync => {}
            Message::Terminate => return Err(End::Terminated),
            Message::Query(_)
            | Message::Parse(_)
            | Message::Bind(_)
            | Message::Describe(..)
            | Message::Execute { .. }
            | Message::Close(..)
            | Message::FunctionCall => return Err(End::Fatal(Box::new(refuse::not_in_copy()))),
        }
        Ok(Taken::Done)
    }

    /// The client has sent all its data; the answer decides what comes next.
    fn end_copy(&mut self) {
        self.copy = Copy::Not;
        self.hold = Hold::UntilAnswered;
        if self.unsynced {
            self.to_server.flush();
        }
    }

    pub(super) fn sync(&mut self) {
        self.skipping = false;
        self.unsynced = false;
        let commits = self.dam_sync();
        self.to_server.sync();
        self.expect(Kind::Sync, Audience::Client);
        self.batch += 1;
        // An implicit transaction ends here: whether its settings stay is not known yet. And with the path touched,
        // what comes next waits for our word on it (`path`).
        if commits || self.settings.is_dirty() || self.pins_unproven || self.path_touched {
            self.hold = Hold::UntilAnswered;
        }
    }

    fn close(&mut self, target: Target, name: &str) -> Result<Taken, End> {
        if name == OWN_NAME {
            return self.refuse_extended(&refuse::own_name(), "", None);
        }
        let kind = match target {
            Target::Statement => {
                if matches!(self.statements.lookup(name, self.batch), Lookup::Uncertain) {
                    return Ok(Taken::Later);
                }
                Kind::CloseStatement(NameChange::new(name, self.statements.change(name, self.batch, None)))
            }
            Target::Portal => {
                if matches!(self.portals.lookup(name, self.batch), Lookup::Uncertain) {
                    return Ok(Taken::Later);
                }
                Kind::ClosePortal(NameChange::new(name, self.portals.change(name, self.batch, None)))
            }
        };
        self.to_server.close(target, Name::Client(name))?;
        self.unsynced = true;
        self.expect(kind, Audience::Client);
        Ok(Taken::Done)
    }
}
