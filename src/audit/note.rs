//! C2SP signed notes (c2sp.org/signed-note) with Ed25519 keys, and files that hold one note after another.
//!
//! Knows nothing of what a note says. Key texts are those of `golang.org/x/mod/sumdb/note`, which the specification
//! grew from: `name+hash+base64` for verifiers, `PRIVATE+KEY+name+hash+base64` for signers.

use std::fmt;
use std::io::{self, BufRead, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::config::UPKEEP;
use super::head::Seal;
use super::subjects::make_private_folder;

/// Signature type of Ed25519 (signed-note, "Signature types").
const ED25519: u8 = 0x01;
/// Name of a key, and so of a log, when nobody gives another.
pub const DEFAULT_ORIGIN: &str = "consentry/audit";
const SIGNATURE_MARK: &str = "\u{2014} ";
/// A note of ours is far smaller; a file that claims otherwise is not read into memory.
const MAX_NOTE_BYTES: usize = 1 << 20;

/// What is wrong with a key's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a key: {0}")]
pub struct BadKey(pub &'static str);

/// Signs notes.
pub struct NoteSigner {
    verifier: NoteVerifier,
    key: SigningKey,
}

/// Says whether a note was signed by one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl NoteSigner {
    /// A new random key. `name` is non-empty, without spaces and `+`.
    pub fn generate(name: &str) -> Result<Self, BadKey> {
        Self::new(name, SigningKey::generate(&mut rand::rngs::OsRng))
    }

    fn new(name: &str, key: SigningKey) -> Result<Self, BadKey> {
        Ok(Self { verifier: NoteVerifier::new(name, key.verifying_key())?, key })
    }

    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let rest = text.trim().strip_prefix("PRIVATE+KEY+").ok_or(BadKey("it does not begin with PRIVATE+KEY+"))?;
        let (name, id, seed) = parse_parts(rest)?;
        let signer = Self::new(name, SigningKey::from_bytes(&seed))?;
        (signer.verifier.id == id).then_some(signer).ok_or(BadKey("its hash does not fit the key"))
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> io::Result<Self> {
        let invalid = |e: BadKey| io::Error::new(io::ErrorKind::InvalidData, e);
        Self::parse(&std::fs::read_to_string(path)?).map_err(invalid)
    }

    /// As [`NoteSigner::save`], where no other process has made a key meanwhile: whether this is the one that counts.
    pub fn save_if_first(&self, path: &Path) -> io::Result<bool> {
        match self.save(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            saved => saved.map(|()| true),
        }
    }

    /// Writes the key to a new file that only its owner may read, and the verifier key beside it. Both files are put in their
    /// places whole: nobody ever reads half a key.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let folder = folder_of(path);
        make_private_folder(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(format!("{}\n", self.secret_text()).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|e| e.error)?;
        std::fs::File::open(folder)?.sync_all()?;
        self.publish(path).map(drop)
    }

    /// Writes the verifier key beside the key's file, as `….pub`, unless it stands there: whoever wrote the key may have been
    /// killed before. Whether it was missing.
    pub fn publish(&self, path: &Path) -> io::Result<bool> {
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        let line = format!("{}\n", self.verifier);
        if std::fs::read(&public).is_ok_and(|there| there == line.as_bytes()) {
            return Ok(false);
        }
        let everyone = std::fs::Permissions::from_mode(0o644);
        let mut file = tempfile::Builder::new().permissions(everyone).tempfile_in(folder_of(path))?;
        file.write_all(line.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(public).map_err(|e| e.error)?;
        Ok(true)
    }

    fn secret_text(&self) -> String {
        let NoteVerifier { name, id, .. } = &self.verifier;
        format!("PRIVATE+KEY+{name}+{}+{}", hex::encode(id), encode_typed(self.key.as_bytes()))
    }

    /// The same key under the name of the log of what the commands did.
    pub fn for_upkeep(self) -> Result<Self, BadKey> {
        Ok(Self { verifier: self.verifier.for_upkeep()?, key: self.key })
    }

    pub fn verifier(&self) -> &NoteVerifier {
        &self.verifier
    }

    /// What seals the heads of this log.
    pub(super) fn seal(&self) -> Seal {
        Seal(self.derive(&["consentry head v1 ", &self.verifier.name]))
    }

    /// A key that whoever has this one finds again.
    pub(super) fn derive(&self, labels: &[&str]) -> [u8; 32] {
        let derive = Hmac::<Sha256>::new_from_slice(self.key.as_bytes());
        let derive = derive.unwrap_or_else(|_| unreachable!("HMAC takes any key length"));
        labels.iter().fold(derive, |mac, label| mac.chain_update(label)).finalize().into_bytes().into()
    }

    /// The note that says `text`, which ends with a newline and holds no empty line.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let blob = STANDARD.encode([&self.verifier.id[..], &signature[..]].concat());
        format!("{text}\n{SIGNATURE_MARK}{} {blob}\n", self.verifier.name)
    }
}

/// Why a note proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("it is not a signed note")]
    Malformed,
    #[error("it is signed by another key ({0})")]
    OtherKey(String),
    #[error("its signature does not fit its text")]
    BadSignature,
}

