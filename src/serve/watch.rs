//! When to reload: SIGHUP, or a change of the server file or a policy.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify::{RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::Service;

/// Editors write a file in several steps: a change is taken when it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);

/// Watches for as long as the returned watcher lives.
pub fn start(service: Arc<Service>) -> Result<impl Watcher> {
    let (changed, changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // A full channel has a reload coming anyway.
        if event.is_ok_and(|e| !e.kind.is_access()) {
            let _ = changed.try_send(());
        }
    })
    .context("files cannot be watched")?;
    for folder in folders(&service) {
        if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
            tracing::warn!(%error, folder = %folder.display(), "not watched: changes are taken on SIGHUP only");
        }
    }
    let hangup = signal(SignalKind::hangup())?;
    tokio::spawn(reload_on(service, changes, hangup));
    Ok(watcher)
}

/// Folders, not files: an editor that renames a new file into place would leave a watched file behind.
fn folders(service: &Service) -> Vec<PathBuf> {
    let server = service.running.lock();
    let policies = server.databases.values().map(|d| d.policy.clone());
    let mut folders: Vec<PathBuf> = policies
        .chain([service.config.clone()])
        .map(|path| if path.is_dir() { path } else { path.parent().map(PathBuf::from).unwrap_or_default() })
        .map(|path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path })
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

async fn reload_on(service: Arc<Service>, mut changes: mpsc::Receiver<()>, mut hangup: tokio::signal::unix::Signal) {
    loop {
        tokio::select! {
            _ = hangup.recv() => tracing::info!("SIGHUP: reloading"),
            change = changes.recv() => {
                if change.is_none() {
                    return;
                }
                while tokio::time::timeout(QUIET, changes.recv()).await.is_ok_and(|more| more.is_some()) {}
            }
        }
        service.reload().await;
    }
}
