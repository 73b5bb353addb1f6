//! How many registrations a tenant takes: the quota, and what a limiter decides by it.

use std::{num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};

/// A token bucket: it holds `burst` tokens and gains `per_second` of them a second, one at a time.
///
/// ```
/// use oauth_dcr::Quota;
///
/// let quota = Quota::new(10, 50)?;
/// assert_eq!((quota.per_second(), quota.burst()), (10, 50));
/// assert!(Quota::new(0, 5).is_err());
/// # Ok::<(), oauth_dcr::InvalidQuota>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "QuotaJson", into = "QuotaJson")]
pub struct Quota {
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

/// A quota is not of 1 to 1,000,000 tokens a second, and a bucket of at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quota has 1 to 1,000,000 tokens a second and a burst of at least 1")]
pub struct InvalidQuota;

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
    /// The most tokens a second: beyond, the time between two is too short to be measured, and a
    /// limit would be none.
    pub const MAX_PER_SECOND: u32 = 1_000_000;

    /// A quota of `per_second` tokens a second and a bucket of `burst`.
    ///
    /// # Errors
    /// [`InvalidQuota`] if one of them is 0, or `per_second` above [`Quota::MAX_PER_SECOND`].
    pub fn new(per_second: u32, burst: u32) -> Result<Self, InvalidQuota> {
        match (NonZeroU32::new(per_second), NonZeroU32::new(burst)) {
            (Some(per_second), Some(burst)) if per_second.get() <= Self::MAX_PER_SECOND => {
                Ok(Self { per_second, burst })
            }
            _ => Err(InvalidQuota),
        }
    }

    /// Tokens gained in a second.
    pub const fn per_second(&self) -> u32 {
        self.per_second.get()
    }

    /// Tokens that the full bucket holds.
    pub const fn burst(&self) -> u32 {
        self.burst.get()
    }

    /// Both, for arithmetic that can't do with zero.
    #[cfg(feature = "memory")]
    pub(crate) const fn nonzero(self) -> (NonZeroU32, NonZeroU32) {
        (self.per_second, self.burst)
    }

    /// The time in which `tokens` come back.
    fn time_for(self, tokens: u32) -> Duration {
        (Duration::from_secs(1) / self.per_second.get()).saturating_mul(tokens)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct QuotaJson {
    per_second: u32,
    burst: u32,
}

impl Default for QuotaJson {
    fn default() -> Self {
        Quota::default().into()
    }
}

impl TryFrom<QuotaJson> for Quota {
    type Error = InvalidQuota;

    fn try_from(json: QuotaJson) -> Result<Self, InvalidQuota> {
        Self::new(json.per_second, json.burst)
    }
}

impl From<Quota> for QuotaJson {
    fn from(quota: Quota) -> Self {
        Self {
            per_second: quota.per_second(),
            burst: quota.burst(),
        }
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
