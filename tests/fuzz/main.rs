//! Fuzzing on stable Rust, without instrumentation: made-up and mutated inputs against what must hold of any input, and the
//! inputs that libFuzzer found worth keeping (`found/`). Each file states its property; `libfuzzer/` tries the same ones.
//! `FUZZ_SECONDS` is how long each runs (300 inputs, the same every time, where it is not given), `FUZZ_SEED` where it
//! begins; a failure prints its input.

#[path = "../engine/alike.rs"]
mod alike;
#[path = "../common/mod.rs"]
mod common;

mod clear;
mod frames;
mod mutate;
mod openings;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clear::{Question, World};
use common::postgres;
use mutate::{Random, bytes, statement};

/// Runs `once` with random numbers until the time is over; returns how often.
fn fuzz(mut once: impl FnMut(&mut Random)) -> u64 {
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    let (mut random, began, mut runs) = (Random::new(number("FUZZ_SEED").unwrap_or(1)), Instant::now(), 0);
    let seconds = number("FUZZ_SECONDS").map(Duration::from_secs);
    while seconds.map_or(runs < 300, |seconds| began.elapsed() < seconds) {
        once(&mut random);
        runs += 1;
    }
    runs
}

/// What libFuzzer found for `target`: inputs that broke its property once, or reached what no other did.
fn found(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found").join(target);
    let files = std::fs::read_dir(&folder).expect("a folder of inputs").map(|f| f.expect("a file").path());
    let inputs: Vec<_> = files.map(|file| std::fs::read(file).expect("an input")).collect();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    inputs
}

#[test]
fn frames_are_cut_alike_and_read_inside_of_themselves() {
    found("frames").iter().for_each(|input| drop(frames::holds(input)));
    let seeds = frames::seeds();
    let (mut cut_well, mut faulty) = (0, 0);
    fuzz(|random| {
        let seed = random.below(seeds.len());
        let (frames, fault) = frames::holds(&bytes(random, &seeds[seed]));
        cut_well += frames.len();
        faulty += u64::from(fault.is_some());
    });
    assert!(cut_well > 0 && faulty > 0, "{cut_well} frames, {faulty} faults");
}

#[test]
fn openings_are_read_alike_and_hold_what_they_say() {
    found("openings").iter().for_each(|input| drop(openings::holds(input)));
    let seeds = openings::seeds();
    let (mut good, mut bad) = (0_u64, 0_u64);
    fuzz(|random| {
        let seed = random.below(seeds.len());
        match openings::holds(&bytes(random, &seeds[seed])) {
            Some(_) => good += 1,
            None => bad += 1,
        }
    });
    assert!(good > 0 && bad > 0, "{good} read, {bad} not");
}

#[test]
fn what_leaves_names_no_protected_table_bare() {
    let world = World::start();
    let found = found("clear");
    found.iter().filter_map(|input| Question::read(input)).for_each(|question| drop(world.holds(&question)));
    let seeds = clear::seeds();
    let (mut left, mut changed) = (0_u64, 0_u64);
    let runs = fuzz(|random| {
        let seed = random.below(seeds.len());
        let text = statement(random, &seeds[seed], &seeds);
        let pick = random.byte();
        if let Some(cleared) = world.holds(&Question { pick, text: &text }) {
            left += 1;
            changed += u64::from(cleared.protected());
        }
    });
    println!("{runs} statements, {left} left, {changed} of them rewritten or touching protected tables");
    assert!(left > 0 && changed > 0, "{left} left, {changed} protected");
}

/// Where libFuzzer begins.
#[test]
#[ignore = "writes into tests/fuzz/libfuzzer/corpus"]
fn seeds_for_libfuzzer() {
    let statements = clear::seeds().into_iter().enumerate();
    let questions = statements.map(|(i, text)| Question { pick: b'A' + (i % clear::PICKS) as u8, text: &text }.input());
    let corpora = [("frames", frames::seeds()), ("openings", openings::seeds()), ("clear", questions.collect())];
    for (target, seeds) in corpora {
        let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/libfuzzer/corpus").join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (i, seed) in seeds.iter().chain(&found(target)).enumerate() {
            std::fs::write(folder.join(format!("seed-{i:04}")), seed).expect("a file");
        }
    }
}
