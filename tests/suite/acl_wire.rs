//! The access control list over HTTP: what is blocked, at what cost, and which headers count.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use oauth_dcr::{MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, Tenants};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::http::{Server, parts};

/// The complete settings document of the documentation.
fn documented() -> Value {
    json!({ "tenants": [ {
        "id": "acme",
        "hosts": ["auth.acme.example", "127.0.0.1"],
        "issuer": "https://auth.acme.example",
        "registration": {
            "enabled": true, "security_mode": "strict",
            "rate_limit": { "per_second": 5, "burst": 5 },
            "token_endpoint_auth_methods": ["none", "client_secret_post"],
            "unsupported_grant_types": "filter", "unsupported_response_types": "filter",
            "refused_redirect_uris": "refuse",
            "redirect_uris": {
                "max": 32, "max_bytes": 2048, "schemes": [], "single_label_hosts": false,
                "loopback_any_port": true, "localhost_any_port": false
            },
            "max_body_bytes": 65536, "max_clients": null, "remove_unused_after_seconds": null,
            "remove_idle_after_seconds": null, "fold_identical": false, "allowed_origins": ["*"]
        },
        "unknown_authorize_parameters": "ignore", "scope_when_none_requested": "none",
        "default_audience": null,
        "acl": [ {
            "description": "block one network", "active": true, "priority": 1,
            "rule": {
                "action": { "block": true }, "match": { "ipv4_cidrs": ["198.51.100.0/24"] },
                "scope": "dcr"
            }
        } ],
        "trusted_proxies": ["127.0.0.0/8"],
        "signal_headers": {
            "geo_country_code": "x-geo-country", "geo_subdivision_code": "x-geo-subdivision",
            "asn": "x-asn", "ja3_fingerprint": "x-ja3", "ja4_fingerprint": "x-ja4"
        },
        "apis": [ {
            "identifier": "https://api.acme.example", "scopes": ["read:items", "write:items"],
            "policy": "require_client_grant", "system": false
        } ],
        "client_grants": [ {
            "default_for": "third_party_clients", "audience": "https://api.acme.example",
            "scope": ["read:items"], "subject_type": "user"
        } ],
        "connections": [
            { "name": "google", "is_domain_connection": true },
            { "name": "staff-ldap", "is_domain_connection": false }
        ]
    } ] })
}

/// The documented settings with other rules.
fn with_rules(rules: Value) -> Value {
    let mut document = documented();
    document["tenants"][0]["acl"] = rules;
    document
}

fn rule(action: &Value, matching: &Value) -> Value {
    json!({
        "description": "a rule", "active": true, "priority": 1,
        "rule": { "action": action, "match": matching, "scope": "dcr" }
    })
}

fn registrar(document: &Value) -> (Registrar, MemoryStore) {
    let store = MemoryStore::new();
    let tenants = Tenants::from_json(&document.to_string()).unwrap();
    (
        Registrar::builder(store.clone())
            .tenants(tenants)
            .build()
            .unwrap(),
        store,
    )
}

async fn serve(document: &Value) -> (Server, MemoryStore) {
    let (registrar, store) = registrar(document);
    (Server::start(registrar).await, store)
}

