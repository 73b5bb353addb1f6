use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
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
    backend_error::BackendError,
    rate_limit::{
        Quota, RateDecision, RateKey, RateLimiter, SourceBuckets,
        quota::{BucketShape, nanos},
    },
    system::{Clock, SystemClock},
    types::TenantId,
};

/// Counts in the memory of this process: the default limiter.
///
/// A token bucket as GCRA has it, so a burst passes at once and tokens come back one by one. It
/// keeps a few bytes for each tenant that was asked for of late; those whose bucket is full again
/// are swept out along the way, so that the memory follows the tenants that are busy now.
///
/// Sources of requests have a table of their own, of at most [`MAX_SOURCES`](Self::MAX_SOURCES) buckets.
/// When it is full of buckets that are not full again, further sources of a tenant share one bucket: they
/// are refused sooner, never later.
pub struct LocalRateLimiter {
    clock: Arc<dyn Clock>,
    /// Governor has one quota a limiter, tenants have their own: one limiter for each that is used.
    by_shape: RwLock<HashMap<BucketShape, Buckets>>,
    until_sweep: AtomicUsize,
    sources: SourceBuckets,
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
        Duration::from_nanos(nanos(self.0.monotonic()))
    }
}

impl LocalRateLimiter {
    /// The most sources that have a bucket of their own, of all tenants together: at most about 20 MB.
    pub const MAX_SOURCES: usize = 100_000;

    /// A limiter that measures time by the operating system's monotonic clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// A limiter that measures time by [`Clock::monotonic`] of `clock`.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let until_sweep = AtomicUsize::new(SWEEP_EVERY);
        Self {
            clock,
            by_shape: RwLock::default(),
            until_sweep,
            sources: SourceBuckets::with_max(Self::MAX_SOURCES),
        }
    }

    /// How many tenants it keeps a bucket for at this moment.
    pub fn tenants(&self) -> usize {
        let by_shape = self.by_shape.read().unwrap_or_else(PoisonError::into_inner);
        by_shape.values().map(Buckets::len).sum()
    }

    /// How many sources it keeps a bucket for at this moment. A source that has one with each of two
    /// tenants counts twice.
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Forgets every bucket that is full again. It happens by itself along the way; call it to give
    /// memory back sooner.
    pub fn sweep(&self) {
        self.sweep_tenants();
        self.sources.sweep(self.clock.monotonic());
    }

    fn sweep_tenants(&self) {
        let mut by_shape = self
            .by_shape
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        by_shape.retain(|_, buckets| {
            buckets.retain_recent();
            buckets.shrink_to_fit();
            !buckets.is_empty()
        });
    }

    fn decide(&self, key: RateKey<'_>, quota: Quota) -> RateDecision {
        match key {
            RateKey::Tenant(tenant) => self.decide_for_tenant(tenant, quota),
            RateKey::Source(tenant, source) => {
                let now = self.clock.monotonic();
                self.sources.acquire(tenant, source, quota, now).0
            }
        }
    }

    fn decide_for_tenant(&self, tenant: &TenantId, quota: Quota) -> RateDecision {
        self.sweep_if_due();
        // The lock is held while the bucket is asked: a sweep can't drop it in between.
        let by_shape = self.by_shape.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(buckets) = by_shape.get(&quota.bucket()) {
            return self.take(buckets, tenant, quota);
        }
        drop(by_shape);
        let mut by_shape = self
            .by_shape
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let buckets = by_shape
            .entry(quota.bucket())
            .or_insert_with(|| self.new_buckets(quota));
        self.take(buckets, tenant, quota)
    }

    fn take(&self, buckets: &Buckets, tenant: &TenantId, quota: Quota) -> RateDecision {
        match buckets.check_key(tenant) {
            Ok(state) => RateDecision::admitted(quota, state.remaining_burst_capacity()),
            Err(not_until) => {
                let now = Monotonic(Arc::clone(&self.clock)).now();
                RateDecision::limited(quota, not_until.wait_time_from(now))
            }
        }
    }

    fn new_buckets(&self, quota: Quota) -> Buckets {
        let clock = Monotonic(Arc::clone(&self.clock));
        // A period of at least a microsecond: it is given as it is.
        let of = governor::Quota::with_period(quota.token_interval());
        let of = of.unwrap_or(governor::Quota::per_hour(NonZeroU32::MIN));
        let of = of.allow_burst(quota.bucket().burst);
        Buckets::new(of, DashMapStateStore::default(), clock)
    }

    fn sweep_if_due(&self) {
        let left = self.until_sweep.fetch_sub(1, Ordering::Relaxed);
        if left == 1 {
            self.sweep_tenants();
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
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Result<RateDecision, BackendError> {
        Ok(self.decide(key, quota))
    }
}

impl fmt::Debug for LocalRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRateLimiter").finish_non_exhaustive()
    }
}
