//! The rows of the catalogue that are about bytes, about two sessions, or about what stands behind the proxy.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use libtest_mimic::Failed;

use super::common::postgres::shared;
use super::raw::{Raw, bind, describe, execute, flush, message, parse, query, sync};
use super::world::{DATABASES, Way, World};

type Run = fn(&World) -> Result<(), Failed>;

pub const ALL: [(&str, Run); 18] = [
    ("pg_stat_activity", activity),
    ("FunctionCall 'F'", function_call),
    ("Parse with several statements", several_in_one_parse),
    ("NUL in query", nul),
    ("message length smuggling", lengths),
    ("1-bit oracle", declared_type),
    ("Describe / NoData / ParameterDescription", described),
    ("COPY sub-protocol", copy),
    ("NoticeResponse/ParameterStatus as data carriers", carriers),
    ("EXECUTE/FETCH row-type confusion", row_types),
    ("startup GUCs", start_up),
    ("now() freeze", expiry_within_a_transaction),
    ("client_encoding SJIS/GBK/BIG5/GB18030/UHC/JOHAB", encodings),
    ("lone CR ends `--` comment", lone_cr),
    ("lexer/format GUCs", quotes_read_otherwise),
    ("re-resolution", paths_that_part),
    ("SQL_ASCII server", sql_ascii),
    ("pool mode under the proxy", pooled_upstream),
];

const APP: &str = DATABASES[0];

fn ana(world: &World) -> Raw {
    world.session(Way::Proxy("ana"), APP)
}

fn direct(world: &World) -> Raw {
    world.session(Way::Direct("public"), APP)
}

/// Holds what `c` heard through the proxy against the tokens.
fn nothing_told(world: &World, c: &Raw) -> Result<(), Failed> {
    match world.canary(&c.heard, "") {
        Some(canary) => Err(format!("tells {canary}").into()),
        None => Ok(()),
    }
}

/// A parameter may be declared to be of a type with a collation of its own (`name`, OID 19): that it clashes with the
/// column's would tell that the comparison ran on a hidden row.
fn declared_type(world: &World) -> Result<(), Failed> {
    let run = |way, database| {
        let mut body = b"\0SELECT id FROM members WHERE id = 1000 AND street >= 'x' AND tongue = $1\0\0\x01".to_vec();
        body.extend(19_i32.to_be_bytes());
        let sent = [message(b'P', &body), bind("", "", &["x"]), execute("", 0), sync()];
        world.session(way, database).exchange(&sent)
    };
    let [ours, twin] = DATABASES.map(|d| run(Way::Proxy("ana"), d));
    same(&ours, &twin)?;
    let [theirs, twin] = DATABASES.map(|d| run(Way::Direct("naive"), d));
    if theirs == twin { Err(format!("cannot fail: {theirs}").into()) } else { Ok(()) }
}

/// Shows that the case can fail: past the proxy a canary is told.
fn told(world: &World, c: &Raw) -> Result<(), Failed> {
    world.canary(&c.heard, "").map(|_| ()).ok_or_else(|| "cannot fail: nothing is told past the proxy either".into())
}

/// Nothing is told through the proxy, of what is told directly.
fn told_only_directly(world: &World, run: impl Fn(&mut Raw)) -> Result<(), Failed> {
    let mut c = ana(world);
    run(&mut c);
    nothing_told(world, &c)?;
    let mut c = direct(world);
    run(&mut c);
    told(world, &c)
}

fn same(found: &str, expected: &str) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected}, found {found}").into()) }
}

/// The text of another session's last statement, by every name.
fn activity(world: &World) -> Result<(), Failed> {
    const ASK: [&str; 5] = [
        "SELECT query FROM pg_stat_activity",
        "SELECT a::text FROM pg_catalog.pg_stat_activity a",
        "SELECT (pg_stat_get_activity(NULL)).query",
        "SELECT pg_stat_get_backend_activity(n) FROM pg_stat_get_backend_idset() n",
        "SELECT backend_xid, query_id, query FROM pg_stat_activity WHERE query LIKE '%customers%'",
    ];
    let mut other = ana(world);
    other.ask(&world.filled("SELECT '{email7}' = 'x' AS guessed"));
    let (mut ours, mut theirs) = (ana(world), direct(world));
    for sql in ASK {
        ours.ask(sql);
        theirs.ask(sql);
    }
    nothing_told(world, &ours)?;
    told(world, &theirs)
}

