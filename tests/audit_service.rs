//! The record behind a running proxy before a real PostgreSQL: what never stands in it, what it refuses, what survives.

mod common;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::postgres::{Database, shared};
use common::proxy::{Proxy, Served, connection_to};
use consentry::audit::note::NoteVerifier;
use consentry::audit::verify::{Verdict, verify};
use consentry::cli::demo::crm;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

const USERS: [(&str, &str); 4] = [("app", "crm_app"), ("bi", "bi"), ("partner", "ad_partner"), ("root", "dba")];

fn database() -> &'static Database<'static> {
    static DATABASE: OnceLock<Database<'static>> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let database = shared().database("audit_crm", &crm::SCRIPTS.map(|(_, sql)| sql).concat());
        database.grant_to_upstream();
        database
    })
}

fn proxy() -> Proxy {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm");
    Proxy::start(&[Served { name: "crm", database: database(), policy: &policy }], &USERS, "")
}

/// The whole record as text, and the log beside it.
fn written(proxy: &Proxy) -> String {
    let files: Vec<PathBuf> = std::fs::read_dir(proxy.audit()).unwrap().map(|e| e.unwrap().path()).collect();
    let record: String = files.iter().filter_map(|p| std::fs::read_to_string(p).ok()).collect();
    record + &proxy.log()
}

