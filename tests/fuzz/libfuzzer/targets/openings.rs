//! libFuzzer on what comes before a session: the property of `tests/fuzz/openings.rs`.
#![no_main]

#[path = "../../openings.rs"]
#[allow(dead_code)] // its seeds are `cargo test`'s
mod openings;

libfuzzer_sys::fuzz_target!(|input: &[u8]| drop(openings::holds(input)));
