//! Rows that another transaction changes while a statement waits for them: PostgreSQL goes on with the row as it is then, and
//! tests that again (`EvalPlanQual`). What it had joined the row with it does not look up again, so whose choices decide must
//! be no join.

use std::time::{Duration, Instant};

use crate::world::World;

const SCHEMA: &str = "
ALTER TABLE consents DROP CONSTRAINT consents_pkey;
ALTER TABLE consents ALTER channel DROP NOT NULL;
INSERT INTO consents VALUES (3, 'research', NULL, 'objected');
INSERT INTO trips VALUES (3, 3), (5, 5), (6, 6);
";

/// All want order 10, which is customer 1's, or stop 1, of trip 1.
const ORDERS: &[&str] = &[
    "SELECT id FROM orders WHERE id = 10 FOR UPDATE",
    "SELECT id FROM orders WHERE id = 10 AND 1 / id < 5 FOR NO KEY UPDATE",
    "SELECT id FROM (SELECT * FROM orders) o WHERE id = 10 FOR UPDATE",
    "SELECT id FROM orders WHERE label LIKE '%irst' ORDER BY id LIMIT 1 FOR UPDATE",
    "SELECT id FROM orders WHERE label LIKE '%irst' FOR UPDATE",
    "SELECT o.id FROM orders o JOIN products p ON p.id = 1 WHERE o.id = 10 FOR SHARE OF o",
    "SELECT id FROM titled WHERE id = 10 FOR UPDATE",
    "WITH o AS (SELECT id FROM orders WHERE id = 10 FOR UPDATE) SELECT id FROM o",
    "UPDATE orders SET state = 'x' WHERE id = 10 RETURNING id",
    "UPDATE orders SET label = 'x' WHERE id = 10 AND 1 / id < 5 RETURNING id",
    "UPDATE titled SET state = 'x' WHERE id = 10 RETURNING id",
    "UPDATE orders SET state = 'x' FROM products p WHERE p.id = 1 AND orders.id = 10 RETURNING orders.id",
    "UPDATE orders SET state = 'x' WHERE id IN (SELECT id FROM orders WHERE id = 10 LIMIT 1) RETURNING id",
    "DELETE FROM orders WHERE id = 10 RETURNING id",
    "DELETE FROM orders USING products p WHERE p.id = 1 AND orders.id = 10 RETURNING orders.id",
];
const MERGES: &[&str] = &[
    "MERGE INTO orders o USING products p ON p.id = 1 AND o.id = 10 WHEN MATCHED THEN UPDATE SET state = 'x'",
    "MERGE INTO orders o USING products p ON p.id = 1 AND o.id = 10 WHEN MATCHED THEN DELETE",
];
const STOPS: &[&str] = &[
    "SELECT id FROM stops WHERE id = 1 FOR UPDATE",
    "UPDATE stops SET id = 1 WHERE id = 1 RETURNING id",
    "DELETE FROM stops WHERE id = 1 RETURNING id",
];

/// Rows that the statement reaches while another transaction does `meanwhile` and commits before it gets them.
async fn reached(world: &World, who: &str, sql: &str, meanwhile: &str) -> u64 {
    let other = world.database.superuser().await;
    other.batch_execute(&format!("BEGIN; {meanwhile}")).await.expect(meanwhile);
    let waiting = async {
        let watch = world.database.superuser().await;
        let begun = Instant::now();
        let blocked = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
        while watch.query(blocked, &[]).await.expect("locks").is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not wait: {sql}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        other.batch_execute("COMMIT").await.expect("commit");
    };
    let (done, ()) = tokio::join!(world.run(who, sql), waiting);
    let answer = done.answer.unwrap_or_else(|code| panic!("{code} {sql} {}", done.error));
    answer.count
}

#[tokio::test]
async fn whose_a_row_has_become_decides() {
    let world = World::build_with("rechecked", SCHEMA).await;
    let back = world.database.superuser().await;
    let mut wrong = Vec::new();
    for (who, owner, is_there) in [
        ("app/marketing", 3, 0),
        ("app/marketing", 5, 1),
        ("app/service", 6, 0),
        ("app/service", 3, 1),
        ("scholar/research", 3, 0),
        ("scholar/research", 4, 1),
    ] {
        let orders = format!("UPDATE orders SET customer_id = {owner} WHERE id = 10");
        let stops = format!("UPDATE stops SET trip_id = {owner} WHERE id = 1");
        let all = ORDERS.iter().chain(MERGES).map(|sql| (sql, &orders));
        for (sql, meanwhile) in all.chain(STOPS.iter().map(|sql| (sql, &stops)).filter(|_| owner != 4)) {
            let rows = reached(&world, who, sql, meanwhile).await;
            if rows != is_there {
                wrong.push(format!("{who} {owner}: {rows} {sql}"));
            }
            back.batch_execute(
                "UPDATE orders SET customer_id = 1 WHERE id = 10; UPDATE stops SET trip_id = 1 WHERE id = 1",
            )
            .await
            .expect("as before");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
