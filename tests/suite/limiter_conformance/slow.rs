//! Right limiters that answer late, as over a network.

use std::time::Duration;

use oauth_dcr::{
    conformance,
    rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter},
};
use tokio::time::{Instant, sleep};

use super::Acquired;

struct Slow {
    limiter: LocalRateLimiter,
    delay: Duration,
}

impl RateLimiter for Slow {
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Acquired {
        sleep(self.delay / 2).await;
        let decision = self.limiter.acquire(key, quota).await;
        sleep(self.delay / 2).await;
        decision
    }
}

async fn passes(millis: u64) {
    let began = Instant::now();
    let limiter = LocalRateLimiter::new();
    let delay = Duration::from_millis(millis);
    conformance::rate_limiter(Slow { limiter, delay }).await;
    let took = began.elapsed();
    assert!(took < Duration::from_mins(5), "it took {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_limiter_passes() {
    passes(10).await;
}
