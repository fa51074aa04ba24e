//! The record in other systems' words: one line in, one line out (a statement's decision and completion become one).

mod cef;
mod ocsf;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use super::filter::{Filter, Sieve};
use super::read;
use super::recorded::Recorded;

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Open Cybersecurity Schema Framework, one JSON object a line.
    Ocsf,
    /// ArcSight Common Event Format.
    Cef,
    /// The lines as they are.
    Jsonl,
}

/// Writes the wanted events of a record. Heartbeats and the record's own housekeeping have no words in OCSF and CEF and
/// are left out there.
pub fn export(
    folder: &Path,
    filter: Filter,
    dialect: Dialect,
    out: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut sieve = Sieve::new(filter.clone());
    let mut exporter = Exporter { dialect, out, running: HashMap::new() };
    let mut result = Ok(());
    read::for_each_line(
        folder,
        |s| filter.wants_file(s),
        |line, bytes| {
            progress(bytes);
            if let Some(event) = Recorded::parse(line) {
                sieve.pass(line, &event, |line, event| {
                    if result.is_ok() {
                        result = exporter.take(line, event);
                    }
                });
            }
            result.is_ok()
        },
    )?;
    result?;
    exporter.end_running()
}

struct Exporter<'o, W> {
    dialect: Dialect,
    out: &'o mut W,
    /// Decisions that wait for their completion.
    running: HashMap<String, Vec<u8>>,
}

impl<W: Write> Exporter<'_, W> {
    fn take(&mut self, line: &[u8], event: &Recorded) -> io::Result<()> {
        if self.dialect == Dialect::Jsonl {
            self.out.write_all(line)?;
            return self.out.write_all(b"\n");
        }
        match (&*event.event, event.statement.as_deref()) {
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
                self.write(line, event, None)
            }
            _ => self.write(line, event, None),
        }
    }

    /// What runs now has no end on record.
    fn end_running(&mut self) -> io::Result<()> {
        let mut lines: Vec<Vec<u8>> = self.running.drain().map(|(_, line)| line).collect();
        lines.sort_by_key(|line| super::segment::seq_of(line));
        lines.iter().try_for_each(|line| self.write_line(line, None))
    }

    fn write_line(&mut self, line: &[u8], completion: Option<&Recorded>) -> io::Result<()> {
        Recorded::parse(line).map_or(Ok(()), |event| self.write(line, &event, completion))
    }

    fn write(&mut self, line: &[u8], event: &Recorded, completion: Option<&Recorded>) -> io::Result<()> {
        let text = match self.dialect {
            Dialect::Ocsf => ocsf::event(line, event, completion).map(|v| v.to_string()),
            Dialect::Cef => cef::event(event, completion),
            Dialect::Jsonl => None,
        };
        text.map_or(Ok(()), |text| writeln!(self.out, "{text}"))
    }
}
