//! The auditor's page on the admin address: what it answers, to whom, and one at a time.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::raw::Raw;
use super::service::{get, get_as, wait_for};
use super::{policy, start_with, world};
use crate::common::proxy::{Proxy, free_port};

/// A proxy with an admin address, and its port.
fn start() -> (Proxy, u16) {
    let port = free_port();
    (start_with(world(), &policy(), &format!("\n[admin]\naddress = \"127.0.0.1:{port}\"\n")), port)
}

#[test]
fn the_page_answers_from_the_record_as_it_is() {
    let (proxy, port) = start();
    let mut session = Raw::log_in(proxy.port(), "ana", &[]);
    assert_eq!(session.ask("SELECT name FROM customers WHERE id = 1"), "T D:Ann Asked C:SELECT 1 Z:I");
    session.ask("SELECT * FROM no_such_table");
    let page = get(port, "/audit?verify=yes");
    assert!(page.starts_with("HTTP/1.0 200") && page.contains("text/html"), "{page}");
    for told in ["public.customers", "service", "undefined-table", "whole record", "is whole"] {
        assert!(page.contains(told), "{told} is not in\n{page}");
    }
    assert!(!page.contains("Ann Asked"));
    assert!(!get(port, "/audit?user=dan").contains("public.customers"));
    for (query, why) in [
        ("colour=red", "unknown filter"),
        ("since=yesteryear", "not a time"),
        ("subject-keys=/etc", "unknown filter"),
        ("subject_keys=/etc", "unknown filter"),
        ("outcome=maybe", "maybe"),
        // No page has a person's key in its address.
        ("subject=customer:1", "consentry audit report --subject"),
    ] {
        let answer = get(port, &format!("/audit?{query}"));
        assert!(answer.starts_with("HTTP/1.0 400") && answer.contains(why), "{query}: {answer}");
    }
}

/// A site that points its own name here (DNS rebinding) is not answered.
#[test]
fn the_page_is_for_who_asks_by_address() {
    let (_proxy, port) = start();
    for host in [format!("127.0.0.1:{port}"), format!("[::1]:{port}"), format!("localhost:{port}"), "10.1.2.3".into()] {
        assert!(get_as(port, "/audit", &[&format!("Host: {host}")]).starts_with("HTTP/1.0 200"), "{host}");
    }
    let ours = format!("Host: 127.0.0.1:{port}");
    let rebound = format!("Host: evil.example:{port}");
    for (path, head) in [
        ("/audit".to_owned(), vec![rebound.as_str()]),
        ("/audit?verify=yes".to_owned(), vec![&rebound]),
        ("/audit".to_owned(), vec![&ours, &rebound]),
        (format!("http://evil.example:{port}/audit"), vec![&ours]),
        ("/audit".to_owned(), vec![]),
    ] {
        let answer = get_as(port, &path, &head);
        assert!(answer.starts_with("HTTP/1.0 421") && answer.contains("IP address or localhost"), "{head:?}: {answer}");
        assert!(!answer.contains("<html"), "{answer}");
    }
    // Probes and Prometheus may come by name: nothing personal is there.
    assert!(get_as(port, "/health", &["Host: consentry.internal"]).starts_with("HTTP/1.0 200"));
}

#[test]
fn a_browser_keeps_loads_runs_and_frames_nothing() {
    let (_proxy, port) = start();
    for (path, head) in
        [("/audit", "Host: localhost"), ("/audit?colour=red", "Host: localhost"), ("/audit", "Host: evil.example")]
    {
        let answer = get_as(port, path, &[head]).to_lowercase();
        for rule in [
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "frame-ancestors 'none'",
            "default-src 'none'",
        ] {
            assert!(answer.contains(rule), "{path} {head}: no {rule} in\n{answer}");
        }
    }
    // The policy allows the page's style by its digest, and the page has nothing else that a policy is asked for.
    let page = get(port, "/audit");
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    let style = body.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let digest = STANDARD.encode(Sha256::digest(style));
    assert!(head.contains(&format!("style-src 'sha256-{digest}';")), "{head}");
    assert!(!head.contains("unsafe"), "{head}");
    for active in
        [" style=", "<script", "<link", "<img", "<iframe", "<form", " src=", " href=", "url(", "@import", " on"]
    {
        let markup = body.replace(style, "");
        let tags = markup.split('<').filter_map(|part| part.split_once('>')).map(|(tag, _)| format!("<{tag}"));
        assert!(!tags.into_iter().any(|tag| tag.contains(active)) && !style.contains("url("), "{active} in\n{body}");
    }
}

/// Whoever asks and goes away again and again must not have as many reports made at once.
#[test]
fn one_report_is_made_at_a_time_even_when_nobody_waits_for_it() {
    let (proxy, port) = start();
    let pipe = proxy.audit().join("1999-12-31.000000000000.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut gone = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    gone.write_all(b"GET /audit HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    // The report waits for the first line of this file for as long as we hold its other end.
    let held = reader_of(&pipe);
    drop(gone);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        let busy = ask_for_a_second(port);
        assert!(busy.starts_with("HTTP/1.0 503") && busy.contains("another report"), "{busy}");
        std::thread::sleep(Duration::from_millis(50));
    }
    fs::remove_file(&pipe).unwrap();
    drop(held);
    wait_for(|| get(port, "/audit").starts_with("HTTP/1.0 200"));
}

/// The writing end of a pipe that somebody has opened to read.
fn reader_of(pipe: &Path) -> File {
    let start = Instant::now();
    loop {
        match OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(pipe) {
            Ok(file) => return file,
            Err(e) => assert!(start.elapsed() < Duration::from_secs(30), "nobody reads it: {e}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The start of an answer, if it comes at once.
fn ask_for_a_second(port: u16) -> String {
    use std::io::Read;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"GET /audit HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    end.map_or_else(|e| format!("no answer: {e}"), |_| String::from_utf8_lossy(&answer).into_owned())
}
