//! The catalog is changed behind the proxy's back, by a DBA who is connected directly, and a client asks at once: what the
//! proxy has not seen yet is never a leak.
//!
//! The client's purpose may see Ann alone. Whatever it asks, Ned's name is nowhere in what it hears.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::common::postgres::{Database, shared};
use super::common::proxy::Proxy;
use super::raw::{Raw, bind, describe, execute, flush, message, parse, query, sync};
use super::serve;

/// Only a proxy that never sees a change waits for it.
const PATIENCE: Duration = Duration::from_secs(20);
const HIDDEN: &str = "Ned Never";
pub const HARMLESS: &str = "CREATE OR REPLACE VIEW listed AS SELECT id, name FROM things";
pub const LEAKING: &str = "CREATE OR REPLACE VIEW listed AS SELECT id, name FROM customers";

pub struct Behind {
    runtime: Runtime,
    client: Client,
    pub database: Database<'static>,
    proxy: Proxy,
    _policy: TempDir,
}

impl Behind {
    pub fn new(name: &str) -> Self {
        Self::with(name, "", include_str!("policy.toml"))
    }

    /// With an open schema that the proxy's role may make things in.
    pub fn with_open_schema(name: &str, schema: &str) -> Self {
        let policy = include_str!("policy.toml").replacen("open = [", &format!("open = [\"{schema}.*\", "), 1);
        Self::with(name, &format!("CREATE SCHEMA {schema} AUTHORIZATION consentry"), &policy)
    }

    fn with(name: &str, more: &str, policy: &str) -> Self {
        let database = shared().database(name, include_str!("world.sql"));
        database.psql("CREATE VIEW outer_listed AS SELECT id, name FROM listed");
        database.grant_to_upstream();
        database.psql(more);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let proxy = serve(&database, folder.path(), "");
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(database.superuser());
        Self { runtime, client, database, proxy, _policy: folder }
    }

