//! No row that stays is cut off from its person by what is erased: ON DELETE SET NULL or SET DEFAULT on a link to them
//! would show it to those who did not see it, or make it somebody else's.

use consentry::consent::erasure::{Erased, Run, erase};
use consentry::consent::retention::{Applied, apply};
use consentry::consent::sweep::{Blocked, Reason, TableCount};
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

struct Case {
    db: Database<'static>,
    catalog: Catalog,
    policy: Policy,
}

impl Case {
    async fn new(name: &str, sql: &str, toml: &str) -> Self {
        let db = shared().database(&format!("cut_off_{name}"), sql).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::from_toml(&catalog, &format!("{HEAD}{toml}"));
        Self { db, catalog, policy }
    }

    async fn erase(&self, key: &str) -> Erased {
        let mut client = self.db.superuser().await;
        erase(&mut client, &self.policy, &self.catalog, "person", key, Run::ForGood, &mut |_| Ok(())).await.unwrap()
    }

    async fn apply(&self) -> Applied {
        let mut client = self.db.superuser().await;
        apply(&mut client, &self.policy, &self.catalog, 2, &mut |_| Ok(())).await.unwrap()
    }

    fn psql(&self, sql: &str) -> String {
        self.db.psql(sql)
    }
}

const HEAD: &str = "category.identity = 'null'\n[purpose.service]\ndescription = 'd'\nbasis = 'contract'\nshows = ['identity']\n\
    [subject.person]\ntable = 'public.person'\nkey = 'id'\n";
const PEOPLE: &str =
    "CREATE TABLE person (id int PRIMARY KEY, name text, seen date NOT NULL DEFAULT '2001-01-01', fav int);
    INSERT INTO person VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy');";
const PERSON: &str = "[table.'public.person']\nsubject = { person = 'id' }\ncolumns = { id = 'open', name = 'identity', seen = 'open', fav = 'open' }\n";
const LETTER: &str = "[table.'public.letter']\nsubject = { person = 'about' }\ncolumns = { id = 'open', about = 'open', body = 'identity' }\n";

/// The policy of `PERSON` with a period of one year.
fn past() -> String {
    format!("{PERSON}retention = {{ since = 'seen', keep = '1 year' }}\n")
}

/// Letters about people; person 3's is somebody's favourite.
fn letters(about: &str) -> String {
    format!(
        "{PEOPLE} CREATE TABLE letter (id int PRIMARY KEY, about int {about}, body text);
         INSERT INTO letter VALUES (10, 2, 'b'), (11, 3, 'c');
         ALTER TABLE person ADD FOREIGN KEY (fav) REFERENCES letter; UPDATE person SET fav = 11 WHERE id = 1;"
    )
}

const SET_NULL: &str = "REFERENCES person ON DELETE SET NULL";
const SET_DEFAULT: &str = "DEFAULT 1 REFERENCES person ON DELETE SET DEFAULT";

fn blocked(table: &str, because_of: &str, rows: u64) -> Blocked {
    Blocked {
        table: format!("public.{table}"),
        because_of: format!("public.{because_of}"),
        rows,
        reason: Reason::Refers,
        along: false,
    }
}

fn rows(table: &str, rows: u64) -> TableCount {
    TableCount { table: format!("public.{table}"), rows }
}

#[tokio::test]
async fn erasure_keeps_the_person_of_a_row_that_stays() {
    for (name, about) in [("erase_null", SET_NULL), ("erase_default", SET_DEFAULT)] {
        let case = Case::new(name, &letters(about), &format!("{PERSON}{LETTER}")).await;
        let erased = case.erase("3").await;
        assert_eq!(erased.blocked, [blocked("person", "letter", 1), blocked("letter", "person", 1)], "{name}");
        assert_eq!(case.psql("SELECT about FROM letter WHERE id = 11"), "3", "{name}");
        // A row that goes itself is cut off from nobody.
        let erased = case.erase("2").await;
        assert_eq!((erased.blocked, erased.changed), (vec![], vec![]), "{name}");
        assert_eq!(case.psql("SELECT id FROM person ORDER BY id; SELECT id FROM letter"), "1\n3\n11", "{name}");
    }
}

#[tokio::test]
async fn retention_keeps_the_person_of_a_row_that_stays() {
    for (name, about) in [("past_null", SET_NULL), ("past_default", SET_DEFAULT)] {
        let case = Case::new(name, &letters(about), &format!("{}{LETTER}", past())).await;
        let applied = case.apply().await;
        assert_eq!((applied.deleted, applied.changed), (vec![rows("person", 1)], vec![]), "{name}");
        assert_eq!(applied.blocked, [blocked("person", "letter", 2)], "{name}");
        assert_eq!(case.psql("SELECT about FROM letter ORDER BY id"), "2\n3", "{name}");
        case.psql("DELETE FROM letter");
        assert_eq!(case.apply().await.deleted, [rows("person", 2)], "{name}");
    }
}

