//! Which stored rows are there: retention, restriction, legal basis, `also_requires`, the role's own filter.

use crate::engine::policy::{Basis, WithoutConsent};
use crate::engine::refusal::Refusal;

use super::consent::Records;
use super::moment::Moment;
use super::probe::Test;
use super::{View, column_of, condition_over, policy_entry, stale};

/// A conjunct and its reason.
pub(super) struct Condition {
    pub test: Test,
    pub words: String,
    /// It may raise an error: it is tested where all others hold.
    pub computes: bool,
}

/// The conjuncts, cheap ones first.
pub(super) fn conditions(view: &View<'_>) -> Result<Vec<Condition>, Refusal> {
    let mut found = Vec::new();
    found.extend(role_filter(view)?);
    found.extend(retention(view)?);
    found.extend(restriction(view)?);
    found.extend(basis(view)?);
    also_requires(view, &mut found)?;
    found.sort_by_key(|condition| condition.computes);
    Ok(found)
}

fn role_filter(view: &View<'_>) -> Result<Option<Condition>, Refusal> {
    let Some(filter) = view.sight.role.rows.get(&view.table.relation) else { return Ok(None) };
    Ok(Some(Condition {
        test: Test::Plain(condition_over(filter, view.relation, view.alias)?),
        words: format!("only rows that role {} may see: {}", view.sight.role.name, filter.text),
        computes: filter.computes,
    }))
}

/// A null `since` makes the comparison null: the row is not there.
fn retention(view: &View<'_>) -> Result<Option<Condition>, Refusal> {
    let Some(retention) = &view.table.retention else { return Ok(None) };
    let since = column_of(view.relation, &retention.since)?;
    let since = Moment::of(view.alias, since)
        .ok_or_else(|| stale(format!("{}.{} holds no point in time", view.table.name, retention.since)))?;
    let periods: Vec<_> = std::iter::once(&retention.keep).chain(&view.sight.purpose.retention).collect();
    let words: Vec<&str> = periods.iter().map(|p| p.0.as_str()).collect();
    Ok(Some(Condition {
        test: Test::Plain(since.within(&periods)),
        words: format!("only rows whose {} is not older than {}", retention.since, words.join(" and ")),
        computes: false,
    }))
}

fn restriction(view: &View<'_>) -> Result<Option<Condition>, Refusal> {
    let sees_restricted = view.sight.purpose.basis.sees_restricted();
    let Some(subject) = view.subject.as_ref().filter(|_| !sees_restricted) else { return Ok(None) };
    let words = format!("only rows whose {} is not restricted (GDPR Art. 17, 18)", subject.kind.name);
    let computes = subject.kind.restricted_when.as_ref().is_some_and(|when| when.computes);
    Ok(subject.is_not_restricted()?.map(|test| Condition { test, words, computes }))
}

fn basis(view: &View<'_>) -> Result<Option<Condition>, Refusal> {
    let Some(subject) = &view.subject else { return Ok(None) };
    let (who, purpose) = (&subject.kind.name, view.sight.purpose);
    match purpose.basis {
        Basis::Consent => Ok(Some(match purpose.without_consent {
            WithoutConsent::Hide => Condition {
                test: subject.consents(purpose, Records::AnyChannel)?,
                words: format!("only rows whose {who} has a valid consent for {}", purpose.name),
                computes: false,
            },
            WithoutConsent::Mask => {
                Condition { test: subject.known(), words: format!("only rows that are about a {who}"), computes: false }
            }
        })),
        Basis::LegitimateInterests | Basis::PublicTask => {
            let words = format!("only rows whose {who} does not object to {}", purpose.name);
            let objects = subject.does_not_object(purpose, Records::WithoutChannel)?;
            Ok(objects.map(|test| Condition { test, words, computes: false }))
        }
        Basis::Contract | Basis::LegalObligation | Basis::VitalInterests => Ok(None),
    }
}

fn also_requires(view: &View<'_>, found: &mut Vec<Condition>) -> Result<(), Refusal> {
    let Some(subject) = &view.subject else { return Ok(()) };
    for name in &view.sight.role.also_requires {
        let purpose = policy_entry(&view.sight.policy.purposes, "purpose", name)?;
        found.push(Condition {
            test: subject.consents(purpose, Records::AnyChannel)?,
            words: format!("only rows whose {} has a valid consent for {name} too", subject.kind.name),
            computes: false,
        });
    }
    Ok(())
}
