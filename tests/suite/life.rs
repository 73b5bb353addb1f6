//! The life of clients, from the wire to the store: which are evicted, swept and deduplicated.

use oauth_dcr::{ClientId, MarkOutcome};
use serde_json::{Value, json};

use crate::support::fixture::{Fixture, id_of};

const REFUSED: u16 = 403;

fn named(name: &str) -> Value {
    json!({ "redirect_uris": ["https://app.example.com/callback"], "client_name": name })
}

/// A public client that listens on this port of the loopback interface.
fn program(port: u16) -> Value {
    json!({
        "redirect_uris": [
            format!("http://127.0.0.1:{port}/callback"), format!("http://[::1]:{port}/callback"),
        ],
        "token_endpoint_auth_method": "none",
        "client_name": "Agent",
    })
}

fn deduplicating() -> Fixture {
    Fixture::new(json!({ "fold_identical": true }))
}

#[tokio::test]
async fn the_oldest_unused_client_is_evicted() {
    let fixture = Fixture::new(json!({ "max_clients": 2 }));
    let first = fixture.register(&named("first")).await;
    fixture.set_hour(1);
    let second = fixture.register(&named("second")).await;
    fixture.events();
    fixture.set_hour(2);
    fixture.register(&named("third")).await;
    assert_eq!(fixture.stored(&first).await, None);
    assert!(fixture.stored(&second).await.is_some());
    assert_eq!(fixture.kinds_of_events(), ["Removed Evicted", "Registered"]);
}

#[tokio::test]
async fn idle_client_is_evicted_if_none_is_unused() {
    let fixture = Fixture::new(json!({ "max_clients": 3 }));
    let idle = fixture.register(&named("idle")).await;
    let granted = fixture.register(&named("granted")).await;
    let unused = fixture.register(&named("unused")).await;
    fixture.mark_used(&idle, None).await;
    let live_until = Some(fixture.hours_from_now(50));
    fixture.mark_used(&granted, live_until).await;
    fixture.set_hour(10);
    fixture.events();
    let newcomer = fixture.register(&named("first newcomer")).await;
    assert_eq!(
        fixture.stored(&unused).await,
        None,
        "unused clients are evicted first"
    );
    fixture
        .mark_used(&newcomer, Some(fixture.hours_from_now(50)))
        .await;
    let newcomer = fixture.register(&named("second newcomer")).await;
    assert_eq!(
        fixture.stored(&idle).await,
        None,
        "the longest idle client is next"
    );
    let evicted_and_registered = ["Removed Evicted", "Registered"];
    assert_eq!(fixture.kinds_of_events(), evicted_and_registered.repeat(2));
    // A live grant protects a client; one hour after the grant ends, the client can be evicted.
    fixture
        .mark_used(&newcomer, Some(fixture.hours_from_now(50)))
        .await;
    fixture.set_hour(51);
    let (status, _) = fixture.send(named("third newcomer").to_string()).await;
    assert_eq!(status, REFUSED);
    fixture.set_hour(52);
    fixture.register(&named("third newcomer")).await;
    assert_eq!(fixture.stored(&granted).await, None);
    assert!(fixture.stored(&newcomer).await.is_some());
}

/// The outcome of a mark that evicts these clients.
fn marked(evicted: &[&Value]) -> MarkOutcome {
    let evicted: Vec<ClientId> = evicted.iter().copied().map(id_of).collect();
    MarkOutcome::Marked { evicted }
}

