//! As for PostgreSQL itself, rights on a table are enough for rows of its partitions and of tables that inherit from it.

use consentry::consent::erasure::{Erased, Run, erase};
use consentry::consent::fault::Fault;
use consentry::consent::retention::{apply, foresee};
use tokio_postgres::Client;

use crate::whole::{Case, OF_ORDERS, toml, trigger};

/// Orders in partitions of a schema that others than their owner have no rights in, and the same as heirs.
const PARTED: &str = "CREATE SCHEMA parts;
    CREATE TABLE orders (id int PRIMARY KEY, person_id int, body text, seen date DEFAULT '2001-01-01') PARTITION BY RANGE (id);
    CREATE TABLE parts.low PARTITION OF orders FOR VALUES FROM (0) TO (20);
    CREATE TABLE parts.high PARTITION OF orders FOR VALUES FROM (20) TO (99);";
const HEIRS: &str = "CREATE SCHEMA parts;
    CREATE TABLE orders (id int PRIMARY KEY, person_id int, body text, seen date DEFAULT '2001-01-01');
    CREATE TABLE parts.high () INHERITS (orders);
    CREATE RULE heir AS ON INSERT TO orders WHERE id > 20 DO INSTEAD INSERT INTO parts.high VALUES (new.*);";
const FILLED: &str = "INSERT INTO orders VALUES (10, 1, 'o1'), (30, 3, 'o3'), (31, 3, 'p3');";

struct Granted {
    case: Case,
    role: String,
}

impl Granted {
    async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let role = format!("granted_{name}");
        let grants = format!(
            "{sql}{FILLED} CREATE ROLE {role}; GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
        );
        Self { case: Case::new(&format!("granted_{name}"), &grants, toml).await, role }
    }

    async fn client(&self) -> Client {
        let client = self.case.client().await;
        client.batch_execute(&format!("SET ROLE {}", self.role)).await.unwrap();
        client
    }

    async fn erase(&self) -> Result<Erased, Fault> {
        let (policy, catalog) = (&self.case.policy, &self.case.catalog);
        erase(&mut self.client().await, policy, catalog, "person", "3", Run::ForGood, &mut |_| Ok(())).await
    }

    fn orders(&self) -> String {
        self.case.db.psql("SELECT id, person_id, body FROM orders ORDER BY id")
    }
}

const NULLED: &str = "erase = 'null'\ncolumns";
const RETENTION: &str = "retention = { since = 'seen', keep = '1 year' }\n";

#[tokio::test]
async fn rights_on_the_parent_are_enough() {
    for (name, tables) in [("parted", PARTED), ("heirs", HEIRS)] {
        let of_orders = OF_ORDERS.replace("columns", NULLED);
        let own = Granted::new(&format!("{name}_delete"), tables, &toml("", "", "", OF_ORDERS)).await;
        own.erase().await.unwrap();
        assert_eq!(own.orders(), "10|1|o1", "{name}");

        let own = Granted::new(&format!("{name}_null"), tables, &toml("", "", "", &of_orders)).await;
        own.erase().await.unwrap();
        assert_eq!(own.orders(), "10|1|o1\n30|3|\n31|3|", "{name}");

        for (erase, left) in [("delete", ""), ("null", "10|1|\n30|3|\n31|3|")] {
            let of_orders = if erase == "null" { of_orders.as_str() } else { OF_ORDERS };
            let toml = toml("", "", "", &format!("{of_orders}{RETENTION}"));
            let own = Granted::new(&format!("{name}_kept_{erase}"), tables, &toml).await;
            let (policy, catalog) = (&own.case.policy, &own.case.catalog);
            let foreseen = foresee(&mut own.client().await, policy, catalog).await.unwrap();
            let applied = apply(&mut own.client().await, policy, catalog, 2, &mut |_| Ok(())).await.unwrap();
            assert_eq!((foreseen, own.orders().as_str()), (applied, left), "{name} {erase}");
        }
    }
}

