//! Reloads tell of themselves: in the log, in the record, and by a number; what was refused is tried again when it is mended.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use postgres_protocol::password::scram_sha_256;

use super::raw::{Raw, bind, execute, parse, sync};
use super::service::{get, wait_for};
use super::{password_of, start_with, with_a_zoo, world};
use crate::common::proxy::{Proxy, free_port};

/// A proxy whose policy and numbers can be looked at.
struct House {
    proxy: Proxy,
    policy: PathBuf,
    admin: u16,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy.toml");
        fs::copy(super::policy(), &policy).unwrap();
        let admin = free_port();
        let proxy = start_with(world(), &policy, &format!("\n[admin]\naddress = \"127.0.0.1:{admin}\"\n"));
        Self { proxy, policy, admin, _folder: folder }
    }

    /// Reloads so far: good ones and refused ones.
    fn counted(&self) -> (u64, u64) {
        let metrics = get(self.admin, "/metrics");
        let of = |result: &str| {
            let name = format!("consentry_reloads_total{{result=\"{result}\"}} ");
            metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |n| n.parse().unwrap())
        };
        (of("ok"), of("failed"))
    }

    /// Events of a kind on record, each without its sequence number and time.
    fn recorded(&self, event: &str) -> Vec<serde_json::Value> {
        let files = fs::read_dir(self.proxy.audit()).unwrap().map(|file| file.unwrap().path());
        let texts = files.map(|file| fs::read_to_string(file).unwrap_or_default());
        let lines: Vec<String> = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let events = lines.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        events.filter(|e| e["event"] == event).collect()
    }

    fn write_server_file(&self, text: &str) {
        fs::write(self.proxy.server_file(), text).unwrap();
    }

    fn server_file(&self) -> String {
        fs::read_to_string(self.proxy.server_file()).unwrap()
    }

    /// The server file with a database and a user more.
    fn with_a_zoo(&self, policy: &Path) -> String {
        let verifier = scram_sha_256(password_of("un").as_bytes());
        let text = with_a_zoo(&self.server_file(), policy);
        format!("{text}\n[user.un]\nrole = \"app\"\nverifier = {verifier:?}\n")
    }

    fn logged(&self, what: &str) {
        wait_for(|| self.proxy.log().contains(what));
    }
}

#[test]
fn a_server_file_that_changes_is_told_of() {
    let house = House::new();
    let before = house.server_file();
    house.write_server_file(&house.with_a_zoo(&house.policy));
    house.logged("reloaded: server file: added database zoo, user un");
    wait_for(|| house.recorded("server_reload").len() == 1);
    let event = &house.recorded("server_reload")[0];
    assert_eq!(event["added"], serde_json::json!(["database zoo", "user un"]));
    assert_eq!((&event["removed"], &event["problems"]), (&serde_json::json!([]), &0.into()));
    assert_ne!(event["from"], event["to"]);
    assert_eq!(house.counted(), (1, 0));
    assert_eq!(Raw::open(house.proxy.port()).try_log_in("un", &password_of("un"), &[]), "Z:I");

    let wrong = before.replace("role = \"builder\"", "role = \"bilder\"");
    house.write_server_file(&wrong);
    house.logged("bilder");
    wait_for(|| house.recorded("server_reload").len() == 2);
    let refused = &house.recorded("server_reload")[1];
    assert_eq!((&refused["from"], &refused["to"], &refused["problems"]), (&event["to"], &event["to"], &1.into()));
    assert_eq!(house.counted(), (1, 1));

    house.write_server_file(&before);
    house.logged("reloaded: server file: removed database zoo, user un");
    wait_for(|| house.recorded("server_reload").len() == 3);
    assert_eq!(house.recorded("server_reload")[2]["to"], event["from"]);
    assert_eq!(house.counted(), (2, 1));
    assert!(house.recorded("policy_reload").is_empty());
}

