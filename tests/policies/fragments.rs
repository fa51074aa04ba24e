//! What is printed of a policy's conditions and masks means to PostgreSQL what was written: both are evaluated side by
//! side, over values that include null, under a `search_path` that puts traps before `pg_catalog`.

use crate::common::postgres::shared;
use consentry::engine::catalog::{Catalog, Relation, quote_ident};
use consentry::engine::policy::SqlFragment;

const SCHEMA: &str = "
    CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE t (id int PRIMARY KEY, a text, b text, n int, m numeric, d date, at timestamptz, f float8 DEFAULT 0.1, by bytea DEFAULT '\\x00ff', tags text[], mood mood,
                    during tstzrange, seen timestamptz[], tz timetz, amount money, flag boolean, j jsonb, ip inet, \"Odd \"\"Name\" text,
                    c citext GENERATED ALWAYS AS (upper(b)) STORED);
    INSERT INTO t (id, a, b, n, m, d, at, tags, mood, flag, j, ip, \"Odd \"\"Name\") VALUES
        (1, 'x', 'x', 1, 1.5, '2024-02-29', '2024-02-29 23:30+00', '{vip,x}', 'good', true, '{\"k\": \"v\"}', '198.51.100.7', 'odd'),
        (2, 'y', 'x', 2, -7, '1999-12-31', '1999-12-31 00:00+00', '{}', 'bad', false, '{}', '2001:db8::1', NULL),
        (3, NULL, 'y', NULL, NULL, NULL, NULL, '{NULL,y}', NULL, NULL, NULL, NULL, ''),
        (4, 'a%b_c', NULL, -3, 0, '2030-01-01', '2030-01-01 12:00+02', NULL, 'good', true, '[1]', '10.0.0.0/8', 'x'),
        (5, 'b', 'x', 1, 1, '2024-02-29', '2024-02-29 23:30+00', '{{vip,a},{b,NULL}}', 'good', true, '{}', '10.0.0.1', 'x'),
        (6, 'x', 'x', 1, 1, '2024-02-29', '2024-02-29 23:30+00', '{{a},{b}}', 'good', true, '{}', '10.0.0.1', 'x');
    UPDATE t SET during = '[2024-01-01 00:00+00,2024-03-01 00:00+00)', seen = ARRAY[at, NULL], tz = '12:00+02', amount = 3 WHERE id < 3;
    -- Traps: what an unqualified name would find with this schema first in the search_path.
    CREATE SCHEMA trap;
    CREATE FUNCTION trap.yes(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION trap.yes(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.yes);
    CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.yes);
    CREATE OPERATOR trap.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.yes);
    CREATE OPERATOR trap.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.yes);
    CREATE OPERATOR trap.>= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.yes);
    CREATE FUNCTION trap.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''trapped''';
    CREATE FUNCTION trap.left(text, int) RETURNS text LANGUAGE sql AS 'SELECT ''trapped''';
    CREATE DOMAIN trap.date AS text;";

