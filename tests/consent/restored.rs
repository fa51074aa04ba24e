//! What triggers and rules keep or restore is no erasure.

use consentry::consent::retention::apply;

use crate::cli::Home;
use crate::whole::{Case, OF_ORDERS, ORDERS, deferred, toml, trigger};

const BACK: &str = "nothing was done: rows of public.orders are there again that were to go, or others in their place";

/// Whether it leads to its person still, or to nobody; whenever, and by whatever trigger.
#[tokio::test]
async fn a_row_that_is_inserted_again_undoes_the_rest() {
    let orders = ORDERS.replace(" PRIMARY KEY", "").replace("REFERENCES person ON DELETE CASCADE", "");
    let rule =
        |values: &str| format!("CREATE RULE back AS ON DELETE TO orders DO ALSO INSERT INTO orders VALUES ({values});");
    let insert = "INSERT INTO public.orders VALUES (old.id, NULL, old.body, old.seen); RETURN NULL;";
    for (name, again) in [
        ("rule", rule("old.*")),
        ("rule_nobody", rule("old.id, NULL, old.body, old.seen")),
        ("nobody", trigger("AFTER DELETE", "orders", insert)),
        ("nulled", trigger("AFTER UPDATE", "orders", insert)),
        ("deferred", deferred(&trigger("AFTER DELETE", "orders", insert))),
        ("others", trigger("AFTER DELETE", "person", &insert.replace("old.body, old.seen", "old.name, old.seen"))),
    ] {
        let of_orders =
            OF_ORDERS.replace("columns", if name == "nulled" { "erase = 'null'\ncolumns" } else { "columns" });
        let case =
            Case::new(&format!("restored_{name}"), &format!("{orders}{again}"), &toml("", "", "", &of_orders)).await;
        case.refused(BACK).await;
        assert_eq!(case.count("orders"), "2", "{name}");
    }
}

/// Rows of the table that is older go first.
const PARTED: &str = "CREATE TABLE lines (order_id int, person_id int, body text); INSERT INTO lines VALUES (10, 1, 'l1'), (30, 3, 'l3');
    CREATE TABLE orders (id int, person_id int, body text, seen date DEFAULT '2001-01-01', gone boolean DEFAULT false)
        PARTITION BY LIST (gone);
    CREATE TABLE here PARTITION OF orders FOR VALUES IN (false); CREATE TABLE there PARTITION OF orders FOR VALUES IN (true);
    INSERT INTO orders VALUES (10, 1, 'o1', NULL); INSERT INTO orders VALUES (30, 3, 'o3');";

const OF_LINES: &str = "[table.'public.lines']\nsubject = { person = 'person_id' }\n\
    columns = { order_id = 'open', person_id = 'open', body = 'identity' }\n";

