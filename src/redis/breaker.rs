use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// While a part of Redis doesn't answer, lets one request after another test whether the part answers
/// again. The other requests for that part fail without waiting.
///
/// A part is what fails by itself: a slot of a cluster, or the whole of a single server. There are no
/// more than the slots of a cluster.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// The parts that have failed at some time.
    parts: Mutex<HashMap<u16, Part>>,
}

#[derive(Debug, Default)]
struct Part {
    /// How many failures have opened it.
    failures: u64,
    /// When the next request may try. `None`: the part answers.
    next_try: Option<Instant>,
}

/// The leave to ask a part.
///
/// A slow answer to it can come when the part has failed or recovered since. It says nothing then about
/// the part's present state, and changes nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    part: u16,
    failures: u64,
}

/// From one attempt's failure to the next attempt.
const PAUSE: Duration = Duration::from_millis(100);

impl Breaker {
    /// The leave to ask `part` now. During an outage one request asks, and the next may ask after
    /// `time_limit`.
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

    /// The part answered.
    pub(super) fn close(&self, pass: Pass) {
        if let Some(state) = self.lock().get_mut(&pass.part)
            && state.failures == pass.failures
        {
            state.next_try = None;
        }
    }

    /// The part didn't answer. Whether this is news: one of many requests that fail together is the first.
    pub(super) fn open(&self, pass: Pass, now: Instant) -> bool {
        let mut parts = self.lock();
        let state = parts.entry(pass.part).or_default();
        let is_news = state.failures == pass.failures;
        if is_news {
            state.failures = state.failures.saturating_add(1);
            state.next_try = Some(after(now, PAUSE));
        }
        is_news
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u16, Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// If no clock can show that moment, the next request may try at once.
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
    fn after_a_failure_one_at_a_time_tries() {
        let (breaker, failure) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, failure).unwrap(), failure);
        assert!(pass(&breaker, failure).is_none());
        assert!(pass(&breaker, failure + PAUSE - Duration::from_nanos(1)).is_none());
        let attempt = failure + PAUSE;
        assert!(pass(&breaker, attempt).is_some());
        assert!(pass(&breaker, attempt).is_none());
        // A request that ended without an answer does not keep the others out indefinitely.
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
    fn a_failure_of_one_part_leaves_the_others() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, now).unwrap(), now);
        assert!(pass(&breaker, now).is_none());
        assert!(breaker.pass(8, now, TIME_LIMIT).is_some());
    }

    #[test]
    fn a_late_answer_from_before_the_outage_changes_nothing() {
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
    fn each_failed_attempt_is_news_once() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let herd: Vec<_> = (0..10).filter_map(|_| pass(&breaker, now)).collect();
        let news = herd.iter().filter(|&&pass| breaker.open(pass, now));
        assert_eq!(news.count(), 1);
        let later = now + PAUSE;
        let attempt = pass(&breaker, later).unwrap();
        assert!(breaker.open(attempt, later));
    }

    #[test]
    fn an_endless_pause_keeps_no_request_out() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.open(pass(&breaker, now).unwrap(), now);
        let later = now + PAUSE;
        assert!(breaker.pass(7, later, Duration::MAX).is_some());
        assert!(pass(&breaker, later).is_some());
        assert!(pass(&breaker, later).is_none());
    }
}
