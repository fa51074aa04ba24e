//! CSV files into consent tables: what is taken, what is complained about, and what an old file cannot undo.

use consentry::consent::fault::Fault;
use consentry::consent::history::records;
use consentry::consent::import::{BadLines, Imported, Progress, import};
use consentry::consent::standing::{Record, Standing, judge};
use consentry::consent::target::Target;
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

const CUSTOMERS: &str =
    "CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers SELECT generate_series(1, 9);";

pub const STATE: &str =
    "CREATE TABLE consents (subject_id int REFERENCES customers, purpose text, channel text, status text,
    granted_at timestamptz, withdrawn_at timestamptz, expires_at timestamptz, notice_version varchar(7), source text);";

pub const LEDGER: &str =
    "CREATE TABLE consents (subject_id int, purpose text, channel text, status text, recorded_at timestamptz);";

pub struct Case {
    pub db: Database<'static>,
    pub catalog: Catalog,
    pub policy: Policy,
}

/// What an import said: the result, and its complaints as `line: what`.
pub type Said = (Result<Imported, Fault>, Vec<String>);

impl Case {
    pub async fn new(name: &str, sql: &str) -> Self {
        let db = shared().database(&format!("import_{name}"), &format!("{CUSTOMERS}{sql}")).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::customers(&catalog, Some(policy::consent_source(&catalog, "public.consents")));
        Self { db, catalog, policy }
    }

    pub async fn import(&self, file: &str, bad_lines: BadLines) -> Said {
        let target = Target::of(&self.policy, &self.catalog, "customer").unwrap();
        let mut complaints = Vec::new();
        let mut on = |progress: Progress| {
            if let Progress::Bad { line, wrong } = progress {
                complaints.push(format!("{line}: {wrong}"));
            }
        };
        let result =
            import(&mut self.db.superuser().await, &target, file.as_bytes(), bad_lines, &mut on, &mut |_| Ok(())).await;
        (result, complaints)
    }

    /// An import without complaints.
    pub async fn import_well(&self, file: &str) -> Imported {
        let (result, complaints) = self.import(file, BadLines::Refuse).await;
        assert_eq!(complaints, [""; 0]);
        result.unwrap()
    }

    /// The same by this login.
    pub async fn import_as(&self, client: &mut tokio_postgres::Client, file: &str) -> Result<Imported, Fault> {
        let target = Target::of(&self.policy, &self.catalog, "customer").unwrap();
        import(client, &target, file.as_bytes(), BadLines::Refuse, &mut |_| {}, &mut |_| Ok(())).await
    }

    /// What holds now of a person's choices for one purpose, and these.
    pub async fn standing(&self, person: &str, purpose: &str) -> (Standing, Vec<Record>) {
        let target = Target::of(&self.policy, &self.catalog, "customer").unwrap();
        let records = records(&self.db.superuser().await, &target, person).await.unwrap();
        (judge(&self.policy.purposes[purpose], target.source, &records), records)
    }

    fn stored(&self) -> String {
        self.db.psql("SELECT subject_id, purpose, channel, status FROM consents ORDER BY 1, 2, 3, 4")
    }
}

