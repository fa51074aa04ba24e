//! The catalog snapshot of a database with one of everything.

use crate::common::postgres::{Database, shared};
use consentry::engine::catalog::{Catalog, CatalogData, ForeignKey, Relation, RelationKind};
use consentry::relay::catalog::{fingerprint, load, load_stamped, reload_stamped};

fn shop() -> Database<'static> {
    shared().database("catalog_shop", include_str!("shop.sql"))
}

fn relation<'c>(catalog: &'c Catalog, name: &str) -> &'c Relation {
    catalog.relation_named("shop", name).unwrap_or_else(|| panic!("no relation shop.{name}"))
}

/// Everything is read in one test, because a database costs more than the reading.
#[tokio::test]
async fn one_of_everything() {
    let db = shop();
    let catalog = load(&db.upstream().await).await.unwrap();
    whole_database(&catalog);
    columns(&catalog);
    keys(&catalog);
    arbiters(&catalog);
    kinds_and_parents(&catalog);
    views(&catalog);
    code(&catalog);
    system_relations(&catalog);
    json_round_trip(&catalog);
    settings_are_left_alone(&db).await;
}

fn whole_database(catalog: &Catalog) {
    let data = catalog.data();
    assert_eq!(data.database, "catalog_shop");
    assert!((140_000..200_000).contains(&data.server_version), "{}", data.server_version);
    assert_eq!(data.search_path, "shop, public");
    assert_eq!(data.user, "consentry");
    assert_eq!(data.schemas, ["Odd Name", "information_schema", "pg_catalog", "public", "shop"]);
    assert_eq!(data.extensions["citext"], "shop");
    assert_eq!(data.extensions["plpgsql"], "pg_catalog");
    assert!(catalog.relation_named("Odd Name", "Tab\"le").is_some());
    assert!(catalog.relations().all(|r| !r.name.schema.starts_with("pg_toast")));
}

fn columns(catalog: &Catalog) {
    let people = relation(catalog, "people");
    let names: Vec<_> = people.columns.iter().map(|c| (c.name.as_str(), c.number)).collect();
    assert_eq!(
        names,
        [("id", 1), ("email", 2), ("nick", 3), ("country", 4), ("mood", 5), ("tags", 6), ("born", 7), ("shouted", 9)]
    );
    let of = |name: &str| people.column(name).unwrap();
    let types: Vec<_> =
        people.columns.iter().map(|c| (c.ty.sql.as_str(), c.ty.name.as_str(), c.ty.base.as_str(), c.ty.kind)).collect();
    assert_eq!(
        types,
        [
            ("bigint", "int8", "int8", 'b'),
            ("character varying(80)", "varchar", "varchar", 'b'),
            ("text", "text", "text", 'b'),
            ("shop.home_country", "home_country", "bpchar", 'b'),
            ("shop.mood", "mood", "mood", 'e'),
            ("text[]", "_text", "_text", 'b'),
            ("date", "date", "date", 'b'),
            ("text", "text", "text", 'b'),
        ]
    );
    assert_eq!((of("email").ty.length, of("email").ty.typmod), (Some(80), 84));
    assert_eq!((of("country").ty.length, of("country").ty.typmod), (Some(2), 6));
    assert_eq!((of("nick").ty.length, of("nick").ty.deterministic), (None, false));
    assert!(of("nick").ty.collation >= 16384 && (of("email").ty.collation, of("born").ty.collation) == (100, 0));
    assert!(of("email").ty.deterministic && of("born").ty.deterministic);
    let flags = |name: &str| (of(name).not_null, of(name).generated, of(name).has_default);
    assert_eq!(flags("id"), (true, true, true));
    assert_eq!(flags("email"), (true, false, false));
    assert_eq!(flags("country"), (false, false, true));
    assert_eq!(flags("shouted"), (false, true, true));
    assert_eq!(relation(catalog, "orders").column("total").unwrap().ty.sql, "numeric(12,2)");
    assert_eq!(of("shouted").computed_from, ["nick"]);
    assert!(of("email").computed_from.is_empty());
}

