//! What the integration tests share. Each test program uses its part, so what one leaves unused is no mistake.
#![allow(dead_code)]

pub mod disk;
pub mod expected;
pub mod judged;
pub mod postgres;
pub mod proxy;
pub mod record;
pub mod spotless;
