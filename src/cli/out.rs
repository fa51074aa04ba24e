//! What commands print. Whoever closes the pipe (`| head`) has read enough: nothing has failed by that, and what a command
//! came to is in its exit status, whoever reads about it. A full disk is a failure.

use std::fmt::Arguments;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, ErrorKind, StderrLock, StdoutLock, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anstream::AutoStream;

/// The standard output, in colour where that is welcome.
pub struct Out {
    to: AutoStream<StdoutLock<'static>>,
    closed: bool,
}

pub fn stdout() -> Out {
    Out { to: anstream::stdout().lock(), closed: false }
}

impl Out {
    /// Nobody reads on: there is no need to go on for the sake of what is printed.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn unless_closed<T>(&mut self, written: io::Result<T>, otherwise: T) -> io::Result<T> {
        match written {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(otherwise)
            }
            Err(e) => Err(io::Error::new(e.kind(), format!("cannot write to the standard output: {e}"))),
            written => written,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = self.to.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.unless_closed(flushed, ())
    }
}

/// Writes to the standard output, to the last byte.
pub fn write<E: From<io::Error>>(write: impl FnOnce(&mut BufWriter<Out>) -> Result<(), E>) -> Result<(), E> {
    let mut out = BufWriter::new(stdout());
    write(&mut out)?;
    Ok(out.flush()?)
}

/// A line on the standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::out::line(format_args!($($words)*)) };
}

/// A line on the standard error.
macro_rules! remark {
    ($($words:tt)*) => { $crate::cli::out::remark_on(format_args!($($words)*)) };
}

pub(crate) use {remark, say};

pub fn line(words: Arguments<'_>) -> io::Result<()> {
    write(|out| writeln!(out, "{words}"))
}

/// Where this cannot be written, there is nowhere left to say so; the exit status remains.
pub fn remark_on(words: Arguments<'_>) {
    let mut err: AutoStream<StderrLock<'_>> = anstream::stderr().lock();
    let _ = writeln!(err, "{words}");
}

/// Puts a file in its place whole: until then the one before it stays. What is no file (a pipe, a device) is written to,
/// and so is a file in a folder where this user makes none.
pub fn whole_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let permissions = match fs::metadata(path) {
        Ok(there) if there.is_file() => Some(there.permissions()),
        Err(_) if !path.is_symlink() => None,
        _ => return File::create(path)?.write_all(content),
    };
    // A link stays one: the file that it leads to is replaced.
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let as_any_new_file = Permissions::from_mode(0o666);
    let mut draft = match tempfile::Builder::new().permissions(as_any_new_file).tempfile_in(folder) {
        Err(fault) if fault.kind() == ErrorKind::PermissionDenied => return fs::write(place, content),
        made => made?,
    };
    if let Some(permissions) = permissions {
        draft.as_file().set_permissions(permissions)?;
    }
    draft.write_all(content)?;
    draft.as_file().sync_all()?;
    draft.persist(place).map(drop).map_err(|fault| fault.error)
}
