//! What a limiter says of a request.

use tokio::time::Instant;

use crate::{
    conformance::limiter::bucket::{acquire, fresh_tenant, quota, regained, slowest},
    rate_limit::{Quota, RateLimiter},
};

/// The parts of a decision fit each other and the quota.
pub async fn decisions_match_the_quota(limiter: impl RateLimiter) {
    let quota = quota(2, 6);
    let period = quota.token_interval();
    let tenant = fresh_tenant();
    let start = Instant::now();
    for number in 1..=2 * quota.burst() {
        let decision = acquire(&limiter, &tenant, quota).await;
        let rule = |holds: bool, rule: &str| {
            assert!(
                holds,
                "decisions say what was decided: {rule}; request {number} of {quota:?} got {decision:?}"
            );
        };
        let (remaining, full_after) = (decision.remaining(), decision.full_after());
        rule(decision.limit() == quota.burst(), "the limit is the burst");
        if decision.is_admitted() {
            let certain = quota.burst().saturating_sub(number);
            let possible = certain + regained(quota, start);
            rule(
                decision.retry_after().is_none(),
                "who is admitted needn't wait",
            );
            rule(remaining < quota.burst(), "a token was taken");
            rule(remaining >= certain, "what nobody took remains");
            rule(remaining <= possible, "what was taken does not remain");
            rule(
                full_after > period * (quota.burst() - remaining - 1),
                "a bucket is not full before its tokens came back",
            );
        } else {
            let wait = decision.retry_after().unwrap_or_default();
            rule(!wait.is_zero(), "who is refused has to wait");
            rule(
                wait <= period,
                "the next token is no more than one period away",
            );
            rule(remaining == 0, "who is refused leaves nothing");
            rule(
                full_after >= wait + period * (quota.burst() - 1),
                "a bucket is not full before its tokens came back",
            );
        }
        rule(
            full_after <= period * quota.burst(),
            "a bucket fills in the time of its burst",
        );
    }
}

/// The arithmetic holds at both ends of what a [`Quota`] can be.
pub async fn the_largest_and_smallest_quotas_are_enforced(limiter: impl RateLimiter) {
    let most = Quota::MAX_PER_SECOND;
    for quota in [
        quota(most, u32::MAX),
        quota(1, u32::MAX),
        quota(most, 1),
        quota(1, 1),
        slowest(1),
        slowest(1_193_046),
    ] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        for number in 1..=3 {
            let decision = acquire(&limiter, &tenant, quota).await;
            let certain = quota.burst().saturating_sub(number);
            let possible = certain.saturating_add(regained(quota, start));
            let range = certain..=possible.min(quota.burst() - 1);
            assert!(
                decision.is_admitted() || number > quota.burst(),
                "the largest and the smallest quotas are kept: request {number} of {quota:?} got \
                 {decision:?}",
            );
            assert!(
                range.contains(&decision.remaining()),
                "the largest and the smallest quotas are kept: after request {number} of {quota:?}, \
                 {range:?} remain, not as in {decision:?}",
            );
        }
    }
}
