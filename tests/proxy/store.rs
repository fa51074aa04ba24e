//! COPY into tables whose rows are stored with their subject's consent only: what the client hears, and what is stored, is
//! what COPY itself says and stores, or the whole statement is refused.

use std::sync::OnceLock;

use super::common::postgres::{Database, UPSTREAM_PASSWORD, UPSTREAM_ROLE, run_psql, shared};
use super::common::proxy::{Proxy, Served};
use super::raw::{Raw, bind, execute, message, parse, query, sync};
use super::record::{events, told};

const TABLES: [&str; 8] = ["letters", "log", "parted", "cards", "samples", "given", "late", "consentry_store"];

pub(super) struct World {
    proxy: Proxy,
    pub(super) database: Database<'static>,
}

fn policy() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/store.toml")
}

/// A proxy before a database of this name, for one test.
pub(super) fn world(name: &str) -> World {
    let database = shared().database(name, include_str!("store.sql"));
    database.grant_to_upstream();
    let served = [Served { name: "app", database: &database, policy: &policy() }];
    let proxy = Proxy::start(&served, &[("ana", "app"), ("pia", "plain"), ("dan", "dba")], "");
    World { proxy, database }
}

/// For tests that leave nothing behind, each with its own session.
pub(super) fn common_world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| world("store"))
}

impl World {
    pub(super) fn session(&self) -> Raw {
        Raw::log_in(self.proxy.port(), "ana", &[])
    }

    fn grant(&self, person: u32) {
        self.database.psql(&format!("UPDATE consents SET status = 'granted' WHERE subject_id = {person}"));
    }

    fn withdraw(&self, person: u32) {
        self.database.psql(&format!("UPDATE consents SET status = 'withdrawn' WHERE subject_id = {person}"));
    }
}

/// All that is stored, in the order of storing.
fn stored(database: &Database<'_>) -> String {
    let table = |t: &&str| format!("SELECT '{t}', t.* FROM {t} t;\n");
    database.psql(&TABLES.iter().map(table).collect::<String>())
}

pub(super) fn emptied(database: &Database<'_>) {
    database.psql(&format!("TRUNCATE {} RESTART IDENTITY", TABLES.join(", ")));
}

/// What is told to a Query whose COPYs get these pieces of data.
fn copied(c: &mut Raw, sql: &str, data: &[&[u8]]) -> String {
    let mut data = data.iter();
    let mut answers = Vec::new();
    c.send(&query(sql));
    loop {
        answers.push(c.answer());
        match answers.last().map(String::as_str) {
            Some("G") => {
                let data = data.next().unwrap_or_else(|| panic!("no more data: {sql}"));
                // In pieces of any size, as clients send it.
                let pieces = data.chunks(3).map(|piece| message(b'd', piece));
                c.send(&pieces.chain([message(b'c', b"")]).collect::<Vec<_>>().concat());
            }
            Some(last) if last.starts_with("Z:") => return answers.join(" "),
            Some("closed") => panic!("closed: {answers:?} {sql}"),
            _ => {}
        }
    }
}

fn refused(c: &Raw) {
    assert!(c.said('M').contains("a row's subject has no valid consent for \"marketing\""), "{:?}", c.error);
    assert!(c.said('D').starts_with("rule store-requires-consent: rows of public."), "{:?}", c.error);
    assert_eq!(c.said('H'), "leave out the people who have not agreed, or record their consent first");
    assert_eq!((c.said('W'), c.said('q'), c.said('P')), ("", "", ""));
}

struct Case<'a> {
    expected: &'a str,
    name: &'a str,
    sql: &'a str,
    data: Vec<&'a [u8]>,
}

/// `-- expected: name`, SQL, then the data of each COPY behind a line `<<`, up to `;;`.
fn cases(text: &str) -> Vec<Case<'_>> {
    text.split(";;\n")
        .filter(|c| !c.trim().is_empty())
        .map(|c| {
            let mut parts = c.split("<<\n");
            let head = parts.next().expect("a head").strip_prefix("-- ").expect(c);
            let (title, sql) = head.split_once('\n').expect(c);
            let (expected, name) = title.split_once(": ").expect(c);
            Case { expected, name, sql: sql.trim_end_matches('\n'), data: parts.map(str::as_bytes).collect() }
        })
        .collect()
}

