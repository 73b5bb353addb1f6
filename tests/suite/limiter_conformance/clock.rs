//! A clock that the suite moves.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use oauth_dcr::{Timestamp, system::Clock};

/// Stands still until it is moved.
#[derive(Clone, Debug, Default)]
pub(super) struct MovedClock(Arc<Mutex<Duration>>);

impl MovedClock {
    pub(super) fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}
