//! Tables of what all answers of a kind have in common.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use http::{Method, Request};
use serde_json::json;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    wire::{Answer, Pairs, form_request, pairs, post, send, with, without},
};

/// Requests that are refused before the server knows a redirect URI.
fn without_known_redirect_uri(client: &Client) -> Vec<(&'static str, Pairs)> {
    let whole = client.authorization();
    let twice = |name: &str, value: &str| {
        let mut request = whole.clone();
        request.push((name.to_owned(), value.to_owned()));
        request
    };
    let evil = "https://evil.test/cb";
    vec![
        ("nothing at all", pairs([])),
        ("no client", without(whole.clone(), "client_id")),
        ("an empty client", with(whole.clone(), "client_id", "")),
        (
            "an unknown client",
            with(whole.clone(), "client_id", "tpc_NOPE"),
        ),
        ("two clients", twice("client_id", &client.id)),
        ("another URI", with(whole.clone(), "redirect_uri", evil)),
        ("two URIs", twice("redirect_uri", evil)),
        (
            "the same URI twice",
            twice("redirect_uri", &client.redirect_uri),
        ),
        (
            "a script",
            with(whole.clone(), "redirect_uri", "javascript:alert(1)"),
        ),
        ("none of two URIs", without(whole.clone(), "redirect_uri")),
        (
            "too much",
            with(whole.clone(), "state", &"s".repeat(33 * 1024)),
        ),
    ]
}

#[tokio::test]
async fn a_refusal_without_a_redirect_uri_has_no_location() {
    let uris = json!([
        "https://app.example.com/callback",
        "https://app.example.com/two"
    ]);
    for mode in ["strict", "permissive"] {
        let registration = json!({ "enabled": true, "security_mode": mode });
        let tenant = json!({ "id": "acme", "registration": registration });
        let settings = json!({ "tenants": [tenant] });
        for options in [&["--auto-approve"][..], &[]] {
            let server = ExampleServer::start_with(Some(&settings), options);
            let client = Client::register(&server.base, json!({ "redirect_uris": uris })).await;
            for (what, request) in without_known_redirect_uri(&client) {
                assert_is_not_redirected(&format!("{mode}, {what}"), &client, &request).await;
            }
        }
    }
}

