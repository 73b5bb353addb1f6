//! Decisions while the clock moves.

use std::time::Duration;

use crate::{
    conformance::traffic::{
        Probe, SteppedTime, all_quotas, alternate_after_pauses, ask_at_random,
        ask_many_keys_until_full, empty_after_pauses, poll_steadily, slowest, take_after_pauses,
        wait_as_told,
    },
    rate_limit::{Quota, RateLimiter},
};

const NANOSECOND: Duration = Duration::from_nanos(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A refused request is admitted when its wait is over, and not a nanosecond earlier.
pub async fn a_token_returns_on_the_nanosecond(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for quota in small_quotas() {
        wait_as_told(&probe, quota, NANOSECOND, 30).await;
    }
}

/// A client that asks for a long time, at any pace, gets at most the rate of the quota.
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

/// The check asks empty buckets again shortly before they are full, and when they are full.
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
        ask_many_keys_until_full(&probe, quota, 150).await;
    }
}

/// The pauses pass the times at which integers of 31, 32 and 53 bits overflow, in milliseconds, nanoseconds and
/// seconds.
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

/// Tokens of each quota return while requests use the other quotas.
pub async fn quotas_that_alternate_gain_tokens_apart(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    alternate_after_pauses(&Probe::new(limiter, SteppedTime::start(advance))).await;
}

/// The check makes thousands of random requests, also at the exact moments at which tokens return. The message
/// of a broken rule shows the seed that repeats them.
pub async fn random_histories_match_a_token_bucket(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for _ in 0..10 {
        ask_at_random(&probe.separate(), &all_quotas(), 3_000, 5 * HOUR).await;
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