#[tokio::test]
async fn a_users_longest_idle_client_is_evicted() {
    let fixture = Fixture::new(json!({ "max_clients_per_user": 2 }));
    let mut clients = Vec::new();
    for name in ["first", "second", "third", "fourth"] {
        clients.push(fixture.register(&named(name)).await);
    }
    let [first, second, third, fourth] = &clients[..] else {
        panic!("four clients are registered");
    };
    let months = Some(fixture.hours_from_now(2000));
    fixture.events();
    let others = fixture.mark_used_by(fourth, months, Some("bob")).await;
    assert_eq!(others, marked(&[]));
    fixture.set_hour(1);
    for client in [second, first] {
        let outcome = fixture.mark_used_by(client, months, Some("alice")).await;
        assert_eq!(outcome, marked(&[]), "two are within the limit");
    }
    assert_eq!(fixture.events(), [""; 0]);
    // Both have grants that end at the same time: the client with the lower id is evicted.
    let (lower, higher) = if id_of(first) < id_of(second) {
        (first, second)
    } else {
        (second, first)
    };
    let outcome = fixture.mark_used_by(third, None, Some("alice")).await;
    assert_eq!(
        outcome,
        marked(&[lower]),
        "a live grant makes no difference"
    );
    assert_eq!(fixture.kinds_of_events(), ["Removed UserLimit"]);
    assert_eq!(fixture.stored(lower).await, None);
    for client in [higher, third, fourth] {
        assert!(fixture.stored(client).await.is_some());
    }
    // The same mark again, with nothing new to write.
    let outcome = fixture.mark_used_by(third, None, Some("alice")).await;
    assert_eq!(outcome, marked(&[]));
    let outcome = fixture.mark_used_by(lower, None, Some("alice")).await;
    assert_eq!(outcome, MarkOutcome::UnknownClient);
    assert_eq!(fixture.events(), [""; 0]);
}

#[tokio::test]
async fn users_have_no_limit_by_default() {
    let fixture = Fixture::new(json!({}));
    for number in 0..20 {
        let client = fixture.register(&named(&format!("App {number}"))).await;
        let outcome = fixture.mark_used_by(&client, None, Some("alice")).await;
        assert_eq!(outcome, marked(&[]));
    }
    assert_eq!(fixture.store.len(), 20);
}

#[tokio::test]
async fn clients_without_a_user_have_no_user_limit() {
    let fixture = Fixture::new(json!({ "max_clients_per_user": 1 }));
    for name in ["first", "second", "third"] {
        let client = fixture.register(&named(name)).await;
        assert_eq!(fixture.mark_used_by(&client, None, None).await, marked(&[]));
    }
    assert_eq!(fixture.store.len(), 3);
}

#[tokio::test]
async fn shared_client_counts_only_for_its_first_user() {
    let fixture = Fixture::new(json!({ "fold_identical": true, "max_clients_per_user": 1 }));
    let shared = fixture.register(&program(1)).await;
    for user in ["alice", "bob"] {
        fixture.set_hour(2);
        let same = fixture.register(&program(2)).await;
        assert_eq!(same["client_id"], shared["client_id"]);
        let outcome = fixture.mark_used_by(&same, None, Some(user)).await;
        assert_eq!(outcome, marked(&[]));
    }
    fixture.set_hour(4);
    let bobs = fixture.register(&named("bob's")).await;
    let outcome = fixture.mark_used_by(&bobs, None, Some("bob")).await;
    assert_eq!(outcome, marked(&[]), "bob is not its first user");
    let alices = fixture.register(&named("alice's")).await;
    let outcome = fixture.mark_used_by(&alices, None, Some("alice")).await;
    assert_eq!(outcome, marked(&[&shared]), "alice is its first user");
}

#[tokio::test]
async fn one_account_never_evicts_a_shared_client() {
    let fixture = Fixture::new(json!({ "fold_identical": true, "max_clients_per_user": 2 }));
    let months = Some(fixture.hours_from_now(2000));
    let shared = fixture.register(&program(1)).await;
    for user in ["mallory", "alice"] {
        let outcome = fixture.mark_used_by(&shared, months, Some(user)).await;
        assert_eq!(outcome, marked(&[]));
    }
    let mut own = fixture.register(&named("first")).await;
    let outcome = fixture.mark_used_by(&own, months, Some("mallory")).await;
    assert_eq!(outcome, marked(&[]), "two are within the limit");
    // By then the shared client has been idle longer than all others.
    fixture.set_hour(3000);
    for number in 0..20 {
        let next = fixture.register(&named(&format!("App {number}"))).await;
        let outcome = fixture.mark_used_by(&next, None, Some("mallory")).await;
        assert_eq!(outcome, marked(&[&own]), "mallory's own client is evicted");
        own = next;
    }
    assert!(fixture.stored(&shared).await.is_some());
    assert_eq!(fixture.store.len(), 2, "the shared client counts as well");
}

/// Registers a client and gives it a refresh token of 30 days for `user`.
async fn register_and_consent(fixture: &Fixture, user: &str) -> Value {
    let client = fixture.register(&named("App")).await;
    let live_until = Some(fixture.hours_from_now(720));
    let outcome = fixture.mark_used_by(&client, live_until, Some(user)).await;
    assert!(matches!(outcome, MarkOutcome::Marked { .. }));
    client
}

