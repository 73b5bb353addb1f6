use std::sync::Arc;

use crate::{
    backend_error::BackendError,
    box_future::BoxFuture,
    rate_limit::{Quota, RateDecision, RateKey},
};

/// Counts requests against the quotas of a tenant and of each source of its requests.
///
/// A limiter measures time itself, so that all who share one share its clock too. It is asked about
/// tenants that exist only, and about sources where a tenant has a
/// [quota for each](crate::settings::RegistrationSettings::rate_limit_per_source). There can be as many sources as
/// there are addresses, so a limiter bounds what it keeps of them. At least 1,500 sources, of all
/// tenants together, have buckets of their own at the same time. Further sources may share buckets.
///
/// # Exactness
/// [`retry_after`](RateDecision::retry_after) and [`remaining`](RateDecision::remaining) are exact by the
/// limiter's clock: to the nanosecond, or to the unit in which the limiter counts time. The unit is at most
/// a millisecond. The clock may be off by 0.5 % of the time that passes.
///
/// # Tests of a limiter of your own
/// They need the feature `conformance`.
/// - `conformance::rate_limiter` checks each limiter in real time. It allows 2 ms and 0.5 % of the time that
///   passes.
/// - `conformance::rate_limiter_with_clock` checks in addition a limiter whose clock a test can move, to the
///   nanosecond. A limiter that counts in coarser units uses `conformance::rate_limiter` only.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes one token of the bucket of `key`, if there is one.
    ///
    /// Of callers that race for the last token exactly one gets it. Each key has a bucket of its own: a
    /// token of one source is not a token of its tenant. A request that is refused takes nothing.
    ///
    /// Each quota of a key has a bucket of its own, too. A quota with another rate or burst starts with a
    /// full bucket. A quota that returns finds its earlier bucket, as full as it is by then, so a tenant
    /// whose settings alternate gains no tokens. Quotas with the same
    /// [`token_interval`](Quota::token_interval) and burst share a bucket.
    ///
    /// A caller may go away and drop the future. Then the request took one token or none.
    ///
    /// # Errors
    /// [`BackendError`] if the limiter can't tell; the request is then refused.
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

/// The object-safe twin of [`RateLimiter`].
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
