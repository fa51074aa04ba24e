//! The house rules that a compiler does not hold: who may import whom, the home of each outside crate, lengths, reasons.
//!
//! Reads the sources as text; the rules are the tables at the top.

use std::fs;
use std::path::{Path, PathBuf};

/// Module -> the modules of this crate that it may name. `cli` and `serve` stand on top and may name all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("wire", &["engine"]),
    ("audit", &["engine"]),
    ("config", &["engine", "audit"]),
    ("consent", &["engine", "config", "audit"]),
    ("relay", &["engine", "wire", "config"]),
    ("session", &["engine", "wire", "relay", "audit", "config"]),
];
const ON_TOP: &[&str] = &["cli", "serve", "main", "lib"];

/// Outside crate -> the only places under `src/` that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlparser", &["engine/"]),
    ("pg_query", &["engine/"]),
    ("prost", &["engine/"]),
    ("pgwire", &["wire/"]),
    ("rustls", &["wire/", "relay/"]),
    ("tokio_rustls", &["wire/", "relay/"]),
    ("moka", &["session/plans.rs"]),
    ("toml", &["engine/policy/raw", "config/raw"]),
    ("parquet", &["audit/export/table.rs"]),
    ("clap", &["cli/"]),
];

/// What the engine, being pure, never says: IO, clocks, tasks, logs, chance, shared mutable state.
const IMPURE: &[&str] = &[
    "tokio::",
    "tokio_postgres::",
    "tracing::",
    "rand::",
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::",
    "Timestamp::now",
    "Zoned::now",
    "async fn",
    ".await",
    "println!",
    "eprintln!",
    "static mut",
    "Mutex",
    "RwLock",
    "thread_local!",
];

const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];
const LONGEST_FILE: usize = 499;

struct Source {
    /// Relative to the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Lines with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().filter_map(|(i, line)| {
            let code = line.split("// ").next().unwrap_or_default();
            (!code.trim_start().starts_with("//")).then_some((i + 1, code))
        })
    }

    /// The path below `src/`, if it is there.
    fn in_src(&self) -> Option<&str> {
        self.path.strip_prefix("src/")
    }

    /// The top module that the file belongs to: `engine` for `src/engine/policy/raw.rs`, `serve` for `src/serve.rs`.
    fn module(&self) -> Option<&str> {
        self.in_src()?.split('/').next().map(|first| first.trim_end_matches(".rs"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        walk(&root.join(folder), &mut files);
    }
    let sources: Vec<Source> = files
        .into_iter()
        .map(|file| Source {
            path: file.strip_prefix(root).expect("below the root").to_str().expect("UTF-8 path").to_owned(),
            text: fs::read_to_string(&file).expect("a source is text"),
        })
        .collect();
    assert!(sources.iter().any(|s| s.path == "src/lib.rs"), "the walk finds the sources");
    sources
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `code` names the outside crate, as `name::…` or `use name`.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let named = code.match_indices(&path).any(|(at, _)| !code[..at].ends_with(|c| is_name(c) || c == ':' || c == '.'));
    named || code.trim().trim_end_matches(';') == format!("use {name}")
}

/// Top modules that `code` names by `crate::…`, also inside `crate::{…}`, and by `super::…`.
fn named_modules<'c>(code: &'c str, modules: &'c [&'c str]) -> impl Iterator<Item = &'c str> {
    modules.iter().copied().filter(move |module| {
        let by_path = |prefix: &str| {
            let path = format!("{prefix}{module}");
            code.match_indices(&path).any(|(at, _)| !code[at + path.len()..].starts_with(is_name))
        };
        by_path("crate::")
            || by_path("super::super::")
            || (code.contains("crate::{") && (by_path("{") || by_path(", ")))
    })
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let modules: Vec<&str> = MAY_IMPORT.iter().map(|(m, _)| *m).chain(ON_TOP.iter().copied()).collect();
    let mut faults = Vec::new();
    for source in sources() {
        let Some(module) = source.module().filter(|m| !ON_TOP.contains(m)) else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(m, _)| *m == module) else {
            faults.push(format!("{}: module `{module}` is not in the import table", source.path));
            continue;
        };
        for (number, code) in source.code() {
            for named in named_modules(code, &modules).filter(|n| *n != module && !allowed.contains(n)) {
                faults.push(format!("{}:{number}: `{module}` may not import `{named}`", source.path));
            }
        }
    }
    report(&faults);
}

