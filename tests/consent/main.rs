//! `consentry consent`, `retention` and `subject` as libraries, on a real PostgreSQL.

#[path = "../common/mod.rs"]
mod common;

mod along;
mod at_once;
mod choices;
mod circles;
mod cli;
mod cut_off;
mod cuts;
mod deeds;
mod elsewhere;
mod erasure;
mod exact;
mod export;
mod history;
mod import;
mod init;
mod kept;
mod keys;
mod ledger;
mod left;
mod meanwhile;
mod not_null;
mod policy;
mod referred;
mod refusals;
mod restored;
mod retention;
mod rights;
mod row_security;
mod standing;
mod taken;
mod told_late;
mod triggers;
mod two_forms;
mod whole;
