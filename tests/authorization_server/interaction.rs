//! Sign-in and consent: whose they are, how often they count, and what the pages hold.

use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    person::{Page, Person},
    wire::{Answer, form_request, pairs, send, with, without},
};

/// The one connection of a server without settings.
const CONNECTION: &str = "demonstration";

/// Somebody who has come to the consent page.
struct Scene {
    _server: ExampleServer,
    client: Client,
    person: Person,
    sign_in: Page,
    consent: Page,
}

impl Scene {
    async fn new() -> Self {
        let server = ExampleServer::start_with(None, &[]);
        let client = Client::public(&server.base).await;
        let mut person = Person::new(&server.base);
        let url = client.authorization_url(&client.authorization());
        let sign_in = person.open(&url).await;
        let consent = person.sign_in(&sign_in, "grace", CONNECTION).await;
        assert_eq!(consent.answer.status, 200, "{:?}", consent.answer);
        Self {
            _server: server,
            client,
            person,
            sign_in,
            consent,
        }
    }

    async fn approve(&mut self) -> Answer {
        let consent = &self.consent;
        self.person
            .decide(consent, "approve", &["read:items"])
            .await
    }
}

fn assert_is_refused(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test]
async fn who_approves_lets_the_client_in_as_themselves() {
    let mut scene = Scene::new().await;
    assert!(scene.consent.says("Grace Hopper"));
    let answer = scene.approve().await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.redirected_with("state").unwrap(), "s-7f3a");
    let code = answer.redirected_with("code").unwrap();
    let tokens = Tokens::of(&scene.client.token(&scene.client.exchange(&code)).await);
    let items = scene.client.items(&tokens.access).await.json();
    assert_eq!(items["user"], "grace");
    assert!(scene.person.cookies.is_empty(), "the session is over");
}

