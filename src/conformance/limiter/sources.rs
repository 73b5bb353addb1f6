//! The buckets of sources.

use crate::{
    conformance::traffic::{Probe, empty_addresses_of_one_source, empty_similar_sources},
    rate_limit::RateLimiter,
};

/// A tenant's bucket and those of its sources have nothing to do with each other, nor with another
/// tenant's, however alike the addresses are.
pub async fn each_source_has_its_own_bucket(limiter: impl RateLimiter) {
    empty_similar_sources(&Probe::in_real_time(limiter)).await;
}

/// Two addresses of one IPv6 network of 64 bits share a bucket, and so do all that are unknown.
pub async fn addresses_of_one_source_share_its_bucket(limiter: impl RateLimiter) {
    empty_addresses_of_one_source(&Probe::in_real_time(limiter)).await;
}
