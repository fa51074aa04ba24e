//! The commands themselves: what they print, where their errors go, how they exit, and what they leave on record.

use std::path::Path;
use std::process::{Command, Output};

use consentry::audit::{Config, Recorder};

use crate::common::postgres::{Database, UPSTREAM_PASSWORD, shared};

const SQL: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, name text, seen date);
    CREATE TABLE orders (no int PRIMARY KEY, customer bigint REFERENCES customers, note text);
    CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, granted_at timestamptz, withdrawn_at timestamptz, source text);
    INSERT INTO customers VALUES (1, 'Ada', '2001-01-01'), (2, 'Bo', current_date), (3, 'Cy', current_date);
    INSERT INTO orders VALUES (10, 2, 'x'), (11, 3, 'y');";

const POLICY: &str = r#"
[category]
identity = "null"
[subject.customer]
table = "public.customers"
key = "id"
[subject.customer.consent]
table = "public.consents"
subject = "subject_id"
purpose = "purpose"
channel = "channel"
status = "status"
granted = ["granted"]
objected = ["objected"]
granted_at = "granted_at"
withdrawn_at = "withdrawn_at"
source = "source"
[table."public.customers"]
subject = { customer = "id" }
retention = { since = "seen", keep = "5 years" }
columns = { id = "open", name = "identity", seen = "open" }
[table."public.orders"]
subject = { customer = "customer" }
columns = { no = "open", customer = "open", note = "identity" }
[purpose.marketing]
description = "Send offers"
basis = "consent"
shows = ["identity"]
[purpose.service]
description = "Deliver"
basis = "contract"
shows = ["identity"]
[role.app]
purposes = ["marketing", "service"]
"#;

pub struct Home {
    folder: tempfile::TempDir,
    pub db: Database<'static>,
}

impl Home {
    pub fn new(name: &str) -> Self {
        let db = shared().database(&format!("cli_{name}"), SQL).brief();
        db.grant_to_upstream();
        let folder = tempfile::tempdir().unwrap();
        let server = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[database.crm]\nupstream = \"{}?sslmode=disable\"\npassword = {{ env = \"UP\" }}\npolicy = \"policy.toml\"\n[audit]\nfolder = \"audit\"\n",
            db.upstream_url()
        );
        std::fs::write(folder.path().join("consentry.toml"), server).unwrap();
        std::fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
        Self { folder, db }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"));
        command.args(arguments).current_dir(self.path()).env("UP", UPSTREAM_PASSWORD).env_remove("CONSENTRY_CONFIG");
        command
    }

    /// Standard output of a command that must do its work.
    pub fn well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard error of a command that must fail, with nothing on its standard output.
    pub fn fails(&self, arguments: &[&str]) -> String {
        self.fails_with(1, arguments)
    }

    /// The same of a command line that names what is not there.
    pub fn is_misused(&self, arguments: &[&str]) -> String {
        self.fails_with(2, arguments)
    }

    pub fn fails_with(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        String::from_utf8(output.stderr).unwrap()
    }

    /// `action what-rows…` of every upkeep event on record.
    pub fn on_record(&self) -> Vec<String> {
        let mut events = Vec::new();
        let shown = self.well(&["audit", "show", "audit-upkeep", "--event", "upkeep", "--format", "json"]);
        for line in shown.lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let counts = event["counts"].as_array().unwrap().iter();
            let counts: Vec<String> = counts
                .map(|c| format!("{} {} {}", c["table"].as_str().unwrap(), c["what"].as_str().unwrap(), c["rows"]))
                .collect();
            events.push(format!("{}: {}", event["action"].as_str().unwrap(), counts.join(", ")));
        }
        events
    }
}

