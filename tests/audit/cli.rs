//! `consentry audit …` as an auditor runs it: on copied files, by its exit codes.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::{completion, decision, decision_of, what, who};
use consentry::audit::event::{Event, PurposeChange, RefusalRecord, SessionEnd, SubjectsSeen, Who};
use consentry::audit::note::NoteReader;
use consentry::audit::{Config, Recorder};
use consentry::engine::cleared::{Outcome, Treatment, Usage};

pub fn audit(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_consentry")).arg("audit").args(arguments).current_dir(dir).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A record with a decision for each of three users, one refused, one about customer 42 by name, and one whose result
/// turned out to hold customer 42.
pub async fn sample() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    let customer = recorder.subject_hash("customer", "42").unwrap();

    let Event::Decision(mut named) = decision("named") else { unreachable!() };
    named.subjects = vec![customer.clone()];
    recorder.append(Event::Decision(named)).unwrap();
    recorder.append(completion("named")).unwrap();

    recorder.append(decision_of(who("bob"), what(), "seen")).unwrap();
    let seen = SubjectsSeen { statement: "seen".into(), subjects: vec![customer], more: 0 };
    recorder.append(Event::SubjectsSeen(seen)).unwrap();
    recorder.append(completion("seen")).unwrap();

    let mut refused = what();
    refused.outcome = Outcome::Refused;
    refused.purpose = Some("analytics".into());
    refused.refusal = Some(RefusalRecord {
        rule: "table-not-listed".into(),
        sqlstate: "42501".into(),
        message: "table public.payments is not listed".into(),
    });
    recorder.append(decision_of(who("eve"), refused, "refused")).unwrap();
    recorder.shutdown().await;
    dir
}

/// Sessions are found by user from their login to their end.
#[tokio::test]
async fn a_filter_by_user_finds_the_end_of_a_session() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    for user in ["ana", "bob"] {
        let Who { session, user, role, database, .. } = who(user);
        let end = SessionEnd { session, user, role, database, reason: "client terminated", statements: 1, refused: 0 };
        recorder.append(Event::SessionEnd(end)).unwrap();
    }
    recorder.shutdown().await;
    let shown = stdout(&audit(dir.path(), &["show", "--user", "ana"]));
    assert!(shown.lines().count() == 1 && shown.contains("session_end session 5e55, user ana, "), "{shown}");
    let cef = stdout(&audit(dir.path(), &["export", "--format", "cef", "--user", "ana"]));
    assert!(cef.lines().count() == 1 && cef.contains("|Session ended|0|") && cef.contains("suser=ana"), "{cef}");
}

