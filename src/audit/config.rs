//! What the record needs to know to start: made by `config/` from `[audit]`, or by a test.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::note::{DEFAULT_ORIGIN, NoteSigner};
use super::sinks::SinkConfig;

/// When a decision's row may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// After its record is on disk.
    #[default]
    Strict,
    /// At once; records may trail by up to a second.
    Relaxed,
    /// Nothing is recorded. For benchmarks only: the server file does not offer it.
    Off,
}

impl Durability {
    pub fn as_str(self) -> &'static str {
        match self {
            Durability::Strict => "strict",
            Durability::Relaxed => "relaxed",
            Durability::Off => "off",
        }
    }
}

/// Whose deeds a record tells. Each is a log of its own, with its own name, so that neither passes as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Log {
    /// The proxy's.
    #[default]
    Proxy,
    /// Those of commands that work in a database directly.
    Upkeep,
}

/// Settings of the record. Start from [`Config::new`] and change fields.
#[derive(Debug, Clone)]
pub struct Config {
    pub folder: PathBuf,
    pub log: Log,
    pub durability: Durability,
    /// How long a folder is waited for that another process writes to.
    pub patience: Duration,
    /// Private key of the checkpoints, from `consentry audit keygen`; `None`: `<folder>-keys/signing.key`, made when
    /// it is not there.
    pub key: Option<PathBuf>,
    /// Folder of the subject keys; `None`: `<folder>-keys/subjects`. Not inside `folder`, which is handed to auditors.
    pub subject_keys: Option<PathBuf>,
    /// A heartbeat and, after activity, a checkpoint come this often.
    pub heartbeat: Duration,
    /// A new file is begun when the running one is longer; and every UTC day.
    pub rotate_bytes: u64,
    /// Lines that no checkpoint vouches for, at most: who can write the folder may change those of a crashed proxy, and more
    /// of them are none that it left. Few enough for that, many enough that a busy proxy makes no more than a checkpoint a
    /// second, each of which syncs the record's file while sessions wait.
    pub unvouched_at_most: u64,
    /// Where lines go besides the file.
    pub sinks: Vec<SinkConfig>,
}

impl Config {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            log: Log::default(),
            durability: Durability::default(),
            patience: Duration::ZERO,
            key: None,
            subject_keys: None,
            heartbeat: Duration::from_secs(60),
            rotate_bytes: 256 << 20,
            unvouched_at_most: 65_536,
            sinks: Vec::new(),
        }
    }

    pub fn key_file(&self) -> PathBuf {
        self.key.clone().unwrap_or_else(|| keys_beside(&self.folder).join("signing.key"))
    }

    /// The key of the checkpoints. Only the default one is made when it is missing: a named key that is not there is a
    /// mistake.
    pub(super) fn signer(&self) -> Result<NoteSigner, OpenError> {
        let signer = self.key()?;
        match self.log {
            Log::Proxy => Ok(signer),
            Log::Upkeep => {
                signer.for_upkeep().map_err(|e| OpenError::io(self.key_file())(io::Error::other(e.to_string())))
            }
        }
    }

    fn key(&self) -> Result<NoteSigner, OpenError> {
        let path = self.key_file();
        if self.key.is_none() && !path.exists() {
            let made = NoteSigner::generate(DEFAULT_ORIGIN).map_err(|e| io::Error::other(e.to_string()));
            let made = made.map_err(OpenError::io(&path))?;
            if made.save_if_first(&path).map_err(OpenError::io(&path))? {
                tracing::warn!(verifier = %made.verifier(), path = %path.display(), "made a key for the record's checkpoints");
            }
        }
        let key = NoteSigner::load(&path).map_err(OpenError::io(&path))?;
        if self.key.is_none() {
            // Whoever made it may have been killed before its `.pub`; a folder that is only read does without.
            let _ = key.publish(&path);
        }
        Ok(key)
    }

    /// A key that stays the same for as long as the record's own does.
    pub fn derived_key(&self, label: &str) -> Result<[u8; 32], OpenError> {
        Ok(self.key()?.derive(&["consentry ", label]))
    }

    /// Where the record's head is kept: a folder that is private, stays, and is not handed out.
    pub(super) fn head_file(&self, signer: &NoteSigner) -> PathBuf {
        let folder = self.folder.file_name().unwrap_or_default().to_string_lossy();
        self.subject_keys_folder().join(format!("{folder}.{}.head", signer.verifier().id()))
    }

    pub fn subject_keys_folder(&self) -> PathBuf {
        self.subject_keys.clone().unwrap_or_else(|| keys_beside(&self.folder).join("subjects"))
    }
}

/// What the log of commands has behind the name of the proxy's: its folder (`audit` → `audit-upkeep`), and itself, signed as
/// it is with the same key.
pub const UPKEEP: &str = "-upkeep";

/// `audit` → `audit-keys`.
pub fn keys_beside(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push("-keys");
    folder.with_file_name(name)
}

/// Why a record could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("audit folder {folder}: {}", locked(*.patience))]
    Locked { folder: PathBuf, patience: Duration },
    #[error("{path}: {fault}")]
    Io { path: PathBuf, fault: io::Error },
    #[error("{path}: {problem}")]
    Unusable { path: PathBuf, problem: String },
}

fn locked(patience: Duration) -> String {
    match patience.as_secs() {
        0 => "another process writes to it; one folder takes one proxy".to_owned(),
        waited => format!("others have been writing to it for the {waited} seconds that they were waited for"),
    }
}

impl OpenError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |fault| Self::Io { path, fault }
    }
}
