//! `[role]`: who may use which purposes, and do what besides reading.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::super::allow::{self, ExtensionFunction};
use super::super::super::catalog::{Function, Oid, QualifiedName};
use super::super::raw::{RawRole, Spanned};
use super::super::{Basis, Purpose, Right, Role, SqlFragment, Trusted, WithoutConsent, names};
use super::{Resolver, did_you_mean, tables};

const RIGHTS: [(&str, Right); 11] = [
    ("read", Right::Read),
    ("insert", Right::Insert),
    ("update", Right::Update),
    ("delete", Right::Delete),
    ("truncate", Right::Truncate),
    ("copy_in", Right::CopyIn),
    ("explain", Right::Explain),
    ("derive", Right::Derive),
    ("ddl", Right::Ddl),
    ("call", Right::Call),
    ("record_consent", Right::RecordConsent),
];

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    r.refuse_names_alike("role", r.raw().role.keys());
    for (name, raw) in &r.raw().role {
        let role = role(r, name, raw.get_ref());
        r.policy.roles.insert(name.get_ref().clone(), role);
    }
}

fn role(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawRole) -> Role {
    let unrestricted = raw.unrestricted.as_ref().is_some_and(|u| *u.get_ref());
    if unrestricted {
        check_unrestricted(r, raw);
    } else if raw.purposes.is_empty() && !r.raw.was_faulty(&["role", name.get_ref(), "purposes"]) {
        let message = format!("the role `{}` has no purpose", name.get_ref());
        r.error(name.span(), message, "list its purposes, the default first, for example purposes = [\"service\"]");
    }
    let functions = functions(r, raw);
    if !unrestricted {
        casts(r, name, &functions);
    }
    Role {
        name: name.get_ref().clone(),
        purposes: purposes(r, &raw.purposes),
        may: rights(r, raw),
        functions,
        extensions: extensions(r, raw),
        rows: rows(r, raw),
        recipient: recipient(r, raw),
        also_requires: also_requires(r, raw),
        unrestricted,
        reason_required: raw.reason_required.as_ref().is_some_and(|u| *u.get_ref()),
    }
}

/// What PostgreSQL casts by itself it may cast in any statement.
fn casts(r: &mut Resolver<'_, '_>, name: &Spanned<String>, functions: &Trusted) {
    for cast in r.catalog.casts_anywhere() {
        let Some(function) = cast.function.as_ref().filter(|f| !functions.contains(f)) else { continue };
        let (source, target) = (&cast.source.name, &cast.target.name);
        let message = format!(
            "PostgreSQL casts {source} to {target} with {function} where no cast is written, and `{}` does not list it",
            name.get_ref()
        );
        r.error(name.span(), message, "list it in `functions`, or have the cast applied where it is written only");
    }
}

fn check_unrestricted(r: &mut Resolver<'_, '_>, raw: &RawRole) {
    let fix =
        "remove it, or `unrestricted`: an unrestricted role sees stored tables and may do what the upstream role may";
    if let Some((table, _)) = raw.rows.first_key_value() {
        r.error(table.span(), "`rows` does not bind an unrestricted role", fix);
    }
    if let Some(purpose) = raw.also_requires.first() {
        r.error(purpose.span(), "`also_requires` does not bind an unrestricted role", fix);
    }
    if let Some(may) = &raw.may {
        r.warning(may.span(), "`may` does not bind an unrestricted role", fix);
    }
    if let Some(purpose) = raw.purposes.first() {
        let message = "purposes do not bind an unrestricted role: they only stand in the record";
        r.warning(purpose.span(), message, "remove them if the record need not say why");
    }
}

fn purposes(r: &mut Resolver<'_, '_>, raw: &[Spanned<String>]) -> Vec<String> {
    let mut purposes: Vec<String> = Vec::new();
    for purpose in raw {
        r.knows_purpose(purpose);
        if purposes.contains(purpose.get_ref()) {
            r.warning(purpose.span(), format!("`{}` is listed twice", purpose.get_ref()), "remove one of them");
        } else {
            purposes.push(purpose.get_ref().clone());
        }
    }
    purposes
}

fn rights(r: &mut Resolver<'_, '_>, raw: &RawRole) -> BTreeSet<Right> {
    match &raw.may {
        None => BTreeSet::from([Right::Read]),
        Some(may) => may.get_ref().iter().filter_map(|right| r.word(right, "a right", &RIGHTS)).collect(),
    }
}

