//! Rows that would become another person's: other purposes of the role show them then by that one's choices. Refused where
//! the value is assigned, for the people only of whose rows another purpose hides something; a row that is written back as
//! it is stays possible.

use std::path::Path;

use crate::common::postgres::shared;
use crate::common::proxy::{Proxy, Served};
use crate::world::World;

/// 6 is restricted, 7 objects to surveys, 4 has not agreed to marketing, and 2 to no mail; 1 and 5 hide nothing.
const MORE: &str = "
    ALTER TABLE consents DROP CONSTRAINT consents_pkey, ALTER channel DROP NOT NULL;
    INSERT INTO customers VALUES (7, 'Gus', 'gus@mail.example', NULL, 'ES', 70);
    INSERT INTO consents VALUES (7, 'survey', NULL, 'objected');
    INSERT INTO orders VALUES (60, 6, 'CANARY-o6', 'open'), (70, 7, 'CANARY-o7', 'open'), (90, NULL, 'lost', 'open');
    INSERT INTO trips VALUES (6, 6), (7, 7), (8, 5);
    INSERT INTO stops VALUES (6, 6, 'CANARY-finn@x.example'), (7, 7, 'CANARY-gus@x.example'), (8, 8, 'eva@mail.example');
    INSERT INTO mailings VALUES (1, 1, 'a'), (4, 4, 'd'), (5, 5, 'e');
    INSERT INTO events VALUES (60, 6, 'CANARY-e6', 'a'), (10, 1, 'x', 'a');
    CREATE VIEW open_orders AS SELECT id AS nr, customer_id AS person, label FROM orders WHERE state = 'open';
    INSERT INTO bins VALUES (1, 1), (4, 4), (6, 6), (7, 7);
    INSERT INTO pieces VALUES (4, 4, 'CANARY-p4'), (6, 6, 'CANARY-p6'), (7, 7, 'CANARY-p7');";

#[tokio::test]
async fn moved() {
    let world = World::build_with("moved", MORE).await;
    rows_of_people_whom_others_hide_stay_theirs(&world).await;
    what_hides_nothing_moves(&world).await;
    what_cannot_be_tested_is_refused(&world);
}

async fn rows_of_people_whom_others_hide_stay_theirs(world: &World) {
    for (who, sql) in [
        ("law/legal", "UPDATE orders SET customer_id = 1 WHERE customer_id = 6"),
        ("law/legal", "UPDATE orders SET customer_id = NULL WHERE customer_id = 6"),
        ("law/legal", "UPDATE orders SET state = 'x', customer_id = (SELECT 1), label = 'y' WHERE id = 60 RETURNING *"),
        ("law/legal", "UPDATE orders o SET customer_id = p.id FROM products p WHERE p.id = 1 AND o.id IN (10, 60)"),
        ("law/legal", "UPDATE open_orders SET person = 1 WHERE nr = 60"),
        ("law/legal", "UPDATE events SET customer_id = 1"),
        (
            "law/legal",
            "INSERT INTO orders (id, customer_id) VALUES (60, 1) ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id",
        ),
        (
            "law/legal",
            "INSERT INTO orders (id) VALUES (60) ON CONFLICT (id) DO UPDATE SET customer_id = 5 WHERE orders.state = 'open'",
        ),
        // Through the middle.
        ("law/legal", "UPDATE stops SET trip_id = 1 WHERE trip_id = 6"),
        ("law/legal", "UPDATE trips SET customer_id = 1 WHERE id = 6"),
        ("law/legal", "UPDATE bins SET id = 66 WHERE id = 6"),
        ("surveyor/service", "UPDATE bins SET id = 77 WHERE id = 7"),
        // An objection.
        ("surveyor/service", "UPDATE orders SET customer_id = NULL WHERE customer_id = 7"),
        ("surveyor/service", "UPDATE orders SET customer_id = 1 WHERE id = 70"),
        ("surveyor/service", "UPDATE trips SET customer_id = 1 WHERE id = 7"),
        // No consent, or none to what is shown of it.
        ("app/service", "UPDATE orders SET customer_id = 1 WHERE id = 40"),
        ("app/service", "UPDATE trips SET customer_id = 1 WHERE id = 2"),
        ("app/service", "UPDATE mailings SET customer_id = 5 WHERE id = 4"),
        // The test of consent stands inside of the other: 3 has agreed to nothing.
        ("app/service", "UPDATE mailings SET customer_id = 3 WHERE id = 1"),
    ] {
        let done = world.run(who, sql).await;
        assert_eq!(done.answer.as_ref().err().map(String::as_str), Some("22P02"), "{who} {sql}\n{:?}", done.answer);
        let (store, moved) = ("consentry store_requires", "consentry subject-moved");
        let marker = if sql.contains("customer_id = 3") { store } else { moved };
        assert!(done.error.contains(marker), "{sql} {}", done.error);
    }
}

