//! Events as an Apache Parquet table: a row an event, its columns named as the fields on record.
//!
//! What has a form of its own on record (`tables`, `rules`, `subjects`) is JSON text, and so are the fields of single kinds
//! of event (`event_fields`). The record's own housekeeping is there too: who wants statements alone asks for
//! `event = 'decision'`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Told, Words};
use crate::audit::recorded::{Recorded, Text};

/// Rows that are held in memory before they are written.
const GROUP: usize = 1 << 16;

/// A column; of what it takes the values from, and how.
struct Column {
    name: &'static str,
    values: Values,
}

enum Values {
    Text(fn(&Row) -> Option<String>),
    /// JSON text.
    Json(fn(&Row) -> Option<String>),
    Number(fn(&Row) -> Option<i64>),
    /// Microseconds since 1970, UTC.
    Moment(fn(&Row) -> i64),
    Milliseconds(fn(&Row) -> Option<f64>),
    Truth(fn(&Row) -> bool),
}

/// An event, with the completion of its statement or the end of its deed.
struct Row<'r> {
    event: &'r Recorded<'r>,
    nested: Nested<'r>,
    /// What else is on its line, as JSON.
    rest: Option<String>,
    completion: Option<&'r Recorded<'r>>,
}

/// The fields that have a form of their own, as they are on record.
#[derive(Default, Deserialize)]
struct Nested<'r> {
    #[serde(borrow, default)]
    tables: Option<&'r RawValue>,
    #[serde(borrow, default)]
    rules: Option<&'r RawValue>,
    #[serde(borrow, default)]
    subjects: Option<&'r RawValue>,
}

const COLUMNS: &[Column] = &[
    Column { name: "seq", values: Values::Number(|r| count(Some(r.event.seq))) },
    Column { name: "time", values: Values::Moment(|r| r.event.time.as_microsecond()) },
    Column { name: "event", values: Values::Text(|r| Some(r.event.event.to_string())) },
    Column { name: "session", values: Values::Text(|r| text(&r.event.session)) },
    Column { name: "statement", values: Values::Text(|r| text(&r.event.statement)) },
    Column { name: "user", values: Values::Text(|r| text(&r.event.user)) },
    Column { name: "role", values: Values::Text(|r| text(&r.event.role)) },
    Column { name: "unrestricted", values: Values::Truth(|r| r.event.unrestricted) },
    Column { name: "recipient", values: Values::Text(|r| text(&r.event.recipient)) },
    Column { name: "purpose", values: Values::Text(|r| text(&r.event.purpose)) },
    Column { name: "basis", values: Values::Text(|r| text(&r.event.basis)) },
    Column { name: "purpose_set_by", values: Values::Text(|r| text(&r.event.purpose_set_by)) },
    Column { name: "reason", values: Values::Text(|r| text(&r.event.reason)) },
    Column { name: "client_address", values: Values::Text(|r| r.event.client.as_ref().map(|c| c.address.to_string())) },
    Column {
        name: "client_application_name",
        values: Values::Text(|r| r.event.client.as_ref().and_then(|c| text(&c.application_name))),
    },
    Column { name: "database", values: Values::Text(|r| text(&r.event.database)) },
    Column { name: "fingerprint", values: Values::Text(|r| text(&r.event.fingerprint)) },
    Column { name: "sql", values: Values::Text(|r| text(&r.event.sql)) },
    Column { name: "kind", values: Values::Text(|r| text(&r.event.kind)) },
    Column { name: "outcome", values: Values::Text(|r| text(&r.event.outcome)) },
    Column { name: "refusal_rule", values: Values::Text(|r| r.event.refusal.as_ref().map(|f| f.rule.to_string())) },
    Column {
        name: "refusal_sqlstate",
        values: Values::Text(|r| r.event.refusal.as_ref().map(|f| f.sqlstate.to_string())),
    },
    Column {
        name: "refusal_message",
        values: Values::Text(|r| r.event.refusal.as_ref().map(|f| f.message.to_string())),
    },
    Column { name: "tables", values: Values::Json(|r| r.nested.tables.map(|j| j.get().to_owned())) },
    Column { name: "rules", values: Values::Json(|r| r.nested.rules.map(|j| j.get().to_owned())) },
    Column { name: "subjects", values: Values::Json(|r| r.nested.subjects.map(|j| j.get().to_owned())) },
    Column { name: "policy", values: Values::Text(|r| text(&r.event.policy)) },
    Column { name: "event_fields", values: Values::Json(|r| r.rest.clone()) },
    Column { name: "completed_seq", values: Values::Number(|r| count(r.completion.map(|c| c.seq))) },
    Column { name: "completed_outcome", values: Values::Text(|r| r.completion.and_then(|c| text(&c.outcome))) },
    Column { name: "completed_sqlstate", values: Values::Text(|r| r.completion.and_then(|c| text(&c.sqlstate))) },
    Column { name: "completed_counts", values: Values::Json(|r| r.completion.and_then(counts)) },
    Column { name: "rows", values: Values::Number(|r| count(r.completion.and_then(|c| c.rows))) },
    Column { name: "bytes", values: Values::Number(|r| count(r.completion.and_then(|c| c.bytes))) },
    Column { name: "ms", values: Values::Milliseconds(|r| r.completion.and_then(|c| c.ms)) },
];

/// Fields of a line that have columns of another name.
const SPREAD: [&str; 2] = ["client", "refusal"];