fn keys(catalog: &Catalog) {
    let people = relation(catalog, "people");
    assert_eq!(people.primary_key, ["id"]);
    // Neither the expression index nor the partial one is a key.
    assert_eq!(people.unique_keys, [vec!["email"], vec!["country", "nick"]]);
    // Nor do these serve to look rows up by a column.
    assert_eq!(people.indexed, ["country", "email", "id"]);
    let orders = relation(catalog, "orders");
    assert_eq!(orders.primary_key, ["part", "id"]);
    assert_eq!((orders.rows, catalog.rows(orders.oid), people.rows), (0, 3, 0));
    assert_eq!(orders.foreign_keys.len(), 1);
    assert_eq!(orders.foreign_keys[0].references, people.oid);
    let lines = relation(catalog, "lines");
    let has = |r: &Relation, set: &[&str]| r.together.iter().any(|together| together.columns == set);
    assert!(
        has(orders, &["id", "part"]) && has(people, &["country", "nick"]) && has(lines, &["order_id", "order_part"])
    );
    assert!(has(people, &["born"]) && has(orders, &["part"]), "a condition, a partition key");
    assert_eq!((&orders.partition_key[..], people.partition_key.len()), (&["part".to_owned()][..], 0));
    let flags = |key: &ForeignKey| (key.releases, key.cascades, key.defaults, key.waits, key.carries, key.valid);
    assert_eq!(flags(&lines.foreign_keys[0]), (false, false, false, true, false, true));
    assert!(lines.unique_keys.is_empty(), "a deferrable key is none");
    assert_eq!((&orders.indexed[..], &lines.indexed[..]), (&["part".to_owned()][..], &["slot".to_owned()][..]));
    assert_eq!(lines.foreign_keys[0].columns, ["order_part", "order_id"]);
    assert_eq!(lines.foreign_keys[0].referenced_columns, ["part", "id"]);
    assert_eq!(lines.foreign_keys[0].references, orders.oid);
}

/// Names of constraints (none: an index), columns, and whether equal values are the same bytes.
fn arbiters(catalog: &Catalog) {
    let found: Vec<_> = relation(catalog, "arbiters")
        .arbiters
        .iter()
        .map(|a| (a.constraint.as_deref().unwrap_or_default(), a.columns.join(" "), a.exact))
        .collect();
    let expected = [
        ("arbiters_pkey", "id", false),
        ("arbiters_code_key", "code", true),
        ("arbiters_loose_key", "loose", true),
        ("arbiters_mail_key", "mail", false),
        ("arbiters_spoken_key", "spoken", false),
        ("arbiters_country_key", "country", false),
        ("", "word", true),
        ("", "word", false),
        ("", "word", false),
        ("", "size", true),
        ("", "size weight", false),
    ];
    assert_eq!(found, expected.map(|(name, columns, exact)| (name, columns.to_owned(), exact)));
}

fn kinds_and_parents(catalog: &Catalog) {
    let kind = |name: &str| relation(catalog, name).kind;
    assert_eq!(kind("people"), RelationKind::Table);
    assert_eq!(kind("orders"), RelationKind::PartitionedTable);
    assert_eq!(kind("orders_1"), RelationKind::Table);
    assert_eq!(kind("grown"), RelationKind::View);
    assert_eq!(kind("totals"), RelationKind::MaterializedView);
    assert_eq!(kind("numbers"), RelationKind::Sequence);
    assert_eq!(kind("address"), RelationKind::Composite);
    assert_eq!(relation(catalog, "orders_1").parents, [relation(catalog, "orders").oid]);
    assert_eq!(relation(catalog, "child").parents, [relation(catalog, "base").oid]);
    assert_eq!(catalog.children(relation(catalog, "base").oid), [relation(catalog, "child").oid]);
    let flags = |name: &str| {
        let r = relation(catalog, name);
        (r.has_triggers, r.has_rules, r.row_security)
    };
    assert_eq!(flags("base"), (true, false, false));
    assert_eq!(flags("child"), (false, true, false));
    assert_eq!(flags("lines"), (false, false, true));
    assert_eq!(flags("grown"), (false, false, false));
}

