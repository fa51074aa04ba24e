//! What only the whole policy shows: purposes that no choice can serve, tables that nobody reaches, columns that look
//! personal and are not listed. Mostly warnings.

use super::super::super::catalog::{Oid, Relation};
use super::super::super::visible::is_date;
use super::super::raw::{RawPurpose, RawSubject, Spanned};
use super::super::{Basis, ColumnUse, ConsentSource, SubjectKind, TablePolicy, Unlisted, is_open, names};
use super::{Resolver, cascades, computed, is_system, open};

pub(super) fn run(r: &mut Resolver<'_, '_>) {
    for (name, raw) in &r.raw().purpose {
        choices(r, name, raw.get_ref());
        unused_purpose(r, name);
    }
    for name in r.raw().category.keys() {
        unused_category(r, name);
    }
    for name in r.raw().table.keys() {
        if let Some((relation, table)) = listed(r, name) {
            unreachable_table(r, name, &table);
            unlisted_columns(r, name, relation, &table);
            computed::run(r, name, relation, &table);
            cascades::run(r, name, relation, &table);
            stored_consent(r, name, &table);
            one_parent(r, name, relation);
            row_security(r, name, relation);
        }
    }
    unlisted_tables(r);
}

fn listed<'a>(r: &Resolver<'a, '_>, key: &Spanned<String>) -> Option<(&'a Relation, TablePolicy)> {
    let name = names::qualified(key.get_ref()).ok()?;
    let relation = r.catalog.relation_named(&name.schema, &name.name)?;
    Some((relation, r.policy.tables.get(&relation.oid)?.clone()))
}

/// Whether people's choices for this purpose can be read at all, and as finely as it asks.
fn choices(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawPurpose) {
    let Some(basis) = r.policy.purposes.get(name.get_ref()).map(|p| p.basis) else { return };
    let sources: Vec<ConsentSource> = r.policy.subjects.values().filter_map(|s| s.consent.clone()).collect();
    match basis {
        Basis::Consent => {
            if !r.raw().subject.keys().any(|kind| has_choices(r, kind.get_ref())) {
                let message =
                    format!("`{}` needs consent, but no subject says where consent is recorded", name.get_ref());
                let at = raw.basis.as_ref().map_or(name.span(), Spanned::span);
                r.error(at, message, "add [subject.X.consent], or choose another basis");
                return;
            }
            people_without_choices(r, name);
            purpose_columns(r, name, &sources);
            notices(r, raw, &sources);
        }
        Basis::LegitimateInterests | Basis::PublicTask => {
            if !r.raw().subject.values().any(|s| names_objections(s.get_ref())) && !objections_were_faulty(r) {
                let message = format!(
                    "nobody can object to `{}`: no consent table says which status is an objection",
                    name.get_ref()
                );
                let fix = "add objected = [\"…\"] to [subject.X.consent] (GDPR Art. 21)";
                r.warning(raw.basis.as_ref().map_or(name.span(), Spanned::span), message, fix);
                return;
            }
        }
        Basis::Contract | Basis::LegalObligation | Basis::VitalInterests => return,
    }
    channels(r, name, raw, &sources);
}

/// Whether the policy says where these people's choices are, faultily or not.
fn has_choices(r: &Resolver<'_, '_>, kind: &str) -> bool {
    r.raw().subject.get(kind).is_none_or(|raw| raw.get_ref().consent.is_some())
        || r.raw.was_faulty(&["subject", kind, "consent"])
}

fn names_objections(raw: &RawSubject) -> bool {
    raw.consent.as_ref().is_some_and(|c| !c.get_ref().objected.is_empty())
}

/// Whether what was faulty, and is not read, may have said which status is an objection.
fn objections_were_faulty(r: &Resolver<'_, '_>) -> bool {
    let on_the_way = |path: &Vec<String>| match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["subject"] | ["subject", _] | ["subject", _, "consent"] => true,
        ["subject", _, "consent", key, ..] => *key == "objected",
        _ => false,
    };
    r.raw.removed.iter().any(on_the_way)
}

fn people_without_choices(r: &mut Resolver<'_, '_>, purpose: &Spanned<String>) {
    let silent: Vec<SubjectKind> = r.policy.subjects.values().filter(|s| !has_choices(r, &s.name)).cloned().collect();
    for kind in silent {
        let whose = |t: &TablePolicy| t.subject.as_ref().is_some_and(|p| p.kind == kind.name);
        let reached = r.policy.tables.values().any(|t| whose(t) && reaches(r, purpose.get_ref(), t));
        if reached {
            let message =
                format!("no `{}` is ever there for `{}`: they have no consent table", kind.name, purpose.get_ref());
            r.warning(
                purpose.span(),
                message,
                format!("add [subject.{}.consent], if these people can consent", kind.name),
            );
        }
    }
}

/// A purpose column of an enum type must know the purpose, or nobody's consent to it can be on record.
fn purpose_columns(r: &mut Resolver<'_, '_>, purpose: &Spanned<String>, sources: &[ConsentSource]) {
    for source in sources {
        let column = r.catalog.relation(source.table).and_then(|t| t.column(&source.purpose));
        if let Some(column) = column {
            r.known_labels(column, std::iter::once(purpose));
        }
    }
}

