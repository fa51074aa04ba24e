//! To PostgreSQL and back: connecting, logging in, sending what was cleared, cancelling, reading the catalog.
//!
//! Nothing in here takes SQL as text: `outgoing` sends a `Cleared`, a message that carries no statement, or a
//! `marker` that cannot succeed. (`catalog` and `own` ask their own fixed questions over their own
//! connections, where `trial` has a policy's conditions and masks planned.)

pub mod cancel;
pub mod catalog;
pub mod dial;
pub mod login;
pub mod marker;
pub mod outgoing;
pub mod own;
pub mod tls;
pub mod trial;
pub mod upstream;
