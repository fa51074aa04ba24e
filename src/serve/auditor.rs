//! The auditor's page on the admin address: what `consentry audit report --format html` answers, of the record as it is.
//!
//! `/audit?since=24h%20ago&table=customers&verify=yes`: the report's filters by name; `verify`: the whole record is
//! verified too, which takes as long as reading it does.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::audit::{Config as AuditConfig, report};
use crate::cli::audit::load_key;
use crate::cli::audit_report::{asked, make};

struct Auditor {
    folder: PathBuf,
    subject_keys: PathBuf,
    /// The private key's public half, as `consentry audit keygen` names it.
    key: PathBuf,
    /// One report at a time: statements come first.
    turn: Semaphore,
}

pub fn router(audit: &AuditConfig) -> Router {
    let mut key = audit.key_file().into_os_string();
    key.push(".pub");
    let auditor = Auditor {
        folder: audit.folder.clone(),
        subject_keys: audit.subject_keys_folder(),
        key: key.into(),
        turn: Semaphore::new(1),
    };
    Router::new().route("/audit", get(page)).with_state(Arc::new(auditor))
}

async fn page(State(auditor): State<Arc<Auditor>>, Query(mut pairs): Query<Vec<(String, String)>>) -> Response {
    let said = |status: StatusCode, words: String| (status, words + "\n").into_response();
    let verify = pairs.iter().any(|(name, value)| name == "verify" && value == "yes");
    pairs.retain(|(name, _)| name != "verify");
    let filter = match asked(&pairs, &auditor.subject_keys) {
        Ok(filter) => filter,
        Err(words) => return said(StatusCode::BAD_REQUEST, words),
    };
    let Ok(_turn) = auditor.turn.try_acquire() else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "another report is being made; ask again".to_owned());
    };
    let (folder, key) = (auditor.folder.clone(), auditor.key.clone());
    let made = tokio::task::spawn_blocking(move || {
        let key = if verify { Some(load_key(&key.to_string_lossy())?) } else { None };
        make(&folder, &filter, key.as_ref())
    });
    match made.await {
        Ok(Ok(report)) => Html(report::page(&report)).into_response(),
        Ok(Err(fault)) => said(StatusCode::INTERNAL_SERVER_ERROR, format!("{fault:#}")),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