/// `query_to_xml(text, bool, bool, text)` by its number: SQL that no parser before the server sees.
fn function_call(world: &World) -> Result<(), Failed> {
    let argument = |bytes: &[u8]| [&i32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat();
    let mut body = 2924_i32.to_be_bytes().to_vec();
    body.extend([0, 4, 0, 0, 0, 0, 0, 0, 0, 0]); // four formats: text
    body.extend([0, 4]);
    for text in ["SELECT email FROM public.customers", "t", "f", ""] {
        body.extend(argument(text.as_bytes()));
    }
    body.extend([0, 0]);
    let call = message(b'F', &body);
    let mut c = ana(world);
    c.send(&call);
    same(&[c.answer(), c.answer()].join(" "), "E:0A000 Z:I")?;
    nothing_told(world, &c)?;
    let mut c = direct(world);
    c.send(&call);
    while !c.answer().starts_with("Z:") {}
    told(world, &c)
}

fn several_in_one_parse(world: &World) -> Result<(), Failed> {
    let sent = [parse("", "SELECT 1; SELECT email FROM customers"), bind("", "", &[]), execute("", 0), sync()];
    let mut c = ana(world);
    same(&c.exchange(&sent), "E:42601 Z:I")?;
    nothing_told(world, &c)?;
    // One at a time they are two statements, judged each.
    let mut c = ana(world);
    c.ask("SELECT 1; SELECT * FROM customers");
    nothing_told(world, &c)?;
    let mut c = direct(world);
    c.ask("SELECT 1; SELECT * FROM customers");
    told(world, &c)
}

fn nul(world: &World) -> Result<(), Failed> {
    for tail in [&b"SELECT 1\0; SELECT email FROM customers\0"[..], b"SELECT 1; SELECT secret FROM customers", b""] {
        let mut c = ana(world);
        c.send(&message(b'Q', tail));
        same(&[c.answer(), c.answer()].join(" "), "E:08P01 Z:I")?;
        nothing_told(world, &c)?;
    }
    Ok(())
}

fn lengths(world: &World) -> Result<(), Failed> {
    let hidden = query("SELECT email FROM customers WHERE id = 7");
    for (head, state) in [
        (vec![b'Q', 0x80, 0, 0, 4], "08P01"),
        (vec![b'Q', 0xff, 0xff, 0xff, 0xfb], "08P01"),
        (vec![b'Q', 0, 0, 0, 0], "08P01"),
        (vec![b'Q', 0, 0, 0, 3], "08P01"),
        (vec![b'Q', 0x40, 0, 0, 0], "54000"),
    ] {
        let mut c = ana(world);
        c.send(&[head, hidden.clone()].concat());
        same(&[c.answer(), c.answer()].join(" "), &format!("E:{state} closed"))?;
        nothing_told(world, &c)?;
    }
    // A value's length that reaches over its message, and a negative one.
    for length in [0x7fff_ffff_i32, -2] {
        let value = [&b"\0\0\0\0\0\x01"[..], &length.to_be_bytes(), b"\0\0"].concat();
        let mut c = ana(world);
        c.send(&[parse("", "SELECT $1"), message(b'B', &value), hidden.clone(), sync()].concat());
        // What stands before Sync is ignored.
        same(&[c.answer(), c.answer(), c.answer()].join(" "), "1 E:08P01 Z:I")?;
        nothing_told(world, &c)?;
    }
    Ok(())
}

/// What is described is what is executed, also after the purpose changed, and names no column that is not there.
fn described(world: &World) -> Result<(), Failed> {
    let mut c = ana(world);
    let sent = [
        parse("s", "SELECT * FROM customers WHERE email = $1"),
        describe('S', "s"),
        query("SET consentry.purpose = statistics"),
        bind("", "s", &["x"]),
        describe('P', ""),
        execute("", 0),
        sync(),
        query("SET consentry.purpose = marketing"),
        parse("t", "UPDATE customers SET notes = $1 WHERE secret = $2"),
        describe('S', "t"),
        sync(),
    ];
    same(&c.exchange(&sent), "1 t T C:SET Z:I 2 T C:SELECT 0 Z:I C:SET Z:I 1 t n Z:I")?;
    nothing_told(world, &c)
}

fn copy(world: &World) -> Result<(), Failed> {
    let mut c = ana(world);
    // In no COPY: ignored, as PostgreSQL does.
    c.send(&[message(b'd', b"SELECT email FROM customers\n"), message(b'f', b"x\0"), message(b'c', b"")].concat());
    same(&c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I")?;
    // A statement within one is data, or the end of it, and never run unseen.
    let start = c.exchange(&[query("BEGIN")]);
    same(&start, "C:BEGIN Z:T")?;
    c.send(&query("COPY log (what) FROM STDIN"));
    same(&c.answer(), "G")?;
    c.send(&[message(b'd', b"x\n\\.\nSELECT email FROM customers;\n"), message(b'f', b"no\0")].concat());
    same(&[c.answer(), c.answer()].join(" "), "E:57014 Z:E")?;
    c.ask("ROLLBACK");
    c.ask("COPY customers TO STDOUT; COPY (SELECT * FROM orders) TO STDOUT (FORMAT csv)");
    c.ask("COPY customers TO STDOUT (FORMAT binary)");
    nothing_told(world, &c)?;
    let mut c = direct(world);
    c.ask("COPY customers TO STDOUT (FORMAT binary)");
    told(world, &c)
}

/// What a server function says in notices, or a setting in ParameterStatus.
fn carriers(world: &World) -> Result<(), Failed> {
    const SQL: [&str; 3] = [
        "INSERT INTO orders VALUES (72, 7, 'x')",
        "SELECT set_config('application_name', (SELECT max(secret) FROM customers WHERE secret IS NOT NULL), false)",
        "SELECT set_config('application_name', max(phone), false) FROM customers WHERE id > 1",
    ];
    let run = |c: &mut Raw| {
        for sql in SQL {
            c.ask(&format!("BEGIN; {sql}"));
            c.ask("ROLLBACK");
        }
    };
    told_only_directly(world, run)
}

/// Portals, cursors and prepared statements keep their shape, or fail: nothing is read under another's description.
fn row_types(world: &World) -> Result<(), Failed> {
    let mut c = ana(world);
    let sent = [
        query("BEGIN"),
        parse("s", "SELECT id, phone FROM customers ORDER BY id"),
        bind("p", "s", &[]),
        execute("p", 1),
        query("DECLARE d CURSOR FOR SELECT notes, secret FROM customers ORDER BY id"),
        sync(),
        query("FETCH 1 FROM d"),
        execute("p", 0),
        sync(),
        query("FETCH ALL FROM p"),
        query("FETCH ALL FROM d"),
        query("EXECUTE s"),
        query("ROLLBACK"),
    ];
    c.exchange(&sent);
    nothing_told(world, &c)?;
    let mut c = direct(world);
    c.exchange(&sent);
    told(world, &c)
}

fn start_up(world: &World) -> Result<(), Failed> {
    for (name, value, expected) in [
        ("options", "-c standard_conforming_strings=off", "E:0A000"),
        ("options", "-c row_security=maybe", "E:0A000"),
        ("options", "-c role=postgres", "E:0A000"),
        ("options", "-c consentry.purpose=nothing", "E:22023"),
        ("options", "--client_encoding=SJIS", "E:0A000"),
        ("session_replication_role", "replica", "E:0A000"),
        ("backslash_quote", "on", "E:0A000"),
        ("consentry.role", "dba", "E:0A000"),
        ("replication", "database", "E:0A000"),
        ("options", "-c search_path=harmless -c consentry.purpose=statistics", "Z:I"),
        ("consentry.purpose", "statistics", "Z:I"),
    ] {
        let mut c = Raw::open(world.proxy.port());
        let answer = c.try_log_in("ana", &super::password_of("ana"), &[("database", APP), (name, value)]);
        same(&format!("{value} {answer}"), &format!("{value} {expected}"))?;
        if answer == "Z:I" {
            c.ask("SELECT name, email, notes FROM public.customers");
            c.ask("SELECT name, email FROM customers");
        }
        nothing_told(world, &c)?;
    }
    Ok(())
}

/// A consent that expires within a transaction is over in it; a view that asks `now()` does not see that.
fn expiry_within_a_transaction(world: &World) -> Result<(), Failed> {
    let mut dba = world.session(Way::Superuser, APP);
    dba.ask("INSERT INTO consents VALUES (1, 'trial', NULL, 'granted', clock_timestamp() + '3 s')");
    let (mut c, mut frozen) = (world.session(Way::Proxy("tri"), APP), world.session(Way::Superuser, APP));
    let naive =
        "SELECT id FROM consents k, customers WHERE subject_id = id AND purpose = 'trial' AND expires_at > now()";
    for c in [&mut c, &mut frozen] {
        same(&c.ask("BEGIN"), "C:BEGIN Z:T")?;
    }
    same(&c.ask("SELECT id FROM customers"), "T D:1 C:SELECT 1 Z:T")?;
    same(&frozen.ask(naive), "T D:1 C:SELECT 1 Z:T")?;
    sleep(Duration::from_secs(3));
    same(&c.ask("SELECT id FROM customers"), "T C:SELECT 0 Z:T")?;
    same(&frozen.ask(naive), "T D:1 C:SELECT 1 Z:T")
}

/// `0x5C` as the second byte of a letter: the server would read a backslash less than a parser of bytes.
fn encodings(world: &World) -> Result<(), Failed> {
    for encoding in ["SJIS", "GBK", "BIG5", "GB18030", "UHC", "JOHAB", "SHIFT_JIS_2004", "SQL_ASCII"] {
        let mut c = ana(world);
        for sql in [
            format!("SET client_encoding = '{encoding}'"),
            format!("SET NAMES '{encoding}'"),
            format!("SELECT set_config('client_encoding', '{encoding}', false)"),
        ] {
            same(&c.ask(&sql), "E:22023 Z:I")?;
        }
        c.send(&message(b'Q', b"SELECT E'\x95\x5c', secret FROM public.customers --'\0"));
        same(&[c.answer(), c.answer()].join(" "), "E:22021 Z:I")?;
        nothing_told(world, &c)?;
    }
    let mut c = direct(world);
    c.ask("SET client_encoding = 'SJIS'");
    c.send(&message(b'Q', b"SELECT E'\x95\x5c', secret FROM public.customers --'\0"));
    while !c.answer().starts_with("Z:") {}
    told(world, &c)
}

fn lone_cr(world: &World) -> Result<(), Failed> {
    let run = |c: &mut Raw| {
        c.ask("SELECT 1 -- \r; SELECT * FROM customers");
        c.ask("SELECT 1 --\r, c.* FROM customers c");
        c.ask("SELECT 1 /* -- */ \r /*\r*/, c.* FROM customers c --\n");
        c.ask("SELECT 'a'\r'b', c.* FROM customers c");
        c.ask("SELECT 1 --\u{2028}, 2 FROM customers c\n FROM customers\x0c, LATERAL (SELECT secret) s");
    };
    told_only_directly(world, run)
}

/// With `standard_conforming_strings` off, PostgreSQL reads SQL where another parser reads a string. It is not set by a
/// name that is cut, and what comes behind is not sent while that is not sure: no Sync ends the batch.
fn quotes_read_otherwise(world: &World) -> Result<(), Failed> {
    const WAYS: [&str; 6] = [
        "SELECT set_config('standard_conforming_strings.x'::varchar(27), 'off', false)",
        "SELECT set_config(CAST('standard_conforming_strings.x' AS character varying(27)), 'off', false)",
        "SELECT set_config('standard_conforming_strings    '::bpchar, 'off', false)",
        "SELECT set_config('standard_conforming_strings.'::char(27), 'off', false)",
        "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IS DISTINCT FROM 'jit' AND name ~ '^standard_c'",
        "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'standard_conforming_strings.x'::varchar(27)",
    ];
    const BEHIND: &str = r"SELECT '\'', c.* FROM public.customers c --'";
    let run = |c: &mut Raw, way: &str| {
        c.send(&[parse("", way), bind("", "", &[]), execute("", 0), flush()].concat());
        c.send(&[parse("", BEHIND), bind("", "", &[]), execute("", 0), flush(), sync()].concat());
        while !matches!(c.answer().get(..1), Some("Z" | "c")) {}
    };
    for way in WAYS {
        let mut c = ana(world);
        run(&mut c, way);
        nothing_told(world, &c)?;
        let mut c = direct(world);
        run(&mut c, way);
        told(world, &c).map_err(|_| format!("cannot fail: {way}"))?;
    }
    Ok(())
}

/// `harmless.customers` is open and leaves as it was written; so the path that the proxy follows must be PostgreSQL's own,
/// also where PostgreSQL keeps what looks rolled back, or commits in the middle of a batch.
fn paths_that_part(world: &World) -> Result<(), Failed> {
    const BATCHES: [&[&str]; 5] = [
        &["SET search_path = public", "PREPARE TRANSACTION 'x'"],
        &["DISCARD ALL", "SELECT 1 / 0"],
        &["SET search_path = public", "COMMIT", "SELECT 1 / 0"],
        // There and back: what counts looks as it was before, and is not what PostgreSQL has committed.
        &["SET search_path = public", "PREPARE TRANSACTION 'x'", "SET search_path = harmless", "SELECT 1 / 0"],
        &["SET search_path = public", "COMMIT", "SET search_path = harmless", "SELECT 1 / 0"],
    ];
    let pipeline = |sql: &str| [parse("", sql), bind("", "", &[]), execute("", 0)].concat();
    let probes = [vec![query("SELECT * FROM customers")], vec![pipeline("SELECT * FROM customers"), sync()]];
    for (batch, probe) in BATCHES.iter().flat_map(|batch| probes.iter().map(move |probe| (batch, probe))) {
        for in_one_write in [true, false] {
            told_only_directly(world, |c| {
                c.ask("SET search_path = harmless");
                let mut sent: Vec<_> = batch.iter().map(|sql| pipeline(sql)).collect();
                sent.push(sync());
                if in_one_write {
                    c.exchange(&[sent, probe.clone()].concat());
                } else {
                    c.exchange(&sent);
                    c.exchange(probe);
                }
            })
            .map_err(|e| format!("{batch:?}: {}", e.message().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// A proxy before such a database does not start: it says why, and what to do.
fn sql_ascii(_: &World) -> Result<(), Failed> {
    let postgres = shared();
    for encoding in ["SQL_ASCII", "WIN1252", "EUC_JP"] {
        postgres.in_database("postgres").psql(&format!(
            "DROP DATABASE IF EXISTS other; CREATE DATABASE other TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        ));
        starts_not(&postgres.in_database("other").upstream_url(), encoding)?;
    }
    Ok(())
}

fn policy() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/leaks/policy.toml")
}

/// Runs `consentry serve` before `upstream` until it ends, which it does at once, with `word` in what it says.
fn starts_not(upstream: &str, word: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("consentry.toml");
    let text = format!(
        "[listen]\naddress = \"127.0.0.1:0\"\n[audit]\nfolder = \"audit\"\n[database.app]\nupstream = {upstream:?}\n\
         password = {{ env = \"CONSENTRY_TEST_UPSTREAM\" }}\npolicy = {:?}\n[user.ana]\nrole = \"app\"\nverifier = {:?}\n",
        policy(),
        postgres_protocol::password::scram_sha_256(b"x")
    );
    std::fs::write(&config, text)?;
    let output = std::process::Command::new("timeout")
        .args(["60", env!("CARGO_BIN_EXE_consentry"), "serve", "--config"])
        .arg(&config)
        .env("CONSENTRY_TEST_UPSTREAM", super::common::postgres::UPSTREAM_PASSWORD)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        Some(1) if said.contains(word) => Ok(()),
        code => Err(format!("exit {code:?}: {said}").into()),
    }
}

/// Behind a pooler that gives each transaction another connection, a session's settings are another session's.
fn pooled_upstream(world: &World) -> Result<(), Failed> {
    let before = super::pooler::start(direct(world).into_stream());
    // What would come of it: a path that one client sets is the other's.
    let [mut a, mut b] = [(); 2].map(|()| {
        let mut raw = Raw::open(before);
        assert_eq!(raw.try_log_in("consentry", "", &[]), "Z:I");
        raw
    });
    a.ask("SET search_path = harmless");
    same(&b.ask("SHOW search_path"), "T D:harmless C:SHOW Z:I")?;
    starts_not(&format!("postgres://consentry@127.0.0.1:{before}/leaks_app?sslmode=disable"), "pooler")
}
