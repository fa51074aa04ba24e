//! `consentry policy notice`: per purpose, in plain language and for the people that the data is about: what data, why,
//! on which basis, how long, who receives it, how to object or withdraw (GDPR Art. 13 and 14). A language is a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use maud::html;
use serde::Deserialize;

use super::activity::{Activity, Datum, Kept};
use super::markdown::escaped;
use super::page::page;
use super::ropa::Controller;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    En,
    Es,
}

/// Every phrase of a language; `{…}` in one is filled in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    title: String,
    controller: String,
    contact: String,
    dpo: String,
    why: String,
    basis: String,
    data: String,
    masked: String,
    pseudonymous: String,
    by_channel: String,
    unless_objected: String,
    /// Behind these, where something is used all the same.
    otherwise: String,
    no_data: String,
    how_long: String,
    limit: String,
    no_limit: String,
    recipients: String,
    no_recipients: String,
    your_choice: String,
    rights: String,
    periods: BTreeMap<String, String>,
    bases: BTreeMap<String, String>,
    /// In place of the basis, where masked data is used without it.
    masked_without_consent: String,
    choices: BTreeMap<String, String>,
    channels: BTreeMap<String, String>,
    /// Usual names of categories; others are shown by their own.
    categories: BTreeMap<String, String>,
}

impl Language {
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Es => "es",
        }
    }

    pub fn texts(self) -> Result<Texts> {
        let file = match self {
            Language::En => include_str!("texts/en.json"),
            Language::Es => include_str!("texts/es.json"),
        };
        serde_json::from_str(file).with_context(|| format!("the language file {}.json", self.code()))
    }
}

/// The notice, ready to be printed in any form.
pub struct Notice {
    title: String,
    /// Title and value.
    about: Vec<(String, String)>,
    purposes: Vec<Section>,
    rights: String,
    language: Language,
}

struct Section {
    title: String,
    /// Title and one or more items.
    facts: Vec<(String, Vec<String>)>,
}

impl Notice {
    pub fn new(activities: &[Activity], controller: &Controller, language: Language) -> Result<Self> {
        let texts = language.texts()?;
        let about = [
            (&texts.controller, &controller.name),
            (&texts.contact, &controller.contact),
            (&texts.dpo, &controller.dpo),
        ];
        Ok(Self {
            about: about.into_iter().filter_map(|(title, value)| Some((title.clone(), value.clone()?))).collect(),
            purposes: activities.iter().map(|activity| texts.section(activity)).collect(),
            rights: texts.rights.clone(),
            title: texts.title,
            language,
        })
    }

    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        self.about.iter().for_each(|(title, value)| _ = writeln!(text, "{title}: {value}"));
        for section in &self.purposes {
            _ = writeln!(text, "\n{}", section.title);
            for (title, items) in &section.facts {
                _ = writeln!(text, "  {title}");
                items.iter().for_each(|item| _ = writeln!(text, "    - {item}"));
            }
        }
        _ = writeln!(text, "\n{}", self.rights);
        text
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.title);
        self.about.iter().for_each(|(title, value)| _ = writeln!(text, "- **{title}**: {}", escaped(value)));
        for section in &self.purposes {
            _ = writeln!(text, "\n## {}\n", escaped(&section.title));
            for (title, items) in &section.facts {
                _ = writeln!(text, "- **{title}**");
                items.iter().for_each(|item| _ = writeln!(text, "  - {}", escaped(item)));
            }
        }
        _ = writeln!(text, "\n{}", self.rights);
        text
    }

    /// One page that stands alone: no script, nothing loaded, readable when printed.
    pub fn html(&self) -> String {
        let body = html! {
            dl { @for (title, value) in &self.about { dt { (title) } dd { (value) } } }
            @for section in &self.purposes {
                section {
                    h2 { (section.title) }
                    dl {
                        @for (title, items) in &section.facts {
                            dt { (title) }
                            @for item in items { dd { (item) } }
                        }
                    }
                }
            }
            p { (self.rights) }
        };
        page(self.language.code(), &self.title, STYLE, &body)
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}\
                     dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1.2rem}section{break-inside:avoid}";

