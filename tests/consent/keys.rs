//! A key leads to the same rows here as in visible tables, whatever its type calls equal.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::erasure::{Run, erase};
use consentry::consent::export::is_known;
use consentry::consent::import::{BadLines, import};
use consentry::consent::record::record;
use consentry::consent::target::Target;
use consentry::relay::catalog;

use crate::common::postgres::shared;
use crate::policy;

const TOML: &str = "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
    [purpose.marketing]\ndescription = 'd'\nbasis = 'consent'\nshows = ['identity']\n\
    [subject.person]\ntable = 'public.person'\nkey = 'id'\n\
    [subject.person.consent]\ntable = 'public.consents'\nsubject = 'who'\npurpose = 'purpose'\nstatus = 'status'\n\
    granted = ['granted']\nobjected = ['objected']\nwithdrawn_at = 'withdrawn_at'\n\
    [table.'public.person']\nsubject = { person = 'id' }\ncolumns = { id = 'identity' }\n\
    [table.'public.orders']\nsubject = { person = 'who' }\ncolumns = { id = 'open', who = 'identity' }\n\
    [table.'public.items']\nsubject = { via = 'order_id -> public.orders.id' }\ncolumns = { order_id = 'open', text = 'identity' }\n";

#[tokio::test]
async fn a_key_leads_where_visible_tables_lead() {
    let collation = "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);";
    let domain = "CREATE EXTENSION citext; CREATE DOMAIN login AS citext;";
    for (name, before, person, order, key) in [
        ("citext", "CREATE EXTENSION citext;", "citext", "citext", "ADA"),
        ("domain", domain, "login", "citext", "ADA"),
        ("collation", collation, "text COLLATE ci", "text COLLATE ci", "ADA"),
        ("collated", collation, "text COLLATE ci", "text", "ADA"),
        ("bpchar", "", "char(6)", "char(8)", "Ada"),
        ("padded", "", "char(6)", "text", "Ada"),
        ("text", "", "text", "varchar", "Ada"),
    ] {
        let stored = |word: &str| if key == "ADA" { word.to_owned() } else { "Ada".to_owned() };
        let sql = format!(
            "{before} CREATE TABLE person (id {person} PRIMARY KEY); INSERT INTO person VALUES ('Ada'), ('Bo');
             CREATE TABLE orders (id int PRIMARY KEY, who {order}); INSERT INTO orders VALUES (1, '{}'), (2, 'bo');
             CREATE TABLE items (order_id int REFERENCES orders ON DELETE CASCADE, text text);
             INSERT INTO items VALUES (1, 'a'), (2, 'b');
             CREATE TABLE consents (who {order}, purpose text, status text, withdrawn_at timestamptz, UNIQUE (who, purpose));
             INSERT INTO consents VALUES ('{}', 'marketing', 'granted', NULL);",
            stored("aDA"),
            stored("AdA"),
        );
        let db = shared().database(&format!("keys_{name}"), &sql).brief();
        let mut client = db.superuser().await;
        let catalog = catalog::load(&client).await.unwrap();
        let policy = policy::from_toml(&catalog, TOML);
        client.batch_execute("SET search_path = pg_catalog").await.unwrap();
        let target = Target::of(&policy, &catalog, "person").unwrap();
        record(&mut client, &target, key, &withdraw(), &mut |_| Ok(())).await.unwrap();
        assert_eq!(db.psql("SELECT status FROM consents"), "withdrawn", "{name}");

        let erased = erase(&mut client, &policy, &catalog, "person", key, Run::ForGood, &mut |_| Ok(())).await.unwrap();
        let rows: Vec<(&str, u64)> = erased.tables.iter().map(|t| (t.table.as_str(), t.erased)).collect();
        assert_eq!(rows, [("public.items", 1), ("public.orders", 1), ("public.person", 1)], "{name}");
        assert_eq!(erased.choices.map(|c| c.rows), Some(1), "{name}");
        assert_eq!(db.psql("SELECT id FROM orders"), "2", "{name}");
        db.psql("DELETE FROM consents");
        assert!(!is_known(&client, &policy, &catalog, "person", key).await.unwrap(), "{name}");
    }
}

