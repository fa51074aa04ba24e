//! The engine: from SQL text and a context to a `Cleared` or a `Refusal`.
//!
//! PURE: no IO, no clock, no async, no logging, no globals. A query travels the files in this order:
//! `parse` ▸ `analyse` ▸ `decide` ▸ `rewrite` ▸ `clear`.

pub mod allow;
pub mod catalog;
pub mod clear;
pub mod cleared;
pub mod context;
pub mod policy;
pub mod parse;
pub mod refusal;
pub mod tree;
pub mod visible;
