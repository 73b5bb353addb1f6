//! The life of clients, from the wire to the store: which are evicted, swept and folded.

use oauth_dcr::{ClientId, MarkOutcome};
use serde_json::{Value, json};

use crate::support::fixture::{House, id_of};

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

fn folding() -> House {
    House::new(json!({ "fold_identical": true }))
}

#[tokio::test]
async fn the_oldest_unused_client_makes_room() {
    let house = House::new(json!({ "max_clients": 2 }));
    let first = house.register(&named("first")).await;
    house.set_hour(1);
    let second = house.register(&named("second")).await;
    house.events();
    house.set_hour(2);
    house.register(&named("third")).await;
    assert_eq!(house.stored(&first).await, None);
    assert!(house.stored(&second).await.is_some());
    assert_eq!(house.kinds_of_events(), ["Removed Evicted", "Registered"]);
}

#[tokio::test]
async fn an_idle_client_is_evicted_where_none_is_unused() {
    let house = House::new(json!({ "max_clients": 3 }));
    let idle = house.register(&named("idle")).await;
    let granted = house.register(&named("granted")).await;
    let unused = house.register(&named("unused")).await;
    house.mark_used(&idle, None).await;
    let live_until = Some(house.hours_from_now(50));
    house.mark_used(&granted, live_until).await;
    house.set_hour(10);
    house.events();
    let newcomer = house.register(&named("first newcomer")).await;
    assert_eq!(house.stored(&unused).await, None, "unused clients go first");
    house
        .mark_used(&newcomer, Some(house.hours_from_now(50)))
        .await;
    let newcomer = house.register(&named("second newcomer")).await;
    assert_eq!(house.stored(&idle).await, None, "then the longest idle");
    let evicted_and_registered = ["Removed Evicted", "Registered"];
    assert_eq!(house.kinds_of_events(), evicted_and_registered.repeat(2));
    // A live grant keeps a client; an hour after its end it can be evicted.
    house
        .mark_used(&newcomer, Some(house.hours_from_now(50)))
        .await;
    house.set_hour(51);
    let (status, _) = house.send(named("third newcomer").to_string()).await;
    assert_eq!(status, REFUSED);
    house.set_hour(52);
    house.register(&named("third newcomer")).await;
    assert_eq!(house.stored(&granted).await, None);
    assert!(house.stored(&newcomer).await.is_some());
}

/// What a mark comes to that evicts these clients.
fn marked(evicted: &[&Value]) -> MarkOutcome {
    let evicted: Vec<ClientId> = evicted.iter().copied().map(id_of).collect();
    MarkOutcome::Marked { evicted }
}

#[tokio::test]
async fn a_users_longest_idle_client_is_evicted() {
    let house = House::new(json!({ "max_clients_per_user": 2 }));
    let mut clients = Vec::new();
    for name in ["first", "second", "third", "fourth"] {
        clients.push(house.register(&named(name)).await);
    }
    let [first, second, third, fourth] = &clients[..] else {
        panic!("four clients are registered");
    };
    let months = Some(house.hours_from_now(2000));
    house.events();
    let others = house.mark_used_by(fourth, months, Some("bob")).await;
    assert_eq!(others, marked(&[]));
    house.set_hour(1);
    for client in [second, first] {
        let outcome = house.mark_used_by(client, months, Some("alice")).await;
        assert_eq!(outcome, marked(&[]), "two are within the limit");
    }
    assert_eq!(house.events(), [""; 0]);
    // Both have grants that end at one time: the lower id goes.
    let (lower, higher) = if id_of(first) < id_of(second) {
        (first, second)
    } else {
        (second, first)
    };
    let outcome = house.mark_used_by(third, None, Some("alice")).await;
    assert_eq!(outcome, marked(&[lower]), "a live grant or not");
    assert_eq!(house.kinds_of_events(), ["Removed UserLimit"]);
    assert_eq!(house.stored(lower).await, None);
    for client in [higher, third, fourth] {
        assert!(house.stored(client).await.is_some());
    }
    // Again, and with nothing new to write.
    let outcome = house.mark_used_by(third, None, Some("alice")).await;
    assert_eq!(outcome, marked(&[]));
    let outcome = house.mark_used_by(lower, None, Some("alice")).await;
    assert_eq!(outcome, MarkOutcome::UnknownClient);
    assert_eq!(house.events(), [""; 0]);
}

