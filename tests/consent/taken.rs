//! What a trigger of the consent table makes of a choice: it is recorded as it was said, or not at all.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::import::BadLines;

use crate::choices::{Case, LEDGER, STATE, choice};
use crate::import;

fn before(event: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;
         CREATE TRIGGER t BEFORE {event} ON consents FOR EACH ROW EXECUTE FUNCTION f();"
    )
}

const GRANTED: &str =
    "INSERT INTO consents (subject_id, purpose, status, granted_at) VALUES (1, 'marketing', 'granted', '2024-01-01');";
const LOGGED: &str =
    "INSERT INTO consents (subject_id, purpose, status, recorded_at) VALUES (1, 'marketing', 'granted', '2024-01-01');";

const NOT_RECORDED: &str = "nothing was recorded: public.consents does not hold what was written to it";

#[tokio::test]
async fn a_choice_that_a_trigger_drops_or_changes_is_not_recorded() {
    let drops = before("INSERT OR UPDATE", "RETURN NULL;");
    let keeps = before("UPDATE", "RETURN old;");
    let changes = before("INSERT OR UPDATE", "new.status := 'granted'; new.withdrawn_at := NULL; RETURN new;");
    for (name, sql) in [
        ("state_drops", format!("{STATE}{GRANTED}{drops}")),
        ("state_keeps", format!("{STATE}{GRANTED}{keeps}")),
        ("state_changes", format!("{STATE}{GRANTED}{changes}")),
        ("ledger_drops", format!("{LEDGER}{LOGGED}{drops}")),
        ("ledger_changes", format!("{LEDGER}{LOGGED}{}", changes.replace("new.withdrawn_at := NULL;", ""))),
    ] {
        let case = Case::new(&format!("taken_{name}"), &sql).await;
        for act in [Act::Withdraw, Act::Object] {
            let said = case.try_choose("1", choice(act, None)).await.unwrap_err().to_string();
            assert!(said.starts_with(NOT_RECORDED), "{name} {act:?}: {said}");
        }
        assert_eq!(case.db.psql("SELECT status FROM consents"), "granted", "{name}");
        // Of the first there is a yes already, and in a ledger it is said again.
        let people: &[&str] = match name {
            "state_drops" => &["2"],
            "ledger_drops" => &["1", "2"],
            _ => &[],
        };
        for person in people {
            let said = case.try_choose(person, choice(Act::Grant, None)).await.unwrap_err().to_string();
            assert!(said.starts_with(NOT_RECORDED), "{name} {person}: {said}");
        }
    }
    // One that puts the row elsewhere, or says more of it, is none of these.
    let moved = format!(
        "{LEDGER} CREATE TABLE elsewhere () INHERITS (consents);
         {}",
        before(
            "INSERT",
            "IF TG_RELID = 'consents'::regclass THEN INSERT INTO elsewhere VALUES (new.*); RETURN NULL; END IF; RETURN new;"
        )
    );
    let case = Case::new("taken_moved", &moved).await;
    case.choose("1", choice(Act::Withdraw, None)).await;
    assert_eq!(case.db.psql("SELECT status FROM elsewhere"), "withdrawn");
}

/// Other rows that say no, and a yes that was there before, are not what was said.
#[tokio::test]
async fn what_is_not_said_anew_is_not_recorded() {
    let keeps = before("UPDATE", "RETURN old;");
    let rows = "INSERT INTO consents (subject_id, purpose, channel, status, granted_at, withdrawn_at) VALUES
        (1, 'marketing', NULL, 'granted', '2024-01-01', NULL), (1, 'marketing', 'email', 'withdrawn', NULL, '2024-01-02'),
        (2, 'marketing', NULL, 'granted', now() + interval '1 hour', NULL);";
    let case = Case::new("taken_anew", &format!("{STATE}{rows}{keeps}")).await;
    let late = Choice { at: Some("2024-06-01T00:00:00Z".parse().unwrap()), ..choice(Act::Withdraw, None) };
    let provenance = Provenance { notice: Some("2024-05".into()), ..Provenance::default() };
    let renewed = Choice { provenance, ..choice(Act::Grant, None) };
    for (person, choice) in [("1", late.clone()), ("2", choice(Act::Withdraw, None)), ("1", renewed)] {
        let said = case.try_choose(person, choice).await.unwrap_err().to_string();
        assert!(said.starts_with(NOT_RECORDED), "{person}: {said}");
    }
    // Of two rows for the same one says no already.
    let twice = format!(
        "CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, {TIMES});{GRANTED}"
    );
    let no = GRANTED.replace("'granted'", "'withdrawn'");
    let case = Case::new("taken_twice", &format!("{twice}{no}{keeps}")).await;
    let said = case.try_choose("1", late).await.unwrap_err().to_string();
    assert!(said.starts_with(NOT_RECORDED), "{said}");
}