fn notices(r: &mut Resolver<'_, '_>, raw: &RawPurpose, sources: &[ConsentSource]) {
    let Some(notices) = &raw.notices else { return };
    let (with, without): (Vec<_>, Vec<_>) = sources.iter().partition(|s| s.notice.is_some());
    for source in &with {
        let relation = r.catalog.relation(source.table);
        let column = relation.and_then(|t| t.column(source.notice.as_deref()?)).filter(|c| c.ty.base == "date");
        for notice in notices.get_ref().iter().filter(|n| column.is_some() && !is_date(n.get_ref())) {
            let message = format!("the notices of {} are dates and never `{}`", source.table_name, notice.get_ref());
            r.error(notice.span(), message, "write year, month and day, as in \"2024-05-31\"");
        }
    }
    for source in without {
        let message = format!("{} has no `notice` column, so no consent in it counts", source.table_name);
        let fix = "map `notice` in [subject.X.consent], or remove `notices`";
        // Where other people's notices are on record, this may be meant: these people never consented under one.
        if with.is_empty() { r.error(notices.span(), message, fix) } else { r.warning(notices.span(), message, fix) }
    }
}

fn channels(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawPurpose, sources: &[ConsentSource]) {
    let used: Vec<&Spanned<String>> = raw.shows.iter().chain(raw.masks.keys()).collect();
    for category in used {
        let channel = r.policy.categories.get(category.get_ref()).and_then(|c| c.channel);
        let Some(channel) = channel else { continue };
        for source in sources.iter().filter(|s| s.channel.is_none()) {
            let message = format!(
                "`{}` is limited to the channel {}, but {} has no `channel` column: a choice for `{}` counts for all channels",
                category.get_ref(),
                channel.as_str(),
                source.table_name,
                name.get_ref(),
            );
            r.warning(
                category.span(),
                message,
                "map `channel` in [subject.X.consent], or remove the category's channel",
            );
        }
    }
}

fn unused_purpose(r: &mut Resolver<'_, '_>, name: &Spanned<String>) {
    let n = name.get_ref();
    let by_role = r.policy.roles.values().any(|role| role.purposes.contains(n) || role.also_requires.contains(n));
    let stored = r.raw().table.values().any(|t| match t.get_ref().store_requires.as_ref().map(Spanned::get_ref) {
        Some(super::super::raw::RawStoreRequires::Table(required)) => required.purpose.get_ref() == n,
        Some(super::super::raw::RawStoreRequires::Word(_)) | None => false,
    });
    if !by_role && !stored && !r.raw.has_faults_in("role") {
        r.warning(name.span(), format!("no role has the purpose `{n}`"), "give it to a role, or remove it");
    }
}

fn unused_category(r: &mut Resolver<'_, '_>, name: &Spanned<String>) {
    let n = name.get_ref();
    let used =
        r.raw().table.values().any(|t| {
            t.get_ref().columns.as_ref().is_some_and(|c| c.get_ref().values().any(|usage| usage.get_ref() == n))
        });
    if !used {
        r.warning(
            name.span(),
            format!("no column is of the category `{n}`"),
            "tag the columns that hold it, or remove it",
        );
    }
}

/// Whether the purpose shows or masks any personal column of the table, as far as the purpose could be read.
fn reaches(r: &Resolver<'_, '_>, purpose: &str, table: &TablePolicy) -> bool {
    let faulty = |key| r.raw.was_faulty(&["purpose", purpose, key]);
    let Some(raw) = r.raw().purpose.get(purpose).map(Spanned::get_ref) else { return true };
    let used: Vec<&str> = raw.shows.iter().chain(raw.masks.keys()).map(|c| c.get_ref().as_str()).collect();
    faulty("shows")
        || faulty("masks")
        || table.columns.values().any(|usage| match usage {
            ColumnUse::Open => false,
            ColumnUse::Category(category) => used.contains(&category.as_str()),
        })
}

fn unreachable_table(r: &mut Resolver<'_, '_>, key: &Spanned<String>, table: &TablePolicy) {
    let personal = table.columns.values().any(|usage| *usage != ColumnUse::Open);
    let reached = r.raw().purpose.keys().any(|purpose| reaches(r, purpose.get_ref(), table));
    if personal && !reached {
        let message = format!("{} is reachable by no purpose: none shows or masks one of its categories", table.name);
        r.warning(
            key.span(),
            message,
            "add a category of it to a purpose's `shows` or `masks`, if someone is to read it",
        );
    }
}

fn stored_consent(r: &mut Resolver<'_, '_>, key: &Spanned<String>, table: &TablePolicy) {
    let Some(path) = table.subject.as_ref().filter(|_| table.store_requires.is_some()) else { return };
    if !has_choices(r, &path.kind) {
        let message = format!("storing in {} requires consent, but no `{}` has a consent table", table.name, path.kind);
        r.error(key.span(), message, format!("add [subject.{}.consent], or remove `store_requires`", path.kind));
    }
}