#[tokio::test]
async fn verify_says_whole_and_damaged_by_its_exit_code() {
    let dir = sample().await;
    let key = "audit-keys/signing.key.pub";
    let whole = audit(dir.path(), &["verify", "--key", key, "audit"]);
    assert!(stdout(&whole).starts_with("whole: every line is as it was written"));

    let file = crate::support::segments(&dir.path().join("audit")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("bob", "eve", 1)).unwrap();
    let damaged = audit(dir.path(), &["verify", "--key", key, "audit"]);
    assert_eq!(damaged.status.code(), Some(1));
    let told = String::from_utf8(damaged.stdout).unwrap();
    assert!(told.starts_with("damaged: line 4 was changed ("), "{told}");

    let usage = audit(dir.path(), &["verify", "audit"]);
    assert_eq!(usage.status.code(), Some(2), "no key");
    let nowhere = audit(dir.path(), &["verify", "--key", key, "nowhere"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8(nowhere.stderr).unwrap().starts_with("error: cannot read nowhere"));
}

/// Of lines behind the last checkpoint nobody says that they are whole, wherever a verdict stands.
#[tokio::test]
async fn what_nothing_vouches_for_is_told_on_top() {
    let dir = sample().await;
    let file = dir.path().join("audit/checkpoints");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut reader = NoteReader::new(text.as_bytes());
    let notes: Vec<String> = std::iter::from_fn(|| reader.read_next().unwrap()).map(|n| n.note).collect();
    std::fs::write(&file, notes[..notes.len() - 1].concat()).unwrap();
    let (key, headline) = ("audit-keys/signing.key.pub", "whole up to line 7; nothing vouches for line 8");
    let told = stdout(&audit(dir.path(), &["verify", "--key", key, "audit"]));
    assert!(told.starts_with(&format!("{headline}: every line up to there is as it was written; ")), "{told}");
    let json = stdout(&audit(dir.path(), &["verify", "--key", key, "audit", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["nothing_vouches_for"], serde_json::json!({"from": 8, "to": 8}));
    assert_eq!(report(dir.path(), &["--key", key])["verdict"]["nothing_vouches_for"]["from"], 8);
    let text = stdout(&audit(dir.path(), &["report", "--key", key, "--format", "text"]));
    assert!(text.starts_with(headline), "{text}");
    let html = stdout(&audit(dir.path(), &["report", "--key", key, "--format", "html"]));
    assert!(html.contains(&format!("The record is {headline}")) && !html.contains("is whole<"), "{html}");

    // One less, and no proxy can have left it so.
    std::fs::write(&file, notes[..notes.len() - 2].concat()).unwrap();
    for arguments in [&["verify", "--key", key, "audit"][..], &["report", "--key", key, "--format", "text"]] {
        let found = audit(dir.path(), arguments);
        assert_eq!(found.status.code(), Some(1));
        let told = String::from_utf8(found.stdout).unwrap();
        assert!(
            told.starts_with("checkpoints taken away: nothing vouches for lines 2 to 8, and a proxy leaves no "),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_proof_stands_alone() {
    let dir = sample().await;
    let key = audit(dir.path(), &["show", "--event", "start", "--format", "json"]);
    let start: serde_json::Value = serde_json::from_str(&stdout(&key)).unwrap();
    let key = start["key"].as_str().unwrap();
    for seq in ["1", "4", "8"] {
        let proof = stdout(&audit(dir.path(), &["prove", seq, "--key", key]));
        let alone = tempfile::tempdir().unwrap();
        std::fs::write(alone.path().join("proof.json"), &proof).unwrap();
        let checked = audit(alone.path(), &["verify", "--key", key, "--proof", "proof.json"]);
        assert_eq!(stdout(&checked), format!("line {seq} is on record, under the checkpoint of 8 lines\n"));

        std::fs::write(alone.path().join("proof.json"), proof.replacen(r#"time\":\"2"#, r#"time\":\"3"#, 1)).unwrap();
        let checked = audit(alone.path(), &["verify", "--key", key, "--proof", "proof.json"]);
        assert_eq!(checked.status.code(), Some(1));
    }
    assert_eq!(audit(dir.path(), &["prove", "9", "--key", key]).status.code(), Some(1));
}

#[tokio::test]
async fn show_filters() {
    let dir = sample().await;
    for (arguments, expected) in [
        (vec!["--role", "crm_app", "--event", "decision"], vec!["named", "seen", "refused"]),
        (vec!["--user", "bob"], vec!["seen", "seen", "seen"]),
        (vec!["--outcome", "refused"], vec!["refused"]),
        // An end alone tells neither who nor what.
        (vec!["--outcome", "ok"], vec!["named", "named", "seen", "seen", "seen"]),
        (vec!["--outcome", "ok", "--event", "completion"], vec!["named", "seen"]),
        (vec!["--outcome", "ok", "--event", "decision"], vec!["named", "seen"]),
        (vec!["--outcome", "error"], vec![]),
        (vec!["--purpose", "analytics"], vec!["refused"]),
        (vec!["--table", "customers", "--user", "app"], vec!["named", "named"]),
        (vec!["--table", "orders"], vec![]),
        (vec!["--column", "customers.email", "--event", "decision"], vec!["named", "seen", "refused"]),
        (vec!["--column", "phone"], vec![]),
        (vec!["--subject", "customer:42"], vec!["named", "named", "seen", "seen", "seen"]),
        (vec!["--subject", "customer:42", "--outcome", "ok"], vec!["named", "named", "seen", "seen", "seen"]),
        (vec!["--subject", "customer:42", "--event", "completion"], vec!["named", "seen"]),
        (vec!["--subject", "customer:42", "--event", "subjects_seen"], vec!["seen"]),
        (vec!["--subject", "customer:42", "--outcome", "changed"], vec!["named", "seen"]),
        (vec!["--subject", "customer:43"], vec![]),
        // In another database the same key may be another person's.
        (vec!["--subject", "customer:42", "--database", "crm", "--event", "completion"], vec!["named", "seen"]),
        (vec!["--subject", "customer:42", "--database", "shop"], vec![]),
        (vec!["--since", "1h", "--outcome", "changed"], vec!["named", "seen"]),
        (vec!["--since", "1h ago", "--outcome", "changed"], vec!["named", "seen"]),
        (vec!["--until", "2020-01-01"], vec![]),
    ] {
        let output = audit(dir.path(), &[vec!["show", "--format", "json"], arguments.clone()].concat());
        let shown: Vec<String> = stdout(&output)
            .lines()
            .map(|l| {
                serde_json::from_str::<serde_json::Value>(l).unwrap()["statement"].as_str().unwrap_or("-").to_owned()
            })
            .collect();
        assert_eq!(shown, expected, "{arguments:?}");
    }
}

/// A change to a purpose is about that purpose.
#[tokio::test]
async fn a_filter_by_purpose_finds_the_change_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    for to in ["marketing", "service"] {
        let Who { session, user, role, database, .. } = who("ana");
        let to = Some(to.to_owned());
        let change = PurposeChange { session, user, role, database, from: None, to, set_by: "set" };
        recorder.append(Event::PurposeChange(change)).unwrap();
    }
    recorder.shutdown().await;
    for (more, found) in [(&[][..], 1), (&["--user", "ana"], 1), (&["--user", "bob"], 0), (&["--table", "t"], 0)] {
        let shown = stdout(&audit(dir.path(), &[&["show", "--purpose", "marketing"], more].concat()));
        assert_eq!(shown.lines().filter(|l| l.contains("to marketing")).count(), found, "{more:?}: {shown}");
        assert_eq!(shown.lines().count(), found);
    }
}

/// Of a month whose key is gone nobody knows who is on record: that must not look as if nothing were.
#[tokio::test]
async fn months_that_cannot_be_searched_are_told() {
    let dir = sample().await;
    let keys = dir.path().join("audit-keys/subjects");
    let ask = |command: &[&str]| audit(dir.path(), &[command, &["--subject", "customer:42"]].concat());
    let said = |output: &Output| String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(said(&ask(&["show"])), "");
    // Another month's key in place of this one's: as it is once this one's was destroyed.
    let key = std::fs::read_dir(&keys).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().unwrap() == "key");
    let month = key.as_ref().unwrap().file_stem().unwrap().to_str().unwrap().to_owned();
    std::fs::rename(key.unwrap(), keys.join("2020-01.key")).unwrap();
    let words = format!("who is on record of {month} cannot be told");
    for command in [&["show"][..], &["report"], &["export", "--format", "ocsf"], &["export", "--format", "jsonl"]] {
        let told = said(&ask(command));
        assert!(told.contains(&words), "{command:?}: {told}");
    }
    let json: serde_json::Value = serde_json::from_str(&stdout(&ask(&["report", "--format", "json"]))).unwrap();
    assert_eq!(json["months_without_key"], serde_json::json!([month]));
    for format in ["text", "html"] {
        let report = stdout(&ask(&["report", "--format", format]));
        assert!(report.contains(&format!("Not all: {words} any more")), "{report}");
    }
    // Nothing of that month was asked for.
    assert!(!said(&ask(&["show", "--until", "2020-12-31"])).contains(&words));
}

#[tokio::test]
async fn faults_name_what_has_them() {
    let dir = sample().await;
    let key = "audit-keys/signing.key.pub";
    assert_eq!(audit(dir.path(), &["show", "--subject", "42"]).status.code(), Some(2));
    let file = crate::support::segments(&dir.path().join("audit")).pop().unwrap();
    std::fs::rename(&file, dir.path().join("aside")).unwrap();
    std::fs::create_dir(&file).unwrap();
    for command in [&["verify", "--key", key, "audit"][..], &["show"], &["report"], &["prove", "1", "--key", key]] {
        let told = String::from_utf8(audit(dir.path(), command).stderr).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(told.contains(&format!("cannot read audit: {name}: ")), "{command:?}: {told}");
    }
    std::fs::remove_dir(&file).unwrap();
    let told = String::from_utf8(audit(dir.path(), &["show"]).stderr).unwrap();
    assert!(told.contains("nothing is on record\n"), "{told}");
}

#[tokio::test]
async fn show_prints_a_line_for_people() {
    let dir = sample().await;
    let shown = stdout(&audit(dir.path(), &["show", "--user", "eve"]));
    assert!(
        shown.contains("refused  eve/crm_app for analytics (consent): select public.customers(email masked)"),
        "{shown}"
    );
    assert!(shown.contains("; SELECT email FROM customers WHERE id = $1 "), "{shown}");
    assert!(shown.contains("42501 table-not-listed: table public.payments is not listed"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours in a pipe");
}

#[tokio::test]
async fn a_forgotten_period_finds_nobody_and_is_on_record() {
    let dir = sample().await;
    let keys = dir.path().join("audit-keys/subjects");
    let this_month = std::fs::read_dir(&keys).unwrap().next().unwrap().unwrap().path();
    let refused = audit(dir.path(), &["forget", this_month.file_stem().unwrap().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1), "the running month's key is in use");
    // The same key as that of a past month.
    std::fs::copy(&this_month, keys.join("2020-01.key")).unwrap();
    stdout(&audit(dir.path(), &["forget", "2020-01"]));
    assert!(!keys.join("2020-01.key").exists());
    assert_eq!(audit(dir.path(), &["forget", "2019-12"]).status.code(), Some(1), "there was no such key");

    reopen(dir.path()).await;
    reopen(dir.path()).await;
    let told = stdout(&audit(dir.path(), &["show", "--event", "subject_key_forgotten", "--format", "json"]));
    assert_eq!(told.lines().count(), 1, "once: {told}");
    assert!(told.contains(r#""period":"2020-01""#));
}

/// A child that another test is about to start holds the folder's lock for the moment between its fork and its exec.
async fn reopen(dir: &Path) {
    for _ in 0..100 {
        if let Ok(recorder) = Recorder::open(Config::new(dir.join("audit"))) {
            return recorder.shutdown().await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the folder stays locked");
}

pub fn report(dir: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout(&audit(dir, &[&["report", "--format", "json"], arguments].concat()))).unwrap()
}

#[tokio::test]
async fn report_answers_who_used_what_and_why() {
    let dir = sample().await;
    let r = report(dir.path(), &[]);
    assert_eq!(r["verdict"]["findings"], serde_json::json!([]), "the key beside the folder is found");
    let totals = &r["totals"];
    let counts = ["statements", "changed", "refused", "completed", "rows"].map(|n| totals[n].as_u64().unwrap());
    assert_eq!(counts, [3, 2, 1, 2, 2]);

    let uses: Vec<_> = r["uses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| (u["user"].as_str().unwrap(), &u["category"], &u["masked"], &u["rows"]))
        .collect();
    let email = serde_json::json!("email");
    let one = serde_json::json!(1);
    assert_eq!(uses, [("app", &email, &one, &one), ("bob", &email, &one, &one)]);
    assert_eq!(r["uses"][0]["basis"], "consent");
    assert_eq!(r["uses"][0]["clear"], 0);

    assert_eq!(r["refusals"][0]["rule"], "table-not-listed");
    assert_eq!((&r["refusals"][0]["user"], &r["refusals"][0]["count"]), (&"eve".into(), &1.into()));
    assert_eq!(r["recipients"], serde_json::json!([]));
    assert_eq!(r["policies"][0]["statements"], 3);
}

#[tokio::test]
async fn report_tells_everything_about_one_person() {
    let dir = sample().await;
    let r = report(dir.path(), &["--subject", "customer:42"]);
    let users: Vec<_> = r["person"].as_array().unwrap().iter().map(|p| p["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["app", "bob"], "named by one, seen by the other");
    assert_eq!(report(dir.path(), &["--subject", "customer:7"])["person"], serde_json::json!([]));
}

/// A filter chooses statements, and these are told to their end.
#[tokio::test]
async fn filters_part_no_statement_from_its_end() {
    let dir = sample().await;
    for (filter, expected) in [
        (&["--outcome", "changed"][..], [2, 2, 2, 0]),
        (&["--outcome", "ok"], [2, 2, 2, 0]),
        (&["--outcome", "refused"], [1, 0, 0, 0]),
        (&["--outcome", "error"], [0, 0, 0, 0]),
        (&["--event", "decision"], [3, 2, 2, 0]),
        (&["--event", "completion"], [2, 2, 2, 0]),
        (&["--event", "subjects_seen"], [1, 1, 1, 0]),
        (&["--event", "login"], [0, 0, 0, 0]),
        (&["--subject", "customer:42", "--outcome", "ok"], [2, 2, 2, 0]),
    ] {
        let r = report(dir.path(), filter);
        let never = r["never_completed"].as_array().unwrap().len() as u64;
        let [statements, completed, rows] =
            ["statements", "completed", "rows"].map(|n| r["totals"][n].as_u64().unwrap());
        assert_eq!([statements, completed, rows, never], expected, "{filter:?}");
        let exported = stdout(&audit(dir.path(), &[&["export", "--format", "cef"], filter].concat()));
        let ended = exported.lines().filter(|l| l.contains("rows")).count() as u64;
        assert_eq!(ended, completed, "{filter:?}: {exported}");
    }
    // A day is over, and what was begun in it has ended in the next one.
    let file = crate::support::segments(&dir.path().join("audit")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let later =
        |l: &str| if l.contains("completion") { l.replacen("\"time\":\"2", "\"time\":\"3", 1) } else { l.to_owned() };
    std::fs::write(&file, text.lines().map(|l| later(l) + "\n").collect::<String>()).unwrap();
    let r = audit(dir.path(), &["report", "--format", "json", "--until", "2999-01-01"]);
    let r: serde_json::Value = serde_json::from_slice(&r.stdout).unwrap();
    assert_eq!((&r["totals"]["completed"], &r["never_completed"]), (&2.into(), &serde_json::json!([])));
}

/// What finds nothing is no answer by itself: a name may be spelt otherwise on record.
#[tokio::test]
async fn nothing_found_is_told() {
    let dir = sample().await;
    let hours = |n| jiff::Timestamp::now() + jiff::SignedDuration::from_hours(n);
    let [before, after] = [-1, 1].map(|n| hours(n).strftime("%Y-%m-%dT%H:%M").to_string());
    for (filter, found) in [
        (["--since", &before], true),
        (["--since", &after], false),
        (["--until", &before], false),
        (["--until", &after], true),
        (["--table", "tomers"], false),
        (["--event", "descision"], false),
        (["--subject", "customer:042"], false),
        (["--subject", "Customer:42"], false),
    ] {
        for command in [&["show"][..], &["report"], &["export", "--format", "ocsf"]] {
            let output = audit(dir.path(), &[command, &filter].concat());
            assert!(output.status.success());
            let said = String::from_utf8(output.stderr).unwrap();
            let told = said.contains(&format!("nothing is on record for: {}", filter[0].trim_start_matches('-')));
            assert_eq!(told, !found, "{command:?} {filter:?}: {said}");
        }
    }
    for wrong in ["2026-11-25T10:00[Europe/Madrid]", "2026-11-25x", "soon"] {
        assert_eq!(audit(dir.path(), &["show", "--since", wrong]).status.code(), Some(2), "{wrong}");
    }
}

#[tokio::test]
async fn report_names_recipients_unrestricted_access_and_what_never_ended() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(Config::new(dir.path().join("audit"))).unwrap();
    let mut to_partner = what();
    to_partner.recipient = Some("Adworks GmbH".into());
    recorder.append(decision_of(who("partner"), to_partner.clone(), "partner")).unwrap();
    recorder.append(completion("partner")).unwrap();
    // Keys say whom rows are about. What is null, or only compared, the organisation does not get.
    let of_column = |n: usize, usage, treatment| {
        let mut what = to_partner.clone();
        let column = &mut what.tables[0].columns[0];
        (column.name, column.category, column.usage, column.treatment) = ("id".into(), None, usage, treatment);
        let statement = format!("key{n}");
        [decision_of(who("partner"), what, &statement), completion(&statement)]
    };
    let (clear, hidden) = (Treatment::Clear, Treatment::Hidden);
    let keys = [(Usage::Shown, clear), (Usage::Shown, hidden), (Usage::Compared, clear)].into_iter().enumerate();
    for event in keys.flat_map(|(n, (usage, treatment))| of_column(n, usage, treatment)) {
        recorder.append(event).unwrap();
    }
    let mut by_dba = what();
    by_dba.unrestricted = true;
    by_dba.rules = vec!["not looked into: DO, public.f()".into()];
    let Event::Decision(mut unrestricted) = decision_of(who("dba"), by_dba, "dba") else { unreachable!() };
    unrestricted.reason = Some("ticket 7 \u{1b}[2J<script>alert(1)</script>".into());
    recorder.append(Event::Decision(unrestricted)).unwrap();
    recorder.append(completion("dba")).unwrap();
    recorder.append(decision("never")).unwrap();
    recorder.shutdown().await;

    let r = report(dir.path(), &[]);
    assert_eq!((&r["recipients"][0]["recipient"], &r["recipients"][0]["rows"]), (&"Adworks GmbH".into(), &2.into()));
    assert_eq!(r["recipients"][0]["statements"], 2);
    assert_eq!(r["recipients"][0]["categories"], serde_json::json!(["email", "open"]));
    assert!(r["unrestricted"][0]["reason"].as_str().unwrap().starts_with("ticket 7"));
    assert_eq!(r["unrestricted"][0]["tables"], serde_json::json!(["public.customers"]));
    assert_eq!(r["unrestricted"][0]["hidden"], 1);
    assert_eq!(r["unrestricted"][0]["code"], serde_json::json!(["DO", "public.f()"]));
    assert!(stdout(&audit(dir.path(), &["show", "audit"])).contains("; not looked into: DO, public.f()"));
    assert_eq!(r["never_completed"][0]["user"], "app");

    let html = stdout(&audit(dir.path(), &["report", "--format", "html"]));
    assert!(html.contains("The record is whole"));
    assert!(!html.contains("<script"), "what a client says is text");
    assert!(!html.contains("http://") && !html.contains("https://"), "the page needs nothing else");
    let text = stdout(&audit(dir.path(), &["report"]));
    assert!(!text.contains('\u{1b}'), "what a client says does not steer a terminal");
    let shown = stdout(&audit(dir.path(), &["show"]));
    assert!(!shown.contains('\u{1b}'));
}

#[tokio::test]
async fn report_on_a_damaged_record_says_so_on_top_and_by_its_exit_code() {
    let dir = sample().await;
    let file = crate::support::segments(&dir.path().join("audit")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("bob", "eve", 1)).unwrap();
    let output = audit(dir.path(), &["report", "--format", "html", "--output", "report.html"]);
    assert_eq!(output.status.code(), Some(1));
    let html = std::fs::read_to_string(dir.path().join("report.html")).unwrap();
    let top = html.find("The record is damaged: line 4 was changed").expect("the damage is named");
    assert!(top < html.find("<table").unwrap());
}
