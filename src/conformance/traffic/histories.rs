//! Random requests.

use std::time::Duration;

use crate::{
    conformance::{
        random::{Random, SEED, fresh_tenant, seed},
        traffic::{
            bucket::{hourly, quota, source},
            probe::Probe,
            time::Time,
        },
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
};

/// A random pause before a request. Some pauses follow from the last decision about the bucket.
fn pause(random: &mut Random, quota: Quota, last: Option<RateDecision>) -> Duration {
    let nanosecond = Duration::from_nanos(1);
    let period = quota.token_interval();
    let told = last
        .and_then(|decision| decision.retry_after())
        .unwrap_or_default();
    let part = |whole: Duration, random: &mut Random| {
        let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(random.below(nanos))
    };
    match random.below(12) {
        0..4 => Duration::ZERO,
        4 => told,
        5 => told.saturating_sub(nanosecond),
        6 => told + nanosecond,
        7 => part(period / 8, random),
        8 => part(period, random),
        9 => period,
        10 => part(period * 4, random),
        _ => {
            let full = period.saturating_mul(quota.burst());
            part(full + full / 4, random)
        }
    }
}

/// Makes random requests with several quotas of tenants and sources, and pauses of at most `longest`.
pub(in crate::conformance) async fn ask_at_random<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quotas: &[Quota],
    requests: u32,
    longest: Duration,
) {
    let seed = seed();
    probe.note(format!("{SEED}={seed} repeats these requests."));
    let mut random = Random::new(seed);
    let tenants = [fresh_tenant(), fresh_tenant()];
    let [first, second] = &tenants;
    let keys = [
        RateKey::Tenant(first),
        RateKey::Tenant(second),
        RateKey::Source(first, source("203.0.113.5")),
        RateKey::Source(first, source("2001:db8::")),
    ];
    let mut last = None;
    let (mut key, mut quota) = (RateKey::Tenant(first), Quota::default());
    for number in 0..requests {
        // Several requests in a row use one bucket, because the wait of a refusal is about this bucket.
        if number % 8 == 0 {
            key = random.pick(&keys);
            quota = random.pick(quotas);
        }
        let pause = pause(&mut random, quota, last).min(longest);
        if !pause.is_zero() {
            probe.time().pass(pause).await;
        }
        last = Some(probe.acquire(key, quota).await);
    }
}

/// Quotas that gain tokens while a check waits.
pub(in crate::conformance) fn fast_quotas() -> [Quota; 7] {
    [
        quota(20, 1),
        quota(20, 3),
        quota(50, 5),
        quota(30, 3),
        quota(7, 2),
        Quota::per_minute(1_200, 3).unwrap_or_default(),
        quota(200, 20),
    ]
}

/// Quotas of all sizes.
pub(in crate::conformance) fn all_quotas() -> [Quota; 14] {
    [
        quota(1, 1),
        quota(3, 5),
        quota(7, 2),
        quota(5, 5),
        quota(Quota::MAX_PER_SECOND, 3),
        quota(Quota::MAX_PER_SECOND, u32::MAX),
        quota(999, 4),
        Quota::per_minute(60, 1).unwrap_or_default(),
        Quota::per_minute(7, 3).unwrap_or_default(),
        hourly(1, 2),
        hourly(1, 1_193_046),
        hourly(13, 4),
        hourly(3_600, 5),
        hourly(3_599, 5),
    ]
}
