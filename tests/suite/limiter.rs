//! The quota of a tenant, with a clock that the test sets.

use std::{fs, sync::Arc, thread};

use crate::support::clock::ManualClock;
use oauth_dcr::{
    MemoryStore, Registrar, RegistrationError, TenantId, TenantSettings, Tenants,
    acl::Signals,
    rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter as _},
    settings::SettingsDocument,
    tenants::TenantSelector,
};
use serde_json::Value;

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn limiter() -> (Arc<ManualClock>, LocalRateLimiter) {
    let clock = Arc::new(ManualClock::new());
    (Arc::clone(&clock), LocalRateLimiter::with_clock(clock))
}

/// How many of `requests` simultaneous requests are admitted.
async fn admitted(limiter: &LocalRateLimiter, id: &str, requests: usize) -> usize {
    let mut count = 0;
    for _ in 0..requests {
        let decision = limiter
            .acquire(RateKey::Tenant(&tenant(id)), Quota::default())
            .await
            .unwrap();
        count += usize::from(decision.is_admitted());
    }
    count
}

#[tokio::test]
async fn five_of_six_simultaneous_requests_are_admitted() {
    let (_, limiter) = limiter();
    assert_eq!(admitted(&limiter, "a", 6).await, 5);
}

#[tokio::test]
async fn a_token_comes_back_every_200_milliseconds() {
    let (clock, limiter) = limiter();
    assert_eq!(admitted(&limiter, "a", 6).await, 5);
    for step in 1..=20 {
        clock.set_millis(step * 200 - 1);
        assert_eq!(
            admitted(&limiter, "a", 1).await,
            0,
            "just before step {step}"
        );
        clock.set_millis(step * 200);
        assert_eq!(admitted(&limiter, "a", 3).await, 1, "at step {step}");
    }
    clock.set_millis(60_000);
    assert_eq!(
        admitted(&limiter, "a", 100).await,
        5,
        "a full bucket holds five"
    );
}

#[tokio::test]
async fn a_clock_that_steps_back_gives_no_tokens() {
    let (clock, limiter) = limiter();
    clock.set_millis(1_000);
    assert_eq!(admitted(&limiter, "a", 6).await, 5);
    for earlier in [999, 500, 0] {
        clock.set_millis(earlier);
        assert_eq!(admitted(&limiter, "a", 3).await, 0, "at {earlier}");
    }
    clock.set_millis(1_200);
    assert_eq!(admitted(&limiter, "a", 3).await, 1);
}

#[tokio::test]
async fn tenants_never_share_a_quota() {
    let (_, limiter) = limiter();
    assert_eq!(admitted(&limiter, "a", 600).await, 5);
    assert_eq!(admitted(&limiter, "b", 6).await, 5);
}

#[tokio::test]
async fn decision_tells_remaining_quota_and_waiting_time() {
    let (clock, limiter) = limiter();
    for left in (0..5).rev() {
        let decision = limiter
            .acquire(RateKey::Tenant(&tenant("a")), Quota::default())
            .await
            .unwrap();
        assert_eq!((decision.limit(), decision.remaining()), (5, left));
        assert_eq!(
            decision.full_after().as_millis(),
            u128::from(200 * (5 - left))
        );
        assert_eq!(decision.retry_after(), None);
    }
    clock.set_millis(50);
    let refused = limiter
        .acquire(RateKey::Tenant(&tenant("a")), Quota::default())
        .await
        .unwrap();
    assert_eq!(refused.retry_after().unwrap().as_millis(), 150);
    assert_eq!(refused.full_after().as_millis(), 950);
}

#[test]
fn racing_threads_get_five_tokens_in_total() {
    let (_, limiter) = limiter();
    let admitted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .build()
                        .unwrap();
                    runtime.block_on(admitted(&limiter, "a", 100))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(admitted, 5);
}

