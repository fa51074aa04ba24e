//! What each column shows: as stored, masked in some rows, masked in all, or never.

use std::collections::BTreeSet;

use crate::engine::catalog::Column;
use crate::engine::policy::{Basis, Category, Channel, ColumnUse, Mask, WithoutConsent};
use crate::engine::refusal::Refusal;

use super::consent::Records;
use super::domain;
use super::masks::stand_in;
use super::{Cell, CellKind, StandIn, View, policy_entry};

pub(super) fn cells(view: &View<'_>) -> Result<Vec<Cell>, Refusal> {
    let asking = |column| cell(view, column).map(|cell| Cell { joins: view.take_asked(), ..cell });
    view.relation.columns.iter().map(asking).collect()
}

fn cell(view: &View<'_>, column: &Column) -> Result<Cell, Refusal> {
    let name = column.name.clone();
    match view.table.columns.get(&column.name) {
        None => Ok(Cell {
            name,
            category: None,
            kind: CellKind::Hidden,
            own: None,
            stand_in: StandIn::Null,
            joins: BTreeSet::new(),
            computes: false,
            words: Some("not listed: never shown".into()),
        }),
        Some(ColumnUse::Open) => {
            let (kind, stand_in, joins) = (CellKind::Clear, StandIn::Null, BTreeSet::new());
            Ok(Cell { name, category: None, kind, own: None, stand_in, joins, computes: false, words: None })
        }
        Some(ColumnUse::Category(category)) => personal(view, column, category),
    }
}

/// How a purpose treats a category, before anybody's choice.
enum Treatment<'a> {
    Shown,
    MaskedAs(&'a Mask),
    /// Neither shown nor masked by the purpose: the category's own mask.
    Withheld,
}

fn personal(view: &View<'_>, column: &Column, category: &str) -> Result<Cell, Refusal> {
    let category = policy_entry(&view.sight.policy.categories, "category", category)?;
    let purpose = view.sight.purpose;
    let treatment = match purpose.masks.get(&category.name) {
        _ if purpose.shows.contains(&category.name) => Treatment::Shown,
        Some(mask) => Treatment::MaskedAs(mask),
        None => Treatment::Withheld,
    };
    let not_there = view.masked(column, &category.mask)?;
    let (allowed, choice) = match treatment {
        Treatment::Withheld => (Allowed::Always, None),
        Treatment::Shown | Treatment::MaskedAs(_) => allowed(view, category)?,
    };
    let (name, own) = (&category.name, &category.mask);
    let masked = |mask: &Mask| {
        let kind = CellKind::Masked { masked: view.masked(column, mask)?, choice: None };
        Ok((kind, stand_in(mask, &column.ty)))
    };
    let as_purpose = || format!("{name} is masked as {} has it", purpose.name);
    let ((kind, stand_in), words) = match (treatment, allowed) {
        (Treatment::Withheld, _) => {
            (masked(own)?, Some(format!("{name} is masked: {} does not show it", purpose.name)))
        }
        (Treatment::Shown | Treatment::MaskedAs(_), Allowed::Never) => {
            (masked(own)?, Some(format!("{name} is masked: it needs consent, and the rows are about nobody")))
        }
        (Treatment::Shown, Allowed::Always) => ((CellKind::Clear, StandIn::Null), None),
        (Treatment::Shown, Allowed::When(clear_when)) => {
            let kind = CellKind::PerRow { clear_when, masked: view.masked(column, own)? };
            ((kind, stand_in(own, &column.ty)), choice.map(|c| format!("{name} is masked unless {c}")))
        }
        (Treatment::MaskedAs(mask), Allowed::Always) => (masked(mask)?, Some(as_purpose())),
        (Treatment::MaskedAs(mask), Allowed::When(_)) if mask == own => (masked(mask)?, Some(as_purpose())),
        (Treatment::MaskedAs(mask), Allowed::When(when)) => {
            let (mask, own) = (view.masked(column, mask)?, view.masked(column, own)?);
            let masked = format!("CASE WHEN {when} THEN {mask} ELSE {own} END");
            let words = choice.map(|c| format!("{}, and more unless {c}", as_purpose()));
            ((CellKind::Masked { masked, choice: Some(when) }, StandIn::Any), words)
        }
    };
    let category = Some(category.name.clone());
    let joins = BTreeSet::new();
    let fails = |mask: &Mask| match mask {
        Mask::Sql(sql) => sql.computes || domain::computes(view.sight.catalog, &column.ty),
        // What they make is the same in every row.
        Mask::Null | Mask::Redact | Mask::Constant(_) => false,
        Mask::Email
        | Mask::KeepFirst(_)
        | Mask::KeepLast(_)
        | Mask::Pseudonym
        | Mask::Truncate(_)
        | Mask::Round(_)
        | Mask::Prefix(_) => domain::computes(view.sight.catalog, &column.ty),
    };
    let computes = fails(own) || purpose.masks.get(name).is_some_and(fails);
    let (name, own) = (column.name.clone(), Some(not_there));
    Ok(Cell { name, category, kind, own, stand_in, joins, computes, words })
}

