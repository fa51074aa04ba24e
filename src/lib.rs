//! Consentry: a PostgreSQL proxy that enforces consent.
pub mod audit;
pub mod cli;
pub mod config;
pub mod consent;
pub mod engine;
pub mod relay;
pub mod serve;
pub mod session;
pub mod wire;
