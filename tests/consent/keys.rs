//! A key leads to the same rows here as in visible tables, whatever its type calls equal.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::erasure::{Run, erase};
use consentry::consent::export::is_known;
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
        let withdraw = Choice {
            act: Act::Withdraw,
            purpose: "marketing".into(),
            channel: None,
            at: None,
            provenance: Provenance::default(),
        };
        record(&mut client, &target, key, &withdraw, &mut |_| Ok(())).await.unwrap();
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
