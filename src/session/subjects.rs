//! Whose rows have left: keys in a bare subject-key column, read off the rows on their way (`record_subjects`).
//!
//! Only such a column is looked at, only for statements that have one; keys leave this file as keyed hashes.

use std::collections::HashSet;

use super::keys::key_that_leaves;
use super::record::Clerk;
use crate::audit::Event;
use crate::audit::event::SubjectsSeen;
use crate::engine::clear::Engine;
use crate::engine::cleared::Statement;
use crate::wire::frame::Reader;
use crate::wire::frontend::Bind;

/// In which form a statement's rows come.
#[derive(Debug, Clone, Copy)]
pub enum Results<'a> {
    Text,
    Binary,
    /// As its Bind asks.
    Of(&'a Bind<'a>),
}

/// Keys of one statement that are recorded one by one; the rest is a number.
const MOST: usize = 1000;

/// The watched columns of one running statement, and what was seen there.
#[derive(Debug)]
pub struct Watch {
    /// From left to right.
    columns: Vec<Column>,
    kinds: Vec<String>,
    /// Kind (by index in `kinds`) and key.
    seen: HashSet<(usize, String)>,
    /// Rows whose key is not in `seen` because it is full, or could not be read.
    more: u64,
}

#[derive(Debug)]
struct Column {
    index: usize,
    kind: usize,
    base_type: String,
    binary: bool,
}

impl Watch {
    /// `None`: nothing to watch.
    pub fn new(statement: &Statement, results: Results<'_>, engine: &Engine) -> Option<Box<Self>> {
        if statement.subject_columns.is_empty() {
            return None;
        }
        let formats = if let Results::Of(bind) = results { Some(bind.result_formats()) } else { None };
        let (mut columns, mut kinds) = (Vec::new(), Vec::new());
        for (index, kind) in &statement.subject_columns {
            let index = usize::from(*index);
            let Some(subject) = engine.policy.subjects.get(kind) else { continue };
            let Some(key) = subject.key_column(&engine.catalog) else { continue };
            let kind = kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
                kinds.push(kind.clone());
                kinds.len() - 1
            });
            let binary = formats.map_or(matches!(results, Results::Binary), |f| f.is_binary(index));
            columns.push(Column { index, kind, base_type: key.ty.base.clone(), binary });
        }
        columns.sort_by_key(|c| c.index);
        (!columns.is_empty()).then(|| Box::new(Self { columns, kinds, seen: HashSet::new(), more: 0 }))
    }

    /// Looks at a DataRow's body, once from its beginning to its end.
    pub fn row(&mut self, body: &[u8]) {
        let mut fields = Fields::of(body);
        let mut last = None;
        for column in &self.columns {
            let Some(value) = fields.get(column.index) else {
                self.more += 1;
                continue;
            };
            // The same column may be shown many times.
            let found = Some((column.kind, column.binary, value));
            let repeated = std::mem::replace(&mut last, found) == found;
            let Some(value) = value.filter(|_| !repeated) else { continue };
            match key_that_leaves(value, column.binary, &column.base_type) {
                Some(key) if self.seen.len() < MOST => drop(self.seen.insert((column.kind, key))),
                Some(key) if self.seen.contains(&(column.kind, key.clone())) => {}
                _ => self.more += 1,
            }
        }
    }

    /// A row that is not read: too long to be held, or of COPY.
    pub fn skipped(&mut self) {
        self.more += 1;
    }

    /// Puts on record who was seen by `statement`, which had so many rows.
    pub fn tell(self, statement: &str, rows: u64, clerk: &Clerk) {
        let Self { columns, kinds, seen, mut more } = self;
        // COPY may have sent a header or a trailer besides.
        if rows > 0 {
            more = more.min(rows * columns.len() as u64);
        }
        let mut subjects = Vec::with_capacity(seen.len());
        for (kind, key) in seen {
            match clerk.recorder.subject_hash(&kinds[kind], &key) {
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

/// The fields of a DataRow, asked for from left to right.
struct Fields<'a> {
    rest: Reader<'a>,
    count: usize,
    next: usize,
}

impl<'a> Fields<'a> {
    fn of(body: &'a [u8]) -> Self {
        let mut rest = Reader(body);
        let count = rest.count().unwrap_or(0);
        Self { rest, count, next: 0 }
    }

    /// Field `index`: `None` when there is none, `Some(None)` for NULL.
    fn get(&mut self, index: usize) -> Option<Option<&'a [u8]>> {
        if index >= self.count {
            return None;
        }
        while self.next < index {
            self.rest.value().ok()?;
            self.next += 1;
        }
        self.next += 1;
        self.rest.value().ok()
    }
}
