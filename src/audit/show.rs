//! Events and verdicts as text for people.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::recorded::{Recorded, RecordedTable, Text};
use super::verify::Verdict;
use crate::engine::cleared::NOT_LOOKED_INTO;

const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// Findings of verify that are printed after the first.
const MOST_FINDINGS: usize = 20;
/// Notices of verify that are printed; all of them are in its JSON.
const MOST_NOTICES: usize = 20;

/// A client chose some of the words on record (a reason, an application's name): nothing in them may steer a terminal
/// or turn the direction of text.
pub fn safe(text: &str) -> Cow<'_, str> {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let steers = |c: char| c.is_control() || turns(c) || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(steers) { Cow::Owned(text.replace(steers, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// One event on one line.
pub fn line(out: &mut impl Write, line: &[u8], event: &Recorded) -> io::Result<()> {
    let head = format!("{DIM}{:>6}{DIM:#} {:.3} ", event.seq, event.time);
    let (style, outcome, rest) = match &*event.event {
        "decision" => decision(event),
        "completion" => completion(event),
        "upkeep" => deed(event),
        "upkeep_done" => deed_done(event),
        _ => other(event, line),
    };
    let statement = event.statement.as_deref().or(event.deed.as_deref()).unwrap_or_default();
    let (outcome, rest, statement) = (safe(&outcome), safe(&rest), safe(statement));
    writeln!(out, "{head}{style}{outcome:8}{style:#} {rest} {DIM}{statement}{DIM:#}")
}

/// Colour and text of the outcome, and the rest of the line.
type Words = (Style, String, String);

fn decision(e: &Recorded) -> Words {
    let outcome = e.outcome.as_deref().unwrap_or("?");
    let style = match outcome {
        "refused" => BAD,
        "changed" => CHANGED,
        _ => GOOD,
    };
    let or_dash = |t: &Option<Text>| t.as_deref().unwrap_or("-").to_owned();
    let mut rest = format!("{}/{} for {}", or_dash(&e.user), or_dash(&e.role), or_dash(&e.purpose));
    if let Some(basis) = &e.basis {
        rest += &format!(" ({basis})");
    }
    if let Some(recipient) = &e.recipient {
        rest += &format!(" to {recipient}");
    }
    if e.unrestricted {
        rest += " UNRESTRICTED";
    }
    rest += &format!(": {}", or_dash(&e.kind));
    for table in &e.tables {
        rest += &format!(" {}", table_words(table));
    }
    if let Some(code) = e.hidden() {
        rest += &format!("; {NOT_LOOKED_INTO}{code}");
    }
    if let Some(refusal) = &e.refusal {
        rest += &format!("; {} {}: {}", refusal.sqlstate, refusal.rule, refusal.message);
    }
    if let Some(reason) = &e.reason {
        rest += &format!("; reason: {reason}");
    }
    if !e.subjects.is_empty() {
        rest += &format!("; about {}", e.subjects.join(", "));
    }
    if let Some(sql) = e.sql.as_deref().filter(|sql| !sql.is_empty()) {
        rest += &format!("; {sql}");
    }
    (style, outcome.to_owned(), rest)
}

/// `public.customers(email masked, id clear)`; a column is followed by how it was treated.
pub fn table_words(table: &RecordedTable) -> String {
    let columns: Vec<String> = table.columns.iter().map(|c| format!("{} {}", c.name, c.treatment)).collect();
    format!("{}({})", table.table, columns.join(", "))
}

fn completion(e: &Recorded) -> Words {
    let outcome = e.outcome.as_deref().unwrap_or("?");
    let style = if outcome == "ok" { GOOD } else { BAD };
    let (rows, bytes, ms) = (e.rows.unwrap_or(0), e.bytes.unwrap_or(0), e.ms.unwrap_or(0.0));
    let mut rest = format!("{rows} rows, {bytes} bytes, {ms:.1} ms");
    if let Some(sqlstate) = &e.sqlstate {
        rest += &format!(", {sqlstate}");
    }
    (style, outcome.to_owned(), rest)
}

/// What a command was about to do when this went on record.
fn deed(e: &Recorded) -> Words {
    let or_dash = |t: &Option<Text>| t.as_deref().unwrap_or("-").to_owned();
    let mut rest = format!("{} in {}: {}", or_dash(&e.user), or_dash(&e.database), or_dash(&e.action));
    if let Some(purpose) = &e.purpose {
        rest += &format!(" for {purpose}");
    }
    if !e.counts.is_empty() {
        rest += &format!(" {}", e.counts_in_words(None));
    }
    if !e.subjects.is_empty() {
        rest += &format!("; about {}", e.subjects.join(", "));
    }
    (CHANGED, "upkeep".to_owned(), rest)
}

fn deed_done(e: &Recorded) -> Words {
    let ok = e.outcome.as_deref() == Some("ok");
    let mut rest = if ok { "took effect" } else { "did not take effect" }.to_owned();
    if !e.counts.is_empty() {
        rest = e.counts_in_words(None);
    }
    if let Some(sqlstate) = &e.sqlstate {
        rest += &format!(", {sqlstate}");
    }
    (if ok { GOOD } else { BAD }, e.outcome.as_deref().unwrap_or("?").to_owned(), rest)
}

/// Any other event: its kind and its fields as they stand.
fn other(e: &Recorded, line: &[u8]) -> Words {
    let mut rest = Vec::new();
    if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(line) {
        let known = ["seq", "time", "event", "statement"];
        for (name, value) in fields.iter().filter(|(k, v)| !known.contains(&k.as_str()) && !v.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            rest.push(format!("{name} {text}"));
        }
    }
    (DIM, e.event.to_string(), rest.join(", "))
}

/// What verify found.
pub fn verdict(out: &mut impl Write, v: &Verdict) -> io::Result<()> {
    match v.first_finding() {
        None => {
            let style = if v.nothing_vouches_for.is_some() { CHANGED } else { GOOD };
            writeln!(out, "{style}{}{style:#}: {}", v.headline(), v.meaning())?;
        }
        Some(first) => {
            writeln!(out, "{BAD}{}{BAD:#}: {first}", first.headline())?;
            for finding in v.findings.iter().filter(|f| *f != first).take(MOST_FINDINGS) {
                writeln!(out, "  also: {finding}")?;
            }
            let beyond = (v.findings.len() - 1).saturating_sub(MOST_FINDINGS) as u64;
            more(out, v.more_findings + beyond, "findings (see --format json)")?;
        }
    }
    writeln!(out, "  {}", extent(v))?;
    for kind in v.notices_by_kind() {
        for notice in kind.iter().take(MOST_NOTICES) {
            writeln!(out, "  {CHANGED}note{CHANGED:#}: {notice}")?;
        }
        more(out, kind.len().saturating_sub(MOST_NOTICES) as u64, "such notes (see --format json)")?;
    }
    more(out, v.more_notices, "notes (see --format json)")
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
    let deeds = match v.deeds {
        0 => String::new(),
        n => format!(
            "; {}, {} of them without an end on record",
            counted(n, "deed of a command", "deeds of commands"),
            v.deeds_without_end
        ),
    };
    format!(
        "{} in {}{times}; {} of {} checkpoints checked, vouching up to line {}; {}, {} of them without an end on \
         record{}{deeds}",
        counted(v.lines, "line", "lines"),
        counted(v.files, "file", "files"),
        v.checkpoints_checked,
        v.checkpoints,
        v.vouched,
        counted(v.decisions, "decision", "decisions"),
        v.never_completed,
        if v.running > 0 { format!(", {} still running", v.running) } else { String::new() },
    )
}

/// `1 file`, `2 files`.
fn counted(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
