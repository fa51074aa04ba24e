//! Problems that a data file expects of itself: read from its `#!` lines, and compared with those that were found.

use std::fs;
use std::path::{Path, PathBuf};

use consentry::engine::policy::diagnostics::{Place, Problem, Severity, SourceFile, Style, render};
use libtest_mimic::Failed;

/// What is in a folder, in the order of the names.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("a readable entry").path()).collect();
    paths.sort();
    paths
}

/// Each problem, shown to a person, tells its place, its line and what to do.
pub fn shows_its_place(files: &[SourceFile], problems: &[Problem]) -> Result<(), Failed> {
    for problem in problems {
        let text = render(std::slice::from_ref(problem), files, Style::Plain);
        let place = &problem.place;
        let shown = text.contains(&format!("{}:{}:{}", place.file, place.line, place.column));
        if !shown || !text.contains('^') || problem.fix.is_empty() {
            return Err(format!("the problem does not show its place, its line or a fix:\n{text}").into());
        }
    }
    Ok(())
}

/// The problems must be exactly those of the `#!` lines, on the lines that end with `#<`.
pub fn compare(files: &[SourceFile], problems: &[Problem]) -> Result<(), Failed> {
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