const CONDITIONS: &[&str] = &[
    "a = 'x'",
    "a = b",
    "a <> b",
    "NOT (a = b)",
    "a IN ('x', 'y')",
    "a NOT IN ('x', 'y')",
    "a IN ('x', NULL)",
    "a NOT IN ('x', NULL)",
    "mood IN ('good')",
    "mood = 'bad' OR flag",
    "a LIKE 'a!%b%' ESCAPE '!'",
    "a NOT LIKE '_'",
    "a ILIKE 'X'",
    "a SIMILAR TO '(x|y)'",
    "a ~ '^[xy]$'",
    "n BETWEEN 1 AND 2",
    "n NOT BETWEEN 1 AND 2",
    "n BETWEEN 2 AND 1",
    "a IS DISTINCT FROM b",
    "a IS NOT DISTINCT FROM b",
    "NULLIF(a, b) IS NULL",
    "a IS NULL",
    "flag IS NOT TRUE",
    "flag IS UNKNOWN",
    "n & 2 <> 0",
    "n | 1 = 3 OR n # 1 = 0 OR n << 1 = 4 OR n >> 1 = 1",
    "during && during OR during IS NULL",
    "amount >= amount",
    "tz IS NOT NULL AND tz = tz",
    "at = ANY (seen)",
    "NOT flag",
    "'vip' = ANY (tags)",
    "a = ANY (tags)",
    "a <> ALL (tags)",
    "NOT ('zzz' = ANY (tags))",
    "COALESCE('vip' = ANY (tags), false)",
    "('vip' = ANY (tags)) IS NOT TRUE",
    "a = ANY (ARRAY['x', NULL])",
    "a <> ALL (ARRAY['x', 'y'])",
    "n > ANY (ARRAY[1, 2])",
    "tags @> ARRAY['x']",
    "CASE a WHEN 'x' THEN true WHEN 'y' THEN false END",
    "CASE WHEN n > 1 THEN a = 'y' ELSE NULL END",
    "COALESCE(a, b, 'z') = 'x'",
    "GREATEST(n, 0) = 0",
    "LEAST(n, m) < 0",
    "lower(a) = 'x'",
    "n + 1 = 2 AND n - 1 = 0",
    "-n > 0",
    "n * 2 % 3 = 1",
    "m / 2 > 0.5",
    "d >= date '2000-01-01'",
    "d = '2024-02-29'::date",
    "at > timestamptz '2000-01-01 00:00+00' + interval '1 year 2 months'",
    "at < statement_timestamp()",
    "at < now() AND at < CURRENT_TIMESTAMP",
    "EXTRACT(year FROM d) = 2024",
    // Settings of the client's do not come into it.
    "at::date = '2024-02-29'",
    "at::date = date '2024-02-29' OR at::time > '23:00'",
    "at::timestamp = '2024-02-29 23:30'",
    "at = '2024-02-29 23:30'",
    "at >= '2024-02-29' AND at < '2024-03-01T00:00:00Z'",
    "at >= d",
    "d <= at",
    "d IN ('2024-02-29', '1999-12-31')",
    "at BETWEEN '2024-02-29' AND '2024-03-01'",
    "d = CURRENT_DATE OR d < CURRENT_DATE - 30",
    "d - '2024-01-01' > 3",
    "at - '2024-01-01' > '3 days'",
    "at > now() - interval '3 years 2 months' AND at + interval '1 month' > d",
    "interval '1 day' + at > '2024-03-01'",
    "at - interval '36 hours' < d",
    "date_trunc('day', at) = '2024-02-29'",
    "date_trunc('month', d) = '2024-02-01'",
    "EXTRACT(hour FROM at) = 23",
    "date_part('day', at) = 29",
    "to_char(at, 'HH24:MI') = '23:30'",
    "to_char(d, 'YYYY-MM') = '2024-02'",
    "to_char(m, 'FM990.0') = '1.5'",
    "at::text = '2024-02-29 23:30:00+00'",
    "d::text LIKE '2024%'",
    "(at AT TIME ZONE 'UTC')::text = '2024-02-29 23:30:00'",
    "f::text = '0.1'",
    "left(by::text, 4) = '\\x00'",
    "age(at, '2024-01-01') > interval '1 month'",
    "age(d) > interval '1 year'",
    "COALESCE(at, '2000-01-01') > d",
    "CASE d WHEN '2024-02-29' THEN at ELSE '2000-01-01' END = '2024-02-29 23:30'",
    "GREATEST(d, '2024-01-01') = '2024-01-01'",
    "to_jsonb(d)::text = '\"2024-02-29\"'",
    "concat(n, a, d::text) = '1x2024-02-29'",
    "NULLIF(d, '2024-02-29') IS NULL",
    "d IS DISTINCT FROM '2024-02-29'",
    "date_trunc('month', at, 'UTC') = '2024-02-01 00:00+00'",
    "(at AT TIME ZONE 'UTC')::date = '2024-02-29'",
    "SUBSTRING(a FROM 1 FOR 1) = 'x'",
    "POSITION('x' IN a) = 1",
    "TRIM(BOTH ' ' FROM a) = 'x'",
    "j ->> 'k' = 'v'",
    "j @> '{\"k\": \"v\"}'",
    "ip << inet '10.0.0.0/7'",
    "a || b = 'xx'",
    "\"Odd \"\"Name\" = 'odd'",
    "A = 'x'",
    "n::text = '1'",
    "a::varchar(1) = 'a'",
    "a = E'x'",
    "a = 'it''s'",
    "m = -7",
    "n = 2147483647 OR m = 1e0",
    // An extension's type compares by its own operators.
    "c = 'x'",
    "'y' <> c",
    "c IN ('y', 'z')",
    "c = c",
    "c BETWEEN 'w' AND 'X'",
    "CASE c WHEN 'x' THEN true ELSE false END",
    "c LIKE 'x%'",
    "c IS NULL",
    "c::text = 'x'",
    "lower(c::text) = 'x'",
];