/// Whose rules hold for a child of two protected tables nobody has said.
fn one_parent(r: &mut Resolver<'_, '_>, key: &Spanned<String>, relation: &Relation) {
    for child in r.catalog.family(relation.oid) {
        let ancestry = r.catalog.ancestry(child.oid);
        let other = ancestry.iter().find(|oid| **oid != relation.oid && r.policy.tables.contains_key(*oid));
        if let Some(other) = other.and_then(|oid| r.catalog.relation(*oid)) {
            let message = format!("{} inherits from {} and {}, both protected", child.name, relation.name, other.name);
            r.error(key.span(), message, "let it inherit from one of them, or protect one of them only");
        }
        let mut parents = child.parents.iter().filter_map(|oid| r.catalog.relation(*oid));
        if let Some(open) = parents.find(|parent| !open::is_protected(r, parent)) {
            let message = format!("{} inherits from {} too, which is not protected", child.name, open.name);
            let fix = format!("nobody reads {} with it: let it inherit from {} only", open.name, relation.name);
            r.warning(key.span(), message, fix);
        }
    }
}

/// PostgreSQL's own policies are tested before consent is.
fn row_security(r: &mut Resolver<'_, '_>, key: &Spanned<String>, relation: &Relation) {
    if relation.row_security {
        let message = format!(
            "{} has row-level security in PostgreSQL: its policies run on rows that are hidden here, and their errors tell of them",
            relation.name
        );
        r.warning(key.span(), message, "disable it for the upstream role, or see that no policy can fail");
    }
}

fn unlisted_columns(r: &mut Resolver<'_, '_>, key: &Spanned<String>, relation: &Relation, table: &TablePolicy) {
    let unlisted = relation.columns.iter().filter(|c| !table.columns.contains_key(&c.name));
    let personal: Vec<String> = unlisted.filter(|c| looks_personal(&c.name)).map(|c| format!("`{}`", c.name)).collect();
    if !personal.is_empty() {
        let message = format!("unlisted columns of {} look personal: {}", relation.name, personal.join(", "));
        r.warning(key.span(), message, "they are never shown (null); give them a category if someone is to see them");
    }
}

/// With `unlisted_tables = "open"` whatever nobody thought of is in the open.
fn unlisted_tables(r: &mut Resolver<'_, '_>) {
    let Some(setting) = r.raw().unlisted_tables.as_ref().filter(|_| r.policy.unlisted_tables == Unlisted::Open) else {
        return;
    };
    let unlisted: Vec<(String, Vec<String>)> = r
        .catalog
        .relations()
        .filter(|t| !is_system(t) && t.definition.is_none() && t.parents.is_empty())
        .filter(|t| is_open(r.catalog, &r.policy, t) && !open::is_protected(r, t))
        .filter(|t| !r.policy.open.contains(&t.oid) && !is_consent(r, t.oid))
        .map(|t| (t.name.to_string(), t.columns.iter().map(|c| c.name.clone()).filter(|c| looks_personal(c)).collect()))
        .filter(|(_, columns): &(String, Vec<String>)| !columns.is_empty())
        .collect();
    for (table, columns) in unlisted {
        let message = format!("{table} is open because it is not listed, and looks personal: {}", columns.join(", "));
        r.warning(setting.span(), message, format!("protect it as [table.\"{table}\"], or list it as open"));
    }
}

fn is_consent(r: &Resolver<'_, '_>, oid: Oid) -> bool {
    r.policy.subjects.values().any(|s| s.consent.as_ref().is_some_and(|c| c.table == oid))
}

/// Words in column names that mostly hold personal data, in the languages that schemas are written in around here.
fn looks_personal(column: &str) -> bool {
    const WORDS: &[&str] = &[
        "email",
        "mail",
        "phone",
        "mobile",
        "tel",
        "telephone",
        "fax",
        "birth",
        "birthday",
        "birthdate",
        "dob",
        "age",
        "ssn",
        "nif",
        "nie",
        "dni",
        "passport",
        "iban",
        "bic",
        "card",
        "last4",
        "pan",
        "account",
        "address",
        "addr",
        "street",
        "line1",
        "line2",
        "postcode",
        "zip",
        "city",
        "name",
        "firstname",
        "lastname",
        "surname",
        "fullname",
        "forename",
        "nickname",
        "username",
        "login",
        "ip",
        "gender",
        "sex",
        "religion",
        "ethnicity",
        "health",
        "diagnosis",
        "salary",
        "income",
        "lat",
        "lon",
        "latitude",
        "longitude",
        "geo",
        "location",
        "photo",
        "avatar",
        "signature",
        "note",
        "notes",
        "comment",
        "comments",
        "body",
        "message",
        "password",
        "secret",
    ];
    let words: Vec<&str> = column.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let id = words.last().is_some_and(|last| last.eq_ignore_ascii_case("id"));
    !id && words.iter().any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
}
