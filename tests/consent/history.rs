//! Files with the history of people's choices: nothing of it is lost where a ledger keeps it, and of choices of the same
//! moment the one that is safe for the person counts, wherever it stands.

use consentry::consent::import::Imported;
use consentry::consent::init::{create, plan};
use consentry::engine::catalog::QualifiedName;
use consentry::engine::policy::Policy;
use consentry::relay::catalog;

use crate::import::{Case, LEDGER, STATE};
use crate::policy;

/// Over the tables that `consent init` makes, with the policy that it prints.
pub async fn made(name: &str) -> Case {
    let mut case =
        Case::new(&format!("made_{name}"), "CREATE TABLE consents (subject_id int, purpose text, status text)").await;
    let mut client = case.db.superuser().await;
    let made = plan(&client, "customer", &QualifiedName::new("public", "customers"), "id").await.unwrap();
    create(&mut client, &made, "customer", Some("consentry")).await.unwrap();
    case.catalog = catalog::load(&client).await.unwrap();
    let purposes = policy::customers(&case.catalog, None).purposes;
    case.policy = Policy { purposes, ..policy::from_toml(&case.catalog, &made.policy) };
    case
}

fn ledger(case: &Case) -> String {
    case.db.psql(
        "SET timezone = 'UTC'; SELECT subject_key, purpose, channel, status, event_time::date, notice, source
           FROM consentry.customer_ledger ORDER BY 1, 2, 3 NULLS FIRST, event_time, status",
    )
}

fn state(case: &Case) -> String {
    case.db.psql(
        "SET timezone = 'UTC'; SELECT subject_key, purpose, channel, status, event_time::date
           FROM consentry.customer_consent ORDER BY 1, 2, 3 NULLS FIRST",
    )
}

#[tokio::test]
async fn a_ledger_beside_the_state_gets_the_whole_history() {
    let case = made("whole").await;
    let file = "subject,purpose,choice,channel,time,notice,source\n\
                1,marketing,grant,email,2021-01-01,2020-05,web\n\
                1,marketing,withdraw,email,2023-01-01,,call\n\
                1,marketing,grant,email,2022-01-01,2021-05,\n\
                1,marketing,grant,email,2024-01-01,2023-05,web\n\
                1,analytics,object,,2022-06-01,,\n\
                2,marketing,grant,email,2022-01-01,,\n\
                2,marketing,withdraw,,2023-01-01,,\n";
    let done = case.import_well(file).await;
    assert_eq!(done, Imported { lines: 7, added: 4, older: 0, history: 4, ..Imported::default() });
    let history = "1|analytics||objected|2022-06-01||\n\
                   1|marketing|email|granted|2021-01-01|2020-05|web\n\
                   1|marketing|email|granted|2022-01-01|2021-05|\n\
                   1|marketing|email|withdrawn|2023-01-01||call\n\
                   1|marketing|email|granted|2024-01-01|2023-05|web\n\
                   2|marketing||withdrawn|2023-01-01||\n\
                   2|marketing|email|granted|2022-01-01||\n\
                   2|marketing|email|withdrawn|2023-01-01||";
    assert_eq!(ledger(&case), history);
    let now = "1|analytics||objected|2022-06-01\n1|marketing|email|granted|2024-01-01\n\
               2|marketing||withdrawn|2023-01-01\n2|marketing|email|withdrawn|2023-01-01";
    assert_eq!(state(&case), now);
    let again = case.import_well(file).await;
    assert_eq!((again.added, again.changed, again.history), (0, 0, 0), "a second time adds nothing");
    assert_eq!((ledger(&case), state(&case)), (history.to_owned(), now.to_owned()));

    // What is older than what holds is history, and changes nothing that holds.
    let older = case.import_well("subject,purpose,choice,channel,time\n1,marketing,withdraw,email,2020-01-01\n").await;
    assert_eq!(older, Imported { lines: 1, older: 1, history: 1, ..Imported::default() });
    assert_eq!((ledger(&case).lines().count(), state(&case)), (9, now.to_owned()));
    // A newer one changes the state, and comes into the ledger by that.
    let newer = "subject,purpose,choice,channel,time\n1,marketing,withdraw,email,2025-01-01\n1,marketing,grant,email,2024-06-01\n";
    assert_eq!(case.import_well(newer).await, Imported { lines: 2, changed: 1, history: 1, ..Imported::default() });
    assert_eq!(ledger(&case).lines().count(), 11);
    assert!(state(&case).contains("1|marketing|email|withdrawn|2025-01-01"));
}

