//! What a person's records amount to: valid consent and objections, with the reasons (contract, section 3, "Valid consent").
//!
//! PURE, and a second opinion: shares no code with the SQL that the engine emits.

use serde::Serialize;

use crate::engine::policy::{Basis, Channel, ConsentSource, Policy, Purpose};

/// One row of a consent table. Times are as PostgreSQL prints them in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    pub purpose: String,
    /// `None`: all channels.
    pub channel: Option<String>,
    pub status: String,
    pub granted_at: Option<String>,
    pub withdrawn_at: Option<String>,
    pub expires_at: Option<String>,
    pub recorded_at: Option<String>,
    pub notice: Option<String>,
    pub source: Option<String>,
    pub recipient: Option<String>,
    pub event: Option<String>,
    /// `withdrawn_at` is set, and `granted_at` is null or not later.
    pub withdrawn: bool,
    /// `expires_at` is not in the future.
    pub expired: bool,
    /// A time of the record is in the future.
    pub future: bool,
    /// `recorded_at` is in the future.
    pub ahead: bool,
    /// Of a ledger, whether no record for the same purpose and channel is known to be newer; always true of a state table.
    pub newest: bool,
}

/// Why a record is no valid consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// There is no record.
    NeverAsked,
    /// The status says no.
    NotGranted,
    Withdrawn,
    Expired,
    /// It begins in the future.
    NotYet,
    /// Given under no notice, or under one that the purpose does not accept.
    Notice,
    /// An objection for the same channel, or for all, contradicts it.
    Objection,
    /// An equally new record, or one of unknown time, says no.
    Contradicted,
}

impl Doubt {
    pub fn as_str(self) -> &'static str {
        match self {
            Doubt::NeverAsked => "never asked",
            Doubt::NotGranted => "status says no",
            Doubt::Withdrawn => "withdrawn",
            Doubt::Expired => "expired",
            Doubt::NotYet => "begins in the future",
            Doubt::Notice => "notice not accepted",
            Doubt::Objection => "objection",
            Doubt::Contradicted => "a record that is not known to be older says no",
        }
    }
}

/// Whether a consent is valid; else every reason found.
pub type Verdict = Result<(), Vec<Doubt>>;

/// What holds for one person and one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub purpose: String,
    pub basis: Basis,
    /// A valid consent on any channel: what rows depend on.
    pub any: Verdict,
    pub channels: Vec<(Channel, Verdict)>,
    /// The consent for all channels that counts, or may come to count: it begins later, say, or its notice may be
    /// accepted again.
    pub general: Option<Record>,
    /// Channels with a valid consent of their own.
    pub own: Vec<Channel>,
    /// An objection for all channels.
    pub objects: bool,
    pub objects_on: Vec<Channel>,
}

/// Whether `record` counts at all: superseded rows of a ledger do not.
pub fn counted<'r>(records: &'r [Record], purpose: &'r str) -> impl Iterator<Item = &'r Record> {
    records.iter().filter(move |r| r.newest && r.purpose == purpose)
}

/// Judges the records of one person for one purpose.
pub fn judge(purpose: &Purpose, source: &ConsentSource, records: &[Record]) -> Standing {
    let mine: Vec<&Record> = counted(records, &purpose.name).collect();
    let verdicts: Vec<(&Record, Verdict)> = mine.iter().map(|r| (*r, verdict(purpose, source, r, &mine))).collect();
    let exactly = |channel: Channel| {
        best(verdicts.iter().filter(|(r, _)| r.channel.as_deref() == Some(channel.as_str())).map(|(_, v)| v))
    };
    let lasts = |r: &&&Record| source.granted.contains(&r.status) && !r.withdrawn && !r.expired;
    let on = |wanted: &dyn Fn(&Record) -> bool| best(verdicts.iter().filter(|(r, _)| wanted(r)).map(|(_, v)| v));
    let objects = |channel: Option<Channel>| {
        mine.iter().any(|r| {
            objection(source, r) && (r.channel.is_none() || r.channel.as_deref() == channel.map(Channel::as_str))
        })
    };
    Standing {
        purpose: purpose.name.clone(),
        basis: purpose.basis,
        any: on(&|_| true),
        channels: Channel::ALL
            .iter()
            .map(|c| (*c, on(&|r| r.channel.as_deref().is_none_or(|on| on == c.as_str()))))
            .collect(),
        general: mine.iter().filter(|r| r.channel.is_none()).find(lasts).map(|r| Record::clone(r)),
        own: Channel::ALL.iter().copied().filter(|c| exactly(*c).is_ok()).collect(),
        objects: objects(None),
        objects_on: Channel::ALL.iter().copied().filter(|c| objects(Some(*c))).collect(),
    }
}

/// Judges every purpose of the policy, in order of their names.
pub fn judge_all(policy: &Policy, source: &ConsentSource, records: &[Record]) -> Vec<Standing> {
    policy.purposes.values().map(|p| judge(p, source, records)).collect()
}

fn verdict(purpose: &Purpose, source: &ConsentSource, record: &Record, all: &[&Record]) -> Verdict {
    let mut doubts = doubts(purpose, source, record);
    let contradicts =
        |other: &&&Record| objection(source, other) && (other.channel.is_none() || other.channel == record.channel);
    if all.iter().any(|o| contradicts(&o)) {
        doubts.push(Doubt::Objection);
    }
    // In a state table several rows may stand side by side, and one yes is enough; of a ledger's equally new ones the no counts.
    let tied_no = source.recorded_at.is_some()
        && all.iter().any(|o| o.channel == record.channel && !self::doubts(purpose, source, o).is_empty());
    if doubts.is_empty() && tied_no {
        doubts.push(Doubt::Contradicted);
    }
    if doubts.is_empty() { Ok(()) } else { Err(doubts) }
}

/// What is wrong with a record by itself.
fn doubts(purpose: &Purpose, source: &ConsentSource, record: &Record) -> Vec<Doubt> {
    let notice_accepted = match &purpose.notices {
        None => true,
        Some(accepted) => record.notice.as_ref().is_some_and(|n| accepted.contains(n)),
    };
    let findings = [
        (!source.granted.contains(&record.status), Doubt::NotGranted),
        (record.withdrawn, Doubt::Withdrawn),
        (record.expired, Doubt::Expired),
        (record.future, Doubt::NotYet),
        (!notice_accepted, Doubt::Notice),
    ];
    findings.into_iter().filter_map(|(found, doubt)| found.then_some(doubt)).collect()
}

/// Whether a record is an objection.
pub fn objection(source: &ConsentSource, record: &Record) -> bool {
    source.objected.contains(&record.status)
}

/// The best of several verdicts; without any, the person was never asked.
fn best<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Verdict {
    let mut reasons: Vec<Doubt> = Vec::new();
    for verdict in verdicts {
        match verdict {
            Ok(()) => return Ok(()),
            Err(doubts) => reasons.extend(doubts),
        }
    }
    if reasons.is_empty() {
        reasons.push(Doubt::NeverAsked);
    }
    reasons.sort();
    reasons.dedup();
    Err(reasons)
}