/// Rows of other tables lead to the person through the row that would be changed, by a column of it or to one.
#[tokio::test]
async fn a_link_further_on_is_none_the_less_one() {
    let folders = |link: &str| {
        format!(
            "{PEOPLE} CREATE TABLE folder (id int PRIMARY KEY, owner int UNIQUE {link}, text text);
             CREATE TABLE page (id int PRIMARY KEY, folder int REFERENCES folder, owner int REFERENCES folder (owner), text text);
             INSERT INTO folder VALUES (10, 2, 'f'); INSERT INTO page VALUES (20, 10, 2, 'p');"
        )
    };
    let folder = "[table.'public.folder']\nsubject = { person = 'owner' }\nerase = 'null'\ncolumns = { id = 'open', owner = 'open', text = 'identity' }\n\
        retention = { since = 'at', keep = '1 year' }\n";
    let page = |via: &str| {
        format!(
            "[table.'public.page']\nsubject = {{ via = '{via}' }}\ncolumns = {{ id = 'open', text = 'identity' }}\n"
        )
    };
    for (name, via) in [("from", "folder -> public.folder.id"), ("to", "owner -> public.folder.owner")] {
        let sql = folders(SET_NULL)
            + "ALTER TABLE folder ADD at date DEFAULT '2001-01-01'; ALTER TABLE page DROP CONSTRAINT page_owner_fkey, ADD FOREIGN KEY (owner) REFERENCES folder (owner) ON UPDATE SET NULL;";
        let case = Case::new(&format!("further_{name}"), &sql, &format!("{}{folder}{}", past(), page(via))).await;
        let applied = case.apply().await;
        // The folder is emptied, and would let its person go if it were not for the page.
        assert_eq!(applied.nulled, [rows("folder", 1)], "{name}");
        assert_eq!(applied.blocked, [blocked("person", "folder", 1)], "{name}");
        assert_eq!(case.psql("SELECT owner FROM folder; SELECT owner FROM page"), "2\n2", "{name}");
        case.psql("DELETE FROM page");
        let applied = case.apply().await;
        assert_eq!((applied.deleted, applied.changed), (vec![rows("person", 1)], vec![rows("folder", 1)]), "{name}");
        assert_eq!(case.psql("SELECT count(*) FROM folder WHERE owner IS NULL"), "1", "{name}");
    }
}

/// A row without personal values, emptied now or earlier, may become nobody's, but not somebody else's.
#[tokio::test]
async fn an_emptied_row_lets_its_person_go() {
    let emptied = LETTER.replace("columns", "erase = 'null'\ncolumns");
    for (name, about, gone) in [("emptied_null", SET_NULL, true), ("emptied_default", SET_DEFAULT, false)] {
        let case = Case::new(name, &letters(about), &format!("{PERSON}{emptied}")).await;
        let erased = case.erase("2").await;
        let changed = if gone { vec![rows("letter", 1)] } else { vec![] };
        assert_eq!((erased.changed, erased.blocked.is_empty()), (changed, gone), "{name}");
        let left = if gone { "|t" } else { "2|t" };
        assert_eq!(case.psql("SELECT about, body IS NULL FROM letter WHERE id = 10"), left, "{name}");
        assert_eq!(case.psql("SELECT count(*) FROM person WHERE id = 2"), if gone { "0" } else { "1" }, "{name}");
    }
    let case = Case::new("emptied_before", &letters(SET_NULL), &format!("{}{emptied}", past())).await;
    case.psql("UPDATE letter SET body = NULL WHERE id = 10");
    let applied = case.apply().await;
    assert_eq!((applied.deleted, applied.changed), (vec![rows("person", 2)], vec![rows("letter", 1)]));
    assert_eq!(applied.blocked, [blocked("person", "letter", 1)]);
}

/// Of a key of several columns only those that it sets are lost; what leads to nobody may be.
#[tokio::test]
async fn what_leads_to_nobody_is_changed_and_told() {
    let sql = format!(
        "{PEOPLE} ALTER TABLE person ADD UNIQUE (id, seen);
         CREATE TABLE letter (id int PRIMARY KEY, about int, day date, body text,
             FOREIGN KEY (about, day) REFERENCES person (id, seen) ON DELETE SET NULL (day));
         CREATE TABLE visit (n int, who int {SET_NULL}, host int {SET_NULL});
         INSERT INTO letter VALUES (10, 2, '2001-01-01', 'b'); INSERT INTO visit VALUES (1, 2, 2), (2, 3, 2), (3, 1, 1);"
    );
    let case = Case::new(
        "nobody",
        &sql,
        &format!("{PERSON}{}", LETTER.replace("about = 'open'", "about = 'open', day = 'open'")),
    )
    .await;
    case.psql("UPDATE person SET fav = 1");
    let erased = case.erase("2").await;
    assert_eq!((erased.changed, erased.blocked), (vec![rows("visit", 2)], vec![]), "each row once");
    let case = Case::new("nobody_past", &sql, &format!("{}{LETTER}", past())).await;
    let applied = case.apply().await;
    assert_eq!(applied.deleted, [rows("person", 3)]);
    assert_eq!(applied.changed.iter().map(|c| c.table.as_str()).collect::<Vec<_>>(), ["public.letter", "public.visit"]);
    assert_eq!(case.psql("SELECT about, day FROM letter"), "2|");
}

