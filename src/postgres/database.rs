use std::{
    hash::{BuildHasher as _, RandomState},
    marker::PhantomData,
    time::Duration,
};

use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    box_future::BoxFuture,
    postgres::{
        failure::Failure,
        lease::{CachedLease, Leases},
        tenant_locks::{LockUse, TenantLocks},
        time_outs::{GroupTime, TimeLimit, TimeOuts},
    },
    types::TenantId,
};

/// How often a call is at least tried again after conflicts with other transactions.
const RETRIES: u32 = 5;

/// The longest first pause before a call is tried again.
const PAUSE: Duration = Duration::from_millis(2);

/// The connections, and the time-out of calls.
#[derive(Clone)]
pub(super) struct Database {
    leases: Leases,
    locks: TenantLocks,
    timeouts: TimeOuts,
    timeout: Duration,
}

/// Work on a connection: `|connection, _| Box::pin(async move { … })`. The closure may borrow data that lives for `'a`.
/// Its second argument tells the compiler that `'a` outlives the borrow of the connection. (An `AsyncFn` can't require
/// that its future is `Send`.)
pub(super) trait Work<'a, T>:
    for<'c> Fn(&'c mut PgConnection, Within<'c, 'a>) -> BoxFuture<'c, Result<T, Failure>> + Send + Sync
{
}

/// `'a` is as long as `'c` or longer.
pub(super) type Within<'c, 'a> = PhantomData<&'c &'a ()>;

impl<'a, T, W> Work<'a, T> for W where
    W: for<'c> Fn(&'c mut PgConnection, Within<'c, 'a>) -> BoxFuture<'c, Result<T, Failure>>
        + Send
        + Sync
{
}

impl Database {
    /// `timeouts` are the time-outs that determine the parameters of the connections of `leases`.
    pub(super) fn new(leases: Leases, timeouts: TimeOuts, timeout: Duration) -> Self {
        Self {
            locks: TenantLocks::new(leases.connections()),
            leases,
            timeouts,
            timeout,
        }
    }

    /// The same database with another time-out for its calls.
    pub(super) fn with_timeout(self, timeout: Duration) -> Self {
        self.timeouts.add(timeout);
        Self { timeout, ..self }
    }

    /// How long a call may take.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Carries out `work` on a connection, within the time-out.
    pub(super) async fn run<'a, T>(&self, work: impl Work<'a, T>) -> Result<T, Failure> {
        self.run_within(TimeLimit::after(self.timeout), work).await
    }

    /// Carries out `work` on a connection, within `limit`. Tries again if another transaction conflicts or the server is
    /// read-only. If a call ends without an answer, its connection is closed.
    pub(super) async fn run_within<'a, T>(
        &self,
        limit: TimeLimit,
        work: impl Work<'a, T>,
    ) -> Result<T, Failure> {
        self.retry(limit, || self.attempt(&work)).await
    }

    async fn attempt<'a, T>(&self, work: &impl Work<'a, T>) -> Result<T, Failure> {
        let mut lease = self.leases.lease().await?;
        let answer = work(&mut lease, PhantomData).await;
        self.leases.check_answer(&lease, &answer).await;
        lease.give_back(answer)
    }

    /// Carries out `work` on the cached connection, or on a new connection, which is cached for the work that follows.
    pub(super) async fn run_cached<'a, T>(
        &self,
        cached: &CachedLease,
        limit: TimeLimit,
        work: impl Work<'a, T>,
    ) -> Result<T, Failure> {
        let attempt = || async {
            let mut lease = match cached.take() {
                Some(lease) => lease,
                None => self.leases.lease().await?,
            };
            let answer = work(&mut lease, PhantomData).await;
            self.leases.check_answer(&lease, &answer).await;
            cached.put(lease, answer)
        };
        self.retry(limit, attempt).await
    }

    /// Carries out `work` for a group of insertions, unless it is too late to start.
    pub(super) async fn run_in_group<'a, T>(
        &self,
        time: GroupTime,
        work: impl Work<'a, T>,
    ) -> Result<T, Failure> {
        if time.is_over() {
            return Err(Failure::NotBegun);
        }
        self.run_within(time.with_locks(), work).await
    }

    /// Carries out `work`, which locks the row of `tenant`, once the tenant has a permit.
    pub(super) async fn run_with_tenant_lock<'a, T>(
        &self,
        tenant: &TenantId,
        lock_use: LockUse,
        limit: TimeLimit,
        work: impl Work<'a, T>,
    ) -> Result<T, Failure> {
        let begin_by = limit.last_beginning;
        let attempt = || {
            self.locks
                .run(tenant, lock_use, begin_by, self.attempt(&work))
        };
        self.retry(limit, attempt).await
    }

    async fn retry<T, F>(&self, limit: TimeLimit, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let late = Failure::TimedOut(limit.duration);
        if Instant::now() >= limit.end {
            return Err(late);
        }
        let done = tokio::time::timeout_at(limit.end, retry_until(limit, attempt)).await;
        done.unwrap_or(Err(late))
    }
}

