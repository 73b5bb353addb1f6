//! The checks for limiters pass a good one, and catch each bad one by the rule that it breaks.

mod asked;
mod clock;
mod faults;
mod faulty;
mod lists;
mod slow;
mod told;

use std::sync::Arc;

use clock::MovedClock;
use oauth_dcr::{
    BackendError, conformance,
    rate_limit::{LocalRateLimiter, Quota, RateDecision, RateKey, RateLimiter},
    system::Clock as _,
};

type Acquired = Result<RateDecision, BackendError>;

#[tokio::test(flavor = "multi_thread")]
async fn the_local_limiter_keeps_every_rule() {
    let limiter = Arc::new(LocalRateLimiter::new());
    // A back end that is shared by runs and checks is no different from a fresh one.
    let again = Arc::clone(&limiter);
    let other = tokio::spawn(async move { conformance::rate_limiter(again).await });
    conformance::rate_limiter(limiter).await;
    other.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_limiter_keeps_every_rule_to_the_nanosecond() {
    let clock = MovedClock::default();
    let limiter = LocalRateLimiter::with_clock(Arc::new(clock.clone()));
    let moved = clock.clone();
    conformance::rate_limiter_with_clock(limiter, move |time| moved.advance(time)).await;
    let years = clock.monotonic().as_secs() / 86_400 / 365;
    assert!(
        (60..90).contains(&years),
        "it took {years} years, not about 75"
    );
}

#[tokio::test]
async fn both_suites_run_on_one_thread() {
    let clock = MovedClock::default();
    let limiter = LocalRateLimiter::with_clock(Arc::new(clock.clone()));
    conformance::rate_limiter_with_clock(limiter, move |time| clock.advance(time)).await;
    conformance::rate_limiter(LocalRateLimiter::new()).await;
}

/// What `limiter` is caught by.
async fn caught(limiter: impl RateLimiter) -> String {
    let limiter = Arc::new(limiter);
    let checks = tokio::spawn(async move { conformance::rate_limiter(limiter).await });
    let panic = checks.await.expect_err("it is caught").into_panic();
    *panic.downcast::<String>().unwrap()
}

/// The rule that a message names.
fn rule_of(said: &str) -> &str {
    let rest = said.strip_prefix("the rule `").unwrap();
    rest.split_once("` is broken.\n").unwrap().0
}

fn quota(per_second: u32, burst: u32) -> Quota {
    Quota::new(per_second, burst).unwrap()
}

/// Fails.
struct Broken;

impl RateLimiter for Broken {
    async fn acquire(&self, _: RateKey<'_>, _: Quota) -> Acquired {
        Err(BackendError::new("broken", "as always"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_limiter_is_caught() {
    let said = caught(Broken).await;
    assert_eq!(rule_of(&said), "a_full_bucket_gives_exactly_its_burst");
    assert!(said.contains("the limiter returned an error"), "{said}");
    assert!(said.contains("as always"), "{said}");
}
