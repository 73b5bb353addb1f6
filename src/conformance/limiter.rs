//! Checks for implementations of [`RateLimiter`].
//!
//! They take a few seconds in all. What a limiter may admit in a time is bounded from both sides: at
//! least what has come back for certain, at most what can have come back while it was measured, with
//! a hundredth on top for clocks that disagree.

#![expect(clippy::panic, reason = "a check fails by panicking")]

mod sources;

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    system::{OsRandom, SecureRandom as _},
    types::TenantId,
};

pub use sources::{addresses_of_one_source_share_its_bucket, each_source_has_its_own_bucket};

/// Runs every check, one after the other.
///
/// # Panics
/// If one fails.
pub async fn rate_limiter(limiter: impl RateLimiter) {
    let limiter = Arc::new(limiter);
    a_full_bucket_gives_exactly_its_burst(&*limiter).await;
    tokens_return_at_the_rate_up_to_the_burst(&*limiter).await;
    each_tenant_has_its_own_bucket(&*limiter).await;
    each_source_has_its_own_bucket(&*limiter).await;
    addresses_of_one_source_share_its_bucket(&*limiter).await;
    racing_requests_never_exceed_the_burst(&limiter).await;
    a_changed_quota_starts_with_a_full_bucket(&*limiter).await;
    decisions_match_the_quota(&*limiter).await;
    the_largest_and_smallest_quotas_are_enforced(&*limiter).await;
}

/// Of requests that come as fast as they can, those that the burst allows are admitted, then only
/// those that tokens have come back for.
///
/// # Panics
/// If there were fewer or more.
pub async fn a_full_bucket_gives_exactly_its_burst(limiter: &impl RateLimiter) {
    for quota in [quota(1, 1), quota(1, 5), quota(2, 50)] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        let admitted = drain(limiter, &tenant, quota).await;
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
///
/// # Panics
/// If there were fewer or more.
pub async fn tokens_return_at_the_rate_up_to_the_burst(limiter: &impl RateLimiter) {
    let quota = quota(10, 4);
    for (wait, least) in [(110, 1), (320, 3), (900, 4)] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        let at_once = drain(limiter, &tenant, quota).await;
        sleep(Duration::from_millis(wait)).await;
        let after_wait = Instant::now();
        let later = drain(limiter, &tenant, quota).await;
        let filled = regained(quota, start).min(quota.burst());
        let most = filled + regained(quota, after_wait);
        assert!(
            (least..=most).contains(&later),
            "tokens come back at the rate: of {quota:?}, {at_once} were admitted at once and {later} \
             after {wait} ms, not {least} to {most}",
        );
    }
    let tenant = fresh_tenant();
    drain(limiter, &tenant, quota).await;
    let refused = acquire(limiter, &tenant, quota).await;
    let wait = refused.retry_after().unwrap_or_default();
    sleep(wait + wait / 100 + Duration::from_millis(2)).await;
    let decision = acquire(limiter, &tenant, quota).await;
    assert!(
        decision.is_admitted(),
        "who waits as long as was said is admitted: after {wait:?} it was {decision:?}",
    );
}

/// One tenant's requests take nothing from another, however alike their ids.
///
/// # Panics
/// If they do.
pub async fn each_tenant_has_its_own_bucket(limiter: &impl RateLimiter) {
    let quota = quota(1, 3);
    let name = fresh_tenant();
    drain(limiter, &name, quota).await;
    let others = ["x", ":", ".", "-", "_", ":1", ":rate", ":1:3"].map(|end| format!("{name}{end}"));
    let upper = name.as_str().to_uppercase();
    let long = format!("{:-<1$}", name.as_str(), TenantId::MAX_CHARS - 1);
    let longest = ["a", "b"].map(|end| format!("{long}{end}"));
    for other in others.iter().chain(&longest).chain([&upper]) {
        let admitted = drain(limiter, &tenant(other), quota).await;
        assert!(
            admitted >= quota.burst(),
            "tenants have buckets of their own: `{name}` was drained, and then of {quota:?} only \
             {admitted} of `{other}` were admitted",
        );
    }
}