#[test]
fn a_choice_is_recorded_and_shown() {
    let home = Home::new("choice");
    let granted = home.well(&[
        "consent",
        "grant",
        "--key",
        "2",
        "--purpose",
        "marketing",
        "--channel",
        "email",
        "--source",
        "web form",
    ]);
    assert_eq!(granted, "recorded: 1 row in public.consents\nmarketing: allowed on email; not on sms, phone, post\n");
    let withdrawn = home.well(&["consent", "withdraw", "--key", "2", "--purpose", "marketing"]);
    assert!(withdrawn.ends_with("marketing: not allowed: status says no, withdrawn\n"), "{withdrawn}");
    let shown: serde_json::Value =
        serde_json::from_str(&home.well(&["consent", "show", "--key", "2", "--format", "json"])).unwrap();
    assert_eq!(shown["records"][0]["source"], "command line");
    assert_eq!(shown["now"][0]["consent"]["valid"], false);
    let text = home.well(&["consent", "show", "--key", "2"]);
    assert!(text.contains("not allowed: status says no, withdrawn") && !text.contains("web form"), "{text}");
    assert_eq!(home.on_record(), ["choice: public.consents written 1", "choice: public.consents written 1"]);
    // The key is on record as a keyed hash only.
    let record = home.well(&["audit", "show", "audit-upkeep", "--format", "json"]);
    assert!(!record.contains("\"2\"") && record.contains("\"subjects\":[\""), "{record}");
}

