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
    /// The buckets of tenants, by what their quotas have in common.
    by_shape: RwLock<HashMap<BucketShape, Buckets>>,
    until_sweep: AtomicUsize,
    sources: SourceBuckets,
}

/// The moment at which each bucket is full, in nanoseconds of the clock.
type Buckets = DashMapStateStore<TenantId>;

/// Requests between two sweeps, at the least: sweeping costs a look at each key, so it waits until
/// there were as many requests as keys.
const SWEEP_EVERY: usize = 1024;

/// The buckets at one moment. Governor sees how long each bucket needs to be full, at a time of zero, so a
/// decision has one time however often governor asks for it.
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
            let missing = full_at.map(|it| it.saturating_sub(self.now));
            let (state, missing) = decide(missing)?;
            let full_at = self.now.as_u64().saturating_add(missing.as_u64());
            Ok((state, Nanos::new(full_at)))
        })
    }
}

/// The clock of governor: each decision is made at zero.
struct Zero;

impl GovernorClock for Zero {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// Decides about one request.
type Governor<'a> = governor::RateLimiter<TenantId, Moment<'a>, Zero, StateInformationMiddleware>;

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
            // A request that read the clock a moment ago still finds its bucket.
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
        // The lock is held while the bucket is asked: a sweep can't drop it in between.
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

/// Takes a token of the tenant's bucket, if there is one.
fn take(buckets: &Buckets, tenant: &TenantId, quota: Quota, now: Duration) -> RateDecision {
    let now = Nanos::new(nanos(now));
    let governor = Governor::new(governors(quota), Moment { buckets, now }, Zero);
    match governor.check_key(tenant) {
        Ok(state) => RateDecision::admitted(quota, state.remaining_burst_capacity()),
        Err(not_until) => RateDecision::limited(quota, not_until.wait_time_from(Duration::ZERO)),
    }
}

/// The quota in governor's words.
fn governors(quota: Quota) -> governor::Quota {
    // A period of at least a microsecond: it is given as it is.
    let given = governor::Quota::with_period(quota.token_interval());
    let given = given.unwrap_or(governor::Quota::per_hour(NonZeroU32::MIN));
    given.allow_burst(quota.bucket().burst)
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
