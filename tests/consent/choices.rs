//! Choices written into consent tables of several shapes, and what they amount to.

use consentry::consent::choice::{Act, Choice, Provenance};
use consentry::consent::commit::Moment;
use consentry::consent::fault::Fault;
use consentry::consent::history::{person, records};
use consentry::consent::record::{Recorded, Written, record};
use consentry::consent::standing::Doubt;
use consentry::consent::target::Target;
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::{Channel, Policy, SqlFragment};
use consentry::relay::catalog;

use crate::common::postgres::{Database, shared};
use crate::policy;

const CUSTOMERS: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, email text);
    INSERT INTO customers SELECT n, 'person' || n || '@example.org' FROM generate_series(1, 9) n;";

/// As in many shops: enums, one row per (subject, purpose, channel), checks.
pub const STATE: &str = "CREATE TYPE status AS ENUM ('granted', 'withdrawn', 'objected', 'expired');
    CREATE TYPE channel AS ENUM ('email', 'sms', 'phone', 'post');
    CREATE TABLE consents (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject_id bigint NOT NULL REFERENCES customers,
        purpose text NOT NULL, channel channel, status status NOT NULL, granted_at timestamptz, withdrawn_at timestamptz,
        expires_at timestamptz, notice_version text, source text NOT NULL DEFAULT 'unknown',
        CHECK (status <> 'granted' OR granted_at IS NOT NULL), CHECK (status <> 'withdrawn' OR withdrawn_at IS NOT NULL),
        UNIQUE NULLS NOT DISTINCT (subject_id, purpose, channel));";

pub const LEDGER: &str = "CREATE TABLE consents (subject_id bigint, purpose text, channel varchar(10), status text,
        expires_at date, notice_version text, recorded_at timestamp NOT NULL);";

pub struct Case {
    pub db: Database<'static>,
    catalog: Catalog,
    policy: Policy,
}

impl Case {
    pub async fn new(name: &str, sql: &str) -> Self {
        let db = shared().database(&format!("choices_{name}"), &format!("{CUSTOMERS}{sql}")).brief();
        let catalog = catalog::load(&db.superuser().await).await.unwrap();
        let policy = policy::customers(&catalog, Some(policy::consent_source(&catalog, "public.consents")));
        Self { db, catalog, policy }
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.policy, &self.catalog, "customer").unwrap()
    }

    pub async fn try_choose(&self, key: &str, choice: Choice) -> Result<Recorded, Fault> {
        record(&mut self.db.superuser().await, &self.target(), key, &choice, &mut |_| Ok(())).await
    }

    pub async fn choose(&self, key: &str, choice: Choice) -> Recorded {
        self.try_choose(key, choice).await.unwrap()
    }

    /// Channels on which marketing is allowed for this person, by the judge.
    async fn channels(&self, key: &str) -> Vec<&'static str> {
        let records = records(&self.db.superuser().await, &self.target(), key).await.unwrap();
        let source = self.target().source;
        let standing = consentry::consent::standing::judge(&self.policy.purposes["marketing"], source, &records);
        standing.channels.iter().filter(|(_, v)| v.is_ok()).map(|(c, _)| c.as_str()).collect()
    }
}

pub fn choice(act: Act, channel: Option<Channel>) -> Choice {
    Choice { act, purpose: "marketing".into(), channel, at: None, provenance: Provenance::default() }
}

fn grant(channel: Option<Channel>) -> Choice {
    choice(Act::Grant, channel)
}

fn withdraw(channel: Option<Channel>) -> Choice {
    choice(Act::Withdraw, channel)
}

