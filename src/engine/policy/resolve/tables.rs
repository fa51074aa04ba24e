//! `[table]`: protected tables, their columns' categories, whose their rows are, and how long they may be used.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::catalog::{Column, ColumnType, Relation, RelationKind};
use super::super::super::visible::{Fate, fate, mask_fits};
use super::super::erasing::is_personal;
use super::super::raw::{RawRetention, RawStoreRequires, RawTable, Spanned};
use super::super::{Basis, ColumnUse, Erase, Mask, Retention, StoreRequires, TablePolicy, names};
use super::{Resolver, Trial, is_system, kind_in_words, path};

pub(super) const MASK_FIX: &str = "give this column a category of its own, or the category another mask";

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    for (name, raw) in &r.raw().table {
        let Some(relation) = protectable(r, name) else { continue };
        let table = table(r, name, raw.get_ref(), relation);
        if r.policy.tables.insert(relation.oid, table).is_some() {
            listed_twice(r, name, relation);
        }
    }
}

/// Consent tables that no `[table]` is about: whoever may write one finds its rows by what the choices are read by.
pub(super) fn records(r: &mut Resolver<'_, '_>) {
    for source in r.policy.subjects.values().filter_map(|kind| kind.consent.as_ref()) {
        if r.policy.tables.contains_key(&source.table) {
            continue;
        }
        let entry = r.policy.records.entry(source.table).or_insert_with(|| TablePolicy {
            relation: source.table,
            name: source.table_name.clone(),
            subject: None,
            retention: None,
            columns: BTreeMap::new(),
            store_requires: None,
            hold_when: None,
            erase: Erase::default(),
            record_subjects: false,
        });
        entry.columns.extend(source.columns().map(|column| (column.to_owned(), ColumnUse::Open)));
    }
}

/// Two spellings of one name (`public.t` and `t`) are two keys of the file.
fn listed_twice(r: &mut Resolver<'_, '_>, name: &Spanned<String>, relation: &Relation) {
    let message = format!("{} is listed twice", relation.name);
    r.error(name.span(), message, "keep one of the two definitions");
    let same = |k: &&Spanned<String>| names::qualified(k.get_ref()).is_ok_and(|n| n == relation.name);
    if let Some(first) = r.raw().table.keys().find(|k| k.span() != name.span() && same(k)) {
        r.problems.see_also(first.span(), "also listed here");
    }
}

/// The relation of this name, if a policy can protect it.
fn protectable<'a>(r: &mut Resolver<'a, '_>, name: &Spanned<String>) -> Option<&'a Relation> {
    let relation = r.relation(name)?;
    let what = format!("{} is {}", relation.name, kind_in_words(relation.kind));
    if is_system(relation) {
        r.error(
            name.span(),
            format!("{} belongs to PostgreSQL", relation.name),
            "remove it: the proxy guards the catalogs itself",
        );
        return None;
    }
    match relation.kind {
        RelationKind::View => {
            let fix = "remove it: a view shows what its definition says over visible tables, and needs no listing";
            r.error(name.span(), what, fix);
            None
        }
        RelationKind::Sequence | RelationKind::Composite => {
            r.error(name.span(), what, "remove it: only tables have columns to protect (a sequence may be `open`)");
            None
        }
        RelationKind::Table
        | RelationKind::PartitionedTable
        | RelationKind::MaterializedView
        | RelationKind::ForeignTable => no_child(r, relation, name),
    }
}

/// Partitions and inheritance children are their parent's, and covered with it.
pub(super) fn no_child<'a>(
    r: &mut Resolver<'_, '_>,
    relation: &'a Relation,
    name: &Spanned<String>,
) -> Option<&'a Relation> {
    let mut top = relation;
    while let Some(parent) = top.parents.first().and_then(|oid| r.catalog.relation(*oid)) {
        top = parent;
    }
    if top.oid == relation.oid {
        return Some(relation);
    }
    let message = format!("{} is a partition or child of {}", relation.name, top.name);
    r.error(name.span(), message, format!("list \"{}\": its partitions and children are covered with it", top.name));
    None
}

