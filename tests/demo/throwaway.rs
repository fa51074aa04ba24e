//! The tests' own PostgreSQL: it starts, takes SQL, and leaves nothing behind.

use crate::common::postgres::{Postgres, shared};
use consentry::cli::demo::postgres::Durability;

#[tokio::test]
async fn a_database_takes_sql_and_serves_clients() {
    let db = shared().database("throwaway", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2);");
    db.grant_to_upstream();
    assert_eq!(db.psql("SELECT sum(a) FROM t"), "3");
    let row = db.superuser().await.query_one("SELECT count(*) FROM t", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
    let user = db.upstream().await.query_one("SELECT current_user::text, pg_catalog.max(a) FROM t", &[]).await.unwrap();
    assert_eq!((user.get::<_, &str>(0), user.get::<_, i32>(1)), ("consentry", 2));
}

#[test]
fn a_copy_is_a_database_of_its_own() {
    let original = shared().database("original", "CREATE TABLE t (a int)");
    let copy = shared().copy("original", "duplicate");
    copy.psql("INSERT INTO t VALUES (1)");
    assert_eq!(
        (original.psql("SELECT count(*) FROM t"), copy.psql("SELECT count(*) FROM t")),
        ("0".into(), "1".into())
    );
}

#[test]
fn nothing_is_left_after_drop() {
    let postgres = Postgres::start(Durability::Durable, &["work_mem = '7MB'"]);
    assert_eq!(postgres.in_database("postgres").psql("SHOW work_mem; SHOW fsync"), "7MB\non");
    let folder = postgres.in_database("postgres").psql("SHOW data_directory");
    assert!(std::path::Path::new(&folder).parent().unwrap().exists());
    drop(postgres);
    assert!(!std::path::Path::new(&folder).parent().unwrap().exists());
}

#[test]
#[should_panic(expected = "division by zero")]
fn an_error_in_a_script_is_loud() {
    shared().in_database("postgres").psql("SELECT 1/0");
}
