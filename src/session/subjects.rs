//! Whose rows have left: keys in a bare subject-key column, read off the rows on their way (`record_subjects`).
//!
//! Only such a column is looked at, only for statements that have one; keys leave this file as keyed hashes.

use std::collections::HashSet;

use super::record::{Clerk, key_as_text};
use crate::audit::Event;
use crate::audit::event::SubjectsSeen;
use crate::engine::clear::Engine;
use crate::engine::cleared::Statement;
use crate::wire::frame::Reader;
use crate::wire::frontend::{Bind, Parameter};

/// In which form a statement's rows come.
#[derive(Debug, Clone, Copy)]
pub enum Results<'a> {
    Text,
    Binary,
    /// As its Bind asks.
    Of(&'a Bind<'a>),
}

impl Results<'_> {
    fn are_binary(self, column: usize) -> bool {
        match self {
            Results::Text => false,
            Results::Binary => true,
            Results::Of(bind) => bind.has_binary_result(column),
        }
    }
}

/// Keys of one statement that are recorded one by one; the rest is a number.
const MOST: usize = 1000;

/// The watched columns of one running statement, and what was seen there.
#[derive(Debug)]
pub struct Watch {
    columns: Vec<Column>,
    /// Kind (by index in `columns`) and key.
    seen: HashSet<(usize, String)>,
    /// Rows whose key is not in `seen` because it is full, or could not be read.
    more: u64,
}

#[derive(Debug)]
struct Column {
    index: usize,
    kind: String,
    base_type: String,
    binary: bool,
}

impl Watch {
    /// `None`: nothing to watch.
    pub fn new(statement: &Statement, results: Results<'_>, engine: &Engine) -> Option<Box<Self>> {
        let columns: Vec<Column> = statement
            .subject_columns
            .iter()
            .filter_map(|(index, kind)| {
                let index = usize::from(*index);
                let subject = engine.policy.subjects.get(kind)?;
                let key = engine.catalog.relation(subject.table)?.column(&subject.key)?;
                let binary = results.are_binary(index);
                Some(Column { index, kind: kind.clone(), base_type: key.ty.base.clone(), binary })
            })
            .collect();
        (!columns.is_empty()).then(|| Box::new(Self { columns, seen: HashSet::new(), more: 0 }))
    }

    /// Looks at a DataRow's body.
    pub fn row(&mut self, body: &[u8]) {
        for (number, column) in self.columns.iter().enumerate() {
            match value(body, column.index) {
                Some(None) => {}
                Some(value) => match key_as_text(Parameter { binary: column.binary, value }, &column.base_type) {
                    Some(key) if self.seen.len() < MOST => drop(self.seen.insert((number, key))),
                    Some(key) if self.seen.contains(&(number, key.clone())) => {}
                    _ => self.more += 1,
                },
                None => self.more += 1,
            }
        }
    }

    /// A row that is not read: too long to be held, or of COPY.
    pub fn skipped(&mut self) {
        self.more += 1;
    }

    /// Puts on record who was seen by `statement`, which had so many rows.
    pub fn tell(self, statement: &str, rows: u64, clerk: &Clerk) {
        let Self { columns, seen, mut more } = self;
        // COPY may have sent a header or a trailer besides.
        if rows > 0 {
            more = more.min(rows * columns.len() as u64);
        }
        let mut subjects = Vec::with_capacity(seen.len());
        for (number, key) in seen {
            match clerk.recorder.subject_hash(&columns[number].kind, &key) {
                Ok(hash) => subjects.push(hash),
                Err(_) => more += 1,
            }
        }
        subjects.sort_unstable();
        if !subjects.is_empty() || more > 0 {
            clerk.note(Event::SubjectsSeen(SubjectsSeen { statement: statement.to_owned(), subjects, more }));
        }
    }
}

/// Field `index` of a DataRow: `None` when there is none, `Some(None)` for NULL.
fn value(body: &[u8], index: usize) -> Option<Option<&[u8]>> {
    let mut r = Reader(body);
    if index >= r.count().ok()? {
        return None;
    }
    for _ in 0..index {
        r.value().ok()?;
    }
    r.value().ok()
}
