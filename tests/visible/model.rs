//! The contract's section 3 in plain Rust, over rows in memory: an opinion of its own, which shares nothing with the
//! engine but the policy's types. Times are minutes from now.

use consentry::engine::policy::{Basis, Category, Channel, ColumnUse, Mask, Policy, Purpose, Role, WithoutConsent};

/// A record of a person's choice.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub subject: Option<String>,
    pub purpose: String,
    pub channel: Option<String>,
    pub status: String,
    pub granted_at: Option<i64>,
    pub withdrawn_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub notice: Option<String>,
    pub recorded_at: Option<i64>,
}

/// What a kind of person's consent table means.
#[derive(Debug, Clone, Default)]
pub struct Meaning {
    pub granted: Vec<&'static str>,
    pub objected: Vec<&'static str>,
    pub ledger: bool,
    pub has_notice: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Kind {
    /// `None`: the kind has no consent source.
    pub meaning: Option<Meaning>,
    pub choices: Vec<Choice>,
    pub people: Vec<Person>,
}

#[derive(Debug, Clone, Default)]
pub struct Person {
    pub key: String,
    /// What `restricted_when` says; `None`: null.
    pub restricted: Option<bool>,
}

/// A stored row of a protected table.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub id: i64,
    pub subject: Option<String>,
    /// `since`, in minutes from now.
    pub since: Option<i64>,
    /// What the role's filter says.
    pub filter: Option<bool>,
    /// Stored text by column.
    pub cells: Vec<(&'static str, Option<String>)>,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    /// Index of the kind of person; `None`: about nobody in particular.
    pub kind: Option<usize>,
    /// The table's period, in minutes.
    pub keep: Option<i64>,
    pub rows: Vec<Row>,
}

pub struct World<'p> {
    pub policy: &'p Policy,
    pub kinds: &'p [Kind],
    /// A purpose's period, in minutes.
    pub purpose_keep: fn(&str) -> Option<i64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Of {
    Any,
    Channel(Channel),
}

impl World<'_> {
    /// Visible rows with their visible cells; `None`: out of reach.
    pub fn visible(
        &self,
        table: &Table,
        columns: &[(String, Option<ColumnUse>)],
        role: &Role,
        purpose: &Purpose,
    ) -> Option<Vec<Vec<Option<String>>>> {
        let personal: Vec<&String> = columns
            .iter()
            .filter_map(|(_, u)| match u {
                Some(ColumnUse::Category(c)) => Some(c),
                _ => None,
            })
            .collect();
        let reached = personal.iter().any(|c| purpose.shows.contains(*c) || purpose.masks.contains_key(*c));
        if !personal.is_empty() && !reached {
            return None;
        }
        let there = table.rows.iter().filter(|row| self.is_there(table, row, role, purpose));
        Some(
            there
                .map(|row| columns.iter().map(|(n, u)| self.cell(table, row, n, u.as_ref(), purpose)).collect())
                .collect(),
        )
    }

    fn is_there(&self, table: &Table, row: &Row, role: &Role, purpose: &Purpose) -> bool {
        if !role.rows.is_empty() && row.filter != Some(true) {
            return false;
        }
        if let Some(keep) = table.keep {
            let narrowest = (self.purpose_keep)(&purpose.name).map_or(keep, |p| p.min(keep));
            match row.since {
                Some(since) if since >= -narrowest => {}
                _ => return false,
            }
        }
        let Some(kind) = table.kind.map(|k| &self.kinds[k]) else { return true };
        let sees_restricted = matches!(purpose.basis, Basis::LegalObligation | Basis::VitalInterests);
        if !sees_restricted && self.is_restricted(kind, row) {
            return false;
        }
        let basis = match purpose.basis {
            Basis::Consent if purpose.without_consent == WithoutConsent::Mask => row.subject.is_some(),
            Basis::Consent => self.consents(kind, row, purpose, Of::Any),
            Basis::LegitimateInterests | Basis::PublicTask => !self.objects(kind, row, &purpose.name, None),
            _ => true,
        };
        basis && role.also_requires.iter().all(|p| self.consents(kind, row, &self.policy.purposes[p], Of::Any))
    }

    fn is_restricted(&self, kind: &Kind, row: &Row) -> bool {
        kind.people.iter().any(|p| Some(&p.key) == row.subject.as_ref() && p.restricted != Some(false))
    }

    fn consents(&self, kind: &Kind, row: &Row, purpose: &Purpose, of: Of) -> bool {
        let (Some(meaning), Some(subject)) = (&kind.meaning, &row.subject) else { return false };
        kind.choices.iter().any(|c| {
            c.subject.as_ref() == Some(subject)
                && c.purpose == purpose.name
                && match of {
                    Of::Any => true,
                    Of::Channel(ch) => c.channel.is_none() || c.channel.as_deref() == Some(ch.as_str()),
                }
                && is_grant(c, meaning, purpose.notices.as_deref())
                && is_newest_grant(c, kind, meaning, purpose.notices.as_deref())
                && !self.objects(kind, row, &purpose.name, None)
                && !c.channel.as_deref().is_some_and(|ch| self.objects(kind, row, &purpose.name, Some(ch)))
        })
    }