/// Where others refer to them.
#[tokio::test]
async fn rights_on_the_parent_are_enough_to_empty_what_is_kept() {
    let shadow = "CREATE TABLE shadow (oid int REFERENCES orders); ";
    let one = "ALTER TABLE orders ADD CHECK (id <> 31 OR body IS NOT NULL);";
    for (name, check, body, rows, fails) in [("all", "", "", 2, false), ("each", one, "p3", 1, true)] {
        let sql = format!("{PARTED}{shadow}{check}");
        let own = Granted::new(&format!("emptied_{name}"), &sql, &toml("", "", "", OF_ORDERS)).await;
        own.case.db.psql("INSERT INTO shadow SELECT id FROM orders");
        let erased = own.erase().await.unwrap();
        let told = &erased.emptied[0];
        assert_eq!((told.rows, told.failed.is_some()), (rows, fails), "{told:?}");
        assert_eq!(own.orders(), format!("10|1|o1\n30|3|\n31|3|{body}"), "{name}");
        // Once more, with nothing left to do.
        let again = own.erase().await.unwrap();
        assert!(again.emptied.iter().all(|e| e.rows == 0), "{again:?}");
    }
}

/// What a trigger makes of such a row cannot be followed everywhere; then nothing is done, and it is told which right would
/// help.
#[tokio::test]
async fn what_a_trigger_makes_of_them_is_seen_or_nothing_is_done() {
    let nulled = toml("", "", "", &OF_ORDERS.replace("columns", NULLED));
    let back = trigger("BEFORE UPDATE", "orders", "new.body := old.body; RETURN new;");
    let late = trigger(
        "AFTER UPDATE",
        "orders",
        "IF new.body IS NULL THEN UPDATE public.orders SET body = old.body WHERE id = old.id; END IF; RETURN NULL;",
    );
    let touch = trigger(
        "AFTER UPDATE",
        "person",
        "UPDATE public.orders SET body = 'of 3' WHERE person_id = new.id; RETURN NULL;",
    );
    let person = toml("", "erase = 'null'", "", OF_ORDERS);
    let moved = "rows of parts.high that were to go were changed by a trigger, rule or foreign key";
    for (name, by, toml, said) in [
        ("back", &back, &nulled, "of 2 rows of public.orders that were to be nulled, 0 were"),
        ("late", &late, &nulled, moved),
        ("touch", &touch, &person, moved),
    ] {
        let own = Granted::new(&format!("seen_{name}"), &format!("{PARTED}{by}"), toml).await;
        let fault = own.erase().await.unwrap_err();
        assert!(fault.message.contains(said), "{name}: {fault}");
        if said == moved {
            assert!(fault.hint.as_deref().is_some_and(|h| h.contains("GRANT SELECT ON \"parts\".\"high\"")), "{fault}");
        }
        assert_eq!(own.orders(), "10|1|o1\n30|3|o3\n31|3|p3", "{name}");
        own.case.db.psql(&format!("GRANT USAGE ON SCHEMA parts TO {0}; GRANT SELECT ON parts.high TO {0}", own.role));
        let erased = own.erase().await;
        assert_eq!(erased.is_ok(), name == "touch", "{name}: {erased:?}");
    }
    // What it deletes, or changes of others' rows once these are gone, is no matter.
    let change = "UPDATE public.orders SET body = body || '+' WHERE person_id <> 3;";
    for (name, table, body, stored) in [
        ("gone", "person", "DELETE FROM public.orders WHERE id = 31;", "10|1|o1\n32|1|q1"),
        ("others", "orders", change, "10|1|o1++\n32|1|q1++"),
    ] {
        let by = trigger("AFTER DELETE", table, &format!("{body} RETURN NULL;"));
        let own = Granted::new(&format!("others_{name}"), &format!("{PARTED}{by}"), &toml("", "", "", OF_ORDERS)).await;
        own.case.db.psql("INSERT INTO orders VALUES (32, 1, 'q1')");
        own.erase().await.unwrap();
        assert_eq!(own.orders(), stored, "{name}");
    }
}
