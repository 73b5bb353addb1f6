//! Good limiters that are asked about another key, or by another quota.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use oauth_dcr::{
    TenantId,
    rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter},
    types::SourceNetwork,
};

use super::{Acquired, caught, clock::MovedClock, quota, rule_of};

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
    assert!(said.contains("a token each 100ms"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn never_refilling_is_caught() {
    let stopped = Arc::new(MovedClock::default());
    let said = caught(LocalRateLimiter::with_clock(stopped)).await;
    // Time passes, and the wait stays as it was.
    let stays = "the next token comes after";
    assert!(
        said.contains(stays) || said.contains("the request was refused"),
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
async fn mistaking_unknown_sources_for_the_tenant_is_caught() {
    let unknown = SourceNetwork::of(None);
    let said = caught(asked_by_source(move |tenant, source, quota| {
        let source = source.filter(|it| *it != unknown);
        (tenant.clone(), source, quota)
    }));
    let said = said.await;
    assert_eq!(rule_of(&said), "each_source_has_its_own_bucket", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn separate_buckets_for_unknown_sources_are_caught() {
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
    assert_eq!(rule_of(&said), "each_source_has_its_own_bucket", "{said}");
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
