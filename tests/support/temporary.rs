//! Folders that are removed when they are dropped.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A new folder.
pub(crate) struct TemporaryDir(PathBuf);

impl TemporaryDir {
    /// A folder among the temporary files.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oauth-dcr-{}-{number}", process::id());
        let dir = env::temp_dir().join(name);
        fs::create_dir(&dir).expect("a new folder");
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
