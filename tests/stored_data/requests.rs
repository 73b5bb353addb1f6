//! What clients send after their registration.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use oauth_dcr::{
    Client, TenantSettings,
    authorization::{AuthorizationDecision, AuthorizationRefusal, AuthorizationRequest},
    token::{TokenGrant, TokenRefusal, TokenRequest},
    types::TokenEndpointAuthMethod,
};

use crate::{fixed::NOW, shapes::API};

/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Parameters that differ from the usual request. A parameter with an empty value is left out.
pub(crate) type Differs = [(&'static str, &'static str)];

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn with<'a>(mut usual: Pairs<'a>, differs: &Differs) -> Pairs<'a> {
    for (name, value) in differs {
        usual.retain(|(known, _)| known != name);
        usual.push((name, value));
    }
    usual
}

fn first_redirect_uri(client: &Client) -> &str {
    client.metadata().redirect_uris()[0].as_str()
}

/// Requests two scopes and a refresh token, with everything that a client may add.
pub(crate) fn authorize(
    tenant: &TenantSettings,
    client: &Client,
    differs: &Differs,
) -> Result<AuthorizationDecision, AuthorizationRefusal> {
    let usual = vec![
        ("response_type", "code"),
        ("client_id", client.id().as_str()),
        ("redirect_uri", first_redirect_uri(client)),
        ("resource", API),
        ("scope", "write:items read:items offline_access"),
        ("state", "state \"\\/\u{1f980}"),
        ("nonce", "nonce-1"),
        ("prompt", "login consent"),
        ("ext-trace", "a+b&c=d"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let request = AuthorizationRequest::from_pairs(with(usual, differs));
    request.authorize(tenant, Some(client))
}

/// The outcome of a token request with `parameters`, authenticated with `secret`.
fn at_token_endpoint<'a, T>(
    tenant: &'a TenantSettings,
    client: &'a Client,
    secret: Option<&'a str>,
    mut parameters: Pairs<'a>,
    check: impl FnOnce(TokenGrant<'_>) -> Result<T, TokenRefusal>,
) -> Result<T, TokenRefusal> {
    let id = client.id().as_str();
    let mut header = None;
    match (client.metadata().token_endpoint_auth_method(), secret) {
        (TokenEndpointAuthMethod::ClientSecretBasic, Some(secret)) => {
            header = Some(format!(
                "Basic {}",
                STANDARD.encode(format!("{id}:{secret}"))
            ));
        }
        (_, Some(secret)) => {
            parameters.extend([("client_id", id), ("client_secret", secret)]);
        }
        (_, None) => parameters.push(("client_id", id)),
    }
    let header = header.as_ref().map(String::as_bytes);
    let request = TokenRequest::from_pairs(parameters, header);
    check(request.authenticate(tenant, Some(client), NOW)?)
}

/// Exchanges a code of a request that [`authorize`] made with the same `differs`.
pub(crate) fn exchange_code<T>(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    differs: &Differs,
    check: impl FnOnce(TokenGrant<'_>) -> Result<T, TokenRefusal>,
) -> Result<T, TokenRefusal> {
    let is_left_out = |name| differs.contains(&(name, ""));
    let mut parameters = vec![("grant_type", "authorization_code"), ("code", "code-1")];
    if !is_left_out("redirect_uri") {
        parameters.push(("redirect_uri", first_redirect_uri(client)));
    }
    if !is_left_out("code_challenge") {
        parameters.push(("code_verifier", VERIFIER));
    }
    at_token_endpoint(tenant, client, secret, parameters, check)
}

pub(crate) fn refresh<T>(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    check: impl FnOnce(TokenGrant<'_>) -> Result<T, TokenRefusal>,
) -> Result<T, TokenRefusal> {
    let parameters = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", "token-1"),
    ];
    at_token_endpoint(tenant, client, secret, parameters, check)
}

pub(crate) fn redeem_device_code<T>(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    check: impl FnOnce(TokenGrant<'_>) -> Result<T, TokenRefusal>,
) -> Result<T, TokenRefusal> {
    let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    let parameters = vec![("grant_type", grant_type), ("device_code", "device-1")];
    at_token_endpoint(tenant, client, secret, parameters, check)
}
