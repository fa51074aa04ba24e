//! The proxy on the wire: raw bytes to a real `consentry serve` before a real PostgreSQL.

#[path = "../common/mod.rs"]
mod common;

mod door;
mod names;
mod purpose;
mod raw;
mod refusals;
mod transparent;

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
        let policy = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/policy.toml");
        let served = [Served { name: "app", database: &database, policy: &policy }];
        let proxy = Proxy::start(&served, &[("ana", "app"), ("dan", "dba")], "");
        World { proxy, database }
    })
}

pub fn session(user: &str) -> Raw {
    Raw::log_in(world().proxy.port(), user, &[])
}
