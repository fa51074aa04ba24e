//! Files that the auditor's commands write: whole, or as they were.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use consentry::audit::{Config, Recorder};

use crate::cli::{audit, sample, stdout};

#[test]
fn keygen_prints_the_verifier_key_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let made = audit(dir.path(), &["keygen", "--name", "crm.example.com/audit", "the.key"]);
    let verifier = stdout(&made);
    assert!(verifier.starts_with("crm.example.com/audit+"));
    assert_eq!(std::fs::read_to_string(dir.path().join("the.key.pub")).unwrap(), verifier);
    let mode = std::fs::metadata(dir.path().join("the.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(audit(dir.path(), &["keygen", "the.key"]).status.code(), Some(1));
}

/// Killed behind the key and before its verifier key: the next one says and writes that.
#[test]
fn keygen_that_was_killed_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let public = dir.path().join("the.key.pub");
    let verifier = stdout(&audit(dir.path(), &["keygen", "--name", "crm/audit", "the.key"]));
    let key = std::fs::read_to_string(dir.path().join("the.key")).unwrap();
    for torn in [None, Some(""), Some("crm/aud")] {
        std::fs::remove_file(&public).unwrap();
        torn.into_iter().for_each(|torn| std::fs::write(&public, torn).unwrap());
        let other = audit(dir.path(), &["keygen", "--name", "other/audit", "the.key"]);
        assert_eq!(other.status.code(), Some(1), "another one was asked for: {torn:?}");
        let again = audit(dir.path(), &["keygen", "--name", "crm/audit", "the.key"]);
        assert_eq!(stdout(&again), verifier, "{torn:?}");
        assert!(String::from_utf8_lossy(&again.stderr).contains("the.key was there already"), "{again:?}");
        assert_eq!(std::fs::read_to_string(&public).unwrap(), verifier, "{torn:?}");
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("the.key")).unwrap(), key);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no drafts are left");
    assert!(std::fs::metadata(&public).unwrap().permissions().mode() & 0o444 != 0o400, "others may read it");
}

/// The same of the key that the proxy makes for itself.
#[tokio::test]
async fn a_start_writes_the_verifier_key_that_is_missing() {
    let dir = sample().await;
    let public = dir.path().join("audit-keys/signing.key.pub");
    let verifier = std::fs::read_to_string(&public).unwrap();
    std::fs::remove_file(&public).unwrap();
    Recorder::open(Config::new(dir.path().join("audit"))).unwrap().shutdown().await;
    assert_eq!(std::fs::read_to_string(&public).unwrap(), verifier);
}

/// A report that cannot be written whole leaves the one before, and no drafts.
#[tokio::test]
async fn a_report_takes_the_place_of_another_whole() {
    let dir = sample().await;
    let report = dir.path().join("reports/r.txt");
    std::fs::create_dir(dir.path().join("reports")).unwrap();
    std::fs::write(&report, "of yesterday").unwrap();
    std::fs::set_permissions(&report, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("reports/r.txt", dir.path().join("latest")).unwrap();
    // Files may grow to no length: the write fails, as on a full disk.
    let command = format!("ulimit -f 0; trap '' XFSZ; exec {} audit report -o latest", env!("CARGO_BIN_EXE_consentry"));
    let failed =
        Command::new("sh").args(["-c", &command]).current_dir(dir.path()).stdin(Stdio::null()).output().unwrap();
    assert!(String::from_utf8_lossy(&failed.stderr).contains("cannot write latest"), "{failed:?}");
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&report).unwrap(), "of yesterday");
    assert_eq!(files(dir.path(), "reports"), ["r.txt"]);

    stdout(&audit(dir.path(), &["report", "-o", "latest"]));
    assert!(std::fs::read_to_string(&report).unwrap().starts_with("whole: "));
    assert_eq!(std::fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o640, "who may read it stays");
    assert!(dir.path().join("latest").is_symlink());
    assert_eq!(files(dir.path(), "reports"), ["r.txt"]);

    // What is no file is written to as it is.
    let piped = stdout(&audit(dir.path(), &["report", "-o", "/dev/stdout"]));
    assert!(piped.starts_with("whole: "), "{piped}");
    let made = audit(dir.path(), &["report", "-o", "reports/new.txt"]);
    assert_eq!(stdout(&made), "");
    let mode = std::fs::metadata(dir.path().join("reports/new.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, !umask() & 0o066, "as any new file's");
}

fn files(dir: &Path, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn umask() -> u32 {
    let said = Command::new("sh").args(["-c", "umask"]).output().unwrap().stdout;
    u32::from_str_radix(String::from_utf8(said).unwrap().trim(), 8).unwrap()
}
