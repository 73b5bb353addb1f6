//! What requests and lists ask of the allocator: counted, so that no machine is too slow to pass.

#[path = "suite/support/clock.rs"]
mod clock;

use std::{
    future::Future,
    hint::black_box,
    net::{Ipv4Addr, Ipv6Addr},
    num::NonZeroU8,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use bytes::Bytes;
use clock::ManualClock;
use http_body_util::Full;
use ipnet::IpNet;
use oauth_dcr::{
    Client, MemoryStore, Registrar, TenantId, TenantSettings, Timestamp,
    acl::{
        Acl, AclScope, ClientAddress, Conditions, Decision, Endpoint, NetworkSet, ProxyTrust, Rule,
        Signals, UnknownReason,
    },
    authorization::{AuthorizationDecision, AuthorizationRequest, CodeBinding},
    events::{Event, EventSink},
    geo::{GeoSource as _, WantedLocation},
    geoip::{Database, Databases, Fields},
    pkce::{CodeChallenge, CodeVerifier},
    rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter as _},
    tenants::TenantSelector,
    token::{Lookup, RefreshBinding, RefreshFamily, TokenDecision, TokenGrant, TokenRequest},
    tower::RegistrationService,
    types::SecretDigest,
};
use serde_json::Value;
use tokio::runtime;

/// The public client of the documentation, as a client sends it.
const BODY: &[u8] = br#"{
    "client_name": "My Dynamic Application",
    "redirect_uris": ["https://application.example.com/callback"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"]
}"#;

/// Nothing waits on a store in memory, so the first poll is the last.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

async fn register(registrar: &Registrar) -> usize {
    let host = TenantSelector::Host(Some("auth.example.com"));
    let admission = registrar.admit(host, Signals::new()).await.unwrap();
    admission
        .register_json(BODY)
        .await
        .unwrap()
        .into_json()
        .len()
}

#[test]
fn a_registration_allocates_at_most_35_times() {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    // The first makes the tenant's tables.
    ready(register(&registrar));
    let counted = measure(|| {
        ready(register(&registrar));
    });
    assert!(
        counted.count_total <= 35,
        "{} allocations",
        counted.count_total
    );
    assert!(counted.bytes_total < 8_192, "{} bytes", counted.bytes_total);
}

/// Reads every event, and keeps nothing.
struct Reader;

impl EventSink for Reader {
    fn record(&self, event: &Event<'_>) {
        black_box((event.tenant(), event.outcome()));
    }
}

#[test]
fn an_event_allocates_nothing() {
    let builder = || {
        let mut tenant = TenantSettings::new().enabled();
        tenant.registration.rate_limit = None;
        Registrar::builder(MemoryStore::new()).tenant(tenant)
    };
    let counts = [builder(), builder().events(Reader).events(Reader)].map(|builder| {
        let registrar = builder.build().unwrap();
        ready(register(&registrar));
        let counted = measure(|| {
            ready(register(&registrar));
        });
        counted.count_total
    });
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn an_answer_adds_at_most_11_allocations() {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    let service = RegistrationService::new(registrar.clone());
    let answer = |request| {
        let response = ready(service.answer(request));
        assert_eq!(response.status(), 201);
    };
    let request = || {
        http::Request::post("/oidc/register")
            .header("host", "auth.example.com")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from_static(BODY)))
            .unwrap()
    };
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap();
    let _entered = runtime.enter();
    answer(request());
    let registered = measure(|| {
        ready(register(&registrar));
    });
    let mut sent = Some(request());
    let answered = measure(|| answer(sent.take().unwrap()));
    let (registered, answered) = (registered.count_total, answered.count_total);
    assert!(
        answered <= registered + 11,
        "{answered} allocations, of which {registered} for the registration"
    );
}

#[test]
fn a_pkce_check_allocates_nothing() {
    let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    let counted = measure(|| {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert!(challenge.verify(&verifier));
    });
    assert_eq!(counted.count_total, 0);
}

/// So many networks of both families, none in another.
fn networks(count: u32) -> impl Iterator<Item = IpNet> {
    (0..count).map(|at| {
        if at % 2 == 0 {
            let start = Ipv4Addr::from_bits(0x0a00_0000 + (at << 8));
            IpNet::new(start.into(), 24).unwrap()
        } else {
            let start = Ipv6Addr::from_bits((0x2a00_0000_u128 << 96) + (u128::from(at) << 80));
            IpNet::new(start.into(), 48).unwrap()
        }
    })
}

#[test]
fn an_evaluation_that_nothing_matches_allocates_nothing() {
    let rules = (0..10).map(|_| {
        let conditions = Conditions::new().networks(networks(20));
        Rule::block(AclScope::Dcr).matching(conditions)
    });
    let acl = Acl::new(rules).unwrap();
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    for address in ["203.0.113.1", "2001:db8::1", "::ffff:203.0.113.1"] {
        let signals = Signals::from_peer(address.parse().unwrap());
        let counted = measure(|| {
            let verdict = acl.evaluate(Endpoint::Registration, &signals, now);
            assert_eq!(verdict.decision, Decision::Allow);
        });
        assert_eq!(counted.count_total, 0, "{address}");
    }
    assert!(acl.report().acls.iter().all(|rule| rule.evaluated == 3));
}

