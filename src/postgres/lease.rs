use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
};

use crate::postgres::failure::Failure;

/// Lends the connections of a pool.
#[derive(Clone)]
pub(super) struct Leases {
    pool: PgPool,
    /// For the one connection that is made ahead.
    ahead: Arc<Semaphore>,
    /// For the connections of work that may wait for what others have locked.
    waiting: Arc<Semaphore>,
}

/// A connection that goes back to the pool only if it is given back. Otherwise it is closed: a call
/// that ended in between leaves it in an unknown state, maybe within a transaction.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    is_idle: bool,
}

/// A call that waits for a connection. If it gives up, what has been begun is not in vain: a
/// connection that takes longer to make than a call may take is there for a later one.
struct Waiting<'a> {
    leases: &'a Leases,
    is_over: bool,
}

impl Leases {
    pub(super) fn new(pool: PgPool) -> Self {
        let half = pool
            .options()
            .get_max_connections()
            .checked_div(2)
            .unwrap_or(0)
            .max(1);
        let half = usize::try_from(half).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            pool,
            ahead: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(half)),
        }
    }

    /// The right to use a connection for work that may wait for what others have locked, at most half of
    /// the connections at once.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.waiting.acquire().await.ok()
    }

    pub(super) async fn lease(&self) -> Result<Lease, Failure> {
        let mut waiting = Waiting {
            leases: self,
            is_over: false,
        };
        let connection = self.pool.acquire().await;
        waiting.is_over = true;
        Ok(Lease {
            connection: connection?,
            is_idle: false,
        })
    }

    /// Makes a connection, or waits for one, for as long as the pool does, and gives it back to the
    /// pool; unless that is under way.
    fn connect_ahead(&self) {
        let permit = Arc::clone(&self.ahead).try_acquire_owned();
        if let (Ok(permit), Ok(runtime)) = (permit, Handle::try_current()) {
            let pool = self.pool.clone();
            runtime.spawn(async move {
                // If it comes to nothing, the next call that gives up begins again.
                let _ = pool.acquire().await;
                drop(permit);
            });
        }
    }
}

impl Lease {
    /// Ends the lease with the answer that came. One that failed without an answer is not given
    /// back.
    pub(super) fn give_back<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.is_idle = answer.as_ref().map_or_else(Failure::is_refusal, |_| true);
        answer
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
        if !self.is_idle {
            self.connection.close_on_drop();
        }
    }
}
