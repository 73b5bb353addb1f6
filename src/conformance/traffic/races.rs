//! Simultaneous requests of one bucket.

use std::{
    sync::{Arc, Barrier},
    time::Duration,
};

use tokio::{runtime::Handle, task::JoinSet};

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            bucket::quota,
            overlaps::{Order, grace, overlap},
            probe::Probe,
            time::Time,
        },
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    types::TenantId,
};

/// Makes requests in several tasks at once, `requests` in each task. Then empties the bucket.
pub(in crate::conformance) async fn race_tasks<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    tenant: &TenantId,
    quota: Quota,
    requests: u32,
) {
    let from = probe.time().elapsed();
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let (probe, tenant) = (probe.clone(), tenant.clone());
        tasks.spawn(async move {
            let mut decisions = Vec::new();
            for _ in 0..requests {
                decisions.push(probe.ask(RateKey::Tenant(&tenant), quota).await);
            }
            decisions
        });
    }
    let decisions: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    settle(probe, tenant, quota, from, &decisions);
    probe.drain(RateKey::Tenant(tenant), quota).await;
}

/// Does the same as [`race_tasks`] with a bucket that gains no token shortly before the race or during it.
pub(in crate::conformance) async fn race_between_tokens<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
) {
    let tenant = fresh_tenant();
    probe.acquire(RateKey::Tenant(&tenant), quota).await;
    probe.time().pass(T::RESOLUTION * 5).await;
    race_tasks(probe, &tenant, quota, 2).await;
}

/// Does the same as [`race_tasks`] with threads instead of tasks.
pub(in crate::conformance) async fn race_threads<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quota: Quota,
) {
    let tenant = fresh_tenant();
    let from = probe.time().elapsed();
    let mut tasks = JoinSet::new();
    let start = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        let (probe, tenant, start) = (probe.clone(), tenant.clone(), Arc::clone(&start));
        let runtime = Handle::current();
        tasks.spawn_blocking(move || {
            start.wait();
            let ask = || runtime.block_on(probe.ask(RateKey::Tenant(&tenant), quota));
            (0..quota.burst() + 2).map(|_| ask()).collect::<Vec<_>>()
        });
    }
    let decisions: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    settle(probe, &tenant, quota, from, &decisions);
    probe.drain(RateKey::Tenant(&tenant), quota).await;
}

fn settle<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    tenant: &TenantId,
    quota: Quota,
    from: Duration,
    decisions: &[RateDecision],
) {
    let times = (from, probe.time().elapsed());
    probe.settle(RateKey::Tenant(tenant), quota, times, decisions, 0);
}

/// Makes racing requests at the moment at which a token returns, several times.
pub(in crate::conformance) async fn race_for_returning_tokens<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    let grace = grace(probe).await;
    for quota in [quota(20, 1), quota(20, 2)] {
        let tenant = fresh_tenant();
        let key = RateKey::Tenant(&tenant);
        probe.drain(key, quota).await;
        for round in 0..12 {
            let refused = probe.acquire(key, quota).await;
            let wait = refused.retry_after().unwrap_or_default();
            probe.time().surely_pass(wait).await;
            if round % 2 == 0 {
                race_tasks(probe, &tenant, quota, 1).await;
            } else {
                let steps = (round / 2, round % 3 + 1);
                overlap(probe, key, quota, Order { steps, grace }).await;
                probe.drain(key, quota).await;
            }
        }
    }
}
