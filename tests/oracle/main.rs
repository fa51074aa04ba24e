//! The oracle: whatever is asked through the proxy must be what the same query answers on a database whose protected
//! tables were replaced, by plain SQL that shares no code with the engine, by their visible tables.
//!
//! `WORLD/` holds a schema, a policy, contexts (who, why), `visible/*.sql` (what each may see, written by hand from the
//! contract's section 3) and `queries/*.sql`. A trial is one file of queries, or one seed of random ones, in one context and
//! protocol. Two more trials a context run everything on twins: databases that differ only in what is hidden.
//!
//! `ORACLE_SEEDS=n` and `ORACLE_FROM=s` run n random seeds from s on (each 100 queries a context) instead of one.

mod answer;
#[path = "../common/mod.rs"]
mod common;
mod generate;
mod query;
mod tap;
mod trial;
mod twins;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for name in ["hospital", "crm"] {
        // Building databases takes seconds: not for a mere list, nor for a world that the filter leaves out.
        let wanted = arguments
            .filter
            .as_ref()
            .is_none_or(|f| !["hospital", "crm"].iter().any(|w| *w != name && f.starts_with(w)));
        if wanted && !arguments.list {
            trials.extend(trial::of_world(Arc::new(world::World::build(name))));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
