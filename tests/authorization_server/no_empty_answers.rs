//! No address answers with an empty page, whatever the method and the client.

use http::Request;
use serde_json::json;

use crate::{
    example_server::ExampleServer,
    wire::{Answer, send},
};

const PATHS: [&str; 20] = [
    "/",
    "/demonstration.js",
    "/demonstration/callback",
    "/favicon.ico",
    "/nowhere",
    "/api",
    "/oidc",
    "/oidc/register",
    "/authorize",
    "/authorize/",
    "/interaction",
    "/interaction/sign-in",
    "/interaction/consent",
    "/oauth/token",
    "/oauth/revoke",
    "/api/items",
    "/.well-known/",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
];

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

async fn request(
    server: &ExampleServer,
    method: &str,
    path: &str,
    accept: &str,
    host: &str,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", server.base))
        .header("accept", accept)
        .header("host", host);
    send(request.body(String::new()).unwrap()).await
}

/// A preflight is the one kind of answer that has no content.
#[track_caller]
fn assert_is_not_empty(what: &str, answer: &Answer) {
    let is_preflight = answer.status == 204 && answer.header("allow").is_some();
    assert!(
        !answer.body.is_empty() || is_preflight,
        "{what}: {answer:?}"
    );
}

#[tokio::test]
async fn no_address_answers_with_an_empty_page() {
    let server = ExampleServer::start_with(None, &[]);
    let host = server.base.strip_prefix("http://").unwrap();
    for path in PATHS {
        for method in METHODS {
            for accept in ["text/html", "application/json", "*/*"] {
                let answer = request(&server, method, path, accept, host).await;
                assert_is_not_empty(&format!("{method} {path} {accept}"), &answer);
            }
        }
    }
}

#[tokio::test]
async fn unknown_hosts_get_no_empty_page() {
    let settings = json!({ "tenants": [
        { "id": "acme", "hosts": ["localhost"] }, { "id": "globex", "hosts": ["127.0.0.1"] },
    ] });
    let server = ExampleServer::start_with(Some(&settings), &[]);
    for host in ["nobody.example", "auth.localhost.example:80", "1.2.3.4:5"] {
        for path in PATHS {
            for method in METHODS {
                let answer = request(&server, method, path, "text/html", host).await;
                assert_is_not_empty(&format!("{method} {host} {path}"), &answer);
            }
        }
    }
}

#[tokio::test]
async fn people_get_a_page_with_a_way_home() {
    let server = ExampleServer::start(None);
    let host = server.base.strip_prefix("http://").unwrap();
    for (method, path, status, says) in [
        ("GET", "/nowhere", 404, "There is nothing at this address"),
        (
            "PUT",
            "/authorize",
            405,
            "accepts these methods: GET, POST.",
        ),
        ("POST", "/", 405, "accepts these methods: GET, HEAD."),
        (
            "GET",
            "/oauth/token",
            405,
            "accepts these methods: POST, OPTIONS.",
        ),
        (
            "GET",
            "/api/items",
            401,
            "This address needs an access token",
        ),
    ] {
        let page = request(&server, method, path, "text/html,*/*", host).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.body.contains(says), "{path}: {}", page.body);
        assert!(page.body.contains("href=\"/\""), "{path}: {}", page.body);
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
    }
}

#[tokio::test]
async fn programs_get_problem_details() {
    let server = ExampleServer::start(None);
    let host = server.base.strip_prefix("http://").unwrap();
    let answer = request(&server, "PUT", "/authorize", "application/json", host).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), Some("GET, POST"));
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let expected = json!({
        "title": "This address does not accept the method",
        "status": 405,
        "detail": "This address accepts these methods: GET, POST.",
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn explanations_are_not_cached() {
    let server = ExampleServer::start(None);
    let host = server.base.strip_prefix("http://").unwrap();
    for accept in ["text/html", "application/json"] {
        let answer = request(&server, "GET", "/nowhere", accept, host).await;
        assert_eq!(answer.header("vary"), Some("accept"), "{accept}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{accept}");
        let sniffing = answer.header("x-content-type-options");
        assert_eq!(sniffing, Some("nosniff"), "{accept}");
    }
}

#[tokio::test]
async fn the_api_keeps_its_challenge_on_the_page() {
    let server = ExampleServer::start(None);
    let host = server.base.strip_prefix("http://").unwrap();
    for accept in ["text/html", "*/*"] {
        let answer = request(&server, "GET", "/api/items", accept, host).await;
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("Bearer resource_metadata="),
            "{challenge}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}
