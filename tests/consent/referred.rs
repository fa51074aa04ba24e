//! What other rows refer to is not emptied: they would be changed with it, or keep it from being done.

use consentry::consent::retention::{apply, foresee, report};

use crate::whole::{Case, OF_ORDERS, toml};

/// A held note refers to the name too, and so does what a person objects to.
#[tokio::test]
async fn a_column_that_foreign_keys_refer_to_is_not_emptied() {
    let retention = "erase = 'null'\nretention = { since = 'seen', keep = '1 year' }";
    for (n, action) in ["NO ACTION", "SET NULL", "SET DEFAULT", "CASCADE"].into_iter().enumerate() {
        let sql = format!(
            "ALTER TABLE person ADD UNIQUE (id, name);
             CREATE TABLE note (pid int, pname text, body text, FOREIGN KEY (pid, pname) REFERENCES person (id, name) ON UPDATE {action});
             INSERT INTO note VALUES (3, 'Cy', 'secret');"
        );
        let case = Case::new(&format!("referred_{n}"), &sql, &toml("", retention, "", "")).await;
        let why = "public.person cannot be emptied: foreign key note_pid_pname_fkey of public.note refers to name";
        case.refused(why).await;
        let (policy, catalog) = (&case.policy, &case.catalog);
        let foreseen = foresee(&mut case.client().await, policy, catalog).await.unwrap();
        assert!(foreseen.problems.iter().any(|p| p.contains(why)), "{action}: {foreseen:?}");
        let applied = apply(&mut case.client().await, policy, catalog, 1, &mut |_| Ok(())).await.unwrap();
        assert!(applied.problems.iter().any(|p| p.contains(why)), "{action}: {applied:?}");
        assert_eq!(case.db.psql("SELECT * FROM note"), "3|Cy|secret", "{action}");
    }
}

/// What is computed from the column changes with it.
#[tokio::test]
async fn nor_is_one_from_which_such_a_column_is_computed() {
    let sql = "ALTER TABLE person ADD low text GENERATED ALWAYS AS (lower(name)) STORED, ADD UNIQUE (id, low);
        CREATE TABLE note (pid int, plow text, body text, FOREIGN KEY (pid, plow) REFERENCES person (id, low) ON UPDATE SET NULL);
        INSERT INTO note VALUES (3, 'cy', 'secret');";
    let case = Case::new("referred_low", sql, &toml("", "erase = 'null'", ", low = 'identity'", "")).await;
    case.refused("public.person cannot be emptied: foreign key note_pid_plow_fkey of public.note refers to low").await;
    // Nor where a row stays that another table needs.
    let sql = format!("{sql} CREATE TABLE shadow (who int REFERENCES person); INSERT INTO shadow VALUES (3);");
    let case = Case::new("referred_kept", &sql, &toml("", "", ", low = 'identity'", "")).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT name FROM person WHERE id = 3"), "Cy");
    assert_eq!(case.db.psql("SELECT * FROM note"), "3|cy|secret");
}

/// An item leads to the buyer through its order, whose seller goes.
#[tokio::test]
async fn what_a_deleted_row_is_let_go_of_by_may_be_referred_to_itself() {
    let sql = "CREATE TABLE orders (id int PRIMARY KEY, person_id int REFERENCES person, seller int REFERENCES person ON DELETE SET NULL,
            body text, seen date DEFAULT '2001-01-01', UNIQUE (id, seller));
        CREATE TABLE items (order_id int, seller int, what text, FOREIGN KEY (order_id, seller) REFERENCES orders (id, seller) ON UPDATE SET NULL,
            FOREIGN KEY (order_id) REFERENCES orders);
        INSERT INTO orders VALUES (10, 1, 3, 'o1'); INSERT INTO items VALUES (10, 3, 'secret');";
    let of_items = "[table.'public.items']\nsubject = { via = 'order_id -> public.orders.id' }\n\
        columns = { order_id = 'open', seller = 'open', what = 'identity' }\n";
    let of_orders = OF_ORDERS.replace("{ id = 'open', ", "{ id = 'open', seller = 'open', ");
    let case = Case::new("referred_seller", sql, &toml("", "", "", &format!("{of_orders}{of_items}"))).await;
    let erased = case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT * FROM items"), "10|3|secret", "{erased:?}");
    assert_eq!(erased.blocked[0].because_of, "public.orders", "{erased:?}");
}

/// One that refuses follows nothing.
#[tokio::test]
async fn what_is_let_go_of_goes_where_nothing_follows_it() {
    let sql = "CREATE TABLE orders (id int PRIMARY KEY, person_id int REFERENCES person, seller int REFERENCES person ON DELETE SET NULL,
            body text, seen date DEFAULT '2001-01-01', UNIQUE (id, seller));
        CREATE TABLE thanks (order_id int, seller int, FOREIGN KEY (order_id, seller) REFERENCES orders (id, seller));
        INSERT INTO orders VALUES (10, 1, 3, 'o1');";
    let of_orders = OF_ORDERS.replace("{ id = 'open', ", "{ id = 'open', seller = 'open', ");
    let case = Case::new("referred_thanks", sql, &toml("", "", "", &of_orders)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT count(*) FROM person WHERE id = 3"), "0");
    assert_eq!(case.db.psql("SELECT id, person_id, seller FROM orders"), "10|1|");
}

/// To PostgreSQL a row with a null in it is neither null nor not null.
#[tokio::test]
async fn a_composite_value_with_a_null_in_it_is_emptied() {
    let retention = "erase = 'null'\nretention = { since = 'seen', keep = '1 year' }";
    let sql = "CREATE TYPE home AS (street text, zip text); ALTER TABLE person ADD home home;
        UPDATE person SET name = NULL, reason = NULL; UPDATE person SET home = ROW('Secret street 1', NULL) WHERE id = 3;";
    for erases in [true, false] {
        let case =
            Case::new(&format!("composite_{erases}"), sql, &toml("", retention, ", home = 'identity'", "")).await;
        let (policy, catalog) = (&case.policy, &case.catalog);
        let reported = report(&case.client().await, policy, catalog).await.unwrap();
        assert_eq!(reported.iter().find(|t| t.table == "public.person").unwrap().past, 1);
        if erases {
            let erased = case.erase().await.unwrap();
            assert_eq!(erased.tables.iter().find(|t| t.table == "public.person").unwrap().erased, 1, "{erased:?}");
        } else {
            let applied = apply(&mut case.client().await, policy, catalog, 1, &mut |_| Ok(())).await.unwrap();
            assert_eq!(applied.nulled[0].rows, 1, "{applied:?}");
        }
        assert_eq!(case.count("person WHERE home IS DISTINCT FROM NULL"), "0");
    }
}
