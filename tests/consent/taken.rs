//! What a trigger of the consent table makes of a choice: it is recorded as it was said, or not at all.

use consentry::consent::choice::Act;
use consentry::consent::import::BadLines;

use crate::choices::{Case, LEDGER, STATE, choice};
use crate::import;

fn before(event: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;
         CREATE TRIGGER t BEFORE {event} ON consents FOR EACH ROW EXECUTE FUNCTION f();"
    )
}

const NOT_RECORDED: &str = "nothing was recorded: public.consents does not hold what was written to it";

#[tokio::test]
async fn a_choice_that_a_trigger_drops_or_changes_is_not_recorded() {
    let drops = before("INSERT OR UPDATE", "RETURN NULL;");
    let keeps = before("UPDATE", "RETURN old;");
    let changes = before("INSERT OR UPDATE", "new.status := 'granted'; new.withdrawn_at := NULL; RETURN new;");
    let granted =
        "INSERT INTO consents (subject_id, purpose, status, granted_at) VALUES (1, 'marketing', 'granted', now());";
    let logged = "INSERT INTO consents (subject_id, purpose, status, recorded_at) VALUES (1, 'marketing', 'granted', '2024-01-01');";
    for (name, sql) in [
        ("state_drops", format!("{STATE}{granted}{drops}")),
        ("state_keeps", format!("{STATE}{granted}{keeps}")),
        ("state_changes", format!("{STATE}{granted}{changes}")),
        ("ledger_drops", format!("{LEDGER}{logged}{drops}")),
        ("ledger_changes", format!("{LEDGER}{logged}{}", changes.replace("new.withdrawn_at := NULL;", ""))),
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

/// A file's nos, too: a yes that is lost is told by its count.
#[tokio::test]
async fn an_import_of_which_a_no_is_not_taken_fails() {
    let keeps = before("UPDATE", "RETURN old;");
    let drops = before("INSERT", "RETURN NULL;");
    let granted = "INSERT INTO consents (subject_id, purpose, status, granted_at) VALUES (1, 'marketing', 'granted', '2024-01-01');";
    let logged = "INSERT INTO consents (subject_id, purpose, status, recorded_at) VALUES (1, 'marketing', 'granted', '2024-01-01');";
    let times =
        "granted_at timestamptz, withdrawn_at timestamptz, expires_at timestamptz, notice_version text, source text";
    let table = format!("CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, {times});");
    for (name, sql) in
        [("state", format!("{table}{granted}{keeps}")), ("ledger", format!("{}{logged}{drops}", import::LEDGER))]
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
