//! The only way to PostgreSQL: what was cleared, what carries no statement, and markers.
//!
//! Session has no access to the bytes; so whatever is in here went through one of these functions.

use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::marker::Marker;
use crate::engine::cleared::Cleared;
use crate::wire::buffer::Outbox;
use crate::wire::frame::{HEADER, Malformed, copy_frame, header, put_frame, put_string};
use crate::wire::frontend::{Bind, Target};

#[derive(Default)]
pub struct Outgoing(Outbox);

/// Name of the statement or portal that the proxy uses for its own messages, so that the client's unnamed ones stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    Client(&'a str),
    Own,
}

/// Clients cannot have it: `session` refuses names that begin so.
pub const OWN_NAME: &str = "consentry_own";

impl Name<'_> {
    fn as_str(&self) -> &str {
        match self {
            Name::Client(name) => name,
            Name::Own => OWN_NAME,
        }
    }
}

impl Outgoing {
    // === cleared statements ===

    pub fn query(&mut self, cleared: &Cleared) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'Q', |b| put_string(b, cleared.wire_text()))
    }

    /// Several statements, behind which PostgreSQL fails.
    pub fn query_that_fails(&mut self, cleared: &Cleared, marker: &Marker) -> Result<(), Malformed> {
        // A comment at the end ends with its line.
        put_frame(self.0.tail(), b'Q', |b| put_string(b, &format!("{}\n; {}", cleared.wire_text(), marker.statement())))
    }

    /// `types` is the parameter-type part of a checked Parse.
    pub fn parse(&mut self, name: Name<'_>, cleared: &Cleared, types: &[u8]) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'P', |b| {
            put_string(b, name.as_str());
            put_string(b, cleared.wire_text());
            b.extend_from_slice(types);
        })
    }

    // === stand-ins for refused statements ===

    pub fn marker_query(&mut self, marker: &Marker) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'Q', |b| put_string(b, marker.word()))
    }

    pub fn marker_parse(&mut self, name: Name<'_>, marker: &Marker) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'P', |b| {
            put_string(b, name.as_str());
            put_string(b, marker.word());
            b.extend_from_slice(&[0, 0]);
        })
    }

    /// Ends a COPY that takes data.
    pub fn marker_copy_fail(&mut self, marker: &Marker) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'f', |b| put_string(b, marker.word()))
    }

    // === messages that carry no statement ===

    pub fn bind(&mut self, bind: &Bind<'_>) -> Result<(), Malformed> {
        self.bind_to(Name::Client(bind.portal), Name::Client(bind.statement), bind.rest)
    }

    /// A Bind of ours without parameters, all results in text.
    pub fn bind_own(&mut self) -> Result<(), Malformed> {
        self.bind_to(Name::Own, Name::Own, &[0; 6])
    }

    /// `rest` is the part of a checked Bind behind its names.
    pub fn bind_to(&mut self, portal: Name<'_>, statement: Name<'_>, rest: &[u8]) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'B', |b| {
            put_string(b, portal.as_str());
            put_string(b, statement.as_str());
            b.extend_from_slice(rest);
        })
    }

    pub fn describe(&mut self, target: Target, name: &str) -> Result<(), Malformed> {
        self.named(b'D', target, Name::Client(name))
    }

    pub fn close(&mut self, target: Target, name: Name<'_>) -> Result<(), Malformed> {
        self.named(b'C', target, name)
    }

    fn named(&mut self, tag: u8, target: Target, name: Name<'_>) -> Result<(), Malformed> {
        put_frame(self.0.tail(), tag, |b| {
            b.push(target.byte());
            put_string(b, name.as_str());
        })
    }

    pub fn execute(&mut self, portal: Name<'_>, limit: i32) -> Result<(), Malformed> {
        put_frame(self.0.tail(), b'E', |b| {
            put_string(b, portal.as_str());
            b.extend_from_slice(&limit.to_be_bytes());
        })
    }

    pub fn sync(&mut self) {
        self.0.tail().extend_from_slice(&[b'S', 0, 0, 0, 4]);
    }

    pub fn flush(&mut self) {
        self.0.tail().extend_from_slice(&[b'H', 0, 0, 0, 4]);
    }

    pub fn terminate(&mut self) {
        self.0.tail().extend_from_slice(&[b'X', 0, 0, 0, 4]);
    }

    pub fn copy_done(&mut self) {
        self.0.tail().extend_from_slice(&[b'c', 0, 0, 0, 4]);
    }

    pub fn copy_data(&mut self, body: &[u8]) -> Result<(), Malformed> {
        copy_frame(self.0.tail(), b'd', body)
    }

    pub fn copy_fail(&mut self, body: &[u8]) -> Result<(), Malformed> {
        copy_frame(self.0.tail(), b'f', body)
    }

    // === sending ===

    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }

    /// Offset of the end, counted from the first byte ever sent.
    pub fn end_offset(&self) -> u64 {
        self.0.end_offset()
    }

    /// Writes what is waiting and lies before `limit`, all in as few calls as the socket allows.
    pub fn poll_drain<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut W,
        limit: u64,
    ) -> Poll<std::io::Result<()>> {
        self.0.poll_drain(cx, to, limit)
    }

    /// Takes back what lies behind `offset`, none of which has left: markers stand in for what would run or commit, so that
    /// PostgreSQL fails where the client is told that it has.
    pub fn take_back(&mut self, offset: u64, marker: &Marker) -> Result<(), Malformed> {
        let taken = self.0.split_off(offset);
        let (mut rest, mut fails) = (taken.as_slice(), false);
        while let Some(head) = header(rest)? {
            let (message, behind) = rest.split_at_checked(HEADER + head.body).ok_or(Malformed::Count)?;
            rest = behind;
            match head.tag {
                b'Q' => self.marker_query(marker)?,
                b'E' => {
                    self.marker_parse(Name::Own, marker)?;
                    fails = true;
                }
                b'S' => {
                    if !std::mem::replace(&mut fails, false) {
                        self.marker_parse(Name::Own, marker)?;
                    }
                    self.sync();
                }
                _ => self.0.tail().extend_from_slice(message),
            }
        }
        if rest.is_empty() { Ok(()) } else { Err(Malformed::Count) }
    }
}
