//! Keyed hashes of subject keys: the record can be asked about a person, and cannot tell who its persons are.
//!
//! One random key a month, one file a key. Destroying a file makes all hashes of that month meaningless
//! (GDPR Art. 17); a tombstone keeps the key from being made again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use rand::RngCore;
use sha2::Sha256;

use super::config::OpenError;

/// Bytes of the hash that are kept: 128 bits, no collisions among 10^15 subjects.
const KEPT: usize = 16;

/// The keys of a folder, read as they are needed.
pub struct SubjectKeys {
    folder: PathBuf,
    keys: RwLock<BTreeMap<String, Key>>,
}

type Key = [u8; 32];

/// What a tombstone says before and after an event tells of it.
const UNTOLD: &[u8] = b"destroyed, not yet on record\n";
const TOLD: &[u8] = b"destroyed, on record\n";

impl SubjectKeys {
    /// Opens the folder, makes it (mode 0700) when it is not there.
    pub fn open(folder: PathBuf) -> Result<Self, OpenError> {
        make_private_folder(&folder).map_err(OpenError::io(&folder))?;
        Ok(Self { folder, keys: RwLock::default() })
    }

    /// `period:hash` under the key of the running month, which is made when it is not there.
    pub fn hash_now(&self, kind: &str, key: &str) -> io::Result<String> {
        let period = period_of(jiff::Timestamp::now());
        if let Some(secret) = self.keys.read().get(&period) {
            return Ok(hash(&period, secret, kind, key));
        }
        let secret = read_or_make(&self.folder, &period)?;
        let hashed = hash(&period, &secret, kind, key);
        self.keys.write().insert(period, secret);
        Ok(hashed)
    }

    /// Makes this and the next month's key, so that a full disk at the turn of the month hurts nobody.
    pub fn prepare(&self) -> io::Result<()> {
        let now = jiff::Timestamp::now();
        let next = now + jiff::SignedDuration::from_hours(24 * 3);
        for period in [period_of(now), period_of(next)] {
            read_or_make(&self.folder, &period)?;
        }
        Ok(())
    }

    /// Periods whose key was destroyed and that no event tells of yet; they are taken as told from now on.
    pub fn newly_forgotten(&self) -> io::Result<Vec<String>> {
        let mut periods = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "forgotten")
                && fs::read(&path)? == UNTOLD
                && let Some(period) = path.file_stem().and_then(|s| s.to_str())
            {
                fs::write(&path, TOLD)?;
                periods.push(period.to_owned());
            }
        }
        Ok(periods)
    }
}

/// `YYYY-MM` in UTC.
pub fn period_of(time: jiff::Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string()
}

/// The hashes of a subject, whose key is spelled so, under every period's key that still is in `folder`.
pub fn hashes(folder: &Path, kind: &str, spellings: &BTreeSet<String>) -> io::Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "key")
            && let Some(period) = path.file_stem().and_then(|s| s.to_str())
        {
            let secret = read(&path)?;
            all.extend(spellings.iter().map(|key| hash(period, &secret, kind, key)));
        }
    }
    all.sort();
    Ok(all)
}

/// What destroying a period's key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    Destroyed,
    /// There was no key of that period.
    NeverThere,
    AlreadyDestroyed,
}

/// Destroys the key of a past period; its tombstone stays. The running month's key cannot be destroyed.
pub fn forget(folder: &Path, period: &str) -> io::Result<Forgotten> {
    let month = jiff::civil::Date::strptime("%Y-%m-%d", format!("{period}-01"));
    if month.is_err() || period.len() != 7 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a period is a month, such as 2026-11"));
    }
    if period >= period_of(jiff::Timestamp::now()).as_str() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the period is not over; its key is in use"));
    }
    let (key, tombstone) = (key_path(folder, period), tombstone_path(folder, period));
    if !key.exists() {
        return Ok(if tombstone.exists() { Forgotten::AlreadyDestroyed } else { Forgotten::NeverThere });
    }
    write_new(&tombstone, UNTOLD)?;
    // Overwritten first: a deleted file's blocks can be read from the device.
    let mut file = OpenOptions::new().write(true).open(&key)?;
    file.write_all(&[b'0'; 65])?;
    file.sync_all()?;
    fs::remove_file(&key)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(Forgotten::Destroyed)
}

fn hash(period: &str, secret: &Key, kind: &str, key: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
    mac.update(kind.as_bytes());
    mac.update(&[0]); // a kind is a TOML key and holds no NUL, so kind and key cannot run into each other
    mac.update(key.as_bytes());
    format!("{period}:{}", hex::encode(&mac.finalize().into_bytes()[..KEPT]))
}

fn key_path(folder: &Path, period: &str) -> PathBuf {
    folder.join(format!("{period}.key"))
}

fn tombstone_path(folder: &Path, period: &str) -> PathBuf {
    folder.join(format!("{period}.forgotten"))
}

fn read_or_make(folder: &Path, period: &str) -> io::Result<Key> {
    let path = key_path(folder, period);
    if path.exists() {
        return read(&path);
    }
    if tombstone_path(folder, period).exists() {
        return Err(io::Error::other("the key of this month was destroyed"));
    }
    let mut secret = Key::default();
    rand::rngs::OsRng.fill_bytes(&mut secret);
    match write_new(&path, format!("{}\n", hex::encode(secret)).as_bytes()) {
        Ok(()) => Ok(secret),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => read(&path),
        Err(e) => Err(e),
    }
}

fn read(path: &Path) -> io::Result<Key> {
    let text = fs::read_to_string(path)?;
    let mut secret = Key::default();
    hex::decode_to_slice(text.trim(), &mut secret)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{}: not a subject key", path.display())))?;
    Ok(secret)
}

/// Makes a folder that only its owner may enter, and those above it.
pub(super) fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a new file that only its owner may read, durably.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key would be taken for a whole one's place: better none.
        let _ = fs::remove_file(path);
    }
    written?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}
