//! What a server answers to a query, in a form that two servers' answers can be compared in.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Column, SimpleQueryMessage};

use super::query::{Order, Query, Support};

/// `record` and `record[]`: what a whole row may be typed as (contract, section 3).
const RECORDS: [u32; 2] = [2249, 2287];
/// A table that is closed to the purpose is refused before PostgreSQL looks at the rest of a faulty statement.
const CLOSED: &str = "42501";
const NOT_SUPPORTED: &str = "0A000";
const ROWS_IN_A_REPORT: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Simple,
    Extended,
}

type Cell = Option<Vec<u8>>;

/// A column's name, and its type and modifier (`varchar(20)`) where the protocol's client tells.
type Described = (String, Option<(u32, i32)>);

#[derive(Debug)]
pub enum Answer {
    Rows {
        columns: Vec<Described>,
        rows: Vec<Vec<Cell>>,
    },
    /// SQLSTATE; without one the connection is gone.
    Error {
        sqlstate: Option<String>,
        message: String,
    },
}

pub async fn ask(client: &Client, query: &Query, protocol: Protocol) -> Answer {
    let answer = match protocol {
        Protocol::Simple => simple(client, &query.sql).await,
        Protocol::Extended => extended(client, query).await,
    };
    answer.unwrap_or_else(|e| Answer::Error {
        sqlstate: e.code().map(|c| c.code().to_owned()),
        message: e
            .as_db_error()
            .map_or_else(|| e.to_string(), |d| format!("{} [{}]", d.message(), d.detail().unwrap_or(""))),
    })
}

async fn simple(client: &Client, sql: &str) -> Result<Answer, tokio_postgres::Error> {
    let mut columns = Vec::new();
    let mut rows = Vec::new();
    for message in client.simple_query(sql).await? {
        match message {
            SimpleQueryMessage::RowDescription(described) => {
                columns.extend(described.iter().map(|c| (c.name().to_owned(), None)));
            }
            SimpleQueryMessage::Row(row) => {
                rows.push((0..row.len()).map(|i| row.get(i).map(|text| text.as_bytes().to_vec())).collect());
            }
            SimpleQueryMessage::CommandComplete(_) => {}
            other => panic!("a message that the oracle does not know: {other:?}"),
        }
    }
    Ok(Answer::Rows { columns, rows })
}

async fn extended(client: &Client, query: &Query) -> Result<Answer, tokio_postgres::Error> {
    let statement = client.prepare(&query.sql).await?;
    let parameters: Vec<AsText> = query.parameters.iter().cloned().map(AsText).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
    let answered = client.query(&statement, &parameters).await?;
    let described = |c: &Column| (c.name().to_owned(), Some((c.type_().oid(), c.type_modifier())));
    let columns = statement.columns().iter().map(described).collect();
    let rows = answered.iter().map(|row| (0..row.len()).map(|i| row.get::<_, Raw>(i).0).collect()).collect();
    Ok(Answer::Rows { columns, rows })
}

/// A parameter sent in text form, whatever its type.
#[derive(Debug)]
struct AsText(Option<String>);

impl ToSql for AsText {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// A value's bytes as they came.
struct Raw(Cell);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// How `actual` differs from `expected`, in words; `None`: not at all.
pub fn difference(expected: &Answer, actual: &Answer, query: &Query) -> Option<String> {
    match (expected, actual) {
        (_, Answer::Error { sqlstate: Some(refused), .. })
            if query.support == Support::OrRefused && refused == NOT_SUPPORTED =>
        {
            None
        }
        (Answer::Error { sqlstate: Some(_), .. }, Answer::Error { sqlstate: Some(a), .. }) if a == CLOSED => None,
        (Answer::Error { sqlstate: e, message }, Answer::Error { sqlstate: a, message: other }) => (e != a
            || a.is_none())
        .then(|| format!("fails with {e:?} ({message}), but through the proxy with {a:?} ({other})")),
        (Answer::Error { sqlstate, message }, Answer::Rows { rows, .. }) => {
            Some(format!("fails with {sqlstate:?} ({message}), but the proxy gives {} rows", rows.len()))
        }
        (Answer::Rows { rows, .. }, Answer::Error { sqlstate, message }) => {
            Some(format!("gives {} rows, but the proxy fails with {sqlstate:?}: {message}", rows.len()))
        }
        (Answer::Rows { columns, rows }, Answer::Rows { columns: other_columns, rows: other_rows }) => {
            columns_differ(columns, other_columns).or_else(|| rows_differ(rows, other_rows, query.order))
        }
    }
}

fn columns_differ(expected: &[Described], actual: &[Described]) -> Option<String> {
    let mut pairs = expected.iter().zip(actual);
    let equal = expected.len() == actual.len()
        && pairs.all(|(e, a)| e.0 == a.0 && (e.1 == a.1 || a.1.is_some_and(|(oid, _)| RECORDS.contains(&oid))));
    (!equal).then(|| format!("columns {expected:?}, but through the proxy {actual:?}"))
}

fn rows_differ(expected: &[Vec<Cell>], actual: &[Vec<Cell>], order: Order) -> Option<String> {
    let (mut expected, mut actual): (Vec<_>, Vec<_>) = (expected.iter().collect(), actual.iter().collect());
    if order == Order::Any {
        expected.sort();
        actual.sort();
    }
    if expected == actual {
        return None;
    }
    let only = |one: &[&Vec<Cell>], other: &[&Vec<Cell>]| {
        let missing: Vec<String> =
            one.iter().filter(|row| !other.contains(row)).take(ROWS_IN_A_REPORT).map(|row| print_row(row)).collect();
        missing.join("\n      ")
    };
    Some(format!(
        "{} rows, but through the proxy {}\n    missing:\n      {}\n    too much:\n      {}",
        expected.len(),
        actual.len(),
        only(&expected, &actual),
        only(&actual, &expected)
    ))
}

fn print_row(row: &[Cell]) -> String {
    let cell = |c: &Cell| c.as_ref().map_or("∅".to_owned(), |bytes| bytes.escape_ascii().to_string());
    row.iter().map(cell).collect::<Vec<_>>().join(" | ")
}
