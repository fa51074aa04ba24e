//! A consent table that the policy names as one only, written by an application with `record_consent`.

use crate::common::postgres::shared;
use crate::common::proxy::{Proxy, Served};

const SCHEMA: &str = "
CREATE TABLE members (id int PRIMARY KEY, mail text);
INSERT INTO members VALUES (1, 'ana@mail.example'), (2, 'ben@mail.example');
CREATE TABLE choices (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, member int REFERENCES members, purpose text, status text,
    withdrawn_at timestamptz, given_from inet DEFAULT '::1', UNIQUE (member, purpose));
INSERT INTO choices (member, purpose, status) VALUES (1, 'marketing', 'granted'), (2, 'marketing', 'granted');
CREATE TABLE seen (what text);
";

const POLICY: &str = r#"
open = ["public.seen"]
[subject.member]
table = "public.members"
key = "id"
[subject.member.consent]
table = "public.choices"
subject = "member"
purpose = "purpose"
status = "status"
granted = ["granted"]
withdrawn_at = "withdrawn_at"
[category]
email = "email"
[table."public.members"]
subject = { member = "id" }
columns = { id = "open", mail = "email" }
[purpose.marketing]
description = "Send offers"
basis = "consent"
shows = ["email"]
[role.app]
purposes = ["marketing"]
may = ["insert", "update", "delete", "derive", "record_consent"]
[role.reader]
purposes = ["marketing"]
may = ["read", "insert", "update", "delete", "derive"]
"#;

#[tokio::test]
async fn choices_that_no_table_lists_are_written_by_who_may_record_them() {
    let database = shared().database("writes_unlisted", SCHEMA);
    database.grant_to_upstream();
    let policy = std::env::temp_dir().join(format!("consentry-unlisted-{}.toml", std::process::id()));
    std::fs::write(&policy, POLICY).expect("policy");
    let served = [Served { name: "club", database: &database, policy: &policy }];
    let proxy = Proxy::start(&served, &[("app", "app"), ("rea", "reader")], "");
    let (app, reader) = (proxy.client("app", "club", None).await, proxy.client("rea", "club", Some("marketing")).await);
    let seen = async || -> Vec<i32> {
        let rows = reader.query("SELECT id FROM members ORDER BY id", &[]).await.expect("members");
        rows.iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(seen().await, [1, 2]);

    // A withdrawal counts from the next statement on.
    let withdraw = "UPDATE choices SET status = 'withdrawn', withdrawn_at = now() WHERE member = $1 RETURNING status, given_from::text";
    let row = app.query_one(withdraw, &[&1]).await.expect("withdrawn");
    assert_eq!((row.get::<_, &str>(0), row.get::<_, Option<&str>>(1)), ("withdrawn", None));
    assert_eq!(seen().await, [2]);
    let again = "INSERT INTO choices (member, purpose, status) VALUES ($1, 'marketing', 'granted') \
                 ON CONFLICT (member, purpose) DO UPDATE SET status = excluded.status, withdrawn_at = NULL RETURNING member";
    assert_eq!(app.query_one(again, &[&1]).await.expect("granted").get::<_, i32>(0), 1);
    assert_eq!(seen().await, [1, 2]);
    assert_eq!(app.execute("DELETE FROM choices WHERE member = 2", &[]).await.expect("deleted"), 1);
    assert_eq!(seen().await, [1]);
    app.batch_execute("MERGE INTO choices c USING (VALUES (2)) v (id) ON c.member = v.id WHEN NOT MATCHED THEN INSERT (member, purpose, status) VALUES (v.id, 'marketing', 'granted') WHEN MATCHED THEN DO NOTHING").await.expect("merged");
    assert_eq!(seen().await, [1, 2]);

    // Nobody else, and nothing but the written rows.
    let refused = async |client: &tokio_postgres::Client, sql: &str| {
        let error = client.batch_execute(sql).await.expect_err(sql);
        let error = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error:?}")).clone();
        (error.code().code().to_owned(), error.detail().unwrap_or_default().to_owned())
    };
    for (client, sql, rule) in [
        (&reader, withdraw, "right-missing"),
        (&reader, "DELETE FROM choices WHERE status = 'granted'", "right-missing"),
        (&reader, "INSERT INTO choices (member) VALUES (1) RETURNING status", "right-missing"),
        (&reader, "INSERT INTO seen SELECT status FROM choices", "table-not-listed"),
        (&app, "SELECT status FROM choices", "table-not-listed"),
        (&app, "UPDATE choices c SET status = o.status FROM choices o WHERE o.member <> c.member", "table-not-listed"),
        (&app, "DELETE FROM choices WHERE member IN (SELECT member FROM choices)", "table-not-listed"),
    ] {
        let (code, detail) = refused(client, &sql.replace("$1", "1")).await;
        assert!(code == "42501" && detail.starts_with(&format!("rule {rule}")), "{sql}: {code} {detail}");
    }
    // What another's choice is, PostgreSQL's errors do not say.
    let (code, detail) = refused(&app, "UPDATE choices SET member = 1 WHERE member = 2").await;
    assert_eq!((code.as_str(), detail.contains("marketing")), ("23505", false), "{detail}");
    std::fs::remove_file(&policy).expect("policy");
}
