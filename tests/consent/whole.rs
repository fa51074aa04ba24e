//! Done whole or not at all: what a trigger keeps undoes the rest, and nothing is emptied or followed of which it is not
//! certain what it shows.

use consentry::consent::erasure::{Erased, Run, erase};
use consentry::consent::fault::Fault;
use consentry::consent::retention::{apply, foresee};
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;
use tokio_postgres::Client;

use crate::common::postgres::{Database, shared};
use crate::policy;

pub struct Case {
    pub db: Database<'static>,
    pub catalog: Catalog,
    pub policy: Policy,
}

impl Case {
    pub async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let db = shared().database(&format!("whole_{name}"), &format!("{PEOPLE}{sql}")).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::from_toml(&catalog, toml);
        Self { db, catalog, policy }
    }

    /// As the command line does it: no name is looked up outside of `pg_catalog`.
    pub async fn erase(&self) -> Result<Erased, Fault> {
        let mut client = self.client().await;
        erase(&mut client, &self.policy, &self.catalog, "person", "3", Run::ForGood, &mut |_| Ok(())).await
    }

    pub async fn client(&self) -> Client {
        let client = self.db.superuser().await;
        client.batch_execute("SET search_path = pg_catalog").await.unwrap();
        client
    }

    pub async fn refused(&self, part: &str) {
        let said = self.erase().await.unwrap_err().to_string();
        assert!(said.contains(part), "{said}");
        assert_eq!(self.count("person WHERE id = 3"), "1");
        assert_eq!(self.count("consents WHERE subject_id = 3"), "1", "the objection stays");
    }

    pub fn count(&self, of: &str) -> String {
        self.db.psql(&format!("SELECT count(*) FROM {of}"))
    }
}

const PEOPLE: &str = "CREATE TABLE person (id int PRIMARY KEY, name text, reason text, seen date DEFAULT '2001-01-01');
    INSERT INTO person (id, name, reason) VALUES (1, 'Ada', NULL), (2, 'Bo', NULL), (3, 'Cy', 'fraud');
    CREATE TABLE consents (subject_id int, purpose text, status text, recorded_at timestamptz, expires_at timestamptz);
    INSERT INTO consents VALUES (3, 'analytics', 'objected');";

pub const ORDERS: &str =
    "CREATE TABLE orders (id int PRIMARY KEY, person_id int REFERENCES person ON DELETE CASCADE, body text,
        seen date DEFAULT '2001-01-01');
    INSERT INTO orders VALUES (10, 1, 'o1'), (30, 3, 'o3');";

/// `subject`: more about the kind of person; `person`: more about its table; `more`: other tables.
pub fn toml(subject: &str, person: &str, columns: &str, more: &str) -> String {
    format!(
        "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
         [role.r]\npurposes = ['service']\n{more}\n\
         [subject.person]\ntable = 'public.person'\nkey = 'id'\n{subject}\n\
         [subject.person.consent]\ntable = 'public.consents'\nsubject = 'subject_id'\npurpose = 'purpose'\nstatus = 'status'\n\
         granted = ['granted']\nobjected = ['objected']\nrecorded_at = 'recorded_at'\nexpires_at = 'expires_at'\n\
         [table.'public.consents']\nsubject = {{ person = 'subject_id' }}\n\
         columns = {{ subject_id = 'open', purpose = 'open', status = 'identity', recorded_at = 'open', expires_at = 'open' }}\n\
         retention = {{ since = 'expires_at', keep = '1 year' }}\n\
         [table.'public.person']\nsubject = {{ person = 'id' }}\n{person}\n\
         columns = {{ id = 'open', name = 'identity', reason = 'identity', seen = 'open'{columns} }}\n"
    )
}

pub const OF_ORDERS: &str = "[table.'public.orders']\nsubject = { person = 'person_id' }\n\
    columns = { id = 'open', person_id = 'open', body = 'identity', seen = 'open' }\n";

pub fn trigger(when: &str, table: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;
         CREATE TRIGGER t {when} ON {table} FOR EACH ROW EXECUTE FUNCTION f();"
    )
}

