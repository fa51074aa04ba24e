//! The policy of the random world, made by hand: the engine's types are all that this test shares with the engine.

use std::collections::BTreeMap;

use consentry::engine::catalog::{Catalog, Oid, QualifiedName};
use consentry::engine::policy::*;

const DAY: i64 = 24 * 60;

/// A purpose's own retention, in minutes.
pub fn purpose_keep(purpose: &str) -> Option<i64> {
    (purpose == "marketing").then_some(30 * DAY)
}

pub fn policy(catalog: &Catalog) -> Policy {
    let mut policy = Policy {
        subjects: super::world::KINDS.iter().map(|name| (name.to_string(), kind(catalog, name))).collect(),
        categories: categories(),
        purposes: purposes().into_iter().map(|p| (p.name.clone(), p)).collect(),
        ..Policy::default()
    };
    for name in super::world::KINDS {
        own_table(catalog, &mut policy, name);
        for suffix in ["orders", "items", "parts"] {
            follower(catalog, &mut policy, name, suffix);
        }
    }
    leaflets(catalog, &mut policy);
    policy.roles = roles(catalog, &policy).into_iter().map(|r| (r.name.clone(), r)).collect();
    policy
}

fn oid(catalog: &Catalog, name: &str) -> Oid {
    catalog.relation_named("public", name).unwrap_or_else(|| panic!("no table {name}")).oid
}

fn condition(catalog: &Catalog, table: &str, sql: &str) -> SqlFragment {
    let relation = catalog.relation_named("public", table).expect("table");
    SqlFragment::condition(sql, relation, catalog).expect("condition")
}

fn kind(catalog: &Catalog, name: &str) -> SubjectKind {
    let table = format!("{name}s");
    SubjectKind {
        name: name.into(),
        table: oid(catalog, &table),
        table_name: QualifiedName::new("public", &table),
        key: "id".into(),
        restricted_when: (name != "guest").then(|| condition(catalog, &table, "status IN ('blocked', 'erased')")),
        consent: source(catalog, name),
    }
}

fn source(catalog: &Catalog, name: &str) -> Option<ConsentSource> {
    let table = format!("{name}_choices");
    let some = |text: &str| Some(text.to_owned());
    let strings = |list: &[&str]| list.iter().map(|s| s.to_string()).collect();
    let relation = catalog.relation_named("public", &table)?;
    let base = ConsentSource {
        table: relation.oid,
        table_name: relation.name.clone(),
        subject: if name == "customer" { "subject_id".into() } else { "subject".into() },
        purpose: "purpose".into(),
        channel: some("channel"),
        status: "status".into(),
        granted: Vec::new(),
        objected: Vec::new(),
        granted_at: some("granted_at"),
        withdrawn_at: some("withdrawn_at"),
        expires_at: some("expires_at"),
        notice: some("notice"),
        recorded_at: None,
        withdrawn: None,
        source: None,
        recipient: None,
        event: None,
    };
    Some(match name {
        "customer" => {
            ConsentSource { granted: strings(&["granted", "renewed"]), objected: strings(&["objected"]), ..base }
        }
        "patient" => ConsentSource {
            granted: strings(&["granted"]),
            objected: strings(&["objected", "never"]),
            recorded_at: some("recorded_at"),
            ..base
        },
        _ => ConsentSource { granted: strings(&["true"]), channel: None, notice: None, ..base },
    })
}

fn categories() -> BTreeMap<String, Category> {
    let category =
        |name: &str, mask, channel| (name.to_owned(), Category { name: name.into(), mask, channel, dpv: None });
    BTreeMap::from([
        category("identity", Mask::Redact, None),
        category("email", Mask::Email, Some(Channel::Email)),
        category("phone", Mask::KeepLast(2), Some(Channel::Phone)),
        category("free_text", Mask::Null, None),
    ])
}

fn purposes() -> Vec<Purpose> {
    let purpose = |name: &str, basis, shows: &[&str]| Purpose {
        name: name.into(),
        description: name.into(),
        basis,
        notices: None,
        retention: None,
        shows: shows.iter().map(|s| s.to_string()).collect(),
        masks: BTreeMap::new(),
        without_consent: WithoutConsent::Hide,
        dpv: None,
    };
    let masks = |list: &[(&str, Mask)]| list.iter().map(|(c, m)| (c.to_string(), m.clone())).collect();
    let list = |items: &[&str]| Some(items.iter().map(|s| s.to_string()).collect());
    vec![
        purpose("service", Basis::Contract, &["identity", "email", "phone", "free_text"]),
        Purpose {
            notices: list(&["v2", "v3"]),
            retention: Some(Period("30 days".into())),
            ..purpose("marketing", Basis::Consent, &["identity", "email", "phone"])
        },
        Purpose {
            without_consent: WithoutConsent::Mask,
            masks: masks(&[("phone", Mask::KeepFirst(1)), ("identity", Mask::Constant("someone".into()))]),
            ..purpose("newsletter", Basis::Consent, &["email", "free_text"])
        },
        Purpose {
            masks: masks(&[("email", Mask::KeepFirst(2)), ("free_text", Mask::Redact)]),
            ..purpose("research", Basis::LegitimateInterests, &["phone"])
        },
        purpose("census", Basis::PublicTask, &["identity", "email"]),
        purpose("court", Basis::LegalObligation, &["identity", "email", "phone"]),
        purpose("rescue", Basis::VitalInterests, &["phone"]),
        Purpose { notices: list(&["v1"]), ..purpose("sharing", Basis::Consent, &["identity"]) },
        purpose("orders_only", Basis::Contract, &["nothing"]),
    ]
}

