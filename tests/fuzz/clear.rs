//! Property: whatever the text, `clear` ends without a panic, says the same twice, and what it lets out is SQL in which no
//! protected table stands but under a name of ours, or where a statement only adds to it, locks it or empties it. What it
//! learned of a text clears others that are like it as judging them anew does. Positions point into the client's text.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use consentry::cli::demo::crm;
use consentry::config::folder::read_policy;
use consentry::engine::clear::{Engine, Secrets};
use consentry::engine::cleared::Cleared;
use consentry::engine::context::{Context, Protocol, PurposeSource};
use consentry::engine::policy::diagnostics::SourceFile;
use consentry::engine::policy::resolve::resolve;
use serde_json::Value;

use super::alike::alike;
use super::postgres::shared;

const WHO: [(&str, &str); 5] = [
    ("crm_app", "service"),
    ("crm_app", "marketing"),
    ("bi", "analytics"),
    ("marketing", "marketing"),
    ("builder", "service"),
];

/// In how many ways a text can be asked about.
pub const PICKS: usize = WHO.len() * 3 * 2;

/// A text, and one byte that says who asks, by which protocol, and whether with a reason.
pub struct Question<'t> {
    pub pick: u8,
    pub text: &'t str,
}

impl<'t> Question<'t> {
    /// `None`: no text that a session would hand over.
    pub fn read(input: &'t [u8]) -> Option<Self> {
        let (pick, text) = input.split_first()?;
        Some(Self { pick: *pick, text: std::str::from_utf8(text).ok()? })
    }

    pub fn input(&self) -> Vec<u8> {
        [&[self.pick], self.text.as_bytes()].concat()
    }

    fn context(&self) -> Context {
        let (role, purpose) = WHO[usize::from(self.pick) % WHO.len()];
        Context {
            role: role.to_owned(),
            purpose: Some(purpose.to_owned()),
            purpose_set_by: PurposeSource::Default,
            has_reason: self.turn() >= 3,
            search_path: vec!["public".to_owned()],
            temporary: Default::default(),
            defined: Default::default(),
            user: None,
            explains_protected: false,
            resets: Default::default(),
        }
    }

    fn protocol(&self) -> Protocol {
        const INT4: u32 = 23;
        const TEXT: u32 = 25;
        match self.turn() % 3 {
            0 => Protocol::Simple,
            1 => Protocol::Extended,
            _ => Protocol::of_parse([INT4, TEXT].into_iter()),
        }
    }

    fn turn(&self) -> usize {
        usize::from(self.pick) / WHO.len() % 6
    }
}

/// Where a table may be named as it is: nothing of it is read.
const NOT_READ: [&str; 8] = [
    "InsertStmt",
    "CopyStmt",
    "LockStmt",
    "TruncateStmt",
    "VacuumStmt",
    "VacuumRelation",
    "Constraint",
    "TableLikeClause",
];

/// Where a name is that of something new, or of something that is only looked up (`FOR UPDATE OF` names what FROM has).
const NEW: [&str; 9] = [
    "CreateStmt",
    "into_clause",
    "into",
    "ViewStmt",
    "IndexStmt",
    "RenameStmt",
    "AlterTableStmt",
    "CreateSeqStmt",
    "LockingClause",
];

/// The repository: this file belongs to two packages.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("policies/crm").is_dir()).expect("the folder of policies")
}

/// Every statement that a test program's data files hold.
pub fn seeds() -> Vec<String> {
    let mut seeds = Vec::new();
    for folder in ["engine/cases", "oracle/crm/queries", "oracle/hospital/queries", "leaks/cases"] {
        let folder = root().join("tests").join(folder);
        for file in std::fs::read_dir(&folder).expect("a folder of cases") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a file of cases");
            let parts = text.split(";;\n").flat_map(|part| part.split("--! "));
            seeds.extend(
                parts.map(|part| part.lines().filter(|l| !l.starts_with("-- ")).collect::<Vec<_>>().join("\n")),
            );
        }
    }
    seeds.retain(|s| !s.trim().is_empty());
    seeds
}

/// The demo's database and policy, with what the engine's cases add.
pub struct World {
    engine: Engine,
    protected: BTreeSet<String>,
}

impl World {
    pub fn start() -> Self {
        let database = shared().database("fuzz", &crm::SCRIPTS.map(|(_, sql)| sql).concat());
        database.psql(include_str!("../engine/extra.sql"));
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let catalog = runtime
            .block_on(async { consentry::relay::catalog::load(&database.superuser().await).await.expect("catalog") });
        let mut files = read_policy(&root().join("policies/crm")).expect("policy");
        files.push(SourceFile { name: "extra.toml".into(), text: include_str!("../engine/extra.toml").to_owned() });
        let (policy, _) = resolve(&files, &catalog).unwrap_or_else(|p| panic!("{p:?}"));
        let protected =
            policy.tables.keys().filter_map(|oid| catalog.relation(*oid)).map(|r| r.name.name.clone()).collect();
        let secrets = Secrets { pseudonym: b"fuzz".to_vec() };
        let world = Self { engine: Engine::new(Arc::new(catalog), Arc::new(policy), secrets), protected };
        world.sees();
        world
    }

