//! The quota: how many registrations are admitted, and in how much time.

mod json;

use std::{num::NonZeroU32, time::Duration};

/// The rate and the size of a token bucket. A full bucket has `burst` tokens, and tokens come back one by
/// one at a rate per second, per minute or per hour.
///
/// A limiter uses only the [time in which one token comes back](Quota::token_interval) and the burst, so
/// 60 per minute and 1 per second share a bucket. They are not equal, though: two quotas are equal if they
/// have the same unit and the same numbers.
///
/// ```
/// use std::time::Duration;
///
/// use oauth_dcr::rate_limit::Quota;
///
/// let quota = Quota::new(10, 50)?; // 10 per second, at most 50 at once
/// assert_eq!((quota.token_interval(), quota.burst()), (Duration::from_millis(100), 50));
/// assert_eq!(Quota::per_hour(2, 1)?.token_interval(), Duration::from_mins(30));
/// assert!(Quota::new(0, 5).is_err());
/// # Ok::<(), oauth_dcr::rate_limit::InvalidQuota>(())
/// ```
///
/// In JSON, a quota has one of `per_second`, `per_minute` and `per_hour`, and `burst`:
/// `{"per_minute": 30, "burst": 10}`. The default rate is 5 per second, and the default burst is 5. A quota
/// is written with the same unit with which it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// The number of tokens that come back in one unit of time.
    tokens: NonZeroU32,
    unit: Unit,
    burst: NonZeroU32,
}

/// The unit of time of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
}

impl Unit {
    const fn nanos(self) -> u64 {
        let second = 1_000_000_000;
        match self {
            Self::Second => second,
            Self::Minute => 60 * second,
            Self::Hour => 3_600 * second,
        }
    }
}

/// Why numbers do not make a valid [`Quota`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuota {
    /// The rate or the burst is 0.
    #[error("a quota must have a rate of at least 1 and a burst of at least 1")]
    Zero,
    /// A token would come back in less than a microsecond.
    #[error(
        "a quota can have at most 1,000,000 tokens a second, 60,000,000 a minute or 3,600,000,000 an hour"
    )]
    RateTooHigh,
    /// An empty bucket would be full again only after more than 136 years.
    #[error("a quota with this rate can have a burst of at most {max}")]
    BurstTooLarge {
        /// The largest burst that is allowed with this rate.
        max: u32,
    },
    /// The rate has more than one unit.
    #[error("a quota must have one of per_second, per_minute and per_hour, not several")]
    SeveralRates,
}

const FIVE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
const TEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
const TWENTY: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

impl Default for Quota {
    /// 5 per second, at most 5 at once.
    fn default() -> Self {
        Self {
            tokens: FIVE,
            unit: Unit::Second,
            burst: FIVE,
        }
    }
}

impl Quota {
    /// The highest rate per second. With a higher rate, the time between two tokens would be too short to
    /// measure.
    pub const MAX_PER_SECOND: u32 = 1_000_000;

    /// The highest rate per minute, which is 1,000,000 per second.
    pub const MAX_PER_MINUTE: u32 = 60_000_000;

    /// The highest rate per hour, which is 1,000,000 per second.
    pub const MAX_PER_HOUR: u32 = 3_600_000_000;

    /// 10 per minute, at most 10 at once.
    pub(crate) const TEN_A_MINUTE: Self = Self {
        tokens: TEN,
        unit: Unit::Minute,
        burst: TEN,
    };

    /// A quota of `per_second` tokens per second with a bucket of `burst` tokens.
    ///
    /// # Errors
    /// [`InvalidQuota`] if a number is 0, or `per_second` is above [`Quota::MAX_PER_SECOND`].
    pub const fn new(per_second: u32, burst: u32) -> Result<Self, InvalidQuota> {
        Self::with_unit(per_second, Unit::Second, burst)
    }

    /// The same rate with a bucket of 20 tokens, because agents start all their connections at once. Every
    /// rate allows a burst of 20.
    pub(crate) const fn with_burst_of_agents(self) -> Self {
        Self {
            burst: TWENTY,
            ..self
        }
    }

