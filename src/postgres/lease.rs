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

/// How long a connection may be kept before others may have it. A few groups of insertions take as long.
const KEEP: Duration = Duration::from_millis(2);

/// How long to wait before reconnecting to a read-only server, which a failover may soon replace.
const DEMOTED_PAUSE: Duration = Duration::from_millis(100);

/// How long the server may take to show that a connection works when it goes back to the pool.
const RETURN_TIMEOUT: Duration = Duration::from_secs(1);

/// Lends the connections of a pool.
#[derive(Clone)]
pub(super) struct Leases {
    pool: PgPool,
    /// What the pool's check of its connections goes by, if it is the store's own.
    demotions: Demotions,
    pooler: PoolerCheck,
    /// For the one connection that is made ahead.
    ahead: Arc<Semaphore>,
}

/// A connection that goes back to the pool only if it is given back. Otherwise it is closed: a call
/// that ended in between leaves it in an unknown state, maybe within a transaction.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    begun: Instant,
    kept_until: Instant,
    /// Whether a task will give it back at the end of that time.
    is_timed: bool,
    is_idle: bool,
}

/// A connection that is kept for a moment, for work that follows at once: the pool makes a round trip for
/// each connection that it gets back.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Option<Lease>>>);

/// A call that waits for a connection. If the call gives up, a task finishes the connection, so that a later call
/// can use it.
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

    /// How many connections the pool may have.
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
            kept_until: deadline_after(KEEP),
            is_timed: false,
            is_idle: false,
        })
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, Failure> {
        self.pooler.pass(&self.pool).await?;
        Ok(self.pool.acquire().await?)
    }

    /// Records if the `answer` to `lease` came from a server that only reads. If the pool has no other connection,
    /// this waits for a moment, with the connection leased, so that few connections are made in vain.
    pub(super) async fn look_at<T>(&self, lease: &Lease, answer: &Result<T, Failure>) {
        if answer.as_ref().is_err_and(Failure::is_read_only) {
            self.demotions.record(lease.begun);
            if self.pool.num_idle() == 0 {
                tokio::time::sleep(DEMOTED_PAUSE).await;
            }
        }
    }

    /// Makes a connection, or waits for one, for as long as the pool does, and gives it back to the
    /// pool; unless that is under way, or an idle connection waits for the next call.
    fn connect_ahead(&self) {
        if self.pool.num_idle() > 0 {
            return;
        }
        let permit = Arc::clone(&self.ahead).try_acquire_owned();
        if let (Ok(permit), Ok(runtime)) = (permit, Handle::try_current()) {
            let leases = self.clone();
            runtime.spawn(async move {
                // If it comes to nothing, the next call that gives up begins again.
                if let Ok(mut connection) = leases.acquire().await {
                    give_back(&mut connection);
                }
                drop(permit);
            });
        }
    }
}

impl Lease {
    /// Ends the lease with the answer that came. One that failed without an answer is not given
    /// back.
    pub(super) fn give_back<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.end_with(&answer);
        answer
    }

    fn end_with<T>(&mut self, answer: &Result<T, Failure>) {
        self.is_idle = answer.as_ref().map_or_else(Failure::is_refusal, |_| true);
    }
}

impl Kept {
    /// The connection, unless it has been kept for long enough.
    pub(super) fn take(&self) -> Option<Lease> {
        let mut lease = self.lock().take()?;
        if Instant::now() >= lease.kept_until {
            return None;
        }
        lease.is_idle = false;
        Some(lease)
    }

    /// Keeps the connection of `lease` if it has answered, and for a moment only.
    pub(super) fn keep<T>(
        &self,
        mut lease: Lease,
        answer: Result<T, Failure>,
    ) -> Result<T, Failure> {
        lease.end_with(&answer);
        // The time is read under the lock, so that the task that gives the connection back can't miss it.
        let mut kept = self.lock();
        if lease.is_idle && Instant::now() < lease.kept_until {
            if !lease.is_timed {
                lease.is_timed = true;
                tokio::spawn(self.clone().give_back_at(lease.kept_until));
            }
            *kept = Some(lease);
        }
        answer
    }

    /// Gives the connection back to the pool, even if no further work follows.
    async fn give_back_at(self, end: Instant) {
        tokio::time::sleep_until(end).await;
        let mut kept = self.lock();
        // Another connection may be kept by now.
        if kept.as_ref().is_some_and(|lease| lease.kept_until <= end) {
            *kept = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.leases.connect_ahead();
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

/// Gives a connection back to its pool. The pool asks the server whether the connection works, and would wait for
/// an answer without an end, while no other connection may take its place.
fn give_back(connection: &mut PoolConnection<Postgres>) {
    if let Ok(runtime) = Handle::try_current() {
        let returned = connection.return_to_pool();
        runtime.spawn(async move {
            // Without an answer in time, the connection is closed.
            let _ = tokio::time::timeout(RETURN_TIMEOUT, returned).await;
        });
    }
}
