//! What triggers and rules keep or restore is no erasure.

use consentry::consent::retention::apply;

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