impl Texts {
    fn section(&self, activity: &Activity) -> Section {
        let phrase = |map: &BTreeMap<String, String>| map.get(activity.basis).cloned().unwrap_or_default();
        let basis = match activity.masked_without_consent {
            true => self.masked_without_consent.clone(),
            false => phrase(&self.bases),
        };
        let data: Vec<String> = activity.data.iter().map(|d| self.datum(d)).collect();
        let recipients: Vec<String> = activity.recipients.iter().cloned().collect();
        let or = |items: Vec<String>, none: &String| if items.is_empty() { vec![none.clone()] } else { items };
        let mut facts = vec![
            (self.basis.clone(), vec![basis]),
            (self.data.clone(), or(data, &self.no_data)),
            (self.how_long.clone(), activity.retention.iter().map(|kept| self.limit(kept)).collect()),
            (self.recipients.clone(), or(recipients, &self.no_recipients)),
            (self.your_choice.clone(), vec![phrase(&self.choices)]),
        ];
        facts.retain(|(_, items)| !items.is_empty());
        Section { title: format!("{}: {}", self.why, activity.description), facts }
    }

    fn datum(&self, datum: &Datum) -> String {
        let own = || datum.category.replace('_', " ");
        let name = self.categories.get(&datum.category).cloned().unwrap_or_else(own);
        match (&datum.mask, datum.channel) {
            (Some(_), _) if datum.pseudonymous => self.pseudonymous.replace("{data}", &name),
            (Some(_), _) => self.masked.replace("{data}", &name),
            (None, Some(channel)) => {
                let phrase = if datum.unless_objected { &self.unless_objected } else { &self.by_channel };
                let otherwise = if datum.otherwise.is_some() { self.otherwise.as_str() } else { "" };
                let phrase = phrase.replace("{data}", &name).replace("{channel}", self.channel(channel));
                phrase.replace("{otherwise}", otherwise)
            }
            (None, None) => name,
        }
    }

    fn limit(&self, kept: &Kept) -> String {
        // People know no schemas: `public.order_items` is "order items" to them.
        let spoken = |name: &str| name.rsplit('.').next().unwrap_or(name).replace('_', " ");
        let table = spoken(&kept.table);
        match (&kept.since, &kept.keep) {
            (Some(since), Some(keep)) => self
                .limit
                .replace("{table}", &table)
                .replace("{period}", &self.period(keep))
                .replace("{since}", &spoken(since)),
            _ => self.no_limit.replace("{table}", &table),
        }
    }

    /// A channel's name in this language.
    pub fn channel<'c>(&'c self, channel: &'c str) -> &'c str {
        self.channels.get(channel).map_or(channel, String::as_str)
    }

    /// A period, such as `2 years`, in this language.
    pub fn period(&self, period: &str) -> String {
        let words = period.split(' ').map(|word| self.periods.get(word).map_or(word, String::as_str));
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_say_the_same_things() {
        let (en, es) = (Language::En.texts().unwrap(), Language::Es.texts().unwrap());
        let keys = |t: &Texts| -> Vec<String> {
            [&t.periods, &t.bases, &t.choices, &t.channels, &t.categories]
                .iter()
                .flat_map(|m| m.keys().cloned())
                .collect()
        };
        assert_eq!(keys(&en), keys(&es));
        for basis in
            ["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]
        {
            assert!(en.bases.contains_key(basis) && en.choices.contains_key(basis), "{basis}");
        }
        for texts in [en, es] {
            assert!(
                texts.limit.contains("{table}") && texts.limit.contains("{period}") && texts.limit.contains("{since}")
            );
            for phrase in [&texts.by_channel, &texts.unless_objected] {
                assert!(["{data}", "{channel}", "{otherwise}"].iter().all(|part| phrase.contains(part)));
            }
            assert!(texts.masked.contains("{data}") && texts.pseudonymous.contains("{data}"));
            assert!(texts.no_limit.contains("{table}"));
        }
    }
}