/// The same trigger, at the end of the transaction.
pub fn deferred(trigger: &str) -> String {
    trigger
        .replace("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")
        .replace("FOR EACH ROW", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW")
}

#[tokio::test]
async fn a_delete_that_a_trigger_swallows_undoes_the_rest() {
    let soft = "UPDATE public.orders SET body = 'deleted' WHERE id = old.id; RETURN NULL;";
    let sql = format!(
        "{}{}",
        ORDERS.replace("REFERENCES person ON DELETE CASCADE", ""),
        trigger("BEFORE DELETE", "orders", soft)
    );
    let case = Case::new("soft", &sql, &toml("", "", "", OF_ORDERS)).await;
    case.refused("of 1 rows of public.orders that were to be deleted, 0 were; a trigger").await;
    assert_eq!(case.count("orders WHERE body = 'o3'"), "1");
}

#[tokio::test]
async fn retention_fails_where_a_trigger_swallows_its_delete() {
    let orders = format!("{OF_ORDERS}retention = {{ since = 'seen', keep = '1 year' }}\n");
    let sql = format!("{ORDERS}{}", trigger("BEFORE DELETE", "orders", "RETURN NULL;"));
    let case = Case::new("soft_kept", &sql, &toml("", "", "", &orders)).await;
    let applied = apply(&mut case.db.superuser().await, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await;
    let said = applied.unwrap_err().to_string();
    assert!(said.contains("of 2 rows of public.orders that were to be deleted, 0 were"), "{said}");
    assert_eq!(case.count("orders"), "2");
}

/// It goes all the same, unless it has become one that is not to go.
#[tokio::test]
async fn a_marked_row_that_a_trigger_changes_is_found_again() {
    let touch = |set: &str| {
        let body = format!("UPDATE public.orders SET {set} WHERE person_id = new.id; RETURN NULL;");
        format!("{ORDERS}{}", trigger("AFTER UPDATE", "person", &body))
    };
    let toml = toml("", "erase = 'null'", "", OF_ORDERS);
    let case = Case::new("touch", &touch("body = 'of ' || id"), &toml).await;
    case.erase().await.unwrap();
    assert_eq!(case.count("orders WHERE id = 30"), "0");
    let case = Case::new("given", &touch("person_id = 1"), &toml).await;
    case.refused("rows of public.orders that were to go were changed into such as are not").await;
    assert_eq!(case.db.psql("SELECT name FROM person WHERE id = 3"), "Cy");
}

#[tokio::test]
async fn a_value_that_a_trigger_puts_back_undoes_the_rest() {
    let sql = trigger("BEFORE UPDATE", "person", "new.name := old.name; RETURN new;");
    let case = Case::new("back", &sql, &toml("", "erase = 'null'", "", "")).await;
    case.refused("of 1 rows of public.person that were to be nulled, 0 were").await;
}

/// `blocked` is computed from a column with a category, which some conditions also read themselves.
#[tokio::test]
async fn what_a_restriction_reads_is_not_emptied() {
    let sql = "ALTER TABLE person ADD blocked boolean GENERATED ALWAYS AS (reason IS NOT NULL) STORED;";
    for (name, condition) in [("computed", "blocked"), ("not_null", "reason IS NOT NULL")] {
        let subject = format!("restricted_when = '{condition}'");
        let case = Case::new(name, sql, &toml(&subject, "erase = 'null'", ", blocked = 'open'", "")).await;
        let erased = case.erase().await.unwrap();
        let person = erased.tables.iter().find(|t| t.table == "public.person").unwrap();
        assert_eq!(person.left.needed, ["reason"], "{name}");
        assert_eq!(
            case.db.psql("SELECT name IS NULL, reason, blocked FROM person WHERE id = 3"),
            "t|fraud|t",
            "{name}"
        );
    }
    // The same of one that is kept because another refers to it.
    let sql = format!("{sql} CREATE TABLE shadow (who int REFERENCES person); INSERT INTO shadow VALUES (3);");
    let case = Case::new("kept", &sql, &toml("restricted_when = 'blocked'", "", ", blocked = 'open'", "")).await;
    let erased = case.erase().await.unwrap();
    assert_eq!(erased.emptied[0].left, ["reason"], "{erased:?}");
    assert_eq!(case.db.psql("SELECT name IS NULL, reason, blocked FROM person WHERE id = 3"), "t|fraud|t");
}

#[tokio::test]
async fn what_a_link_is_computed_from_is_not_emptied() {
    let sql =
        "CREATE TABLE orders (id int, raw int, person_id int GENERATED ALWAYS AS (coalesce(raw, 1)) STORED, body text);
        INSERT INTO orders (id, raw, body) VALUES (10, 1, 'o1'), (30, 3, 'o3');";
    let orders = "[table.'public.orders']\nsubject = { person = 'person_id' }\nerase = 'null'\n\
        columns = { id = 'open', raw = 'identity', person_id = 'open', body = 'identity' }\n";
    let case = Case::new("link", sql, &toml("", "", "", orders)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT person_id, body IS NULL FROM orders WHERE id = 30"), "3|t");
}

#[tokio::test]
async fn what_a_roles_rows_read_is_not_emptied() {
    let sql = "ALTER TABLE person ADD tier text NOT NULL DEFAULT 'std'; UPDATE person SET tier = 'vip' WHERE id = 3;";
    let rows = "rows = { 'public.person' = \"tier = 'std'\" }";
    let case = Case::new("rows", sql, &toml("", "erase = 'null'", ", tier = 'identity'", rows)).await;
    case.erase().await.unwrap();
    assert_eq!(case.db.psql("SELECT name IS NULL, tier FROM person WHERE id = 3"), "t|vip");
}

#[tokio::test]
async fn a_foreign_key_that_compares_otherwise_is_not_followed() {
    let pages = "[table.'public.folder']\nsubject = { person = 'person_id' }\ncolumns = { id = 'open', person_id = 'open' }\n\
        [table.'public.page']\nsubject = { via = 'f -> public.folder.id' }\nhold_when = 'hold'\n\
        columns = { f = 'open', hold = 'open' }\n";
    let extension = "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;";
    for (name, before, parent, child, refused) in [
        ("citext", extension, "ext.citext", "ext.citext", true),
        ("collations", "", "text COLLATE \"C\"", "text COLLATE \"POSIX\"", true),
        ("collation", "", "text COLLATE \"C\"", "text", false),
        ("enum", "CREATE TYPE e AS ENUM ('a');", "e", "e", false),
    ] {
        let sql = format!(
            "{before} CREATE TABLE folder (id {parent} PRIMARY KEY, person_id int); INSERT INTO folder VALUES ('a', 3);
             CREATE TABLE page (f {child} REFERENCES folder ON DELETE SET NULL, hold boolean); INSERT INTO page VALUES ('a', true);"
        );
        let case = Case::new(name, &sql, &toml("", "", "", pages)).await;
        if refused {
            case.refused("foreign key page_f_fkey of \"public\".\"page\" is compared by").await;
        } else {
            case.erase().await.unwrap();
        }
        assert_eq!(case.count("page WHERE f IS NOT NULL"), "1", "{name}");
    }
}

#[tokio::test]
async fn the_newest_record_of_a_ledger_stays_as_long_as_an_older_one() {
    let sql = "INSERT INTO consents VALUES (3, 'marketing', 'granted', '2020-01-01', NULL),
        (3, 'marketing', 'granted', '2021-01-01', '2022-01-01'), (2, 'marketing', 'granted', '2021-01-01', '2022-01-01'),
        (1, 'marketing', 'granted', '2020-01-01', '2021-01-01'), (1, 'marketing', 'granted', '2021-01-01', '2022-01-01');";
    let case = Case::new("ledger", sql, &toml("", "", "", "")).await;
    let foreseen = foresee(&mut case.db.superuser().await, &case.policy, &case.catalog).await.unwrap();
    let applied = apply(&mut case.db.superuser().await, &case.policy, &case.catalog, 1, &mut |_| Ok(())).await.unwrap();
    assert_eq!(foreseen, applied);
    assert_eq!((applied.deleted[0].rows, applied.blocked[0].rows), (3, 1), "{applied:?}");
    assert!(applied.blocked[0].to_string().contains("older rows about the same people stay"));
    assert_eq!(case.count("consents WHERE subject_id = 3 AND purpose = 'marketing'"), "2");
    // All of them go with their person.
    case.erase().await.unwrap();
    assert_eq!(case.count("consents"), "0");
}

/// A link that stays, for a role's rows are told by it, leads to the person still: so what they said no to stays.
#[tokio::test]
async fn a_link_that_stays_keeps_the_no_of_its_person() {
    let notes = "CREATE TABLE notes (id int PRIMARY KEY, person_id int, body text);
        INSERT INTO notes VALUES (10, 1, 'n1'), (30, 3, 'n3');";
    let more = "rows = { 'public.notes' = 'person_id > 0' }\n\
        [table.'public.notes']\nsubject = { person = 'person_id' }\nerase = 'null'\n\
        columns = { id = 'open', person_id = 'identity', body = 'identity' }\n";
    let case = Case::new("link", notes, &toml("", "", "", more)).await;
    case.erase().await.unwrap();
    assert_eq!(case.count("notes WHERE person_id = 3 AND body IS NULL"), "1");
    assert_eq!(case.count("consents WHERE subject_id = 3"), "1", "the objection stays");
}

const SUMMARY: &str = "CREATE MATERIALIZED VIEW summary AS SELECT id, name FROM person;";
const OF_SUMMARY: &str =
    "[table.'public.summary']\nsubject = { person = 'id' }\ncolumns = { id = 'open', name = 'identity' }\n";

/// A materialized view is no table that rows are deleted from: they stay until it is refreshed, which is told.
#[tokio::test]
async fn a_materialized_view_is_told_to_be_stale() {
    let case = Case::new("matview", SUMMARY, &toml("", "", "", OF_SUMMARY)).await;
    let erased = case.erase().await.unwrap();
    let told: Vec<(&str, u64, u64)> = erased
        .tables
        .iter()
        .map(|t| (t.table.as_str(), t.rows, t.erased))
        .filter(|t| t.0 != "public.consents")
        .collect();
    assert_eq!((told, erased.is_whole()), (vec![("public.person", 1, 1), ("public.summary", 1, 0)], false));
    assert_eq!((case.count("person WHERE id = 3"), case.count("summary WHERE id = 3")), ("0".into(), "1".into()));
    // Again, until it is.
    assert!(!case.erase().await.unwrap().is_whole());
    case.db.psql("REFRESH MATERIALIZED VIEW summary");
    // The objection stayed as long as what it hides.
    assert_eq!(case.count("consents"), "1");
    assert!(case.erase().await.unwrap().is_whole());
    assert_eq!(case.count("consents"), "0");
}

/// What else it may hold is asked of what it is made of.
#[tokio::test]
async fn a_materialized_view_that_was_refreshed_is_done() {
    let case = Case::new("matview_nulled", SUMMARY, &toml("", "erase = 'null'", "", OF_SUMMARY)).await;
    assert!(!case.erase().await.unwrap().is_whole());
    case.db.psql("REFRESH MATERIALIZED VIEW summary");
    assert_eq!(case.count("summary WHERE id = 3 AND name IS NULL"), "1");
    assert!(case.erase().await.unwrap().is_whole());
}

/// PostgreSQL does not read it, and it has no rows.
#[tokio::test]
async fn a_materialized_view_that_was_never_filled_is_no_obstacle() {
    let view = "CREATE MATERIALIZED VIEW summary AS SELECT id, name, seen FROM person WITH NO DATA;";
    let of_view = "[table.'public.summary']\nsubject = { person = 'id' }\ncolumns = { id = 'open', name = 'identity', seen = 'open' }\n\
                   retention = { since = 'seen', keep = '1 year' }\n";
    let case = Case::new("matview_empty", view, &toml("", "", "", of_view)).await;
    let client = case.client().await;
    let reports = consentry::consent::retention::report(&client, &case.policy, &case.catalog).await.unwrap();
    assert!(!reports.iter().any(|r| r.table == "public.summary"), "{reports:?}");
    let foreseen = foresee(&mut case.client().await, &case.policy, &case.catalog).await.unwrap();
    assert_eq!(foreseen.problems, Vec::<String>::new());
    assert_eq!(
        apply(&mut case.client().await, &case.policy, &case.catalog, 10, &mut |_| Ok(())).await.unwrap().problems,
        Vec::<String>::new()
    );
    let known = consentry::consent::export::is_known(&client, &case.policy, &case.catalog, "person", "3").await;
    assert!(known.unwrap());
    assert!(case.erase().await.unwrap().is_whole());
    assert_eq!(case.count("person WHERE id = 3"), "0");
}

/// A row that is to be nulled, moved to another partition by a trigger, where it leads to nobody.
#[tokio::test]
async fn a_row_that_is_moved_out_of_reach_undoes_the_rest() {
    let sql = format!(
        "CREATE TABLE visits (id int, person_id int, body text, seen date, gone bool DEFAULT false) PARTITION BY LIST (gone);
         CREATE TABLE visits_a PARTITION OF visits FOR VALUES IN (false);
         CREATE TABLE visits_b PARTITION OF visits FOR VALUES IN (true);
         INSERT INTO visits VALUES (10, 1, 'o1', NULL), (30, 3, 'o3', NULL);{}",
        trigger(
            "AFTER UPDATE",
            "person",
            "UPDATE public.visits SET gone = true, person_id = NULL WHERE person_id = new.id; RETURN NULL;"
        )
    );
    let of_visits = OF_ORDERS
        .replace("orders", "visits")
        .replace("seen = 'open'", "seen = 'open', gone = 'open'")
        .replace("columns", "erase = 'null'\ncolumns");
    let case = Case::new("moved_out", &sql, &toml("", "erase = 'null'", "", &of_visits)).await;
    case.refused("rows of public.visits are there again that were to go, or others in their place").await;
    assert_eq!(case.count("visits WHERE body = 'o3' AND person_id = 3"), "1");
    // One that is deleted there is gone.
    case.db.psql(
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN DELETE FROM public.visits WHERE person_id = new.id; RETURN NULL; END'",
    );
    case.erase().await.unwrap();
    assert_eq!((case.count("visits"), case.count("person WHERE name = 'Cy'")), ("1".into(), "0".into()));
}
