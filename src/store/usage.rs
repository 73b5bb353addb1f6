use crate::{store::UserKey, types::Timestamp};

/// When a client was last used, and by whom. It decides whether the client may be evicted or swept.
///
/// A store keeps it beside the record, as two flags, a time and a key, which the store can index.
///
/// The time is never too early, and at most an hour too late. A client that is removed because of it has been
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

    /// The usage that a store reads back: [`is_used`](Self::is_used), [`idle_since`](Self::idle_since),
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

    /// Whether the client was ever used.
    pub const fn is_used(&self) -> bool {
        self.is_used
    }

    /// The time from which the client counts as idle: when it registered, when it was last used, or when its last
    /// grant ends, which may be in the future.
    pub const fn idle_since(&self) -> Timestamp {
        self.idle_since
    }

    /// The first user that the host named. The client counts towards the limit of this user.
    pub const fn user(&self) -> Option<UserKey> {
        self.user
    }

    /// Whether a second user has used the client. A shared client still counts towards the first user's limit, but
    /// the user's clients that are not shared are evicted before it.
    pub const fn is_shared(&self) -> bool {
        self.is_shared
    }
}
