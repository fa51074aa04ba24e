//! Events and verdicts as text for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::recorded::{Recorded, RecordedTable};
use super::verify::Verdict;

const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// Notices of verify that are printed; all of them are in its JSON.
const MOST_NOTICES: usize = 20;

/// One event on one line.
pub fn line(out: &mut impl Write, line: &[u8]) -> io::Result<()> {
    let Some(event) = Recorded::parse(line) else { return Ok(()) };
    write!(out, "{DIM}{:>6}{DIM:#} {:.3} ", event.seq, event.time)?;
    match &*event.event {
        "decision" => decision(out, &event),
        "completion" => completion(out, &event),
        _ => other(out, &event, line),
    }
}

fn decision(out: &mut impl Write, e: &Recorded) -> io::Result<()> {
    let outcome = e.outcome.as_deref().unwrap_or("?");
    let style = match outcome {
        "refused" => BAD,
        "changed" => CHANGED,
        _ => GOOD,
    };
    let text = |t: &Option<std::borrow::Cow<str>>| t.as_deref().unwrap_or("-").to_owned();
    write!(out, "{style}{outcome:8}{style:#} {}/{} for {}", text(&e.user), text(&e.role), text(&e.purpose))?;
    if let Some(basis) = &e.basis {
        write!(out, " ({basis})")?;
    }
    if let Some(recipient) = &e.recipient {
        write!(out, " to {recipient}")?;
    }
    if e.unrestricted {
        write!(out, " {BAD}unrestricted{BAD:#}")?;
    }
    write!(out, ": {}", text(&e.kind))?;
    for table in &e.tables {
        write!(out, " {}", table_words(table))?;
    }
    if let Some(refusal) = &e.refusal {
        write!(out, "; {} {}: {}", refusal.sqlstate, refusal.rule, refusal.message)?;
    }
    if let Some(reason) = &e.reason {
        write!(out, "; reason: {reason}")?;
    }
    if !e.subjects.is_empty() {
        write!(out, "; about {}", e.subjects.join(", "))?;
    }
    writeln!(out, " {DIM}{}{DIM:#}", text(&e.statement))
}

/// `public.customers(email masked, id clear)`; a column is followed by how it was treated.
pub fn table_words(table: &RecordedTable) -> String {
    let columns: Vec<String> = table.columns.iter().map(|c| format!("{} {}", c.name, c.treatment)).collect();
    format!("{}({})", table.table, columns.join(", "))
}

fn completion(out: &mut impl Write, e: &Recorded) -> io::Result<()> {
    let outcome = e.outcome.as_deref().unwrap_or("?");
    let style = if outcome == "ok" { GOOD } else { BAD };
    write!(out, "{style}{outcome:8}{style:#} {} rows, {} bytes", e.rows.unwrap_or(0), e.bytes.unwrap_or(0))?;
    write!(out, ", {:.1} ms", e.ms.unwrap_or(0.0))?;
    if let Some(sqlstate) = &e.sqlstate {
        write!(out, ", {sqlstate}")?;
    }
    writeln!(out, " {DIM}{}{DIM:#}", e.statement.as_deref().unwrap_or("?"))
}

/// Any other event: its kind and its fields as they stand.
fn other(out: &mut impl Write, e: &Recorded, line: &[u8]) -> io::Result<()> {
    write!(out, "{:8}", e.event)?;
    if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(line) {
        let told = fields.iter().filter(|(k, v)| !matches!(k.as_str(), "seq" | "time" | "event") && !v.is_null());
        for (name, value) in told {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            write!(out, " {DIM}{name}{DIM:#} {text}")?;
        }
    }
    writeln!(out)
}

/// What verify found.
pub fn verdict(out: &mut impl Write, v: &Verdict) -> io::Result<()> {
    match v.first_finding() {
        None => writeln!(out, "{GOOD}whole{GOOD:#}: every line is as it was written")?,
        Some(first) => {
            writeln!(out, "{BAD}damaged{BAD:#}: {first}")?;
            for finding in v.findings.iter().filter(|f| *f != first) {
                writeln!(out, "  also: {finding}")?;
            }
            more(out, v.more_findings, "findings")?;
        }
    }
    writeln!(out, "  {}", extent(v))?;
    for notice in v.notices.iter().take(MOST_NOTICES) {
        writeln!(out, "  {CHANGED}note{CHANGED:#}: {notice}")?;
    }
    more(out, v.more_notices + v.notices.len().saturating_sub(MOST_NOTICES) as u64, "notes (see --format json)")
}

fn more(out: &mut impl Write, count: u64, what: &str) -> io::Result<()> {
    if count > 0 { writeln!(out, "  and {count} more {what}") } else { Ok(()) }
}

/// How much was checked, in a sentence.
pub fn extent(v: &Verdict) -> String {
    let times = match (&v.first_time, &v.last_time) {
        (Some(first), Some(last)) => format!(", from {first} to {last}"),
        _ => String::new(),
    };
    format!(
        "{} lines in {} files{times}; {} of {} checkpoints checked, vouching up to line {}; {} decisions, {} of them \
         without an end on record",
        v.lines, v.files, v.checkpoints_checked, v.checkpoints, v.vouched, v.decisions, v.never_completed
    )
}