#[test]
fn a_policy_that_changes_is_told_of_and_every_reload_is_counted() {
    let house = House::new();
    let text = fs::read_to_string(&house.policy).unwrap();
    fs::write(&house.policy, format!("{text}\n# said more clearly\n")).unwrap();
    house.logged("reloaded: policy of database app: ");
    wait_for(|| house.recorded("policy_reload").len() == 1);
    assert_eq!(house.counted(), (1, 0));

    // PostgreSQL alone knows that this is no condition.
    let wrong = text.replace("key   = \"id\"", "key   = \"id\"\nrestricted_when = \"lower(name)\"");
    assert_ne!(text, wrong);
    fs::write(&house.policy, wrong).unwrap();
    house.logged("this condition cannot be used: argument of WHERE must be type boolean, not type text");
    wait_for(|| house.recorded("policy_reload").len() == 2);
    assert_eq!(house.recorded("policy_reload")[1]["problems"], 1);
    assert_eq!(house.counted(), (1, 1));
    let mut c = Raw::log_in(house.proxy.port(), "ana", &[]);
    assert_eq!(c.ask("SELECT name FROM customers WHERE id = 1"), "T D:Ann Asked C:SELECT 1 Z:I");

    fs::write(&house.policy, &text).unwrap();
    wait_for(|| house.counted() == (2, 1));
    let hangup = Command::new("kill").args(["-HUP", &house.proxy.pid().to_string()]).status().unwrap();
    assert!(hangup.success());
    house.logged("reloaded: nothing has changed");
    assert_eq!(house.counted(), (3, 1));
    assert!(house.recorded("server_reload").is_empty());
}

#[test]
fn a_configuration_that_was_refused_is_tried_again_when_its_policy_is_mended() {
    let house = House::new();
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().canonicalize().unwrap().join("zoo.toml");
    let text = fs::read_to_string(&house.policy).unwrap();
    // First it is not there at all, then it has a fault.
    house.write_server_file(&house.with_a_zoo(&policy));
    house.logged("zoo.toml does not exist");
    fs::write(&policy, text.replace("name = \"identity\"", "name = \"identiti\"")).unwrap();
    house.logged("there is no category `identiti`");
    let un = || Raw::open(house.proxy.port()).try_log_in("un", &password_of("un"), &[]);
    assert_eq!(un(), "E:28P01");
    fs::write(&policy, text).unwrap();
    house.logged("reloaded: server file: added database zoo, user un");
    assert_eq!(un(), "Z:I");
    assert_eq!(house.counted(), (1, 2));
}

/// Users would be left without what they may do, all of them at once.
#[test]
fn a_policy_that_no_longer_declares_a_users_role_is_refused() {
    let house = House::new();
    let text = fs::read_to_string(&house.policy).unwrap();
    let without = text.replace("[role.app]", "[role.former]");
    for cut in ["", &without] {
        let refused = house.counted().1;
        fs::write(&house.policy, cut).unwrap();
        wait_for(|| house.counted().1 > refused);
        let mut c = Raw::log_in(house.proxy.port(), "ana", &[]);
        assert_eq!(c.ask("SELECT name FROM customers WHERE id = 1"), "T D:Ann Asked C:SELECT 1 Z:I", "{cut}");
    }
    house.logged("which a user of the server file has");
    assert_eq!(house.counted().0, 0);
    // With its user it may go.
    let file = house.server_file();
    house.write_server_file(&file.replace("role = \"app\"", "role = \"builder\""));
    fs::write(&house.policy, without).unwrap();
    house.logged("policy of database app: ");
}

