//! What verify can find, in words.

use std::fmt;

use serde::Serialize;

use super::stretch::Because;

/// Where a line stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)
    }
}

/// Proof of damage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The line's bytes are not those whose hash was signed.
    Changed {
        seq: u64,
        place: Place,
    },
    /// Numbers that should stand before `place` do not.
    Removed {
        from: u64,
        to: u64,
        place: Place,
    },
    /// A line stands elsewhere than where it was written.
    Moved {
        seq: u64,
        place: Place,
    },
    /// A line that was never written, or is there twice.
    Inserted {
        after: u64,
        place: Place,
    },
    /// Lines before this file have numbers that belong to its own: they were never written.
    Forged {
        from: u64,
        to: u64,
        before: String,
    },
    /// The record had ended, and behind it stand lines that are no start.
    BehindTheEnd {
        from: u64,
        to: u64,
    },
    /// No checkpoint vouches for the last lines, and no proxy leaves such an end.
    NothingVouches {
        from: u64,
        to: u64,
        #[serde(flatten)]
        because: Because,
    },
    /// A checkpoint that was made among these lines is not there; later ones vouch for them.
    CheckpointMissing {
        from: u64,
        to: u64,
        #[serde(flatten)]
        because: Because,
    },
    /// The file's, or the record's, last lines are not there.
    CutOff {
        from: u64,
        to: u64,
        file: Option<String>,
    },
    /// A whole file is not there.
    FileMissing {
        from: u64,
        to: u64,
    },
    /// A file's name has another day than its first line: who looks for that day would not look there.
    Renamed {
        file: String,
        first: u64,
        day: String,
    },
    /// One of these lines is not as it was; the signed hashes that would tell which are not there.
    ChangedBetween {
        from: u64,
        to: u64,
    },
    /// The lines and their signed hashes contradict a checkpoint.
    CheckpointContradicted {
        size: u64,
        external: bool,
    },
    CheckpointUnusable {
        line: u64,
        why: String,
    },
    /// The folder is another log's, which the same key signs under another name.
    OtherLog {
        log: String,
        asked: String,
    },
    /// A checkpoint from elsewhere is of another log, which the same key signs under another name.
    OtherLogsCheckpoint {
        log: String,
    },
    /// Nothing is signed by the key; `by`: but by this one.
    CheckpointsMissing {
        by: Option<String>,
    },
    HashesUnusable {
        file: String,
        line: u64,
        why: String,
        first: u64,
    },
    HashesMissing {
        file: String,
        first: u64,
    },
    ExternalUnusable {
        why: String,
    },
}

impl Finding {
    /// What has been found, in a word or two.
    pub fn headline(&self) -> &'static str {
        match self {
            Finding::OtherLog { .. } | Finding::OtherLogsCheckpoint { .. } => "another log",
            Finding::NothingVouches { .. } | Finding::CheckpointMissing { .. } => "checkpoints taken away",
            _ => "damaged",
        }
    }

    /// The lowest line number that it tells of; what is about no line comes last.
    pub fn first_seq(&self) -> u64 {
        match self {
            Finding::Changed { seq, .. } | Finding::Moved { seq, .. } => *seq,
            Finding::Removed { from, .. }
            | Finding::Forged { from, .. }
            | Finding::BehindTheEnd { from, .. }
            | Finding::NothingVouches { from, .. }
            | Finding::CheckpointMissing { from, .. }
            | Finding::CutOff { from, .. }
            | Finding::FileMissing { from, .. }
            | Finding::ChangedBetween { from, .. } => *from,
            Finding::Inserted { after, .. } => after + 1,
            Finding::CheckpointContradicted { size, .. } => *size,
            Finding::Renamed { first, .. } => *first,
            Finding::HashesUnusable { .. }
            | Finding::HashesMissing { .. }
            | Finding::CheckpointUnusable { .. }
            | Finding::CheckpointsMissing { .. }
            | Finding::OtherLog { .. }
            | Finding::OtherLogsCheckpoint { .. }
            | Finding::ExternalUnusable { .. } => u64::MAX,
        }
    }
}

/// `line 7` or `lines 7 to 9`.
pub fn range(from: u64, to: u64) -> String {
    if from == to { format!("line {from}") } else { format!("lines {from} to {to}") }
}

