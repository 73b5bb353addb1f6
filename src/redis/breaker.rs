use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// While Redis doesn't answer, lets one request after another test whether it does again. The other
/// requests fail without waiting.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// When the next may try. `None`: Redis answers.
    next_try: Mutex<Option<Instant>>,
}

/// From one attempt's failure to the next attempt.
const PAUSE: Duration = Duration::from_millis(100);

impl Breaker {
    /// Whether to ask Redis now. During an outage one request asks, and the next may ask after `time_limit`.
    pub(super) fn lets_pass(&self, now: Instant, time_limit: Duration) -> bool {
        let mut next_try = self.lock();
        match *next_try {
            None => true,
            Some(at) if now < at => false,
            Some(_) => {
                *next_try = Some(after(now, time_limit));
                true
            }
        }
    }

    /// Redis answered.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    /// Redis didn't answer.
    pub(super) fn open(&self, now: Instant) {
        *self.lock() = Some(after(now, PAUSE));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.next_try.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn it_lets_all_pass_while_redis_answers() {
        let breaker = Breaker::default();
        let now = Instant::now();
        assert!((0..100).all(|_| breaker.lets_pass(now, TIME_LIMIT)));
    }

    #[test]
    fn after_a_failure_one_at_a_time_tries() {
        let breaker = Breaker::default();
        let failure = Instant::now();
        breaker.open(failure);
        assert!(!breaker.lets_pass(failure, TIME_LIMIT));
        assert!(!breaker.lets_pass(failure + PAUSE - Duration::from_nanos(1), TIME_LIMIT));
        let attempt = failure + PAUSE;
        assert!(breaker.lets_pass(attempt, TIME_LIMIT));
        assert!(!breaker.lets_pass(attempt, TIME_LIMIT));
        // A request that ended without an answer does not keep the others out indefinitely.
        assert!(breaker.lets_pass(attempt + TIME_LIMIT, TIME_LIMIT));
    }

    #[test]
    fn an_answer_lets_all_pass_again() {
        let breaker = Breaker::default();
        let now = Instant::now();
        breaker.open(now);
        breaker.close();
        assert!((0..100).all(|_| breaker.lets_pass(now, TIME_LIMIT)));
    }

    #[test]
    fn an_endless_pause_keeps_no_request_out() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.open(now);
        let later = now + PAUSE;
        assert!(breaker.lets_pass(later, Duration::MAX));
        assert!(breaker.lets_pass(later, TIME_LIMIT));
        assert!(!breaker.lets_pass(later, TIME_LIMIT));
    }
}
