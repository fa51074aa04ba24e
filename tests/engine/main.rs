//! Cases of the engine: `tests/engine/cases/*.sql`, SQL in, what leaves or which rule refuses out; and every statement
//! that leaves is accepted by a real PostgreSQL.
//!
//! A case is a line `-- role/purpose: expectation`, then SQL up to a line `;;`; `-- role/purpose on SCHEMA, SCHEMA: …` has that
//! `search_path`, in a database that holds what `overloads.sql` makes. One without is judged in the plain database, and again in
//! one that has extensions in `public`, which must not change a thing (but for `| alone`, and for names of PostgreSQL's own
//! functions, which have their schema where an extension has such ones too). Expectations: `same` (leaves as written),
//! `changed`, a rule (`table-not-listed`), each optionally followed by `| has TEXT` / `| lacks TEXT` about what leaves,
//! or `| error 42703` when PostgreSQL itself is to refuse what leaves. `| alike`: statements with other literals are cleared
//! by this one; `| unlike`: none is. A line `-- then` ends a message of its own, which leaves before what is judged. What the record says: `| about customer:42 customer:$1` (or `nobody`; `customer:?`: somebody), `| keys 0 2`
//! (output columns that are a subject's bare key, or `none`), `| touches public.customers.email shown` (or `shown of contact`, or `shown, masked`), `| names public.customers`
//! (with whatever columns, or none), `| unseen DO, public.f()` (what runs unseen, or `nothing`).

mod alike;
#[path = "../common/mod.rs"]
mod common;
mod open;
mod stale;

use std::path::Path;
use std::sync::{Arc, Mutex};

use alike::alike;
use common::postgres::shared;
use consentry::cli::demo::crm;
use consentry::config::folder::read_policy;
use consentry::engine::alike::Shape;
use consentry::engine::catalog::{Cast, Catalog, QualifiedName};
use consentry::engine::clear::{Engine, NoMemory, Secrets};
use consentry::engine::cleared::{Argument, Cleared, Effect, NOT_LOOKED_INTO, NamedSubject, Outcome, TouchedColumn};
use consentry::engine::context::{Context, Protocol, PurposeSource};
use consentry::engine::policy::diagnostics::SourceFile;
use consentry::engine::policy::resolve::resolve;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

struct Case {
    name: String,
    role: String,
    purpose: String,
    expectation: String,
    path: Vec<String>,
    world: usize,
    sql: String,
}

/// The databases: the name of each, and what is in it besides.
const WORLDS: [(&str, &str); 3] = [
    ("engine_cases", ""),
    ("engine_extensions", include_str!("extensions.sql")),
    ("engine_overloads", include_str!("overloads.sql")),
];
const PLAIN: usize = 0;
const EXTENSIONS: usize = 1;
const OVERLOADS: usize = 2;

struct World {
    engine: Engine,
    client: Mutex<Client>,
    runtime: Runtime,
}

