//! Masked values of a domain: the value where the domain takes it, else null. A plain cast would raise an error.

use crate::engine::catalog::{Catalog, Column, ColumnType, QualifiedName, Relation, RelationKind};
use crate::engine::policy::{Mask, SqlFragment};

use super::masks::{null_of, redacted};
use super::sql::{is_domain, is_text, type_sql};
use super::{constant, numbers};

/// What a masked value must pass to be one of a domain.
struct Checks {
    all: Vec<SqlFragment>,
    /// The type below the domain, which the checks are about.
    base: String,
}

/// Why no masked value is one of a domain.
enum Untried {
    /// What its checks say is not known.
    Unknown,
    /// They could raise an error on a value that is none of the domain's.
    Fails,
}

/// The checks of a column's domain; `Ok(None)`: there are none.
fn checks(catalog: &Catalog, ty: &ColumnType) -> Result<Option<Checks>, Untried> {
    let domain = catalog.data().types.iter().find(|t| t.oid == ty.oid && t.kind == 'd').ok_or(Untried::Unknown)?;
    if domain.checks.is_empty() {
        return Ok(None);
    }
    let base = base_sql(ty).ok_or(Untried::Unknown)?;
    let word = word_of(ty);
    let mut all = Vec::with_capacity(domain.checks.len());
    for check in &domain.checks {
        match SqlFragment::check(check, &word, catalog) {
            Ok((check, false)) => all.push(check),
            Ok((_, true)) => return Err(Untried::Fails),
            Err(_) => return Err(Untried::Unknown),
        }
    }
    Ok(Some(Checks { all, base }))
}

impl Checks {
    /// Whether the domain takes `value`.
    fn take(&self, value: &str) -> String {
        // A check that is null lets a value through (SQL standard, as CHECK constraints of tables).
        let put = |check: &SqlFragment| {
            format!("{} IS NOT FALSE", check.to_sql(|_| format!("(({value})::{})", self.base), ""))
        };
        self.all.iter().map(put).collect::<Vec<_>>().join(" AND ")
    }
}

/// `value` as the domain `ty`; null where its checks reject it. `None`: no value can be tried on them.
pub fn checked(catalog: &Catalog, ty: &ColumnType, value: &str, may_be_null: bool) -> Option<String> {
    let checks = checks(catalog, ty).ok()?;
    let base = checks.as_ref().map(|checks| format!("({value})::{}", checks.base));
    let cast = format!("({})::{}", base.as_deref().unwrap_or(value), type_sql(ty));
    // The domain may be NOT NULL.
    let is_there = may_be_null.then(|| format!("({value}) IS NOT NULL"));
    let tests: Vec<String> = is_there.into_iter().chain(checks.map(|checks| checks.take(value))).collect();
    if tests.is_empty() {
        return Some(cast);
    }
    Some(format!("CASE WHEN {} THEN {cast} ELSE {} END", tests.join(" AND "), null_of(ty)))
}

/// Whether what a value is tried on may fail on some, however rarely: then it is tried in rows only that are there.
pub fn computes(catalog: &Catalog, ty: &ColumnType) -> bool {
    is_domain(ty) && checks(catalog, ty).is_ok_and(|c| c.is_some_and(|c| c.all.iter().any(|check| check.computes)))
}

/// What is to be known of a mask on a column before anybody reads it.
pub enum Fate {
    /// Nothing: it shows what it says.
    AsMask,
    /// It shows null: why.
    Null(&'static str),
    /// It shows null, unless this condition is true.
    NullUnless(String),
}

pub fn fate(catalog: &Catalog, mask: &Mask, ty: &ColumnType) -> Fate {
    let value = match mask {
        Mask::Null => return Fate::AsMask,
        Mask::Redact if !is_text(ty) => return Fate::AsMask,
        Mask::Redact => Some(redacted(ty)),
        Mask::Constant(value) => constant::expression(catalog, ty, value),
        _ => None,
    };
    match (checks(catalog, ty), value) {
        _ if !is_domain(ty) => Fate::AsMask,
        (Err(Untried::Unknown), _) => Fate::Null("what its domain checks is not known here"),
        (Err(Untried::Fails), _) => Fate::Null("what its domain checks could fail on it"),
        (Ok(Some(checks)), Some(value)) => Fate::NullUnless(checks.take(&value)),
        (Ok(_), _) => Fate::AsMask,
    }
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
            | "timestamptz" | "uuid" | "inet" | "cidr" | "bytea" | "bool" | "json" | "jsonb" | "_text"
            | "_int4" | "_int8"),
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
