//! Writes, judged by the engine and run on PostgreSQL: what is stored afterwards, and what is told.

mod apart;
mod checked;
#[path = "../common/mod.rs"]
mod common;
mod consent;
mod copy;
mod estimates;
mod leaks;
mod model;
mod proxy;
mod random;
mod rechecked;
mod rights;
mod staging;
mod unlisted;
mod views;
mod world;