#[test]
fn a_network_of_a_large_list_takes_at_most_40_bytes() {
    // In a small list the index weighs more, and not by orders of magnitude: there may be many.
    for (count, most) in [(100_000, 40), (1_000, 60)] {
        let (mut set, mut acl) = (None, None);
        let of_set = measure(|| set = Some(networks(count).collect::<NetworkSet>()));
        // A rule keeps its networks as they were written, too.
        let of_acl = measure(|| {
            let conditions = Conditions::new().networks(networks(count));
            acl = Some(Acl::new([Rule::block(AclScope::Dcr).matching(conditions)]).unwrap());
        });
        assert_eq!(set.unwrap().iter().count(), count as usize);
        assert_eq!(acl.unwrap().rules().len(), 1);
        for counted in [of_set, of_acl] {
            let bytes = counted.bytes_current;
            let range = 1..=most * i64::from(count);
            assert!(range.contains(&bytes), "{bytes} bytes for {count}");
        }
    }
}

#[test]
fn a_local_bucket_takes_at_most_100_bytes() {
    // Tables double: there is one count that is just above, whatever they begin with.
    for count in [30_000_i64, 40_000, 50_000, 60_000, 120_000] {
        let clock = Arc::new(ManualClock::new());
        let limiter = LocalRateLimiter::with_clock(Arc::clone(&clock) as _);
        let filled = measure(|| {
            for number in 0..count {
                let tenant = TenantId::parse(&format!("tenant-{number}")).unwrap();
                ready(limiter.acquire(RateKey::Tenant(&tenant), Quota::default())).unwrap();
            }
        });
        let bytes = filled.bytes_current;
        assert!(
            (1..=100 * count).contains(&bytes),
            "{bytes} bytes for {count}"
        );
        // Full again after 200 ms; the sweep leaves buckets for the time of another token.
        clock.set_millis(400);
        let swept = measure(|| limiter.sweep());
        let left = bytes + swept.bytes_current;
        assert!(
            (0..=1_024).contains(&left),
            "{left} bytes are left of {bytes}"
        );
    }
}

