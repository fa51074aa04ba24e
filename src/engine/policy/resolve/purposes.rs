//! `[purpose]`: why data may be used, on which legal basis, and what of it is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::super::mask;
use super::super::raw::{RawPurpose, Spanned};
use super::super::{Basis, Purpose, WithoutConsent};
use super::Resolver;

const BASES: [(&str, Basis); 6] = [
    ("consent", Basis::Consent),
    ("contract", Basis::Contract),
    ("legal_obligation", Basis::LegalObligation),
    ("vital_interests", Basis::VitalInterests),
    ("public_task", Basis::PublicTask),
    ("legitimate_interests", Basis::LegitimateInterests),
];

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    r.refuse_names_alike("purpose", r.raw().purpose.keys());
    for (name, raw) in &r.raw().purpose {
        if let Some(purpose) = purpose(r, name, raw.get_ref()) {
            r.policy.purposes.insert(name.get_ref().clone(), purpose);
        }
    }
}

fn purpose(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawPurpose) -> Option<Purpose> {
    let path = |key| ["purpose", name.get_ref().as_str(), key];
    let fix = "say in plain language what the data is used for: subjects and auditors read it";
    let description = r.required(&raw.description, &path("description"), name.span(), fix).cloned();
    if let Some(text) = description.as_ref().filter(|d| d.get_ref().trim().is_empty()) {
        r.error(text.span(), "the description is empty", fix);
    }
    let fix = "name the legal basis, for example basis = \"consent\"";
    let basis = r.required(&raw.basis, &path("basis"), name.span(), fix);
    let basis = basis.and_then(|b| r.word(b, "a legal basis", &BASES));
    let retention = raw.retention.as_ref().map(|p| r.period(p));
    let without_consent = without_consent(r, raw, basis);
    check_notices(r, raw, basis);
    let shows = shows(r, raw);
    let masks = masks(r, raw);
    Some(Purpose {
        name: name.get_ref().clone(),
        description: description?.get_ref().trim().to_owned(),
        basis: basis?,
        notices: raw.notices.as_ref().map(|n| n.get_ref().iter().map(|v| v.get_ref().clone()).collect()),
        // A faulty period is an error, so the policy never comes to be.
        retention: retention.flatten(),
        shows,
        masks,
        without_consent,
        dpv: raw.dpv.as_ref().map(|d| d.get_ref().clone()),
    })
}

fn without_consent(r: &mut Resolver<'_, '_>, raw: &RawPurpose, basis: Option<Basis>) -> WithoutConsent {
    let Some(text) = &raw.without_consent else { return WithoutConsent::default() };
    let words = [("hide", WithoutConsent::Hide), ("mask", WithoutConsent::Mask)];
    let chosen = r.word(text, "a treatment of rows without consent", &words);
    if let Some(basis) = basis.filter(|b| *b != Basis::Consent) {
        let message = format!("`without_consent` has no meaning under the basis {}", basis.as_str());
        r.error(text.span(), message, "remove it: only the basis consent asks for consent");
    }
    chosen.unwrap_or_default()
}

fn check_notices(r: &mut Resolver<'_, '_>, raw: &RawPurpose, basis: Option<Basis>) {
    let Some(notices) = &raw.notices else { return };
    if let Some(basis) = basis.filter(|b| *b != Basis::Consent) {
        let message = format!("`notices` has no meaning under the basis {}", basis.as_str());
        r.warning(notices.span(), message, "remove it: consent alone is given under a notice");
    }
    if notices.get_ref().is_empty() {
        r.error(notices.span(), "no notice is accepted, so no consent counts", "list the notices, or remove the key");
    }
}

fn shows(r: &mut Resolver<'_, '_>, raw: &RawPurpose) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for category in &raw.shows {
        r.knows_category(category);
        if !shown.insert(category.get_ref().clone()) {
            r.warning(category.span(), format!("`{}` is listed twice", category.get_ref()), "remove one of them");
        }
    }
    shown
}

fn masks(r: &mut Resolver<'_, '_>, raw: &RawPurpose) -> BTreeMap<String, super::super::Mask> {
    let mut masks = BTreeMap::new();
    for (category, written) in &raw.masks {
        r.knows_category(category);
        if let Some(shown) = raw.shows.iter().find(|s| s.get_ref() == category.get_ref()) {
            let message = format!("`{}` is both shown and masked", category.get_ref());
            r.error(category.span(), message, "keep it in `shows`, in clear, or in `masks`");
            r.problems.see_also(shown.span(), "shown here");
        }
        if let Some(mask) = mask::resolve(written, r.catalog, &mut r.problems) {
            masks.insert(category.get_ref().clone(), mask);
        }
    }
    masks
}
