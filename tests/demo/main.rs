//! `consentry demo`, its CRM, and the throwaway PostgreSQL that it and the tests run on.

#[path = "../common/mod.rs"]
mod common;

mod crm;
mod shown;
mod throwaway;
