use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{acl::Signal, geoip::FieldPath};

/// The most bytes of a file that is opened.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// A database can't be used: which file, and why.
#[derive(Debug)]
pub struct DatabaseError {
    file: PathBuf,
    fault: DatabaseFault,
}

/// What is wrong with a database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseFault {
    /// The file can't be read.
    #[error("can't be read")]
    Unreadable(#[source] io::Error),
    /// The file is larger than [`Database::MAX_BYTES`](crate::geoip::Database::MAX_BYTES).
    #[error("has more than {} bytes", MAX_BYTES)]
    TooLarge,
    /// It is not a whole and sound MaxMind DB; the source says where it breaks.
    #[error("is not a sound MaxMind DB")]
    Corrupt(#[source] Box<dyn Error + Send + Sync>),
    /// No record has a value of this signal where [`Fields`](crate::geoip::Fields) say that it is.
    #[error("no record has a value for the {} at {path}", signal.as_str())]
    FieldMissing {
        /// What was looked for.
        signal: Signal,
        /// Where.
        path: FieldPath,
    },
    /// No record has a value at any path that is looked at.
    #[error("no record has a country, a subdivision or an ASN where one was looked for")]
    NothingKnown,
}

impl DatabaseError {
    pub(super) fn new(file: &Path, fault: DatabaseFault) -> Self {
        Self {
            file: file.to_owned(),
            fault,
        }
    }

    /// The file, or the name that was given to it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong.
    pub const fn fault(&self) -> &DatabaseFault {
        &self.fault
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.fault)
    }
}

impl Error for DatabaseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}
