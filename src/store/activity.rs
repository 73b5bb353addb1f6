use std::{num::NonZeroU64, time::Duration};

use crate::{
    store::{Usage, UserKey, UserLimit},
    types::{ClientId, Timestamp},
};

/// Each write covers the next hour. Activity within that hour needs no write, so a client costs at most
/// one write an hour.
const AHEAD: Duration = Duration::from_hours(1);

/// Activity of a client: a user uses the client, or the client registers again.
///
/// [`Usage::touched`] does the same as this SQL:
///
/// ```sql
/// UPDATE … SET is_used = is_used OR :is_use, idle_since = GREATEST(idle_since, :idle_since),
///     user_key = COALESCE(user_key, :user),
///     is_shared = is_shared OR COALESCE(user_key <> :user, FALSE)
/// WHERE … AND (idle_since < :until OR (:is_use AND NOT is_used)
///     OR (user_key IS NULL AND :user IS NOT NULL)
///     OR (NOT is_shared AND user_key <> :user))
/// ```
///
/// If an activity is written, [`Activity::limit`] may evict other clients of the same user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    is_use: bool,
    until: Timestamp,
    user: Option<UserKey>,
    max_clients_per_user: Option<NonZeroU64>,
}

impl Activity {
    /// The client is used `now`. Its grant, if it has one, lives until `live_until`.
    pub fn used(now: Timestamp, live_until: Option<Timestamp>) -> Self {
        Self {
            is_use: true,
            ..Self::until_moment(live_until.map_or(now, |live_until| live_until.max(now)))
        }
    }

    /// The same client registers again, `now`.
    pub const fn registered_again(now: Timestamp) -> Self {
        Self::until_moment(now)
    }

    const fn until_moment(until: Timestamp) -> Self {
        Self {
            is_use: false,
            until,
            user: None,
            max_clients_per_user: None,
        }
    }

    /// This user uses the client. `None`: the host does not name the user.
    #[must_use]
    pub const fn by(mut self, user: Option<UserKey>) -> Self {
        self.user = user;
        self
    }

    /// The user may have `max` clients. `None`: there is no limit.
    #[must_use]
    pub const fn max_clients_per_user(mut self, max: Option<NonZeroU64>) -> Self {
        self.max_clients_per_user = max;
        self
    }

    /// Whether this is a use of the client.
    pub const fn is_use(&self) -> bool {
        self.is_use
    }

    /// A client that is known to be active until this time needs no write.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// The time to write for any other client. It is an hour after the activity, so that the next hour needs no
    /// write.
    pub fn idle_since(&self) -> Timestamp {
        self.until.saturating_add(AHEAD)
    }

    /// The user who uses the client.
    pub const fn user(&self) -> Option<UserKey> {
        self.user
    }

    /// The limit that applies once this activity is written to a client of the same user. It limits how many
    /// clients the user has that are not blocked.
    ///
    /// If there are more, the clients that have been idle for longest are evicted, with or without a live grant.
    /// At most 100 are evicted at once. Of clients that are idle since the same moment, the client with the
    /// lowest id is evicted first. The client that is touched is never evicted. A [shared](Usage::is_shared)
    /// client is evicted only when all of the user's other clients are shared.
    pub fn limit(&self) -> Option<UserLimit> {
        let (user, max) = (self.user?, self.max_clients_per_user?);
        Some(UserLimit { user, max })
    }
}

impl Usage {
    /// The usage after `activity`, or `None` if there is nothing to write.
    pub fn touched(self, activity: Activity) -> Option<Self> {
        let user = self.user().or(activity.user);
        let is_used = self.is_used() || activity.is_use;
        let is_shared = self.is_shared() || (activity.user.is_some() && activity.user != user);
        let idle_since = self.idle_since().max(activity.idle_since());
        let is_new = (is_used, user, is_shared) != (self.is_used(), self.user(), self.is_shared());
        let touched = Self::from_parts(is_used, idle_since, user, is_shared);
        (is_new || self.idle_since() < activity.until).then_some(touched)
    }

    /// Applies `activity` by [`Usage::touched`]. Returns whether there is something to write.
    pub fn touch(&mut self, activity: Activity) -> bool {
        let touched = self.touched(activity);
        *self = touched.unwrap_or(*self);
        touched.is_some()
    }
}

