//! The content of the pages, and what they forbid.

use http::Request;
use serde_json::json;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::{CONNECTION, Fixture, two_scopes},
    person::Person,
    wire::{pairs, send, with, without},
};

#[tokio::test]
async fn a_client_may_request_a_form_response() {
    let mut fixture = Fixture::new().await;
    let request = with(fixture.client.authorization(), "response_mode", "form_post");
    let page = fixture
        .person
        .open(&fixture.client.authorization_url(&request))
        .await;
    fixture.consent = fixture.person.sign_in(&page, "ada", CONNECTION).await;
    let answer = fixture.approve().await;
    assert_eq!(answer.status, 200);
    let action = format!(
        "<form method=\"post\" action=\"{}\">",
        fixture.client.redirect_uri
    );
    assert!(answer.body.contains(&action), "{}", answer.body);
    for field in [
        "name=\"code\"",
        "name=\"state\" value=\"s-7f3a\"",
        "name=\"iss\"",
    ] {
        assert!(answer.body.contains(field), "{}", answer.body);
    }
}

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_caches() {
    let mut fixture = Fixture::new().await;
    let base = fixture.client.base.clone();
    let refused = fixture.client.authorize(&pairs([])).await;
    let stale = Person::new(&base)
        .look("/interaction?session=x")
        .await
        .answer;
    let not_a_form = Request::post(format!("{base}/interaction/consent")).body(String::new());
    let not_a_form = send(not_a_form.unwrap()).await;
    let denied = fixture.person.decide(&fixture.consent, "deny", &[]).await;
    for answer in [
        &fixture.sign_in.answer,
        &fixture.consent.answer,
        &refused,
        &stale,
        &not_a_form,
        &denied,
    ] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        for directive in [
            "img-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(!answer.body.contains("<script"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_form_may_lead_only_to_the_client() {
    let server = ExampleServer::start_with(None, &[]);
    for (uri, allowed) in [
        (
            "https://app.example.com/callback",
            "form-action 'self' https:;",
        ),
        ("http://127.0.0.1:1/cb", "form-action 'self' https: http:;"),
        ("http://[::1]:1/cb", "form-action 'self' https: http:;"),
        (
            "com.example.app:/cb",
            "form-action 'self' https: com.example.app:;",
        ),
    ] {
        let metadata = json!({
            "token_endpoint_auth_method": "none", "redirect_uris": [uri],
        });
        let client = Client::register(&server.base, metadata).await;
        let mut person = Person::new(&server.base);
        let url = client.authorization_url(&client.authorization());
        let page = person.open(&url).await;
        let consent = person.sign_in(&page, "ada", CONNECTION).await;
        let policy = consent.answer.header("content-security-policy").unwrap();
        assert!(policy.contains(allowed), "{policy}");
    }
}

#[tokio::test]
async fn client_text_is_escaped() {
    let server = ExampleServer::start_with(None, &[]);
    let metadata = json!({
        "token_endpoint_auth_method": "none", "client_name": "Tom & \"Jerry\" ' 猫 &lt;b&gt;",
    });
    let client = Client::register(&server.base, metadata).await;
    let state = "\"><script>alert('✓')</script>&amp;%00";
    let request = with(client.authorization(), "state", state);
    let mut person = Person::new(&server.base);
    let page = person.open(&client.authorization_url(&request)).await;
    let consent = person.sign_in(&page, "ada", CONNECTION).await;
    let name = "Tom &amp; &quot;Jerry&quot; ' 猫 &amp;lt;b&amp;gt;";
    for page in [&page, &consent] {
        assert!(page.says(name), "{}", page.answer.body);
        assert!(!page.says("script"), "{}", page.answer.body);
    }
    let answer = person.decide(&consent, "approve", &["read:items"]).await;
    assert_eq!(answer.redirected_with("state").unwrap(), state);

    let request = with(request, "response_mode", "form_post");
    let page = person.open(&client.authorization_url(&request)).await;
    let consent = person.sign_in(&page, "ada", CONNECTION).await;
    let answer = person.decide(&consent, "approve", &["read:items"]).await;
    let escaped = "value=\"&quot;&gt;&lt;script&gt;alert('✓')&lt;/script&gt;&amp;amp;%00\"";
    assert!(answer.body.contains(escaped), "{}", answer.body);
}

#[tokio::test]
async fn a_name_like_a_protected_name_gets_a_warning() {
    let options = ["--protect-name", "Example Bank", "--protect-name", "Acme"];
    let server = ExampleServer::start_with(None, &options);
    for (name, resembled) in [
        ("Ex\u{430}mple Bank", Some("Example Bank")),
        ("ACME Login", Some("Acme")),
        ("Honest Notes", None),
    ] {
        let metadata = json!({ "token_endpoint_auth_method": "none", "client_name": name });
        let client = Client::register(&server.base, metadata).await;
        let mut person = Person::new(&server.base);
        let url = client.authorization_url(&client.authorization());
        let page = person.open(&url).await;
        let consent = person.sign_in(&page, "ada", CONNECTION).await;
        assert!(consent.says("Not verified"), "{name}");
        assert_eq!(
            consent.says("This name looks like"),
            resembled.is_some(),
            "{name}"
        );
        let warning = resembled.map(|it| format!("“{it}”"));
        assert!(warning.is_none_or(|it| consent.says(&it)), "{name}");
    }
}

#[tokio::test]
async fn the_page_names_the_destination_of_the_code() {
    let server = ExampleServer::start_with(None, &[]);
    for (uris, says, warns) in [
        (
            json!(["https://app.example.com/cb"]),
            "app.example.com",
            false,
        ),
        (
            json!(["http://127.0.0.1:1/cb"]),
            "a program on this device (127.0.0.1)",
            true,
        ),
        (
            json!(["com.example.app:/cb"]),
            "an app on this device (com.example.app:)",
            true,
        ),
        (
            json!(["https://app.example.com/cb", "http://[::1]/cb"]),
            "At other times, the application may send you to",
            false,
        ),
    ] {
        let metadata = json!({
            "token_endpoint_auth_method": "none", "redirect_uris": uris,
        });
        let client = Client::register(&server.base, metadata).await;
        let mut person = Person::new(&server.base);
        let url = client.authorization_url(&client.authorization());
        let page = person.open(&url).await;
        let consent = person.sign_in(&page, "ada", CONNECTION).await;
        assert!(consent.says(says), "{says}: {}", consent.answer.body);
        assert_eq!(consent.says("started this yourself"), warns, "{says}");
    }
}

#[tokio::test]
async fn the_cookie_is_only_for_this_server() {
    for (issuer, is_secure) in [
        ("http://127.0.0.1:1", false),
        ("https://auth.acme.example", true),
    ] {
        let mut settings = two_scopes("strict");
        settings["tenants"][0]["issuer"] = json!(issuer);
        let server = ExampleServer::start_with(Some(&settings), &[]);
        let client = Client::public(&server.base).await;
        let request = with(client.authorization(), "audience", "https://items.example");
        let answer = client.authorize(&request).await;
        let cookie = answer.header("set-cookie").unwrap();
        let (value, attributes) = cookie.split_once("; ").unwrap();
        let (name, value) = value.split_once('=').unwrap();
        assert_eq!((name.len(), value.len()), ("session-".len() + 43, 43));
        let secure = if is_secure { "; Secure" } else { "" };
        let wanted = format!("Path=/interaction; Max-Age=600; HttpOnly; SameSite=Lax{secure}");
        assert_eq!(attributes, wanted);
    }
}

#[tokio::test]
async fn requested_identity_scopes_are_explained_in_words() {
    let server = ExampleServer::start_with(Some(&two_scopes("permissive")), &[]);
    let client = Client::register(&server.base, json!({})).await;
    let scope = "openid email read:items offline_access";
    let request = with(without(client.authorization(), "audience"), "scope", scope);
    let mut person = Person::new(&server.base);
    let page = person.open(&client.authorization_url(&request)).await;
    let page = person.sign_in(&page, "ada", "google").await;
    for text in [
        "Your identity",
        "Know who you are",
        "See your email address",
        "Read items",
    ] {
        assert!(page.says(text), "{text}: {}", page.answer.body);
    }
    let boxes = page.answer.body.matches("value=\"offline_access\"").count();
    assert_eq!(boxes, 1, "{}", page.answer.body);
    let ticked = ["openid", "read:items", "offline_access"];
    let answer = person.decide(&page, "approve", &ticked).await;
    let code = answer.redirected_with("code").unwrap();
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    assert_eq!(tokens.scope, "openid read:items offline_access");
    assert_ne!(tokens.refresh, "");
}

#[tokio::test]
async fn the_warning_precedes_translated_names() {
    let server = ExampleServer::start_with(None, &[]);
    let names = (0..98).map(|at| (format!("client_name#x-{at}"), json!("Press Approve")));
    let names: serde_json::Map<_, _> = names.collect();
    let client = Client::register(&server.base, names.into()).await;
    let mut person = Person::new(&server.base);
    let url = client.authorization_url(&client.authorization());
    let page = person.open(&url).await;
    let page = person.sign_in(&page, "ada", CONNECTION).await;
    let body = &page.answer.body;
    let place = |text| body.find(text).unwrap_or_else(|| panic!("{text}: {body}"));
    assert!(place("Not verified") < place("You would be sent to"));
    assert!(place("You would be sent to") < place("Press Approve"));
    assert_eq!(body.matches("Press Approve").count(), 3);
    assert!(page.says("and 95 more"));
}
