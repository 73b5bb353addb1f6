//! The quota that each source has with a tenant.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use oauth_dcr::{
    MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, TenantId, Tenants,
    rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter as _},
    types::SourceNetwork,
};
use serde_json::{Value, json};

use crate::support::{
    broken::{Failing, Recorder},
    clock::ManualClock,
    http::parts,
};

/// A registrar whose tenants, `a` and `b`, have these registration settings and this list.
fn registrar(registration: &Value, acl: &Value) -> (Arc<ManualClock>, Registrar) {
    let clock = Arc::new(ManualClock::new());
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants(registration, acl))
        .clock(Arc::clone(&clock))
        .build()
        .unwrap();
    (clock, registrar)
}

fn tenants(registration: &Value, acl: &Value) -> Tenants {
    let tenant = |id: &str| {
        let mut registration = registration.clone();
        registration["enabled"] = true.into();
        json!({
            "id": id, "hosts": [id], "registration": registration, "acl": acl,
            "trusted_proxies": ["192.0.2.1/32"], "forwarded_header": "x-forwarded-for",
        })
    };
    let document = json!({ "tenants": [tenant("a"), tenant("b")] });
    Tenants::from_json(&document.to_string()).unwrap()
}

/// Each source has a burst of 2 and one request every 30 seconds; all sources together have 5.
fn limited() -> Value {
    json!({ "rate_limit_per_source": { "per_minute": 2, "burst": 2 } })
}

/// The answer to a registration with the tenant `host` from `peer`; an empty `peer` is unknown.
async fn answer(registrar: &Registrar, host: &str, peer: &str) -> Response<Bytes> {
    let mut request = Request::post("/oidc/register")
        .header("host", host)
        .header("content-type", "application/json");
    if let Some((peer, forwarded)) = peer.split_once(" for ") {
        request = request
            .header("x-forwarded-for", forwarded)
            .extension(PeerAddress(peer.parse().unwrap()));
    } else if !peer.is_empty() {
        request = request.extension(PeerAddress(peer.parse().unwrap()));
    }
    let body = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
    let endpoint = RegistrationEndpoint::new(registrar.clone());
    endpoint.respond(request.body(body).unwrap()).await
}

/// The statuses of `N` registrations.
async fn statuses<const N: usize>(registrar: &Registrar, host: &str, peer: &str) -> [u16; N] {
    let mut statuses = [0; N];
    for status in &mut statuses {
        *status = answer(registrar, host, peer).await.status().as_u16();
    }
    statuses
}

/// The limit and the remaining requests in the answer.
fn left(response: &Response<Bytes>) -> (u32, u32) {
    let number = |name: &str| response.headers()[name].to_str().unwrap().parse().unwrap();
    (number("x-ratelimit-limit"), number("x-ratelimit-remaining"))
}

#[tokio::test]
async fn one_source_leaves_quota_for_others() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    let noisy: [_; 20] = statuses(&registrar, "a", "203.0.113.5").await;
    assert_eq!(noisy[..2], [201, 201]);
    assert_eq!(noisy[2..], [429; 18]);
    for peer in ["203.0.113.6", "203.0.113.7", "203.0.113.8"] {
        assert_eq!(statuses(&registrar, "a", peer).await, [201], "{peer}");
    }
    // Five requests of the tenant's quota are used, none of them by a refusal.
    assert_eq!(statuses(&registrar, "a", "203.0.113.9").await, [429]);
}

#[tokio::test]
async fn one_source_uses_the_whole_quota_by_default() {
    let (_, registrar) = registrar(&json!({}), &json!([]));
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [201; 5]);
    assert_eq!(statuses(&registrar, "a", "203.0.113.6").await, [429]);
}

#[tokio::test]
async fn a_refusal_says_when_the_source_may_return() {
    let (clock, registrar) = registrar(&limited(), &json!([]));
    statuses::<2>(&registrar, "a", "203.0.113.5").await;
    clock.set_millis(500);
    let refused = answer(&registrar, "a", "203.0.113.5").await;
    let (status, body) = parts(&refused);
    assert_eq!((status, &body["error"]), (429, &"too_many_requests".into()));
    let says = "too many registrations from this address; try again in 30 seconds";
    assert_eq!(body["error_description"], says);
    assert_eq!(refused.headers()["retry-after"], "30");
    assert_eq!(refused.headers()["x-ratelimit-reset"], "1800000060");
    assert_eq!(left(&refused), (2, 0));
    clock.set_millis(29_999);
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [429]);
    clock.set_millis(30_000);
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [201, 429]);
}

#[tokio::test]
async fn answers_report_the_scarcer_quota() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    for (peer, reported) in [
        ("203.0.113.5", (2, 1)),
        ("203.0.113.5", (2, 0)),
        ("203.0.113.6", (2, 1)),
        ("203.0.113.7", (5, 1)),
        ("203.0.113.8", (5, 0)),
    ] {
        let response = answer(&registrar, "a", peer).await;
        assert_eq!(left(&response), reported, "{peer}");
    }
}

#[tokio::test]
async fn an_ipv6_network_is_one_source() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    let first = statuses(&registrar, "a", "2001:db8::1").await;
    assert_eq!(first, [201, 201, 429]);
    let same = ["2001:db8::2", "2001:db8::ffff:ffff:ffff:ffff"];
    for peer in same {
        assert_eq!(statuses(&registrar, "a", peer).await, [429], "{peer}");
    }
    assert_eq!(statuses(&registrar, "a", "2001:db8:0:1::1").await, [201]);
}

