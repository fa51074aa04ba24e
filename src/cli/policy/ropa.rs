//! `consentry policy ropa`: the record of processing activities (GDPR Art. 30(1)) as far as a policy knows it: purposes,
//! kinds of people and data, recipients, time limits, and the measures that the proxy enforces. A language is a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use maud::html;
use serde::{Deserialize, Serialize};

use super::activity::{Activity, Datum, Kept};
use super::markdown::escaped;
use super::notice::{Language, Texts};
use super::page::page;

/// What a policy does not say, and the record must.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Controller {
    pub name: Option<String>,
    pub contact: Option<String>,
    /// Data protection officer.
    pub dpo: Option<String>,
}

/// Every phrase of a language; `{…}` in one is filled in. The keys of `bases` are the policy's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    title: String,
    controller: String,
    contact: String,
    dpo: String,
    database: String,
    policy: String,
    unstated: String,
    basis: String,
    dpv: String,
    subjects: String,
    data: String,
    roles: String,
    recipients: String,
    limits: String,
    notices: String,
    none: String,
    masked: String,
    by_channel: String,
    unless_objected: String,
    /// Behind these, where something is used all the same.
    otherwise: String,
    limit: String,
    no_limit: String,
    bases: BTreeMap<String, String>,
    /// A measure, where roles are limited to no purpose.
    unlimited: String,
    measures: String,
    /// GDPR Art. 32(1).
    each_measure: Vec<String>,
    by_hand: String,
    /// What Art. 30 asks for and no policy says.
    each_by_hand: Vec<String>,
}

/// The record as data: without the words of a language, but for those of its measures.
#[derive(Serialize)]
struct Data<'a> {
    controller: &'a Controller,
    database: &'a str,
    policy: &'a str,
    activities: &'a [Activity],
    measures: &'a [String],
    not_in_the_policy: &'a [String],
}

/// The whole record, ready to be printed in any form.
pub struct Ropa<'a> {
    controller: &'a Controller,
    database: &'a str,
    /// Digest of the policy that this is printed from.
    policy: &'a str,
    activities: &'a [Activity],
    words: Words,
    /// The notice's words: periods and channels.
    texts: Texts,
    language: Language,
}

