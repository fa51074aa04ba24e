//! What is told late leaves the same state as what is told in time, and single statements do not lock each other out.

use consentry::consent::init::{Created, create, plan};
use consentry::consent::made::{Kind, outdated_for};
use consentry::engine::catalog::QualifiedName;

use crate::common::postgres::{Database, shared};
use crate::init::made;

fn state(db: &Database<'_>, person: u32) -> String {
    db.psql(&format!(
        "SET timezone = 'UTC'; SELECT channel, status, granted_at, valid_until, notice, recipient, event_type
           FROM consentry.customer_consent WHERE subject_key = {person} ORDER BY 1 NULLS FIRST"
    ))
}

/// End, notice and recipient of a consent that is split by the withdrawal of one channel.
#[tokio::test]
async fn what_is_carried_over_is_what_was_agreed_to() {
    let (db, _) = made("agreed").await;
    let yes = "NULL, 'granted', '2020-01-01Z', NULL, NULL, NULL";
    let other = "NULL, 'granted', '2020-01-02Z', '2021-01-01Z', 'v2', 'Adworks'";
    let no = "'email', 'withdrawn', '2020-01-04Z', NULL, NULL, NULL";
    for (person, told) in [(1, [yes, other, no]), (2, [yes, no, other]), (3, [no, other, yes]), (4, [other, no, yes])] {
        for one in told {
            db.psql(&format!(
                "INSERT INTO consentry.customer_ledger
                        (subject_key, purpose, channel, status, event_time, valid_until, notice, recipient)
                 VALUES ({person}, 'p', {one})"
            ));
        }
        assert_eq!(state(&db, person), state(&db, 1), "{told:?}");
    }
    let sms = "sms|granted|2020-01-04 00:00:00+00|2021-01-01 00:00:00+00|v2|Adworks|carried over";
    assert!(state(&db, 2).contains(sms), "{}", state(&db, 2));
}

/// One writes the state table and one the ledger, each statement by itself: neither is refused for the other (40P01).
#[tokio::test(flavor = "multi_thread")]
async fn single_statements_about_one_person_do_not_lock_each_other_out() {
    let (db, _) = made("deadlock").await;
    db.psql("INSERT INTO consentry.customer_ledger (subject_key, purpose, channel, status) VALUES (1, 'p', NULL, 'granted')");
    let state = "INSERT INTO consentry.customer_consent (subject_key, purpose, status) VALUES (1, 'p', 'granted')
                 ON CONFLICT (subject_key, purpose, channel) DO UPDATE SET status = excluded.status, granted_at = NULL";
    let ledger = "INSERT INTO consentry.customer_ledger (subject_key, purpose, status) VALUES (1, 'p', 'withdrawn')";
    let (a, b) = (db.superuser().await, db.superuser().await);
    let many = async |client: &tokio_postgres::Client, sql: &str| {
        client.batch_execute("SET deadlock_timeout = '50ms'").await.unwrap();
        for _ in 0..60 {
            client.batch_execute(sql).await.unwrap();
        }
    };
    tokio::join!(many(&a, state), many(&b, ledger));
}

/// A key is written in two spellings, which its type or collation calls equal: they are one person's.
#[tokio::test]
async fn two_spellings_of_a_key_are_one_person() {
    for (name, before, ty) in [
        ("citext", "CREATE EXTENSION citext", "citext"),
        ("login", "CREATE EXTENSION citext; CREATE DOMAIN login AS citext", "login"),
        ("ci", CI, "text COLLATE ci"),
    ] {
        let sql = format!("{before}; CREATE TABLE people (id {ty} PRIMARY KEY)");
        let db = shared().database(&format!("spelt_{name}"), &sql).brief();
        let mut client = db.superuser().await;
        let made = plan(&client, "person", &QualifiedName::new("public", "people"), "id").await.unwrap();
        create(&mut client, &made, "person", None).await.unwrap();
        for (key, status, at) in [("Ada", "withdrawn", "2020-01-05"), ("ADA", "granted", "2020-01-02")] {
            db.psql(&format!(
                "INSERT INTO consentry.person_ledger (subject_key, purpose, status, event_time)
                 VALUES ('{key}', 'p', '{status}', '{at}')"
            ));
        }
        assert_eq!(db.psql("SELECT status FROM consentry.person_consent"), "withdrawn", "{name}");
        db.psql(
            "INSERT INTO consentry.person_consent (subject_key, purpose, status) VALUES ('aDA', 'p', 'granted')
                 ON CONFLICT (subject_key, purpose, channel) DO UPDATE SET status = excluded.status",
        );
        assert_eq!(db.psql("SELECT status FROM consentry.person_consent"), "granted", "{name}");
        assert_eq!(create(&mut client, &made, "person", None).await.unwrap(), Created::UpToDate(Vec::new()), "{name}");
    }
}

const CI: &str = "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

/// Tables that were made without the collation of the key get it, unless two spellings of one key are there already.
#[tokio::test]
async fn older_tables_get_the_collation_of_the_key() {
    let db = shared().database("recollated", &format!("{CI}; CREATE TABLE people (id text PRIMARY KEY)")).brief();
    let mut client = db.superuser().await;
    let people = QualifiedName::new("public", "people");
    let plain = plan(&client, "person", &people, "id").await.unwrap();
    create(&mut client, &plain, "person", None).await.unwrap();
    db.psql(
        "ALTER TABLE people ALTER COLUMN id TYPE text COLLATE ci;
             INSERT INTO consentry.person_consent (subject_key, purpose, status) VALUES ('Ada', 'p', 'granted')",
    );
    let old = ["collation of person_ledger", "collation of person_consent", "collation of person_turn"];
    assert_eq!(outdated_for(&client, Kind("person"), (&people, "id")).await.unwrap(), old);
    let made = plan(&client, "person", &people, "id").await.unwrap();
    let Created::UpToDate(parts) = create(&mut client, &made, "person", None).await.unwrap() else {
        panic!("they were there")
    };
    assert_eq!(parts, old);
    db.psql("INSERT INTO consentry.person_ledger (subject_key, purpose, status) VALUES ('ADA', 'p', 'withdrawn')");
    assert_eq!(db.psql("SELECT status FROM consentry.person_consent"), "withdrawn");

    create(&mut client, &plain, "person", None).await.unwrap();
    db.psql("INSERT INTO consentry.person_consent (subject_key, purpose, status) VALUES ('aDA', 'p', 'granted')");
    let refused = create(&mut client, &made, "person", None).await.unwrap_err();
    assert!(refused.message.contains("two spellings"), "{refused}");
}
