//! Quotas that change.

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            bucket::{hourly, quota, source},
            probe::Probe,
            time::Time,
        },
    },
    rate_limit::{InvalidQuota, Quota, RateKey, RateLimiter},
};

/// Different quotas that look alike. Some have the same rate and others the same burst.
fn similar_quotas() -> [Quota; 10] {
    [
        hourly(1, 3),
        hourly(1, 4),
        hourly(2, 3),
        hourly(3, 1),
        hourly(2, 6),
        hourly(1, 13),
        hourly(11, 3),
        Quota::per_minute(1, 3).unwrap_or_default(),
        hourly(7, 3),
        hourly(3_601, 3),
    ]
}

/// Changes the quota repeatedly, and empties the bucket each time.
pub(in crate::conformance) async fn alternate_and_empty<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    let tenant = fresh_tenant();
    for key in [
        RateKey::Tenant(&tenant),
        RateKey::Source(&tenant, source("unknown")),
    ] {
        for _ in 0..3 {
            for quota in similar_quotas() {
                probe.drain(key, quota).await;
            }
        }
    }
}

/// Changes the quota with each request.
pub(in crate::conformance) async fn alternate_at_each_request<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    for (first, second) in [
        (hourly(1, 5), hourly(1, 6)),
        (hourly(1, 5), hourly(2, 5)),
        (hourly(1, 5), hourly(2, 10)),
        (hourly(1, 5), Quota::per_minute(1, 5).unwrap_or_default()),
    ] {
        let tenant = fresh_tenant();
        let key = RateKey::Tenant(&tenant);
        for quota in [first, second].repeat(12) {
            probe.acquire(key, quota).await;
        }
    }
}

/// Changes to each of several quotas once.
pub(in crate::conformance) async fn change_quotas<L: RateLimiter, T: Time>(probe: &Probe<L, T>) {
    let tenant = fresh_tenant();
    for quota in [
        quota(1, 3),
        quota(2, 3),
        quota(2, 7),
        quota(1, 2),
        quota(1, 1),
    ] {
        probe.drain(RateKey::Tenant(&tenant), quota).await;
    }
}

/// Makes requests with equal quotas that use different units.
pub(in crate::conformance) async fn rewrite_quotas<L: RateLimiter, T: Time>(probe: &Probe<L, T>) {
    let each = |units: [Result<Quota, InvalidQuota>; 2]| units.map(Result::unwrap_or_default);
    for quotas in [
        each([Quota::per_minute(1, 4), Quota::per_hour(60, 4)]),
        each([Quota::new(1, 6), Quota::per_minute(60, 6)]),
        each([Quota::new(1, 8), Quota::per_hour(3_600, 8)]),
    ] {
        let tenant = fresh_tenant();
        for quota in quotas.repeat(10) {
            probe.acquire(RateKey::Tenant(&tenant), quota).await;
        }
    }
}

/// Alternates between two quotas, with pauses in which tokens of both return.
pub(in crate::conformance) async fn alternate_after_pauses<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    for (first, second) in [
        (quota(1, 5), quota(1, 6)),
        (quota(1, 5), quota(2, 5)),
        (quota(10, 4), quota(5, 3)),
        (hourly(1, 5), hourly(2, 10)),
    ] {
        let tenant = fresh_tenant();
        let key = RateKey::Tenant(&tenant);
        let period = first.token_interval();
        for round in 0..60 {
            probe.time().pass(period * (round % 4) / 3).await;
            for quota in [first, second] {
                probe.acquire(key, quota).await;
                probe.acquire(key, quota).await;
            }
        }
        probe.time().pass(period * 2).await;
        for quota in [first, second] {
            probe.drain(key, quota).await;
        }
    }
}
