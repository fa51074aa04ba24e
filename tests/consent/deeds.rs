//! What commands did is on record truthfully: each deed before its COMMIT, what came of it after, and that nobody knows
//! where nobody does.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::Home;
use crate::common::postgres::UPSTREAM_PASSWORD;

/// A trigger that runs when the transaction commits, also of one that has all that waits for that run before.
const AT_COMMIT: &str = "CREATE TABLE public.at_commit_late ();
    CREATE FUNCTION public.at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        IF current_query() ~ 'SET CONSTRAINTS' THEN
            SET CONSTRAINTS ALL DEFERRED;
            INSERT INTO public.at_commit_late DEFAULT VALUES;
            RETURN NULL;
        END IF;
        {} RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE OR DELETE ON {table} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.at_commit();
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON public.at_commit_late DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.at_commit();";

const VERIFY: [&str; 6] = ["audit", "verify", "--key", "audit-keys/signing.key.pub", "--upkeep", "audit-upkeep"];
const REPORT: [&str; 4] = ["audit", "report", "--upkeep", "audit-upkeep"];
const GRANT: [&str; 6] = ["consent", "grant", "--key", "2", "--purpose", "marketing"];
const ERASE: [&str; 4] = ["subject", "erase", "--key", "3"];

fn at_commit(home: &Home, table: &str, body: &str) {
    home.db.psql(&AT_COMMIT.replace("{}", body).replace("{table}", table));
}

fn events(home: &Home, kind: &str) -> Vec<Value> {
    let shown = home.well(&["audit", "show", "audit-upkeep", "--event", kind, "--format", "json"]);
    shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `action table what rows…: outcome sqlstate table what rows…` of every deed; `?` where no end is on record.
fn deeds(home: &Home) -> Vec<String> {
    let ends = events(home, "upkeep_done");
    let counts = |event: &Value| {
        let of = |c: &Value| format!(" {} {} {}", c["table"].as_str().unwrap(), c["what"].as_str().unwrap(), c["rows"]);
        event["counts"].as_array().unwrap().iter().map(of).collect::<String>()
    };
    let told = events(home, "upkeep").into_iter().map(|begun| {
        assert!(begun["deed"].as_str().unwrap().len() == 24);
        let mut of_it = ends.iter().filter(|end| end["deed"] == begun["deed"]);
        let end = match (of_it.next(), of_it.next()) {
            (Some(end), None) => {
                let sqlstate = end["sqlstate"].as_str().map_or(String::new(), |code| format!(" {code}"));
                format!("{}{sqlstate}{}", end["outcome"].as_str().unwrap(), counts(end))
            }
            (None, None) => "?".to_owned(),
            _ => panic!("two ends: {ends:?}"),
        };
        format!("{}{}: {end}", begun["action"].as_str().unwrap(), counts(&begun))
    });
    told.collect()
}

#[test]
fn every_deed_has_its_end_on_record() {
    let home = Home::new("deeds");
    std::fs::write(home.path().join("in.csv"), "subject,purpose,choice\n3,marketing,grant\n").unwrap();
    home.well(&GRANT);
    home.well(&["consent", "import", "in.csv"]);
    home.well(&["retention", "apply"]);
    home.well(&["subject", "export", "--key", "2"]);
    home.well(&["subject", "erase", "--key", "2", "--dry-run"]);
    home.well(&ERASE);
    assert_eq!(
        deeds(&home),
        [
            "choice public.consents written 1: ok",
            "import public.consents written 1 public.consents kept 0: ok",
            "retention public.customers deleted 1: ok",
            "export: ok public.consents exported 1 public.customers exported 1 public.orders exported 1",
            "erasure public.customers deleted 1 public.orders deleted 1: ok",
        ]
    );
    let verdict = home.well(&VERIFY);
    assert!(verdict.contains("; 5 deeds of commands, 0 of them without an end on record"), "{verdict}");
    assert!(verdict.starts_with("whole: ") && !verdict.contains("note"), "{verdict}");
    let told = home.well(&REPORT);
    assert_eq!(told.lines().filter(|line| line.trim_end().ends_with(" yes")).count(), 5, "{told}");
    let shown = home.run(&["audit", "show", "audit-upkeep"]);
    assert_eq!(String::from_utf8_lossy(&shown.stderr), "");
}

/// PostgreSQL undoes it at COMMIT.
#[test]
fn what_postgresql_undid_is_on_record_as_such() {
    let home = Home::new("undone");
    at_commit(&home, "customers", "RAISE EXCEPTION 'no';");
    at_commit_too(&home, "RAISE EXCEPTION 'no' USING ERRCODE = '40001';");
    let failed = home.fails(&ERASE);
    assert!(failed.contains("a trigger or function of the database refused (SQLSTATE P0001"), "{failed}");
    home.fails(&["retention", "apply"]);
    assert_eq!(home.db.psql("SELECT count(*) FROM customers"), "3");
    let undone = [
        "erasure public.customers deleted 1 public.orders deleted 1: error P0001",
        "retention public.customers deleted 1: error P0001",
    ];
    assert_eq!(deeds(&home), undone);
    let told = home.well(&REPORT);
    assert_eq!(told.lines().filter(|line| line.trim_end().ends_with(" no: P0001")).count(), 2, "{told}");
    // One that loses a race is tried again: each time is a deed.
    home.fails(&GRANT);
    let choices: Vec<String> = deeds(&home).split_off(2);
    assert!(
        choices.len() > 1 && choices.iter().all(|d| d == "choice public.consents written 1: error 40001"),
        "{choices:?}"
    );
    let verdict = home.well(&VERIFY);
    assert!(verdict.contains(" 0 of them without an end on record") && !verdict.contains("note"), "{verdict}");
}

fn at_commit_too(home: &Home, body: &str) {
    let sql = AT_COMMIT.replace("{}", body).replace("{table}", "consents").replace("public.at_commit", "public.too");
    home.db.psql(&sql);
}

/// Starts a command whose COMMIT takes for ever, and waits until it is at it.
fn stuck(home: &Home, table: &str, arguments: &[&str]) -> std::process::Child {
    held(home, table, "PERFORM pg_sleep(600);", "PgSleep", arguments)
}

/// Starts a command whose COMMIT does what `body` says, and waits until it waits for `event`.
fn held(home: &Home, table: &str, body: &str, event: &str, arguments: &[&str]) -> std::process::Child {
    at_commit(home, table, body);
    let command = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(arguments)
        .current_dir(home.path())
        .env("UP", UPSTREAM_PASSWORD)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waits =
        format!("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = '{event}'");
    let deadline = Instant::now() + Duration::from_secs(60);
    while home.db.psql(&waits) != "1" {
        assert!(Instant::now() < deadline, "it does not come to its COMMIT");
        std::thread::sleep(Duration::from_millis(20));
    }
    command
}

fn end_sleepers(home: &Home) {
    home.db.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
    );
}

