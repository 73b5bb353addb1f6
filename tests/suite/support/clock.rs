//! A clock that a test sets.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use oauth_dcr::{Timestamp, system::Clock};

/// The time at which every test starts, in milliseconds.
const START: u64 = 1_800_000_000_000;

/// Stands still until it is set.
#[derive(Debug)]
pub(crate) struct ManualClock(AtomicU64);

impl ManualClock {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(START))
    }

    /// Sets the clock to `millis` after the start of the test; it may move backwards.
    pub(crate) fn set_millis(&self, millis: u64) {
        self.0.store(START + millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}
