//! The record behind a running proxy before a real PostgreSQL: what never stands in it, what it refuses, what survives.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::common::disk::FaultyDisk;
use crate::common::postgres::{Database, shared};
use crate::common::proxy::{Proxy, Served, connection_to};
use consentry::audit::note::NoteVerifier;
use consentry::audit::verify::{Notice, Verdict, verify};
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
    proxy_with(&[])
}

fn proxy_with(env: &[(&str, &Path)]) -> Proxy {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm");
    Proxy::start_with(&[Served { name: "crm", database: database(), policy: &policy }], &USERS, "", env)
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
const STATEMENTS: [&str; 33] = [
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
    "SELECT id AS \"MARK\", id MARK FROM customers LIMIT 1",
    "WITH MARK AS (SELECT id FROM customers MARK LIMIT 1) SELECT MARK.id FROM MARK",
    "BEGIN; SAVEPOINT MARK; RELEASE MARK; ROLLBACK",
    "PREPARE MARK AS SELECT 1; EXECUTE MARK; DEALLOCATE MARK",
    "BEGIN; DECLARE MARK CURSOR FOR SELECT 1; FETCH MARK; CLOSE MARK; COMMIT",
    "CREATE TEMP TABLE MARK (MARK int); INSERT INTO MARK (MARK) VALUES (1); SELECT MARK FROM MARK; DROP TABLE MARK",
    "CREATE TEMP TABLE MARK AS SELECT id AS MARK FROM customers LIMIT 1; DROP TABLE MARK",
    "LISTEN \"MARK\"",
    "SET application_name TO MARK",
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
        let marked = "SELECT id FROM customers WHERE full_name = $1 OR email LIKE $1";
        let _ = client.query(marked, &[&MARK]).await;
        ask_for_people(&client).await;
    }
    strangers_knock(&proxy).await;
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

/// Words of somebody who is not let in: a name, a database, a purpose, a program's name.
async fn strangers_knock(proxy: &Proxy) {
    let good = connection_to(proxy.port(), "app", "crm", None);
    for bad in [
        connection_to(proxy.port(), MARK, "crm", None),
        connection_to(proxy.port(), "app", MARK, None),
        connection_to(proxy.port(), "app", "crm", Some(MARK)),
        connection_to(proxy.port(), MARK, MARK, Some(MARK)) + &format!(" application_name={MARK}"),
        good.replace("password=", &format!("password={MARK}")),
    ] {
        assert!(tokio_postgres::connect(&bad, NoTls).await.is_err(), "{bad}");
    }
    let mut refused = Vec::new();
    while refused.len() < 5 {
        refused = events(&proxy.audit()).into_iter().filter(|e| e["event"] == "login_refused").collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let words: Vec<_> = refused.iter().map(|e| (e["user"].as_str(), e["database"].as_str())).collect();
    assert_eq!(
        words,
        [
            (None, Some("crm")),
            (Some("app"), None),
            (Some("app"), Some("crm")),
            (None, None),
            (Some("app"), Some("crm"))
        ]
    );
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
    // Whom somebody with unrestricted access looked at is what a person most wants to know.
    let root = proxy.client("root", "crm", None).await;
    root.batch_execute("SET consentry.reason = 'ticket 7'").await.unwrap();
    root.query("SELECT * FROM customers WHERE id IN ($1::bigint, 10)", &[&7_i64]).await.unwrap();
    root.execute("UPDATE customers SET phone = phone WHERE id = 10", &[]).await.unwrap();
    let keys = proxy.audit().with_file_name("audit-keys").join("subjects");
    let about = |key: &str| {
        let hashes = consentry::audit::subjects::hashes(&keys, "customer", &[key.to_owned()].into()).unwrap();
        let names = |e: &serde_json::Value| {
            e["subjects"].as_array().is_some_and(|s| s.iter().any(|s| hashes.iter().any(|h| s == h)))
        };
        events(&proxy.audit()).iter().filter(|e| e["event"] == "decision" && names(e)).count()
    };
    assert_eq!([about("7"), about("8"), about("9"), about("10")], [2, 1, 0, 2]);
    let read = events(&proxy.audit())
        .into_iter()
        .find(|e| e["unrestricted"] == true && e["tables"][0]["name"] == "public.customers")
        .unwrap();
    let email = read["tables"][0]["columns"].as_array().unwrap().iter().find(|c| c["name"] == "email").unwrap();
    assert_eq!((&email["use"], &email["category"]), (&"shown".into(), &"email".into()));
    let seen = events(&proxy.audit()).iter().filter(|e| e["event"] == "subjects_seen").count();
    assert_eq!(seen, 1, "keys that leave by `*` are seen too");
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

/// Clients that read rows for as long as the proxy answers, each counting the results that it got.
struct Readers {
    seen: Vec<Arc<AtomicU64>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Readers {
    fn start(port: u16, names: impl Iterator<Item = String>) -> Self {
        let (seen, tasks) = names.map(|name| Self::read(port, &name)).unzip();
        Self { seen, tasks }
    }

    fn read(port: u16, name: &str) -> (Arc<AtomicU64>, tokio::task::JoinHandle<()>) {
        let connection = format!("{} application_name={name}", connection_to(port, "app", "crm", None));
        let seen = Arc::new(AtomicU64::new(0));
        let counted = seen.clone();
        let task = tokio::spawn(async move {
            // The proxy may be killed in the middle of a login, too.
            let Ok((client, driver)) = tokio_postgres::connect(&connection, NoTls).await else { return };
            tokio::spawn(driver);
            while client.simple_query("SELECT id, full_name FROM customers WHERE id < 9").await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        (seen, task)
    }

    fn total(&self) -> u64 {
        self.seen.iter().map(|n| n.load(Ordering::SeqCst)).sum()
    }

    /// After the proxy is gone: how many results each got.
    async fn ended(self) -> Vec<u64> {
        for task in self.tasks {
            task.await.unwrap();
        }
        self.seen.iter().map(|n| n.load(Ordering::SeqCst)).collect()
    }
}

fn decisions_by_application(folder: &Path) -> HashMap<String, u64> {
    let mut recorded: HashMap<String, u64> = HashMap::new();
    for event in events(folder).iter().filter(|e| e["event"] == "decision") {
        *recorded.entry(event["client"]["application_name"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    recorded
}

const KILLS: usize = 50;
/// As many proxies take turns in being killed, so that one starts while another is under load.
const PROXIES: usize = 5;

/// Eight clients read rows until the proxy is killed, 50 times at any moment: for each result that one of them got there
/// is a decision, and the record is whole after every start.
#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_every_result_that_was_seen_is_on_record() {
    let runs = (0..PROXIES).map(|_| tokio::spawn(killed_again_and_again(KILLS / PROXIES)));
    let mut results = 0;
    for run in runs.collect::<Vec<_>>() {
        results += run.await.unwrap();
    }
    assert!(results >= KILLS as u64 * 8, "too little load to tell: {results}");
}

async fn killed_again_and_again(kills: usize) -> u64 {
    let mut proxy = tokio::task::block_in_place(proxy);
    let mut results: HashMap<String, u64> = HashMap::new();
    for kill in 0..kills {
        if kill > 0 {
            tokio::task::block_in_place(|| proxy.start_again());
        }
        let names: Vec<String> = (0..8).map(|n| format!("reader{kill}-{n}")).collect();
        let readers = Readers::start(proxy.port(), names.iter().cloned());
        while readers.total() < 8 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(rand::random::<u64>() % 150_000)).await;
        tokio::task::block_in_place(|| proxy.kill());
        results.extend(names.into_iter().zip(readers.ended().await));
    }
    let recorded = decisions_by_application(&proxy.audit());
    for (name, seen) in &results {
        let recorded = recorded.get(name).copied().unwrap_or(0);
        assert!(recorded >= *seen, "{name} got {seen} results, {recorded} are on record");
    }
    let verdict = verdict(&proxy.audit());
    assert_eq!(verdict.findings, []);
    let ends = verdict.notices.iter().filter(|n| matches!(n, Notice::NoStop { .. } | Notice::OpenEnd { .. })).count();
    assert_eq!(ends, kills, "each kill is told: {:?}", verdict.notices);
    results.values().sum()
}

/// What the killed proxy was writing is kept aside; log, record and verify say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_torn_last_line_is_kept_aside_and_reported_at_start() {
    let mut proxy = proxy();
    proxy.client("app", "crm", None).await.simple_query("SELECT id FROM customers WHERE id = 1").await.unwrap();
    proxy.kill();
    let last = consentry::audit::segment::list(&proxy.audit()).unwrap().pop().unwrap();
    let mut text = std::fs::read(&last.path).unwrap();
    text.extend_from_slice(br#"{"seq":99,"time":"2026-1"#);
    std::fs::write(&last.path, text).unwrap();
    tokio::task::block_in_place(|| proxy.start_again());
    assert!(proxy.log().contains("torn end"), "{}", proxy.log());
    assert!(std::fs::read_to_string(last.torn_path()).unwrap().starts_with(r#"{"seq":99"#));
    let verdict = verdict(&proxy.audit());
    assert_eq!(verdict.findings, []);
    assert!(verdict.notices.iter().any(|n| matches!(n, Notice::PutAside { bytes: 24, .. })), "{:?}", verdict.notices);
}

/// What was begun on record ends there, whatever the service could not have.
#[test]
fn a_serve_that_cannot_listen_stops_on_record() {
    let mut proxy = proxy();
    proxy.kill();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", proxy.port())).unwrap();
    let served = proxy.command(&["serve", "--config"]).arg(proxy.server_file()).output().unwrap();
    assert_eq!(served.status.code(), Some(1), "{served:?}");
    let last = events(&proxy.audit()).pop().unwrap();
    assert_eq!([&last["event"], &last["reason"]], ["stop", "did not start"]);
    let notices = verdict(&proxy.audit()).notices;
    assert_eq!(notices.iter().filter(|n| matches!(n, Notice::NoStop { .. })).count(), 1, "the kill: {notices:?}");
    assert!(!notices.iter().any(|n| matches!(n, Notice::OpenEnd { .. })), "{notices:?}");
}

// === a disk that fails under a running proxy ===

/// What one client has met so far.
#[derive(Default)]
struct Met {
    results: AtomicU64,
    refused: AtomicU64,
}

/// Reads for as long as `on`; any answer but rows and 58030 is a failure, as is a session that ends.
async fn read_through_faults(connection: String, met: Arc<Met>, on: Arc<AtomicBool>) {
    let (client, driver) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
    tokio::spawn(driver);
    while on.load(Ordering::SeqCst) {
        match client.simple_query("SELECT id, full_name FROM customers WHERE id < 9").await {
            Ok(_) => met.results.fetch_add(1, Ordering::SeqCst),
            Err(e) if e.code() == Some(&SqlState::IO_ERROR) => met.refused.fetch_add(1, Ordering::SeqCst),
            Err(e) => panic!("the session must live on: {e}"),
        };
    }
}

async fn until_each(met: &[Arc<Met>], count: impl Fn(&Met) -> &AtomicU64, more: u64) {
    let before: Vec<u64> = met.iter().map(|m| count(m).load(Ordering::SeqCst)).collect();
    let start = std::time::Instant::now();
    while met.iter().zip(&before).any(|(m, before)| count(m).load(Ordering::SeqCst) < before + more) {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_failing_disk_statements_are_refused_sessions_live_on_and_no_result_is_off_the_record() {
    let disk = FaultyDisk::new();
    let (library, control) = (disk.library(), disk.control());
    let proxy = proxy_with(&[("LD_PRELOAD", &library), ("CONSENTRY_TEST_FAULT", &control)]);
    let on = Arc::new(AtomicBool::new(true));
    let met: Vec<Arc<Met>> = (0..8).map(|_| Arc::default()).collect();
    let readers: Vec<_> = met
        .iter()
        .enumerate()
        .map(|(n, met)| {
            let connection = format!("{} application_name=reader{n}", connection_to(proxy.port(), "app", "crm", None));
            tokio::spawn(read_through_faults(connection, met.clone(), on.clone()))
        })
        .collect();
    until_each(&met, |m| &m.results, 5).await;
    for errno in [libc::ENOSPC, libc::EIO, libc::EROFS] {
        disk.set(&errno.to_string());
        until_each(&met, |m| &m.refused, 2).await;
        let results = met.iter().map(|m| m.results.load(Ordering::SeqCst)).sum::<u64>();
        until_each(&met, |m| &m.refused, 5).await;
        assert_eq!(met.iter().map(|m| m.results.load(Ordering::SeqCst)).sum::<u64>(), results, "errno {errno}");
        disk.set("");
        until_each(&met, |m| &m.results, 5).await;
    }
    let refused = met.iter().map(|m| m.refused.load(Ordering::SeqCst)).sum::<u64>();
    disk.set("slow");
    until_each(&met, |m| &m.results, 5).await;
    disk.set("");
    let refused_while_slow = met.iter().map(|m| m.refused.load(Ordering::SeqCst)).sum::<u64>() - refused;
    assert_eq!(refused_while_slow, 0, "a slow disk is waited for");
    on.store(false, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    let recorded = decisions_by_application(&proxy.audit());
    for (n, met) in met.iter().enumerate() {
        let (seen, recorded) = (met.results.load(Ordering::SeqCst), recorded[&format!("reader{n}")]);
        assert!(recorded >= seen, "reader{n} got {seen} results, {recorded} are on record");
    }
    let verdict = verdict(&proxy.audit());
    assert_eq!(verdict.findings, []);
    for words in ["No space left", "Input/output error", "Read-only file system"] {
        let told = |n: &Notice| matches!(n, Notice::Unavailable { fault, .. } if fault.contains(words));
        assert!(verdict.notices.iter().any(told), "{words}: {:?}", verdict.notices);
    }
}
