//! Two programs that write by SQL at the same time of one person and purpose: what holds follows from all that was said.

use std::time::Duration;

use tokio_postgres::Client;

use crate::common::postgres::Database;
use crate::init::made;

const SAID: [(&str, &str, &str); 2] = [("NULL", "granted", "2024-01-01Z"), ("'email'", "withdrawn", "2024-01-02Z")];

fn to_ledger(person: u32, (channel, status, at): (&str, &str, &str)) -> String {
    format!(
        "INSERT INTO consentry.customer_ledger (subject_key, purpose, channel, status, event_time)
         VALUES ({person}, 'p', {channel}, '{status}', '{at}')"
    )
}

fn to_state(person: u32, (channel, status, at): (&str, &str, &str)) -> String {
    let time = if status == "granted" { "granted_at" } else { "withdrawn_at" };
    format!(
        "INSERT INTO consentry.customer_consent (subject_key, purpose, channel, status, {time})
         VALUES ({person}, 'p', {channel}, '{status}', '{at}')
         ON CONFLICT (subject_key, purpose, channel) DO UPDATE SET status = excluded.status, {time} = excluded.{time}"
    )
}

async fn run(client: &Client, sql: &str) -> Result<(), String> {
    client.batch_execute(sql).await.map_err(|e| e.code().unwrap().code().to_owned())
}

/// The first waits before its COMMIT until the second has come as far as it can.
async fn both(db: &Database<'_>, level: &str, first: &str, second: &str) -> Result<(), String> {
    let (a, b) = (db.superuser().await, db.superuser().await);
    for client in [&a, &b] {
        run(client, &format!("BEGIN ISOLATION LEVEL {level}; SELECT FROM consentry.customer_ledger")).await.unwrap();
    }
    run(&a, first).await.unwrap();
    let later = async {
        run(&b, second).await?;
        run(&b, "COMMIT").await
    };
    let commit = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        run(&a, "COMMIT").await.unwrap();
    };
    tokio::join!(later, commit).0
}

fn state(db: &Database<'_>, person: u32) -> String {
    db.psql(&format!(
        "SELECT channel, status, event_time FROM consentry.customer_consent WHERE subject_key = {person} ORDER BY 1 NULLS FIRST"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_follows_from_what_two_say_at_once() {
    let (db, _) = made("at_once").await;
    // What is told of somebody of whom there is nothing yet, or something of each channel, or what changes nothing by itself.
    for before in [
        vec![],
        vec![("NULL", "withdrawn", "2023-01-01Z"), ("'email'", "granted", "2023-01-01Z")],
        vec![("'email'", "granted", "2024-02-01Z")],
    ] {
        for (order, said) in [SAID, [SAID[1], SAID[0]]].into_iter().enumerate() {
            for (way, to) in [("ledger", to_ledger as fn(_, _) -> _), ("state", to_state)] {
                let told = |person| {
                    let all = before.iter().map(|said| to_ledger(person, *said)).collect::<Vec<_>>();
                    db.psql(&all.join("; "));
                };
                let base = 1000 * u32::try_from(before.len()).unwrap()
                    + 100 * u32::try_from(order).unwrap()
                    + if way == "ledger" { 0 } else { 10 };
                told(base);
                for one in said {
                    db.psql(&to(base, one));
                }
                told(base + 1);
                both(&db, "READ COMMITTED", &to(base + 1, said[0]), &to(base + 1, said[1])).await.unwrap();
                assert_eq!(state(&db, base + 1), state(&db, base), "{way} {order} {before:?}");
                for level in ["REPEATABLE READ", "SERIALIZABLE"] {
                    let person = base + if level == "SERIALIZABLE" { 2 } else { 3 };
                    told(person);
                    let failed = both(&db, level, &to(person, said[0]), &to(person, said[1])).await;
                    assert_eq!(failed, Err("40001".to_owned()), "{level} {way} {order} {before:?}");
                    db.psql(&to(person, said[1]));
                    assert_eq!(state(&db, person), state(&db, base), "{level} {way} {order} {before:?}");
                }
            }
        }
    }
}