/// Each case through the proxy and, unless it must be refused, on a twin of the database without one.
#[test]
fn copies_are_copies_or_refused() {
    let world = world("store_cases");
    let twin = shared().database("store_twin", include_str!("store.sql"));
    twin.grant_to_upstream();
    let mut direct = Raw::open(shared().port());
    assert_eq!(direct.try_log_in(UPSTREAM_ROLE, UPSTREAM_PASSWORD, &[("database", "store_twin")]), "Z:I");
    let mut c = world.session();
    let mut faults = Vec::new();
    for case in cases(include_str!("copies.txt")) {
        emptied(&world.database);
        let nothing = stored(&world.database);
        c.heard.clear();
        let told = copied(&mut c, case.sql, &case.data);
        let heard = c.heard.clone();
        let error = c.error.clone();
        if told.ends_with("Z:E") || told.ends_with("Z:T") {
            c.ask("ROLLBACK");
        }
        let now = stored(&world.database);
        if case.expected == "refused" {
            let told_so = told.contains("E:42501 Z:") && !told.contains("Z:I Z:");
            if told_so && now == nothing {
                c.error = error;
                refused(&c);
            } else {
                faults.push(format!("{}: {told} {error:?}\n{now}", case.name));
            }
            continue;
        }
        emptied(&twin);
        direct.heard.clear();
        let told_directly = copied(&mut direct, case.sql, &case.data);
        let same = told == told_directly && (case.expected == "error" || heard == direct.heard);
        let is_error = told.contains("E:");
        if told_directly.ends_with("Z:E") || told_directly.ends_with("Z:T") {
            direct.ask("ROLLBACK");
        }
        if !same || is_error != (case.expected == "error") || now != stored(&twin) {
            let there = stored(&twin);
            faults.push(format!(
                "{}: {told} {error:?}\n{now}\ndirect: {told_directly} {:?}\n{there}",
                case.name, direct.error
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// COPY's binary format, and rows that are longer than any buffer.
#[test]
fn binary_and_long_rows() {
    let world = world("store_binary");
    let mut c = world.session();
    let row = |person: i32, note: &[u8]| {
        let field = |bytes: &[u8]| [&i32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        [&2i16.to_be_bytes()[..], &field(&person.to_be_bytes()), &field(note)].concat()
    };
    let file =
        |rows: &[Vec<u8>]| [&b"PGCOPY\n\xff\r\n\0"[..], &[0; 8], &rows.concat(), &(-1i16).to_be_bytes()].concat();
    let long = "y".repeat(1_000_000);
    let sql = "COPY letters (customer_id, body) FROM STDIN WITH (FORMAT binary)";
    let mut send = |rows: &[Vec<u8>]| {
        c.send(&query(sql));
        assert_eq!(c.answer(), "G");
        let body = file(rows);
        c.send(&[message(b'd', &body), message(b'c', b"")].concat());
        (c.answer(), c.answer())
    };
    let told = send(&[row(1, b"x"), row(3, long.as_bytes())]);
    assert_eq!(told, ("C:COPY 2".into(), "Z:I".into()));
    let told = send(&[row(1, b"x"), row(2, b"x")]);
    assert_eq!(told, ("E:42501".into(), "Z:I".into()));
    refused(&c);
    assert_eq!(world.database.psql("SELECT customer_id, length(body) FROM letters ORDER BY 1"), "1|1\n3|1000000");
}

/// While the data comes, each row is judged by the choices of that moment.
#[test]
fn a_withdrawal_counts_from_the_next_row_on() {
    let world = world("store_live");
    for (change, expected, rows) in [("withdraw", "E:42501", "0"), ("grant", "C:COPY 2", "2")] {
        let mut c = world.session();
        c.send(&query("COPY letters (customer_id, subject) FROM STDIN"));
        assert_eq!(c.answer(), "G");
        c.send(&message(b'd', b"1\tfirst\n"));
        if change == "withdraw" {
            world.withdraw(3)
        } else {
            world.grant(3)
        };
        c.send(&[message(b'd', b"3\tsecond\n"), message(b'c', b"")].concat());
        assert_eq!([c.answer(), c.answer()], [expected, "Z:I"], "{change}");
        assert_eq!(world.database.psql("SELECT count(*) FROM letters"), rows, "{change}");
    }
}

/// A client that gives up, is cancelled, breaks the protocol or goes away has stored nothing; and nothing of ours stays.
#[test]
fn what_does_not_end_well_stores_nothing() {
    let world = world("store_ends");
    let sql = "COPY letters (customer_id, subject) FROM STDIN";
    let begun = || {
        let mut c = world.session();
        c.send(&query(sql));
        assert_eq!(c.answer(), "G");
        c.send(&message(b'd', b"1\ta\n"));
        c
    };
    let mut c = begun();
    c.send(&message(b'f', b"no more\0"));
    assert_eq!([c.answer(), c.answer()], ["E:57014", "Z:I"]);
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");

    let mut c = begun();
    // PostgreSQL looks for a cancellation between two messages.
    let running = "datname = 'store_ends' AND state = 'active' AND query LIKE 'CREATE FUNCTION%'";
    let cancel = format!("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE {running}");
    assert_eq!(world.database.psql(&cancel), "t");
    c.send(&message(b'd', b"1\tb\n"));
    assert_eq!([c.answer(), c.answer()], ["E:57014", "Z:I"]);
    // What the client had on the way is ignored.
    c.send(&[message(b'd', b"1\tb\n"), message(b'c', b"")].concat());
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");

    let mut c = begun();
    c.send(&query("SELECT 1"));
    assert_eq!([c.answer(), c.answer()], ["E:08P01", "closed"]);
    drop(begun());

    // In a failed transaction it is not tried, and in a block of the client's it ends with that.
    let mut c = world.session();
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(copied(&mut c, sql, &[b"2\ta\n"]), "G E:42501 Z:E");
    assert_eq!(copied(&mut c, sql, &[b"1\ta\n"]), "E:25P02 Z:E");
    assert_eq!(c.ask("COMMIT"), "C:ROLLBACK Z:I");
    assert_eq!(c.ask("BEGIN; SAVEPOINT s"), "C:BEGIN C:SAVEPOINT Z:T");
    assert_eq!(copied(&mut c, sql, &[b"2\ta\n"]), "G E:42501 Z:E");
    assert_eq!(c.ask("ROLLBACK TO s"), "C:ROLLBACK Z:T");
    assert_eq!(copied(&mut c, sql, &[b"1\ta\n"]), "G C:COPY 1 Z:T");
    assert_eq!(c.ask("SELECT count(*) FROM letters"), "T D:1 C:SELECT 1 Z:T");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    // Data that is there before it is asked for.
    let sent = [query(sql), message(b'd', b"1\ta\n"), message(b'c', b"")];
    assert_eq!(c.exchange(&sent), "G C:COPY 1 Z:I");

    assert_eq!(world.database.psql("SELECT count(*) FROM letters"), "1");
    let left = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'consentry%'";
    assert_eq!(world.database.psql(left), "0");
}

/// A query that finds another row each time it runs is run once: what is stored is what was tested.
#[test]
fn what_is_stored_is_what_was_tested() {
    let world = world("store_sampled");
    world.database.psql("INSERT INTO consentry_store SELECT 1 + n % 2 FROM generate_series(1, 1000) n");
    let mut c = world.session();
    let any = "(SELECT customer_id FROM consentry_store TABLESAMPLE bernoulli(50) LIMIT 1)";
    for sql in [
        format!("INSERT INTO letters (customer_id) VALUES ({any})"),
        format!("INSERT INTO letters (customer_id) VALUES (1), ({any})"),
        format!("INSERT INTO letters (customer_id) SELECT {any}"),
        format!("UPDATE letters SET customer_id = {any} WHERE id = 1"),
    ] {
        for _ in 0..30 {
            c.ask(&sql);
        }
    }
    assert_eq!(world.database.psql("SELECT DISTINCT customer_id FROM letters"), "1");
    let sql = "UPDATE letters SET urgent = subject IS DISTINCT FROM 'a', customer_id = 1";
    assert!(c.ask(sql).starts_with("C:UPDATE"), "{:?}", c.error);
    // What is another value for each row would be one for all.
    assert_eq!(c.ask("UPDATE letters SET customer_id = (1 + 2 * random())::int"), "E:0A000 Z:I");
    assert!(c.said('D').contains("another value each time"), "{:?}", c.error);
}

/// A cast of the database's own, which makes a number of whatever it is given, does not quiet the test.
#[test]
fn the_test_runs_nothing_of_the_databases_own() {
    let world = world("store_lenient");
    world.database.psql(
        "CREATE FUNCTION lenient(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
         CREATE CAST (text AS int) WITH FUNCTION lenient(text)",
    );
    let proxy =
        Proxy::start(&[Served { name: "app", database: &world.database, policy: &policy() }], &[("ana", "app")], "");
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    for sql in [
        "INSERT INTO letters (customer_id) VALUES (2)",
        "INSERT INTO letters (customer_id) VALUES (1), (2)",
        "INSERT INTO letters (customer_id) SELECT n FROM generate_series(1, 2) n",
    ] {
        assert_eq!(c.ask(sql), "E:42501 Z:I", "{sql}");
        refused(&c);
    }
    assert_eq!(copied(&mut c, "COPY letters (customer_id) FROM STDIN", &[b"1\n2\n"]), "G E:42501 Z:I");
    refused(&c);
    assert_eq!(c.ask("INSERT INTO letters (customer_id) VALUES (1)"), "C:INSERT 0 1 Z:I");
    // Nor does the client's value become one of the key's type by it.
    for sql in [
        "INSERT INTO letters (customer_id) VALUES ('2'::text)",
        "INSERT INTO letters (customer_id) SELECT t FROM (SELECT '2'::text) s(t)",
        "UPDATE letters SET customer_id = '2'::text",
    ] {
        assert_eq!(c.ask(sql), "E:42501 Z:I", "{sql}");
        assert!(c.said('M').contains("public.lenient"), "{sql} {:?}", c.error);
    }
    assert_eq!(world.database.psql("SELECT customer_id FROM letters"), "1");
}

/// Errors about rows say what they say of any write to a protected table: names, and no values.
#[test]
fn errors_show_no_rows_and_nothing_of_ours() {
    let world = common_world();
    let mut c = world.session();
    for (sql, row, message) in [
        ("COPY letters (customer_id, price) FROM STDIN", "1\tCANARY\n", "invalid input syntax for type numeric"),
        ("COPY letters (customer_id, mood) FROM STDIN", "1\tCANARY\n", "invalid input value for enum mood"),
        (
            "COPY letters (customer_id, subject) FROM STDIN",
            "1\tCANARY-----\n",
            "value too long for type character varying(10)",
        ),
        (
            "COPY letters (customer_id, body, subject) FROM STDIN",
            "1\tCANARY\tbad\n",
            "value for domain title violates check constraint \"title_check\"",
        ),
        (
            "COPY letters (customer_id, body, price) FROM STDIN",
            "1\tCANARY\t-1\n",
            "new row for relation \"letters\" violates check constraint \"letters_price_check\"",
        ),
    ] {
        let told = copied(&mut c, sql, &[row.as_bytes()]);
        assert!(told.starts_with("G E:2") && told.ends_with("Z:I"), "{told} {:?}", c.error);
        assert_eq!(c.said('M'), message);
        let all = format!("{:?}", c.error);
        assert!(!all.contains("CANARY") && !all.contains("consentry"), "{all}");
    }
    // Nor does what the client could have made us say.
    let told = copied(&mut c, "COPY letters (customer_id) FROM STDIN", &[b"consentry store_requires public.other\n"]);
    assert_eq!(told, "G E:22P02 Z:I");
    assert_eq!(c.said('M'), "invalid input syntax for type integer");
}

/// Where the function cannot be made, the error speaks of COPY.
#[test]
fn where_the_proxy_may_not_make_what_it_needs() {
    let world = world("store_temp");
    let mut c = world.session();
    let sql = "COPY letters (customer_id, subject) FROM STDIN";
    assert_eq!(c.ask("BEGIN READ ONLY"), "C:BEGIN Z:T");
    assert_eq!(c.ask(sql), "E:25006 Z:E");
    assert_eq!(c.said('M'), "cannot execute COPY FROM in a read-only transaction");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    for (deny, allow) in [
        ("REVOKE TEMPORARY ON DATABASE store_temp FROM PUBLIC", "GRANT TEMPORARY ON DATABASE store_temp TO PUBLIC"),
        ("REVOKE USAGE ON LANGUAGE sql FROM PUBLIC", "GRANT USAGE ON LANGUAGE sql TO PUBLIC"),
    ] {
        world.database.psql(deny);
        // A session that has made something temporary keeps its schema.
        let mut c = world.session();
        assert_eq!(c.ask(sql), "E:42501 Z:I", "{deny}");
        assert!(c.said('M').starts_with("COPY into public.letters is not possible"), "{:?}", c.error);
        assert!(c.said('D').starts_with("rule store-requires-temp"), "{:?}", c.error);
        assert!(c.said('H').starts_with("GRANT TEMPORARY ON DATABASE"), "{:?}", c.error);
        assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
        world.database.psql(allow);
        assert_eq!(copied(&mut c, sql, &[b"1\ta\n"]), "G C:COPY 1 Z:I", "{allow}");
    }
    // The rights on the table are asked for as ever.
    world.database.psql(&format!("REVOKE INSERT ON letters FROM {UPSTREAM_ROLE}"));
    assert_eq!(c.ask(sql), "E:42501 Z:I");
    assert_eq!(c.said('M'), "permission denied for table letters");
    let mut pia = Raw::log_in(world.proxy.port(), "pia", &[]);
    assert_eq!(pia.ask(sql), "E:42501 Z:I");
    assert!(pia.said('D').starts_with("rule right-missing"), "{:?}", pia.error);
}

/// A Parse message holds one statement: it is refused, says why, and the session goes on.
#[test]
fn the_extended_protocol_is_refused() {
    let mut c = common_world().session();
    let sql = "COPY letters (customer_id) FROM STDIN";
    let sent = [parse("", sql), bind("", "", &[]), execute("", 0), sync()];
    assert_eq!(c.exchange(&sent), "E:0A000 Z:I");
    assert!(c.said('D').contains("send it as a simple query"), "{:?}", c.error);
    assert_eq!(
        c.exchange(&[parse("", "SELECT 1"), bind("", "", &[]), execute("", 0), sync()]),
        "1 2 D:1 C:SELECT 1 Z:I"
    );
    // A table that asks for nothing is copied into as ever.
    let copy = [parse("", "COPY log FROM STDIN"), bind("", "", &[]), execute("", 0), message(b'c', b"")];
    assert_eq!(c.exchange(&[&copy[..], &[sync()]].concat()), "1 2 G C:COPY 0 Z:I");
}

/// What we make is out of the client's reach.
#[test]
fn the_client_cannot_ask_the_function() {
    let world = common_world();
    let mut c = world.session();
    for sql in [
        "SELECT pg_temp.consentry_store(2)",
        "SELECT consentry_store(2)",
        "CREATE FUNCTION pg_temp.consentry_store(int) RETURNS bool LANGUAGE sql AS 'SELECT true'",
    ] {
        let told = c.ask(sql);
        assert!(told.starts_with("E:") && told.ends_with("Z:I"), "{sql}: {told}");
    }
    let behind = "COPY letters (customer_id) FROM STDIN; SELECT pg_temp.consentry_store(2)";
    assert_eq!(copied(&mut c, behind, &[b"1\n"]), "G C:COPY 1 E:42883 Z:I");
    // One that somebody else has made, who may, is not asked instead.
    let mut dan = Raw::log_in(world.proxy.port(), "dan", &[]);
    let own = "CREATE FUNCTION pg_temp.consentry_store(int) RETURNS bool LANGUAGE sql AS 'SELECT true'";
    assert_eq!(dan.ask(own), "C:CREATE FUNCTION Z:I");
    assert_eq!(copied(&mut c, "COPY given FROM STDIN", &[b"2\tx\n"]), "G E:42501 Z:I");
    // A temporary table of the target's name is the client's own.
    assert_eq!(c.ask("CREATE TEMP TABLE letters (customer_id int)"), "C:CREATE TABLE Z:I");
    assert_eq!(copied(&mut c, "COPY pg_temp.letters FROM STDIN", &[b"2\n"]), "G C:COPY 1 Z:I");
    assert_eq!(copied(&mut c, "COPY public.letters (customer_id) FROM STDIN", &[b"2\n"]), "G E:42501 Z:I");
    assert_eq!(c.ask("SET search_path = other, public"), "C:SET Z:I");
    assert_eq!(copied(&mut c, "COPY parted FROM STDIN", &[b"2\ta\tx\n"]), "G E:42501 Z:I");
}

/// One statement of the client is one decision, with the table and what became of it.
#[test]
fn the_record_knows_one_copy() {
    let world = world("store_record");
    let mut c = world.session();
    let sql = "COPY letters (customer_id, subject) FROM STDIN";
    assert_eq!(copied(&mut c, sql, &[b"1\ta\n3\tb\n"]), "G C:COPY 2 Z:I");
    assert_eq!(copied(&mut c, sql, &[b"2\tCANARY\n"]), "G E:42501 Z:I");
    let told = told(&world.proxy, 2);
    let line = |end: &str, rows| ("copy_in".to_owned(), "changed".to_owned(), end.to_owned(), rows);
    assert_eq!(told, [line("ok", 2), line("error", 0)]);
    let all = events(&world.proxy.audit());
    for copy in all.iter().filter(|e| e["event"] == "decision") {
        assert_eq!((&copy["sql"], &copy["tables"][0]["name"]), (&sql.into(), &"public.letters".into()), "{copy}");
        let written: Vec<_> = copy["tables"][0]["columns"].as_array().unwrap().iter().map(|c| &c["use"]).collect();
        assert_eq!(written, ["written", "written"], "{copy}");
    }
    assert!(!all.iter().any(|e| e.to_string().contains("CANARY")));
}

/// psql's own \copy, with all that it makes of the answers.
#[test]
fn psql_copies() {
    let world = common_world();
    let script = "\\copy cards (holder, note) from stdin\n1\ta\n2\tb\n\\.\n\
        \\copy cards (holder, note) from stdin\n1\ta\n\\.\nSELECT count(*) FROM cards;\n";
    let connection = world.proxy.connection("ana", "app", Some("marketing"));
    let output = run_psql(world.database.bin(), &connection, &["-At"], script);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, "COPY 1\n1\n", "{err}");
    assert!(err.contains("a row's subject has no valid consent for \"marketing\""), "{err}");
}

/// One message, two purposes: the refusal names the one that was asked for.
#[test]
fn a_refusal_names_its_own_purpose() {
    let mut c = common_world().session();
    let sql = "SET consentry.purpose = 'marketing'; COPY cards (holder) FROM STDIN; \
               SET consentry.purpose = 'service'; COPY cards (holder) FROM STDIN; SET consentry.purpose = 'marketing'";
    let told = copied(&mut c, &format!("BEGIN; {sql}"), &[b"1\n", b"3\n"]);
    assert!(told.ends_with("E:42501 Z:E"), "{told}");
    assert!(c.said('M').ends_with("for \"service\""), "{:?}", c.error);
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
}

/// Whatever runs the write, its test's error is the refusal that it stands for.
#[test]
fn what_names_a_write_is_refused_as_it_is() {
    let mut c = common_world().session();
    let write = "INSERT INTO letters (customer_id) VALUES (2) RETURNING customer_id";
    c.ask("BEGIN");
    assert_eq!(c.exchange(&[parse("w", write), bind("p", "w", &[]), sync()]), "1 2 Z:T");
    c.ask("SAVEPOINT s");
    for sql in ["EXECUTE w", "FETCH ALL FROM p"] {
        let said = c.ask(sql);
        assert!(said.ends_with("E:42501 Z:E"), "{sql}: {said}");
        c.ask("ROLLBACK TO s");
    }
    c.ask("ROLLBACK");
}