/// Nobody's key is cut or rounded to another's, in whatever column it is looked for; what a column cannot hold is not there.
#[tokio::test]
async fn a_key_is_nobody_elses() {
    for (name, person, order, key, stands) in [
        ("cut", "varchar(20)", "varchar(4)", "ANNABELLA", ["ANNA", "ANNABELLA"]),
        ("rounded", "numeric", "numeric(5,0)", "1.5", ["2", "1.5"]),
        ("small", "bigint", "smallint", "70000", ["7", "70000"]),
        ("large", "bigint", "int", "5000000000", ["7", "5000000000"]),
    ] {
        let sql = format!(
            "CREATE TABLE person (id {person} PRIMARY KEY); INSERT INTO person VALUES ('{}'), ('{}');
             CREATE TABLE orders (id int PRIMARY KEY, who {order}); INSERT INTO orders VALUES (1, '{}');
             CREATE TABLE items (order_id int REFERENCES orders, text text);
             CREATE TABLE consents (who {order}, purpose text, status text, withdrawn_at timestamptz, UNIQUE (who, purpose));
             INSERT INTO consents VALUES ('{}', 'marketing', 'granted', NULL);",
            stands[0], stands[1], stands[0], stands[0],
        );
        let db = shared().database(&format!("keys_{name}"), &sql).brief();
        let mut client = db.superuser().await;
        let catalog = catalog::load(&client).await.unwrap();
        let policy = policy::from_toml(&catalog, TOML);
        let target = Target::of(&policy, &catalog, "person").unwrap();
        let withdrawn = record(&mut client, &target, key, &withdraw(), &mut |_| Ok(())).await.unwrap_err();
        let said = "the key does not fit public.consents.who, which is of type ";
        assert!(withdrawn.message.starts_with(said), "{name}: {}", withdrawn.message);
        let file = format!("subject,purpose,choice\n{key},marketing,withdrawn");
        let imported =
            import(&mut client, &target, file.as_bytes(), BadLines::Refuse, &mut |_| (), &mut |_| Ok(())).await;
        let said = match name {
            "small" | "large" => "a value does not fit its column's type or range (SQLSTATE 22003)",
            _ => "1 of 1 lines are bad; nothing was imported",
        };
        assert_eq!(imported.unwrap_err().message, said, "{name}");
        let erased = erase(&mut client, &policy, &catalog, "person", key, Run::ForGood, &mut |_| Ok(())).await.unwrap();
        let rows: Vec<(&str, u64)> = erased.tables.iter().map(|t| (t.table.as_str(), t.erased)).collect();
        assert_eq!(rows, [("public.items", 0), ("public.orders", 0), ("public.person", 1)], "{name}");
        assert_eq!(erased.choices, None, "{name}");
        assert_eq!(
            db.psql("SELECT (SELECT id FROM person) || ' ' || status FROM consents"),
            format!("{} granted", stands[0])
        );
    }
}

/// A key that the key's own column would cut or round is none.
#[tokio::test]
async fn a_key_that_its_column_would_change_is_refused() {
    for (name, ty, key, stands) in [
        ("varchar", "varchar(3)", "abcdef", "abc"),
        ("char", "char(4)", "ab  xx", "ab"),
        ("numeric", "numeric(5,0)", "1.5", "2"),
        ("domain", "short", "abcdef", "abc"),
        ("name", "name", "long", "short"),
        ("int", "int", "5000000000", "1"),
        ("bit", "bit(3)", "1011", "101"),
    ] {
        let sql = format!(
            "CREATE DOMAIN short AS varchar(3); CREATE TABLE person (id {ty} PRIMARY KEY); INSERT INTO person VALUES ('{stands}');
             CREATE TABLE orders (id int PRIMARY KEY, who {ty}); CREATE TABLE items (order_id int REFERENCES orders, text text);
             CREATE TABLE consents (who {ty}, purpose text, status text, withdrawn_at timestamptz, UNIQUE (who, purpose));"
        );
        let db = shared().database(&format!("keys_exact_{name}"), &sql).brief();
        let mut client = db.superuser().await;
        let catalog = catalog::load(&client).await.unwrap();
        let policy = policy::from_toml(&catalog, TOML);
        let target = Target::of(&policy, &catalog, "person").unwrap();
        let key = if key == "long" { "x".repeat(70) } else { key.to_owned() };
        let said = "the key does not fit public.person.id, which is of type ";
        let refused = record(&mut client, &target, &key, &withdraw(), &mut |_| Ok(())).await.unwrap_err();
        assert!(refused.message.starts_with(said), "{name}: {}", refused.message);
        let refused = erase(&mut client, &policy, &catalog, "person", &key, Run::ForGood, &mut |_| Ok(())).await;
        assert!(refused.as_ref().unwrap_err().message.starts_with(said), "{name}: {refused:?}");
        assert_eq!(db.psql("SELECT (SELECT count(*) FROM person) || ' ' || count(*) FROM consents"), "1 0", "{name}");
    }
}

fn withdraw() -> Choice {
    Choice {
        act: Act::Withdraw,
        purpose: "marketing".into(),
        channel: None,
        at: None,
        provenance: Provenance::default(),
    }
}
