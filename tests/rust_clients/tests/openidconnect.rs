//! The `openidconnect` crate discovers and registers, in process and at the example server.

#[path = "../../support/example_server.rs"]
mod example_server;
#[path = "../../support/over_tcp.rs"]
mod over_tcp;

use std::{collections::HashSet, convert::Infallible};

use example_server::ExampleServer;
use http::{Response, StatusCode};
use oauth_dcr::{ClientId, MemoryStore, Registrar, RegistrationEndpoint, TenantSettings};
use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse, IssuerUrl, RedirectUrl,
    core::{
        CoreClientAuthMethod, CoreClientRegistrationRequest, CoreClientRegistrationResponse,
        CoreGrantType, CoreProviderMetadata, CoreRegisterErrorResponseType,
    },
    registration::{ClientRegistrationError, EmptyAdditionalClientMetadata},
};
use over_tcp::over_tcp;
use serde_json::json;
use tokio::task::JoinSet;

/// The issuer that is served in process.
const ISSUER: &str = "https://auth.example.com";

const REDIRECT_URIS: [&str; 2] = [
    "http://127.0.0.1:33418/callback",
    // A lower-case escape: a server that parses and serialises URIs would change it.
    "https://app.example.com/callback?from=a%2fb",
];

/// An HTTP client that calls the endpoint without a network, and has the discovery documents.
fn in_process() -> impl for<'c> AsyncHttpClient<'c> {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    move |request: HttpRequest| {
        let endpoint = endpoint.clone();
        async move { Ok::<_, Infallible>(answer(&endpoint, request).await) }
    }
}

