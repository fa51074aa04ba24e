//! The right to erasure: everything that leads to a person goes, in one transaction, but what must stay, and that is told.

use consentry::consent::commit::Moment;
use consentry::consent::erasure::{Erased, Run, erase};
use consentry::consent::fault::Fault;
use consentry::consent::sweep::{Blocked, Reason, TableCount};
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

struct Case {
    db: Database<'static>,
    catalog: Catalog,
    policy: Policy,
}

impl Case {
    async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let db = shared().database(&format!("erasure_{name}"), sql).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::from_toml(&catalog, toml);
        Self { db, catalog, policy }
    }

    async fn try_erase(&self, key: &str, run: Run) -> Result<Erased, Fault> {
        let mut client = self.db.superuser().await;
        erase(&mut client, &self.policy, &self.catalog, "customer", key, run, &mut |_| Ok(())).await
    }

    async fn erase(&self, key: &str) -> Erased {
        self.try_erase(key, Run::ForGood).await.unwrap()
    }

    /// `table: rows/erased/held` of every table.
    async fn summary(&self, key: &str, run: Run) -> String {
        let erased = self.try_erase(key, run).await.unwrap();
        let tables = erased.tables.iter().map(|t| format!("{}: {}/{}/{}", t.table, t.rows, t.erased, t.held));
        tables.collect::<Vec<_>>().join("\n")
    }

    fn count(&self, table: &str) -> String {
        self.db.psql(&format!("SELECT count(*) FROM {table}"))
    }
}

const HEAD: &str = "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
    [subject.customer]\ntable = 'public.customers'\nkey = 'id'\n\
    [table.'public.customers']\nsubject = { customer = 'id' }\ncolumns = { id = 'open', name = 'identity' }\n";

/// customers ← orders ← items ← returns, with a composite key on the way and a self-reference.
const SHOP: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, name text, invited_by bigint REFERENCES customers);
    CREATE TABLE orders (no int PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, note text, disputed boolean NOT NULL DEFAULT false);
    CREATE TABLE items (id int UNIQUE NOT NULL, order_no int REFERENCES orders, line int, text text, replaces int REFERENCES items (id), PRIMARY KEY (order_no, line));
    CREATE TABLE returns (order_no int, line int, item int REFERENCES items (id), why text, FOREIGN KEY (order_no, line) REFERENCES items (order_no, line));
    INSERT INTO customers VALUES (1, 'Ada', NULL), (2, 'Bo', NULL), (3, 'Cy', 2);
    INSERT INTO orders VALUES (10, 1, 'a', false), (11, 1, 'b', false), (20, 2, 'c', false), (30, 3, 'd', true);
    INSERT INTO items VALUES (100, 10, 1, 'x', NULL), (101, 10, 2, 'x', 100), (110, 11, 1, 'x', 101), (200, 20, 1, 'x', NULL), (300, 30, 1, 'x', NULL);
    UPDATE items SET replaces = 110 WHERE id = 100;
    INSERT INTO returns VALUES (10, 1, 100, 'broken'), (20, 1, 200, 'late');";

fn shop_policy() -> String {
    format!(
        "{HEAD}[table.'public.orders']\nsubject = {{ customer = 'customer' }}\nhold_when = 'disputed'\ncolumns = {{ no = 'open', customer = 'open', note = 'identity', disputed = 'open' }}\n\
         [table.'public.items']\nsubject = {{ via = 'order_no -> public.orders.no' }}\ncolumns = {{ id = 'open', order_no = 'open', text = 'identity' }}\n\
         [table.'public.returns']\nsubject = {{ via = 'item -> public.items.id' }}\ncolumns = {{ item = 'open', why = 'identity' }}\n"
    )
}

/// Items refer to each other in a circle, returns to items by two columns, all by way of orders.
#[tokio::test]
async fn chains_circles_and_composite_keys_go_as_a_whole() {
    let case = Case::new("chain", SHOP, &shop_policy()).await;
    let all_gone = "public.customers: 1/1/0\npublic.items: 3/3/0\npublic.orders: 2/2/0\npublic.returns: 1/1/0";
    assert_eq!(case.summary("1", Run::Dry).await, all_gone);
    assert_eq!((case.count("customers"), case.count("items")), ("3".into(), "5".into()), "a dry run is undone");
    assert_eq!(case.summary("1", Run::ForGood).await, all_gone);
    assert_eq!(
        case.db.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM customers; SELECT string_agg(no::text, ' ' ORDER BY no) FROM orders;
                      SELECT string_agg(id::text, ' ' ORDER BY id) FROM items; SELECT count(*) FROM returns"),
        "2 3\n20 30\n200 300\n1",
        "the others are untouched"
    );
}

