//! Quotas, and buckets in tenants that nobody else has.

#![expect(clippy::panic, reason = "a check fails by panicking")]

use tokio::time::Instant;

use crate::{
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    system::{OsRandom, SecureRandom as _},
    types::TenantId,
};

pub(super) fn quota(per_second: u32, burst: u32) -> Quota {
    Quota::new(per_second, burst).unwrap_or_default()
}

/// The lowest rate, with any burst that goes with it.
pub(super) fn slowest(burst: u32) -> Quota {
    Quota::per_hour(1, burst).unwrap_or_default()
}

/// A tenant that nobody has asked for before.
pub(super) fn fresh_tenant() -> TenantId {
    let mut random = [0; 16];
    if let Err(error) = OsRandom.fill(&mut random) {
        panic!("no random tenant id: {error:?}");
    }
    tenant(&format!("conformance-{:x}", u128::from_ne_bytes(random)))
}

pub(super) fn tenant(id: &str) -> TenantId {
    match TenantId::parse(id) {
        Ok(tenant) => tenant,
        Err(error) => panic!("`{id}`: {error}"),
    }
}

pub(super) async fn acquire(
    limiter: &impl RateLimiter,
    tenant: &TenantId,
    quota: Quota,
) -> RateDecision {
    acquire_from(limiter, RateKey::Tenant(tenant), quota).await
}

pub(super) async fn acquire_from(
    limiter: &impl RateLimiter,
    key: RateKey<'_>,
    quota: Quota,
) -> RateDecision {
    match limiter.acquire(key, quota).await {
        Ok(decision) => decision,
        Err(error) => panic!("the limiter can't tell: {error:?}"),
    }
}

/// How many are admitted one after the other, until one is refused.
pub(super) async fn drain(limiter: &impl RateLimiter, tenant: &TenantId, quota: Quota) -> u32 {
    drain_bucket(limiter, RateKey::Tenant(tenant), quota).await
}

/// As [`drain`], for any bucket.
pub(super) async fn drain_bucket(
    limiter: &impl RateLimiter,
    key: RateKey<'_>,
    quota: Quota,
) -> u32 {
    let mut admitted = 0;
    while acquire_from(limiter, key, quota).await.is_admitted() {
        admitted += 1;
        let far_too_many = 1_000_000;
        assert!(
            admitted < far_too_many,
            "a bucket is emptied at some time: {admitted} of {quota:?} were admitted"
        );
    }
    admitted
}

/// The most tokens that can have come back since `start`.
pub(super) fn regained(quota: Quota, start: Instant) -> u32 {
    let elapsed = start.elapsed();
    let elapsed = elapsed + elapsed / 100;
    let tokens = elapsed.as_nanos() / quota.token_interval().as_nanos();
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
