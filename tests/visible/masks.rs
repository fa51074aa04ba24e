//! Every mask on every type it fits, over nasty values: never an error, the column's own type, null for null; and by
//! hand what some values become.

use std::collections::BTreeMap;

use consentry::engine::catalog::{Catalog, QualifiedName, quote_ident, quote_literal};
use consentry::engine::clear::Secrets;
use consentry::engine::policy::*;
use consentry::engine::visible::{Sight, StandIn, cell_sql, mask_fits, visible_table};
use consentry::relay::catalog::load;
use hmac::{Hmac, Mac};
use tokio_postgres::Client;

use super::common::postgres::shared;

const TYPES: &str = "
    CREATE SCHEMA kinds;
    CREATE EXTENSION citext SCHEMA kinds;
    CREATE COLLATION kinds.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TYPE kinds.mood AS ENUM ('glad', 'sad');
    CREATE DOMAIN kinds.country AS char(2) CHECK (VALUE ~ '^[A-Z]{2}$');
    CREATE DOMAIN kinds.mail AS varchar(40) NOT NULL CHECK (VALUE LIKE '%@%');
    CREATE DOMAIN kinds.words AS text;
    CREATE DOMAIN kinds.mail_of_ours AS kinds.mail CHECK (VALUE LIKE '%@example.org');
    CREATE DOMAIN kinds.fine AS numeric(4, 2);
    CREATE DOMAIN kinds.small_fine AS kinds.fine;
    CREATE DOMAIN kinds.percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
    CREATE DOMAIN kinds.moody AS kinds.mood;
    -- Checks that masked values fail, that cannot be tried on them, and that nobody knows here.
    CREATE DOMAIN kinds.code AS text CHECK (length(VALUE) = 5);
    CREATE DOMAIN kinds.old_code AS kinds.code CHECK (VALUE IN ('abcde', 'vwxyz') OR VALUE LIKE 'z%');
    CREATE DOMAIN kinds.state AS varchar(2) CHECK (VALUE IN ('ES', 'FR'));
    CREATE DOMAIN kinds.digits AS text CHECK (VALUE::int > 0);
    CREATE DOMAIN kinds.positive AS int CHECK (VALUE > 0);
    CREATE FUNCTION kinds.is_ours(text) RETURNS boolean LANGUAGE sql AS $$SELECT $1 LIKE 'ok%'$$;
    CREATE DOMAIN kinds.ours AS text CHECK (kinds.is_ours(VALUE));
    CREATE DOMAIN kinds.always_mail AS text NOT NULL;
    CREATE DOMAIN kinds.tagged AS text[] CHECK (cardinality(VALUE) > 0);
    CREATE DOMAIN kinds.keyed AS jsonb CHECK (VALUE ? 'a');
    CREATE DOMAIN kinds.recent AS date CHECK (VALUE > '1900-06-01' AND VALUE < '2100-01-01');
";