fn functions(r: &mut Resolver<'_, '_>, raw: &RawRole) -> Trusted {
    let mut found = Trusted::default();
    for entry in &raw.functions {
        if let Some(schema) = entry.get_ref().trim().strip_suffix(".*") {
            found.schemas.extend(functions_of(r, entry, schema));
            continue;
        }
        match names::qualified(entry.get_ref()) {
            Err(what) => r.bad_name(entry, &what),
            Ok(name) => {
                function(r, entry, &name);
                found.names.insert(name);
            }
        }
    }
    found
}

/// `schema.*`: all its functions.
fn functions_of(r: &mut Resolver<'_, '_>, entry: &Spanned<String>, schema: &str) -> Option<String> {
    let schema = names::single(schema).map_err(|what| r.bad_name(entry, &what)).ok()?;
    if matches!(schema.as_str(), "pg_catalog" | "information_schema") {
        let fix = "remove it: the proxy has a reviewed list of built-in functions";
        r.error(entry.span(), format!("`{schema}` is built in"), fix);
        return None;
    }
    if !r.catalog.has_schema(&schema) {
        let fix = "correct the name, or remove it";
        r.error(entry.span(), format!("there is no schema `{schema}` in the database"), fix);
        return None;
    }
    let message =
        format!("all functions of `{schema}`, and those that it will have, see stored tables, not visible ones");
    let fix = "it is a decision to trust whoever may create functions there: better list them one by one";
    r.warning(entry.span(), message, fix);
    Some(schema)
}

fn function(r: &mut Resolver<'_, '_>, entry: &Spanned<String>, name: &QualifiedName) {
    let own = || r.catalog.functions_named(&name.name).any(|f| f.name == *name);
    if name.schema == "pg_catalog" && !own() {
        let fix = "remove it: the proxy has a reviewed list of built-in functions";
        return r.error(entry.span(), format!("`{name}` is built in"), fix);
    }
    let catalog = r.catalog;
    let Some(found) = catalog.functions_named(&name.name).find(|f| f.name == *name) else {
        let known = catalog.data().functions.iter().map(|f| f.name.to_string());
        let fix =
            did_you_mean(&name.to_string(), known).unwrap_or_else(|| "correct the name, or create it first".into());
        return r.error(entry.span(), format!("there is no function `{name}` in the database"), fix);
    };
    let of_extension = found.extension.as_deref().map(|e| (e, allow::extension_function(e, &name.name)));
    if let Some((_, ExtensionFunction::Withheld(why))) = of_extension {
        let fix = "listing a function is a decision to trust it: see that this role may do all of that";
        return r.warning(entry.span(), format!("`{name}` is not about visible tables: it {why}"), fix);
    }
    if let Some((extension, _)) = of_extension {
        let message = format!("`{name}` belongs to the extension `{extension}`");
        return r.warning(entry.span(), message, format!("write extensions = [\"{extension}\"] to allow all of it"));
    }
    let message = format!("`{name}` sees stored tables, not visible ones");
    r.warning(
        entry.span(),
        message,
        "listing a function is a decision to trust it: review its body, and who may replace it",
    );
}

fn extensions(r: &mut Resolver<'_, '_>, raw: &RawRole) -> BTreeSet<String> {
    for extension in &raw.extensions {
        let installed = &r.catalog.data().extensions;
        if !installed.contains_key(extension.get_ref()) {
            let name = extension.get_ref();
            let fix = did_you_mean(name, installed.keys().cloned())
                .unwrap_or_else(|| format!("remove it, or have it installed: CREATE EXTENSION {name}"));
            r.error(extension.span(), format!("the extension `{name}` is not installed"), fix);
        } else {
            brought(r, extension);
        }
    }
    raw.extensions.iter().map(|e| e.get_ref().clone()).collect()
}

