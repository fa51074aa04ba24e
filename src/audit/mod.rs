//! The record: durable before the data, provable after the fact, useful to an auditor.
//!
//! `event` says what is recorded, `recorder` takes it, `writer` brings it to disk through `disk` into the files of
//! `segment`; `subjects` names persons without naming them. Knows the engine's types and nothing of sessions or wire.

pub mod checkpoint;
pub mod config;
pub mod disk;
pub mod event;
mod evidence;
pub mod export;
pub mod filter;
pub mod note;
pub mod prove;
pub mod read;
pub mod recorded;
mod recorder;
pub mod report;
pub mod segment;
pub mod show;
pub mod sinks;
pub mod subjects;
pub mod tree;
pub mod verify;
mod writer;

pub use config::{Config, Durability, OpenError};
pub use event::Event;
pub use evidence::CHECKPOINTS;
pub use recorder::{Counts, RecordUnavailable, Recorder, Ticket};