#[tokio::test]
async fn user_limit_leaves_room_for_other_accounts() {
    let fixture = Fixture::new(json!({ "max_clients": 50, "max_clients_per_user": 5 }));
    for _ in 0..200 {
        register_and_consent(&fixture, "mallory").await;
        assert!(fixture.store.len() <= 5 + 1);
    }
    let honest = register_and_consent(&fixture, "alice").await;
    for _ in 0..200 {
        let client = register_and_consent(&fixture, "mallory").await;
        // The client refreshes its token as well.
        let refreshed = fixture.mark_used_by(&client, None, Some("mallory")).await;
        assert_eq!(refreshed, marked(&[]));
        assert!(fixture.stored(&honest).await.is_some());
    }
    assert_eq!(fixture.store.len(), 5 + 1);
}

#[tokio::test]
async fn one_account_fills_a_tenant_without_user_limit() {
    let fixture = Fixture::new(json!({ "max_clients": 50 }));
    for _ in 0..50 {
        register_and_consent(&fixture, "mallory").await;
    }
    let (status, _) = fixture.send(named("App").to_string()).await;
    assert_eq!(status, REFUSED);
}

#[tokio::test]
async fn a_user_is_kept_as_a_digest() {
    const USER: &str = "alice@example.com";
    let fixture = Fixture::new(json!({ "max_clients_per_user": 1 }));
    let first = register_and_consent(&fixture, USER).await;
    register_and_consent(&fixture, USER).await;
    assert_eq!(fixture.stored(&first).await, None);
    let events = fixture.events();
    assert!(events.iter().any(|event| event.contains("UserLimit")));
    let rows = format!("{:?}", fixture.store);
    assert!(rows.contains("UserKey("), "{rows}");
    for shown in events.iter().chain([&rows]) {
        assert!(!shown.contains(USER), "{shown}");
    }
}

#[tokio::test]
async fn tenant_with_only_active_clients_is_full() {
    let fixture = Fixture::new(json!({ "max_clients": 1 }));
    let first = fixture.register(&named("first")).await;
    fixture.mark_used(&first, None).await;
    fixture.events();
    let (status, body) = fixture.send(named("second").to_string()).await;
    assert_eq!(status, REFUSED);
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error", "error_description"]);
    assert_eq!(body["error"], "too_many_entities");
    assert!(!body.to_string().contains("second"));
    assert_eq!(fixture.kinds_of_events(), ["Refused"]);
    assert!(fixture.stored(&first).await.is_some());
    assert_eq!(fixture.store.len(), 1);
}

#[tokio::test]
async fn blocked_client_is_never_evicted() {
    let fixture = Fixture::new(json!({ "max_clients": 1 }));
    let first = fixture.register(&named("first")).await;
    fixture.owner().await.block(&id_of(&first)).await.unwrap();
    let (status, _) = fixture.send(named("second").to_string()).await;
    assert_eq!(status, REFUSED);
    fixture.owner().await.unblock(&id_of(&first)).await.unwrap();
    fixture.register(&named("second")).await;
    assert_eq!(fixture.stored(&first).await, None);
}

#[tokio::test]
async fn installs_of_one_program_are_one_client() {
    let fixture = deduplicating();
    let first = fixture.register(&program(50_001)).await;
    fixture.set_hour(3);
    let second = fixture.register(&program(50_002)).await;
    assert_eq!(second["client_id"], first["client_id"]);
    assert_eq!(second["client_id_issued_at"], first["client_id_issued_at"]);
    assert_eq!(first["redirect_uris"], program(50_001)["redirect_uris"]);
    assert_eq!(second["redirect_uris"], program(50_002)["redirect_uris"]);
    assert_eq!(second.get("client_secret"), None);
    assert_eq!(fixture.store.len(), 1);
    assert_eq!(fixture.kinds_of_events(), ["Registered", "Deduplicated"]);
    let stored = fixture.stored(&first).await.unwrap();
    let uris = stored.metadata().redirect_uris();
    assert_eq!(uris[0].as_str(), "http://127.0.0.1:50001/callback");
}

