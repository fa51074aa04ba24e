//! The tables of `consent init`: what is written to one appears in the other, and nothing is ever taken away.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::init::{Made, create, plan};
use consentry::consent::record::record;
use consentry::consent::target::Target;
use consentry::engine::catalog::{Catalog, QualifiedName};
use consentry::engine::policy::{Channel, ConsentSource};
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

async fn made(name: &str) -> (Database<'static>, Made) {
    let db = shared()
        .database(
            &format!("init_{name}"),
            "CREATE TABLE customers (id bigint PRIMARY KEY); INSERT INTO customers SELECT generate_series(1, 9);",
        )
        .brief();
    let mut client = db.superuser().await;
    let made = plan(&client, "customer", &QualifiedName::new("public", "customers"), "id").await.unwrap();
    create(&mut client, &made, "customer", Some("consentry")).await.unwrap();
    (db, made)
}

fn state(catalog: &Catalog) -> ConsentSource {
    ConsentSource {
        subject: "subject_key".into(),
        expires_at: Some("valid_until".into()),
        notice: Some("notice".into()),
        event: Some("event_type".into()),
        ..policy::consent_source(catalog, "consentry.customer_consent")
    }
}

fn ledger(catalog: &Catalog) -> ConsentSource {
    ConsentSource {
        recorded_at: Some("event_time".into()),
        granted_at: None,
        withdrawn_at: None,
        ..ConsentSource { ..state_on(catalog, "consentry.customer_ledger") }
    }
}

fn state_on(catalog: &Catalog, table: &str) -> ConsentSource {
    let (oid, table_name) = policy::table(catalog, table);
    ConsentSource { table: oid, table_name, ..state(catalog) }
}

fn marketing(act: Act) -> Choice {
    let provenance = Provenance {
        notice: Some("2025-03".into()),
        source: Some("web form".into()),
        recipient: Some("Adworks".into()),
        event: Some("renewal".into()),
        expires: Some("2099-01-01T00:00:00Z".into()),
    };
    Choice { act, purpose: "marketing".into(), channel: Some(Channel::Email), at: None, provenance }
}

