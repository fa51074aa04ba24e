//! `consentry passwd`: a password in, the verifier for `[user.X]` out. The password itself is kept nowhere.

use std::io::{IsTerminal, Read};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use postgres_protocol::password::scram_sha_256;

use super::out::say;

/// Longer ones are a mistake (a file in the pipe), not a password.
const LONGEST: usize = 1024;

/// Print the verifier of a password, for [user.X] in consentry.toml
///
/// Asks twice on a terminal, without echo; in a pipe the first line of stdin is the password.
#[derive(Args)]
pub struct Passwd {}

impl Passwd {
    pub fn run(&self) -> Result<()> {
        let password = if std::io::stdin().is_terminal() { ask_twice()? } else { piped(std::io::stdin().lock())? };
        if password.is_empty() {
            bail!("the password is empty");
        }
        Ok(say!("{}", verifier(&password))?)
    }
}

/// As PostgreSQL makes them: SCRAM-SHA-256 over the password's SASLprep form (RFC 4013), with a random salt.
fn verifier(password: &str) -> String {
    scram_sha_256(password.as_bytes())
}

fn ask_twice() -> Result<String> {
    let first = rpassword::prompt_password("Password: ").context("cannot read the password")?;
    let second = rpassword::prompt_password("Again: ").context("cannot read the password")?;
    if first == second { Ok(first) } else { bail!("the two passwords differ") }
}

/// The first line of `input`.
fn piped(input: impl Read) -> Result<String> {
    let mut text = String::new();
    // One more byte than allowed tells a password that is too long from one that just fits.
    input.take(LONGEST as u64 + 2).read_to_string(&mut text).context("cannot read the password from stdin")?;
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    if line.len() > LONGEST {
        bail!("the password is longer than {LONGEST} bytes");
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        assert_eq!(piped("secret\n".as_bytes()).unwrap(), "secret");
        assert_eq!(piped("se cret\r\nmore".as_bytes()).unwrap(), "se cret");
        assert_eq!(piped("".as_bytes()).unwrap(), "");
        assert!(piped("x".repeat(5000).as_bytes()).is_err());
    }

    #[test]
    fn verifiers_are_salted_and_of_postgresqls_form() {
        let (a, b) = (verifier("secret"), verifier("secret"));
        assert_ne!(a, b);
        assert!(a.starts_with("SCRAM-SHA-256$4096:") && a.len() == b.len());
    }
}
