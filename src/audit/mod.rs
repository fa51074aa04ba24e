//! The record: durable before the data, provable after the fact, useful to an auditor.
//!
//! ```text
//!  session ─Event─▶ recorder ─lines─▶ writer ─▶ disk (segment: ….jsonl; journal) ─▶ sinks
//!             Ticket ◀──┘               ├──▶ evidence (tree, note, checkpoint: ….leaves, checkpoints)
//!                                       └──▶ head (beside the keys)
//!
//!  a copied folder ─▶ verify, prove      what is wrong, and where; a line's proof alone
//!                  ─▶ read ▸ recorded ▸ filter ─▶ show, report, export
//! ```
//!
//! `event` says what is recorded: names, counts and keyed hashes (`subjects`), never values. Knows the engine's types
//! and nothing of sessions or wire.
//!
//! **What proves what.** A line's hash is a leaf of a Merkle tree (RFC 6962); its bytes without the newline are the leaf,
//! its number minus one is the leaf's index. `checkpoints` holds signed tree heads (C2SP), one at start, stop, each new
//! file and every minute of activity. `….leaves` holds signed lists of the lines' hashes, so that a changed line is
//! named and not only a stretch between checkpoints. Who can write the folder and has no key can change neither without
//! its showing, except that he can cut lines *and* all that was signed since, and change the few lines that a crash leaves
//! without a checkpoint: so much at most, and verify holds more against the record (`verify/stretch`) and calls whole no
//! line that nothing vouches for. A checkpoint kept elsewhere shows what was cut, and
//! so does the next start: beside the keys stands the record's `head`, and nothing is taken up that does not lead there
//! (`opening`).
//! The proxy and the commands each write a log with a name (C2SP: an origin) of its own under one key, so that a copy of
//! one never passes as the other.
//!
//! **What a command did** is on record as it comes: `upkeep` before its COMMIT, `upkeep_done` with PostgreSQL's answer. Of a
//! deed without the second nobody knows whether it took effect, as of a decision without completion.

mod attendance;
mod batch;
pub mod checkpoint;
mod claim;
pub mod config;
pub mod disk;
pub mod event;
mod evidence;
pub mod export;
pub mod filter;
mod head;
mod journal;
pub mod note;
mod opening;
pub mod prove;
pub mod read;
pub mod recorded;
mod recorder;
pub mod report;
mod running;
pub mod segment;
pub mod show;
pub mod sinks;
pub mod subjects;
pub mod tree;
pub mod verify;
mod writer;

pub use attendance::Attended;
pub use config::{Config, Durability, Log, OpenError};
pub use event::Event;
pub use evidence::CHECKPOINTS;
pub use recorder::{Counts, RecordUnavailable, Recorder, Ticket};
