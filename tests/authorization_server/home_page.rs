//! The home page over HTTP: what it says of the server, its tenants and its clients.

use http::Request;
use serde_json::{Value, json};

use crate::{
    client::Client,
    example_server::ExampleServer,
    fixture::two_scopes,
    wire::{Answer, get, send},
};

async fn home(server: &ExampleServer) -> Answer {
    get(&format!("{}/", server.base)).await
}

async fn home_at(server: &ExampleServer, host: &str) -> Answer {
    let request = Request::get(format!("{}/", server.base)).header("host", host);
    send(request.body(String::new()).unwrap()).await
}

#[track_caller]
fn assert_has(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(page.body.contains(text), "{text} is not in {}", page.body);
    }
}

/// How the page would show this text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;")
}

async fn register_named(server: &ExampleServer, name: &str) -> Client {
    let metadata = json!({ "token_endpoint_auth_method": "none", "client_name": name });
    Client::register(&server.base, metadata).await
}

#[tokio::test]
async fn the_home_page_lists_the_endpoints() {
    let server = ExampleServer::start(None);
    let page = home(&server).await;
    assert_eq!(page.status, 200);
    let paths = [
        "/oidc/register",
        "/authorize",
        "/oauth/token",
        "/oauth/revoke",
        "/api/items",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource/api",
    ];
    assert_has(
        &page,
        &paths
            .map(|path| format!("<code>{path}</code>"))
            .each_ref()
            .map(|it| &**it),
    );
}

#[tokio::test]
async fn the_home_page_has_the_curl_line() {
    let server = ExampleServer::start(None);
    let line = format!(
        "curl -s {}/oidc/register -H 'content-type: application/json' -d '{{\
         \"client_name\": \"My Dynamic Application\", ",
        server.base
    );
    assert_has(&home(&server).await, &[&escaped(&line)]);
}

#[tokio::test]
async fn the_home_page_allows_its_own_script_only() {
    let server = ExampleServer::start(None);
    let page = home(&server).await;
    let policy = page.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "img-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.body.matches("<script").count(), 1, "{}", page.body);
    assert_has(
        &page,
        &["<script src=\"/demonstration.js\" defer></script>"],
    );
}

#[tokio::test]
async fn only_the_last_20_clients_are_listed() {
    let mut settings = two_scopes("strict");
    let registration = &mut settings["tenants"][0]["registration"];
    registration["rate_limit"] = json!({ "per_second": 1_000, "burst": 1_000 });
    let server = ExampleServer::start(Some(&settings));
    assert_has(
        &home(&server).await,
        &["No client has registered at this tenant"],
    );
    let mut ids = Vec::new();
    for at in 1..=22 {
        ids.push(
            register_named(&server, &format!("Application {at} of 22"))
                .await
                .id,
        );
    }
    let page = home(&server).await;
    let places: Vec<_> = ids.iter().map(|id| page.body.find(&**id)).collect();
    assert_eq!(places[..2], [None, None], "the oldest are gone");
    assert!(places[2..].iter().all(Option::is_some), "{places:?}");
    assert!(
        places[2..].is_sorted_by(|older, newer| older > newer),
        "{places:?}"
    );
    assert_has(&page, &["Application 22 of 22"]);
}

#[tokio::test]
async fn the_list_has_no_client_secret() {
    let server = ExampleServer::start(None);
    let client = Client::confidential(&server.base).await;
    let page = home(&server).await;
    assert_has(&page, &[&client.id, "confidential"]);
    assert!(!page.body.contains(client.secret.as_deref().unwrap()));
}

#[tokio::test]
async fn a_hostile_name_is_escaped_and_cut() {
    let settings = two_scopes("permissive");
    let server = ExampleServer::start(Some(&settings));
    register_named(&server, "Tom & \"Jerry\" &lt;b&gt; ' 猫").await;
    register_named(&server, &format!("{}THE END", "猫 & ".repeat(20))).await;
    let page = home(&server).await;
    assert_has(
        &page,
        &[
            "Tom &amp; &quot;Jerry&quot; &amp;lt;b&amp;gt; ' 猫",
            &format!("{}…", "猫 &amp; ".repeat(15)),
        ],
    );
    assert!(!page.body.contains("THE END"), "{}", page.body);
}