/// The result of writing an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TouchOutcome {
    /// The activity was written.
    Written {
        /// The clients of the same user that were evicted because the user had too many, in the order of their
        /// eviction.
        evicted: Vec<ClientId>,
    },
    /// The activity changes nothing.
    Unchanged,
    /// There is no client with this id.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::user_limit::MAX_EVICTED;

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
            let touched = usage.touched(Activity::used(at(now), live_until));
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
        let used = Usage::registered(at(0)).touched(Activity::used(at(10), None));
        let longer = Activity::used(at(20), Some(at(86_400)));
        let usage = used.unwrap().touched(longer).unwrap();
        assert!(usage.idle_since() >= at(86_400));
        // A shorter grant changes nothing.
        assert_eq!(usage.touched(Activity::used(at(30), Some(at(60)))), None);
    }

    #[test]
    fn registering_again_is_not_a_use() {
        let again = Activity::registered_again(at(7200));
        let usage = Usage::registered(at(0)).touched(again).unwrap();
        assert!(!usage.is_used());
        assert_eq!(usage.touched(Activity::registered_again(at(9000))), None);
        // The first use is written, however recent the registration.
        let used = usage.touched(Activity::used(at(7300), None)).unwrap();
        assert_eq!(
            (used.is_used(), used.idle_since()),
            (true, at(7300 + 3600).max(usage.idle_since()))
        );
    }

    #[test]
    fn a_clock_that_steps_back_shortens_no_lifetime() {
        let used = Usage::registered(at(50_000)).touched(Activity::used(at(1), None));
        assert_eq!(used, Some(Usage::from_parts(true, at(50_000), None, false)));
    }

    const fn user(byte: u8) -> UserKey {
        UserKey::from_bytes([byte; 32])
    }

    #[test]
    fn the_first_user_is_kept() {
        let used = Activity::used(at(10), None);
        let usage = Usage::registered(at(0)).touched(used.by(Some(user(1))));
        let usage = usage.unwrap();
        assert_eq!(usage.user(), Some(user(1)));
        // Nobody replaces the first user.
        for by in [None, Some(user(1)), Some(user(2))] {
            let later = Activity::used(at(9000), None).by(by);
            let later = usage.touched(later).unwrap();
            assert_eq!(later.user(), Some(user(1)), "{by:?}");
        }
    }

    #[test]
    fn a_second_user_makes_a_client_shared() {
        let used = Activity::used(at(10), None);
        let usage = Usage::registered(at(0)).touched(used.by(Some(user(1))));
        let usage = usage.unwrap();
        for by in [None, Some(user(1))] {
            assert_eq!(usage.touched(used.by(by)), None, "{by:?}");
            let later = usage.touched(Activity::used(at(9000), None).by(by));
            assert!(!later.unwrap().is_shared(), "{by:?}");
        }
        let shared = usage.touched(used.by(Some(user(2)))).unwrap();
        let expected = Usage::from_parts(true, usage.idle_since(), Some(user(1)), true);
        assert_eq!(shared, expected, "and nothing else changes");
        // The flag is written once, and the client stays shared.
        for by in [None, Some(user(1)), Some(user(2)), Some(user(3))] {
            assert_eq!(shared.touched(used.by(by)), None, "{by:?}");
            let later = shared.touched(Activity::used(at(9000), None).by(by));
            assert!(later.unwrap().is_shared(), "{by:?}");
        }
    }

    #[test]
    fn a_client_without_a_user_is_not_shared() {
        let used = Usage::registered(at(0)).touched(Activity::used(at(10), None));
        let named = used
            .unwrap()
            .touched(Activity::used(at(10), None).by(Some(user(2))));
        assert!(!named.unwrap().is_shared());
    }

    #[test]
    fn a_user_named_late_is_written() {
        let used = Activity::used(at(10), None);
        let usage = Usage::registered(at(0)).touched(used).unwrap();
        assert_eq!((usage.user(), usage.touched(used)), (None, None));
        let named = usage.touched(used.by(Some(user(1))));
        let (is_used, idle_since) = (usage.is_used(), usage.idle_since());
        let expected = Usage::from_parts(is_used, idle_since, Some(user(1)), false);
        assert_eq!(named, Some(expected), "and nothing else changes");
    }

    #[test]
    fn a_limit_needs_a_user_and_a_number() {
        let touch = Activity::used(at(0), None);
        let max = NonZeroU64::new(5);
        assert_eq!(touch.by(Some(user(1))).limit(), None);
        assert_eq!(touch.max_clients_per_user(max).limit(), None);
        let limit = touch.by(Some(user(1))).max_clients_per_user(max).limit();
        let limit = limit.unwrap();
        assert_eq!((limit.user, limit.max.get()), (user(1), 5));
        assert_eq!(limit.evictions(0), 0);
        assert_eq!(limit.evictions(5), 0);
        assert_eq!(limit.evictions(6), 1);
        assert_eq!(limit.evictions(u64::MAX), MAX_EVICTED);
    }
}