fn events(folder: &Path) -> Vec<serde_json::Value> {
    let segments = consentry::audit::segment::list(folder).unwrap();
    let text: String = segments.iter().map(|s| std::fs::read_to_string(&s.path).unwrap()).collect();
    text.split_inclusive('\n').filter(|l| l.ends_with('\n')).map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn verdict(folder: &Path) -> Verdict {
    let key = std::fs::read_to_string(folder.with_file_name("audit-keys").join("signing.key.pub")).unwrap();
    verify(folder, &NoteVerifier::parse(&key).unwrap(), None, &mut |_| {}).unwrap()
}

// === no personal data ===

/// Every distinct text of a personal column of the CRM that is long enough to be no accident.
fn stored_values() -> BTreeSet<String> {
    let columns = [
        ("customers", "full_name"),
        ("customers", "email"),
        ("customers", "phone"),
        ("customers", "birth_date"),
        ("addresses", "line1"),
        ("addresses", "postcode"),
        ("orders", "note"),
        ("payments", "host(payer_ip)"),
        ("tickets", "subject"),
        ("messages", "body"),
        ("employees", "full_name"),
        ("employees", "email"),
    ];
    let parts = columns.map(|(table, column)| format!("SELECT {column}::text AS v FROM {table}"));
    let sql =
        format!("SELECT DISTINCT replace(v, E'\\n', ' ') FROM ({}) x WHERE length(v) > 6", parts.join(" UNION ALL "));
    database().psql(&sql).lines().map(str::to_owned).collect()
}

/// Statements of every way in which a value can be in one; `MARK` stands where a client would put it.
const STATEMENTS: [&str; 24] = [
    "SELECT * FROM customers WHERE email = 'MARK'",
    "SELECT id, full_name FROM customers WHERE full_name LIKE '%MARK%' OR phone IN ('MARK', $$MARK$$, E'\\x4dMARK')",
    "SELECT count(*) FROM customers WHERE id = 77001234567",
    "SELECT * FROM customers -- MARK",
    "/* MARK */ SELECT 1 /*purpose='marketing',who='MARK'*/",
    "SELECT 'MARK' AS v, full_name || 'MARK' FROM customers LIMIT 1",
    "SELECT U&'MARK', B'1010', X'1FF', 77001234567, interval '3 days MARK'",
    "UPDATE customers SET full_name = 'MARK' WHERE email = 'MARK'",
    "DELETE FROM customers WHERE full_name = 'MARK'",
    "INSERT INTO orders (customer_id, note) VALUES (77001234567, 'MARK')",
    "SELECT email::integer FROM customers WHERE id = 1",
    "SELECT 'MARK'::integer",
    "SELECT * FROM customers WHERE id = 'MARK'",
    "SELEC 'MARK' FROM customers",
    "SELECT 'MARK FROM customers",
    "SELECT * FROM customers WHERE full_name = 'x' MARK MARK",
    "SET consentry.purpose = 'MARK'",
    "SELECT * FROM customers WHERE email = \"MARK@example.com\"",
    "SELECT \"MARK MARK\"(id) FROM customers",
    "SET application_name = 'plain'",
    "SELECT set_config('consentry.purpose', 'MARK', false)",
    "CREATE TABLE t AS SELECT 'MARK' AS v",
    "COPY customers (full_name) FROM STDIN WITH (NULL 'MARK')",
    "PREPARE p AS SELECT * FROM customers WHERE email = 'MARK'",
];

const MARK: &str = "Zq7Xw9Vb";

#[tokio::test]
async fn no_stored_value_literal_or_parameter_stands_in_record_or_log() {
    let proxy = proxy();
    for (user, _) in USERS {
        let client = proxy.client(user, "crm", None).await;
        if user == "root" {
            client.batch_execute("SET consentry.reason = 'ticket 7'").await.unwrap();
        }
        for statement in STATEMENTS {
            // Most are refused or fail; what matters is what is left of them.
            let _ = client.simple_query(&statement.replace("MARK", MARK)).await;
            let _ = client.query(&statement.replace("MARK", MARK), &[]).await;
        }
        ask_for_people(&client).await;
    }
    let written = written(&proxy);
    let decisions = events(&proxy.audit()).iter().filter(|e| e["event"] == "decision").count();
    assert!(decisions > USERS.len() * STATEMENTS.len(), "the statements came on record: {decisions}");
    let seen: Vec<&str> = [MARK, "77001234567"].into_iter().filter(|v| written.contains(v)).collect();
    assert_eq!(seen, Vec::<&str>::new(), "{}", lines_with(&written, &seen));
    let values = stored_values();
    assert!(values.len() > 500, "the CRM has many values: {}", values.len());
    let seen: Vec<&str> = values.iter().map(String::as_str).filter(|v| written.contains(v)).collect();
    assert_eq!(seen, Vec::<&str>::new(), "{}", lines_with(&written, &seen));
}

fn lines_with(text: &str, values: &[&str]) -> String {
    text.lines().filter(|l| values.iter().any(|v| l.contains(v))).take(10).collect::<Vec<_>>().join("\n")
}

/// Real values of real people, as literals and as parameters.
async fn ask_for_people(client: &Client) {
    let people = database().psql("SELECT email || '|' || full_name FROM customers WHERE id BETWEEN 5 AND 15");
    for (email, name) in people.lines().filter_map(|l| l.split_once('|')) {
        let quoted = email.replace('\'', "''");
        let _ = client.simple_query(&format!("SELECT id, full_name FROM customers WHERE email = '{quoted}'")).await;
        let _ = client.query("SELECT id, email FROM customers WHERE full_name = $1", &[&name]).await;
        let _ = client.execute("UPDATE customers SET full_name = $1 WHERE email = $2", &[&name, &email]).await;
        let duplicate =
            "INSERT INTO customers (ref, full_name, email, country) VALUES (gen_random_uuid(), $1, $2, 'ES')";
        let _ = client.execute(duplicate, &[&name, &email]).await;
    }
}

#[tokio::test]
async fn a_person_who_is_named_is_found_by_the_auditor() {
    let proxy = proxy();
    let client = proxy.client("app", "crm", None).await;
    client.query("SELECT full_name FROM customers WHERE id = $1", &[&7_i64]).await.unwrap();
    client.simple_query("SELECT full_name FROM customers WHERE id = 8").await.unwrap();
    let keys = proxy.audit().with_file_name("audit-keys").join("subjects");
    let about = |key: &str| {
        let hashes = consentry::audit::subjects::hashes(&keys, "customer", key).unwrap();
        let names = |e: &serde_json::Value| {
            e["subjects"].as_array().is_some_and(|s| s.iter().any(|s| hashes.iter().any(|h| s == h)))
        };
        events(&proxy.audit()).iter().filter(|e| e["event"] == "decision" && names(e)).count()
    };
    assert_eq!([about("7"), about("8"), about("9")], [1, 1, 0]);
}

// === faults ===

async fn sqlstate(client: &Client) -> Option<SqlState> {
    client.simple_query("SELECT id FROM customers WHERE id = 1").await.err().and_then(|e| e.code().cloned())
}

#[tokio::test]
async fn without_its_folder_statements_are_refused_and_the_session_lives_on() {
    let proxy = proxy();
    let (finder, patient) = (proxy.client("app", "crm", None).await, proxy.client("app", "crm", None).await);
    assert_eq!(sqlstate(&patient).await, None);
    let aside = proxy.audit().with_file_name("aside");
    std::fs::rename(proxy.audit(), &aside).unwrap();
    assert_eq!(sqlstate(&finder).await, Some(SqlState::IO_ERROR), "its result is held back for good");
    assert_eq!(sqlstate(&patient).await, Some(SqlState::IO_ERROR), "refused before it runs");
    std::fs::rename(&aside, proxy.audit()).unwrap();
    for _ in 0..600 {
        if sqlstate(&patient).await.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sqlstate(&patient).await, None, "the same session works again");
    assert_eq!(verdict(&proxy.audit()).findings, []);
}

/// Eight clients read rows until the proxy is killed: for each result that one of them got there is a decision.
#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_every_result_that_was_seen_is_on_record() {
    let proxy = proxy();
    let seen: Vec<&'static AtomicU64> = (0..8).map(|_| &*Box::leak(Box::new(AtomicU64::new(0)))).collect();
    let readers: Vec<_> = seen
        .iter()
        .copied()
        .enumerate()
        .map(|(n, seen): (usize, &'static AtomicU64)| {
            let connection = format!("{} application_name=reader{n}", connection_to(proxy.port(), "app", "crm", None));
            tokio::spawn(async move {
                let (client, driver) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
                tokio::spawn(driver);
                while client.simple_query("SELECT id, full_name FROM customers WHERE id < 9").await.is_ok() {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    while seen.iter().map(|n| n.load(Ordering::SeqCst)).sum::<u64>() < 400 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::process::Command::new("kill").args(["-9", &proxy.pid().to_string()]).status().unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    let mut recorded: HashMap<String, u64> = HashMap::new();
    for event in events(&proxy.audit()).iter().filter(|e| e["event"] == "decision") {
        *recorded.entry(event["client"]["application_name"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for (n, seen) in seen.iter().enumerate() {
        let (seen, recorded) = (seen.load(Ordering::SeqCst), recorded.get(&format!("reader{n}")).copied().unwrap_or(0));
        assert!(recorded >= seen, "reader{n} got {seen} results, {recorded} are on record");
    }
    assert_eq!(verdict(&proxy.audit()).findings, []);
}
