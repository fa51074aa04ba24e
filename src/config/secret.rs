//! Secrets: where they are named, and reading them. A secret has no `Debug` and stands in no message.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rand::RngCore;

/// Fewer bytes could be guessed.
const SHORTEST_KEY: usize = 16;
const NEW_KEY: usize = 32;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    Env(String),
    File(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    #[error("{0}: a key needs at least {SHORTEST_KEY} bytes")]
    TooShort(String),
}

impl Secret {
    /// The secret as text, without the line end that editors leave.
    pub fn read(&self) -> Result<String, SecretError> {
        let text = match self {
            Secret::Env(name) => std::env::var(name).map_err(|_| SecretError::NoVariable(name.clone()))?,
            Secret::File(path) => fs::read_to_string(path).map_err(|e| SecretError::Io(path.clone(), e))?,
        };
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The secret as a key: bytes in hexadecimal, or else the text's own bytes.
    pub fn read_key(&self) -> Result<Vec<u8>, SecretError> {
        let text = self.read()?;
        let key = hex::decode(&text).unwrap_or_else(|_| text.into_bytes());
        if key.len() < SHORTEST_KEY { Err(SecretError::TooShort(self.to_string())) } else { Ok(key) }
    }

    /// As [`Secret::read_key`]; a file that is not there is made, with a random key that only its owner can read.
    pub fn read_or_create_key(&self) -> Result<Vec<u8>, SecretError> {
        if let Secret::File(path) = self {
            create_key(path).map_err(|e| SecretError::Io(path.clone(), e))?;
        }
        self.read_key()
    }
}

impl std::fmt::Display for Secret {
    /// Where it is, never what it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Secret::Env(name) => write!(f, "environment variable {name}"),
            Secret::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Written beside and linked into place, so that no other process ever reads a half of it.
fn create_key(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut key = [0; NEW_KEY];
    rand::rngs::OsRng.fill_bytes(&mut key);
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(format!("{}\n", hex::encode(key)).as_bytes()).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_missing_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pseudonym.key");
        let secret = Secret::File(path.clone());
        assert!(matches!(secret.read_key(), Err(SecretError::Io(..))));
        let key = secret.read_or_create_key().unwrap();
        assert_eq!(key.len(), NEW_KEY);
        assert_eq!(secret.read_or_create_key().unwrap(), key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn short_keys_are_refused_and_line_ends_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "short\r\n").unwrap();
        assert_eq!(Secret::File(path.clone()).read().unwrap(), "short");
        assert!(matches!(Secret::File(path.clone()).read_key(), Err(SecretError::TooShort(_))));
        fs::write(&path, "00112233445566778899aabbccddeeff\n").unwrap();
        assert_eq!(Secret::File(path).read_key().unwrap()[..3], [0x00, 0x11, 0x22]);
    }
}
