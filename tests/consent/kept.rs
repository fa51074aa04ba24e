//! What cannot be deleted loses what it says of a person, unless a legal hold hangs on it.

use consentry::consent::erasure::{Erased, Run, erase};
use consentry::consent::kept::Emptied;
use consentry::consent::retention::{Applied, apply, foresee};
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::cli::Home;
use crate::common::postgres::{Database, shared};
use crate::policy;

struct Case {
    db: Database<'static>,
    catalog: Catalog,
    policy: Policy,
}

impl Case {
    async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let db = shared().database(&format!("kept_{name}"), sql).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::from_toml(&catalog, toml);
        Self { db, catalog, policy }
    }

    /// It does what its dry run says.
    async fn erase(&self, key: &str) -> Erased {
        let mut done = Vec::new();
        for run in [Run::Dry, Run::ForGood] {
            let mut client = self.db.superuser().await;
            done.push(
                erase(&mut client, &self.policy, &self.catalog, "person", key, run, &mut |_| Ok(())).await.unwrap(),
            );
        }
        assert_eq!(done[0], done[1]);
        done.remove(1)
    }

    /// Likewise.
    async fn apply(&self) -> Applied {
        let foreseen = foresee(&mut self.db.superuser().await, &self.policy, &self.catalog).await.unwrap();
        let mut client = self.db.superuser().await;
        let applied = apply(&mut client, &self.policy, &self.catalog, 1, &mut |_| Ok(())).await.unwrap();
        assert_eq!(foreseen, applied);
        applied
    }

    fn people(&self) -> String {
        self.db.psql("SELECT id, name, mail, nick, seen, ssn FROM person ORDER BY id")
    }
}

/// `shadow` is a table that no policy knows; claims (maybe held) hang on letters, these on people.
fn sql(more: &str) -> String {
    format!(
        "CREATE TABLE person (id int PRIMARY KEY, name text, mail text UNIQUE, nick text NOT NULL DEFAULT '', ssn text NOT NULL,
             seen date DEFAULT '2001-01-01', extra text, upper_name text GENERATED ALWAYS AS (upper(name)) STORED {more});
         CREATE TABLE shadow (pid int REFERENCES person, mail text REFERENCES person (mail));
         CREATE TABLE letter (id int PRIMARY KEY, about int REFERENCES person ON DELETE SET NULL);
         CREATE TABLE claim (letter int REFERENCES letter, held boolean NOT NULL);
         INSERT INTO person (id, name, mail, nick, ssn) SELECT n, 'n' || n, 'm' || n, 'k' || n, 's' || n FROM generate_series(1, 4) n;
         INSERT INTO shadow VALUES (1, 'm4'); INSERT INTO letter VALUES (20, 2), (30, 3); INSERT INTO claim VALUES (20, true), (30, false);"
    )
}

const TOML: &str = "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
    [subject.person]\ntable = 'public.person'\nkey = 'id'\n\
    [table.'public.person']\nsubject = { person = 'id' }\nretention = { since = 'seen', keep = '1 year' }\n\
    columns = { id = 'open', name = 'identity', mail = 'identity', nick = 'identity', ssn = 'identity', seen = 'identity', upper_name = 'identity' }\n\
    [table.'public.letter']\nsubject = { person = 'about' }\ncolumns = { id = 'open', about = 'identity' }\n\
    [table.'public.claim']\nhold_when = 'held'\ncolumns = { letter = 'open', held = 'open' }";

/// What is left: a unique column that others refer to, the date that says when it goes, what no policy knows, and, not so well,
/// one that must have a value.
fn emptied(rows: u64) -> Vec<Emptied> {
    let left = ["mail", "seen", "extra"].map(str::to_owned).to_vec();
    let failed = Some("ssn is NOT NULL and has no default that is the same for every row".to_owned());
    vec![Emptied { table: "public.person".into(), rows, left, failed }]
}

#[tokio::test]
async fn retention_empties_what_it_cannot_delete() {
    let case = Case::new("retention", &sql(""), TOML).await;
    // 1 and 4 are referred to by a shadow, 2 and 3 by letters, on 2's of which a hold hangs.
    let applied = case.apply().await;
    assert_eq!((applied.deleted, applied.emptied), (vec![], emptied(3)));
    let stored = "1||m1||2001-01-01|s1\n2|n2|m2|k2|2001-01-01|s2\n3||m3||2001-01-01|s3\n4||m4||2001-01-01|s4";
    assert_eq!(case.people(), stored);
    let again = case.apply().await;
    assert_eq!((again.emptied, again.blocked), (emptied(0), applied.blocked), "what is left is told again");
    case.db.psql("DELETE FROM claim; DELETE FROM letter; DELETE FROM shadow");
    assert_eq!(case.apply().await.deleted[0].rows, 4);
}

