use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    clock::Clock as GovernorClock, middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::{
    error::BackendError,
    ports::{Clock, RateLimiter, SystemClock},
    quota::{Quota, RateDecision},
    values::TenantId,
};

/// Counts in the memory of this process: the default limiter.
///
/// A token bucket as GCRA has it, so a burst passes at once and tokens come back one by one. It
/// keeps a few bytes for each tenant that was asked for of late; those whose bucket is full again
/// are swept out along the way, so that the memory follows the tenants that are busy now.
pub struct LocalRateLimiter {
    clock: Arc<dyn Clock>,
    /// Governor has one quota a limiter, tenants have their own: one limiter for each that is used.
    by_quota: RwLock<HashMap<Quota, Buckets>>,
    until_sweep: AtomicUsize,
}

type Buckets = governor::RateLimiter<
    TenantId,
    DashMapStateStore<TenantId>,
    Monotonic,
    StateInformationMiddleware,
>;

/// Requests between two sweeps, at the least: sweeping costs a look at each key, so it waits until
/// there were as many requests as keys.
const SWEEP_EVERY: usize = 1024;

/// Our clock as governor sees it.
#[derive(Clone)]
struct Monotonic(Arc<dyn Clock>);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

impl LocalRateLimiter {
    /// A limiter that measures time by the operating system's monotonic clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// A limiter that measures time by [`Clock::monotonic`] of `clock`.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let until_sweep = AtomicUsize::new(SWEEP_EVERY);
        Self {
            clock,
            by_quota: RwLock::default(),
            until_sweep,
        }
    }

    /// How many tenants it keeps a bucket for at this moment.
    pub fn tenants(&self) -> usize {
        let by_quota = self.by_quota.read().unwrap_or_else(PoisonError::into_inner);
        by_quota.values().map(Buckets::len).sum()
    }

    /// Forgets every bucket that is full again. It happens by itself along the way; call it to give
    /// memory back sooner.
    pub fn sweep(&self) {
        let mut by_quota = self
            .by_quota
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        by_quota.retain(|_, buckets| {
            buckets.retain_recent();
            buckets.shrink_to_fit();
            !buckets.is_empty()
        });
    }

    fn decide(&self, tenant: &TenantId, quota: Quota) -> RateDecision {
        self.sweep_if_due();
        // The lock is held while the bucket is asked: a sweep can't drop it in between.
        let by_quota = self.by_quota.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(buckets) = by_quota.get(&quota) {
            return self.take(buckets, tenant, quota);
        }
        drop(by_quota);
        let mut by_quota = self
            .by_quota
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let buckets = by_quota
            .entry(quota)
            .or_insert_with(|| self.new_buckets(quota));
        self.take(buckets, tenant, quota)
    }

    fn take(&self, buckets: &Buckets, tenant: &TenantId, quota: Quota) -> RateDecision {
        match buckets.check_key(tenant) {
            Ok(state) => RateDecision::admitted(quota, state.remaining_burst_capacity()),
            Err(not_until) => {
                let now = self.clock.monotonic();
                RateDecision::limited(quota, not_until.wait_time_from(now))
            }
        }
    }

    fn new_buckets(&self, quota: Quota) -> Buckets {
        let clock = Monotonic(Arc::clone(&self.clock));
        let (per_second, burst) = quota.nonzero();
        let quota = governor::Quota::per_second(per_second).allow_burst(burst);
        Buckets::new(quota, DashMapStateStore::default(), clock)
    }

    fn sweep_if_due(&self) {
        let left = self.until_sweep.fetch_sub(1, Ordering::Relaxed);
        if left == 1 {
            self.sweep();
            self.until_sweep
                .store(SWEEP_EVERY.max(self.tenants()), Ordering::Relaxed);
        }
    }
}

impl Default for LocalRateLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl RateLimiter for LocalRateLimiter {
    async fn acquire(&self, tenant: &TenantId, quota: Quota) -> Result<RateDecision, BackendError> {
        Ok(self.decide(tenant, quota))
    }
}

impl fmt::Debug for LocalRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRateLimiter").finish_non_exhaustive()
    }
}