#[tokio::test]
async fn users_have_no_limit_by_default() {
    let house = House::new(json!({}));
    for number in 0..20 {
        let client = house.register(&named(&format!("App {number}"))).await;
        let outcome = house.mark_used_by(&client, None, Some("alice")).await;
        assert_eq!(outcome, marked(&[]));
    }
    assert_eq!(house.store.len(), 20);
}

#[tokio::test]
async fn clients_without_a_user_have_no_user_limit() {
    let house = House::new(json!({ "max_clients_per_user": 1 }));
    for name in ["first", "second", "third"] {
        let client = house.register(&named(name)).await;
        assert_eq!(house.mark_used_by(&client, None, None).await, marked(&[]));
    }
    assert_eq!(house.store.len(), 3);
}

#[tokio::test]
async fn a_shared_client_counts_for_its_first_user() {
    let house = House::new(json!({ "fold_identical": true, "max_clients_per_user": 1 }));
    let shared = house.register(&program(1)).await;
    for user in ["alice", "bob"] {
        house.set_hour(2);
        let same = house.register(&program(2)).await;
        assert_eq!(same["client_id"], shared["client_id"]);
        let outcome = house.mark_used_by(&same, None, Some(user)).await;
        assert_eq!(outcome, marked(&[]));
    }
    house.set_hour(4);
    let bobs = house.register(&named("bob's")).await;
    let outcome = house.mark_used_by(&bobs, None, Some("bob")).await;
    assert_eq!(outcome, marked(&[]), "it is not bob's");
    let alices = house.register(&named("alice's")).await;
    let outcome = house.mark_used_by(&alices, None, Some("alice")).await;
    assert_eq!(outcome, marked(&[&shared]), "it is alice's");
}

#[tokio::test]
async fn one_account_does_not_evict_a_client_that_others_use() {
    let house = House::new(json!({ "fold_identical": true, "max_clients_per_user": 2 }));
    let months = Some(house.hours_from_now(2000));
    let shared = house.register(&program(1)).await;
    for user in ["mallory", "alice"] {
        let outcome = house.mark_used_by(&shared, months, Some(user)).await;
        assert_eq!(outcome, marked(&[]));
    }
    let mut own = house.register(&named("first")).await;
    let outcome = house.mark_used_by(&own, months, Some("mallory")).await;
    assert_eq!(outcome, marked(&[]), "two are within the limit");
    // By then the shared client is idle for longer than all others.
    house.set_hour(3000);
    for number in 0..20 {
        let next = house.register(&named(&format!("App {number}"))).await;
        let outcome = house.mark_used_by(&next, None, Some("mallory")).await;
        assert_eq!(outcome, marked(&[&own]), "mallory's own client goes");
        own = next;
    }
    assert!(house.stored(&shared).await.is_some());
    assert_eq!(house.store.len(), 2, "the shared client counts as well");
}

/// Registers a client and gives it a refresh token of 30 days for `user`.
async fn register_and_consent(house: &House, user: &str) -> Value {
    let client = house.register(&named("App")).await;
    let live_until = Some(house.hours_from_now(720));
    let outcome = house.mark_used_by(&client, live_until, Some(user)).await;
    assert!(matches!(outcome, MarkOutcome::Marked { .. }));
    client
}

#[tokio::test]
async fn one_account_leaves_room_for_others() {
    let house = House::new(json!({ "max_clients": 50, "max_clients_per_user": 5 }));
    for _ in 0..200 {
        register_and_consent(&house, "mallory").await;
        assert!(house.store.len() <= 5 + 1);
    }
    let honest = register_and_consent(&house, "alice").await;
    for _ in 0..200 {
        let client = register_and_consent(&house, "mallory").await;
        // And a refresh.
        let refreshed = house.mark_used_by(&client, None, Some("mallory")).await;
        assert_eq!(refreshed, marked(&[]));
        assert!(house.stored(&honest).await.is_some());
    }
    assert_eq!(house.store.len(), 5 + 1);
}

#[tokio::test]
async fn without_a_user_limit_one_account_fills_a_tenant() {
    let house = House::new(json!({ "max_clients": 50 }));
    for _ in 0..50 {
        register_and_consent(&house, "mallory").await;
    }
    let (status, _) = house.send(named("App").to_string()).await;
    assert_eq!(status, REFUSED);
}

