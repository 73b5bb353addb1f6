//! Stores clients in one SQLite file, which survives a power cut.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use oauth_dcr::{Registrar, TenantSettings, sqlite::SqliteStore};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let store = SqliteStore::open_with_timeout("clients.sqlite3", Duration::from_secs(2)).await?;
//! let registrar = Registrar::builder(store)
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`SqliteStore`] is the only item of this module. [`open`](SqliteStore::open) creates the file or updates its
//! schema.

mod count;
mod database;
mod failure;
mod files;
mod insert;
mod job;
mod removal;
mod row;
mod touch;
mod update;
mod writer;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::SqlitePool;
use tokio::time::Instant;

use crate::{
    backend_error::BackendError,
    client::{Client, StoredClient},
    group_commit::{GroupCommit, deadline_after},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
    stored_row,
    types::{ClientId, TenantId},
};

use database::Database;
use failure::{Failure, NAME};
use files::Files;
use insert::NewClient;
use job::{Call, Job};
use writer::Writer;

/// How long a call may take by default. It waits for the disk, and for other processes that write to the file.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest time-out. SQLite stores the milliseconds in 32 bits.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);

/// Stores clients in one SQLite file. Clones share the file.
///
/// When a call returns, its result survives a power cut: the file is in WAL mode with `synchronous=FULL`.
/// Writes are grouped: all calls that wait while a commit runs are written by the next commit. Reads run at the same
/// time. Several processes may share the file if it is on a disk of their own machine.
///
/// SQLite keeps two more files beside the file. If any of the three files is deleted, moved or replaced while the
/// store is open, every call fails, and the error says what to do. The store works again once the same file is moved
/// back. Stop the server before you restore a backup: [the guide](crate::guide::stores#sqlite-the-file) says how.
///
/// The store belongs to the Tokio runtime in which it was opened.
///
/// ```no_run
/// use oauth_dcr::{sqlite::SqliteStore, Registrar, TenantSettings};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SqliteStore::open("clients.sqlite3").await?;
/// let registrar = Registrar::builder(store)
///     .tenant(TenantSettings::new().enabled())
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    readers: SqlitePool,
    writer: GroupCommit<Writer>,
    files: Arc<Files>,
    timeout: Duration,
}

impl SqliteStore {
    /// Opens the file at `path`. Creates the file if it does not exist, and updates its schema if it does. The folder
    /// of the file has to exist. The process may change its working directory later.
    ///
    /// An older version of this crate can open a file that a newer version has updated. Do not set a new limit until
    /// all processes have the same version.
    ///
    /// # Errors
    /// [`BackendError`] if the file can't be opened or is not a database of this crate, if its file system does not
    /// support WAL mode, or if `path` is not a file: it is empty, `:memory:` or a `file:` URI.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, BackendError> {
        Self::open_with_timeout(path, TIMEOUT).await
    }

    /// Opens the file at `path` like [`open`](Self::open), with a time-out for each call. Default: 5 seconds. The
    /// longest time-out is a day.
    ///
    /// If a call times out, its work may have been done or not, but never half.
    ///
    /// # Errors
    /// The errors of [`SqliteStore::open`].
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub async fn open_with_timeout(
        path: impl AsRef<Path>,
        timeout: Duration,
    ) -> Result<Self, BackendError> {
        let timeout = timeout.min(LONGEST_TIMEOUT);
        let path = path.as_ref();
        let place = |failure| BackendError::from(failure).at(path.display().to_string());
        let database = Database::open(path, timeout).await.map_err(place)?;
        let (readers, files) = (database.readers().await.map_err(place)?, database.files());
        let writer = Writer::new(database).await.map_err(place)?;
        Ok(Self {
            readers,
            writer: GroupCommit::spawn(writer, NAME),
            files,
            timeout,
        })
    }

    /// The latest time at which a call that begins now ends.
    fn deadline(&self) -> Instant {
        deadline_after(self.timeout)
    }

    /// Reads, until `deadline` at the latest. Fails if the file was lost.
    async fn read<T>(
        &self,
        deadline: Instant,
        read: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, BackendError> {
        self.files.check().map_err(Failure::from)?;
        let failure = match tokio::time::timeout_at(deadline, read).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(failure)) => failure,
            Err(_elapsed) => Failure::TimedOut(self.timeout),
        };
        // If the file was lost, say so: the error of SQLite would explain less.
        self.files.check().map_err(Failure::from)?;
        Err(failure.into())
    }

    /// Sends a job with this input to the writer, and waits for its outcome until `deadline`.
    async fn write<I, O>(
        &self,
        deadline: Instant,
        job: fn(Call<I, O>) -> Job,
        input: I,
    ) -> Result<O, BackendError> {
        let with_reply = |reply| job(Call::new(input, reply));
        self.writer.submit(deadline, with_reply).await
    }

    /// The client that `insertion` is a duplicate of, if the client need not be touched, which is the usual case.
    async fn current_duplicate(
        &self,
        insertion: &Insertion,
        key: DuplicateKey,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let tenant = insertion.client().tenant();
        let Some(duplicate) = row::duplicate(&self.readers, tenant, key).await? else {
            return Ok(None);
        };
        let usage = duplicate.usage;
        let is_current = usage.touched(insertion.registered_again()).is_none();
        // An unreadable client fails only this insertion, not its group.
        let client = duplicate.client()?;
        Ok(is_current.then_some(client))
    }
}

impl ClientStore for SqliteStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        let deadline = self.deadline();
        if let Some(key) = insertion.duplicate_key() {
            let duplicate = self.read(deadline, self.current_duplicate(&insertion, key));
            if let Some(client) = duplicate.await? {
                return Ok(insertion.settle(InsertOutcome::Duplicate(client)));
            }
        }
        let record = stored_row::write(insertion.client()).map_err(Failure::from)?;
        let new = NewClient { insertion, record };
        self.write(deadline, Job::Insert, new).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = row::find(&self.readers, tenant, id);
        self.read(self.deadline(), found).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        let page = row::list(&self.readers, tenant, after, limit);
        self.read(self.deadline(), page).await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let record = stored_row::write(update.client()).map_err(Failure::from)?;
        let input = (update, record);
        self.write(self.deadline(), Job::Update, input).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        let input = (tenant.clone(), id.clone(), blocked);
        self.write(self.deadline(), Job::SetBlocked, input).await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        let input = (tenant.clone(), id.clone());
        self.write(self.deadline(), Job::Remove, input).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        let deadline = self.deadline();
        let usage = self.read(deadline, row::usage(&self.readers, tenant, id));
        match usage.await? {
            None => Ok(TouchOutcome::Missing),
            // Most activity changes nothing.
            Some(usage) if usage.touched(touch).is_none() => Ok(TouchOutcome::Unchanged),
            Some(_) => {
                let input = (tenant.clone(), id.clone(), touch);
                self.write(deadline, Job::Touch, input).await
            }
        }
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        let input = (tenant.clone(), sweep);
        self.write(self.deadline(), Job::Sweep, input).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