#[tokio::test]
async fn a_mapped_address_is_its_ipv4_address() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    let mapped = statuses(&registrar, "a", "::ffff:203.0.113.5").await;
    assert_eq!(mapped, [201, 201, 429]);
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [429]);
}

#[tokio::test]
async fn unknown_addresses_are_one_source() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    assert_eq!(statuses(&registrar, "a", "").await, [201, 201, 429]);
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [201]);
}

#[tokio::test]
async fn source_behind_a_proxy_is_the_client() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    let noisy = statuses(&registrar, "a", "192.0.2.1 for 203.0.113.5").await;
    assert_eq!(noisy, [201, 201, 429]);
    let another = "192.0.2.1 for 203.0.113.5, 203.0.113.6";
    assert_eq!(statuses(&registrar, "a", another).await, [201]);
    // Only the proxy tells the client's address.
    let untrusted = "203.0.113.5 for 203.0.113.9";
    assert_eq!(statuses(&registrar, "a", untrusted).await, [429]);
}

#[tokio::test]
async fn a_source_has_a_quota_with_each_tenant() {
    let (_, registrar) = registrar(&limited(), &json!([]));
    for host in ["a", "b"] {
        let source = statuses(&registrar, host, "203.0.113.5").await;
        assert_eq!(source, [201, 201, 429], "{host}");
    }
}

#[tokio::test]
async fn source_quota_works_without_a_tenant_quota() {
    let mut registration = limited();
    registration["rate_limit"] = Value::Null;
    let (_, registrar) = registrar(&registration, &json!([]));
    let first = answer(&registrar, "a", "203.0.113.5").await;
    assert_eq!((first.status().as_u16(), left(&first)), (201, (2, 1)));
    for last in 0..20 {
        let peer = format!("198.51.100.{last}");
        let source = statuses(&registrar, "a", &peer).await;
        assert_eq!(source, [201, 201, 429], "{peer}");
    }
}

#[tokio::test]
async fn blocked_request_uses_no_source_quota() {
    let acl = json!([{ "description": "one agent", "active": true, "priority": 1, "rule": {
        "action": { "block": true }, "match": { "hostnames": ["a"] }, "scope": "dcr",
    } }]);
    let limiter = Arc::new(LocalRateLimiter::new());
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants(&limited(), &acl))
        .limiter(Arc::clone(&limiter))
        .build()
        .unwrap();
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [403; 9]);
    assert_eq!((limiter.sources(), limiter.tenants()), (0, 0));
    assert_eq!(statuses(&registrar, "b", "203.0.113.5").await, [201]);
    assert_eq!((limiter.sources(), limiter.tenants()), (1, 1));
}

#[tokio::test]
async fn a_limiter_that_fails_refuses() {
    let mut registration = limited();
    registration["rate_limit"] = Value::Null;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants(&registration, &json!([])))
        .limiter(Failing)
        .build()
        .unwrap();
    assert_eq!(statuses(&registrar, "a", "203.0.113.5").await, [503]);
}

#[tokio::test]
async fn events_distinguish_source_and_tenant_quotas() {
    let events = Arc::new(Recorder::default());
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants(&limited(), &json!([])))
        .events(Arc::clone(&events))
        .build()
        .unwrap();
    statuses::<3>(&registrar, "a", "203.0.113.5").await;
    let events = events.0.lock().unwrap();
    assert!(
        events[2].contains("TooManyRequestsFromSource"),
        "{events:?}"
    );
}

/// How many of 3 requests from the source with this number are admitted.
async fn admitted(limiter: &LocalRateLimiter, number: u32) -> usize {
    let tenant = TenantId::parse("a").unwrap();
    let source = SourceNetwork::of(Some(std::net::Ipv4Addr::from_bits(number).into()));
    let key = RateKey::Source(&tenant, source);
    let mut count = 0;
    for _ in 0..3 {
        let decision = limiter.acquire(key, Quota::per_hour(1, 2).unwrap()).await;
        count += usize::from(decision.unwrap().is_admitted());
    }
    count
}

#[tokio::test]
async fn the_local_limiter_bounds_its_sources() {
    let clock = Arc::new(ManualClock::new());
    let limiter = LocalRateLimiter::with_clock(Arc::clone(&clock) as _);
    let most = u32::try_from(LocalRateLimiter::MAX_SOURCES).unwrap();
    for number in 0..most {
        assert_eq!(admitted(&limiter, number).await, 2);
    }
    // New sources share one bucket; known sources keep their own buckets.
    assert_eq!(admitted(&limiter, most).await, 2);
    for number in most + 1..most + 1_000 {
        assert_eq!(admitted(&limiter, number).await, 0);
    }
    assert_eq!(limiter.sources(), LocalRateLimiter::MAX_SOURCES + 1);
    clock.set_millis(3_600_000);
    assert_eq!(admitted(&limiter, 7).await, 1);
    clock.set_millis(7_200_000);
    assert_eq!(admitted(&limiter, most + 1).await, 2);
    assert!(limiter.sources() < 10, "full buckets are forgotten");
}
