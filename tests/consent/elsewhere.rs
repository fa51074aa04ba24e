//! Two databases behind one proxy: a person of the one is nobody in the other. And a record that is not there yet.

use consentry::audit::event::{Event, Who};
use consentry::audit::{Config, Recorder};

use crate::cli::Home;
use crate::common::postgres::{Postgres, shared};
use crate::common::record::{decision_of, what, who};
use consentry::cli::demo::postgres::Durability;

/// A key is hashed by itself: in another database it may be somebody else's.
#[tokio::test]
async fn accesses_in_another_database_are_another_persons() {
    let home = Home::new("elsewhere");
    let recorder = Recorder::open(Config::new(home.path().join("audit"))).unwrap();
    for database in ["crm", "shop"] {
        recorder.append(decision_in(database, recorder.subject_hash("customer", "2").unwrap())).unwrap();
    }
    recorder.shutdown().await;
    let copy: serde_json::Value = serde_json::from_str(&home.well(&["subject", "export", "--key", "2"])).unwrap();
    let users: Vec<&str> = copy["accesses"].as_array().unwrap().iter().map(|a| a["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["of crm"]);
}

/// A folder that was made for the record, a volume say, in which no proxy has written yet.
#[test]
fn before_there_is_a_record_nobody_has_accessed_anything() {
    let home = Home::new("no_record");
    std::fs::create_dir(home.path().join("audit")).unwrap();
    let copy: serde_json::Value = serde_json::from_str(&home.well(&["subject", "export", "--key", "2"])).unwrap();
    assert_eq!(copy["accesses"], serde_json::json!([]));
}

fn decision_in(database: &str, subject: String) -> Event {
    let who = Who { database: database.into(), ..who(&format!("of {database}")) };
    let Event::Decision(mut decision) = decision_of(who, what(), database) else { unreachable!() };
    decision.subjects = vec![subject];
    Event::Decision(decision)
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

/// Nor does one of the same name on another server.
#[test]
fn another_login_leads_to_no_other_server() {
    let home = Home::new("other_server");
    let other = Postgres::start(Durability::Throwaway, &[]);
    let name = home.db.psql("SELECT current_database()");
    other.database(&name, "");
    let erase = |port: u16| {
        let url = format!("postgres://postgres@127.0.0.1:{port}/{name}?sslmode=disable");
        let mut command = home.command(&["subject", "erase", "--key", "2", "--dry-run", "--admin-url", &url]);
        command.env("CONSENTRY_ADMIN_PASSWORD", "postgres").output().unwrap()
    };
    let refused = String::from_utf8(erase(other.port()).stderr).unwrap();
    assert!(refused.contains("on another server"), "{refused}");
    assert!(erase(shared().port()).status.success());
}