    /// A quota of `tokens` per minute with a bucket of `burst` tokens.
    ///
    /// # Errors
    /// [`InvalidQuota`] if a number is 0, `tokens` is above [`Quota::MAX_PER_MINUTE`], or an empty bucket
    /// would be full again only after more than 136 years.
    pub const fn per_minute(tokens: u32, burst: u32) -> Result<Self, InvalidQuota> {
        Self::with_unit(tokens, Unit::Minute, burst)
    }

    /// A quota of `tokens` per hour with a bucket of `burst` tokens.
    ///
    /// # Errors
    /// [`InvalidQuota`] if a number is 0, `tokens` is above [`Quota::MAX_PER_HOUR`], or an empty bucket
    /// would be full again only after more than 136 years.
    pub const fn per_hour(tokens: u32, burst: u32) -> Result<Self, InvalidQuota> {
        Self::with_unit(tokens, Unit::Hour, burst)
    }

    const fn with_unit(tokens: u32, unit: Unit, burst: u32) -> Result<Self, InvalidQuota> {
        let (Some(tokens), Some(burst)) = (NonZeroU32::new(tokens), NonZeroU32::new(burst)) else {
            return Err(InvalidQuota::Zero);
        };
        let quota = Self {
            tokens,
            unit,
            burst,
        };
        if quota.interval_nanos() < SHORTEST_INTERVAL {
            return Err(InvalidQuota::RateTooHigh);
        }
        let max = quota.max_burst();
        if burst.get() > max {
            return Err(InvalidQuota::BurstTooLarge { max });
        }
        Ok(quota)
    }

    /// The time in which one token comes back, rounded down to nanoseconds.
    pub const fn token_interval(&self) -> Duration {
        Duration::from_nanos(self.interval_nanos())
    }

    /// The number of tokens in a full bucket.
    pub const fn burst(&self) -> u32 {
        self.burst.get()
    }

    /// The shape of the bucket, which is all that a limiter uses.
    pub(crate) const fn bucket(self) -> BucketShape {
        BucketShape {
            interval: self.interval_nanos(),
            burst: self.burst,
        }
    }

    /// The quota of each node if `nodes` nodes share this quota: rate and burst are divided and rounded
    /// down, but at least 1.
    #[cfg(all(feature = "redis", feature = "memory"))]
    pub(crate) fn share_of_one_in(self, nodes: NonZeroU32) -> Self {
        let share =
            |whole: NonZeroU32| NonZeroU32::new(whole.get() / nodes).unwrap_or(NonZeroU32::MIN);
        let mut quota = Self {
            tokens: share(self.tokens),
            burst: share(self.burst),
            ..self
        };
        // With a rate that was rounded down, the bucket may take longer to fill than a quota allows.
        let max = NonZeroU32::new(quota.max_burst()).unwrap_or(NonZeroU32::MIN);
        quota.burst = quota.burst.min(max);
        quota
    }

    /// The time in which `tokens` come back.
    pub(super) fn time_for(self, tokens: u32) -> Duration {
        self.token_interval().saturating_mul(tokens)
    }

    /// The nanoseconds in which one token comes back, at most 3,600,000,000,000.
    #[expect(clippy::arithmetic_side_effects, reason = "no number of tokens is 0")]
    const fn interval_nanos(self) -> u64 {
        self.unit.nanos() / self.tokens.get() as u64
    }

    /// The largest burst with which the bucket fills within [`LONGEST_FILL`].
    const fn max_burst(self) -> u32 {
        let Some(most) = LONGEST_FILL.checked_div(self.interval_nanos()) else {
            return 0;
        };
        if most > u32::MAX as u64 {
            return u32::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was compared")]
        let most = most as u32;
        most
    }
}

/// The shortest time between two tokens, in nanoseconds: clocks and servers count in microseconds.
const SHORTEST_INTERVAL: u64 = 1_000;

/// The longest time in which a bucket fills, in nanoseconds. It is `u32::MAX` seconds, so that limiters
/// can count nanoseconds from their start in 64 bits.
const LONGEST_FILL: u64 = u32::MAX as u64 * 1_000_000_000;

/// The last time that limiters count, in nanoseconds: after 292 years. Adding the time in which the largest
/// bucket fills does not overflow 64 bits, so no sum saturates, which would admit requests. After this time
/// the clock seems to stand still, and no more tokens come back.
const LAST_NANO: u64 = i64::MAX.unsigned_abs();

/// The time of a clock in nanoseconds, as limiters count it.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).map_or(LAST_NANO, |nanos| nanos.min(LAST_NANO))
}