#[tokio::test]
async fn a_consent_counts_once() {
    let mut scene = Scene::new().await;
    let before = scene.person.clone();
    assert_eq!(scene.approve().await.status, 303);
    scene.person = before;
    assert_is_refused(&scene.approve().await);
    let path = format!("/interaction?session={}", scene.consent.hidden[0].1);
    assert_is_refused(&scene.person.look(&path).await.answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_sent_many_times_at_once_gives_one_code() {
    let scene = Scene::new().await;
    let form = with(scene.consent.hidden.clone(), "decision", "approve");
    let mut clicks = JoinSet::new();
    for _ in 0..20 {
        let (mut person, form) = (scene.person.clone(), form.clone());
        clicks.spawn(async move { person.post("/interaction/consent", &form).await });
    }
    let mut statuses: Vec<u16> = Vec::new();
    for answer in clicks.join_all().await {
        statuses.push(answer.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses[0], 303);
    assert!(statuses[1..].iter().all(|it| *it == 403), "{statuses:?}");
}

#[tokio::test]
async fn another_browser_can_neither_look_nor_approve() {
    let mut scene = Scene::new().await;
    let session = scene.consent.hidden[0].1.clone();
    let path = format!("/interaction?session={session}");
    let mut stranger = Person::new(&scene.client.base);
    assert_is_refused(&stranger.look(&path).await.answer);
    let decided = stranger
        .decide(&scene.consent, "approve", &["read:items"])
        .await;
    assert_is_refused(&decided);

    // Not with a cookie of their own either, nor with a wrong one.
    let url = scene
        .client
        .authorization_url(&scene.client.authorization());
    stranger.open(&url).await;
    let own = stranger.cookies.values().next().unwrap().clone();
    let name = format!("session-{session}");
    for cookie in [own.as_str(), "", "x"] {
        stranger.cookies.insert(name.clone(), cookie.to_owned());
        assert_is_refused(&stranger.look(&path).await.answer);
        let decided = stranger
            .decide(&scene.consent, "approve", &["read:items"])
            .await;
        assert_is_refused(&decided);
    }
    // And the user was not disturbed.
    assert_eq!(scene.approve().await.status, 303);
}

#[tokio::test]
async fn a_form_needs_the_token_that_was_shown_last() {
    let mut scene = Scene::new().await;
    let path = "/interaction/consent";
    let whole = with(scene.consent.hidden.clone(), "decision", "approve");
    for form in [
        without(whole.clone(), "token"),
        with(whole.clone(), "token", ""),
        with(whole.clone(), "token", "wrong"),
        // That of the sign-in form, which was sent.
        with(whole.clone(), "token", &scene.sign_in.hidden[1].1),
        without(whole.clone(), "session"),
        with(whole.clone(), "session", "wrong"),
    ] {
        assert_is_refused(&scene.person.post(path, &form).await);
    }
    let reloaded = format!("/interaction?session={}", scene.consent.hidden[0].1);
    let reloaded = scene.person.look(&reloaded).await;
    assert_is_refused(&scene.approve().await);
    scene.consent = reloaded;
    assert_eq!(scene.approve().await.status, 303);
}

#[tokio::test]
async fn a_form_counts_once_although_its_browser_goes_on() {
    let server = ExampleServer::start_with(None, &[]);
    let client = Client::public(&server.base).await;
    let mut person = Person::new(&server.base);
    let url = client.authorization_url(&client.authorization());
    let page = person.open(&url).await;
    let form = with(page.hidden.clone(), "user", "ada");
    let form = with(form, "connection", CONNECTION);
    let path = "/interaction/sign-in";
    assert_eq!(person.post(path, &form).await.status, 303);
    assert_is_refused(&person.post(path, &form).await);
}

/// Session fixation: whoever planted the cookie from before the sign-in has nothing.
#[tokio::test]
async fn signing_in_gives_another_cookie() {
    let server = ExampleServer::start_with(None, &[]);
    let client = Client::public(&server.base).await;
    let mut person = Person::new(&server.base);
    let url = client.authorization_url(&client.authorization());
    let page = person.open(&url).await;
    let attacker = person.clone();
    let consent = person.sign_in(&page, "ada", CONNECTION).await;
    assert_eq!(person.cookies.len(), 1);
    assert_ne!(person.cookies, attacker.cookies);
    for mut attacker in [attacker, Person::new(&server.base)] {
        let path = format!("/interaction?session={}", consent.hidden[0].1);
        assert_is_refused(&attacker.look(&path).await.answer);
        let decided = attacker.decide(&consent, "approve", &["read:items"]).await;
        assert_is_refused(&decided);
    }
}

#[tokio::test]
async fn nobody_consents_without_signing_in() {
    let server = ExampleServer::start_with(None, &[]);
    let client = Client::public(&server.base).await;
    let mut person = Person::new(&server.base);
    let url = client.authorization_url(&client.authorization());
    let page = person.open(&url).await;
    assert_is_refused(&person.decide(&page, "approve", &["read:items"]).await);
}

#[tokio::test]
async fn only_users_that_there_are_sign_in_by_connections_that_are_offered() {
    let settings = json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true },
        "apis": [{ "identifier": "https://items.example", "scopes": ["read:items"] }],
        "client_grants": [{ "default_for": "third_party_clients",
            "audience": "https://items.example", "allow_all_scopes": true }],
        "connections": [{ "name": "google", "is_domain_connection": true },
                        { "name": "staff", "is_domain_connection": false }],
    }] });
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::public(&server.base).await;
    let request = with(client.authorization(), "audience", "https://items.example");
    let mut person = Person::new(&server.base);
    let mut page = person.open(&client.authorization_url(&request)).await;
    assert!(
        page.says("google") && !page.says("staff"),
        "{:?}",
        page.answer
    );
    for (user, connection) in [
        ("ada", "staff"),
        ("ada", ""),
        ("mallory", "google"),
        ("", "google"),
    ] {
        page = person.sign_in(&page, user, connection).await;
        assert!(page.says("Choose who you are"), "{user} by {connection}");
    }
    let consent = person.sign_in(&page, "ada", "google").await;
    assert!(consent.says("Ada Lovelace"));
}