#[tokio::test]
async fn choices_are_stored_with_their_provenance() {
    let case = Case::new("well", STATE).await;
    let done = case
        .import_well(
            "subject,choice,purpose,channel,time,expires,notice,source\n\
             1,grant,marketing,email,2024-03-01T10:00:00+02:00,2030-01-01,2024-05,\"web\tform, \"\"new\"\"\"\n\
             2,withdrawn,marketing,,2024-03-02,,,\n\
             3,object,analytics,,2024-03-03 04:05:06,,,\\N\n",
        )
        .await;
    assert_eq!(done, Imported { lines: 3, added: 3, ..Imported::default() });
    assert_eq!(
        case.db.psql("SET timezone = 'UTC'; SELECT subject_id, status, channel, granted_at, withdrawn_at, expires_at, notice_version,
                      source FROM consents ORDER BY 1"),
        "1|granted|email|2024-03-01 08:00:00+00||2030-01-01 00:00:00+00|2024-05|web\tform, \"new\"\n\
         2|withdrawn|||2024-03-02 00:00:00+00|||\n\
         3|objected|||2024-03-03 04:05:06+00|||\\N"
    );
}

#[tokio::test]
async fn every_bad_line_is_named_and_nothing_is_imported() {
    let case = Case::new("bad", STATE).await;
    let file = "subject,purpose,choice,channel,time,expires,notice\n\
                1,marketing,grant,email,2024-01-01,,\n\
                one,marketing,grant,email,2024-01-01,,\n\
                1,astrology,perhaps,fax,2024-01-01,,\n\
                1,marketing,grant\n\
                99,marketing,grant,email,2024-01-01,,\n\
                1,marketing,grant,email,yesterday,2020-01-01,\n\
                1,marketing,grant,email,2024-01-01,2023-01-01,\n\
                1,marketing,grant,email,2999-01-01,,\n\
                99999999999,marketing,grant,email,2024-01-01,,\n";
    let bad = [
        "3: subject is no integer",
        "4: purpose is not in the policy; choice is none of grant, withdraw, object or the table's own words for them; \
         channel is none of email, sms, phone, post",
        "5: has 3 fields instead of 7",
        "7: time is no time (2025-03-01, or 2025-03-01T12:00:00Z)",
        "8: expires is not after time",
        "9: time is in the future",
        "10: subject is no integer",
        "6: subject is not there",
    ];
    let (refused, complaints) = case.import(file, BadLines::Refuse).await;
    assert_eq!(complaints, bad);
    assert!(refused.unwrap_err().message.contains("8 of 9 lines are bad; nothing was imported"));
    assert_eq!(case.stored(), "");

    let (skipped, complaints) = case.import(file, BadLines::Skip).await;
    assert_eq!(complaints, bad);
    assert_eq!(skipped.unwrap(), Imported { lines: 9, bad: 8, added: 1, ..Imported::default() });
    assert_eq!(case.stored(), "1|marketing|email|granted");
}

/// A quote that is not closed takes the lines behind it: these are other people's choices.
#[tokio::test]
async fn a_field_over_several_lines_is_a_bad_line() {
    let case = Case::new("quote", STATE).await;
    let file = "subject,purpose,choice,time,source\n\
                1,marketing,withdraw,2024-01-01,\"web form\n\
                2,marketing,withdraw,2024-01-01,shop\n\
                3,marketing,withdraw,2024-01-01,shop\n";
    let (refused, complaints) = case.import(file, BadLines::Refuse).await;
    assert_eq!(complaints, ["2: source goes over 4 lines of the file: is a quote in it not closed?"]);
    assert!(refused.unwrap_err().message.contains("nothing was imported"));
    assert_eq!(case.stored(), "");
}

/// The offset may come with a place; a place alone is no offset.
#[tokio::test]
async fn a_place_is_no_offset() {
    let case = Case::new("place", STATE).await;
    let file = "subject,purpose,choice,time\n1,marketing,grant,2024-01-01T12:00:00[America/New_York]\n\
                2,marketing,grant,2024-01-01T12:00:00-05:00[America/New_York]\n";
    let (taken, complaints) = case.import(file, BadLines::Skip).await;
    assert_eq!(complaints, ["2: time is no time (2025-03-01, or 2025-03-01T12:00:00Z)"]);
    assert_eq!(taken.unwrap().added, 1);
    assert_eq!(case.db.psql("SET timezone = 'UTC'; SELECT granted_at FROM consents"), "2024-01-01 17:00:00+00");
}

#[tokio::test]
async fn no_complaint_quotes_a_value() {
    let case = Case::new("quiet", STATE).await;
    let (result, complaints) =
        case.import("subject,purpose,choice,time\nmaria@example.org,maria's,maria,maria\n", BadLines::Refuse).await;
    let said = format!("{complaints:?} {:?}", result.unwrap_err());
    assert!(!said.contains("maria"), "{said}");
}

#[tokio::test]
async fn a_header_that_is_not_understood_is_refused() {
    let case = Case::new("header", STATE).await;
    for (header, words) in [
        ("subject,purpose", "no column \"choice\""),
        ("subject,purpose,choice,email", "column 4 of the file's first line is not known"),
        ("subject,purpose,choice,subject", "two columns \"subject\""),
        ("subject,purpose,choice,recipient", "maps none in public.consents"),
    ] {
        let (refused, _) = case.import(&format!("{header}\n"), BadLines::Skip).await;
        let fault = refused.unwrap_err();
        assert!(fault.message.contains(words), "{header}: {fault}");
    }
}

/// The newest counts: in the file, and against what is on record.
#[tokio::test]
async fn an_old_file_does_not_undo_a_newer_choice() {
    let case = Case::new("older", STATE).await;
    case.db.psql(
        "INSERT INTO consents VALUES (1, 'marketing', 'email', 'withdrawn', '2020-01-01', '2024-06-01Z'),
                                     (2, 'marketing', 'email', 'granted', '2020-01-01Z', NULL),
                                     (3, 'marketing', NULL, 'granted', '2024-06-01Z', NULL)",
    );
    let file = "subject,purpose,choice,channel,time\n\
                1,marketing,grant,email,2024-05-31\n\
                2,marketing,grant,email,2024-05-30\n\
                2,marketing,withdraw,email,2024-05-31\n\
                2,marketing,grant,email,2024-05-29\n\
                3,marketing,withdraw,,2024-06-01\n\
                4,marketing,grant,email,2024-05-31\n\
                4,marketing,withdraw,email,2024-05-31\n";
    let done = case.import_well(file).await;
    assert_eq!(done, Imported { lines: 7, added: 1, changed: 2, older: 1, ..Imported::default() });
    let after =
        "1|marketing|email|withdrawn\n2|marketing|email|withdrawn\n3|marketing||withdrawn\n4|marketing|email|withdrawn";
    assert_eq!(case.stored(), after);
    let again = case.import_well(file).await;
    assert_eq!((again.added, again.changed), (0, 0), "a second time changes nothing");
    assert_eq!(case.stored(), after);
}

/// A yes that has not begun is no newer choice than a no.
#[tokio::test]
async fn a_no_holds_against_a_yes_that_begins_later() {
    let case = Case::new("later", STATE).await;
    case.db.psql(
        "INSERT INTO consents SELECT p, 'marketing', NULL, 'granted', now() + interval '1 day' FROM generate_series(1, 3) p;
         UPDATE consents SET withdrawn_at = '2024-06-01Z' WHERE subject_id = 2",
    );
    let file = "subject,purpose,choice,time\n1,marketing,withdraw,2024-06-01\n2,marketing,object,2024-05-01\n3,marketing,grant,2024-05-01\n";
    let done = case.import_well(file).await;
    assert_eq!((done.added, done.changed, done.older), (0, 2, 1));
    let after = "1|marketing||withdrawn\n2|marketing||objected\n3|marketing||granted";
    assert_eq!(case.stored(), after);
    assert_eq!(case.import_well(file).await.changed, 0, "a second time changes nothing");
    let yes = "subject,purpose,choice,time\n1,marketing,grant,2024-05-31\n2,marketing,grant,2024-05-31\n";
    assert_eq!(case.import_well(yes).await.older, 2, "neither forgets the last no");
    assert_eq!(case.stored(), after);
    let again = case.import_well("subject,purpose,choice,time\n1,marketing,grant,2024-06-02\n").await;
    assert_eq!(again.changed, 1, "who agrees after that no has agreed");
}

#[tokio::test]
async fn a_ledgers_no_holds_against_a_record_that_lies_ahead() {
    let case = Case::new("ahead", LEDGER).await;
    case.db.psql("INSERT INTO consents SELECT p, 'marketing', NULL, 'granted', now() + interval '1 day' FROM generate_series(1, 2) p");
    let file = "subject,purpose,choice,time\n1,marketing,withdraw,2024-06-01\n1,marketing,withdraw,2024-05-01\n\
                2,marketing,withdraw,2024-06-01\n2,marketing,grant,2024-06-02\n";
    assert_eq!(case.import_well(file).await.added, 5);
    assert_eq!(case.import_well(file).await.added, 0, "a second time adds nothing");
    let newest =
        "SELECT DISTINCT ON (subject_id) subject_id, status FROM consents ORDER BY 1, recorded_at DESC, status DESC";
    assert_eq!(case.db.psql(newest), "1|withdrawn\n2|granted");
}

/// Without a time to compare, a yes is never written over a no.
#[tokio::test]
async fn without_times_only_a_no_overwrites() {
    let case = Case::new(
        "timeless",
        "CREATE TABLE consents (subject_id int, purpose text, status text);
        INSERT INTO consents VALUES (1, 'marketing', 'withdrawn'), (2, 'marketing', 'granted');",
    )
    .await;
    let done = case.import_well("subject,purpose,choice\n1,marketing,grant\n2,marketing,object\n").await;
    assert_eq!((done.changed, done.older), (1, 1));
    assert_eq!(case.db.psql("SELECT status FROM consents ORDER BY subject_id"), "withdrawn\nobjected");
}

#[tokio::test]
async fn a_withdrawal_without_channel_reaches_every_channel() {
    // `fax` is a channel of the company's own, which no line can name.
    let fax = |time: &str| {
        format!(
            "INSERT INTO consents (subject_id, purpose, channel, status, {time}) VALUES (1, 'marketing', 'fax', 'granted', '2024-01-03');"
        )
    };
    for (name, sql, time) in [("spread_state", STATE, "granted_at"), ("spread_ledger", LEDGER, "recorded_at")] {
        let case = Case::new(name, sql).await;
        case.db.psql(&fax(time));
        case.import_well("subject,purpose,choice,channel,time\n1,marketing,grant,email,2024-01-01\n1,marketing,grant,sms,2024-01-02\n")
            .await;
        case.import_well(
            "subject,purpose,choice,channel,time\n1,marketing,withdraw,,2024-02-01\n1,marketing,grant,post,2024-01-05\n1,marketing,grant,sms,2024-02-02\n",
        )
        .await;
        let (standing, _) = case.standing("1", "marketing").await;
        let valid: Vec<_> = standing.channels.iter().filter(|(_, v)| v.is_ok()).map(|(c, _)| c.as_str()).collect();
        assert_eq!(valid, ["sms"], "{name}: only what came later holds");
        let last = format!("SELECT status FROM consents WHERE channel = 'fax' ORDER BY {time} DESC LIMIT 1");
        assert_eq!(case.db.psql(&last.replace("granted_at", "withdrawn_at")), "withdrawn", "{name}");
    }
}

/// As `consent withdraw --channel` does: the consent for all ends, and goes on for the other channels. In whatever order
/// and files it is told, and a second time without any change.
#[tokio::test]
async fn one_channel_is_taken_out_of_a_consent_for_all() {
    let tell = |lines: &[&str]| format!("subject,purpose,choice,channel,time\n{}\n", lines.join("\n"));
    let timeless = "CREATE TABLE consents (subject_id int, purpose text, channel text, status text);";
    for (name, sql) in [("split_state", STATE), ("split_ledger", LEDGER), ("split_timeless", timeless)] {
        let case = Case::new(name, sql).await;
        let (all, email, sms) =
            ("marketing,grant,,2024-01-01", "marketing,withdraw,email,2024-02-01", "marketing,withdraw,sms,2024-03-01");
        let mut files = vec![tell(&[&format!("1,{all}"), &format!("1,{email}"), &format!("1,{sms}")])];
        for (person, order) in [("2", [all, email, sms]), ("3", [email, sms, all]), ("4", [all, sms, email])] {
            files.extend(order.iter().map(|line| tell(&[&format!("{person},{line}")])));
        }
        for file in &files {
            case.import_well(file).await;
        }
        for person in ["1", "2", "3", "4"] {
            let (standing, _) = case.standing(person, "marketing").await;
            let valid: Vec<_> = standing.channels.iter().filter(|(_, v)| v.is_ok()).map(|(c, _)| c.as_str()).collect();
            let safe = name == "split_timeless" && person == "3";
            assert!(valid == ["phone", "post"] || safe && valid.is_empty(), "{name}: {person}: {valid:?}");
        }
        let stored = case.stored();
        for file in files.iter().filter(|_| name != "split_timeless") {
            let again = case.import_well(file).await;
            assert_eq!((again.added, again.changed), (0, 0), "{name}: a second time");
        }
        assert_eq!(case.stored(), stored, "{name}");
    }
}

/// What is carried over is what was agreed to, from the file or on record.
#[tokio::test]
async fn a_consent_that_is_split_goes_on_as_it_was() {
    let case = Case::new("split_as", STATE).await;
    case.db.psql("INSERT INTO consents VALUES (1, 'marketing', NULL, 'granted', '2024-01-01Z', NULL, '2099-01-01Z', 'v7', 'web')");
    case.import_well(
        "subject,purpose,choice,channel,time,expires,notice,source\n1,marketing,withdraw,email,2024-02-01,,,call\n\
         2,marketing,grant,,2024-01-01,2099-01-01,v7,web\n2,marketing,withdraw,email,2024-02-01,,,call\n",
    )
    .await;
    for person in [1, 2] {
        let stored = case.db.psql(&format!(
            "SET timezone = 'UTC'; SELECT channel, status, granted_at::date, withdrawn_at::date, expires_at::date, notice_version, source
               FROM consents WHERE subject_id = {person} ORDER BY 1 NULLS FIRST"
        ));
        let goes_on = |channel: &str| format!("\n{channel}|granted|2024-02-01||2099-01-01|v7|web");
        assert!(stored.contains("\nemail|withdrawn||2024-02-01|"), "{stored}");
        assert!(["phone", "post", "sms"].iter().all(|c| stored.contains(&goes_on(c))), "{stored}");
    }
}

/// What begins later cannot be carried over from when the withdrawal was said.
#[tokio::test]
async fn one_channel_out_of_a_consent_that_begins_later_is_a_question() {
    for (name, sql, time) in [("general_state", STATE, "granted_at"), ("general_ledger", LEDGER, "recorded_at")] {
        let case = Case::new(name, sql).await;
        case.db.psql(&format!("INSERT INTO consents (subject_id, purpose, status, {time}) VALUES (1, 'marketing', 'granted', now() + interval '1 day')"));
        let file = "subject,purpose,choice,channel\n1,marketing,withdraw,email\n2,marketing,withdraw,email\n";
        let (_, complaints) = case.import(file, BadLines::Refuse).await;
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("2: takes one channel out of"), "{complaints:?}");
    }
}

