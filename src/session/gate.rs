//! Holds back what PostgreSQL said until the record of who asked is on disk.
//!
//! What arrives may belong to any statement sent so far, so it waits for the newest ticket of its moment; the rest of a
//! message, for no other than its beginning did. Tickets are durable in order, so only the front of the queue is ever asked
//! about.

use std::collections::VecDeque;

use crate::audit::{Recorder, Ticket};

#[derive(Default)]
pub struct Gate {
    /// What lies before each mark waits for its ticket.
    waiting: VecDeque<(Mark, Ticket)>,
    /// What lies before it may leave, whatever waits behind.
    released: Mark,
}

/// A point in what goes to the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Bytes since the session began.
    pub offset: u64,
    /// ReadyForQuery messages before it.
    pub readies: u64,
    /// In the middle of a message.
    pub inside: bool,
}

impl Gate {
    /// What lies before `mark` has arrived while `ticket` was the newest.
    pub fn hold(&mut self, mark: Mark, ticket: Option<Ticket>, recorder: &Recorder) {
        // All of it was the rest of a message.
        if self.end() == mark {
            return;
        }
        match ticket {
            Some(ticket) if !self.waiting.is_empty() || !recorder.is_durable(&ticket) => {
                match self.waiting.back_mut() {
                    Some((last, held)) if held.seq() == ticket.seq() => *last = mark,
                    _ => self.waiting.push_back((mark, ticket)),
                }
            }
            _ => self.released = mark,
        }
    }

    /// What lies between the last mark and this one is the rest of a message: it leaves with its beginning.
    pub fn go_on(&mut self, mark: Mark) {
        *self.waiting.back_mut().map_or(&mut self.released, |(last, _)| last) = mark;
    }

    fn end(&self) -> Mark {
        self.waiting.back().map_or(self.released, |(last, _)| *last)
    }

    /// The newest record that something waits for.
    pub fn newest(&self) -> Option<Ticket> {
        self.waiting.back().map(|(_, ticket)| *ticket)
    }

    /// The end of what goes to the client is here now: what was said by us since the last mark waits for nothing, unless it
    /// stands behind what does.
    pub fn come_to(&mut self, here: Mark) {
        if self.waiting.is_empty() {
            self.released = here;
        }
    }

    /// Offset up to which bytes may leave now; `u64::MAX` when nothing is held.
    pub fn limit(&mut self, recorder: &Recorder) -> u64 {
        while let Some((mark, ticket)) = self.waiting.front() {
            if !recorder.is_durable(ticket) {
                return self.released.offset;
            }
            self.released = *mark;
            self.waiting.pop_front();
        }
        u64::MAX
    }

    /// Forgets what is waiting (its bytes are thrown away); returns where it began.
    pub fn drop_waiting(&mut self) -> Mark {
        self.waiting.clear();
        self.released
    }

    /// What lies behind `end` has been thrown away.
    pub fn cut(&mut self, end: Mark) {
        let marks = self.waiting.iter_mut().map(|(mark, _)| mark).chain([&mut self.released]);
        marks.filter(|mark| mark.offset > end.offset).for_each(|mark| *mark = end);
    }

    /// What is waited for next.
    pub fn next(&self) -> Option<Ticket> {
        self.waiting.front().map(|(_, ticket)| *ticket)
    }
}