#[tokio::test]
async fn a_removed_client_leaves_the_list() {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["registration"]["max_clients"] = 1.into();
    let server = ExampleServer::start(Some(&settings));
    let evicted = register_named(&server, "First").await;
    let client = register_named(&server, "Second").await;
    let page = home(&server).await;
    assert_has(&page, &[&client.id]);
    assert!(!page.body.contains(&evicted.id), "{}", page.body);
}

fn two_tenants() -> Value {
    json!({ "tenants": [
        { "id": "acme", "hosts": ["localhost"], "registration": { "enabled": true } },
        { "id": "globex", "hosts": ["auth.globex.example"],
          "issuer": "https://auth.globex.example" },
    ] })
}

#[tokio::test]
async fn a_tenant_lists_only_its_own_clients() {
    let mut settings = two_tenants();
    settings["tenants"][1]["registration"] = json!({
        "enabled": true, "rate_limit": { "per_second": 1_000, "burst": 1_000 },
    });
    let server = ExampleServer::start(Some(&settings));
    let first = register_at(&server, "localhost").await;
    let mut others = Vec::new();
    for _ in 0..21 {
        others.push(register_at(&server, "auth.globex.example").await);
    }
    let page = home_at(&server, "localhost").await;
    assert_has(&page, &[&first]);
    let other = home_at(&server, "auth.globex.example").await;
    assert_has(&other, &[&others[1], &others[20]]);
    assert!(!other.body.contains(&first), "{}", other.body);
    for id in &others {
        assert!(!page.body.contains(&**id), "{}", page.body);
    }
}

/// Registers a client of the tenant at `host`, and returns its id.
async fn register_at(server: &ExampleServer, host: &str) -> String {
    let metadata = json!({
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
    });
    let request = Request::post(format!("{}/oidc/register", server.base))
        .header("host", host)
        .header("content-type", "application/json")
        .body(metadata.to_string());
    let answer = send(request.unwrap()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["client_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_home_page_lists_all_tenants() {
    let server = ExampleServer::start(Some(&two_tenants()));
    let page = home_at(&server, "localhost").await;
    assert_eq!(page.status, 200);
    assert_has(
        &page,
        &[
            "belongs to the tenant <code>acme</code>",
            "<code>localhost</code>",
            "<code>globex</code>",
            "https://auth.globex.example",
            "enabled",
            "disabled",
        ],
    );
}

#[tokio::test]
async fn without_registration_there_is_no_button() {
    let server = ExampleServer::start(Some(&two_tenants()));
    let page = home_at(&server, "auth.globex.example").await;
    assert_has(&page, &["Registration is disabled for this tenant."]);
    assert!(!page.body.contains("<button"), "{}", page.body);
}

#[tokio::test]
async fn an_unknown_host_gets_a_home_page() {
    let server = ExampleServer::start(Some(&two_tenants()));
    let page = home_at(&server, "nobody.example").await;
    assert_eq!(page.status, 404);
    assert_has(
        &page,
        &[
            "No tenant answers at <code>nobody.example</code>",
            &format!("<a href=\"{}/\">", server.base),
        ],
    );
}

#[tokio::test]
async fn an_unknown_host_learns_no_tenants_and_clients() {
    let server = ExampleServer::start(Some(&two_tenants()));
    let client = register_at(&server, "localhost").await;
    assert_has(&home_at(&server, "localhost").await, &[&client]);
    let page = home_at(&server, "nobody.example").await;
    for secret in [&*client, "acme", "globex", "<script"] {
        assert!(!page.body.contains(secret), "{secret}: {}", page.body);
    }
}

#[tokio::test]
async fn a_hostile_host_is_escaped_and_cut() {
    let server = ExampleServer::start(Some(&two_tenants()));
    let host = format!("<b title=\"x\">&{}THE-END", "a".repeat(80));
    let page = home_at(&server, &host).await;
    assert_eq!(page.status, 404);
    let shown = format!(
        "<code>&lt;b title=&quot;x&quot;&gt;&amp;{}…</code>",
        "a".repeat(66)
    );
    assert_has(&page, &[&shown]);
    assert!(!page.body.contains("THE-END"), "{}", page.body);
}

#[tokio::test]
async fn an_unreadable_host_is_not_repeated() {
    let server = ExampleServer::start(Some(&two_tenants()));
    let request = Request::get(format!("{}/", server.base)).header("host", b"b\xffd".as_slice());
    let page = send(request.body(String::new()).unwrap()).await;
    assert_eq!(page.status, 404);
    assert_has(&page, &["No tenant answers at an unreadable host"]);
}