/// Signed with one key, they are two logs: neither passes as the other, and neither goes on as the other.
#[tokio::test]
async fn what_commands_did_is_a_log_of_its_own() {
    let home = Home::new("logs");
    let grant = ["consent", "grant", "--key", "2", "--purpose", "marketing"];
    home.well(&grant);
    Recorder::open(Config::new(home.path().join("audit"))).unwrap().shutdown().await;
    let said = |command: &str, arguments: &[&str]| {
        let output = home.run(&[&["audit", command, "--key", "audit-keys/signing.key.pub"], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for right in [&["audit"][..], &["--upkeep", "audit-upkeep"]] {
        let (code, told) = said("verify", right);
        assert!(code == Some(0) && told.starts_with("whole: "), "{right:?}: {told}");
    }
    for (command, wrong, other) in [
        ("verify", &["audit-upkeep"][..], "consentry/audit-upkeep"),
        ("verify", &["--upkeep", "audit"], "consentry/audit"),
        ("report", &["audit-upkeep"], "consentry/audit-upkeep"),
    ] {
        let (code, told) = said(command, wrong);
        let words = format!("another log: this folder holds {other}, not ");
        assert!(code == Some(1) && told.contains(&words) && !told.contains("damaged"), "{wrong:?}: {told}");
    }
    let (code, told) = said("verify", &["--checkpoint", "audit-upkeep/checkpoints", "audit"]);
    let words = "another log: the checkpoint from elsewhere is of consentry/audit-upkeep, ";
    assert!(code == Some(1) && told.starts_with(words) && !told.contains("damaged"), "{told}");

    std::fs::rename(home.path().join("audit-upkeep"), home.path().join("kept")).unwrap();
    std::fs::rename(home.path().join("audit"), home.path().join("audit-upkeep")).unwrap();
    let refused = home.fails(&grant);
    assert!(refused.contains("it is of the log consentry/audit and not of consentry/audit-upkeep"), "{refused}");
}

/// Many commands at a time wait for each other's word on record; none that does nothing leaves anything there.
#[test]
fn commands_at_the_same_time_all_do_their_work() {
    let home = Home::new("together");
    let verbs = ["grant", "withdraw"];
    let runs: Vec<_> = (0..12)
        .map(|n| {
            Command::new(env!("CARGO_BIN_EXE_consentry"))
                .args(["consent", verbs[n % 2], "--key", "2", "--purpose", "marketing"])
                .current_dir(home.path())
                .env("UP", UPSTREAM_PASSWORD)
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    home.is_misused(&["consent", "show", "--kind", "nobody", "--key", "2"]);
    home.fails(&["consent", "grant", "--key", "99", "--purpose", "marketing"]);
    home.fails(&["subject", "export", "--key", "99"]);
    home.fails(&["subject", "erase", "--key", "99"]);
    assert!(home.on_record().len() >= 12, "one that lost a race is told again");
    let verdict = home.well(&["audit", "verify", "--key", "audit-keys/signing.key.pub", "--upkeep", "audit-upkeep"]);
    assert!(verdict.starts_with("whole: ") && !verdict.contains("note"), "{verdict}");
    let starts = home.well(&["audit", "show", "audit-upkeep", "--event", "start", "--format", "json"]);
    let stops = home.well(&["audit", "show", "audit-upkeep", "--event", "stop", "--format", "json"]);
    assert_eq!(starts.lines().count(), stops.lines().count());
    assert_eq!(home.db.psql("SELECT count(*), string_agg(DISTINCT source, ',') FROM consents"), "1|command line");
}

/// Who is locked out by another process for too long says so.
#[test]
fn the_record_of_commands_is_waited_for() {
    let home = Home::new("waits");
    home.well(&["consent", "grant", "--key", "2", "--purpose", "marketing"]);
    let mut config = Config::new(home.path().join("audit-upkeep"));
    config.key = Some(home.path().join("audit-keys/signing.key"));
    config.subject_keys = Some(home.path().join("audit-keys/subjects"));
    config.log = consentry::audit::Log::Upkeep;
    let busy = Recorder::open(config.clone()).unwrap();
    config.patience = std::time::Duration::from_secs(1);
    let locked = Recorder::open(config).err().unwrap().to_string();
    assert!(locked.ends_with("others have been writing to it for the 1 seconds that they were waited for"), "{locked}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let free = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        runtime.block_on(busy.shutdown());
    });
    home.well(&["consent", "withdraw", "--key", "2", "--purpose", "marketing"]);
    free.join().unwrap();
}

#[test]
fn a_restricted_person_is_told_as_such() {
    let home = Home::new("restricted");
    let policy = POLICY.replace("key = \"id\"", "key = \"id\"\nrestricted_when = \"name = 'Bo'\"") + STAFF;
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    // One kind only has choices, and is meant without --kind.
    let granted = home.well(&["consent", "grant", "--key", "2", "--purpose", "marketing"]);
    let words = "marketing: not allowed: the person is restricted (else allowed on all channels)\n";
    assert!(granted.ends_with(words), "{granted}");
    let shown = home.well(&["consent", "show", "--key", "2"]);
    assert!(shown.contains("(else allowed on all channels)") && shown.contains("\nrestricted: "), "{shown}");
    let free = home.well(&["consent", "grant", "--key", "3", "--purpose", "marketing"]);
    assert!(free.ends_with("marketing: allowed on all channels\n"), "{free}");
    assert!(home.is_misused(&["subject", "export", "--key", "2"]).contains("say which with --kind"));
}

const STAFF: &str = "[subject.staff]\ntable = \"public.orders\"\nkey = \"no\"\n";

/// The table's default says where another way led from; one that knows its own words only keeps them.
#[test]
fn where_a_choice_comes_from_is_not_made_up() {
    let home = Home::new("source");
    let source = || home.db.psql("SELECT source FROM consents WHERE subject_id = 2");
    home.db.psql("ALTER TABLE consents ALTER source SET DEFAULT 'web form'");
    home.well(&["consent", "withdraw", "--key", "2", "--purpose", "marketing"]);
    assert_eq!(source(), "command line");
    home.well(&["consent", "grant", "--key", "2", "--purpose", "marketing", "--source", "call"]);
    assert_eq!(source(), "call");
    home.well(&["consent", "withdraw", "--key", "2", "--purpose", "marketing"]);
    assert_eq!(source(), "command line", "a no is not said where the yes was");
    home.db
        .psql("UPDATE consents SET source = 'call'; ALTER TABLE consents ADD CHECK (source IN ('call', 'web form'))");
    home.well(&["consent", "grant", "--key", "2", "--purpose", "marketing"]);
    assert_eq!(source(), "web form");
}

#[test]
fn faults_go_to_stderr_with_what_to_do() {
    let home = Home::new("faults");
    let unknown = home.is_misused(&["consent", "grant", "--key", "2", "--purpose", "astrology"]);
    assert!(
        unknown.contains("no purpose \"astrology\"") && unknown.contains("hint: it has: marketing, service"),
        "{unknown}"
    );
    let nobody = home.fails(&["consent", "show", "--key", "99"]);
    assert!(nobody.contains("no row with this key"), "{nobody}");
    let usage = home.run(&["consent", "grant", "--key", "2"]);
    assert_eq!(usage.status.code(), Some(2));
    std::fs::write(home.path().join("policy.toml"), POLICY.replace("basis = \"consent\"", "basis = \"whim\"")).unwrap();
    let policy = home.fails(&["retention", "report"]);
    assert!(policy.contains("the policy has problems") && policy.contains("policy.toml"), "{policy}");
}

#[test]
fn an_import_names_bad_lines_and_takes_the_others_when_told() {
    let home = Home::new("import");
    std::fs::write(home.path().join("in.csv"), "subject,purpose,choice\n2,marketing,grant\nx,marketing,grant\n")
        .unwrap();
    let refused = home.fails(&["consent", "import", "in.csv"]);
    assert!(refused.contains("line 3: subject is no bigint") && refused.contains("1 of 2 lines are bad"), "{refused}");
    let taken = home.well(&["consent", "import", "--skip-bad", "in.csv"]);
    assert!(taken.starts_with("2 lines: 1 rows added to public.consents"), "{taken}");
    assert_eq!(home.on_record(), ["import: public.consents written 1, public.consents kept 0"]);
}

#[test]
fn retention_is_reported_and_kept() {
    let home = Home::new("retention");
    let report: serde_json::Value =
        serde_json::from_str(&home.well(&["retention", "report", "--format", "json"])).unwrap();
    assert_eq!((&report[0]["past"], &report[0]["oldest"]), (&1.into(), &"2001-01-01".into()));
    let dry = home.well(&["retention", "apply", "--dry-run"]);
    assert_eq!(dry, "public.customers: 1 rows would be deleted\n");
    assert_eq!(home.db.psql("SELECT count(*) FROM customers"), "3");
    assert_eq!(home.well(&["retention", "apply"]), "public.customers: 1 rows deleted\n");
    assert_eq!(home.well(&["retention", "apply"]), "nothing to erase\n");
    assert_eq!(home.on_record(), ["retention: public.customers deleted 1"]);
}

#[test]
fn a_person_gets_a_copy_and_is_forgotten() {
    let home = Home::new("subject");
    home.well(&["subject", "export", "--kind", "customer", "--key", "2", "-o", "bo.json"]);
    let copy: serde_json::Value = serde_json::from_slice(&std::fs::read(home.path().join("bo.json")).unwrap()).unwrap();
    assert_eq!(copy["tables"][0]["rows"][0]["name"], "Bo");
    assert_eq!(copy["accesses"], serde_json::json!([]));
    assert!(
        home.fails(&["subject", "export", "--key", "2", "-o", "bo.json"]).contains("bo.json"),
        "no file is written over"
    );

    let dry = home.well(&["subject", "erase", "--key", "2", "--dry-run"]);
    assert!(dry.contains("public.orders: 1 of 1 rows would be deleted"), "{dry}");
    assert_eq!(home.db.psql("SELECT count(*) FROM orders"), "2");
    let erased = home.well(&["subject", "erase", "--key", "2"]);
    assert_eq!(erased, "public.customers: 1 of 1 rows deleted\npublic.orders: 1 of 1 rows deleted\n");
    assert_eq!(home.db.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM customers"), "1 3");
    assert_eq!(home.on_record()[2..], ["erasure: public.customers deleted 1, public.orders deleted 1"]);
}

/// What a cascade takes of somebody else is told, and on record, as such.
#[test]
fn what_goes_along_is_told_apart() {
    let home = Home::new("along");
    home.db.psql(
        "ALTER TABLE customers ADD invited_by bigint REFERENCES customers ON DELETE CASCADE;
         UPDATE customers SET invited_by = 2 WHERE id = 3; UPDATE orders SET customer = 2",
    );
    let erased = home.well(&["subject", "erase", "--key", "2"]);
    let own = "public.customers: 1 of 1 rows deleted\npublic.orders: 2 of 2 rows deleted\n";
    assert_eq!(erased, format!("{own}public.customers: 1 rows deleted along with them\n"));
    let counts = "public.customers deleted 1, public.orders deleted 2, public.customers deleted along 1";
    assert_eq!(home.on_record(), [format!("erasure: {counts}")]);
    home.db.psql("INSERT INTO customers VALUES (4, 'Di', current_date, 1)");
    let foreseen =
        "public.customers: 1 rows would be deleted\npublic.customers: 1 rows would be deleted along with them\n";
    assert_eq!(home.well(&["retention", "apply", "--dry-run"]), foreseen);
    let report = home.well(&["retention", "report"]);
    let along = "rows of public.customers go along with those of public.customers (ON DELETE CASCADE)";
    assert!(report.contains(along), "{report}");
    let kept = home.well(&["retention", "apply"]);
    assert_eq!(kept, "public.customers: 1 rows deleted\npublic.customers: 1 rows deleted along with them\n");
}

#[test]
fn consent_tables_are_made_and_their_policy_is_well() {
    let home = Home::new("init");
    let url = format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", shared().port(), home.db.name);
    let init = ["consent", "init", "--kind", "customer", "--table", "public.customers", "--admin-url", &url];
    let made = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(init)
        .args(["--grant-to", "consentry"])
        .env("CONSENTRY_ADMIN_PASSWORD", "postgres")
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (head, rest) = POLICY.split_once("[subject.customer]").unwrap();
    let (_, tail) = rest.split_once("[table.\"public.customers\"]").unwrap();
    let policy = format!("{head}{}[table.\"public.customers\"]{tail}", String::from_utf8(made.stdout).unwrap());
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    let granted = home.well(&["consent", "grant", "--key", "2", "--purpose", "marketing", "--expires", "2099-01-01"]);
    assert!(granted.contains("marketing: allowed on all channels"), "{granted}");
    let warned = || String::from_utf8(home.run(&["check", "--config", "consentry.toml"]).stderr).unwrap();
    assert!(!warned().contains("earlier"), "{}", warned());
    home.db.psql("DROP TRIGGER customer_consent_no_delete ON consentry.customer_consent");
    assert!(warned().contains("changed since (trigger customer_consent_no_delete)"), "{}", warned());
    assert_eq!(home.db.psql("SELECT count(*) FROM consentry.customer_ledger"), "1");
    let history = "subject,purpose,choice,time\n3,marketing,grant,2020-01-01\n3,marketing,withdraw,2021-01-01\n";
    std::fs::write(home.path().join("history.csv"), history).unwrap();
    let told = home.well(&["consent", "import", "history.csv"]);
    let words = "2 lines: 1 rows added to consentry.customer_consent, 0 changed, 1 of before that to consentry.customer_ledger, ";
    assert!(told.starts_with(words), "{told}");
    let counts =
        "consentry.customer_consent written 1, consentry.customer_consent kept 0, consentry.customer_ledger written 1";
    assert_eq!(home.on_record().pop().unwrap(), format!("import: {counts}"));
    // What came before is in the ledger: a person sees it, and has a copy of it.
    let shown = home.well(&["consent", "show", "--key", "3"]);
    let past = |text: &str| text.lines().filter(|l| l.contains("granted  ") && l.contains("superseded")).count();
    assert_eq!(past(&shown), 1, "{shown}");
    let shown = home.well(&["consent", "show", "--key", "3", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let statuses = |records: &serde_json::Value| {
        records.as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (statuses(&shown["records"]), statuses(&shown["history"])),
        (vec!["withdrawn".into()], vec!["granted".into(), "withdrawn".into()])
    );
    let copy: serde_json::Value = serde_json::from_str(&home.well(&["subject", "export", "--key", "3"])).unwrap();
    assert_eq!(statuses(&copy["choice_history"]), ["granted", "withdrawn"]);
    let erased = home.well(&["subject", "erase", "--key", "3"]);
    for kept in
        ["consentry.customer_consent: 1 choices kept, as proof", "consentry.customer_ledger: 2 choices kept, as proof"]
    {
        assert!(erased.contains(kept), "{erased}");
    }
}

/// The policy maps not all that the table wants to know: PostgreSQL's refusal is told with the column and its key.
#[test]
fn a_column_that_must_have_a_value_is_named_with_the_key_that_maps_it() {
    let home = Home::new("must");
    let file = home.path().join("policy.toml");
    let policy = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, policy.replace("source = \"source\"\n", "")).unwrap();
    home.db.psql("ALTER TABLE consents ALTER source SET NOT NULL, ADD notice text");
    let grant = ["consent", "grant", "--key", "2", "--purpose", "marketing"];
    let said = home.fails(&grant);
    let told = "public.consents.source must have a value, and gets none (SQLSTATE 23502)";
    let hint = "hint: map it in [subject.customer.consent]: source = \"source\"; or give the column a default";
    assert!(said.contains(told) && said.contains(hint), "{said}");
    let said = home.fails(&[&grant[..], &["--source", "shop"]].concat());
    assert!(said.contains("map it in [subject.customer.consent], as in source = \"…\""), "{said}");
    // As the hint says, it works; and where the key is mapped, an option is what is missing.
    std::fs::write(&file, policy.replace("source = \"source\"\n", "source = \"source\"\nnotice = \"notice\"\n"))
        .unwrap();
    home.db.psql("ALTER TABLE consents ALTER notice SET NOT NULL");
    let said = home.fails(&grant);
    assert!(said.contains("hint: say it with --notice, or give the column a default"), "{said}");
    home.well(&[&grant[..], &["--notice", "2025-03"]].concat());
}

#[test]
fn what_neither_server_file_nor_policy_declares_is_wrong_usage() {
    let home = Home::new("usage");
    for wrong in [
        &["consent", "grant", "--key", "2", "--purpose", "marketting"][..],
        &["consent", "show", "--key", "2", "-d", "crn"],
        &["consent", "show", "--key", "2", "--kind", "costumer"],
        &["policy", "show", "--purpose", "marketting"],
        &["policy", "show", "-d", "crn"],
        &["explain", "-u", "nobody", "SELECT 1"],
    ] {
        let said = home.is_misused(wrong);
        assert!(said.starts_with("error: "), "{wrong:?}: {said}");
    }
    let server = std::fs::read_to_string(home.path().join("consentry.toml")).unwrap();
    let start = server.find("[database.crm]").unwrap();
    let second = server[start..server.find("[audit]").unwrap()].replace(".crm]", ".other]");
    std::fs::write(home.path().join("consentry.toml"), format!("{server}{second}")).unwrap();
    let said = home.is_misused(&["consent", "show", "--key", "2"]);
    assert!(said.contains("say which with --database: crm, other"), "{said}");
}

/// Nobody reads what they print; they do their work, and say so by their status.
#[test]
fn a_closed_pipe_undoes_nothing() {
    let home = Home::new("pipe");
    std::fs::write(home.path().join("in.csv"), "subject,purpose,choice\n2,marketing,grant\n").unwrap();
    for (code, arguments) in [
        (0, &["consent", "import", "in.csv"][..]),
        (0, &["consent", "show", "--key", "2"]),
        (0, &["consent", "withdraw", "--key", "2", "--purpose", "marketing"]),
        (0, &["retention", "report"]),
        (0, &["retention", "apply", "--dry-run"]),
        (0, &["retention", "apply"]),
        (0, &["subject", "erase", "--key", "2"]),
        (1, &["subject", "erase", "--key", "2"]),
        (0, &["check", "--config", "consentry.toml"]),
        (0, &["policy", "show"]),
    ] {
        let [out, err] = [(), ()].map(|()| std::io::pipe().unwrap().1);
        let run = Command::new(env!("CARGO_BIN_EXE_consentry"))
            .args(arguments)
            .current_dir(home.path())
            .env("UP", UPSTREAM_PASSWORD)
            .stdout(out)
            .stderr(err)
            .status()
            .unwrap();
        assert_eq!(run.code(), Some(code), "{arguments:?}");
    }
    assert_eq!(home.db.psql("SELECT string_agg(id::text, ' ') FROM customers"), "3");
}