#[test]
fn outside_crates_stay_at_home() {
    let mut faults = Vec::new();
    for source in sources() {
        let Some(place) = source.in_src() else { continue };
        for (name, homes) in HOMES {
            if homes.iter().any(|home| place.starts_with(home)) {
                continue;
            }
            let away = source.code().filter(|(_, code)| names_crate(code, name));
            faults
                .extend(away.map(|(n, _)| format!("{}:{n}: `{name}` belongs in {}", source.path, homes.join(" and "))));
        }
    }
    report(&faults);
}

#[test]
fn the_engine_is_pure() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| s.module() == Some("engine")) {
        for (number, code) in source.code() {
            let said = |word: &str| code.match_indices(word).any(|(at, _)| !code[..at].ends_with(is_name));
            let impure = IMPURE.iter().filter(|word| said(word));
            faults
                .extend(impure.map(|word| format!("{}:{number}: the engine is pure, but says `{word}`", source.path)));
        }
    }
    report(&faults);
}

#[test]
fn files_are_short_finished_and_say_what_they_are_for() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("{}: {lines} lines, {LONGEST_FILE} at most", source.path));
        }
        if !source.text.starts_with("//!") {
            faults.push(format!("{}: the first line does not say what the file is for (`//!`)", source.path));
        }
        if source.path == "tests/house.rs" {
            continue; // it names the words
        }
        for (number, code) in source.code() {
            let words = UNFINISHED.iter().filter(|word| code.contains(**word));
            faults.extend(words.map(|word| format!("{}:{number}: `{word}`", source.path)));
            // Rust's own macros panic where nobody reads (`src/cli/out.rs`).
            let prints = code.contains("println!(") || code.contains("print!(");
            if prints && source.in_src().is_some() {
                faults.push(format!("{}:{number}: say! or remark! print", source.path));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_dependency_has_a_reason() {
    let manifests = [include_str!("../Cargo.toml"), include_str!("fuzz/libfuzzer/Cargo.toml")];
    let mut section = "";
    let mut faults = Vec::new();
    let mut seen = 0;
    for line in manifests.iter().flat_map(|manifest| manifest.lines()) {
        if line.starts_with('[') {
            section = line;
        } else if section.contains("dependencies") && line.contains(" = ") {
            seen += 1;
            let reason = line.rsplit_once("# ").map_or("", |(_, reason)| reason);
            if reason.split_whitespace().count() < 2 {
                faults.push(format!("Cargo.toml: `{line}` has no reason"));
            }
        }
    }
    assert!(seen > 20, "the dependencies are found");
    report(&faults);
}

#[test]
fn the_rules_see_what_they_are_to_see() {
    let modules = ["engine", "wire", "relay"];
    let named = |code: &'static str| named_modules(code, &modules).collect::<Vec<_>>();
    assert_eq!(named("use crate::wire::Frame;"), ["wire"]);
    assert_eq!(named("use super::super::relay;"), ["relay"]);
    assert_eq!(named("use crate::{engine::Cleared, wire};"), ["engine", "wire"]);
    assert_eq!(named("let wire = crate::wires::a();"), Vec::<&str>::new());
    assert!(names_crate("let x = toml::from_str(t);", "toml"));
    assert!(names_crate("use toml;", "toml"));
    assert!(!names_crate("let x = self::toml::a();", "toml"));
    assert!(!names_crate("my_toml::a()", "toml"));
}
