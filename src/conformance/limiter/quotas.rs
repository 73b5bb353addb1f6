//! Quotas that change.

use crate::{
    conformance::traffic::{
        Probe, alternate_and_empty, alternate_at_each_request, change, rewrite,
    },
    rate_limit::RateLimiter,
};

/// A tenant whose quota has changed starts with a full bucket of the new one.
pub async fn a_changed_quota_starts_with_a_full_bucket(limiter: impl RateLimiter) {
    change(&Probe::in_real_time(limiter)).await;
}

/// A tenant whose quota changes back goes on with the earlier bucket, as full as it is by then.
pub async fn a_quota_that_returns_finds_its_earlier_bucket(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    alternate_and_empty(&probe).await;
    alternate_at_each_request(&probe).await;
}

/// 60 a minute is 1 a second: with the same burst they share a bucket.
pub async fn equal_rates_and_bursts_share_a_bucket(limiter: impl RateLimiter) {
    rewrite(&Probe::in_real_time(limiter)).await;
}
