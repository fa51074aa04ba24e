//! Two-phase commit, as drivers of XA use it: what is prepared waits for its user, in whatever session, and for nobody else.

use std::sync::OnceLock;

use consentry::cli::demo::postgres::Durability;

use super::common::postgres::Postgres;
use super::common::proxy::{Proxy, Served};
use super::policy;
use super::raw::{Raw, bind, execute, parse, sync};

/// PostgreSQL keeps room for prepared transactions only where it is told to.
fn proxy() -> &'static Proxy {
    static WORLD: OnceLock<Proxy> = OnceLock::new();
    WORLD.get_or_init(|| {
        let postgres = Postgres::start(Durability::Throwaway, &["max_prepared_transactions = 10"]);
        let postgres: &'static Postgres = Box::leak(Box::new(postgres));
        let database = postgres.database("two_phase", include_str!("world.sql"));
        database.grant_to_upstream();
        let users = [("ana", "app"), ("amy", "app"), ("bea", "builder"), ("rae", "reader"), ("dan", "dba")];
        let reader = "[role.reader]\npurposes = [\"service\"]\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, std::fs::read_to_string(policy()).unwrap() + "\n" + reader).unwrap();
        Proxy::start(&[Served { name: "app", database: &database, policy: &file }], &users, "")
    })
}

fn session(user: &str) -> Raw {
    Raw::log_in(proxy().port(), user, &[])
}

fn prepare(user: &str, gid: &str, id: i32) {
    let mut c = session(user);
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask(&format!("INSERT INTO things VALUES ({id}, 'prepared')")), "C:INSERT 0 1 Z:T");
    assert_eq!(c.ask(&format!("PREPARE TRANSACTION '{gid}'")), "C:PREPARE TRANSACTION Z:I");
}

fn there(id: i32) -> bool {
    session("ana").ask(&format!("SELECT name FROM things WHERE id = {id}")) == "T D:prepared C:SELECT 1 Z:I"
}

/// What a driver of XA does: prepare in one session, find and end it in another.
#[test]
fn its_user_finds_it_and_ends_it() {
    let name = "1197822575_c29tZSBsb25nIG5hbWU=_YnJhbmNo";
    prepare("ana", name, 101);
    assert!(!there(101));
    let listed = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND gid LIKE '1197822575%'";
    assert_eq!(session("ana").ask(listed), format!("T D:{name} C:SELECT 1 Z:I"));
    let mut c = session("ana");
    let commit = format!("COMMIT PREPARED '{name}'");
    assert_eq!(
        c.exchange(&[parse("", &commit), bind("", "", &[]), execute("", 0), sync()]),
        "1 2 C:COMMIT PREPARED Z:I"
    );
    assert!(there(101));
    assert_eq!(session("ana").ask(listed), "T C:SELECT 0 Z:I");
}

#[test]
fn an_error_names_it_as_the_client_did() {
    prepare("ana", "named", 110);
    let mut c = session("ana");
    c.ask("BEGIN");
    assert_eq!(c.ask("PREPARE TRANSACTION 'named'"), "E:42710 Z:I");
    assert_eq!(c.said('M'), "transaction identifier \"named\" is already in use");
    assert_eq!(c.ask("COMMIT PREPARED 'none'"), "E:42704 Z:I");
    assert_eq!(c.said('M'), "prepared transaction with identifier \"none\" does not exist");
    assert_eq!(c.ask("ROLLBACK PREPARED 'named'"), "C:ROLLBACK PREPARED Z:I");
}

#[test]
fn nobody_else_does() {
    prepare("ana", "hers", 102);
    for user in ["amy", "bea"] {
        let mut c = session(user);
        assert_eq!(c.ask("SELECT * FROM pg_prepared_xacts WHERE gid LIKE '%hers'"), "T C:SELECT 0 Z:I", "{user}");
        for end in ["COMMIT PREPARED 'hers'", "ROLLBACK PREPARED 'hers'"] {
            assert_eq!(c.ask(end), "E:42704 Z:I", "{user}");
        }
        // Nor by the name that PostgreSQL has it under.
        let mut dan = session("dan");
        let stored = dan.ask("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE '%:hers'");
        let stored = stored.split("D:").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        assert_eq!(stored.len(), "hers".len() + 10);
        assert_eq!(c.ask(&format!("COMMIT PREPARED '{stored}'")), "E:42704 Z:I", "{user}");
    }
    assert_eq!(session("ana").ask("ROLLBACK PREPARED E'her\\x73'"), "C:ROLLBACK PREPARED Z:I");
    assert!(!there(102));
}

/// An unrestricted role has PostgreSQL's own names, and all of them.
#[test]
fn an_unrestricted_role_is_not_marked() {
    prepare("dan", "theirs", 103);
    assert_eq!(session("ana").ask("COMMIT PREPARED 'theirs'"), "E:42704 Z:I");
    assert_eq!(session("dan").ask("COMMIT PREPARED 'theirs'"), "C:COMMIT PREPARED Z:I");
    assert!(there(103));
}

#[test]
fn who_only_reads_leaves_nothing_behind() {
    let mut c = session("rae");
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask("SELECT count(*) FROM customers"), "T D:2 C:SELECT 1 Z:T");
    assert_eq!(c.ask("PREPARE TRANSACTION 'read'"), "E:42501 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    for end in ["COMMIT PREPARED 'read'", "ROLLBACK PREPARED 'read'"] {
        assert_eq!(c.ask(end), "E:42501 Z:I");
    }
}
