//! When to reload: SIGHUP, or a change of the server file, a policy or a certificate.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::Service;

/// Editors write a file in several steps: a change is taken when it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);

/// Watches for as long as the service runs.
pub fn start(service: Arc<Service>) -> Result<()> {
    let (changed, changes) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // A full channel has a reload coming anyway.
        if event.is_ok_and(|e| !e.kind.is_access()) {
            let _ = changed.try_send(());
        }
    })
    .context("files cannot be watched")?;
    let mut watch = Watch { watcher, folders: BTreeSet::new() };
    watch.follow(&service);
    let hangup = signal(SignalKind::hangup())?;
    tokio::spawn(watch.reload_on(service, changes, hangup));
    Ok(())
}

struct Watch {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches the folders that the running server file names, and no others.
    fn follow(&mut self, service: &Service) {
        let wanted = folders(service);
        for gone in self.folders.difference(&wanted) {
            // One that was removed is not watched any more anyway.
            let _ = self.watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.folders) {
            if let Err(error) = self.watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(%error, folder = %new.display(), "not watched: changes are taken on SIGHUP only");
            }
        }
        self.folders = wanted;
    }

    async fn reload_on(mut self, service: Arc<Service>, mut changes: mpsc::Receiver<()>, mut hangup: Signal) {
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
            self.follow(&service);
        }
    }
}

/// Folders, not files: an editor that renames a new file into place would leave a watched file behind.
fn folders(service: &Service) -> BTreeSet<PathBuf> {
    let server = service.running.lock();
    let policies = server.databases.values().map(|d| d.policy.clone());
    let tls = server.listen.tls.iter().flat_map(|tls| [Some(&tls.cert), Some(&tls.key), tls.client_ca.as_ref()]);
    policies
        .chain(tls.flatten().cloned())
        .chain([service.config.clone()])
        .map(|path| if path.is_dir() { path } else { path.parent().map(PathBuf::from).unwrap_or_default() })
        .map(|path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path })
        .collect()
}