/// A ledger may put its older rows elsewhere, or say the same of each channel.
#[tokio::test]
async fn what_is_said_in_another_way_is_recorded() {
    let archive = format!(
        "{LEDGER} CREATE TABLE archive (LIKE consents);
         {LOGGED}
         {}",
        before(
            "INSERT",
            "WITH d AS (DELETE FROM consents WHERE subject_id = new.subject_id RETURNING *) INSERT INTO archive SELECT * FROM d; RETURN new;"
        )
    );
    let case = Case::new("taken_archive", &archive).await;
    case.choose("1", choice(Act::Withdraw, None)).await;
    assert_eq!(case.db.psql("SELECT status FROM consents"), "withdrawn");
    let split = format!(
        "{LEDGER}{}",
        before(
            "INSERT",
            "IF new.channel IS NULL THEN INSERT INTO consents SELECT new.subject_id, new.purpose, c, new.status, new.expires_at,
                 new.notice_version, new.recorded_at FROM unnest('{email,sms,phone,post}'::text[]) AS c; RETURN NULL; END IF; RETURN new;"
        )
    );
    let case = Case::new("taken_split", &split).await;
    for act in [Act::Grant, Act::Withdraw, Act::Object] {
        case.choose("1", choice(act, None)).await;
    }
}

const TIMES: &str =
    "granted_at timestamptz, withdrawn_at timestamptz, expires_at timestamptz, notice_version text, source text";

/// A file's nos, too: a yes that is lost is told by its count.
#[tokio::test]
async fn an_import_of_which_a_no_is_not_taken_fails() {
    let state = format!(
        "CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, {TIMES});{GRANTED}"
    );
    let ledger = format!("{}{LOGGED}", import::LEDGER);
    let old_no = LOGGED.replace("'granted', '2024", "'withdrawn', '2023");
    let changes = |status: &str| before("INSERT OR UPDATE", &format!("new.status := '{status}'; RETURN new;"));
    let keeps_yes = before("UPDATE", "new.status := 'granted'; new.granted_at := now(); RETURN new;");
    let both = ["withdraw", "object"];
    for (name, sql, choices) in [
        ("state", format!("{state}{}", before("UPDATE", "RETURN old;")), &both[..]),
        ("state_yes", format!("{state}{keeps_yes}"), &both),
        ("state_no", format!("{state}{}", changes("withdrawn")), &both[1..]),
        ("ledger", format!("{ledger}{}", before("INSERT", "RETURN NULL;")), &both),
        ("ledger_old", format!("{ledger}{old_no}{}", before("INSERT", "RETURN NULL;")), &both),
        ("ledger_no", format!("{ledger}{}", changes("withdrawn")), &both[1..]),
    ] {
        let case = import::Case::new(&format!("not_taken_{name}"), &sql).await;
        for choice in choices {
            let file = format!("subject,purpose,choice,time\n1,marketing,{choice},2024-02-01\n");
            let (result, complaints) = case.import(&file, BadLines::Skip).await;
            assert_eq!(complaints, [""; 0]);
            assert!(result.unwrap_err().message.starts_with(NOT_RECORDED), "{name} {choice}");
        }
        assert_eq!(case.db.psql("SELECT count(*) FROM consents WHERE status = 'granted'"), "1", "{name}");
    }
}

/// What is there in another way, or is followed by something newer.
#[tokio::test]
async fn an_import_is_taken_by_a_table_that_keeps_the_newest() {
    let newest = before(
        "INSERT",
        "IF EXISTS (SELECT FROM consents c WHERE c.subject_id = new.subject_id AND c.recorded_at > new.recorded_at) THEN RETURN NULL; END IF;
         DELETE FROM consents c WHERE c.subject_id = new.subject_id; RETURN new;",
    );
    let case = import::Case::new("taken_newest", &format!("{}{newest}", import::LEDGER)).await;
    let file = "subject,purpose,choice,time\n1,marketing,withdraw,2024-02-01\n1,marketing,grant,2025-02-01\n";
    case.import_well(file).await;
    case.import_well(file).await;
    case.import_well("subject,purpose,choice,time\n1,marketing,withdraw,2024-02-01\n").await;
    assert_eq!(case.db.psql("SELECT status FROM consents"), "granted");
}

/// Of a date it cannot be seen that it is said again; nor where the first time is kept.
#[tokio::test]
async fn a_yes_that_is_said_again_is_recorded() {
    let dates = format!(
        "CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, {});",
        TIMES.replace("granted_at timestamptz", "granted_at date")
    );
    let first = before("UPDATE", "new.granted_at := old.granted_at; RETURN new;");
    for (name, sql) in [("dates", dates), ("first", format!("{STATE}{GRANTED}{first}"))] {
        let case = Case::new(&format!("taken_{name}"), &sql).await;
        for _ in 0..2 {
            case.choose("1", choice(Act::Grant, None)).await;
        }
    }
}

/// RAISE may say anything under any SQLSTATE.
#[tokio::test]
async fn what_a_trigger_says_is_not_told() {
    for (code, class) in [("check_violation", "23514"), ("insufficient_privilege", "42501")] {
        let body = format!(
            "RAISE EXCEPTION 'customer Ada Secret' USING ERRCODE = '{code}', TABLE = 'Ada Secret', CONSTRAINT = 'Ada Secret', COLUMN = 'Ada Secret';"
        );
        let case = Case::new(&format!("taken_{code}"), &format!("{STATE}{}", before("INSERT", &body))).await;
        let said = case.try_choose("1", choice(Act::Withdraw, None)).await.unwrap_err().to_string();
        assert!(said.contains(class) && !said.contains("Ada"), "{said}");
    }
}