fn table(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &RawTable, relation: &Relation) -> TablePolicy {
    let key = name.get_ref().as_str();
    let fix = "list the columns with their categories, for example columns = { id = \"open\", email = \"email\" }";
    let columns = r.required(&raw.columns, &["table", key, "columns"], name.span(), fix);
    let columns = columns.map(|c| self::columns(r, relation, c.get_ref())).unwrap_or_default();
    let subject = path::resolve(r, relation.oid, raw);
    let erase = raw.erase.as_ref().and_then(|e| erase(r, relation, e, &columns)).unwrap_or_default();
    let is_nobodys = raw.subject.is_none() && !r.raw.was_faulty(&["table", key, "subject"]);
    let store_requires = raw.store_requires.as_ref().and_then(|s| store_requires(r, s, is_nobodys));
    if let Some(record) = raw.record_subjects.as_ref().filter(|s| *s.get_ref() && is_nobodys) {
        r.error(
            record.span(),
            "rows without `subject` have no keys to record",
            "name the table's `subject`, or remove this",
        );
    }
    TablePolicy {
        relation: relation.oid,
        name: relation.name.clone(),
        subject,
        retention: raw.retention.as_ref().and_then(|t| retention(r, name, relation, t)),
        columns,
        store_requires,
        hold_when: raw.hold_when.as_ref().and_then(|text| r.condition(text, relation)),
        erase,
        record_subjects: raw.record_subjects.as_ref().is_some_and(|s| *s.get_ref()),
    }
}

fn columns(
    r: &mut Resolver<'_, '_>,
    relation: &Relation,
    raw: &BTreeMap<Spanned<String>, Spanned<String>>,
) -> BTreeMap<String, ColumnUse> {
    let mut columns = BTreeMap::new();
    for (name, usage) in raw {
        let Some(column) = r.column(relation, name) else { continue };
        let usage = if usage.get_ref() == "open" {
            ColumnUse::Open
        } else {
            if r.knows_category(usage) {
                check_masks(r, relation, column, usage);
            }
            ColumnUse::Category(usage.get_ref().clone())
        };
        if columns.insert(column.name.clone(), usage).is_some() {
            let message = format!("the column `{}` is listed twice", column.name);
            r.error(name.span(), message, "keep one of the two entries");
        }
    }
    columns
}

/// Every mask that the column's category can get, its own and the purposes', must fit the column's type.
fn check_masks(r: &mut Resolver<'_, '_>, relation: &Relation, column: &Column, category: &Spanned<String>) {
    let (name, ty) = (category.get_ref(), &column.ty.sql);
    let own = r.policy.categories.get(name).map(|c| (c.mask.clone(), format!("of the category `{name}`")));
    let purposes = r.policy.purposes.values().filter_map(|p| {
        p.masks.get(name).map(|mask| (mask.clone(), format!("for `{name}` under the purpose `{}`", p.name)))
    });
    let all: Vec<(Mask, String)> = own.into_iter().chain(purposes).collect();
    let mut misfits = BTreeSet::new();
    for (mask, whose) in all {
        let message = format!("the mask `{}` {whose} does not fit `{}` of type {ty}", mask.describe(), column.name);
        match misfit(r, &mask, &column.ty) {
            Some(why) => _ = misfits.insert((why, message)),
            None => {
                r.trials.extend(Trial::mask(&mask, message, relation, column, r.catalog, category.span()));
                domain(r, &mask, &whose, column, category);
            }
        }
    }
    for (why, message) in misfits {
        r.error(category.span(), format!("{message}: {why}"), MASK_FIX);
    }
}

/// Of a column of a domain a masked cell is null where the domain does not take what the mask makes.
fn domain(r: &mut Resolver<'_, '_>, mask: &Mask, whose: &str, column: &Column, category: &Spanned<String>) {
    let (name, ty, mask_words) = (&column.name, &column.ty.sql, mask.describe());
    match fate(r.catalog, mask, &column.ty) {
        Fate::AsMask => {}
        Fate::Null(why) => {
            let message = format!("the mask `{mask_words}` {whose} shows null in `{name}` of type {ty}: {why}");
            r.warning(category.span(), message, MASK_FIX);
        }
        Fate::NullUnless(condition) => {
            let why = "its domain does not take what it makes";
            let message = format!("the mask `{mask_words}` {whose} shows null in `{name}` of type {ty}: {why}");
            r.trials.push(Trial::asked(&condition, message, category.span()));
        }
    }
}

