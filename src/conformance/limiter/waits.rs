//! How tokens return. These checks wait.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{
    conformance::traffic::{
        Probe, ask_at_random, empty_after_pauses, fast_quotas, poll_steadily, quota, slowest,
        take_after_pauses, wait_as_told,
    },
    rate_limit::RateLimiter,
};

const MILLISECOND: Duration = Duration::from_millis(1);

/// After a wait, as many are admitted as tokens have come back meanwhile; after a long one, the burst.
pub async fn tokens_return_at_the_rate_up_to_the_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, pauses) in [
        (quota(10, 4), [110, 320, 150, 900]),
        (quota(10, 4), [150, 150, 250, 250]),
        // Full after less than two seconds, and asked before.
        (quota(10, 19), [1_100, 300, 700, 100]),
        (quota(2, 3), [1_200, 600, 0, 600]),
        (quota(1, 2), [1_300, 900, 0, 600]),
        (quota(100, 10), [35, 55, 500, 1_500]),
        // Not full for hours.
        (slowest(4), [1_100, 2_200, 0, 0]),
    ] {
        let probe = probe.apart();
        tenants.spawn(async move {
            let pauses = pauses.map(|millis| millis * MILLISECOND);
            empty_after_pauses(&probe, quota, &pauses).await;
        });
    }
    tenants.join_all().await;
}

/// A bucket that nobody asks for is full at its burst, however long it is left alone.
pub async fn an_idle_bucket_never_exceeds_its_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, tokens, pauses) in [
        (quota(50, 3), 1, [20, 2_500, 20]),
        (quota(200, 4), 3, [1_200, 1_200, 600]),
        (quota(10, 5), 2, [300, 1_100, 1_100]),
        (quota(2, 4), 1, [100, 2_000, 800]),
    ] {
        let probe = probe.apart();
        tenants.spawn(async move {
            let pauses = pauses.map(|millis| millis * MILLISECOND);
            take_after_pauses(&probe, quota, tokens, &pauses).await;
        });
    }
    tenants.join_all().await;
}

/// A request that waits as long as it was told is admitted, and before it is not.
pub async fn a_request_that_waits_as_told_is_admitted(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, rounds) in [
        (quota(10, 4), 20),
        (quota(2, 1), 4),
        (quota(1, 2), 2),
        (quota(30, 3), 40),
    ] {
        let probe = probe.apart();
        tenants.spawn(async move {
            wait_as_told(&probe, quota, 8 * MILLISECOND, rounds).await;
        });
    }
    tenants.join_all().await;
}

/// A client that asks too often for seconds gets exactly the rate: what is refused takes nothing, and
/// puts nothing off.
pub async fn refused_requests_take_nothing(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, pause) in [
        (quota(20, 1), 45),
        (quota(20, 5), 45),
        (quota(20, 5), 3),
        (quota(100, 10), 8),
        (quota(100, 10), 1),
        (quota(2, 1), 450),
        (quota(2, 1), 5),
        (quota(3, 2), 300),
        (quota(5, 3), 20),
        // Slower than the rate: what is left over adds up.
        (quota(20, 5), 70),
        (quota(10, 3), 155),
    ] {
        let probe = probe.apart();
        tenants.spawn(async move {
            let time = Duration::from_millis(3_200);
            poll_steadily(&probe, quota, pause * MILLISECOND, time).await;
        });
    }
    tenants.join_all().await;
}

/// Random requests, by several quotas of tenants and sources. A message has the seed that makes them again.
pub async fn random_requests_are_decided_as_by_a_bucket(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut histories = JoinSet::new();
    for _ in 0..6 {
        let probe = probe.apart();
        histories.spawn(async move {
            ask_at_random(&probe, &fast_quotas(), 160, 120 * MILLISECOND).await;
        });
    }
    histories.join_all().await;
}
