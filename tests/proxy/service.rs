//! The service around sessions: TLS, reload, stop.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::raw::Raw;
use super::{password_of, start, start_with, world};
use crate::common::postgres::{UPSTREAM_PASSWORD, run_psql, shared};
use crate::common::proxy::{Proxy, free_port};

fn signal(proxy: &Proxy, signal: &str) {
    assert!(Command::new("kill").args([signal, &proxy.pid().to_string()]).status().unwrap().success());
}

#[test]
fn a_stop_tells_idle_sessions_and_waits_for_the_others() {
    let proxy = start(world());
    let mut idle = Raw::log_in(proxy.port(), "dan", &[]);
    let mut busy = Raw::log_in(proxy.port(), "dan", &[]);
    busy.send(&super::raw::query("SELECT pg_sleep(1), 7"));
    std::thread::sleep(Duration::from_millis(300));
    signal(&proxy, "-TERM");
    assert_eq!([idle.answer(), idle.answer()], ["E:57P01", "closed"]);
    let answers: Vec<String> = (0..6).map(|_| busy.answer()).collect();
    assert_eq!(answers, ["T", "D:,7", "C:SELECT 1", "Z:I", "E:57P01", "closed"]);
}

#[test]
fn a_good_policy_applies_to_running_sessions_and_a_wrong_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = fs::read_to_string(super::policy()).unwrap();
    fs::write(&policy, &text).unwrap();
    let proxy = start_with(world(), &policy, "");
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    let named = "SELECT name FROM customers WHERE id = 1";
    assert_eq!(c.ask(named), "T D:Ann Asked C:SELECT 1 Z:I");
    fs::write(&policy, text.replace("name = \"identity\"", "name = \"no such category\"")).unwrap();
    signal(&proxy, "-HUP");
    wait_for(|| proxy.log().contains("no such category"));
    assert_eq!(c.ask(named), "T D:Ann Asked C:SELECT 1 Z:I");
    fs::write(
        &policy,
        text.replace(
            "basis = \"contract\"\nshows = [\"identity\"]",
            "basis = \"contract\"\nshows = []\nmasks = { identity = { keep_first = 1 } }",
        ),
    )
    .unwrap();
    signal(&proxy, "-HUP");
    wait_for(|| c.ask(named) == "T D:A*** C:SELECT 1 Z:I");
}

/// The whole answer of the admin address.
pub fn get(port: u16, path: &str) -> String {
    get_as(port, path, &[&format!("Host: 127.0.0.1:{port}")])
}

