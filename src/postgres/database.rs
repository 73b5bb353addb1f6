use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};

use crate::postgres::failure::Failure;

/// How often a call is tried again that another transaction was in the way of.
const RETRIES: u32 = 5;

/// The pool, and how long a call may take.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) pool: PgPool,
    pub(super) timeout: Duration,
}

/// A connection that goes back to the pool only if it is given back. Otherwise it is closed: a call
/// that ended in between leaves it in a state that nobody knows, maybe within a transaction.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    is_idle: bool,
}

impl Database {
    pub(super) async fn lease(&self) -> Result<Lease, Failure> {
        Ok(Lease {
            connection: self.pool.acquire().await?,
            is_idle: false,
        })
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