/// The properties that distinguish the buckets of a limiter. Quotas that differ only in the unit have the
/// same shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BucketShape {
    /// The nanoseconds in which one token comes back.
    pub(crate) interval: u64,
    /// The number of tokens in a full bucket.
    pub(crate) burst: NonZeroU32,
}

impl BucketShape {
    /// The nanoseconds in which all tokens except one come back.
    pub(super) const fn rest(self) -> u64 {
        let tokens = self.burst.get() as u64;
        self.interval.saturating_mul(tokens.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_is_the_unit_divided_by_the_tokens() {
        for (quota, nanos) in [
            (Quota::new(5, 1), 200_000_000),
            (Quota::new(3, 1), 333_333_333),
            (Quota::new(Quota::MAX_PER_SECOND, 1), 1_000),
            (Quota::per_minute(10, 1), 6_000_000_000),
            (Quota::per_minute(Quota::MAX_PER_MINUTE, 1), 1_000),
            (Quota::per_hour(1, 1), 3_600_000_000_000),
            (Quota::per_hour(Quota::MAX_PER_HOUR, 1), 1_000),
        ] {
            let interval = quota.unwrap().token_interval();
            assert_eq!(interval, Duration::from_nanos(nanos), "{quota:?}");
        }
        assert_eq!(Ok(Quota::TEN_A_MINUTE), Quota::per_minute(10, 10));
    }

    #[test]
    fn rates_and_bursts_have_bounds() {
        use InvalidQuota as E;
        assert_eq!(
            Quota::new(Quota::MAX_PER_SECOND + 1, 1),
            Err(E::RateTooHigh)
        );
        for most in [Quota::new, Quota::per_minute, Quota::per_hour] {
            assert_eq!(most(u32::MAX, u32::MAX), Err(E::RateTooHigh));
        }
        assert_eq!(Quota::per_minute(0, 1), Err(E::Zero));
        assert_eq!(Quota::per_hour(1, 0), Err(E::Zero));
        let faster = Quota::per_minute(Quota::MAX_PER_MINUTE + 1, 1);
        assert_eq!(faster, Err(E::RateTooHigh));
        let faster = Quota::per_hour(Quota::MAX_PER_HOUR + 1, 1);
        assert_eq!(faster, Err(E::RateTooHigh));
        for quota in [Quota::new(1, u32::MAX), Quota::per_minute(60, u32::MAX)] {
            assert!(quota.is_ok());
        }
        for (hourly, max) in [(1, 1_193_046), (2, 2_386_092)] {
            let too_large = Quota::per_hour(hourly, max + 1);
            assert_eq!(too_large, Err(E::BurstTooLarge { max }));
            assert!(Quota::per_hour(hourly, max).is_ok());
        }
    }

    #[test]
    fn equal_rates_in_different_units_share_a_bucket() {
        let (second, minute) = (Quota::new(1, 5).unwrap(), Quota::per_minute(60, 5).unwrap());
        assert_eq!(second.bucket(), minute.bucket());
        assert_ne!(second, minute);
    }

    #[cfg(all(feature = "redis", feature = "memory"))]
    #[test]
    fn share_of_a_quota_is_a_valid_quota() {
        let nodes = |count| NonZeroU32::new(count).unwrap();
        let quota = Quota::per_minute(10, 7).unwrap();
        assert_eq!(Ok(quota.share_of_one_in(nodes(3))), Quota::per_minute(3, 2));
        assert_eq!(
            Ok(quota.share_of_one_in(nodes(99))),
            Quota::per_minute(1, 1)
        );
        let widest = Quota::per_hour(3, 3_579_139).unwrap();
        let share = widest.share_of_one_in(nodes(2));
        assert_eq!(Ok(share), Quota::per_hour(1, 1_193_046));
    }
}