#[tokio::test]
async fn a_hold_keeps_a_row_and_all_that_it_hangs_on() {
    let case = Case::new("hold", SHOP, &shop_policy()).await;
    let erased = case.erase("3").await;
    assert_eq!(
        erased.tables.iter().map(|t| (t.table.as_str(), t.erased, t.held)).collect::<Vec<_>>(),
        [("public.customers", 0, 0), ("public.items", 1, 0), ("public.orders", 0, 1), ("public.returns", 0, 0)]
    );
    assert_eq!(
        erased.blocked,
        [Blocked {
            table: "public.customers".into(),
            because_of: "public.orders".into(),
            rows: 1,
            reason: Reason::Refers,
            along: false
        }]
    );
    assert_eq!(case.db.psql("SELECT name FROM customers WHERE id = 3"), "Cy");
}

#[tokio::test]
async fn somebody_elses_reference_keeps_the_row() {
    let case = Case::new("invited", SHOP, &shop_policy()).await;
    let erased = case.erase("2").await;
    assert_eq!(
        erased.blocked,
        [Blocked {
            table: "public.customers".into(),
            because_of: "public.customers".into(),
            rows: 1,
            reason: Reason::Refers,
            along: false
        }]
    );
    assert_eq!((case.count("customers"), case.count("orders WHERE customer = 2")), ("3".into(), "0".into()));
}