#[tokio::test]
async fn a_user_is_kept_as_a_digest() {
    const USER: &str = "alice@example.com";
    let house = House::new(json!({ "max_clients_per_user": 1 }));
    let first = register_and_consent(&house, USER).await;
    register_and_consent(&house, USER).await;
    assert_eq!(house.stored(&first).await, None);
    let events = house.events();
    assert!(events.iter().any(|event| event.contains("UserLimit")));
    let rows = format!("{:?}", house.store);
    assert!(rows.contains("UserKey("), "{rows}");
    for shown in events.iter().chain([&rows]) {
        assert!(!shown.contains(USER), "{shown}");
    }
}

#[tokio::test]
async fn a_tenant_whose_clients_are_all_in_use_is_full() {
    let house = House::new(json!({ "max_clients": 1 }));
    let first = house.register(&named("first")).await;
    house.mark_used(&first, None).await;
    house.events();
    let (status, body) = house.send(named("second").to_string()).await;
    assert_eq!(status, REFUSED);
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error", "error_description"]);
    assert_eq!(body["error"], "too_many_entities");
    assert!(!body.to_string().contains("second"));
    assert_eq!(house.kinds_of_events(), ["Refused"]);
    assert!(house.stored(&first).await.is_some());
    assert_eq!(house.store.len(), 1);
}

#[tokio::test]
async fn a_blocked_client_makes_no_room() {
    let house = House::new(json!({ "max_clients": 1 }));
    let first = house.register(&named("first")).await;
    house.owner().await.block(&id_of(&first)).await.unwrap();
    let (status, _) = house.send(named("second").to_string()).await;
    assert_eq!(status, REFUSED);
    house.owner().await.unblock(&id_of(&first)).await.unwrap();
    house.register(&named("second")).await;
    assert_eq!(house.stored(&first).await, None);
}

#[tokio::test]
async fn installs_of_one_program_are_one_client_each_told_its_own_port() {
    let house = folding();
    let first = house.register(&program(50_001)).await;
    house.set_hour(3);
    let second = house.register(&program(50_002)).await;
    assert_eq!(second["client_id"], first["client_id"]);
    assert_eq!(second["client_id_issued_at"], first["client_id_issued_at"]);
    assert_eq!(first["redirect_uris"], program(50_001)["redirect_uris"]);
    assert_eq!(second["redirect_uris"], program(50_002)["redirect_uris"]);
    assert_eq!(second.get("client_secret"), None);
    assert_eq!(house.store.len(), 1);
    assert_eq!(house.kinds_of_events(), ["Registered", "Deduplicated"]);
    let stored = house.stored(&first).await.unwrap();
    let uris = stored.metadata().redirect_uris();
    assert_eq!(uris[0].as_str(), "http://127.0.0.1:50001/callback");
}

#[tokio::test]
async fn what_is_not_quite_the_same_is_another_client() {
    let house = folding();
    let mut ids = vec![house.register(&program(50_001)).await["client_id"].clone()];
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
        let id = house.register(&body).await["client_id"].clone();
        assert!(!ids.contains(&id), "{member}: {value}");
        // And it is what the same is folded into.
        assert_eq!(house.register(&body).await["client_id"], id, "{member}");
        ids.push(id);
    }
    assert_eq!(house.store.len(), ids.len());
}

#[tokio::test]
async fn how_it_is_written_makes_no_difference() {
    let house = folding();
    let first = r#"{"redirect_uris": ["http://127.0.0.1:1/cb"], "token_endpoint_auth_method": "none",
        "client_name": "A", "client_name#fr": "B", "grant_types": ["authorization_code"]}"#;
    let second = r#"{"client_name#fr": "B", "unheard_of": 1, "client_name": " A ", "scope": "",
        "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/cb"]}"#;
    let (_, first) = house.send(first).await;
    let (_, second) = house.send(second).await;
    assert_eq!(first["client_id"], second["client_id"]);
}

#[tokio::test]
async fn the_port_of_localhost_floats_where_the_policy_says_so() {
    for (floats, clients) in [(false, 2), (true, 1)] {
        let house = House::new(json!({
            "fold_identical": true, "redirect_uris": { "localhost_any_port": floats },
        }));
        for port in [1, 2] {
            let mut body = program(1);
            body["redirect_uris"] = json!([format!("http://localhost:{port}/callback")]);
            house.register(&body).await;
        }
        assert_eq!(house.store.len(), clients, "floats: {floats}");
    }
}

