//! The decisions about authorization, access and tokens. Each number is exact, so every change of
//! the number shows here.

use std::time::Duration;

use allocation_counter::measure;
use oauth_dcr::{
    Client, TenantSettings, Timestamp,
    access::{AccessRequest, ApiAccess},
    authorization::{AuthorizationDecision, AuthorizationRequest, CodeBinding},
    pkce::{CodeChallenge, CodeVerifier},
    token::{Lookup, RefreshBinding, RefreshFamily, TokenDecision, TokenGrant, TokenRequest},
    types::SecretDigest,
};
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const LIFETIME: Duration = Duration::from_mins(1);
const SECRET: &str = "Qm9Zk3_a-xL0bV7yTn2RsUeWcHdMiJgPf1oKqXtBvAl";

/// An agent's request in which every character is escaped that can be.
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
    serde_json::from_str(include_str!("../../benches/fixtures/tenant.json")).unwrap()
}

/// A client as a store reads it back, confidential if it has a secret.
fn client(secret: Option<&str>) -> Client {
    let mut record: Value =
        serde_json::from_str(include_str!("../../benches/fixtures/client.json")).unwrap();
    if let Some(secret) = secret {
        record["metadata"]["token_endpoint_auth_method"] = "client_secret_post".into();
        record["secret_digest"] = SecretDigest::of(secret).to_tagged().into();
    }
    serde_json::from_value(record).unwrap()
}

/// The work of a host, including the parsing of the id for the look-up.
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

/// Checks how often `decide` allocates. Its result is dropped within the measurement.
fn assert_allocates<T>(times: u64, decide: impl FnOnce() -> T) {
    let counted = measure(|| drop(decide()));
    assert_eq!(counted.count_total, times);
}

#[test]
fn authorization_check_allocates_16_times() {
    let (tenant, client) = (tenant(), client(None));
    assert_allocates(16, || authorize(&tenant, &client));
}

fn access(tenant: &TenantSettings, client: &Client, scope: &str) -> ApiAccess {
    let request = AccessRequest::to_resource("https://api.example.com/mcp").scope(scope);
    request.check(tenant, client).unwrap()
}

#[test]
fn access_check_allocates_2_or_3_times() {
    let (tenant, client) = (tenant(), client(None));
    // The third check shortens the scope: the client gets less than it requested.
    for (scope, times) in [
        ("read:items", 2),
        ("read:items write:items offline_access", 3),
    ] {
        assert_allocates(times, || access(&tenant, &client, scope));
    }
}

#[test]
fn token_check_by_code_allocates_8_times() {
    let tenant = tenant();
    for secret in [None, Some(SECRET)] {
        let client = client(secret);
        let code = code_of(&tenant, &client);
        let form = form(BY_CODE, secret);
        assert_allocates(8, || by_code(&tenant, &client, &form, &code));
    }
}

#[test]
fn token_check_by_refresh_token_allocates_12_times() {
    let tenant = tenant();
    for secret in [None, Some(SECRET)] {
        let client = client(secret);
        let code = code_of(&tenant, &client);
        let granted = by_code(&tenant, &client, &form(BY_CODE, secret), &code);
        let refresh = granted.refresh_binding(NOW, LIFETIME).unwrap();
        let found = (&refresh, granted.refresh_family().unwrap());
        let form = form(BY_REFRESH_TOKEN, secret);
        assert_allocates(12, || by_refresh_token(&tenant, &client, &form, found));
    }
}

/// What is bound to a code that the user has approved.
fn code_of(tenant: &TenantSettings, client: &Client) -> CodeBinding {
    let approved = authorize(tenant, client).approve();
    approved.code_binding(NOW, LIFETIME).unwrap()
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

#[test]
fn a_secret_check_allocates_nothing() {
    let digest = SecretDigest::of(SECRET);
    let counted = measure(|| {
        assert!(digest.matches(SECRET));
        assert!(!digest.matches("another"));
    });
    assert_eq!(counted.count_total, 0);
}
