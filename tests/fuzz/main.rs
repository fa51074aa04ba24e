//! Fuzzing on stable Rust, without instrumentation: made-up and mutated inputs against what must hold of any input. Each file
//! states its property. `FUZZ_SECONDS` (2) is how long each runs, `FUZZ_SEED` where it begins; a failure prints its input.

#[path = "../common/mod.rs"]
mod common;

mod clear;
mod frames;
mod mutate;
mod openings;

use std::time::{Duration, Instant};

use mutate::Random;

/// Runs `once` with random numbers until the time is over; returns how often.
pub fn fuzz(mut once: impl FnMut(&mut Random)) -> u64 {
    let number = |name: &str, or: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(or);
    let (seconds, seed) = (number("FUZZ_SECONDS", 2), number("FUZZ_SEED", 1));
    let (mut random, began, mut runs) = (Random::new(seed), Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        once(&mut random);
        runs += 1;
    }
    assert!(runs > 10, "only {runs} runs in {seconds} s");
    runs
}
