use std::sync::Arc;

use crate::{
    error::BackendError,
    ports::{BoxFuture, Clock},
    quota::{Quota, RateDecision},
    values::TenantId,
};

/// Counts requests against the quota of a tenant.
///
/// A limiter measures time itself, so that all who share one share its clock too. It is asked for
/// tenants that exist only: what a stranger sends never becomes a key. With the feature
/// `conformance`, `conformance::limiter` holds one of your own to all of this.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes one token of `tenant`'s bucket, if there is one.
    ///
    /// Of callers that race for the last token exactly one gets it. One tenant's requests never
    /// touch another's bucket. A tenant whose quota has changed starts with a full bucket.
    ///
    /// # Errors
    /// [`BackendError`] if the limiter can't tell; the request is then refused.
    fn acquire(
        &self,
        tenant: &TenantId,
        quota: Quota,
    ) -> impl Future<Output = Result<RateDecision, BackendError>> + Send;
}

impl<L: RateLimiter> RateLimiter for Arc<L> {
    fn acquire(
        &self,
        tenant: &TenantId,
        quota: Quota,
    ) -> impl Future<Output = Result<RateDecision, BackendError>> + Send {
        L::acquire(self, tenant, quota)
    }
}

/// The object-safe twin of [`RateLimiter`].
pub(crate) trait DynRateLimiter: Send + Sync {
    fn acquire<'a>(
        &'a self,
        tenant: &'a TenantId,
        quota: Quota,
    ) -> BoxFuture<'a, Result<RateDecision, BackendError>>;
}

impl<L: RateLimiter> DynRateLimiter for L {
    fn acquire<'a>(
        &'a self,
        tenant: &'a TenantId,
        quota: Quota,
    ) -> BoxFuture<'a, Result<RateDecision, BackendError>> {
        Box::pin(L::acquire(self, tenant, quota))
    }
}

/// The limiter of a registrar that was given none.
#[cfg(feature = "memory")]
pub(crate) fn default_limiter(clock: Arc<dyn Clock>) -> Box<dyn DynRateLimiter> {
    Box::new(crate::ports::LocalRateLimiter::with_clock(clock))
}

/// The limiter of a registrar that was given none: a rate that nobody counts is no rate.
#[cfg(not(feature = "memory"))]
pub(crate) fn default_limiter(_: Arc<dyn Clock>) -> Box<dyn DynRateLimiter> {
    struct Missing;

    impl RateLimiter for Missing {
        async fn acquire(&self, _: &TenantId, _: Quota) -> Result<RateDecision, BackendError> {
            Err(BackendError::new(
                "limiter",
                "the registrar was built without one",
            ))
        }
    }

    Box::new(Missing)
}
