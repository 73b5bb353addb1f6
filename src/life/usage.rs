use std::time::Duration;

use crate::values::Timestamp;

/// How far ahead each write reaches: one that falls within what is written already is none, so that
/// a client costs at most one write in that time.
const AHEAD: Duration = Duration::from_hours(1);

/// What the life of a client depends on. A store keeps it beside the client, as a flag and a moment
/// that it can index.
///
/// The moment is never too early, and at most an hour too late: whoever is removed by it has been
/// idle for at least as long as the tenant's settings say.
///
/// ```
/// use oauth_dcr::{Timestamp, Touch, Usage};
///
/// let noon = Timestamp::from_unix_seconds(43_200);
/// let usage = Usage::registered(noon);
/// let touched = usage.touched(Touch::used(noon, None)).unwrap();
/// assert!(touched.is_used());
/// // Again within the hour: nothing to write.
/// assert_eq!(touched.touched(Touch::used(noon, None)), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usage {
    is_used: bool,
    idle_since: Timestamp,
}

impl Usage {
    /// The usage of a client that registers `now`.
    pub const fn registered(now: Timestamp) -> Self {
        Self::from_parts(false, now)
    }

    /// What a store reads back: [`is_used`](Self::is_used) and [`idle_since`](Self::idle_since).
    pub const fn from_parts(is_used: bool, idle_since: Timestamp) -> Self {
        Self {
            is_used,
            idle_since,
        }
    }

    /// Whether it was ever used.
    pub const fn is_used(&self) -> bool {
        self.is_used
    }

    /// From when on it counts as idle: since it registered, since it was used or, in the future,
    /// once its last grant has ended.
    pub const fn idle_since(&self) -> Timestamp {
        self.idle_since
    }

    /// What `touch` makes of it, or `None` if there is nothing to write.
    pub fn touched(self, touch: Touch) -> Option<Self> {
        let is_first_use = touch.is_use && !self.is_used;
        (is_first_use || self.idle_since < touch.until).then(|| Self {
            is_used: self.is_used || touch.is_use,
            idle_since: self.idle_since.max(touch.idle_since()),
        })
    }

    /// Becomes what [`Usage::touched`] says, and says whether there is something to write.
    pub fn touch(&mut self, touch: Touch) -> TouchOutcome {
        match self.touched(touch) {
            Some(touched) => {
                *self = touched;
                TouchOutcome::Written
            }
            None => TouchOutcome::Unchanged,
        }
    }
}

/// What became of a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TouchOutcome {
    /// It was written down.
    Written,
    /// It says nothing new.
    Unchanged,
    /// There is no client with this id.
    Missing,
}

/// A sign of life of a client.
///
/// In SQL, what [`Usage::touched`] does is
///
/// ```sql
/// UPDATE … SET is_used = is_used OR :is_use, idle_since = GREATEST(idle_since, :idle_since)
/// WHERE … AND (idle_since < :until OR (:is_use AND NOT is_used))
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    is_use: bool,
    until: Timestamp,
}

impl Touch {
    /// It is used `now`, and has a grant that lives until `live_until`, if any.
    pub fn used(now: Timestamp, live_until: Option<Timestamp>) -> Self {
        Self {
            is_use: true,
            until: live_until.map_or(now, |live_until| live_until.max(now)),
        }
    }

    /// The same registers once more, `now`.
    pub const fn registered_again(now: Timestamp) -> Self {
        Self {
            is_use: false,
            until: now,
        }
    }

    /// Whether this is a use of the client.
    pub const fn is_use(&self) -> bool {
        self.is_use
    }

    /// A client that is known to be in use for as long needs no write.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// What is written otherwise: an hour more, so that the next write is an hour away.
    pub fn idle_since(&self) -> Timestamp {
        self.until.saturating_add(AHEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    /// How often a client that is used every minute for `hours` is written, each grant living for
    /// `lifetime` seconds.
    fn writes(hours: u64, lifetime: Option<u64>) -> usize {
        let mut usage = Usage::registered(at(0));
        let uses = (0..hours * 60).map(|minute| minute * 60);
        uses.filter(|&now| {
            let live_until = lifetime.map(|lifetime| at(now + lifetime));
            let touched = usage.touched(Touch::used(at(now), live_until));
            usage = touched.unwrap_or(usage);
            assert!(usage.idle_since() >= live_until.unwrap_or(at(now)));
            touched.is_some()
        })
        .count()
    }

    #[test]
    fn a_client_in_use_is_written_at_most_once_an_hour() {
        for lifetime in [None, Some(0), Some(300), Some(30 * 86_400)] {
            assert_eq!(writes(1, lifetime), 1, "{lifetime:?}");
            assert!((20..=24).contains(&writes(24, lifetime)), "{lifetime:?}");
        }
    }

    #[test]
    fn a_longer_grant_is_never_missed() {
        let used = Usage::registered(at(0)).touched(Touch::used(at(10), None));
        let longer = Touch::used(at(20), Some(at(86_400)));
        let usage = used.unwrap().touched(longer).unwrap();
        assert!(usage.idle_since() >= at(86_400));
        // And a shorter one takes nothing away.
        assert_eq!(usage.touched(Touch::used(at(30), Some(at(60)))), None);
    }

    #[test]
    fn registering_again_is_no_use() {
        let again = Touch::registered_again(at(7200));
        let usage = Usage::registered(at(0)).touched(again).unwrap();
        assert!(!usage.is_used());
        assert_eq!(usage.touched(Touch::registered_again(at(9000))), None);
        // The first use is written, however fresh the registration.
        let used = usage.touched(Touch::used(at(7300), None)).unwrap();
        assert_eq!(
            (used.is_used(), used.idle_since()),
            (true, at(7300 + 3600).max(usage.idle_since()))
        );
    }

    #[test]
    fn a_clock_that_steps_back_shortens_no_life() {
        let used = Usage::registered(at(50_000)).touched(Touch::used(at(1), None));
        assert_eq!(used, Some(Usage::from_parts(true, at(50_000))));
    }
}
