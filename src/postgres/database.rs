use std::{
    hash::{BuildHasher as _, RandomState},
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, sync::Semaphore, time::Instant};

use crate::postgres::{failure::Failure, time_outs::TimeOuts};

/// How often a call is tried again after a conflict with another transaction.
const RETRIES: u32 = 5;

/// How long the first pause before that is at most.
const PAUSE: Duration = Duration::from_millis(2);

/// The pool, and how long a call may take.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) pool: PgPool,
    pub(super) timeout: Duration,
    pub(super) timeouts: TimeOuts,
    /// For the one connection that is made ahead.
    ahead: Arc<Semaphore>,
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
    database: &'a Database,
    is_over: bool,
}

impl Database {
    /// `timeouts` are those that `pool` knows of.
    pub(super) fn new(pool: PgPool, timeouts: TimeOuts, timeout: Duration) -> Self {
        Self {
            pool,
            timeouts,
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
            loop {
                match self.attempt(&attempt).await {
                    // It waits for that one thing anyway.
                    Err(failure) if failure.is_locked() => {}
                    result => return result,
                }
            }
        };
        self.within_time(attempts).await
    }

    /// Does what `attempt` does, again if other transactions were in its way, if that can begin
    /// before `deadline`, and until then.
    pub(super) async fn call_by<T, F>(
        &self,
        deadline: Instant,
        attempt: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        if Instant::now() >= deadline {
            return Err(Failure::TimedOut(self.timeout));
        }
        let done = tokio::time::timeout_at(deadline, self.attempt(attempt)).await;
        done.unwrap_or(Err(Failure::TimedOut(self.timeout)))
    }

    async fn attempt<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        for number in 0..RETRIES {
            match attempt().await {
                Err(failure) if failure.is_conflict() => {}
                result => return result,
            }
            tokio::time::sleep(pause(number)).await;
        }
        attempt().await
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

/// How long to wait after the attempt of this number, from 0. The pause grows with each attempt, and
/// differs between nodes.
fn pause(number: u32) -> Duration {
    let longest = PAUSE.saturating_mul(2_u32.saturating_pow(number));
    longest.mul_f64(f64::midpoint(1.0, jitter()))
}

/// A random number from 0 to 1. It need not be secret: each hasher has other keys.
fn jitter() -> f64 {
    let roll = RandomState::new().hash_one(());
    f64::from((roll >> 32) as u32) / f64::from(u32::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::time_outs::after;

    #[test]
    fn pauses_grow_and_differ() {
        for number in 0..RETRIES {
            let longest = PAUSE * 2_u32.pow(number);
            let pauses: Vec<_> = (0..20).map(|_| pause(number)).collect();
            assert!(pauses.iter().all(|it| (longest / 2..=longest).contains(it)));
            assert!(pauses.iter().any(|it| *it != pauses[0]), "{pauses:?}");
        }
    }

    #[test]
    fn the_longest_pause_is_bounded() {
        assert!(pause(u32::MAX) > pause(RETRIES));
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_begin_after_the_deadline_does_not() {
        let timeout = Duration::from_secs(1);
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let database = Database::new(pool, TimeOuts::new(timeout), timeout);
        let deadline = after(timeout);
        let done = database.call_by(deadline, || async { Ok(()) }).await;
        assert!(done.is_ok());
        tokio::time::advance(timeout).await;
        let late = database.call_by(deadline, || async { Ok(()) }).await;
        assert!(matches!(late, Err(Failure::TimedOut(it)) if it == timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn others_get_time_to_be_done_within_that_of_the_call() {
        let timeout = Duration::from_millis(20);
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let database = Database::new(pool, TimeOuts::new(timeout), timeout);
        let began = Instant::now();
        let never = || async { Err::<(), _>(Failure::Overtaken) };
        let late = database.call(never).await;
        assert!(matches!(late, Err(Failure::TimedOut(_))));
        assert_eq!(began.elapsed(), timeout);
    }
}