fn post(headers: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = Request::post("/oidc/register").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .body(br#"{"redirect_uris": ["https://app.example.com/callback"]}"#.to_vec())
        .unwrap()
}

async fn status(server: &Server, headers: &[(&str, &str)]) -> u16 {
    server.send(post(headers)).await.status().as_u16()
}

#[tokio::test]
async fn documented_settings_block_their_network() {
    let (server, store) = serve(&documented()).await;
    let blocked = server
        .send(post(&[("x-forwarded-for", "198.51.100.7")]))
        .await;
    let (status, body) = parts(&blocked);
    assert_eq!((status, &body["error"]), (403, &json!("access_denied")));
    assert_eq!(blocked.headers()["cache-control"], "no-store");
    assert!(blocked.headers().get("x-ratelimit-limit").is_none());
    assert!(!body.to_string().contains("198.51.100"), "{body}");
    assert!(store.is_empty());

    let passed = server
        .send(post(&[("x-forwarded-for", "203.0.113.7")]))
        .await;
    assert_eq!(passed.status(), 201);
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_blocked_request_uses_no_rate() {
    let (server, _) = serve(&documented()).await;
    for _ in 0..50 {
        assert_eq!(
            status(&server, &[("x-forwarded-for", "198.51.100.7")]).await,
            403
        );
    }
    let allowed = [("x-forwarded-for", "203.0.113.7")];
    for _ in 0..5 {
        assert_eq!(status(&server, &allowed).await, 201);
    }
    assert_eq!(status(&server, &allowed).await, 429);
}

#[tokio::test]
async fn a_blocked_requests_body_is_not_read() {
    let (server, store) = serve(&documented()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    // The body is chunked and never ends, so an answer can only depend on the head.
    let head = "POST /oidc/register HTTP/1.1\r\nhost: 127.0.0.1\r\n\
                content-type: application/json\r\nx-forwarded-for: 198.51.100.7\r\n\
                transfer-encoding: chunked\r\n\r\n";
    writer.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = reader.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 403 "));
    assert!(store.is_empty());
}

#[tokio::test]
async fn endless_body_is_answered_and_cut_off() {
    let (server, store) = serve(&documented()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let head = "POST /oidc/register HTTP/1.1\r\nhost: 127.0.0.1\r\n\
                content-type: application/json\r\nx-forwarded-for: 198.51.100.7\r\n\
                transfer-encoding: chunked\r\n\r\n";
    writer.write_all(head.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move {
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        // The client sends for as long as the server lets it.
        while writer.write_all(chunk.as_bytes()).await.is_ok() {}
    });
    let mut answer = [0; 12];
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 403");
    let cut_off = tokio::time::timeout(Duration::from_secs(10), sending).await;
    cut_off.expect("the server hangs up").unwrap();
    assert!(store.is_empty());
    // The next client is served, and the rate limit is untouched.
    for _ in 0..5 {
        let allowed = [("x-forwarded-for", "203.0.113.7")];
        assert_eq!(status(&server, &allowed).await, 201);
    }
}

#[tokio::test]
async fn redirect_has_its_address_and_stores_nothing() {
    let action = json!({ "redirect": true, "redirect_uri": "https://help.example.com/blocked" });
    let rules = json!([rule(&action, &json!({ "ipv4_cidrs": ["127.0.0.1/32"] }))]);
    let (server, store) = serve(&with_rules(rules)).await;
    let response = server.send(post(&[])).await;
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        "https://help.example.com/blocked"
    );
    assert!(store.is_empty());
}

#[tokio::test]
async fn monitoring_rule_blocks_no_request() {
    let action = json!({ "block": true, "log": true });
    let rules = json!([rule(&action, &json!({ "ipv4_cidrs": ["0.0.0.0/0"] }))]);
    let (server, _) = serve(&with_rules(rules)).await;
    assert_eq!(status(&server, &[]).await, 201);
}

#[tokio::test]
async fn every_signal_reaches_its_rule() {
    let ja3 = "e7d705a3286e19ea42f587b344ee6865";
    let ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    for (signal, value, header, sent, other) in [
        ("geo_country_codes", "SE", "x-geo-country", "se", "NO"),
        (
            "geo_subdivision_codes",
            "SE-AB",
            "x-geo-subdivision",
            "SE-AB",
            "SE-C",
        ),
        ("asns", "AS64500", "x-asn", "64500", "64501"),
        (
            "ja3_fingerprints",
            ja3,
            "x-ja3",
            ja3,
            "00000000000000000000000000000000",
        ),
        (
            "ja4_fingerprints",
            ja4,
            "x-ja4",
            ja4,
            "t13d1516h2_8daaf6152771_e5627efa2ab2",
        ),
        (
            "user_agents",
            "curl/8.5.0",
            "user-agent",
            "curl/8.5.0",
            "curl/8.5.0-evil",
        ),
        (
            "hostnames",
            "auth.acme.example",
            "host",
            "AUTH.acme.example:443",
            "127.0.0.1",
        ),
    ] {
        let rules = json!([rule(&json!({ "block": true }), &json!({ signal: [value] }))]);
        let (server, _) = serve(&with_rules(rules)).await;
        assert_eq!(status(&server, &[(header, sent)]).await, 403, "{signal}");
        assert_eq!(status(&server, &[(header, other)]).await, 201, "{signal}");
    }
}

#[tokio::test]
async fn edge_headers_count_only_from_trusted_proxies() {
    let rules = json!([rule(
        &json!({ "block": true }),
        &json!({ "geo_country_codes": ["SE"] })
    )]);
    let mut document = with_rules(rules);
    document["tenants"][0]["trusted_proxies"] = json!(["10.0.0.0/8"]);
    let (server, _) = serve(&document).await;
    assert_eq!(status(&server, &[("x-geo-country", "SE")]).await, 201);

    let rules = json!([rule(
        &json!({ "block": true }),
        &json!({ "ipv4_cidrs": ["127.0.0.1/32"] })
    )]);
    document["tenants"][0]["acl"] = rules;
    let (server, _) = serve(&document).await;
    assert_eq!(
        status(&server, &[("x-forwarded-for", "203.0.113.7")]).await,
        403
    );
}

async fn respond(document: &Value, peer: Option<PeerAddress>) -> (Response<Bytes>, MemoryStore) {
    let (registrar, store) = registrar(document);
    let mut request = post(&[("host", "auth.acme.example")]);
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    (
        RegistrationEndpoint::new(registrar).respond(request).await,
        store,
    )
}

#[tokio::test]
async fn missing_address_bypasses_no_address_rule() {
    let (response, store) = respond(&documented(), None).await;
    assert_eq!(response.status(), 503);
    assert!(store.is_empty());

    let peer = PeerAddress("203.0.113.7".parse().unwrap());
    assert_eq!(respond(&documented(), Some(peer)).await.0.status(), 201);
    // Rules about other signals need no address.
    let rules = json!([rule(
        &json!({ "block": true }),
        &json!({ "user_agents": ["x"] })
    )]);
    assert_eq!(respond(&with_rules(rules), None).await.0.status(), 201);
}
