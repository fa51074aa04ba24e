//! Who writes a folder's record: one proxy, which holds a lock on the file `lock` for as long as it runs.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use fs4::fs_std::FileExt;

use super::config::OpenError;

const NAME: &str = "lock";

/// One that waits looks again this often.
const LOOK: Duration = Duration::from_millis(20);

/// Takes the folder; who finds it taken waits for as long as `patience`. Two writers would give the same numbers twice.
pub(super) fn take(folder: &Path, patience: Duration) -> Result<File, OpenError> {
    let path = folder.join(NAME);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(OpenError::io(&path))?;
    let began = Instant::now();
    loop {
        match file.try_lock_exclusive() {
            Ok(true) => return Ok(file),
            Ok(false) if began.elapsed() < patience => std::thread::sleep(LOOK),
            Ok(false) => return Err(OpenError::Locked { folder: folder.to_path_buf(), patience }),
            Err(fault) => return Err(OpenError::Io { path, fault }),
        }
    }
}

/// Takes the folder anew where it is no longer the one that `held` is the lock of.
pub(super) fn take_again(held: &mut File, folder: &Path) -> Result<(), OpenError> {
    let path = folder.join(NAME);
    let number = |data: std::io::Result<std::fs::Metadata>| data.map(|d| (d.dev(), d.ino())).ok();
    if number(held.metadata()) != number(std::fs::metadata(path)) {
        *held = take(folder, Duration::ZERO)?;
    }
    Ok(())
}

/// Whether a proxy writes the folder at this moment, as far as this machine can tell: a copy is written by nobody.
///
/// The kernel's list of locks is read, and no lock is tried: one that is held for a moment could keep a proxy from
/// starting.
pub(super) fn is_taken(folder: &Path) -> bool {
    let Ok(file) = std::fs::metadata(folder.join(NAME)) else { return false };
    std::fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.lines().any(|lock| is_on(lock, file.ino())))
}

/// `1: FLOCK  ADVISORY  WRITE 4711 fe:01:131075 0 EOF` (proc(5)). The device is not compared: what stat(2) says of it is
/// another number on layered file systems.
fn is_on(lock: &str, inode: u64) -> bool {
    let mut words = lock.split_whitespace().skip(1);
    let (kind, _, access, _, place) = (words.next(), words.next(), words.next(), words.next(), words.next());
    let on = place.and_then(|p| p.rsplit(':').next()).and_then(|n| n.parse().ok());
    (kind, access, on) == (Some("FLOCK"), Some("WRITE"), Some(inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_for_as_long_as_its_lock_is_held() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_taken(folder.path()), "nobody has ever written here");
        let lock = take(folder.path(), Duration::ZERO).unwrap();
        assert!(is_taken(folder.path()));
        for patience in [Duration::ZERO, LOOK * 3] {
            let began = Instant::now();
            assert!(matches!(take(folder.path(), patience), Err(OpenError::Locked { .. })));
            assert!(began.elapsed() >= patience);
        }
        let mut lock = lock;
        std::fs::remove_file(folder.path().join(NAME)).unwrap();
        assert!(!is_taken(folder.path()), "it is another file's");
        take_again(&mut lock, folder.path()).unwrap();
        assert!(is_taken(folder.path()));
        take_again(&mut lock, folder.path()).unwrap();
        drop(lock);
        assert!(!is_taken(folder.path()));
    }
}
