//! Holds back what PostgreSQL said until the record of who asked is on disk.
//!
//! What arrives may belong to any statement sent so far, so it waits for the newest ticket of its moment. Tickets are
//! durable in order, so only the front of the queue is ever asked about.

use std::collections::VecDeque;

use crate::audit::{Recorder, Ticket};

#[derive(Default)]
pub struct Gate {
    /// Bytes up to this offset of the outbox wait for this ticket.
    waiting: VecDeque<(u64, Ticket)>,
    /// Bytes up to this offset may leave, whatever waits behind them.
    released: u64,
}

impl Gate {
    /// Bytes up to `end` have arrived while `ticket` was the newest.
    pub fn hold(&mut self, end: u64, ticket: Option<Ticket>, recorder: &Recorder) {
        let Some(ticket) = ticket else {
            return;
        };
        if self.waiting.is_empty() && recorder.is_durable(&ticket) {
            self.released = end;
            return;
        }
        match self.waiting.back_mut() {
            Some((last, held)) if held.seq() == ticket.seq() => *last = end,
            _ => self.waiting.push_back((end, ticket)),
        }
    }

    /// Offset up to which bytes may leave now; `u64::MAX` when nothing is held.
    pub fn limit(&mut self, recorder: &Recorder) -> u64 {
        while let Some((end, ticket)) = self.waiting.front() {
            if !recorder.is_durable(ticket) {
                return self.released;
            }
            self.released = *end;
            self.waiting.pop_front();
        }
        u64::MAX
    }

    /// Forgets what is waiting (its bytes are thrown away); returns where it began.
    pub fn drop_waiting(&mut self) -> u64 {
        self.waiting.clear();
        self.released
    }

    /// What is waited for next.
    pub fn next(&self) -> Option<Ticket> {
        self.waiting.front().map(|(_, ticket)| *ticket)
    }
}
