//! Whom the record names: the person who was asked about and nobody else, in whatever form and spelling their key comes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::common::postgres::{Database, shared};
use super::common::proxy::{Proxy, Served};
use super::raw::{Raw, describe, execute, message, parse, sync};
use super::record::{events, told};

const WORLD: &str = "
    CREATE TABLE customers (id bigint PRIMARY KEY, name text);
    INSERT INTO customers VALUES (42, 'Ann Keyholder'), (43, 'Bo Keyholder');
    CREATE TABLE members (code char(6) PRIMARY KEY, name text);
    INSERT INTO members VALUES ('ab12', 'Ann Keyholder');
    CREATE TABLE accounts (id numeric(10, 2) PRIMARY KEY, name text);
    INSERT INTO accounts VALUES (42, 'Ann Keyholder');
    CREATE TABLE logins (login text PRIMARY KEY, name text);
    INSERT INTO logins VALUES ('42', 'Ann Keyholder');
";

const POLICY: &str = r#"
[category]
identity = "redact"
[purpose.service]
description = "Deliver"
basis = "contract"
shows = ["identity"]
[role.app]
purposes = ["service"]
may = ["read", "insert"]
"#;

fn world() -> &'static Database<'static> {
    static WORLD_OF_KEYS: OnceLock<Database<'static>> = OnceLock::new();
    WORLD_OF_KEYS.get_or_init(|| {
        let database = shared().database("subject_keys", WORLD);
        database.grant_to_upstream();
        database
    })
}

