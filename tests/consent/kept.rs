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
    assert!(erased.emptied[0].rows == 1 && failed.contains("23514"), "{failed}");
    assert_eq!(case.db.psql("SELECT name, nick FROM person WHERE id = 1"), "n1|", "all else is emptied");
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

const X: &str = "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
    [subject.person]\ntable = 'public.person'\nkey = 'id'\n\
    [table.'public.person']\nsubject = { person = 'id' }\nretention = { since = 'seen', keep = '1 year' }\n\
    columns = { id = 'open', name = 'identity', mail = 'identity', plan = 'identity', seen = 'open' }\n\
    [table.'public.line']\nsubject = { person = 'who' }\ncolumns = { who = 'open', body = 'identity' }\n";

/// What one column or row cannot be is no reason to keep the others, be it told at once or at the end of the transaction.
#[tokio::test]
async fn what_can_be_emptied_is_emptied() {
    let late = "DEFERRABLE INITIALLY DEFERRED";
    let wants = |mail: &str| {
        format!(
            "CREATE FUNCTION wants() RETURNS trigger LANGUAGE plpgsql AS
                 $$BEGIN IF new.mail = '' AND {mail} THEN RAISE 'no'; END IF; RETURN NULL; END$$;
             CREATE CONSTRAINT TRIGGER wants AFTER UPDATE ON person {late} FOR EACH ROW EXECUTE FUNCTION wants();"
        )
    };
    for (name, more, key, stored, code) in [
        ("unique", "ALTER TABLE person ADD UNIQUE (mail);".to_owned(), "23505", "1||m1|\n2|||\n3||m3|", "3"),
        ("unique_late", format!("ALTER TABLE person ADD UNIQUE (mail) {late};"), "23505", "1||m1|\n2|||\n3||m3|", "3"),
        ("check", "ALTER TABLE person ADD CHECK (id <> 1 OR mail <> '');".to_owned(), "23514", "1||m1|\n2|||\n3|||", "1"),
        ("late", wants("new.id = 3"), "P0001", "1|||\n2|||\n3||m3|", "3"),
        // A plan that is not there.
        (
            "reference",
            "CREATE TABLE plan (id int PRIMARY KEY); INSERT INTO plan VALUES (7); ALTER TABLE person ALTER plan SET DEFAULT 99;
             UPDATE person SET plan = 7; ALTER TABLE person ALTER plan SET NOT NULL, ADD FOREIGN KEY (plan) REFERENCES plan;"
                .to_owned(),
            "23503",
            "1|||7\n2|||7\n3|||7",
            "1",
        ),
    ] {
        let sql = format!(
            "CREATE TABLE person (id int PRIMARY KEY, name text, mail text NOT NULL DEFAULT '', plan int, seen date DEFAULT '2001-01-01');
             CREATE TABLE shadow (pid int REFERENCES person); CREATE TABLE line (who int, body text);
             INSERT INTO person SELECT n, 'n' || n, CASE n WHEN 2 THEN '' ELSE 'm' || n END FROM generate_series(1, 3) n;
             INSERT INTO shadow SELECT id FROM person; INSERT INTO line SELECT id, 'b' FROM person; {more}"
        );
        let case = Case::new(&format!("far_{name}"), &sql, X).await;
        let mut client = case.db.superuser().await;
        let applied = apply(&mut client, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await.unwrap();
        let told = &applied.emptied[0];
        assert!(told.rows == 3 && told.failed.as_deref().unwrap().contains(key), "{name}: {told:?}");
        assert_eq!(case.db.psql("SELECT id, name, mail, plan FROM person ORDER BY id"), stored, "{name}");

        let case = Case::new(&format!("far_one_{name}"), &sql, X).await;
        let erased = case.erase(code).await;
        let told = &erased.emptied[0];
        assert!(told.rows == 1 && told.failed.as_deref().unwrap().contains(key), "{name}: {told:?}");
        let row = stored.lines().nth(code.parse::<usize>().unwrap() - 1).unwrap();
        assert_eq!(case.db.psql(&format!("SELECT id, name, mail, plan FROM person WHERE id = {code}")), row, "{name}");
        assert_eq!(case.db.psql("SELECT count(*) FROM line"), "2", "all else is done: {name}");
        let again = case.erase(code).await;
        assert!(again.emptied[0].rows == 0 && again.emptied[0].failed == told.failed, "{name}: {again:?}");
    }
}

/// What is wanted of several columns, or rows of several tables, is there when all are emptied.
#[tokio::test]
async fn what_is_wanted_of_all_at_once_is_given() {
    let sql = "CREATE TABLE person (id int PRIMARY KEY, name text, mail text, plan text, seen date, CHECK ((name IS NULL) = (mail IS NULL)),
             CHECK (id <> 1 OR plan IS NOT NULL));
         CREATE TABLE line (id int PRIMARY KEY, who int REFERENCES person, body text);
         CREATE TABLE shadow (pid int REFERENCES line);
         INSERT INTO person SELECT n, 'n', 'm', 'p' FROM generate_series(1, 2) n; INSERT INTO line SELECT id, id, 'b' FROM person;
         INSERT INTO shadow SELECT id FROM line;
         CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
             IF (SELECT count(*) FROM public.line JOIN public.person ON who = person.id AND (name IS NULL) <> (body IS NULL)) > 0
             THEN RAISE 'no'; END IF; RETURN NULL; END$$;
         CREATE CONSTRAINT TRIGGER same AFTER UPDATE ON person DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION same();
         CREATE CONSTRAINT TRIGGER same AFTER UPDATE ON line DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION same();";
    let case = Case::new("at_once", sql, X).await;
    let erased = case.erase("2").await;
    assert!(erased.emptied.iter().all(|e| e.rows == 1 && e.failed.is_none()), "{erased:?}");
    case.db.psql("DROP TRIGGER same ON person; DROP TRIGGER same ON line");
    let erased = case.erase("1").await;
    assert_eq!(
        erased.emptied.iter().map(|e| (e.rows, e.failed.is_some())).collect::<Vec<_>>(),
        [(1, false), (1, true)]
    );
    let stored = "1|||p|\n2||||";
    assert_eq!(
        case.db.psql("SELECT person.id, name, mail, plan, body FROM person JOIN line ON who = person.id ORDER BY 1"),
        stored
    );
}
