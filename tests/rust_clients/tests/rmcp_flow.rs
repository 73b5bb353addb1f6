//! The Rust SDK of the Model Context Protocol completes the whole flow at the example server: from
//! the API's challenge through discovery, registration, authorization and code exchange to an API
//! call, a refresh, and a call with the new token.

#[path = "../../support/example_server.rs"]
mod example_server;
#[path = "../../support/over_tcp.rs"]
mod over_tcp;
#[path = "../../support/own_api.rs"]
mod own_api;
#[path = "../../support/protected_resource.rs"]
mod protected_resource;

use std::{collections::HashMap, sync::Arc};

use example_server::ExampleServer;
use http::{
    Request, Response,
    header::{CONTENT_TYPE, LOCATION},
};
use oauth_dcr::ClientId;
use over_tcp::over_tcp;
use own_api::start_changed;
use protected_resource::ProtectedResource;
use rmcp::transport::auth::{
    AuthError, AuthorizationManager, AuthorizationRequest, AuthorizedHttpClient, CredentialStore,
    InMemoryCredentialStore, OAuthState, StoredCredentials,
};
use serde_json::{Value, json};
use url::Url;

const LOOPBACK: &str = "http://127.0.0.1:33418/callback";
const LOOPBACK_ELSEWHERE: &str = "http://127.0.0.1:45123/callback";
const WEB: &str = "https://app.example.com/callback";

/// A program with this library, which calls one API.
struct Application {
    api: String,
    credentials: InMemoryCredentialStore,
    state: OAuthState,
}

impl Application {
    async fn new(api: &str) -> Self {
        let credentials = InMemoryCredentialStore::new();
        let mut manager = AuthorizationManager::new(api).await.unwrap();
        manager.set_credential_store(credentials.clone());
        Self {
            api: api.to_owned(),
            credentials,
            state: OAuthState::Unauthorized(manager),
        }
    }

    /// Starts from the API's challenge, and registers unless `request` names a client. Returns the
    /// URL for the browser.
    async fn start(&mut self, request: AuthorizationRequest) -> Url {
        self.state.start_authorization(request).await.unwrap();
        let url = self.state.get_authorization_url().await.unwrap();
        url.parse().unwrap()
    }

    /// Exchanges the code of the server's redirect.
    async fn finish(mut self, callback: &str) -> Authorized {
        self.state.handle_callback_url(callback).await.unwrap();
        let manager = self.state.into_authorization_manager().unwrap();
        Authorized {
            api: self.api,
            credentials: self.credentials,
            manager: Arc::new(manager),
        }
    }
}

/// The program after its user has returned.
struct Authorized {
    api: String,
    credentials: InMemoryCredentialStore,
    manager: Arc<AuthorizationManager>,
}

impl Authorized {
    async fn stored(&self) -> StoredCredentials {
        self.credentials.load().await.unwrap().unwrap()
    }

    /// The last token response that it stored.
    async fn tokens(&self) -> Value {
        serde_json::to_value(self.stored().await.token_response).unwrap()
    }

    async fn assert_has_access(&self) {
        let client = AuthorizedHttpClient::new(self.manager.clone(), None);
        let response = client.get(&self.api).await.unwrap();
        assert_eq!(response.status(), 200);
    }

    /// Continues with `credentials`, which no longer work.
    async fn assert_refresh_is_refused(&self, credentials: &StoredCredentials) {
        self.credentials.save(credentials.clone()).await.unwrap();
        let refusal = self.manager.refresh_token().await.unwrap_err();
        assert!(
            matches!(refusal, AuthError::TokenRefreshRejected(_)),
            "{refusal}"
        );
    }
}

/// The response to a browser that opens `url` and follows no redirect.
async fn open_browser(url: &Url) -> Response<Vec<u8>> {
    let request = Request::get(url.as_str()).body(Vec::new()).unwrap();
    over_tcp(request).await.unwrap()
}

