//! Two databases behind one proxy: a person of the one is nobody in the other.

use consentry::audit::event::{Client, Decision, Event, What, Who};
use consentry::audit::{Config, Recorder};
use consentry::engine::cleared::Outcome;
use consentry::engine::context::PurposeSource;

use crate::cli::Home;
use crate::common::postgres::shared;

/// A key is hashed by itself: in another database it may be somebody else's.
#[tokio::test]
async fn accesses_in_another_database_are_another_persons() {
    let home = Home::new("elsewhere");
    let recorder = Recorder::open(Config::new(home.path().join("audit"))).unwrap();
    for database in ["crm", "shop"] {
        recorder.append(decision(database, recorder.subject_hash("customer", "2").unwrap())).unwrap();
    }
    recorder.shutdown().await;
    let copy: serde_json::Value = serde_json::from_str(&home.well(&["subject", "export", "--key", "2"])).unwrap();
    let users: Vec<&str> = copy["accesses"].as_array().unwrap().iter().map(|a| a["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["of crm"]);
}

fn decision(database: &str, subject: String) -> Event {
    let who = Who {
        session: "5e55".into(),
        user: format!("of {database}"),
        role: "app".into(),
        client: Client { address: "10.0.0.7".into(), application_name: None },
        database: database.into(),
    };
    let what = What {
        unrestricted: false,
        recipient: None,
        purpose: Some("service".into()),
        basis: Some("contract".into()),
        purpose_set_by: PurposeSource::Default,
        fingerprint: "50fde20626009aba".into(),
        sql: "SELECT name FROM customers WHERE id = $1".into(),
        kind: "select".into(),
        outcome: Outcome::Changed,
        refusal: None,
        tables: vec![],
        rules: vec![],
        policy: "9b74c9897bac770f".into(),
    };
    let (who, what) = (who.into(), what.into());
    Event::Decision(Decision { who, statement: database.into(), reason: None, what, subjects: vec![subject] })
}

/// The server file's database decides what is on record, and by which policy it is judged.
#[test]
fn another_login_leads_to_no_other_database() {
    let home = Home::new("other_login");
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", shared().port());
    let refused = home.fails(&["subject", "erase", "--key", "2", "--admin-url", &url]);
    assert!(refused.contains("--admin-url leads to the database \"postgres\""), "{refused}");
    assert_eq!(home.db.psql("SELECT count(*) FROM customers WHERE id = 2"), "1");
}
