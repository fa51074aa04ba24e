//! What the log says of the policy when the catalog changes.

use super::common::postgres::shared;
use super::common::proxy::{Proxy, Served};
use super::service::wait_for;

/// What PostgreSQL reads behind an open table is said when it begins, and once.
#[test]
fn the_log_tells_what_begins_to_read_protected_tables() {
    let database = shared()
        .database("behind_open", "CREATE TABLE people (id int PRIMARY KEY, mail text); INSERT INTO people VALUES (1, 'nora.nemo@mail.example'); CREATE TABLE notes (id int);");
    database.grant_to_upstream();
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = "open = [\"public.notes\"]
        [category]\nmail = \"null\"
        [table.\"public.people\"]\ncolumns = { id = \"open\", mail = \"mail\" }
        [purpose.service]\ndescription = \"Answer\"\nbasis = \"contract\"\nshows = [\"mail\"]
        [role.app]\npurposes = [\"service\"]\n";
    std::fs::write(&policy, text).unwrap();
    let served = [Served { name: "behind", database: &database, policy: &policy }];
    let proxy = Proxy::start(&served, &[("ana", "app")], "");
    let said = || proxy.log().matches("notes is open and a trigger of it sees stored tables").count();
    assert_eq!(said(), 0);
    database.psql(
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM mail FROM people; RETURN NEW; END';
         CREATE TRIGGER look BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION look();",
    );
    wait_for(|| said() == 1);
    database.psql("CREATE TABLE another (id int)");
    wait_for(|| proxy.log().matches("the catalog has changed and was read again").count() >= 2);
    assert_eq!(said(), 1);
}
