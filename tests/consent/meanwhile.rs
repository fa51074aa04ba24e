//! Others write while a person is erased.

use std::time::Duration;

use consentry::consent::retention::apply;

use crate::whole::{Case, OF_ORDERS, ORDERS, toml, trigger};

const LINES: &str =
    "CREATE TABLE line (id int PRIMARY KEY, order_id int REFERENCES orders ON UPDATE CASCADE, body text);
    INSERT INTO line VALUES (1, 30, 'l3');";
const OF_LINES: &str = "[table.'public.line']\nsubject = { via = 'order_id -> public.orders.id' }\n\
    columns = { id = 'open', order_id = 'open', body = 'identity' }\n";

/// An order becomes somebody else's, or another one, and its line with it, while the erasure waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_somebody_elses_meanwhile_stays() {
    for (name, set, left) in [("given", "person_id = 1", "1"), ("renamed", "id = 31", "0")] {
        let case = Case::new(
            &format!("meanwhile_{name}"),
            &format!("{ORDERS}{LINES}"),
            &toml("", "", "", &format!("{OF_ORDERS}{OF_LINES}")),
        )
        .await;
        let other = case.client().await;
        other.batch_execute(&format!("BEGIN; UPDATE public.orders SET {set} WHERE id = 30")).await.unwrap();
        let commit = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            other.batch_execute("COMMIT").await.unwrap();
        };
        let (erased, ()) = tokio::join!(case.erase(), commit);
        erased.unwrap();
        assert_eq!((case.count("line"), case.count("orders WHERE id >= 30")), (left.into(), left.into()), "{name}");
        assert_eq!(case.count("person WHERE id = 3"), "0", "{name}");
    }
}

#[tokio::test]
async fn what_is_always_in_the_way_is_told() {
    let body = "RAISE EXCEPTION USING ERRCODE = '40001';";
    let person = "retention = { since = 'seen', keep = '1 year' }";
    let sql = format!("{ORDERS}{}", trigger("BEFORE DELETE", "person", body));
    let case = Case::new("always", &sql, &toml("", person, "", OF_ORDERS)).await;
    case.refused("tried 5 times: others write these rows").await;
    case.refused("(SQLSTATE 40001)").await;
    let applied = apply(&mut case.client().await, &case.policy, &case.catalog, 2, &mut |_| Ok(())).await;
    assert!(applied.unwrap_err().message.contains("tried 5 times"));
    assert_eq!((case.count("person"), case.count("orders")), ("3".into(), "2".into()));
}

/// A default that its foreign key does not allow: nobody else is in the way.
#[tokio::test]
async fn what_the_schema_does_not_allow_is_told_as_that() {
    let towns = "CREATE TABLE town (name text PRIMARY KEY); INSERT INTO town VALUES ('Rom');
        ALTER TABLE person ADD town text NOT NULL DEFAULT '-'; UPDATE person SET town = 'Rom';
        ALTER TABLE person ADD FOREIGN KEY (town) REFERENCES town;";
    let nulled = toml("", "erase = 'null'", ", town = 'identity'", "");
    let case = Case::new("schema", towns, &nulled).await;
    let said = case.erase().await.unwrap_err().to_string();
    assert!(said.starts_with("nothing was done: public.person: ") && !said.contains("others write"), "{said}");
    assert!(said.contains("constraint person_town_fkey), tried 5 times\nhint: see what this foreign key"), "{said}");
    assert_eq!(case.count("person WHERE name = 'Cy'"), "1");
    let shadow = "CREATE TABLE shadow (pid int REFERENCES person); INSERT INTO shadow VALUES (3);";
    let kept = toml("", "", ", town = 'identity'", OF_ORDERS);
    let case = Case::new("schema_kept", &format!("{ORDERS}{towns}{shadow}"), &kept).await;
    let erased = case.erase().await.unwrap();
    assert!(erased.emptied[0].failed.as_ref().unwrap().contains("person_town_fkey"), "{erased:?}");
    assert!(!erased.is_whole());
    assert_eq!(case.count("orders WHERE id = 30"), "0");
}