/// Makes attempts until one does not have to be repeated. An attempt is repeated after a conflict and, for as long as
/// `limit` allows, after a lock time-out and on a read-only server.
async fn retry_until<T, F>(limit: TimeLimit, attempt: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let may_try = || Instant::now() < limit.tries_end;
    let mut conflicts = 0;
    loop {
        match attempt().await {
            Err(failure) if failure.is_conflict() && (conflicts < RETRIES || may_try()) => {
                tokio::time::sleep(pause(conflicts.min(RETRIES))).await;
                conflicts = conflicts.saturating_add(1);
            }
            Err(failure) if failure.is_locked() && is_before(limit.locks_end) => conflicts = 0,
            // A read-only server has written nothing, so nothing is done twice.
            Err(failure) if failure.is_read_only() && may_try() => {}
            answer => return answer,
        }
    }
}

fn is_before(end: Option<Instant>) -> bool {
    end.is_some_and(|end| Instant::now() < end)
}

/// The pause after an attempt. Attempts are numbered from 0. The pause grows with each attempt, and differs between
/// nodes.
fn pause(number: u32) -> Duration {
    let longest = PAUSE.saturating_mul(2_u32.saturating_pow(number));
    longest.mul_f64(f64::midpoint(1.0, jitter()))
}

/// A random number from 0 to 1. It comes from the random keys of a hasher, because it need not be secret.
fn jitter() -> f64 {
    let random = RandomState::new().hash_one(());
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::postgres::{demotions::Demotions, pooler::PoolerCheck};

    fn database(timeout: Duration) -> Database {
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let leases = Leases::new(pool, Demotions::default(), PoolerCheck::passed());
        Database::new(leases, TimeOuts::new(timeout), timeout)
    }

    #[test]
    fn pauses_grow_and_differ() {
        for number in 0..RETRIES {
            let longest = PAUSE * 2_u32.pow(number);
            let pauses: Vec<_> = (0..20).map(|_| pause(number)).collect();
            assert!(
                pauses
                    .iter()
                    .all(|pause| (longest / 2..=longest).contains(pause))
            );
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
        }
    }

    #[test]
    fn the_longest_pause_is_bounded() {
        assert!(pause(u32::MAX) > pause(RETRIES));
    }

    #[tokio::test(start_paused = true)]
    async fn no_attempt_begins_after_the_deadline() {
        let timeout = Duration::from_secs(1);
        let database = database(timeout);
        let limit = TimeLimit::after(timeout);
        let done = database.retry(limit, || async { Ok(()) }).await;
        assert!(done.is_ok());
        tokio::time::advance(timeout).await;
        let late = database.retry(limit, || async { Ok(()) }).await;
        assert!(matches!(late, Err(Failure::TimedOut(limit)) if limit == timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_call_names_its_limit() {
        let database = database(Duration::from_secs(1));
        let quarter = Duration::from_millis(250);
        let never = || std::future::pending::<Result<(), _>>();
        let late = database.retry(TimeLimit::after(quarter), never).await;
        assert!(matches!(late, Err(Failure::TimedOut(limit)) if limit == quarter));
    }

    #[tokio::test(start_paused = true)]
    async fn retries_end_with_the_time_out() {
        let timeout = Duration::from_millis(20);
        let database = database(timeout);
        let began = Instant::now();
        let never = || async { Err::<(), _>(Failure::Overtaken) };
        let late = database.retry(TimeLimit::after(timeout), never).await;
        assert!(matches!(late, Err(Failure::TimedOut(_))));
        assert_eq!(began.elapsed(), timeout);
    }
}
