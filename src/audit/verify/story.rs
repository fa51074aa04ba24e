//! What the events themselves tell: statements without an end, silences, crashes, faults.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::stretch::Stretches;
use super::{Finding, Notice, Verdict};
use crate::audit::recorded::Text;

pub struct Story {
    /// Number of the last line that a checkpoint vouches for.
    vouched: u64,
    /// At `vouched` the record had ended, or behind it a proxy began: it signs its start before it records what sessions
    /// do.
    idle: bool,
    /// Lines that stand where only a start can.
    behind_the_end: Option<(u64, u64)>,
    /// Statements that were let through and have not ended: number of the decision.
    open: HashMap<String, u64>,
    /// Deeds of commands without an end yet: number, and what they do. Commands start and stop by turns between them.
    deeds: HashMap<String, (u64, String)>,
    /// Deeds without a name, of versions that put no ends on record.
    nameless: u64,
    last: Option<Moment>,
    /// Heartbeat of the running proxy; `None`: it does not run.
    heartbeat: Option<SignedDuration>,
    stretches: Stretches,
    /// Nothing was read but what one start records before it signs.
    pub only_opens: bool,
}

struct Moment {
    seq: u64,
    time: Timestamp,
}

/// The fields of a line that the story needs.
#[derive(Deserialize)]
pub struct Told<'a> {
    pub seq: u64,
    pub time: Timestamp,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow, default)]
    statement: Option<Text<'a>>,
    #[serde(borrow, default)]
    outcome: Option<Text<'a>>,
    #[serde(borrow, default)]
    deed: Option<Text<'a>>,
    #[serde(borrow, default)]
    action: Option<Text<'a>>,
    #[serde(default)]
    pub heartbeat_seconds: Option<u64>,
    #[serde(default)]
    pub unvouched_at_most: Option<u64>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    missing: Option<u64>,
    #[serde(default)]
    fault: Option<String>,
    #[serde(default)]
    seconds: Option<u64>,
    #[serde(default)]
    refused: Option<u64>,
    #[serde(default)]
    gone_from: Option<u64>,
    #[serde(default)]
    gone_to: Option<u64>,
    #[serde(default)]
    sink: Option<String>,
    #[serde(default)]
    sinks_missed: Vec<Missed>,
    #[serde(default)]
    bytes: Option<u64>,
    #[serde(default)]
    events: Option<u64>,
    #[serde(default)]
    lines: Option<u64>,
    #[serde(default)]
    known: Option<u64>,
    #[serde(default)]
    found: Option<u64>,
    #[serde(default)]
    unsigned_from: Option<u64>,
    #[serde(default)]
    unsigned_to: Option<u64>,
}

#[derive(Deserialize)]
struct Missed {
    sink: String,
    events: u64,
}

/// What a start records before it signs.
pub const OPENING: [&str; 5] = ["start", "recovered", "head_missing", "not_as_left", "subject_key_forgotten"];

impl Story {
    /// `checkpoints`: the sizes that they vouch for, rising.
    pub fn new(checkpoints: Vec<u64>) -> Self {
        Self {
            vouched: checkpoints.last().copied().unwrap_or(0),
            stretches: Stretches::new(checkpoints),
            idle: false,
            behind_the_end: None,
            open: HashMap::new(),
            deeds: HashMap::new(),
            nameless: 0,
            last: None,
            heartbeat: None,
            only_opens: true,
        }
    }

    /// The next file begins behind `size` lines, as its first note says.
    pub fn file(&mut self, file: &str, size: u64) {
        self.stretches.file(file, size);
    }

    /// Takes the next line; `false`: it cannot be read.
    pub fn line(&mut self, line: &[u8], verdict: &mut Verdict) -> bool {
        let Ok(told) = serde_json::from_slice::<Told>(line) else { return false };
        self.attach(&told);
        self.only_opens &= OPENING.contains(&&*told.event) && (told.event != "start" || told.seq == 1);
        self.stretches.line(&told);
        if told.event == "start" {
            self.started(&told, verdict);
        }
        self.keep_time(&told, verdict);
        match &*told.event {
            "decision" => self.decided(told, verdict),
            "completion" => {
                told.statement.map(|s| self.open.remove(&*s));
            }
            "upkeep" => self.begun(&told, verdict),
            "upkeep_done" => {
                told.deed.map(|deed| self.deeds.remove(&*deed));
            }
            "stop" => {
                self.heartbeat = None;
                for Missed { sink, events } in told.sinks_missed {
                    verdict.note(Notice::SinkDropped { seq: told.seq, sink, events });
                }
            }
            "recovered" => verdict.note(Notice::PutAside {
                seq: told.seq,
                file: told.file.unwrap_or_default(),
                bytes: told.bytes.unwrap_or_default(),
                lines: told.lines.unwrap_or_default(),
                missing: told.missing.unwrap_or_default(),
            }),
            "head_missing" => {
                verdict.note(Notice::HeadMissing { seq: told.seq, unsigned: told.unsigned_from.zip(told.unsigned_to) });
            }
            "not_as_left" => verdict.note(Notice::NotAsLeft {
                seq: told.seq,
                known: told.known.unwrap_or_default(),
                found: told.found.unwrap_or_default(),
            }),
            "resumed" => verdict.note(Notice::Unavailable {
                seq: told.seq,
                fault: told.fault.unwrap_or_default(),
                seconds: told.seconds.unwrap_or_default(),
                refused: told.refused.unwrap_or_default(),
                gone: told.gone_from.zip(told.gone_to),
            }),
            "sink_dropped" => verdict.note(Notice::SinkDropped {
                seq: told.seq,
                sink: told.sink.unwrap_or_default(),
                events: told.events.unwrap_or_default(),
            }),
            _ => {}
        }
        true
    }