/// By GET and by POST, to people and to programs.
async fn assert_is_not_redirected(what: &str, client: &Client, request: &Pairs) {
    let url = format!("{}/authorize", client.base);
    for accept in ["text/html", "application/json"] {
        let get = Request::get(client.authorization_url(request)).body(String::new());
        for mut sent in [get.unwrap(), form_request(&url, request)] {
            sent.headers_mut().insert("accept", accept.parse().unwrap());
            let method = sent.method().clone();
            let answer = send(sent).await;
            // An oversized body is not read.
            let is_right = answer.status == 400
                || method == Method::POST && what.ends_with("too much") && answer.status == 413;
            assert!(is_right, "{what}: {method} {}", answer.status);
            assert_eq!(answer.header("location"), None, "{what}");
            assert_eq!(answer.header("refresh"), None, "{what}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
            assert!(!answer.body.contains("evil.test"), "{what}");
        }
    }
}

#[tokio::test]
async fn answers_with_secrets_or_tokens_are_not_cached() {
    let server = ExampleServer::start(None);
    let registration = Request::post(format!("{}/oidc/register", server.base))
        .header("content-type", "application/json")
        .body(json!({ "redirect_uris": ["https://app.example.com/callback"] }).to_string());
    let registered = send(registration.unwrap()).await;
    assert!(registered.body.contains("client_secret"), "{registered:?}");

    let client = Client::public(&server.base).await;
    let code = client.authorize(&client.authorization()).await;
    assert!(code.redirected_with("code").is_some(), "{code:?}");
    let form_post = with(client.authorization(), "response_mode", "form_post");
    let code_in_form = client.authorize(&form_post).await;
    assert!(
        code_in_form.body.contains("name=\"code\""),
        "{code_in_form:?}"
    );
    let fragment = with(client.authorization(), "response_mode", "fragment");
    let code_in_fragment = client.authorize(&fragment).await;

    let form = client.exchange(&code.redirected_with("code").unwrap());
    let exchanged = client.token(&form).await;
    let tokens = Tokens::of(&exchanged);
    let refreshed = client.token(&client.refresh(&tokens.refresh)).await;
    let items = client.items(&tokens.access).await;
    let replayed = client.token(&form).await;

    for (what, answer) in [
        ("registration", &registered),
        ("code", &code),
        ("code in a form", &code_in_form),
        ("code in a fragment", &code_in_fragment),
        ("tokens", &exchanged),
        ("refreshed tokens", &refreshed),
        ("items", &items),
        ("refusal", &replayed),
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    }
    for answer in [&registered, &exchanged, &refreshed, &replayed] {
        assert_eq!(answer.header("pragma"), Some("no-cache"), "{answer:?}");
    }
}

#[tokio::test]
async fn other_methods_are_told_the_allowed_methods() {
    let server = ExampleServer::start(None);
    for (path, allowed) in [
        ("/authorize", "GET, POST"),
        ("/interaction", "GET"),
        ("/interaction/sign-in", "POST"),
        ("/interaction/consent", "POST"),
        ("/oauth/token", "POST, OPTIONS"),
        ("/oauth/revoke", "POST, OPTIONS"),
        ("/api/items", "GET, OPTIONS"),
        (
            "/.well-known/oauth-protected-resource",
            "GET, HEAD, OPTIONS",
        ),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"] {
            if allowed.split(", ").any(|it| it == method) {
                continue;
            }
            let url = format!("{}{path}", server.base);
            let request = Request::builder().method(method).uri(url);
            let answer = send(request.body(String::new()).unwrap()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        }
    }
}

/// Whether a page of another origin may send this request and read the answer, without a cookie.
async fn preflight(base: &str, path: &str) -> Answer {
    let request = Request::options(format!("{base}{path}"))
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    send(request.body(String::new()).unwrap()).await
}

#[tokio::test]
async fn other_origins_may_use_cookieless_endpoints() {
    let server = ExampleServer::start(None);
    for path in [
        "/oauth/token",
        "/oauth/revoke",
        "/api/items",
        "/.well-known/oauth-protected-resource/api",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = preflight(&server.base, path).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            None,
            "{path}"
        );
        let headers = answer.header("access-control-allow-headers").unwrap();
        assert_eq!(headers, "*, Authorization", "{path}");
    }
    let refused = post(&format!("{}/oauth/token", server.base), &pairs([])).await;
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let client = Client::public(&server.base).await;
    let unauthorized = client.items("nonsense").await;
    let exposed = unauthorized.header("access-control-expose-headers");
    assert_eq!(exposed, Some("Retry-After, WWW-Authenticate"));
    // The user's own pages are closed to other origins.
    for path in ["/authorize", "/interaction", "/interaction/consent"] {
        let answer = preflight(&server.base, path).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_client_gets_the_registration_endpoint() {
    let server = ExampleServer::start(None);
    let client = Client::public(&server.base).await;
    let request = with(client.authorization(), "client_id", "tpc_GONE");
    let endpoint = format!("{}/oidc/register", server.base);
    let link = format!("<{endpoint}>; rel=\"registration_endpoint\"");

    let page = client.authorize(&request).await;
    assert!(page.body.contains(&endpoint), "{page:?}");
    assert_eq!(page.header("link"), Some(&*link));

    let json =
        Request::get(client.authorization_url(&request)).header("accept", "application/json");
    let answer = send(json.body(String::new()).unwrap()).await;
    assert_eq!(answer.json()["registration_endpoint"], endpoint);
    assert_eq!(answer.error(), "invalid_client");
    assert_eq!(answer.header("link"), Some(&*link));

    // A known client does not need the endpoint.
    let request = with(client.authorization(), "redirect_uri", "https://evil.test/");
    assert_eq!(client.authorize(&request).await.header("link"), None);
}

/// The status of the answer to this request, sent byte by byte.
fn status_of(server: &ExampleServer, request: &str) -> String {
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8(answer[9..].to_vec()).unwrap()
}

#[test]
fn an_unread_body_ends_the_connection() {
    let server = ExampleServer::start(None);
    let address = server.base.strip_prefix("http://").unwrap();
    for (path, is_closed) in [
        ("/nowhere", true),
        ("/authorize", true),
        ("/oidc/register", false),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        let method = if path == "/oidc/register" {
            "POST"
        } else {
            "PUT"
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 2\r\n\r\n{{}}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).unwrap();
        let head = String::from_utf8_lossy(&answer[..read]).to_lowercase();
        assert_eq!(
            head.contains("connection: close"),
            is_closed,
            "{path}: {head}"
        );
    }
}

#[test]
fn every_path_needs_one_host() {
    let server = ExampleServer::start(None);
    let base = server.base.strip_prefix("http://").unwrap();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/oidc/register",
        "/authorize",
        "/nowhere",
    ] {
        let host = format!("Host: {base}\r\n");
        for (version, hosts, is_refused) in [
            ("1.1", String::new(), true),
            ("1.1", format!("{host}{host}"), true),
            ("1.0", format!("{host}{host}"), true),
            ("1.1", host, false),
        ] {
            let request = format!("GET {path} HTTP/{version}\r\n{hosts}\r\n");
            let status = status_of(&server, &request);
            // Without parameters, `/authorize` shows an error page with the same status.
            let is_400 = status == "400";
            let expected = is_refused || path == "/authorize";
            assert_eq!(is_400, expected, "{status} {request}");
        }
    }
}
