//! Staging tables as tools that load data use them, through the proxy: what a session knows of a temporary table's columns
//! is true, or it knows nothing.

use std::path::Path;

use futures_util::SinkExt;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::common::postgres::{Database, shared};
use crate::common::proxy::{Proxy, Served};

/// Clients of one proxy.
struct Staged<'d> {
    database: Database<'d>,
    proxy: Proxy,
}

impl Staged<'_> {
    /// With more of a schema.
    fn start(name: &str, more: &str) -> Self {
        let database = shared().database(name, &format!("{}{more}", include_str!("schema.sql")));
        database.grant_to_upstream();
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writes/policy.toml");
        let served = [Served { name: "shop", database: &database, policy: &policy }];
        let proxy = Proxy::start(&served, &[("ana", "app")], "");
        Self { database, proxy }
    }

    async fn client(&self) -> Client {
        self.proxy.client("ana", "shop", Some("marketing")).await
    }

    fn stored(&self, sql: &str) -> String {
        self.database.psql(sql)
    }
}

async fn copy_in(client: &Client, table: &str, rows: &str) {
    let sink = client.copy_in(&format!("COPY {table} FROM STDIN")).await.expect("copy");
    let mut sink = Box::pin(sink);
    sink.send(bytes::Bytes::copy_from_slice(rows.as_bytes())).await.expect("rows");
    sink.as_mut().finish().await.expect("copied");
}

/// Rows that a Query changes, or its SQLSTATE.
async fn simple(client: &Client, sql: &str) -> Result<u64, String> {
    let messages = client.simple_query(sql).await.map_err(|e| state(&e))?;
    let count = |m: &SimpleQueryMessage| match m {
        SimpleQueryMessage::CommandComplete(count) => Some(*count),
        _ => None,
    };
    Ok(messages.iter().rev().find_map(count).unwrap_or_default())
}

async fn extended(client: &Client, sql: &str) -> Result<u64, String> {
    client.execute(sql, &[]).await.map_err(|e| state(&e))
}

fn state(error: &tokio_postgres::Error) -> String {
    error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned())
}

const CHANGE: &str = "UPDATE customers SET full_name = called FROM staging WHERE customers.id = staging.id";

#[tokio::test]
async fn rows_are_staged_and_carried_over() {
    let staged = Staged::start("writes_staged", "");
    let client = staged.client().await;
    for create in ["CREATE TEMP TABLE staging (id int, mail text, called text)", "TRUNCATE staging"] {
        assert!(simple(&client, create).await.is_ok());
        copy_in(&client, "staging", "1\ta@new.example\tAda\n2\tb@new.example\tBo\n3\tc@new.example\tCy\n").await;
        // The third is hidden, and of the second the address is.
        let mails = "UPDATE customers SET email = mail FROM staging WHERE customers.id = staging.id";
        let (mails, names) = match create.starts_with("CREATE") {
            true => (simple(&client, mails).await, simple(&client, CHANGE).await),
            false => (extended(&client, mails).await, extended(&client, CHANGE).await),
        };
        assert_eq!((mails, names), (Ok(1), Ok(2)));
        let stored =
            staged.stored("SELECT string_agg(full_name || ' ' || email, ', ' ORDER BY id) FROM customers WHERE id < 4");
        assert_eq!(stored, "Ada a@new.example, Bo CANARY-ben@mail.example, CANARY-Cleo CANARY-cleo@x.example");
    }
    let joined = client.query("SELECT full_name FROM customers JOIN staging s USING (id) ORDER BY id", &[]).await;
    let joined: Vec<String> = joined.expect("joined").iter().map(|row| row.get(0)).collect();
    assert_eq!(joined, ["Ada", "Bo"]);
    let merged = "MERGE INTO customers c USING staging s ON c.id = s.id WHEN MATCHED AND mail LIKE 'a%' THEN UPDATE SET country = called";
    assert_eq!(extended(&client, merged).await, Ok(1));
    assert_eq!(extended(&client, "INSERT INTO staging VALUES (9, 'n@new.example', 'Nia')").await, Ok(1));
    let upserted = "INSERT INTO customers (id, full_name) SELECT id, called || '!' FROM staging \
                    ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name WHERE customers.id < 3";
    assert_eq!(extended(&client, upserted).await, Ok(3));
    assert_eq!(simple(&client, "SELECT 10 AS nr INTO TEMP gone").await, Ok(1));
    assert_eq!(extended(&client, "DELETE FROM orders USING gone WHERE id = nr").await, Ok(1));
    let stored = staged.stored("SELECT string_agg(concat_ws(' ', id, full_name, country), ', ' ORDER BY id) FROM customers WHERE id IN (1, 2, 9)");
    assert_eq!(stored, "1 Ada! Ada, 2 Bo! ES, 9 Nia!");
    assert_eq!(staged.stored("SELECT count(*) FROM orders WHERE id = 10"), "0");
}