/// Killed between its word and COMMIT's answer: PostgreSQL may have done it, or not. Nothing in the record says either.
#[test]
fn of_a_command_that_was_killed_nothing_tells_whether_it_did_it() {
    let home = Home::new("killed");
    home.well(&GRANT);
    let mut command = stuck(&home, "orders", &ERASE);
    // It works on, and others work beside it.
    let verdict = home.well(&VERIFY);
    assert!(verdict.contains("; 2 deeds of commands, 1 of them without an end on record"), "{verdict}");
    command.kill().unwrap();
    command.wait().unwrap();
    end_sleepers(&home);
    home.well(&["consent", "withdraw", "--key", "2", "--purpose", "marketing"]);
    let killed = "erasure public.customers deleted 1 public.orders deleted 1: ?";
    assert_eq!(deeds(&home), ["choice public.consents written 1: ok", killed, "choice public.consents written 1: ok"]);

    let begun = &events(&home, "upkeep")[1];
    let (line, deed) = (&begun["seq"], begun["deed"].as_str().unwrap());
    let verdict = home.well(&VERIFY);
    let note =
        format!("note: line {line}: erasure {deed} has no end on record, and nothing tells whether it took effect");
    assert!(verdict.starts_with("whole: ") && verdict.contains(&note), "{verdict}");
    let told = home.well(&REPORT);
    let row = told.lines().find(|l| l.contains("public.customers: 1 deleted")).unwrap_or_else(|| panic!("{told}"));
    assert!(row.contains(" erasure ") && row.contains("not known"), "{told}");
    let report: Value = serde_json::from_str(&home.well(&[&REPORT[..], &["--format", "json"]].concat())).unwrap();
    let outcomes: Vec<&Value> = report["commands"].as_array().unwrap().iter().map(|c| &c["outcome"]).collect();
    assert_eq!(outcomes, [&"ok".into(), &Value::Null, &"ok".into()]);
    let shown = home.run(&["audit", "show", "audit-upkeep"]);
    let said = String::from_utf8(shown.stderr).unwrap();
    assert_eq!(said, format!("of what line {line} tells no end is on record: nothing tells whether it took effect\n"));
    for (kind, key, of_it) in [("deed", "3", true), ("none", "2", false)] {
        let shown = home.run(&["audit", "show", "audit-upkeep", "--subject", &format!("customer:{key}")]);
        assert_eq!(String::from_utf8_lossy(&shown.stderr).contains("no end is on record"), of_it, "{kind}");
    }
}

