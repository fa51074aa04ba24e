//! The proxy on the wire: raw bytes to a real `consentry serve` before a real PostgreSQL.

#[path = "../common/mod.rs"]
mod common;

mod again;
mod age;
mod auditor;
mod behind;
mod changed_writes;
mod changes;
mod clients;
mod dates;
mod described;
mod door;
mod doubt;
mod live;
mod lost;
mod names;
mod narrowed;
mod neighbours;
mod notifications;
mod once;
mod paths;
mod positions;
mod purpose;
mod raw;
mod reason;
mod record;
mod refusals;
mod reload;
mod service;
mod several;
mod silent;
mod store;
mod stored;
mod subjects;
mod tls;
mod transparent;
mod two_phase;
mod unrestricted;
mod waits;
mod warned;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::postgres::{Database, shared};
use common::proxy::{Proxy, Served, password_of};
use raw::Raw;

/// One proxy for all tests of this program; each has its own session, and its own rows where it writes.
pub struct World {
    pub proxy: Proxy,
    pub database: Database<'static>,
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let database = shared().database("proxy", include_str!("world.sql"));
        database.grant_to_upstream();
        let proxy = serve(&database, &policy(), "");
        World { proxy, database }
    })
}

pub fn policy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/policy.toml")
}

/// A proxy of one's own before the same database.
pub fn start(world: &World) -> Proxy {
    serve(&world.database, &policy(), "")
}

pub fn start_with(world: &World, policy: &Path, more: &str) -> Proxy {
    serve(&world.database, policy, more)
}

/// A server file of ours with a database more, of the same upstream, under a policy of its own.
pub fn with_a_zoo(text: &str, policy: &Path) -> String {
    let start = text.find("[database.\"app\"]").unwrap();
    let block = &text[start..start + text[start..].find("\n\n").unwrap()];
    let line = block.lines().find(|line| line.starts_with("policy = ")).unwrap();
    let zoo = block.replace("\"app\"]", "\"zoo\"]").replace(line, &format!("policy = {policy:?}"));
    format!("{text}\n{zoo}\n")
}

fn serve(database: &Database<'_>, policy: &Path, more: &str) -> Proxy {
    Proxy::start(
        &[Served { name: "app", database, policy }],
        &[("ana", "app"), ("bea", "builder"), ("dan", "dba")],
        more,
    )
}

pub fn session(user: &str) -> Raw {
    Raw::log_in(world().proxy.port(), user, &[])
}
