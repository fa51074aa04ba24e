//! Every server file in `config/broken` has exactly the problems that its first lines expect, on the lines that it marks; every one
//! in `config/good` has none. The format is that of `policy.rs`.

mod common;

use std::path::Path;

use common::expected::{self, entries};
use consentry::config::folder::read_source;
use consentry::config::server::resolve;
use consentry::engine::policy::diagnostics::SourceFile;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let (good, broken) = (entries(&folder.join("good")), entries(&folder.join("broken")));
    assert!(!good.is_empty() && broken.len() >= 20, "the folders of server files are there");
    let trials = good.into_iter().map(|path| ("good", path)).chain(broken.into_iter().map(|path| ("broken", path)));
    let trials = trials
        .map(|(kind, path)| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Trial::test(format!("{kind}::{name}"), move || check(kind, &path))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn check(kind: &str, path: &Path) -> Result<(), Failed> {
    let source = read_source(path)?;
    let files = [SourceFile { name: "consentry.toml".into(), ..source }];
    // Paths in the files are relative to the folder in which certificates and policies would be.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/site");
    match (kind, resolve(&files[0], &folder)) {
        ("good", Ok((_, warnings))) => expected::compare(&files, &warnings),
        ("good", Err(problems)) => expected::compare(&files, &problems),
        (_, Ok((_, warnings))) if warnings.is_empty() => Err("nothing is wrong with it".into()),
        (_, Ok((_, problems)) | Err(problems)) => {
            expected::shows_its_place(&files, &problems)?;
            expected::compare(&files, &problems)
        }
    }
}
