//! When to reload: SIGHUP, or a change of the server file, a policy or a certificate.
//!
//! What the folders' events say is only that it is worth a look: what counts are the configuration's own files, as they
//! are found. So nothing else that is written beside them puts a reload off, and links are followed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use sha2::{Digest as _, Sha256};
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::Service;
use crate::config::folder::policy_files;
use crate::config::server::{self, Server};

/// Editors write a file in several steps: a change is taken when it has been quiet for this long,
const QUIET: Duration = Duration::from_millis(300);
/// but is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(3);
/// Folders where much is written are looked into this often at most.
const PAUSE: Duration = Duration::from_millis(100);
/// Files are looked at this often where no event comes: a link's target, say, lies elsewhere.
const LOOK: Duration = Duration::from_secs(5);

/// What a watch begins with: the files as they were before they were read, and SIGHUP, which may have come since.
pub struct Beginning {
    pub files: Files,
    pub hangup: Signal,
}

/// Watches for as long as the service runs.
pub fn start(service: Arc<Service>, from: Beginning) -> Result<()> {
    let (changed, changes) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // A full channel has a look coming anyway.
        if event.map_or(true, |e| !e.kind.is_access()) {
            let _ = changed.try_send(());
        }
    })
    .context("files cannot be watched")?;
    let Beginning { files: read, hangup } = from;
    let mut watch = Watch { watcher, folders: BTreeSet::new(), changes, hangup, read };
    watch.follow(&service);
    tokio::spawn(watch.reload_on(service));
    Ok(())
}

/// The configuration's files with digests of what is in them: times do not tell two writes in one tick of the clock.
#[derive(Debug, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, Option<[u8; 32]>>);

impl Files {
    pub fn of<'s>(config: &Path, servers: impl IntoIterator<Item = &'s Server>) -> Self {
        let named = servers.into_iter().flat_map(|server| {
            let policies = server.databases.values().flat_map(|d| policy_files(&d.policy).unwrap_or_default());
            policies.chain(certificates(server)).collect::<Vec<_>>()
        });
        let all = std::iter::once(config.to_owned()).chain(named);
        let digest = |path: &PathBuf| Some(Sha256::digest(std::fs::read(path).ok()?).into());
        Self(all.map(|path| (path.clone(), digest(&path))).collect())
    }
}

struct Watch {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    changes: mpsc::Receiver<()>,
    hangup: Signal,
    /// The files as they were before they were last read.
    read: Files,
}

/// Why to reload.
enum Cause {
    Hangup,
    Change,
}

impl Watch {
    /// Watches the folders that the server file names, the running one and the one that is there, and no others.
    fn follow(&mut self, service: &Service) {
        let wanted = folders(service);
        for gone in self.folders.difference(&wanted) {
            // One that was removed is not watched any more anyway.
            let _ = self.watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.folders) {
            if let Err(error) = self.watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(%error, folder = %new.display(), "not watched: changes are seen some seconds late");
            }
        }
        self.folders = wanted;
    }

    async fn reload_on(mut self, service: Arc<Service>) {
        loop {
            if let Cause::Hangup = self.cause(&service).await {
                tracing::info!("SIGHUP: reloading");
            }
            self.read = service.files();
            service.reload().await;
            self.follow(&service);
        }
    }

    /// Returns when there is a cause to reload.
    async fn cause(&mut self, service: &Service) -> Cause {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => return Cause::Hangup,
                Some(()) = self.changes.recv() => {}
                () = sleep(LOOK) => {}
            }
            if service.files() != self.read {
                return self.settled(service).await;
            }
            tokio::select! {
                _ = self.hangup.recv() => return Cause::Hangup,
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// Waits until the files stay as they are, or for as long as that may take.
    async fn settled(&mut self, service: &Service) -> Cause {
        let (began, mut seen, mut since) = (Instant::now(), service.files(), Instant::now());
        while since.elapsed() < QUIET && began.elapsed() < PATIENCE {
            tokio::select! {
                _ = self.hangup.recv() => return Cause::Hangup,
                () = sleep(PAUSE) => {}
            }
            let now = service.files();
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
        }
        Cause::Change
    }
}

impl Service {
    /// The files that the running configuration is made of, and the one that the server file asks for, as they are now:
    /// what was refused because of a policy is tried again when that policy is mended.
    fn files(&self) -> Files {
        Files::of(&self.config, &self.configurations())
    }

    fn configurations(&self) -> Vec<Server> {
        let asked_for = server::load(&self.config).ok().map(|loaded| loaded.server);
        std::iter::once(self.running.lock().server.clone()).chain(asked_for).collect()
    }
}

/// Folders, not files: an editor that renames a new file into place would leave a watched file behind.
fn folders(service: &Service) -> BTreeSet<PathBuf> {
    let servers = service.configurations();
    let policies = servers.iter().flat_map(|server| server.databases.values().map(|d| d.policy.clone()));
    policies
        .chain(servers.iter().flat_map(certificates))
        .chain([service.config.clone()])
        .map(|path| if path.is_dir() { path } else { path.parent().map(PathBuf::from).unwrap_or_default() })
        .map(|path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path })
        .collect()
}

fn certificates(server: &Server) -> impl Iterator<Item = PathBuf> {
    let tls = server.listen.tls.iter().flat_map(|tls| [Some(&tls.cert), Some(&tls.key), tls.client_ca.as_ref()]);
    tls.flatten().cloned()
}
