//! The rows of the catalogue of leaks that are about writes: each would tell a hidden value on a naive rewrite.

use crate::world::{Done, World};

fn told(done: &Done) -> String {
    format!("{:?} {}", done.answer, done.error)
}

/// What is wrong when another rule than `rule` refuses, or none does.
fn differs(world: &World, rule: &str, sql: &str) -> Option<String> {
    match world.clear("app/marketing", sql) {
        Ok(cleared) => Some(format!("{sql}\n    leaves as {}", cleared.wire_text())),
        Err(refusal) if refusal.rule == rule => None,
        Err(refusal) => Some(format!("{sql}\n    refused by {}: {refusal}: {}", refusal.rule, refusal.detail)),
    }
}

fn cell(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn world() -> World {
    World::build("leaks").await
}

#[tokio::test]
async fn leaks() {
    let world = world().await;
    upsert_reads_a_hidden_row(&world).await;
    what_the_server_fills_in_is_not_excluded(&world).await;
    new_rows_are_shown_as_they_may_be_seen(&world).await;
    masked_cells_stay(&world).await;
    a_row_fills_no_more_columns_than_judged(&world).await;
    rows_are_not_moved_to_another_subject(&world).await;
    what_is_never_shown_is_not_written(&world);
    references_that_would_reach_the_stored_row(&world);
    what_is_not_understood(&world);
    derived_data_stays_where_it_is(&world);
}

/// A row that expands to more columns than the text shows fills no more of them.
async fn a_row_fills_no_more_columns_than_judged(world: &World) {
    let sql = "INSERT INTO products SELECT (p).* FROM (SELECT ROW(9, 'x', 1)::products AS p) q";
    assert!(world.run("app/marketing", sql).await.answer.is_ok());
    let sql = "INSERT INTO customers SELECT (p).* FROM (SELECT ROW(9, 'n', 'e', 'p', 'c', 1, 'x')::customers AS p) q";
    assert_eq!(world.refused("app/marketing", sql).0, "column-not-writable");
    let row = "(SELECT 9 AS id, ROW(9, 'n', 'e', 'p', 'c', 1, 'x')::customers AS p) q";
    for sql in [
        format!("MERGE INTO customers c USING {row} ON c.id = q.id WHEN NOT MATCHED THEN INSERT VALUES ((q.p).*)"),
        format!("INSERT INTO customers SELECT v.* FROM {row}, LATERAL (VALUES ((q.p).*)) v"),
        "INSERT INTO customers VALUES ((ROW(9, 'n', 'e', 'p', 'c', 1, 'x')::customers).*)".to_owned(),
    ] {
        assert_eq!(world.refused("app/marketing", &sql).0, "column-not-writable", "{sql}");
    }
    // What is filled is written out.
    let cleared = world.clear("app/marketing", "INSERT INTO customers AS c VALUES (9, 'n')").expect("insert");
    assert_eq!(cleared.wire_text(), "INSERT INTO \"public\".customers AS c (\"id\", \"full_name\") VALUES (9, 'n')");
}

/// The default of a column that is not listed is nobody's to read, by any name of the proposed row.
async fn what_the_server_fills_in_is_not_excluded(world: &World) {
    let upsert = |set: &str| {
        format!("INSERT INTO customers AS c (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET full_name = {set}")
    };
    for set in [
        "excluded.secret",
        "(SELECT excluded.secret)",
        "(SELECT e.secret FROM (SELECT excluded.secret) e)",
        "CASE WHEN excluded.secret IS NULL THEN NULL ELSE 'CANARY' END",
        "'CANARY' WHERE excluded.secret IS NOT NULL",
    ] {
        let done = world.run("app/marketing", &upsert(set)).await;
        let now = done.after[0].iter().find(|r| r[0] == cell("1")).expect("customer 1");
        let kept = if set.contains("WHERE") { cell("Ana") } else { None };
        assert_eq!(now[1], kept, "{set}: {}", done.error);
    }
    for set in [
        "excluded::text",
        "row_to_json(excluded)::text",
        "(SELECT row_to_json(e)::text FROM (SELECT excluded.*) e)",
        "(SELECT to_json(excluded.*)::text)",
        "secret(excluded)",
        "(excluded).secret",
        "(SELECT (e).secret FROM (SELECT excluded AS e) f)",
    ] {
        assert_eq!(world.refused("app/marketing", &upsert(set)).1, "0A000", "{set}");
    }
    // Nothing is kept from a subquery that bears its name.
    let sql = upsert("(SELECT excluded.secret FROM (SELECT 'own' AS secret) excluded)");
    let done = world.run("app/marketing", &sql).await;
    assert_eq!(done.after[0].iter().find(|r| r[0] == cell("1")).expect("customer 1")[1], cell("own"));
}

/// `ON CONFLICT … RETURNING` on a row that is not there: nothing is changed, nothing is told.
async fn upsert_reads_a_hidden_row(world: &World) {
    let before = world.stored_tables().await;
    for sql in [
        "INSERT INTO customers (id, email) VALUES (9, 'CANARY-cleo@x.example') ON CONFLICT (email) DO UPDATE SET full_name = excluded.full_name RETURNING id, phone, country",
        "INSERT INTO customers AS c (id, email) VALUES (3, 'x') ON CONFLICT (id) DO UPDATE SET full_name = c.phone WHERE c.phone::int > 0 RETURNING *",
        "INSERT INTO customers (id, email) VALUES (3, 'x') ON CONFLICT DO NOTHING RETURNING *",
    ] {
        let done = world.run("app/marketing", sql).await;
        assert_eq!(done.after, before, "{sql}");
        let answer = done.answer.as_ref().unwrap_or_else(|e| panic!("{e} {sql} {}", done.error));
        assert_eq!((answer.rows.len(), answer.count), (0, 0), "{sql}");
        assert!(!told(&done).contains("CANARY"), "{sql}\n{}", told(&done));
    }
    // A row that is there is read as it may be seen, and changed.
    let sql = "INSERT INTO customers (id, email) VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET full_name = customers.email || '/' || excluded.email RETURNING id, full_name, email, score";
    let done = world.run("app/marketing", sql).await;
    let name = "C***@mail.example/x";
    assert_eq!(done.answer.expect(sql).rows, [[cell("2"), cell(name), cell("C***@mail.example"), None]]);
    assert_eq!(done.after[0][1][1], cell(name));
    assert_eq!(done.after[0][1][2], cell("CANARY-ben@mail.example"));
}

/// RETURNING computes cells over the new row; one that is not there shows its personal cells masked.
async fn new_rows_are_shown_as_they_may_be_seen(world: &World) {
    let done = world
        .run("app/marketing", "INSERT INTO customers (id, full_name, email, country) VALUES (9, 'Gil', 'gil@x.example', 'ES') RETURNING *")
        .await;
    let masked = vec![cell("9"), cell("***"), cell("g***@x.example"), None, cell("ES"), None, None];
    let answer = done.answer.expect("insert");
    assert_eq!(answer.rows, [masked]);
    assert_eq!(answer.columns, ["id", "full_name", "email", "phone", "country", "score", "secret"]);
    assert_eq!(done.after[0][6][1], cell("Gil"), "the row itself is stored as given");

    // The row stops being there by the write itself.
    let done = world.run("app/marketing", "UPDATE customers SET country = 'blocked' WHERE id = 1 RETURNING id, full_name, phone, upper(email), full_name || '' AS n").await;
    let row = vec![cell("1"), cell("***"), cell("***11"), cell("A***@MAIL.EXAMPLE"), cell("***")];
    assert_eq!(done.answer.expect("update").rows, [row]);

    // A moved key is about somebody else.
    let done = world.run("app/marketing", "UPDATE orders SET customer_id = 4 WHERE id = 10 RETURNING *").await;
    assert_eq!(done.answer.expect("update").rows, [[cell("10"), cell("4"), cell("***"), cell("open")]]);
    let done = world
        .run(
            "app/marketing",
            "WITH d AS (INSERT INTO orders VALUES (77, 4, 'secret label', 'open') RETURNING *) SELECT label FROM d",
        )
        .await;
    assert_eq!(done.answer.expect("insert").rows, [[cell("***")]]);
}

/// A value that is masked in a row is not written over; the row stays as it is.
async fn masked_cells_stay(world: &World) {
    let done = world.run("app/marketing", "UPDATE customers SET email = 'new' || id, country = 'XX'").await;
    assert_eq!(done.answer.expect("update").count, 2);
    let emails: Vec<_> = done.after[0].iter().map(|r| r[2].clone().unwrap_or_default()).collect();
    assert_eq!(emails[0], "new1");
    assert_eq!(emails[4], "new5");
    assert_eq!(emails[1], "CANARY-ben@mail.example");
    assert_eq!(done.after[0][1][4], cell("ES"));
    let done = world
        .run("app/marketing", "INSERT INTO customers (id) VALUES (2) ON CONFLICT (id) DO UPDATE SET email = 'new'")
        .await;
    assert_eq!(done.answer.expect("upsert").count, 0);
}

/// Stops are about whom their trip is about: a trip whose customer agreed to no e-mail cannot be made another's.
async fn rows_are_not_moved_to_another_subject(world: &World) {
    let trips = "MERGE INTO trips t USING (VALUES (1), (2)) v (id) ON t.id = v.id";
    for (sql, count) in [
        ("UPDATE trips SET customer_id = 1 WHERE id = 2", 0),
        ("UPDATE trips SET customer_id = NULL WHERE id = 2", 0),
        ("UPDATE trips SET id = id + 10 WHERE id = 2", 0),
        ("DELETE FROM trips WHERE id = 2", 0),
        ("INSERT INTO trips VALUES (2, 1) ON CONFLICT (id) DO UPDATE SET customer_id = 1", 0),
        // Of whom all is shown anyway.
        ("UPDATE trips SET customer_id = 5 WHERE id = 1", 1),
        ("DELETE FROM trips WHERE id = 1", 1),
        // Nothing moves: what is in a box goes with it.
        ("UPDATE boxes SET label = 'x'", 2),
        ("DELETE FROM boxes WHERE id = 1", 1),
        // By MERGE it is the same: what it may not change stays as it is.
        (&format!("{trips} WHEN MATCHED THEN UPDATE SET customer_id = 5"), 1),
        (&format!("{trips} WHEN MATCHED AND v.id > 2 OR CASE WHEN v.id > 0 THEN true END THEN DELETE"), 1),
        (
            &format!(
                "{trips} WHEN MATCHED AND v.id < 0 THEN DO NOTHING WHEN MATCHED THEN UPDATE SET customer_id = NULL"
            ),
            1,
        ),
    ] {
        let done = world.run("app/marketing", sql).await;
        assert_eq!(done.answer.as_ref().map(|a| a.count), Ok(count), "{sql} {}", done.error);
    }
    for (rule, sql) in [
        ("not-understood", &*format!("{trips} WHEN MATCHED AND v.id < 9 THEN DELETE WHEN MATCHED THEN DO NOTHING")),
        ("subject-moved", "UPDATE trays SET customer_id = 3"),
    ] {
        assert_eq!(world.refused("app/marketing", sql).0, rule, "{sql}");
    }
    // On contract nothing differs from person to person.
    let done = world.run("app/service", "UPDATE trips SET customer_id = 1 WHERE id = 2").await;
    assert_eq!(done.answer.map(|a| a.count), Ok(1), "{}", done.error);
}

fn what_is_never_shown_is_not_written(world: &World) {
    for sql in [
        "UPDATE customers SET score = 1",
        "UPDATE customers SET score = DEFAULT",
        "UPDATE customers SET secret = ''",
        "UPDATE customers SET (country, score) = (SELECT 'ES', 1)",
        "INSERT INTO customers (id, secret) VALUES (9, '')",
        "INSERT INTO customers VALUES (9, 'n', 'e', 'p', 'c', 1, 'secret')",
        "INSERT INTO customers SELECT 9, 'n', 'e', 'p', 'c', 1, 'secret'",
        "INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET score = excluded.score",
        "INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET secret = excluded.secret",
        "MERGE INTO customers c USING products p ON c.id = p.id WHEN MATCHED THEN UPDATE SET score = 1",
        "MERGE INTO customers c USING products p ON c.id = p.id WHEN NOT MATCHED THEN INSERT (id, secret) VALUES (p.id, '')",
    ] {
        assert_eq!(world.refused("app/marketing", sql), ("column-not-writable", "42501"), "{sql}");
    }
    // Listed columns may be filled by who never sees them.
    for sql in [
        "INSERT INTO customers (id, score) VALUES (9, 1)",
        "INSERT INTO customers VALUES (9, 'n', 'e', 'p', 'c', 1)",
        "INSERT INTO customers DEFAULT VALUES",
        "INSERT INTO customers (id) VALUES (9) ON CONFLICT DO NOTHING",
    ] {
        assert!(world.clear("app/marketing", sql).is_ok(), "{sql}");
    }
}

fn references_that_would_reach_the_stored_row(world: &World) {
    let mut wrong = Vec::new();
    for (rule, sql) in [
        // Choices are kept by it.
        ("right-missing", "UPDATE customers SET id = id + 1000 WHERE id = 2"),
        ("system-column", "UPDATE customers SET country = 'x' WHERE ctid = '(0,1)'"),
        ("system-column", "UPDATE customers SET country = xmin::text"),
        ("system-column", "DELETE FROM customers c WHERE c.tableoid > 0"),
        ("system-column", "DELETE FROM customers WHERE EXISTS (SELECT 1 WHERE xmax IS NULL)"),
        (
            "system-column",
            "INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET country = 'x' RETURNING xmax = 0",
        ),
        ("undefined-column", "UPDATE customers SET full_name = consentry_w::text"),
        ("undefined-function", "UPDATE customers SET full_name = email(consentry_w)"),
        ("undefined-column", "UPDATE customers SET full_name = upper(consentry_w)"),
        ("duplicate-alias", "UPDATE customers SET full_name = 'x' FROM products customers WHERE customers.id = 1"),
        ("undefined-table", "UPDATE customers SET full_name = consentry_w.email"),
        ("undefined-table", "UPDATE customers SET full_name = (consentry_w.*)::text"),
        ("undefined-table", "UPDATE customers c SET full_name = customers.email"),
        ("undefined-table", "UPDATE customers SET full_name = 'x' RETURNING old.email"),
        ("undefined-column", "UPDATE customers SET full_name = customers.upper"),
        ("doubtful-column", "UPDATE customers SET full_name = email FROM customers d"),
        (
            "doubtful-column",
            "UPDATE customers SET full_name = email FROM jsonb_populate_recordset(NULL::products, '[]') x",
        ),
        ("doubtful-column", "INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET full_name = email"),
        ("not-understood", "UPDATE customers SET full_name = ROW(customers.*)::text"),
        ("not-understood", "UPDATE customers SET full_name = (SELECT count(*) FROM (SELECT customers.*) x)"),
        ("not-understood", "DELETE FROM customers WHERE CURRENT OF c"),
        ("not-understood", "UPDATE customers SET country = 'x' RETURNING WITH (OLD AS o) o.email"),
    ] {
        wrong.extend(differs(world, rule, sql));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn what_is_not_understood(world: &World) {
    let mut wrong = Vec::new();
    for (rule, sql) in [
        ("not-understood", "COPY (UPDATE customers SET country = 'x' RETURNING *) TO STDOUT"),
        ("not-understood", "UPDATE counted SET country = 'x'"),
        ("not-understood", "DELETE FROM limited"),
        ("not-understood", "UPDATE joined SET label = 'x'"),
        ("not-understood", "UPDATE ONLY people SET full_name = 'x'"),
        ("right-missing", "UPDATE strict SET key = 7"),
        ("not-understood", "INSERT INTO defaulted (id) VALUES (7) ON CONFLICT (id) DO UPDATE SET full_name = 'x'"),
        // Nothing of the view's own that a test could stand before.
        ("not-understood", "UPDATE rich SET country = 'ES' RETURNING count(*)"),
        ("not-understood", "UPDATE rich SET country = 'ES' RETURNING known(id), random()"),
        ("not-understood", "UPDATE rich SET country = 'ES' FROM products p WHERE p.id = rich.id RETURNING p.*"),
        ("returns-nothing", "WITH u AS (UPDATE rich SET country = 'ES') SELECT * FROM u"),
        ("returns-nothing", "WITH u AS (UPDATE rich SET country = 'ES') INSERT INTO log (what) SELECT 'x' FROM u"),
        ("function-not-allowed", "INSERT INTO prying (id) VALUES (7)"),
        ("not-understood", "INSERT INTO valued (id) VALUES (7) RETURNING id"),
        ("not-understood", "UPDATE over_tapped SET full_name = 'x'"),
        ("not-understood", "UPDATE over_over_tapped SET full_name = 'x'"),
        ("not-understood", "DELETE FROM over_tapped"),
        ("not-understood", "DELETE FROM over_deaf"),
        ("not-understood", "INSERT INTO over_ruled VALUES (1)"),
        ("not-understood", "UPDATE caught SET full_name = 'x'"),
        ("not-understood", "UPDATE over_caught SET full_name = 'x'"),
        ("not-understood", "UPDATE valued SET full_name = DEFAULT"),
        ("not-understood", "UPDATE shaded SET color = DEFAULT"),
        ("not-understood", "DELETE FROM repeated"),
        ("not-understood", "DELETE FROM ranked"),
        ("not-understood", "DELETE FROM paired"),
        ("not-understood", "UPDATE hidden_pairs SET full_name = 'x'"),
        ("not-understood", "UPDATE loud SET label = cry"),
        ("not-understood", "UPDATE loud SET label = 'x' RETURNING *"),
        ("not-understood", "UPDATE loud SET label = loud::text"),
        ("view-column-not-writable", "UPDATE loud SET cry = 'x'"),
        ("view-column-not-writable", "INSERT INTO loud VALUES (7, 'x', 'y')"),
        ("undefined-column", "UPDATE spaniards SET full_name = 'x'"),
        ("undefined-column", "INSERT INTO spaniards (id) VALUES (1)"),
        ("too-many-values", "INSERT INTO people VALUES (1, 'x', 'y')"),
        ("right-missing", "INSERT INTO choices VALUES (1, 'marketing', 'email', 'granted')"),
        ("not-a-table", "MERGE INTO people c USING products p ON c.id = p.id WHEN MATCHED THEN DELETE"),
        ("not-a-table", "COPY people FROM STDIN"),
        ("not-understood", "INSERT INTO ruled VALUES (1)"),
        ("system-relation", "UPDATE pg_settings SET setting = 'off' WHERE name = 'row_security'"),
        ("system-relation", "DELETE FROM pg_class"),
        ("table-not-listed", "DELETE FROM unlisted"),
        (
            "not-understood",
            "MERGE INTO customers c USING products p ON c.id = p.id WHEN MATCHED AND p.id = 1 THEN UPDATE SET email = 'x' WHEN MATCHED THEN DELETE",
        ),
    ] {
        wrong.extend(differs(world, rule, sql));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for sql in ["UPDATE light_parcels SET note = 'x'", "UPDATE shouty SET name = 'x'", "DELETE FROM noted WHERE id = 1"]
    {
        assert!(world.clear("app/marketing", sql).is_ok(), "{sql}");
    }
    // Views and tables without personal data go out as they came.
    for sql in [
        "UPDATE cheap SET name = 'x' WHERE id = 1 RETURNING *",
        "UPDATE products SET name = ctid::text",
        "DELETE FROM log",
    ] {
        let cleared = world.clear("app/marketing", sql).unwrap_or_else(|r| panic!("{sql}: {r}"));
        assert_eq!(cleared.wire_text(), sql);
        assert!(!cleared.protected());
    }
}

fn derived_data_stays_where_it_is(world: &World) {
    for sql in [
        "INSERT INTO log (what) SELECT email FROM customers",
        "INSERT INTO log (what) SELECT 'someone' FROM customers WHERE country = 'ES'",
        "INSERT INTO log (what) VALUES ((SELECT email FROM customers WHERE id = 1))",
        "WITH x AS (SELECT email FROM customers) INSERT INTO log (what) SELECT * FROM x",
        "WITH d AS (DELETE FROM orders RETURNING *) INSERT INTO log (what) SELECT label FROM d",
        "UPDATE products SET name = c.full_name FROM customers c WHERE c.id = products.id",
        "UPDATE products SET name = (SELECT full_name FROM customers c WHERE c.id = products.id)",
        // Who is there has consented.
        "UPDATE products SET name = 'x' WHERE id IN (SELECT id FROM customers)",
        "MERGE INTO log USING customers c ON log.id = c.id WHEN NOT MATCHED THEN INSERT (what) VALUES ('x')",
        "INSERT INTO orders (id, customer_id, label) SELECT id, id, full_name FROM customers",
        // Another row is another person's.
        "UPDATE orders SET label = o.label FROM orders o WHERE o.id = orders.id + 1",
        // Other purposes read what is open.
        "UPDATE orders SET state = label",
        "UPDATE orders SET (id, state) = (id, label)",
    ] {
        assert_eq!(world.refused("plain/marketing", sql), ("right-missing", "42501"), "{sql}");
        assert!(world.clear("app/marketing", sql).is_ok(), "{sql}");
    }
    for sql in [
        "INSERT INTO customers (id, full_name) SELECT id + 100, full_name FROM customers",
        "INSERT INTO orders (id, customer_id) VALUES (1, (SELECT id FROM customers WHERE email = 'x'))",
        "UPDATE orders SET label = upper(label), state = lower(state) WHERE label <> 'x'",
    ] {
        assert!(world.clear("plain/marketing", sql).is_ok(), "{sql}");
    }
}
