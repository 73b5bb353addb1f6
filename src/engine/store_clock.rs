//! The time that decides how long a client has been idle.
//!
//! Nodes that share a store must agree on this time, even if their own clocks differ. So it is the time of the store's
//! clock if the store has one. Between two readings, it advances with the node's monotonic clock: this needs no round
//! trip, and is not affected if somebody sets the node's clock.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{backend_error::BackendError, system::Clock, types::Timestamp};

/// How long a reading is used. It must be short, because after a failover the store's clock is the clock of another
/// server.
const READ_EVERY: Duration = Duration::from_mins(1);

/// A node's clock may differ from the store's by this much without a report.
const TOLERANCE: Duration = Duration::from_mins(1);

/// If the node's two clocks have moved apart by more than this since a reading, the reading is discarded: the
/// monotonic clock stands still while the machine is suspended.
const JUMP: Duration = Duration::from_secs(2);

/// The time from one report to the next.
const REPORT_EVERY: Duration = Duration::from_hours(1);

/// Reads the store's clock once a minute.
#[derive(Default)]
pub(super) struct StoreClock(Mutex<State>);

#[derive(Default)]
struct State {
    reading: Option<Reading>,
    /// The next reading and the next report are due at these times of the node's monotonic clock.
    next_reading: Duration,
    next_report: Duration,
}

/// The times of three clocks at the same moment.
#[derive(Clone, Copy)]
struct Reading {
    /// `None`: the store has no clock.
    store: Option<Timestamp>,
    node: Timestamp,
    monotonic: Duration,
}

/// The same moment by the clock of the node and by the clock of the store. They are equal if the store has no
/// clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoreTime {
    pub(super) node: Timestamp,
    pub(super) store: Timestamp,
}

impl StoreClock {
    /// The current time. `read` reads the store's clock. `report` is called if the clocks differ and a report is due.
    ///
    /// # Errors
    /// [`BackendError`] if the store's clock can't be read and there is no reading to use.
    pub(super) async fn time<F>(
        &self,
        clock: &dyn Clock,
        read: impl FnOnce() -> F,
        report: impl FnOnce(StoreTime),
    ) -> Result<StoreTime, BackendError>
    where
        F: Future<Output = Result<Option<Timestamp>, BackendError>>,
    {
        let (began, node) = (clock.monotonic(), clock.now());
        let (known, is_due) = self.known(began, node);
        if let (Some(reading), false) = (known, is_due) {
            return Ok(reading.time(clock));
        }
        let reading = match (read().await, known) {
            (Ok(store), _) => Reading::between(began, node, store, clock.monotonic()),
            // The next reading corrects the clocks' drift.
            (Err(_), Some(known)) => return Ok(known.time(clock)),
            (Err(error), None) => return Err(error),
        };
        let time = reading.time(clock);
        if self.keep(reading, began, time) {
            report(time);
        }
        Ok(time)
    }

    /// The last reading, and whether this call has to read the clock again. Meanwhile, other calls use the last
    /// reading. If a clock has jumped, there is no reading to use, and each call reads the clock until a call succeeds.
    fn known(&self, now: Duration, node: Timestamp) -> (Option<Reading>, bool) {
        let mut state = self.lock();
        let known = state
            .reading
            .filter(|reading| !reading.has_jumped(now, node));
        let is_due = now >= state.next_reading;
        if is_due && known.is_some() {
            state.next_reading = now.saturating_add(READ_EVERY);
        }
        (known, is_due)
    }

