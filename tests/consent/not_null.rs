//! What cannot be null is emptied to its default, also where all else of the row is null.

use consentry::consent::retention::{apply, foresee, report};

use crate::cli::Home;
use crate::whole::{Case, OF_ORDERS, ORDERS, toml};

/// Defaults of several types, one that has to be cut to its column's length.
const COLUMNS: &str = "ALTER TABLE person ADD nick varchar(9) NOT NULL DEFAULT '-', ADD age numeric(5, 2) NOT NULL DEFAULT 0,
        ADD tags text[] NOT NULL DEFAULT '{}', ADD notes json NOT NULL DEFAULT '{}', ADD code char(4) NOT NULL DEFAULT lower('X');
    UPDATE person SET name = NULL, reason = NULL; UPDATE person SET nick = 'Cyx' WHERE id = 3;";
const LISTED: &str = ", nick = 'identity', age = 'identity', tags = 'identity', notes = 'identity', code = 'identity'";

#[tokio::test]
async fn what_cannot_be_null_is_emptied_by_itself() {
    let retention = "erase = 'null'\nretention = { since = 'seen', keep = '1 year' }";
    for (column, value) in [("nick", "Cyx"), ("age", "7"), ("tags", "{a}"), ("notes", "[]"), ("code", "y")] {
        let set = format!("UPDATE person SET nick = '-'; UPDATE person SET {column} = '{value}' WHERE id = 3;");
        let sql = format!("{ORDERS}{COLUMNS}{set}");
        let case = Case::new(&format!("nn_{column}"), &sql, &toml("", retention, LISTED, OF_ORDERS)).await;
        let is_set = format!("person WHERE {column}::text IN ('{value}', '7.00', 'y   ')");
        assert_eq!(case.count(&is_set), "1", "{column}");
        let (policy, catalog) = (&case.policy, &case.catalog);
        let reported = report(&case.client().await, policy, catalog).await.unwrap();
        assert_eq!(reported.iter().find(|t| t.table == "public.person").unwrap().past, 1, "{column}");
        let foreseen = foresee(&mut case.client().await, policy, catalog).await.unwrap();
        assert_eq!(foreseen.nulled[0].rows, 1, "{column}");
        if column == "age" {
            let applied = apply(&mut case.client().await, policy, catalog, 1, &mut |_| Ok(())).await.unwrap();
            assert_eq!(applied, foreseen, "{column}");
        } else {
            let erased = case.erase().await.unwrap();
            assert_eq!(erased.tables.iter().find(|t| t.table == "public.person").unwrap().erased, 1, "{erased:?}");
        }
        assert_eq!(case.count(&is_set), "0", "{column}");
        assert!(foresee(&mut case.client().await, policy, catalog).await.unwrap().nulled.is_empty(), "{column}");
    }
}

/// A row that is kept, and one that its foreign key lets go of.
#[tokio::test]
async fn no_row_keeps_what_cannot_be_null() {
    let shadow = "CREATE TABLE shadow (pid int REFERENCES person); INSERT INTO shadow VALUES (3);";
    let case = Case::new("nn_kept", &format!("{ORDERS}{COLUMNS}{shadow}"), &toml("", "", LISTED, OF_ORDERS)).await;
    let erased = case.erase().await.unwrap();
    assert_eq!((erased.emptied[0].rows, case.count("person WHERE nick = 'Cyx'")), (1, "0".into()), "{erased:?}");

    let note = "CREATE TABLE note (id int PRIMARY KEY, person_id int REFERENCES person ON DELETE SET NULL, body text,
            title text NOT NULL DEFAULT '');
        INSERT INTO note VALUES (1, 3, NULL, 'secret'), (2, 1, NULL, 'other');";
    // Or one of which nothing can be null.
    for body in ["identity", "open"] {
        let of_notes = format!(
            "{OF_ORDERS}[table.'public.note']\nsubject = {{ person = 'person_id' }}\nerase = 'null'\n\
             columns = {{ id = 'open', person_id = 'open', body = '{body}', title = 'identity' }}\n"
        );
        let case =
            Case::new(&format!("nn_note_{body}"), &format!("{ORDERS}{note}"), &toml("", "", "", &of_notes)).await;
        case.erase().await.unwrap();
        assert_eq!(case.db.psql("SELECT id, person_id, title FROM note ORDER BY id"), "1||\n2|1|other");
        assert_eq!(case.count("person WHERE id = 3"), "0");
    }
}

