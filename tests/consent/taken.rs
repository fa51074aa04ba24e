//! What a trigger of the consent table makes of a choice: it is recorded as it was said, or not at all.

use consentry::consent::choice::{Act, Choice};
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
        if name.ends_with("drops") {
            let said = case.try_choose("2", choice(Act::Grant, None)).await.unwrap_err().to_string();
            assert!(said.starts_with(NOT_RECORDED), "{name}: {said}");
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
    for (person, choice) in [("1", late), ("2", choice(Act::Withdraw, None)), ("1", choice(Act::Grant, None))] {
        let said = case.try_choose(person, choice).await.unwrap_err().to_string();
        assert!(said.starts_with(NOT_RECORDED), "{person}: {said}");
    }
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

/// A file's nos, too: a yes that is lost is told by its count.
#[tokio::test]
async fn an_import_of_which_a_no_is_not_taken_fails() {
    let keeps = before("UPDATE", "RETURN old;");
    let drops = before("INSERT", "RETURN NULL;");
    let times =
        "granted_at timestamptz, withdrawn_at timestamptz, expires_at timestamptz, notice_version text, source text";
    let table = format!("CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, {times});");
    for (name, sql) in
        [("state", format!("{table}{GRANTED}{keeps}")), ("ledger", format!("{}{LOGGED}{drops}", import::LEDGER))]
    {
        let case = import::Case::new(&format!("not_taken_{name}"), &sql).await;
        for file in ["1,marketing,withdraw,2024-02-01", "1,marketing,object,2024-02-01"] {
            let file = format!("subject,purpose,choice,time\n{file}\n");
            let (result, complaints) = case.import(&file, BadLines::Skip).await;
            assert_eq!(complaints, [""; 0]);
            assert!(result.unwrap_err().message.starts_with(NOT_RECORDED), "{name}");
        }
        assert_eq!(case.db.psql("SELECT status FROM consents"), "granted", "{name}");
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
