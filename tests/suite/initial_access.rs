//! The gate before registration: initial access tokens.

use http::{HeaderMap, Request};
use oauth_dcr::{
    BackendError, InitialAccess, InitialAccessOutcome, MemoryStore, RateDecision, RateLimiter,
    Registrar, RegistrationEndpoint, RegistrationError, SecretDigest, TenantId, TenantSelector,
    TenantSettings, acl::Signals,
};
use serde_json::Value;

use crate::support::broken::{OddStore, Recorder};

const TOKEN: &str = "k1dRz9vW2bQ.m-Xy_7~p/Ht+Ec==";

/// A gate that takes one token, or is open, or can't tell.
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
    let mut request = Request::post("/oidc/register").header("content-type", "application/json");
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
}

#[tokio::test]
async fn who_shows_the_token_may_register() {
    let registrar = registrar(Gate::OneToken);
    let (status, headers, _) = answer(&registrar, &[&format!("Bearer {TOKEN}")]).await;
    assert_eq!(status, 201);
    assert_eq!(headers.get("www-authenticate"), None);
    let (status, ..) = answer(&registrar, &[&format!("bearer {TOKEN}")]).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn who_shows_none_is_told_how_and_who_shows_another_that_it_is_wrong() {
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
async fn what_the_gate_stops_uses_up_none_of_the_rate() {
    let registrar = registrar(Gate::OneToken);
    for _ in 0..20 {
        let (status, headers, _) = answer(&registrar, &["Bearer guess"]).await;
        assert_eq!((status, headers.get("x-ratelimit-remaining")), (401, None));
    }
    let (status, headers, _) = answer(&registrar, &[&format!("Bearer {TOKEN}")]).await;
    assert_eq!(
        (status, &headers["x-ratelimit-remaining"]),
        (201, &"4".parse().unwrap())
    );
}

#[tokio::test]
async fn a_gate_that_can_not_tell_refuses() {
    let (status, headers, _) = answer(&registrar(Gate::OutOfOrder), &[]).await;
    assert_eq!(status, 503);
    assert_eq!(headers["retry-after"], "1");
}

#[tokio::test]
async fn a_tenant_may_be_open_and_without_a_gate_tokens_are_nobodys_business() {
    let open = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build();
    for registrar in [registrar(Gate::Open), open] {
        for authorization in [&[][..], &["Bearer guess"]] {
            let (status, ..) = answer(&registrar, authorization).await;
            assert_eq!(status, 201, "{authorization:?}");
        }
    }
}

/// Would admit, and must not be asked.
struct NotAsked;

impl RateLimiter for NotAsked {
    async fn acquire(
        &self,
        _: oauth_dcr::RateKey<'_>,
        _: oauth_dcr::Quota,
    ) -> Result<RateDecision, BackendError> {
        panic!("nobody may come this far")
    }
}

#[tokio::test]
async fn hosts_that_speak_no_http_hand_the_token_over() {
    let events = std::sync::Arc::new(Recorder::default());
    let registrar = Registrar::builder(OddStore::failing())
        .tenant(TenantSettings::new().enabled())
        .initial_access(Gate::OneToken)
        .limiter(NotAsked)
        .events(std::sync::Arc::clone(&events))
        .build();
    let host = TenantSelector::Host(None);
    let refused = registrar
        .admit_with_token(host, Signals::unknown(), Some("s3cret-guess"))
        .await;
    assert!(matches!(
        refused,
        Err(RegistrationError::InvalidInitialAccessToken)
    ));
    let refused = registrar.admit(host, Signals::unknown()).await;
    assert!(matches!(
        refused,
        Err(RegistrationError::InitialAccessTokenRequired)
    ));
    let events = events.0.lock().unwrap();
    assert_eq!(events.len(), 2);
    assert!(!events.concat().contains("s3cret"));
}