#[tokio::test]
async fn confidential_clients_are_never_folded() {
    let house = folding();
    let first = house.register(&named("same")).await;
    let second = house.register(&named("same")).await;
    assert_ne!(first["client_id"], second["client_id"]);
    assert_ne!(first["client_secret"], second["client_secret"]);
}

#[tokio::test]
async fn nothing_is_folded_unless_someone_turns_it_on() {
    let house = House::new(json!({}));
    let first = house.register(&program(1)).await;
    let second = house.register(&program(1)).await;
    assert_ne!(first["client_id"], second["client_id"]);
}

#[tokio::test]
async fn modes_are_never_folded_into_each_other() {
    let strict = folding();
    let first = strict.register(&program(1)).await;
    // The same tenant, which has changed its mind.
    let permissive = House::with_store(
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
async fn a_blocked_client_stays_blocked_whoever_is_folded_into_it() {
    let house = folding();
    let first = house.register(&program(1)).await;
    house.owner().await.block(&id_of(&first)).await.unwrap();
    let again = house.register(&program(2)).await;
    assert_eq!(again["client_id"], first["client_id"]);
    assert!(house.stored(&again).await.unwrap().is_blocked());
}

#[tokio::test]
async fn a_client_that_was_changed_is_no_longer_folded_into() {
    let house = folding();
    let first = house.register(&program(1)).await;
    let owner = house.owner().await;
    let client = owner.find(&id_of(&first)).await.unwrap();
    let request = oauth_dcr::RegistrationRequest::from_json(program(1).to_string().as_bytes());
    owner.update(&client, request.unwrap()).await.unwrap();
    let again = house.register(&program(1)).await;
    assert_ne!(again["client_id"], first["client_id"]);
}

#[tokio::test]
async fn a_full_tenant_still_folds() {
    let house = House::new(json!({ "fold_identical": true, "max_clients": 1 }));
    let first = house.register(&program(1)).await;
    house.mark_used(&first, None).await;
    assert_eq!(
        house.register(&program(2)).await["client_id"],
        first["client_id"]
    );
    let (status, _) = house.send(named("other").to_string()).await;
    assert_eq!(status, REFUSED);
}

#[tokio::test]
async fn clients_never_used_are_swept_after_their_time() {
    let house = House::new(json!({ "remove_unused_after_seconds": 86_400 }));
    let unused = house.register(&named("unused")).await;
    let used = house.register(&named("used")).await;
    house.mark_used(&used, None).await;
    let owner = house.owner().await;
    house.events();
    house.set_hour(24);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    house.set_hour(25);
    assert_eq!(owner.sweep(1000).await.unwrap(), [id_of(&unused)]);
    assert_eq!(house.kinds_of_events(), ["Removed Swept"]);
    house.set_hour(10_000);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    assert!(house.stored(&used).await.is_some());
}

#[tokio::test]
async fn idle_clients_are_swept_and_those_with_a_live_grant_are_not() {
    let house = House::new(json!({ "remove_idle_after_seconds": 86_400 }));
    let idle = house.register(&named("idle")).await;
    let granted = house.register(&named("granted")).await;
    let never_used = house.register(&named("never used")).await;
    house.mark_used(&idle, None).await;
    house
        .mark_used(&granted, Some(house.hours_from_now(100)))
        .await;
    let owner = house.owner().await;
    // An hour at most is added, so that marks cost little.
    house.set_hour(25);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    house.set_hour(26);
    assert_eq!(owner.sweep(1000).await.unwrap(), [id_of(&idle)]);
    house.set_hour(124);
    assert_eq!(owner.sweep(1000).await.unwrap(), []);
    house.set_hour(126);
    assert_eq!(owner.sweep(1000).await.unwrap(), [id_of(&granted)]);
    assert!(house.stored(&never_used).await.is_some());
}

#[tokio::test]
async fn without_settings_nobody_is_swept() {
    let house = House::new(json!({}));
    house.register(&named("a")).await;
    house.set_hour(1_000_000);
    assert_eq!(house.owner().await.sweep(1000).await.unwrap(), []);
    assert_eq!(house.store.len(), 1);
}

#[test]
fn a_limit_of_nothing_is_no_setting() {
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
async fn a_client_that_is_gone_can_not_be_marked() {
    let house = House::new(json!({}));
    let answer = house.register(&named("App")).await;
    house.owner().await.delete(&id_of(&answer)).await.unwrap();
    let marked = house.mark_used_by(&answer, None, None).await;
    assert_eq!(marked, MarkOutcome::UnknownClient);
}
