//! What `show` and `prove` find: across the wanted time's edge, and at a file's end.

use std::path::{Path, PathBuf};

use consentry::audit::event::{Event, Login, LoginRefused, PurposeChange, SessionEnd, Who};
use consentry::audit::{Config, Recorder};

use crate::cli::{audit, sample, stdout};
use crate::support::{completion, decision_of, segments, what, who};

fn statements(dir: &Path, arguments: &[&str]) -> Vec<String> {
    let shown = stdout(&audit(dir, &[&["show", "--format", "json"], arguments].concat()));
    let told = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {}", line["event"].as_str().unwrap(), line["statement"].as_str().unwrap_or("-"))
    };
    shown.lines().map(told).filter(|told| !told.ends_with(" -")).collect()
}

/// One file: rewrites each line, or leaves it out.
fn rewrite(dir: &Path, change: impl Fn(&str) -> Option<String>) -> PathBuf {
    let file = segments(&dir.join("audit")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.lines().filter_map(change).map(|line| line + "\n").collect::<String>()).unwrap();
    file
}

/// Statements that were decided before the wanted time and ended in it: their ends are events of that time.
#[tokio::test]
async fn an_end_is_of_its_own_time() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    for user in ["ana", "bob"] {
        recorder.append(decision_of(who(user), what(), user)).unwrap();
        recorder.append(completion(user)).unwrap();
    }
    recorder.shutdown().await;
    let earlier = |line: &str| match line.contains("\"event\":\"decision\"") {
        true => line.replacen("\"time\":\"2", "\"time\":\"1", 1),
        false => line.to_owned(),
    };
    rewrite(dir.path(), |line| Some(earlier(line)));
    let since = ["--since", "1h"];
    let ask = |more: &[&str]| statements(dir.path(), &[&since[..], more].concat());
    assert_eq!(ask(&[]), ["completion ana", "completion bob"]);
    assert_eq!(ask(&["--user", "bob"]), ["completion bob"], "the decision was read, and is not of that time");
    assert_eq!(ask(&["--outcome", "ok", "--table", "customers"]), ["completion ana", "completion bob"]);
    assert_eq!(ask(&["--table", "orders"]), [""; 0]);
    assert_eq!(ask(&["--until", "2000-01-01"]), [""; 0]);
    assert_eq!(statements(dir.path(), &["--until", "2000-01-01"]), ["decision ana", "decision bob"]);
    // What joins both goes by the decision.
    let told = stdout(&audit(dir.path(), &["export", "--format", "cef", "--since", "1h"]));
    assert!(!told.contains("SELECT"), "{told}");

    // The decisions lie in a file that is not there: nobody knows whose ends these are.
    rewrite(dir.path(), |line| (!line.contains("\"event\":\"decision\"")).then(|| line.to_owned()));
    assert_eq!(ask(&["--event", "completion"]), ["completion ana", "completion bob"]);
    assert_eq!(ask(&["--outcome", "ok"]), ["completion ana", "completion bob"]);
    assert_eq!(ask(&["--user", "bob"]), [""; 0]);
}

/// The newline of the last line is cut off: verify names that, and the line is there.
#[tokio::test]
async fn a_last_line_without_its_newline_is_shown_and_proved() {
    let dir = sample().await;
    let key = ["--key", "audit-keys/signing.key.pub"];
    let file = segments(&dir.path().join("audit")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let last = text.lines().count();
    std::fs::write(&file, text.trim_end()).unwrap();
    assert_eq!(stdout(&audit(dir.path(), &["show", "--format", "json"])).lines().count(), last);
    for seq in [1, last] {
        let proof = stdout(&audit(dir.path(), &[&["prove", &seq.to_string()], &key[..]].concat()));
        std::fs::write(dir.path().join("proof.json"), proof).unwrap();
        let checked = stdout(&audit(dir.path(), &[&["verify", "--proof", "proof.json"], &key[..]].concat()));
        assert!(checked.contains(&format!("line {seq} is on record")), "{checked}");
    }
    // Half a line is none.
    std::fs::write(&file, &text[..text.len() - 5]).unwrap();
    assert_eq!(stdout(&audit(dir.path(), &["show", "--format", "json"])).lines().count(), last - 1);
    let refused = audit(dir.path(), &[&["prove", &last.to_string()], &key[..]].concat());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not in this folder"), "{refused:?}");
}

/// A line that is shown before its newline is there is shown once.
#[tokio::test]
async fn a_line_is_followed_once() {
    let dir = sample().await;
    let folder = dir.path().join("audit");
    let file = segments(&folder).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let mut tail = consentry::audit::read::Tail::new(&folder, |_| true).unwrap();
    let mut read = Vec::new();
    let whole = text.len();
    for end in [whole - 5, whole - 1, whole, whole + text.len()] {
        std::fs::write(&file, &[&text[..], &text].concat()[..end]).unwrap();
        let each = |line: &[u8]| {
            read.push(String::from_utf8(line.to_vec()).unwrap());
            true
        };
        tail.read_new(each).unwrap();
    }
    read.retain(|line| !line.is_empty());
    assert_eq!(read, [&text[..], &text].concat().lines().collect::<Vec<_>>());
}

/// What a session does besides statements is found by its role and database, from the wrong password to its end.
#[tokio::test]
async fn sessions_are_found_by_role_purpose_and_database() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    let Who { session, user, role, client, database } = who("ana");
    recorder
        .append(Event::LoginRefused(LoginRefused {
            session: "0ther".into(),
            user: Some(user.clone()),
            role: Some(role.clone()),
            client: client.clone(),
            database: Some(database.clone()),
            sqlstate: "28P01".into(),
            reason: "wrong password",
        }))
        .unwrap();
    recorder
        .append(Event::Login(Login {
            session: session.clone(),
            user: user.clone(),
            role: role.clone(),
            purpose: Some("marketing".to_owned()),
            purpose_set_by: "default",
            client,
            database: database.clone(),
            tls: None,
        }))
        .unwrap();
    let [from, to] = ["marketing", "service"].map(|purpose| Some(purpose.to_owned()));
    recorder
        .append(Event::PurposeChange(PurposeChange {
            session: session.clone(),
            user: user.clone(),
            role: role.clone(),
            database: database.clone(),
            from,
            to,
            set_by: "set",
        }))
        .unwrap();
    let end = SessionEnd { session, user, role, database, reason: "client terminated", statements: 1, refused: 0 };
    recorder.append(Event::SessionEnd(end)).unwrap();
    recorder.shutdown().await;
    let all = ["login_refused", "login", "purpose_change", "session_end"];
    for (filter, expected) in [
        ("--role=crm_app", &all[..]),
        ("--database=crm", &all),
        ("--user=ana", &all),
        ("--purpose=marketing", &["login"]),
        ("--purpose=service", &["purpose_change"]),
        ("--role=bi", &[]),
        ("--database=shop", &[]),
    ] {
        let shown = stdout(&audit(dir.path(), &["show", "--format", "json", filter]));
        let event = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].clone();
        assert_eq!(shown.lines().map(event).collect::<Vec<_>>(), expected, "{filter}");
    }
    // As older versions wrote it.
    rewrite(dir.path(), |line| Some(line.replace("\"role\":\"crm_app\",\"database\":\"crm\",", "")));
    let shown = stdout(&audit(dir.path(), &["show", "--user", "ana"]));
    assert_eq!(shown.lines().count(), all.len(), "{shown}");
}
