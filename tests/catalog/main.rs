//! The catalog snapshot: what it holds, what changes it, what becomes of a policy that no longer fits it.

#[path = "../common/mod.rs"]
mod common;

mod fingerprint;
mod load;
mod unfit;
