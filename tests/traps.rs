//! Types of expressions: for each type there is an operator of the database's own that comes first, and that the role may not
//! use. Whatever type PostgreSQL gives an expression, it takes that one; so an expression that the engine lets pass by where
//! PostgreSQL does is one whose type it thinks to be another.

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::judged::{JUDGED, answers};
use common::postgres::shared;
use consentry::cli::explain::context;
use consentry::engine::clear::{Engine, Secrets};
use consentry::engine::context::{Context, Protocol};
use consentry::engine::policy::diagnostics::SourceFile;
use consentry::engine::policy::resolve::resolve;
use consentry::relay::catalog::load;

const WORLD: &str = "
    CREATE DOMAIN whole AS int; CREATE DOMAIN word AS text; CREATE DOMAIN numbers AS int[]; CREATE DOMAIN more AS numbers;
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE shapes (i2 int2, i4 int, i8 int8, n numeric, f8 float8, b bool, t text, v varchar(9), c char(5), na name,
        d date, ts timestamp, tz timestamptz, iv interval, j jsonb, u uuid, by bytea, ip inet, o oid, i2v int2vector, ov oidvector,
        m mood, r int4range, a4 int[], a8 int8[], at text[], av varchar[], am mood[], aj jsonb[], dw whole, dt word, dn numbers,
        dm more, adw whole[], adt word[], adn numbers[]);
    CREATE SCHEMA traps;
    DO $$ DECLARE ty text; BEGIN
        FOR ty IN SELECT oid::regtype::text FROM pg_type t
            WHERE typtype IN ('b', 'e', 'r', 'm') AND (typnamespace = 'pg_catalog'::regnamespace OR typtype = 'e' OR typelem <> 0)
              AND typname NOT LIKE 'pg\\_%' AND typrelid = 0 AND NOT EXISTS (SELECT FROM pg_class c WHERE c.reltype = t.typelem) LOOP
            EXECUTE format('CREATE FUNCTION traps.same(%s, %s) RETURNS boolean LANGUAGE sql AS ''SELECT true''', ty, ty);
            EXECUTE format('CREATE OPERATOR traps.= (LEFTARG = %s, RIGHTARG = %s, FUNCTION = traps.same)', ty, ty);
        END LOOP;
    END $$;
";

/// `@` is a column.
const FORMS: [&str; 47] = [
    "@",
    "(@)[1]",
    "(@)[1:1]",
    "(@)[1][1]",
    "(@)['a']",
    "ARRAY[@]",
    "ARRAY[@, @]",
    "(ARRAY[@])[1]",
    "(ARRAY[@])[1:1]",
    "(ARRAY[@])[1][1]",
    "ARRAY[ARRAY[@]]",
    "(ARRAY[ARRAY[@]])[1]",
    "(ARRAY[ARRAY[@]])[1][1]",
    "ARRAY(SELECT @)",
    "(ARRAY(SELECT @))[1]",
    "(SELECT @)",
    "(VALUES (@))",
    "coalesce(@, @)",
    "coalesce(NULL, @)",
    "CASE WHEN true THEN @ END",
    "CASE WHEN true THEN NULL ELSE @ END",
    "nullif(@, @)",
    "greatest(@, @)",
    "@ || @",
    "'x' || @",
    "@ || 'x'",
    "@ + @",
    "@ + 1",
    "- @",
    "@ * 2.5",
    "@ -> 'a'",
    "@ ->> 'a'",
    "array_append(ARRAY[@], @)",
    "array_cat(@, @)",
    "array_remove(@, NULL)",
    "array_fill(@, '{1}')",
    "to_jsonb(@)",
    "lower(@)",
    "upper(@)",
    "date_trunc('day', @)",
    "max(@)",
    "sum(@)",
    "avg(@)",
    "array_agg(@)",
    "(array_agg(@))[1]",
    "mode() WITHIN GROUP (ORDER BY @)",
    "lag(@) OVER ()",
];

/// `#` is an expression, `@` a column.
const QUERIES: [&str; 6] = [
    "SELECT s.x = s.x AS x FROM (SELECT # AS x FROM shapes) s",
    "WITH s AS (SELECT # AS x FROM shapes UNION ALL SELECT # FROM shapes) SELECT x = x AS x FROM s",
    "SELECT u.x = u.x AS x FROM shapes, LATERAL (SELECT #) AS u (x)",
    "SELECT u = u AS x FROM shapes, unnest(ARRAY[@]) AS u",
    "SELECT u.x = u.x AS x FROM shapes, unnest(@) AS u (x)",
    "SELECT # = # AS x FROM shapes",
];

#[tokio::test]
async fn no_expression_is_taken_for_one_of_another_type() {
    let db = shared().database("traps", &format!("{WORLD}{JUDGED}"));
    let catalog = Arc::new(load(&db.superuser().await).await.unwrap());
    let text = "open = [\"public.*\"]\n[purpose.all]\ndescription = \"x\"\nbasis = \"contract\"\n[role.reader]\npurposes = [\"all\"]\n";
    let file = SourceFile { name: "traps.toml".into(), text: text.to_owned() };
    let (policy, _) = resolve(&[file], &catalog).unwrap();
    let engine = Engine::new(catalog, Arc::new(policy), Secrets { pseudonym: b"traps".to_vec() });
    let search_path = ["traps", "pg_catalog", "public"].map(str::to_owned).to_vec();
    let context = Context { search_path, ..context(&engine, "reader", Some("all")).unwrap() };
    let columns = db.psql("SELECT attname FROM pg_attribute WHERE attrelid = 'shapes'::regclass AND attnum > 0");
    let said: BTreeSet<String> = columns
        .lines()
        .flat_map(|column| {
            let of = move |text: &str| text.replace('@', column);
            let forms = move |query: &'static str| FORMS.iter().map(move |form| of(&query.replace('#', form)));
            QUERIES.into_iter().flat_map(forms)
        })
        .collect();
    // As an expression, which is said to PostgreSQL so.
    let said: Vec<String> = said.into_iter().map(|query| format!("({query})")).collect();
    let found = answers(&db, "traps, pg_catalog, public", &said);
    let trapped = found.into_iter().filter(|(_, (own, _))| !own.is_empty()).map(|(query, _)| format!("SELECT {query}"));
    let trapped: Vec<String> = trapped.collect();
    assert!(trapped.len() > 1500, "only {} of {} are trapped", trapped.len(), said.len());
    let passed: Vec<&String> =
        trapped.iter().filter(|sql| engine.clear(sql, &context, Protocol::Simple).is_ok()).collect();
    assert!(passed.is_empty(), "{} of {}: {passed:#?}", passed.len(), trapped.len());
}