#[tokio::test]
async fn different_metadata_is_another_client() {
    let fixture = deduplicating();
    let mut ids = vec![fixture.register(&program(50_001)).await["client_id"].clone()];
    for (member, value) in [
        ("client_name", json!("Agent 2")),
        ("client_name", json!("agent")),
        ("client_name#en", json!("Agent")),
        ("scope", json!("read")),
        ("software_version", json!("1")),
        (
            "grant_types",
            json!(["authorization_code", "refresh_token"]),
        ),
        (
            "grant_types",
            json!(["refresh_token", "authorization_code"]),
        ),
        ("application_type", json!("native")),
        ("contacts", json!(["a@example.com"])),
        ("redirect_uris", json!(["http://127.0.0.1:1/callback"])),
        (
            "redirect_uris",
            json!(["http://[::1]:1/callback", "http://127.0.0.1:1/callback"]),
        ),
        (
            "redirect_uris",
            json!(["http://127.0.0.1:1/callback", "http://[::1]:1/other"]),
        ),
        (
            "redirect_uris",
            json!(["http://127.0.0.1:1/callback?a", "http://[::1]:1/callback"]),
        ),
        (
            "redirect_uris",
            json!(["https://app.example.com:8443/callback"]),
        ),
        (
            "redirect_uris",
            json!(["https://app.example.com:8444/callback"]),
        ),
        ("redirect_uris", json!(["http://localhost:1/callback"])),
        ("redirect_uris", json!(["http://localhost:2/callback"])),
    ] {
        let mut body = program(50_002);
        body[member] = value.clone();
        let id = fixture.register(&body).await["client_id"].clone();
        assert!(!ids.contains(&id), "{member}: {value}");
        // An equal registration is a duplicate.
        assert_eq!(fixture.register(&body).await["client_id"], id, "{member}");
        ids.push(id);
    }
    assert_eq!(fixture.store.len(), ids.len());
}

#[tokio::test]
async fn the_spelling_of_metadata_makes_no_difference() {
    let fixture = deduplicating();
    let first = r#"{"redirect_uris": ["http://127.0.0.1:1/cb"], "token_endpoint_auth_method": "none",
        "client_name": "A", "client_name#fr": "B", "grant_types": ["authorization_code"]}"#;
    let second = r#"{"client_name#fr": "B", "unheard_of": 1, "client_name": " A ", "scope": "",
        "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/cb"]}"#;
    let (_, first) = fixture.send(first).await;
    let (_, second) = fixture.send(second).await;
    assert_eq!(first["client_id"], second["client_id"]);
}

#[tokio::test]
async fn ports_of_localhost_are_ignored_if_allowed() {
    for (floats, clients) in [(false, 2), (true, 1)] {
        let fixture = Fixture::new(json!({
            "fold_identical": true, "redirect_uris": { "localhost_any_port": floats },
        }));
        for port in [1, 2] {
            let mut body = program(1);
            body["redirect_uris"] = json!([format!("http://localhost:{port}/callback")]);
            fixture.register(&body).await;
        }
        assert_eq!(fixture.store.len(), clients, "floats: {floats}");
    }
}

#[tokio::test]
async fn confidential_clients_are_never_duplicates() {
    let fixture = deduplicating();
    let first = fixture.register(&named("same")).await;
    let second = fixture.register(&named("same")).await;
    assert_ne!(first["client_id"], second["client_id"]);
    assert_ne!(first["client_secret"], second["client_secret"]);
}

#[tokio::test]
async fn deduplication_is_off_by_default() {
    let fixture = Fixture::new(json!({}));
    let first = fixture.register(&program(1)).await;
    let second = fixture.register(&program(1)).await;
    assert_ne!(first["client_id"], second["client_id"]);
}

#[tokio::test]
async fn clients_of_different_modes_are_not_duplicates() {
    let strict = deduplicating();
    let first = strict.register(&program(1)).await;
    // The same tenant after its setting was changed.
    let permissive = Fixture::with_store(
        strict.store.clone(),
        json!({ "fold_identical": true, "security_mode": "permissive" }),
    );
    let second = permissive.register(&program(1)).await;
    assert_ne!(first["client_id"], second["client_id"]);
    assert_eq!(strict.store.len(), 2);
    assert_eq!(
        strict.register(&program(2)).await["client_id"],
        first["client_id"]
    );
}

