//! The engine: from SQL text and a context to a `Cleared` or a `Refusal`.
//!
//! PURE: no IO, no clock, no async, no logging, no globals. A query travels the files in this order:
//! `parse` ▸ `analyse` ▸ `visible` ▸ `rewrite` ▸ `clear`.

pub mod alike;
pub mod allow;
mod analyse;
pub mod arrays;
pub mod catalog;
pub mod clear;
pub mod cleared;
mod comment;
pub mod context;
pub mod key_value;
pub mod layout;
pub mod meaning;
pub mod names;
mod parse;
pub mod policy;
mod record;
pub mod refusal;
mod rewrite;
mod scanning;
pub mod shape;
pub mod spelling;
mod standing;
mod tree;
pub mod unjudged;
pub mod visible;
