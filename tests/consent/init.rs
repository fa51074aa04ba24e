//! The tables of `consent init`: what is written to one appears in the other, and nothing is ever taken away.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::init::{Created, Made, create, plan};
use consentry::consent::made::{Kind, of_others};
use consentry::consent::record::record;
use consentry::consent::target::Target;
use consentry::engine::catalog::{Catalog, QualifiedName};
use consentry::engine::policy::{Channel, ConsentSource};
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

pub async fn made(name: &str) -> (Database<'static>, Made) {
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
    db.psql("INSERT INTO consentry.customer_ledger (subject_key, purpose, status, event_time) VALUES
             (1, 'p', 'granted', '2024-01-01Z'), (1, 'p', 'withdrawn', '2024-02-01Z'), (2, 'p', 'granted', '2024-01-01Z')");
    let client = db.superuser().await;
    // Another person's, and an old one of their own.
    for of in [2, 1] {
        let borrowed = format!(
            "UPDATE consentry.customer_consent
                SET status = 'granted', granted_at = '2024-01-01Z', event_time = '2024-01-01Z', withdrawn_at = NULL,
                    record_id = (SELECT record_id FROM consentry.customer_ledger WHERE subject_key = {of} AND status = 'granted')
              WHERE subject_key = 1"
        );
        let error = client.batch_execute(&borrowed).await.expect_err("the record is another choice's");
        assert_eq!(error.code().map(|c| c.code()), Some("42501"), "{of}");
        assert_eq!(db.psql("SELECT status FROM consentry.customer_consent WHERE subject_key = 1"), "withdrawn", "{of}");
    }
    // One that nobody has had is none of the client's to choose either.
    db.psql("UPDATE consentry.customer_consent SET status = 'granted', granted_at = '2024-01-15Z', record_id = gen_random_uuid()
              WHERE subject_key = 1");
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
    let again = create(&mut client, &made, "customer", None).await.unwrap();
    assert_eq!(again, Created::UpToDate(Vec::new()));
    let customers = QualifiedName::new("public", "customers");
    let second = plan(&client, "employee", &customers, "id").await.unwrap();
    create(&mut client, &second, "employee", None).await.unwrap();
    assert!(plan(&client, "Bad\"Kind", &customers, "id").await.unwrap_err().message.contains("table's name"));
    let nowhere = plan(&client, "employee", &QualifiedName::new("public", "nope"), "id").await.unwrap_err();
    assert_eq!(nowhere.message, "there is no table public.nope");
    assert!(plan(&client, "employee", &customers, "nothing").await.unwrap_err().message.contains("no column nothing"));
}

/// Tables of an earlier version, and some that somebody worked on: what keeps them is brought up to date, and no row touched.
#[tokio::test]
async fn to_make_them_again_brings_them_up_to_date() {
    let (db, made) = made("old").await;
    db.psql(
        "INSERT INTO consentry.customer_ledger (subject_key, purpose, status) SELECT n, 'p', 'granted' FROM generate_series(1, 5) n;
         CREATE OR REPLACE FUNCTION consentry.customer_consent_stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         DROP INDEX consentry.customer_consent_granted; DROP FUNCTION consentry.carried_id; DROP TABLE consentry.customer_turn;
         DROP TRIGGER customer_ledger_append_only ON consentry.customer_ledger;
         ALTER TABLE consentry.customer_ledger DISABLE TRIGGER customer_ledger_no_truncate;",
    );
    let rows = "SELECT xmin, ctid, record_id FROM consentry.customer_consent UNION ALL SELECT xmin, ctid, record_id FROM consentry.customer_ledger ORDER BY 3, 2";
    let before = db.psql(rows);
    let mut client = db.superuser().await;
    let Created::UpToDate(mut parts) = create(&mut client, &made, "customer", None).await.unwrap() else {
        panic!("they were there")
    };
    parts.sort();
    let old = [
        "function carried_id",
        "function customer_consent_stamp",
        "index customer_consent_granted",
        "index customer_turn_key",
        "trigger customer_ledger_append_only",
        "trigger customer_ledger_no_truncate",
    ];
    assert_eq!(parts, old);
    assert_eq!(db.psql(rows), before);
    assert_eq!(create(&mut client, &made, "customer", None).await.unwrap(), Created::UpToDate(Vec::new()));
    assert!(client.batch_execute("DELETE FROM consentry.customer_ledger").await.is_err());

    db.psql("CREATE TABLE people (id uuid PRIMARY KEY)");
    let other = plan(&client, "customer", &QualifiedName::new("public", "people"), "id").await.unwrap();
    let refused = create(&mut client, &other, "customer", None).await.unwrap_err();
    assert!(refused.message.contains("not one of two tables for keys of type uuid"), "{refused}");
}

/// Somebody who may create schemas waits for these tables with functions of their own, to change them later.
#[tokio::test]
async fn what_somebody_else_owns_is_not_built_on() {
    let db = shared().database(
        "init_others",
        "DROP ROLE IF EXISTS init_owner, \"Init Eve\"; CREATE ROLE init_owner; CREATE ROLE \"Init Eve\";
         CREATE TABLE customers (id bigint PRIMARY KEY); ALTER TABLE customers OWNER TO init_owner;
         CREATE SCHEMA consentry AUTHORIZATION init_owner;
         CREATE FUNCTION consentry.keep_proof() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
         ALTER FUNCTION consentry.keep_proof OWNER TO \"Init Eve\";",
    );
    let db = db.brief();
    let mut client = db.superuser().await;
    let customers = QualifiedName::new("public", "customers");
    let made = plan(&client, "customer", &customers, "id").await.unwrap();
    let refused = create(&mut client, &made, "customer", None).await.unwrap_err();
    assert!(refused.message.starts_with("function keep_proof of \"Init Eve\": neither"), "{refused}");
    assert_eq!(db.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'consentry'::regnamespace"), "0");

    // Whoever owns the people's table could change their choices anyway.
    db.psql("ALTER FUNCTION consentry.keep_proof OWNER TO init_owner");
    assert_eq!(create(&mut client, &made, "customer", None).await.unwrap(), Created::Tables);
    let upstream = db.upstream().await;
    assert_eq!(of_others(&upstream, Kind("customer"), &customers).await.unwrap(), Vec::<String>::new());
    db.psql("ALTER TABLE consentry.customer_ledger OWNER TO \"Init Eve\"");
    let others = of_others(&upstream, Kind("customer"), &customers).await.unwrap();
    assert_eq!(others, ["table customer_ledger of \"Init Eve\""]);
    let refused = create(&mut client, &made, "customer", None).await.unwrap_err();
    assert!(refused.message.contains("table customer_ledger"), "{refused}");
}

/// What a consent was given by is not what it was withdrawn by.
#[tokio::test]
async fn a_no_inherits_nothing_of_the_yes() {
    let (db, _) = made("inherits").await;
    let mut client = db.superuser().await;
    let catalog = catalog::load(&client).await.unwrap();
    let policy = policy::customers(&catalog, Some(state(&catalog)));
    let target = Target::of(&policy, &catalog, "customer").unwrap();
    db.psql(
        "INSERT INTO consentry.customer_consent (subject_key, purpose, status, source, notice, recipient, valid_until, event_type)
         SELECT n, 'marketing', 'granted', 'web form', 'v1', 'Adworks', '2099-01-01', 'renewal' FROM generate_series(1, 4) n;
         UPDATE consentry.customer_consent SET status = 'withdrawn' WHERE subject_key = 1;
         UPDATE consentry.customer_consent SET status = 'objected', source = 'letter' WHERE subject_key = 2;
         INSERT INTO consentry.customer_consent (subject_key, purpose, status) VALUES (9, 'marketing', 'withdrawn')",
    );
    let withdraw = |channel| Choice { channel, provenance: Provenance::default(), ..marketing(Act::Withdraw) };
    record(&mut client, &target, "3", &withdraw(None), &mut |_| Ok(())).await.unwrap();
    record(&mut client, &target, "4", &withdraw(Some(Channel::Email)), &mut |_| Ok(())).await.unwrap();
    for table in ["consentry.customer_consent", "consentry.customer_ledger"] {
        let told = db.psql(&format!(
            "SELECT subject_key, channel, status, source, notice, recipient, valid_until, event_type FROM {table}
              WHERE status <> 'granted' ORDER BY 1, 2 NULLS FIRST"
        ));
        let expected = "1||withdrawn|SQL||||explicit\n2||objected|letter||||explicit\n3||withdrawn|command line||||explicit\n\
                        4||withdrawn|command line||||carried over\n4|email|withdrawn|command line||||explicit\n\
                        9||withdrawn|SQL||||explicit";
        assert_eq!(told, expected, "{table}");
    }
    // Carried over at the time of the split, by what split it, as it was agreed to.
    let split = "SELECT count(*), min(source), min(notice), min(recipient), min(valid_until) = '2099-01-01' FROM consentry.customer_ledger AS l
                  WHERE subject_key = 4 AND status = 'granted' AND channel IS NOT NULL AND event_type = 'carried over'
                    AND event_time = (SELECT event_time FROM consentry.customer_ledger WHERE channel = 'email')";
    assert_eq!(db.psql(split), "3|command line|v1|Adworks|t");
}

/// Messages that are written again, as synchronising programs do, are no choices of now: the no that came later stands.
#[tokio::test]
async fn an_old_yes_that_is_written_again_is_an_old_yes() {
    let (db, _) = made("replayed").await;
    let upsert = |status: &str, granted: &str, withdrawn: &str| {
        db.psql(&format!(
            "INSERT INTO consentry.customer_consent (subject_key, purpose, status, granted_at, withdrawn_at)
             VALUES (1, 'marketing', '{status}', {granted}, {withdrawn})
             ON CONFLICT (subject_key, purpose, channel) DO UPDATE SET status = excluded.status,
                 granted_at = excluded.granted_at, withdrawn_at = excluded.withdrawn_at"
        ))
    };
    let state = || db.psql("SELECT status FROM consentry.customer_consent");
    upsert("granted", "'2024-01-03'", "NULL");
    upsert("withdrawn", "'2024-01-03'", "'2024-01-05'");
    assert_eq!(state(), "withdrawn");
    upsert("granted", "'2024-01-03'", "NULL");
    assert_eq!(state(), "withdrawn");
    db.psql("UPDATE consentry.customer_consent SET status = 'granted', granted_at = '2024-01-03'");
    assert_eq!(state(), "withdrawn");
    // One without a time is said now; one of a later time counts from then on.
    db.psql("UPDATE consentry.customer_consent SET status = 'granted'");
    assert_eq!(state(), "granted");
    upsert("withdrawn", "NULL", "now()");
    upsert("granted", "now() + interval '1 second'", "NULL");
    assert_eq!(state(), "granted");
}

/// Nobody said it by then: the time of a change is not made up, and what is told later finds its place.
#[tokio::test]
async fn an_objection_of_the_moment_of_a_withdrawal_has_its_time() {
    let (db, _) = made("moment").await;
    let mut client = db.superuser().await;
    let catalog = catalog::load(&client).await.unwrap();
    let policy = policy::customers(&catalog, Some(state(&catalog)));
    let target = Target::of(&policy, &catalog, "customer").unwrap();
    for (act, at) in [(Act::Withdraw, "2025-01-01"), (Act::Object, "2025-01-01"), (Act::Grant, "2025-03-01")] {
        let at = Some(format!("{at}T00:00:00Z").parse().unwrap());
        let told = Choice { at, provenance: Provenance::default(), ..marketing(act) };
        record(&mut client, &target, "1", &told, &mut |_| Ok(())).await.unwrap();
    }
    let ledger =
        "SET timezone = 'UTC'; SELECT status, event_time::date FROM consentry.customer_ledger ORDER BY event_time, 1";
    assert_eq!(db.psql(ledger), "objected|2025-01-01\nwithdrawn|2025-01-01\ngranted|2025-03-01");
    assert_eq!(db.psql("SELECT status FROM consentry.customer_consent"), "granted");
}