fn main() {
    let arguments = Arguments::from_args();
    let worlds = WORLDS.map(|(name, script)| Arc::new(World::start(name, script)));
    let world = worlds[PLAIN].clone();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/cases");
    let mut trials = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("cases").map(|e| e.expect("case").path()).collect();
    files.sort();
    for file in files {
        for case in cases(&file) {
            let world = worlds[case.world].clone();
            trials.push(Trial::test(case.name.clone(), move || world.run(&case)));
        }
    }
    let lists = world.clone();
    trials.push(Trial::test("alike::a list of more subjects than are named", move || lists.long_lists()));
    let changed = world.clone();
    trials.push(Trial::test("stale::a way to a person that is not sound any more", move || {
        changed.goes_stale();
        Ok(())
    }));
    let open = world.clone();
    trials.push(Trial::test("open::a policy that closes nothing", move || {
        open.opens_all();
        Ok(())
    }));
    let overloaded = worlds[OVERLOADS].clone();
    let bounded = world.clone();
    trials.push(Trial::test("subjects::many keys beside many constants", move || bounded.names_in_bounds()));
    trials.push(Trial::test("overloads::what is deep is judged in time", move || overloaded.judges_in_time()));
    trials.push(Trial::test("own_casts::between built-in types", move || world.casts_anywhere()));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Tables, sequences and types of the cases that everybody may use.
const OPEN: &[&str] = &[
    "far",
    "papers",
    "kept_papers",
    "paper_sink",
    "sites",
    "moody",
    "_moody",
    "split",
    "policed",
    "ticks",
    "marks",
    "ranks",
    "leagues",
    "grades",
    "cups",
    "clubs",
    "teams",
    "tokens",
    "hazards",
    "with_known",
    "houses",
    "wardens",
    "places",
    "days",
    "parted",
    "sheets",
    "of_sheet",
    "filled",
    "reports",
    "checked",
    "told_mails",
    "baggy",
    "risks",
    "half_open",
    "vouchers",
    "fares",
    "passes_by",
    "cheap_ones",
    "rows_filled",
    "sizes_filled",
    "contacts_filled",
    "emails_filled",
];

/// The demo's policy, and what the cases need beside it.
fn policy_files() -> Vec<SourceFile> {
    let mut files = read_policy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm")).expect("policy");
    // `open` stands in one file.
    files.iter_mut().for_each(|f| {
        f.text = f.text.replace(
            "open = [",
            &format!(
                "open = [{}, ",
                OPEN.iter().map(|name| format!("\"public.{name}\"")).collect::<Vec<_>>().join(", ")
            ),
        )
    });
    files.push(SourceFile { name: "extra.toml".into(), text: include_str!("extra.toml").to_owned() });
    files
}

fn cases(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).expect("readable case file");
    let stem = file.file_stem().expect("name").to_string_lossy().into_owned();
    let mut all = Vec::new();
    for (i, block) in text.split("\n;;\n").map(str::trim).filter(|b| !b.is_empty()).enumerate() {
        let head = block.lines().position(|l| l.starts_with("-- ") && l.contains('/') && l.contains(": "));
        let head = head.unwrap_or_else(|| panic!("{}: case {} has no head", file.display(), i + 1));
        let line = block.lines().nth(head).expect("head");
        let (who, expectation) = line.trim_start_matches("-- ").split_once(": ").expect("head");
        let (who, given) = who.split_once(" on ").map_or((who, None), |(who, path)| (who, Some(path)));
        let (role, purpose) = who.split_once('/').expect("role/purpose");
        let sql: Vec<&str> = block.lines().skip(head + 1).collect();
        let (expectation, alone) = expectation.split_once(" | alone").map_or((expectation, false), |(e, _)| (e, true));
        let worlds: &[usize] = match given {
            Some(_) => &[OVERLOADS],
            None if alone => &[PLAIN],
            None => &[PLAIN, EXTENSIONS],
        };
        for world in worlds {
            let among = if *world == EXTENSIONS { " among extensions" } else { "" };
            all.push(Case {
                name: format!("{stem}::{:02}{among} {}", i + 1, sql.join(" ").chars().take(60).collect::<String>()),
                role: role.to_owned(),
                purpose: purpose.to_owned(),
                expectation: expectation.trim().to_owned(),
                path: given.unwrap_or("public").split(", ").map(str::to_owned).collect(),
                world: *world,
                sql: sql.join("\n"),
            });
        }
    }
    all
}

impl World {
    fn start(name: &str, script: &str) -> Self {
        let runtime = Runtime::new().expect("runtime");
        let db = shared().database(name, &crm::SCRIPTS.map(|(_, sql)| sql).concat());
        db.psql(include_str!("extra.sql"));
        db.psql(script);
        let (engine, client) = runtime.block_on(async {
            let client = db.superuser().await;
            let catalog = consentry::relay::catalog::load(&db.upstream().await).await.expect("catalog");
            let mut files = policy_files();
            if name == WORLDS[OVERLOADS].0 {
                let text = include_str!("overloads.toml").to_owned();
                files.push(SourceFile { name: "overloads.toml".into(), text });
            }
            let (policy, _) = resolve(&files, &catalog).unwrap_or_else(|p| panic!("{p:?}"));
            let secrets = Secrets { pseudonym: b"engine cases".to_vec() };
            (Engine::new(Arc::new(catalog), Arc::new(policy), secrets), Mutex::new(client))
        });
        Self { engine, client, runtime }
    }

