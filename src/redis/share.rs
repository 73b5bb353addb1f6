use std::num::NonZeroU32;

use crate::{
    error::BackendError,
    ports::{LocalRateLimiter, RateLimiter},
    quota::{Quota, RateDecision},
    values::TenantId,
};

/// Counts in this process, one of several, by its share of the quota.
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

    fn share(&self, quota: Quota) -> Result<Quota, BackendError> {
        let share = |of: u32| (of / self.nodes).max(1);
        Quota::new(share(quota.per_second()), share(quota.burst()))
            .map_err(|error| BackendError::new("limiter", error))
    }
}

impl RateLimiter for Share {
    async fn acquire(&self, tenant: &TenantId, quota: Quota) -> Result<RateDecision, BackendError> {
        self.limiter.acquire(tenant, self.share(quota)?).await
    }
}