fn views(catalog: &Catalog) {
    let grown = relation(catalog, "grown");
    let definition = grown.definition.as_deref().unwrap();
    for part in ["shop.shout(", "FROM shop.people", "OPERATOR(shop.===)"] {
        assert!(definition.contains(part), "{part} is not in {definition}");
    }
    assert_eq!(grown.check_option.as_deref(), Some("local"));
    assert_eq!(relation(catalog, "totals").definition, None);
}

fn code(catalog: &Catalog) {
    let shout = catalog.functions_named("shout").next().unwrap();
    assert_eq!((shout.name.schema.as_str(), shout.arguments.as_str()), ("shop", "text, times integer"));
    assert!(!shout.procedure && shout.extension.is_none());
    assert!(catalog.functions_named("tidy").next().unwrap().procedure);
    assert_eq!(catalog.functions_named("citext_eq").next().unwrap().extension.as_deref(), Some("citext"));
    assert!(catalog.functions_named("lower").next().is_none(), "built-in functions are not listed");
    let same = catalog.operators_named("===").next().unwrap();
    assert_eq!((same.name.schema.as_str(), same.function.to_string().as_str()), ("shop", "shop.same"));
    assert!(catalog.operators_named("=").all(|o| o.extension.as_deref() == Some("citext")));
    assert!(catalog.operators_named("=").next().is_some());
    let kind = |name: &str| catalog.types_named(name).map(|t| t.kind).collect::<Vec<_>>();
    assert_eq!(kind("mood"), ['e']);
    assert_eq!(kind("address"), ['c']);
    assert_eq!(kind("home_country"), ['d']);
    assert_eq!(kind("citext"), ['b']);
    assert!(kind("people").is_empty(), "row types are their table's");
    assert!(kind("_mood").is_empty(), "array types are their element's");
    assert!(kind("text").is_empty(), "built-in types are not listed");
}

fn system_relations(catalog: &Catalog) {
    let stats = catalog.relation_named("pg_catalog", "pg_stats").unwrap();
    assert_eq!(stats.kind, RelationKind::View);
    assert!(stats.column("most_common_vals").is_some());
    assert!(catalog.relation_named("information_schema", "tables").is_some());
    assert_eq!(catalog.relation_named("pg_catalog", "pg_class").unwrap().primary_key, ["oid"]);
}

fn json_round_trip(catalog: &Catalog) {
    let json = serde_json::to_string(catalog).unwrap();
    let back: Catalog = serde_json::from_str(&json).unwrap();
    assert!(back == *catalog, "a catalog comes back from JSON as it was");
}

async fn settings_are_left_alone(db: &Database<'_>) {
    let client = db.upstream().await;
    client.batch_execute("SET search_path = public; SET default_transaction_isolation = 'serializable'").await.unwrap();
    let stamped = load_stamped(&client).await.unwrap();
    assert_eq!(stamped.catalog.data().search_path, "shop, public", "a default is not what a session has set");
    let row = client.query_one("SELECT current_setting('search_path')", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "public");
    client.batch_execute("CREATE TEMP TABLE outside_of_any_read_only_transaction (a int)").await.unwrap();
}

