//! OpenTelemetry logs, as OTLP/HTTP JSON.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::http::header::{CONTENT_TYPE, EXPECT};

use super::cut::cut;
use super::{Delivery, NETWORK_PATIENCE, addresses, severity};
use crate::audit::recorded::Recorded;

/// Bytes that are read of a collector's answer.
const MOST_OF_AN_ANSWER: u64 = 1 << 20;
/// A longer request is announced first, so that whoever takes none of its length can say so before it is sent.
const ANNOUNCED: usize = 64 << 10;
/// The longest wait for what a collector says to that.
const INVITATION: Duration = Duration::from_millis(200);
/// Answers that refuse what a request holds, for one batch: one that refuses all is not asked for each of its lines.
const MOST_REFUSALS: usize = 64;

/// Sends all lines as one request. Where the collector refuses what that holds, it is halved until the line is found that
/// is meant; this is sent cut, and lost only if it is refused so too. What it takes a part of is not sent again: which
/// part, it does not say.
pub fn deliver(address: &str, lines: &[Arc<[u8]>]) -> Delivery {
    let collector = Collector::at(address);
    let mut all = Delivery { lost: 0, fault: None };
    let (mut pending, mut refusals) = (vec![lines], 0);
    while let Some(part) = pending.pop() {
        let NotTaken { for_content, fault } = match collector.post(&request(part)) {
            Ok(0) => continue,
            Ok(rejected) => {
                let fault = io::Error::other(format!("the collector rejects {rejected} lines of a request"));
                all = Delivery { lost: all.lost + rejected.min(part.len()), fault: Some(fault) };
                continue;
            }
            Err(not_taken) => not_taken,
        };
        if !for_content || refusals == MOST_REFUSALS {
            let untried: usize = pending.iter().map(|part| part.len()).sum();
            return Delivery { lost: all.lost + part.len() + untried, fault: Some(fault) };
        }
        refusals += 1;
        if let [line] = part {
            if !matches!(collector.post(&request(&[cut(line).into()])), Ok(0)) {
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

impl From<ureq::Error> for NotTaken {
    fn from(fault: ureq::Error) -> Self {
        Self { for_content: false, fault: fault.into_io() }
    }
}

/// An `ExportLogsServiceResponse` in JSON: a 64-bit number is a text there, and some write a number.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    partial_success: PartialSuccess,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    rejected_log_records: Count,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(usize),
    Text(String),
}

impl Default for Count {
    fn default() -> Self {
        Count::Number(0)
    }
}

impl Count {
    fn get(&self) -> usize {
        match self {
            Count::Number(count) => *count,
            Count::Text(text) => text.parse().unwrap_or(0),
        }
    }
}

struct Collector {
    agent: Agent,
    url: String,
}

impl Collector {
    fn at(address: &str) -> Self {
        let patience = Some(NETWORK_PATIENCE);
        let config = Agent::config_builder()
            .proxy(None) // it is on this host, or beside it
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(patience)
            .timeout_await_100(Some(INVITATION))
            .timeout_send_body(patience)
            .timeout_recv_response(patience)
            .timeout_recv_body(patience);
        Self { agent: config.build().into(), url: format!("http://{address}/v1/logs") }
    }

    /// How many lines were rejected where the others were taken; an answer other than 2xx is an error.
    fn post(&self, body: &[u8]) -> Result<usize, NotTaken> {
        let mut request = self.agent.post(&self.url).header(CONTENT_TYPE, "application/json");
        if body.len() > ANNOUNCED {
            request = request.header(EXPECT, "100-continue");
        }
        let mut answer = request.send(body)?;
        let status = answer.status();
        if !status.is_success() {
            let for_content = matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE);
            let fault = io::Error::other(format!("the collector answers {}", status.as_u16()));
            return Err(NotTaken { for_content, fault });
        }
        // Taken, whatever cannot be read of what it says to that.
        let said = answer.body_mut().with_config().limit(MOST_OF_AN_ANSWER).read_to_vec().unwrap_or_default();
        let said: Answer = serde_json::from_slice(&said).unwrap_or_default();
        Ok(said.partial_success.rejected_log_records.get())
    }
}
