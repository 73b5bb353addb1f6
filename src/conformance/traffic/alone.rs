//! Requests one after the other, as fast as possible.

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            bucket::{hourly, quota},
            probe::Probe,
            time::Time,
        },
    },
    rate_limit::{Quota, RateKey, RateLimiter},
};

/// Empties a full bucket for each of the bursts.
pub(in crate::conformance) async fn empty_buckets<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    bursts: &[u32],
) {
    for burst in bursts {
        let tenant = fresh_tenant();
        probe
            .drain(RateKey::Tenant(&tenant), hourly(1, *burst))
            .await;
    }
}

/// Makes twice as many requests as the burst.
pub(in crate::conformance) async fn ask_twice_the_burst<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
) {
    let tenant = fresh_tenant();
    for _ in 0..2 * quota.burst() {
        probe.acquire(RateKey::Tenant(&tenant), quota).await;
    }
}

/// Makes a few requests with the largest and the smallest possible quotas.
pub(in crate::conformance) async fn ask_with_extreme_quotas<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    let most = Quota::MAX_PER_SECOND;
    let (hour, minute) = (Quota::MAX_PER_HOUR, Quota::MAX_PER_MINUTE);
    let quotas = [
        quota(most, u32::MAX),
        quota(1, u32::MAX),
        quota(7, u32::MAX),
        quota(most, 1),
        quota(1, 1),
        hourly(1, 1),
        hourly(1, 1_193_046),
        hourly(2, 2_386_092),
        hourly(hour, u32::MAX),
        Quota::per_minute(minute, u32::MAX).unwrap_or_default(),
        Quota::per_minute(60, u32::MAX).unwrap_or_default(),
        quota(1, i32::MAX.unsigned_abs() + 1),
        quota(1, u32::from(u16::MAX) + 2),
    ];
    for quota in quotas {
        let tenant = fresh_tenant();
        for _ in 0..4 {
            probe.acquire(RateKey::Tenant(&tenant), quota).await;
        }
    }
}