/// Whichever of the two a policy maps, the other one says the same.
#[tokio::test]
async fn both_tables_tell_the_same() {
    for (name, source) in [("state", state as fn(&Catalog) -> ConsentSource), ("ledger", ledger)] {
        let (db, _) = made(name).await;
        let mut client = db.superuser().await;
        let catalog = catalog::load(&client).await.unwrap();
        let policy = policy::customers(&catalog, Some(source(&catalog)));
        let target = Target::of(&policy, &catalog, "customer").unwrap();
        let granted = record(&mut client, &target, "1", &marketing(Act::Grant), &mut |_| Ok(())).await.unwrap();
        assert_eq!(granted.standing.any, Ok(()), "{name}");
        record(&mut client, &target, "1", &marketing(Act::Withdraw), &mut |_| Ok(())).await.unwrap();
        record(&mut client, &target, "1", &marketing(Act::Grant), &mut |_| Ok(())).await.unwrap();
        assert_eq!(
            db.psql("SELECT status, event_type, notice, source, recipient, valid_until = '2099-01-01 00:00+00', subject_kind
                       FROM consentry.customer_ledger ORDER BY event_time"),
            "granted|renewal|2025-03|web form|Adworks|t|customer\nwithdrawn|renewal|2025-03|web form|Adworks|t|customer\n\
             granted|renewal|2025-03|web form|Adworks|t|customer",
            "{name}"
        );
        assert_eq!(
            db.psql(
                "SELECT c.status, c.granted_at = l.event_time, c.withdrawn_at IS NULL FROM consentry.customer_consent c
                       JOIN consentry.customer_ledger l USING (record_id)"
            ),
            "granted|t|t",
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_older_choice_joins_the_ledger_and_leaves_the_state_alone() {
    let (db, _) = made("older").await;
    db.psql("INSERT INTO consentry.customer_ledger (subject_key, purpose, status, event_time) VALUES (1, 'p', 'withdrawn', '2024-02-01Z');
             INSERT INTO consentry.customer_ledger (subject_key, purpose, status, event_time) VALUES (1, 'p', 'granted', '2024-01-01Z');
             INSERT INTO consentry.customer_ledger (subject_key, purpose, status, event_time) VALUES (1, 'p', 'granted', '2024-02-01Z');");
    assert_eq!(db.psql("SELECT status, extract(month FROM event_time) FROM consentry.customer_consent"), "withdrawn|2");
    db.psql("INSERT INTO consentry.customer_ledger (subject_key, purpose, status, event_time)
             VALUES (2, 'p', 'granted', '2024-03-01Z'), (2, 'p', 'objected', '2024-03-01Z'), (2, 'p', 'granted', '2024-02-01Z')");
    assert_eq!(db.psql("SELECT status FROM consentry.customer_consent WHERE subject_key = 2"), "objected");
}

#[tokio::test]
async fn nothing_is_taken_away() {
    let (db, _) = made("kept").await;
    db.psql("INSERT INTO consentry.customer_ledger (subject_key, purpose, status) VALUES (1, 'p', 'granted')");
    let client = db.superuser().await;
    for statement in [
        "UPDATE consentry.customer_ledger SET status = 'withdrawn'",
        "DELETE FROM consentry.customer_ledger",
        "TRUNCATE consentry.customer_ledger",
        "DELETE FROM consentry.customer_consent",
        "TRUNCATE consentry.customer_consent",
        "UPDATE consentry.customer_consent SET purpose = 'q'",
        "UPDATE consentry.customer_consent SET channel = 'sms'",
    ] {
        let error = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code().map(|c| c.code()), Some("42501"), "{statement}");
    }
    assert_eq!(db.psql("SELECT count(*) FROM consentry.customer_ledger"), "1");
}

/// A record_id cannot be borrowed to change the state behind the ledger's back.
#[tokio::test]
async fn a_state_without_its_record_is_refused() {
    let (db, _) = made("borrowed").await;
    db.psql("INSERT INTO consentry.customer_ledger (subject_key, purpose, status) VALUES (1, 'p', 'withdrawn'), (2, 'p', 'granted')");
    let client = db.superuser().await;
    let borrowed = "UPDATE consentry.customer_consent SET status = 'granted',
                    record_id = (SELECT record_id FROM consentry.customer_ledger WHERE subject_key = 2) WHERE subject_key = 1";
    let error = client.batch_execute(borrowed).await.expect_err("the record is another person's");
    assert_eq!(error.code().map(|c| c.code()), Some("23505"));
    assert_eq!(db.psql("SELECT status FROM consentry.customer_consent WHERE subject_key = 1"), "withdrawn");
}

/// The upstream role writes the state table and can do no more.
#[tokio::test]
async fn the_upstream_role_may_record_and_not_erase() {
    let (db, _) = made("rights").await;
    let client = db.upstream().await;
    client
        .batch_execute(
            "INSERT INTO consentry.customer_consent (subject_key, purpose, status) VALUES (1, 'p', 'granted')",
        )
        .await
        .unwrap();
    client
        .batch_execute("UPDATE consentry.customer_consent SET status = 'withdrawn' WHERE subject_key = 1")
        .await
        .unwrap();
    assert_eq!(
        db.psql("SELECT string_agg(status, ' ' ORDER BY event_time) FROM consentry.customer_ledger"),
        "granted withdrawn"
    );
    for statement in
        ["DELETE FROM consentry.customer_ledger", "UPDATE consentry.customer_ledger SET status = 'granted'"]
    {
        let error = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code().map(|c| c.code()), Some("42501"), "{statement}");
    }
}

#[tokio::test]
async fn it_is_made_once_a_kind_and_says_what_it_cannot_do() {
    let (db, made) = made("again").await;
    let mut client = db.superuser().await;
    let again = create(&mut client, &made, "customer", None).await.unwrap_err();
    assert!(again.message.contains("already there"), "{again}");
    let customers = QualifiedName::new("public", "customers");
    let second = plan(&client, "employee", &customers, "id").await.unwrap();
    create(&mut client, &second, "employee", None).await.unwrap();
    assert!(plan(&client, "Bad\"Kind", &customers, "id").await.unwrap_err().message.contains("table's name"));
    let nowhere = plan(&client, "employee", &QualifiedName::new("public", "nope"), "id").await.unwrap_err();
    assert_eq!(nowhere.message, "there is no table public.nope");
    assert!(plan(&client, "employee", &customers, "nothing").await.unwrap_err().message.contains("no column nothing"));
}
