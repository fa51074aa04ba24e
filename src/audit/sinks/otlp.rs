//! OpenTelemetry logs, as OTLP/HTTP JSON.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::cut::cut;
use super::{Delivery, NETWORK_PATIENCE, addresses, severity};
use crate::audit::recorded::Recorded;

/// Bytes that are read of a collector's answer.
const MOST_OF_AN_ANSWER: u64 = 1 << 20;
/// The longest wait for the rest of it.
const GOODBYE: Duration = Duration::from_millis(200);
/// Answers that refuse what a request holds, for one batch: one that refuses all is not asked for each of its lines.
const MOST_REFUSALS: usize = 64;

/// Sends all lines as one request. Where the collector refuses what that holds, it is halved until the line is found that
/// is meant; this is sent cut, and lost only if it is refused so too.
pub fn deliver(address: &str, lines: &[Arc<[u8]>]) -> Delivery {
    let mut all = Delivery { lost: 0, fault: None };
    let (mut pending, mut refusals) = (vec![lines], 0);
    while let Some(part) = pending.pop() {
        let Err(NotTaken { for_content, fault }) = post(address, &request(part)) else { continue };
        if !for_content || refusals == MOST_REFUSALS {
            let untried: usize = pending.iter().map(|part| part.len()).sum();
            return Delivery { lost: all.lost + part.len() + untried, fault: Some(fault) };
        }
        refusals += 1;
        if let [line] = part {
            if post(address, &request(&[cut(line).into()])).is_err() {
                all = Delivery { lost: all.lost + 1, fault: Some(fault) };
            }
        } else {
            let (first, second) = part.split_at(part.len() / 2);
            pending.extend([second, first]);
        }
    }
    all
}

/// The first of the host's addresses that answers.
pub fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the host has no address");
    for address in addresses(address)? {
        match TcpStream::connect_timeout(&address, NETWORK_PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// An `ExportLogsServiceRequest` in JSON (OpenTelemetry protocol, "JSON Protobuf Encoding").
fn request(lines: &[Arc<[u8]>]) -> Vec<u8> {
    let records: Vec<_> = lines.iter().filter_map(|line| log_record(line)).collect();
    let request = json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "consentry"}},
            {"key": "service.version", "value": {"stringValue": env!("CARGO_PKG_VERSION")}},
        ]},
        "scopeLogs": [{"scope": {"name": "consentry.audit"}, "logRecords": records}],
    }]});
    request.to_string().into_bytes()
}

fn log_record(line: &[u8]) -> Option<serde_json::Value> {
    let event = Recorded::parse(line)?;
    // Severity numbers of the log data model: 9 INFO, 10 INFO2, 13 WARN.
    let (number, text) = match severity(&event) {
        4 => (13, "WARN"),
        5 => (10, "INFO2"),
        _ => (9, "INFO"),
    };
    let attribute = |key: &str, value: Option<&str>| Some(json!({"key": key, "value": {"stringValue": value?}}));
    let attributes: Vec<_> = [
        attribute("consentry.seq", Some(&event.seq.to_string())),
        attribute("enduser.id", event.user.as_deref()),
        attribute("db.namespace", event.database.as_deref()),
        attribute("consentry.purpose", event.purpose.as_deref()),
        attribute("consentry.outcome", event.outcome.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    Some(json!({
        "timeUnixNano": event.time.as_nanosecond().to_string(),
        "severityNumber": number,
        "severityText": text,
        "eventName": format!("consentry.{}", event.event),
        "body": {"stringValue": String::from_utf8_lossy(line)},
        "attributes": attributes,
    }))
}

/// Why a request was not taken.
struct NotTaken {
    /// For what it holds, or for its length: another one may be taken.
    for_content: bool,
    fault: io::Error,
}

impl From<io::Error> for NotTaken {
    fn from(fault: io::Error) -> Self {
        Self { for_content: false, fault }
    }
}

/// One HTTP POST to `/v1/logs`; an answer other than 2xx is an error.
fn post(address: &str, body: &[u8]) -> Result<(), NotTaken> {
    let mut stream = connect(address)?;
    stream.set_read_timeout(Some(NETWORK_PATIENCE))?;
    stream.set_write_timeout(Some(NETWORK_PATIENCE))?;
    let head = format!(
        "POST /v1/logs HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    // Whoever finds a body too long may answer before it has come whole, and read no more of it.
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut status = [0; 12]; // `HTTP/1.1 200`
    stream.read_exact(&mut status).map_err(|unanswered| sent.err().unwrap_or(unanswered))?;
    // Closed with its answer unread, the connection would be reset under the collector. One that does not close it is not
    // waited for.
    stream.set_read_timeout(Some(GOODBYE))?;
    let _ = io::copy(&mut stream.take(MOST_OF_AN_ANSWER), &mut io::sink());
    let code = String::from_utf8_lossy(&status[9..]);
    if code.starts_with('2') {
        return Ok(());
    }
    let fault = io::Error::other(format!("the collector answers {}", code.escape_debug()));
    Err(NotTaken { for_content: matches!(&*code, "400" | "413"), fault })
}
