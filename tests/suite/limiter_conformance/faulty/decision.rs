//! What a bucket decides.

use std::time::Duration;

use oauth_dcr::rate_limit::{Quota, RateDecision};

use super::Fault;

/// Times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    pub(super) full_at: i128,
    pub(super) used_at: i128,
    /// For those that count tokens: since when, and what is taken.
    since: i128,
    taken: u32,
    quota: Option<Quota>,
}

impl Default for Bucket {
    fn default() -> Self {
        let long_ago = i128::from(i64::MIN);
        Self {
            full_at: long_ago,
            used_at: long_ago,
            since: long_ago,
            taken: 0,
            quota: None,
        }
    }
}

const SECOND: i128 = 1_000_000_000;

pub(super) fn period(quota: Quota) -> i128 {
    i128::try_from(quota.token_interval().as_nanos()).unwrap()
}

impl Bucket {
    pub(super) fn has_one_token(&self, now: i128, quota: Quota) -> bool {
        let room = period(quota) * i128::from(quota.burst()) - (self.full_at - now).max(0);
        room / period(quota) == 1
    }

    pub(super) fn decide(&mut self, fault: Fault, now: i128, quota: Quota) -> RateDecision {
        self.forget(fault, now, quota);
        let decision = match fault {
            Fault::FixedWindow => self.count(now, quota, quota.burst(), false),
            Fault::RefillsInBlocks => self.count(now, quota, quota.burst().min(2), false),
            Fault::LosesFractions => self.count(now, quota, 1, true),
            Fault::NeedsAQuietTime => {
                let decision = self.count(now, quota, quota.burst(), false);
                self.since = now;
                decision
            }
            _ => self.measure(fault, now, quota),
        };
        self.used_at = now;
        decision
    }

    fn forget(&mut self, fault: Fault, now: i128, quota: Quota) {
        let idle = now - self.used_at;
        let full = period(quota) * i128::from(quota.burst());
        let forgotten = match fault {
            Fault::RefillsWhenTheQuotaChanges => self.quota != Some(quota),
            Fault::ForgetsAfterWholeSeconds => idle >= (full / SECOND).max(1) * SECOND,
            Fault::ForgetsAfterOnePeriod => idle > period(quota),
            _ => false,
        };
        if forgotten {
            *self = Self::default();
        }
        self.quota = Some(quota);
    }

    /// Counts tokens, which return in blocks.
    fn count(&mut self, now: i128, quota: Quota, block: u32, loses: bool) -> RateDecision {
        let length = period(quota) * i128::from(block);
        if self.taken == 0 {
            self.since = now;
        }
        let blocks = (now - self.since) / length;
        let back = blocks.saturating_mul(i128::from(block));
        self.taken = self
            .taken
            .saturating_sub(u32::try_from(back).unwrap_or(u32::MAX));
        self.since += blocks * length;
        if loses {
            self.since = now;
        }
        if self.taken == quota.burst() {
            return limited(quota, length - (now - self.since));
        }
        self.taken += 1;
        RateDecision::admitted(quota, quota.burst() - self.taken)
    }

    /// Keeps the time at which the bucket is full.
    fn measure(&mut self, fault: Fault, now: i128, quota: Quota) -> RateDecision {
        let burst = match fault {
            Fault::CountsBurstsInOneByte => (quota.burst() & 0xff).max(1),
            _ => quota.burst(),
        };
        let period = period(quota);
        let rest = period * i128::from(burst - 1);
        let is_idle = now - self.used_at > 6 * (rest + period) && self.quota == Some(quota);
        let least = match fault {
            Fault::OverfillsWhenIdle if is_idle && self.used_at > 0 => -period,
            _ => 0,
        };
        let missing = (self.full_at - now).max(least);
        let limit = match fault {
            Fault::LaterByOneNanosecond => rest - 1,
            Fault::EarlierByOneNanosecond => rest + 1,
            _ => rest,
        };
        if missing > limit.max(0) {
            self.refuse(fault, now, rest, period);
            return refused(fault, quota, missing - rest);
        }
        self.full_at = now + missing + period;
        admitted(fault, quota, rest - missing, period)
    }

    fn refuse(&mut self, fault: Fault, now: i128, rest: i128, period: i128) {
        match fault {
            Fault::CountsRefused => self.full_at += period / 10,
            Fault::PutsOffAtRefusal => self.full_at = now + rest + period,
            _ => {}
        }
    }
}

fn admitted(fault: Fault, quota: Quota, left: i128, period: i128) -> RateDecision {
    let remaining = match fault {
        Fault::TellsTokensRoundedUp => (left + period - 1) / period,
        Fault::TellsTokensBefore => left / period + 1,
        _ => left / period,
    };
    let remaining = u32::try_from(remaining.max(0)).unwrap_or(u32::MAX);
    RateDecision::admitted(quota, remaining)
}

fn refused(fault: Fault, quota: Quota, wait: i128) -> RateDecision {
    let round_up = |unit: i128| (wait + unit - 1) / unit * unit;
    let wait = match fault {
        Fault::TellsAWholePeriod => period(quota),
        Fault::TellsWholeSeconds => round_up(SECOND),
        Fault::TellsWholeMilliseconds => round_up(1_000_000),
        _ => wait,
    };
    limited(quota, wait.max(1))
}

fn limited(quota: Quota, wait: i128) -> RateDecision {
    let wait = Duration::from_nanos(u64::try_from(wait).unwrap());
    RateDecision::limited(quota, wait)
}
