//! The checks for limiters pass a good one, and catch each bad one by the rule that it breaks.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::support::clock::ManualClock;
use oauth_dcr::{
    BackendError, TenantId, conformance,
    rate_limit::{LocalRateLimiter, Quota, RateDecision, RateKey, RateLimiter},
    types::SourceNetwork,
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

/// A good limiter that is asked about another key, or by another quota.
struct Asked<F> {
    limiter: LocalRateLimiter,
    change: F,
}

type Source = Option<SourceNetwork>;

fn asked<F>(change: F) -> impl RateLimiter
where
    F: Fn(&TenantId, Quota) -> (TenantId, Quota) + Send + Sync + 'static,
{
    asked_by_source(move |tenant, source, quota| {
        let (tenant, quota) = change(tenant, quota);
        (tenant, source, quota)
    })
}

fn asked_by_source<F>(change: F) -> Asked<F>
where
    F: Fn(&TenantId, Source, Quota) -> (TenantId, Source, Quota) + Send + Sync + 'static,
{
    let limiter = LocalRateLimiter::new();
    Asked { limiter, change }
}

impl<F> RateLimiter for Asked<F>
where
    F: Fn(&TenantId, Source, Quota) -> (TenantId, Source, Quota) + Send + Sync + 'static,
{
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Acquired {
        let (tenant, source, quota) = (self.change)(key.tenant(), key.source(), quota);
        let key = match source {
            Some(source) => RateKey::Source(&tenant, source),
            None => RateKey::Tenant(&tenant),
        };
        self.limiter.acquire(key, quota).await
    }
}

fn quota(per_second: u32, burst: u32) -> Quota {
    Quota::new(per_second, burst).unwrap()
}

/// The same rate with another burst.
fn with_burst(quota: Quota, burst: u32) -> Quota {
    let mut json = serde_json::to_value(quota).unwrap();
    json["burst"] = burst.into();
    serde_json::from_value(json).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn admitting_one_too_many_is_caught() {
    let more = |it: Quota| with_burst(it, it.burst().saturating_add(1));
    let said = caught(asked(move |tenant, quota| (tenant.clone(), more(quota)))).await;
    assert_eq!(
        rule_of(&said),
        "a_full_bucket_gives_exactly_its_burst",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn admitting_one_too_few_is_caught() {
    let fewer = |it: Quota| with_burst(it, (it.burst() - 1).max(1));
    let said = caught(asked(move |tenant, quota| (tenant.clone(), fewer(quota)))).await;
    assert_eq!(
        rule_of(&said),
        "a_full_bucket_gives_exactly_its_burst",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refilling_too_fast_is_caught() {
    let faster = |it: Quota| match it.token_interval().as_millis() {
        100 => quota(20, it.burst()),
        _ => it,
    };
    let said = caught(asked(move |tenant, quota| (tenant.clone(), faster(quota)))).await;
    assert_eq!(
        rule_of(&said),
        "tokens_return_at_the_rate_up_to_the_burst",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn never_refilling_is_caught() {
    let stopped = Arc::new(ManualClock::new());
    let said = caught(LocalRateLimiter::with_clock(stopped)).await;
    assert_eq!(
        rule_of(&said),
        "tokens_return_at_the_rate_up_to_the_burst",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_up_tenants_are_caught() {
    let lowered = |it: &TenantId| TenantId::parse(&it.as_str().to_lowercase()).unwrap();
    let said = caught(asked(move |tenant, quota| (lowered(tenant), quota))).await;
    assert_eq!(rule_of(&said), "each_tenant_has_its_own_bucket", "{said}");

    let cut = |it: &TenantId| it.as_str().chars().take(64).collect::<String>();
    let cut = move |it: &TenantId| TenantId::parse(&cut(it)).unwrap();
    let said = caught(asked(move |tenant, quota| (cut(tenant), quota))).await;
    assert_eq!(rule_of(&said), "each_tenant_has_its_own_bucket", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_that_ignores_sources_is_caught() {
    let said = caught(asked_by_source(|tenant, _, quota| {
        (tenant.clone(), None, quota)
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "each_source_has_its_own_bucket", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_up_tenants_of_a_source_are_caught() {
    let all = TenantId::parse("all").unwrap();
    let said = caught(asked_by_source(move |tenant, source, quota| match source {
        None => (tenant.clone(), None, quota),
        Some(_) => (all.clone(), source, quota),
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "each_source_has_its_own_bucket", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_that_takes_unknown_for_the_tenant_is_caught() {
    let unknown = SourceNetwork::of(None);
    let said = caught(asked_by_source(move |tenant, source, quota| {
        let source = source.filter(|it| *it != unknown);
        (tenant.clone(), source, quota)
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "each_source_has_its_own_bucket", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_with_a_bucket_for_each_unknown_is_caught() {
    let (unknown, asked) = (SourceNetwork::of(None), AtomicU32::new(0));
    let said = caught(asked_by_source(move |tenant, source, quota| {
        if source != Some(unknown) {
            return (tenant.clone(), source, quota);
        }
        // After some requests it looks at another one.
        let number = asked.fetch_add(1, Ordering::SeqCst) / (quota.burst() + 1);
        let tenant = TenantId::parse(&format!("{tenant}-{number}")).unwrap();
        (tenant, source, quota)
    }));
    let said = said.await;
    assert_eq!(
        rule_of(&said),
        "addresses_of_one_source_share_its_bucket",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keeping_the_first_quota_is_caught() {
    let first = Mutex::new(HashMap::new());
    let kept = move |tenant: &TenantId, quota| {
        let mut first = first.lock().unwrap();
        *first.entry(tenant.clone()).or_insert(quota)
    };
    let said = caught(asked(move |tenant, quota| {
        (tenant.clone(), kept(tenant, quota))
    }))
    .await;
    assert_eq!(
        rule_of(&said),
        "a_changed_quota_starts_with_a_full_bucket",
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn capping_large_bursts_is_caught() {
    let small = |it: Quota| with_burst(it, it.burst().min(i32::MAX.unsigned_abs()));
    let said = caught(asked(move |tenant, quota| (tenant.clone(), small(quota)))).await;
    assert_eq!(
        rule_of(&said),
        "the_largest_and_smallest_quotas_are_enforced",
        "{said}"
    );
}

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
    assert_eq!(rule_of(&said), "decisions_match_the_quota", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reporting_too_short_a_wait_is_caught() {
    let said = caught(told(|decision, quota| match decision.retry_after() {
        None => decision,
        Some(wait) => RateDecision::limited(quota, wait / 2),
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "tokens_return_at_the_rate_up_to_the_burst");
    assert!(
        said.contains("who waits as long as was said is admitted"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reporting_too_long_a_wait_is_caught() {
    let said = caught(told(|decision, quota| match decision.retry_after() {
        None => decision,
        Some(wait) => RateDecision::limited(quota, wait + Duration::from_secs(1)),
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "decisions_match_the_quota", "{said}");
}

/// Reads, and writes a moment later what it read, less one.
#[derive(Default)]
struct Racy {
    taken: Mutex<HashMap<(TenantId, Quota), u32>>,
    good: LocalRateLimiter,
}

impl RateLimiter for Racy {
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Acquired {
        // The checks that it could fail for want of a clock are left to a good one.
        let is_of_races = [1, 5, 100].map(|burst| Quota::new(1, burst).unwrap());
        if !is_of_races.contains(&quota) {
            return self.good.acquire(key, quota).await;
        }
        let bucket = (key.tenant().clone(), quota);
        let taken = self.taken.lock().unwrap().get(&bucket).copied();
        tokio::task::yield_now().await;
        let taken = taken.unwrap_or_default();
        if taken == quota.burst() {
            return Ok(RateDecision::limited(quota, Duration::from_secs(1)));
        }
        self.taken.lock().unwrap().insert(bucket, taken + 1);
        Ok(RateDecision::admitted(quota, quota.burst() - taken - 1))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_races_is_caught() {
    let said = caught(Racy::default()).await;
    assert_eq!(
        rule_of(&said),
        "racing_requests_never_exceed_the_burst",
        "{said}"
    );
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
    assert!(said.contains("the limiter can't tell"), "{said}");
    assert!(said.contains("as always"), "{said}");
}
