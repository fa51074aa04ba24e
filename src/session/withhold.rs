//! When a record cannot be written after its statement has gone: the answer is withheld, what it did is undone, the client
//! is told 58030, and the session lives on.
//!
//! Nothing that lasts has been done yet (`dam`): what would have made it last fails now, and so does an open transaction.
//!
//! Of a long row, the beginning may have left. In strict durability its record was on disk by then, and what was lost is that
//! of something behind it (`gate`): the row goes on to its end, and the error follows. Otherwise nothing vouches for the row,
//! and half a message cannot be taken back: the session ends.

use super::core::{Copy, Core, End};
use super::expect::{Audience, Kind};
use super::server::Verdict;
use crate::audit::RecordUnavailable;
use crate::relay::outgoing::Name;
use crate::wire::backend::Status;
use crate::wire::error::{Fields, Severity, from_refusal};

/// Answers that are on their way and must not be heard.
pub(super) struct Withheld {
    error: Fields,
    /// ReadyForQuery messages until then.
    readies: u64,
    /// It has not been said yet: a row goes on before it.
    behind_row: bool,
    /// A marker has been sent that fails the open transaction: its answer is the last that nobody hears.
    fails: bool,
}

/// Whether the session can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    GoesOn,
    /// Half a message has left that nothing vouches for: the client cannot be told anything.
    Broken,
}

impl Core {
    /// Throws away what waits for a record that will not come, and puts an error in the place of each batch's answer.
    pub fn record_lost(&mut self, fault: &RecordUnavailable) -> AfterLoss {
        self.gate.come_to(self.mark());
        let released = self.gate.drop_waiting();
        // Of what must not leave yet the beginning may be on record.
        let released = self.forget_held().filter(|held| held.offset < released.offset).unwrap_or(released);
        if released.inside && !self.clerk.recorder.is_strict() {
            return AfterLoss::Broken;
        }
        self.to_client.cut(released.offset);
        self.clerk.last = None;
        let error = from_refusal(&fault.refusal(), Severity::Error, "");
        for _ in released.readies..self.readies {
            if error.put(self.to_client.tail(), b'E').is_err() {
                return AfterLoss::Broken;
            }
            let ready = self.ready_after_loss();
            self.to_client.tail().extend_from_slice(&ready);
        }
        // A message whose beginning was thrown away.
        if !released.inside {
            self.passing_to = Audience::Nobody;
        }
        if self.copy == Copy::In {
            self.copy = Copy::Not;
            if self.to_server.copy_fail(b"the record cannot be written\0").is_err() {
                return AfterLoss::Broken;
            }
        }
        // Behind CopyFail: PostgreSQL takes nothing else before it.
        if self.undo().is_err() {
            return AfterLoss::Broken;
        }
        let ends = |kind: &Kind| matches!(kind, Kind::Query(_) | Kind::RefusedQuery(_) | Kind::Sync);
        let heard = self.queue.iter().filter(|e| e.audience == Audience::Client && ends(&e.kind)).count() as u64;
        let readies = heard + u64::from(self.unsynced);
        self.withheld = Some(Withheld { error, readies, behind_row: released.inside, fails: false });
        self.clerk.withheld = true;
        if !released.inside && readies > 0 && self.say_withheld().is_err() {
            return AfterLoss::Broken;
        }
        if readies == 0 && self.end_withholding().is_err() {
            return AfterLoss::Broken;
        }
        AfterLoss::GoesOn
    }

    /// Puts the error in the place of what is withheld.
    fn say_withheld(&mut self) -> Result<(), End> {
        let Some(withheld) = &mut self.withheld else { return Ok(()) };
        withheld.behind_row = false;
        Ok(withheld.error.put(self.to_client.tail(), b'E')?)
    }

    /// The row that went on has come to its end.
    pub(super) fn row_has_ended(&mut self) -> Result<(), End> {
        match &self.withheld {
            Some(withheld) if withheld.behind_row && self.passing == 0 => self.say_withheld(),
            _ => Ok(()),
        }
    }

    /// What has not left for PostgreSQL does not run, and a batch that has begun fails.
    fn undo(&mut self) -> Result<(), End> {
        if let Some(from) = self.dam.open() {
            self.to_server.take_back(from, &self.marker)?;
        }
        if self.unsynced && !self.skipping {
            self.to_server.marker_parse(Name::Own, &self.marker)?;
            let said = Fields::default();
            self.expect(Kind::Refused { said, dropped: None }, Audience::Nobody);
            self.skipping = true;
        }
        Ok(())
    }

    /// All that was under way has been answered: an open transaction fails, as after any error.
    fn end_withholding(&mut self) -> Result<(), End> {
        match (&mut self.withheld, self.status) {
            (Some(withheld), Status::InTransaction) if !withheld.fails => {
                withheld.fails = true;
                self.to_server.marker_query(&self.marker)?;
                self.expect(Kind::RefusedQuery(Fields::default()), Audience::Nobody);
            }
            _ => {
                self.withheld = None;
                self.clerk.withheld = false;
            }
        }
        Ok(())
    }

    fn ready_after_loss(&self) -> [u8; 6] {
        let status = if self.status == Status::InTransaction { Status::Failed } else { self.status };
        [b'Z', 0, 0, 0, 5, status.byte()]
    }

    /// What the client hears of a message while answers are withheld: ReadyForQuery, and the error before the next one.
    pub(super) fn withhold(&mut self, tag: u8, verdict: Verdict) -> Result<Verdict, End> {
        let ready = self.ready_after_loss();
        let Some(withheld) = &mut self.withheld else {
            return Ok(verdict);
        };
        if tag != b'Z' {
            return Ok(Verdict::Drop);
        }
        if withheld.fails {
            self.end_withholding()?;
        } else if matches!(verdict, Verdict::Pass) {
            withheld.readies -= 1;
            let next = (withheld.readies > 0).then(|| withheld.error.clone());
            self.to_client.tail().extend_from_slice(&ready);
            match next {
                Some(error) => return Ok(Verdict::Instead(b'E', error)),
                None => self.end_withholding()?,
            }
        }
        Ok(Verdict::Drop)
    }
}