#[tokio::test]
async fn a_grant_makes_a_row_and_a_withdrawal_changes_it() {
    let case = Case::new("state", STATE).await;
    let granted = case.choose("1", grant(Some(Channel::Email))).await;
    assert_eq!(granted.standing.any, Ok(()));
    assert_eq!(case.channels("1").await, ["email"]);
    case.choose("1", withdraw(Some(Channel::Email))).await;
    assert_eq!(case.channels("1").await, [""; 0]);
    let stored =
        "SELECT status, granted_at < withdrawn_at, withdrawn_at <= now(), channel FROM consents WHERE subject_id = 1";
    assert_eq!(case.db.psql(stored), "withdrawn|t|t|email");
    case.choose("1", grant(Some(Channel::Email))).await;
    assert_eq!(case.db.psql("SELECT status, withdrawn_at IS NULL FROM consents"), "granted|t");
}

#[tokio::test]
async fn a_ledger_keeps_every_choice() {
    let case = Case::new("ledger", LEDGER).await;
    case.choose("1", grant(None)).await;
    case.choose("1", withdraw(None)).await;
    let again = case.choose("1", grant(None)).await;
    assert_eq!(again.standing.any, Ok(()));
    assert_eq!(case.db.psql("SELECT status FROM consents ORDER BY recorded_at"), "granted\nwithdrawn\ngranted");
    // A bare timestamp reads as UTC, whatever the server's time zone is.
    assert_eq!(
        case.db
            .psql("SELECT count(*) FROM consents WHERE recorded_at AT TIME ZONE 'UTC' > now() - interval '1 minute'"),
        "3"
    );
}

#[tokio::test]
async fn withdrawing_a_purpose_withdraws_all_its_channels() {
    for (name, sql) in [("everywhere_state", STATE), ("everywhere_ledger", LEDGER)] {
        let case = Case::new(name, sql).await;
        case.choose("2", grant(Some(Channel::Email))).await;
        case.choose("2", grant(Some(Channel::Post))).await;
        case.choose("2", grant(None)).await;
        assert_eq!(case.channels("2").await, ["email", "sms", "phone", "post"]);
        let gone = case.choose("2", withdraw(None)).await;
        assert_eq!(gone.rows_written, 3);
        assert_eq!(case.channels("2").await, [""; 0], "{name}");
    }
}

/// Who has objected and withdraws says no twice: that lifts nothing.
#[tokio::test]
async fn a_withdrawal_leaves_an_objection() {
    for (name, sql) in [("objects_state", STATE), ("objects_ledger", LEDGER)] {
        let case = Case::new(name, sql).await;
        for channel in [None, Some(Channel::Email)] {
            case.choose("2", choice(Act::Object, channel)).await;
            let withdrawn = case.choose("2", withdraw(channel)).await;
            assert!(withdrawn.standing.objects, "{name}");
        }
        assert!(case.choose("2", withdraw(None)).await.standing.objects_on.contains(&Channel::Email), "{name}");
        case.choose("2", grant(None)).await;
        assert!(!case.choose("2", withdraw(None)).await.standing.objects, "{name}: a grant had lifted it");
    }
}

/// A consent for all channels would keep the withdrawn one alive.
#[tokio::test]
async fn one_channel_is_taken_out_of_a_consent_for_all() {
    for (name, sql) in [("one_state", STATE), ("one_ledger", LEDGER)] {
        let case = Case::new(name, sql).await;
        let mut all = grant(None);
        all.provenance.expires = Some("2099-05-01T00:00:00Z".into());
        all.provenance.notice = Some("v7".into());
        case.choose("3", all).await;
        case.choose("3", withdraw(Some(Channel::Sms))).await;
        assert_eq!(case.channels("3").await, ["email", "phone", "post"], "{name}");
        assert_eq!(
            case.db.psql(
                "SELECT count(*) FROM consents WHERE status::text = 'granted' AND channel IS NOT NULL
                             AND expires_at = '2099-05-01' AND notice_version = 'v7'"
            ),
            "3",
            "{name}: the others go on as they were"
        );
    }
}

