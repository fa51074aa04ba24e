//! A world: a schema, a policy, contexts, and the databases made from them: the stored one, a visible one and two twins a context.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::common::postgres::{Database, shared};
use super::common::proxy::{Proxy, Served};
use super::query::{QueryFile, read_folder};
use super::twins;

const REPLACE: &str = include_str!("replace.sql");

/// `contexts.toml`: what is said of the whole world, then the contexts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    policy: PathBuf,
    schema: Vec<PathBuf>,
    /// Columns, by name, that twins never change: keys, and what rows are chosen by.
    fixed: Vec<String>,
    context: BTreeMap<String, ContextFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextFile {
    /// The role; the user has its name.
    role: String,
    purpose: String,
    /// (table, column, key column) of each column that shows pseudonyms.
    #[serde(default)]
    pseudonyms: Vec<[String; 3]>,
}

pub struct Context {
    pub name: String,
    pub role: String,
    pub purpose: String,
    pub visible: Database<'static>,
    /// Names that the proxy serves the twins by.
    pub twins: [String; 2],
}

pub struct World {
    pub name: String,
    pub stored: Database<'static>,
    pub contexts: Vec<Context>,
    pub files: Vec<QueryFile>,
    pub proxy: Proxy,
}

impl World {
    /// Builds every database of `tests/oracle/NAME` and starts a proxy in front of them; panics with what went wrong.
    pub fn build(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("tests/oracle").join(name);
        let file: WorldFile = toml::from_str(&read(&folder.join("contexts.toml")))
            .unwrap_or_else(|e| panic!("{name}/contexts.toml: {e}"));
        let schema: String = file.schema.iter().map(|path| read(&root.join(path))).collect();
        let stored = shared().database(name, &schema);
        stored.grant_to_upstream();

        let prelude = read(&folder.join("visible/prelude.sql"));
        let mut bases = Vec::new();
        for context in file.context.keys() {
            let base = shared().copy(name, &format!("{name}_{context}"));
            base.psql(&prelude);
            base.psql(&read(&folder.join(format!("visible/{context}.sql"))));
            twins::build(&base, &file.fixed);
            bases.push(base);
        }
        let proxy = start_proxy(&root.join(&file.policy), &stored, &file.context);
        let contexts = std::iter::zip(file.context, bases).map(|((context, said), base)| {
            fill_in_pseudonyms(&proxy, &stored, &base, &said);
            base.psql(REPLACE);
            base.psql("ANALYZE");
            let twins = twins::SIDES.map(|side| format!("{name}_{context}_{side}"));
            Context { name: context, role: said.role, purpose: said.purpose, visible: base, twins }
        });
        Self {
            name: name.to_owned(),
            contexts: contexts.collect(),
            files: read_folder(&folder.join("queries")),
            stored,
            proxy,
        }
    }

    /// The file of queries of this name.
    pub fn file(&self, name: &str) -> &QueryFile {
        self.files.iter().find(|f| f.name == name).expect("trials are made from the files")
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn start_proxy(policy: &Path, stored: &Database<'static>, contexts: &BTreeMap<String, ContextFile>) -> Proxy {
    let world = &stored.name;
    let twins = contexts.keys().flat_map(|c| twins::SIDES.map(|side| format!("{world}_{c}_{side}")));
    let databases: Vec<Database<'static>> =
        [world.clone()].into_iter().chain(twins).map(|name| shared().in_database(&name)).collect();
    let served: Vec<Served<'_>> =
        databases.iter().map(|database| Served { name: &database.name, database, policy }).collect();
    let mut users: Vec<(&str, &str)> = contexts.values().map(|c| (c.role.as_str(), c.role.as_str())).collect();
    users.sort_unstable();
    users.dedup();
    Proxy::start(&served, &users, "")
}

/// Pseudonyms cannot be computed by hand. So they are read through the proxy, checked to be what a pseudonym must be
/// (equal for equal values, different for different ones, never the value), and put where the visible table shows them.
fn fill_in_pseudonyms(proxy: &Proxy, stored: &Database<'_>, base: &Database<'_>, context: &ContextFile) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for [table, column, key] in &context.pseudonyms {
        let shown_sql = format!("SELECT {key}::text, {column}::text FROM {table} WHERE {column} <> '***'");
        let (shown, values) = runtime.block_on(async {
            let proxied = proxy.client(&context.role, &stored.name, Some(&context.purpose)).await;
            let direct = stored.superuser().await;
            (
                pairs(&proxied, &shown_sql).await,
                pairs(&direct, &format!("SELECT {key}::text, {column}::text FROM {table}")).await,
            )
        });
        let mut updates = String::from("BEGIN;\n");
        for (row, pseudonym) in shown {
            let value = &values[&row];
            assert_ne!(&pseudonym, value, "{table}.{column}: a pseudonym is the value itself");
            let before = known.entry(value.clone()).or_insert_with(|| pseudonym.clone());
            assert_eq!(*before, pseudonym, "{table}.{column}: equal values, different pseudonyms");
            let quoted = table.replace('"', "");
            updates += &format!(
                "UPDATE oracle.\"{quoted}\" SET {column} = '{pseudonym}' WHERE {key}::text = '{row}' AND {column} <> '***';\n"
            );
        }
        base.psql(&(updates + "COMMIT;"));
    }
    let distinct: std::collections::BTreeSet<&String> = known.values().collect();
    assert_eq!(distinct.len(), known.len(), "different values, equal pseudonyms");
}

async fn pairs(client: &tokio_postgres::Client, sql: &str) -> BTreeMap<String, String> {
    let rows = client.query(sql, &[]).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    rows.iter().filter_map(|r| Some((r.get(0), r.get::<_, Option<String>>(1)?))).collect()
}
