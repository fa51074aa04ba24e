//! Points in time in stored columns, compared with the statement's time and with each other. Dates and bare timestamps
//! are read as UTC (contract, section 3), whatever the session's `TimeZone` is.
//!
//! The column is never cast: indexes on it serve, and no stored value (an infinite or far date) can raise an error.

use crate::engine::catalog::{Column, quote_literal};
use crate::engine::policy::Period;

use super::sql::{NOW, column, op};

/// How a column holds a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    WithZone,
    /// `date` and `timestamp`: PostgreSQL compares the two without a cast.
    Bare,
}

/// A time column of the relation behind `alias`.
#[derive(Clone)]
pub struct Moment {
    sql: String,
    kind: Kind,
    pub not_null: bool,
}

impl Moment {
    /// `None` when the column's type holds no point in time.
    pub fn of(alias: &str, of: &Column) -> Option<Self> {
        let kind = match of.ty.base.as_str() {
            "timestamptz" => Kind::WithZone,
            "timestamp" | "date" => Kind::Bare,
            _ => return None,
        };
        Some(Self { sql: column(alias, &of.name), kind, not_null: of.not_null })
    }

    /// Null counts as past.
    pub fn not_in_future(&self) -> String {
        self.or_null(op(&self.sql, "<=", self.now()))
    }

    /// Null counts as never.
    pub fn still_to_come(&self) -> String {
        self.or_null(op(&self.sql, ">", self.now()))
    }

    pub fn is_null(&self) -> String {
        format!("{} IS NULL", self.sql)
    }

    /// `self` compared with `other`; null when one of them is.
    pub fn compared(&self, operator: &str, other: &Self) -> String {
        if self.kind == other.kind {
            return op(&self.sql, operator, &other.sql);
        }
        op(&self.bare(), operator, &other.bare())
    }

    /// Not longer ago than each of `periods`, which are counted back in UTC. Null when the column is.
    pub fn within(&self, periods: &[&Period]) -> String {
        let cutoffs: Vec<String> = periods.iter().map(|p| self.cutoff(p)).collect();
        let narrowest = match cutoffs.as_slice() {
            [one] => one.clone(),
            many => format!("GREATEST({})", many.join(", ")),
        };
        op(&self.sql, ">=", &narrowest)
    }

    fn cutoff(&self, period: &Period) -> String {
        let back = format!("{}::interval", quote_literal(&period.0));
        let bare = op(BARE_NOW, "-", &back);
        match self.kind {
            Kind::WithZone => format!("pg_catalog.timezone('UTC', {bare})"),
            Kind::Bare => bare,
        }
    }

    fn now(&self) -> &'static str {
        match self.kind {
            Kind::WithZone => NOW,
            Kind::Bare => BARE_NOW,
        }
    }

    fn bare(&self) -> String {
        match self.kind {
            Kind::WithZone => format!("pg_catalog.timezone('UTC', {})", self.sql),
            Kind::Bare => self.sql.clone(),
        }
    }

    fn or_null(&self, test: String) -> String {
        if self.not_null { test } else { format!("({} OR {test})", self.is_null()) }
    }
}

/// The statement's time as a bare timestamp in UTC.
const BARE_NOW: &str = "pg_catalog.timezone('UTC', pg_catalog.statement_timestamp())";
