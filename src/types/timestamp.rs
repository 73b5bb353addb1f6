use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of wall time: milliseconds since the Unix epoch in UTC, without leap seconds.
///
/// Wall clocks can step back, so a difference saturates at zero instead of wrapping.
///
/// ```
/// use oauth_dcr::Timestamp;
/// use std::time::Duration;
///
/// let issued = Timestamp::from_unix_seconds(1_700_000_000);
/// let later = issued.saturating_add(Duration::from_secs(60));
/// assert_eq!(later.saturating_since(issued), Duration::from_secs(60));
/// assert_eq!(issued.saturating_since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last moment, 2^63 - 1 milliseconds, which every store can keep. It stands for "never" as an end.
    pub const MAX: Self = Self(i64::MAX.unsigned_abs());

    /// The moment `millis` milliseconds after the Unix epoch, or [`Timestamp::MAX`] if that is earlier.
    pub const fn from_unix_millis(millis: u64) -> Self {
        if millis < Self::MAX.0 {
            Self(millis)
        } else {
            Self::MAX
        }
    }

    /// The moment `seconds` seconds after the Unix epoch, or [`Timestamp::MAX`] if that is earlier.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down: the unit of `client_id_issued_at`.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `span` later, or [`Timestamp::MAX`] if that is earlier.
    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self::from_unix_millis(self.0.saturating_add(millis))
    }

    /// The moment `span` earlier, or the Unix epoch if that is later.
    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The time from `earlier` to `self`, or zero if `earlier` is later than `self`.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl From<u64> for Timestamp {
    /// The same as [`Timestamp::from_unix_millis`].
    fn from(millis: u64) -> Self {
        Self::from_unix_millis(millis)
    }
}

impl From<Timestamp> for u64 {
    fn from(moment: Timestamp) -> Self {
        moment.unix_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_saturates_at_the_last_storable_moment() {
        let day = Duration::from_hours(24);
        for moment in [
            Timestamp::from_unix_millis(u64::MAX),
            Timestamp::from_unix_seconds(u64::MAX),
            Timestamp::MAX.saturating_add(day),
            Timestamp::from_unix_millis(0).saturating_add(Duration::MAX),
            serde_json::from_str("18446744073709551615").unwrap(),
        ] {
            assert_eq!(moment, Timestamp::MAX);
        }
        let last = i64::try_from(Timestamp::MAX.unix_millis());
        assert_eq!(last, Ok(i64::MAX));
        assert_eq!(serde_json::to_string(&Timestamp(5)).unwrap(), "5");
    }
}