/// A yes that begins later is on record: a no of the file ends it, and the history behind it does not bring it back.
#[tokio::test]
async fn a_history_brings_nothing_back() {
    let case = made("back").await;
    case.db.psql(
        "INSERT INTO consentry.customer_consent (subject_key, purpose, status, granted_at)
         VALUES (1, 'marketing', 'granted', now() + interval '1 day'), (2, 'marketing', 'withdrawn', NULL)",
    );
    let file = "subject,purpose,choice,time\n1,marketing,grant,2020-01-01\n1,marketing,withdraw,2021-01-01\n2,marketing,grant,2020-01-01\n";
    let done = case.import_well(file).await;
    assert_eq!((done.changed, done.older), (1, 1));
    let holds = case.db.psql("SELECT subject_key, status FROM consentry.customer_consent ORDER BY 1");
    assert_eq!(holds, "1|withdrawn\n2|withdrawn");
    assert_eq!(case.db.psql("SELECT count(*) FROM consentry.customer_ledger WHERE event_time < '2022-01-01'"), "3");
    let again = case.import_well(file).await;
    assert_eq!((again.added, again.changed, again.history), (0, 0, 0), "a second time adds nothing");
}

/// Whoever may write the state and not the ledger is told so, and nothing is written.
#[tokio::test]
async fn a_ledger_that_may_not_be_written_is_said() {
    let case = made("rights").await;
    case.db.psql("REVOKE INSERT ON consentry.customer_ledger FROM consentry; GRANT SELECT ON customers TO consentry");
    let file = "subject,purpose,choice,time\n1,marketing,grant,2020-01-01\n1,marketing,withdraw,2021-01-01\n";
    let refused = case.import_as(&mut case.db.upstream().await, file).await.unwrap_err();
    assert!(refused.message.contains("permission denied for table customer_ledger"), "{refused}");
    assert_eq!((ledger(&case), state(&case)), (String::new(), String::new()));
    case.db.psql("GRANT INSERT ON consentry.customer_ledger TO consentry");
    case.import_as(&mut case.db.upstream().await, file).await.unwrap();
    assert_eq!(ledger(&case).lines().count(), 2);
}

