//! `consentry.toml` (contract, section 4) and the policy folders that it names: reading files, and saying what is wrong
//! with them. `raw` is the file as it is written, `server` what it means.

pub mod folder;
pub mod raw;
mod resolve;
pub mod secret;
pub mod server;
pub mod upstream;
