//! Simultaneous requests, and callers that go away.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            Probe, abandon_at_each_step, overlap_all_steps, overlap_different_buckets,
            poll_steadily, quota, race_between_tokens, race_for_returning_tokens, race_tasks,
            race_threads, slowest,
        },
    },
    rate_limit::RateLimiter,
};

/// Tasks and threads that ask at once get the burst in total, plus the tokens that returned meanwhile.
pub async fn racing_requests_never_exceed_the_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    for quota in [1, 5, 30, 100]
        .map(slowest)
        .into_iter()
        .chain([quota(50, 20)])
    {
        race_tasks(&probe, &fresh_tenant(), quota, 4).await;
        race_threads(&probe, quota).await;
    }
    for burst in [3, 30, 60] {
        race_between_tokens(&probe, slowest(burst)).await;
    }
}

/// Two overlapping requests are decided one after the other, however their steps alternate.
pub async fn overlapping_requests_take_one_token_each(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    overlap_all_steps(&probe).await;
    overlap_different_buckets(&probe).await;
}

/// A request whose caller goes away takes one token or none, returns no token of another request, and delays no
/// other request.
pub async fn abandoned_requests_take_one_token_or_none(limiter: impl RateLimiter) {
    abandon_at_each_step(&Probe::in_real_time(limiter)).await;
}

/// If requests race for a returning token, one of them is admitted.
pub async fn a_returning_token_admits_one_request(limiter: impl RateLimiter) {
    race_for_returning_tokens(&Probe::in_real_time(limiter)).await;
}

/// 64 tenants ask too often at the same time, and each gets its own rate.
pub async fn busy_tenants_leave_each_other_their_rates(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for number in 1..=64 {
        let probe = probe.separate();
        let pause = Duration::from_millis(3 * number);
        tenants.spawn(async move {
            poll_steadily(&probe, quota(20, 4), pause, Duration::from_secs(2)).await;
        });
    }
    tenants.join_all().await;
}
