//! Whoever closes the pipe has read enough: the exit status tells what a command came to all the same.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::cli::{audit, sample};

/// A pipe that nobody reads any more.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn run(dir: &Path, out: Stdio, err: Stdio, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"));
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).stdout(out).stderr(err);
    command.spawn().unwrap().wait_with_output().unwrap()
}

const KEY: &str = "audit-keys/signing.key.pub";

#[tokio::test]
async fn a_closed_pipe_is_no_failure_and_hides_none() {
    let dir = sample().await;
    let damaged = sample().await;
    let file = crate::support::segments(&damaged.path().join("audit")).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("bob", "eve", 1)).unwrap();
    std::fs::write(dir.path().join("proof.json"), audit(dir.path(), &["prove", "4", "--key", KEY]).stdout).unwrap();

    for (dir, code, arguments) in [
        (&dir, 0, &["audit", "verify", "--key", KEY, "audit"][..]),
        (&dir, 0, &["audit", "verify", "--key", KEY, "audit", "--format", "json"]),
        (&dir, 0, &["audit", "verify", "--key", KEY, "--proof", "proof.json"]),
        (&damaged, 1, &["audit", "verify", "--key", KEY, "audit"]),
        (&damaged, 1, &["audit", "verify", "--key", KEY, "audit", "--format", "json"]),
        (&dir, 0, &["audit", "report"]),
        (&dir, 0, &["audit", "report", "--format", "html"]),
        (&damaged, 1, &["audit", "report", "--format", "json"]),
        (&dir, 0, &["audit", "show"]),
        (&dir, 0, &["audit", "show", "--follow"]),
        (&dir, 0, &["audit", "export", "--format", "cef"]),
        (&dir, 0, &["audit", "export", "--format", "parquet"]),
        (&dir, 0, &["audit", "prove", "4", "--key", KEY]),
        (&dir, 0, &["audit", "keygen", "another.key"]),
        (&dir, 0, &["--help"]),
    ] {
        let output = run(dir.path(), closed(), Stdio::piped(), arguments);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
    // Where nobody hears of a fault either.
    for (code, arguments) in [
        (1, &["audit", "show", "nowhere"][..]),
        (2, &["audit", "show", "--since", "soon"]),
        (0, &["audit", "show", "--user", "nobody"]),
        (1, &["check", "--config", "nowhere.toml"]),
        (1, &["check", "--config", "proof.json"]),
    ] {
        let output = run(dir.path(), closed(), closed(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

/// What could not be written is not what nobody wants.
#[tokio::test]
async fn a_full_disk_is_a_failure() {
    let dir = sample().await;
    for arguments in [
        &["audit", "verify", "--key", KEY, "audit"][..],
        &["audit", "report"],
        &["audit", "show"],
        &["audit", "export", "--format", "ocsf"],
        &["audit", "keygen", "another.key"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = run(dir.path(), full.into(), Stdio::piped(), arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error: ") && said.contains("No space left on device"), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let key = crate::cli::stdout(&audit(dir.path(), &["keygen", "the.key"]));
    for (arguments, folder) in [
        (&["show"][..], "audit"),
        (&["show", "nowhere"], "nowhere"),
        (&["verify", "--key", key.trim(), "nowhere"], "nowhere"),
        (&["prove", "1", "--key", key.trim()], "audit"),
        (&["report", "nowhere"], "nowhere"),
        (&["export", "--format", "cef", "nowhere"], "nowhere"),
    ] {
        let output = audit(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        let named = format!("cannot read {folder}: No such file or directory");
        assert!(said.contains(&named), "{arguments:?}: {said}");
    }
}
