//! Notifications: what functions of the database's own say in them of protected rows is not passed on.

use super::common::postgres::shared;
use super::raw::Raw;
use super::{policy, serve};

const WORLD: &str = include_str!("world.sql");
/// A change feed, as many databases have one.
const FEED: &str = "
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_notify('changed', row_to_json(NEW)::text); RETURN NEW; END$$;
    CREATE TRIGGER tell AFTER INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION tell();";
const CHANGE: &str = "UPDATE customers SET name = name WHERE id = 2";

fn listening(port: u16, user: &str) -> Raw {
    let mut c = Raw::log_in(port, user, &[]);
    assert_eq!(c.ask("LISTEN changed"), "C:LISTEN Z:I");
    c
}

#[test]
fn what_a_trigger_tells_of_a_row_reaches_who_trusts_it() {
    let database = shared().database("proxy_feed", WORLD);
    database.grant_to_upstream();
    let proxy = serve(&database, &policy(), "");
    let mut ana = listening(proxy.port(), "ana");
    let mut dan = listening(proxy.port(), "dan");
    // Of clients, where there is no such function.
    assert_eq!(ana.ask("NOTIFY changed, 'job 7'"), "C:NOTIFY A:changed,job 7 Z:I");
    assert_eq!(dan.answer(), "A:changed,job 7");
    // Made while they listen, and not named by anything that they do.
    database.psql(FEED);
    let changed = || {
        database.psql(CHANGE);
        assert_eq!(dan.answer(), r#"A:changed,{"id":2,"name":"Ned Never"}"#);
        ana.answer()
    };
    // The catalog is read once a second.
    let heard: Vec<_> = std::iter::repeat_with(changed).take(200).take_while(|heard| heard != "A:changed,").collect();
    assert!(heard.len() < 200, "{heard:?}");
    assert_eq!(ana.ask("SELECT count(*) FROM things"), "T D:3 C:SELECT 1 Z:I");
    assert_eq!(ana.ask("NOTIFY changed, 'job 8'"), "C:NOTIFY A:changed, Z:I");
}

/// Other code of the schema than functions: no role can list it.
#[test]
fn what_a_rule_tells_of_a_row_reaches_unrestricted_roles() {
    for (i, tells) in [
        "CREATE RULE tell AS ON UPDATE TO customers DO ALSO SELECT pg_notify('changed', NEW.name)",
        "CREATE RULE tell AS ON UPDATE TO customers DO ALSO NOTIFY changed, 'Ned Never'",
        "ALTER TABLE customers ADD CHECK (pg_notify('changed', name) IS NOT NULL)",
    ]
    .iter()
    .enumerate()
    {
        let database = shared().database(&format!("proxy_feed_{i}"), &format!("{WORLD}; {tells}"));
        database.grant_to_upstream();
        let proxy = serve(&database, &policy(), "");
        let mut ana = listening(proxy.port(), "ana");
        let mut dan = listening(proxy.port(), "dan");
        database.psql(CHANGE);
        assert_eq!(ana.answer(), "A:changed,", "{tells}");
        assert_eq!(dan.answer(), "A:changed,Ned Never", "{tells}");
    }
}

#[test]
fn a_role_that_lists_the_function_hears_it() {
    let sql_function = "
        CREATE FUNCTION tell_of(customers) RETURNS void BEGIN ATOMIC SELECT pg_notify('changed', $1::text); END;";
    let database = shared().database("proxy_feed_trusted", &[WORLD, sql_function].concat());
    database.grant_to_upstream();
    let folder = tempfile::tempdir().unwrap();
    let trusting = folder.path().join("policy.toml");
    let text = std::fs::read_to_string(policy()).unwrap();
    std::fs::write(&trusting, text.replace("functions = [\"public.worth\"]", "functions = [\"public.tell_of\"]"))
        .unwrap();
    let (trusts, does_not) = (serve(&database, &trusting, ""), serve(&database, &policy(), ""));
    let mut hears = listening(trusts.port(), "ana");
    let mut hears_not = listening(does_not.port(), "ana");
    database.psql("SELECT tell_of(c) FROM customers c WHERE id = 2");
    assert_eq!(hears.answer(), r#"A:changed,(2,"Ned Never")"#);
    assert_eq!(hears_not.answer(), "A:changed,");
}
