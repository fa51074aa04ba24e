//! A changed configuration is taken up while the service runs. Policies of open databases are taken one by one, each if it
//! is in order; the server file as a whole, if all of it is. Either way log, metric and record say so.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Error, Result, anyhow};
use tokio::task::JoinSet;

use super::keeper::Keeper;
use super::{Running, Service, check_roles, client_tls, load, open_doors};
use crate::audit::Event;
use crate::audit::event::ServerReload;
use crate::config::server::{Server, User};
use crate::session::meters::Result as Label;

/// What a reload has brought.
#[derive(Default)]
struct News {
    /// Of the server file; `None`: it is the one that ran.
    server: Option<Changes>,
    /// Of policies: database and digest.
    policies: Vec<(String, String)>,
    faults: Vec<Error>,
}

/// Sections of the server file, as `database crm` or `user ana`.
#[derive(Default)]
struct Changes {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

impl Service {
    /// Reads server file and policies again. Whatever is wrong keeps what runs.
    pub(super) async fn reload(&self) {
        let running = self.running.lock().digest.clone();
        let mut news = News::default();
        if let Err(error) = self.try_reload(&mut news).await {
            news.faults.push(error);
            self.record(ServerReload { from: running.clone(), to: running, problems: 1, ..ServerReload::default() });
        } else if let Some(changes) = &news.server {
            let Changes { added, removed, changed } = changes;
            let (added, removed, changed) = (added.clone(), removed.clone(), changed.clone());
            let to = self.running.lock().digest.clone();
            self.record(ServerReload { from: running, to, added, removed, changed, problems: 0 });
        }
        let result = if news.faults.is_empty() { "ok" } else { "failed" };
        self.house.meters.reloads.get_or_create(&Label { result }).inc();
        news.tell();
    }

    async fn try_reload(&self, news: &mut News) -> Result<()> {
        let (server, source) = load(&self.config)?;
        let known = self.keepers.lock().clone();
        let Running { server: before, digest } = self.running.lock().clone();
        let tls = client_tls(&server)?;
        let fixed = |s: &Server| (s.listen.address.clone(), s.admin.clone(), s.audit.clone());
        if fixed(&before) != fixed(&server) {
            tracing::warn!("changes of [listen] address, [admin] and [audit] are taken at the next start");
        }
        let (meters, recorder) = (&self.house.meters, &self.house.recorder);
        // First what is open, and one beside the other: a database that cannot be reached keeps no other's policy back.
        reload_policies(&server, &known, news).await;
        let running = Some((&before, self.house.doors()));
        let (keepers, doors) = open_doors(&server, &known, running, recorder, meters).await?;
        check_roles(&server, &source, &doors)?;
        let now = Running::new(server, &source);
        news.server = (now.digest != digest).then(|| Changes::between(&before, &now.server));
        self.house.tls.store(Arc::new(tls));
        self.orders.send_modify(|o| o.doors = Arc::new(doors));
        *self.keepers.lock() = keepers;
        *self.running.lock() = now;
        Ok(())
    }

    fn record(&self, event: ServerReload) {
        if let Err(error) = self.house.recorder.append(Event::ServerReload(event)) {
            tracing::warn!(%error, "a reload of the server file could not be recorded");
        }
    }
}

/// Has every database that is open read its policy again.
async fn reload_policies(server: &Server, known: &BTreeMap<String, Keeper>, news: &mut News) {
    let mut reading = JoinSet::new();
    for (name, database) in &server.databases {
        if let Some(keeper) = known.get(name).cloned() {
            let (name, policy) = (name.clone(), database.policy.clone());
            reading.spawn(async move {
                let read = keeper.reload_policy(policy).await;
                (name, read)
            });
        }
    }
    let mut read = reading.join_all().await;
    read.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, result) in read {
        match result {
            Ok(Some(digest)) => news.policies.push((name, digest)),
            Ok(None) => {}
            Err(error) => news.faults.push(error.context(format!("database {name}"))),
        }
    }
}

impl News {
    fn tell(&self) {
        let server = self.server.iter().map(|changes| format!("server file: {}", changes.in_words()));
        let policy = |(name, digest): &(String, String)| format!("policy of database {name}: {}", short(digest));
        let taken: Vec<String> = server.chain(self.policies.iter().map(policy)).collect();
        match (taken.as_slice(), self.faults.as_slice()) {
            ([], []) => tracing::info!("reloaded: nothing has changed"),
            ([], _) => {}
            (taken, _) => tracing::info!("reloaded: {}", taken.join("; ")),
        }
        if !self.faults.is_empty() {
            let faults: Vec<String> = self.faults.iter().map(|fault| format!("{fault:#}")).collect();
            tracing::error!("reload refused, what ran goes on: {}", anyhow!(faults.join("\n")));
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

impl Changes {
    fn between(before: &Server, after: &Server) -> Self {
        let mut changes = Self::default();
        changes.compare("database", &before.databases, &after.databases, |a, b| a == b);
        // Where a user stands in the file is no matter.
        let same = |a: &User, b: &User| (&a.role, &a.verifier, &a.databases) == (&b.role, &b.verifier, &b.databases);
        changes.compare("user", &before.users, &after.users, same);
        if before.listen.tls != after.listen.tls {
            changes.changed.push("listen tls".to_owned());
        }
        changes
    }

    fn compare<T>(
        &mut self,
        what: &str,
        before: &BTreeMap<String, T>,
        after: &BTreeMap<String, T>,
        same: impl Fn(&T, &T) -> bool,
    ) {
        let named = |name: &String| format!("{what} {name}");
        self.removed.extend(before.keys().filter(|name| !after.contains_key(*name)).map(named));
        for (name, now) in after {
            match before.get(name) {
                None => self.added.push(named(name)),
                Some(then) if !same(then, now) => self.changed.push(named(name)),
                Some(_) => {}
            }
        }
    }

    fn in_words(&self) -> String {
        let parts = [("added", &self.added), ("removed", &self.removed), ("changed", &self.changed)];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let words: Vec<String> = parts.map(|(what, names)| format!("{what} {}", names.join(", "))).collect();
        if words.is_empty() { "no database, user or certificate is another".to_owned() } else { words.join(", ") }
    }
}
