//! Random requests.

use std::{env, ffi::OsStr, time::Duration};

use crate::{
    conformance::traffic::{
        bucket::{fill, fresh_tenant, hourly, quota, source},
        probe::Probe,
        time::Time,
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
};

/// The environment variable that repeats a history.
const SEED: &str = "OAUTH_DCR_CONFORMANCE_SEED";

/// Random numbers that a seed repeats: SplitMix64.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn pick<T: Copy>(&mut self, choices: &[T], fallback: T) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(self.below(count)).unwrap_or_default();
        choices.get(index).copied().unwrap_or(fallback)
    }
}

/// The seed that the environment sets, or a new one.
fn seed() -> u64 {
    if let Some(set) = env::var_os(SEED) {
        return seed_of(&set);
    }
    let mut random = [0; 8];
    fill(&mut random);
    u64::from_ne_bytes(random)
}

/// # Panics
/// If the text is not a seed.
fn seed_of(text: &OsStr) -> u64 {
    let seed = text.to_str().and_then(|it| it.parse().ok());
    assert!(
        seed.is_some(),
        "the environment variable {SEED} must be a whole number of 64 bits, not `{}`",
        text.display()
    );
    seed.unwrap_or_default()
}

/// Reads the seed that the environment sets, if it sets one, so that a wrong seed fails before any rule.
///
/// # Panics
/// If the environment sets a text that is not a seed.
pub(in crate::conformance) fn verify_seed() {
    let _ = seed();
}

/// A pause before a request, by what the last decision about the bucket was.
fn pause(random: &mut Random, quota: Quota, last: Option<RateDecision>) -> Duration {
    let nanosecond = Duration::from_nanos(1);
    let period = quota.token_interval();
    let told = last.and_then(|it| it.retry_after()).unwrap_or_default();
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

/// Random requests by several quotas of a tenant and its sources, with pauses of at most `longest`.
pub(in crate::conformance) async fn ask_at_random<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    quotas: &[Quota],
    requests: u32,
    longest: Duration,
) {
    let seed = seed();
    probe.note(format!("{SEED}={seed} makes these requests again."));
    let mut random = Random(seed);
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
        // Some requests of one bucket in a row, since what is told is about it.
        if number % 8 == 0 {
            key = random.pick(&keys, key);
            quota = random.pick(quotas, quota);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_whole_number() {
        assert_eq!(seed_of("18446744073709551615".as_ref()), u64::MAX);
    }

    #[test]
    #[should_panic(expected = "OAUTH_DCR_CONFORMANCE_SEED must be a whole number")]
    fn a_seed_that_is_no_number_is_refused() {
        seed_of("0x17".as_ref());
    }
}
