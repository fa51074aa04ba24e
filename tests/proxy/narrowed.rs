//! The policy becomes narrower while sessions are in the middle of something: what they have made, and may do, goes with it.

use std::fs;

use super::common::proxy::Proxy;
use super::raw::{Raw, bind, execute, parse, sync};
use super::service::wait_for;
use super::{session, start_with, with_a_zoo, world};

struct House {
    folder: tempfile::TempDir,
    proxy: Proxy,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(super::policy(), folder.path().join("policy.toml")).unwrap();
        let proxy = start_with(world(), folder.path(), "");
        Self { folder, proxy }
    }

    fn session(&self, user: &str) -> Raw {
        Raw::log_in(self.proxy.port(), user, &[])
    }

    /// Another database, whose policy goes on declaring the roles of all users: one that lacks a user's role everywhere is
    /// refused.
    fn serve_another(&self) {
        let file = self.proxy.server_file();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, with_a_zoo(&text, &super::policy().canonicalize().unwrap())).unwrap();
        wait_for(|| self.proxy.log().contains("added database zoo"));
    }

    /// The policy with `from` replaced by `to`, once sessions are judged by it.
    fn narrow(&self, from: &str, to: &str) {
        let file = self.folder.path().join("policy.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replace(from, to)).unwrap();
        let recorded = |entry: fs::DirEntry| fs::read_to_string(entry.path()).unwrap_or_default();
        wait_for(|| {
            let files = fs::read_dir(self.proxy.audit()).unwrap();
            files.map(|f| recorded(f.unwrap())).any(|text| text.contains("policy_reload"))
        });
    }
}

/// PostgreSQL expands a view that it alone knows: what it reads must be open whenever it is read.
#[test]
fn a_view_that_only_postgresql_knows_shows_what_is_open_now() {
    let house = House::new();
    let (mut kept, mut building) = (house.session("ana"), house.session("bea"));
    assert_eq!(kept.ask("CREATE TEMP VIEW mine AS SELECT * FROM things"), "C:CREATE VIEW Z:I");
    assert_eq!(kept.ask("SELECT name FROM mine WHERE id = 1"), "T D:one C:SELECT 1 Z:I");
    assert_eq!(kept.exchange(&[parse("p", "SELECT count(*) FROM mine"), sync()]), "1 Z:I");
    assert_eq!(kept.ask("DELETE FROM mine"), "E:0A000 Z:I");
    assert_eq!(building.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(building.ask("CREATE VIEW public.fresh AS SELECT * FROM things"), "C:CREATE VIEW Z:T");
    assert_eq!(building.ask("SELECT name FROM fresh WHERE id = 1"), "T D:one C:SELECT 1 Z:T");
    house.narrow("open = [\"public.things\"]", "open = []");
    assert_eq!(kept.ask("SELECT name FROM mine WHERE id = 1"), "E:42501 Z:I");
    assert_eq!(kept.exchange(&[bind("", "p", &[]), execute("", 0), sync()]), "E:42501 Z:I");
    assert_eq!(kept.ask("COPY (SELECT * FROM mine) TO STDOUT"), "E:42501 Z:I");
    assert_eq!(kept.ask("DROP VIEW mine"), "C:DROP VIEW Z:I");
    assert_eq!(building.ask("SELECT name FROM fresh WHERE id = 1"), "E:0A000 Z:E");
    assert_eq!(building.ask("ROLLBACK"), "C:ROLLBACK Z:I");
}

/// A session whose purpose the role has lost finds the way out: of its transaction, and of the purpose.
#[test]
fn a_purpose_that_is_taken_away_leaves_the_session_usable() {
    let house = House::new();
    let mut c = house.session("ana");
    assert_eq!(c.exchange(&[parse("out", "ROLLBACK"), sync()]), "1 Z:I");
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    assert_eq!(c.ask("UPDATE things SET name = name WHERE id = 1"), "C:UPDATE 1 Z:T");
    house.narrow("purposes = [\"service\", \"marketing\"]", "purposes = [\"marketing\"]");
    assert_eq!(c.ask("SELECT name FROM customers"), "E:42501 Z:E");
    assert_eq!(c.ask("SHOW consentry.purpose"), "E:25P02 Z:E");
    assert_eq!(c.exchange(&[bind("", "out", &[]), execute("", 0), sync()]), "2 C:ROLLBACK Z:I");
    assert_eq!(c.ask("SHOW consentry.purpose"), "T D:service C:SHOW Z:I");
    assert_eq!(c.ask("SELECT 1"), "E:42501 Z:I");
    for (way, answer) in [
        ("BEGIN; COMMIT", "C:BEGIN C:COMMIT Z:I"),
        ("SAVEPOINT a", "E:25P01 Z:I"),
        ("RESET consentry.purpose", "C:RESET Z:I"),
        ("DEALLOCATE ALL", "C:DEALLOCATE ALL Z:I"),
        ("DISCARD ALL", "C:DISCARD ALL Z:I"),
    ] {
        assert_eq!(c.ask(way), answer, "{way}");
        assert_eq!(c.ask("SELECT name FROM customers"), "E:42501 Z:I", "{way}");
    }
    assert_eq!(c.ask("SELECT 1 /*purpose='service'*/"), "E:42501 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'service'"), "E:42501 Z:I");
    let set = "SELECT set_config('consentry.purpose', 'marketing', false)";
    assert_eq!(c.ask(set), "T D:marketing C:SELECT 1 Z:I");
    assert_eq!(c.ask("SELECT name FROM customers"), "T D:Ann Asked C:SELECT 1 Z:I");
}

