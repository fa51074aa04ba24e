//! What only PostgreSQL can tell of a policy: whether a condition is boolean, a mask of its column's type, and a constant one
//! of its domain. The statements stand here, with what to say when PostgreSQL does not take one; those that read a table are
//! planned elsewhere, and never run.

use std::ops::Range;

use super::super::super::catalog::{Catalog, Column, Relation, quote_ident, quote_literal};
use super::super::{Mask, SqlFragment};

/// A statement that PostgreSQL must be able to plan for the policy to be in order.
pub struct Trial {
    sql: String,
    /// It reads nothing, and asks: what it gives is to be true.
    asks: bool,
    /// What PostgreSQL has to say comes behind it.
    pub(super) message: String,
    pub(super) fix: String,
    pub(super) span: Range<usize>,
}

/// Why a trial failed.
pub enum Failure {
    /// It is no statement that PostgreSQL could run.
    Unfit(String),
    /// The upstream role may not read the table.
    NotAllowed(String),
    /// What it asks is not so.
    Denied,
}

impl Trial {
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Whether it is to be run, and to give one row of one boolean.
    pub fn asks(&self) -> bool {
        self.asks
    }

    /// Whether `condition`, which reads nothing, is true; if not, `message` is said as a warning.
    pub(super) fn asked(condition: &str, message: String, span: Range<usize>) -> Self {
        Self { sql: format!("SELECT {condition}"), asks: true, message, fix: super::tables::MASK_FIX.into(), span }
    }

    /// Of a condition over the rows of `relation`, written at `span`.
    pub(super) fn condition(fragment: &SqlFragment, relation: &Relation, span: Range<usize>) -> Self {
        let condition = fragment.to_sql(|column| format!("t.{}", quote_ident(column)), "");
        Self {
            sql: format!("SELECT 1 FROM {} AS t WHERE {condition}", relation.name.to_sql()),
            asks: false,
            message: "this condition cannot be used".into(),
            fix: super::condition_fix(relation),
            span,
        }
    }

    /// Of a mask in place of a column's values, where PostgreSQL has a say in it.
    pub(super) fn mask(
        mask: &Mask,
        message: String,
        relation: &Relation,
        column: &Column,
        catalog: &Catalog,
        span: Range<usize>,
    ) -> Option<Self> {
        let value = value(mask, column, catalog)?;
        let sql = format!("SELECT CAST({value} AS {}) FROM {} AS t", column.ty.sql, relation.name.to_sql());
        Some(Self { sql, asks: false, message, fix: super::tables::MASK_FIX.into(), span })
    }
}

fn value(mask: &Mask, column: &Column, catalog: &Catalog) -> Option<String> {
    match mask {
        Mask::Sql(fragment) => {
            let stored = format!("t.{}", quote_ident(&column.name));
            Some(fragment.over(&column.ty, catalog).ok()?.to_sql(quote_ident, &stored))
        }
        Mask::Constant(text) => Some(quote_literal(text)),
        Mask::Null
        | Mask::Redact
        | Mask::Email
        | Mask::KeepFirst(_)
        | Mask::KeepLast(_)
        | Mask::Pseudonym
        | Mask::Truncate(_)
        | Mask::Round(_)
        | Mask::Prefix(_) => None,
    }
}
