//! To PostgreSQL and back. See `lib.rs`.

pub mod catalog;
