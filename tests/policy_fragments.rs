//! What is printed of a policy's conditions and masks means to PostgreSQL what was written: both are evaluated side by
//! side, over values that include null, under a `search_path` that puts traps before `pg_catalog`.

mod common;

use common::postgres::shared;
use consentry::engine::catalog::{Catalog, Relation, quote_ident};
use consentry::engine::policy::SqlFragment;

const SCHEMA: &str = "
    CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE t (id int PRIMARY KEY, a text, b text, n int, m numeric, d date, at timestamptz, tags text[], mood mood,
                    flag boolean, j jsonb, ip inet, \"Odd \"\"Name\" text,
                    c citext GENERATED ALWAYS AS (upper(b)) STORED);
    INSERT INTO t VALUES
        (1, 'x', 'x', 1, 1.5, '2024-02-29', '2024-02-29 23:30+00', '{vip,x}', 'good', true, '{\"k\": \"v\"}', '198.51.100.7', 'odd'),
        (2, 'y', 'x', 2, -7, '1999-12-31', '1999-12-31 00:00+00', '{}', 'bad', false, '{}', '2001:db8::1', NULL),
        (3, NULL, 'y', NULL, NULL, NULL, NULL, '{NULL,y}', NULL, NULL, NULL, NULL, ''),
        (4, 'a%b_c', NULL, -3, 0, '2030-01-01', '2030-01-01 12:00+02', NULL, 'good', true, '[1]', '10.0.0.0/8', 'x');
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
    "NOT flag",
    "'vip' = ANY (tags)",
    "a = ANY (tags)",
    "a <> ALL (tags)",
    "NOT ('zzz' = ANY (tags))",
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

#[tokio::test]
async fn printed_means_written() {
    let db = shared().database("fragments", SCHEMA);
    let client = db.superuser().await;
    let catalog = consentry::relay::catalog::load(&client).await.unwrap();
    let table = catalog.relation_named("public", "t").unwrap();
    // What was written is evaluated plainly, what is printed with the traps in front.
    let mut differences = Vec::new();
    for (written, printed) in conditions(table, &catalog).chain(masks(&catalog)) {
        let plain = answers(&client, "pg_catalog, public", &written).await;
        let trapped = answers(&client, "trap, pg_catalog, public", &printed).await;
        if plain != trapped {
            differences.push(format!("{written}\n  {plain:?}\n{printed}\n  {trapped:?}\n"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // The traps are real: the written form falls into them.
    assert_ne!(
        answers(&client, "pg_catalog, public", "t.a = 'x'").await,
        answers(&client, "trap, pg_catalog, public", "t.a = 'x'").await
    );
}

/// Where the text's operators or functions would be taken.
#[tokio::test]
async fn an_extensions_type_is_not_compared_as_another() {
    let db = shared().database("fragments_own", SCHEMA);
    let catalog = consentry::relay::catalog::load(&db.superuser().await).await.unwrap();
    let table = catalog.relation_named("public", "t").unwrap();
    for text in [
        "c = a",
        "lower(c) = 'x'",
        "coalesce(c, 'x') = 'x'",
        "c || 'y' = 'xy'",
        "a::citext = 'X'",
        "CASE c WHEN 'x' THEN true END",
    ] {
        let refused = SqlFragment::condition(text, table, &catalog).expect_err(text);
        assert!(refused.contains("citext"), "{text}: {refused}");
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

/// The expression for every row, as text; null as `None`.
async fn answers(client: &tokio_postgres::Client, search_path: &str, expression: &str) -> Vec<Option<String>> {
    client.batch_execute(&format!("SET search_path = {search_path}; SET timezone = 'UTC'")).await.unwrap();
    let sql = format!("SELECT CAST(({expression}) AS pg_catalog.text) FROM public.t ORDER BY id");
    let rows = client.query(&sql, &[]).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}
