//! The catalogue of ways in (planner, catalogs, writes, aliases, functions, session, wire, parser), row by row.
//!
//! Canaries: hidden rows and masked cells hold tokens that are made up at the start; one in any byte that reaches the
//! client fails the case. Twins: a second database differs in hidden rows alone, and must answer the same. And each case
//! is shown to be able to fail: the same statements, sent without the proxy, do tell. `cases.rs` says how cases are written.

#[path = "../common/mod.rs"]
mod common;
#[path = "../proxy/raw.rs"]
#[allow(dead_code)] // shared with tests/proxy, which needs more of it
mod raw;

mod cases;
mod pooler;
mod wire;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::proxy::password_of;
use libtest_mimic::{Arguments, Trial};

fn main() {
    // One at a time: a lock that one case holds would be seen by another.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let all = cases::read();
    let mut covered: BTreeSet<String> = all.iter().flat_map(|c| c.rows.clone()).collect();
    covered.extend(wire::ALL.iter().map(|(row, _)| (*row).to_owned()));
    let world = Arc::new(world::World::start());
    let mut trials = vec![Trial::test("every row of the catalogue has a case", move || cases::complete(&covered))];
    for case in all {
        let world = world.clone();
        trials.push(Trial::test(case.name.clone(), move || case.run(&world)));
    }
    for (row, run) in wire::ALL {
        let world = world.clone();
        trials.push(Trial::test(format!("wire::{row}"), move || run(&world)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
