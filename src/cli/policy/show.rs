//! `consentry policy show`: the resolved policy in plain words, purpose by purpose, table by table.

use std::fmt::Write as _;

use crate::engine::catalog::Catalog;
use crate::engine::policy::{
    Basis, ColumnUse, Mask, Policy, Purpose, Role, SubjectPath, TablePolicy, Unlisted, WithoutConsent,
};

use super::activity::{Kept, article, kept, sorted_tables, used_in};

/// The whole policy as text; with `only`, that purpose.
pub fn show(policy: &Policy, catalog: &Catalog, only: Option<&str>) -> String {
    let mut text = heading(policy, catalog);
    for purpose in policy.purposes.values().filter(|p| only.is_none_or(|name| p.name == name)) {
        text += &one_purpose(policy, catalog, purpose);
    }
    for role in policy.roles.values().filter(|r| r.unrestricted && only.is_none()) {
        let reason = if role.reason_required { ", once it has said a reason" } else { "" };
        _ = writeln!(
            text,
            "\nrole {}\n  sees every table as it is stored{reason}; each statement is recorded",
            role.name
        );
    }
    text
}

fn heading(policy: &Policy, catalog: &Catalog) -> String {
    let unlisted = match policy.unlisted_tables {
        Unlisted::Refuse => "refused",
        Unlisted::Open => "open",
    };
    format!(
        "Policy {} of database {}: {} protected tables, {} open; tables that it does not name are {unlisted}.\n",
        policy.digest.get(..12).unwrap_or_default(),
        catalog.database(),
        policy.tables.len(),
        policy.open.len(),
    )
}

fn one_purpose(policy: &Policy, catalog: &Catalog, purpose: &Purpose) -> String {
    let basis = purpose.basis;
    let mut text = format!("\npurpose {}\n  {}\n", purpose.name, purpose.description);
    _ = writeln!(text, "  basis: {} (GDPR {})", basis.as_str(), article(basis));
    for role in policy.roles.values().filter(|r| r.purposes.contains(&purpose.name)) {
        _ = writeln!(text, "  role {}", one_role(policy, role, purpose));
    }
    let (reached, closed): (Vec<_>, Vec<_>) =
        sorted_tables(policy).into_iter().partition(|t| used_in(t, purpose) || !is_personal(t));
    for table in reached {
        text += &one_table(policy, catalog, purpose, table);
    }
    if !closed.is_empty() {
        let names: Vec<String> = closed.iter().map(|t| t.name.to_string()).collect();
        _ = writeln!(text, "  closed: {}", names.join(", "));
    }
    text
}

fn is_personal(table: &TablePolicy) -> bool {
    table.columns.values().any(|usage| *usage != ColumnUse::Open)
}

fn one_role(policy: &Policy, role: &Role, purpose: &Purpose) -> String {
    let mut words = vec![role.name.clone()];
    if role.purposes.first() == Some(&purpose.name) {
        words.push("by default".into());
    }
    if let Some(recipient) = &role.recipient {
        words.push(format!("for {recipient}, an outside organisation"));
    }
    for other in &role.also_requires {
        words.push(format!("only people who consented to {other} too"));
    }
    for table in sorted_tables(policy) {
        if let Some(filter) = role.rows.get(&table.relation) {
            words.push(format!("of {} only rows where {}", table.name, filter.text));
        }
    }
    words.join("; ")
}

fn one_table(policy: &Policy, catalog: &Catalog, purpose: &Purpose, table: &TablePolicy) -> String {
    let mut text = format!("  {}\n    rows: {}\n", table.name, rows(policy, purpose, table));
    let columns = catalog.relation(table.relation).map_or(&[][..], |r| &r.columns);
    let (mut clear, mut masked, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
    for column in columns {
        match table.columns.get(&column.name) {
            None => hidden.push(column.name.clone()),
            Some(ColumnUse::Open) => clear.push(column.name.clone()),
            Some(ColumnUse::Category(category)) => match treatment(policy, purpose, category) {
                (None, None) => clear.push(column.name.clone()),
                (None, Some(channel)) => clear.push(format!("{} ({channel} permitting)", column.name)),
                (Some(mask), _) => masked.push(format!("{} ({})", column.name, mask.describe())),
            },
        }
    }
    for (title, columns) in [("clear", clear), ("masked", masked), ("never shown", hidden)] {
        if !columns.is_empty() {
            _ = writeln!(text, "    {title}: {}", columns.join(", "));
        }
    }
    text
}

/// The mask that a category always has under the purpose, and the channel that a clear value depends on.
fn treatment<'p>(policy: &'p Policy, purpose: &'p Purpose, category: &str) -> (Option<&'p Mask>, Option<&'static str>) {
    let declared = policy.categories.get(category);
    if let Some(mask) = purpose.masks.get(category) {
        return (Some(mask), None);
    }
    if !purpose.shows.contains(category) {
        return (declared.map(|c| &c.mask), None);
    }
    (None, declared.and_then(|c| c.channel).filter(|_| purpose.basis.is_by_choice()).map(|c| c.as_str()))
}

/// Which rows are there, in words.
fn rows(policy: &Policy, purpose: &Purpose, table: &TablePolicy) -> String {
    let mut words = Vec::new();
    if let Some(path) = &table.subject {
        words.extend(people(policy, purpose, path));
    }
    if let Kept { since: Some(since), keep: Some(keep), .. } = kept(table, purpose) {
        words.push(format!("{since} not longer ago than {keep}"));
    }
    if words.is_empty() { "all".into() } else { words.join("; ") }
}

fn people(policy: &Policy, purpose: &Purpose, path: &SubjectPath) -> Vec<String> {
    let mut words = Vec::new();
    let who = match path.hops.first() {
        None => format!("the {} ({})", path.kind, path.column),
        Some(hop) => format!("the {} (by {})", path.kind, hop.from),
    };
    match (purpose.basis, purpose.without_consent) {
        (Basis::Consent, without) => {
            let notices =
                purpose.notices.as_ref().map(|n| format!(", under notice {}", n.join(" or "))).unwrap_or_default();
            words.push(match without {
                WithoutConsent::Hide => format!("{who} has consented{notices}"),
                WithoutConsent::Mask => format!("all; personal values masked unless {who} has consented{notices}"),
            });
        }
        (Basis::LegitimateInterests | Basis::PublicTask, _) => words.push(format!("{who} has not objected")),
        (Basis::Contract | Basis::LegalObligation | Basis::VitalInterests, _) => {}
    }
    let restricted = policy.subjects.get(&path.kind).and_then(|s| s.restricted_when.as_ref());
    if let Some(condition) = restricted.filter(|_| !overrides_restriction(purpose.basis)) {
        words.push(format!("{who} is not restricted ({})", condition.text));
    }
    words
}

/// Restricted data may still be used under these bases (contract, section 3).
fn overrides_restriction(basis: Basis) -> bool {
    matches!(basis, Basis::LegalObligation | Basis::VitalInterests)
}