    /// By the DBA.
    pub fn run(&self, sql: &str) {
        self.runtime.block_on(self.client.batch_execute(sql)).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    pub fn session(&self) -> Raw {
        self.session_of("ana")
    }

    pub fn session_of(&self, user: &str) -> Raw {
        Raw::log_in(self.proxy.port(), user, &[("options", "-c consentry.purpose=marketing")])
    }

    /// The proxy has seen the harmless definitions.
    pub fn settled(&self, c: &mut Raw) {
        until_it_is(c, "SELECT max(name) FROM outer_listed");
    }
}

/// The question is answered by the things alone.
pub fn until_it_is(c: &mut Raw, question: &str) {
    let start = Instant::now();
    loop {
        let answer = c.ask(question);
        if answer == "T D:two C:SELECT 1 Z:I" {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{question}: {answer} {:?}", c.error);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn has_leaked(c: &Raw) -> bool {
    c.heard.windows(HIDDEN.len()).any(|w| w == HIDDEN.as_bytes())
}

type Way = fn(&str) -> Vec<Vec<u8>>;

/// What a trigger or function says comes before the rows that its statement returns, and in place of them where it fails.
#[test]
fn what_a_write_says_comes_before_its_rows() {
    let w = Behind::new("changes_said");
    w.run(
        "CREATE FUNCTION says() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'said'; \
         IF NEW.name = 'bad' THEN RAISE 'no'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER says INSTEAD OF INSERT ON listed FOR EACH ROW EXECUTE FUNCTION says()",
    );
    let mut c = w.session();
    w.settled(&mut c);
    assert_eq!(c.ask("INSERT INTO listed VALUES (8, 'eight') RETURNING id"), "N:said T D:8 C:INSERT 0 1 Z:I");
    assert_eq!(c.ask("INSERT INTO listed VALUES (8, 'bad') RETURNING id"), "N:said E:P0001 Z:I");
    assert_eq!(c.ask("SELECT id FROM listed WHERE id < 2"), "T D:1 C:SELECT 1 Z:I");
    assert_eq!(c.ask("EXPLAIN (COSTS off) SELECT 1 FROM listed WHERE false").split(' ').next(), Some("T"));
}

/// What a client sends that reads `name` from `listed`, from Query to pipeline; `{}` is the relation.
const WAYS: [(&str, Way); 17] = [
    ("FETCH from a portal", |v| {
        let all = format!("SELECT name FROM {v}");
        vec![query("BEGIN"), parse("", &all), bind("p", "", &[]), sync(), query("FETCH ALL FROM p"), query("ROLLBACK")]
    }),
    ("Bind of PREPARE", |v| {
        let prepare = format!("PREPARE bound AS SELECT name FROM {v}");
        vec![query(&prepare), bind("", "bound", &[]), execute("", 0), sync(), query("DEALLOCATE bound")]
    }),
    ("a Query", |v| vec![query(&format!("SELECT name FROM {v}"))]),
    ("a Query with a condition", |v| vec![query(&format!("SELECT * FROM {v} WHERE id = 2"))]),
    ("an aggregate", |v| vec![query(&format!("SELECT string_agg(name, ',') FROM {v}"))]),
    ("an error", |v| vec![query(&format!("SELECT max(name)::int FROM {v}"))]),
    ("COPY", |v| vec![query(&format!("COPY (SELECT name FROM {v}) TO STDOUT"))]),
    ("Parse", |v| {
        vec![parse("", &format!("SELECT name FROM {v}")), bind("", "", &[]), describe('P', ""), execute("", 0), sync()]
    }),
    ("an error behind Parse", |v| {
        vec![parse("", &format!("SELECT max(name)::int FROM {v}")), bind("", "", &[]), execute("", 0), sync()]
    }),
    ("in pieces", |v| {
        let all = format!("SELECT name FROM {v} ORDER BY id");
        vec![
            query("BEGIN"),
            parse("", &all),
            bind("p", "", &[]),
            execute("p", 1),
            execute("p", 1),
            sync(),
            query("ROLLBACK"),
        ]
    }),
    ("a pipeline", |v| {
        let one = [parse("", &format!("SELECT name FROM {v}")), bind("", "", &[]), execute("", 0)].concat();
        vec![parse("", "SELECT 7"), bind("", "", &[]), execute("", 0), sync(), one, sync(), query("SELECT 8")]
    }),
    ("a transaction", |v| {
        vec![
            query("BEGIN"),
            query(&format!("SELECT name FROM {v}")),
            query(&format!("SELECT name FROM {v}")),
            query("ROLLBACK"),
        ]
    }),
    ("a cursor", |v| {
        let declare = format!("DECLARE c CURSOR FOR SELECT name FROM {v}");
        vec![query("BEGIN"), query(&declare), query("FETCH ALL FROM c"), query("ROLLBACK")]
    }),
    ("a held cursor", |v| {
        let declare = format!("DECLARE h CURSOR WITH HOLD FOR SELECT name FROM {v}");
        vec![query(&declare), query("FETCH ALL FROM h"), query("CLOSE ALL")]
    }),
    ("several statements", |v| vec![query(&format!("SELECT 7; SELECT name FROM {v}; SELECT 8; SELECT name FROM {v}"))]),
    ("before a COPY that takes data", |v| {
        vec![query(&format!("SELECT name FROM {v}; COPY things FROM STDIN; SELECT name FROM {v}")), message(b'c', b"")]
    }),
    ("a copy", |v| {
        let copy = format!("CREATE TEMP TABLE copied AS SELECT name FROM {v}");
        vec![query(&copy), query("SELECT * FROM copied"), query("DROP TABLE copied")]
    }),
];

#[test]
fn a_view_that_is_replaced_is_not_read_by_what_it_was() {
    let behind = Behind::new("proxy_changes");
    for relation in ["listed", "public.outer_listed"] {
        for (way, messages) in WAYS {
            let mut c = behind.session();
            behind.settled(&mut c);
            behind.run(LEAKING);
            let answer = c.exchange(&messages(relation));
            assert!(!has_leaked(&c), "{way} of {relation}: {answer}");
            let again = c.ask("SELECT name FROM listed");
            assert_eq!(again, "T D:Ann Asked C:SELECT 1 Z:I", "{way}: the session goes on and sees the change");
            behind.run(HARMLESS);
        }
    }
}

/// PostgreSQL plans a prepared statement anew when a view changes.
#[test]
fn nor_is_one_under_a_prepared_statement() {
    let behind = Behind::new("proxy_changes_prepared");
    let mut c = behind.session();
    behind.settled(&mut c);
    c.exchange(&[parse("p", "SELECT name FROM listed WHERE id >= $1::int"), sync()]);
    c.ask("PREPARE q (int) AS SELECT name FROM outer_listed WHERE id >= $1");
    let run = [bind("", "p", &["1"]), execute("", 0), sync()];
    for round in 0..6 {
        behind.settled(&mut c);
        for _ in 0..round {
            c.exchange(&run);
            c.ask("EXECUTE q (1)");
        }
        behind.run(LEAKING);
        let answer = match round % 3 {
            0 => c.exchange(&run),
            1 => c.ask("EXECUTE q (1)"),
            _ => c.exchange(&[parse("", "EXECUTE q (1)"), bind("", "", &[]), execute("", 0), sync()]),
        };
        assert!(!has_leaked(&c), "round {round}: {answer}");
        let again = c.exchange(&run) + " " + &c.ask("EXECUTE q (1)");
        assert_eq!(again, "2 D:Ann Asked C:SELECT 1 Z:I T D:Ann Asked C:SELECT 1 Z:I", "round {round}");
        behind.run(HARMLESS);
    }
}

/// A relation of the same name comes first in `search_path` all of a sudden.
#[test]
fn nor_is_one_that_slips_in_before_it() {
    let behind = Behind::new("proxy_changes_path");
    let shadow = "CREATE VIEW harmless.listed AS SELECT id, name FROM public.customers; \
                  GRANT SELECT ON harmless.listed TO consentry";
    for (way, messages) in WAYS {
        let mut c = behind.session();
        behind.settled(&mut c);
        c.ask("SET search_path = harmless, public");
        until_it_is(&mut c, "SELECT max(name) FROM listed");
        behind.run(shadow);
        let answer = c.exchange(&messages("listed"));
        assert!(!has_leaked(&c), "{way}: {answer}");
        behind.run("DROP VIEW harmless.listed");
    }
}

/// A table that a view reads becomes the parent of a protected one.
#[test]
fn nor_is_one_whose_table_gets_a_protected_child() {
    let behind = Behind::new("proxy_changes_child");
    for (way, messages) in WAYS {
        let mut c = behind.session();
        behind.settled(&mut c);
        behind.run("ALTER TABLE customers INHERIT things");
        let answer = c.exchange(&messages("outer_listed"));
        assert!(!has_leaked(&c), "{way}: {answer}");
        behind.run("ALTER TABLE customers NO INHERIT things");
    }
}

/// As fast as both can, for a while.
#[test]
fn however_the_two_fall_together() {
    let behind = Behind::new("proxy_changes_race");
    // How many of the sessions have been answered, and told to run again: on a busy machine that takes its time.
    let (over, content) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for at in 0..3 {
            let (behind, over, content) = (&behind, &over, &content);
            scope.spawn(move || {
                let (mut c, mut told) = (behind.session(), [0u32; 2]);
                c.exchange(&[parse("p", "SELECT name FROM listed"), sync()]);
                for (n, (way, messages)) in WAYS.iter().cycle().skip(at * 5).enumerate() {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let relation = if n % 2 == 0 { "listed" } else { "outer_listed" };
                    let prepared = c.exchange(&[bind("", "p", &[]), execute("", 0), sync()]);
                    let answer = c.exchange(&messages(relation));
                    assert!(!has_leaked(&c), "{way}: {answer}, prepared: {prepared}");
                    let before = told;
                    told[usize::from(prepared.contains("E:40001"))] += 1;
                    if before.contains(&0) && !told.contains(&0) {
                        content.fetch_add(1, Ordering::Relaxed);
                    }
                    c.heard.clear();
                }
                assert!(told.iter().all(|n| *n > 0), "{told:?} were answered, and told to run again");
            });
        }
        let start = Instant::now();
        for round in 0.. {
            behind.run(LEAKING);
            behind.run(HARMLESS);
            let enough = start.elapsed() > Duration::from_secs(6) && content.load(Ordering::Relaxed) == 3;
            if enough || start.elapsed() > Duration::from_secs(120) {
                break;
            }
            std::thread::sleep(Duration::from_millis(if round % 10 == 0 { 400 } else { round % 7 }));
        }
        over.store(true, Ordering::Relaxed);
    });
}

/// The question is put for views alone; and nothing of the protocol is another for it.
#[test]
fn a_view_is_read_as_on_a_direct_connection() {
    let behind = Behind::new("proxy_changes_none");
    let mut c = behind.session();
    let all = "T D:one D:two D:three C:SELECT 3 Z:I".replace("D:one D:two D:three", "D:1,one D:2,two D:3,three");
    assert_eq!(c.ask("SELECT * FROM listed ORDER BY id"), all);
    assert_eq!(c.ask("SELECT * FROM nowhere"), "E:42P01 Z:I");
    assert_eq!(c.ask("SELECT name::int FROM listed"), "T E:22P02 Z:I");
    assert_eq!(c.ask("SELECT 1/0 FROM listed"), "E:22012 Z:I");
    assert_eq!(
        c.exchange(&[query("BEGIN"), query("SELECT name::int FROM listed"), query("SELECT 1"), query("COMMIT")]),
        "C:BEGIN Z:T T E:22P02 Z:E E:25P02 Z:E C:ROLLBACK Z:I"
    );
    assert_eq!(c.ask("COPY (SELECT id FROM listed ORDER BY 1) TO STDOUT"), "H d d d c C:COPY 3 Z:I");
    assert_eq!(c.ask("INSERT INTO listed VALUES (9, 'nine') RETURNING id"), "T D:9 C:INSERT 0 1 Z:I");
    assert_eq!(
        c.ask("DELETE FROM things USING listed WHERE listed.id = things.id AND things.id = 9"),
        "C:DELETE 1 Z:I"
    );
    assert_eq!(
        c.ask("SELECT 1; SELECT max(id) FROM listed; SELECT 2"),
        "T D:1 C:SELECT 1 T D:3 C:SELECT 1 T D:2 C:SELECT 1 Z:I"
    );
    let read = [parse("", "SELECT max(id) FROM listed"), bind("", "", &[]), describe('P', ""), execute("", 0)];
    assert_eq!(c.exchange(&[read.concat(), sync()]), "1 2 T D:3 C:SELECT 1 Z:I");
    c.send(&[read.concat(), flush()].concat());
    assert_eq!([(); 5].map(|()| c.answer()), ["1", "2", "T", "D:3", "C:SELECT 1"]);
    assert_eq!(c.exchange(&[sync()]), "Z:I");
    // Long answers pass while they come.
    assert_eq!(
        c.ask("SELECT count(*) FROM (SELECT repeat(name, 100000) FROM listed, generate_series(1, 200)) x"),
        "T D:600 C:SELECT 1 Z:I"
    );
    let long = c.ask("SELECT repeat('x', 100000) FROM listed, generate_series(1, 30)");
    assert!(long.ends_with("C:SELECT 90 Z:I") && long.len() > 9_000_000);
    assert_eq!(c.ask("EXPLAIN (COSTS off) SELECT 1 FROM listed"), "T D:Seq Scan on things C:EXPLAIN Z:I");
    c.exchange(&[query("BEGIN"), query("SELECT 1 FROM listed"), query("SELECT 2 FROM listed")]);
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
    assert_eq!(
        c.ask("SELECT name FROM pg_prepared_statements UNION ALL SELECT name FROM pg_cursors"),
        "T C:SELECT 0 Z:I"
    );
}

/// A child of two protected tables: one's rules would not do for its rows.
#[test]
fn a_child_of_two_protected_tables_is_closed() {
    let behind = Behind::new("changes_twice");
    let mut c = behind.session();
    assert_eq!(c.ask("SELECT id FROM customers"), "T D:1 C:SELECT 1 Z:I");
    behind.run("CREATE TABLE both_of () INHERITS (customers, consents); GRANT SELECT ON both_of TO consentry");
    let start = Instant::now();
    while c.ask("SELECT id FROM customers") != "E:0A000 Z:I" {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    for table in ["customers", "consents", "both_of", "ONLY both_of"] {
        assert_eq!(c.ask(&format!("SELECT * FROM {table}")), "E:0A000 Z:I", "{table}");
    }
}

/// The proxy's own connection is lost and no other is to be had: once it cannot tell any more what names mean, nothing is
/// judged by what they meant.
#[test]
fn a_catalog_that_cannot_be_seen_is_not_trusted_for_long() {
    const READ: &str = "SELECT max(name) FROM things";
    let behind = Behind::new("proxy_blind");
    let mut c = behind.session();
    assert_eq!(c.ask(READ), "T D:two C:SELECT 1 Z:I");
    let start = Instant::now();
    behind.run("ALTER DATABASE proxy_blind CONNECTION LIMIT 1");
    behind.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = 'proxy_blind' AND usename <> 'postgres' AND query NOT LIKE '%max(name)%'",
    );
    while c.ask(READ) != "E:58000 Z:I" {
        assert!(start.elapsed() < 3 * PATIENCE, "{:?}", c.error);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(c.said('D').starts_with("rule catalog-unseen"), "{:?}", c.error);
    behind.run("ALTER TABLE things RENAME TO were; ALTER TABLE customers RENAME TO things");
    assert_eq!(c.ask(READ), "E:58000 Z:I");
    assert_eq!(c.exchange(&[parse("", READ), bind("", "", &[]), execute("", 0), sync()]), "E:58000 Z:I");
    // The way out of a transaction stays open.
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask(READ), "E:58000 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    behind.run("ALTER TABLE things RENAME TO customers; ALTER TABLE were RENAME TO things");
    behind.run("ALTER DATABASE proxy_blind CONNECTION LIMIT -1");
    until_it_is(&mut c, READ);
    assert!(!has_leaked(&c));
}

/// A prepared statement whose rows would look otherwise than its client was told fails, as in PostgreSQL.
#[test]
fn rows_never_look_otherwise_than_was_described() {
    let behind = Behind::new("shapes");
    behind.run("ALTER TABLE customers ADD COLUMN cost numeric, ADD COLUMN notes text");
    let mut c = behind.session();
    until_there(&mut c, "notes");
    let whole = ["SELECT * FROM customers", "TABLE customers", "SELECT c.* FROM customers c JOIN things t USING (id)"];
    for (i, sql) in whole.iter().enumerate() {
        assert_eq!(c.exchange(&[parse(&format!("s{i}"), sql), sync()]), "1 Z:I");
    }
    assert_eq!(c.ask("PREPARE said AS SELECT * FROM customers"), "C:PREPARE Z:I");
    assert_eq!(c.exchange(&[parse("named", "SELECT name FROM customers WHERE id = 1"), sync()]), "1 Z:I");
    // As many columns as before.
    behind.run("ALTER TABLE customers DROP COLUMN cost; ALTER TABLE customers ADD COLUMN price float8");
    until_there(&mut c, "price");
    for (i, sql) in whole.iter().enumerate() {
        let sent = [bind("", &format!("s{i}"), &[]), execute("", 0), sync()];
        assert_eq!(c.exchange(&sent), "E:0A000 Z:I", "{sql}");
        assert_eq!([c.said('M'), c.said('R')], ["cached plan must not change result type", "RevalidateCachedQuery"]);
        // Not only once.
        assert_eq!(c.exchange(&sent), "E:0A000 Z:I", "{sql}");
    }
    assert_eq!(c.ask("EXECUTE said"), "E:0A000 Z:I");
    assert_eq!(c.exchange(&[bind("", "named", &[]), execute("", 0), sync()]), "2 D:Ann Asked C:SELECT 1 Z:I");
    // What it is judged for may change meanwhile.
    c.ask("SET consentry.purpose = 'service'");
    assert_eq!(c.exchange(&[bind("", "named", &[]), execute("", 0), sync()]), "2 D:Ann Asked C:SELECT 1 Z:I");
    assert_eq!(
        c.exchange(&[parse("again", whole[0]), bind("", "again", &[]), execute("", 1), sync()]).get(..3),
        Some("1 2")
    );
}

/// Also where the type of a column is PostgreSQL's to say.
#[test]
fn nor_where_only_postgresql_knows_its_type() {
    let behind = Behind::new("shapes_typed");
    behind.run("ALTER TABLE customers ADD COLUMN notes text; ALTER TABLE things ADD COLUMN size int");
    let mut c = behind.session();
    until_there(&mut c, "notes");
    let sql = "SELECT nullif(t.size, 5), count(c.notes) OVER () FROM things t, customers c";
    assert_eq!(c.exchange(&[parse("s", sql), bind("", "s", &[]), execute("", 1), sync()]).get(..3), Some("1 2"));
    // Another purpose is no other type.
    c.ask("SET consentry.purpose = 'service'");
    assert!(c.exchange(&[bind("", "s", &[]), execute("", 1), sync()]).starts_with("2 D:"));
    behind.run("ALTER TABLE things ALTER size TYPE real; ALTER TABLE customers DROP notes, ADD COLUMN notes int");
    until_it_fails(&mut c, "s");
    assert_eq!(c.said('M'), "cached plan must not change result type");
}

/// And where it does not know a column: those of a row.
#[test]
fn nor_where_only_postgresql_knows_its_columns() {
    let behind = Behind::new("shapes_rows");
    let mut c = behind.session();
    let sql = "SELECT (c).* FROM customers c ORDER BY (c).id";
    assert_eq!(c.exchange(&[parse("s", sql), bind("", "s", &[]), execute("", 1), sync()]).get(..3), Some("1 2"));
    // Another purpose is no other row.
    c.ask("SET consentry.purpose = 'service'");
    assert!(c.exchange(&[bind("", "s", &[]), execute("", 1), sync()]).starts_with("2 D:"));
    behind.run("ALTER TABLE customers ADD COLUMN notes text");
    until_it_fails(&mut c, "s");
}

/// Until a prepared statement does not run any more.
fn until_it_fails(c: &mut Raw, statement: &str) {
    let start = Instant::now();
    while c.exchange(&[bind("", statement, &[]), execute("", 0), sync()]) != "E:0A000 Z:I" {
        assert!(start.elapsed() < PATIENCE, "it is read as before");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Until the proxy knows of a column of `customers`.
fn until_there(c: &mut Raw, column: &str) {
    let start = Instant::now();
    while c.ask(&format!("SELECT count({column}) FROM customers")).starts_with('E') {
        assert!(start.elapsed() < PATIENCE, "{column} is never there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// PostgreSQL's own word for it, where the statement leaves as before.
#[test]
fn nor_does_postgresql_let_them() {
    let behind = Behind::new("shapes_own");
    behind.run("ALTER TABLE things ADD COLUMN size numeric(8, 2)");
    let mut c = behind.session();
    while c.exchange(&[parse("s", "SELECT t.*, c.id FROM things t, customers c"), sync()]) != "1 Z:I"
        || c.ask("SELECT size FROM things LIMIT 0").starts_with('E')
    {
        std::thread::sleep(Duration::from_millis(5));
        c.ask("DEALLOCATE ALL");
    }
    assert!(c.exchange(&[bind("", "s", &[]), execute("", 1), sync()]).starts_with("2 D:"));
    behind.run("ALTER TABLE things ALTER COLUMN size TYPE numeric(8, 3)");
    assert_eq!(c.exchange(&[bind("", "s", &[]), execute("", 0), sync()]), "E:0A000 Z:I");
    assert_eq!(c.said('M'), "cached plan must not change result type");
}
