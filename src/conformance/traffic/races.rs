//! Requests of one bucket at the same time.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Barrier},
    task::Poll,
    time::Duration,
};

use tokio::{runtime::Handle, task::JoinSet, time::timeout};

use crate::{
    conformance::traffic::{
        bucket::{fresh_tenant, quota, slowest, source},
        probe::{Probe, poll_times},
        time::Time,
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    types::TenantId,
};

/// How long a request may need another one to go on first.
const GRACE: Duration = Duration::from_millis(10);

/// Tasks that ask at once, so often each, and what is left after them.
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

/// As [`race_tasks`], with threads of their own.
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

/// Two requests that overlap in every way: each is held up after some of its steps, while the other goes
/// on.
pub(in crate::conformance) async fn overlap_all_steps<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    for steps in (0..7).flat_map(|first| (0..7).map(move |second| (first, second))) {
        // New buckets, the last token, the last two tokens, and none.
        for (burst, taken) in [(1, 0), (3, 0), (2, 1), (3, 1), (2, 2)] {
            let (tenant, quota) = (fresh_tenant(), slowest(burst));
            let key = RateKey::Tenant(&tenant);
            for _ in 0..taken {
                probe.acquire(key, quota).await;
            }
            overlap(probe, key, quota, steps).await;
            probe.acquire(key, quota).await;
        }
    }
}

/// Requests of two buckets that overlap in every way.
pub(in crate::conformance) async fn overlap_different_buckets<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    for steps in (0..7).flat_map(|first| (0..7).map(move |second| (first, second))) {
        let (first, second) = (fresh_tenant(), fresh_tenant());
        let (first, second) = (RateKey::Tenant(&first), RateKey::Tenant(&second));
        let of_first = RateKey::Source(first.tenant(), source("203.0.113.5"));
        let (one, two) = (slowest(1), slowest(2));
        for pair in [
            [(first, one), (second, one)],
            [(first, two), (of_first, two)],
            [(second, two), (second, slowest(3))],
        ] {
            overlap_pair(probe, pair, steps).await;
            for (key, quota) in pair {
                probe.acquire(key, quota).await;
            }
        }
    }
}

/// Two requests of a bucket, as in [`interleave`].
async fn overlap<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    key: RateKey<'_>,
    quota: Quota,
    steps: (u32, u32),
) {
    let from = probe.time().elapsed();
    let decisions = interleave(probe.ask(key, quota), probe.ask(key, quota), steps).await;
    let times = (from, probe.time().elapsed());
    probe.settle(key, quota, times, &decisions, 0);
}

/// Requests of two buckets, as in [`interleave`].
async fn overlap_pair<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    buckets: [(RateKey<'_>, Quota); 2],
    steps: (u32, u32),
) {
    let from = probe.time().elapsed();
    let [first, second] = buckets.map(|(key, quota)| probe.ask(key, quota));
    let decisions = interleave(first, second, steps).await;
    let times = (from, probe.time().elapsed());
    for ((key, quota), decision) in buckets.into_iter().zip(decisions) {
        probe.settle(key, quota, times, &[decision], 0);
    }
}

/// Holds the first up after so many steps, then lets the second go as many as it is said, then on to the
/// end, and then the first.
async fn interleave<F: Future<Output = RateDecision>>(
    first: F,
    second: F,
    (first_steps, second_steps): (u32, u32),
) -> [RateDecision; 2] {
    let mut first = pin!(first);
    let mut second = pin!(second);
    let mut of_first = poll_times(first.as_mut(), first_steps).await;
    let mut of_second = poll_times(second.as_mut(), second_steps).await;
    // In half of the cases the first is faster in the end.
    if second_steps % 2 == 1 && of_first.is_none() {
        of_first = timeout(GRACE, first.as_mut()).await.ok();
    }
    if of_second.is_none() {
        of_second = timeout(GRACE, second.as_mut()).await.ok();
    }
    both(first, of_first, second, of_second).await
}

async fn both<F: Future>(
    mut first: Pin<&mut F>,
    mut of_first: Option<F::Output>,
    mut second: Pin<&mut F>,
    mut of_second: Option<F::Output>,
) -> [F::Output; 2]
where
    F::Output: Unpin,
{
    poll_fn(|context| {
        if of_second.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            of_second = Some(output);
        }
        if of_first.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            of_first = Some(output);
        }
        match (of_first.take(), of_second.take()) {
            (Some(first), Some(second)) => Poll::Ready([first, second]),
            (first, second) => {
                (of_first, of_second) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}

/// Requests at the moment at which a token returns, again and again.
pub(in crate::conformance) async fn race_for_returning_tokens<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
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
                overlap(probe, key, quota, (round / 2, round % 3 + 1)).await;
                probe.drain(key, quota).await;
            }
        }
    }
}
