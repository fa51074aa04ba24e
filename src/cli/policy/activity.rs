//! What a policy says about one purpose, gathered for people: whose data, which, how long, for whom. The notice and the
//! record of processing activities are two ways to print it. Knows no catalog and no language.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::policy::{Basis, Channel, ColumnUse, Mask, Policy, Purpose, Role, TablePolicy, WithoutConsent};

/// One purpose as it is lived: an activity in the sense of GDPR Art. 30.
#[derive(Debug, Serialize)]
pub struct Activity {
    pub purpose: String,
    pub description: String,
    pub basis: &'static str,
    /// `Art. 6(1)(a)`.
    pub article: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpv: Option<String>,
    /// Kinds of people.
    pub subjects: BTreeSet<String>,
    pub data: Vec<Datum>,
    pub retention: Vec<Kept>,
    /// Outside organisations.
    pub recipients: BTreeSet<String>,
    pub roles: BTreeSet<String>,
    /// Accepted notice versions; empty: any.
    pub notices: Vec<String>,
    /// Of those who have not agreed, masked data is used.
    #[serde(skip)]
    pub masked_without_consent: bool,
}

/// A category as the purpose uses it.
#[derive(Debug, Serialize)]
pub struct Datum {
    pub category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpv: Option<String>,
    /// The mask, in words; `None`: in clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Only as far as the person's choice for this channel goes: of what they agreed to, or what they did not object to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'static str>,
    /// What is used all the same where that choice says no: the mask, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    #[serde(skip)]
    pub unless_objected: bool,
    pub tables: BTreeSet<String>,
    #[serde(skip)]
    pub pseudonymous: bool,
}

/// How long a table's rows are used.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    pub table: String,
    /// The column that the period is counted from; `None`: no limit is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
}

/// All purposes, in the order of their names.
pub fn activities(policy: &Policy) -> Vec<Activity> {
    policy.purposes.values().map(|purpose| activity(policy, purpose)).collect()
}

fn activity(policy: &Policy, purpose: &Purpose) -> Activity {
    let uses = |r: &&Role| r.purposes.contains(&purpose.name) || r.also_requires.contains(&purpose.name);
    let roles: Vec<&Role> = policy.roles.values().filter(uses).collect();
    // Who must agree to it as well, agrees to what the role does with it: its other purposes' data.
    let further = roles.iter().filter(|r| r.also_requires.contains(&purpose.name)).flat_map(|r| &r.purposes);
    let purposes: BTreeMap<&str, &Purpose> =
        further.chain([&purpose.name]).filter_map(|name| Some((name.as_str(), policy.purposes.get(name)?))).collect();
    let used = |t: &&TablePolicy| purposes.values().any(|p| used_in(t, p));
    let tables: Vec<&TablePolicy> = sorted_tables(policy).into_iter().filter(used).collect();
    // What is limited to no purpose may be used for any.
    let receives = policy.roles.values().filter(|r| r.unrestricted || uses(r));
    Activity {
        purpose: purpose.name.clone(),
        description: purpose.description.clone(),
        basis: purpose.basis.as_str(),
        article: article(purpose.basis),
        dpv: purpose.dpv.clone(),
        subjects: tables.iter().filter_map(|t| t.subject.as_ref().map(|s| s.kind.clone())).collect(),
        data: data(policy, purpose, &purposes, &tables),
        retention: tables.iter().map(|t| kept(t, purpose)).collect(),
        recipients: receives.filter_map(|r| r.recipient.clone()).collect(),
        roles: roles.iter().map(|r| r.name.clone()).collect(),
        notices: purpose.notices.clone().unwrap_or_default(),
        masked_without_consent: purpose.basis == Basis::Consent && purpose.without_consent == WithoutConsent::Mask,
    }
}

pub fn sorted_tables(policy: &Policy) -> Vec<&TablePolicy> {
    let mut tables: Vec<&TablePolicy> = policy.tables.values().collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    tables
}

/// Whether the purpose shows or masks a category that the table holds.
pub fn used_in(table: &TablePolicy, purpose: &Purpose) -> bool {
    table.columns.values().any(|usage| match usage {
        ColumnUse::Open => false,
        ColumnUse::Category(category) => purpose.shows.contains(category) || purpose.masks.contains_key(category),
    })
}

/// `purposes`: this one, and those whose data it is about too.
fn data(
    policy: &Policy,
    purpose: &Purpose,
    purposes: &BTreeMap<&str, &Purpose>,
    tables: &[&TablePolicy],
) -> Vec<Datum> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for table in tables {
        for usage in table.columns.values() {
            if let ColumnUse::Category(category) = usage {
                found.entry(category).or_default().insert(table.name.to_string());
            }
        }
    }
    let datum = |(category, tables): (&str, BTreeSet<String>)| {
        let clear = purposes.values().any(|p| p.shows.contains(category));
        let mask = purpose.masks.get(category);
        let mask = mask.or_else(|| purposes.values().find_map(|p| p.masks.get(category))).filter(|_| !clear);
        let declared = policy.categories.get(category);
        let own = declared.map(|c| &c.mask).filter(|own| tells(own));
        let mask = mask.or(own.filter(|_| !clear));
        if mask.is_none() && !clear {
            return None;
        }
        let channel = declared.and_then(|c| c.channel).filter(|_| purpose.basis.is_by_choice());
        Some(Datum {
            category: category.to_owned(),
            dpv: declared.and_then(|c| c.dpv.clone()),
            mask: mask.map(Mask::describe),
            channel: channel.map(Channel::as_str),
            otherwise: own.filter(|_| clear && channel.is_some()).map(Mask::describe),
            unless_objected: purpose.basis.can_be_objected_to(),
            tables,
            pseudonymous: mask == Some(&Mask::Pseudonym),
        })
    };
    found.into_iter().filter_map(datum).collect()
}

/// Whether something of a value is left behind the mask.
fn tells(mask: &Mask) -> bool {
    !matches!(mask, Mask::Null | Mask::Redact | Mask::Constant(_))
}

pub fn kept(table: &TablePolicy, purpose: &Purpose) -> Kept {
    let retention = table.retention.as_ref();
    let narrower = retention.map(|own| match &purpose.retention {
        Some(purposes) if purposes.roughly_seconds() < own.keep.roughly_seconds() => purposes.0.clone(),
        Some(_) | None => own.keep.0.clone(),
    });
    Kept { table: table.name.to_string(), since: retention.map(|r| r.since.clone()), keep: narrower }
}

/// GDPR Art. 6(1).
pub fn article(basis: Basis) -> &'static str {
    match basis {
        Basis::Consent => "Art. 6(1)(a)",
        Basis::Contract => "Art. 6(1)(b)",
        Basis::LegalObligation => "Art. 6(1)(c)",
        Basis::VitalInterests => "Art. 6(1)(d)",
        Basis::PublicTask => "Art. 6(1)(e)",
        Basis::LegitimateInterests => "Art. 6(1)(f)",
    }
}