    fn objects(&self, kind: &Kind, row: &Row, purpose: &str, channel: Option<&str>) -> bool {
        let (Some(meaning), Some(subject)) = (&kind.meaning, &row.subject) else { return false };
        kind.choices.iter().any(|c| {
            c.subject.as_ref() == Some(subject)
                && c.purpose == purpose
                && c.channel.as_deref() == channel
                && meaning.objected.contains(&c.status.as_str())
                && !(meaning.ledger && rivals(c, kind).any(|n| is_after(n, c)))
        })
    }

    fn cell(
        &self,
        table: &Table,
        row: &Row,
        name: &str,
        used: Option<&ColumnUse>,
        purpose: &Purpose,
    ) -> Option<String> {
        let stored = row.cells.iter().find(|(n, _)| *n == name).and_then(|(_, v)| v.clone());
        let category = match used {
            None => return None,
            Some(ColumnUse::Open) => return stored,
            Some(ColumnUse::Category(category)) => &self.policy.categories[category],
        };
        let own = || stored.as_deref().and_then(|v| masked(v, &category.mask));
        let kind = table.kind.map(|k| &self.kinds[k]);
        if !self.allowed(kind, row, category, purpose) {
            return own();
        }
        if purpose.shows.contains(&category.name) {
            return stored;
        }
        match purpose.masks.get(&category.name) {
            Some(mask) => stored.as_deref().and_then(|v| masked(v, mask)),
            None => own(),
        }
    }

    /// The person lets this purpose have this category, as far as they are asked.
    fn allowed(&self, kind: Option<&Kind>, row: &Row, category: &Category, purpose: &Purpose) -> bool {
        match (purpose.basis, kind) {
            (Basis::Consent, None) => category.channel.is_none(),
            (Basis::Consent, Some(kind)) => {
                let by_mask = purpose.without_consent == WithoutConsent::Mask;
                category.channel.is_none_or(|ch| self.consents(kind, row, purpose, Of::Channel(ch)))
                    && (!by_mask || self.consents(kind, row, purpose, Of::Any))
            }
            (Basis::LegitimateInterests | Basis::PublicTask, Some(kind)) => {
                category.channel.is_none_or(|ch| !self.objects(kind, row, &purpose.name, Some(ch.as_str())))
            }
            _ => true,
        }
    }
}

fn is_grant(c: &Choice, meaning: &Meaning, notices: Option<&[String]>) -> bool {
    let withdrawn = c.withdrawn_at.is_some_and(|w| c.granted_at.is_none_or(|g| g <= w));
    let expired = c.expires_at.is_some_and(|e| e <= 0);
    let future = [c.granted_at, c.recorded_at].iter().flatten().any(|t| *t > 0);
    let accepted = match notices {
        None => true,
        Some(list) => meaning.has_notice && c.notice.as_ref().is_some_and(|n| list.contains(n)),
    };
    meaning.granted.contains(&c.status.as_str()) && !withdrawn && !expired && !future && accepted
}

/// Other records of the same choice in a ledger.
fn rivals<'k>(c: &'k Choice, kind: &'k Kind) -> impl Iterator<Item = &'k Choice> {
    kind.choices.iter().filter(move |n| (&n.subject, &n.purpose, &n.channel) == (&c.subject, &c.purpose, &c.channel))
}

fn is_after(n: &Choice, c: &Choice) -> bool {
    matches!((n.recorded_at, c.recorded_at), (Some(n), Some(c)) if n > c)
}

fn is_newest_grant(c: &Choice, kind: &Kind, meaning: &Meaning, notices: Option<&[String]>) -> bool {
    !meaning.ledger
        || rivals(c, kind).all(|n| {
            let surely_before = matches!((n.recorded_at, c.recorded_at), (Some(n), Some(c)) if n < c);
            surely_before || (!is_after(n, c) && is_grant(n, meaning, notices))
        })
}

fn masked(value: &str, mask: &Mask) -> Option<String> {
    let letters: Vec<char> = value.chars().collect();
    let long = |n: u32| letters.len() > n as usize;
    Some(match mask {
        Mask::Null => return None,
        Mask::Redact => "***".into(),
        Mask::Email => match value.rsplit_once('@') {
            Some((local, domain)) => format!("{}***@{domain}", local.chars().take(1).collect::<String>()),
            None => "***".into(),
        },
        Mask::KeepFirst(n) if long(*n) => letters[..*n as usize].iter().collect::<String>() + "***",
        Mask::KeepLast(n) if long(*n) => {
            "***".to_owned() + &letters[letters.len() - *n as usize..].iter().collect::<String>()
        }
        Mask::KeepFirst(_) | Mask::KeepLast(_) => "***".into(),
        Mask::Constant(text) => text.clone(),
        other => unreachable!("the model's policy has no {other:?}"),
    })
}