/// Choices are their person's too: a default would give them to another. So are restrictions, and what restricts.
#[tokio::test]
async fn choices_and_restrictions_stay_their_persons() {
    let sql = format!(
        "CREATE TABLE account (id int PRIMARY KEY, mail text, seen date DEFAULT '2001-01-01'); INSERT INTO account VALUES (7, 'm'), (8, 'n'), (9, 'o');
         {PEOPLE} CREATE TABLE consents (who int DEFAULT 1 REFERENCES account ON DELETE SET DEFAULT, purpose text, status text);
         ALTER TABLE person ADD blocked_by int REFERENCES account ON DELETE SET NULL; UPDATE person SET blocked_by = 8 WHERE id = 2;
         INSERT INTO consents VALUES (7, 'service', 'granted');"
    );
    let toml = "restricted_when = 'blocked_by IS NOT NULL'\n\
         [subject.person.consent]\ntable = 'public.consents'\nsubject = 'who'\npurpose = 'purpose'\nstatus = 'status'\ngranted = ['granted']\n\
         [table.'public.account']\nretention = { since = 'seen', keep = '1 year' }\ncolumns = { id = 'open', mail = 'identity' }\n";
    let case = Case::new("choices", &sql, &format!("{toml}{PERSON}")).await;
    let applied = case.apply().await;
    assert_eq!(applied.deleted, [rows("account", 1)]);
    assert_eq!(case.psql("SELECT who FROM consents; SELECT blocked_by FROM person WHERE id = 2"), "7\n8");
}

/// What others lead through is not emptied from under them.
#[tokio::test]
async fn emptying_cuts_nobody_off_either() {
    let sql = format!(
        "{PEOPLE} CREATE TABLE folder (id int PRIMARY KEY, owner int, text text, at date DEFAULT '2001-01-01');
         CREATE TABLE page (id int PRIMARY KEY, folder int REFERENCES folder, text text, disputed boolean NOT NULL DEFAULT false);
         INSERT INTO folder VALUES (10, 2, 'f'), (11, 3, 'g'); INSERT INTO page VALUES (20, 10, 'p', true), (21, 11, 'q', false);"
    );
    let toml = format!(
        "{PERSON}[table.'public.folder']\nsubject = {{ person = 'owner' }}\nerase = 'null'\ncolumns = {{ id = 'open', owner = 'identity', text = 'identity' }}\n\
         retention = {{ since = 'at', keep = '1 year' }}\n\
         [table.'public.page']\nsubject = {{ via = 'folder -> public.folder.id' }}\nhold_when = 'disputed'\ncolumns = {{ id = 'open', text = 'identity', disputed = 'open' }}\n"
    );
    let case = Case::new("emptying", &sql, &toml).await;
    let erased = case.erase("2").await;
    assert_eq!(erased.blocked, [blocked("folder", "page", 1)], "a hold keeps what its row hangs on");
    case.erase("3").await;
    assert_eq!(case.psql("SELECT id, owner, text FROM folder ORDER BY id; SELECT id FROM page"), "10|2|f\n11||\n20");
    let case = Case::new("emptying_past", &sql, &toml).await;
    let applied = case.apply().await;
    assert_eq!((applied.nulled, applied.blocked), (vec![], vec![blocked("folder", "page", 2)]));
    case.psql("DELETE FROM page WHERE id = 21");
    assert_eq!(case.apply().await.nulled, [rows("folder", 1)]);
}

/// A link that cannot be null is not given to its default's person.
#[tokio::test]
async fn a_link_is_not_emptied_to_somebody_else() {
    let sql = letters("NOT NULL DEFAULT 1");
    let emptied = LETTER.replace("about = 'open'", "about = 'identity'").replace("columns", "erase = 'null'\ncolumns");
    let case = Case::new("default", &sql, &format!("{PERSON}{emptied}")).await;
    case.erase("2").await;
    assert_eq!(case.psql("SELECT about, body FROM letter WHERE id = 10"), "2|");
}
