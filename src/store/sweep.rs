use std::{num::NonZeroU64, time::Duration};

use crate::{settings::RegistrationSettings, store::Usage, types::Timestamp};

/// Which clients of a tenant to remove.
///
/// A sweep removes clients that registered long ago and were never used, and clients that have been idle for long.
/// A client with a live grant is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    unused_before: Option<Timestamp>,
    idle_before: Option<Timestamp>,
    limit: u32,
}

impl Sweep {
    /// The most clients that one sweep removes: a transaction of this size does not delay other requests much.
    pub const MAX_LIMIT: u32 = 1000;

    /// A sweep that removes nothing until a time is set.
    pub const fn new() -> Self {
        Self {
            unused_before: None,
            idle_before: None,
            limit: Self::MAX_LIMIT,
        }
    }

    /// The sweep that `settings` ask for at this time.
    pub(crate) fn by_settings(settings: &RegistrationSettings, now: Timestamp) -> Self {
        let before = |after: Option<NonZeroU64>| {
            after.map(|seconds| now.saturating_sub(Duration::from_secs(seconds.get())))
        };
        Self {
            unused_before: before(settings.remove_unused_after_seconds),
            idle_before: before(settings.remove_idle_after_seconds),
            ..Self::new()
        }
    }

    /// Whether `settings` ask for a sweep at all.
    pub(crate) const fn is_in(settings: &RegistrationSettings) -> bool {
        settings.remove_unused_after_seconds.is_some()
            || settings.remove_idle_after_seconds.is_some()
    }

    /// Also removes clients that were never used and have been idle since before `moment`.
    #[must_use]
    pub const fn unused_before(mut self, moment: Timestamp) -> Self {
        self.unused_before = Some(moment);
        self
    }

    /// Also removes clients that were used and have been idle since before `moment`.
    #[must_use]
    pub const fn idle_before(mut self, moment: Timestamp) -> Self {
        self.idle_before = Some(moment);
        self
    }

    /// Removes at most `limit` clients, and never more than [`Sweep::MAX_LIMIT`].
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = if limit < Self::MAX_LIMIT {
            limit
        } else {
            Self::MAX_LIMIT
        };
        self
    }

    /// The most clients that are removed.
    pub const fn max_removed(&self) -> u32 {
        self.limit
    }

    /// The used (or unused) clients that have been idle since before this time are removed. `None`: no used (or
    /// unused) client is removed.
    pub const fn before(&self, is_used: bool) -> Option<Timestamp> {
        if is_used {
            self.idle_before
        } else {
            self.unused_before
        }
    }

    /// Whether the sweep removes a client with this usage. Blocked clients stay: if a blocked client were swept,
    /// the same program could register again and would not be blocked.
    pub fn removes(&self, blocked: bool, usage: Usage) -> bool {
        let before = self.before(usage.is_used());
        !blocked && before.is_some_and(|before| usage.idle_since() < before)
    }
}

impl Default for Sweep {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn a_sweep_removes_clients_that_are_idle_for_longer() {
        let sweep = Sweep::new().unused_before(at(100)).idle_before(at(50));
        let removes = |sweep: Sweep, is_used, since| {
            let usage = Usage::from_parts(is_used, at(since), None, false);
            assert!(!sweep.removes(true, usage));
            sweep.removes(false, usage)
        };
        assert!(removes(sweep, false, 99));
        assert!(!removes(sweep, false, 100));
        assert!(removes(sweep, true, 49));
        assert!(!removes(sweep, true, 50));
        assert!(!removes(Sweep::new(), true, 0));
    }

    #[test]
    fn settings_that_keep_everything_make_no_sweep() {
        let mut settings = RegistrationSettings::default();
        assert!(!Sweep::is_in(&settings));
        settings.remove_unused_after_seconds = NonZeroU64::new(10);
        assert!(Sweep::is_in(&settings));
        let sweep = Sweep::by_settings(&settings, at(1000));
        assert_eq!(sweep, Sweep::new().unused_before(at(990)));
        // So soon after the start of time, no client is old enough.
        let early = Sweep::by_settings(&settings, at(5));
        assert!(!early.removes(false, Usage::registered(at(0))));
    }

    #[test]
    fn a_sweep_is_bounded() {
        assert_eq!(Sweep::new().limit(5).max_removed(), 5);
        assert_eq!(Sweep::new().limit(u32::MAX).max_removed(), Sweep::MAX_LIMIT);
    }
}
