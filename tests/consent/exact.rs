//! A choice is recorded as it was made, or not at all: cut to its column's size it would be another one.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::import::BadLines;
use consentry::consent::record::record;
use consentry::consent::target::Target;
use consentry::engine::policy::{Basis, Channel};

use crate::cli::Home;
use crate::import::Case;
use crate::policy;

fn choice(act: Act, purpose: &str) -> Choice {
    Choice { act, purpose: purpose.into(), channel: None, at: None, provenance: Provenance::default() }
}

/// Of a consent table with these columns in place of text: what is refused, by which of them, and which lines.
#[tokio::test]
async fn nothing_that_is_written_is_cut() {
    let noticed = Choice {
        provenance: Provenance { notice: Some("2024-05-draft".into()), ..Provenance::default() },
        ..choice(Act::Grant, "marketing")
    };
    let by_email = Choice { channel: Some(Channel::Email), ..choice(Act::Grant, "marketing") };
    let by_sms = Choice { channel: Some(Channel::Sms), ..choice(Act::Withdraw, "marketing") };
    for (name, column, choice, line, what) in [
        ("purpose", "purpose varchar(6)", choice(Act::Grant, "marketing"), "marketing,grant,,", "purpose"),
        ("withdraw", "purpose varchar(6)", choice(Act::Withdraw, "marketing"), "marketing,withdraw,,", "purpose"),
        ("padded", "purpose char(6)", choice(Act::Withdraw, "marketing"), "marketing,withdraw,,", "purpose"),
        ("domain", "purpose short", choice(Act::Withdraw, "marketing"), "marketing,withdraw,,", "purpose"),
        ("status", "status varchar(7)", choice(Act::Object, "analytics"), "analytics,object,,", "status"),
        ("notice", "notice_version varchar(7)", noticed, "marketing,grant,,2024-05-draft", "notice"),
        ("channel", "channel char(3)", by_email, "marketing,grant,email,", "channel"),
        // The others are to go on by the other channels.
        ("split", "channel varchar(4)", by_sms, "marketing,withdraw,sms,", "channel"),
    ] {
        let (changed, ty) = column.split_once(' ').unwrap();
        let sql = format!(
            "CREATE DOMAIN short AS varchar(6); CREATE TABLE consents (subject_id int, purpose text, channel text, status text,
                 granted_at timestamptz, withdrawn_at timestamptz, notice_version text);
             INSERT INTO consents VALUES (1, 'market', NULL, 'granted', '2020-01-01');
             ALTER TABLE consents ALTER status TYPE varchar(9); ALTER TABLE consents ALTER {changed} TYPE {ty};"
        );
        let general = "INSERT INTO consents VALUES (1, 'marketing', NULL, 'granted', '2020-01-01')";
        let mut case = Case::new(&format!("exact_{name}"), &sql).await;
        if changed != "purpose" {
            case.db.psql(general);
        }
        case.policy.purposes.insert("market".into(), policy::purpose("market", Basis::Consent));
        let stored = || case.db.psql("SELECT c.*::text FROM consents AS c ORDER BY 1");
        let before = stored();
        let target = Target::of(&case.policy, &case.catalog, "customer").unwrap();
        let refused = record(&mut case.db.superuser().await, &target, "1", &choice, &mut |_| Ok(())).await.unwrap_err();
        let said = format!("nothing was recorded: public.consents.{changed} is of type ");
        assert!(refused.message.starts_with(&said), "{name}: {refused}");
        assert_eq!(stored(), before, "{name}");

        let file = format!("subject,purpose,choice,channel,notice\n1,{line}\n");
        let (result, bad) = case.import(&file, BadLines::Refuse).await;
        let fault = result.unwrap_err();
        if name == "split" {
            assert!(fault.message.starts_with(&said), "{name}: {fault}");
        } else {
            let why = format!("2: {what} does not fit the consent table's column, which would cut or round it");
            assert_eq!(bad, [why], "{name}");
        }
        assert_eq!(stored(), before, "{name}");
    }
}

#[test]
fn check_tells_of_a_column_that_is_too_small_for_the_policy() {
    let home = Home::new("exact");
    home.db.psql("ALTER TABLE consents ADD notice char(6), ALTER purpose TYPE varchar(6), ALTER status TYPE varchar(8), ALTER channel TYPE char(3)");
    let policy = std::fs::read_to_string(home.path().join("policy.toml")).unwrap();
    let policy = policy
        .replace("identity = \"null\"", "identity = \"null\"\nemail = { mask = \"email\", channel = \"email\" }")
        .replace("source = \"source\"", "source = \"source\"\nnotice = \"notice\"\nwithdrawn = \"withdrawn\"")
        .replace("basis = \"consent\"", "basis = \"consent\"\nnotices = [\"2024-05\", \"2024\"]");
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    let told = String::from_utf8(home.run(&["check"]).stderr).unwrap();
    for (column, words) in [
        ("purpose is of type character varying(6)", "`marketing`"),
        ("status is of type character varying(8)", "`withdrawn`"),
        ("channel is of type character(3)", "`email`"),
        ("notice is of type character(6)", "`2024-05`"),
    ] {
        let words =
            format!("public.consents.{column} and would cut or round {words}, so such choices are not recorded");
        assert!(told.contains(&words), "{column}: {told}");
    }
    let grant = ["consent", "grant", "--key", "2", "--purpose", "marketing", "--notice", "2024"];
    let refused = home.run(&grant);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("public.consents.purpose is of type"), "{said}");
    home.db.psql("ALTER TABLE consents ALTER notice TYPE text, ALTER purpose TYPE text, ALTER status TYPE text, ALTER channel TYPE varchar(5)");
    let told = String::from_utf8(home.run(&["check"]).stderr).unwrap();
    assert!(!told.contains("would cut"), "{told}");
}
