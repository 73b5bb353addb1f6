use std::{path::PathBuf, time::Duration};

use crate::{
    backend_error::BackendError, client::UnreadableClient, sqlite::files::LostFile,
    stored_row::StoredError,
};

/// The name of this back end in errors.
pub(super) const NAME: &str = "sqlite";

/// The low byte of a result code says what went wrong, and the other bytes say why:
/// <https://www.sqlite.org/rescode.html>
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const NO_MEMORY: u32 = 7;
const READ_ONLY: u32 = 8;
const IO: u32 = 10;
const FULL: u32 = 13;
const CANT_OPEN: u32 = 14;
const PROTOCOL: u32 = 15;
const NOT_A_DATABASE: u32 = 26;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// To SQLite, these names mean a temporary database, a database in memory or a URI. Each connection would have a
    /// separate database, or a database that is not stored.
    #[error("the name {0:?} is not the name of a file: it is empty, `:memory:` or a `file:` URI")]
    NoFile(PathBuf),
    #[error("the folder of the file does not exist")]
    NoFolder,
    #[error(
        "the journal mode is `{0}`, because the file system of the file does not support `wal`"
    )]
    NoWal(String),
    #[error(transparent)]
    Lost(#[from] LostFile),
    /// The file was lost between the beginning and the end of the call.
    #[error("{0}; the call may have been carried out")]
    LostMeanwhile(LostFile),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error(transparent)]
    Stored(#[from] StoredError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableClient),
}

impl Failure {
    /// Whether another process works on the file right now: it is busy, or has just been migrated or replaced.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Database(sqlx::Error::Migrate(_)) | Self::Lost(_)
        ) || self.has_code(&[BUSY, LOCKED])
    }

    /// Whether a single job of a group may be the cause. Otherwise the cause is the file or the disk, and each job
    /// would also fail alone.
    pub(super) fn is_of_one_job(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(_)) => !self.has_code(&[
                BUSY,
                LOCKED,
                NO_MEMORY,
                READ_ONLY,
                IO,
                FULL,
                CANT_OPEN,
                PROTOCOL,
                NOT_A_DATABASE,
            ]),
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Decode(_)
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::Encode(_)
                    | sqlx::Error::RowNotFound
            ),
            Self::Stored(_) | Self::Unreadable(_) => true,
            Self::NoFile(_)
            | Self::NoFolder
            | Self::NoWal(_)
            | Self::Lost(_)
            | Self::LostMeanwhile(_)
            | Self::TimedOut(_) => false,
        }
    }

    fn has_code(&self, codes: &[u32]) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        let code = error.code().and_then(|code| code.parse::<u32>().ok());
        code.is_some_and(|code| codes.contains(&(code & 0xff)))
    }
}

impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        // The library's error is the direct source, so that callers can find it.
        match failure {
            Failure::Database(error) => Self::new(NAME, error),
            Failure::Unreadable(client) => Self::new(NAME, client),
            other => Self::new(NAME, other),
        }
    }
}