/// [`get`], with these lines of header.
pub fn get_as(port: u16, path: &str, head: &[&str]) -> String {
    let head: String = head.iter().map(|line| format!("{line}\r\n")).collect();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n{head}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_admin_address_tells_health_and_what_was_counted() {
    let port = free_port();
    let proxy = start_with(world(), &super::policy(), &format!("\n[admin]\naddress = \"127.0.0.1:{port}\"\n"));
    let mut session = Raw::log_in(proxy.port(), "ana", &[]);
    assert_eq!(session.ask("SELECT name FROM customers WHERE id = 1"), "T D:Ann Asked C:SELECT 1 Z:I");
    session.ask("SELECT * FROM no_such_table");
    for path in ["/health", "/ready"] {
        assert!(get(port, path).starts_with("HTTP/1.0 200"), "{path}");
    }
    // Start, login and two decisions: events that precede what they tell of; the refusal is answered before it is written.
    let counted = "consentry_record_durable_seconds_count 4";
    wait_for(|| get(port, "/metrics").lines().any(|l| l.starts_with(counted)));
    let metrics = get(port, "/metrics");
    let value = |name: &str| {
        let line = metrics.lines().find(|l| l.split(' ').next() == Some(name));
        let value = line.and_then(|l| l.split(' ').nth(1)?.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("no {name} in\n{metrics}"))
    };
    assert_eq!(value("consentry_sessions"), 1.0);
    assert_eq!(value("consentry_statements_total{outcome=\"changed\"}"), 1.0);
    assert_eq!(value("consentry_statements_total{outcome=\"refused\"}"), 1.0);
    assert!(value("consentry_record_durable_seconds_sum") > 0.0);
    assert_eq!(value("consentry_record_durable_seconds_bucket{le=\"+Inf\"}"), 4.0);
}

/// Who sends half of a request, or nothing, holds a connection to the admin address for a while, and no more than some.
#[test]
fn the_admin_address_lets_go_of_half_a_request() {
    let port = free_port();
    let _proxy = start_with(world(), &super::policy(), &format!("\n[admin]\naddress = \"127.0.0.1:{port}\"\n"));
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut halves: Vec<TcpStream> = (0..80).map(|_| connect()).collect();
    for half in halves.iter_mut().step_by(2) {
        half.write_all(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ").unwrap();
    }
    // It waits for one of them to go.
    assert!(get(port, "/health").starts_with("HTTP/1.0 200"));
    for half in &mut halves {
        half.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut answer = String::new();
        half.read_to_string(&mut answer).expect("closed");
        assert!(!answer.contains("200"), "{answer}");
    }
}

/// While PostgreSQL is waited for, a stop is one, and is on record as one.
#[test]
fn a_stop_is_heard_while_postgresql_is_waited_for() {
    let proxy = start(world());
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("@127.0.0.1:{}/", free_port());
    let there = format!("@127.0.0.1:{}/", shared().port());
    let text = fs::read_to_string(proxy.server_file()).unwrap();
    assert!(text.contains(&there), "{text}");
    let config = folder.path().join("consentry.toml");
    fs::write(&config, text.replace(&there, &nobody)).unwrap();
    let mut serve = proxy.command(&["serve", "--config", config.to_str().unwrap()]);
    let mut serve = serve.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(serve.stderr.take().unwrap()).lines();
    let waits = log.find(|line| line.as_ref().unwrap().contains("PostgreSQL is not there yet"));
    assert!(waits.is_some());
    for told in ["-HUP", "-TERM"] {
        let pid = serve.id().to_string();
        assert!(Command::new("kill").args([told, &pid]).status().unwrap().success());
    }
    assert_eq!(serve.wait().unwrap().code(), Some(0));
    let audit = fs::read_dir(folder.path().join("audit")).unwrap().map(|f| f.unwrap().path());
    let record: String = audit.map(|file| fs::read_to_string(file).unwrap_or_default()).collect();
    assert!(record.contains(r#""event":"stop""#), "{record}");
}

/// A password that was changed in its file is taken without a restart.
#[test]
fn the_password_for_postgresql_is_read_at_each_login() {
    let proxy = start(world());
    let kept = proxy.server_file().with_file_name("upstream.password");
    fs::write(&kept, UPSTREAM_PASSWORD).unwrap();
    rewrite(&proxy, "{ env = \"CONSENTRY_TEST_UPSTREAM\" }", "{ file = \"upstream.password\" }");
    wait_for(|| proxy.log().contains("changed database app"));
    let mut session = Raw::log_in(proxy.port(), "ana", &[]);
    let log_in = || Raw::open(proxy.port()).try_log_in("ana", &password_of("ana"), &[]);
    fs::write(&kept, "of another time").unwrap();
    assert_eq!(log_in(), "E:08006");
    fs::remove_file(&kept).unwrap();
    assert_eq!(log_in(), "E:08006");
    wait_for(|| proxy.log().contains("upstream.password: No such file"));
    assert_eq!(session.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I", "who is in stays in");
    fs::write(&kept, UPSTREAM_PASSWORD).unwrap();
    assert_eq!(log_in(), "Z:I");
}

pub fn wait_for(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn tls_with_channel_binding_and_without_what_is_required() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("server.crt"), folder.path().join("server.key"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let more = format!("\n[listen.tls]\ncert = {cert:?}\nkey = {key:?}\nrequired = true\n");
    let proxy = start_with(world(), &super::policy(), &more);
    let psql = |options: &str| {
        let connection =
            format!("{} host=localhost hostaddr=127.0.0.1 {options}", proxy.connection("ana", "app", None));
        let connection = connection.replacen("host=127.0.0.1 ", "", 1);
        let output = run_psql(shared().bin(), &connection, &["-qAt"], "SELECT 'in'");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let root = format!("sslrootcert={}", cert.display());
    assert_eq!(psql(&format!("sslmode=verify-full {root} channel_binding=require")), "in\n");
    assert_eq!(psql("sslmode=require channel_binding=disable"), "in\n");
    assert!(psql("sslmode=disable").contains("encrypted connections only"));
    // A cancel request may come in clear text all the same.
    let mut cancel = Raw::open(proxy.port());
    cancel.send(&[16i32, 80_877_102, 1, 2].map(i32::to_be_bytes).concat());
    assert_eq!(cancel.byte(), None);
    let mut plain = Raw::open(proxy.port());
    assert_eq!(plain.try_log_in("ana", &password_of("ana"), &[]), "E:28000");
}

/// The proxy's server file with `from` replaced by `to`, taken up.
pub fn rewrite(proxy: &Proxy, from: &str, to: &str) {
    let text = fs::read_to_string(proxy.server_file()).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    fs::write(proxy.server_file(), text.replace(from, to)).unwrap();
    signal(proxy, "-HUP");
}

#[test]
fn a_session_ends_when_the_server_file_no_longer_lets_it_in_as_it_came() {
    let proxy = start(world());
    let mut removed = Raw::log_in(proxy.port(), "ana", &[]);
    let mut other = Raw::log_in(proxy.port(), "dan", &[]);
    assert_eq!(removed.ask("BEGIN"), "C:BEGIN Z:T");
    rewrite(&proxy, "[user.\"ana\"]", "[user.\"ann\"]");
    // Also in an open transaction, and without being asked anything.
    assert_eq!([removed.answer(), removed.answer()], ["E:57P01", "closed"]);
    assert_eq!(removed.said('M'), "terminating connection: the proxy's configuration has changed");
    assert_eq!(other.ask("SELECT 1"), "T D:1 C:SELECT 1 Z:I");
    let mut again = Raw::open(proxy.port());
    assert_eq!(again.try_log_in("ana", &password_of("ana"), &[]), "E:28P01");

    rewrite(&proxy, "role = \"dba\"", "role = \"app\"");
    assert_eq!([other.answer(), other.answer()], ["E:57P01", "closed"]);
}

#[test]
fn a_running_statement_may_end_before_its_session_does() {
    let proxy = start(world());
    let mut busy = Raw::log_in(proxy.port(), "dan", &[]);
    busy.send(&super::raw::query("SELECT pg_sleep(3), 7"));
    std::thread::sleep(Duration::from_millis(300));
    rewrite(&proxy, "[user.\"dan\"]", "[user.\"don\"]");
    wait_for(|| Raw::open(proxy.port()).try_log_in("dan", &password_of("dan"), &[]) == "E:28P01");
    busy.send(&super::raw::query("SELECT 8"));
    let answers: Vec<String> = (0..6).map(|_| busy.answer()).collect();
    assert_eq!(answers, ["T", "D:,7", "C:SELECT 1", "Z:I", "E:57P01", "closed"]);
}

#[test]
fn a_batch_that_is_never_closed_does_not_keep_a_session() {
    let proxy = start(world());
    let mut open = Raw::log_in(proxy.port(), "dan", &[]);
    open.send(&[super::raw::parse("", "SELECT 7"), super::raw::bind("", "", &[]), super::raw::execute("", 0)].concat());
    std::thread::sleep(Duration::from_millis(300));
    rewrite(&proxy, "[user.\"dan\"]", "[user.\"don\"]");
    assert_eq!([open.answer(), open.answer()], ["E:57P01", "closed"]);
}

#[test]
fn nor_does_a_copy_that_takes_data() {
    let proxy = start(world());
    let mut open = Raw::log_in(proxy.port(), "dan", &[]);
    open.send(&super::raw::query("COPY things FROM STDIN"));
    assert_eq!(open.answer(), "G");
    rewrite(&proxy, "[user.\"dan\"]", "[user.\"don\"]");
    assert_eq!([open.answer(), open.answer()], ["E:57P01", "closed"]);
}

#[test]
fn a_policy_folder_that_is_named_later_is_watched_too() {
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let text = fs::read_to_string(super::policy()).unwrap();
    let kept = |n: usize| {
        let masked = format!("basis = \"contract\"\nshows = []\nmasks = {{ identity = {{ keep_first = {n} }} }}");
        text.replace("basis = \"contract\"\nshows = [\"identity\"]", &masked)
    };
    fs::write(first.path().join("policy.toml"), &text).unwrap();
    fs::write(second.path().join("policy.toml"), kept(2)).unwrap();
    let proxy = start_with(world(), first.path(), "");
    let path = |folder: &tempfile::TempDir| folder.path().canonicalize().unwrap().display().to_string();
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    rewrite(&proxy, &path(&first), &path(&second));
    wait_for(|| c.ask("SELECT name FROM customers WHERE id = 1") == "T D:An*** C:SELECT 1 Z:I");
    // The server file's own change brings one more reload; what comes now is seen by the folder alone.
    std::thread::sleep(Duration::from_secs(2));
    fs::write(second.path().join("policy.toml"), kept(1)).unwrap();
    wait_for(|| c.ask("SELECT name FROM customers WHERE id = 1") == "T D:A*** C:SELECT 1 Z:I");
}

/// A log beside the server file, say: it neither puts a reload off nor brings one. SIGHUP is taken at once.
#[test]
fn what_else_is_written_beside_the_configuration_puts_no_reload_off() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = fs::read_to_string(super::policy()).unwrap();
    let kept = |n: usize| {
        let masked = format!("basis = \"contract\"\nshows = []\nmasks = {{ identity = {{ keep_first = {n} }} }}");
        text.replace("basis = \"contract\"\nshows = [\"identity\"]", &masked)
    };
    fs::write(&policy, &text).unwrap();
    let proxy = start_with(world(), &policy, "");
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    let mut shows = |what: &str| {
        let expected = format!("T D:{what} C:SELECT 1 Z:I");
        wait_for(|| c.ask("SELECT name FROM customers WHERE id = 1") == expected);
    };
    let noise: Vec<_> = [policy.clone(), proxy.server_file()].iter().map(|f| f.with_file_name("noise.log")).collect();
    let noise = Busy::writing(20, move |_| noise.iter().for_each(|f| fs::write(f, "a line").unwrap()));
    fs::write(&policy, kept(2)).unwrap();
    shows("An***");
    // A folder that is replaced by a link to another one, as configuration maps are.
    let maps = ["one", "two"].map(|map| folder.path().join(map));
    for (map, n) in maps.iter().zip([4, 1]) {
        fs::create_dir(map).unwrap();
        fs::write(map.join("policy.toml"), kept(n)).unwrap();
    }
    fs::remove_file(&policy).unwrap();
    let link = |to: &std::path::Path| {
        std::os::unix::fs::symlink(to, folder.path().join("next")).unwrap();
        fs::rename(folder.path().join("next"), folder.path().join("now")).unwrap();
    };
    link(&maps[0]);
    std::os::unix::fs::symlink("now/policy.toml", &policy).unwrap();
    shows("Ann ***");
    link(&maps[1]);
    shows("A***");
    // A file of the configuration itself that is never quiet is taken as it is, and SIGHUP is heard meanwhile.
    let (file, text) = (maps[1].join("policy.toml"), kept(3));
    let next = file.with_file_name("next");
    let busy = Busy::writing(100, move |n| {
        fs::write(&next, format!("{text}\n# {n}\n")).unwrap();
        fs::rename(&next, &file).unwrap();
    });
    shows("Ann***");
    signal(&proxy, "-HUP");
    wait_for(|| proxy.log().contains("SIGHUP: reloading"));
    busy.stop();
    noise.stop();
}

/// Somebody who goes on writing until told to stop.
struct Busy {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Busy {
    fn writing(millis: u64, mut write: impl FnMut(u64) + Send + 'static) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let (mut n, pause) = (0, Duration::from_millis(millis));
            while stopped.recv_timeout(pause) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                n += 1;
                write(n);
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        drop(self.stop);
        self.thread.join().unwrap();
    }
}

#[test]
fn a_role_that_no_policy_has_is_told_at_start_and_kept_out_at_reload() {
    let proxy = start(world());
    let mut c = Raw::log_in(proxy.port(), "ana", &[]);
    let file = fs::read_to_string(proxy.server_file()).unwrap();
    let wrong = file.replace("role = \"app\"", "role = \"no_such_role\"");
    assert_ne!(file, wrong);
    fs::write(proxy.server_file(), &wrong).unwrap();
    signal(&proxy, "-HUP");
    wait_for(|| proxy.log().contains("no_such_role"));
    assert_eq!(c.ask("SHOW consentry.role"), "T D:app C:SHOW Z:I");
    let other = tempfile::tempdir().unwrap();
    let config = other.path().join("consentry.toml");
    fs::write(&config, wrong).unwrap();
    let said = proxy.command(&["serve"]).env("CONSENTRY_CONFIG", &config).output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stderr).contains("no_such_role"), "{said:?}");
}

#[test]
fn explain_says_what_would_be_sent() {
    let proxy = start(world());
    let explain = |sql| {
        let mut command = proxy.command(&["explain", "--user", "ana", sql]);
        command.env("CONSENTRY_CONFIG", proxy.server_file()).output().unwrap()
    };
    let said = explain("SELECT name FROM customers");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && text.contains("PostgreSQL receives:") && text.contains("consentry_t"), "{said:?}");
    let said = explain("SELECT pg_sleep(1)");
    assert!(said.status.code() == Some(1) && String::from_utf8_lossy(&said.stdout).contains("42501"), "{said:?}");
}