    /// Can the line stand where it does?
    fn attach(&mut self, told: &Told) {
        let vouched = told.seq <= self.vouched;
        match &*told.event {
            "start" => self.idle = !vouched,
            "stop" if vouched => self.idle = true,
            other if self.idle && !vouched && self.vouched > 0 && !OPENING.contains(&other) => {
                let from = self.behind_the_end.map_or(told.seq, |b| b.0);
                self.behind_the_end = Some((from, told.seq));
            }
            _ => {}
        }
    }

    fn decided(&mut self, told: Told, verdict: &mut Verdict) {
        verdict.decisions += 1;
        if told.outcome.as_deref() != Some("refused")
            && let Some(statement) = told.statement
        {
            self.open.insert(statement.to_string(), told.seq);
        }
    }

    fn begun(&mut self, told: &Told, verdict: &mut Verdict) {
        verdict.deeds += 1;
        match &told.deed {
            Some(deed) => {
                let action = told.action.as_deref().unwrap_or("deed");
                self.deeds.insert(deed.to_string(), (told.seq, action.to_owned()));
            }
            None => self.nameless += 1,
        }
    }

    fn keep_time(&mut self, told: &Told, verdict: &mut Verdict) {
        let time = told.time;
        verdict.first_time.get_or_insert_with(|| format!("{time:.6}"));
        if let Some(last) = &self.last {
            let passed = time.duration_since(last.time);
            let words = || (format!("{:.6}", last.time), format!("{time:.6}"));
            if passed < SignedDuration::from_secs(-1) {
                let (from, to) = words();
                verdict.note(Notice::ClockWentBack { seq: told.seq, from, to });
            }
            // A late heartbeat on a busy machine is not a silence; two missing ones are.
            if let Some(beat) = self.heartbeat
                && passed > beat * 2 + SignedDuration::from_secs(5)
                && told.event != "start"
            {
                let (from, to) = words();
                verdict.note(Notice::Silent { after: last.seq, from, to });
            }
        }
        self.last = Some(Moment { seq: told.seq, time });
    }

    fn started(&mut self, told: &Told, verdict: &mut Verdict) {
        if let Some(last) = self.last.as_ref().filter(|_| self.heartbeat.is_some()) {
            verdict.note(Notice::NoStop { after: last.seq, time: format!("{:.6}", last.time) });
        }
        self.forget_open(verdict);
        let seconds = told.heartbeat_seconds.unwrap_or(60);
        self.heartbeat = Some(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX / 4)));
    }

    /// What runs when the proxy starts or the record ends will not end on record.
    fn forget_open(&mut self, verdict: &mut Verdict) {
        for (seq, statement) in self.take_open() {
            verdict.never_completed += 1;
            verdict.note(Notice::NeverCompleted { seq, statement });
        }
    }

    fn take_open(&mut self) -> Vec<(u64, String)> {
        let mut open: Vec<_> = self.open.drain().map(|(statement, seq)| (seq, statement)).collect();
        open.sort();
        open
    }

    /// Deeds of which nothing more is on record.
    fn tell_of_deeds(&mut self, verdict: &mut Verdict) {
        let mut left: Vec<_> = self.deeds.drain().map(|(deed, (seq, action))| (seq, action, deed)).collect();
        left.sort();
        verdict.deeds_without_end = left.len() as u64 + self.nameless;
        for (seq, action, deed) in left {
            verdict.note(Notice::DeedWithoutEnd { seq, action, deed });
        }
        if self.nameless > 0 {
            verdict.note(Notice::EndsNotKept { deeds: self.nameless });
        }
    }

    /// `written`: a proxy has been writing the folder while it was read, and may have signed since.
    pub fn finish(mut self, written: bool, verdict: &mut Verdict) {
        if let Some((from, to)) = self.behind_the_end.filter(|_| !written) {
            verdict.find(Finding::BehindTheEnd { from, to });
        }
        std::mem::take(&mut self.stretches).finish(written, verdict);
        self.tell_of_deeds(verdict);
        verdict.last_time = self.last.as_ref().map(|l| format!("{:.6}", l.time));
        let Some(last) = self.last.as_ref().filter(|_| self.heartbeat.is_some()) else {
            return self.forget_open(verdict);
        };
        let (after, time) = (last.seq, format!("{:.6}", last.time));
        if verdict.being_written {
            verdict.note(Notice::BeingWritten { after, time });
            for (seq, statement) in self.take_open() {
                verdict.running += 1;
                verdict.note(Notice::Running { seq, statement });
            }
        } else {
            verdict.note(Notice::OpenEnd { after, time });
            self.forget_open(verdict);
        }
    }
}