#[tokio::test]
async fn a_line_that_is_there_twice_is_one_choice() {
    for (name, case, table) in [
        ("ledger", Case::new("twice", LEDGER).await, "consents"),
        ("made", made("twice").await, "consentry.customer_ledger"),
    ] {
        let line = "1,marketing,grant,2024-01-01\n1,marketing,withdraw,2024-01-02\n";
        case.import_well(&format!("subject,purpose,choice,time\n{line}{line}")).await;
        assert_eq!(case.db.psql(&format!("SELECT count(*) FROM {table}")), "2", "{name}");
    }
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
const CHOICES: [&str; 3] = ["grant", "withdraw", "object"];

/// Person n is told of in the nth order.
#[tokio::test]
async fn of_choices_of_the_same_moment_the_safe_one_counts() {
    let line = |n: usize, choice: usize, purpose: &str| format!("{},{purpose},{},2024-01-01\n", n + 1, CHOICES[choice]);
    let mut file = "subject,purpose,choice,time\n".to_owned();
    for (n, order) in ORDERS.iter().enumerate() {
        file.extend(order.iter().map(|choice| line(n, *choice, "marketing")));
        file.extend(order.iter().filter(|choice| **choice < 2).map(|choice| line(n, *choice, "sharing")));
    }
    for (name, case, all, sql) in [
        ("state", Case::new("moment_state", STATE).await, false, "SELECT purpose, status FROM consents"),
        ("made", made("moment").await, true, "SELECT purpose, status FROM consentry.customer_consent"),
    ] {
        case.import_well(&file).await;
        let counts = format!("SELECT purpose, status, count(*) FROM ({sql}) AS c GROUP BY 1, 2 ORDER BY 1");
        assert_eq!(case.db.psql(&counts), "marketing|objected|6\nsharing|withdrawn|6", "{name}");
        if all {
            assert_eq!(
                case.db.psql("SELECT count(*) FROM consentry.customer_ledger"),
                "30",
                "{name}: as they were said"
            );
        }
        // The same, one file after the other.
        for (purpose, choices, counts) in [("analytics", 3, "objected"), ("service", 2, "withdrawn")] {
            for place in 0..3 {
                let mut file = "subject,purpose,choice,time\n".to_owned();
                let told = ORDERS.iter().enumerate().map(|(n, order)| (n, order[place])).filter(|(_, c)| *c < choices);
                file.extend(told.map(|(n, choice)| line(n, choice, purpose)));
                case.import_well(&file).await;
            }
            let counted = case
                .db
                .psql(&format!("SELECT status, count(*) FROM ({sql}) AS c WHERE purpose = '{purpose}' GROUP BY 1"));
            assert_eq!(counted, format!("{counts}|6"), "{name}");
        }
    }
}

/// The trigger of the tables that `consent init` makes: in one statement, and one after the other.
#[tokio::test]
async fn the_ledgers_trigger_takes_the_safe_one_of_a_moment() {
    let case = made("trigger").await;
    let words = ["granted", "withdrawn", "objected"];
    for (n, order) in ORDERS.iter().enumerate() {
        let row = |purpose: &str, c: usize| format!("({n}, '{purpose}', '{}', '2024-01-01Z')", words[c]);
        let insert = "INSERT INTO consentry.customer_ledger (subject_key, purpose, status, event_time) VALUES";
        let [all, two] = [("all", 3), ("two", 2)].map(|(purpose, choices)| {
            order.iter().filter(|c| **c < choices).map(|c| row(purpose, *c)).collect::<Vec<_>>()
        });
        case.db.psql(&format!("{insert} {}, {}", all.join(", "), two.join(", ")));
        for rows in [all, two] {
            rows.iter().for_each(|row| {
                case.db.psql(&format!("{insert} {}", row.replace("all", "one by one").replace("two", "by one")));
            });
        }
    }
    assert_eq!(
        case.db.psql("SELECT purpose, status, count(*) FROM consentry.customer_consent GROUP BY 1, 2 ORDER BY 1"),
        "all|objected|6\nby one|withdrawn|6\none by one|objected|6\ntwo|withdrawn|6"
    );
}

/// As `consent withdraw` leaves an objection where it stands: saying no twice lifts nothing.
#[tokio::test]
async fn a_withdrawal_leaves_an_objection_where_it_stands() {
    let timeless = "CREATE TABLE consents (subject_id int, purpose text, status text);";
    for (name, sql) in [("kept_state", STATE), ("kept_ledger", LEDGER), ("kept_timeless", timeless), ("made", "")] {
        let case = if sql.is_empty() { made("kept").await } else { Case::new(name, sql).await };
        let objects = async |person: &str| {
            let (standing, _) = case.standing(person, "analytics").await;
            standing.objects
        };
        case.import_well("subject,purpose,choice,time\n1,analytics,object,2021-01-01\n").await;
        case.import_well("subject,purpose,choice,time\n1,analytics,withdraw,2022-01-01\n").await;
        assert!(objects("1").await, "{name}: on record");
        case.import_well("subject,purpose,choice,time\n1,analytics,withdraw,2022-01-01\n").await;
        assert!(objects("1").await, "{name}: told again");
        if name == "kept_timeless" {
            continue;
        }
        case.import_well(
            "subject,purpose,choice,time\n2,analytics,withdraw,2022-01-01\n2,analytics,object,2021-01-01\n\
             3,analytics,object,2021-01-01\n3,analytics,grant,2022-01-01\n3,analytics,withdraw,2023-01-01\n",
        )
        .await;
        assert!(objects("2").await, "{name}: in the file");
        assert!(!objects("3").await, "{name}: a yes in between lifts it");
        case.import_well("subject,purpose,choice,time\n1,analytics,grant,2023-01-01\n").await;
        case.import_well("subject,purpose,choice,time\n1,analytics,withdraw,2024-01-01\n").await;
        assert!(!objects("1").await, "{name}: a yes on record lifts it");
    }
}

/// A consent for all channels that has ended is none out of which a channel could be taken.
#[tokio::test]
async fn a_channel_is_withdrawn_where_no_consent_for_all_goes_on() {
    let file = "subject,purpose,choice,channel,time\n\
                1,marketing,grant,,2020-01-01\n1,marketing,withdraw,,2021-01-01\n\
                1,marketing,grant,email,2022-01-01\n1,marketing,withdraw,email,2023-01-01\n\
                2,marketing,withdraw,email,2020-01-01\n2,marketing,grant,,2021-01-01\n\
                3,marketing,grant,,2020-01-01\n3,marketing,withdraw,email,2021-01-01\n3,marketing,object,,2022-01-01\n";
    for (name, case) in [
        ("state", Case::new("ended_state", STATE).await),
        ("ledger", Case::new("ended_ledger", LEDGER).await),
        ("made", made("ended").await),
    ] {
        case.import_well(file).await;
        // The same told in files of their own, the end of all of it last.
        for line in ["grant,,2020-01-01", "withdraw,email,2022-01-01", "withdraw,,2021-01-01"] {
            let file =
                format!("subject,purpose,choice,channel,time\n4,marketing,{line}\n5,marketing,grant,,2020-01-01\n");
            case.import_well(&file).await;
        }
        let valid = async |person: &str| {
            let (standing, _) = case.standing(person, "marketing").await;
            let valid = standing.channels.iter().filter(|(_, v)| v.is_ok());
            valid.map(|(c, _)| c.as_str()).collect::<Vec<_>>().join(" ")
        };
        let all = "email sms phone post";
        assert_eq!(
            [valid("1").await, valid("2").await, valid("3").await, valid("4").await, valid("5").await],
            ["", all, "", "", all],
            "{name}"
        );
    }
}
