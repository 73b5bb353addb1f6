use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{acl::Signal, geoip::FieldPath};

/// The largest size of a file, in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// The error for a database that can't be used. It names the file and the fault.
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
    /// The file is not a complete and valid MaxMind DB. The source says what is wrong.
    #[error("is not a valid MaxMind DB")]
    Corrupt(#[source] Box<dyn Error + Send + Sync>),
    /// No record has a value of this signal where [`Fields`](crate::geoip::Fields) say that it is.
    #[error("no record has a value for the {} at {path}", signal.as_str())]
    FieldMissing {
        /// The signal.
        signal: Signal,
        /// The path at which the value was expected.
        path: FieldPath,
    },
    /// No record has a value at any of the paths.
    #[error("no record has a country, a subdivision or an ASN at the expected paths")]
    NothingKnown,
}

impl DatabaseError {
    pub(super) fn new(file: &Path, fault: DatabaseFault) -> Self {
        Self {
            file: file.to_owned(),
            fault,
        }
    }

    /// The path of the file, or the name that the caller gave to it.
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
