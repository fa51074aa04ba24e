//! Whatever is wrong with a policy, the answer is a list of problems with places in the files: never a panic, never a policy
//! that means something else because a part of it could not be read.

use std::path::Path;

use crate::common::postgres::shared;
use consentry::cli::demo::crm;
use consentry::config::folder::read_policy;
use consentry::engine::policy::diagnostics::{SourceFile, Style, render};
use consentry::engine::policy::resolve::resolve;

/// Pieces that mean something to TOML, SQL or the policy, put in where they do not belong.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "\n",
    "\r\n",
    "\\",
    "#",
    "é",
    "𝕏",
    "\u{feff}",
    "\u{0}",
    "--",
    "/*",
    "$1",
    "{}",
    "\"open\"",
    "null",
    "[table]",
    "[role.x]\n",
    "via",
    "->",
    "''",
    "(SELECT 1)",
    ";",
    "1e999",
    "-1",
    "true",
    "\"\"\"",
];

#[tokio::test]
async fn no_text_makes_it_panic() {
    let db = shared().database("mutations", &crm::SCRIPTS.map(|(_, sql)| sql).concat());
    let catalog = consentry::relay::catalog::load(&db.superuser().await).await.unwrap();
    let original = read_policy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/crm")).unwrap();
    let (whole, _) = resolve(&original, &catalog).expect("the demo's policy is good");
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = move |n: usize| {
        // xorshift64: the same cases in every run.
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice % n.max(1) as u64) as usize
    };
    let (mut good, mut bad) = (0, 0);
    for _ in 0..250 {
        let mut files = original.clone();
        let index = roll(files.len());
        mutate(&mut files[index], &mut roll);
        match resolve(&files, &catalog) {
            Ok((policy, _)) => {
                good += 1;
                assert_eq!(policy.digest == whole.digest, files == original, "another text is another policy");
            }
            Err(problems) => {
                bad += 1;
                assert!(!problems.is_empty());
                for problem in &problems {
                    let file = files.iter().find(|f| f.name == problem.place.file).expect("a problem is in a file");
                    assert!(file.text.get(problem.place.span.clone()).is_some(), "{problem:?}");
                }
                assert!(render(&problems, &files, Style::Coloured).contains("error"));
            }
        }
    }
    assert!(good > 10 && bad > 60, "both kinds occur: {good} good, {bad} bad");
}

fn mutate(file: &mut SourceFile, roll: &mut impl FnMut(usize) -> usize) {
    let at: Vec<usize> = file.text.char_indices().map(|(i, _)| i).collect();
    let start = at[roll(at.len())];
    let end = at.get(at.partition_point(|i| *i <= start) + roll(12)).copied().unwrap_or(file.text.len());
    match roll(4) {
        0 => file.text.replace_range(start..end, ""),
        1 => file.text.insert_str(start, PIECES[roll(PIECES.len())]),
        2 => file.text.replace_range(start..end, PIECES[roll(PIECES.len())]),
        _ => {
            let copy = file.text[start..end].to_owned();
            file.text.insert_str(at[roll(at.len())], &copy);
        }
    }
}
