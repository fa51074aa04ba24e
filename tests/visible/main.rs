//! Visible tables as PostgreSQL computes them from the engine's fragments, against a model of the contract in plain Rust.

#[path = "../common/mod.rs"]
mod common;
mod masks;
mod model;
mod rules;
mod world;

use std::collections::BTreeSet;

use consentry::engine::catalog::{Catalog, Relation};
use consentry::engine::clear::Secrets;
use consentry::engine::policy::{Basis, ColumnUse, Policy, Purpose, Role};
use consentry::engine::visible::{Form, Look, Sight, cell_sql, guard, row_sql, row_sql_with, visible_table_as};
use consentry::relay::catalog::load;
use tokio_postgres::Client;

const ALIAS: &str = "\"t\"";

const FORMS: [Form; 3] = [Form::Exists, Form::Joined(Look::Lateral), Form::Joined(Look::Grouped)];

/// The visible rows in order of `id`, every cell as text; `None`: refused.
async fn shown(
    client: &Client,
    form: Form,
    at: &At<'_>,
    role: &Role,
    purpose: &Purpose,
) -> Option<Vec<Vec<Option<String>>>> {
    let table = &at.policy.tables[&at.relation.oid];
    let sight = Sight { catalog: at.catalog, policy: at.policy, secrets: &at.secrets, role, purpose };
    let visible = match visible_table_as(form, sight, table, at.relation, ALIAS) {
        Ok(visible) => visible,
        Err(refusal) => {
            assert_eq!((refusal.rule, refusal.sqlstate.0), ("table-out-of-reach", "42501"), "{refusal}");
            return None;
        }
    };
    let cells: Vec<String> = std::iter::zip(&visible.cells, &at.relation.columns)
        .map(|(cell, column)| format!("({})::pg_catalog.text", cell_sql(cell, column, ALIAS)))
        .collect();
    let or_true = |sql: Option<String>| sql.unwrap_or("true".into());
    let rows = or_true(row_sql(&visible));
    let told = or_true(row_sql_with(&visible, &(0..visible.joins.len()).collect()));
    let (guard, asked) = guard(&visible).unwrap_or(("true".into(), BTreeSet::new()));
    assert!(asked.iter().all(|n| *n < visible.joins.len()), "{asked:?}");
    let order = if at.numbered { "t.id" } else { "t.id::text" };
    let from = format!("{} {ALIAS}{}", at.relation.name.to_sql(), visible.joins.concat());
    for other in [&guard, &told] {
        let unequal = format!("SELECT 1 FROM {from} WHERE (({rows}) IS TRUE) <> (({other}) IS TRUE)");
        let found = client.query(&unequal, &[]).await.unwrap_or_else(|e| panic!("{e:?}\n{unequal}"));
        assert!(found.is_empty(), "{unequal}");
    }
    let sql = format!("SELECT {} FROM {from} WHERE {told} ORDER BY {order}", cells.join(", "));
    let rows = client.query(&sql, &[]).await.unwrap_or_else(|e| panic!("{e:?}\n{sql}"));
    Some(rows.iter().map(|row| (0..row.len()).map(|i| row.get(i)).collect()).collect())
}

struct At<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    secrets: Secrets,
    relation: &'a Relation,
    numbered: bool,
}

async fn compare(seed: u64, people: usize, time_zone: &str) {
    let world = world::random(seed, people);
    let db = common::postgres::shared().database(&format!("visible_{seed}"), &world.script).brief();
    let client = db.superuser().await;
    client.batch_execute(&format!("SET TimeZone = '{time_zone}'; SET search_path = ''")).await.expect("settings");
    let catalog = load(&client).await.expect("catalog");
    let policy = rules::policy(&catalog);
    let model = model::World { policy: &policy, kinds: &world.kinds, purpose_keep: rules::purpose_keep };
    let mut seen = 0;
    for table in &world.tables {
        let relation = catalog.relation_named("public", table.name.trim_start_matches("public.")).expect("table");
        let mut sorted = table.clone();
        if relation.column("status").is_some() {
            sorted.rows.sort_by_key(|r| r.subject.clone());
        }
        let numbered = relation.column("status").is_none();
        let at = At { catalog: &catalog, policy: &policy, secrets: Secrets::default(), relation, numbered };
        let uses = &policy.tables[&relation.oid].columns;
        let columns: Vec<(String, Option<ColumnUse>)> =
            relation.columns.iter().map(|c| (c.name.clone(), uses.get(&c.name).cloned())).collect();
        for role in policy.roles.values() {
            for purpose in policy.purposes.values() {
                let expected = model.visible(&sorted, &columns, role, purpose);
                for form in FORMS {
                    let ours = shown(&client, form, &at, role, purpose).await;
                    let what = format!("seed {seed}: {} as {} for {}, {form:?}", table.name, role.name, purpose.name);
                    assert_eq!(ours, expected, "{what}");
                }
                seen += expected.map_or(0, |rows| rows.len());
            }
        }
    }
    assert!(seen > people, "seed {seed} shows next to nothing: {seen} rows");
}