    fn run(&self, case: &Case) -> Result<(), Failed> {
        // The one statement in which it is the reason that is missing says so.
        let mut context = Context {
            search_path: case.path.clone(),
            ..context(&case.role, &case.purpose, case.expectation != "reason-required")
        };
        let (before, sql) = match case.sql.rsplit_once("\n-- then\n") {
            Some((before, sql)) => (self.left(before, &mut context)?, sql),
            None => (String::new(), case.sql.as_str()),
        };
        let mut parts = case.expectation.split(" | ");
        let expected = parts.next().unwrap_or_default();
        let protocol = protocol(sql);
        let cleared = match self.engine.clear(sql, &context, protocol) {
            Err(refusal) if refusal.rule == expected => return Ok(()),
            Err(refusal) => return Err(format!("refused by {}: {refusal}\n{}", refusal.rule, refusal.detail).into()),
            Ok(cleared) => cleared,
        };
        let alike = alike(&self.engine, sql, &context, protocol, 4)?;
        let text = cleared.wire_text();
        let changed = cleared.statements.iter().any(|s| s.outcome == Outcome::Changed);
        let mut error = None;
        match expected {
            "same" if !changed && text == sql => {}
            "same" if case.world == EXTENSIONS && unnamed(text) == sql => {}
            "changed" if changed => {}
            _ => return Err(format!("expected {expected}, but it leaves as\n{text}").into()),
        }
        for part in parts {
            match part.split_once(' ') {
                Some(("has", wanted)) if text.contains(wanted) => {}
                Some(("lacks", unwanted)) if !text.contains(unwanted) => {}
                Some(("about", wanted)) if about(&cleared) == wanted => {}
                Some(("about", _)) => return Err(format!("it is about {}", about(&cleared)).into()),
                Some(("keys", wanted)) if keys(&cleared) == wanted => {}
                Some(("touches", wanted)) if touches(&cleared).iter().any(|t| t == wanted) => {}
                Some(("names", wanted)) if tables(&cleared).any(|t| t == wanted) => {}
                Some(("names", _)) => {
                    return Err(format!("it names {:?}", tables(&cleared).collect::<Vec<_>>()).into());
                }
                Some(("unseen", wanted)) if unseen(&cleared) == wanted => {}
                Some(("unseen", _)) => return Err(format!("unseen is {}", unseen(&cleared)).into()),
                Some(("touches", _)) => return Err(format!("it touches {:?}", touches(&cleared)).into()),
                None if part == "alike" && alike > 0 => {}
                None if part == "unlike" && alike == 0 => {}
                Some(("error", state)) => error = Some(state.to_owned()),
                _ => return Err(format!("not so: {part}\n{text}").into()),
            }
        }
        self.accepted(&(before + text), &case.path, error.as_deref())
    }

    /// What leaves for messages before the one that is judged; the session is followed as far as temporary tables go.
    fn left(&self, messages: &str, context: &mut Context) -> Result<String, Failed> {
        let mut all = String::new();
        for message in messages.split("\n-- then\n") {
            let cleared = self.engine.clear(message, context, Protocol::Simple)?;
            for statement in &cleared.statements {
                match &statement.effect {
                    Effect::CreateTemporary { name, made, .. } => {
                        context.temporary.entry(name.clone()).or_default().add(made)
                    }
                    Effect::AlterTemporary { name, shape } => {
                        let known = context.temporary.get_mut(name).ok_or("it is there")?;
                        known.shape.clone_from(shape);
                    }
                    Effect::DropRelations(names) => context.temporary.retain(|known, _| !names.contains(known)),
                    other => return Err(format!("a case does not follow {other:?}").into()),
                }
            }
            all.push_str(cleared.wire_text());
            all.push_str(";\n");
        }
        Ok(all)
    }

    /// Where a text names somebody twice, one more is named at its end than in a text that is like it.
    fn long_lists(&self) -> Result<(), Failed> {
        let rest: Vec<String> = (2..=1001).map(|id| id.to_string()).collect();
        let list = |first: u32| format!("SELECT full_name FROM customers WHERE id IN ({first}, {})", rest.join(", "));
        let (distinct, twice, context) = (list(1), list(2), context("marketing", "marketing", true));
        let (_, template) = self.engine.clear_and_learn(&distinct, &context, Protocol::Simple, &NoMemory)?;
        let template = template.ok_or("nothing is cleared by it")?;
        let shape = Shape::of(&twice).ok_or("it has literals")?;
        let quick = template.clears(&twice, &shape).ok_or("they are alike")?;
        let anew = self.engine.clear(&twice, &context, Protocol::Simple)?;
        assert!(about(&anew).ends_with(" customer:1001"), "the last one is named anew");
        assert!(about(&quick) == about(&anew), "as alike the last one is not named");
        Ok(())
    }

