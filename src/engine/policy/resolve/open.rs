//! `open` and `unlisted_tables`: what holds no personal data, and what happens to tables that nobody thought of.

use super::super::super::catalog::{Relation, RelationKind};
use super::super::raw::Spanned;
use super::super::{Unlisted, names, protecting_ancestor};
use super::{Resolver, is_system, tables};

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    if let Some(text) = &r.raw().unlisted_tables {
        let words = [("refuse", Unlisted::Refuse), ("open", Unlisted::Open)];
        r.policy.unlisted_tables = r.word(text, "a treatment of unlisted tables", &words).unwrap_or_default();
    }
    for entry in &r.raw().open {
        match entry.get_ref().trim().strip_suffix(".*") {
            Some(schema) => open_schema(r, entry, schema),
            None => open_table(r, entry),
        }
    }
}

fn open_schema(r: &mut Resolver<'_, '_>, entry: &Spanned<String>, schema: &str) {
    let schema = match names::single(schema) {
        Ok(schema) => schema,
        Err(what) => return r.bad_name(entry, &what),
    };
    let members: Vec<&Relation> = r.catalog.relations().filter(|t| t.name.schema == schema).collect();
    if !r.catalog.has_schema(&schema) {
        r.error(
            entry.span(),
            format!("there is no schema `{schema}` in the database"),
            "correct the name, or remove it",
        );
    } else if members.is_empty() {
        r.warning(
            entry.span(),
            format!("the schema `{schema}` is empty"),
            "remove the entry, or leave it for tables to come",
        );
    } else if members.iter().any(|t| is_system(t)) {
        r.error(
            entry.span(),
            format!("`{schema}` belongs to PostgreSQL"),
            "remove it: the proxy guards the catalogs itself",
        );
    }
    let open = members.into_iter().filter(|t| holds_rows(t) && !is_protected(r, t)).map(|t| t.oid);
    let open: Vec<_> = open.collect();
    r.policy.open.extend(open);
    r.policy.open_schemas.insert(schema);
}

fn open_table(r: &mut Resolver<'_, '_>, entry: &Spanned<String>) {
    let Some(relation) = r.relation(entry) else { return };
    if relation.kind == RelationKind::View {
        let fix = "remove it: a view shows what its definition says over visible tables";
        return r.warning(entry.span(), format!("{} is a view, and needs no listing", relation.name), fix);
    }
    if is_system(relation) {
        let fix = "remove it: the proxy guards the catalogs itself";
        return r.error(entry.span(), format!("{} belongs to PostgreSQL", relation.name), fix);
    }
    if let Some(protected) = r.policy.tables.get(&relation.oid).map(|t| t.name.clone()) {
        r.error(
            entry.span(),
            format!("{protected} is both open and protected"),
            "remove it here, or its [table] entry",
        );
        let listed = r.raw().table.keys().find(|k| names::qualified(k.get_ref()).is_ok_and(|n| n == protected));
        if let Some(listed) = listed {
            r.problems.see_also(listed.span(), "protected here");
        }
        return;
    }
    let of_people = r
        .policy
        .subjects
        .values()
        .find(|s| s.table == relation.oid || s.consent.as_ref().is_some_and(|c| c.table == relation.oid));
    if let Some(kind) = of_people.map(|s| s.name.clone()) {
        let message = format!("{} says who each `{kind}` is or what they chose, and is open", relation.name);
        let fix =
            format!("protect it as [table.\"{}\"]: open tables are shown whole, for every purpose", relation.name);
        r.warning(entry.span(), message, fix);
    }
    if tables::no_child(r, relation, entry).is_some() && !r.policy.open.insert(relation.oid) {
        r.warning(entry.span(), format!("{} is open already", relation.name), "remove one of the entries");
    }
}

fn holds_rows(relation: &Relation) -> bool {
    match relation.kind {
        RelationKind::Table
        | RelationKind::PartitionedTable
        | RelationKind::MaterializedView
        | RelationKind::ForeignTable
        | RelationKind::Sequence => true,
        RelationKind::View | RelationKind::Composite => false,
    }
}

/// Protected by name, or as a part of a protected table.
pub(super) fn is_protected(r: &Resolver<'_, '_>, relation: &Relation) -> bool {
    protecting_ancestor(r.catalog, &r.policy, relation.oid).is_some()
}
