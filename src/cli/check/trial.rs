//! Fragments of a policy, tried on PostgreSQL: prepared and never executed, so no row is read. Only PostgreSQL knows
//! whether a condition is boolean and a mask of its column's type.

use std::collections::HashMap;

use super::super::databases::Judged;
use crate::engine::catalog::{Catalog, ColumnType, Oid, Relation, quote_ident};
use crate::engine::policy::{ColumnUse, Mask, SqlFragment};

/// A statement that PostgreSQL must accept, and what it stands for.
struct Trial {
    what: String,
    sql: String,
}

/// What PostgreSQL does not accept, in words.
pub async fn faults(judged: &Judged) -> Vec<String> {
    let mut faults = Vec::new();
    for trial in trials(judged) {
        if let Err(error) = judged.client.prepare(&trial.sql).await {
            let reason = error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned());
            faults.push(format!("{}: {reason}", trial.what));
        }
    }
    faults
}

fn trials(judged: &Judged) -> Vec<Trial> {
    let policy = &judged.policy;
    let mut trials = Vec::new();
    let mut condition = |oid: Oid, fragment: &SqlFragment, what: String| {
        if let Some(relation) = judged.catalog.relation(oid) {
            trials.push(Trial { what: format!("{what} `{}`", fragment.text), sql: filtered(relation, fragment) });
        }
    };
    for subject in policy.subjects.values() {
        if let Some(fragment) = &subject.restricted_when {
            condition(subject.table, fragment, format!("`restricted_when` of subject `{}`", subject.name));
        }
    }
    for table in policy.tables.values() {
        if let Some(fragment) = &table.hold_when {
            condition(table.relation, fragment, format!("`hold_when` of {}", table.name));
        }
    }
    for role in policy.roles.values() {
        for (oid, fragment) in &role.rows {
            condition(*oid, fragment, format!("`rows` of role `{}`", role.name));
        }
    }
    trials.extend(masks(judged));
    trials
}

fn filtered(relation: &Relation, fragment: &SqlFragment) -> String {
    let condition = fragment.to_sql(|column| format!("t.{}", quote_ident(column)), "");
    format!("SELECT 1 FROM {} AS t WHERE {condition}", relation.name.to_sql())
}

/// Every mask that PostgreSQL has a say in (constants and SQL), over every column that it can stand in for.
fn masks(judged: &Judged) -> Vec<Trial> {
    let policy = &judged.policy;
    let mut by_category: HashMap<&str, Vec<&Mask>> = HashMap::new();
    policy.categories.values().for_each(|c| by_category.entry(&c.name).or_default().push(&c.mask));
    for (category, mask) in policy.purposes.values().flat_map(|p| &p.masks) {
        by_category.entry(category).or_default().push(mask);
    }
    let mut trials = Vec::new();
    for table in policy.tables.values() {
        let Some(relation) = judged.catalog.relation(table.relation) else { continue };
        for (name, usage) in &table.columns {
            let (ColumnUse::Category(category), Some(column)) = (usage, relation.column(name)) else { continue };
            for mask in by_category.get(category.as_str()).into_iter().flatten() {
                let Some(value) = value_of(mask, name, &column.ty, &judged.catalog) else { continue };
                let sql = format!("SELECT CAST({value} AS {}) FROM {} AS t", column.ty.sql, relation.name.to_sql());
                trials.push(Trial { what: format!("mask {} on {}.{name}", mask.describe(), table.name), sql });
            }
        }
    }
    trials
}

fn value_of(mask: &Mask, column: &str, ty: &ColumnType, catalog: &Catalog) -> Option<String> {
    match mask {
        Mask::Sql(fragment) => {
            Some(fragment.over(ty, catalog).ok()?.to_sql(quote_ident, &format!("t.{}", quote_ident(column))))
        }
        Mask::Constant(text) => Some(crate::engine::catalog::quote_literal(text)),
        Mask::Null
        | Mask::Redact
        | Mask::Email
        | Mask::KeepFirst(_)
        | Mask::KeepLast(_)
        | Mask::Pseudonym
        | Mask::Truncate(_)
        | Mask::Round(_)
        | Mask::Prefix(_) => None,
    }
}