fn start() -> (tempfile::TempDir, Proxy) {
    let kinds = [("customers", "id"), ("members", "code"), ("accounts", "id"), ("logins", "login")];
    let table = |(table, key): (&str, &str)| {
        let kind = table.trim_end_matches('s');
        format!(
            "[subject.{kind}]\ntable = \"public.{table}\"\nkey = \"{key}\"\n[table.\"public.{table}\"]\n\
             subject = {{ {kind} = \"{key}\" }}\nrecord_subjects = true\n\
             columns = {{ {key} = \"open\", name = \"identity\" }}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), POLICY.to_owned() + &kinds.map(table).concat()).unwrap();
    let served = [Served { name: "app", database: world(), policy: folder.path() }];
    let proxy = Proxy::start(&served, &[("ana", "app")], "");
    (folder, proxy)
}

fn decisions(proxy: &Proxy) -> Vec<Value> {
    events(&proxy.audit()).into_iter().filter(|e| e["event"] == "decision").collect()
}

/// The hashes of a person as an auditor finds them.
fn hashes(audit: &Path, kind: &str, key: &str) -> BTreeSet<String> {
    let keys = audit.with_file_name("audit-keys").join("subjects");
    consentry::audit::subjects::hashes(&keys, kind, &[key.to_owned()].into()).unwrap().into_iter().collect()
}

/// Parse with a declared type, and Bind with one binary parameter.
fn ask(sql: &str, ty: u32, value: &[u8], described: bool) -> Vec<Vec<u8>> {
    let text = [b"\0", sql.as_bytes(), b"\0\0\x01", &ty.to_be_bytes()].concat();
    let length = i32::try_from(value.len()).unwrap().to_be_bytes();
    let bound = [&b"\0\0\0\x01\0\x01\0\x01"[..], &length, value, b"\0\0"].concat();
    let asked = if described { vec![describe('S', ""), sync()] } else { Vec::new() };
    [vec![message(b'P', &text)], asked, vec![message(b'B', &bound), execute("", 0), sync()]].concat()
}

/// A query, the parameter's type as Parse declares it, its value, whether PostgreSQL is asked for the type, and who is named.
type Case<'a> = (&'a str, u32, &'a [u8], bool, Option<(&'a str, &'a str)>);

/// A float of 8 bytes is no bigint, nor a text of so many: whatever driver or cast it comes by.
#[test]
fn a_binary_parameter_is_read_as_what_it_is() {
    let (_folder, proxy) = start();
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    let (bigint, float, numeric) = (42_i64.to_be_bytes(), 42_f64.to_be_bytes(), b"\0\x01\0\0\0\0\0\0\0\x2a");
    let few = [&[1, 0, 25, 1, 1].map(i32::to_be_bytes).concat()[..], b"\0\0\0\x0242"].concat();
    let (customer, login) = (("customer", "42"), ("login", "42"));
    let cases: [Case<'_>; 17] = [
        ("customers WHERE id = $1", 0, &bigint, false, Some(customer)),
        ("customers WHERE id = $1", 701, &float, false, Some(customer)),
        ("customers WHERE id = $1", 700, &42_f32.to_be_bytes(), false, Some(customer)),
        ("customers WHERE id = $1", 1700, &numeric[..], false, Some(customer)),
        ("customers WHERE id = $1::text::bigint", 0, b"42", false, Some(customer)),
        ("customers WHERE id = $1::varchar::int", 0, b"42", false, Some(customer)),
        ("customers WHERE id = $1::numeric::bigint", 0, &numeric[..], false, Some(customer)),
        ("customers WHERE id = $1::oid::bigint", 0, &42_u32.to_be_bytes(), false, Some(customer)),
        ("customers WHERE id = ANY ($1::text[]::bigint[])", 0, &few, false, Some(customer)),
        ("logins WHERE login = $1::int::text", 0, &42_i32.to_be_bytes(), false, Some(login)),
        ("logins WHERE login = $1", 1042, b"42  ", false, Some(login)),
        // Which place gives it its type, PostgreSQL says to those who ask.
        ("customers WHERE $1::int IS NOT NULL AND id = $1", 0, &42_i32.to_be_bytes(), true, Some(customer)),
        ("customers WHERE $1::int IS NOT NULL AND id = $1", 0, &42_i32.to_be_bytes(), false, None),
        ("customers c JOIN (VALUES ($1)) v (k) ON v.k::int = c.id", 0, b"42", false, None),
        ("customers c JOIN (VALUES ($1)) v (k) ON v.k::int = c.id", 0, b"42", true, Some(customer)),
        ("customers WHERE id = $1::int + 0", 0, &42_i32.to_be_bytes(), false, None),
        ("customers WHERE id = ($1::jsonb ->> 'id')::bigint", 0, b"\x01{\"id\":42}", false, None),
    ];
    for (sql, ty, value, described, _) in cases {
        let answer = c.exchange(&ask(&format!("SELECT name FROM {sql}"), ty, value, described));
        assert!(
            answer.ends_with("D:Ann Keyholder C:SELECT 1 Z:I") || answer.contains("D:Ann Keyholder"),
            "{sql}: {answer} {:?}",
            c.error
        );
    }
    told(&proxy, cases.len());
    for ((sql, ty, .., about), decision) in cases.into_iter().zip(decisions(&proxy)) {
        let named: BTreeSet<String> =
            decision["subjects"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect();
        let untold =
            decision["rules"].as_array().unwrap().iter().any(|r| r == "somebody is named who is not told: customer");
        match about {
            Some((kind, key)) => assert_eq!(named, hashes(&proxy.audit(), kind, key), "{sql} {ty}"),
            None => assert!(named.is_empty(), "{sql}"),
        }
        assert_eq!(untold, about.is_none(), "{sql} {ty}: {decision}");
    }
}

/// PostgreSQL rounds what it stores, and makes the zeros of a numeric itself.
#[test]
fn what_is_not_the_key_as_it_is_written_names_nobody_and_says_so() {
    let (_folder, proxy) = start();
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    c.ask("PREPARE s (text) AS SELECT name FROM logins WHERE login = $1");
    let statements = [
        "INSERT INTO customers VALUES (77.4, 'x') ON CONFLICT DO NOTHING",
        "EXECUTE s('42'::numeric(5, 2))",
        "SELECT name FROM customers WHERE id = 16777217::real",
    ];
    for sql in statements {
        assert!(c.ask(sql).ends_with("Z:I"), "{sql}: {:?}", c.error);
    }
    told(&proxy, 4);
    for (sql, decision) in statements.into_iter().zip(decisions(&proxy).into_iter().skip(1)) {
        assert_eq!(decision["subjects"], serde_json::json!([]), "{sql}");
        assert!(decision["rules"].to_string().contains("somebody is named who is not told"), "{sql}: {decision}");
    }
}

/// Named, seen, asked for: one person has one hash.
#[test]
fn a_key_has_one_hash_however_it_is_written_and_wherever_it_is_found() {
    let (_folder, proxy) = start();
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    let numeric = b"\0\x01\0\0\0\0\0\x02\0\x2a";
    let kinds = [
        (
            "member",
            "ab12",
            ["code = 'ab12'", "code = 'ab12  '", "code = 'ab12'::text"],
            "members",
            "code",
            b"ab12" as &[u8],
        ),
        ("account", "42", ["id = 42", "id = 42.00", "id = '42.0'"], "accounts", "id", numeric),
    ];
    let mut asked = 0;
    for (_, _, conditions, table, key, binary) in kinds {
        for condition in conditions {
            let answer = c.ask(&format!("SELECT name FROM {table} WHERE {condition}"));
            assert_eq!(answer, "T D:Ann Keyholder C:SELECT 1 Z:I", "{condition}");
        }
        c.exchange(&ask(&format!("SELECT name FROM {table} WHERE {key} = $1"), 0, binary, false));
        c.ask(&format!("SELECT {key} FROM {table}"));
        let bound = message(b'B', b"\0\0\0\0\0\0\0\x01\0\x01");
        c.exchange(&[parse("", &format!("SELECT {key} FROM {table}")), bound, execute("", 0), sync()]);
        asked += 6;
    }
    told(&proxy, asked);
    drop(c);
    for (kind, key, _, table, ..) in kinds {
        let wanted = hashes(&proxy.audit(), kind, key);
        let of: Vec<Value> =
            decisions(&proxy).into_iter().filter(|d| d["tables"][0]["name"] == format!("public.{table}")).collect();
        let statements: BTreeSet<&str> = of.iter().map(|d| d["statement"].as_str().unwrap()).collect();
        let seen = events(&proxy.audit()).into_iter().filter(|e| {
            e["event"] == "subjects_seen" && e["statement"].as_str().is_some_and(|s| statements.contains(s))
        });
        let seen: Vec<Value> = seen.collect();
        assert_eq!((of.len(), seen.len()), (6, 2), "{kind}");
        let named = of.iter().filter(|d| !d["subjects"].as_array().unwrap().is_empty());
        for event in named.clone().chain(&seen) {
            assert_eq!(event["subjects"], serde_json::json!(wanted), "{kind}: {event}");
        }
        assert_eq!(named.count(), 4, "{kind}");
        assert!(seen.iter().all(|e| e["more"] == 0), "{seen:?}");
    }
    for (subject, others) in
        [("member:ab12", ""), ("member:ab12  ", "ab12"), ("account:42", ""), ("account:42.00", "42")]
    {
        let arguments = ["audit", "show", "--subject", subject, "--event", "decision", "--format", "json", "audit"];
        let shown = proxy.command(&arguments).current_dir(proxy.audit().parent().unwrap()).output().unwrap();
        let (found, said) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
        assert_eq!(found.lines().count(), 6, "{subject}: {found} {said}");
        assert_eq!(said.contains(&format!("is looked for as {others} too")), !others.is_empty(), "{subject}: {said}");
    }
}