/// Type, and literals of values that it can hold.
const COLUMNS: &[(&str, &[&str])] = &[
    ("text", &["", "a", "ab", "abc@example.org", "@", "a@", "@b", "x@y@z", "é😀ü\n@ü", "%$\\1&'\""]),
    ("text COLLATE \"C\"", &["", "abc@example.org"]),
    ("text COLLATE kinds.any_case", &["", "ABC@example.org", "ab"]),
    ("varchar(1)", &["", "a", "é"]),
    ("varchar(2)", &["ab", "a@"]),
    ("varchar(12)", &["0123456789ab", "a@b", ""]),
    ("varchar(200)", &["0123456789ab", "a@b", ""]),
    ("varchar", &["", "a@b.c"]),
    ("char(1)", &["", "a"]),
    ("char(5)", &["", "a", "ab  ", "abcde"]),
    ("char(30)", &["a@b"]),
    (
        "name",
        &[
            "",
            "a@b",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
            "0123456789012345678901234567890123456789012345678901234567890ab",
        ],
    ),
    ("kinds.citext", &["", "A@b", "abc"]),
    ("\"char\"", &["", "a"]),
    ("boolean", &["true", "false"]),
    ("smallint", &["-32768", "32767", "0", "50", "-50", "149", "151"]),
    ("integer", &["-2147483648", "2147483647", "0", "50"]),
    ("bigint", &["-9223372036854775808", "9223372036854775807", "0", "49"]),
    ("numeric", &["0", "NaN", "Infinity", "-Infinity", "1e131071", "-1e131071", "1e-16383", "12.5", "12.50"]),
    ("numeric(4,2)", &["99.99", "-99.99", "0", "NaN", "0.5"]),
    ("numeric(12,2)", &["9999999999.99", "149.99", "NaN"]),
    ("numeric(38,0)", &["99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"]),
    ("numeric(2,-3)", &["99000", "1000", "-99000"]),
    ("numeric(3,5)", &["0.00999", "0"]),
    ("real", &["3.4028235e38", "-3.4028235e38", "1e-45", "0", "-0", "NaN", "Infinity", "150", "-0.3"]),
    (
        "double precision",
        &["1.7976931348623157e308", "4.9e-324", "0", "-0", "NaN", "-Infinity", "150", "-0.3", "1e-300"],
    ),
    ("money", &["1.5"]),
    ("date", &["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "2024-02-29", "0001-01-01", "294277-01-01"]),
    (
        "timestamp",
        &["infinity", "-infinity", "4713-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "2024-02-29 12:34:56.789"],
    ),
    ("timestamp(0)", &["2024-02-29 12:34:56", "294276-12-31 23:59:59"]),
    (
        "timestamptz",
        &[
            "infinity",
            "-infinity",
            "4713-11-24 00:00:00+00 BC",
            "294276-12-31 23:59:59.999999+00",
            "2024-12-31 23:30:00-05",
        ],
    ),
    ("timestamptz(3)", &["2024-12-31 23:30:00.123-05"]),
    ("time", &["12:00"]),
    ("interval", &["1 year"]),
    ("interval(2)", &["1 second"]),
    ("interval day to second", &["1 day"]),
    ("uuid", &["00000000-0000-0000-0000-000000000001"]),
    ("bytea", &["\\x", "\\x00ff"]),
    ("inet", &["10.1.2.3", "10.1.2.3/8", "::1", "fe80::1/64", "0.0.0.0/0"]),
    ("cidr", &["10.0.0.0/8", "10.1.2.3/32", "fe80::/64", "0.0.0.0/0"]),
    ("macaddr", &["08:00:2b:01:02:03"]),
    ("json", &["{}", "null"]),
    ("jsonb", &["{\"a\": 1}", "null"]),
    ("xml", &["<a/>"]),
    ("bit(3)", &["101"]),
    ("bit varying(4)", &["1"]),
    ("int4range", &["[1,2)", "empty"]),
    ("tstzmultirange", &["{}"]),
    ("text[]", &["{}", "{a,NULL}"]),
    ("varchar(3)[]", &["{abc}"]),
    ("point", &["(1,2)"]),
    ("tsvector", &["a b"]),
    ("kinds.mood", &["glad"]),
    ("kinds.mood[]", &["{glad}"]),
    ("kinds.country", &["ES"]),
    ("kinds.mail", &["ab@cd.example"]),
    ("kinds.mail_of_ours", &["ab@example.org"]),
    ("kinds.words", &["ab", ""]),
    ("kinds.percent", &["99.99", "100", "0"]),
    ("kinds.fine", &["99.99"]),
    ("kinds.small_fine", &["99.99"]),
    ("kinds.moody", &["sad"]),
    ("kinds.code", &["abcde"]),
    ("kinds.old_code", &["abcde", "vwxyz"]),
    ("kinds.state", &["ES"]),
    ("kinds.digits", &["12"]),
    ("kinds.positive", &["7", "2147483647"]),
    ("kinds.ours", &["ok1"]),
    ("kinds.always_mail", &["a@b.example"]),
    ("kinds.tagged", &["{a,b}"]),
    ("kinds.keyed", &["{\"a\": 1}"]),
    ("kinds.recent", &["1980-05-06", "1900-07-01"]),
];

fn masks(catalog: &Catalog) -> Vec<Mask> {
    let mut list = vec![Mask::Null, Mask::Redact, Mask::Email, Mask::Pseudonym];
    list.extend([0, 1, 3, 14, 15, 61, 200].into_iter().flat_map(|n| [Mask::KeepFirst(n), Mask::KeepLast(n)]));
    list.extend(
        ["microseconds", "second", "hour", "day", "week", "month", "quarter", "year", "millennium"]
            .map(|f| Mask::Truncate(f.into())),
    );
    list.extend(
        ["100", "0.5", "0.3", "7", "1000000000000000000", "0.000000000000000001", "30000"]
            .map(|n| Mask::Round(n.into())),
    );
    list.extend([0, 8, 24, 48, 128].map(Mask::Prefix));
    list.extend(
        [
            "",
            "x",
            "a@b",
            "a@example.org",
            "ES",
            "1",
            "-5.5",
            "32768",
            "true",
            "2000-01-01",
            "2000-01-01T00:00:00Z",
            "2000-01-01 10:00:00",
            "00000000-0000-0000-0000-000000000000",
            "10.0.0.1",
            "{\"a\": [1]}",
            "glad",
            "no label",
        ]
        .map(|c| Mask::Constant(c.into())),
    );
    list.push(Mask::Sql(SqlFragment::mask("coalesce({}, NULL)", catalog).expect("mask")));
    list
}

/// The database `kinds.c<n>`, one table a type with one column `v`, a null among its values.
async fn kinds(name: &str) -> (Client, Catalog) {
    let mut script = TYPES.to_owned();
    for (i, (ty, values)) in COLUMNS.iter().enumerate() {
        let rows: Vec<String> = values.iter().map(|v| format!("({})", quote_literal(v))).collect();
        // A domain that is NOT NULL has nulls in a table all the same, after an outer join; here it has none.
        let null = if ty.contains("mail") { "" } else { ", (NULL)" };
        script +=
            &format!("CREATE TABLE kinds.c{i} (v {ty}); INSERT INTO kinds.c{i} VALUES {}{null};\n", rows.join(", "));
    }
    let client = shared().database(name, &script).superuser().await;
    client
        .batch_execute("SET search_path = ''; SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'SQL, DMY'")
        .await
        .expect("settings");
    let catalog = load(&client).await.expect("catalog");
    (client, catalog)
}

/// The masked column of `kinds.<table>` as SQL over the alias `t`.
fn masked(catalog: &Catalog, table: &str, mask: &Mask, purpose: &str) -> String {
    cell(catalog, table, mask, purpose).0
}

/// The same with what the engine says can stand in the cell.
fn cell(catalog: &Catalog, table: &str, mask: &Mask, purpose: &str) -> (String, StandIn) {
    let relation = catalog.relation_named("kinds", table).expect("table");
    let category = Category { name: "c".into(), mask: Mask::Null, channel: None, dpv: None };
    let policy = Policy { categories: BTreeMap::from([("c".into(), category)]), ..Policy::default() };
    let purpose = Purpose {
        name: purpose.into(),
        description: String::new(),
        basis: Basis::Contract,
        notices: None,
        retention: None,
        shows: Default::default(),
        masks: BTreeMap::from([("c".into(), mask.clone())]),
        without_consent: WithoutConsent::Hide,
        dpv: None,
    };
    let protected = TablePolicy {
        relation: relation.oid,
        name: QualifiedName::new("kinds", table),
        subject: None,
        retention: None,
        columns: BTreeMap::from([("v".into(), ColumnUse::Category("c".into()))]),
        store_requires: None,
        hold_when: None,
        erase: Erase::Delete,
        record_subjects: false,
    };
    let secrets = Secrets { pseudonym: b"a key for tests".to_vec() };
    let role = Role::default();
    let sight = Sight { catalog, policy: &policy, secrets: &secrets, role: &role, purpose: &purpose };
    let visible = visible_table(sight, &protected, relation, "\"t\"");
    let cell = visible.expect("in reach").cells.remove(0);
    (cell_sql(&cell, &relation.columns[0], "\"t\""), cell.stand_in)
}

#[tokio::test]
async fn no_mask_raises_an_error_or_changes_the_type() {
    let (client, catalog) = kinds("masks_everywhere").await;
    let mut fitting = 0;
    for (i, (ty, _)) in COLUMNS.iter().enumerate() {
        let table = format!("c{i}");
        let column = &catalog.relation_named("kinds", &table).expect("table").columns[0];
        for mask in masks(&catalog) {
            if mask_fits(&mask, &column.ty).is_err() {
                continue;
            }
            fitting += 1;
            let (cell, stand_in) = cell(&catalog, &table, &mask, "p");
            let never = match stand_in {
                StandIn::Null => "m IS NOT NULL",
                StandIn::Starred => "strpos(m::text COLLATE pg_catalog.\"C\", '***') = 0",
                StandIn::Any => "false",
            };
            let what = format!("{mask:?} on {ty}: {cell}");
            let check = format!(
                "CREATE OR REPLACE TEMP VIEW seen AS SELECT t.v AS v, {cell} AS m FROM kinds.{table} t;
                 DO $$ BEGIN
                   IF (SELECT count(DISTINCT (atttypid, atttypmod, attcollation)) FROM pg_catalog.pg_attribute
                       WHERE attrelid = 'pg_temp.seen'::pg_catalog.regclass) <> 1 THEN RAISE 'another type'; END IF;
                   IF EXISTS (SELECT FROM pg_temp.seen WHERE v IS NULL AND m IS NOT NULL) THEN RAISE 'null is not null'; END IF;
                   IF EXISTS (SELECT FROM pg_temp.seen WHERE {never}) THEN RAISE 'not what can stand there'; END IF;
                   PERFORM m::text, m FROM pg_temp.seen;
                 END $$; DROP VIEW pg_temp.seen",
            );
            // Text of json has no equality and "char" no collation: the checks above need neither.
            client.batch_execute(&check).await.unwrap_or_else(|e| panic!("{e:?}\n{what}"));
        }
    }
    assert!(fitting > 500, "only {fitting} masks fit");
}

/// Type, stored value, mask, what is shown.
type Case = (&'static str, &'static str, Mask, Option<&'static str>);

fn cases(catalog: &Catalog) -> Vec<Case> {
    let sql = |text: &str| Mask::Sql(SqlFragment::mask(text, catalog).expect("mask"));
    let constant = |c: &str| Mask::Constant(c.into());
    let round = |n: &str| Mask::Round(n.into());
    let truncate = |f: &str| Mask::Truncate(f.into());
    vec![
        ("text", "abc@example.org", Mask::Email, Some("a***@example.org")),
        ("text", "x@y@z", Mask::Email, Some("x***@z")),
        ("text", "@b", Mask::Email, Some("***@b")),
        ("text", "ab", Mask::Email, Some("***")),
        ("text", "", Mask::Email, Some("***")),
        ("text", "é😀ü\n@ü", Mask::Email, Some("é***@ü")),
        ("text", "%$\\1&'\"", Mask::KeepFirst(3), Some("%$\\***")),
        ("text", "abc@example.org", Mask::KeepLast(3), Some("***org")),
        ("text", "ab", Mask::KeepFirst(1), Some("a***")),
        ("text", "a", Mask::KeepFirst(1), Some("***")),
        ("text", "", Mask::KeepLast(0), Some("***")),
        ("text", "a", Mask::KeepLast(0), Some("***")),
        ("text", "a", Mask::Redact, Some("***")),
        ("text", "", Mask::Redact, Some("***")),
        ("text", "a", Mask::Null, None),
        ("varchar(1)", "é", Mask::Redact, Some("*")),
        ("varchar(2)", "ab", Mask::KeepFirst(1), Some("a*")),
        ("char(1)", "a", Mask::Redact, Some("*")),
        ("char(5)", "abcde", Mask::Redact, Some("***")),
        ("char(5)", "ab  ", Mask::KeepFirst(1), Some("a***")),
        ("char(5)", "ab  ", Mask::KeepFirst(3), Some("***")),
        ("text COLLATE kinds.any_case", "ABC@example.org", Mask::Email, Some("A***@example.org")),
        ("kinds.citext", "A@b", Mask::Email, Some("A***@b")),
        ("integer", "0", Mask::Redact, None),
        ("smallint", "149", round("100"), Some("100")),
        ("smallint", "151", round("100"), Some("200")),
        ("smallint", "50", round("100"), Some("100")),
        ("smallint", "-50", round("100"), Some("-100")),
        ("smallint", "32767", round("100"), Some("32700")),
        ("smallint", "-32768", round("100"), Some("-32700")),
        ("smallint", "32767", round("30000"), Some("30000")),
        ("bigint", "9223372036854775807", round("100"), Some("9223372036854775800")),
        ("numeric(4,2)", "99.99", round("100"), Some("0.00")),
        ("numeric(4,2)", "99.99", round("0.5"), Some("99.50")),
        ("numeric(4,2)", "NaN", round("100"), Some("NaN")),
        ("numeric(12,2)", "149.99", round("100"), Some("100.00")),
        ("numeric", "12.5", round("5"), Some("15")),
        ("numeric", "Infinity", round("5"), Some("Infinity")),
        ("real", "150", round("100"), Some("200")),
        ("double precision", "-0.3", round("0.5"), Some("-0.5")),
        ("double precision", "NaN", round("0.5"), Some("NaN")),
        ("date", "2024-02-29", truncate("year"), Some("2024-01-01")),
        ("date", "2024-02-29", truncate("week"), Some("2024-02-26")),
        ("date", "infinity", truncate("year"), Some("infinity")),
        ("timestamp", "2024-02-29 12:34:56.789", truncate("hour"), Some("2024-02-29 12:00:00")),
        // In UTC it is the next year already.
        ("timestamptz", "2024-12-31 23:30:00-05", truncate("year"), Some("2025-01-01 00:00:00+00")),
        ("inet", "10.1.2.3", Mask::Prefix(24), Some("10.1.2.0/24")),
        ("inet", "10.1.2.3", Mask::Prefix(48), None),
        ("inet", "fe80::1/64", Mask::Prefix(8), Some("fe00::/8")),
        ("cidr", "10.0.0.0/8", Mask::Prefix(8), Some("10.0.0.0/8")),
        ("text", "a", constant("it's"), Some("it's")),
        ("varchar(2)", "ab", constant("abc"), Some("ab")),
        ("kinds.mood", "glad", constant("sad"), Some("sad")),
        ("kinds.mood", "glad", constant("no label"), None),
        ("kinds.mood", "glad", Mask::Redact, None),
        ("boolean", "true", constant("false"), Some("false")),
        // A domain takes the masked value, or null is shown.
        ("kinds.country", "ES", Mask::Redact, None),
        ("kinds.country", "ES", constant("XX"), Some("XX")),
        ("kinds.mail", "ab@cd.example", Mask::Email, Some("a***@cd.example")),
        ("kinds.mail", "ab@cd.example", Mask::Redact, None),
        ("kinds.mail_of_ours", "ab@example.org", Mask::Email, Some("a***@example.org")),
        ("kinds.mail_of_ours", "ab@example.org", constant("a@b"), None),
        ("kinds.words", "ab", Mask::Redact, Some("***")),
        ("kinds.percent", "99.99", round("30"), Some("90.00")),
        ("kinds.fine", "99.99", round("100"), Some("0.00")),
        ("kinds.small_fine", "99.99", round("0.5"), Some("99.50")),
        ("kinds.percent", "99.99", round("60"), None),
        ("kinds.moody", "sad", Mask::Redact, None),
        ("kinds.code", "abcde", Mask::Redact, None),
        ("kinds.code", "abcde", Mask::KeepFirst(2), Some("ab***")),
        ("kinds.code", "abcde", sql("left({}, 2)"), None),
        ("kinds.code", "abcde", sql("left({}, 2) || 'xyz'"), Some("abxyz")),
        ("kinds.old_code", "vwxyz", sql("left({}, 2) || 'xyz'"), Some("vwxyz")),
        ("kinds.old_code", "abcde", sql("left({}, 2) || 'xyz'"), None),
        ("kinds.state", "ES", Mask::Redact, None),
        ("kinds.state", "ES", constant("FR"), Some("FR")),
        ("kinds.digits", "12", Mask::Redact, None),
        ("kinds.digits", "12", Mask::KeepFirst(1), None),
        ("kinds.digits", "12", sql("left({}, 1)"), None),
        ("kinds.positive", "7", round("100"), None),
        ("kinds.positive", "7", sql("{} - 7"), None),
        ("kinds.positive", "7", sql("{} - 6"), Some("1")),
        ("kinds.ours", "ok1", sql("left({}, 2)"), None),
        ("kinds.always_mail", "a@b.example", sql("nullif({}, 'a@b.example')"), None),
        ("kinds.always_mail", "a@b.example", sql("left({}, 1)"), Some("a")),
        ("kinds.tagged", "{a,b}", sql("coalesce({}, NULL)"), Some("{a,b}")),
        ("kinds.keyed", "{\"a\": 1}", constant("{\"b\": 2}"), None),
        ("kinds.keyed", "{\"a\": 1}", constant("{\"a\": 2}"), Some("{\"a\": 2}")),
        ("kinds.recent", "1980-05-06", truncate("century"), Some("1901-01-01")),
        ("kinds.recent", "1900-07-01", truncate("year"), None),
    ]
}

#[tokio::test]
async fn values_are_masked_as_the_contract_says() {
    let (client, catalog) = kinds("masks_by_hand").await;
    client.batch_execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'").await.expect("settings");
    for (ty, value, mask, expected) in cases(&catalog) {
        let i = COLUMNS
            .iter()
            .position(|(t, values)| *t == ty && values.contains(&value))
            .unwrap_or_else(|| panic!("no {ty} {value}"));
        let cell = masked(&catalog, &format!("c{i}"), &mask, "p");
        let bare = ty.split(" COLLATE").next().unwrap_or(ty);
        let sql = format!(
            "SELECT DISTINCT ({cell})::text FROM kinds.c{i} t WHERE t.v::text = {}::{bare}::text",
            quote_literal(value)
        );
        let rows = client.query(&sql, &[]).await.unwrap_or_else(|e| panic!("{e:?}\n{sql}"));
        let shown: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(shown, [expected.map(str::to_owned)], "{mask:?} of {ty} {value}: {cell}");
    }
}

/// The pseudonym of `value` in a column of type `ty`.
async fn pseudonym(client: &Client, catalog: &Catalog, ty: &str, value: &str, purpose: &str) -> String {
    let i = COLUMNS.iter().position(|(t, _)| *t == ty).unwrap_or_else(|| panic!("no {ty}"));
    let cell = masked(catalog, &format!("c{i}"), &Mask::Pseudonym, purpose);
    let sql = format!("SELECT ({cell})::text FROM (SELECT {}::{ty} AS {}) t", quote_literal(value), quote_ident("v"));
    client.query_one(&sql, &[]).await.unwrap_or_else(|e| panic!("{e:?}\n{sql}")).get(0)
}

#[tokio::test]
async fn pseudonyms_are_stable_keyed_and_the_same_across_tables() {
    let (client, catalog) = kinds("masks_pseudonyms").await;
    let of = async |ty: &str, value: &str, purpose: &str| pseudonym(&client, &catalog, ty, value, purpose).await;
    let same = of("text", "ana@example.org", "p").await;
    assert_eq!(same, of("varchar(200)", "ana@example.org", "p").await);
    assert_eq!(same, of("char(30)", "ana@example.org", "p").await);
    assert_eq!(same.len(), 20);
    assert_ne!(same, of("text", "ana@example.org", "q").await, "another purpose");
    assert_ne!(same, of("text", "bea@example.org", "p").await, "another person");
    assert_eq!(of("kinds.citext", "Ana", "p").await, of("kinds.citext", "aNA", "p").await);
    assert_eq!(of("numeric", "5.0", "p").await, of("numeric", "5", "p").await);
    assert_eq!(of("double precision", "-0", "p").await, of("double precision", "0", "p").await);
    assert_eq!(of("numeric(12,2)", "5", "p").await.len(), 13, "ten digits at most before the point");
    for (ty, value) in [("integer", "7"), ("bigint", "7"), ("smallint", "7")] {
        assert!(of(ty, value, "p").await.parse::<i64>().expect("a number") >= 0);
    }
    // HMAC-SHA256 of the value, under HMAC-SHA256 of the purpose under the master key.
    let key = hmac(b"a key for tests", b"consentry pseudonym 1\0p");
    assert_eq!(same, hex::encode(hmac(&key, b"ana@example.org"))[..20]);
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
