//! `consentry check`, `passwd` and `policy …` as a user runs them, on the demo's CRM.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::postgres::{Database, UPSTREAM_PASSWORD, UPSTREAM_ROLE, shared};
use consentry::cli::demo::crm;
use tempfile::TempDir;

const VERIFIER: &str = "SCRAM-SHA-256$4096:c+Hy7ccSYyFCOzWEO0fpFg==$1UFPk9EhA3dcnzph0+TXvajZXJQaSvx3kag5fjUw1xc=:+gm1ei7lU5PxNVAhCsc9mxJ5yH6zFIwhQELPBDL1CKg=";

/// A server file in front of a database with the CRM in it.
struct Site {
    folder: TempDir,
    database: Database<'static>,
}

impl Site {
    fn new(name: &str) -> Self {
        let database = shared().database(name, &crm::SCRIPTS.map(|(_, sql)| sql).concat());
        database.grant_to_upstream();
        let site = Self { folder: tempfile::tempdir().expect("a temporary folder"), database };
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm");
        fs::create_dir(site.folder.path().join("crm")).expect("a folder");
        for entry in fs::read_dir(policy).expect("the demo's policy") {
            let entry = entry.expect("a readable entry");
            fs::copy(entry.path(), site.folder.path().join("crm").join(entry.file_name())).expect("a copy");
        }
        site.write_server_file("bi");
        site
    }

    fn write_server_file(&self, role: &str) {
        let text = format!(
            "[listen]\naddress = \"127.0.0.1:6432\"\n\n[database.crm]\nupstream = \"{}\"\n\
             password = {{ env = \"UPSTREAM_PASSWORD\" }}\npolicy = \"crm\"\n\n\
             [user.ana]\nrole = \"{role}\"\nverifier = \"{VERIFIER}\"\n",
            self.database.upstream_url()
        );
        self.write("consentry.toml", &text);
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).expect("a file is written");
    }

    fn append(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        let old = fs::read_to_string(&path).expect("a file is read");
        fs::write(path, old + text).expect("a file is written");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_consentry"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("UPSTREAM_PASSWORD", UPSTREAM_PASSWORD)
            .env_remove("CONSENTRY_CONFIG")
            .output()
            .expect("consentry runs")
    }

    /// Stdout of a run that must succeed.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_says(text: &str, phrases: &[&str]) {
    for phrase in phrases {
        assert!(text.contains(phrase), "{phrase:?} is not in:\n{text}");
    }
}