impl<'a> Ropa<'a> {
    pub fn new(
        controller: &'a Controller,
        database: &'a str,
        policy: &'a str,
        activities: &'a [Activity],
        unrestricted: &[String],
        language: Language,
    ) -> Result<Self> {
        let file = match language {
            Language::En => include_str!("texts/ropa.en.json"),
            Language::Es => include_str!("texts/ropa.es.json"),
        };
        let mut words: Words =
            serde_json::from_str(file).with_context(|| format!("the language file ropa.{}.json", language.code()))?;
        if !unrestricted.is_empty() {
            words.each_measure.push(words.unlimited.replace("{roles}", &unrestricted.join(", ")));
        }
        Ok(Self { controller, database, policy, activities, words, texts: language.texts()?, language })
    }

    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&Data {
            controller: self.controller,
            database: self.database,
            policy: self.policy,
            activities: self.activities,
            measures: &self.words.each_measure,
            not_in_the_policy: &self.words.each_by_hand,
        })
    }

    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.words.title);
        self.about().iter().for_each(|(title, value)| _ = writeln!(text, "{title}: {value}"));
        for activity in self.activities {
            let description: Vec<&str> = activity.description.split_whitespace().collect();
            _ = writeln!(text, "\n{}: {}", activity.purpose, description.join(" "));
            for (title, value) in self.facts(activity) {
                _ = writeln!(text, "  {title}: {value}");
            }
        }
        for (title, items) in self.lists() {
            _ = writeln!(text, "\n{title}");
            items.iter().for_each(|item| _ = writeln!(text, "  - {item}"));
        }
        text
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.words.title);
        self.about().iter().for_each(|(title, value)| _ = writeln!(text, "- **{title}**: {}", escaped(value)));
        for activity in self.activities {
            _ = writeln!(
                text,
                "\n## {}\n\n{}\n\n| | |\n|---|---|",
                escaped(&activity.purpose),
                escaped(&activity.description)
            );
            for (title, value) in self.facts(activity) {
                _ = writeln!(text, "| {title} | {} |", escaped(&value));
            }
        }
        for (title, items) in self.lists() {
            _ = writeln!(text, "\n## {title}\n");
            items.iter().for_each(|item| _ = writeln!(text, "- {item}"));
        }
        text
    }

    /// One page that stands alone: no script, nothing loaded, readable when printed.
    pub fn html(&self) -> String {
        let body = html! {
            table { @for (title, value) in self.about() { tr { th { (title) } td { (value) } } } }
            @for activity in self.activities {
                section {
                    h2 { (activity.purpose) }
                    p { (activity.description) }
                    table { @for (title, value) in self.facts(activity) { tr { th { (title) } td { (value) } } } }
                }
            }
            @for (title, items) in self.lists() {
                section { h2 { (title) } ul { @for item in items { li { (item) } } } }
            }
        };
        page(self.language.code(), &self.words.title, STYLE, &body)
    }

    fn about(&self) -> [(&str, &str); 5] {
        let (w, who) = (&self.words, self.controller);
        let stated = |value: &'a Option<String>| value.as_deref().unwrap_or(&self.words.unstated);
        [
            (&w.controller, stated(&who.name)),
            (&w.contact, stated(&who.contact)),
            (&w.dpo, stated(&who.dpo)),
            (&w.database, self.database),
            (&w.policy, self.policy),
        ]
    }

    fn lists(&self) -> [(&str, &[String]); 2] {
        let w = &self.words;
        [(&w.measures, &w.each_measure), (&w.by_hand, &w.each_by_hand)]
    }

    /// Art. 30(1)(b) to (f), in its order.
    fn facts(&self, activity: &Activity) -> Vec<(&str, String)> {
        let w = &self.words;
        let mut facts: Vec<(&str, String)> = vec![
            (&w.basis, w.bases.get(activity.basis).cloned().unwrap_or_else(|| activity.basis.to_owned())),
            (&w.subjects, self.listed(&activity.subjects)),
            (&w.data, self.joined(activity.data.iter().map(|d| self.datum(d)))),
            (&w.roles, self.listed(&activity.roles)),
            (&w.recipients, self.listed(&activity.recipients)),
            (&w.limits, self.joined(activity.retention.iter().map(|kept| self.limit(kept)))),
        ];
        if let Some(term) = &activity.dpv {
            facts.insert(1, (&w.dpv, term.clone()));
        }
        if !activity.notices.is_empty() {
            facts.push((&w.notices, activity.notices.join(", ")));
        }
        facts
    }

    fn datum(&self, datum: &Datum) -> String {
        let w = &self.words;
        match (&datum.mask, datum.channel) {
            (Some(mask), _) => w.masked.replace("{data}", &datum.category).replace("{mask}", mask),
            (None, Some(channel)) => {
                let phrase = if datum.unless_objected { &w.unless_objected } else { &w.by_channel };
                let otherwise = datum.otherwise.as_ref().map(|mask| w.otherwise.replace("{mask}", mask));
                let phrase =
                    phrase.replace("{data}", &datum.category).replace("{channel}", self.texts.channel(channel));
                phrase.replace("{otherwise}", &otherwise.unwrap_or_default())
            }
            (None, None) => datum.category.clone(),
        }
    }

    fn limit(&self, kept: &Kept) -> String {
        let w = &self.words;
        match (&kept.since, &kept.keep) {
            (Some(since), Some(keep)) => {
                let period = self.texts.period(keep);
                w.limit.replace("{table}", &kept.table).replace("{period}", &period).replace("{since}", since)
            }
            _ => w.no_limit.replace("{table}", &kept.table),
        }
    }

    fn listed(&self, items: &BTreeSet<String>) -> String {
        self.joined(items.iter().cloned())
    }

    fn joined(&self, items: impl Iterator<Item = String>) -> String {
        let items: Vec<String> = items.collect();
        if items.is_empty() { self.words.none.clone() } else { items.join(", ") }
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;\
                     border-bottom:1px solid #d8dee4;overflow-wrap:anywhere}th{width:12rem;font-weight:600}\
                     section{break-inside:avoid}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_say_the_same_things() {
        let controller = Controller::default();
        for language in [Language::En, Language::Es] {
            let ropa = Ropa::new(&controller, "crm", "digest", &[], &[], language).unwrap();
            let w = &ropa.words;
            assert_eq!((w.each_measure.len(), w.each_by_hand.len()), (4, 1));
            for basis in
                ["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]
            {
                assert!(w.bases.contains_key(basis), "{basis}");
            }
            for (phrase, parts) in [
                (&w.masked, &["{data}", "{mask}"][..]),
                (&w.by_channel, &["{data}", "{channel}", "{otherwise}"]),
                (&w.unless_objected, &["{data}", "{channel}", "{otherwise}"]),
                (&w.otherwise, &["{mask}"]),
                (&w.unlimited, &["{roles}"]),
                (&w.limit, &["{table}", "{period}", "{since}"]),
                (&w.no_limit, &["{table}"]),
            ] {
                assert!(parts.iter().all(|part| phrase.contains(part)), "{phrase}");
            }
        }
    }
}