#[tokio::test]
async fn erasure_empties_what_it_cannot_delete() {
    let case = Case::new("erasure", &sql(""), TOML).await;
    for (key, expected) in [("1", emptied(1)), ("2", vec![]), ("3", emptied(1)), ("4", emptied(1))] {
        let erased = case.erase(key).await;
        assert_eq!(erased.emptied, expected, "{key}: {erased:?}");
    }
    let stored = "1||m1||2001-01-01|s1\n2|n2|m2|k2|2001-01-01|s2\n3||m3||2001-01-01|s3\n4||m4||2001-01-01|s4";
    assert_eq!(case.people(), stored);
}

/// What the database wants of a row is not known here: it says so, and the rest is done.
#[tokio::test]
async fn a_row_that_the_database_wants_whole_stays_so() {
    let case = Case::new("whole", &sql(", CHECK (name IS NOT NULL)"), TOML).await;
    case.db.psql("DELETE FROM claim; INSERT INTO letter VALUES (10, 1)");
    let erased = case.erase("1").await;
    assert_eq!(erased.tables.iter().map(|t| t.erased).collect::<Vec<_>>(), [1, 0], "{erased:?}");
    let failed = erased.emptied[0].failed.as_deref().unwrap();
    assert!(erased.emptied[0].rows == 0 && failed.contains("23514"), "{failed}");
    assert_eq!(case.db.psql("SELECT name FROM person WHERE id = 1"), "n1");
}

/// What stays because others need it is emptied, told and on record.
#[test]
fn what_cannot_be_deleted_is_told_to_be_emptied() {
    let home = Home::new("kept");
    home.db.psql("CREATE TABLE shadow (who bigint REFERENCES customers); INSERT INTO shadow VALUES (2), (1); ALTER TABLE customers ADD extra text");
    home.db.grant_to_upstream();
    let kept = "public.customers: 1 rows kept, rows of public.shadow that stay refer to them\n";
    let rest = |be: &str, left: &str| {
        format!(
            "{kept}public.customers: 1 of the rows kept {be}nulled, as they cannot be deleted\n  left as they are: {left}\n"
        )
    };
    let dry = home.well(&["subject", "erase", "--key", "2", "--dry-run"]);
    assert!(dry.ends_with(&rest("would be ", "extra")), "{dry}");
    let erased = home.well(&["subject", "erase", "--key", "2"]);
    assert!(erased.ends_with(&rest("", "extra")), "{erased}");
    let dry = home.well(&["retention", "apply", "--dry-run"]);
    assert_eq!(dry, format!("nothing to delete\n{}", rest("would be ", "extra")));
    let applied = home.well(&["retention", "apply"]);
    assert_eq!(applied, format!("nothing to delete\n{}", rest("", "extra")));
    assert_eq!(home.db.psql("SELECT id FROM customers WHERE name IS NULL ORDER BY id"), "1\n2");
    let erasure = "erasure: public.orders deleted 1, public.customers nulled 1, public.customers kept 1";
    assert_eq!(home.on_record(), [erasure, "retention: public.customers nulled 1"]);
}

/// A row that is kept and that the same sweep changes (its foreign key lets go, a trigger writes beside) is found again.
#[tokio::test]
async fn what_is_kept_and_changed_meanwhile_is_emptied() {
    let note = "CREATE TABLE note (id int PRIMARY KEY, about int, body text, seen date DEFAULT '2001-01-01');
        INSERT INTO note VALUES (0, NULL, 'none', NULL), (10, 1, 'n10', '2001-01-01'), (40, 4, 'n40', '2001-01-01');";
    let toml = TOML.replace("seen = 'identity', ", "seen = 'identity', last = 'open', ")
        + "\n[table.'public.note']\nsubject = { person = 'about' }\nretention = { since = 'seen', keep = '1 year' }\n\
           columns = { id = 'open', about = 'open', body = 'identity', seen = 'open' }";
    let more = ", last int DEFAULT 0 REFERENCES note ON DELETE";
    let trigger = "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            UPDATE public.person SET extra = 'had notes' WHERE id = old.about; RETURN NULL; END$$;
        CREATE TRIGGER touch AFTER DELETE ON note FOR EACH ROW EXECUTE FUNCTION touch();";
    for (name, also) in [("SET NULL", ""), ("SET DEFAULT", ""), ("NO ACTION", trigger)] {
        let sql =
            format!("{note}{}UPDATE person SET last = id * 10 WHERE id IN (1, 4);", sql(&format!("{more} {name}")));
        let sql = if also.is_empty() { sql } else { sql.replace("SET last = id * 10", "SET last = 0") + also };
        for by in ["erase", "apply"] {
            let case = Case::new(&format!("changed_{by}_{}", name.replace(' ', "_")), &sql, &toml).await;
            let emptied = match by {
                "erase" => case.erase("1").await.emptied,
                _ => case.apply().await.emptied,
            };
            assert_eq!(emptied[0].rows, if by == "erase" { 1 } else { 3 }, "{name}: {emptied:?}");
            assert_eq!(
                case.db.psql("SELECT name IS NULL, last FROM person WHERE id = 1"),
                match name {
                    "SET NULL" => "t|",
                    _ => "t|0",
                }
            );
        }
    }
}
