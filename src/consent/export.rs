//! The rights of access and portability (GDPR Art. 15, 20): everything that leads to one person, as JSON, with why it is
//! used, on which basis, by whom, and for how long. Rows are written as they arrive.

use std::io::Write;

use futures_util::TryStreamExt;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use crate::engine::catalog::{Catalog, quote_ident};
use crate::engine::policy::{ColumnUse, Policy, SubjectKind, TablePolicy};

use super::erasure::bad_key;
use super::fault::Fault;
use super::history::records;
use super::path::{leads_to, tables_of};
use super::standing::{Record, Standing, judge_all};
use super::target::{Target, subject_kind};
