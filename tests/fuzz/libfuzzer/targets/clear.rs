//! libFuzzer on statements: the property of `tests/fuzz/clear.rs`. The first byte says who asks; the rest is mutated by words
//! three times in four, as bytes else.
#![no_main]

#[path = "../../../engine/alike.rs"]
mod alike;
#[path = "../../clear.rs"]
#[allow(dead_code)] // `cargo test` writes inputs too
mod clear;
#[path = "../../mutate.rs"]
#[allow(dead_code)] // the fuzzer mutates bytes itself
mod mutate;
#[path = "../../../common/postgres.rs"]
#[allow(dead_code)] // a catalog is all that is wanted of it
mod postgres;

use std::sync::LazyLock;

use clear::{Question, World};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use mutate::Random;

static WORLD: LazyLock<World> = LazyLock::new(World::start);
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(clear::seeds);

fuzz_target!(
    init: {
        // Panics that the engine catches (pg_query's, see `engine/parse.rs`) are no findings; any other ends the run, as
        // libfuzzer-sys aborts where it catches one.
        drop(std::panic::take_hook());
        LazyLock::force(&WORLD);
    },
    |input: &[u8]| -> Corpus {
        let Some(question) = Question::read(input) else { return Corpus::Reject };
        WORLD.holds(&question);
        Corpus::Keep
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed.into());
    let question = Question::read(&data[..size]).filter(|_| !random.one_in(4));
    let Some(Question { pick, text }) = question else { return fuzzer_mutate(data, size, max_size) };
    let pick = if random.one_in(8) { random.byte() } else { pick };
    let text = mutate::statement(&mut random, text, &SEEDS);
    let input = Question { pick, text: &text[..text.floor_char_boundary(max_size.saturating_sub(1))] }.input();
    data[..input.len()].copy_from_slice(&input);
    input.len()
});
