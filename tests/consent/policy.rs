//! Policies by hand: what `resolve` would make of a few lines, over a real catalog.

use consentry::engine::catalog::{Catalog, QualifiedName};
use consentry::engine::policy::diagnostics::{SourceFile, Style, render};
use consentry::engine::policy::resolve::resolve;
use consentry::engine::policy::{Basis, ConsentSource, Policy, Purpose, SubjectKind, WithoutConsent};

/// `schema.table` of the catalog: its oid and name. Panics when it is not there.
pub fn table(catalog: &Catalog, name: &str) -> (u32, QualifiedName) {
    let (schema, table) = name.split_once('.').expect("schema.table");
    let relation = catalog.relation_named(schema, table).unwrap_or_else(|| panic!("no table {name}"));
    (relation.oid, relation.name.clone())
}

pub fn purpose(name: &str, basis: Basis) -> Purpose {
    Purpose {
        name: name.to_owned(),
        description: format!("for {name}"),
        basis,
        notices: None,
        retention: None,
        shows: Default::default(),
        masks: Default::default(),
        without_consent: WithoutConsent::Hide,
        dpv: None,
    }
}

/// A mapping of `name` whose columns are called as the contract's example calls them; what is not there is not mapped.
pub fn consent_source(catalog: &Catalog, name: &str) -> ConsentSource {
    let (oid, table_name) = table(catalog, name);
    let relation = catalog.relation(oid).expect("just found");
    let mapped = |column: &str| relation.column(column).map(|c| c.name.clone());
    ConsentSource {
        table: oid,
        table_name,
        subject: "subject_id".to_owned(),
        purpose: "purpose".to_owned(),
        channel: mapped("channel"),
        status: "status".to_owned(),
        granted: vec!["granted".to_owned()],
        objected: vec!["objected".to_owned()],
        granted_at: mapped("granted_at"),
        withdrawn_at: mapped("withdrawn_at"),
        expires_at: mapped("expires_at"),
        notice: mapped("notice_version"),
        recorded_at: mapped("recorded_at"),
        withdrawn: None,
        source: mapped("source"),
        recipient: mapped("recipient"),
        event: mapped("event"),
    }
}

/// One kind `customer` in `public.customers(id)`, with purposes of three bases.
pub fn customers(catalog: &Catalog, consent: Option<ConsentSource>) -> Policy {
    let (oid, table_name) = table(catalog, "public.customers");
    let kind = SubjectKind {
        name: "customer".to_owned(),
        table: oid,
        table_name,
        key: "id".to_owned(),
        restricted_when: None,
        consent,
    };
    let mut policy = Policy::default();
    policy.subjects.insert(kind.name.clone(), kind);
    for (name, basis) in [
        ("marketing", Basis::Consent),
        ("sharing", Basis::Consent),
        ("analytics", Basis::LegitimateInterests),
        ("service", Basis::Contract),
    ] {
        policy.purposes.insert(name.to_owned(), purpose(name, basis));
    }
    policy
}

/// A policy as a user writes it. Panics with every problem.
pub fn from_toml(catalog: &Catalog, text: &str) -> Policy {
    let files = [SourceFile { name: "policy.toml".to_owned(), text: text.to_owned() }];
    match resolve(&files, catalog) {
        Ok((policy, _)) => policy,
        Err(problems) => panic!("{}", render(&problems, &files, Style::Plain)),
    }
}
