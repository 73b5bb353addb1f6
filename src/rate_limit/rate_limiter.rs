use std::sync::Arc;

use crate::{
    backend_error::BackendError,
    box_future::BoxFuture,
    rate_limit::{Quota, RateDecision, RateKey},
};

/// Applies the quota of a tenant, and the quota of each source of the tenant's requests.
///
/// A limiter measures time itself, so that all processes that share a limiter also share its clock. It is
/// called only for tenants that exist. It is called for sources if the tenant has a
/// [quota for each source](crate::settings::RegistrationSettings::rate_limit_per_source). There can be as
/// many sources as addresses, so a limiter must limit the memory for their buckets. At least 1,500 sources,
/// for all tenants together, must have their own buckets at the same time. Further sources may share
/// buckets.
///
/// # Exactness
/// [`retry_after`](RateDecision::retry_after) and [`remaining`](RateDecision::remaining) must be exact by
/// the limiter's clock: to the nanosecond, or to the unit in which the limiter counts time. The unit must
/// be at most a millisecond. The clock may be wrong by up to 0.5 % of the time that passes.
///
/// # Tests of a limiter of your own
/// The feature `conformance` has two tests:
/// - `conformance::rate_limiter` checks any limiter in real time. It allows an error of 2 ms plus 0.5 % of
///   the time that passes.
/// - `conformance::rate_limiter_with_clock` also checks a limiter to the nanosecond, if a test can set its
///   clock. For a limiter that counts in larger units, use only `conformance::rate_limiter`.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes one token from the bucket of `key`, if a token is left.
    ///
    /// If several callers compete for the last token, exactly one gets it. Each key has a separate bucket:
    /// a request that takes a token of its source takes no token of its tenant. A request that is refused
    /// takes no token.
    ///
    /// Each quota of a key has a separate bucket too. A quota with another rate or burst starts with a
    /// full bucket. If a tenant's settings return to an earlier quota, the earlier bucket continues, so
    /// nobody gains tokens by alternating settings. Quotas with the same
    /// [`token_interval`](Quota::token_interval) and burst share a bucket.
    ///
    /// A caller may drop the future before it completes. The request then took one token or none.
    ///
    /// # Errors
    /// [`BackendError`] if the limiter cannot decide. The request is refused then.
    fn acquire(
        &self,
        key: RateKey<'_>,
        quota: Quota,
    ) -> impl Future<Output = Result<RateDecision, BackendError>> + Send;
}

impl<L: RateLimiter> RateLimiter for Arc<L> {
    fn acquire(
        &self,
        key: RateKey<'_>,
        quota: Quota,
    ) -> impl Future<Output = Result<RateDecision, BackendError>> + Send {
        L::acquire(self, key, quota)
    }
}

/// The object-safe form of [`RateLimiter`].
pub(crate) trait DynRateLimiter: Send + Sync {
    fn acquire<'a>(
        &'a self,
        key: RateKey<'a>,
        quota: Quota,
    ) -> BoxFuture<'a, Result<RateDecision, BackendError>>;
}

impl<L: RateLimiter> DynRateLimiter for L {
    fn acquire<'a>(
        &'a self,
        key: RateKey<'a>,
        quota: Quota,
    ) -> BoxFuture<'a, Result<RateDecision, BackendError>> {
        Box::pin(L::acquire(self, key, quota))
    }
}
