//! A role that must say why says it for whatever gives rows, also for those of a cursor that was opened with a reason.

use std::fs;

use super::common::proxy::Proxy;
use super::raw::{Raw, bind, execute, parse, query, sync};
use super::{policy, start_with, world};

fn proxy() -> (tempfile::TempDir, Proxy) {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(policy()).unwrap();
    let asks = text.replace("unrestricted = true", "unrestricted = true\nreason_required = true");
    let asks = asks.replace("[role.app]", "[role.app]\nreason_required = true");
    fs::write(folder.path().join("policy.toml"), asks).unwrap();
    let proxy = start_with(world(), folder.path(), "");
    (folder, proxy)
}

#[test]
fn a_held_cursor_gives_nothing_without_one() {
    let (_folder, proxy) = proxy();
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    assert_eq!(c.ask("SET consentry.reason = 'support'"), "C:SET Z:I");
    c.exchange(&[query("BEGIN"), query("DECLARE c CURSOR WITH HOLD FOR SELECT id FROM customers ORDER BY id")]);
    assert_eq!(c.ask("COMMIT"), "C:COMMIT Z:I");
    assert_eq!(c.ask("FETCH 1 FROM c"), "T D:1 C:FETCH 1 Z:I");
    assert_eq!(c.ask("RESET consentry.reason"), "C:RESET Z:I");
    for sql in ["FETCH 1 FROM c", "MOVE 1 FROM c", "COMMIT PREPARED 'x'"] {
        assert_eq!(c.ask(sql), "E:42501 Z:I", "{sql}");
    }
    assert_eq!(c.exchange(&[execute("c", 1), sync()]), "E:42501 Z:I");
    let set = "SELECT set_config('consentry.reason', 'support', false)";
    assert_eq!(c.ask(set), "T D:support C:SELECT 1 Z:I");
    assert_eq!(c.ask("FETCH 1 FROM c"), "T D:2 C:FETCH 1 Z:I");
    assert_eq!(c.ask("RESET ALL"), "C:RESET Z:I");
    assert_eq!(c.ask("CLOSE c"), "C:CLOSE CURSOR Z:I");
}

/// Any role may have to, not only one that is unrestricted.
#[test]
fn an_ordinary_role_is_asked_too() {
    let (_folder, proxy) = proxy();
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    for sql in ["SELECT 1", "SELECT count(*) FROM customers", "DELETE FROM things WHERE false"] {
        assert_eq!(c.ask(sql), "E:42501 Z:I", "{sql}");
    }
    assert_eq!(c.exchange(&[parse("", "SELECT 1"), bind("", "", &[]), execute("", 0), sync()]), "E:42501 Z:I");
    assert_eq!(c.ask("SHOW consentry.role; SET consentry.reason = 'support'"), "T D:app C:SHOW C:SET Z:I");
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
}

#[test]
fn nor_does_a_portal_that_has_given_some() {
    let (_folder, proxy) = proxy();
    let mut c = Raw::log_in(proxy.port(), "dan", &[]);
    c.exchange(&[query("SET consentry.reason = 'support'"), query("BEGIN")]);
    let open = [parse("", "SELECT id FROM customers ORDER BY id"), bind("p", "", &[]), execute("p", 1), sync()];
    assert_eq!(c.exchange(&open), "1 2 D:1 s Z:T");
    assert_eq!(c.ask("RESET consentry.reason"), "C:RESET Z:T");
    assert_eq!(c.exchange(&[execute("p", 1), sync()]), "E:42501 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
}
