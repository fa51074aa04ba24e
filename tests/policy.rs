//! Every file in `policy/good` resolves without an error; every file in `policy/broken` has exactly the problems that
//! its first lines expect, on the lines that it marks. A file or folder there is a test; none can be forgotten.
//!
//! ```toml
//! #! error | public.costumers | there is no table `public.costumers` in the database | did you mean `public.customers`?
//! [table."public.costumers"]  #<
//! ```
//!
//! An expectation is: severity | the underlined text | the message | the fix, and where the problem has to do with another
//! place: | how: file:line the text there. `#<` marks the lines at fault.

mod common;

use std::path::{Path, PathBuf};

use common::expected::{self, entries};
use common::postgres::shared;
use consentry::config::folder::read_policy;
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::Policy;
use consentry::engine::policy::diagnostics::{Problem, SourceFile, Style, render};
use consentry::engine::policy::resolve::read;
use consentry::relay::trial;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy");
    let (good, broken) = (entries(&folder.join("good")), entries(&folder.join("broken")));
    assert!(!good.is_empty() && broken.len() >= 50, "the folders of policies are there");
    let trials = good
        .into_iter()
        .map(|path| trial("good", path, is_good))
        .chain(broken.into_iter().map(|path| trial("broken", path, has_the_expected_problems)))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

type Check = fn(&[SourceFile], &Catalog) -> Result<(), Failed>;

fn trial(kind: &str, path: PathBuf, check: Check) -> Trial {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Trial::test(format!("{kind}::{name}"), move || {
        let mut files = read_policy(&path)?;
        for file in &mut files {
            let short = Path::new(&file.name).file_name().map(|n| n.to_string_lossy().into_owned());
            file.name = short.ok_or("a file has a name")?;
        }
        check(&files, catalog())
    })
}

/// The catalog of `schema.sql`, read once from a real PostgreSQL.
fn catalog() -> &'static Catalog {
    static CATALOG: std::sync::OnceLock<Catalog> = std::sync::OnceLock::new();
    CATALOG.get_or_init(|| {
        let db = shared().database("policies", include_str!("policy/schema.sql"));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let load = async { consentry::relay::catalog::load(&db.upstream().await).await.expect("a catalog") };
        with_unreviewed(runtime.block_on(load))
    })
}

/// An extension that contrib does not have: not every server has one.
fn with_unreviewed(catalog: Catalog) -> Catalog {
    let mut data = catalog.data().clone();
    data.extensions.insert("vector".into(), "public".into());
    let like = data.functions.iter().find(|f| f.name.name == "similarity").expect("pg_trgm").clone();
    for (oid, name, arguments) in [(4_000_000_001, "of_text", "text, integer"), (4_000_000_002, "of_number", "integer")]
    {
        let mut function = like.clone();
        function.oid = oid;
        function.name.name = name.into();
        function.arguments = arguments.into();
        function.extension = Some("vector".into());
        data.functions.push(function);
    }
    Catalog::new(data)
}

/// The policy as `check` reads it: PostgreSQL says what it thinks of conditions and masks.
fn resolve(files: &[SourceFile], catalog: &Catalog) -> Result<(Policy, Vec<Problem>), Vec<Problem>> {
    let mut reading = read(files, catalog);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = shared().in_database("policies").superuser().await;
        trial::run(&client, &mut reading).await.expect("PostgreSQL answers");
    });
    reading.finish()
}

fn is_good(files: &[SourceFile], catalog: &Catalog) -> Result<(), Failed> {
    match resolve(files, catalog) {
        Ok((_, warnings)) => expected::compare(files, &warnings),
        Err(problems) => Err(render(&problems, files, Style::Plain).into()),
    }
}

fn has_the_expected_problems(files: &[SourceFile], catalog: &Catalog) -> Result<(), Failed> {
    let problems = match resolve(files, catalog) {
        Ok((_, warnings)) if warnings.is_empty() => return Err("nothing is wrong with it".into()),
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    expected::shows_its_place(files, &problems)?;
    expected::compare(files, &problems)
}