/// The redirect of a browser that opens `url`.
async fn callback(url: &Url) -> String {
    let response = open_browser(url).await;
    assert_eq!(response.status(), 303, "{:?}", response.body());
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

fn parameters(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn request(redirect_uri: &str) -> AuthorizationRequest {
    AuthorizationRequest::new(redirect_uri).with_client_name("MCP Application")
}

async fn authorized_public_client(server: &ExampleServer) -> Authorized {
    let mut application = Application::new(&items(server)).await;
    let url = application.start(request(LOOPBACK)).await;
    application.finish(&callback(&url).await).await
}

fn items(server: &ExampleServer) -> String {
    format!("{}/api/items", server.base)
}

/// The library registers only public clients, so a confidential client is registered beforehand.
async fn register_confidential(server: &ExampleServer) -> AuthorizationRequest {
    let metadata = json!({
        "client_name": "Confidential Application",
        "redirect_uris": [WEB],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let request = Request::post(format!("{}/oidc/register", server.base))
        .header(CONTENT_TYPE, "application/json")
        .body(metadata.to_string().into_bytes());
    let response = over_tcp(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 201);
    let client: Value = serde_json::from_slice(response.body()).unwrap();
    AuthorizationRequest::new(WEB)
        .with_preregistered_client(client["client_id"].as_str().unwrap())
        .with_client_secret(client["client_secret"].as_str().unwrap())
}

async fn assert_refreshes(application: &Authorized) {
    let first = application.tokens().await;
    assert_eq!(first["scope"], "read:items offline_access");
    assert!(first["refresh_token"].is_string());
    assert!(first["expires_in"].as_u64().unwrap() > 0);
    application.assert_has_access().await;

    application.manager.refresh_token().await.unwrap();
    let refreshed = application.tokens().await;
    assert_eq!(refreshed["scope"], "read:items offline_access");
    assert_ne!(refreshed["access_token"], first["access_token"]);
    application.assert_has_access().await;
}

#[tokio::test]
async fn a_client_requests_the_listed_scopes() {
    let server = ExampleServer::start(None);
    let mut application = Application::new(&items(&server)).await;
    let sent = parameters(&application.start(request(LOOPBACK)).await);
    assert!(sent["client_id"].starts_with(ClientId::STRICT_PREFIX));
    assert_eq!(sent["scope"], "read:items offline_access");
    assert_eq!(sent["resource"], format!("{}/api", server.base));
    assert_eq!(sent["redirect_uri"], LOOPBACK);
    assert_eq!(sent["code_challenge_method"], "S256");
}

#[tokio::test]
async fn a_public_client_completes_the_flow() {
    let server = ExampleServer::start(None);
    let application = authorized_public_client(&server).await;
    assert_refreshes(&application).await;
}

#[tokio::test]
async fn a_confidential_client_completes_the_flow() {
    let server = ExampleServer::start(None);
    let request = register_confidential(&server).await;
    let mut application = Application::new(&items(&server)).await;
    let url = application.start(request).await;
    let application = application.finish(&callback(&url).await).await;
    assert_refreshes(&application).await;
    // A confidential client may reuse its refresh token.
    application.manager.refresh_token().await.unwrap();
}

#[tokio::test]
async fn a_confidential_client_needs_its_secret() {
    let server = ExampleServer::start(None);
    let mut request = register_confidential(&server).await;
    request.client_secret = None;
    let mut application = Application::new(&items(&server)).await;
    let url = application.start(request).await;
    let callback = callback(&url).await;
    let refusal = application.state.handle_callback_url(&callback).await;
    let refusal = refusal.unwrap_err();
    assert!(
        matches!(refusal, AuthError::TokenExchangeFailed(_)),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_client_may_use_another_port() {
    let server = ExampleServer::start(None);
    let mut closed = Application::new(&items(&server)).await;
    closed.start(request(LOOPBACK)).await;
    let (client_id, _) = closed.state.get_credentials().await.unwrap();

    let mut application = Application::new(&items(&server)).await;
    let request =
        AuthorizationRequest::new(LOOPBACK_ELSEWHERE).with_preregistered_client(client_id);
    let url = application.start(request).await;
    let callback = callback(&url).await;
    assert!(callback.starts_with(LOOPBACK_ELSEWHERE), "{callback}");
    application
        .finish(&callback)
        .await
        .assert_has_access()
        .await;
}

/// A second use means that the token was stolen, and ends its successor too (RFC 9700 section
/// 4.14.2).
#[tokio::test]
async fn a_replayed_refresh_token_ends_its_family() {
    let server = start_changed(&json!({ "refresh_token_leeway_seconds": 0 }));
    let application = authorized_public_client(&server).await;
    let used = application.stored().await;
    application.manager.refresh_token().await.unwrap();
    let successor = application.stored().await;
    application.assert_refresh_is_refused(&used).await;
    application.assert_refresh_is_refused(&successor).await;
}

#[tokio::test]
async fn a_client_with_a_default_permission_gets_a_code() {
    let resource = ProtectedResource::bind();
    let permission = json!([resource.default_permission()]);
    let server = ExampleServer::start(Some(&resource.settings(&permission)));
    let mut application = Application::new(&resource.identifier()).await;
    let _serving = resource.serve(&server.base);
    let url = application.start(request(LOOPBACK)).await;
    let callback = callback(&url).await;
    assert!(callback.contains("code="), "{callback}");
}

#[tokio::test]
async fn a_client_without_a_default_permission_gets_no_code() {
    let resource = ProtectedResource::bind();
    let server = ExampleServer::start(Some(&resource.settings(&json!([]))));
    let mut application = Application::new(&resource.identifier()).await;
    let _serving = resource.serve(&server.base);
    let url = application.start(request(LOOPBACK)).await;
    let response = open_browser(&url).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers().get(LOCATION), None);
    let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap();
    assert!(media_type.starts_with("text/html"), "{media_type}");
}