    /// Many keys beside many constants: some are told, and that there are more.
    fn names_in_bounds(&self) -> Result<(), Failed> {
        let values: Vec<String> = (0..2000).map(|id| format!("({id})")).collect();
        let (values, context) = (values.join(", "), context("marketing", "marketing", true));
        for (on, columns) in [
            (format!("x IN ({})", vec!["c.id"; 6000].join(", ")), "1".to_owned()),
            ("true".to_owned(), vec!["x = c.id"; 1000].join(", ")),
        ] {
            let sql = format!("SELECT {columns} FROM (VALUES {values}) v (x) JOIN customers c ON {on}");
            let begun = std::time::Instant::now();
            let cleared =
                self.engine.clear(&sql, &context, Protocol::Simple).map_err(|r| format!("{r}: {}", r.detail))?;
            let named = &cleared.statements[0].subjects;
            assert_eq!((named.len(), named.iter().filter(|n| n.key.is_none()).count()), (1001, 1));
            assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        }
        Ok(())
    }

    /// Each expression in another is asked about once, however many are around it, where others bear its operator's name.
    fn judges_in_time(&self) -> Result<(), Failed> {
        let nested = |open: &str, inside: &str, close: &str, depth| {
            format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
        };
        let equal = nested("(", "n = 1", ") = (n = 2)", 120);
        let among = nested("(", "n IN (1)", ") IN (true, false)", 120);
        let cases = nested("CASE ", "n = 1", " WHEN true THEN true END", 120);
        let arrays = nested("(ARRAY[", "n = 1", "])[1]", 120);
        let conditions = [vec![equal; 5], vec![among, cases, arrays]].concat().join(" AND ");
        let calls = ["date", "lower"].map(|f| nested(&format!("{f}("), "name", ")", 120)).join(", ");
        let joined = nested("coalesce(", "name", ", 'x') || 'y'", 120);
        let path = ["public", "ext", "spy"].map(str::to_owned).to_vec();
        let context = Context { search_path: path, ..context("marketing", "marketing", true) };
        for sql in
            [format!("SELECT id FROM handles WHERE {conditions}"), format!("SELECT {calls}, {joined} FROM handles")]
        {
            let begun = std::time::Instant::now();
            self.engine.clear(&sql, &context, Protocol::Simple).map_err(|r| format!("{r}: {}", r.detail))?;
            assert!(begun.elapsed().as_secs() < 10, "{:?} for {sql}", begun.elapsed());
        }
        Ok(())
    }

    /// Such a cast may run anywhere: a role lists what it calls, or asks nothing; a policy that has no such role is none.
    fn casts_anywhere(&self) -> Result<(), Failed> {
        let mut data = self.engine.catalog.data().clone();
        data.casts.push(Cast {
            source_is_own: false,
            target_is_own: false,
            source: QualifiedName::new("pg_catalog", "text"),
            target: QualifiedName::new("pg_catalog", "date"),
            unwritten: true,
            function: Some(QualifiedName::new("public", "spot_text")),
        });
        let catalog = Arc::new(Catalog::new(data));
        let engine = Engine::new(catalog.clone(), self.engine.policy.clone(), self.engine.secrets.clone());
        let clear = |role: &str, sql: &str| {
            engine.clear(sql, &context(role, "marketing", true), Protocol::Simple).map_err(|r| r.rule).err()
        };
        assert_eq!(clear("marketing", "SELECT name FROM products"), Some("function-not-allowed"));
        assert_eq!(clear("caster", "SELECT name FROM products"), None);
        assert_eq!(clear("marketing", "SET consentry.reason = 'x'; COMMIT"), None);
        let problems = resolve(&policy_files(), &catalog).err().ok_or("every role lists it")?;
        let said = |role: &str| problems.iter().any(|p| p.message.contains(&format!("`{role}` does not list it")));
        assert!(said("marketing") && !said("caster") && !said("dba"), "{problems:?}");
        Ok(())
    }