#[tokio::test]
async fn a_reload_tells_what_a_load_tells() {
    let db = shared().database("catalog_reload", "CREATE TABLE t (a int)");
    let client = db.upstream().await;
    let before = load(&client).await.unwrap();
    db.psql("ALTER TABLE t RENAME a TO b; CREATE VIEW v AS SELECT b FROM t; CREATE SCHEMA s; CREATE TABLE s.pg_class (x int)");
    let reloaded = reload_stamped(&client, &before).await.unwrap();
    let loaded = load_stamped(&client).await.unwrap();
    assert_eq!(reloaded.fingerprint, loaded.fingerprint);
    let sorted = |catalog: Catalog| {
        let mut data = CatalogData::from(catalog);
        data.relations.sort_by_key(|r| r.oid);
        data
    };
    assert!(sorted(reloaded.catalog) == sorted(loaded.catalog));
}

/// Whoever locks a view must not keep the rest of the catalog from being read: the view itself is unknown meanwhile.
#[tokio::test]
async fn a_locked_view_is_not_waited_for() {
    let db =
        shared().database("catalog_locked", "CREATE VIEW held AS SELECT 1 AS a; CREATE VIEW free AS SELECT 2 AS a");
    let (client, other) = (db.upstream().await, db.superuser().await);
    let known = load(&client).await.unwrap();
    other.batch_execute("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE").await.unwrap();
    db.psql("CREATE OR REPLACE VIEW free AS SELECT 3 AS a");
    let stamped = reload_stamped(&client, &known).await.unwrap();
    let definition = |c: &Catalog, name: &str| c.relation_named("public", name).and_then(|r| r.definition.clone());
    assert!(definition(&stamped.catalog, "free").is_some_and(|d| d.contains('3')));
    assert_eq!(definition(&stamped.catalog, "held"), None);
    assert_ne!(stamped.fingerprint, fingerprint(&client).await.unwrap(), "it is to be read again");
    other.batch_execute("ROLLBACK").await.unwrap();
    let stamped = reload_stamped(&client, &known).await.unwrap();
    assert!(definition(&stamped.catalog, "held").is_some());
    assert_eq!(stamped.fingerprint, fingerprint(&client).await.unwrap());
}