/// The fields of a line that have no column.
fn rest(line: &[u8]) -> Option<String> {
    let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(line).ok()?;
    fields.retain(|name, value| {
        value.get() != "null" && !SPREAD.contains(&name.as_str()) && COLUMNS.iter().all(|column| column.name != name)
    });
    (!fields.is_empty()).then(|| serde_json::to_string(&fields).ok()).flatten()
}

fn text(field: &Option<Text>) -> Option<String> {
    field.as_deref().map(str::to_owned)
}

/// What the end of a deed knows better.
fn counts(end: &Recorded) -> Option<String> {
    (!end.counts.is_empty()).then(|| serde_json::to_string(&end.counts).ok()).flatten()
}

/// Parquet's integers are signed where every reader is to understand them.
fn count(number: Option<u64>) -> Option<i64> {
    number.map(|n| i64::try_from(n).unwrap_or(i64::MAX))
}

/// What a column holds of the rows that are not written yet. `None` is no value.
enum Held {
    Text(Vec<Option<ByteArray>>),
    Number(Vec<Option<i64>>),
    Milliseconds(Vec<Option<f64>>),
    Truth(Vec<Option<bool>>),
}

/// The table, as it is written.
pub struct Table<W: Write + Send> {
    /// `None`: it has ended.
    file: Option<SerializedFileWriter<W>>,
    held: Vec<Held>,
    rows: usize,
}

impl<W: Write + Send> Table<W> {
    pub fn begin(out: W) -> io::Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("consentry {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file = schema().and_then(|schema| SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)));
        Ok(Self { file: Some(file.map_err(fault)?), held: none_held(), rows: 0 })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let held = std::mem::replace(&mut self.held, none_held());
        let Some(file) = self.file.as_mut().filter(|_| std::mem::take(&mut self.rows) > 0) else { return Ok(()) };
        let mut group = file.next_row_group()?;
        for column in held {
            let Some(mut writer) = group.next_column()? else { break };
            match column {
                Held::Text(values) => write_column::<ByteArrayType>(&mut writer, values)?,
                Held::Number(values) => write_column::<Int64Type>(&mut writer, values)?,
                Held::Milliseconds(values) => write_column::<DoubleType>(&mut writer, values)?,
                Held::Truth(values) => write_column::<BoolType>(&mut writer, values)?,
            }
            writer.close()?;
        }
        group.close().map(|_| ())
    }
}

impl<W: Write + Send> Words for Table<W> {
    fn write(&mut self, told: &Told) -> io::Result<()> {
        let Told { line, event, completion, .. } = *told;
        let nested = serde_json::from_slice(line).unwrap_or_default();
        // All of a decision's have columns, and it is most of the lines.
        let rest = if event.is_decision() { None } else { rest(line) };
        let row = Row { event, nested, rest, completion };
        for (column, held) in COLUMNS.iter().zip(&mut self.held) {
            match (&column.values, held) {
                (Values::Text(of) | Values::Json(of), Held::Text(values)) => {
                    values.push(of(&row).map(|t| t.into_bytes().into()));
                }
                (Values::Number(of), Held::Number(values)) => values.push(of(&row)),
                (Values::Moment(of), Held::Number(values)) => values.push(Some(of(&row))),
                (Values::Milliseconds(of), Held::Milliseconds(values)) => values.push(of(&row)),
                (Values::Truth(of), Held::Truth(values)) => values.push(Some(of(&row))),
                _ => return Err(io::Error::other(format!("the column {} is held as another type", column.name))),
            }
        }
        self.rows += 1;
        if self.rows < GROUP { Ok(()) } else { self.write_group().map_err(fault) }
    }

    fn end(&mut self) -> io::Result<()> {
        self.write_group().map_err(fault)?;
        // The footer, without which it is no Parquet.
        self.file.take().map_or(Ok(()), |file| file.close().map(|_| ()).map_err(fault))
    }
}

fn write_column<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: Vec<Option<T::T>>,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None).map(|_| ())
}

fn none_held() -> Vec<Held> {
    let held = |column: &Column| match column.values {
        Values::Text(_) | Values::Json(_) => Held::Text(Vec::new()),
        Values::Number(_) | Values::Moment(_) => Held::Number(Vec::new()),
        Values::Milliseconds(_) => Held::Milliseconds(Vec::new()),
        Values::Truth(_) => Held::Truth(Vec::new()),
    };
    COLUMNS.iter().map(held).collect()
}

/// All columns are optional, also those that every event has: one way to write them.
fn schema() -> Result<Type, ParquetError> {
    let utc = LogicalType::timestamp(true, TimeUnit::MICROS);
    let field = |column: &Column| {
        let (physical, logical) = match column.values {
            Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Values::Json(_) => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Values::Number(_) => (Physical::INT64, None),
            Values::Moment(_) => (Physical::INT64, Some(utc.clone())),
            Values::Milliseconds(_) => (Physical::DOUBLE, None),
            Values::Truth(_) => (Physical::BOOLEAN, None),
        };
        let field = Type::primitive_type_builder(column.name, physical);
        field.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build().map(Arc::new)
    };
    let fields = COLUMNS.iter().map(field).collect::<Result<_, _>>()?;
    Type::group_type_builder("events").with_fields(fields).build()
}

/// What went wrong below Parquet, where it did: a closed pipe is no failure of ours.
fn fault(fault: ParquetError) -> io::Error {
    match fault {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(io) => *io,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
