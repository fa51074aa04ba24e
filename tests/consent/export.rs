//! The rights of access and portability: one JSON object with all that leads to a person, and nothing of anybody else.

use consentry::consent::export::{Json, export};
use consentry::relay::catalog;

use crate::common::postgres::shared;
use crate::policy;

const SQL: &str = r#"CREATE TABLE customers (id uuid PRIMARY KEY, name text, note jsonb, secret bytea);
    CREATE TABLE orders (no int PRIMARY KEY, customer uuid REFERENCES customers, total numeric(10,2));
    CREATE TABLE items (order_no int REFERENCES orders, text text);
    CREATE TABLE consents (who uuid, purpose text, channel text, status text, source text, address inet DEFAULT '192.0.2.7');
    INSERT INTO customers VALUES ('00000000-0000-0000-0000-000000000001', E'Ada "A" \\ \n', '{"a": [1, 2.50]}', '\x00ff'),
                                 ('00000000-0000-0000-0000-000000000002', 'SOMEBODYELSE', NULL, NULL);
    INSERT INTO orders VALUES (1, '00000000-0000-0000-0000-000000000001', 12.30), (2, '00000000-0000-0000-0000-000000000002', 4), (3, NULL, 5);
    INSERT INTO items VALUES (1, 'lamp'), (1, 'chair'), (2, 'SOMEBODYELSE'), (NULL, 'nobody');
    INSERT INTO consents VALUES ('00000000-0000-0000-0000-000000000001', 'marketing', 'email', 'granted', 'web form');"#;

const TOML: &str = r#"
category.identity = "null"
category.money = "null"
[subject.customer]
table = "public.customers"
key = "id"
[subject.customer.consent]
table = "public.consents"
subject = "who"
purpose = "purpose"
channel = "channel"
status = "status"
granted = ["granted"]
source = "source"
[table."public.customers"]
subject = { customer = "id" }
columns = { id = "open", name = "identity", note = "identity" }
[table."public.orders"]
subject = { customer = "customer" }
columns = { no = "open", customer = "open", total = "money" }
[table."public.items"]
subject = { via = "order_no -> public.orders.no" }
columns = { order_no = "open", text = "identity" }
[purpose.marketing]
description = "Send offers"
basis = "consent"
retention = "2 years"
shows = ["identity"]
[purpose.accounts]
description = "Keep the books"
basis = "legal_obligation"
shows = ["money"]
[role.partner]
purposes = ["marketing"]
recipient = "Adworks GmbH"
"#;

#[tokio::test]
async fn all_that_leads_to_a_person_and_nothing_else() {
    let db = shared().database("export", SQL).brief();
    let mut client = db.superuser().await;
    let catalog = catalog::load(&client).await.unwrap();
    let policy = policy::from_toml(&catalog, TOML);
    let accesses = serde_json::json!([{ "user": "clerk" }]);
    let mut out = Vec::new();
    let key = "00000000-0000-0000-0000-000000000001";
    let mut json = Json::to(&mut out);
    export(&mut client, &policy, &catalog, "customer", key, Some(accesses), &mut json).await.unwrap();
    let given: Vec<String> = json.given.iter().map(|count| format!("{} {}", count.table, count.rows)).collect();
    assert_eq!(given, ["public.consents 1", "public.customers 1", "public.items 2", "public.orders 1"]);

    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("SOMEBODYELSE") && !text.contains("nobody"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["subject"], serde_json::json!({ "kind": "customer", "key": key }));
    let [customers, items, orders] = &json["tables"].as_array().unwrap()[..] else { panic!("{text}") };
    // Unlisted columns too: the person may see what no purpose may.
    assert_eq!(
        customers["rows"],
        serde_json::json!([{ "id": key, "name": "Ada \"A\" \\ \n", "note": { "a": [1, 2.50] }, "secret": "\\x00ff" }])
    );
    let mut texts: Vec<_> = items["rows"].as_array().unwrap().iter().map(|r| r["text"].as_str().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["chair", "lamp"]);
    assert_eq!(orders["rows"].as_array().unwrap().len(), 1);
    assert!(text.contains("\"total\":12.30"), "numbers keep their digits");
    assert_eq!(
        (&customers["purposes"], &orders["purposes"]),
        (&serde_json::json!(["marketing"]), &serde_json::json!(["accounts"]))
    );
    assert_eq!(customers["categories"], serde_json::json!({ "name": "identity", "note": "identity" }));

    let marketing = &json["purposes"].as_array().unwrap().iter().find(|p| p["purpose"] == "marketing").unwrap();
    assert_eq!(marketing["recipients"], serde_json::json!(["Adworks GmbH"]));
    assert_eq!((&marketing["basis"], &marketing["retention"]), (&"consent".into(), &"2 years".into()));
    assert_eq!(
        marketing["allowed_now"],
        serde_json::json!({ "consent": true, "channels": ["email"], "objection": false })
    );
    assert_eq!(json["choices"][0]["source"], "web form");
    // What the policy maps nowhere is the person's too.
    assert_eq!(
        (&json["choice_rows"][0]["address"], json["choice_rows"].as_array().unwrap().len()),
        (&"192.0.2.7".into(), 1)
    );
    assert_eq!(json["accesses"][0]["user"], "clerk");
    assert!(json["accesses_are"].as_str().unwrap().contains("not in this list"), "{text}");
}

#[tokio::test]
async fn somebody_without_rows_gets_an_empty_answer() {
    let db = shared().database("export_nobody", SQL).brief();
    let mut client = db.superuser().await;
    let catalog = catalog::load(&client).await.unwrap();
    let policy = policy::from_toml(&catalog, TOML);
    let mut out = Vec::new();
    let key = "00000000-0000-0000-0000-00000000000F";
    let mut json = Json::to(&mut out);
    export(&mut client, &policy, &catalog, "customer", key, None, &mut json).await.unwrap();
    assert!(json.given.iter().all(|count| count.rows == 0));
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["subject"]["key"], key.to_lowercase());
    assert!(json.get("accesses_are").is_none(), "nor is there a list");
    let (mut out, key) = (Vec::new(), "42");
    let wrong =
        export(&mut client, &policy, &catalog, "customer", key, None, &mut Json::to(&mut out)).await.unwrap_err();
    assert!(wrong.message.contains("does not fit"), "{wrong}");
}

/// A row is the whole of it, whatever its columns are called.
#[tokio::test]
async fn a_column_takes_no_rows_place() {
    for (name, ty, value) in [("composite", "pair", "(7,x)"), ("number", "int", "4"), ("json", "jsonb", "{}")] {
        let sql = format!(
            "{SQL} CREATE TYPE pair AS (a int, b text); ALTER TABLE customers ADD t {ty} DEFAULT '{value}', ADD customers int DEFAULT 8;"
        );
        let db = shared().database(&format!("export_{name}"), &sql).brief();
        let mut client = db.superuser().await;
        let catalog = catalog::load(&client).await.unwrap();
        let policy = policy::from_toml(&catalog, TOML);
        let (mut out, key) = (Vec::new(), "00000000-0000-0000-0000-000000000001");
        export(&mut client, &policy, &catalog, "customer", key, None, &mut Json::to(&mut out)).await.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let row = json["tables"][0]["rows"][0].as_object().unwrap();
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        assert_eq!(columns, ["id", "name", "note", "secret", "t", "customers"], "{name}: {row:?}");
    }
}