#[test]
fn a_look_up_of_a_location_allocates_nothing() {
    let open = |name| {
        let file = format!("{}/tests/geoip/{name}.mmdb", env!("CARGO_MANIFEST_DIR"));
        Database::open(file, &Fields::known()).unwrap()
    };
    let databases = Databases::new([open("city"), open("asn")]);
    for (address, is_known) in [
        ("198.51.100.1", true),
        ("2001:db8::1", true),
        ("10.0.0.1", false),
    ] {
        let address = address.parse().unwrap();
        let counted = measure(|| {
            let location = databases.locate(address, WantedLocation::ALL);
            assert_eq!(location.country.is_some(), is_known);
            assert_eq!(location.asn.is_some(), is_known);
        });
        assert_eq!(counted.count_total, 0, "{address}");
    }
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const LIFETIME: Duration = Duration::from_mins(1);
const SECRET: &str = "Qm9Zk3_a-xL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAl";

/// What an agent asks for, with everything escaped that can be.
const AUTHORIZE: &str = concat!(
    "response_type=code&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A50123%2Fcallback&state=Zk3_a-9QxL0bV7yTn2RsUe",
    "&scope=read%3Aitems+write%3Aitems+offline_access",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

const BY_CODE: &str = concat!(
    "grant_type=authorization_code&code=R5bKx0w1Z8Yt3uCqPnVmLs7oDfGhJ2iE4aTzWyXrQ9k",
    "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A50123%2Fcallback",
    "&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

const BY_REFRESH_TOKEN: &str = concat!(
    "grant_type=refresh_token&refresh_token=W1gFWFOEjXkdBjftJeZ4CVPmB92K27uhbUJU1p1r_wW",
    "&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2&scope=read%3Aitems",
    "&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
);

fn tenant() -> TenantSettings {
    serde_json::from_str(include_str!("../benches/fixtures/tenant.json")).unwrap()
}

/// A client as a store reads it back, confidential if it has a secret.
fn client(secret: Option<&str>) -> Client {
    let mut record: Value =
        serde_json::from_str(include_str!("../benches/fixtures/client.json")).unwrap();
    if let Some(secret) = secret {
        record["metadata"]["token_endpoint_auth_method"] = "client_secret_post".into();
        record["secret_digest"] = SecretDigest::of(secret).to_tagged().into();
    }
    serde_json::from_value(record).unwrap()
}

/// As a host does it, the id to look up included.
fn authorize(tenant: &TenantSettings, client: &Client) -> AuthorizationDecision {
    let request = AuthorizationRequest::from_query(AUTHORIZE);
    assert_eq!(request.client_id().as_ref(), Some(client.id()));
    request.authorize(tenant, Some(client)).unwrap()
}

fn by_code(
    tenant: &TenantSettings,
    client: &Client,
    form: &str,
    binding: &CodeBinding,
) -> TokenDecision {
    let request = TokenRequest::from_form(form, None);
    assert_eq!(request.client_id().as_ref(), Some(client.id()));
    match request.authenticate(tenant, Some(client), NOW).unwrap() {
        TokenGrant::AuthorizationCode(exchange) => exchange.check(Lookup::Active(binding)).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn by_refresh_token(
    tenant: &TenantSettings,
    client: &Client,
    form: &str,
    found: (&RefreshBinding, RefreshFamily),
) -> TokenDecision {
    let request = TokenRequest::from_form(form, None);
    assert_eq!(request.client_id().as_ref(), Some(client.id()));
    match request.authenticate(tenant, Some(client), NOW).unwrap() {
        TokenGrant::RefreshToken(exchange) => exchange.check(Some(found)).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// A form with the secret, if there is one.
fn form(pairs: &str, secret: Option<&str>) -> String {
    let secret = secret.map(|secret| format!("&client_secret={secret}"));
    format!("{pairs}{}", secret.unwrap_or_default())
}

#[test]
fn an_authorization_check_allocates_at_most_18_times() {
    let (tenant, client) = (tenant(), client(None));
    let counted = measure(|| drop(authorize(&tenant, &client)));
    assert!(
        counted.count_total <= 18,
        "{} allocations",
        counted.count_total
    );
}

#[test]
fn a_token_check_by_code_allocates_at_most_10_times() {
    let tenant = tenant();
    for secret in [None, Some(SECRET)] {
        let client = client(secret);
        let code = authorize(&tenant, &client).approve();
        let code = code.code_binding(NOW, LIFETIME).unwrap();
        let form = form(BY_CODE, secret);
        let counted = measure(|| drop(by_code(&tenant, &client, &form, &code)));
        assert!(
            counted.count_total <= 10,
            "{} allocations",
            counted.count_total
        );
    }
}

#[test]
fn a_token_check_by_refresh_token_allocates_at_most_13_times() {
    let tenant = tenant();
    for secret in [None, Some(SECRET)] {
        let client = client(secret);
        let code = authorize(&tenant, &client).approve();
        let code = code.code_binding(NOW, LIFETIME).unwrap();
        let granted = by_code(&tenant, &client, &form(BY_CODE, secret), &code);
        let refresh = granted.refresh_binding(NOW, LIFETIME);
        let (refresh, form) = (refresh.unwrap(), form(BY_REFRESH_TOKEN, secret));
        let found = (&refresh, granted.refresh_family().unwrap());
        let counted = measure(|| drop(by_refresh_token(&tenant, &client, &form, found)));
        assert!(
            counted.count_total <= 13,
            "{} allocations",
            counted.count_total
        );
    }
}

const UNKNOWN_PEER: ClientAddress = ClientAddress::Unknown(UnknownReason::NoPeerAddress);

#[test]
fn a_walk_through_proxies_allocates_nothing() {
    let proxies: NetworkSet = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    let peer = Some("10.0.0.1".parse().unwrap());
    let known = ClientAddress::Known("203.0.113.5".parse().unwrap());
    let plain = b"198.51.100.1, 203.0.113.5, 10.0.0.2, 10.0.0.3:80, ::ffff:10.0.0.4, 10.0.0.5, \
                  10.0.0.6, 10.0.0.7";
    let standard = b"for=198.51.100.1, for=203.0.113.5;proto=https, for=10.0.0.2, \
                     for=\"10.0.0.3:80\", for=10.0.0.4;host=\"a,b\", for=10.0.0.5, for=10.0.0.6, \
                     for=10.0.0.7";
    let trust = ProxyTrust::new(&proxies);
    let one_a_line = || plain.split(|byte| *byte == b',');
    let counted = measure(|| {
        let found = trust.client_address(peer, [&plain[..]], [&standard[..]]);
        assert_eq!(found, known);
        assert_eq!(trust.client_address(peer, one_a_line(), []), known);
        let counting = trust.hops(NonZeroU8::new(7));
        assert_eq!(
            counting.client_address(None, [&plain[..]], []),
            UNKNOWN_PEER
        );
        assert_eq!(
            counting.client_address(peer, [&plain[..]], [&standard[..]]),
            known
        );
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn a_secret_check_allocates_nothing() {
    let digest = SecretDigest::of(SECRET);
    let counted = measure(|| {
        assert!(digest.matches(SECRET));
        assert!(!digest.matches("another"));
    });
    assert_eq!(counted.count_total, 0);
}