/// One that does not count yet would come to count for the withdrawn channel too.
#[tokio::test]
async fn one_channel_is_taken_out_of_a_consent_that_begins_later() {
    let case = Case::new("one_later", STATE).await;
    case.db.psql("INSERT INTO consents (subject_id, purpose, status, granted_at) VALUES (5, 'marketing', 'granted', now() + interval '1 day')");
    assert_eq!(case.channels("5").await, [""; 0]);
    case.choose("5", withdraw(Some(Channel::Email))).await;
    case.db.psql("UPDATE consents SET granted_at = granted_at - interval '2 days' WHERE status = 'granted'");
    assert_eq!(case.channels("5").await, ["sms", "phone", "post"]);
    assert_eq!(case.db.psql("SELECT status FROM consents WHERE channel IS NULL"), "withdrawn");
}

/// Of a ledger the newest record counts, also one whose time lies ahead; what goes on begins no sooner than it did.
#[tokio::test]
async fn one_channel_is_taken_out_of_a_record_that_lies_ahead() {
    let case = Case::new("one_ahead", LEDGER).await;
    case.db.psql("INSERT INTO consents (subject_id, purpose, status, recorded_at) VALUES (5, 'marketing', 'granted', now() + interval '1 day')");
    case.choose("5", withdraw(Some(Channel::Email))).await;
    assert_eq!(case.channels("5").await, [""; 0]);
    case.db.psql("UPDATE consents SET recorded_at = recorded_at - interval '2 days'");
    assert_eq!(case.channels("5").await, ["sms", "phone", "post"]);
}

#[tokio::test]
async fn a_no_holds_against_a_yes_that_begins_later() {
    for (name, sql, time) in [("later_state", STATE, "granted_at"), ("later_ledger", LEDGER, "recorded_at")] {
        let case = Case::new(name, sql).await;
        case.db.psql(&format!(
            "INSERT INTO consents (subject_id, purpose, status, channel, {time})
             SELECT p, 'marketing', 'granted', c, now() + interval '1 day'
               FROM generate_series(1, 4) p, unnest(ARRAY[NULL, 'post']::{}[]) c",
            if sql == STATE { "channel" } else { "text" }
        ));
        let mut told_late = withdraw(None);
        told_late.at = Some("2024-01-01T00:00:00Z".parse().unwrap());
        case.choose("1", withdraw(None)).await;
        case.choose("2", told_late).await;
        let objected = case.choose("3", choice(Act::Object, None)).await;
        assert!(objected.standing.objects, "{name}");
        case.db.psql(&format!("UPDATE consents SET {time} = {time} - interval '2 days'"));
        for key in ["1", "2", "3"] {
            assert_eq!(case.channels(key).await, [""; 0], "{name}: {key}");
        }
        assert_eq!(case.channels("4").await.len(), 4, "{name}");
    }
}

