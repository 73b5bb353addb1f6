//! The buckets of sources.

use crate::{
    conformance::traffic::{Probe, empty_addresses_of_one_source, empty_similar_sources},
    rate_limit::RateLimiter,
};

/// The bucket of a tenant, the buckets of its sources and the buckets of other tenants are separate, even if the
/// addresses look alike.
pub async fn each_source_has_its_own_bucket(limiter: impl RateLimiter) {
    empty_similar_sources(&Probe::in_real_time(limiter)).await;
}

/// Two addresses of one IPv6 /64 network share a bucket. All unknown addresses share a bucket too.
pub async fn addresses_of_one_source_share_its_bucket(limiter: impl RateLimiter) {
    empty_addresses_of_one_source(&Probe::in_real_time(limiter)).await;
}