    /// PostgreSQL takes what leaves, or refuses it with the SQLSTATE that the case names.
    fn accepted(&self, text: &str, path: &[String], error: Option<&str>) -> Result<(), Failed> {
        let client = self.client.lock().unwrap_or_else(|e| e.into_inner());
        let run = async {
            client.batch_execute(&format!("BEGIN; SET LOCAL search_path = {}", path.join(", "))).await?;
            let result = client.simple_query(text).await.map(|_| ());
            client.batch_execute("ROLLBACK; DEALLOCATE ALL").await?;
            result
        };
        match (self.runtime.block_on(run), error) {
            (Ok(()), None) => Ok(()),
            (Err(e), Some(state)) if e.code().is_some_and(|c| c.code() == state) => Ok(()),
            (Err(e), _) => {
                Err(format!("PostgreSQL refuses: {:?}\n{text}", e.as_db_error().map(|e| e.message())).into())
            }
            (Ok(()), Some(state)) => Err(format!("PostgreSQL was to refuse with {state}\n{text}").into()),
        }
    }
}

fn context(role: &str, purpose: &str, has_reason: bool) -> Context {
    Context {
        role: role.to_owned(),
        purpose: (purpose != "-").then(|| purpose.to_owned()),
        purpose_set_by: PurposeSource::Default,
        has_reason,
        search_path: vec!["public".to_owned()],
        temporary: Default::default(),
        defined: Default::default(),
        user: Some("ann".to_owned()),
        explains_protected: false,
        resets: Default::default(),
    }
}

/// A text without the schemas that are written before names.
fn unnamed(text: &str) -> String {
    text.replace("pg_catalog.", "").replace("\"public\".", "")
}

/// The subjects that the record names.
fn about(cleared: &Cleared) -> String {
    let key = |argument: &Option<Argument>| match argument {
        Some(Argument::Literal(text)) => text.clone(),
        Some(Argument::Null) => "null".to_owned(),
        Some(Argument::Parameter(n)) => format!("${n}"),
        None => "?".to_owned(),
    };
    let subjects = cleared.statements.iter().flat_map(|s| &s.subjects);
    let many = |s: &NamedSubject| if s.reading.compared.array { "[]" } else { "" };
    let words: Vec<String> = subjects.map(|s| format!("{}:{}{}", s.kind, key(&s.key), many(s))).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join(" ") }
}

fn keys(cleared: &Cleared) -> String {
    let columns = cleared.statements.iter().flat_map(|s| &s.subject_columns);
    let keys: Vec<_> = columns.map(|(index, _)| index.to_string()).collect();
    if keys.is_empty() { "none".to_owned() } else { keys.join(" ") }
}

fn tables(cleared: &Cleared) -> impl Iterator<Item = &str> {
    cleared.statements.iter().flat_map(|s| &s.tables).map(|t| t.table.as_str())
}

fn unseen(cleared: &Cleared) -> &str {
    let rules = cleared.statements.iter().flat_map(|s| &s.rules);
    rules.into_iter().find_map(|rule| rule.strip_prefix(NOT_LOOKED_INTO)).unwrap_or("nothing")
}

fn touches(cleared: &Cleared) -> Vec<String> {
    let tables = cleared.statements.iter().flat_map(|s| &s.tables);
    let columns = tables.flat_map(|t| t.columns.iter().map(move |c| (&t.table, c)));
    let told = |(table, c): (&String, &TouchedColumn)| {
        let usage = format!("{table}.{} {}", c.name, format!("{:?}", c.usage).to_lowercase());
        let of = c.category.as_ref().map(|category| format!("{usage} of {category}"));
        let treated = format!("{usage}, {}", format!("{:?}", c.treatment).to_lowercase());
        [Some(usage), of, Some(treated)]
    };
    columns.flat_map(told).flatten().collect()
}

/// A statement with parameters of its own comes in a Parse message.
fn protocol(sql: &str) -> Protocol {
    let parameter = sql.match_indices('$').any(|(at, _)| sql[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    if parameter && !sql.contains("PREPARE ") { Protocol::Extended } else { Protocol::Simple }
}
