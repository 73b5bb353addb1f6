//! How many tokens a bucket holds, and which requests share a bucket.

use crate::{
    conformance::traffic::{
        Probe, ask_many_keys, ask_twice_the_burst, ask_with_extreme_quotas, empty_buckets,
        empty_similar_tenants, quota, slowest,
    },
    rate_limit::RateLimiter,
};

/// The check makes requests as fast as possible. The limiter admits as many as the burst allows, and then one for
/// each token that has returned.
pub async fn a_full_bucket_gives_exactly_its_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    empty_buckets(&probe, &[1, 5, 50, 300]).await;
    ask_twice_the_burst(&probe, slowest(20)).await;
}

/// The numbers of a decision agree with each other and with the quota.
pub async fn decisions_match_the_quota(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    for quota in [quota(2, 6), quota(1, 1), quota(1_000, 7), slowest(9)] {
        ask_twice_the_burst(&probe, quota).await;
    }
}

/// The requests of one tenant take no tokens from another tenant, even if their ids look alike.
pub async fn each_tenant_has_its_own_bucket(limiter: impl RateLimiter) {
    empty_similar_tenants(&Probe::in_real_time(limiter)).await;
}

/// The requests of thousands of tenants neither fill nor empty the bucket of another tenant.
pub async fn many_tenants_keep_their_buckets(limiter: impl RateLimiter) {
    ask_many_keys(&Probe::in_real_time(limiter), 5_000).await;
}

/// The arithmetic is right for the largest and the smallest [`Quota`](crate::rate_limit::Quota).
pub async fn the_largest_and_smallest_quotas_are_enforced(limiter: impl RateLimiter) {
    ask_with_extreme_quotas(&Probe::in_real_time(limiter)).await;
}
