//! Retention of rows that refer to each other: they go together, whatever the batch, and stay as long as one must.

use consentry::consent::retention::{apply, foresee};

use crate::whole::{Case, toml};

const PAST: &str = "retention = { since = 'seen', keep = '1 year' }";

/// Each person lives somewhere, and each home is somebody's.
const HOMES: &str = "ALTER TABLE person ADD home int;
    CREATE TABLE home (id int PRIMARY KEY, owner int REFERENCES person, street text, seen date DEFAULT '2001-01-01');
    INSERT INTO home SELECT id + 10, id, 's' || id FROM person; UPDATE person SET home = id + 10;
    ALTER TABLE person ADD FOREIGN KEY (home) REFERENCES home DEFERRABLE;";
const OF_HOMES: &str = "[table.'public.home']\nsubject = { person = 'owner' }\nretention = { since = 'seen', keep = '1 year' }\n\
    columns = { id = 'open', owner = 'open', street = 'identity', seen = 'open' }\n";
/// One after the other, and back to the first.
const TWINS: &str = "ALTER TABLE person ADD home int REFERENCES person; UPDATE person SET home = id % 3 + 1;";

#[tokio::test]
async fn rows_of_a_circle_go_together() {
    for (name, sql, more) in [("homes", HOMES, OF_HOMES), ("twins", TWINS, "")] {
        for batch in [1, 2, 100] {
            let toml = toml("", PAST, ", home = 'open'", more);
            let case = Case::new(&format!("circle_{name}_{batch}"), sql, &toml).await;
            let (policy, catalog) = (&case.policy, &case.catalog);
            let foreseen = foresee(&mut case.client().await, policy, catalog).await.unwrap();
            let applied = apply(&mut case.client().await, policy, catalog, batch, &mut |_| Ok(())).await.unwrap();
            assert_eq!(applied, foreseen, "{name} {batch}");
            assert_eq!(case.count("person"), "0", "{name} {batch}: {applied:?}");
        }
    }
}

#[tokio::test]
async fn one_row_that_must_stay_keeps_those_that_it_needs() {
    for batch in [1, 100] {
        let sql = format!("{HOMES} UPDATE home SET seen = current_date WHERE owner = 3;");
        let case =
            Case::new(&format!("circle_stays_{batch}"), &sql, &toml("", PAST, ", home = 'open'", OF_HOMES)).await;
        let (policy, catalog) = (&case.policy, &case.catalog);
        let foreseen = foresee(&mut case.client().await, policy, catalog).await.unwrap();
        let applied = apply(&mut case.client().await, policy, catalog, batch, &mut |_| Ok(())).await.unwrap();
        assert_eq!(applied, foreseen, "{batch}");
        assert_eq!(case.db.psql("SELECT id FROM person"), "3");
        assert_eq!(case.db.psql("SELECT id, street FROM home"), "13|s3");
    }
}