const MASKS: &[&str] = &[
    "left({}, 1)",
    "left({}, 1) || '{}'",
    "'***' || right({}, 2)",
    "upper(substr({}, 1, 1))",
    "regexp_replace({}, '.', '*', 'g')",
    "split_part({}, '%', 1)",
    "CASE WHEN {} = 'x' THEN 'one' ELSE md5({}) END",
    "coalesce({}, 'none')",
    "CASE {} WHEN 'x' THEN 'one' END",
];

/// What the contract reads a policy by, and what a client may set.
const PLAIN: &str = "SET timezone = 'UTC'; SET datestyle = ISO, MDY";
const HOSTILE: &str = "SET timezone = 'XXX+23:17'; SET datestyle = German; SET intervalstyle = sql_standard; \
     SET extra_float_digits = -15; SET bytea_output = escape";

#[tokio::test]
async fn printed_means_written() {
    let db = shared().database("fragments", SCHEMA);
    let client = db.superuser().await;
    let catalog = consentry::relay::catalog::load(&client).await.unwrap();
    let table = catalog.relation_named("public", "t").unwrap();
    // What was written is evaluated plainly, what is printed with the traps in front.
    let mut differences = Vec::new();
    for (written, printed) in conditions(table, &catalog).chain(masks(&catalog)).chain(masks_of_times(table, &catalog))
    {
        let plain = answers(&client, "pg_catalog, public", &written, PLAIN).await;
        let trapped = answers(&client, "trap, pg_catalog, public", &printed, HOSTILE).await;
        if plain != trapped {
            differences.push(format!("{written}\n  {plain:?}\n{printed}\n  {trapped:?}\n"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // The traps are real: the written form falls into them.
    assert_ne!(
        answers(&client, "pg_catalog, public", "t.a = 'x'", PLAIN).await,
        answers(&client, "trap, pg_catalog, public", "t.a = 'x'", PLAIN).await
    );
}

/// What no printing makes independent of a client's settings is refused, and so is a mask over such a column.
#[tokio::test]
async fn what_depends_on_settings_is_refused() {
    let db = shared().database("fragments_settings", SCHEMA);
    let catalog = consentry::relay::catalog::load(&db.superuser().await).await.unwrap();
    let table = catalog.relation_named("public", "t").unwrap();
    for text in [
        "d = '01/02/2024'",
        "at > 'yesterday'",
        "d = a::date",
        "at > a::timestamptz",
        "concat(at) = 'x'",
        "a || at = 'x'",
        "a || f = 'x'",
        "to_jsonb(at) IS NULL",
        "format('%s', f) = 'x'",
        "at + '1 day' > d",
        "to_char(at, 'TMMonth') = 'x'",
        "to_char(m, '9G999D99') = 'x'",
        "to_char(at, a) = 'x'",
        "(d - interval '-1 1:00') IS NULL",
        "(at - d)::text = 'x'",
        "date_part('timezone', at) = 0",
        "during @> '2024-01-01'",
        "during @> at",
        "during && '[2024-01-01,2025-01-01)'",
        "lower(during) > '2024-01-01'",
        "coalesce(during, '[2024-01-01,2025-01-01)') IS NULL",
        "during::text = 'x'",
        "seen = '{2024-01-01}'",
        "'2024-01-01' = ANY (seen)",
        "seen::text = 'x'",
        "seen @> '{2024-01-01}'",
        "array_to_string(seen, ',') = 'x'",
        "array_position(seen, '2024-01-01') = 1",
        "tz = '12:00'",
        "tz::time > '12:00'",
        "amount = '1'",
        "amount > 5",
        "amount::numeric > 5",
        "amount * 2 > amount",
        "CASE WHEN flag THEN amount ELSE '1' END = amount",
    ] {
        assert!(SqlFragment::condition(text, table, &catalog).is_err(), "{text}");
    }
    let column = |name: &str| &table.column(name).unwrap().ty;
    for (text, over, fits) in [
        ("date_trunc('year', {})", "at", true),
        ("date_trunc('year', {})", "d", true),
        ("left({}::text, 4)", "a", true),
        ("left({}::text, 4) || '-01-01'", "d", false),
        ("concat({}, 'x')", "a", true),
        ("concat({}, 'x')", "at", false),
        ("CASE WHEN {} IS NULL THEN NULL ELSE '[2024-01-01,2025-01-01)' END", "during", false),
        ("CASE WHEN {} IS NULL THEN {} END", "during", true),
        ("coalesce({}, '1')", "amount", false),
        ("CASE WHEN {} IS NULL THEN NULL ELSE {} END", "amount", true),
        ("CASE WHEN true THEN '12:00+00' ELSE {} END", "tz", false),
    ] {
        let mask = SqlFragment::mask(text, &catalog).expect(text);
        assert_eq!(mask.over(column(over), &catalog).is_ok(), fits, "{text} over {over}");
    }
}

/// Where the text's operators or functions would be taken.
#[tokio::test]
async fn an_extensions_type_is_not_compared_as_another() {
    let db = shared().database("fragments_own", SCHEMA);
    let catalog = consentry::relay::catalog::load(&db.superuser().await).await.unwrap();
    let table = catalog.relation_named("public", "t").unwrap();
    for text in ["c = a", "lower(c) = 'x'", "coalesce(c, 'x') = 'x'", "c || 'y' = 'xy'", "a::citext = 'X'"] {
        let refused = SqlFragment::condition(text, table, &catalog).expect_err(text);
        assert!(refused.contains("citext"), "{text}: {refused}");
    }
}

/// What has no answer for some stored value is worked out in visible rows alone (`computes`).
#[tokio::test]
async fn what_may_fail_is_known() {
    let db = shared().database("policy_fragments_fail", SCHEMA);
    let catalog = consentry::relay::catalog::load(&db.upstream().await).await.unwrap();
    let table = catalog.relation_named("public", "t").unwrap();
    let computes =
        |text: &str| SqlFragment::condition(text, table, &catalog).unwrap_or_else(|e| panic!("{text}: {e}")).computes;
    for text in [
        "a = 'x'",
        "a IN ('x', 'y') OR b IS NULL",
        "n >= 3 AND m < 5",
        "n = m",
        "m BETWEEN 1 AND 2.5",
        "f >= 0.5",
        "f > n",
        "a LIKE 'a%b'",
        "c ILIKE 'x%'",
        "mood = 'good'",
        "d < '2024-01-01'",
        "at > now()",
        "tags && ARRAY['x']",
        "j ? 'k'",
        "lower(a) = 'x'",
        "left(a, 2) = 'x'",
        "length(a) > 2",
        "CASE WHEN flag THEN n ELSE m END > 1",
        "COALESCE(a, b) = 'x'",
        "n::text = '1'",
        "flag",
    ] {
        assert!(!computes(text), "{text}");
    }
    for text in [
        "m >= f",
        "f < m",
        "'abc' ~ a",
        "a ~ '^x'",
        "'x' LIKE a",
        "a LIKE 'x\\'",
        "at >= d",
        "COALESCE(m, f) > 1",
        "CASE WHEN flag THEN m ELSE f END > 1",
        "j ->> 'k' = 'v'",
        "j::text = 'v'",
        "by::text = 'x'",
        "a::int = 1",
        "n / 2 = 1",
        "n + 1 = 2",
        "length(by, 'UTF8') = 1",
        "by << by",
    ] {
        let refused = SqlFragment::condition(text, table, &catalog).is_err();
        assert!(refused || computes(text), "{text}");
    }
}

fn conditions<'a>(table: &'a Relation, catalog: &'a Catalog) -> impl Iterator<Item = (String, String)> + 'a {
    CONDITIONS.iter().map(|text| {
        let fragment = SqlFragment::condition(text, table, catalog).unwrap_or_else(|e| panic!("{text}: {e}"));
        ((*text).to_owned(), fragment.to_sql(|column| format!("t.{}", quote_ident(column)), ""))
    })
}

fn masks(catalog: &Catalog) -> impl Iterator<Item = (String, String)> {
    MASKS.iter().map(|text| {
        let fragment = SqlFragment::mask(text, catalog).unwrap_or_else(|e| panic!("{text}: {e}"));
        (text.replace("({}", "(a").replace("{} ", "a ").replace(" {} ", " a "), fragment.to_sql(str::to_owned, "t.a"))
    })
}

/// Over columns whose type settings could matter to: the mask as a value of the column's type.
fn masks_of_times<'a>(table: &'a Relation, catalog: &'a Catalog) -> impl Iterator<Item = (String, String)> + 'a {
    let all = [
        ("date_trunc('year', {})", "at"),
        ("date_trunc('year', {})", "d"),
        ("{}::date", "at"),
        ("{} - interval '1 day'", "at"),
        ("{} - 3", "d"),
        ("CASE WHEN {} > '2020-01-01' THEN '2020-01-01' ELSE {} END", "d"),
        ("make_date(EXTRACT(year FROM {})::int, 1, 1)", "at"),
    ];
    all.into_iter().map(|(text, name)| {
        let ty = &table.column(name).expect("a column").ty;
        let fragment = SqlFragment::mask(text, catalog).and_then(|f| f.over(ty, catalog));
        let fragment = fragment.unwrap_or_else(|e| panic!("{text}: {e}"));
        let cast = |sql: &str| format!("CAST(({sql}) AS pg_catalog.{})", ty.base);
        (cast(&text.replace("{}", name)), cast(&fragment.to_sql(str::to_owned, &format!("t.{name}"))))
    })
}

/// The expression for every row, as text; null as `None`.
async fn answers(
    client: &tokio_postgres::Client,
    search_path: &str,
    expression: &str,
    settings: &str,
) -> Vec<Option<String>> {
    client.batch_execute(&format!("RESET ALL; SET search_path = {search_path}; {settings}")).await.unwrap();
    // What the settings make of the answer itself is not asked.
    let sql = format!("CREATE TEMP TABLE answer AS SELECT id, ({expression}) AS it FROM public.t");
    client.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    client.batch_execute(&format!("RESET ALL; {PLAIN}")).await.unwrap();
    let rows = client.query("SELECT it::text FROM answer ORDER BY id", &[]).await.unwrap();
    client.batch_execute("DROP TABLE answer").await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
