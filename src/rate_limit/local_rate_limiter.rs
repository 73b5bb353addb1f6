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
    clock::Clock as GovernorClock,
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{StateStore, keyed::DashMapStateStore, keyed::ShrinkableKeyedStateStore as _},
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

/// The default limiter, which keeps its buckets in the memory of this process.
///
/// It uses token buckets by GCRA: a burst passes at once, and tokens come back one by one. It keeps a few
/// bytes for each tenant with recent requests. When a tenant's bucket is full again, it is removed, so the
/// memory depends on the number of busy tenants only.
///
/// Sources of requests have a separate table of at most [`MAX_SOURCES`](Self::MAX_SOURCES) buckets. While
/// the table is full, further sources of a tenant share one bucket. Their requests are refused sooner,
/// never later.
pub struct LocalRateLimiter {
    clock: Arc<dyn Clock>,
    /// The buckets of tenants, grouped by the shape of the bucket.
    by_shape: RwLock<HashMap<BucketShape, Buckets>>,
    until_sweep: AtomicUsize,
    sources: SourceBuckets,
}

/// The moment at which each bucket is full, in nanoseconds of the clock.
type Buckets = DashMapStateStore<TenantId>;

/// The smallest number of requests between two sweeps. A sweep visits each key, so there is a sweep only
/// after at least as many requests as there are keys.
const SWEEP_EVERY: usize = 1024;

/// The buckets at one moment. Governor sees the time zero, and how long each bucket needs until it is full.
/// So a decision uses a single time, even if governor reads its clock several times.
struct Moment<'a> {
    buckets: &'a Buckets,
    /// At most [`LAST_NANO`](crate::rate_limit::quota), so that no sum is too large.
    now: Nanos,
}

impl StateStore for Moment<'_> {
    type Key = TenantId;

    fn measure_and_replace<T, F, E>(&self, tenant: &TenantId, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.buckets.measure_and_replace(tenant, |full_at| {
            let missing = full_at.map(|full_at| full_at.saturating_sub(self.now));
            let (state, missing) = decide(missing)?;
            let full_at = self.now.as_u64().saturating_add(missing.as_u64());
            Ok((state, Nanos::new(full_at)))
        })
    }
}

/// The clock for governor: each decision is made at the time zero.
struct Zero;

impl GovernorClock for Zero {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// The governor limiter that decides about one request.
type Governor<'a> = governor::RateLimiter<TenantId, Moment<'a>, Zero, StateInformationMiddleware>;

impl LocalRateLimiter {
    /// The largest number of sources with their own bucket, for all tenants together. The buckets take
    /// at most about 20 MB.
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

    /// The number of tenants that have a bucket at this moment.
    pub fn tenants(&self) -> usize {
        let by_shape = self.by_shape.read().unwrap_or_else(PoisonError::into_inner);
        by_shape.values().map(Buckets::len).sum()
    }

    /// The number of source buckets at this moment. A source that sends requests to two tenants has two
    /// buckets.
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Removes every bucket that is full again. The limiter also does this by itself from time to time.
    /// Call this method to free the memory sooner.
    pub fn sweep(&self) {
        let now = self.clock.monotonic();
        self.sweep_tenants(now);
        self.sources.sweep(now);
    }

    fn sweep_tenants(&self, now: Duration) {
        let mut by_shape = self
            .by_shape
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        by_shape.retain(|shape, buckets| {
            // A concurrent request that read the clock a little earlier must still find its bucket.
            let full_before = nanos(now).saturating_sub(shape.interval);
            buckets.retain_recent(Nanos::new(full_before));
            buckets.shrink_to_fit();
            !buckets.is_empty()
        });
    }

    fn decide(&self, key: RateKey<'_>, quota: Quota) -> RateDecision {
        let now = self.clock.monotonic();
        match key {
            RateKey::Tenant(tenant) => self.decide_for_tenant(tenant, quota, now),
            RateKey::Source(tenant, source) => self.sources.acquire(tenant, source, quota, now).0,
        }
    }

    fn decide_for_tenant(&self, tenant: &TenantId, quota: Quota, now: Duration) -> RateDecision {
        self.sweep_if_due(now);
        // The lock is held during the decision, so that a sweep cannot remove the bucket.
        let by_shape = self.by_shape.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(buckets) = by_shape.get(&quota.bucket()) {
            return take(buckets, tenant, quota, now);
        }
        drop(by_shape);
        let mut by_shape = self
            .by_shape
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let buckets = by_shape.entry(quota.bucket()).or_default();
        take(buckets, tenant, quota, now)
    }

    fn sweep_if_due(&self, now: Duration) {
        let left = self.until_sweep.fetch_sub(1, Ordering::Relaxed);
        if left == 1 {
            self.sweep_tenants(now);
            self.until_sweep
                .store(SWEEP_EVERY.max(self.tenants()), Ordering::Relaxed);
        }
    }
}

/// Takes a token from the tenant's bucket, if a token is left.
fn take(buckets: &Buckets, tenant: &TenantId, quota: Quota, now: Duration) -> RateDecision {
    let now = Nanos::new(nanos(now));
    let governor = Governor::new(governor_quota(quota), Moment { buckets, now }, Zero);
    match governor.check_key(tenant) {
        Ok(state) => RateDecision::admitted(quota, state.remaining_burst_capacity()),
        Err(not_until) => RateDecision::limited(quota, not_until.wait_time_from(Duration::ZERO)),
    }
}

/// Converts the quota for governor.
fn governor_quota(quota: Quota) -> governor::Quota {
    // The period is never zero, so governor always accepts it.
    let converted = governor::Quota::with_period(quota.token_interval());
    let converted = converted.unwrap_or(governor::Quota::per_hour(NonZeroU32::MIN));
    converted.allow_burst(quota.bucket().burst)
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
