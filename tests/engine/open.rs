//! A policy that closes nothing: what may tell of stored rows tells of none that anybody hides.

use std::sync::Arc;

use consentry::engine::clear::{Engine, Secrets};
use consentry::engine::context::Protocol;
use consentry::engine::policy::diagnostics::SourceFile;
use consentry::engine::policy::resolve::resolve;

use super::{World, context};

const PURPOSE: &str = "[purpose.marketing]\ndescription = \"x\"\nbasis = \"public_task\"\n";
const ROLE: &str = "[role.everything]\npurposes = [\"marketing\"]\nmay = [\"insert\", \"ddl\", \"read\"]\n";
/// It may run over every row that there is.
const SWEEPING: [&str; 3] = ["VACUUM", "REFRESH MATERIALIZED VIEW frozen", "INSERT INTO ruled DEFAULT VALUES"];

/// Policies, and whether each closes nothing.
const POLICIES: [(&str, bool); 5] = [
    ("unlisted_tables = \"open\"\nopen = [\"public.*\", \"contrib.*\", \"reporting.*\"]\n", true),
    // A materialized view is made of others.
    ("unlisted_tables = \"open\"\nopen = [\"public.far\"]\n", true),
    // What is in a foreign table, nobody has said.
    ("unlisted_tables = \"open\"\n", false),
    // A table may come to be in another schema.
    ("open = [\"public.*\", \"contrib.*\", \"reporting.*\"]\n", false),
    (
        "unlisted_tables = \"open\"\nopen = [\"public.*\", \"contrib.*\"]\n[table.\"public.customers\"]\ncolumns = { id = \"open\" }\n",
        false,
    ),
];

impl World {
    pub fn opens_all(&self) {
        for (text, closes_nothing) in POLICIES {
            let text = format!("{text}\n{PURPOSE}{ROLE}");
            let file = SourceFile { name: "open.toml".into(), text: text.clone() };
            let (policy, _) = resolve(&[file], &self.engine.catalog).unwrap_or_else(|p| panic!("{text}: {p:?}"));
            let secrets = Secrets { pseudonym: b"engine cases".to_vec() };
            let engine = Engine::new(self.engine.catalog.clone(), Arc::new(policy), secrets);
            let context = context("everything", "marketing", true);
            for sql in SWEEPING {
                let speaks_freely = engine.clear(sql, &context, Protocol::Simple).is_ok_and(|c| !c.protected());
                assert_eq!(speaks_freely, closes_nothing, "{sql} under {text}");
            }
        }
    }
}