#[tokio::test]
async fn full_buckets_are_swept_during_requests() {
    let (clock, limiter) = limiter();
    for round in 0..50_u64 {
        clock.set_millis(round * 10_000);
        for number in 0..1_000 {
            admitted(&limiter, &format!("tenant-{round}-{number}"), 1).await;
        }
        assert!(
            limiter.tenants() <= 3_100,
            "{} tenants have a bucket",
            limiter.tenants()
        );
    }
    clock.set_millis(10_000_000);
    limiter.sweep();
    assert_eq!(limiter.tenants(), 0);
}

#[tokio::test]
async fn new_quota_applies_from_the_next_request() {
    let (_, limiter) = limiter();
    assert_eq!(admitted(&limiter, "a", 6).await, 5);
    let tighter = Quota::new(1, 1).unwrap();
    assert!(
        limiter
            .acquire(RateKey::Tenant(&tenant("a")), tighter)
            .await
            .unwrap()
            .is_admitted()
    );
    assert!(
        !limiter
            .acquire(RateKey::Tenant(&tenant("a")), tighter)
            .await
            .unwrap()
            .is_admitted()
    );
}

#[tokio::test]
async fn unknown_tenants_leave_no_bucket() {
    let limiter = Arc::new(limiter().1);
    let json = r#"{"tenants": [
        {"id": "a", "hosts": ["a.example"], "registration": {"enabled": true}},
        {"id": "off", "hosts": ["off.example"]}
    ]}"#;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::from_json(json).unwrap())
        .limiter(Arc::clone(&limiter))
        .build()
        .unwrap();
    for number in 0..1_000_000 {
        let host = format!("{number}.example");
        let refused = registrar
            .admit(TenantSelector::Host(Some(&host)), Signals::new())
            .await;
        assert!(matches!(refused, Err(RegistrationError::UnknownTenant)));
    }
    let refused = registrar
        .admit(TenantSelector::Host(Some("off.example")), Signals::new())
        .await;
    assert!(matches!(refused, Err(RegistrationError::NotEnabled)));
    assert_eq!(limiter.tenants(), 0);

    registrar
        .admit(TenantSelector::Host(Some("a.example")), Signals::new())
        .await
        .unwrap();
    assert_eq!(limiter.tenants(), 1);
}

/// The corpus cases that need neither an access control list nor a second process.
#[tokio::test]
async fn corpus_cases_get_their_expected_counts() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/attacks.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let cases = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut judged = 0;
    for case in cases.filter(|case| case["area"] == "rate_limit") {
        let events = case["input"]["events"].as_array().unwrap();
        let needs_more = |event: &Value| event.get("acl").is_some();
        if events.iter().any(needs_more) || case["input"].get("backend").is_some() {
            continue;
        }
        judged += 1;
        assert_eq!(
            counts(events).await,
            case["expect"]["allowed"],
            "{}",
            case["id"]
        );
    }
    assert_eq!(judged, 13);
}

/// How many registrations are admitted at each event.
async fn counts(events: &[Value]) -> Value {
    let clock = Arc::new(ManualClock::new());
    let document = SettingsDocument::new(
        ["t1", "t2"]
            .map(|id| {
                let mut settings = TenantSettings::with_id(tenant(id)).enabled();
                settings.hosts.push(id.to_owned());
                settings
            })
            .into(),
    );
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::new(document.unwrap()))
        .clock(Arc::clone(&clock))
        .build()
        .unwrap();
    let mut allowed = Vec::new();
    for event in events {
        clock.set_millis(event["t_ms"].as_u64().unwrap());
        let host = event["tenant"].as_str().unwrap();
        let mut count = 0;
        for _ in 0..event["n"].as_u64().unwrap() {
            let admitted = registrar
                .admit(TenantSelector::Host(Some(host)), Signals::new())
                .await;
            count += u32::from(admitted.is_ok());
        }
        allowed.push(count);
    }
    allowed.into()
}
