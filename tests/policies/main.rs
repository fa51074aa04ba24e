//! Policies as programs see them: the commands about them, the demo's, their fragments of SQL, and broken ones by the hundred.

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod crm;
mod fragments;
mod mutations;
