//! A disk of the record that fails, or hangs, at will, for a whole `consentry serve`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Its faults are written to a file (`disk_faults.c`).
pub struct FaultyDisk {
    folder: TempDir,
}

impl FaultyDisk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/disk_faults.c");
        let library = folder.path().join("faults.so");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
        assert!(built.expect("a C compiler: run `make setup`").success());
        let disk = Self { folder };
        disk.set("");
        disk
    }

    pub fn library(&self) -> PathBuf {
        self.folder.path().join("faults.so")
    }

    pub fn control(&self) -> PathBuf {
        self.folder.path().join("fault")
    }

    /// An errno, `slow`, `hang`; empty: all is well.
    pub fn set(&self, fault: &str) {
        fs::write(self.folder.path().join("next"), fault).unwrap();
        fs::rename(self.folder.path().join("next"), self.control()).unwrap();
    }
}
