//! The demo's CRM loads, holds the stories that its head tells, and is the same whenever and wherever it is loaded.

use crate::common::postgres::{Database, shared};
use consentry::cli::demo::crm;

fn load(name: &str) -> Database<'static> {
    shared().database(name, &crm::SCRIPTS.map(|(_, sql)| sql).concat())
}

#[test]
fn it_has_the_people_of_its_head() {
    let db = load("crm_people");
    assert_eq!(db.psql("SELECT count(*) FROM customers"), "320");
    let minor = "SELECT full_name FROM customers WHERE birth_date > now() - interval '18 years'";
    assert_eq!(db.psql(minor), "Hugo Hernandez");
    assert_eq!(db.psql("SELECT count(*) FROM consents WHERE subject_id IN (3, 13)"), "0");
    let stale = "SELECT full_name FROM customers WHERE updated_at < now() - interval '5 years'";
    assert_eq!(db.psql(stale), "Nadia Nunes");
    let expired = "SELECT subject_id FROM consents WHERE status = 'granted' AND expires_at <= now()";
    assert_eq!(db.psql(expired), "4");
    let late = "SELECT subject_id FROM consents WHERE status = 'granted' AND withdrawn_at >= granted_at";
    assert_eq!(db.psql(late), "18");
    assert_eq!(db.psql("SELECT subject_id FROM consents WHERE granted_at > now()"), "17");
    assert_eq!(
        db.psql("SELECT name FROM (SELECT full_name AS name FROM customers WHERE id = 13) x"),
        r#"Miriam "Mimi" O'Neill \ 王秀英"#
    );
}

#[test]
fn no_table_is_empty() {
    let db = load("crm_tables");
    let empty = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text IN ('public', 'reporting')
                 AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', relnamespace::regnamespace, relname), false, true, '')))[1]::text = '0'";
    assert_eq!(db.psql(empty), "");
}

#[test]
fn loading_twice_gives_the_same_data() {
    let digest = |db: &Database<'_>| {
        db.psql(
            "SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM customers c;
             SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM consents c;
             SELECT md5(string_agg(m::text, '' ORDER BY id)) FROM messages m;
             SELECT md5(string_agg(o::text, '' ORDER BY id)) FROM orders o;",
        )
    };
    assert_eq!(digest(&load("crm_once")), digest(&load("crm_twice")));
}
