use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, sync::Semaphore};

use crate::postgres::failure::Failure;

/// How often a call is tried again that another transaction was in the way of.
const RETRIES: u32 = 5;

/// The pool, and how long a call may take.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) pool: PgPool,
    pub(super) timeout: Duration,
    /// For the one connection that is made ahead.
    ahead: Arc<Semaphore>,
}

/// A connection that goes back to the pool only if it is given back. Otherwise it is closed: a call
/// that ended in between leaves it in a state that nobody knows, maybe within a transaction.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    is_idle: bool,
}

/// A call that waits for a connection. If it gives up, what has been begun is not in vain: a
/// connection that takes longer to make than a call may take is there for a later one.
struct Waiting<'a> {
    database: &'a Database,
    is_over: bool,
}

impl Database {
    pub(super) fn new(pool: PgPool, timeout: Duration) -> Self {
        Self {
            pool,
            timeout,
            ahead: Arc::new(Semaphore::new(1)),
        }
    }

    pub(super) async fn lease(&self) -> Result<Lease, Failure> {
        let mut waiting = Waiting {
            database: self,
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

    /// Does what `attempt` does, again if other transactions were in its way, within the time.
    pub(super) async fn call<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let attempts = async {
            for _ in 0..RETRIES {
                match attempt().await {
                    Err(failure) if failure.is_conflict() => {}
                    result => return result,
                }
            }
            attempt().await
        };
        self.within_time(attempts).await
    }

    /// Gives up once the time is over.
    pub(super) async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let done = tokio::time::timeout(self.timeout, work).await;
        done.unwrap_or(Err(Failure::TimedOut(self.timeout)))
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
            self.database.connect_ahead();
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
