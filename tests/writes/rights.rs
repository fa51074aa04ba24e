//! Which right each write needs, on protected and on open tables; what is recorded of it.

use consentry::engine::cleared::{Effect, Usage};
use consentry::engine::context::Derived;

use crate::world::{World, context};

#[tokio::test]
async fn rights() {
    let world = World::build("rights").await;
    every_write_needs_its_right(&world);
    truncate_reaches_what_refers_to_it(&world);
    temporary_tables_need_none_and_carry_the_purpose(&world);
    the_record_names_what_is_written(&world);
    a_statement_asks_for_consent_so_often_and_no_more(&world).await;
}

fn every_write_needs_its_right(world: &World) {
    for sql in [
        "INSERT INTO customers (id) VALUES (9)",
        "INSERT INTO products (id) VALUES (9)",
        "INSERT INTO cheap (id) VALUES (9)",
        "UPDATE customers SET country = 'x'",
        "UPDATE products SET name = 'x'",
        "DELETE FROM customers",
        "DELETE FROM products",
        "TRUNCATE log",
        "TRUNCATE orders",
        "COPY products FROM STDIN",
        "COPY customers (id) FROM STDIN",
        "MERGE INTO products p USING products q ON p.id = q.id WHEN MATCHED THEN DELETE",
        "WITH x AS (DELETE FROM products RETURNING *) SELECT * FROM x",
        "EXPLAIN DELETE FROM products",
        "PREPARE p AS DELETE FROM products",
    ] {
        assert_eq!(world.refused("reader/marketing", sql), ("right-missing", "42501"), "{sql}");
        assert!(world.clear("app/marketing", sql).is_ok(), "{sql}");
    }
    for (right, sql) in [
        ("update", "INSERT INTO products (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'"),
        ("truncate", "TRUNCATE log"),
        ("copy_in", "COPY log FROM STDIN"),
    ] {
        let refusal = world.clear("plain/marketing", sql);
        match right {
            "update" => assert!(refusal.is_ok(), "{sql}"),
            _ => assert!(refusal.expect_err(sql).detail.contains(right), "{sql}"),
        }
    }
}

fn truncate_reaches_what_refers_to_it(world: &World) {
    let cleared = world.clear("app/marketing", "TRUNCATE trips RESTART IDENTITY CASCADE").expect("truncate");
    let tables: Vec<&str> = cleared.statements[0].tables.iter().map(|t| t.table.as_str()).collect();
    assert_eq!(tables, ["public.trips", "public.stops"]);
    assert_eq!(cleared.wire_text(), "TRUNCATE \"public\".trips RESTART IDENTITY CASCADE");
    // Rows about restricted people, which no foreign key takes along, would be there.
    assert_eq!(world.refused("app/marketing", "TRUNCATE customers CASCADE").0, "not-understood");
    assert!(world.clear("app/marketing", "TRUNCATE products CASCADE").is_ok());
    assert_eq!(world.refused("app/marketing", "TRUNCATE consents").0, "right-missing");
    assert_eq!(world.refused("app/marketing", "TRUNCATE unlisted").0, "table-not-listed");
    assert!(world.clear("clerk/service", "TRUNCATE consents").is_ok());
}

fn temporary_tables_need_none_and_carry_the_purpose(world: &World) {
    let clear = |who: &str, purpose: Option<&str>, sql: &str| {
        let mut context = context(who);
        let (purpose, policy) = (purpose.map(str::to_owned), Some(world.engine.policy.digest.clone()));
        let derived = Derived { purpose, policy, ..Derived::default() };
        context.temporary.insert("t".to_owned(), derived);
        world.engine.clear(sql, &context, consentry::engine::context::Protocol::Simple)
    };
    for sql in ["INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t", "TRUNCATE t", "COPY t FROM STDIN"] {
        assert!(clear("reader/marketing", None, sql).is_ok(), "{sql}");
    }
    let fill = "INSERT INTO t SELECT email FROM customers";
    assert_eq!(clear("plain/marketing", None, fill).expect_err("derive").rule, "right-missing");
    let cleared = clear("app/marketing", None, fill).expect("derive");
    let from = cleared.statements[0].tables.clone();
    assert_eq!(from[0].table, "public.customers");
    let policy = Some(world.engine.policy.digest.clone());
    let made = Derived { purpose: Some("marketing".into()), policy, from, ..Derived::default() };
    let carries = Effect::CreateTemporary { name: "t".into(), made, on_commit_drop: false };
    assert_eq!(cleared.statements[0].effect, carries);
    let inside = "WITH x AS (INSERT INTO t SELECT email FROM customers RETURNING 1) SELECT * FROM x";
    assert_eq!(clear("app/marketing", None, inside).expect("derive").statements[0].effect, carries);
    let prepared = format!("PREPARE p AS {fill}");
    assert_eq!(clear("app/marketing", None, &prepared).expect_err("prepared").rule, "not-understood");
    assert!(clear("app/marketing", Some("marketing"), fill).is_ok());
    assert_eq!(clear("app/service", Some("marketing"), fill).expect_err("other").rule, "derived-for-another-purpose");
    let out = "INSERT INTO log (what) SELECT a FROM t";
    assert_eq!(clear("plain/marketing", Some("marketing"), out).expect_err("derive").rule, "right-missing");
}

