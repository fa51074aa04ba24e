//! What rows keep that are emptied, and what cannot be deleted, is told: by `check` before, by the commands after.

use crate::cli::Home;

impl Home {
    /// With the customers' policy changed so.
    fn with(self, sql: &str, from: &str, to: &str) -> Self {
        self.db.psql(sql);
        self.db.grant_to_upstream();
        let path = self.path().join("policy.toml");
        let policy = std::fs::read_to_string(&path).unwrap();
        assert!(policy.contains(from));
        std::fs::write(path, policy.replace(from, to)).unwrap();
        self
    }

    fn warnings(&self) -> String {
        String::from_utf8(self.run(&["check"]).stderr).unwrap()
    }
}

const SUBJECT: &str = r#"subject = { customer = "id" }"#;
const NULLED: &str = "subject = { customer = 'id' }\nerase = 'null'";

const VIP: &str = "CREATE TABLE vip (ssn text, PRIMARY KEY (id)) INHERITS (customers);
    INSERT INTO vip VALUES (4, 'Di', '2001-01-01', 'SSN-4'), (5, 'Ed', '2001-01-01', 'SSN-5');";

#[test]
fn columns_of_heirs_are_given_and_told_to_stay() {
    let home = Home::new("heirs").with(VIP, SUBJECT, NULLED);
    for (key, expected) in [
        ("4", r#"{"id":4,"name":"Di","seen":"2001-01-01","ssn":"SSN-4"}"#),
        ("1", r#"{"id":1,"name":"Ada","seen":"2001-01-01"}"#),
    ] {
        let exported = home.well(&["subject", "export", "--key", key]);
        let json: serde_json::Value = serde_json::from_str(&exported).unwrap();
        let rows: serde_json::Value = serde_json::from_str(&format!("[{expected}]")).unwrap();
        assert_eq!(json["tables"][0]["rows"], rows, "{exported}");
    }
    let told = home.warnings();
    let warning = "rows of public.customers are nulled, and those of tables that inherit from it keep public.vip.ssn";
    assert!(told.contains(warning), "{told}");
    let left = "left as they are, because the policy does not list them: public.vip.ssn";
    let erase = &["subject", "erase", "--key", "4"][..];
    // The last time nothing is left to empty.
    for command in [erase, &["retention", "apply", "--dry-run"], &["retention", "apply"], erase] {
        let told = home.well(command);
        assert!(told.contains(left), "{command:?}: {told}");
    }
    assert_eq!(home.db.psql("SELECT id, name, ssn FROM vip ORDER BY 1"), "4||SSN-4\n5||SSN-5");

    let shadow = format!("{VIP}CREATE TABLE shadow (who bigint REFERENCES vip); INSERT INTO shadow VALUES (4);");
    let home = Home::new("heirs_kept").with(&shadow, SUBJECT, SUBJECT);
    let told = home.well(&["subject", "erase", "--key", "4"]);
    assert!(told.contains("1 of the rows kept nulled") && told.contains("left as they are: public.vip.ssn"), "{told}");
    assert!(!home.warnings().contains("public.vip"), "a row that is deleted keeps nothing");
}

const GENERATED: &str = "ALTER TABLE customers ADD plan text DEFAULT 'p', ADD serial int GENERATED ALWAYS AS IDENTITY,
        ADD label text GENERATED ALWAYS AS (plan || '!') STORED, ADD code text GENERATED ALWAYS AS ('C' || id::text) STORED,
        ADD loud text GENERATED ALWAYS AS (upper(name)) STORED, ADD mixed text GENERATED ALWAYS AS (coalesce(name, plan)) STORED;";

#[test]
fn what_is_generated_from_what_stays_is_told_to_stay() {
    let columns = |more: &str| {
        format!(
            "{more}retention = {{ since = 'seen', keep = '5 years' }}\ncolumns = {{ plan = 'open', serial = 'identity', \
             label = 'identity', code = 'identity', loud = 'identity', mixed = 'identity', "
        )
    };
    let from = "retention = { since = \"seen\", keep = \"5 years\" }\ncolumns = { ";
    let home = Home::new("generated").with(GENERATED, from, &columns("erase = 'null'\n"));
    let told = home.warnings();
    for (column, why) in
        [("serial", "by itself"), ("label", "from what they keep too: plan"), ("code", "from what they keep too: id")]
    {
        let warning =
            format!("rows of public.customers are nulled, and keep {column}, which PostgreSQL generates {why}\n");
        assert!(told.contains(&warning), "{told}");
    }
    assert!(!told.contains("keep loud") && !told.contains("keep mixed"), "{told}");
    let left =
        "left, because PostgreSQL generates them, and not from what is emptied alone: serial, label, code, mixed\n";
    for command in
        [&["subject", "erase", "--key", "2"][..], &["retention", "apply", "--dry-run"], &["retention", "apply"]]
    {
        let told = home.well(command);
        assert!(told.contains(left), "{command:?}: {told}");
    }
    assert_eq!(home.db.psql("SELECT name, label, code, loud, mixed FROM customers WHERE id = 2"), "|p!|C2||p");

    let shadow =
        format!("{GENERATED}CREATE TABLE shadow (who bigint REFERENCES customers); INSERT INTO shadow VALUES (2);");
    let home = Home::new("generated_kept").with(&shadow, from, &columns(""));
    let told = home.well(&["subject", "erase", "--key", "2"]);
    assert!(told.contains("left as they are: serial, label, code, mixed\n"), "{told}");
}

#[test]
fn rows_of_a_materialized_view_are_past_their_time_until_it_is_refreshed() {
    let view = "CREATE MATERIALIZED VIEW summary AS SELECT id, name, seen FROM customers";
    let of_view = "[table.\"public.summary\"]\nsubject = { customer = 'id' }\n\
        retention = { since = 'seen', keep = '5 years' }\ncolumns = { id = 'open', name = 'identity', seen = 'open' }\n\
        [purpose.marketing]";
    let home = Home::new("stale").with(view, "[purpose.marketing]", of_view);
    let told = home.warnings();
    assert!(
        told.contains("public.summary is a materialized view: its rows past their time stay until it is refreshed"),
        "{told}"
    );
    let reported = home.well(&["retention", "report"]);
    let row = reported.lines().find(|line| line.contains("public.summary")).unwrap();
    assert!(row.trim_end().ends_with("refresh"), "{reported}");
    for (command, done) in [
        (&["retention", "apply", "--dry-run"][..], "public.customers: 1 rows would be deleted\n"),
        (&["retention", "apply"], "public.customers: 1 rows deleted\n"),
        (&["retention", "apply"], "nothing to erase\n"),
    ] {
        let output = home.run(command);
        let (told, why) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!((output.status.code(), told.as_str()), (Some(1), done), "{why}");
        let stay = "public.summary: 1 rows past their time stay: a materialized view\n\
            hint: REFRESH MATERIALIZED VIEW \"public\".\"summary\"";
        assert!(why.contains(stay), "{why}");
    }
    home.db.psql("REFRESH MATERIALIZED VIEW summary");
    assert_eq!(home.well(&["retention", "apply"]), "nothing to erase\n");
}