fn verb(from: u64, to: u64) -> &'static str {
    if from == to { "was" } else { "were" }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Changed { seq, place } => write!(f, "line {seq} was changed ({place})"),
            Finding::Removed { from, to, place } => {
                write!(f, "{} {} removed (before {place})", range(*from, *to), verb(*from, *to))
            }
            Finding::Moved { seq, place } => write!(f, "line {seq} was moved: it stands in {place}"),
            Finding::Inserted { after, place } => {
                write!(f, "a line was inserted after line {after} ({place}): it is there twice or was never written")
            }
            Finding::Forged { from, to, before } => {
                write!(
                    f,
                    "{} before {before} {} never written: their numbers are its own",
                    range(*from, *to),
                    verb(*from, *to)
                )
            }
            Finding::BehindTheEnd { from, to } => {
                write!(
                    f,
                    "{} {} added behind the record's end: nothing is signed for ",
                    range(*from, *to),
                    verb(*from, *to)
                )?;
                write!(f, "what follows a stop, and the proxy signs its start before it records anything else")
            }
            Finding::NothingVouches { from, to, because } => {
                write!(f, "nothing vouches for {}, and a proxy leaves no such end, ", range(*from, *to))?;
                write!(f, "however it is killed: {because}; they may be others than were written, ")?;
                write!(f, "unless this copy was taken while a proxy wrote (then take another)")
            }
            Finding::CheckpointMissing { from, to, because } => {
                write!(f, "a checkpoint among {} is missing: {because}", range(*from, *to))
            }
            Finding::CutOff { from, to, file } => {
                let of = file.as_ref().map_or("of the record".into(), |file| format!("of {file}"));
                write!(f, "{} {} cut off from the end {of}", range(*from, *to), verb(*from, *to))
            }
            Finding::FileMissing { from, to } => write!(f, "the file with {} is missing", range(*from, *to)),
            Finding::Renamed { file, first, day } => {
                write!(f, "{file} has another name than it was given: its first line, {first}, is of {day}")
            }
            Finding::ChangedBetween { from, to } => {
                write!(
                    f,
                    "one of the lines {from} to {to} was changed; the signed hashes that would tell which are not here"
                )
            }
            Finding::CheckpointContradicted { size, external } => {
                let which = if *external { "the checkpoint from elsewhere" } else { "the checkpoint" };
                write!(f, "{which} at line {size} contradicts the lines before it")
            }
            Finding::CheckpointUnusable { line, why } => write!(f, "checkpoint in checkpoints, line {line}: {why}"),
            Finding::OtherLog { log, asked } => {
                write!(
                    f,
                    "this folder holds {log}, not {asked}; nothing in it was checked. Of the two logs of one key, "
                )?;
                write!(f, "that of what commands did is checked with --upkeep, and the proxy's without")
            }
            Finding::OtherLogsCheckpoint { log } => {
                write!(f, "the checkpoint from elsewhere is of {log}, and says nothing of this one")
            }
            Finding::CheckpointsMissing { by: None } => {
                write!(f, "no checkpoint is signed by this key: nothing vouches for any line")
            }
            Finding::CheckpointsMissing { by: Some(by) } => write!(
                f,
                "no checkpoint is signed by this key, but by {by}: the key is another record's, or all was signed anew"
            ),
            Finding::HashesUnusable { file, line, why, .. } => write!(f, "signed hashes in {file}, line {line}: {why}"),
            Finding::HashesMissing { file, .. } => write!(f, "the signed hashes {file} are missing"),
            Finding::ExternalUnusable { why } => write!(f, "the checkpoint from elsewhere: {why}"),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Because::Stopped { seq } => {
                write!(f, "line {seq} is a stop, before and after which a checkpoint is made")
            }
            Because::Started { seq } => {
                write!(f, "at line {seq} a run starts, before and after whose start a checkpoint is made")
            }
            Because::Many { most } => write!(f, "one is made for every {most} lines at least"),
            Because::Long { seconds } => write!(f, "one is made every {seconds} s at least while lines come"),
            Because::NextFile { file } => write!(f, "one is made before {file} is begun"),
        }
    }
}

/// What an auditor should know and that is no damage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// The statement was let through; its end is not on record (the proxy was killed).
    NeverCompleted {
        seq: u64,
        statement: String,
    },
    /// A command was about to do this; its end is not on record.
    DeedWithoutEnd {
        seq: u64,
        action: String,
        deed: String,
    },
    /// Older versions put no ends of deeds on record.
    EndsNotKept {
        deeds: u64,
    },
    /// The proxy ended without a stop event.
    NoStop {
        after: u64,
        time: String,
    },
    /// The proxy runs, and its record goes on after this line.
    BeingWritten {
        after: u64,
        time: String,
    },
    /// The statement was let through by the proxy that runs, and has not ended.
    Running {
        seq: u64,
        statement: String,
    },
    /// The record's last event is not a stop, and no proxy writes it here.
    OpenEnd {
        after: u64,
        time: String,
    },
    /// It ran, and nothing came for longer than its heartbeat.
    Silent {
        after: u64,
        from: String,
        to: String,
    },
    ClockWentBack {
        seq: u64,
        from: String,
        to: String,
    },
    /// A line that was being written when the proxy was killed, or when the copy was taken.
    TornEnd {
        file: String,
        bytes: u64,
    },
    /// The record was taken up as it stood: nothing beside the keys told how far it had gone.
    HeadMissing {
        seq: u64,
        unsigned: Option<(u64, u64)>,
    },
    /// At this start the folder did not hold what had been written.
    NotAsLeft {
        seq: u64,
        known: u64,
        found: u64,
    },
    /// The first start of the record was killed before its first checkpoint, and recorded nothing but itself.
    NothingSigned,
    /// What was put aside at a start.
    PutAside {
        seq: u64,
        file: String,
        bytes: u64,
        lines: u64,
        missing: u64,
    },
    /// The record could not be written for a while; statements were refused.
    Unavailable {
        seq: u64,
        fault: String,
        seconds: u64,
        refused: u64,
        /// Lines whose file was gone by then.
        gone: Option<(u64, u64)>,
    },
    /// A live sink missed events.
    SinkDropped {
        seq: u64,
        sink: String,
        events: u64,
    },
    /// Not every checkpoint could be held against the lines, since older files are not here.
    CheckpointsUnchecked {
        count: u64,
    },
}

