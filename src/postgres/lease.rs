use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, sync::Semaphore, time::Instant};

use crate::{
    group_commit::deadline_after,
    postgres::{demotions::Demotions, failure::Failure, pooler::PoolerCheck},
};

/// How long a connection stays cached before it goes back to the pool. A few groups of insertions take this long.
const CACHED_FOR: Duration = Duration::from_millis(2);

/// How long to wait before opening another connection if the server is read-only. A failover may soon replace the server.
const DEMOTED_PAUSE: Duration = Duration::from_millis(100);

/// How long the pool may take to check a connection that is returned to it.
const RETURN_TIMEOUT: Duration = Duration::from_secs(1);

/// Lends the connections of a pool.
#[derive(Clone)]
pub(super) struct Leases {
    pool: PgPool,
    /// The pool uses this to check its connections, if it is the store's own pool.
    demotions: Demotions,
    pooler: PoolerCheck,
    /// The permit for opening a connection in the background. There is only one.
    ahead: Arc<Semaphore>,
}

/// A connection of the pool. It returns to the pool only if the call ended with an answer. Otherwise it is closed,
/// because its state is unknown: it may be within a transaction.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    begun: Instant,
    reusable_until: Instant,
    /// Whether a task will return the connection at this time.
    is_timed: bool,
    is_idle: bool,
}

/// A connection that is cached for a moment, for work that follows at once. This saves the round trip that the pool makes
/// for each connection that is returned to it.
#[derive(Clone, Default)]
pub(super) struct CachedLease(Arc<Mutex<Option<Lease>>>);

/// A call that waits for a connection. If the call gives up, a task continues to open the connection, so that a later
/// call can use it.
struct Waiting<'a> {
    leases: &'a Leases,
    is_over: bool,
}

impl Leases {
    pub(super) fn new(pool: PgPool, demotions: Demotions, pooler: PoolerCheck) -> Self {
        Self {
            pool,
            demotions,
            pooler,
            ahead: Arc::new(Semaphore::new(1)),
        }
    }

    /// The most connections that the pool opens.
    pub(super) fn connections(&self) -> u32 {
        self.pool.options().get_max_connections()
    }

    pub(super) async fn lease(&self) -> Result<Lease, Failure> {
        let mut waiting = Waiting {
            leases: self,
            is_over: false,
        };
        let connection = self.acquire().await;
        waiting.is_over = true;
        Ok(Lease {
            connection: connection?,
            begun: Instant::now(),
            reusable_until: deadline_after(CACHED_FOR),
            is_timed: false,
            is_idle: false,
        })
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, Failure> {
        self.pooler.pass(&self.pool).await?;
        Ok(self.pool.acquire().await?)
    }

    /// Checks whether `answer` came from a read-only server, and records this. If the pool has no idle connection, this
    /// waits for a moment before the lease ends, so that the pool does not open many connections to the same server.
    pub(super) async fn check_answer<T>(&self, lease: &Lease, answer: &Result<T, Failure>) {
        if answer.as_ref().is_err_and(Failure::is_read_only) {
            self.demotions.record(lease.begun);
            if self.pool.num_idle() == 0 {
                tokio::time::sleep(DEMOTED_PAUSE).await;
            }
        }
    }

    /// Opens a connection in the background and returns it to the pool. Does nothing if this is already running, or if
    /// the pool has an idle connection for the next call.
    fn connect_in_background(&self) {
        if self.pool.num_idle() > 0 {
            return;
        }
        let permit = Arc::clone(&self.ahead).try_acquire_owned();
        if let (Ok(permit), Ok(runtime)) = (permit, Handle::try_current()) {
            let leases = self.clone();
            runtime.spawn(async move {
                // If this fails, the next call that gives up tries again.
                if let Ok(mut connection) = leases.acquire().await {
                    give_back(&mut connection);
                }
                drop(permit);
            });
        }
    }
}

impl Lease {
    /// Ends the lease and returns `answer`. If there was no answer from the server, the connection is closed.
    pub(super) fn give_back<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.end_with(&answer);
        answer
    }

    fn end_with<T>(&mut self, answer: &Result<T, Failure>) {
        self.is_idle = answer.as_ref().map_or_else(Failure::is_refusal, |_| true);
    }
}

impl CachedLease {
    /// The cached connection, unless it has been cached for too long.
    pub(super) fn take(&self) -> Option<Lease> {
        let mut lease = self.lock().take()?;
        if Instant::now() >= lease.reusable_until {
            return None;
        }
        lease.is_idle = false;
        Some(lease)
    }

    /// Caches the connection of `lease` for a moment, if there was an answer from the server.
    pub(super) fn put<T>(
        &self,
        mut lease: Lease,
        answer: Result<T, Failure>,
    ) -> Result<T, Failure> {
        lease.end_with(&answer);
        // The time is read under the lock, so that the task that returns the connection can't miss it.
        let mut cached = self.lock();
        if lease.is_idle && Instant::now() < lease.reusable_until {
            if !lease.is_timed {
                lease.is_timed = true;
                tokio::spawn(self.clone().give_back_at(lease.reusable_until));
            }
            *cached = Some(lease);
        }
        answer
    }

    /// Returns the connection to the pool, even if no further work follows.
    async fn give_back_at(self, end: Instant) {
        tokio::time::sleep_until(end).await;
        let mut cached = self.lock();
        // Another connection may be cached by now.
        if cached
            .as_ref()
            .is_some_and(|lease| lease.reusable_until <= end)
        {
            *cached = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.leases.connect_in_background();
        }
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_idle {
            give_back(&mut self.connection);
        } else {
            self.connection.close_on_drop();
        }
    }
}

/// Returns a connection to its pool. The pool checks the connection, and would wait for the server without a limit. No
/// other connection could take its place meanwhile.
fn give_back(connection: &mut PoolConnection<Postgres>) {
    if let Ok(runtime) = Handle::try_current() {
        let returned = connection.return_to_pool();
        runtime.spawn(async move {
            // Without an answer in time, the connection is closed.
            let _ = tokio::time::timeout(RETURN_TIMEOUT, returned).await;
        });
    }
}