#[tokio::test]
async fn what_is_known_of_the_columns_goes_with_them() {
    let staged = Staged::start("writes_staged_changes", "");
    let client = staged.client().await;
    let prepared = "UPDATE customers SET full_name = (SELECT secret FROM s LIMIT 1) WHERE id = 1";
    let named = || staged.stored("SELECT coalesce(full_name, 'null') FROM customers WHERE id = 1");
    for steps in [
        // Each: what is done, and what the statement makes of the name then. `secret` is a column of customers that
        // nobody may see: where the temporary table has none of that name, it is null.
        &[("CREATE TEMP TABLE s (id int, secret text)", "mine"), ("ALTER TABLE s DROP COLUMN secret", "null")][..],
        &[("CREATE TEMP TABLE s (id int)", "null"), ("ALTER TABLE s ADD COLUMN secret text", "mine")],
        &[("CREATE TEMP TABLE s (id int, secret text)", "mine"), ("ALTER TABLE s RENAME secret TO other", "null")],
        &[
            ("CREATE TEMP TABLE s (id int, secret text)", "mine"),
            ("DROP TABLE s; CREATE TEMP TABLE s (id int)", "null"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int, secret text)", "mine"),
            ("DISCARD TEMP", "42P01"),
            ("CREATE TEMP TABLE s (id int)", "null"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int, secret text)", "mine"),
            ("DISCARD ALL", "42P01"),
            ("CREATE TEMP TABLE s (id int)", "null"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int)", "null"),
            ("CREATE TEMP TABLE IF NOT EXISTS s (id int, secret text)", "42702"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int, secret text)", "mine"),
            ("CREATE TEMP TABLE IF NOT EXISTS s (id int)", "42702"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int, secret text)", "mine"),
            ("BEGIN; ALTER TABLE s DROP COLUMN secret", "null"),
            ("ROLLBACK", "mine"),
            ("BEGIN; SAVEPOINT a; ALTER TABLE s DROP COLUMN secret", "null"),
            ("ROLLBACK TO a", "mine"),
            ("ALTER TABLE s RENAME secret TO other; RELEASE a", "null"),
            ("COMMIT", "null"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int)", "null"),
            ("BEGIN; DROP TABLE s; CREATE TEMP TABLE s (id int, secret text) ON COMMIT DROP", "mine"),
            ("COMMIT", "42P01"),
        ],
        &[
            ("CREATE TEMP TABLE s (id int)", "null"),
            ("BEGIN; DROP TABLE s; CREATE TEMP TABLE s (id int, secret text) ON COMMIT DROP", "mine"),
            ("ROLLBACK", "null"),
        ],
        &[
            ("BEGIN; CREATE TEMP TABLE s (id int, secret text)", "mine"),
            ("SAVEPOINT a; DROP TABLE s; CREATE TEMP TABLE s AS SELECT 1 AS id", "null"),
            ("ROLLBACK TO a", "mine"),
            ("COMMIT AND CHAIN; ALTER TABLE s DROP secret", "null"),
            ("ROLLBACK", "mine"),
        ],
        &[
            ("CREATE TEMP TABLE s AS SELECT id, name AS secret FROM products", "mine"),
            ("ALTER TABLE s DROP secret", "null"),
        ],
        &[("CREATE TEMP TABLE s (LIKE products); ALTER TABLE s RENAME name TO secret", "mine")],
    ] {
        for protocol in ["simple", "extended", "prepared", "named"] {
            for reset in ["ROLLBACK", "DISCARD TEMP", "DEALLOCATE ALL"] {
                assert!(simple(&client, reset).await.is_ok());
            }
            let mut statement = None;
            for (step, expected) in steps {
                staged.stored("UPDATE customers SET full_name = 'before' WHERE id = 1");
                let told = format!("{protocol}: {step}");
                // What changes names is a message of its own.
                for part in step.split("; ") {
                    simple(&client, part).await.unwrap_or_else(|e| panic!("{told}: {e}"));
                }
                let open = simple(&client, "SAVEPOINT mine").await.is_ok();
                if has_secret(&client).await {
                    assert!(simple(&client, "UPDATE s SET id = 1, secret = 'mine'").await.is_ok(), "{told}");
                    assert!(simple(&client, "INSERT INTO s (id, secret) VALUES (1, 'mine')").await.is_ok(), "{told}");
                } else if *expected != "42P01" {
                    assert!(simple(&client, "INSERT INTO s (id) VALUES (1)").await.is_ok(), "{told}");
                }
                if *step == "DISCARD ALL" {
                    statement = None;
                }
                assert!(!open || simple(&client, "SAVEPOINT filled").await.is_ok());
                let done = match (protocol, &statement) {
                    ("simple", _) => simple(&client, prepared).await,
                    ("extended", _) => extended(&client, prepared).await,
                    // Its name is taken from the second time on.
                    ("named", _) => match simple(&client, &format!("PREPARE p AS {prepared}")).await {
                        Err(state) if state != "42P05" => Err(state),
                        _ => {
                            assert!(!open || simple(&client, "ROLLBACK TO filled").await.is_ok());
                            simple(&client, "EXECUTE p").await
                        }
                    },
                    (_, None) => match client.prepare(prepared).await {
                        Ok(new) => {
                            let done = client.execute(&new, &[]).await;
                            statement = Some(new);
                            done.map_err(|e| state(&e))
                        }
                        Err(e) => Err(state(&e)),
                    },
                    (_, Some(known)) => client.execute(known, &[]).await.map_err(|e| state(&e)),
                };
                let found = match done {
                    Err(state) => state,
                    Ok(_) => {
                        let seen =
                            client.query_one("SELECT coalesce(full_name, 'null') FROM customers WHERE id = 1", &[]);
                        seen.await.expect("seen").get(0)
                    }
                };
                assert_eq!(found, *expected, "{told}");
                if open {
                    assert!(simple(&client, "ROLLBACK TO mine").await.is_ok(), "{told}");
                    assert_eq!(named(), "before");
                }
            }
        }
    }
}