fn the_record_names_what_is_written(world: &World) {
    let sql = "UPDATE customers SET country = 'x' WHERE email = 'y' RETURNING phone";
    let cleared = world.clear("app/marketing", sql).expect(sql);
    let statement = &cleared.statements[0];
    assert_eq!((statement.kind, statement.protected), ("update", true));
    let uses: Vec<(&str, Usage)> = statement.tables[0].columns.iter().map(|c| (c.name.as_str(), c.usage)).collect();
    assert_eq!(uses, [("email", Usage::Compared), ("phone", Usage::Shown), ("country", Usage::Written)]);
    assert!(!statement.rules.is_empty());
    // What is written is shown all the same, or decides.
    for (sql, column, uses) in [
        (
            "UPDATE customers SET full_name = 'x' WHERE full_name = 'y' RETURNING full_name",
            "full_name",
            &[Usage::Shown, Usage::Written][..],
        ),
        ("UPDATE customers SET full_name = 'x' WHERE full_name = 'y'", "full_name", &[Usage::Compared, Usage::Written]),
        ("UPDATE customers SET full_name = 'x'", "full_name", &[Usage::Written]),
        ("DELETE FROM customers RETURNING *", "email", &[Usage::Shown, Usage::Written]),
        ("DELETE FROM customers WHERE email = 'y'", "email", &[Usage::Compared, Usage::Written]),
        ("INSERT INTO orders SELECT id + 100, 1, label FROM orders", "label", &[Usage::Written, Usage::Shown]),
        ("SELECT email FROM customers WHERE email = 'y'", "email", &[Usage::Shown]),
    ] {
        let cleared = world.clear("app/marketing", sql).expect(sql);
        let tables = &cleared.statements[0].tables;
        let target = if sql.contains("orders") { "public.orders" } else { "public.customers" };
        let table = tables.iter().find(|t| t.table == target).expect(sql);
        let found: Vec<Usage> = table.columns.iter().filter(|c| c.name == column).map(|c| c.usage).collect();
        assert_eq!(found, uses, "{sql}");
    }
    for (kind, sql) in [
        ("insert", "INSERT INTO customers (id) VALUES (9)"),
        ("delete", "DELETE FROM customers"),
        ("merge", "MERGE INTO customers c USING products p ON c.id = p.id WHEN MATCHED THEN DELETE"),
        ("truncate", "TRUNCATE trips CASCADE"),
        ("copy_in", "COPY customers (id) FROM STDIN"),
    ] {
        let cleared = world.clear("app/marketing", sql).expect(sql);
        let statement = &cleared.statements[0];
        assert_eq!((statement.kind, statement.protected), (kind, true), "{sql}");
        let target = if kind == "truncate" { "public.trips" } else { "public.customers" };
        let table = statement.tables.iter().find(|t| t.table == target).expect(sql);
        assert!(table.columns.iter().any(|c| c.name == "id" && c.usage == Usage::Written), "{sql}");
    }
}

/// Each reference to a cell that is masked by choice asks for the choice: a statement of many is refused, not planned for
/// minutes.
async fn a_statement_asks_for_consent_so_often_and_no_more(world: &World) {
    let often = |n: usize, column: &str| {
        let arms: String = (0..n).map(|i| format!(" WHEN {column} = '{i}' THEN 'q'")).collect();
        format!("UPDATE customers SET country = (CASE{arms} END)::text WHERE id IN (1, 2)")
    };
    assert_eq!(world.refused("app/marketing", &often(2_000, "email")), ("too-many-tests", "54001"));
    assert_eq!(world.run("app/marketing", &often(20, "email")).await.answer.expect("few").count, 2);
    assert_eq!(world.run("app/marketing", &often(2_000, "country")).await.answer.expect("an open column").count, 2);
}