    /// Stores a reading. Returns whether it has to be reported.
    fn keep(&self, reading: Reading, now: Duration, time: StoreTime) -> bool {
        let mut state = self.lock();
        state.reading = Some(reading);
        state.next_reading = now.saturating_add(READ_EVERY);
        let is_due = time.difference() > TOLERANCE && now >= state.next_report;
        if is_due {
            state.next_report = now.saturating_add(REPORT_EVERY);
        }
        is_due
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// Assumes that the store read its clock in the middle of the round trip.
    fn between(
        began: Duration,
        node: Timestamp,
        store: Option<Timestamp>,
        ended: Duration,
    ) -> Self {
        let half = ended.saturating_sub(began).mul_f64(0.5);
        Self {
            store,
            node: node.saturating_add(half),
            monotonic: began.saturating_add(half),
        }
    }

    /// Whether one of the node's clocks has jumped since this reading.
    fn has_jumped(self, monotonic: Duration, node: Timestamp) -> bool {
        let expected = self
            .node
            .saturating_add(monotonic.saturating_sub(self.monotonic));
        distance(expected, node) > JUMP
    }

    fn time(self, clock: &dyn Clock) -> StoreTime {
        let node = clock.now();
        let since = clock.monotonic().saturating_sub(self.monotonic);
        let store = self.store.map(|store| store.saturating_add(since));
        StoreTime {
            node,
            store: store.unwrap_or(node),
        }
    }
}

impl StoreTime {
    /// The time of the store's clock when the node's clock shows `moment`. [`Timestamp::MAX`], which means never, stays
    /// the same.
    pub(super) fn of(self, moment: Timestamp) -> Timestamp {
        if moment == Timestamp::MAX {
            return moment;
        }
        let ahead = self
            .store
            .saturating_add(moment.saturating_since(self.node));
        ahead.saturating_sub(self.node.saturating_since(moment))
    }

