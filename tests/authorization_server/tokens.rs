//! The token endpoint and the API, beyond the cases of the corpus.

use std::time::Duration;

use http::Request;
use serde_json::{Value, json};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    own_api::start_changed,
    wire::{Answer, pairs, post, send, with, without},
};

/// A lifetime of one second is over after this time.
const LONGER: Duration = Duration::from_millis(1100);

fn settings(registration: &Value, apis: &Value, client_grants: &Value) -> Value {
    json!({ "tenants": [{
        "id": "acme", "registration": registration, "apis": apis, "client_grants": client_grants,
        "connections": [{ "name": "google", "is_domain_connection": true }],
    }] })
}

fn two_apis() -> Value {
    settings(
        &json!({ "enabled": true }),
        &json!([
            { "identifier": "https://items.example", "scopes": ["read:items", "write:items"] },
            { "identifier": "https://other.example", "scopes": ["read:items"] },
        ]),
        &json!([
            { "default_for": "third_party_clients", "audience": "https://items.example",
              "allow_all_scopes": true },
            { "default_for": "third_party_clients", "audience": "https://other.example",
              "allow_all_scopes": true },
        ]),
    )
}

async fn tokens_for(client: &Client, api: &str, scope: &str) -> Tokens {
    let request = with(client.authorization(), "audience", api);
    let request = with(request, "scope", scope);
    let code = client.code_for(&request).await;
    Tokens::of(&client.token(&client.exchange(&code)).await)
}