/// Whether PostgreSQL's table of that name has the column.
async fn has_secret(client: &Client) -> bool {
    let columns = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                   WHERE c.relname = 's' AND a.attname = 'secret' AND NOT a.attisdropped AND pg_table_is_visible(c.oid)";
    client.query_one(columns, &[]).await.expect("catalog").get::<_, i64>(0) > 0
}

#[tokio::test]
async fn a_column_that_another_session_takes_away_uncovers_nothing() {
    let types = "CREATE SCHEMA other; CREATE DOMAIN other.word AS text; CREATE DOMAIN other.note AS text; \
                 CREATE TYPE other.kind AS ENUM ('a', 'b')";
    let staged = Staged::start("writes_staged_types", types);
    for (table, of) in [
        ("(id int, secret other.word)", "DOMAIN other.word"),
        ("(id int, secret other.kind[])", "TYPE other.kind"),
        ("AS SELECT 1 AS id, 'a'::other.note AS secret", "DOMAIN other.note"),
    ] {
        let client = staged.client().await;
        assert_eq!(simple(&client, &format!("CREATE TEMP TABLE s {table}")).await.err(), None, "{table}");
        let change = |value: &str| format!("UPDATE customers SET full_name = (SELECT {value} LIMIT 1) WHERE id = 1");
        let qualified = &change("s.secret::text FROM s");
        let by_name = &change("secret::text FROM s");
        let behind_star = &change("secret::text FROM (SELECT * FROM s) q");
        let united = &change("secret::text FROM (SELECT * FROM s UNION ALL SELECT * FROM s) q");
        assert!(extended(&client, qualified).await.is_ok(), "{table}");
        for dropped in [false, true] {
            if dropped {
                staged.stored(&format!("DROP {of} CASCADE"));
                assert_eq!(extended(&client, qualified).await, Err("42703".to_owned()), "{table}");
            }
            for sql in [by_name, behind_star, united] {
                assert_eq!(extended(&client, sql).await, Err("42702".to_owned()), "{table}: {sql}");
            }
        }
    }
    assert_eq!(staged.stored("SELECT count(*) FROM customers WHERE full_name LIKE 'CANARY-s%'"), "0");
}
