use crate::{store::UserKey, types::Timestamp};

/// What the life of a client depends on. A store keeps it beside the record, as two flags, a moment and a
/// key that it can index.
///
/// The moment is never too early, and at most an hour too late: a client that is removed by it has been
/// idle for at least as long as the tenant's settings say.
///
/// ```
/// use oauth_dcr::{store::{Activity, Usage}, Timestamp};
///
/// let noon = Timestamp::from_unix_seconds(43_200);
/// let usage = Usage::registered(noon);
/// let touched = usage.touched(Activity::used(noon, None)).unwrap();
/// assert!(touched.is_used());
/// // Again within the hour: nothing to write.
/// assert_eq!(touched.touched(Activity::used(noon, None)), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usage {
    is_used: bool,
    idle_since: Timestamp,
    user: Option<UserKey>,
    is_shared: bool,
}

impl Usage {
    /// The usage of a client that registers `now`.
    pub const fn registered(now: Timestamp) -> Self {
        Self::from_parts(false, now, None, false)
    }

    /// What a store reads back: [`is_used`](Self::is_used), [`idle_since`](Self::idle_since),
    /// [`user`](Self::user) and [`is_shared`](Self::is_shared).
    pub const fn from_parts(
        is_used: bool,
        idle_since: Timestamp,
        user: Option<UserKey>,
        is_shared: bool,
    ) -> Self {
        Self {
            is_used,
            idle_since,
            user,
            is_shared,
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

    /// The first user whom the host named: the client counts for that user's limit.
    pub const fn user(&self) -> Option<UserKey> {
        self.user
    }

    /// Whether a second user has used it. It still counts for the first user's limit, but the user's clients
    /// that are not shared are evicted before it.
    pub const fn is_shared(&self) -> bool {
        self.is_shared
    }
}
