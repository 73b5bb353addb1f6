//! Requests with pauses between them.

use std::time::Duration;

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{bucket::tenant, probe::Probe, time::Time},
    },
    rate_limit::{Quota, RateKey, RateLimiter},
};

/// Empties a bucket, and then makes requests at a steady rate.
pub(in crate::conformance) async fn poll_steadily<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
    pause: Duration,
    time: Duration,
) {
    let tenant = fresh_tenant();
    let key = RateKey::Tenant(&tenant);
    probe.drain(key, quota).await;
    let end = probe.time().elapsed() + time;
    while probe.time().elapsed() < end {
        probe.time().pass(pause).await;
        probe.acquire(key, quota).await;
    }
    probe.drain(key, quota).await;
}

/// Empties a bucket, and empties it again after each pause.
pub(in crate::conformance) async fn empty_after_pauses<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
    pauses: &[Duration],
) {
    let tenant = fresh_tenant();
    let key = RateKey::Tenant(&tenant);
    probe.drain(key, quota).await;
    for pause in pauses {
        probe.time().pass(*pause).await;
        probe.drain(key, quota).await;
    }
}

/// Takes some tokens before each pause, and empties the bucket in the end.
pub(in crate::conformance) async fn take_after_pauses<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
    tokens: u32,
    pauses: &[Duration],
) {
    let tenant = fresh_tenant();
    let key = RateKey::Tenant(&tenant);
    for pause in pauses {
        for _ in 0..tokens {
            probe.acquire(key, quota).await;
        }
        probe.time().pass(*pause).await;
    }
    // Emptying the largest buckets would take too long.
    if quota.burst() < 100_000 {
        probe.drain(key, quota).await;
    }
}

/// Empties the buckets of many tenants, and empties them again shortly before they are full.
pub(in crate::conformance) async fn ask_many_keys_until_full<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
    count: u32,
) {
    let name = fresh_tenant();
    let ids = (0..count).map(|number| tenant(&format!("{name}-{number}")));
    let ids: Vec<_> = ids.collect();
    let nanosecond = Duration::from_nanos(1);
    let full = quota.token_interval() * quota.burst();
    for pause in [Duration::ZERO, full.saturating_sub(nanosecond)] {
        probe.time().pass(pause).await;
        for id in &ids {
            probe.drain(RateKey::Tenant(id), quota).await;
        }
    }
}

/// Empties a bucket and waits as long as each refusal says, several times. Before the wait ends, it asks once
/// too early, by `margin`.
pub(in crate::conformance) async fn wait_as_told<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
    margin: Duration,
    rounds: u32,
) {
    let tenant = fresh_tenant();
    let key = RateKey::Tenant(&tenant);
    probe.drain(key, quota).await;
    for _ in 0..rounds {
        let Some(wait) = probe.acquire(key, quota).await.retry_after() else {
            // The last pause took longer than planned, so a token has returned already.
            continue;
        };
        let early = wait.saturating_sub(margin);
        probe.time().pass(early).await;
        if probe.acquire(key, quota).await.is_admitted() {
            continue;
        }
        probe.time().surely_pass(wait.saturating_sub(early)).await;
        let decision = probe.acquire(key, quota).await;
        if !decision.is_admitted() {
            probe.fail("a request was refused after the wait of the previous refusal");
        }
    }
}