/// A name that leads to another server from now on: what was open under it goes on under its own policy until that is.
#[test]
fn a_database_is_never_judged_by_the_policy_of_another_of_its_name() {
    let house = House::new();
    let open = house.policy.with_file_name("open.toml");
    let text = fs::read_to_string(&house.policy).unwrap();
    fs::write(&open, text.replace("name = \"identity\"", "name = \"open\"")).unwrap();
    let policy = |path: &Path| format!("{:?}", path.canonicalize().unwrap());
    let file = house.server_file();
    let elsewhere = file.replace(&policy(&house.policy), &policy(&open));
    let elsewhere = elsewhere.replacen("/proxy\"", "/nowhere\"", 1);
    assert!(elsewhere.contains("/nowhere") && elsewhere.contains("open.toml"), "{file}");
    house.write_server_file(&elsewhere);
    wait_for(|| house.counted().1 > 0);
    let mut c = Raw::log_in(house.proxy.port(), "ana", &[("options", "-c consentry.purpose=marketing")]);
    assert_eq!(c.ask("SELECT name FROM customers"), "T D:Ann Asked C:SELECT 1 Z:I");
    assert!(house.recorded("policy_reload").is_empty());
}

/// A cursor gives rows by the policy that counts: what it was opened for may be shown no longer.
#[test]
fn cursors_obey_the_policy_that_counts() {
    let house = House::new();
    let text = fs::read_to_string(&house.policy).unwrap();
    let mut sessions = [(); 6].map(|()| Raw::log_in(house.proxy.port(), "ana", &[]));
    let [masked, open, held, portal, execute_of, fetch_of] = &mut sessions;
    portal.ask("BEGIN");
    let sent = [parse("", "SELECT name FROM customers ORDER BY id"), bind("p", "", &[]), execute("p", 1), sync()];
    assert_eq!(portal.exchange(&sent), "1 2 D:Ann Asked s Z:T");
    execute_of.ask("PREPARE q AS SELECT name FROM customers ORDER BY id");
    fetch_of.ask("BEGIN; DECLARE c CURSOR FOR SELECT name FROM customers ORDER BY id");
    execute_of.ask("BEGIN");
    let begun = |sql| [parse("", sql), bind("p", "", &[]), execute("p", 1), sync()];
    assert_eq!(execute_of.exchange(&begun("EXECUTE q")), "1 2 D:Ann Asked s Z:T");
    assert_eq!(fetch_of.exchange(&begun("FETCH ALL FROM c")), "1 2 D:Ann Asked s Z:T");
    masked.ask("BEGIN; DECLARE c CURSOR FOR SELECT name FROM customers ORDER BY id");
    assert_eq!(masked.ask("FETCH c"), "T D:Ann Asked C:FETCH 1 Z:T");
    open.ask("BEGIN; DECLARE c CURSOR FOR SELECT subject_id FROM consents");
    held.ask("DECLARE c CURSOR WITH HOLD FOR SELECT name FROM things ORDER BY id");
    assert_eq!(held.ask("FETCH c"), "T D:one C:FETCH 1 Z:I");

    let start = "basis = \"contract\"\nshows = [\"identity\"]";
    assert!(text.contains(start));
    let masks = "basis = \"contract\"\nshows = []\nmasks = { identity = { keep_first = 1 } }";
    fs::write(&house.policy, text.replace(start, masks)).unwrap();
    wait_for(|| house.recorded("policy_reload").len() == 1);
    assert_eq!(held.ask("FETCH c"), "T D:two C:FETCH 1 Z:I");
    assert_eq!(open.ask("FETCH c"), "T D:1 C:FETCH 1 Z:T");
    assert_eq!(masked.ask("FETCH c"), "E:0A000 Z:E");
    for begun in [portal, execute_of, fetch_of] {
        assert_eq!(begun.exchange(&[execute("p", 1), sync()]), "E:0A000 Z:E");
    }

    fs::write(&house.policy, text.replace("open = [\"public.things\"]", "")).unwrap();
    wait_for(|| house.recorded("policy_reload").len() == 2);
    assert_eq!(held.ask("FETCH c"), "E:42501 Z:I");
    assert_eq!(open.ask("FETCH c"), "T C:FETCH 0 Z:T");
    assert_eq!(held.ask("CLOSE c"), "C:CLOSE CURSOR Z:I");
}
