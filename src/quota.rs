//! How many registrations a tenant takes: the quota, and what a limiter decides by it.

use std::{num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};

/// A token bucket: it holds `burst` tokens and gains `per_second` of them a second, one at a time.
///
/// ```
/// use oauth_dcr::Quota;
///
/// let quota = Quota::default();
/// assert_eq!((quota.per_second.get(), quota.burst.get()), (5, 5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Tokens gained in a second.
    pub per_second: NonZeroU32,
    /// Tokens that the full bucket holds.
    pub burst: NonZeroU32,
}

const FIVE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

impl Default for Quota {
    /// 5 a second, at most 5 at once.
    fn default() -> Self {
        Self {
            per_second: FIVE,
            burst: FIVE,
        }
    }
}

impl Quota {
    /// A quota of `per_second` tokens a second and a bucket of `burst`.
    pub const fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        Self { per_second, burst }
    }

    /// The time in which `tokens` come back.
    fn time_for(self, tokens: u32) -> Duration {
        (Duration::from_secs(1) / self.per_second.get()).saturating_mul(tokens)
    }
}

/// What a limiter decided about one request, and what is left of the quota after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateDecision {
    outcome: RateOutcome,
    limit: u32,
    remaining: u32,
    full_after: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RateOutcome {
    Admitted,
    Limited { retry_after: Duration },
}

impl RateDecision {
    /// A token of `quota` was taken, and `remaining` are left.
    pub fn admitted(quota: Quota, remaining: u32) -> Self {
        let missing = quota.burst.get().saturating_sub(remaining);
        Self {
            outcome: RateOutcome::Admitted,
            limit: quota.burst.get(),
            remaining,
            full_after: quota.time_for(missing),
        }
    }

    /// No token of `quota` was left, and none was taken; the next one comes after `retry_after`.
    pub fn limited(quota: Quota, retry_after: Duration) -> Self {
        Self {
            outcome: RateOutcome::Limited { retry_after },
            limit: quota.burst.get(),
            remaining: 0,
            full_after: retry_after.saturating_add(quota.time_for(quota.burst.get() - 1)),
        }
    }

    /// Whether the request may go on.
    pub const fn is_admitted(&self) -> bool {
        matches!(self.outcome, RateOutcome::Admitted)
    }

    /// How long until there is a token again; `None` if there was one.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.outcome {
            RateOutcome::Admitted => None,
            RateOutcome::Limited { retry_after } => Some(retry_after),
        }
    }

    /// The size of the bucket.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Tokens left for the next requests at this instant.
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    /// How long until the bucket is full again, if nobody takes from it; never too short.
    pub const fn full_after(&self) -> Duration {
        self.full_after
    }
}
