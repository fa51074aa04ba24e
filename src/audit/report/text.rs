//! The report for a terminal.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

use super::{Report, UpkeepLog};
use crate::audit::show::{safe, verdict};

/// Writes the report as text.
pub fn text(out: &mut impl Write, r: &Report) -> io::Result<()> {
    match &r.verdict {
        Some(v) => verdict(out, v)?,
        None => writeln!(out, "not verified: no key was given (--key), so nothing is known of damage and gaps")?,
    }
    if let Some(UpkeepLog { folder, verdict: v, fault }) = &r.upkeep {
        writeln!(out, "and what commands did, in {}:", safe(folder))?;
        match (fault, v) {
            (Some(fault), _) => writeln!(out, "not known: {}", safe(fault))?,
            (None, Some(v)) => verdict(out, v)?,
            (None, None) => writeln!(out, "not verified")?,
        }
    }
    writeln!(out, "\n{}\n{}", r.scope, totals(r))?;
    for section in sections(r) {
        writeln!(out, "\n{}", section.title)?;
        if let Some(note) = &section.note {
            writeln!(out, "  {note}")?;
        }
        if section.rows.is_empty() {
            writeln!(out, "  {}", section.none)?;
            continue;
        }
        writeln!(out, "{}", table(&section))?;
        if section.more > 0 {
            writeln!(out, "  and {} more", section.more)?;
        }
    }
    Ok(())
}

/// The totals in a sentence.
pub(super) fn totals(r: &Report) -> String {
    let t = &r.totals;
    format!(
        "{} statements: {} unchanged, {} changed, {} refused; {} rows read or written; {} failed, {} cancelled; {} logins, {} refused",
        t.statements, t.allowed, t.changed, t.refused, t.rows, t.failed, t.cancelled, t.logins, t.logins_refused
    )
}

/// One question with its answer: the same for text and page.
pub(super) struct Section {
    pub title: &'static str,
    /// What must be known of the answer.
    pub note: Option<String>,
    pub none: &'static str,
    pub head: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
    pub more: u64,
}

fn table(section: &Section) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(section.head);
    for row in &section.rows {
        table.add_row(row.iter().map(|cell| safe(cell)));
    }
    table
}

fn or_dash(text: &Option<String>) -> String {
    text.clone().unwrap_or_else(|| "–".into())
}

/// The answers, in the order of the questions.
pub(super) fn sections(r: &Report) -> Vec<Section> {
    let mut sections = vec![uses(r), recipients(r), refusals(r), unrestricted(r)];
    if r.subject.is_some() {
        sections.insert(0, person(r));
    }
    if !r.commands.is_empty() || r.upkeep.as_ref().is_some_and(|log| log.fault.is_none()) {
        sections.push(commands(r));
    }
    sections.extend([never_completed(r), policies(r)]);
    sections
}

fn uses(r: &Report) -> Section {
    let row = |u: &super::Use| {
        vec![
            u.user.clone(),
            u.role.clone(),
            or_dash(&u.purpose),
            or_dash(&u.basis),
            u.category.clone(),
            u.tables.join(", "),
            u.clear.to_string(),
            u.masked.to_string(),
            u.compared.to_string(),
            u.written.to_string(),
            u.rows.to_string(),
            u.first.clone(),
            u.last.clone(),
        ]
    };
    Section {
        title: "Who used which data, for which purpose, on which basis",
        note: None,
        none: "No statement touched personal data.",
        head: &[
            "user", "role", "purpose", "basis", "category", "tables", "in clear", "masked", "compared", "written",
            "rows", "first", "last",
        ],
        rows: r.uses.iter().map(row).collect(),
        more: 0,
    }
}

fn recipients(r: &Report) -> Section {
    let row = |u: &super::RecipientUse| {
        vec![
            u.recipient.clone(),
            or_dash(&u.purpose),
            or_dash(&u.basis),
            u.categories.join(", "),
            u.statements.to_string(),
            u.rows.to_string(),
            u.first.clone(),
            u.last.clone(),
        ]
    };
    Section {
        title: "Recipients outside the controller",
        note: None,
        none: "No outside organisation got anything of protected tables.",
        head: &["recipient", "purpose", "basis", "categories", "statements", "rows", "first", "last"],
        rows: r.recipients.iter().map(row).collect(),
        more: 0,
    }
}