async fn what_hides_nothing_moves(world: &World) {
    for (who, sql, count) in [
        // Written back, as every column by those who write whole rows.
        ("law/legal", "UPDATE orders SET customer_id = 6, label = 'x', state = 'y' WHERE id = 60", 1),
        ("law/legal", "UPDATE orders SET customer_id = '6' WHERE id = 60", 1),
        ("law/legal", "UPDATE stops SET trip_id = 6, mail = 'x' WHERE id = 6", 1),
        ("law/legal", "UPDATE open_orders SET person = 6, label = 'x' WHERE nr = 60", 1),
        ("law/legal", "UPDATE bins SET id = 6, customer_id = 6 WHERE id = 6", 1),
        ("surveyor/service", "UPDATE orders SET customer_id = (SELECT 7), label = 'x' WHERE id = 70", 1),
        ("app/service", "UPDATE trips SET id = 2, customer_id = 2 WHERE id = 2", 1),
        (
            "app/service",
            "INSERT INTO orders VALUES (40, 4, 'n', 's') ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, label = excluded.label",
            1,
        ),
        // Of people whom no purpose hides, or nobody.
        ("law/legal", "UPDATE orders SET customer_id = 5 WHERE customer_id = 1", 2),
        ("law/legal", "UPDATE orders SET customer_id = 5 WHERE customer_id IS NULL", 1),
        ("law/legal", "UPDATE orders SET customer_id = NULL WHERE id = 10", 1),
        ("law/legal", "UPDATE trips SET customer_id = 1 WHERE id = 8", 1),
        ("surveyor/service", "UPDATE orders SET customer_id = 1 WHERE id = 40", 1),
        ("app/service", "UPDATE mailings SET customer_id = 5 WHERE id = 1", 1),
        ("app/service", "UPDATE mailings SET customer_id = 1, subject = 'x' WHERE id = 1", 1),
        // Rows that are not there are none.
        ("app/service", "UPDATE orders SET customer_id = 1 WHERE id = 60", 0),
        ("app/marketing", "UPDATE orders SET customer_id = 1 WHERE id = 40", 0),
    ] {
        let done = world.run(who, sql).await;
        assert_eq!(done.answer.as_ref().map(|a| a.count), Ok(count), "{who} {sql}\n{}", done.error);
    }
}

fn what_cannot_be_tested_is_refused(world: &World) {
    for (rule, who, sql) in [
        ("not-understood", "law/legal", "UPDATE orders SET (customer_id, state) = (1, 'x') WHERE id = 60"),
        ("not-understood", "law/legal", "UPDATE orders SET (state, customer_id) = (SELECT 'x', 1) WHERE id = 60"),
        (
            "not-understood",
            "law/legal",
            "MERGE INTO orders o USING (VALUES (60)) v(id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET customer_id = 1",
        ),
        (
            "not-understood",
            "law/legal",
            "MERGE INTO stops s USING (VALUES (6)) v(id) ON s.id = v.id WHEN MATCHED THEN UPDATE SET trip_id = 1",
        ),
        ("subject-moved", "law/legal", "UPDATE orders SET customer_id = DEFAULT WHERE id = 60"),
        // Another takes the removed row's place.
        ("subject-moved", "app/service", "DELETE FROM bins WHERE id = 4"),
        (
            "subject-moved",
            "app/service",
            "WITH d AS (DELETE FROM bins WHERE id = 4 RETURNING id) INSERT INTO bins SELECT id, 1 FROM d",
        ),
    ] {
        assert_eq!(world.refused(who, sql).0, rule, "{who} {sql}");
    }
    for sql in [
        "MERGE INTO orders o USING (VALUES (60)) v(id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET customer_id = o.customer_id, state = 'x'",
        "DELETE FROM trips WHERE id = -1",
    ] {
        assert!(world.clear("app/service", sql).is_ok(), "{sql}");
    }
    // One purpose alone hides what it hides.
    let sql = "UPDATE orders SET customer_id = 1 WHERE id = 40";
    assert!(!world.clear("plain/marketing", sql).expect(sql).wire_text().contains("subject-moved"));
}

/// Parameters keep their types, and the refusal is the policy's.
#[tokio::test]
async fn a_client_that_writes_whole_rows_back() {
    let database = shared().database("writes_moved_proxy", &format!("{}{MORE}", include_str!("schema.sql")));
    database.grant_to_upstream();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writes/policy.toml");
    let served = [Served { name: "shop", database: &database, policy: &policy }];
    let proxy = Proxy::start(&served, &[("lea", "law")], "");
    let client = proxy.client("lea", "shop", Some("legal")).await;
    let save = client.prepare("UPDATE orders SET customer_id = $1, label = $2, state = $3 WHERE id = $4").await;
    let save = save.expect("prepared");
    assert_eq!(client.execute(&save, &[&6, &"l", &"s", &60]).await.expect("as it is"), 1);
    assert_eq!(client.execute(&save, &[&5, &"l", &"s", &10]).await.expect("nothing hidden"), 1);
    let error = client.execute(&save, &[&1, &"l", &"s", &60]).await.expect_err("restricted");
    let error = error.as_db_error().expect("from the proxy");
    assert_eq!(error.code().code(), "42501", "{error:?}");
    assert!(error.detail().is_some_and(|d| d.starts_with("rule subject-moved")), "{error:?}");
    assert_eq!(database.psql("SELECT customer_id, label FROM orders WHERE id IN (10, 60) ORDER BY id"), "5|l\n6|l");
}
