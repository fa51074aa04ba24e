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

use std::fs;
use std::path::{Path, PathBuf};

use common::postgres::shared;
use consentry::config::folder::read_policy;
use consentry::engine::catalog::Catalog;
use consentry::engine::policy::diagnostics::{Place, Problem, Severity, SourceFile, Style, render};
use consentry::engine::policy::resolve::resolve;
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

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("a readable entry").path()).collect();
    paths.sort();
    paths
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
        runtime.block_on(async { consentry::relay::catalog::load(&db.superuser().await).await.expect("a catalog") })
    })
}

fn is_good(files: &[SourceFile], catalog: &Catalog) -> Result<(), Failed> {
    match resolve(files, catalog) {
        Ok((_, warnings)) => compare(files, &warnings),
        Err(problems) => Err(render(&problems, files, Style::Plain).into()),
    }
}

fn has_the_expected_problems(files: &[SourceFile], catalog: &Catalog) -> Result<(), Failed> {
    let problems = match resolve(files, catalog) {
        Ok((_, warnings)) if warnings.is_empty() => return Err("nothing is wrong with it".into()),
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    for (problem, text) in problems.iter().map(|p| (p, render(std::slice::from_ref(p), files, Style::Plain))) {
        let shown = text.contains(&format!("{}:{}:{}", problem.place.file, problem.place.line, problem.place.column));
        if !shown || !text.contains('^') || problem.fix.is_empty() {
            return Err(format!("the problem does not show its place, its line or a fix:\n{text}").into());
        }
    }
    compare(files, &problems)
}

fn compare(files: &[SourceFile], problems: &[Problem]) -> Result<(), Failed> {
    let expected: Vec<String> = lines(files, |line| line.strip_prefix("#! ").map(|e| e.trim().to_owned()));
    let actual: Vec<String> = problems.iter().map(|p| described(p, files)).collect();
    let marked = lines(files, |line| line.ends_with("#<").then(|| line.to_owned()));
    let mut faulty: Vec<String> = problems.iter().map(|p| line_of(p, files).to_owned()).collect();
    faulty.dedup();
    if (&expected, &marked) == (&actual, &faulty) {
        return Ok(());
    }
    let difference = |title: &str, a: &[String], b: &[String]| {
        let (a, b) = (a.join("\n") + "\n", b.join("\n") + "\n");
        format!("{title}:\n{}", similar::TextDiff::from_lines(&a, &b).unified_diff().header("expected", "actual"))
    };
    Err(format!(
        "{}\n{}\n{}",
        difference("problems", &expected, &actual),
        difference("lines", &marked, &faulty),
        render(problems, files, Style::Plain)
    )
    .into())
}

/// What `pick` takes from the lines of all files.
fn lines(files: &[SourceFile], pick: impl Fn(&str) -> Option<String>) -> Vec<String> {
    files.iter().flat_map(|f| f.text.lines()).filter_map(pick).collect()
}

fn text_of<'f>(problem: &Problem, files: &'f [SourceFile]) -> &'f str {
    files.iter().find(|f| f.name == problem.place.file).map_or("", |f| f.text.as_str())
}

fn line_of<'f>(problem: &Problem, files: &'f [SourceFile]) -> &'f str {
    text_of(problem, files).lines().nth(problem.place.line - 1).unwrap_or_default()
}

fn described(problem: &Problem, files: &[SourceFile]) -> String {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let underlined = |place: &Place| {
        let file = files.iter().find(|f| f.name == place.file).expect("a problem is in one of the files");
        file.text[place.span.clone()].trim_matches('"').to_owned()
    };
    let mut text = format!("{severity} | {} | {} | {}", underlined(&problem.place), problem.message, problem.fix);
    if let Some((place, label)) = &problem.also {
        text += &format!(" | {label}: {}:{} {}", place.file, place.line, underlined(place));
    }
    text
}