/// Tasks that ask at once get the burst in all, and those tokens that came back meanwhile.
///
/// # Panics
/// If they get fewer or more.
pub async fn racing_requests_never_exceed_the_burst<L: RateLimiter>(limiter: &Arc<L>) {
    for quota in [quota(1, 1), quota(1, 5), quota(1, 100)] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..40 {
            let (limiter, tenant) = (Arc::clone(limiter), tenant.clone());
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
///
/// # Panics
/// If it doesn't.
pub async fn a_changed_quota_starts_with_a_full_bucket(limiter: &impl RateLimiter) {
    let tenant = fresh_tenant();
    let mut before = quota(1, 3);
    drain(limiter, &tenant, before).await;
    for changed in [quota(2, 3), quota(2, 7), quota(1, 2), quota(1, 1)] {
        let start = Instant::now();
        let admitted = drain(limiter, &tenant, changed).await;
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

/// The parts of a decision fit each other and the quota.
///
/// # Panics
/// If they don't.
pub async fn decisions_match_the_quota(limiter: &impl RateLimiter) {
    let quota = quota(2, 6);
    let period = quota.token_interval();
    let tenant = fresh_tenant();
    let start = Instant::now();
    for number in 1..=2 * quota.burst() {
        let decision = acquire(limiter, &tenant, quota).await;
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
///
/// # Panics
/// If it doesn't.
pub async fn the_largest_and_smallest_quotas_are_enforced(limiter: &impl RateLimiter) {
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
            let decision = acquire(limiter, &tenant, quota).await;
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

fn quota(per_second: u32, burst: u32) -> Quota {
    Quota::new(per_second, burst).unwrap_or_default()
}

/// The lowest rate, with any burst that goes with it.
fn slowest(burst: u32) -> Quota {
    Quota::per_hour(1, burst).unwrap_or_default()
}

/// A tenant that nobody has asked for before.
fn fresh_tenant() -> TenantId {
    let mut random = [0; 16];
    if let Err(error) = OsRandom.fill(&mut random) {
        panic!("no random tenant id: {error:?}");
    }
    tenant(&format!("conformance-{:x}", u128::from_ne_bytes(random)))
}

fn tenant(id: &str) -> TenantId {
    match TenantId::parse(id) {
        Ok(tenant) => tenant,
        Err(error) => panic!("`{id}`: {error}"),
    }
}

async fn acquire(limiter: &impl RateLimiter, tenant: &TenantId, quota: Quota) -> RateDecision {
    acquire_from(limiter, RateKey::Tenant(tenant), quota).await
}

async fn acquire_from(limiter: &impl RateLimiter, key: RateKey<'_>, quota: Quota) -> RateDecision {
    match limiter.acquire(key, quota).await {
        Ok(decision) => decision,
        Err(error) => panic!("the limiter can't tell: {error:?}"),
    }
}

/// How many are admitted one after the other, until one is refused.
async fn drain(limiter: &impl RateLimiter, tenant: &TenantId, quota: Quota) -> u32 {
    drain_bucket(limiter, RateKey::Tenant(tenant), quota).await
}

/// As [`drain`], for any bucket.
async fn drain_bucket(limiter: &impl RateLimiter, key: RateKey<'_>, quota: Quota) -> u32 {
    let mut admitted = 0;
    while acquire_from(limiter, key, quota).await.is_admitted() {
        admitted += 1;
        let far_too_many = 1_000_000;
        assert!(
            admitted < far_too_many,
            "a bucket is emptied at some time: {admitted} of {quota:?} were admitted"
        );
    }
    admitted
}

/// The most tokens that can have come back since `start`.
fn regained(quota: Quota, start: Instant) -> u32 {
    let elapsed = start.elapsed();
    let elapsed = elapsed + elapsed / 100;
    let tokens = elapsed.as_nanos() / quota.token_interval().as_nanos();
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
