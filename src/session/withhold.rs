//! When a record cannot be written after its statement has gone: the answer is withheld, the client is told 58030, and
//! the session lives on.

use super::core::{Copy, Core};
use super::expect::{Audience, Kind};
use super::server::Verdict;
use crate::audit::RecordUnavailable;
use crate::wire::error::{Fields, Severity, from_refusal};

/// Answers that are on their way and must not be heard.
pub(super) struct Withheld {
    error: Fields,
    /// ReadyForQuery messages until then.
    readies: u64,
}

/// Whether the session can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    GoesOn,
    /// Half a message has left: the client cannot be told anything.
    Broken,
}

impl Core {
    /// Throws away what waits for a record that will not come, and puts an error in the place of each batch's answer.
    pub fn record_lost(&mut self, fault: &RecordUnavailable) -> AfterLoss {
        let released = self.gate.drop_waiting();
        // Of what must not leave yet the beginning may be on record.
        let released = self.forget_held().filter(|held| held.offset < released.offset).unwrap_or(released);
        if released.inside {
            return AfterLoss::Broken;
        }
        self.to_client.cut(released.offset);
        self.clerk.last = None;
        let error = from_refusal(&fault.refusal(), Severity::Error, "");
        for _ in released.readies..self.readies {
            if error.put(self.to_client.tail(), b'E').is_err() {
                return AfterLoss::Broken;
            }
            self.to_client.tail().extend_from_slice(&[b'Z', 0, 0, 0, 5, self.status.byte()]);
        }
        // A message whose beginning was thrown away.
        self.passing_to = Audience::Nobody;
        if self.copy == Copy::In {
            self.copy = Copy::Not;
            if self.to_server.copy_fail(b"the record cannot be written\0").is_err() {
                return AfterLoss::Broken;
            }
        }
        let ends = |kind: &Kind| matches!(kind, Kind::Query(_) | Kind::RefusedQuery(_) | Kind::Sync);
        let heard = self.queue.iter().filter(|e| e.audience == Audience::Client && ends(&e.kind)).count() as u64;
        let readies = heard + u64::from(self.unsynced);
        if readies > 0 {
            if error.put(self.to_client.tail(), b'E').is_err() {
                return AfterLoss::Broken;
            }
            self.withheld = Some(Withheld { error, readies });
        }
        AfterLoss::GoesOn
    }

    /// What the client hears of a message while answers are withheld: ReadyForQuery, and the error before the next one.
    pub(super) fn withhold(&mut self, tag: u8, verdict: Verdict) -> Verdict {
        let Some(withheld) = &mut self.withheld else {
            return verdict;
        };
        match (tag, verdict) {
            (b'Z', Verdict::Pass) => {
                withheld.readies -= 1;
                let ready = [b'Z', 0, 0, 0, 5, self.status.byte()];
                let next = (withheld.readies > 0).then(|| withheld.error.clone());
                self.to_client.tail().extend_from_slice(&ready);
                match next {
                    Some(error) => Verdict::Instead(b'E', error),
                    None => {
                        self.withheld = None;
                        Verdict::Drop
                    }
                }
            }
            _ => Verdict::Drop,
        }
    }
}
