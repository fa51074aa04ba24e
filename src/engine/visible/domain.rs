//! Masked values of a domain: the value where the domain takes it, else null. A plain cast would raise an error.

use crate::engine::catalog::{Catalog, Column, ColumnType, QualifiedName, Relation, RelationKind};
use crate::engine::policy::SqlFragment;

use super::masks::null_of;
use super::numbers;
use super::sql::type_sql;

/// `value` as the domain `ty`, or null where its checks reject it. `None`: the domain's checks are not known.
pub fn checked(catalog: &Catalog, ty: &ColumnType, value: &str) -> Option<String> {
    let domain = catalog.data().types.iter().find(|t| t.oid == ty.oid && t.kind == 'd')?;
    let value = format!("({value})::{}", base_sql(ty)?);
    let cast = format!("({value})::{}", type_sql(ty));
    let word = word_of(ty);
    let read = |check: &String| SqlFragment::condition(check, &word, catalog).ok();
    let checks: Option<Vec<SqlFragment>> = domain.checks.iter().map(read).collect();
    // A check that is null lets a value through (SQL standard, as CHECK constraints of tables).
    let put = |check: SqlFragment| format!("{} IS NOT FALSE", check.to_sql(|_| format!("({value})"), ""));
    let tests: Vec<String> = checks?.into_iter().map(put).collect();
    if tests.is_empty() {
        return Some(cast);
    }
    Some(format!("CASE WHEN {} THEN {cast} ELSE {} END", tests.join(" AND "), null_of(ty)))
}

/// The type below the domain, with its modifier, for built-in types.
fn base_sql(ty: &ColumnType) -> Option<String> {
    Some(match (ty.base.as_str(), ty.length) {
        ("varchar", Some(n)) => format!("character varying({n})"),
        ("varchar", None) => "character varying".to_owned(),
        ("bpchar", Some(n)) => format!("character({n})"),
        ("numeric", _) => match numbers::precision(ty) {
            Some(p) => format!("numeric({},{})", p.digits, p.scale),
            None => "numeric".to_owned(),
        },
        (
            base @ ("text" | "bpchar" | "name" | "int2" | "int4" | "int8" | "float4" | "float8" | "date" | "timestamp"
            | "timestamptz" | "uuid" | "inet" | "cidr" | "bytea" | "bool"),
            _,
        ) => format!("pg_catalog.{base}"),
        _ => return None,
    })
}

/// In a domain's check the word `VALUE` reads like the one column of a table.
fn word_of(ty: &ColumnType) -> Relation {
    Relation {
        oid: 0,
        name: QualifiedName::new("", ""),
        kind: RelationKind::Composite,
        columns: vec![Column {
            name: "value".into(),
            number: 1,
            ty: ty.clone(),
            not_null: false,
            generated: false,
            computed: false,
            computed_from: Vec::new(),
            has_default: false,
        }],
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        arbiters: Vec::new(),
        indexed: Vec::new(),
        indexes: Vec::new(),
        serves: Vec::new(),
        rows: 0,
        foreign_keys: Vec::new(),
        together: Vec::new(),
        partition_key: Vec::new(),
        parents: Vec::new(),
        definition: None,
        check_option: None,
        extension: None,
        has_triggers: false,
        has_own_triggers: false,
        set_where_it_comes: Vec::new(),
        set_by_triggers: Vec::new(),
        has_rules: false,
        row_security: false,
        version: 0,
    }
}
