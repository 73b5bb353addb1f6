use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::types::Timestamp;

/// A source of time.
pub trait Clock: Send + Sync + 'static {
    /// The wall time, which people and databases see. It may step back.
    fn now(&self) -> Timestamp;

    /// The time since some fixed moment, for measuring spans. Rate limits use it.
    ///
    /// It should not step back. If it does, a tenant waits until it has caught up. No tenant ever gets
    /// more requests.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The clocks of the operating system. Spans are measured from now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Timestamp {
        // A clock that is set to a time before 1970 counts as 1970.
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_unix_millis(0).saturating_add(since_epoch)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

impl<C: Clock> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        C::now(self)
    }

    fn monotonic(&self) -> Duration {
        C::monotonic(self)
    }
}
