//! An OpenTelemetry collector that keeps what it takes.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use consentry::audit::sinks::SinkConfig;
use serde_json::Value;

/// Log records that were taken, in order.
pub type Taken = Arc<Mutex<Vec<Value>>>;

/// One that answers each body with the status and words that `judge` finds, and bodies of more than `longest` bytes with 413
/// before they have come. It takes records until the test ends.
pub async fn collector(
    longest: usize,
    judge: impl Fn(&str) -> (StatusCode, &'static str) + Clone + Send + Sync + 'static,
) -> (SinkConfig, Taken) {
    let taken = Taken::default();
    let kept = taken.clone();
    let take = move |head: HeaderMap, body: String| async move {
        assert_eq!(head[CONTENT_TYPE], "application/json");
        let (status, words) = judge(&body);
        if status.is_success() {
            let request: Value = serde_json::from_str(&body).unwrap();
            let records = request["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap();
            kept.lock().unwrap().extend(records.iter().cloned());
        }
        (status, words)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sink = format!("otlp://{}", listener.local_addr().unwrap()).parse().unwrap();
    let routes = Router::new().route("/v1/logs", post(take)).layer(DefaultBodyLimit::max(longest));
    tokio::spawn(axum::serve(listener, routes).into_future());
    (sink, taken)
}

/// The record's lines in these records, when the last of them has come.
pub async fn lines_of(taken: &Taken) -> Vec<Value> {
    let line = |record: &Value| serde_json::from_str(record["body"]["stringValue"].as_str().unwrap()).unwrap();
    for _ in 0..400 {
        let lines: Vec<Value> = taken.lock().unwrap().iter().map(line).collect();
        if lines.last().is_some_and(|line| line["event"] == "stop") {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the stop did not come: {taken:?}");
}
