//! libFuzzer on the frames of a session: the property of `tests/fuzz/frames.rs`.
#![no_main]

#[path = "../../frames.rs"]
#[allow(dead_code)] // its seeds are `cargo test`'s
mod frames;
#[path = "../../mutate.rs"]
#[allow(dead_code)] // the fuzzer mutates bytes itself
mod mutate;

libfuzzer_sys::fuzz_target!(|input: &[u8]| drop(frames::holds(input)));
