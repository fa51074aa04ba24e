//! A changed configuration is taken up while the service runs. Policies of open databases are taken one by one, each if it
//! is in order; the server file as a whole, if all of it is. Either way log, metric and record say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Error, Result, anyhow};
use tokio::task::JoinSet;

use super::keeper::Keeper;
use super::{Running, Service, check_roles, client_tls, load, open_doors};
use crate::audit::Event;
use crate::audit::event::ServerReload;
use crate::config::server::{Server, User};
use crate::session::house::Doors;
use crate::session::meters::Result as Label;

/// What a reload has brought.
#[derive(Default)]
struct News {
    /// Of the server file; `None`: it is the one that ran.
    server: Option<ServerReload>,
    /// Of policies: database and digest.
    policies: Vec<(String, String)>,
    faults: Vec<Error>,
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
            self.record(changes.clone());
        }
        let result = if news.faults.is_empty() { "ok" } else { "failed" };
        self.house.meters.reloads.get_or_create(&Label { result }).inc();
        news.tell();
    }

    async fn try_reload(&self, news: &mut News) -> Result<()> {
        let (server, source) = load(&self.config)?;
        let known = self.keepers.lock().clone();
        let ran = self.running.lock().clone();
        let before = &ran.server;
        let tls = client_tls(&server)?;
        let fixed = |s: &Server| (s.listen.address.clone(), s.admin.clone(), s.audit.clone());
        if fixed(before) != fixed(&server) {
            tracing::warn!("changes of [listen] address, [admin] and [audit] are taken at the next start");
        }
        let (meters, recorder) = (&self.house.meters, &self.house.recorder);
        // First what is open, and one beside the other: a database that cannot be reached keeps no other's policy back.
        let doors = self.house.doors();
        reload_policies(&server, before, &known, &doors, news).await;
        let running = Some((before, doors));
        let (keepers, doors) = open_doors(&server, &known, running, recorder, meters, &self.neighbourhoods).await?;
        check_roles(&server, &source, &doors)?;
        let now = Running::new(server, &source);
        news.server = (now.digest != ran.digest).then(|| changes(&ran, &now));
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

/// Has every database that is open, and still the one of that name, read its policy again.
async fn reload_policies(
    server: &Server,
    before: &Server,
    known: &BTreeMap<String, Keeper>,
    doors: &Doors,
    news: &mut News,
) {
    let mut reading = JoinSet::new();
    for (name, database) in &server.databases {
        let same = before.databases.get(name).is_some_and(|old| old.is_reached_as(database));
        if let Some(keeper) = known.get(name).filter(|_| same).cloned() {
            let (name, policy) = (name.clone(), database.policy.clone());
            let needed = needed_roles(server, doors, &name);
            reading.spawn(async move {
                let read = keeper.reload_policy(policy, needed).await;
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

/// The roles of a database's running policy that its users have and that no other database declares for them.
fn needed_roles(server: &Server, doors: &Doors, name: &str) -> BTreeSet<String> {
    let declares = |database: &str, role: &str| {
        let open = doors.databases.get(database);
        open.is_some_and(|d| d.live.snapshot().engine.policy.roles.contains_key(role))
    };
    let elsewhere = |user: &User| {
        let mut others = doors.databases.keys().filter(|other| *other != name && user.may_connect(other));
        others.any(|other| declares(other, &user.role))
    };
    let here = server.users.values().filter(|user| user.may_connect(name) && declares(name, &user.role));
    here.filter(|user| !elsewhere(user)).map(|user| user.role.clone()).collect()
}

impl News {
    fn tell(&self) {
        let server = self.server.iter().map(|changes| format!("server file: {}", in_words(changes)));
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

fn changes(ran: &Running, now: &Running) -> ServerReload {
    let mut all = ServerReload { from: ran.digest.clone(), to: now.digest.clone(), ..ServerReload::default() };
    let (before, after) = (&ran.server, &now.server);
    compare(&mut all, "database", &before.databases, &after.databases, |a, b| a == b);
    // Where a user stands in the file is no matter.
    let same = |a: &User, b: &User| (&a.role, &a.verifier, &a.databases) == (&b.role, &b.verifier, &b.databases);
    compare(&mut all, "user", &before.users, &after.users, same);
    if before.listen.tls != after.listen.tls {
        all.changed.push("listen tls".to_owned());
    }
    all
}

fn compare<T>(
    all: &mut ServerReload,
    what: &str,
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
    same: impl Fn(&T, &T) -> bool,
) {
    let named = |name: &String| format!("{what} {name}");
    all.removed.extend(before.keys().filter(|name| !after.contains_key(*name)).map(named));
    for (name, now) in after {
        match before.get(name) {
            None => all.added.push(named(name)),
            Some(then) if !same(then, now) => all.changed.push(named(name)),
            Some(_) => {}
        }
    }
}

fn in_words(changes: &ServerReload) -> String {
    let parts = [("added", &changes.added), ("removed", &changes.removed), ("changed", &changes.changed)];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let words: Vec<String> = parts.map(|(what, names)| format!("{what} {}", names.join(", "))).collect();
    if words.is_empty() { "no database, user or certificate is another".to_owned() } else { words.join(", ") }
}