    fn difference(self) -> Duration {
        distance(self.node, self.store)
    }
}

fn distance(first: Timestamp, second: Timestamp) -> Duration {
    first
        .saturating_since(second)
        .max(second.saturating_since(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    /// The clock of a node, set by a test.
    struct Node {
        now: Timestamp,
        monotonic: Duration,
    }

    impl Clock for Node {
        fn now(&self) -> Timestamp {
            self.now
        }

        fn monotonic(&self) -> Duration {
            self.monotonic
        }
    }

    fn at(hour: u64) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000)
            .saturating_add(HOUR.saturating_mul(hour.try_into().unwrap()))
    }

    /// A node whose clock shows `hour`, `since_start` after its start.
    fn node(hour: u64, since_start: Duration) -> Node {
        Node {
            now: at(hour),
            monotonic: since_start,
        }
    }

    /// The time of a store whose clock shows `shown`, whether the clock was read, and what was reported.
    async fn time(
        clock: &StoreClock,
        node: &Node,
        shown: Result<Option<Timestamp>, ()>,
    ) -> (Option<Timestamp>, bool, Option<StoreTime>) {
        let (mut is_read, mut reported) = (false, None);
        let read = || {
            is_read = true;
            async move { shown.map_err(|()| BackendError::new("test", "out of order")) }
        };
        let time = clock.time(node, read, |time| reported = Some(time)).await;
        (time.ok().map(|time| time.store), is_read, reported)
    }

    #[tokio::test]
    async fn the_clock_is_read_once_a_minute() {
        let clock = StoreClock::default();
        for (seconds, expected) in [(0, true), (1, false), (59, false), (60, true), (61, false)] {
            let seconds = Duration::from_secs(seconds);
            let node = Node {
                now: at(0).saturating_add(seconds),
                monotonic: seconds,
            };
            let (_, is_read, _) = time(&clock, &node, Ok(Some(at(0)))).await;
            assert_eq!(is_read, expected, "after {seconds:?}");
        }
    }

    #[tokio::test]
    async fn time_passes_between_readings() {
        let clock = StoreClock::default();
        time(&clock, &node(48, Duration::ZERO), Ok(Some(at(0)))).await;
        let seconds = Duration::from_secs(59);
        let later = Node {
            now: at(48).saturating_add(seconds),
            monotonic: seconds,
        };
        let (now, is_read, _) = time(&clock, &later, Err(())).await;
        assert_eq!(now, Some(at(0).saturating_add(seconds)));
        assert!(!is_read);
    }

    #[tokio::test]
    async fn the_store_clock_is_read_after_a_jump() {
        let clock = StoreClock::default();
        time(&clock, &node(1, Duration::ZERO), Ok(Some(at(1)))).await;
        // The machine was suspended for an hour: its monotonic clock stood still.
        let resumed = node(2, Duration::from_millis(1));
        let (now, is_read, _) = time(&clock, &resumed, Ok(Some(at(2)))).await;
        assert_eq!((now, is_read), (Some(at(2)), true));
        let (_, is_read, _) = time(&clock, &resumed, Err(())).await;
        assert!(!is_read, "once is enough");
    }

    #[tokio::test]
    async fn a_jump_discards_the_reading() {
        let clock = StoreClock::default();
        time(&clock, &node(1, Duration::ZERO), Ok(Some(at(1)))).await;
        let resumed = node(40, Duration::from_millis(1));
        for _ in 0..2 {
            assert_eq!(time(&clock, &resumed, Err(())).await, (None, true, None));
        }
        // If a caller goes away while it reads, other callers still have no reading.
        let read = || std::future::pending();
        let mut abandoned = Box::pin(clock.time(&resumed, read, |_| {}));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(abandoned.as_mut().poll(&mut context).is_pending());
        assert_eq!(time(&clock, &resumed, Err(())).await, (None, true, None));
        drop(abandoned);
        let (now, is_read, _) = time(&clock, &resumed, Ok(Some(at(40)))).await;
        assert_eq!((now, is_read), (Some(at(40)), true));
    }

    #[tokio::test]
    async fn a_store_without_a_clock_uses_the_node_clock() {
        let clock = StoreClock::default();
        for hour in [3, 9, 1] {
            let node = node(hour, Duration::from_secs(hour));
            let (now, _, reported) = time(&clock, &node, Ok(None)).await;
            assert_eq!((now, reported), (Some(at(hour)), None));
        }
    }

    #[tokio::test]
    async fn a_clock_that_was_never_read_is_an_error() {
        let clock = StoreClock::default();
        let began = node(0, Duration::ZERO);
        assert_eq!(time(&clock, &began, Err(())).await, (None, true, None));
        let (now, is_read, _) = time(&clock, &began, Ok(Some(at(0)))).await;
        assert_eq!(
            (now, is_read),
            (Some(at(0)), true),
            "it is read again at once"
        );
        // A minute later the store is out of order: the last reading is used.
        let expected = at(0).saturating_add(Duration::from_mins(1));
        let later = Node {
            now: expected,
            monotonic: Duration::from_mins(1),
        };
        assert_eq!(
            time(&clock, &later, Err(())).await,
            (Some(expected), true, None)
        );
        assert_eq!(
            time(&clock, &later, Err(())).await,
            (Some(expected), false, None)
        );
    }

    #[tokio::test]
    async fn a_difference_is_reported_once_an_hour() {
        let millisecond = Duration::from_millis(1);
        let hourly = [0, 60, 120].as_slice();
        for (shown, expected) in [
            (at(48), hourly),
            (at(1), &[]),
            (at(1).saturating_add(TOLERANCE), &[]),
            (at(1).saturating_sub(TOLERANCE), &[]),
            (at(1).saturating_add(TOLERANCE + millisecond), hourly),
            (at(1).saturating_sub(TOLERANCE + millisecond), hourly),
        ] {
            let clock = StoreClock::default();
            let mut reports = Vec::new();
            for minute in 0..=120 {
                let node = node(1, Duration::from_mins(minute));
                let (_, _, reported) = time(&clock, &node, Ok(Some(shown))).await;
                reports.extend(reported.map(|_| minute));
            }
            assert_eq!(reports, expected, "{shown:?}");
        }
    }

    #[test]
    fn a_reading_is_dated_to_the_middle_of_the_round_trip() {
        let began = Duration::from_secs(10);
        for (ended, half) in [(Duration::from_secs(12), 1), (Duration::from_secs(9), 0)] {
            let reading = Reading::between(began, at(0), None, ended);
            let half = Duration::from_secs(half);
            assert_eq!(reading.monotonic, began + half);
            assert_eq!(reading.node, at(0).saturating_add(half));
        }
    }

    #[test]
    fn node_times_are_converted_to_store_times() {
        let time = StoreTime {
            node: at(48),
            store: at(0),
        };
        assert_eq!(time.of(at(50)), at(2));
        assert_eq!(time.of(at(48)), at(0));
        assert_eq!(time.of(Timestamp::MAX), Timestamp::MAX);
        let behind = StoreTime {
            node: at(0),
            store: at(48),
        };
        assert_eq!(behind.of(at(1)), at(49));
        assert_eq!(
            behind.of(Timestamp::from_unix_seconds(1_800_000_000 - 3600)),
            at(47)
        );
    }
}
