//! The record in other systems' words: an event each, but for a statement's decision and completion, and for a command's
//! deed and its end, which become one.

mod cef;
mod ocsf;
mod table;

use std::collections::{BTreeMap, HashMap};
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

/// What the purposes of a policy are in the W3C Data Privacy Vocabulary: the record has their names only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purposes {
    /// Digest of that policy. What another one meant by a name, this one does not say.
    pub policy: String,
    /// IRIs by name.
    pub iris: BTreeMap<String, String>,
}

impl Purposes {
    fn iri(&self, e: &Recorded) -> Option<&str> {
        let of_it = e.policy.as_deref() == Some(&self.policy);
        e.purpose.as_deref().filter(|_| of_it).and_then(|name| self.iris.get(name)).map(String::as_str)
    }
}

/// An event as it is put into words.
struct Told<'a> {
    /// As on record.
    line: &'a [u8],
    event: &'a Recorded<'a>,
    /// Of a decision, or the end of a deed, if it is on record.
    completion: Option<&'a Recorded<'a>>,
    /// Keys of people whom the result held, and how many more there were.
    seen: &'a Seen,
}

#[derive(Default)]
struct Seen {
    subjects: Vec<String>,
    more: u64,
}

/// What an export came to.
pub struct Exported {
    /// Whether there was anything that was asked for.
    pub found: bool,
    /// [`Sieve::without_key`].
    pub without_key: Vec<String>,
}

/// Writes the wanted events of a record. Heartbeats and the record's own housekeeping have no words in OCSF and CEF and
/// are left out there.
pub fn export(
    folder: &Path,
    filter: Filter,
    dialect: Dialect,
    purposes: &Purposes,
    out: &mut (impl Write + Send),
    progress: &mut dyn FnMut(u64),
) -> io::Result<Exported> {
    let words: Box<dyn Words + '_> = match dialect {
        Dialect::Ocsf => {
            Box::new(Lines { out, words: |told: &Told| ocsf::event(told, purposes).map(|v| v.to_string()) })
        }
        Dialect::Cef => Box::new(Lines { out, words: cef::event }),
        Dialect::Parquet => Box::new(table::Table::begin(out)?),
        Dialect::Jsonl => Box::new(AsTheyAre { out }),
    };
    let joins = dialect != Dialect::Jsonl;
    let sieve = if joins { Sieve::of_statements(filter) } else { Sieve::of_events(filter) };
    let mut exporter = Exporter { words, joins, running: HashMap::new(), deeds: HashMap::new() };
    let (mut result, mut found) = (Ok(()), false);
    let without_key = sieve.read(folder, progress, |line, event| {
        found = true;
        result = exporter.take(line, event);
        result.is_ok()
    })?;
    result?;
    exporter.end_running()?;
    exporter.end_deeds()?;
    exporter.words.end()?;
    Ok(Exported { found, without_key })
}

/// Writes events down.
trait Words {
    fn write(&mut self, told: &Told) -> io::Result<()>;

    /// Whether whom a result held becomes part of its statement.
    fn joins_seen(&self) -> bool {
        false
    }

    /// There are no more.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of text for each event that has words.
struct Lines<'o, W, F> {
    out: &'o mut W,
    words: F,
}

impl<W: Write, F: Fn(&Told) -> Option<String>> Words for Lines<'_, W, F> {
    fn write(&mut self, told: &Told) -> io::Result<()> {
        (self.words)(told).map_or(Ok(()), |text| writeln!(self.out, "{text}"))
    }

    fn joins_seen(&self) -> bool {
        true
    }
}

struct AsTheyAre<'o, W> {
    out: &'o mut W,
}

impl<W: Write> Words for AsTheyAre<'_, W> {
    fn write(&mut self, told: &Told) -> io::Result<()> {
        self.out.write_all(told.line)?;
        self.out.write_all(b"\n")
    }
}

struct Exporter<'o> {
    words: Box<dyn Words + 'o>,
    /// Whether decisions and completions become one, and deeds and their ends.
    joins: bool,
    /// Decisions that wait for their completion.
    running: HashMap<String, (Vec<u8>, Seen)>,
    /// Deeds that wait for their end.
    deeds: HashMap<String, Vec<u8>>,
}

impl Exporter<'_> {
    fn take(&mut self, line: &[u8], event: &Recorded) -> io::Result<()> {
        if !self.joins {
            return self.write(line, event, None, &Seen::default());
        }
        match (&*event.event, event.statement.as_deref().or(event.deed.as_deref())) {
            ("upkeep", Some(deed)) => {
                self.deeds.insert(deed.to_owned(), line.to_vec());
                Ok(())
            }
            ("upkeep_done", Some(deed)) => match self.deeds.remove(deed) {
                Some(begun) => self.write_line(&begun, Some(event), &Seen::default()),
                None => Ok(()),
            },
            ("decision", Some(statement)) if !event.is_refused() => {
                self.running.insert(statement.to_owned(), (line.to_vec(), Seen::default()));
                Ok(())
            }
            ("subjects_seen", Some(statement)) if self.words.joins_seen() => {
                if let Some((_, seen)) = self.running.get_mut(statement) {
                    seen.subjects.extend(event.subjects.iter().map(|subject| subject.to_string()));
                    seen.more += event.more;
                }
                Ok(())
            }
            ("completion", Some(statement)) => match self.running.remove(statement) {
                Some((decision, seen)) => self.write_line(&decision, Some(event), &seen),
                None => Ok(()),
            },
            ("start", _) => {
                self.end_running()?;
                self.write(line, event, None, &Seen::default())
            }
            _ => self.write(line, event, None, &Seen::default()),
        }
    }

    /// What runs now has no end on record.
    fn end_running(&mut self) -> io::Result<()> {
        let lines = self.running.drain().map(|(_, line)| line).collect();
        self.write_endless(lines)
    }

    /// Nor do these deeds have one.
    fn end_deeds(&mut self) -> io::Result<()> {
        let lines = self.deeds.drain().map(|(_, line)| (line, Seen::default())).collect();
        self.write_endless(lines)
    }

    fn write_endless(&mut self, mut lines: Vec<(Vec<u8>, Seen)>) -> io::Result<()> {
        lines.sort_by_key(|(line, _)| super::segment::seq_of(line));
        lines.iter().try_for_each(|(line, seen)| self.write_line(line, None, seen))
    }

    fn write_line(&mut self, line: &[u8], completion: Option<&Recorded>, seen: &Seen) -> io::Result<()> {
        Recorded::parse(line).map_or(Ok(()), |event| self.write(line, &event, completion, seen))
    }

    fn write(&mut self, line: &[u8], event: &Recorded, completion: Option<&Recorded>, seen: &Seen) -> io::Result<()> {
        self.words.write(&Told { line, event, completion, seen })
    }
}