/// What an unrestricted role has made is not followed: nobody goes on with it who is judged.
#[test]
fn a_role_that_is_no_longer_unrestricted_begins_anew() {
    let house = House::new();
    let mut c = house.session("dan");
    assert_eq!(c.ask("CREATE TEMP VIEW things AS SELECT * FROM customers"), "C:CREATE VIEW Z:I");
    house.narrow("unrestricted = true", "purposes = [\"marketing\"]");
    assert_eq!([c.ask("SELECT name FROM things"), c.ask("SELECT 1")], ["E:42501 closed", "closed"]);
    assert_eq!(house.session("dan").ask("SELECT max(name) FROM things"), "T D:two C:SELECT 1 Z:I");
}

/// It may be back with the next word of who writes the policy.
#[test]
fn a_role_that_is_gone_may_end_its_transaction() {
    let house = House::new();
    let mut c = house.session("bea");
    assert_eq!(c.ask("BEGIN"), "C:BEGIN Z:T");
    house.serve_another();
    house.narrow("[role.builder]", "[role.mason]");
    assert_eq!(c.ask("SELECT 1"), "E:42501 Z:E");
    assert_eq!(c.ask("ROLLBACK"), "C:ROLLBACK Z:I");
    assert_eq!(c.ask("SELECT 1"), "E:42501 Z:I");
    assert_eq!(c.ask("SET consentry.purpose = 'marketing'"), "E:42501 Z:I");
    assert_eq!(c.ask("BEGIN; SELECT 1"), "C:BEGIN E:42501 Z:E");
}

/// A statement that PostgreSQL was asked about fails, and the path is said by the same name.
#[test]
fn what_failed_in_steps_leaves_no_statement_of_ours() {
    let mut c = session("bea");
    assert_eq!(c.ask("SELECT 1 / (id - 1) FROM listed"), "T E:22012 Z:I");
    assert_eq!(c.ask("SET search_path = public"), "C:SET Z:I");
    assert_eq!(c.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
}

/// What was derived by one policy is not read by another: it would show what that hides.
#[test]
fn derived_rows_are_read_by_the_policy_that_they_were_derived_by() {
    let house = House::new();
    let mut c = house.session("ana");
    assert_eq!(c.ask("CREATE TEMP TABLE mine AS SELECT id, name FROM customers"), "C:SELECT 2 Z:I");
    assert_eq!(c.ask("CREATE TEMP TABLE plain AS SELECT id FROM things"), "C:SELECT 3 Z:I");
    assert_eq!(c.ask("SELECT max(name) FROM mine"), "T D:Ned Never C:SELECT 1 Z:I");
    house.narrow("name = \"identity\"", "");
    for sql in
        ["SELECT name FROM mine", "INSERT INTO mine VALUES (3)", "UPDATE mine SET name = name", "COPY mine TO STDOUT"]
    {
        assert_eq!(c.ask(sql), "E:42501 Z:I", "{sql}");
    }
    assert_eq!(c.ask("SELECT count(*) FROM plain"), "T D:3 C:SELECT 1 Z:I");
    assert_eq!(c.ask("DROP TABLE mine"), "C:DROP TABLE Z:I");
    assert_eq!(c.ask("CREATE TEMP TABLE mine AS SELECT id, name FROM customers"), "C:SELECT 2 Z:I");
    assert_eq!(c.ask("SELECT count(name) FROM mine"), "T D:0 C:SELECT 1 Z:I");
}
