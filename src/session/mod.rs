//! One client's session: who asks and why, and every message between client and PostgreSQL in its order.
//!
//! `login` lets a client in, `run` moves bytes; between them `core` is a state machine without IO. A message's way:
//! `client` ▸ `simple` or `extended` ▸ (`behind`, `rejudge`, `refuse`) ▸ relay; back: `server` ▸ `complete` ▸ `effects`.

mod age;
pub mod core;
mod dam;
mod describe;
pub mod gate;
pub mod house;
mod inquiry;
mod keys;
pub mod live;
pub mod login;
pub mod meters;
pub mod orders;
pub mod plans;
pub mod record;
pub mod run;
pub mod sanitise;
pub mod settings;
pub mod startup;

mod behind;
mod client;
mod complete;
mod effects;
mod expect;
mod extended;
mod names;
mod notification;
mod own_words;
mod path;
mod prepared;
mod refuse;
mod rejudge;
mod server;
mod simple;
mod subjects;
mod turned_away;
pub mod withhold;