/// Nor whoever locks a table that a view reads: to print the view, PostgreSQL would wait for it.
#[tokio::test]
async fn nor_is_a_view_of_a_locked_table() {
    let db = shared().database(
        "catalog_locked_table",
        "CREATE TABLE t (a int); CREATE VIEW held AS SELECT a FROM t; CREATE VIEW outside AS SELECT a FROM held;
         CREATE TABLE parts (a int, b int); CREATE VIEW typed AS SELECT ROW(1, 2)::parts AS r;",
    );
    let (client, other) = (db.upstream().await, db.superuser().await);
    let known = load(&client).await.unwrap();
    other.batch_execute("BEGIN; LOCK TABLE ONLY t IN ACCESS EXCLUSIVE MODE").await.unwrap();
    db.psql("CREATE TABLE fresh (a int)");
    let stamped = reload_stamped(&client, &known).await.unwrap();
    let known = |name: &str| stamped.catalog.relation_named("public", name).and_then(|r| r.definition.as_ref());
    assert!(stamped.catalog.relation_named("public", "fresh").is_some());
    assert!(known("held").is_none() && known("outside").is_some());
    other.batch_execute("ROLLBACK").await.unwrap();
    // A type, which PostgreSQL opens where it has not seen it yet, as a new connection has not.
    db.psql("ALTER TABLE parts ADD COLUMN c int");
    other.batch_execute("BEGIN; LOCK TABLE parts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let stamped = reload_stamped(&db.upstream().await, &stamped.catalog).await.unwrap();
    assert!(stamped.catalog.relation_named("public", "typed").is_some_and(|v| v.definition.is_none()));
    assert_ne!(stamped.fingerprint, fingerprint(&client).await.unwrap(), "it is to be read again");
    other.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn functions_behind_types_are_told() {
    let db = shared().database(
        "catalog_types",
        "CREATE TYPE wrapped AS (t text);
         CREATE FUNCTION wrap(int) RETURNS wrapped LANGUAGE sql AS 'SELECT NULL::wrapped';
         CREATE CAST (int AS wrapped) WITH FUNCTION wrap(int);
         CREATE FUNCTION unwrap(wrapped) RETURNS text LANGUAGE sql AS 'SELECT $1.t';
         CREATE FUNCTION fits(text) RETURNS bool LANGUAGE sql AS 'SELECT true';
         CREATE DOMAIN fitting AS text CHECK (fits(VALUE));
         CREATE TABLE t (a fitting);
         CREATE CAST (text AS bool) WITH INOUT AS IMPLICIT;
         CREATE CAST (wrapped AS text) WITH FUNCTION unwrap(wrapped) AS ASSIGNMENT;
         CREATE EXTENSION citext;
         CREATE CAST (oid AS bytea) WITH FUNCTION lo_get(oid);
         CREATE DOMAIN told AS text CHECK (length(query_to_xml(VALUE, true, false, '')::text) > 3);
         CREATE DOMAIN mail AS citext CHECK (VALUE ~ '@' AND lower(VALUE) <> '');",
    );
    let catalog = load(&db.upstream().await).await.unwrap();
    let told: Vec<_> =
        catalog.data().type_functions.iter().map(|t| (t.name.name.as_str(), t.function.name.as_str())).collect();
    for (name, function) in [
        ("wrapped", "wrap"),
        ("fitting", "fits"),
        ("_fitting", "fits"),
        ("t", "fits"),
        // What PostgreSQL brings and does more than compute.
        ("told", "query_to_xml"),
        ("bytea", "lo_get"),
    ] {
        assert!(told.contains(&(name, function)), "{name}: {told:?}");
    }
    assert!(!told.iter().any(|(name, _)| ["int4", "text", "citext", "mail", "oid"].contains(name)), "{told:?}");
    let computing = ["length", "lower", "texticregexeq"];
    assert!(!told.iter().any(|(_, function)| computing.contains(function)), "{told:?}");
    let cast = |source: &str| catalog.data().casts.iter().find(|c| c.source.name == source);
    let told = |source: &str| {
        let cast = cast(source)?;
        Some((cast.target.name.as_str(), cast.unwritten, cast.function.as_ref().map(|f| f.name.as_str())))
    };
    assert_eq!(told("int4"), Some(("wrapped", false, Some("wrap"))));
    assert_eq!(told("text"), Some(("bool", true, None)));
    assert_eq!(told("oid"), Some(("bytea", false, Some("lo_get"))));
    assert_eq!(told("wrapped"), Some(("text", true, Some("unwrap"))));
    assert_eq!(told("bpchar"), Some(("citext", true, None)), "what an extension brings is not told");
    let types = |function: &str| catalog.functions_named(function).next().map(|f| f.types.join(" "));
    assert_eq!((types("wrap").as_deref(), types("fits").as_deref()), (Some("wrapped"), Some("")));
}

/// Constants in definitions are read by sessions whose settings may be others than the role's.
#[tokio::test]
async fn constants_come_out_as_every_session_reads_them() {
    let db = shared().database(
        "catalog_constants",
        "CREATE TABLE t (d date, i interval, f float8);
         CREATE VIEW v AS SELECT d FROM t
             WHERE d < date '2020-02-01' AND i > interval '-1 day -02:03:04' AND f < 0.1::float8 + '0.30000000000000004'::float8;
         ALTER ROLE consentry IN DATABASE catalog_constants SET datestyle = 'German';
         ALTER ROLE consentry IN DATABASE catalog_constants SET intervalstyle = 'sql_standard';
         ALTER ROLE consentry IN DATABASE catalog_constants SET extra_float_digits = 0",
    );
    let catalog = load(&db.upstream().await).await.unwrap();
    let definition = catalog.relation_named("public", "v").and_then(|v| v.definition.clone()).unwrap();
    for constant in ["'2020-02-01'", "'-1 days -02:03:04'", "0.30000000000000004"] {
        assert!(definition.contains(constant), "{constant}: {definition}");
    }
}
