//! A store in one SQLite file, which survives a power cut.

mod database;
mod row;
mod writer;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::SqlitePool;

use crate::{
    client::Client,
    error::BackendError,
    group_commit::GroupCommit,
    life::{Sweep, Touch, TouchOutcome},
    ports::{ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome, UpdateOutcome},
    values::{ClientId, TenantId},
};

use row::{BACKEND, decoded, encoded, failed};
use writer::{Done, Job, Writer};

/// How long a call waits by default: for the disk, and for other processes that write to the file.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Keeps clients in one SQLite file. Clones share it.
///
/// What a call has answered survives a power cut: the file is in WAL mode with `synchronous=FULL`.
/// Writes are grouped: whatever waits while a commit runs goes into the next one. Reads go on beside
/// them. Several processes may share the file, as long as it is on a disk of their own machine.
///
/// It belongs to the tokio runtime that it was opened in.
///
/// ```no_run
/// use oauth_dcr::{Registrar, TenantSettings, SqliteStore};
///
/// # async fn example() -> Result<(), oauth_dcr::BackendError> {
/// let store = SqliteStore::open("clients.sqlite3").await?;
/// let registrar = Registrar::builder(store)
///     .tenant(TenantSettings::new().enabled())
///     .build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    readers: SqlitePool,
    writer: GroupCommit<Writer>,
}

impl SqliteStore {
    /// The store in the file at `path`, which is made if it is not there, and brought up to date if it
    /// is. Its folder has to be there.
    ///
    /// # Errors
    /// [`BackendError`] if the file can't be opened, or is no database of this crate.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, BackendError> {
        Self::open_with_timeout(path, TIMEOUT).await
    }

    /// The same, with calls that wait for `timeout` at most. Default: 5 seconds.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with_timeout(
        path: impl AsRef<Path>,
        timeout: Duration,
    ) -> Result<Self, BackendError> {
        let (connection, readers) = database::open(path.as_ref(), timeout)
            .await
            .map_err(failed)?;
        let writer = GroupCommit::spawn(Writer::new(connection), BACKEND, timeout);
        Ok(Self { readers, writer })
    }
}

impl ClientStore for SqliteStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        // Most that are folded need no write, and so no place in line.
        if let Some(key) = insertion.fold_key() {
            let tenant = insertion.client().tenant();
            let same = row::same(&self.readers, tenant, key).await;
            if let Some(same) = same.map_err(failed)?
                && same.usage.touched(insertion.registered_again()).is_none()
            {
                return decoded(&same.record).map(InsertOutcome::Folded);
            }
        }
        let record = encoded(insertion.client())?;
        match self.writer.submit(Job::Insert(insertion, record)).await? {
            Done::Inserted { removed } => Ok(InsertOutcome::Inserted { removed }),
            Done::IdTaken => Ok(InsertOutcome::IdTaken),
            Done::Folded { record } => decoded(&record).map(InsertOutcome::Folded),
            Done::Full => Ok(InsertOutcome::Full),
            _ => Err(Done::unexpected()),
        }
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        let record = row::find(&self.readers, tenant, id).await;
        record.map_err(failed)?.as_deref().map(decoded).transpose()
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<Arc<Client>>, BackendError> {
        let records = row::list(&self.readers, tenant, after, limit).await;
        let records = records.map_err(failed)?;
        records.iter().map(|record| decoded(record)).collect()
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let record = encoded(update.client())?;
        match self.writer.submit(Job::Update(update, record)).await? {
            Done::Update(outcome) => Ok(outcome),
            _ => Err(Done::unexpected()),
        }
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        let job = Job::Remove(tenant.clone(), id.clone());
        match self.writer.submit(job).await? {
            Done::Remove(outcome) => Ok(outcome),
            _ => Err(Done::unexpected()),
        }
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Touch,
    ) -> Result<TouchOutcome, BackendError> {
        // Most signs of life say nothing new.
        let usage = row::usage(&self.readers, tenant, id).await;
        match usage.map_err(failed)? {
            None => return Ok(TouchOutcome::Missing),
            Some(usage) if usage.touched(touch).is_none() => return Ok(TouchOutcome::Unchanged),
            Some(_) => {}
        }
        let job = Job::Touch(tenant.clone(), id.clone(), touch);
        match self.writer.submit(job).await? {
            Done::Touch(outcome) => Ok(outcome),
            _ => Err(Done::unexpected()),
        }
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        match self
            .writer
            .submit(Job::Sweep(tenant.clone(), sweep))
            .await?
        {
            Done::Swept(removed) => Ok(removed),
            _ => Err(Done::unexpected()),
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
