//! The files that the store has open, and whether their names still lead to them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The database file, its write-ahead log, and the index of the log.
///
/// A file can be deleted or replaced while it is open. SQLite does not notice: it writes on into a file
/// without a name, which is lost with the process.
pub(super) struct Files([OpenFile; 3]);

/// A file as it was when it was opened.
pub(super) struct OpenFile {
    path: PathBuf,
    identity: Identity,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LostFile {
    #[error(
        "{} was deleted, moved or replaced while it was open: put the same file back, or stop this \
         process, put the right file there and start again",
        .0.display()
    )]
    Replaced(PathBuf),
    #[error("{} can't be looked at: {}", .0.display(), .1)]
    Unknown(PathBuf, io::Error),
}

impl Files {
    /// The files of `database`, which is open. SQLite keeps both others beside it while any connection is
    /// open.
    pub(super) fn of(database: OpenFile) -> Result<Self, LostFile> {
        // SQLite follows links first.
        let path = database.path.canonicalize();
        let path = path.map_err(|error| LostFile::new(&database.path, error))?;
        let log = OpenFile::at(beside(&path, "-wal"))?;
        let index = OpenFile::at(beside(&path, "-shm"))?;
        let files = Self([database, log, index]);
        files.check()?;
        Ok(files)
    }

    /// Makes sure that all of them are there under their names.
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

/// The device and the number of the file. No other file gets the number while this one is open.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Elsewhere the system lets nobody delete or rename a file that SQLite has open.
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
    fn a_file_that_can_not_be_looked_at_is_lost() {
        let path = env::temp_dir().join(format!("oauth-dcr-loop-{}", process::id()));
        fs::write(&path, "").unwrap();
        let file = OpenFile::at(path.clone()).unwrap();
        file.check().unwrap();
        fs::remove_file(&path).unwrap();
        let deleted = file.check();
        // A link to itself leads nowhere.
        symlink(&path, &path).unwrap();
        let unknown = file.check();
        fs::remove_file(&path).unwrap();
        assert!(matches!(deleted, Err(LostFile::Replaced(_))), "{deleted:?}");
        assert!(matches!(unknown, Err(LostFile::Unknown(..))), "{unknown:?}");
    }
}
