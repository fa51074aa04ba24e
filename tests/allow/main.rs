//! The reviewed lists of `engine::allow`.

#[path = "../common/mod.rs"]
mod common;

mod rules;
mod server;
mod words;
