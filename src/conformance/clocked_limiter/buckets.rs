//! Decisions while the clock stands still.

use std::time::Duration;

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            Probe, SteppedTime, abandon_at_each_step, alternate_and_empty,
            alternate_at_each_request, ask_many_keys, ask_twice_the_burst, ask_with_extreme_quotas,
            change_quotas, empty_addresses_of_one_source, empty_buckets, empty_similar_sources,
            empty_similar_tenants, overlap_all_steps, overlap_different_buckets, quota,
            race_for_returning_tokens, race_tasks, race_threads, rewrite_quotas, slowest,
        },
    },
    rate_limit::RateLimiter,
};

/// A bucket admits as many requests as its burst, and refuses all further ones.
pub async fn a_stopped_clock_returns_no_token(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    empty_buckets(&probe, &[1, 2, 5, 300, 70_000]).await;
    for quota in [
        quota(1, 1),
        quota(7, 2_000),
        quota(999_999, 1_000),
        slowest(3_000),
    ] {
        ask_twice_the_burst(&probe, quota).await;
    }
    ask_with_extreme_quotas(&probe).await;
}

/// Tenants, sources and quotas have separate buckets, even if they look alike.
pub async fn buckets_are_separate_at_one_moment(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    empty_similar_tenants(&probe).await;
    empty_similar_sources(&probe).await;
    empty_addresses_of_one_source(&probe).await;
    ask_many_keys(&probe, 5_000).await;
    alternate_and_empty(&probe).await;
    alternate_at_each_request(&probe).await;
    change_quotas(&probe).await;
    rewrite_quotas(&probe).await;
}

/// Each admitted request of a race leaves a different number of tokens.
pub async fn racing_requests_take_different_tokens(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    let probe = Probe::new(limiter, SteppedTime::start(advance));
    for quota in [quota(1, 1), quota(50, 5), slowest(40), quota(3, 300)] {
        race_tasks(&probe, &fresh_tenant(), quota, 5).await;
        race_threads(&probe, quota).await;
    }
    overlap_all_steps(&probe).await;
    overlap_different_buckets(&probe).await;
    race_for_returning_tokens(&probe).await;
}

/// A request whose caller goes away takes one token or none, and returns no token of another request.
pub async fn abandoned_requests_change_no_other_token(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    abandon_at_each_step(&Probe::new(limiter, SteppedTime::start(advance))).await;
}
