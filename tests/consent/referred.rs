//! What other rows refer to is not emptied: they would be changed with it, or keep it from being done.

use consentry::consent::retention::{apply, foresee, report};

use crate::whole::{Case, toml};

/// A held note refers to the name too, and so does what a person objects to.
#[tokio::test]
async fn a_column_that_foreign_keys_refer_to_is_not_emptied() {
    let retention = "erase = 'null'\nretention = { since = 'seen', keep = '1 year' }";
    for (n, action) in ["NO ACTION", "SET NULL", "SET DEFAULT", "CASCADE"].into_iter().enumerate() {
        let sql = format!(
            "ALTER TABLE person ADD UNIQUE (id, name);
             CREATE TABLE note (pid int, pname text, body text, FOREIGN KEY (pid, pname) REFERENCES person (id, name) ON UPDATE {action});
             INSERT INTO note VALUES (3, 'Cy', 'secret');"
        );
        let case = Case::new(&format!("referred_{n}"), &sql, &toml("", retention, "", "")).await;
        let why = "public.person cannot be emptied: foreign key note_pid_pname_fkey of public.note refers to name";
        case.refused(why).await;
        let (policy, catalog) = (&case.policy, &case.catalog);
        let foreseen = foresee(&mut case.client().await, policy, catalog).await.unwrap();
        assert!(foreseen.problems.iter().any(|p| p.contains(why)), "{action}: {foreseen:?}");
        let applied = apply(&mut case.client().await, policy, catalog, 1, &mut |_| Ok(())).await.unwrap();
        assert!(applied.problems.iter().any(|p| p.contains(why)), "{action}: {applied:?}");
        assert_eq!(case.db.psql("SELECT * FROM note"), "3|Cy|secret", "{action}");
    }
}

/// To PostgreSQL a row with a null in it is neither null nor not null.
#[tokio::test]
async fn a_composite_value_with_a_null_in_it_is_emptied() {
    let retention = "erase = 'null'\nretention = { since = 'seen', keep = '1 year' }";
    let sql = "CREATE TYPE home AS (street text, zip text); ALTER TABLE person ADD home home;
        UPDATE person SET name = NULL, reason = NULL; UPDATE person SET home = ROW('Secret street 1', NULL) WHERE id = 3;";
    for erases in [true, false] {
        let case =
            Case::new(&format!("composite_{erases}"), sql, &toml("", retention, ", home = 'identity'", "")).await;
        let (policy, catalog) = (&case.policy, &case.catalog);
        let reported = report(&case.client().await, policy, catalog).await.unwrap();
        assert_eq!(reported.iter().find(|t| t.table == "public.person").unwrap().past, 1);
        if erases {
            let erased = case.erase().await.unwrap();
            assert_eq!(erased.tables.iter().find(|t| t.table == "public.person").unwrap().erased, 1, "{erased:?}");
        } else {
            let applied = apply(&mut case.client().await, policy, catalog, 1, &mut |_| Ok(())).await.unwrap();
            assert_eq!(applied.nulled[0].rows, 1, "{applied:?}");
        }
        assert_eq!(case.count("person WHERE home IS DISTINCT FROM NULL"), "0");
    }
}