/// It cannot be seen of such a column whether it was emptied: a table with one is not nulled.
#[tokio::test]
async fn a_default_that_differs_does_not_tell() {
    let retention = "erase = 'null'\nretention = { since = 'seen', keep = '1 year' }";
    let refused = "public.person cannot be emptied: code is NOT NULL and has no default that is the same for every row";
    for (name, default) in [
        ("now", "now()"),
        ("uuid", "gen_random_uuid()"),
        ("sequence", "nextval('seq')"),
        ("user", "current_user"),
        ("volatile", "f()"),
    ] {
        let function = "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'a'$$; CREATE SEQUENCE seq;";
        let case = Case::new(&format!("nn_{name}"), &coded(function, default), &toml("", retention, CODE, "")).await;
        case.refused(refused).await;
        let (policy, catalog) = (&case.policy, &case.catalog);
        let applied = apply(&mut case.client().await, policy, catalog, 10, &mut |_| Ok(())).await.unwrap();
        assert!(applied.problems[0].contains(refused), "{name}: {applied:?}");
        assert_eq!(report(&case.client().await, policy, catalog).await.unwrap()[1].past, 3, "{name}");
        assert_eq!(case.count("person WHERE code LIKE 'c_'"), "3", "{name}");
    }
}

const CODE: &str = ", code = 'identity'";

/// People of whom nothing is known but a code.
fn coded(before: &str, default: &str) -> String {
    format!(
        "{before} ALTER TABLE person ADD code text; UPDATE person SET name = NULL, reason = NULL, code = 'c' || id;
         ALTER TABLE person ALTER code SET NOT NULL, ALTER code SET DEFAULT {default};"
    )
}

/// A row that is kept keeps it, which is told each time; all else is emptied.
#[tokio::test]
async fn what_does_not_tell_is_told_to_stay() {
    let shadow = "CREATE TABLE shadow (pid int REFERENCES person); INSERT INTO shadow SELECT id FROM person;";
    let person = "retention = { since = 'seen', keep = '1 year' }";
    let sql = format!("{}UPDATE person SET name = 'Cy' WHERE id = 3;", coded(shadow, "gen_random_uuid()"));
    let case = Case::new("nn_stays", &sql, &toml("", person, CODE, "")).await;
    let why = "code is NOT NULL and has no default that is the same for every row";
    for rows in [1, 0] {
        let erased = case.erase().await.unwrap();
        assert_eq!((erased.emptied[0].rows, erased.emptied[0].failed.as_deref()), (rows, Some(why)), "{erased:?}");
        assert_eq!(case.db.psql("SELECT name IS NULL, code FROM person WHERE id = 3"), "t|c3");
    }
    let (policy, catalog) = (&case.policy, &case.catalog);
    let foreseen = foresee(&mut case.client().await, policy, catalog).await.unwrap();
    let applied = apply(&mut case.client().await, policy, catalog, 1, &mut |_| Ok(())).await.unwrap();
    assert_eq!((applied.emptied[0].failed.as_deref(), &applied), (Some(why), &foreseen));
}

