//! The gate before registration: initial access tokens.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{HeaderMap, Request};
use oauth_dcr::{
    BackendError, MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, RegistrationError,
    TenantId, TenantSettings,
    acl::Signals,
    rate_limit::{RateDecision, RateLimiter},
    registration::{InitialAccess, InitialAccessOutcome},
    tenants::TenantSelector,
    types::SecretDigest,
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    faulty_store::FaultyStore,
    support::{broken::Recorder, clock::ManualClock},
};

const TOKEN: &str = "k1dRz9vW2bQ.m-Xy_7~p/Ht+Ec==";

/// A gate that accepts one token, a gate that is open, and a gate that fails.
enum Gate {
    OneToken,
    Open,
    OutOfOrder,
}

impl InitialAccess for Gate {
    async fn verify(
        &self,
        _: &TenantId,
        token: Option<&str>,
    ) -> Result<InitialAccessOutcome, BackendError> {
        let is_it = |token| SecretDigest::of(TOKEN).matches(token);
        match self {
            Self::OutOfOrder => Err(BackendError::new("gate", "out of order")),
            Self::OneToken if !token.is_some_and(is_it) => Ok(InitialAccessOutcome::Refused),
            Self::OneToken | Self::Open => Ok(InitialAccessOutcome::Granted),
        }
    }
}

/// The answer to a registration with these `Authorization` headers.
async fn answer(registrar: &Registrar, authorization: &[&str]) -> (u16, HeaderMap, Value) {
    answer_to(registrar, None, authorization).await
}

/// Like [`answer`], for a request from this address.
async fn answer_to(
    registrar: &Registrar,
    source: Option<IpAddr>,
    authorization: &[&str],
) -> (u16, HeaderMap, Value) {
    let mut request = Request::post("/oidc/register").header("content-type", "application/json");
    if let Some(address) = source {
        request = request.extension(PeerAddress(address));
    }
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let body = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
    let endpoint = RegistrationEndpoint::new(registrar.clone());
    let response = endpoint.respond(request.body(body).unwrap()).await;
    let (head, body) = response.into_parts();
    let body = serde_json::from_slice(&body).unwrap();
    (head.status.as_u16(), head.headers, body)
}