#[tokio::test]
async fn the_api_says_what_is_missing() {
    let server = ExampleServer::start(Some(&two_apis()));
    let client = Client::public(&server.base).await;
    let scope = "read:items offline_access";
    let good = tokens_for(&client, "https://items.example", scope).await;
    let other_api = tokens_for(&client, "https://other.example", "read:items").await;
    let other_scope = tokens_for(&client, "https://items.example", "write:items").await;
    let no_scope = tokens_for(&client, "https://items.example", "").await;
    assert_eq!(no_scope.scope, "");

    let metadata = format!(
        "Bearer resource_metadata=\"{}/.well-known/oauth-protected-resource/api\"",
        server.base
    );
    let invalid = format!("{metadata}, error=\"invalid_token\"");
    let insufficient = format!("{metadata}, error=\"insufficient_scope\", scope=\"read:items\"");
    for (authorization, status, challenge) in [
        (None, 401, Some(&metadata)),
        (Some("Basic dHBjX0ExOng=".to_owned()), 401, Some(&metadata)),
        (Some("Bearer nonsense".to_owned()), 401, Some(&invalid)),
        (Some(bearer(&good.refresh)), 401, Some(&invalid)),
        (Some(bearer(&other_api.access)), 401, Some(&invalid)),
        (Some(bearer(&other_scope.access)), 403, Some(&insufficient)),
        (Some(bearer(&no_scope.access)), 403, Some(&insufficient)),
        (Some(bearer(&good.access)), 200, None),
        (Some(format!("bearer {}", good.access)), 200, None),
    ] {
        let answer = items(&server.base, authorization.as_deref()).await;
        assert_eq!(answer.status, status, "{authorization:?}");
        let told = answer.header("www-authenticate");
        assert_eq!(told, challenge.map(String::as_str), "{authorization:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let items = client.items(&good.access).await.json();
    assert_eq!(items["user"], "ada");
    assert_eq!(items["client_id"], client.id);
    assert_eq!(items["items"].as_array().unwrap().len(), 2);
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn items(base: &str, authorization: Option<&str>) -> Answer {
    let mut request = Request::get(format!("{base}/api/items"));
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    send(request.body(String::new()).unwrap()).await
}

#[tokio::test]
async fn an_access_token_expires() {
    let options = ["--auto-approve", "--access-lifetime", "1"];
    let server = ExampleServer::start_with(None, &options);
    let client = Client::public(&server.base).await;
    let tokens = client.tokens().await;
    tokio::time::sleep(LONGER).await;
    let answer = client.items(&tokens.access).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");
    Tokens::of(&client.token(&client.refresh(&tokens.refresh)).await);
}

#[tokio::test]
async fn a_family_ends_when_its_first_token_expires() {
    let options = ["--auto-approve", "--refresh-lifetime", "4"];
    let server = ExampleServer::start_with(None, &options);
    let client = Client::public(&server.base).await;
    let first = client.tokens().await;
    tokio::time::sleep(LONGER).await;
    let second = Tokens::of(&client.token(&client.refresh(&first.refresh)).await);
    tokio::time::sleep(3 * LONGER).await;
    // The token's own four seconds are not over.
    let answer = client.token(&client.refresh(&second.refresh)).await;
    assert_eq!(answer.error(), "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_needs_offline_access_and_the_grant() {
    let server = start_changed(&json!({ "refresh_token_when": "offline_access_requested" }));
    let client = Client::public(&server.base).await;
    let tokens = tokens_for(&client, &client.api, "read:items").await;
    assert_eq!(tokens.refresh, "");
    let metadata = json!({
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
    });
    let without_grant = Client::register(&server.base, metadata).await;
    assert_eq!(without_grant.tokens().await.refresh, "");
}

#[tokio::test]
async fn a_refreshed_scope_stays_within_the_grant() {
    let server = ExampleServer::start(Some(&two_apis()));
    let client = Client::public(&server.base).await;
    let whole = "read:items write:items offline_access";
    let first = tokens_for(&client, "https://items.example", whole).await;
    let form = with(client.refresh(&first.refresh), "scope", "read:items");
    let narrow = Tokens::of(&client.token(&form).await);
    assert_eq!(narrow.scope, "read:items offline_access");
    let wide = Tokens::of(&client.token(&client.refresh(&narrow.refresh)).await);
    assert_eq!(wide.scope, "read:items write:items offline_access");
}

#[tokio::test]
async fn a_client_without_default_permissions_gets_no_token() {
    let apis = json!([{ "identifier": "https://items.example", "scopes": ["read:items"] }]);
    let settings = settings(&json!({ "enabled": true }), &apis, &json!([]));
    let server = ExampleServer::start(Some(&settings));
    let client = Client::public(&server.base).await;
    let request = with(client.authorization(), "audience", "https://items.example");
    let mut json = Request::get(client.authorization_url(&request));
    json = json.header("accept", "application/json");
    let answer = send(json.body(String::new()).unwrap()).await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, "unauthorized_client".to_owned())
    );
    assert_eq!(answer.header("location"), None);
}

fn permissive() -> Value {
    settings(
        &json!({ "enabled": true, "security_mode": "permissive" }),
        &json!([{ "identifier": "https://items.example", "scopes": ["read:items"],
                  "policy": "allow_all" }]),
        &json!([{ "default_for": "third_party_clients", "audience": "https://items.example",
                  "scope": ["read:items"], "subject_type": "client" }]),
    )
}

#[tokio::test]
async fn a_permissive_client_gets_a_token_for_itself() {
    let server = ExampleServer::start(Some(&permissive()));
    let metadata = json!({ "grant_types": ["authorization_code", "client_credentials"] });
    let client = Client::register(&server.base, metadata).await;
    let form = client.authenticated(pairs([
        ("grant_type", "client_credentials"),
        ("audience", "https://items.example"),
        ("scope", "read:items"),
    ]));
    let tokens = Tokens::of(&client.token(&form).await);
    assert_eq!((&*tokens.refresh, &*tokens.scope), ("", "read:items"));
    let items = client.items(&tokens.access).await.json();
    assert_eq!(items["user"], Value::Null);
    assert_eq!(items["client_id"], client.id);
}

#[tokio::test]
async fn the_device_flow_is_not_offered() {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let server = ExampleServer::start(Some(&permissive()));
    let metadata = json!({ "grant_types": ["authorization_code", grant] });
    let client = Client::register(&server.base, metadata).await;
    let form = client.authenticated(pairs([("grant_type", grant), ("device_code", "d")]));
    let answer = client.token(&form).await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, "unsupported_grant_type".to_owned())
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn an_implicit_request_is_an_unsupported_response_type() {
    let server = ExampleServer::start(Some(&permissive()));
    let metadata = json!({
        "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "token"],
    });
    let client = Client::register(&server.base, metadata).await;
    let request = with(client.authorization(), "audience", "https://items.example");
    let request = with(request, "response_type", "token");
    let answer = client.authorize(&request).await;
    assert_eq!(answer.status, 303);
    let (_, fragment) = answer.header("location").unwrap().split_once('#').unwrap();
    assert!(
        fragment.contains("error=unsupported_response_type"),
        "{fragment}"
    );
    assert!(fragment.contains("state=s-7f3a"), "{fragment}");
}

#[tokio::test]
async fn a_permissive_client_is_redirected_on_refusal() {
    let server = ExampleServer::start(Some(&permissive()));
    let client = Client::register(&server.base, json!({})).await;
    let request = with(
        client.authorization(),
        "audience",
        "https://unknown.example",
    );
    let answer = client.authorize(&request).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.redirected_with("error").unwrap(), "invalid_target");
    assert_eq!(answer.redirected_with("state").unwrap(), "s-7f3a");
    assert_eq!(answer.redirected_with("iss").unwrap(), server.base);
}

#[tokio::test]
async fn a_loopback_port_may_differ_from_the_registered_one() {
    let server = ExampleServer::start(None);
    let metadata = json!({
        "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1:33418/cb"],
    });
    let client = Client::register(&server.base, metadata).await;
    let moved = "http://127.0.0.1:50123/cb";
    let request = with(client.authorization(), "redirect_uri", moved);
    let code = client.code_for(&request).await;
    let registered = client.token(&client.exchange(&code)).await;
    assert_eq!(registered.error(), "invalid_grant");
    let form = with(client.exchange(&code), "redirect_uri", moved);
    Tokens::of(&client.token(&form).await);
}

