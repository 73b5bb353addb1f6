//! What every [`RateLimiter`] has to do, one function a rule.
//!
//! The checks take a few seconds in all. What a limiter may admit in a time is bounded from both sides: at
//! least what has come back for certain, at most what can have come back while it was measured, with a
//! hundredth on top for clocks that disagree.

mod bucket;
mod buckets;
mod decisions;
mod sources;

pub use buckets::*;
pub use decisions::*;
pub use sources::*;

use std::sync::Arc;

use crate::rate_limit::RateLimiter;

/// Runs every check, one after the other.
///
/// # Panics
/// If one fails.
pub async fn rate_limiter(limiter: impl RateLimiter) {
    let limiter = Arc::new(limiter);
    a_full_bucket_gives_exactly_its_burst(Arc::clone(&limiter)).await;
    tokens_return_at_the_rate_up_to_the_burst(Arc::clone(&limiter)).await;
    each_tenant_has_its_own_bucket(Arc::clone(&limiter)).await;
    each_source_has_its_own_bucket(Arc::clone(&limiter)).await;
    addresses_of_one_source_share_its_bucket(Arc::clone(&limiter)).await;
    racing_requests_never_exceed_the_burst(Arc::clone(&limiter)).await;
    a_changed_quota_starts_with_a_full_bucket(Arc::clone(&limiter)).await;
    decisions_match_the_quota(Arc::clone(&limiter)).await;
    the_largest_and_smallest_quotas_are_enforced(Arc::clone(&limiter)).await;
}
