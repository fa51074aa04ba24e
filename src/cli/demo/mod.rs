//! `consentry demo`: Consentry shown at work, on a throwaway PostgreSQL with a small CRM.

pub mod crm;
pub mod postgres;
