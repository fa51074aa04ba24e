//! The few things that the record asks of a file system, as a trait, so that a test can make each of them fail.
//!
//! Knows nothing of events, trees or sessions.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Where the record's files are written.
pub trait Disk: Send + Sync + 'static {
    /// Opens `path` for appending and makes it (mode 0640) when it is not there, its entry in the folder durable.
    fn append(&self, path: &Path) -> io::Result<Box<dyn Appender>>;

    /// Makes `path` anew with `size` bytes that are durable and take their place on the disk, to be overwritten. When
    /// that fails nothing is left of it.
    fn overwrite(&self, path: &Path, size: u64) -> io::Result<Box<dyn Overwriter>>;
}

/// A file that never grows.
pub trait Overwriter: Send {
    /// Writes through: when it returns, the bytes survive a power cut.
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// As [`Appender::in_place`].
    fn in_place(&self) -> io::Result<()>;
}

/// A file that only grows, except for [`Appender::truncate`] after a failure.
pub trait Appender: Send {
    /// Bytes in the file.
    fn size(&self) -> io::Result<u64>;
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// fdatasync(2): what was written survives a power cut.
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, len: u64) -> io::Result<()>;
    /// Fails when the path no longer leads to this very file: a handle outlives its folder, and what is written to
    /// a deleted file is on no record.
    fn in_place(&self) -> io::Result<()>;
}

/// Opens `path` again when `file` is no longer what is there. `false`: it does not hold the `known` bytes.
pub(super) fn reopen(disk: &dyn Disk, file: &mut Box<dyn Appender>, path: &Path, known: u64) -> io::Result<bool> {
    if file.in_place().is_ok() {
        return Ok(true);
    }
    if !path.parent().is_some_and(Path::exists) {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the folder is not there"));
    }
    if !path.exists() {
        return Ok(false);
    }
    let again = disk.append(path)?;
    let holds = again.size()? == known;
    if holds {
        *file = again;
    }
    Ok(holds)
}

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn Appender>> {
        let new = !path.exists();
        let file = OpenOptions::new().append(true).create(true).mode(0o640).open(path)?;
        if new && let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Box::new(RealFile { file, path: path.to_path_buf() }))
    }

    fn overwrite(&self, path: &Path, size: u64) -> io::Result<Box<dyn Overwriter>> {
        if path.exists() {
            std::fs::remove_file(path)?;
        }
        let made = fill(path, size).and_then(|()| {
            let file = OpenOptions::new().write(true).custom_flags(OFlags::DSYNC.bits().cast_signed()).open(path)?;
            Ok(Box::new(RealFile { file, path: path.to_path_buf() }))
        });
        match made {
            Ok(file) => Ok(file),
            Err(fault) => {
                let _ = std::fs::remove_file(path); // nothing to add to the first fault
                Err(fault)
            }
        }
    }
}

/// A file of `size` bytes. They are written and not merely allocated: the first write to a block that was only
/// allocated changes the file system's own tables again.
fn fill(path: &Path, size: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(path)?;
    io::copy(&mut io::Read::take(io::repeat(0), size), &mut io::BufWriter::with_capacity(1 << 20, &mut file))?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

struct RealFile {
    file: File,
    path: PathBuf,
}

impl Appender for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn in_place(&self) -> io::Result<()> {
        self.is_in_place()
    }
}

impl Overwriter for RealFile {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, at)
    }

    fn in_place(&self) -> io::Result<()> {
        self.is_in_place()
    }
}

impl RealFile {
    fn is_in_place(&self) -> io::Result<()> {
        let (here, there) = (self.file.metadata()?, std::fs::metadata(&self.path)?);
        if (here.dev(), here.ino()) == (there.dev(), there.ino()) {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "the file was replaced by another"))
        }
    }
}
