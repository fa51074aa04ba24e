//! `consentry policy ropa`: the record of processing activities (GDPR Art. 30(1)) as far as a policy knows it: purposes,
//! kinds of people and data, recipients, time limits, and the measures that the proxy enforces.

use std::fmt::Write as _;

use serde::Serialize;

use super::activity::{Activity, Datum, Kept};

/// What a policy does not say, and the record must.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Controller {
    pub name: Option<String>,
    pub contact: Option<String>,
    /// Data protection officer.
    pub dpo: Option<String>,
}

/// The whole record.
#[derive(Debug, Serialize)]
pub struct Ropa<'a> {
    pub controller: &'a Controller,
    pub database: &'a str,
    /// Digest of the policy that this was printed from.
    pub policy: &'a str,
    pub activities: &'a [Activity],
    /// GDPR Art. 32(1).
    pub measures: &'static [&'static str],
    /// What Art. 30 asks for and no policy says.
    pub not_in_the_policy: &'static [&'static str],
}

pub const MEASURES: &[&str] = &[
    "every statement is limited to one purpose, and to what that purpose may show",
    "consent and objection are read from the database with each statement",
    "values that a purpose may not show are masked; pseudonyms are keyed and differ by purpose",
    "every access is recorded before data leaves, in a record that shows any later change",
];

pub const NOT_IN_THE_POLICY: &[&str] = &["transfers to third countries and their safeguards (Art. 30(1)(e))"];

const UNSTATED: &str = "not stated";

impl Ropa<'_> {
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    pub fn text(&self) -> String {
        let mut text = format!("Record of processing activities (GDPR Art. 30)\n\n{}", self.about("", ""));
        for activity in self.activities {
            _ = writeln!(text, "\n{}: {}", activity.purpose, activity.description);
            for (title, value) in facts(activity) {
                _ = writeln!(text, "  {title}: {value}");
            }
        }
        text += "\nTechnical and organisational measures\n";
        MEASURES.iter().for_each(|measure| _ = writeln!(text, "  - {measure}"));
        text += "\nTo be added by hand\n";
        self.not_in_the_policy.iter().for_each(|missing| _ = writeln!(text, "  - {missing}"));
        text
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("# Record of processing activities (GDPR Art. 30)\n\n{}", self.about("- **", "**"));
        for activity in self.activities {
            _ = writeln!(
                text,
                "\n## {}\n\n{}\n\n| | |\n|---|---|",
                cell(&activity.purpose),
                cell(&activity.description)
            );
            for (title, value) in facts(activity) {
                _ = writeln!(text, "| {title} | {} |", cell(&value));
            }
        }
        text += "\n## Technical and organisational measures\n\n";
        self.measures.iter().for_each(|measure| _ = writeln!(text, "- {measure}"));
        text += "\n## To be added by hand\n\n";
        self.not_in_the_policy.iter().for_each(|missing| _ = writeln!(text, "- {missing}"));
        text
    }

    fn about(&self, before: &str, after: &str) -> String {
        let stated = |value: &Option<String>| value.clone().unwrap_or_else(|| UNSTATED.into());
        [
            ("Controller", stated(&self.controller.name)),
            ("Contact", stated(&self.controller.contact)),
            ("Data protection officer", stated(&self.controller.dpo)),
            ("Database", self.database.to_owned()),
            ("Policy", self.policy.to_owned()),
        ]
        .iter()
        .map(|(title, value)| format!("{before}{title}{after}: {value}\n"))
        .collect()
    }
}

/// Art. 30(1)(b) to (f), in its order.
fn facts(activity: &Activity) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Legal basis", format!("{} (GDPR {})", activity.basis, activity.article)),
        ("Data subjects", listed(&activity.subjects)),
        ("Personal data", joined(activity.data.iter().map(datum))),
        ("Used by", listed(&activity.roles)),
        ("Recipients", listed(&activity.recipients)),
        ("Time limits", joined(activity.retention.iter().map(limit))),
    ];
    if let Some(term) = &activity.dpv {
        facts.insert(1, ("W3C DPV", term.clone()));
    }
    if !activity.notices.is_empty() {
        facts.push(("Accepted notices", activity.notices.join(", ")));
    }
    facts
}

fn datum(datum: &Datum) -> String {
    match (&datum.mask, datum.channel) {
        (Some(mask), _) => format!("{} (masked: {mask})", datum.category),
        (None, Some(channel)) => format!("{} (by choice for {channel})", datum.category),
        (None, None) => datum.category.clone(),
    }
}

fn limit(kept: &Kept) -> String {
    match (&kept.since, &kept.keep) {
        (Some(since), Some(keep)) => format!("{}: {keep} from {since}", kept.table),
        _ => format!("{}: no limit set", kept.table),
    }
}

fn listed(items: &std::collections::BTreeSet<String>) -> String {
    joined(items.iter().cloned())
}

fn joined(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}

/// Text of a Markdown table's cell.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}
