//! The time of a limiter under test: real time, or a clock that the check moves.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// The time since a check began.
pub(in crate::conformance) trait Time:
    Clone + Send + Sync + 'static
{
    /// How far the limiter's clock may differ from this clock, in addition to the drift.
    const RESOLUTION: Duration;

    /// The clocks may drift apart by one part in this number. `None` means that they are the same clock.
    const DRIFT: Option<u32>;

    fn elapsed(&self) -> Duration;

    /// Waits for `time`, or moves the clock by it.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Passes a little more than `time`, so that at least `time` passes on the limiter's clock too.
    fn surely_pass(&self, time: Duration) -> impl Future<Output = ()> + Send {
        let drift = Self::DRIFT.map_or(Duration::ZERO, |part| time / part);
        self.pass(time + drift + Self::RESOLUTION)
    }
}

/// Real time.
#[derive(Clone, Copy, Debug)]
pub(in crate::conformance) struct RealTime(Instant);

impl RealTime {
    pub(in crate::conformance) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Time for RealTime {
    const RESOLUTION: Duration = Duration::from_millis(2);
    const DRIFT: Option<u32> = Some(200);

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn pass(&self, time: Duration) {
        sleep(time).await;
    }
}

/// A clock that stands still until the check moves it.
#[derive(Clone)]
pub(in crate::conformance) struct SteppedTime {
    passed: Arc<Mutex<Duration>>,
    advance: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl SteppedTime {
    /// `advance` moves the limiter's clock.
    pub(in crate::conformance) fn start(
        advance: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Self {
        Self {
            passed: Arc::default(),
            advance: Arc::new(advance),
        }
    }
}

impl Time for SteppedTime {
    const RESOLUTION: Duration = Duration::ZERO;
    const DRIFT: Option<u32> = None;

    fn elapsed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(&self, time: Duration) {
        (self.advance)(time);
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl fmt::Debug for SteppedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteppedTime").finish_non_exhaustive()
    }
}