    /// The property can fail: the walk finds a table that is there.
    fn sees(&self) {
        let bare = |sql: &str| bare(&tree(sql), &self.protected);
        assert_eq!(bare("SELECT 1 FROM public.customers c"), ["customers"]);
        assert_eq!(bare("WITH x AS (SELECT 1) SELECT (SELECT 1 FROM customers)"), ["customers"]);
        assert!(!bare("CREATE TABLE v AS SELECT 1 FROM (SELECT 1 FROM customers) x").is_empty());
        assert!(bare("WITH customers AS (SELECT 1) TABLE customers").is_empty());
    }

    /// Panics where the property does not hold; `None`: the text was refused.
    pub fn holds(&self, question: &Question<'_>) -> Option<Cleared> {
        let (sql, context, protocol) = (question.text, question.context(), question.protocol());
        let cleared = self.engine.clear(sql, &context, protocol);
        let again = self.engine.clear(sql, &context, protocol);
        match (&cleared, &again) {
            (Ok(one), Ok(two)) => {
                assert_eq!(one.wire_text(), two.wire_text(), "{sql}");
                let (wire, role) = (one.wire_text(), &context.role);
                let found = bare(&tree(wire), &self.protected);
                assert!(found.is_empty(), "{found:?} as {role}\n{sql}\nleaves as\n{wire}");
                assert!((0..=wire.len()).all(|at| one.client_offset(at) <= sql.len()), "{sql}\nleaves as\n{wire}");
                alike(&self.engine, sql, &context, protocol, 1).unwrap_or_else(|fault| panic!("as {role}: {fault}"));
            }
            (Err(one), Err(two)) => {
                assert_eq!(one.to_string(), two.to_string(), "{sql}");
                assert!(
                    one.position.is_none_or(|at| at as usize <= sql.len()),
                    "{one} points behind the end of\n{sql}"
                );
            }
            (one, two) => panic!("judged in two ways: {:?} {:?}\n{sql}", one.is_ok(), two.is_ok()),
        }
        cleared.ok()
    }
}

/// Protected tables that a tree names bare.
fn bare(tree: &Value, protected: &BTreeSet<String>) -> Vec<String> {
    let mut names = Vec::new();
    collect(tree, &mut Vec::new(), &mut names);
    let ctes: BTreeSet<&str> = names.iter().filter(|n| n.cte).map(|n| n.name.as_str()).collect();
    let wrong = names.iter().filter(|n| !n.cte && protected.contains(&n.name) && !n.ours && n.read);
    let outside = |n: &&Named| match n.schema.as_str() {
        "public" => true,
        "" => !ctes.contains(n.name.as_str()),
        _ => false,
    };
    wrong.filter(outside).map(|n| n.name.clone()).collect()
}

struct Named {
    schema: String,
    name: String,
    /// Under an alias of ours.
    ours: bool,
    read: bool,
    cte: bool,
}

fn collect<'v>(value: &'v Value, path: &mut Vec<&'v str>, names: &mut Vec<Named>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| collect(v, path, names)),
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            if fields.contains_key("relname") {
                let alias = fields.get("alias").and_then(|a| a.get("aliasname")).and_then(Value::as_str);
                let near: Vec<&str> = path.iter().rev().take(4).copied().collect();
                // A view is read when somebody reads it, and judged then.
                let defined = path.contains(&"ViewStmt");
                let read = !defined && !near.iter().any(|p| NOT_READ.contains(p) || NEW.contains(p));
                let ours = alias.is_some_and(|a| a.starts_with("consentry_"));
                names.push(Named { schema: text("schemaname"), name: text("relname"), ours, read, cte: false });
            }
            if fields.contains_key("ctename") {
                names.push(Named { schema: String::new(), name: text("ctename"), ours: false, read: false, cte: true });
            }
            for (key, inner) in fields {
                path.push(key);
                collect(inner, path, names);
                path.pop();
            }
        }
        _ => {}
    }
}

fn tree(sql: &str) -> Value {
    let parsed = pg_query::parse(sql, 0).unwrap_or_else(|e| panic!("what leaves is no SQL: {e}\n{sql}"));
    serde_json::to_value(&parsed.protobuf.stmts).expect("a tree")
}
