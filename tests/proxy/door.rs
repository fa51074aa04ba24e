//! Who comes in: passwords, start-up parameters, cancel requests, encryption requests.

use std::time::Duration;

use super::common::postgres::shared;
use super::raw::{Raw, query, startup};
use super::{password_of, session, start, world};

fn refused(user: &str, password: &str, more: &[(&str, &str)]) -> (String, String) {
    let mut raw = Raw::open(world().proxy.port());
    let answer = raw.try_log_in(user, password, more);
    (answer, raw.said('M').to_owned())
}

#[test]
fn a_wrong_password_and_an_unknown_user_sound_the_same() {
    assert_eq!(
        refused("ana", "wrong", &[]),
        ("E:28P01".into(), "password authentication failed for user \"ana\"".into())
    );
    assert_eq!(
        refused("nobody", "wrong", &[]),
        ("E:28P01".into(), "password authentication failed for user \"nobody\"".into())
    );
}

/// PostgreSQL's verifiers keep their salt and iterations: so must what is made up for those who are not there.
#[test]
fn a_restart_does_not_tell_who_is_there() {
    let mut proxy = start(world());
    let file = std::fs::read_to_string(proxy.server_file()).unwrap();
    std::fs::write(proxy.server_file(), file.replace("SCRAM-SHA-256$4096:", "SCRAM-SHA-256$5000:")).unwrap();
    let mut salts = |user| {
        proxy.kill();
        proxy.start_again();
        Raw::salt_of(proxy.port(), user)
    };
    let [ana, nobody] = ["ana", "nobody"].map(|user| [salts(user), salts(user)]);
    assert_eq!((&ana[0], &nobody[0]), (&ana[1], &nobody[1]));
    assert_eq!(ana[0].len(), nobody[0].len());
    for salt in [&ana[0], &nobody[0]] {
        assert!(salt.ends_with(",i=5000"), "{salt}");
    }
}

#[test]
fn start_up_parameters_that_are_pinned_or_unknown() {
    let password = password_of("ana");
    for (name, value, sqlstate) in [
        ("replication", "database", "0A000"),
        ("client_encoding", "latin1", "0A000"),
        ("options", "-c row_security=maybe", "0A000"),
        ("options", "-c consentry.role=dba", "0A000"),
        ("session_replication_role", "replica", "0A000"),
        ("consentry.purpose", "spying", "22023"),
        ("database", "elsewhere", "3D000"),
    ] {
        let (answer, said) = refused("ana", &password, &[(name, value)]);
        assert_eq!(answer, format!("E:{sqlstate}"), "{name}={value}: {said}");
    }
}

#[test]
fn what_set_may_change_may_be_given_at_start_up() {
    let options = [("options", "-c work_mem=3MB -c app.tenant=7"), ("lc_monetary", "C"), ("row_security", "off")];
    let mut c = Raw::log_in(world().proxy.port(), "ana", &options);
    assert_eq!(c.ask("SHOW work_mem"), "T D:3MB C:SHOW Z:I");
    assert_eq!(c.ask("RESET work_mem; SHOW work_mem; SHOW app.tenant; SHOW row_security"), {
        "C:RESET T D:3MB C:SHOW T D:7 C:SHOW T D:off C:SHOW Z:I"
    });
}

#[test]
fn parameters_are_what_postgresql_says() {
    let c = Raw::log_in(world().proxy.port(), "ana", &[("client_encoding", "'utf-8'"), ("TimeZone", "Europe/Madrid")]);
    let of = |name: &str| c.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(of("client_encoding"), Some("UTF8"));
    assert_eq!(of("TimeZone"), Some("Europe/Madrid"));
    assert_eq!(of("standard_conforming_strings"), Some("on"));
    assert!(of("server_version").is_some());
}

#[test]
fn newer_protocols_are_talked_down() {
    let mut c = Raw::open(world().proxy.port());
    c.send(&startup(&[("user", "ana"), ("database", "app"), ("_pq_.thing", "1")], 0x0003_0002));
    assert_eq!(c.answer(), "v");
}

#[test]
fn encryption_that_is_not_offered_is_declined_in_either_order() {
    let mut c = Raw::open(world().proxy.port());
    c.send(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]);
    assert_eq!(c.byte(), Some(b'N'));
    c.send(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    assert_eq!(c.byte(), Some(b'N'));
    assert_eq!(c.try_log_in("ana", &password_of("ana"), &[]), "Z:I");
}

#[test]
fn nothing_may_come_before_the_answer_to_an_encryption_request() {
    let mut c = Raw::open(world().proxy.port());
    c.send(&[&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f][..], &startup(&[("user", "ana")], 0x0003_0000)].concat());
    assert_eq!(c.answer(), "E:08P01");
}

#[test]
fn a_cancel_request_reaches_the_statement_and_a_guess_does_not() {
    let mut c = session("dan");
    c.send(&query("SELECT pg_sleep(30)"));
    Raw::cancel(world().proxy.port(), c.pid, c.secret.wrapping_add(1));
    // The right one may come before PostgreSQL has begun: then it is sent again.
    let (pid, secret) = (c.pid, c.secret);
    let again = std::thread::spawn(move || {
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(100));
            Raw::cancel(world().proxy.port(), pid, secret);
        }
    });
    let mut answers = vec![c.answer()];
    while !answers.last().is_some_and(|a| a.starts_with("Z:")) {
        answers.push(c.answer());
    }
    assert!(answers.contains(&"E:57014".to_owned()), "{answers:?}");
    again.join().unwrap();
}

#[test]
fn the_backend_s_pid_is_the_real_one() {
    let mut c = session("dan");
    let pid = c.pid;
    assert_eq!(c.ask("SELECT pg_backend_pid()"), format!("T D:{pid} C:SELECT 1 Z:I"));
}

/// What an administrator has set for the account or the database changes no meaning, and has nothing told but notices.
#[test]
fn settings_of_the_account_change_no_meaning() {
    let database = shared().database("proxy_account", include_str!("world.sql"));
    database.grant_to_upstream();
    let proxy = super::serve(&database, &super::policy(), "");
    let set = |setting: &str| database.psql(&format!("ALTER DATABASE proxy_account SET {setting}"));
    set("transform_null_equals = on");
    set("array_nulls = off");
    set("backslash_quote = on");
    set("xmloption = document");
    set("client_min_messages = debug5");
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    assert_eq!(c.ask("SELECT NULL = NULL, '{NULL}'::text[] IS NULL"), "T D:null,f C:SELECT 1 Z:I");
    for (name, value) in [
        ("transform_null_equals", "off"),
        ("array_nulls", "on"),
        ("backslash_quote", "safe_encoding"),
        ("xmloption", "content"),
        ("client_min_messages", "notice"),
    ] {
        assert_eq!(c.ask(&format!("SHOW {name}")), format!("T D:{value} C:SHOW Z:I"));
    }
    let mut asked = Raw::log_in(proxy.port(), "ana", &[("client_min_messages", "warning")]);
    assert_eq!(asked.ask("SHOW client_min_messages"), "T D:warning C:SHOW Z:I");
}