#[tokio::test]
async fn another_account_can_be_chosen() {
    let mut scene = Scene::new().await;
    let answer = scene.person.decide(&scene.consent, "other-user", &[]).await;
    let page = scene.person.follow(answer).await;
    scene.consent = scene.person.sign_in(&page, "alan", CONNECTION).await;
    assert!(scene.consent.says("Alan Turing"));
    let code = scene.approve().await.redirected_with("code").unwrap();
    let tokens = Tokens::of(&scene.client.token(&scene.client.exchange(&code)).await);
    let items = scene.client.items(&tokens.access).await.json();
    assert_eq!(items["user"], "alan");
}

#[tokio::test]
async fn who_denies_sees_a_page_and_the_client_gets_nothing() {
    for decision in ["deny", "", "anything"] {
        let mut scene = Scene::new().await;
        let answer = scene
            .person
            .decide(&scene.consent, decision, &["read:items"])
            .await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("location"), None);
        assert!(answer.body.contains("Access denied"), "{answer:?}");
        assert!(scene.person.cookies.is_empty());
        assert_is_refused(&scene.approve().await);
    }
}

#[tokio::test]
async fn a_permissive_client_is_told_of_a_denial() {
    let settings = two_scopes("permissive");
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::register(&server.base, json!({})).await;
    let (mut person, page) = consent_page(&client).await;
    let answer = person.decide(&page, "deny", &[]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.redirected_with("error").unwrap(), "access_denied");
    assert_eq!(answer.redirected_with("state").unwrap(), "s-7f3a");
}

/// A tenant that would give every client both scopes of its API.
fn two_scopes(mode: &str) -> Value {
    json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true, "security_mode": mode },
        "default_audience": "https://items.example",
        "apis": [{ "identifier": "https://items.example",
                   "scopes": ["read:items", "write:items"] }],
        "client_grants": [{ "default_for": "third_party_clients",
            "audience": "https://items.example", "allow_all_scopes": true }],
        "connections": [{ "name": "google", "is_domain_connection": true }],
    }] })
}

async fn consent_page(client: &Client) -> (Person, Page) {
    let request = without(client.authorization(), "audience");
    let scope = "read:items write:items offline_access";
    let request = with(request, "scope", scope);
    let mut person = Person::new(&client.base);
    let page = person.open(&client.authorization_url(&request)).await;
    let consent = person.sign_in(&page, "ada", "google").await;
    (person, consent)
}

#[tokio::test]
async fn a_scope_that_is_unticked_is_not_given() {
    let settings = two_scopes("strict");
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::public(&server.base).await;
    for (ticked, given) in [
        (vec!["read:items", "write:items"], "read:items write:items"),
        (vec!["read:items"], "read:items"),
        (vec!["read:items", "delete:items", "admin"], "read:items"),
        (vec![], ""),
    ] {
        let (mut person, page) = consent_page(&client).await;
        let ticked: Vec<_> = ticked.into_iter().chain(["offline_access"]).collect();
        let answer = person.decide(&page, "approve", &ticked).await;
        let code = answer.redirected_with("code").unwrap();
        let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
        assert_eq!(tokens.scope, given);
        let refreshed = client.token(&client.refresh(&tokens.refresh)).await;
        assert_eq!(Tokens::of(&refreshed).scope, given, "it does not come back");
    }
}

#[tokio::test]
async fn access_while_the_user_is_away_can_be_unticked() {
    let settings = two_scopes("strict");
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::public(&server.base).await;
    let (mut person, page) = consent_page(&client).await;
    assert!(page.says("Also while you are away"));
    let answer = person.decide(&page, "approve", &["read:items"]).await;
    let code = answer.redirected_with("code").unwrap();
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    assert_eq!((&*tokens.scope, &*tokens.refresh), ("read:items", ""));
}

