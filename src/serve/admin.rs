//! The admin address: `/health`, `/ready`, `/metrics`, and the auditor's page (`auditor`).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus_client::registry::{Registry, Unit};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::Service;
use crate::audit::Config as AuditConfig;

/// Connections at the same time.
const CONNECTIONS: usize = 64;
/// How long a request's head is waited for, and the next one's.
const PATIENCE: Duration = Duration::from_secs(15);

/// Answers on `address` until the program ends.
pub async fn start(address: &str, service: Arc<Service>, audit: &AuditConfig) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("[admin] address {address}"))?;
    let router = Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(service)
        .merge(super::auditor::router(audit));
    tokio::spawn(listen(listener, router));
    Ok(())
}

/// Answers so many at the same time: their descriptors are the proxy's, which needs its own for sessions.
async fn listen(listener: TcpListener, router: Router) {
    let rooms = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(room) = rooms.clone().acquire_owned().await {
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                tracing::warn!(%error, "a connection to the admin address could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        tokio::spawn(async move {
            if let Err(error) = http.serve_connection(TokioIo::new(tcp), service).await {
                tracing::debug!(%error, "a connection to the admin address has ended");
            }
            drop(room);
        });
    }
}

/// Ready: every database answers, and the record can be written.
async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, String) {
    let mut faults: Vec<String> = service
        .keepers
        .lock()
        .iter()
        .filter(|(_, keeper)| !keeper.is_connected())
        .map(|(name, _)| format!("database {name} does not answer"))
        .collect();
    faults.extend(service.house.recorder.fault().map(|fault| fault.to_string()));
    if faults.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, faults.join("\n") + "\n")
    }
}

async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let mut registry = Registry::with_prefix("consentry");
    service.house.meters.register(&mut registry);
    let counts = service.house.recorder.counts();
    for (name, help, value) in [
        ("record_events", "Events taken into the record", counts.events),
        ("record_syncs", "Calls of fdatasync", counts.syncs),
        ("record_bytes", "Bytes written to the record", counts.bytes),
        ("record_refused", "Events that could not be recorded", counts.refused),
        ("record_checkpoints", "Signed checkpoints written", counts.checkpoints),
    ] {
        let counter = prometheus_client::metrics::counter::Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
    let help = "From a decision to its being on disk";
    registry.register_with_unit("record_durable", help, Unit::Seconds, service.house.recorder.delay());
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
