//! The command line: one file a command.

pub mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "consentry", version, about = "A PostgreSQL proxy that enforces consent", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {}

/// Runs the program; 0: done, 1: it failed, 2: usage (clap's own).
pub fn main() -> ExitCode {
    match Cli::parse().command {}
}