#[test]
fn check_tells_problems_by_exit_code_and_on_stderr() {
    let site = Site::new("check_exit");
    let good = site.run(&["check"]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert_says(&String::from_utf8_lossy(&good.stdout), &["11 protected tables, 3 open", "0 errors, 3 warnings"]);
    assert_says(&stderr(&good), &["unlisted columns of public.customers look personal: `internal_note`"]);
    assert!(!stderr(&good).contains('\u{1b}'), "no colours in a pipe");
    assert_eq!(site.run(&["check", "--strict"]).status.code(), Some(1), "a warning counts");
    assert_eq!(site.run(&["check", "--no-such-flag"]).status.code(), Some(2));

    site.append("crm/roles.toml", "\n[role.odd]\npurposes = [\"nothing\"]\n");
    let bad = site.run(&["check"]);
    assert_eq!(bad.status.code(), Some(1));
    assert_says(&stderr(&bad), &["there is no purpose `nothing`", "crm/roles.toml:"]);
}

#[test]
fn check_reads_the_server_file_too() {
    let site = Site::new("check_server");
    site.write_server_file("no_such_role");
    let output = site.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert_says(&stderr(&output), &["no policy has a role `no_such_role`", "consentry.toml:10:8"]);

    site.append("consentry.toml", "\n[adnim]\naddress = \"127.0.0.1:9632\"\n");
    let output = site.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert_says(&stderr(&output), &["unknown key `adnim`"]);

    let missing = site.run(&["check", "--config", "nowhere.toml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_says(&stderr(&missing), &["nowhere.toml"]);
}

/// Each of these stops `serve` at its start.
#[test]
fn check_tells_what_serve_would_not_start_with() {
    let site = Site::new("check_start");
    let good = fs::read_to_string(site.folder.path().join("consentry.toml")).expect("a server file");
    site.write("short.key", "ab");
    site.write("no.pem", "no PEM");
    for (old, new, said) in [
        ("127.0.0.1:6432", "nosuch.invalid:6432", "[listen] address nosuch.invalid:6432"),
        (
            "[user.ana]",
            "[admin]\naddress = \"127.0.0.1:6432\"\n\n[user.ana]",
            "[admin] and [listen] have the same address",
        ),
        ("\n[database", "tls = { cert = \"no.pem\", key = \"no.pem\" }\n\n[database", "[listen.tls]"),
        (
            "policy = ",
            "pseudonym_key = { file = \"short.key\" }\npolicy = ",
            "short.key: a key needs at least 16 bytes",
        ),
        ("policy = ", "pseudonym_key = { file = \"nodir/k\" }\npolicy = ", "pseudonym_key: "),
        ("policy = ", "pseudonym_key = { env = \"NO_SUCH\" }\npolicy = ", "NO_SUCH is not set"),
        ("[user.ana]", "[audit]\nkey = \"nosuch.key\"\n\n[user.ana]", "[audit] key "),
        ("[user.ana]", "[audit]\nfolder = \"short.key/audit\"\n\n[user.ana]", "short.key is no folder"),
    ] {
        assert!(good.contains(old), "{old}");
        site.write("consentry.toml", &good.replacen(old, new, 1));
        let output = site.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{new}: {}", stderr(&output));
        assert_says(&stderr(&output), &["serve would not start", said]);
        let served = site.run(&["serve"]);
        assert_eq!(served.status.code(), Some(1), "{new}: {}", stderr(&served));
        assert!(!site.folder.path().join("nodir").exists(), "{new}");
    }
}

#[test]
fn check_tries_fragments_on_postgresql() {
    let site = Site::new("check_trial");
    site.append(
        "crm/roles.toml",
        "\n[role.odd]\nrows = { \"public.customers\" = \"lower(country)\" }\npurposes = [\"service\"]\n",
    );
    let fault = "this condition cannot be used: argument of WHERE must be type boolean, not type text";
    let place = ["crm/roles.toml:", "| rows = { \"public.customers\" = \"lower(country)\" }", "^^^^^^^^^^^^^^^^"];
    let output = site.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert_says(&stderr(&output), &[fault, "help: write one SQL condition over the columns of public.customers"]);
    assert_says(&stderr(&output), &place);

    // Beside a fault that needs no PostgreSQL, and beside a file that is no TOML.
    site.append("crm/roles.toml", "also_requires = [\"servce\"]\n");
    assert_says(&stderr(&site.run(&["check"])), &[fault, "there is no purpose `servce`"]);
    site.write("crm/zz.toml", "[purpose.odd]\nbasis = consent\n");
    let said = stderr(&site.run(&["check"]));
    assert_says(&said, &[fault, "there is no purpose `servce`", "crm/zz.toml:2:9"]);
    assert_eq!(said.matches("error:").count(), 3, "{said}");
}

#[test]
fn check_recommends_the_index_of_the_consent_table() {
    let site = Site::new("check_index");
    site.database.psql("DROP INDEX consents_of");
    let output = site.run(&["check"]);
    assert_eq!(output.status.code(), Some(0));
    let ddl = "CREATE INDEX CONCURRENTLY ON \"public\".\"consents\" (\"subject_id\", \"purpose\", \"channel\")";
    assert_says(&stderr(&output), &["public.consents has no index by person and purpose", ddl]);
    site.database.psql(ddl);
    assert!(!stderr(&site.run(&["check"])).contains("no index"), "the advice was good");
}

#[test]
fn check_says_where_the_rows_of_a_copy_could_not_be_tested() {
    let site = Site::new("check_temporary");
    site.database.psql("REVOKE TEMPORARY ON DATABASE check_temporary FROM PUBLIC");
    assert!(!stderr(&site.run(&["check"])).contains("temporary"), "no role copies into a table with store_requires");
    site.append("crm/roles.toml", "\n[role.loader]\npurposes = [\"service\"]\nmay = [\"read\", \"copy_in\"]\n");
    let output = site.run(&["check"]);
    assert_eq!(output.status.code(), Some(0));
    let role = "role `loader` may copy into public.newsletter_sends, whose rows a temporary function must test";
    assert_says(&stderr(&output), &[role, "help: GRANT TEMPORARY ON DATABASE"]);
    site.database.psql(&format!("GRANT TEMPORARY ON DATABASE check_temporary TO {UPSTREAM_ROLE}"));
    assert!(!stderr(&site.run(&["check"])).contains("temporary"), "the advice was good");
}

#[test]
fn show_says_who_sees_what() {
    let site = Site::new("policy_show");
    let text = site.text(&["policy", "show", "--purpose", "marketing"]);
    assert_says(
        &text,
        &[
            "basis: consent (GDPR Art. 6(1)(a))",
            "role ad_partner; by default; for Adworks GmbH, an outside organisation; only people who consented to third_party_sharing too",
            "of public.customers only rows where country = 'ES'",
            "rows: the customer (id) has consented, under notice 2024-05 or 2025-03; the customer (id) is not restricted (status IN ('blocked', 'erased')); updated_at not longer ago than 2 years",
            "email (email permitting)",
            "birth_date (null)",
            "never shown: internal_note",
            "closed: public.consents, public.employees, public.messages, public.order_items, public.orders, public.payments, public.tickets, public.web_events",
        ],
    );
    assert!(!text.contains("purpose service"));
    assert_says(&site.text(&["policy", "show"]), &["purpose service", "role dba", "email (pseudonym)"]);
    let unknown = site.run(&["policy", "show", "--purpose", "fun"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert_says(&stderr(&unknown), &["the policy has no purpose \"fun\"", "hint: it has: analytics, marketing"]);
}

#[test]
fn the_record_of_processing_activities() {
    let site = Site::new("policy_ropa");
    let json: serde_json::Value = serde_json::from_str(&site.text(&["policy", "ropa", "--format", "json"])).unwrap();
    let names: Vec<&str> =
        json["activities"].as_array().unwrap().iter().map(|a| a["purpose"].as_str().unwrap()).collect();
    assert_eq!(names, ["analytics", "marketing", "payroll", "service", "third_party_sharing"]);
    let marketing = &json["activities"][1];
    assert_eq!(marketing["article"], "Art. 6(1)(a)");
    assert_eq!(marketing["subjects"], serde_json::json!(["customer"]));
    assert_eq!(marketing["recipients"], serde_json::json!(["Adworks GmbH"]));
    let kept = serde_json::json!({"table": "public.customers", "since": "updated_at", "keep": "2 years"});
    assert!(marketing["retention"].as_array().unwrap().contains(&kept), "{marketing}");
    // Consent to this is asked for as well, for what the advertising partner gets.
    let sharing = &json["activities"][4];
    assert_eq!(sharing["recipients"], serde_json::json!(["Adworks GmbH"]));
    assert!(sharing["data"].as_array().unwrap().iter().any(|d| d["category"] == "email"), "{sharing}");
    let text = site.text(&["policy", "ropa", "--controller", "Shop S.L."]);
    assert_says(&text, &["limited to no purpose, and recorded as such: dba"]);
    assert_says(&text, &["Controller: Shop S.L.", "Data protection officer: not stated", "Recipients: Adworks GmbH"]);
    assert_says(
        &site.text(&["policy", "ropa", "--format", "markdown"]),
        &["## marketing", "| Legal basis | consent (GDPR Art. 6(1)(a)) |"],
    );
    assert_says(
        &site.text(&["policy", "ropa", "--language", "es"]),
        &[
            "Responsable: sin indicar",
            "Base jurídica: consentimiento (art. 6.1.a del RGPD)",
            "public.customers: 2 años desde updated_at",
            "email (según lo elegido para correo electrónico; si no, enmascarado: email)",
            "money, network (enmascarado: prefix = 24), payment",
        ],
    );
    let page = site.text(&["policy", "ropa", "--language", "es", "--format", "html", "--controller", "<Shop>"]);
    assert_says(&page, &["<html lang=\"es\">", "<td>&lt;Shop&gt;</td>", "<h2>marketing</h2>", "Destinatarios"]);
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="), "{page}");
}

#[test]
fn the_notice_in_two_languages() {
    let site = Site::new("policy_notice");
    let notice = |more: &[&str]| site.text(&[&["policy", "notice", "--purpose", "marketing"], more].concat());
    let english = notice(&["--contact", "privacy@shop.example"]);
    assert_says(
        &english,
        &[
            "Contact: privacy@shop.example",
            "Why: Send offers to people who asked for them",
            "You agreed to it",
            "email address (only if you agree to be contacted this way: email; else hidden, shortened or made less exact)",
            "customers: 2 years, counted from \"updated at\"",
            "Adworks GmbH",
            "You can withdraw your consent at any time",
        ],
    );
    // What no purpose shows leaves something of itself behind its own mask.
    let service = site.text(&["policy", "notice", "--purpose", "service"]);
    assert_says(&service, &["internet address (hidden, shortened or made less exact)"]);
    let sharing = site.text(&["policy", "notice", "--purpose", "third_party_sharing"]);
    assert_says(&sharing, &["email address", "Adworks GmbH"]);
    assert!(!sharing.contains("nobody outside"), "{sharing}");
    let spanish = notice(&["--language", "es", "--format", "markdown"]);
    assert_says(
        &spanish,
        &[
            "# Para qué usamos sus datos",
            "Usted lo ha consentido",
            "2 años, contados desde",
            "retirar su consentimiento",
        ],
    );
    let page = notice(&["--format", "html", "--controller", "<script>"]);
    assert_says(&page, &["<!DOCTYPE html>", "lang=\"en\"", "&lt;script&gt;"]);
    assert!(!page.contains("<script"), "nothing runs in it");
}

#[test]
fn passwd_prints_a_verifier_that_postgresql_takes() {
    let verifier = passwd("p\u{e4}ssword \u{2168}\n");
    let name = "passwd_taker";
    shared().in_database("postgres").psql(&format!("CREATE ROLE {name} LOGIN PASSWORD '{verifier}'"));
    // SASLprep folds the Roman numeral nine to IX: PostgreSQL's own client logs in with either spelling.
    let connection = format!("host=127.0.0.1 port={} user={name} dbname=postgres", shared().port());
    let login = |password: &str| {
        let output = Command::new(shared().bin().join("psql"))
            .args(["-X", "-w", "-qAt", "-d", &connection, "-c", "SELECT 1"])
            .env("PGPASSWORD", password)
            .output()
            .expect("psql runs");
        output.status.success()
    };
    assert!(login("p\u{e4}ssword \u{2168}"));
    assert!(login("p\u{e4}ssword IX"));
    assert!(!login("p\u{e4}ssword"));
}

fn passwd(input: &str) -> String {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .arg("passwd")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("consentry runs");
    child.stdin.take().expect("stdin is piped").write_all(input.as_bytes()).expect("stdin takes the password");
    let output = child.wait_with_output().expect("consentry ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}
