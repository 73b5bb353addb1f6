//! Sign-in and consent: to which browser they belong, and how often they count.

use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::{CONNECTION, Fixture, assert_is_refused, consent_page, two_scopes},
    person::Person,
    wire::{form_request, send, with, without},
};

#[tokio::test]
async fn an_approval_gives_the_client_access_as_the_user() {
    let mut fixture = Fixture::new().await;
    assert!(fixture.consent.says("Grace Hopper"));
    let answer = fixture.approve().await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.redirected_with("state").unwrap(), "s-7f3a");
    let code = answer.redirected_with("code").unwrap();
    let tokens = Tokens::of(&fixture.client.token(&fixture.client.exchange(&code)).await);
    let items = fixture.client.items(&tokens.access).await.json();
    assert_eq!(items["user"], "grace");
    assert!(fixture.person.cookies.is_empty(), "the session is over");
}

#[tokio::test]
async fn a_consent_counts_once() {
    let mut fixture = Fixture::new().await;
    let before = fixture.person.clone();
    assert_eq!(fixture.approve().await.status, 303);
    fixture.person = before;
    assert_is_refused(&fixture.approve().await);
    let path = format!("/interaction?session={}", fixture.consent.hidden[0].1);
    assert_is_refused(&fixture.person.look(&path).await.answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_consent_issues_one_code() {
    let fixture = Fixture::new().await;
    let form = with(fixture.consent.hidden.clone(), "decision", "approve");
    let mut clicks = JoinSet::new();
    for _ in 0..20 {
        let (mut person, form) = (fixture.person.clone(), form.clone());
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
async fn another_browser_can_neither_read_nor_approve() {
    let mut fixture = Fixture::new().await;
    let session = fixture.consent.hidden[0].1.clone();
    let path = format!("/interaction?session={session}");
    let mut stranger = Person::new(&fixture.client.base);
    assert_is_refused(&stranger.look(&path).await.answer);
    let decided = stranger
        .decide(&fixture.consent, "approve", &["read:items"])
        .await;
    assert_is_refused(&decided);

    // Neither their own cookie nor an invalid cookie helps.
    let url = fixture
        .client
        .authorization_url(&fixture.client.authorization());
    stranger.open(&url).await;
    let own = stranger.cookies.values().next().unwrap().clone();
    let name = format!("session-{session}");
    for cookie in [own.as_str(), "", "x"] {
        stranger.cookies.insert(name.clone(), cookie.to_owned());
        assert_is_refused(&stranger.look(&path).await.answer);
        let decided = stranger
            .decide(&fixture.consent, "approve", &["read:items"])
            .await;
        assert_is_refused(&decided);
    }
    // The user was not interrupted.
    assert_eq!(fixture.approve().await.status, 303);
}

#[tokio::test]
async fn a_form_needs_the_latest_token() {
    let mut fixture = Fixture::new().await;
    let path = "/interaction/consent";
    let whole = with(fixture.consent.hidden.clone(), "decision", "approve");
    for form in [
        without(whole.clone(), "token"),
        with(whole.clone(), "token", ""),
        with(whole.clone(), "token", "wrong"),
        // The token of the sign-in form, which was already sent.
        with(whole.clone(), "token", &fixture.sign_in.hidden[1].1),
        without(whole.clone(), "session"),
        with(whole.clone(), "session", "wrong"),
    ] {
        assert_is_refused(&fixture.person.post(path, &form).await);
    }
    let reloaded = format!("/interaction?session={}", fixture.consent.hidden[0].1);
    let reloaded = fixture.person.look(&reloaded).await;
    assert_is_refused(&fixture.approve().await);
    fixture.consent = reloaded;
    assert_eq!(fixture.approve().await.status, 303);
}

#[tokio::test]
async fn a_repeated_sign_in_form_is_refused() {
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

/// Session fixation: a cookie that was planted before the sign-in gives no access.
#[tokio::test]
async fn signing_in_replaces_the_cookie() {
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
async fn sign_in_needs_a_known_user_and_connection() {
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
        assert!(page.says("Choose a user"), "{user} by {connection}");
    }
    let consent = person.sign_in(&page, "ada", "google").await;
    assert!(consent.says("Ada Lovelace"));
}

#[tokio::test]
async fn another_account_can_be_chosen() {
    let mut fixture = Fixture::new().await;
    let answer = fixture
        .person
        .decide(&fixture.consent, "other-user", &[])
        .await;
    let page = fixture.person.follow(answer).await;
    fixture.consent = fixture.person.sign_in(&page, "alan", CONNECTION).await;
    assert!(fixture.consent.says("Alan Turing"));
    let code = fixture.approve().await.redirected_with("code").unwrap();
    let tokens = Tokens::of(&fixture.client.token(&fixture.client.exchange(&code)).await);
    let items = fixture.client.items(&tokens.access).await.json();
    assert_eq!(items["user"], "alan");
}

#[tokio::test]
async fn a_denial_grants_the_client_nothing() {
    for decision in ["deny", "", "anything"] {
        let mut fixture = Fixture::new().await;
        let answer = fixture
            .person
            .decide(&fixture.consent, decision, &["read:items"])
            .await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("location"), None);
        assert!(answer.body.contains("Access denied"), "{answer:?}");
        assert!(fixture.person.cookies.is_empty());
        assert_is_refused(&fixture.approve().await);
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

#[tokio::test]
async fn an_unticked_scope_is_not_granted() {
    let settings = two_scopes("strict");
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::public(&server.base).await;
    for (ticked, granted) in [
        (vec!["read:items", "write:items"], "read:items write:items"),
        (vec!["read:items"], "read:items"),
        (vec!["read:items", "delete:items", "admin"], "read:items"),
        (vec![], ""),
    ] {
        let (mut person, page) = consent_page(&client).await;
        let answer = person.decide(&page, "approve", &ticked).await;
        let code = answer.redirected_with("code").unwrap();
        let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
        assert_eq!(tokens.scope, granted);
        assert_eq!(tokens.refresh, "", "offline access was unticked, too");

        let (mut person, page) = consent_page(&client).await;
        let ticked: Vec<&str> = ticked.into_iter().chain(["offline_access"]).collect();
        let answer = person.decide(&page, "approve", &ticked).await;
        let code = answer.redirected_with("code").unwrap();
        let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
        let refreshed = client.token(&client.refresh(&tokens.refresh)).await;
        let granted: Vec<&str> = granted.split(' ').chain(["offline_access"]).collect();
        let told = Tokens::of(&refreshed).scope;
        assert_eq!(
            told,
            granted.join(" ").trim(),
            "removed scopes do not come back"
        );
    }
}

#[tokio::test]
async fn an_invalid_or_oversized_form_is_refused() {
    let mut fixture = Fixture::new().await;
    let url = format!("{}/interaction/consent", fixture.client.base);
    let large = with(
        fixture.consent.hidden.clone(),
        "decision",
        &"a".repeat(17 * 1024),
    );
    assert_eq!(send(form_request(&url, &large)).await.status, 413);
    let json = Request::post(&url).header("content-type", "application/json");
    let answer = send(json.body("{}".to_owned()).unwrap()).await;
    assert_eq!(answer.status, 415);
    assert_eq!(fixture.approve().await.status, 303);
}

#[tokio::test]
async fn an_expired_interaction_starts_again() {
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

/// Anyone can begin a session. The oldest sessions are evicted, so that the memory is limited.
#[tokio::test]
async fn the_number_of_sessions_is_limited() {
    let mut fixture = Fixture::new().await;
    let request = fixture.client.authorization();
    for _ in 0..1_999 {
        fixture.client.authorize(&request).await;
    }
    let path = format!("/interaction?session={}", fixture.consent.hidden[0].1);
    assert_eq!(fixture.person.look(&path).await.answer.status, 200);
    fixture.client.authorize(&request).await;
    assert_is_refused(&fixture.person.look(&path).await.answer);
}

/// A browser separates the cookies of two hosts; copying a cookie to another host gives no access.
#[tokio::test]
async fn a_session_is_invalid_at_another_tenant() {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["hosts"] = json!(["127.0.0.1"]);
    settings["tenants"][0]["issuer"] = Value::Null;
    let mut other = settings["tenants"][0].clone();
    other["id"] = "other".into();
    other["hosts"] = json!(["localhost"]);
    settings["tenants"].as_array_mut().unwrap().push(other);
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::public(&server.base).await;
    let (mut person, page) = consent_page(&client).await;
    let mut elsewhere = person.at(&server.base.replace("127.0.0.1", "localhost"));
    let path = format!("/interaction?session={}", page.hidden[0].1);
    assert_is_refused(&elsewhere.look(&path).await.answer);
    let ticked = ["read:items"];
    assert_is_refused(&elsewhere.decide(&page, "approve", &ticked).await);
    // The session's own tenant still accepts the cookie.
    let answer = person.decide(&page, "approve", &ticked).await;
    assert!(answer.redirected_with("code").is_some());
}
