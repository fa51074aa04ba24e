//! A schema that changes under a policy which stays in force: a way to a person that is not sound any more closes what it
//! led from.

use std::sync::Arc;

use consentry::engine::catalog::{Catalog, CatalogData, Relation};
use consentry::engine::clear::{Engine, Secrets};
use consentry::engine::context::Protocol;

use super::{World, context};

type Change = fn(&mut CatalogData);
/// Role, purpose and SQL.
type Asked = (&'static str, &'static str, &'static str);

/// What has changed, and what is refused since: who, and which statement.
const CHANGES: [(&str, Change, &[Asked]); 6] = [
    ("a key is gone", |data| table(data, "ends").foreign_keys.clear(), &ENDS),
    ("a key is not valid", |data| table(data, "ends").foreign_keys.iter_mut().for_each(|k| k.valid = false), &ENDS),
    ("a key is not unique", |data| table(data, "middles").primary_key.clear(), &ENDS),
    (
        "a table inherits",
        |data| {
            let parent = table(data, "middles").oid;
            table(data, "loose").parents.push(parent);
        },
        &ENDS,
    ),
    (
        "a person's key is not unique",
        |data| table(data, "pets").primary_key.clear(),
        &[("crm_app", "service", "SELECT * FROM pet_notes")],
    ),
    (
        "a part has no key",
        |data| table(data, "shelved_old").foreign_keys.clear(),
        &[("crm_app", "service", "SELECT * FROM shelved"), ("mover", "analytics", "DELETE FROM shelves WHERE id = 4")],
    ),
];

const ENDS: [Asked; 3] = [
    ("mover", "marketing", "SELECT * FROM ends"),
    ("mover", "analytics", "DELETE FROM middles WHERE id = 4"),
    ("mover", "analytics", "UPDATE middles SET customer_id = 5 WHERE id = 4"),
];

fn table<'d>(data: &'d mut CatalogData, name: &str) -> &'d mut Relation {
    let named = |r: &&mut Relation| r.name.schema == "public" && r.name.name == name;
    data.relations.iter_mut().find(named).expect("table")
}

impl World {
    pub fn goes_stale(&self) {
        let known = &self.engine;
        for (what, change, refused) in CHANGES {
            let mut data: CatalogData = (*known.catalog).clone().into();
            change(&mut data);
            let secrets = Secrets { pseudonym: b"engine cases".to_vec() };
            let engine = Engine::new(Arc::new(Catalog::new(data)), known.policy.clone(), secrets);
            for (role, purpose, sql) in refused {
                let rule = |engine: &Engine| {
                    engine.clear(sql, &context(role, purpose, true), Protocol::Simple).err().map(|refusal| refusal.rule)
                };
                assert_ne!(rule(known), Some("policy-stale"), "{what}: {sql}");
                assert_eq!(rule(&engine), Some("policy-stale"), "{what}: {sql}");
            }
        }
    }
}