#[tokio::test]
async fn a_client_may_want_its_answer_as_a_form() {
    let mut scene = Scene::new().await;
    let request = with(scene.client.authorization(), "response_mode", "form_post");
    let page = scene
        .person
        .open(&scene.client.authorization_url(&request))
        .await;
    scene.consent = scene.person.sign_in(&page, "ada", CONNECTION).await;
    let answer = scene.approve().await;
    assert_eq!(answer.status, 200);
    let action = format!(
        "<form method=\"post\" action=\"{}\">",
        scene.client.redirect_uri
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
async fn every_page_is_closed_to_scripts_frames_and_caches() {
    let mut scene = Scene::new().await;
    let base = scene.client.base.clone();
    let refused = scene.client.authorize(&pairs([])).await;
    let stale = Person::new(&base)
        .look("/interaction?session=x")
        .await
        .answer;
    let not_a_form = Request::post(format!("{base}/interaction/consent")).body(String::new());
    let not_a_form = send(not_a_form.unwrap()).await;
    let denied = scene.person.decide(&scene.consent, "deny", &[]).await;
    for answer in [
        &scene.sign_in.answer,
        &scene.consent.answer,
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
async fn a_form_may_lead_to_the_client_and_no_further_scheme() {
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
async fn what_the_client_wrote_is_text() {
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
async fn the_page_warns_of_a_name_that_looks_like_a_protected_one() {
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
async fn the_page_says_where_the_code_goes() {
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
            "On other occasions it may send you to",
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
async fn the_cookie_is_for_this_server_alone() {
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
        let wanted = format!("Path=/; Max-Age=600; HttpOnly; SameSite=Lax{secure}");
        assert_eq!(attributes, wanted);
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_or_none_is_not_read() {
    let mut scene = Scene::new().await;
    let url = format!("{}/interaction/consent", scene.client.base);
    let large = with(
        scene.consent.hidden.clone(),
        "decision",
        &"a".repeat(17 * 1024),
    );
    assert_eq!(send(form_request(&url, &large)).await.status, 413);
    let json = Request::post(&url).header("content-type", "application/json");
    let answer = send(json.body("{}".to_owned()).unwrap()).await;
    assert_eq!(answer.status, 415);
    assert_eq!(scene.approve().await.status, 303);
}

#[tokio::test]
async fn who_takes_too_long_starts_again() {
    let server = ExampleServer::start_with(None, &["--interaction-lifetime", "1"]);
    let client = Client::public(&server.base).await;
    let answer = client.authorize(&client.authorization()).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; Max-Age=1;"), "{cookie}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (pair, _) = cookie.split_once(';').unwrap();
    let url = format!("{}{}", server.base, answer.header("location").unwrap());
    let request = Request::get(url).header("cookie", pair);
    assert_is_refused(&send(request.body(String::new()).unwrap()).await);
}

#[tokio::test]
async fn what_a_permissive_client_asks_about_the_user_is_said_in_words() {
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
    let ticked = ["openid", "read:items", "offline_access"];
    let answer = person.decide(&page, "approve", &ticked).await;
    let code = answer.redirected_with("code").unwrap();
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    assert_eq!(tokens.scope, "openid read:items offline_access");
    assert_ne!(tokens.refresh, "");
}

/// Anyone can begin a session; the oldest leave, so that it costs no more than so much memory.
#[tokio::test]
async fn sessions_are_bounded_in_number() {
    let mut scene = Scene::new().await;
    let request = scene.client.authorization();
    for _ in 0..1_999 {
        scene.client.authorize(&request).await;
    }
    let path = format!("/interaction?session={}", scene.consent.hidden[0].1);
    assert_eq!(scene.person.look(&path).await.answer.status, 200);
    scene.client.authorize(&request).await;
    assert_is_refused(&scene.person.look(&path).await.answer);
}