/// The conditions under which any cell shows what it does not show in all rows: each is a choice of the row's subject.
pub(super) fn choices(view: &View<'_>) -> Result<Vec<String>, Refusal> {
    let mut all = Vec::new();
    for usage in view.table.columns.values() {
        let ColumnUse::Category(name) = usage else { continue };
        let category = policy_entry(&view.sight.policy.categories, "category", name)?;
        if view.sight.purpose.shows.contains(name) || view.sight.purpose.masks.contains_key(name) {
            match allowed(view, category)?.0 {
                Allowed::When(condition) if !all.contains(&condition) => all.push(condition),
                Allowed::When(_) | Allowed::Always | Allowed::Never => {}
            }
        }
    }
    Ok(all)
}

/// In which rows the people themselves allow what the purpose does with a category.
enum Allowed {
    Always,
    When(String),
    Never,
}

/// With the condition in words, when there is one.
fn allowed(view: &View<'_>, category: &Category) -> Result<(Allowed, Option<String>), Refusal> {
    match (view.sight.purpose.basis, category.channel) {
        (Basis::Consent, channel) => by_consent(view, channel),
        (Basis::LegitimateInterests | Basis::PublicTask, Some(channel)) => by_objection(view, channel),
        (Basis::LegitimateInterests | Basis::PublicTask, None) => Ok((Allowed::Always, None)),
        (Basis::Contract | Basis::LegalObligation | Basis::VitalInterests, _) => Ok((Allowed::Always, None)),
    }
}

fn by_consent(view: &View<'_>, channel: Option<Channel>) -> Result<(Allowed, Option<String>), Refusal> {
    let purpose = view.sight.purpose;
    let records = match (channel, purpose.without_consent) {
        (Some(channel), WithoutConsent::Hide | WithoutConsent::Mask) => Records::For(channel),
        // Rows without consent are not there at all.
        (None, WithoutConsent::Hide) => return Ok((Allowed::Always, None)),
        (None, WithoutConsent::Mask) => Records::AnyChannel,
    };
    let Some(subject) = &view.subject else {
        let nobody = if channel.is_some() { Allowed::Never } else { Allowed::Always };
        return Ok((nobody, None));
    };
    let by = channel.map(|c| format!(" by {}", c.as_str())).unwrap_or_default();
    let words = format!("the {} has a valid consent for {}{by}", subject.kind.name, purpose.name);
    Ok((Allowed::When(view.as_cell_test(&subject.consents(purpose, records)?)), Some(words)))
}

fn by_objection(view: &View<'_>, channel: Channel) -> Result<(Allowed, Option<String>), Refusal> {
    let Some(subject) = &view.subject else { return Ok((Allowed::Always, None)) };
    Ok(match subject.does_not_object(view.sight.purpose, Records::Only(channel))? {
        None => (Allowed::Always, None),
        Some(test) => {
            let words = format!(
                "the {} does not object to {} by {}",
                subject.kind.name,
                view.sight.purpose.name,
                channel.as_str()
            );
            (Allowed::When(view.as_cell_test(&test)), Some(words))
        }
    })
}