#[tokio::test]
async fn random_people_seen_for_every_purpose() {
    for (seed, zone) in [(1, "UTC"), (2, "America/New_York"), (3, "Asia/Kolkata"), (4, "Pacific/Kiritimati")] {
        compare(seed, 10, zone).await;
    }
}

/// What cannot be random: children with their columns in another order, names that need quotes, aliases that look like our own.
#[tokio::test]
async fn children_are_read_by_their_own_names_and_columns() {
    let script = "
        CREATE TABLE people (\"Key\" int PRIMARY KEY, email text, born int NOT NULL);
        CREATE TABLE young (born int NOT NULL, extra text, email text, \"Key\" int NOT NULL);
        ALTER TABLE young INHERIT people;
        INSERT INTO young VALUES (2001, 'unlisted', 'a@example.org', 1), (2002, 'unlisted', 'b@example.org', 2);
        CREATE TABLE said (who int, what text, answer text);
        INSERT INTO said VALUES (1, 'news', 'yes'), (2, 'news', 'no');";
    let db = common::postgres::shared().database("visible_children", script);
    let client = db.superuser().await;
    let catalog = load(&client).await.expect("catalog");
    let policy = rules::of_children(&catalog);
    let people = catalog.relation_named("public", "people").expect("table").oid;
    let young = catalog.relation_named("public", "young").expect("table");
    let (role, purpose) = (Role::default(), &policy.purposes["news"]);
    for alias in ["\"t\"", "\"consentry_in\"", "\"consentry_in_consent\"", "\"consentry_in_join1\"", "\"Key\""] {
        for form in FORMS {
            let (secrets, table) = (Secrets::default(), &policy.tables[&people]);
            let sight = Sight { catalog: &catalog, policy: &policy, secrets: &secrets, role: &role, purpose };
            let v = visible_table_as(form, sight, table, young, alias);
            let v = v.expect("in reach");
            let cells: Vec<String> =
                std::iter::zip(&v.cells, &young.columns).map(|(cell, of)| cell_sql(cell, of, alias)).collect();
            let sql = format!(
                "SELECT concat_ws('|', {}) FROM public.young {alias}{} WHERE {} AND {}",
                cells.join(", "),
                v.joins.concat(),
                row_sql(&v).expect("a condition"),
                guard(&v).expect("a condition").0,
            );
            let rows = client.query(&sql, &[]).await.unwrap_or_else(|e| panic!("{e:?}\n{sql}"));
            let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(rows, ["2001|a@example.org|1"], "{sql}");
        }
    }
}

/// citext: `Ana` and `ana` are one person, whose no counts however it is spelled.
#[tokio::test]
async fn keys_are_equal_as_their_type_has_it() {
    for key in ["kinds.citext", "kinds.login"] {
        let script = format!(
            "CREATE SCHEMA kinds;
             CREATE EXTENSION citext SCHEMA kinds;
             CREATE DOMAIN kinds.login AS kinds.citext;
             CREATE TABLE people (\"Key\" {key} PRIMARY KEY, email text, born int NOT NULL);
             CREATE TABLE said (who {key}, what text, answer text);
             INSERT INTO people VALUES ('Ana', 'a@example.org', 2001), ('BEN', 'b@example.org', 2002), ('Cleo', NULL, 1);
             INSERT INTO said VALUES ('ana', 'news', 'yes'), ('ben', 'news', 'no'), ('CLEO', 'news', 'yes');"
        );
        let db = common::postgres::shared().database("visible_keys", &script);
        let client = db.superuser().await;
        client.batch_execute("SET search_path = ''").await.expect("settings");
        let catalog = load(&client).await.expect("catalog");
        let mut policy = rules::of_children(&catalog);
        let relation = catalog.relation_named("public", "people").expect("table");
        for basis in [Basis::Consent, Basis::LegitimateInterests] {
            let person = policy.subjects.get_mut("person").expect("declared");
            person.consent.as_mut().expect("has consent").objected = vec!["no".to_owned()];
            policy.purposes.get_mut("news").expect("declared").basis = basis;
            let (role, purpose, secrets) = (Role::default(), &policy.purposes["news"], Secrets::default());
            let table = &policy.tables[&relation.oid];
            for form in FORMS {
                let sight = Sight { catalog: &catalog, policy: &policy, secrets: &secrets, role: &role, purpose };
                let v = visible_table_as(form, sight, table, relation, ALIAS);
                let v = v.expect("in reach");
                let told = row_sql_with(&v, &(0..v.joins.len()).collect());
                for said in [row_sql(&v), told, guard(&v).map(|g| g.0)] {
                    let said = said.expect("a condition");
                    let from = format!("public.people {ALIAS}{}", v.joins.concat());
                    let sql = format!("SELECT t.\"Key\"::text FROM {from} WHERE {said}");
                    let rows = client.query(&sql, &[]).await.unwrap_or_else(|e| panic!("{e:?}\n{sql}"));
                    let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
                    assert_eq!(rows, ["Ana"], "{key} {basis:?} {form:?} {sql}");
                }
            }
        }
    }
}
