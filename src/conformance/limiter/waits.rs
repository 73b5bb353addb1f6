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

/// After a wait, the limiter admits one request for each token that has returned, and after a long wait as many
/// requests as the burst.
pub async fn tokens_return_at_the_rate_up_to_the_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, pauses) in [
        (quota(10, 4), [110, 320, 150, 900]),
        (quota(10, 4), [150, 150, 250, 250]),
        // This bucket is full after less than two seconds, and is asked earlier.
        (quota(10, 19), [1_100, 300, 700, 100]),
        (quota(2, 3), [1_200, 600, 0, 600]),
        (quota(1, 2), [1_300, 900, 0, 600]),
        (quota(100, 10), [35, 55, 500, 1_500]),
        // This bucket is not full for hours.
        (slowest(4), [1_100, 2_200, 0, 0]),
    ] {
        let probe = probe.separate();
        tenants.spawn(async move {
            let pauses = pauses.map(|millis| millis * MILLISECOND);
            empty_after_pauses(&probe, quota, &pauses).await;
        });
    }
    tenants.join_all().await;
}

/// An idle bucket is full when it holds its burst, and gains no more tokens.
pub async fn an_idle_bucket_never_exceeds_its_burst(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, tokens, pauses) in [
        (quota(50, 3), 1, [20, 2_500, 20]),
        (quota(200, 4), 3, [1_200, 1_200, 600]),
        (quota(10, 5), 2, [300, 1_100, 1_100]),
        (quota(2, 4), 1, [100, 2_000, 800]),
    ] {
        let probe = probe.separate();
        tenants.spawn(async move {
            let pauses = pauses.map(|millis| millis * MILLISECOND);
            take_after_pauses(&probe, quota, tokens, &pauses).await;
        });
    }
    tenants.join_all().await;
}

/// A refused request is admitted after the wait that its refusal told, and not before.
pub async fn a_request_that_waits_as_told_is_admitted(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut tenants = JoinSet::new();
    for (quota, rounds) in [
        (quota(10, 4), 20),
        (quota(2, 1), 4),
        (quota(1, 2), 2),
        (quota(30, 3), 40),
    ] {
        let probe = probe.separate();
        tenants.spawn(async move {
            wait_as_told(&probe, quota, 8 * MILLISECOND, rounds).await;
        });
    }
    tenants.join_all().await;
}

/// A client that asks too often for seconds gets exactly the rate. A refused request takes no token, and delays
/// no token.
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
        // These clients ask more slowly than the rate, so unused tokens add up.
        (quota(20, 5), 70),
        (quota(10, 3), 155),
    ] {
        let probe = probe.separate();
        tenants.spawn(async move {
            let time = Duration::from_millis(3_200);
            poll_steadily(&probe, quota, pause * MILLISECOND, time).await;
        });
    }
    tenants.join_all().await;
}

/// The check makes random requests with several quotas of tenants and sources. The message of a broken rule shows
/// the seed that repeats them.
pub async fn random_requests_are_decided_as_by_a_bucket(limiter: impl RateLimiter) {
    let probe = Probe::in_real_time(limiter);
    let mut histories = JoinSet::new();
    for _ in 0..6 {
        let probe = probe.separate();
        histories.spawn(async move {
            ask_at_random(&probe, &fast_quotas(), 160, 120 * MILLISECOND).await;
        });
    }
    histories.join_all().await;
}
