//! Reads a policy: one TOML file, or a folder whose `*.toml` files are read as one.

use std::io;
use std::path::{Path, PathBuf};

use crate::engine::policy::diagnostics::SourceFile;

/// The policy's files, named as `path` leads to them, in the order of their names.
///
/// An error says which file could not be read; a folder without a `*.toml` file is one too.
pub fn read_policy(path: &Path) -> io::Result<Vec<SourceFile>> {
    let paths = policy_files(path)?;
    if paths.is_empty() {
        let message = format!("{}: no *.toml file in this folder", path.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    paths.iter().map(|path| read_source(path)).collect()
}

/// The files that [`read_policy`] reads.
pub fn policy_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = if path.is_dir() { toml_files(path)? } else { vec![path.to_owned()] };
    paths.sort();
    Ok(paths)
}

/// One file as text.
pub fn read_source(path: &Path) -> io::Result<SourceFile> {
    let text = std::fs::read_to_string(path).map_err(|e| in_file(path, &e))?;
    Ok(SourceFile { name: path.display().to_string(), text })
}

/// Hidden files (editors' swap and lock files) are not part of a policy.
fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| in_file(folder, &e))? {
        let path = entry.map_err(|e| in_file(folder, &e))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|e| e == "toml") && path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

fn in_file(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