/// What was agreed to after it, and counts, is not undone by a no that is told late, nor is what lies ahead.
#[tokio::test]
async fn a_no_told_late_leaves_what_was_agreed_to_since() {
    let case = Case::new("since", LEDGER).await;
    case.db.psql(
        "INSERT INTO consents (subject_id, purpose, status, recorded_at)
         VALUES (1, 'marketing', 'granted', '2024-06-01'), (1, 'marketing', 'granted', now() + interval '1 day')",
    );
    let mut told_late = withdraw(None);
    told_late.at = Some("2024-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(case.choose("1", told_late).await.rows_written, 1);
}

#[tokio::test]
async fn an_objection_contradicts_a_consent() {
    let case = Case::new("objection", STATE).await;
    case.choose("4", grant(Some(Channel::Email))).await;
    let objected = case.choose("4", choice(Act::Object, None)).await;
    assert_eq!(objected.standing.any, Err(vec![Doubt::NotGranted, Doubt::Withdrawn, Doubt::Objection]));
    assert!(objected.standing.objects);
    let granted = case.choose("4", grant(Some(Channel::Sms))).await;
    assert!(granted.standing.any.is_err(), "the objection for all channels still stands");
}

#[tokio::test]
async fn booleans_and_uuids_are_as_good() {
    let db = shared().database(
        "choices_boolean",
        "CREATE TABLE customers (id uuid PRIMARY KEY); INSERT INTO customers VALUES ('00000000-0000-0000-0000-00000000000a');
         CREATE TABLE consents (subject_id uuid, purpose text, status boolean, PRIMARY KEY (subject_id, purpose));",
    ).brief();
    let mut client = db.superuser().await;
    let catalog = catalog::load(&client).await.unwrap();
    let mut source = policy::consent_source(&catalog, "public.consents");
    source.granted = vec!["true".into()];
    source.objected = vec![];
    let policy = policy::customers(&catalog, Some(source));
    let target = Target::of(&policy, &catalog, "customer").unwrap();
    let key = "00000000-0000-0000-0000-00000000000A";
    let granted = record(&mut client, &target, key, &grant(None), &mut |_| Ok(())).await.unwrap();
    assert_eq!((granted.person.key.as_str(), granted.standing.any), ("00000000-0000-0000-0000-00000000000a", Ok(())));
    record(&mut client, &target, key, &withdraw(None), &mut |_| Ok(())).await.unwrap();
    assert_eq!(db.psql("SELECT status FROM consents"), "f");
    let refused = record(&mut client, &target, key, &choice(Act::Object, None), &mut |_| Ok(())).await.unwrap_err();
    assert!(refused.message.contains("objection"), "{refused}");
    let no_channel =
        record(&mut client, &target, key, &grant(Some(Channel::Email)), &mut |_| Ok(())).await.unwrap_err();
    assert!(no_channel.message.contains("`channel`"), "{no_channel}");
}

#[tokio::test]
async fn two_choices_at_once_make_one_row() {
    // No unique key: only the transactions' isolation keeps the second from inserting too.
    let case = Case::new(
        "race",
        "CREATE TABLE consents (subject_id int, purpose text, channel text, status text, granted_at timestamptz);",
    )
    .await;
    let choices = (0..8).map(|_| case.choose("5", grant(Some(Channel::Email))));
    let mut pending: Vec<_> = choices.map(Box::pin).collect();
    let all = std::future::poll_fn(|cx| {
        pending.retain_mut(|p| p.as_mut().poll(cx).is_pending());
        if pending.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    all.await;
    assert_eq!(case.db.psql("SELECT count(*) FROM consents"), "1");
}

/// Two that cross: the withdrawal had read that there is no consent for all channels when one was recorded.
#[tokio::test]
async fn a_choice_that_comes_in_between_is_seen() {
    let case = Case::new("crossing", LEDGER).await;
    let mut told = Vec::new();
    let mut in_between = |moment: Moment<'_, Written>| {
        told.push(match moment {
            Moment::Before(written) => format!("{} rows of {}", written.rows, written.person.key),
            Moment::Committed(_) => "committed".to_owned(),
            Moment::Undone(_, fault) => format!("undone: {}", fault.sqlstate.as_deref().unwrap_or_default()),
        });
        if told.len() == 1 {
            let grant_all = || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(case.choose("5", grant(None)));
            };
            std::thread::scope(|s| s.spawn(grant_all).join().unwrap());
        }
        Ok(())
    };
    let mut client = case.db.superuser().await;
    record(&mut client, &case.target(), "5", &withdraw(Some(Channel::Email)), &mut in_between).await.unwrap();
    assert_eq!(told, ["1 rows of 5", "undone: 40001", "5 rows of 5", "committed"], "what was lost is told as such");
    assert_eq!(case.channels("5").await, ["sms", "phone", "post"]);
}

#[tokio::test]
async fn no_lock_that_anybody_may_take_holds_a_choice_up() {
    let case = Case::new("advisory", STATE).await;
    let other = case.db.superuser().await;
    let lock = "SELECT pg_advisory_lock(hashtextextended('consentry consent public.consents 2', 0))";
    other.batch_execute(lock).await.unwrap();
    let waited = std::time::Duration::from_secs(20);
    tokio::time::timeout(waited, case.choose("2", withdraw(None))).await.unwrap();
}

#[tokio::test]
async fn who_holds_a_choice_up_is_said() {
    let case = Case::new("held", STATE).await;
    case.choose("2", grant(None)).await;
    let mut other = case.db.superuser().await;
    let tx = other.transaction().await.unwrap();
    tx.execute("UPDATE consents SET source = 'x'", &[]).await.unwrap();
    let pid: i32 = tx.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let mut client = case.db.superuser().await;
    client.batch_execute("SET lock_timeout = '50ms'").await.unwrap();
    let held = record(&mut client, &case.target(), "2", &withdraw(None), &mut |_| Ok(())).await.unwrap_err();
    let who = format!("PostgreSQL process {pid} of role \"postgres\"");
    assert!(held.message.contains("public.consents") && held.message.contains(&who), "{held}");
    assert!(held.hint.unwrap_or_default().contains("try again"));
}

#[tokio::test]
async fn a_row_of_another_program_in_between_is_found_on_the_second_try() {
    let case = Case::new(
        "between",
        "CREATE TABLE consents (subject_id bigint, purpose text, channel text, status text, UNIQUE (subject_id, purpose, channel));",
    )
    .await;
    let mut other = case.db.superuser().await;
    let tx = other.transaction().await.unwrap();
    tx.execute("INSERT INTO consents VALUES (6, 'marketing', 'email', 'withdrawn')", &[]).await.unwrap();
    let (granted, ()) = tokio::join!(case.choose("6", grant(Some(Channel::Email))), async {
        // The grant waits for this transaction at the unique key.
        while case.db.psql(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid' AND datname = current_database()",
        ) == "0"
        {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
    });
    assert_eq!(granted.standing.any, Ok(()));
    assert_eq!(case.db.psql("SELECT status FROM consents"), "granted");
}

#[tokio::test]
async fn a_choice_told_late_does_not_undo_a_newer_one() {
    let case = Case::new("late", STATE).await;
    case.choose("7", withdraw(Some(Channel::Email))).await;
    let mut late = grant(Some(Channel::Email));
    late.at = Some("2020-01-01T00:00:00Z".parse().unwrap());
    let refused = case.try_choose("7", late.clone()).await.unwrap_err();
    assert!(refused.message.contains("newer choice"), "{refused}");
    // Of the same moment, the no counts.
    for (key, act) in [("3", Act::Withdraw), ("4", Act::Object)] {
        let at = |act| Choice { at: Some("2024-01-01T00:00:00Z".parse().unwrap()), ..choice(act, None) };
        case.choose(key, at(act)).await;
        let refused = case.try_choose(key, at(Act::Grant)).await.unwrap_err();
        assert!(refused.message.contains("newer choice"), "{refused}");
        assert_eq!(case.channels(key).await, [""; 0]);
        case.choose(key, at(act)).await;
    }
    assert_eq!(case.db.psql("SELECT status FROM consents WHERE subject_id = 7"), "withdrawn");

    let ledger = Case::new("late_ledger", LEDGER).await;
    ledger.choose("7", withdraw(Some(Channel::Email))).await;
    let told = ledger.choose("7", late).await;
    assert_eq!(told.standing.any, Err(vec![Doubt::NotGranted]), "it is on record and does not count");
}

/// A yes of the future would stand before an objection of today, as the newest on record.
#[tokio::test]
async fn a_choice_of_the_future_is_refused() {
    for (name, sql) in [("future_state", STATE), ("future_ledger", LEDGER)] {
        let case = Case::new(name, sql).await;
        case.choose("5", choice(Act::Object, None)).await;
        for act in [Act::Grant, Act::Withdraw, Act::Object] {
            let ahead = Choice { at: Some("2099-01-01T00:00:00Z".parse().unwrap()), ..choice(act, None) };
            let refused = case.try_choose("5", ahead).await.unwrap_err();
            assert!(refused.message.contains("in the future"), "{name}: {refused}");
        }
        assert_eq!(case.db.psql("SELECT status FROM consents"), "objected", "{name}");
    }
}

#[tokio::test]
async fn a_time_that_no_column_keeps_is_refused() {
    let told_late = |act| Choice { at: Some("2024-01-01T00:00:00Z".parse().unwrap()), ..choice(act, None) };
    let timeless = Case::new("timeless", "CREATE TABLE consents (subject_id bigint, purpose text, status text);").await;
    for (act, key) in [(Act::Grant, "`granted_at`"), (Act::Withdraw, "`withdrawn_at`"), (Act::Object, "`withdrawn_at`")]
    {
        let refused = timeless.try_choose("1", told_late(act)).await.unwrap_err();
        assert!(refused.message.contains(key) && refused.message.contains("lost"), "{refused}");
    }
    let half = "CREATE TABLE consents (subject_id bigint, purpose text, status text, granted_at timestamptz);";
    let half = Case::new("half_timed", half).await;
    half.choose("1", told_late(Act::Grant)).await;
    assert!(half.try_choose("1", told_late(Act::Withdraw)).await.unwrap_err().message.contains("`withdrawn_at`"));
}

#[tokio::test]
async fn what_cannot_count_or_be_kept_is_refused() {
    let mut case = Case::new("refused", STATE).await;
    case.policy.purposes.get_mut("sharing").unwrap().notices = Some(vec!["2025-03".into()]);
    let refused = |fault: Fault, words: &str| assert!(fault.message.contains(words), "{fault}");

    let sharing = |notice: Option<&str>| Choice {
        purpose: "sharing".into(),
        provenance: Provenance { notice: notice.map(str::to_owned), ..Provenance::default() },
        ..grant(None)
    };
    refused(case.try_choose("1", sharing(None)).await.unwrap_err(), "notice");
    let old = case.choose("1", sharing(Some("2019-01"))).await;
    assert_eq!(old.standing.any, Err(vec![Doubt::Notice]), "recorded, and said to be worth nothing");

    refused(
        case.try_choose("1", Choice { purpose: "mind_reading".into(), ..grant(None) }).await.unwrap_err(),
        "no purpose",
    );
    refused(case.try_choose("77", grant(None)).await.unwrap_err(), "no row with this key");
    refused(case.try_choose("x; DROP TABLE consents", grant(None)).await.unwrap_err(), "does not fit");

    let mut recipient = grant(None);
    recipient.provenance.recipient = Some("Adworks GmbH".into());
    refused(case.try_choose("1", recipient).await.unwrap_err(), "`recipient`");
    assert_eq!(case.db.psql("SELECT count(*) FROM consents WHERE purpose = 'marketing'"), "0");
}

#[tokio::test]
async fn a_status_without_its_value_is_a_question_to_the_policy() {
    let enum_without = "CREATE TYPE status AS ENUM ('granted', 'revoked');
        CREATE TABLE consents (subject_id bigint, purpose text, status status);";
    let mut case = Case::new("no_label", enum_without).await;
    let refused = case.try_choose("1", withdraw(None)).await.unwrap_err();
    assert!(refused.hint.as_deref().unwrap_or_default().contains("`withdrawn`"), "{refused}");
    case.policy.subjects.get_mut("customer").unwrap().consent.as_mut().unwrap().withdrawn = Some("revoked".into());
    case.choose("1", withdraw(None)).await;
    assert_eq!(case.db.psql("SELECT status FROM consents"), "revoked");
}

#[tokio::test]
async fn restricted_people_are_said_to_be() {
    let mut case = Case::new("restricted", STATE).await;
    let customers = case.catalog.relation_named("public", "customers").unwrap();
    let restricted = SqlFragment::condition("email LIKE 'person1@%'", customers, &case.catalog).unwrap();
    case.policy.subjects.get_mut("customer").unwrap().restricted_when = Some(restricted);
    case.db.psql("UPDATE customers SET email = NULL WHERE id = 3");
    let client = case.db.superuser().await;
    for (key, restricted) in [("1", true), ("2", false), ("3", true)] {
        assert_eq!(person(&client, &case.target(), key).await.unwrap().restricted, restricted, "{key}");
    }
}
