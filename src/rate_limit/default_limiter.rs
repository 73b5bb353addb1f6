use std::sync::Arc;

#[cfg(feature = "memory")]
use crate::rate_limit::LocalRateLimiter;
#[cfg(not(feature = "memory"))]
use crate::{
    backend_error::BackendError,
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
};
use crate::{rate_limit::DynRateLimiter, system::Clock};

/// The limiter of a registrar that is built without a limiter.
#[cfg(feature = "memory")]
pub(crate) fn default_limiter(clock: Arc<dyn Clock>) -> Box<dyn DynRateLimiter> {
    Box::new(LocalRateLimiter::with_clock(clock))
}

/// The limiter of a registrar that is built without a limiter. It refuses every request, because nothing
/// would enforce the rate limits.
#[cfg(not(feature = "memory"))]
pub(crate) fn default_limiter(_: Arc<dyn Clock>) -> Box<dyn DynRateLimiter> {
    struct Missing;

    impl RateLimiter for Missing {
        async fn acquire(&self, _: RateKey<'_>, _: Quota) -> Result<RateDecision, BackendError> {
            Err(BackendError::new(
                "limiter",
                "the registrar was built without a limiter",
            ))
        }
    }

    Box::new(Missing)
}
