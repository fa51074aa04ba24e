//! Fuzzing on stable Rust, without instrumentation: made-up and mutated inputs against what must hold of any input. Each file
//! states its property. `FUZZ_SECONDS` is how long each runs (300 inputs, the same every time, where it is not given), `FUZZ_SEED` where it
//! begins; a failure prints its input.

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
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    let (mut random, began, mut runs) = (Random::new(number("FUZZ_SEED").unwrap_or(1)), Instant::now(), 0);
    let seconds = number("FUZZ_SECONDS").map(Duration::from_secs);
    while seconds.map_or(runs < 300, |seconds| began.elapsed() < seconds) {
        once(&mut random);
        runs += 1;
    }
    runs
}
