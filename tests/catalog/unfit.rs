//! A catalog that the policy does not fit any more: what was open stays open, nothing that is new passes for open.

use std::sync::Arc;

use crate::common::postgres::shared;
use consentry::engine::catalog::Catalog;
use consentry::engine::clear::{Engine, Secrets};
use consentry::engine::context::{Context, Protocol, PurposeSource};
use consentry::engine::policy::Policy;
use consentry::engine::policy::diagnostics::SourceFile;
use consentry::engine::policy::resolve::resolve;
use consentry::relay::catalog::{load, reload_stamped};

const POLICY: &str = r#"
    unlisted_tables = "open"
    open = ["shop.*"]
    [subject.customer]
    table = "public.customers"
    key = "id"
    [category]
    email = "redact"
    [table."public.customers"]
    subject = { customer = "id" }
    columns = { id = "open", email = "email" }
    [purpose.service]
    description = "Serve"
    basis = "contract"
    shows = ["email"]
    [role.app]
    purposes = ["service"]
    may = ["read", "update"]
"#;

fn resolved(catalog: &Catalog) -> Option<Policy> {
    let files = [SourceFile { name: "policy.toml".into(), text: POLICY.into() }];
    resolve(&files, catalog).ok().map(|(policy, _)| policy)
}

/// The rule that refuses, or nothing.
fn refused(catalog: &Catalog, policy: Policy, sql: &str) -> Option<&'static str> {
    let context = Context {
        role: "app".into(),
        purpose: Some("service".into()),
        purpose_set_by: PurposeSource::Default,
        has_reason: false,
        search_path: vec!["public".into()],
        temporary: Default::default(),
        defined: Default::default(),
        user: None,
        explains_protected: false,
        resets: Default::default(),
    };
    let engine = Engine::new(Arc::new(catalog.clone()), Arc::new(policy), Secrets::default());
    engine.clear(sql, &context, Protocol::Simple).err().map(|refusal| refusal.rule)
}

#[tokio::test]
async fn a_protected_table_that_was_made_anew_is_not_open() {
    let db = shared().database(
        "catalog_unfit",
        "CREATE SCHEMA shop; CREATE TABLE shop.products (name text); CREATE TABLE notes (body text);
         CREATE TABLE customers (id int PRIMARY KEY, email text)",
    );
    let client = db.upstream().await;
    let before = load(&client).await.unwrap();
    let policy = resolved(&before).expect("the policy fits");
    assert_eq!(refused(&before, policy.clone(), "SELECT * FROM customers"), None);

    db.psql(
        "DROP TABLE customers; CREATE TABLE customers (id int PRIMARY KEY, mail text);
         CREATE TABLE shop.people (name text); CREATE TABLE people (name text)",
    );
    let after = reload_stamped(&client, &before).await.unwrap().catalog;
    assert!(resolved(&after).is_none(), "the policy no longer fits");
    let closed = policy.closed_to_the_new(&before);
    for table in ["customers", "shop.people", "people"] {
        let sql = format!("SELECT * FROM {table}");
        assert_eq!(refused(&after, closed.clone(), &sql), Some("table-not-listed"), "{table}");
    }
    for table in ["notes", "shop.products"] {
        assert_eq!(refused(&after, closed.clone(), &format!("SELECT * FROM {table}")), None, "{table}");
    }
}

/// What a view says cannot be read while it is locked: that is told, and passes.
#[tokio::test]
async fn a_locked_view_is_refused_as_such() {
    let db = shared().database(
        "catalog_unfit_locked",
        "CREATE SCHEMA shop; CREATE TABLE customers (id int PRIMARY KEY, email text);
         CREATE VIEW people AS SELECT id, email FROM customers",
    );
    let (client, other) = (db.upstream().await, db.superuser().await);
    let known = load(&client).await.unwrap();
    let policy = resolved(&known).expect("the policy fits");
    other.batch_execute("BEGIN; LOCK TABLE ONLY customers IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let locked = reload_stamped(&client, &known).await.unwrap().catalog;
    for sql in ["SELECT id FROM people", "UPDATE people SET email = 'x'"] {
        assert_eq!(refused(&locked, policy.clone(), sql), Some("view-locked"), "{sql}");
        assert_eq!(refused(&known, policy.clone(), sql), None, "{sql}");
    }
    other.batch_execute("ROLLBACK").await.unwrap();
}