/// Its own trigger does so, or, before its turn, that of a row that is deleted earlier.
#[tokio::test]
async fn a_row_that_moves_to_another_partition_undoes_the_rest() {
    let moves = |set: &str, id: &str| format!("UPDATE public.orders SET gone = true, {set} WHERE id = old.{id};");
    let own = |set: &str| {
        let body = format!("IF pg_trigger_depth() > 1 THEN RETURN old; END IF; {} RETURN NULL;", moves(set, "id"));
        trigger("BEFORE DELETE", "here", &body)
    };
    let others = trigger("AFTER DELETE", "lines", &format!("{} RETURN NULL;", moves("person_id = NULL", "order_id")));
    for (name, by) in [("own", own("person_id = NULL")), ("others", others)] {
        let of_all = format!("{OF_ORDERS}{OF_LINES}");
        let case = Case::new(&format!("moved_{name}"), &format!("{PARTED}{by}"), &toml("", "", "", &of_all)).await;
        case.refused(BACK).await;
        assert_eq!(case.count("here WHERE person_id = 3"), "1", "{name}");
    }
    let orders = format!("{OF_ORDERS}retention = {{ since = 'seen', keep = '1 year' }}\n");
    let sql = format!("{PARTED}{}", own("seen = now()"));
    let case = Case::new("moved_kept", &sql, &toml("", "", "", &orders)).await;
    let applied = apply(&mut case.client().await, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await;
    let said = applied.unwrap_err().to_string();
    assert!(said.contains(BACK), "{said}");
    assert_eq!(case.count("here WHERE seen = '2001-01-01'"), "1");
}

/// Nor is a row there again that a trigger has deleted before its turn, or that moves because it is emptied.
#[tokio::test]
async fn what_is_gone_or_emptied_in_a_partition_is_no_obstacle() {
    let gone = trigger("AFTER DELETE", "lines", "DELETE FROM public.orders WHERE id = old.order_id; RETURN NULL;");
    let of_all = format!("{OF_ORDERS}{OF_LINES}");
    let case = Case::new("parted_gone", &format!("{PARTED}{gone}"), &toml("", "", "", &of_all)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT id FROM orders"), "10");

    let touch = trigger("AFTER UPDATE", "orders", "RETURN NULL;");
    let of_orders = OF_ORDERS.replace("columns = {", "erase = 'null'\ncolumns = { gone = 'identity',");
    let others = "CREATE TABLE others PARTITION OF orders DEFAULT;";
    let case = Case::new("parted_null", &format!("{PARTED}{others}{touch}"), &toml("", "", "", &of_orders)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT id, person_id, body IS NULL FROM others"), "30|3|t");
}

/// A row that moves to another partition because it is emptied, and is filled again there, where it leads to nobody.
#[tokio::test]
async fn a_row_that_is_filled_again_in_another_partition_undoes_the_rest() {
    let of_orders = OF_ORDERS.replace("columns", "erase = 'null'\ncolumns");
    let moves = trigger("BEFORE UPDATE", "here", "new.gone := new.body IS NULL; RETURN new;");
    let fills = "UPDATE public.there SET body = 'o3', person_id = NULL WHERE id = new.id; RETURN NULL;";
    let fills = trigger("AFTER INSERT", "there", fills).replace("f()", "g()");
    let case = Case::new("refilled_there", &format!("{PARTED}{moves}{fills}"), &toml("", "", "", &of_orders)).await;
    case.refused("of 1 rows of public.orders that were to be nulled, 0 were").await;
    assert_eq!(case.count("here WHERE body = 'o3'"), "1");
    case.db.psql("ALTER TABLE there DISABLE TRIGGER ALL");
    case.erase().await.unwrap();
    assert_eq!(case.count("there WHERE id = 30 AND body IS NULL"), "1");
}

#[tokio::test]
async fn a_value_that_cannot_be_null_and_is_kept_undoes_the_rest() {
    let nick = "ALTER TABLE person ADD nick text NOT NULL DEFAULT ''; UPDATE person SET nick = 'Cyx' WHERE id = 3;";
    let sql = format!("{ORDERS}{nick}{}", trigger("BEFORE UPDATE", "person", "new.nick := old.nick; RETURN new;"));
    let case = Case::new("nick", &sql, &toml("", "erase = 'null'", ", nick = 'identity'", OF_ORDERS)).await;
    case.refused("of 1 rows of public.person that were to be nulled, 0 were").await;
    assert_eq!(case.count("person WHERE nick = 'Cyx' AND name = 'Cy'"), "1");
}

/// A row that cannot be deleted and that a trigger does not let be emptied is told so.
#[tokio::test]
async fn a_kept_row_that_is_not_emptied_is_told() {
    let shadow = "CREATE TABLE shadow (pid int REFERENCES person); INSERT INTO shadow VALUES (3);";
    let before = |body| trigger("BEFORE UPDATE", "person", body);
    let back = "UPDATE public.person SET name = old.name WHERE id = old.id AND name IS NULL; RETURN NULL;";
    for (name, by) in [
        ("restores", before("new.name := old.name; RETURN new;")),
        ("skips", before("RETURN NULL;")),
        ("rule", "CREATE RULE skip AS ON UPDATE TO person DO INSTEAD NOTHING;".to_owned()),
        ("late", deferred(&trigger("AFTER UPDATE", "person", back))),
    ] {
        let sql = format!("{ORDERS}{shadow}{by}");
        let case = Case::new(name, &sql, &toml("", "", "", OF_ORDERS)).await;
        let erased = case.erase().await.unwrap();
        let told = &erased.emptied[0];
        let why = "a trigger or rule keeps what 1 of them say";
        // Of those that put back the name, the reason is gone.
        let rows = u64::from(matches!(name, "restores" | "late"));
        assert_eq!((told.rows, told.failed.as_deref()), (rows, Some(why)), "{name}");
        assert_eq!(case.count("person WHERE name = 'Cy'"), "1", "{name}");
    }
}

#[test]
fn what_could_not_be_nulled_is_told_and_fails() {
    for (name, body) in [("null", "RETURN NULL;"), ("fails", "RAISE 'no'; RETURN NULL;")] {
        let home = Home::new(&format!("not_nulled_{name}"));
        let shadow = "CREATE TABLE shadow (who bigint REFERENCES customers); INSERT INTO shadow VALUES (2), (1);";
        home.db.psql(&format!("{shadow}{}", trigger("BEFORE UPDATE", "customers", body)));
        home.db.grant_to_upstream();
        let why = match name {
            "null" => "a trigger or rule keeps what 1 of them say",
            _ => "a trigger or function of the database refused (SQLSTATE P0001)",
        };
        let erase = &["subject", "erase", "--key", "2"][..];
        for command in [&[erase, &["--dry-run"]].concat(), erase, &["retention", "apply"]] {
            let output = home.run(command);
            let told = String::from_utf8(output.stdout).unwrap();
            let line = format!("public.customers: not all that rows kept say can be nulled: {why}\n");
            assert!(output.status.code() == Some(1) && told.ends_with(&line), "{command:?}: {told}");
        }
        assert_eq!(home.db.psql("SELECT count(name) FROM customers"), "3");
        assert_eq!(home.db.psql("SELECT count(*) FROM orders WHERE customer = 2"), "0", "the rest is done");
    }
}

/// Nor does it count what a trigger deletes and then undoes: the copy is one row more.
#[tokio::test]
async fn what_a_trigger_undoes_of_its_own_makes_no_room() {
    let orders = ORDERS.replace("REFERENCES person ON DELETE CASCADE", "");
    let insert = "INSERT INTO public.orders VALUES (old.id, NULL, old.body, old.seen);";
    let undone =
        "BEGIN DELETE FROM public.orders WHERE person_id = 1; RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END;";
    for (name, body) in [("first", format!("{undone} {insert}")), ("then", format!("{insert} {undone}"))] {
        let body = format!("IF old.person_id = 3 THEN {body} END IF; RETURN NULL;");
        let sql = format!("{orders}{}", trigger("AFTER DELETE", "orders", &body));
        let case = Case::new(&format!("undone_{name}"), &sql, &toml("", "", "", OF_ORDERS)).await;
        case.refused(BACK).await;
        assert_eq!(case.db.psql("SELECT id, person_id FROM orders ORDER BY id"), "10|1\n30|3", "{name}");
    }
}

/// Stored beside the orders, and rows of it go too.
const CACHE: &str = "CREATE TABLE lines (order_id int, person_id int, body text);
    INSERT INTO lines VALUES (30, 3, 'l3'), (10, 1, 'l1'), (11, 1, 'l1');";

/// What a trigger tries and undoes is no row that is there again, nor what is there after it emptied the table.
#[tokio::test]
async fn a_table_with_no_more_rows_is_no_obstacle() {
    let upsert = "BEGIN INSERT INTO public.lines VALUES (10, 1, 'n'); EXCEPTION WHEN unique_violation THEN
        UPDATE public.lines SET body = 'n' WHERE order_id = 10; END; RETURN NULL;";
    let again = "TRUNCATE public.lines; INSERT INTO public.lines SELECT id, person_id, 'new' FROM public.orders WHERE person_id <> 3;
        RETURN NULL;";
    let unique = "CREATE UNIQUE INDEX ON lines (order_id);";
    for (name, table, more, body, stored) in [
        ("upsert", "orders", unique, upsert, "10|n\n11|l1"),
        ("truncate", "orders", "", "TRUNCATE public.lines; RETURN NULL;", ""),
        ("truncate_late", "notes", "", "TRUNCATE public.lines; RETURN NULL;", ""),
        ("fill", "orders", "", again, "10|new"),
        ("fill_late", "notes", "", again, "10|new"),
    ] {
        // Of an older table, rows go first.
        let notes = "CREATE TABLE notes (person_id int, body text); INSERT INTO notes VALUES (3, 'n3');";
        let sql = format!("{notes}{CACHE}{ORDERS}{more}{}", trigger("AFTER DELETE", table, body));
        let of_notes = "[table.'public.notes']\nsubject = { person = 'person_id' }\n\
            columns = { person_id = 'open', body = 'identity' }\n";
        let of_all = format!("{OF_ORDERS}{OF_LINES}{of_notes}");
        let case = Case::new(&format!("no_more_{name}"), &sql, &toml("", "", "", &of_all)).await;
        let erased = case.erase().await.unwrap();
        assert!(erased.tables.iter().all(|t| t.erased == 1), "{name}: {erased:?}");
        assert_eq!(case.db.psql("SELECT order_id, body FROM lines ORDER BY 1"), stored, "{name}");
        assert_eq!(case.db.psql("SELECT id FROM orders UNION ALL SELECT id FROM person"), "10\n1\n2", "{name}");
    }
}

#[tokio::test]
async fn nothing_hangs_on_what_postgresql_counts() {
    let off = "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET track_counts = off', current_database()); END$$;";
    let log = format!(
        "CREATE TABLE log (id int); {}",
        trigger("AFTER DELETE", "orders", "INSERT INTO public.log VALUES (1); RETURN NULL;")
    );
    let case = Case::new("track", &format!("{ORDERS}{log}{off}"), &toml("", "", "", OF_ORDERS)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT count(*) FROM orders UNION ALL SELECT count(*) FROM log"), "1\n1");
}

/// A kept row cannot be emptied: what its trigger wrote for that is undone with it.
#[tokio::test]
async fn what_a_kept_rows_trigger_wrote_is_undone_with_it() {
    let sql = format!(
        "{ORDERS}CREATE TABLE shadow (pid int REFERENCES person); INSERT INTO shadow VALUES (3);
         ALTER TABLE person ADD CHECK (id <> 3 OR name IS NOT NULL AND reason IS NOT NULL);{}",
        trigger("BEFORE UPDATE", "person", "INSERT INTO public.orders VALUES (40, NULL, 'new'); RETURN new;")
    );
    let case = Case::new("kept_undone", &sql, &toml("", "", "", OF_ORDERS)).await;
    let erased = case.erase().await.unwrap();
    let failed = erased.emptied[0].failed.as_deref().unwrap();
    assert!(failed.contains("23514"), "{failed}");
    assert_eq!(case.db.psql("SELECT id FROM orders"), "10");
}