#[test]
fn check_tells_of_what_an_erasure_refuses() {
    let home = Home::new("nn_check");
    home.db.psql("ALTER TABLE customers ADD code text NOT NULL DEFAULT now()");
    let policy = std::fs::read_to_string(home.path().join("policy.toml")).unwrap();
    let policy = policy.replace(r#"subject = { customer = "id" }"#, "subject = { customer = 'id' }\nerase = 'null'");
    std::fs::write(home.path().join("policy.toml"), policy.replace("seen = ", "code = 'identity', seen = ")).unwrap();
    let told = String::from_utf8(home.run(&["check"]).stderr).unwrap();
    let why = "code is NOT NULL and has no default that is the same for every row\n  help: allow nulls there";
    assert!(told.contains(&format!("warning: database crm: public.customers cannot be emptied: {why}")), "{told}");
    let function = "CREATE FUNCTION g() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;";
    home.db.psql(&format!("{function} ALTER TABLE customers ALTER code SET DEFAULT g()"));
    let told = String::from_utf8(home.run(&["check"]).stderr).unwrap();
    assert!(told.contains("code is NOT NULL and its default cannot be computed: a trigger or function"), "{told}");
    home.db.psql("ALTER TABLE customers ALTER code SET DEFAULT ''");
    let told = String::from_utf8(home.run(&["check"]).stderr).unwrap();
    assert!(!told.contains("cannot be emptied"), "{told}");
}

/// Defaults that cannot be computed as this login is, or at all; where nothing is to be emptied, none is.
#[tokio::test]
async fn a_default_that_cannot_be_computed_matters_where_it_is_needed() {
    let function = "CREATE FUNCTION g() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;";
    let retention = "\nretention = { since = 'seen', keep = '1 year' }";
    let why = "code is NOT NULL and its default cannot be computed: a trigger or function of the database refused (SQLSTATE P0001)";
    let sql = coded(function, "g()");
    let case = Case::new("nn_needless", &sql, &toml("", retention, CODE, "")).await;
    assert_eq!(report(&case.client().await, &case.policy, &case.catalog).await.unwrap()[1].past, 3);
    case.erase().await.unwrap();
    assert_eq!(case.count("person WHERE id = 3"), "0");
    let (policy, catalog) = (&case.policy, &case.catalog);
    let applied = apply(&mut case.client().await, policy, catalog, 10, &mut |_| Ok(())).await.unwrap();
    assert_eq!(applied.deleted[0].rows, 2);

    // Its other rows are not of this table.
    let case = Case::new("nn_nulled", &format!("{ORDERS}{sql}"), &toml("", "erase = 'null'", CODE, OF_ORDERS)).await;
    case.refused(&format!("public.person cannot be emptied: {why}")).await;
    let case = Case::new(
        "nn_some",
        &format!("{ORDERS}{sql}"),
        &toml(
            "",
            &format!("erase = 'null'{retention}"),
            CODE,
            &format!("{OF_ORDERS}retention = {{ since = 'seen', keep = '1 year' }}\n"),
        ),
    )
    .await;
    let applied = apply(&mut case.client().await, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await.unwrap();
    assert!(applied.deleted[0].rows == 2 && applied.problems[0].contains(why), "{applied:?}");

    // One that is kept loses all else.
    let shadow = "CREATE TABLE shadow (pid int REFERENCES person); INSERT INTO shadow VALUES (3);";
    let sql = format!("{}UPDATE person SET name = 'Cy' WHERE id = 3;", coded(&format!("{function}{shadow}"), "g()"));
    let case = Case::new("nn_kept_error", &sql, &toml("", retention, CODE, "")).await;
    let erased = case.erase().await.unwrap();
    assert_eq!((erased.emptied[0].rows, erased.emptied[0].failed.as_deref()), (1, Some(why)), "{erased:?}");
    assert_eq!(case.db.psql("SELECT name IS NULL, code FROM person WHERE id = 3"), "t|c3");
    let applied = apply(&mut case.client().await, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await.unwrap();
    assert_eq!((applied.deleted[0].rows, applied.emptied[0].failed.as_deref()), (2, Some(why)), "{applied:?}");
}

/// As in the UPDATE itself, which finds what the function names.
#[tokio::test]
async fn a_default_finds_names_as_by_hand() {
    let function = "CREATE FUNCTION mk() RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT 'a'::text$$;
        CREATE FUNCTION g() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN mk(); END$$;";
    let case = Case::new("nn_path", &coded(function, "g()"), &toml("", "erase = 'null'", CODE, "")).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT code FROM person ORDER BY id"), "c1\nc2\na");
}
