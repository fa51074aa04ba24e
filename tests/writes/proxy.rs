//! Writes as a client of the whole proxy does them: parameters, tags, errors.

use std::path::Path;

use crate::common::postgres::shared;
use crate::common::proxy::{Proxy, Served};

#[tokio::test]
async fn a_client_writes_through_the_proxy() {
    let database = shared().database("writes_proxy", include_str!("schema.sql"));
    database.grant_to_upstream();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writes/policy.toml");
    let served = [Served { name: "shop", database: &database, policy: &policy }];
    let proxy = Proxy::start(&served, &[("ana", "app"), ("cleo", "clerk")], "");
    let client = proxy.client("ana", "shop", Some("marketing")).await;

    let changed = client
        .execute(
            "UPDATE customers SET full_name = $1 WHERE id = $2 AND email = $3",
            &[&"Anna", &1, &"ana@mail.example"],
        )
        .await
        .expect("update");
    assert_eq!(changed, 1);
    let hidden =
        client.execute("UPDATE customers SET full_name = $1 WHERE id = $2", &[&"x", &3]).await.expect("update");
    assert_eq!(hidden, 0);
    let row = client
        .query_one(
            "INSERT INTO customers (id, full_name, email) VALUES ($1, $2, $3) RETURNING *",
            &[&9, &"Gil", &"gil@x.example"],
        )
        .await
        .expect("insert");
    assert_eq!((row.get::<_, i32>("id"), row.get::<_, String>("full_name")), (9, "***".to_owned()));
    assert_eq!(row.get::<_, Option<String>>("phone"), None);

    // Another's value, in an error.
    let taken = client.execute("UPDATE customers SET email = 'CANARY-cleo@x.example' WHERE id = 1", &[]).await;
    let error = taken.expect_err("unique");
    let error = error.as_db_error().expect("from the server");
    assert_eq!(error.code().code(), "23505");
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");

    // WITH CHECK OPTION: PostgreSQL's own error.
    let insert = "INSERT INTO strict (key, name, country) VALUES ($1, 'CANARY-new', $2)";
    let update = "UPDATE strict SET country = $2 WHERE key = $1";
    for (sql, country, done) in
        [(insert, "ES", true), (insert, "FR", false), (update, "ES", true), (update, "FR", false)]
    {
        let key = if sql == update {
            1
        } else if done {
            77
        } else {
            78
        };
        match client.execute(sql, &[&key, &country]).await {
            Ok(count) => assert_eq!((count, done), (1, true), "{sql} {country}"),
            Err(e) => {
                let error = e.as_db_error().expect("from the server");
                assert_eq!((error.code().code(), done), ("44000", false), "{sql} {error:?}");
                assert!(error.message().starts_with("new row violates check option for view"), "{error:?}");
                assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
            }
        }
    }
    assert_eq!(database.psql("DELETE FROM customers WHERE id = 77 RETURNING country"), "ES");

    // No consent: the whole statement is refused, and the session goes on.
    let store = "INSERT INTO mailings (customer_id, subject) VALUES ($1, 'a'), ($2, 'b')";
    for (first, second, stored) in [(1, 3, false), (1, 5, true)] {
        match client.execute(store, &[&first, &second]).await {
            Ok(count) => assert_eq!((count, stored), (2, true)),
            Err(e) => {
                let error = e.as_db_error().expect("from the proxy");
                assert_eq!((error.code().code(), stored), ("42501", false), "{error:?}");
                assert!(error.detail().is_some_and(|d| d.starts_with("rule store-requires-consent")), "{error:?}");
            }
        }
    }
    assert_eq!(database.psql("SELECT count(*) FROM mailings"), "2");
    // By PREPARE and EXECUTE it is the same.
    client
        .batch_execute("PREPARE store (int) AS INSERT INTO mailings (customer_id, subject) VALUES ($1, 'c')")
        .await
        .expect("prepare");
    let refused = client.batch_execute("EXECUTE store(3)").await.expect_err("no consent");
    let error = refused.as_db_error().expect("from the proxy");
    assert_eq!(error.code().code(), "42501", "{error:?}");
    assert!(error.detail().is_some_and(|d| d.starts_with("rule store-requires-consent")), "{error:?}");

    // Live: consent given now counts for the next statement.
    let clerk = proxy.client("cleo", "shop", Some("service")).await;
    let granted = clerk.execute("INSERT INTO consents VALUES (4, 'marketing', 'email', 'granted')", &[]).await;
    assert_eq!(granted.expect("recorded"), 1);
    let seen = client.execute("UPDATE customers SET full_name = 'Dirk' WHERE id = 4", &[]).await.expect("update");
    assert_eq!(seen, 1);
    assert_eq!(client.execute(store, &[&4, &4]).await.expect("stored"), 2);

    // Many rows are one test: a statement of thousands is not too long, and one person too many refuses it.
    let rows = |person: i32| -> Vec<String> {
        let row =
            |n: i32| format!("({n}, {}, 'letter {n}')", if n == 17_000 { person } else { [1, 2, 5][n as usize % 3] });
        (10_001..=20_000).map(row).collect()
    };
    let many =
        |person: i32| format!("INSERT INTO mailings (id, customer_id, subject) VALUES {}", rows(person).join(", "));
    let before = database.psql("SELECT count(*) FROM mailings");
    let refused = client.batch_execute(&many(3)).await.expect_err("no consent");
    let error = refused.as_db_error().expect("from the proxy");
    assert!(error.detail().is_some_and(|d| d.starts_with("rule store-requires-consent")), "{error:?}");
    assert_eq!(database.psql("SELECT count(*) FROM mailings"), before);
    client.batch_execute(&many(1)).await.expect("stored");
    let row = "SELECT count(*), min(customer_id), max(subject) FROM mailings WHERE id > 10000";
    assert_eq!(database.psql(row), "10000|1|letter 20000");
}
