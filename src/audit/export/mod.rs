//! The record in other systems' words: an event each, but for a statement's decision and completion, and for a command's
//! deed and its end, which become one.

mod cef;
mod ocsf;
mod table;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use super::filter::{Filter, Sieve};
use super::recorded::Recorded;

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Open Cybersecurity Schema Framework, one JSON object a line.
    Ocsf,
    /// ArcSight Common Event Format.
    Cef,
    /// Apache Parquet: a table for DuckDB, Spark, pandas, …
    Parquet,
    /// The lines as they are.
    Jsonl,
}

/// Writes the wanted events of a record; whether there are any. Heartbeats and the record's own housekeeping have no words in OCSF and CEF and
/// are left out there.
pub fn export(
    folder: &Path,
    filter: Filter,
    dialect: Dialect,
    out: &mut (impl Write + Send),
    progress: &mut dyn FnMut(u64),
) -> io::Result<bool> {
    let words: Box<dyn Words + '_> = match dialect {
        Dialect::Ocsf => Box::new(Lines { out, words: |l, e, c| ocsf::event(l, e, c).map(|v| v.to_string()) }),
        Dialect::Cef => Box::new(Lines { out, words: |_, e, c| cef::event(e, c) }),
        Dialect::Parquet => Box::new(table::Table::begin(out)?),
        Dialect::Jsonl => Box::new(AsTheyAre { out }),
    };
    let joins = dialect != Dialect::Jsonl;
    let sieve = if joins { Sieve::of_statements(filter) } else { Sieve::of_events(filter) };
    let mut exporter = Exporter { words, joins, running: HashMap::new(), deeds: HashMap::new() };
    let (mut result, mut found) = (Ok(()), false);
    sieve.read(folder, progress, |line, event| {
        found = true;
        result = exporter.take(line, event);
        result.is_ok()
    })?;
    result?;
    exporter.end_running()?;
    exporter.end_deeds()?;
    exporter.words.end()?;
    Ok(found)
}

/// Writes events down.
trait Words {
    /// `line`: as on record. `completion`: of a decision, or the end of a deed, if it is on record.
    fn write(&mut self, line: &[u8], event: &Recorded, completion: Option<&Recorded>) -> io::Result<()>;

    /// There are no more.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of text for each event that has words.
struct Lines<'o, W> {
    out: &'o mut W,
    words: fn(&[u8], &Recorded, Option<&Recorded>) -> Option<String>,
}

impl<W: Write> Words for Lines<'_, W> {
    fn write(&mut self, line: &[u8], event: &Recorded, completion: Option<&Recorded>) -> io::Result<()> {
        (self.words)(line, event, completion).map_or(Ok(()), |text| writeln!(self.out, "{text}"))
    }
}

struct AsTheyAre<'o, W> {
    out: &'o mut W,
}

impl<W: Write> Words for AsTheyAre<'_, W> {
    fn write(&mut self, line: &[u8], _: &Recorded, _: Option<&Recorded>) -> io::Result<()> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")
    }
}

struct Exporter<'o> {
    words: Box<dyn Words + 'o>,
    /// Whether decisions and completions become one, and deeds and their ends.
    joins: bool,
    /// Decisions that wait for their completion.
    running: HashMap<String, Vec<u8>>,
    /// Deeds that wait for their end.
    deeds: HashMap<String, Vec<u8>>,
}

impl Exporter<'_> {
    fn take(&mut self, line: &[u8], event: &Recorded) -> io::Result<()> {
        if !self.joins {
            return self.words.write(line, event, None);
        }
        match (&*event.event, event.statement.as_deref().or(event.deed.as_deref())) {
            ("upkeep", Some(deed)) => {
                self.deeds.insert(deed.to_owned(), line.to_vec());
                Ok(())
            }
            ("upkeep_done", Some(deed)) => match self.deeds.remove(deed) {
                Some(begun) => self.write_line(&begun, Some(event)),
                None => Ok(()),
            },
            ("decision", Some(statement)) if !event.is_refused() => {
                self.running.insert(statement.to_owned(), line.to_vec());
                Ok(())
            }
            ("completion", Some(statement)) => match self.running.remove(statement) {
                Some(decision) => self.write_line(&decision, Some(event)),
                None => Ok(()),
            },
            ("start", _) => {
                self.end_running()?;
                self.words.write(line, event, None)
            }
            _ => self.words.write(line, event, None),
        }
    }

    /// What runs now has no end on record.
    fn end_running(&mut self) -> io::Result<()> {
        let lines = self.running.drain().map(|(_, line)| line).collect();
        self.write_endless(lines)
    }

    /// Nor do these deeds have one.
    fn end_deeds(&mut self) -> io::Result<()> {
        let lines = self.deeds.drain().map(|(_, line)| line).collect();
        self.write_endless(lines)
    }

    fn write_endless(&mut self, mut lines: Vec<Vec<u8>>) -> io::Result<()> {
        lines.sort_by_key(|line| super::segment::seq_of(line));
        lines.iter().try_for_each(|line| self.write_line(line, None))
    }

    fn write_line(&mut self, line: &[u8], completion: Option<&Recorded>) -> io::Result<()> {
        Recorded::parse(line).map_or(Ok(()), |event| self.words.write(line, &event, completion))
    }
}