#[tokio::test]
async fn a_ledger_takes_each_choice_once() {
    let case = Case::new("ledger", LEDGER).await;
    let file = "subject,purpose,choice,time\n1,marketing,grant,2024-01-01\n1,marketing,withdraw,2024-01-02\n";
    assert_eq!(case.import_well(file).await.added, 2);
    assert_eq!(case.import_well(file).await.added, 0);
    assert_eq!(case.db.psql("SELECT status FROM consents ORDER BY recorded_at"), "granted\nwithdrawn");
}

#[tokio::test]
async fn a_notice_that_a_purpose_asks_for_must_be_there() {
    let mut case = Case::new("notice", STATE).await;
    case.policy.purposes.get_mut("marketing").unwrap().notices = Some(vec!["2025-03".into()]);
    let (_, complaints) = case
        .import(
            "subject,purpose,choice,notice\n1,marketing,grant,\n1,marketing,withdraw,\n1,sharing,grant,\n",
            BadLines::Refuse,
        )
        .await;
    assert_eq!(complaints, ["2: notice is empty, and this purpose counts consent only under one"]);
}

#[tokio::test]
async fn what_is_no_value_of_its_columns_type_is_a_bad_line() {
    let mut case = Case::new(
        "label",
        "CREATE TYPE why AS ENUM ('marketing'); CREATE DOMAIN known AS text CHECK (VALUE <> 'rumour');
         CREATE TABLE consents (subject_id int, purpose why, status text, notice_version int, source known);",
    )
    .await;
    let kind = case.policy.subjects.get_mut("customer").unwrap();
    let source = kind.consent.as_mut().unwrap();
    (source.notice, source.source) = (Some("notice_version".into()), Some("source".into()));
    let file = "subject,purpose,choice,notice,source\n1,marketing,grant,2024,web\n2,sharing,grant,2024,web\n\
                3,marketing,grant,abc,web\n4,marketing,grant,99999999999,\n5,marketing,grant,,rumour\n6,marketing,grant,,\n";
    let (refused, complaints) = case.import(file, BadLines::Refuse).await;
    assert_eq!(refused.unwrap_err().message, "4 of 6 lines are bad; nothing was imported");
    assert_eq!(
        complaints,
        [
            "3: purpose is no value of the consent table's purpose, which is of type public.why",
            "4: notice is no value of the consent table's notice_version, which is of type integer",
            "5: notice is no value of the consent table's notice_version, which is of type integer",
            "6: source is no value of the consent table's source, which is of type public.known",
        ]
    );
    assert_eq!(case.db.psql("SELECT count(*) FROM consents"), "0");
    assert_eq!(case.import(file, BadLines::Skip).await.0.unwrap().added, 2);
    assert_eq!(case.db.psql("SELECT subject_id, notice_version FROM consents ORDER BY 1"), "1|2024\n6|");
}