/// Why the mask cannot stand in for a value of the type; `None` when it can.
fn misfit(r: &Resolver<'_, '_>, mask: &Mask, ty: &ColumnType) -> Option<String> {
    if let Err(why) = mask_fits(mask, ty) {
        return Some(why.into());
    }
    if let Mask::Sql(sql) = mask
        && let Err(why) = sql.over(ty, r.catalog)
    {
        return Some(why);
    }
    match (mask, r.labels(ty)) {
        (Mask::Constant(text), Some(labels)) if !labels.contains(text) => {
            Some(format!("its values are {}", labels.join(", ")))
        }
        _ => None,
    }
}

fn retention(
    r: &mut Resolver<'_, '_>,
    name: &Spanned<String>,
    relation: &Relation,
    raw: &Spanned<RawRetention>,
) -> Option<Retention> {
    let path = |key| ["table", name.get_ref().as_str(), "retention", key];
    let fix = "write retention = { since = \"updated_at\", keep = \"5 years\" }";
    let since = r.required(&raw.get_ref().since, &path("since"), raw.span(), fix);
    let keep = r.required(&raw.get_ref().keep, &path("keep"), raw.span(), fix);
    let since = since.and_then(|s| r.time_column(relation, s));
    let keep = keep.and_then(|k| r.period(k));
    Some(Retention { since: since?, keep: keep? })
}

fn erase(
    r: &mut Resolver<'_, '_>,
    relation: &Relation,
    raw: &Spanned<String>,
    columns: &BTreeMap<String, ColumnUse>,
) -> Option<Erase> {
    let erase = r.word(raw, "a way to erase", &[("delete", Erase::Delete), ("null", Erase::Null)])?;
    if erase == Erase::Delete {
        return Some(erase);
    }
    let mut personal = relation.columns.iter().filter(|c| is_personal(columns, c)).peekable();
    if personal.peek().is_none() {
        let message = format!("no column of {} is personal, so nobody's row could be erased", relation.name);
        r.error(raw.span(), message, "use erase = \"delete\", or give one a category");
    } else if let Some(column) = personal.find(|c| c.not_null && !c.has_default) {
        let message = format!("`{}` is personal, NOT NULL and without a default, so it cannot be emptied", column.name);
        let fix = "use erase = \"delete\", drop the column's NOT NULL, or give it a constant default";
        r.error(raw.span(), message, fix);
    }
    Some(erase)
}

fn store_requires(
    r: &mut Resolver<'_, '_>,
    raw: &Spanned<RawStoreRequires>,
    is_nobodys: bool,
) -> Option<StoreRequires> {
    if is_nobodys {
        let fix = "name the table's `subject`, or remove this";
        r.error(raw.span(), "rows without `subject` are nobody's, so nobody can consent to them", fix);
    }
    match raw.get_ref() {
        RawStoreRequires::Word(word) if word == "consent" => Some(StoreRequires::SessionPurpose),
        RawStoreRequires::Word(word) => {
            let fix = "write store_requires = \"consent\" or store_requires = { purpose = \"…\" }";
            r.error(raw.span(), format!("`{word}` is not something that storing can require"), fix);
            None
        }
        RawStoreRequires::Table(required) => {
            let purpose = &required.purpose;
            consent_purpose(r, purpose).then(|| StoreRequires::Purpose(purpose.get_ref().clone()))
        }
    }
}

/// Whether this is a purpose that people consent to.
pub(super) fn consent_purpose(r: &mut Resolver<'_, '_>, name: &Spanned<String>) -> bool {
    if !r.knows_purpose(name) {
        return false;
    }
    match r.policy.purposes.get(name.get_ref()).map(|p| p.basis) {
        Some(Basis::Consent) | None => true,
        Some(other) => {
            let message = format!("the purpose `{}` has the basis {}, not consent", name.get_ref(), other.as_str());
            r.error(name.span(), message, "name a purpose with the basis consent");
            false
        }
    }
}
