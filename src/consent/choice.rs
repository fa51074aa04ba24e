//! A choice that a person made, and the rows that must be written for it to take effect.
//!
//! PURE. What is written follows from the contract's rule of validity: a record without channel stands for all
//! channels, so withdrawing one channel from such a consent takes more than one row.

use jiff::Timestamp;

use crate::engine::policy::{Channel, ConsentSource, Policy};

use super::fault::Fault;
use super::import::line::parse_time;
use super::standing::{Record, Standing, counted, objection};

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Yes (GDPR Art. 6(1)(a)).
    Grant,
    /// No longer (Art. 7(3)).
    Withdraw,
    /// Not under legitimate interests or a public task either (Art. 21).
    Object,
}

/// A choice with its provenance (fields of ISO/IEC TS 27560).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub act: Act,
    pub purpose: String,
    /// `None`: all channels.
    pub channel: Option<Channel>,
    /// When it was made; `None`: now, by PostgreSQL's clock.
    pub at: Option<Timestamp>,
    pub provenance: Provenance,
}

/// What is known of a choice besides the choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Until when it holds, as PostgreSQL reads a time.
    pub expires: Option<String>,
    /// The privacy notice shown.
    pub notice: Option<String>,
    pub source: Option<String>,
    pub recipient: Option<String>,
    pub event: Option<String>,
}

/// One row to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub act: Act,
    pub purpose: String,
    pub channel: Option<String>,
    pub at: At,
    /// Of a ledger: the row's own time, where that must not be now, because it lies ahead.
    pub ahead: Option<String>,
    pub provenance: Provenance,
}

/// When a choice was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    Now,
    /// A time as text.
    Given(String),
    /// Now for the row, but the consent in it is as old as this: it is carried over from another row.
    CarriedOver(Option<String>),
}

impl Choice {
    /// Refuses what could never count: an unknown purpose, a consent without the notice that its purpose asks for, one that is over before it begins.
    pub fn check(&self, policy: &Policy) -> Result<(), Fault> {
        let Some(purpose) = policy.purposes.get(&self.purpose) else {
            let known: Vec<&str> = policy.purposes.keys().map(String::as_str).collect();
            return Err(Fault::new(format!("the policy has no purpose \"{}\"", self.purpose))
                .hint(format!("it has: {}", known.join(", "))));
        };
        match &purpose.notices {
            Some(accepted) if self.act == Act::Grant && self.provenance.notice.is_none() => {
                Err(Fault::new(format!("purpose \"{}\" counts consent only under a privacy notice", self.purpose))
                    .hint(format!("say which was shown, --notice: {}", accepted.join(", "))))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The rows to write, given what is on record for this person and purpose.
    pub fn plan(&self, source: &ConsentSource, records: &[Record], standing: &Standing) -> Vec<Write> {
        let mut rows = match (self.act, self.channel) {
            (Act::Grant | Act::Object, _) => vec![self.row(self.channel.map(name))],
            (Act::Withdraw, None) => self.withdraw_everywhere(records),
            (Act::Withdraw, Some(channel)) => self.withdraw_one(channel, standing),
        };
        // Whoever has objected and withdraws says no twice: the objection stays in its place.
        let objects =
            |row: &Write| counted(records, &row.purpose).any(|r| r.channel == row.channel && objection(source, r));
        for row in rows.iter_mut().filter(|row| row.act == Act::Withdraw) {
            row.act = if objects(row) { Act::Object } else { Act::Withdraw };
        }
        if self.act != Act::Grant {
            let beside: Vec<Write> = rows.iter().filter_map(|row| self.beside(row, source, records)).collect();
            rows.extend(beside);
        }
        rows
    }

    /// The same for a ledger that works out itself what follows from a choice: what was said, and no more.
    pub fn plan_as_said(&self, source: &ConsentSource, records: &[Record]) -> Vec<Write> {
        let row = self.row(self.channel.map(name));
        let beside = self.beside(&row, source, records);
        std::iter::once(row).chain(beside).collect()
    }

    /// Of a ledger the newest record counts, also one whose time lies ahead: it would come to count over this no. So the
    /// no is written a second time beside it, since of two equally new ones the no counts; but not where somebody who
    /// said no has said yes since.
    fn beside(&self, row: &Write, source: &ConsentSource, records: &[Record]) -> Option<Write> {
        let same = || records.iter().filter(|r| r.purpose == row.purpose && r.channel == row.channel);
        let later =
            |r: &Record| self.at.zip(r.recorded_at.as_deref().and_then(parse_time)).is_some_and(|(at, t)| t > at);
        let agreed_since = same().any(|r| !r.ahead && source.granted.contains(&r.status) && later(r));
        let ahead = same().find(|r| r.newest && r.ahead)?;
        (row.act != Act::Grant && !agreed_since).then(|| Write { ahead: ahead.recorded_at.clone(), ..row.clone() })
    }

    fn row(&self, channel: Option<String>) -> Write {
        Write {
            act: self.act,
            purpose: self.purpose.clone(),
            channel,
            at: self.at.map_or(At::Now, |t| At::Given(t.to_string())),
            ahead: None,
            provenance: self.provenance.clone(),
        }
    }

    /// Withdrawing a purpose withdraws every channel that is on record.
    fn withdraw_everywhere(&self, records: &[Record]) -> Vec<Write> {
        let mut channels: Vec<Option<String>> =
            records.iter().filter(|r| r.purpose == self.purpose).map(|r| r.channel.clone()).collect();
        channels.sort();
        channels.dedup();
        if channels.is_empty() {
            channels.push(None);
        }
        channels.into_iter().map(|c| self.row(c)).collect()
    }

    /// One channel out of a consent for all of them: that consent ends, and goes on for each of the other channels
    /// with its own time, expiry and notice.
    fn withdraw_one(&self, channel: Channel, standing: &Standing) -> Vec<Write> {
        let mut rows = vec![self.row(Some(name(channel)))];
        let Some(general) = &standing.general else { return rows };
        let covered = |c: &Channel| *c == channel || standing.own.contains(c) || standing.objects_on.contains(c);
        rows.extend(Channel::ALL.iter().filter(|c| !covered(c)).map(|c| carry_over(general, name(*c))));
        rows.push(self.row(None));
        rows
    }
}

fn name(channel: Channel) -> String {
    channel.as_str().to_owned()
}

fn carry_over(general: &Record, channel: String) -> Write {
    Write {
        act: Act::Grant,
        purpose: general.purpose.clone(),
        channel: Some(channel),
        at: At::CarriedOver(general.granted_at.clone()),
        // What goes on begins no sooner than it did.
        ahead: general.recorded_at.clone().filter(|_| general.ahead),
        provenance: Provenance {
            expires: general.expires_at.clone(),
            notice: general.notice.clone(),
            source: general.source.clone(),
            recipient: general.recipient.clone(),
            event: general.event.clone(),
        },
    }
}
