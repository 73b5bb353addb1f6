//! Quotas that change.

use crate::{
    conformance::traffic::{
        Probe, alternate_and_empty, alternate_at_each_request, change_quotas, rewrite_quotas,
    },
    rate_limit::RateLimiter,
};

/// A tenant whose quota has changed starts with a full bucket of the new quota.
pub async fn a_changed_quota_starts_with_a_full_bucket(limiter: impl RateLimiter) {
    change_quotas(&Probe::in_real_time(limiter)).await;
}

/// A tenant whose quota changes back continues with its earlier bucket, which has gained tokens meanwhile.
pub async fn a_quota_that_returns_finds_its_earlier_bucket(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    alternate_and_empty(&probe).await;
    alternate_at_each_request(&probe).await;
}

/// For example, 60 tokens a minute and 1 token a second share a bucket if the burst is the same.
pub async fn equal_rates_and_bursts_share_a_bucket(limiter: impl RateLimiter) {
    rewrite_quotas(&Probe::in_real_time(limiter)).await;
}