/// What listing an extension lets a role call: all of what nobody has reviewed, or nothing at all, is worth a word.
fn brought(r: &mut Resolver<'_, '_>, extension: &Spanned<String>) {
    let name = extension.get_ref();
    let functions = r.catalog.data().functions.iter().filter(|f| f.extension.as_ref() == Some(name));
    let classed: Vec<_> = functions.map(|f| (f, allow::extension_function(name, &f.name.name))).collect();
    let withheld = classed.iter().find_map(|(_, class)| match class {
        ExtensionFunction::Withheld(why) => Some(*why),
        _ => None,
    });
    if classed.iter().any(|(_, class)| *class == ExtensionFunction::Unreviewed) {
        let by_text: BTreeSet<_> = classed.iter().map(|(f, _)| f).filter(|f| takes_text(f)).map(|f| &f.name).collect();
        let named: Vec<_> = by_text.iter().take(MOST_NAMED).map(|f| format!("`{f}`")).collect();
        let more = if by_text.len() > named.len() { ", …" } else { "" };
        let of_these = match named.is_empty() {
            true => String::new(),
            false => format!(" ({} take text or names: {}{more})", by_text.len(), named.join(", ")),
        };
        let message =
            format!("the functions of `{name}` were not reviewed: all {} are trusted{of_these}", classed.len());
        let fix = "see that none runs SQL text, reads tables or files, or tells of other sessions; else list single ones in functions";
        r.warning(extension.span(), message, fix);
    } else if let (Some(why), false) = (withheld, classed.iter().any(|(_, c)| *c == ExtensionFunction::Pure)) {
        let message = format!("no function of `{name}` may be called because it is listed here: each {why}");
        r.warning(
            extension.span(),
            message,
            "remove it, and list in functions the ones that this role is trusted with",
        );
    }
}

/// How many functions a warning names.
const MOST_NAMED: usize = 8;

/// Whether a function takes what could be SQL, or the name of something.
fn takes_text(function: &Function) -> bool {
    let words = ["text", "varying", "character", "name", "cstring", "regclass", "oid", "refcursor", "json", "jsonb"];
    function.arguments.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| words.contains(&word))
}

fn rows(r: &mut Resolver<'_, '_>, raw: &RawRole) -> HashMap<Oid, SqlFragment> {
    let mut rows = HashMap::new();
    for (table, filter) in &raw.rows {
        let Some(relation) = r.relation(table) else {
            r.condition_somewhere(filter);
            continue;
        };
        let listed = |key: &Spanned<String>| names::qualified(key.get_ref()).is_ok_and(|n| n == relation.name);
        if !r.raw().table.keys().any(listed) && !r.table_was_faulty(&relation.name) {
            let message = format!("{} is not a protected table, so its rows are not filtered", relation.name);
            let fix = format!("list it as [table.\"{}\"], or remove the filter", relation.name);
            r.error(table.span(), message, fix);
        }
        if let Some(condition) = r.condition(filter, relation) {
            rows.insert(relation.oid, condition);
        }
    }
    rows
}

fn recipient(r: &mut Resolver<'_, '_>, raw: &RawRole) -> Option<String> {
    let recipient = raw.recipient.as_ref()?;
    if recipient.get_ref().trim().is_empty() {
        r.error(recipient.span(), "the recipient is empty", "name the organisation, or remove the key");
    }
    Some(recipient.get_ref().clone())
}

fn also_requires(r: &mut Resolver<'_, '_>, raw: &RawRole) -> Vec<String> {
    for purpose in &raw.also_requires {
        let known = r.raw().purpose.keys().map(|k| k.get_ref().clone());
        let declared = r.raw().purpose.contains_key(purpose.get_ref().as_str());
        if declared || did_you_mean(purpose.get_ref(), known).is_some() {
            tables::consent_purpose(r, purpose);
        } else if !r.raw.was_faulty(&["purpose", purpose.get_ref()]) {
            only_consented_to(r, purpose);
        }
    }
    raw.also_requires.iter().map(|p| p.get_ref().clone()).collect()
}

/// A purpose that nobody uses data for, but that people consent to: it need not be declared, as no notice limits it.
fn only_consented_to(r: &mut Resolver<'_, '_>, name: &Spanned<String>) {
    let n = name.get_ref();
    let message = format!("`{n}` is not declared as a purpose, so consent to it counts under any notice");
    let fix = format!("declare it with [purpose.{n}], to say what people are told and which notices count");
    r.warning(name.span(), message, fix);
    let purpose = Purpose {
        name: n.clone(),
        description: format!("What people consent to as \"{n}\""),
        basis: Basis::Consent,
        notices: None,
        retention: None,
        shows: BTreeSet::new(),
        masks: BTreeMap::new(),
        without_consent: WithoutConsent::Hide,
        dpv: None,
    };
    r.policy.purposes.entry(n.clone()).or_insert(purpose);
}
