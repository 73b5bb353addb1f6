//! What a bucket holds, and whose bucket it is.

use crate::{
    conformance::traffic::{
        Probe, ask_by_extreme_quotas, ask_of_many_keys, ask_twice_the_burst, empty_buckets,
        empty_similar_tenants, quota, slowest,
    },
    rate_limit::RateLimiter,
};

/// Of requests that come as fast as they can, those that the burst allows are admitted, then only
/// those that tokens have come back for.
pub async fn a_full_bucket_gives_exactly_its_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    empty_buckets(&probe, &[1, 5, 50, 300]).await;
    ask_twice_the_burst(&probe, slowest(20)).await;
}

/// The parts of a decision fit each other and the quota.
pub async fn decisions_match_the_quota(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    for quota in [quota(2, 6), quota(1, 1), quota(1_000, 7), slowest(9)] {
        ask_twice_the_burst(&probe, quota).await;
    }
}

/// One tenant's requests take nothing from another, however alike their ids.
pub async fn each_tenant_has_its_own_bucket(limiter: impl RateLimiter) {
    empty_similar_tenants(&Probe::in_real_time(limiter)).await;
}

/// Requests of thousands of tenants neither fill nor empty the bucket of another.
pub async fn many_tenants_keep_their_buckets(limiter: impl RateLimiter) {
    ask_of_many_keys(&Probe::in_real_time(limiter), 5_000).await;
}

/// The arithmetic holds at both ends of what a [`Quota`](crate::rate_limit::Quota) can be.
pub async fn the_largest_and_smallest_quotas_are_enforced(limiter: impl RateLimiter) {
    ask_by_extreme_quotas(&Probe::in_real_time(limiter)).await;
}