async fn answer(endpoint: &RegistrationEndpoint, request: HttpRequest) -> HttpResponse {
    match request.uri().path() {
        "/oidc/register" => endpoint.respond(request).await.map(Vec::from),
        "/.well-known/openid-configuration" => Response::new(discovery_document()),
        "/.well-known/jwks.json" => Response::new(br#"{"keys":[]}"#.to_vec()),
        _ => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

fn discovery_document() -> Vec<u8> {
    let document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/oauth/token"),
        "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
        "registration_endpoint": format!("{ISSUER}/oidc/register"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    document.to_string().into_bytes()
}

async fn discover<C>(issuer: &str, http: &C) -> CoreProviderMetadata
where
    C: for<'c> AsyncHttpClient<'c>,
{
    let issuer = IssuerUrl::new(issuer.to_owned()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, http).await;
    metadata.unwrap()
}

/// Registers `request` at the endpoint that the metadata of `issuer` names. Returns the client, or
/// the typed code of the refusal.
async fn register<C>(
    request: CoreClientRegistrationRequest,
    issuer: &str,
    http: &C,
) -> Result<CoreClientRegistrationResponse, CoreRegisterErrorResponseType>
where
    C: for<'c> AsyncHttpClient<'c>,
{
    let metadata = discover(issuer, http).await;
    let endpoint = metadata.registration_endpoint().unwrap();
    match request.register_async(endpoint, http).await {
        Ok(client) => Ok(client),
        Err(ClientRegistrationError::ServerResponse(error)) => Err(error.error().clone()),
        Err(other) => panic!("not an answer: {other}"),
    }
}

fn request(redirect_uris: &[&str]) -> CoreClientRegistrationRequest {
    let urls = redirect_uris
        .iter()
        .map(|uri| RedirectUrl::new((*uri).to_owned()).unwrap())
        .collect();
    CoreClientRegistrationRequest::new(urls, EmptyAdditionalClientMetadata {})
}

fn public_request() -> CoreClientRegistrationRequest {
    let grant_types = vec![
        CoreGrantType::AuthorizationCode,
        CoreGrantType::RefreshToken,
    ];
    request(&REDIRECT_URIS)
        .set_token_endpoint_auth_method(Some(CoreClientAuthMethod::None))
        .set_grant_types(Some(grant_types))
}

async fn assert_registers_public<C>(issuer: &str, http: &C)
where
    C: for<'c> AsyncHttpClient<'c>,
{
    let request = public_request();
    let grant_types = request.grant_types().cloned();
    let client = register(request, issuer, http).await.unwrap();
    assert_registered(&client);
    assert!(client.client_secret().is_none());
    let method = client.token_endpoint_auth_method();
    assert_eq!(method, Some(&CoreClientAuthMethod::None));
    assert_eq!(client.grant_types(), grant_types.as_ref());
}

/// A request with only a redirect URI is one for a confidential client.
async fn assert_registers_confidential<C>(issuer: &str, http: &C)
where
    C: for<'c> AsyncHttpClient<'c>,
{
    let request = request(&REDIRECT_URIS);
    let client = register(request, issuer, http).await.unwrap();
    assert_registered(&client);
    assert_eq!(client.client_secret().unwrap().secret().len(), 43);
    let expires_at = client.client_secret_expires_at().unwrap();
    assert_eq!(expires_at.timestamp(), 0, "never");
    let method = client.token_endpoint_auth_method();
    assert_eq!(method, Some(&CoreClientAuthMethod::ClientSecretPost));
    let grant_types = vec![CoreGrantType::AuthorizationCode];
    assert_eq!(client.grant_types(), Some(&grant_types));
}

fn assert_registered(client: &CoreClientRegistrationResponse) {
    let id = client.client_id().as_str();
    let drawn = id.strip_prefix(ClientId::STRICT_PREFIX).unwrap();
    assert_eq!(drawn.len(), 32, "{id}");
    assert!(drawn.bytes().all(|it| it.is_ascii_alphanumeric()), "{id}");
    let redirect_uris: Vec<_> = client
        .redirect_uris()
        .iter()
        .map(|it| it.as_str())
        .collect();
    assert_eq!(redirect_uris, REDIRECT_URIS);
}

async fn assert_refuses_plain_http<C>(issuer: &str, http: &C)
where
    C: for<'c> AsyncHttpClient<'c>,
{
    let request = request(&["http://evil.example/callback"]);
    let refusal = register(request, issuer, http).await.unwrap_err();
    assert_eq!(refusal, CoreRegisterErrorResponseType::InvalidRedirectUri);
}

#[tokio::test]
async fn a_public_client_registers_in_process() {
    assert_registers_public(ISSUER, &in_process()).await;
}

#[tokio::test]
async fn a_confidential_client_registers_in_process() {
    assert_registers_confidential(ISSUER, &in_process()).await;
}

#[tokio::test]
async fn a_refused_uri_is_typed_in_process() {
    assert_refuses_plain_http(ISSUER, &in_process()).await;
}

#[tokio::test]
async fn a_public_client_registers_over_tcp() {
    let server = ExampleServer::start(None);
    assert_registers_public(&server.base, &over_tcp).await;
}

#[tokio::test]
async fn a_confidential_client_registers_over_tcp() {
    let server = ExampleServer::start(None);
    assert_registers_confidential(&server.base, &over_tcp).await;
}

#[tokio::test]
async fn a_refused_uri_is_typed_over_tcp() {
    let server = ExampleServer::start(None);
    assert_refuses_plain_http(&server.base, &over_tcp).await;
}

#[tokio::test]
async fn disabled_registration_is_not_advertised() {
    let settings = json!({ "tenants": [{ "id": "acme" }] });
    let server = ExampleServer::start(Some(&settings));
    let metadata = discover(&server.base, &over_tcp).await;
    assert_eq!(metadata.registration_endpoint(), None);
}

#[tokio::test]
async fn a_burst_registers_without_a_rate_limit() {
    let registration = json!({ "enabled": true, "rate_limit": null });
    let settings = json!({ "tenants": [{ "id": "acme", "registration": registration }] });
    let server = ExampleServer::start(Some(&settings));
    let mut burst = JoinSet::new();
    for _ in 0..20 {
        let base = server.base.clone();
        burst.spawn(async move { register(public_request(), &base, &over_tcp).await.unwrap() });
    }
    let clients = burst.join_all().await;
    let ids: HashSet<_> = clients.iter().map(|it| it.client_id().as_str()).collect();
    assert_eq!(ids.len(), 20);
}