#[tokio::test]
async fn redirect_uri_may_be_left_out_beside_a_verifier() {
    let server = ExampleServer::start(None);
    let client = Client::public(&server.base).await;
    for leave_out in [
        |form| without(form, "redirect_uri"),
        |form| with(form, "redirect_uri", ""),
    ] {
        let code = client.code().await;
        Tokens::of(&client.token(&leave_out(client.exchange(&code))).await);
    }
    let other = with(
        client.exchange(&client.code().await),
        "redirect_uri",
        "https://app.example.com/other",
    );
    assert_eq!(client.token(&other).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_code_without_a_challenge_needs_redirect_uri() {
    let server = ExampleServer::start(Some(&permissive()));
    let client = Client::register(&server.base, json!({})).await;
    let request = with(client.authorization(), "audience", "https://items.example");
    let request = without(without(request, "code_challenge"), "code_challenge_method");
    let code = client.code_for(&request).await;
    let form = without(client.exchange(&code), "code_verifier");
    let left_out = client.token(&without(form.clone(), "redirect_uri")).await;
    assert_eq!(left_out.error(), "invalid_grant");
    Tokens::of(&client.token(&form).await);
}

#[tokio::test]
async fn an_invalid_or_oversized_body_is_not_parsed() {
    let server = ExampleServer::start(None);
    for path in ["/oauth/token", "/oauth/revoke"] {
        let url = format!("{}{path}", server.base);
        let json = Request::post(&url).header("content-type", "application/json");
        let answer = send(json.body("{}".to_owned()).unwrap()).await;
        assert_eq!(
            (answer.status, answer.error()),
            (415, "invalid_request".to_owned())
        );
        let large = pairs([("grant_type", &"a".repeat(33 * 1024))]);
        let answer = post(&url, &large).await;
        assert_eq!(
            (answer.status, answer.error()),
            (413, "invalid_request".to_owned())
        );
    }
}