fn registrar(gate: Gate) -> Registrar {
    Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .initial_access(gate)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_valid_token_allows_registration() {
    let registrar = registrar(Gate::OneToken);
    let (status, headers, _) = answer(&registrar, &[&format!("Bearer {TOKEN}")]).await;
    assert_eq!(status, 201);
    assert_eq!(headers.get("www-authenticate"), None);
    let (status, ..) = answer(&registrar, &[&format!("bearer {TOKEN}")]).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_missing_token_differs_from_a_wrong_one() {
    let registrar = registrar(Gate::OneToken);
    let (status, headers, body) = answer(&registrar, &[]).await;
    assert_eq!((status, &body["error"]), (401, &"invalid_token".into()));
    assert_eq!(headers["www-authenticate"], "Bearer");
    let readable = headers["access-control-expose-headers"].to_str().unwrap();
    let mut readable = readable.split(", ");
    assert!(readable.any(|name| name == "WWW-Authenticate"));
    assert_eq!(headers["cache-control"], "no-store");
    let good = format!("Bearer {TOKEN}");
    for wrong in [
        &["Bearer guess"][..],
        &["Basic YTpi"],
        &["Bearer"],
        &["Bearer two words"],
        &[&good, &good],
    ] {
        let (status, headers, body) = answer(&registrar, wrong).await;
        assert_eq!((status, &body["error"]), (401, &"invalid_token".into()));
        let challenge = &headers["www-authenticate"];
        assert_eq!(challenge, r#"Bearer error="invalid_token""#, "{wrong:?}");
    }
}

#[tokio::test]
async fn request_refused_by_the_gate_uses_no_quota() {
    let registrar = registrar(Gate::OneToken);
    for number in 0..20 {
        let source = Some(source(number));
        let (status, headers, _) = answer_to(&registrar, source, &["Bearer guess"]).await;
        assert_eq!((status, headers.get("x-ratelimit-remaining")), (401, None));
    }
    let (status, headers, _) = answer(&registrar, &[&format!("Bearer {TOKEN}")]).await;
    assert_eq!(
        (status, &headers["x-ratelimit-remaining"]),
        (201, &"4".parse().unwrap())
    );
}

#[tokio::test]
async fn failing_gate_refuses_every_request() {
    let (status, headers, _) = answer(&registrar(Gate::OutOfOrder), &[]).await;
    assert_eq!(status, 503);
    assert_eq!(headers["retry-after"], "1");
}

#[tokio::test]
async fn without_a_gate_tokens_are_ignored() {
    let open = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    for registrar in [registrar(Gate::Open), open] {
        for authorization in [&[][..], &["Bearer guess"]] {
            let (status, ..) = answer(&registrar, authorization).await;
            assert_eq!(status, 201, "{authorization:?}");
        }
    }
}

/// A limiter that would admit the request but must not be called.
struct NotAsked;

impl RateLimiter for NotAsked {
    async fn acquire(
        &self,
        _: oauth_dcr::rate_limit::RateKey<'_>,
        _: oauth_dcr::rate_limit::Quota,
    ) -> Result<RateDecision, BackendError> {
        panic!("the limiter must not be called")
    }
}

#[tokio::test]
async fn hosts_without_http_pass_the_token_directly() {
    let events = Arc::new(Recorder::default());
    let registrar = Registrar::builder(FaultyStore::failing())
        .tenant(TenantSettings::new().enabled())
        .initial_access(Gate::OneToken)
        .limiter(NotAsked)
        .events(Arc::clone(&events))
        .build()
        .unwrap();
    let host = TenantSelector::Host(None);
    let refused = registrar
        .admit_with_token(host, Signals::new(), Some("s3cret-guess"))
        .await;
    assert!(matches!(
        refused,
        Err(RegistrationError::InvalidInitialAccessToken)
    ));
    let refused = registrar.admit(host, Signals::new()).await;
    assert!(matches!(
        refused,
        Err(RegistrationError::InitialAccessTokenRequired)
    ));
    let events = events.0.lock().unwrap();
    assert_eq!(events.len(), 2);
    assert!(!events.concat().contains("s3cret"));
}

fn source(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number).into()
}

/// Counts its calls, yields to other tasks `yields` times, and accepts one token.
struct CountingGate {
    asked: AtomicUsize,
    yields: usize,
}

impl InitialAccess for CountingGate {
    async fn verify(
        &self,
        tenant: &TenantId,
        token: Option<&str>,
    ) -> Result<InitialAccessOutcome, BackendError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        for _ in 0..self.yields {
            tokio::task::yield_now().await;
        }
        Gate::OneToken.verify(tenant, token).await
    }
}

/// A registrar without a rate limit, its clock, and the number of calls to its gate.
struct Counted {
    registrar: Registrar,
    clock: Arc<ManualClock>,
    gate: Arc<CountingGate>,
}

impl Counted {
    fn new() -> Self {
        Self::yielding(0)
    }

    fn yielding(yields: usize) -> Self {
        let clock = Arc::new(ManualClock::new());
        let asked = AtomicUsize::new(0);
        let gate = Arc::new(CountingGate { asked, yields });
        let mut settings = TenantSettings::new().enabled();
        settings.registration.rate_limit = None;
        let registrar = Registrar::builder(MemoryStore::new())
            .tenant(settings)
            .initial_access(Arc::clone(&gate))
            .clock(Arc::clone(&clock))
            .build()
            .unwrap();
        Self {
            registrar,
            clock,
            gate,
        }
    }

    fn asked(&self) -> usize {
        self.gate.asked.load(Ordering::SeqCst)
    }

    /// The statuses of `N` requests in sequence.
    async fn statuses<const N: usize>(&self, number: u32, token: &str) -> [u16; N] {
        let bearer = format!("Bearer {token}");
        let mut statuses = [0; N];
        for status in &mut statuses {
            let source = Some(source(number));
            *status = answer_to(&self.registrar, source, &[&bearer]).await.0;
        }
        statuses
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_of_fifty_parallel_guesses_reach_the_gate() {
    let counted = Counted::yielding(100);
    let mut guesses = JoinSet::new();
    for number in 0..50 {
        let registrar = counted.registrar.clone();
        guesses.spawn(async move {
            let guess = format!("Bearer guess-{number}");
            answer_to(&registrar, Some(source(1)), &[&guess]).await.0
        });
    }
    let statuses = guesses.join_all().await;
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((count(401), count(429), counted.asked()), (10, 40, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_good_tokens_are_all_admitted() {
    let counted = Counted::yielding(100);
    let mut requests = JoinSet::new();
    for _ in 0..200 {
        let registrar = counted.registrar.clone();
        requests.spawn(async move {
            let bearer = format!("Bearer {TOKEN}");
            answer_to(&registrar, Some(source(1)), &[&bearer]).await.0
        });
    }
    let statuses = requests.join_all().await;
    assert!(statuses.iter().all(|it| *it == 201), "{statuses:?}");
    assert_eq!(counted.asked(), 200);
}

#[tokio::test]
async fn a_refusal_says_when_to_try_another_token() {
    let counted = Counted::new();
    assert_eq!(counted.statuses(1, "guess").await, [401; 10]);
    counted.clock.set_millis(500);
    let from = Some(source(1));
    let (status, headers, body) = answer_to(&counted.registrar, from, &["Bearer guess"]).await;
    assert_eq!((status, &body["error"]), (429, &"too_many_requests".into()));
    let says = "too many invalid initial access tokens from this address; try again in 6 seconds";
    assert_eq!(body["error_description"], says);
    assert_eq!(headers["retry-after"], "6");
    assert_eq!(headers["x-ratelimit-limit"], "10");
    assert_eq!(headers["x-ratelimit-remaining"], "0");
    assert_eq!(headers.get("www-authenticate"), None);
}

#[tokio::test]
async fn another_guess_is_allowed_after_six_seconds() {
    let counted = Counted::new();
    assert_eq!(counted.statuses(1, "guess").await, [401; 10]);
    counted.clock.set_millis(5_999);
    assert_eq!(counted.statuses(1, "guess").await, [429]);
    counted.clock.set_millis(6_000);
    assert_eq!(counted.statuses(1, "guess").await, [401, 429, 429]);
    assert_eq!(counted.asked(), 11);
    counted.clock.set_millis(3_600_000);
    let all: [_; 11] = counted.statuses(1, "guess").await;
    assert_eq!((&all[..10], all[10]), (&[401; 10][..], 429));
}

#[tokio::test]
async fn good_token_waits_after_failures_from_its_source() {
    let counted = Counted::new();
    assert_eq!(counted.statuses(1, "guess").await, [401; 10]);
    assert_eq!(counted.statuses(1, TOKEN).await, [429; 3]);
    assert_eq!(counted.statuses(2, TOKEN).await, [201; 3]);
    counted.clock.set_millis(6_000);
    assert_eq!(counted.statuses(1, TOKEN).await, [201; 3]);
}

#[tokio::test]
async fn good_tokens_use_up_no_attempts() {
    let counted = Counted::new();
    assert_eq!(counted.statuses(1, TOKEN).await, [201; 50]);
    assert_eq!(counted.statuses(1, "guess").await, [401; 10]);
}

#[tokio::test]
async fn requests_without_a_token_are_not_counted() {
    let counted = Counted::new();
    let from = Some(source(1));
    for _ in 0..50 {
        assert_eq!(answer_to(&counted.registrar, from, &[]).await.0, 401);
    }
    assert_eq!(counted.statuses(1, "guess").await, [401; 10]);
    // The gate is still called for them: the tenant may be open.
    assert_eq!(answer_to(&counted.registrar, from, &[]).await.0, 401);
}

#[tokio::test]
async fn unusable_tokens_are_failed_attempts() {
    let counted = Counted::new();
    let from = Some(source(1));
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(answer_to(&counted.registrar, from, &["Basic YTpi"]).await.0);
    }
    assert_eq!((&statuses[..10], statuses[10]), (&[401; 10][..], 429));
    assert_eq!(counted.asked(), 0);
}

#[tokio::test]
async fn a_gate_that_fails_uses_up_no_attempts() {
    let registrar = registrar(Gate::OutOfOrder);
    for _ in 0..50 {
        assert_eq!(answer(&registrar, &["Bearer guess"]).await.0, 503);
    }
}

#[tokio::test]
async fn abandoned_request_is_not_a_failed_attempt() {
    let counted = Counted::yielding(1);
    let from = Some(source(1));
    for _ in 0..10 {
        let mut answer = Box::pin(answer_to(&counted.registrar, from, &["Bearer guess"]));
        // The gate is waiting when the caller abandons the request.
        let is_pending = waits(answer.as_mut());
        assert!(is_pending);
    }
    assert_eq!(counted.asked(), 10);
    assert_eq!(counted.statuses(1, TOKEN).await, [201]);
}

/// Polls once, and returns whether the future is pending.
fn waits<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    future.poll(&mut context).is_pending()
}

#[tokio::test]
async fn sources_that_are_counted_are_bounded() {
    let counted = Counted::new();
    let host = TenantSelector::Host(None);
    let guess = async |number: u32| {
        let signals = Signals::from_peer(source(number));
        let admitted = counted
            .registrar
            .admit_with_token(host, signals, Some("guess"));
        match admitted.await {
            Err(RegistrationError::InvalidInitialAccessToken) => true,
            Err(RegistrationError::TooManyInvalidTokens { .. }) => false,
            other => panic!("{other:?}"),
        }
    };
    for number in 0..100_000 {
        assert!(guess(number).await);
    }
    // Further sources share one count until older sources are forgotten.
    let mut taken = 0;
    for number in 100_000..101_000 {
        taken += usize::from(guess(number).await);
    }
    assert_eq!(taken, 10);
    assert!(guess(7).await, "source 7 keeps its own bucket");
    counted.clock.set_millis(60_000);
    for number in 200_000..201_000 {
        assert!(guess(number).await);
    }
}
