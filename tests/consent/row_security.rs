//! Row-level security of the login hides no row from an erasure: PostgreSQL refuses instead.

use consentry::consent::erasure::{Run, erase};
use consentry::consent::export::{Json, export, is_known};
use consentry::consent::retention::{apply, foresee, report};

use crate::whole::{Case, OF_ORDERS, ORDERS, toml};

#[tokio::test]
async fn nothing_is_erased_where_row_security_would_hide_rows() {
    let sql = format!(
        "{ORDERS}CREATE ROLE hidden_from; GRANT ALL ON ALL TABLES IN SCHEMA public TO hidden_from;
         ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON orders USING (id < 20);"
    );
    // The orders go along, or are listed themselves.
    for (name, orders) in [("along", ""), ("listed", OF_ORDERS)] {
        let sql = sql.replace("hidden_from", &format!("hidden_from_{name}"));
        let person = "retention = { since = 'seen', keep = '1 year' }";
        let orders = orders.replace("columns", "retention = { since = 'seen', keep = '1 year' }\ncolumns");
        let case = Case::new(&format!("rls_{name}"), &sql, &toml("", person, "", &orders)).await;
        let mut client = case.client().await;
        client.batch_execute(&format!("SET ROLE hidden_from_{name}")).await.unwrap();
        let (policy, catalog) = (&case.policy, &case.catalog);
        let said = [
            erase(&mut client, policy, catalog, "person", "3", Run::ForGood, &mut |_| Ok(())).await.unwrap_err(),
            {
                client.batch_execute("DISCARD TEMP").await.unwrap();
                foresee(&mut client, policy, catalog).await.unwrap_err()
            },
            {
                client.batch_execute("DISCARD TEMP").await.unwrap();
                apply(&mut client, policy, catalog, 10, &mut |_| Ok(())).await.unwrap_err()
            },
        ];
        for said in said {
            let expected = "query would be affected by row-level security policy for table \"orders\" (SQLSTATE 42501";
            assert!(said.message.contains(expected), "{name}: {said}");
            assert!(said.hint.as_deref().is_some_and(|h| h.contains("--admin-url")), "{name}: {said}");
        }
        let reported = report(&client, policy, catalog).await;
        assert_eq!(reported.is_err(), name == "listed", "{reported:?}");
        assert_eq!((case.count("orders"), case.count("person")), ("2".into(), "3".into()), "{name}");
    }
}

/// Nor from a person's copy, whatever else is in it.
#[tokio::test]
async fn nothing_is_exported_where_row_security_would_hide_rows() {
    let sql = format!(
        "{ORDERS}CREATE ROLE copies_few; GRANT ALL ON ALL TABLES IN SCHEMA public TO copies_few;
         ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON orders USING (id < 20);"
    );
    let case = Case::new("rls_export", &sql, &toml("", "", "", OF_ORDERS)).await;
    let mut client = case.client().await;
    client.batch_execute("SET ROLE copies_few").await.unwrap();
    let (policy, catalog) = (&case.policy, &case.catalog);
    let expected = "query would be affected by row-level security policy for table \"orders\" (SQLSTATE 42501";
    // Somebody of whom only hidden rows could tell is not nobody.
    let known = is_known(&client, policy, catalog, "person", "77").await.unwrap_err();
    assert!(known.message.contains(expected), "{known}");
    client.batch_execute("RESET row_security").await.unwrap();
    let mut out = Vec::new();
    let said = export(&mut client, policy, catalog, "person", "3", None, &mut Json::to(&mut out)).await.unwrap_err();
    assert!(said.message.contains(expected), "{said}");
    assert!(said.hint.as_deref().is_some_and(|h| h.contains("--admin-url")), "{said}");
}