fn refusals(r: &Report) -> Section {
    let row = |f: &super::RefusalCount| {
        vec![
            f.count.to_string(),
            f.rule.clone(),
            f.sqlstate.clone(),
            f.message.clone(),
            f.user.clone(),
            f.role.clone(),
            or_dash(&f.purpose),
            f.first.clone(),
            f.last.clone(),
        ]
    };
    Section {
        title: "Refusals, and why",
        note: None,
        none: "Nothing was refused.",
        head: &["times", "rule", "SQLSTATE", "message", "user", "role", "purpose", "first", "last"],
        rows: r.refusals.iter().map(row).collect(),
        more: 0,
    }
}

fn unrestricted(r: &Report) -> Section {
    let row = |u: &super::UnrestrictedUse| {
        vec![
            u.user.clone(),
            u.role.clone(),
            u.reason.clone().unwrap_or_else(|| "(none)".into()),
            u.tables.join(", "),
            u.statements.to_string(),
            if u.hidden == 0 { String::new() } else { format!("{}: {}", u.hidden, u.code.join(", ")) },
            u.rows.to_string(),
            u.first.clone(),
            u.last.clone(),
        ]
    };
    Section {
        title: "Unrestricted access, and its reasons",
        note: None,
        none: "Nobody had unrestricted access.",
        head: &["user", "role", "reason", "tables", "statements", "not looked into", "rows", "first", "last"],
        rows: r.unrestricted.iter().map(row).collect(),
        more: 0,
    }
}

fn person(r: &Report) -> Section {
    let row = |p: &super::PersonEvent| {
        vec![
            p.seq.to_string(),
            p.time.clone(),
            p.user.clone(),
            p.role.clone(),
            or_dash(&p.recipient),
            or_dash(&p.purpose),
            or_dash(&p.basis),
            p.kind.clone(),
            p.outcome.clone(),
            p.tables.clone(),
        ]
    };
    Section {
        title: "Everything about this person",
        note: not_searched(&r.months_without_key),
        none: "No statement named this person, and none was seen to show them.",
        head: &["line", "time", "user", "role", "recipient", "purpose", "basis", "kind", "outcome", "tables"],
        rows: r.person.iter().map(row).collect(),
        more: r.more_person,
    }
}

/// What cannot be looked for any more must not pass for what is not there.
fn not_searched(months: &[String]) -> Option<String> {
    let all = months.join(", ");
    (!months.is_empty())
        .then(|| format!("Not all: who is on record of {all} cannot be told any more, the key is gone."))
}

fn commands(r: &Report) -> Section {
    let row = |c: &super::CommandRun| {
        vec![
            c.seq.to_string(),
            c.time.clone(),
            c.action.clone(),
            c.user.clone(),
            c.database.clone(),
            or_dash(&c.purpose),
            c.counts.clone(),
            end_of(c),
        ]
    };
    Section {
        title: "What commands did to stored data, or were about to do",
        note: None,
        none: "No command did anything.",
        head: &["line", "time", "action", "user", "database", "purpose", "rows", "took effect"],
        rows: r.commands.iter().map(row).collect(),
        more: r.more_commands,
    }
}

fn end_of(c: &super::CommandRun) -> String {
    match (c.outcome.as_deref(), &c.sqlstate) {
        (None, _) => "not known: no end on record".to_owned(),
        (Some("ok"), _) => "yes".to_owned(),
        (Some(_), Some(sqlstate)) => format!("no: {sqlstate}"),
        // An export has left as far as its rows say.
        (Some(_), None) => "failed".to_owned(),
    }
}

fn never_completed(r: &Report) -> Section {
    let row = |u: &super::Unfinished| {
        vec![u.seq.to_string(), u.time.clone(), u.user.clone(), or_dash(&u.purpose), u.kind.clone(), u.tables.clone()]
    };
    Section {
        title: "Statements that never completed",
        note: None,
        none: "Every statement has its end on record.",
        head: &["line", "time", "user", "purpose", "kind", "tables"],
        rows: r.never_completed.iter().map(row).collect(),
        more: r.more_never_completed,
    }
}

fn policies(r: &Report) -> Section {
    let row = |p: &super::PolicyInForce| {
        vec![p.database.clone(), p.policy.clone(), p.statements.to_string(), p.first.clone(), p.last.clone()]
    };
    Section {
        title: "Policies in force",
        note: None,
        none: "No statement was judged.",
        head: &["database", "policy (SHA-256)", "statements", "first", "last"],
        rows: r.policies.iter().map(row).collect(),
        more: 0,
    }
}