#[tokio::test]
async fn rows_are_emptied_where_the_policy_says_so() {
    let toml = format!(
        "{}[table.'public.orders']\nsubject = {{ customer = 'customer' }}\nerase = 'null'\ncolumns = {{ no = 'open', customer = 'open', note = 'identity' }}",
        HEAD.replace("columns = { id", "erase = 'null'\ncolumns = { id")
    );
    let case = Case::new("emptied", SHOP, &toml).await;
    let erased = case.erase("1").await;
    assert_eq!(erased.tables.iter().map(|t| t.erased).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(erased.tables[1].left.unlisted, ["disputed"], "what the policy does not list is named, not touched");
    assert_eq!(case.db.psql("SELECT c.name IS NULL, o.note IS NULL, c.id FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = 1"), "t|t|1\nt|t|1");
    assert_eq!(case.db.psql("SELECT count(*) FROM orders WHERE note IS NOT NULL"), "2");
    let again = case.erase("1").await;
    assert_eq!(again.tables.iter().map(|t| t.erased).collect::<Vec<_>>(), [0, 0]);
}

/// An emptied reference keeps nothing any more.
#[tokio::test]
async fn a_reference_that_is_emptied_lets_its_person_go() {
    let sql = "CREATE TABLE customers (id bigint PRIMARY KEY, name text);
        CREATE TABLE visits (id int, customer bigint REFERENCES customers, path text);
        INSERT INTO customers VALUES (1, 'Ada'); INSERT INTO visits VALUES (1, 1, '/'), (2, NULL, '/');";
    let toml = format!(
        "{HEAD}[table.'public.visits']\nsubject = {{ customer = 'customer' }}\nerase = 'null'\ncolumns = {{ id = 'open', customer = 'identity', path = 'open' }}"
    );
    let case = Case::new("freed", sql, &toml).await;
    assert_eq!(case.erase("1").await.blocked, []);
    assert_eq!((case.count("customers"), case.count("visits WHERE customer IS NULL")), ("0".into(), "2".into()));
}

const CHOICES: &str = "[subject.customer.consent]\ntable = 'public.consents'\nsubject = 'who'\npurpose = 'purpose'\nstatus = 'status'\ngranted = ['granted']\n";

#[tokio::test]
async fn choices_go_when_their_person_must_and_stay_as_proof_otherwise() {
    for (name, key, left) in [("proof", "", "1"), ("must", "REFERENCES customers", "0")] {
        let sql = format!(
            "CREATE TABLE customers (id bigint PRIMARY KEY, name text); CREATE TABLE consents (who bigint {key}, purpose text, status text);
             INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo'); INSERT INTO consents VALUES (1, 'service', 'granted'), (2, 'service', 'granted');"
        );
        let case = Case::new(name, &sql, &HEAD.replace("[table", &format!("{CHOICES}[table"))).await;
        let erased = case.erase("1").await;
        assert_eq!((erased.blocked.len(), case.count("customers")), (0, "1".into()));
        assert_eq!(case.count("consents WHERE who = 1"), left);
        let stays = TableCount { table: "public.consents".into(), rows: 1 };
        assert_eq!(
            (erased.choices, erased.along),
            if left == "1" { (Some(stays), vec![]) } else { (None, vec![stays]) }
        );
    }
}

#[tokio::test]
async fn a_cascade_takes_along_what_no_policy_keeps() {
    let sql = "CREATE TABLE customers (id bigint PRIMARY KEY, name text);
        CREATE TABLE carts (customer bigint REFERENCES customers ON DELETE CASCADE, id int PRIMARY KEY);
        CREATE TABLE cart_lines (cart int REFERENCES carts ON DELETE CASCADE);
        CREATE TABLE archive (cart int REFERENCES carts);
        INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo'); INSERT INTO carts VALUES (1, 7), (2, 8); INSERT INTO cart_lines VALUES (7), (7), (8);
        INSERT INTO archive VALUES (8);";
    let case = Case::new("cascade", sql, &format!("open = ['public.archive']\n{HEAD}")).await;
    let erased = case.erase("1").await;
    let along = |table: &str, rows| TableCount { table: table.into(), rows };
    assert_eq!(erased.along, [along("public.cart_lines", 2), along("public.carts", 1)]);
    let kept = case.erase("2").await;
    assert_eq!(kept.tables[0].erased, 0);
    let because = |table: &str, of: &str| Blocked {
        table: table.into(),
        because_of: of.into(),
        rows: 1,
        reason: Reason::Refers,
        along: false,
    };
    assert_eq!(
        kept.blocked,
        [
            because("public.customers", "public.carts"),
            Blocked { along: true, ..because("public.carts", "public.archive") }
        ]
    );
    assert_eq!((case.count("customers"), case.count("cart_lines")), ("1".into(), "1".into()));
}

/// Rows of others that a cascade takes along are not the person's own, in tables that hold both.
#[tokio::test]
async fn what_goes_along_is_counted_apart() {
    let sql = SHOP
        .replace("invited_by bigint REFERENCES customers)", "invited_by bigint REFERENCES customers ON DELETE CASCADE)")
        .replace(
            "customer bigint NOT NULL REFERENCES customers,",
            "customer bigint REFERENCES customers ON DELETE CASCADE,",
        )
        .replace("(30, 3, 'd', true)", "(30, 3, 'd', false), (31, 3, 'e', false)")
        .replace("(300, 30, 1, 'x', NULL)", "(300, 30, 1, 'x', NULL), (310, 31, 1, 'x', NULL)")
        .replace("order_no int REFERENCES orders,", "order_no int REFERENCES orders ON DELETE CASCADE,");
    let case = Case::new("apart", &sql, &shop_policy()).await;
    let along = |table: &str, rows| TableCount { table: table.into(), rows };
    for run in [Run::Dry, Run::ForGood] {
        let erased = case.try_erase("2", run).await.unwrap();
        let tables: Vec<_> = erased.tables.iter().map(|t| (t.table.as_str(), t.rows, t.erased)).collect();
        let own =
            [("public.customers", 1, 1), ("public.items", 1, 1), ("public.orders", 1, 1), ("public.returns", 1, 1)];
        assert_eq!(tables, own);
        assert_eq!(erased.along, [along("public.customers", 1), along("public.items", 2), along("public.orders", 2)]);
    }
    assert_eq!(
        (case.count("customers"), case.count("orders"), case.count("items")),
        ("1".into(), "2".into(), "3".into())
    );
}

#[tokio::test]
async fn nothing_is_done_when_the_record_fails_or_nobody_is_there() {
    let case = Case::new("undone", SHOP, &shop_policy()).await;
    let mut client = case.db.superuser().await;
    let mut fails = |_: Moment<'_, Erased>| Err(Fault::new("disk full"));
    let failed = erase(&mut client, &case.policy, &case.catalog, "customer", "1", Run::ForGood, &mut fails).await;
    assert_eq!(failed.unwrap_err().message, "disk full");
    assert_eq!(case.count("customers"), "3");
    let nobody = case.try_erase("77", Run::ForGood).await.unwrap_err();
    assert!(nobody.message.contains("no row of any table"), "{nobody}");
    let no_key = case.try_erase("seventy", Run::ForGood).await.unwrap_err();
    assert!(no_key.message.contains("does not fit"), "{no_key}");
}
