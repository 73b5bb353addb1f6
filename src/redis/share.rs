use std::num::NonZeroU32;

use crate::{
    backend_error::BackendError,
    rate_limit::{LocalRateLimiter, Quota, RateDecision, RateKey, RateLimiter},
};

/// Counts in this process, with a share of the quota.
pub(super) struct Share {
    limiter: LocalRateLimiter,
    nodes: NonZeroU32,
}

impl Share {
    pub(super) fn of(nodes: NonZeroU32) -> Self {
        Self {
            limiter: LocalRateLimiter::new(),
            nodes,
        }
    }
}

impl RateLimiter for Share {
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Result<RateDecision, BackendError> {
        let share = quota.share_of_one_in(self.nodes);
        self.limiter.acquire(key, share).await
    }
}
