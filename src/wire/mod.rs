//! Bytes to messages and back: frames, start-up, TLS and SCRAM of the client's side. Knows no SQL and no policy.
//!
//! `buffer` holds bytes, `frame` cuts them, `frontend` and `backend` read the messages that we look into and write
//! those that we make, `startup` reads what comes before a session, `scram` and `tls` say who is there.

pub mod backend;
pub mod buffer;
pub mod error;
pub mod frame;
pub mod frontend;
pub mod scram;
pub mod startup;
pub mod stream;
pub mod tls;