impl NoteVerifier {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, BadKey> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control()) {
            return Err(BadKey("a name is not empty and has neither spaces nor +"));
        }
        let digest = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key).finalize();
        Ok(Self { name: name.into(), id: [digest[0], digest[1], digest[2], digest[3]], key })
    }

    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let (name, id, key) = parse_parts(text.trim())?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| BadKey("it is not an Ed25519 public key"))?;
        let verifier = Self::new(name, key)?;
        (verifier.id == id).then_some(verifier).ok_or(BadKey("its hash does not fit the key"))
    }

    /// The key's hash, under its name.
    pub(super) fn id(&self) -> String {
        hex::encode(self.id)
    }

    /// The key's name, which is also the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same key under the name of the log of what the commands did.
    pub fn for_upkeep(&self) -> Result<Self, BadKey> {
        match self.name.ends_with(UPKEEP) {
            true => Ok(self.clone()),
            false => Self::new(&format!("{}{UPKEEP}", self.name), self.key),
        }
    }

    /// The name under which this very key signed the note for another log.
    pub fn other_log(&self, note: &str) -> Option<String> {
        let (_, signatures) = note.rsplit_once("\n\n")?;
        let names = signatures.lines().filter_map(|line| line.strip_prefix(SIGNATURE_MARK)?.split_once(' '));
        let mut others = names.filter(|(name, _)| *name != self.name);
        others.find_map(|(name, _)| Self::new(name, self.key).ok()?.open(note).ok().map(|_| name.to_owned()))
    }

    /// The text of a note that this key has signed.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        let at = note.rfind("\n\n").ok_or(NoteError::Malformed)? + 1;
        let (text, signatures) = (&note[..at], &note[at + 1..]);
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let mut others = Vec::new();
        for line in signatures.split('\n') {
            let (name, blob) = parse_signature(line).ok_or(NoteError::Malformed)?;
            if name == self.name && blob[..4] == self.id {
                let signature = Signature::from_slice(&blob[4..]).map_err(|_| NoteError::BadSignature)?;
                let fits = self.key.verify_strict(text.as_bytes(), &signature);
                return fits.map(|()| text).map_err(|_| NoteError::BadSignature);
            }
            others.push(format!("{name}+{}", hex::encode(&blob[..4])));
        }
        Err(NoteError::OtherKey(others.join(", ")))
    }
}

impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), encode_typed(self.key.as_bytes()))
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn encode_typed(key: &[u8; 32]) -> String {
    STANDARD.encode([&[ED25519][..], key].concat())
}

/// `name+hash+base64(type ‖ key)`. The last part may hold `+` itself.
fn parse_parts(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), BadKey> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(BadKey("it is not of the form name+hash+base64"));
    };
    let mut hash = [0; 4];
    hex::decode_to_slice(id, &mut hash).map_err(|_| BadKey("its hash is not eight hex digits"))?;
    let bytes = STANDARD.decode(key).map_err(|_| BadKey("its last part is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519, key)) => Ok((name, hash, key.try_into().map_err(|_| BadKey("an Ed25519 key has 32 bytes"))?)),
        _ => Err(BadKey("it is not an Ed25519 key")),
    }
}

/// Name and bytes (key hash ‖ signature) of a signature line.
fn parse_signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, blob) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let blob = STANDARD.decode(blob).ok()?;
    (!name.is_empty() && blob.len() > 4).then_some((name, blob))
}

/// Reads one note after another from a file of notes.
pub struct NoteReader<R> {
    from: R,
    line: u64,
    bytes: u64,
    ahead: Option<String>,
}

/// A note as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledNote {
    pub note: String,
    /// Line of the file on which it begins, from 1.
    pub line: u64,
    /// Where in the file it ends.
    pub end: u64,
}

impl<R: BufRead> NoteReader<R> {
    pub fn new(from: R) -> Self {
        Self { from, line: 0, bytes: 0, ahead: None }
    }

    /// The next note; `None` at the end. What is no whole note (a torn end) comes as it is, and will not open.
    pub fn read_next(&mut self) -> io::Result<Option<FiledNote>> {
        let mut note = String::new();
        let mut begin = None;
        let mut signed = false;
        while let Some(line) = self.take_line()? {
            let signature = line.starts_with(SIGNATURE_MARK);
            if (signed && !signature) || (begin.is_some() && note.len() + line.len() > MAX_NOTE_BYTES) {
                self.ahead = Some(line);
                break;
            }
            signed |= signature;
            begin.get_or_insert(self.line);
            self.bytes += line.len() as u64;
            note.push_str(&line);
        }
        let end = self.bytes;
        Ok(begin.map(|line| FiledNote { note, line, end }))
    }

    fn take_line(&mut self) -> io::Result<Option<String>> {
        if let Some(line) = self.ahead.take() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        if io::Read::take(&mut self.from, MAX_NOTE_BYTES as u64).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.line += 1;
        // Bytes that are not UTF-8 are damage; replaced, they keep any signature from fitting.
        let text = String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        Ok(Some(text))
    }
}