impl Notice {
    /// Whether it tells of one statement, and not of the record.
    pub fn is_about_a_statement(&self) -> bool {
        matches!(self, Notice::NeverCompleted { .. } | Notice::Running { .. })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::NeverCompleted { seq, statement } => {
                write!(f, "line {seq}: statement {statement} was let through; its end is not on record")
            }
            Notice::DeedWithoutEnd { seq, action, deed } => {
                write!(
                    f,
                    "line {seq}: {action} {deed} has no end on record, and nothing tells whether it took effect: its \
                    command was killed, lost PostgreSQL or the record, or is still at work"
                )
            }
            Notice::EndsNotKept { deeds } => {
                write!(
                    f,
                    "{deeds} deeds of commands are on record without a name: a version that put no ends on record was about to \
                    do them, and nothing tells whether they took effect"
                )
            }
            Notice::NoStop { after, time } => {
                write!(f, "the proxy ended without a stop event after line {after} ({time})")
            }
            Notice::OpenEnd { after, time } => {
                write!(
                    f,
                    "the record ends after line {after} ({time}) without a stop event, and no proxy writes it here: the proxy \
                    was killed, this is a copy of what it goes on writing elsewhere, or everything later was cut off with \
                    its signatures (a checkpoint kept elsewhere would show that)"
                )
            }
            Notice::BeingWritten { after, time } => {
                write!(f, "a proxy writes this record now: what follows line {after} ({time}) is not checked")
            }
            Notice::Running { seq, statement } => {
                write!(f, "line {seq}: statement {statement} was let through and has not ended yet")
            }
            Notice::Silent { after, from, to } => {
                write!(f, "no heartbeat after line {after}: nothing is on record from {from} to {to}")
            }
            Notice::ClockWentBack { seq, from, to } => write!(f, "line {seq}: the clock went back from {from} to {to}"),
            Notice::TornEnd { file, bytes } => write!(f, "{file} ends in a torn line of {bytes} bytes"),
            Notice::HeadMissing { seq, unsigned } => {
                write!(
                    f,
                    "line {seq}: at this start nothing beside the keys told how far the record had gone (the first "
                )?;
                write!(
                    f,
                    "start of a version that keeps that, or the keys' folder was lost): what was cut off before "
                )?;
                write!(f, "with its signatures does not show")?;
                let words = |(from, to)| format!("; nothing had been signed for {}", range(from, to));
                f.write_str(&unsigned.map(words).unwrap_or_default())
            }
            Notice::NotAsLeft { seq, known, found } if found < known => {
                write!(f, "line {seq}: at this start {found} of the {known} lines that had been written were here: ")?;
                write!(f, "the rest was cut off, or a backup was put back")
            }
            Notice::NotAsLeft { seq, known, .. } => {
                write!(
                    f,
                    "line {seq}: at this start the {known} lines that had been written were not here as they were"
                )
            }
            Notice::NothingSigned => {
                write!(
                    f,
                    "the record was begun, and its first start ended before it had made a checkpoint: no session had "
                )?;
                write!(f, "begun, and nothing is lost, unless everything later was cut off with its signatures (a ")?;
                write!(f, "checkpoint kept elsewhere would show that)")
            }
            Notice::PutAside { seq, file, bytes, lines, missing } => {
                write!(f, "line {seq}: at this start {bytes} bytes of {file} were put aside")?;
                if *lines > 0 {
                    write!(
                        f,
                        " ({lines} whole lines, which were not yet, or never, written by the proxy to their end)"
                    )?;
                }
                write!(f, ", {missing} lines were missing")
            }
            Notice::Unavailable { seq, fault, seconds, refused, gone } => {
                write!(
                    f,
                    "line {seq}: before it the record could not be written for {seconds} s ({fault}); {refused} events were refused"
                )?;
                let words = |(from, to)| format!("; the file with {} was no longer there", range(from, to));
                f.write_str(&gone.map(words).unwrap_or_default())
            }
            Notice::SinkDropped { seq, sink, events } => write!(f, "line {seq}: sink {sink} missed {events} events"),
            Notice::CheckpointsUnchecked { count } => {
                write!(f, "{count} checkpoints could not be held against the lines: older files are not here")
            }
        }
    }
}
