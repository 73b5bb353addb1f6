//! What is decided while the clock goes on.

use std::time::Duration;

use crate::{
    conformance::traffic::{
        Probe, SteppedTime, all_quotas, alternate_after_pauses, ask_at_random,
        ask_of_many_keys_until_full, empty_after_pauses, poll_steadily, slowest, take_after_pauses,
        wait_as_told,
    },
    rate_limit::{Quota, RateLimiter},
};

const NANOSECOND: Duration = Duration::from_nanos(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A refused request is admitted when the wait is over, and not a nanosecond before.
pub async fn a_token_returns_on_the_nanosecond(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for quota in small_quotas() {
        wait_as_told(&probe, quota, NANOSECOND, 30).await;
    }
}

/// A client that asks at any pace, for a long time, gets the rate of the quota.
pub async fn a_steady_client_gets_exactly_the_rate(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for quota in small_quotas() {
        let period = quota.token_interval();
        for pause in [
            period.saturating_sub(NANOSECOND),
            period,
            period + NANOSECOND,
            period / 10 * 9,
            period / 10 * 11,
            period / 10 * 15,
            period / 50,
        ] {
            poll_steadily(&probe, quota, pause, 300 * pause).await;
        }
    }
}

/// Drained buckets are looked at shortly before they are full, and when they are.
pub async fn a_bucket_is_kept_until_it_is_full(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for quota in small_quotas() {
        let period = quota.token_interval();
        let full = period * quota.burst();
        let pauses = [
            full.saturating_sub(NANOSECOND),
            full,
            period,
            full.saturating_sub(period),
            full / 10 * 9,
            full / 2,
            full + NANOSECOND,
        ];
        empty_after_pauses(&probe, quota, &pauses).await;
        take_after_pauses(&probe, quota, 2, &pauses).await;
        ask_of_many_keys_until_full(&probe, quota, 150).await;
    }
}

/// Times at which numbers of 31, 32 and 53 bits end, in milliseconds, nanoseconds and seconds.
pub async fn a_bucket_never_exceeds_its_burst_in_years(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    let pauses = [DAY, 25 * DAY, 50 * DAY, 105 * DAY, 400 * DAY, HOUR];
    for quota in small_quotas() {
        empty_after_pauses(&probe, quota, &pauses).await;
    }
    let decades = 20_000 * DAY;
    empty_after_pauses(&probe, slowest(30), &[decades, HOUR]).await;
    let long = Quota::per_hour(1, 20_000).unwrap_or_default();
    empty_after_pauses(&probe, long, &[150 * DAY, 300 * DAY, 10 * DAY]).await;
    take_after_pauses(&probe, long, 3, &pauses).await;
    let longest = Quota::per_hour(1, 1_193_046).unwrap_or_default();
    take_after_pauses(&probe, longest, 3, &pauses).await;
}

/// Tokens of each quota return while the others are asked for.
pub async fn quotas_that_alternate_gain_tokens_apart(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    alternate_after_pauses(&Probe::new(limiter, SteppedTime::start(advance))).await;
}

/// Thousands of random requests, also at the very moments at which tokens return. A message has the seed
/// that makes them again.
pub async fn random_histories_match_a_token_bucket(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for _ in 0..10 {
        ask_at_random(&probe.apart(), &all_quotas(), 3_000, 5 * HOUR).await;
    }
}

fn small_quotas() -> [Quota; 7] {
    [
        Quota::new(1, 1),
        Quota::new(5, 5),
        Quota::new(3, 2),
        Quota::new(Quota::MAX_PER_SECOND, 3),
        Quota::per_minute(7, 10),
        Quota::per_hour(1, 4),
        Quota::per_hour(1, 30),
    ]
    .map(Result::unwrap_or_default)
}
