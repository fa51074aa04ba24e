//! The auditor's page on the admin address: what `consentry audit report --format html` answers, of the record as it is.
//!
//! `/audit?since=24h%20ago&table=customers&verify=yes`: the report's filters by name; `verify`: the whole record is
//! verified too, which takes as long as reading it does. There is no login: who reaches the admin address reads the
//! report. A browser that does so must not carry it elsewhere: other sites cannot ask for it by a name of their own
//! (DNS rebinding) or frame it, nothing keeps a copy, and the page runs and loads nothing.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::audit::{Config as AuditConfig, report};
use crate::cli::audit::load_key;
use crate::cli::audit_report::{asked, make};

struct Auditor {
    folder: PathBuf,
    /// The private key's public half, as `consentry audit keygen` names it.
    key: PathBuf,
    /// One report at a time: statements come first.
    turn: Arc<Semaphore>,
}

pub fn router(audit: &AuditConfig) -> Router {
    let mut key = audit.key_file().into_os_string();
    key.push(".pub");
    let auditor = Auditor { folder: audit.folder.clone(), key: key.into(), turn: Arc::new(Semaphore::new(1)) };
    Router::new().route("/audit", get(page)).layer(middleware::from_fn(confined)).with_state(Arc::new(auditor))
}

async fn page(State(auditor): State<Arc<Auditor>>, Query(mut pairs): Query<Vec<(String, String)>>) -> Response {
    let verify = pairs.iter().any(|(name, value)| name == "verify" && value == "yes");
    pairs.retain(|(name, _)| name != "verify");
    let filter = match asked(&pairs) {
        Ok(filter) => filter,
        Err(words) => return said(StatusCode::BAD_REQUEST, &words),
    };
    let Ok(turn) = auditor.turn.clone().try_acquire_owned() else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "another report is being made; ask again");
    };
    let (folder, key) = (auditor.folder.clone(), auditor.key.clone());
    let made = tokio::task::spawn_blocking(move || {
        // Held by the work, which goes on when nobody waits for its answer any more.
        let _turn = turn;
        let key = if verify { Some(load_key(&key.to_string_lossy())?) } else { None };
        make(&folder, &filter, key.as_ref())
    });
    match made.await {
        Ok(Ok(report)) => Html(report::page(&report)).into_response(),
        Ok(Err(fault)) => said(StatusCode::INTERNAL_SERVER_ERROR, &format!("{fault:#}")),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn said(status: StatusCode, words: &str) -> Response {
    (status, format!("{words}\n")).into_response()
}

/// Answers only who asks by address, and says of every answer what a browser may do with it.
async fn confined(request: Request, next: Next) -> Response {
    let mut response = if is_asked_by_address(&request) {
        next.run(request).await
    } else {
        let words = "this page is for who asks by an IP address or localhost, such as http://127.0.0.1:9632/audit: \
                     under any other name, a web site could read it by pointing that name here";
        said(StatusCode::MISDIRECTED_REQUEST, words)
    };
    let rules: [(HeaderName, HeaderValue); 5] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, content_policy()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    response.headers_mut().extend(rules);
    response
}

/// Whether every name that the request gives this server is an IP address or `localhost`. A browser always gives one.
fn is_asked_by_address(request: &Request) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut names = hosts.chain(request.uri().authority().map(Authority::as_str)).peekable();
    names.peek().is_some() && names.all(is_address)
}

fn is_address(name: &str) -> bool {
    let Ok(authority) = name.parse::<Authority>() else { return false };
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    !name.contains('@') && (host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok())
}

/// The page's own style, and nothing else.
fn content_policy() -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        report::style_digest()
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn only_addresses_and_localhost_are_no_names() {
        for address in
            ["127.0.0.1", "127.0.0.1:9632", "10.0.0.7:80", "[::1]", "[::1]:9632", "localhost:9632", "LOCALHOST"]
        {
            assert!(is_address(address), "{address}");
        }
        for name in [
            "",
            ":9632",
            "evil.example",
            "localhost.evil.example:9632",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "127.1",
            "[evil.example]",
            "127.0.0.1/evil",
            "localhost.",
        ] {
            assert!(!is_address(name), "{name}");
        }
    }
}