#[tokio::test]
async fn many_lines_travel_in_pieces() {
    let case = Case::new("many", LEDGER).await;
    case.db.psql("INSERT INTO customers SELECT generate_series(10, 20000)");
    let mut file = String::from("subject,purpose,choice,time\n");
    file.extend((1..=20_000).map(|n| format!("{n},marketing,grant,2024-01-01\n")));
    assert_eq!(case.import_well(&file).await.added, 20_000);
    assert_eq!(case.db.psql("SELECT count(DISTINCT subject_id) FROM consents"), "20000");
}

/// What a file does not say, a new row has from the table, as one that `consent withdraw` writes.
#[tokio::test]
async fn what_a_line_leaves_away_is_the_tables_default() {
    let sql = "CREATE DOMAIN origin AS text DEFAULT 'desk' NOT NULL; CREATE SEQUENCE told; CREATE FUNCTION public.v() RETURNS text LANGUAGE sql AS 'SELECT ''v'' || nextval(''told'')';
        CREATE TABLE consents (subject_id int REFERENCES customers, purpose text, channel text, status text,
            granted_at timestamptz NOT NULL DEFAULT '2001-01-01Z', withdrawn_at timestamptz, expires_at timestamptz DEFAULT '2099-01-01Z',
            notice_version varchar(7) NOT NULL DEFAULT public.v(), source origin);
        INSERT INTO consents VALUES (7, 'marketing', NULL, 'granted', '2020-01-01Z', NULL, '2050-01-01Z', 'old', 'shop'),
                                    (8, 'marketing', NULL, 'withdrawn', '2020-01-01Z', '2020-02-01Z', '2050-01-01Z', 'old', 'shop');";
    let case = Case::new("defaults", sql).await;
    case.import_well("subject,purpose,choice,time\n1,marketing,withdraw,2024-01-01\n2,marketing,grant,2024-01-01\n")
        .await;
    case.import_well(
        "subject,purpose,choice,source,time\n3,marketing,withdraw,,2024-01-01\n4,marketing,withdraw,call,2024-01-01\n",
    )
    .await;
    // A row that is there: neither a no nor a yes has anything of what was said before.
    case.import_well("subject,purpose,choice,time\n7,marketing,withdraw,2024-01-01\n8,marketing,grant,2024-01-01\n")
        .await;
    assert_eq!(
        case.db.psql("SET timezone = 'UTC'; SELECT subject_id, status, granted_at::date, withdrawn_at::date, expires_at::date, notice_version, source FROM consents ORDER BY 1"),
        "1|withdrawn|2001-01-01|2024-01-01|2099-01-01|v1|desk\n\
         2|granted|2024-01-01||2099-01-01|v2|desk\n\
         3|withdrawn|2001-01-01|2024-01-01|2099-01-01|v3|desk\n\
         4|withdrawn|2001-01-01|2024-01-01|2099-01-01|v4|call\n\
         7|withdrawn|2020-01-01|2024-01-01|2099-01-01|v5|desk\n\
         8|granted|2024-01-01||2099-01-01|v6|desk"
    );
}
