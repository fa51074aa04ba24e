//! What triggers of the database do while rows are erased: they work as they do for a plain DELETE, and what they put back
//! undoes all.

use consentry::consent::retention::apply;

use crate::whole::{Case, OF_ORDERS, ORDERS, deferred, toml, trigger};

/// The upper table's trigger goes for rows of the lower one, the lower one's for a row of the upper one.
#[tokio::test]
async fn triggers_that_write_to_each_others_tables_are_no_obstacle() {
    let down = "DELETE FROM public.orders WHERE person_id = old.id; RETURN old;";
    let up = "UPDATE public.person SET reason = 'fewer' WHERE id = old.person_id; RETURN old;";
    let clear = "UPDATE public.orders SET body = 'gone' WHERE person_id = old.id; RETURN old;";
    for (name, table, when, body) in [
        ("down", "person", "BEFORE DELETE", down),
        ("up", "orders", "BEFORE DELETE", up),
        ("after", "orders", "AFTER DELETE", up),
        ("clear", "person", "BEFORE DELETE", clear),
    ] {
        for key in ["REFERENCES person ON DELETE CASCADE", "REFERENCES person"] {
            let sql =
                format!("{}{}", ORDERS.replace("REFERENCES person ON DELETE CASCADE", key), trigger(when, table, body));
            let case = Case::new(name, &sql, &toml("", "", "", OF_ORDERS)).await;
            let erased = case.erase().await.unwrap();
            assert_eq!(erased.tables.iter().map(|t| t.erased).collect::<Vec<_>>(), [1, 1, 1], "{name}: {erased:?}");
            assert_eq!(case.db.psql("SELECT count(*) FROM orders UNION ALL SELECT count(*) FROM person"), "1\n2");
        }
    }
}

/// PostgreSQL itself does not delete a row that its own trigger changes: said with table and trigger, and nothing is done.
#[tokio::test]
async fn a_trigger_that_no_delete_survives_is_named() {
    let body = "UPDATE public.orders SET body = 'gone' WHERE id = old.id; RETURN old;";
    let case = Case::new(
        "itself",
        &format!("{ORDERS}{}", trigger("BEFORE DELETE", "orders", body)),
        &toml("", "", "", OF_ORDERS),
    )
    .await;
    case.refused("nothing was done: public.orders: ").await;
    case.refused("(SQLSTATE 27000)").await;
    case.refused("see trigger t of public.orders").await;
    assert_eq!(case.count("orders WHERE body = 'o3'"), "1");
}

/// A trigger finds its tables as it does for who deletes by hand with the same login; else it is named.
#[tokio::test]
async fn a_trigger_may_name_its_tables_without_a_schema() {
    let log = "CREATE TABLE gone (what text);";
    for (name, when) in [("plain", "AFTER DELETE"), ("before", "BEFORE DELETE")] {
        let sql =
            format!("{ORDERS}{log}{}", trigger(when, "orders", "INSERT INTO gone VALUES (old.body); RETURN old;"));
        let case = Case::new(name, &sql, &toml("", "", "", OF_ORDERS)).await;
        case.erase().await.unwrap();
        assert_eq!(case.db.psql("SELECT * FROM gone"), "o3");
    }
    let sql = format!(
        "{ORDERS}{log}{}",
        trigger("AFTER UPDATE", "person", "INSERT INTO gone VALUES (old.name); RETURN old;")
    );
    let case = Case::new("nulled", &sql, &toml("", "erase = 'null'", "", OF_ORDERS)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT * FROM gone"), "Cy");

    let other = "CREATE SCHEMA app; CREATE TABLE app.gone (what text);";
    let sql = format!(
        "{ORDERS}{other}{}",
        trigger("AFTER DELETE", "orders", "INSERT INTO gone VALUES (old.body); RETURN old;")
    );
    let case = Case::new("elsewhere", &sql, &toml("", "", "", OF_ORDERS)).await;
    case.refused("(SQLSTATE 42P01)").await;
    case.refused("trigger t of public.orders").await;
    case.refused("ALTER FUNCTION … SET search_path").await;
    case.db.psql("ALTER FUNCTION f() SET search_path = app");
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT * FROM app.gone"), "o3");
}

const BACK: &str = "INSERT INTO public.person SELECT old.*; RETURN NULL;";

/// Whenever it does so: at once, or at the end of the transaction.
#[tokio::test]
async fn a_row_that_a_trigger_puts_back_undoes_the_rest() {
    let plain = trigger("AFTER DELETE", "person", BACK);
    let late = deferred(&plain);
    for (name, sql) in [("after", plain), ("deferred", late)] {
        let case = Case::new(&format!("back_{name}"), &format!("{ORDERS}{sql}"), &toml("", "", "", OF_ORDERS)).await;
        case.refused("nothing was done: rows of public.person are there again").await;
        assert_eq!(case.count("orders"), "2", "{name}");

        let person = "retention = { since = 'seen', keep = '1 year' }";
        let case =
            Case::new(&format!("again_{name}"), &format!("{ORDERS}{sql}"), &toml("", person, "", OF_ORDERS)).await;
        let applied = apply(&mut case.client().await, &case.policy, &case.catalog, 2, &mut |_| Ok(())).await;
        let said = applied.unwrap_err().to_string();
        assert!(said.contains("nothing was done: rows of public.person are there again"), "{said}");
        assert_eq!(case.db.psql("SELECT count(*) FROM orders UNION ALL SELECT count(*) FROM person"), "2\n3", "{name}");
    }
}

/// What a trigger changes of rows that are yet to go is no row that is back.
#[tokio::test]
async fn rows_that_wait_for_their_turn_may_be_changed() {
    let body = "UPDATE public.person SET reason = 'fewer' WHERE id <> old.id; RETURN NULL;";
    let sql = format!("{ORDERS}{}", trigger("AFTER DELETE", "person", body));
    let person = "retention = { since = 'seen', keep = '1 year' }";
    let case = Case::new("turn", &sql, &toml("", person, "", OF_ORDERS)).await;
    let applied = apply(&mut case.client().await, &case.policy, &case.catalog, 1, &mut |_| Ok(())).await.unwrap();
    assert_eq!((applied.deleted[0].rows, case.count("person")), (3, "0".to_owned()), "{applied:?}");
}

/// A nulled value too.
#[tokio::test]
async fn a_value_that_comes_back_at_the_end_undoes_the_rest() {
    let body = "UPDATE public.person SET name = old.name WHERE id = old.id AND name IS NULL; RETURN NULL;";
    let sql = deferred(&trigger("AFTER UPDATE", "person", body));
    let case = Case::new("value", &sql, &toml("", "erase = 'null'", "", "")).await;
    case.refused("nothing was done: rows of public.person are there again").await;
    assert_eq!(case.db.psql("SELECT name FROM person WHERE id = 3"), "Cy");
}
