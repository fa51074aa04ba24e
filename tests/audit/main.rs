//! The record: files, faults, proof, tampering, sinks, the auditor's commands, and a running proxy.

#[path = "../common/mod.rs"]
mod common;

mod begun;
mod cli;
mod collector;
mod faults;
mod found;
mod journal;
mod log;
mod ocsf;
mod page;
mod pipes;
mod proof;
mod receivers;
mod service;
mod sinks;
mod support;
mod tamper;
mod upkeep;
mod written;
