//! A store in one SQLite file, which survives a power cut.
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
//! [`SqliteStore`] is the whole module: [`open`](SqliteStore::open) creates the file or brings it up to
//! date.

mod database;
mod failure;
mod insert;
mod removal;
mod row;
mod touch;
mod update;
mod writer;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::SqlitePool;

use crate::{
    backend_error::BackendError,
    client::{Client, StoredClient},
    group_commit_old::GroupCommit,
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    stored_row,
    types::{ClientId, TenantId},
};

use failure::{Failure, NAME};
use writer::{Done, Job, Writer};

/// How long a call may take by default: for the disk, and for other processes that write to the file.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest time-out. SQLite counts milliseconds in 32 bits.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);

/// Keeps clients in one SQLite file. Clones share it.
///
/// What a call has answered survives a power cut: the file is in WAL mode with `synchronous=FULL`.
/// Writes are grouped: whatever waits while a commit runs goes into the next one. Reads go on beside
/// them. Several processes may share the file, as long as it is on a disk of their own machine.
///
/// It belongs to the tokio runtime that it was opened in.
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
    timeout: Duration,
}

impl SqliteStore {
    /// The store in the file at `path`, which is made if it is not there, and brought up to date if it
    /// is. Its folder has to be there.
    ///
    /// # Errors
    /// [`BackendError`] if the file can't be opened, or is no database of this crate; if its file
    /// system can't do WAL mode; if `path` is empty, `:memory:` or a `file:` URI, and no file.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, BackendError> {
        Self::open_with_timeout(path, TIMEOUT).await
    }

    /// The same, with calls that take `timeout` at most, from their beginning to their answer.
    /// Default: 5 seconds; a day at most. What was under way then may be done or not, never half.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn open_with_timeout(
        path: impl AsRef<Path>,
        timeout: Duration,
    ) -> Result<Self, BackendError> {
        let timeout = timeout.min(LONGEST_TIMEOUT);
        let path = path.as_ref();
        let opened = database::open(path, timeout).await;
        let place = |failure| BackendError::from(failure).at(path.display().to_string());
        let (writer, readers) = opened.map_err(place)?;
        let writer = GroupCommit::spawn(writer, NAME, timeout);
        Ok(Self {
            readers,
            writer,
            timeout,
        })
    }

    /// Has `job` carried out. `answer` takes its answer of what was done.
    async fn write<T>(
        &self,
        job: Job,
        answer: impl FnOnce(Done) -> Option<T>,
    ) -> Result<T, BackendError> {
        let done = self.writer.submit(job).await?;
        answer(done).ok_or_else(|| BackendError::new(NAME, "the writer answered another job"))
    }

    /// Gives up once the time is over.
    async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let done = tokio::time::timeout(self.timeout, work).await;
        done.unwrap_or_else(|_| Err(Failure::TimedOut(self.timeout).into()))
    }

    /// The client that `insertion` is a duplicate of, if it need not be touched. Most need not.
    async fn current_duplicate(
        &self,
        insertion: &Insertion,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let Some(key) = insertion.duplicate_key() else {
            return Ok(None);
        };
        let Some(same) = row::same(&self.readers, insertion.client().tenant(), key).await? else {
            return Ok(None);
        };
        let is_current = same.usage.touched(insertion.registered_again()).is_none();
        // An unreadable client fails this insertion alone, and not its group.
        let client = same.client()?;
        Ok(is_current.then_some(client))
    }
}

impl ClientStore for SqliteStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        self.within_time(async {
            if let Some(client) = self.current_duplicate(&insertion).await? {
                return Ok(insertion.settle(InsertOutcome::Duplicate(client)));
            }
            let record = stored_row::write(insertion.client()).map_err(Failure::from)?;
            self.write(Job::Insert(insertion, record), |done| match done {
                Done::Inserted(outcome) => outcome.settle(),
                _ => None,
            })
            .await
        })
        .await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        self.within_time(async { Ok(row::find(&self.readers, tenant, id).await?) })
            .await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        self.within_time(async { Ok(row::list(&self.readers, tenant, after, limit).await?) })
            .await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let record = stored_row::write(update.client()).map_err(Failure::from)?;
        let write = self.write(Job::Update(update, record), |done| match done {
            Done::Update(outcome) => Some(outcome),
            _ => None,
        });
        self.within_time(write).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        let job = Job::SetBlocked(tenant.clone(), id.clone(), blocked);
        let write = self.write(job, |done| match done {
            Done::SetBlocked(outcome) => Some(outcome),
            _ => None,
        });
        self.within_time(write).await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        let job = Job::Remove(tenant.clone(), id.clone());
        let write = self.write(job, |done| match done {
            Done::Remove(outcome) => Some(outcome),
            _ => None,
        });
        self.within_time(write).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        self.within_time(async {
            // Most activity changes nothing.
            match row::usage(&self.readers, tenant, id).await? {
                None => return Ok(TouchOutcome::Missing),
                Some(usage) if usage.touched(touch).is_none() => {
                    return Ok(TouchOutcome::Unchanged);
                }
                Some(_) => {}
            }
            let job = Job::Activity(tenant.clone(), id.clone(), touch);
            self.write(job, |done| match done {
                Done::Activity(outcome) => Some(outcome),
                _ => None,
            })
            .await
        })
        .await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        let write = self.write(Job::Sweep(tenant.clone(), sweep), |done| match done {
            Done::Sweep(removed) => Some(removed),
            _ => None,
        });
        self.within_time(write).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{env, error::Error as _, fs, process};

    use super::*;

    fn cause<T: fmt::Debug>(answer: Result<T, BackendError>) -> String {
        answer.unwrap_err().source().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_time_out_without_end_is_a_day() {
        let folder = env::temp_dir().join(format!("oauth-dcr-time-out-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let store = SqliteStore::open_with_timeout(folder.join("clients"), Duration::MAX);
        let store = store.await.unwrap();
        assert_eq!(store.timeout, LONGEST_TIMEOUT);
        let page = store.list(&TenantId::sole(), None, u32::MAX).await;
        assert!(page.unwrap().is_empty());
        drop(store);
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn no_call_that_reads_waits_beyond_the_time() {
        let folder = env::temp_dir().join(format!("oauth-dcr-readers-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let timeout = Duration::from_millis(50);
        let store = SqliteStore::open_with_timeout(folder.join("clients"), timeout);
        let store = store.await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..database::READERS {
            taken.push(store.readers.acquire().await.unwrap());
        }
        let (tenant, id) = (TenantId::sole(), ClientId::parse("tpc_1").unwrap());
        let touch = Activity::registered_again(crate::types::Timestamp::MAX);
        let causes = [
            cause(store.find(&tenant, &id).await),
            cause(store.list(&tenant, None, 1).await),
            cause(store.touch(&tenant, &id, touch).await),
        ];
        assert_eq!(causes, ["no answer within 50ms"; 3]);
        drop(taken);
        assert_eq!(store.find(&tenant, &id).await.unwrap(), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