#[tokio::test]
async fn a_blocked_client_stays_blocked_after_a_duplicate() {
    let fixture = deduplicating();
    let first = fixture.register(&program(1)).await;
    fixture.owner().await.block(&id_of(&first)).await.unwrap();
    let again = fixture.register(&program(2)).await;
    assert_eq!(again["client_id"], first["client_id"]);
    assert!(fixture.stored(&again).await.unwrap().is_blocked());
}

#[tokio::test]
async fn a_changed_client_has_no_duplicates() {
    let fixture = deduplicating();
    let first = fixture.register(&program(1)).await;
    let owner = fixture.owner().await;
    let client = owner.find(&id_of(&first)).await.unwrap();
    let request = oauth_dcr::RegistrationRequest::from_json(program(1).to_string().as_bytes());
    owner.update(&client, request.unwrap()).await.unwrap();
    let again = fixture.register(&program(1)).await;
    assert_ne!(again["client_id"], first["client_id"]);
}

#[tokio::test]
async fn a_full_tenant_still_deduplicates() {
    let fixture = Fixture::new(json!({ "fold_identical": true, "max_clients": 1 }));
    let first = fixture.register(&program(1)).await;
    fixture.mark_used(&first, None).await;
    assert_eq!(
        fixture.register(&program(2)).await["client_id"],
        first["client_id"]
    );
    let (status, _) = fixture.send(named("other").to_string()).await;
    assert_eq!(status, REFUSED);
}

#[tokio::test]
async fn unused_clients_are_swept_after_their_lifetime() {
    let fixture = Fixture::new(json!({ "remove_unused_after_seconds": 86_400 }));
    let unused = fixture.register(&named("unused")).await;
    let used = fixture.register(&named("used")).await;
    fixture.mark_used(&used, None).await;
    let owner = fixture.owner().await;
    fixture.events();
    fixture.set_hour(24);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    fixture.set_hour(25);
    assert_eq!(owner.sweep(1000).await.unwrap(), [id_of(&unused)]);
    assert_eq!(fixture.kinds_of_events(), ["Removed Swept"]);
    fixture.set_hour(10_000);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    assert!(fixture.stored(&used).await.is_some());
}

#[tokio::test]
async fn clients_with_live_grants_are_not_swept() {
    let fixture = Fixture::new(json!({ "remove_idle_after_seconds": 86_400 }));
    let idle = fixture.register(&named("idle")).await;
    let granted = fixture.register(&named("granted")).await;
    let never_used = fixture.register(&named("never used")).await;
    fixture.mark_used(&idle, None).await;
    fixture
        .mark_used(&granted, Some(fixture.hours_from_now(100)))
        .await;
    let owner = fixture.owner().await;
    // The store adds at most one hour, so that marks need few writes.
    fixture.set_hour(25);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    fixture.set_hour(26);
    assert_eq!(owner.sweep(1000).await.unwrap(), [id_of(&idle)]);
    fixture.set_hour(124);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    fixture.set_hour(126);
    assert_eq!(owner.sweep(1000).await.unwrap(), [id_of(&granted)]);
    assert!(fixture.stored(&never_used).await.is_some());
}

#[tokio::test]
async fn no_client_is_swept_without_settings() {
    let fixture = Fixture::new(json!({}));
    fixture.register(&named("a")).await;
    fixture.set_hour(1_000_000);
    assert_eq!(fixture.owner().await.sweep(1000).await.unwrap(), []);
    assert_eq!(fixture.store.len(), 1);
}

#[test]
fn limit_of_zero_is_refused() {
    for member in [
        "max_clients",
        "max_clients_per_user",
        "remove_unused_after_seconds",
        "remove_idle_after_seconds",
    ] {
        for (value, is_good) in [(json!(0), false), (json!(-1), false), (json!(1), true)] {
            let document = json!({
                "tenants": [{ "id": "t1", "registration": { member: value } }]
            });
            let read = oauth_dcr::settings::SettingsDocument::from_json(&document.to_string());
            assert_eq!(read.is_ok(), is_good, "{document}");
        }
    }
}

#[tokio::test]
async fn removed_client_cannot_be_marked_used() {
    let fixture = Fixture::new(json!({}));
    let answer = fixture.register(&named("App")).await;
    fixture.owner().await.delete(&id_of(&answer)).await.unwrap();
    let marked = fixture.mark_used_by(&answer, None, None).await;
    assert_eq!(marked, MarkOutcome::UnknownClient);
}
