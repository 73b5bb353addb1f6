//! Limiters with one fault each are caught, again and again.

use std::{env, future::pending, sync::Arc, time::Duration};

use oauth_dcr::{
    conformance,
    system::{Clock, SystemClock},
};
use tokio::task::{JoinError, JoinSet};

use super::{
    clock::MovedClock,
    faulty::{Fault, Faulty},
};

/// How often each is tried.
fn rounds() -> u32 {
    let rounds = env::var("OAUTH_DCR_BROKEN_LIMITER_ROUNDS");
    rounds.map_or(1, |text| text.parse().unwrap())
}

async fn in_real_time(fault: Fault) -> Result<(), JoinError> {
    let limiter = Faulty::new(fault, Arc::new(SystemClock::new()));
    tokio::spawn(conformance::rate_limiter(limiter)).await
}

async fn by_a_clock(fault: Fault) -> Result<(), JoinError> {
    let clock = MovedClock::default();
    let limiter = Faulty::new(fault, Arc::new(clock.clone()) as Arc<dyn Clock>);
    let advance = move |time| clock.advance(time);
    tokio::spawn(conformance::rate_limiter_with_clock(limiter, advance)).await
}

/// The message of a suite that ended: it names a rule and shows what was asked.
fn assert_caught(fault: Fault, ended: Result<(), JoinError>) {
    let Err(error) = ended else {
        panic!("{fault:?} passes the suite");
    };
    let said = *error.into_panic().downcast::<String>().unwrap();
    assert!(said.starts_with("the rule `"), "{fault:?}: {said}");
    assert!(said.contains("` is broken.\n"), "{fault:?}: {said}");
    assert!(said.contains("requests:\n"), "{fault:?}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_limiter_passes_both_suites() {
    by_a_clock(Fault::None).await.unwrap();
    in_real_time(Fault::None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_caught_in_real_time() {
    for _ in 0..rounds() {
        let mut suites = JoinSet::new();
        for fault in Fault::seen_in_real_time() {
            suites.spawn(async move { assert_caught(fault, in_real_time(fault).await) });
        }
        suites.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_caught_by_a_moved_clock() {
    for _ in 0..rounds() {
        let mut suites = JoinSet::new();
        for fault in Fault::seen_by_a_clock() {
            suites.spawn(async move { assert_caught(fault, by_a_clock(fault).await) });
        }
        suites.join_all().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_never_answers_is_caught() {
    struct Silent;

    impl oauth_dcr::rate_limit::RateLimiter for Silent {
        async fn acquire(
            &self,
            _: oauth_dcr::rate_limit::RateKey<'_>,
            _: oauth_dcr::rate_limit::Quota,
        ) -> super::Acquired {
            pending().await
        }
    }

    let suite = tokio::spawn(conformance::rate_limiter(Silent));
    let ended = tokio::time::timeout(Duration::from_secs(40), suite).await;
    let panic = ended.unwrap().unwrap_err().into_panic();
    let said = *panic.downcast::<String>().unwrap();
    assert!(said.contains("made no decision within"), "{said}");
}
