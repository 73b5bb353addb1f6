use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A circuit breaker. While a part of Redis doesn't answer, it lets one request at a time test whether the part answers
/// again. Other requests for this part fail without waiting.
///
/// A part can fail independently of other parts: it is a slot of a cluster, or a complete single server. There are at
/// most as many parts as slots in a cluster.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// The parts that have failed at least once.
    parts: Mutex<HashMap<u16, Part>>,
}

#[derive(Debug, Default)]
struct Part {
    /// How many failures have opened the breaker for this part.
    failures: u64,
    /// When the next request may try. `None`: the part answers.
    next_try: Option<Instant>,
}

/// The permission to send a request to a part.
///
/// If the answer is slow, the part may have failed or recovered in the meantime. The answer then says nothing about the
/// present state of the part, and changes nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    part: u16,
    failures: u64,
}

/// The time from the failure of an attempt to the next attempt.
const PAUSE: Duration = Duration::from_millis(100);

impl Breaker {
    /// The permission to send a request to `part` now. During an outage, one request gets it, and the next request gets it
    /// after `time_limit`.
    pub(super) fn pass(&self, part: u16, now: Instant, time_limit: Duration) -> Option<Pass> {
        let mut parts = self.lock();
        let Some(state) = parts.get_mut(&part) else {
            return Some(Pass { part, failures: 0 });
        };
        match state.next_try {
            Some(at) if now < at => return None,
            Some(_) => state.next_try = Some(after(now, time_limit)),
            None => {}
        }
        let failures = state.failures;
        Some(Pass { part, failures })
    }

    /// Records that the part answered.
    pub(super) fn close(&self, pass: Pass) {
        if let Some(state) = self.lock().get_mut(&pass.part)
            && state.failures == pass.failures
        {
            state.next_try = None;
        }
    }

    /// Records that the part didn't answer. Returns whether this is the first of several requests that fail at the same
    /// time.
    pub(super) fn open(&self, pass: Pass, now: Instant) -> bool {
        let mut parts = self.lock();
        let state = parts.entry(pass.part).or_default();
        let is_first_failure = state.failures == pass.failures;
        if is_first_failure {
            state.failures = state.failures.saturating_add(1);
            state.next_try = Some(after(now, PAUSE));
        }
        is_first_failure
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u16, Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time `pause` after `now`. If it can't be represented, it is `now`, so that the next request may try at once.
fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_LIMIT: Duration = Duration::from_millis(250);

    fn pass(breaker: &Breaker, now: Instant) -> Option<Pass> {
        breaker.pass(7, now, TIME_LIMIT)
    }

    fn all_pass(breaker: &Breaker, now: Instant) -> bool {
        (0..100).all(|_| pass(breaker, now).is_some())
    }

    #[test]
    fn all_requests_pass_while_redis_answers() {
        assert!(all_pass(&Breaker::default(), Instant::now()));
    }

    #[test]
    fn after_a_failure_one_request_at_a_time_tries() {
        let (breaker, failure) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, failure).unwrap(), failure);
        assert!(pass(&breaker, failure).is_none());
        assert!(pass(&breaker, failure + PAUSE - Duration::from_nanos(1)).is_none());
        let attempt = failure + PAUSE;
        assert!(pass(&breaker, attempt).is_some());
        assert!(pass(&breaker, attempt).is_none());
        // A request that ended without an answer does not block the others indefinitely.
        assert!(pass(&breaker, attempt + TIME_LIMIT).is_some());
    }

    #[test]
    fn an_answer_lets_all_pass_again() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, now).unwrap(), now);
        let later = now + PAUSE;
        breaker.close(pass(&breaker, later).unwrap());
        assert!(all_pass(&breaker, later));
    }

    #[test]
    fn a_failure_affects_only_one_part() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, now).unwrap(), now);
        assert!(pass(&breaker, now).is_none());
        assert!(breaker.pass(8, now, TIME_LIMIT).is_some());
    }

    #[test]
    fn a_late_answer_does_not_end_the_outage() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let (early, failed) = (pass(&breaker, now).unwrap(), pass(&breaker, now).unwrap());
        breaker.open(failed, now);
        breaker.close(early);
        assert!(pass(&breaker, now).is_none());
    }

    #[test]
    fn a_late_failure_does_not_reopen_the_breaker() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let (late, failed) = (pass(&breaker, now).unwrap(), pass(&breaker, now).unwrap());
        assert!(breaker.open(failed, now));
        let recovered = now + PAUSE;
        breaker.close(pass(&breaker, recovered).unwrap());
        assert!(!breaker.open(late, recovered));
        assert!(all_pass(&breaker, recovered));
    }

    #[test]
    fn each_failed_attempt_is_reported_once() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let passes: Vec<_> = (0..10).filter_map(|_| pass(&breaker, now)).collect();
        let first = passes.iter().filter(|&&pass| breaker.open(pass, now));
        assert_eq!(first.count(), 1);
        let later = now + PAUSE;
        let attempt = pass(&breaker, later).unwrap();
        assert!(breaker.open(attempt, later));
    }

    #[test]
    fn an_endless_time_limit_blocks_no_request() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, now).unwrap(), now);
        let later = now + PAUSE;
        assert!(breaker.pass(7, later, Duration::MAX).is_some());
        assert!(pass(&breaker, later).is_some());
        assert!(pass(&breaker, later).is_none());
    }
}
