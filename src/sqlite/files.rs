//! Checks that the files that the store has open still have their names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The database file, its write-ahead log, and the index of the log.
///
/// A file can be deleted or replaced while it is open. SQLite does not notice this, and continues to write into a file
/// without a name, which is lost when the process ends.
pub(super) struct Files([OpenFile; 3]);

/// A file with the identity that it had when it was opened.
pub(super) struct OpenFile {
    path: PathBuf,
    identity: Identity,
}

/// Why a file can't be used any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum LostFile {
    #[error(
        "{} was deleted, moved or replaced while it was open: put the same file back, or stop this \
         process, put the right file there and start again",
        .0.display()
    )]
    Replaced(PathBuf),
    #[error("the metadata of {} can't be read: {}", .0.display(), .1)]
    Unknown(PathBuf, io::Error),
}

impl Files {
    /// The files of `database`, which is open. SQLite keeps the other two files while any connection is open.
    pub(super) fn of(database: OpenFile) -> Result<Self, LostFile> {
        // SQLite resolves symbolic links before it opens the other files.
        let path = database.path.canonicalize();
        let path = path.map_err(|error| LostFile::new(&database.path, error))?;
        let log = OpenFile::at(beside(&path, "-wal"))?;
        let index = OpenFile::at(beside(&path, "-shm"))?;
        let files = Self([database, log, index]);
        files.check()?;
        Ok(files)
    }

    /// Checks that all files still exist under their names.
    pub(super) fn check(&self) -> Result<(), LostFile> {
        self.0.iter().try_for_each(OpenFile::check)
    }
}

impl OpenFile {
    pub(super) fn at(path: PathBuf) -> Result<Self, LostFile> {
        match identity(&path) {
            Ok(identity) => Ok(Self { path, identity }),
            Err(error) => Err(LostFile::new(&path, error)),
        }
    }

    fn check(&self) -> Result<(), LostFile> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(LostFile::Replaced(self.path.clone())),
            Err(error) => Err(LostFile::new(&self.path, error)),
        }
    }
}

impl LostFile {
    fn new(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Self::Replaced(path.to_owned())
            }
            _ => Self::Unknown(path.to_owned(), error),
        }
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The device and the inode number of the file. No other file gets the number while this file is open.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Other systems do not let anybody delete or rename a file that SQLite has open.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use std::{env, os::unix::fs::symlink, process};

    use super::*;

    #[test]
    fn a_file_without_readable_metadata_is_lost() {
        let path = env::temp_dir().join(format!("oauth-dcr-loop-{}", process::id()));
        fs::write(&path, "").unwrap();
        let file = OpenFile::at(path.clone()).unwrap();
        file.check().unwrap();
        fs::remove_file(&path).unwrap();
        let deleted = file.check();
        // A link to itself can't be resolved.
        symlink(&path, &path).unwrap();
        let unknown = file.check();
        fs::remove_file(&path).unwrap();
        assert!(matches!(deleted, Err(LostFile::Replaced(_))), "{deleted:?}");
        assert!(matches!(unknown, Err(LostFile::Unknown(..))), "{unknown:?}");
    }
}
