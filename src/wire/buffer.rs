//! Two reused byte buffers: `Inbox` fills from a socket and is cut into frames, `Outbox` empties into one.
//!
//! They know nothing of what the bytes mean. Both keep their memory for the next batch, and give back what a rare
//! giant message made them grow to.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a read asks for at least, and what a quiet buffer shrinks back to.
const CHUNK: usize = 32 * 1024;

/// Bytes that have arrived and are not used yet.
#[derive(Default)]
pub struct Inbox {
    /// Always initialised in full, so that reading needs no `unsafe`.
    data: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    pub fn bytes(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Drops the first `n` bytes; more than there are drops all.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.data.len() > 8 * CHUNK {
                self.data = vec![0; CHUNK];
            }
        }
    }

    /// Reads once. `Ok(0)`: the other side has closed.
    pub fn poll_fill<R: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
    ) -> Poll<std::io::Result<usize>> {
        self.make_room();
        let mut space = ReadBuf::new(&mut self.data[self.end..]);
        ready!(Pin::new(from).poll_read(cx, &mut space))?;
        let n = space.filled().len();
        self.end += n;
        Poll::Ready(Ok(n))
    }

    fn make_room(&mut self) {
        if self.data.len() - self.end >= CHUNK / 2 {
            return;
        }
        self.data.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.data.len() - self.end < CHUNK / 2 {
            let larger = (self.data.len() * 2).max(CHUNK);
            self.data.resize(larger, 0);
        }
    }
}

/// Bytes that wait to be sent, of which a prefix may be under release (see `session::gate`).
#[derive(Default)]
pub struct Outbox {
    data: Vec<u8>,
    sent: usize,
    /// Bytes dropped from the front of `data` since the beginning: offsets given out never change.
    before: u64,
}

impl Outbox {
    /// Where new bytes are appended.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.data
    }

    /// Bytes that are not sent yet.
    pub fn waiting(&self) -> usize {
        self.data.len() - self.sent
    }

    /// Offset of the end, counted from the first byte ever appended.
    pub fn end_offset(&self) -> u64 {
        self.before + self.data.len() as u64
    }

    /// Throws away what lies behind `offset` and is not sent yet.
    pub fn cut(&mut self, offset: u64) {
        self.data.truncate(self.unsent_from(offset));
    }

    /// Takes what lies behind `offset` and is not sent yet.
    pub fn split_off(&mut self, offset: u64) -> Vec<u8> {
        self.data.split_off(self.unsent_from(offset))
    }

    /// Where in `data` that begins.
    fn unsent_from(&self, offset: u64) -> usize {
        let keep = usize::try_from(offset.saturating_sub(self.before)).unwrap_or(usize::MAX);
        keep.max(self.sent).min(self.data.len())
    }

    /// Writes as much as the socket takes of what lies before `limit` (an offset as [`Outbox::end_offset`] counts).
    /// Ready with whether everything before `limit` is out.
    pub fn poll_drain<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut W,
        limit: u64,
    ) -> Poll<std::io::Result<()>> {
        let end = usize::try_from(limit.saturating_sub(self.before)).unwrap_or(usize::MAX).min(self.data.len());
        while self.sent < end {
            let n = ready!(Pin::new(&mut *to).poll_write(cx, &self.data[self.sent..end]))?;
            if n == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.sent += n;
        }
        self.forget_sent();
        Poll::Ready(Ok(()))
    }

    fn forget_sent(&mut self) {
        if self.sent == self.data.len() {
            self.before += self.data.len() as u64;
            self.data.clear();
            self.sent = 0;
            if self.data.capacity() > 8 * CHUNK {
                self.data = Vec::with_capacity(CHUNK);
            }
        } else if self.sent > 8 * CHUNK {
            self.before += self.sent as u64;
            self.data.drain(..self.sent);
            self.sent = 0;
        }
    }
}