fn roles(catalog: &Catalog, policy: &Policy) -> Vec<Role> {
    let role = |name: &str| Role { name: name.into(), ..Role::default() };
    let filter = |t: &Oid| {
        let name = &policy.tables[t].name.name;
        condition(catalog, name, "ok AND \"ok\" IS NOT NULL")
    };
    vec![
        role("clerk"),
        Role { rows: policy.tables.keys().map(|t| (*t, filter(t))).collect(), ..role("local") },
        Role { also_requires: vec!["sharing".into()], ..role("partner") },
    ]
}

fn columns(open: &[&str]) -> BTreeMap<String, ColumnUse> {
    let category = |column: &str, name: &str| (column.to_owned(), ColumnUse::Category(name.into()));
    let personal = [
        category("email", "email"),
        category("phone", "phone"),
        category("name", "identity"),
        category("note", "free_text"),
    ];
    open.iter().map(|c| (c.to_string(), ColumnUse::Open)).chain(personal).collect()
}

fn protect(
    catalog: &Catalog,
    policy: &mut Policy,
    name: &str,
    subject: Option<SubjectPath>,
    keep: Option<&str>,
    open: &[&str],
) {
    let relation = oid(catalog, name);
    policy.tables.insert(
        relation,
        TablePolicy {
            relation,
            name: QualifiedName::new("public", name),
            subject,
            retention: keep.map(|keep| Retention { since: "seen".into(), keep: Period(keep.into()) }),
            columns: columns(open),
            store_requires: None,
            hold_when: None,
            erase: Erase::Delete,
            record_subjects: false,
        },
    );
}

fn own_table(catalog: &Catalog, policy: &mut Policy, kind: &str) {
    let path = SubjectPath { kind: kind.into(), hops: Vec::new(), column: "id".into() };
    protect(catalog, policy, &format!("{kind}s"), Some(path), Some("1000 days"), &["id", "status", "ok"]);
}

fn follower(catalog: &Catalog, policy: &mut Policy, kind: &str, suffix: &str) {
    let hop = |to: &str| {
        let table = format!("{kind}_{to}");
        Hop {
            from: "up".into(),
            table: oid(catalog, &table),
            table_name: QualifiedName::new("public", table),
            to: "id".into(),
        }
    };
    let hops = match suffix {
        "orders" => vec![],
        "items" => vec![hop("orders")],
        _ => vec![hop("items"), hop("orders")],
    };
    let keep = (suffix == "items").then_some("500 days");
    let path = SubjectPath { kind: kind.into(), hops, column: "up".into() };
    protect(catalog, policy, &format!("{kind}_{suffix}"), Some(path), keep, &["ok"]);
}

fn leaflets(catalog: &Catalog, policy: &mut Policy) {
    protect(catalog, policy, "leaflets", None, Some("1000 days"), &["ok"]);
}

/// `people` are about themselves; what they `said` is their consent.
pub fn of_children(catalog: &Catalog) -> Policy {
    let some = |text: &str| vec![text.to_owned()];
    let consent = ConsentSource {
        table: oid(catalog, "said"),
        table_name: QualifiedName::new("public", "said"),
        subject: "who".into(),
        purpose: "what".into(),
        channel: None,
        status: "answer".into(),
        granted: some("yes"),
        objected: Vec::new(),
        granted_at: None,
        withdrawn_at: None,
        expires_at: None,
        notice: None,
        recorded_at: None,
        withdrawn: None,
        source: None,
        recipient: None,
        event: None,
    };
    let person = SubjectKind {
        name: "person".into(),
        table: oid(catalog, "people"),
        table_name: QualifiedName::new("public", "people"),
        key: "Key".into(),
        restricted_when: Some(condition(catalog, "people", "born < 1900")),
        consent: Some(consent),
    };
    let mut news = purposes().remove(1);
    (news.name, news.notices, news.retention) = ("news".into(), None, None);
    let mut policy = Policy {
        subjects: BTreeMap::from([("person".into(), person)]),
        categories: categories(),
        purposes: BTreeMap::from([("news".into(), news)]),
        ..Policy::default()
    };
    let path = SubjectPath { kind: "person".into(), hops: Vec::new(), column: "Key".into() };
    protect(catalog, &mut policy, "people", Some(path), None, &["Key", "born"]);
    policy
}