/// PostgreSQL is lost before it answers: the command says so, and claims nothing on record.
#[test]
fn of_a_commit_that_was_not_answered_nothing_is_claimed() {
    let home = Home::new("lost");
    let command = stuck(&home, "consents", &GRANT);
    end_sleepers(&home);
    let output = command.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("PostgreSQL was lost while it committed: ")
            && said.contains("whether it took effect is not known"),
        "{said}"
    );
    assert_eq!(deeds(&home), ["choice public.consents written 1: ?"]);
}

/// Of an export, what has left is on record, also when it came no further.
#[test]
fn a_copy_that_was_cut_off_is_on_record_as_far_as_it_came() {
    let home = Home::new("cut");
    home.db.psql("ALTER TABLE orders ADD big int; INSERT INTO orders SELECT n, 2, repeat('x', 100) FROM generate_series(100, 20000) n");
    std::fs::write(home.path().join("there.json"), "").unwrap();
    home.fails(&["subject", "export", "--key", "2", "-o", "there.json"]);
    home.fails(&["subject", "export", "--key", "2", "-o", "nowhere/bo.json"]);
    assert_eq!(deeds(&home), ["export: error", "export: error"], "nothing has left");
    let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(["subject", "export", "--key", "2"])
        .current_dir(home.path())
        .env("UP", UPSTREAM_PASSWORD)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(command.stdout.take());
    let output = command.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "a copy that is no whole one is a failure");
    assert!(String::from_utf8(output.stderr).unwrap().contains("the export cannot be written"));
    let cut = deeds(&home).pop().unwrap();
    let orders = cut.strip_prefix("export: error public.customers exported 1 public.orders exported ");
    let left: u64 = orders.unwrap_or_else(|| panic!("{cut}")).parse().unwrap();
    assert!((1..19902).contains(&left), "{left}");
}

/// The record is gone when the deed is done, or fails: the command says what it did, and what is missing.
#[tokio::test(flavor = "multi_thread")]
async fn that_an_end_is_not_on_record_is_said() {
    let home = Home::new("no_end");
    let gate = home.db.superuser().await;
    gate.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    let wait = "PERFORM pg_advisory_xact_lock(7);";
    let command = held(&home, "orders", wait, "advisory", &ERASE);
    let [record, away] = ["audit-upkeep", "away"].map(|name| home.path().join(name));
    std::fs::rename(&record, &away).unwrap();
    std::fs::write(&record, "").unwrap();
    gate.batch_execute("SELECT pg_advisory_unlock(7)").await.unwrap();
    let output = command.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("the record cannot be written: ") && said.contains("hint: it is done; "), "{said}");
    assert_eq!(home.db.psql("SELECT count(*) FROM customers WHERE id = 3"), "0");
    std::fs::remove_file(&record).unwrap();
    std::fs::rename(&away, &record).unwrap();
    assert_eq!(deeds(&home), ["erasure public.customers deleted 1 public.orders deleted 1: ?"]);
}

/// What retention did before a batch failed stays done, and is told.
#[test]
fn a_batch_that_fails_undoes_none_before_it() {
    let home = Home::new("batches");
    home.db.psql(
        "INSERT INTO customers VALUES (4, 'Di', '2001-01-01');
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'Di'; END $$;
         CREATE TRIGGER keep BEFORE DELETE ON customers FOR EACH ROW WHEN (old.id = 4) EXECUTE FUNCTION keep()",
    );
    let told = home.fails(&["retention", "apply", "--batch", "1"]);
    assert!(told.contains("batches done before the one that failed, and on record: 1\n"), "{told}");
    assert_eq!(deeds(&home)[0], "retention public.customers deleted 1: ok");
    assert_eq!(home.db.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM customers"), "2 3 4");
}
