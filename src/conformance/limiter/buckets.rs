//! How many requests a bucket admits, and whose bucket it is.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    conformance::limiter::bucket::{acquire, drain, fresh_tenant, quota, regained, tenant},
    rate_limit::RateLimiter,
    types::TenantId,
};

/// Of requests that come as fast as they can, those that the burst allows are admitted, then only
/// those that tokens have come back for.
pub async fn a_full_bucket_gives_exactly_its_burst(limiter: impl RateLimiter) {
    for quota in [quota(1, 1), quota(1, 5), quota(2, 50)] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        let admitted = drain(&limiter, &tenant, quota).await;
        let most = quota.burst() + regained(quota, start);
        assert!(
            (quota.burst()..=most).contains(&admitted),
            "a full bucket gives its burst and no more: of {quota:?}, {admitted} were admitted at \
             once, not {} to {most}",
            quota.burst(),
        );
    }
}

/// After a wait, as many are admitted as tokens have come back meanwhile; after a long one, the burst.
pub async fn tokens_return_at_the_rate_up_to_the_burst(limiter: impl RateLimiter) {
    let quota = quota(10, 4);
    for (wait, least) in [(110, 1), (320, 3), (900, 4)] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        let at_once = drain(&limiter, &tenant, quota).await;
        sleep(Duration::from_millis(wait)).await;
        let after_wait = Instant::now();
        let later = drain(&limiter, &tenant, quota).await;
        let filled = regained(quota, start).min(quota.burst());
        let most = filled + regained(quota, after_wait);
        assert!(
            (least..=most).contains(&later),
            "tokens come back at the rate: of {quota:?}, {at_once} were admitted at once and {later} \
             after {wait} ms, not {least} to {most}",
        );
    }
    let tenant = fresh_tenant();
    drain(&limiter, &tenant, quota).await;
    let refused = acquire(&limiter, &tenant, quota).await;
    let wait = refused.retry_after().unwrap_or_default();
    sleep(wait + wait / 100 + Duration::from_millis(2)).await;
    let decision = acquire(&limiter, &tenant, quota).await;
    assert!(
        decision.is_admitted(),
        "who waits as long as was said is admitted: after {wait:?} it was {decision:?}",
    );
}

/// One tenant's requests take nothing from another, however alike their ids.
pub async fn each_tenant_has_its_own_bucket(limiter: impl RateLimiter) {
    let quota = quota(1, 3);
    let name = fresh_tenant();
    drain(&limiter, &name, quota).await;
    let others = ["x", ":", ".", "-", "_", ":1", ":rate", ":1:3"].map(|end| format!("{name}{end}"));
    let upper = name.as_str().to_uppercase();
    let long = format!("{:-<1$}", name.as_str(), TenantId::MAX_CHARS - 1);
    let longest = ["a", "b"].map(|end| format!("{long}{end}"));
    for other in others.iter().chain(&longest).chain([&upper]) {
        let admitted = drain(&limiter, &tenant(other), quota).await;
        assert!(
            admitted >= quota.burst(),
            "tenants have buckets of their own: `{name}` was drained, and then of {quota:?} only \
             {admitted} of `{other}` were admitted",
        );
    }
}

/// Tasks that ask at once get the burst in all, and those tokens that came back meanwhile.
pub async fn racing_requests_never_exceed_the_burst(limiter: impl RateLimiter) {
    let limiter = Arc::new(limiter);
    for quota in [quota(1, 1), quota(1, 5), quota(1, 100)] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..40 {
            let (limiter, tenant) = (Arc::clone(&limiter), tenant.clone());
            tasks.spawn(async move {
                let mut admitted = 0;
                for _ in 0..5 {
                    let decision = acquire(&*limiter, &tenant, quota).await;
                    admitted += u32::from(decision.is_admitted());
                }
                admitted
            });
        }
        let admitted: u32 = tasks.join_all().await.into_iter().sum();
        let most = quota.burst() + regained(quota, start);
        assert!(
            (quota.burst()..=most).contains(&admitted),
            "of those that race no more than the burst are admitted: of {quota:?}, 40 tasks got \
             {admitted} tokens, not {} to {most}",
            quota.burst(),
        );
    }
}

/// A tenant whose quota has changed starts with a full bucket of the new one.
pub async fn a_changed_quota_starts_with_a_full_bucket(limiter: impl RateLimiter) {
    let tenant = fresh_tenant();
    let mut before = quota(1, 3);
    drain(&limiter, &tenant, before).await;
    for changed in [quota(2, 3), quota(2, 7), quota(1, 2), quota(1, 1)] {
        let start = Instant::now();
        let admitted = drain(&limiter, &tenant, changed).await;
        let most = changed.burst() + regained(changed, start);
        assert!(
            (changed.burst()..=most).contains(&admitted),
            "a changed quota starts with a full bucket: after {before:?}, {admitted} of {changed:?} \
             were admitted, not {} to {most}",
            changed.burst(),
        );
        before = changed;
    }
}
