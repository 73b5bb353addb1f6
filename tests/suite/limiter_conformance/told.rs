//! Good limiters whose decisions are told wrong.

use std::time::Duration;

use oauth_dcr::rate_limit::{LocalRateLimiter, Quota, RateDecision, RateKey, RateLimiter};

use super::{Acquired, caught, rule_of};

/// A good limiter whose decisions are told wrong.
struct Told<F> {
    limiter: LocalRateLimiter,
    told: F,
}

fn told<F>(told: F) -> Told<F>
where
    F: Fn(RateDecision, Quota) -> RateDecision + Send + Sync + 'static,
{
    let limiter = LocalRateLimiter::new();
    Told { limiter, told }
}

impl<F> RateLimiter for Told<F>
where
    F: Fn(RateDecision, Quota) -> RateDecision + Send + Sync + 'static,
{
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Acquired {
        let decision = self.limiter.acquire(key, quota).await?;
        Ok((self.told)(decision, quota))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reporting_tokens_before_the_request_is_caught() {
    let said = caught(told(|decision, quota| match decision.retry_after() {
        None => RateDecision::admitted(quota, decision.remaining() + 1),
        Some(_) => decision,
    }));
    let said = said.await;
    assert_eq!(
        rule_of(&said),
        "a_full_bucket_gives_exactly_its_burst",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reporting_too_short_a_wait_is_caught() {
    let said = caught(told(|decision, quota| match decision.retry_after() {
        None => decision,
        Some(wait) => RateDecision::limited(quota, wait / 2),
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "a_full_bucket_gives_exactly_its_burst");
    assert!(said.contains("the next token comes after"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reporting_too_long_a_wait_is_caught() {
    let said = caught(told(|decision, quota| match decision.retry_after() {
        None => decision,
        Some(wait) => RateDecision::limited(quota, wait + Duration::from_secs(1)),
    }));
    let said = said.await;
    assert_eq!(
        rule_of(&said),
        "a_full_bucket_gives_exactly_its_burst",
        "{said}"
    );
}
