//! Open registration fills tables: this tests how large they grow if a tenant sets limits.
//!
//! `OAUTH_DCR_GROWTH` says how many registrations are made.

use std::{collections::BTreeSet, env};

use serde_json::{Value, json};

use super::corpus::cases;
use crate::support::{fixture::Fixture, random::Random};

const REGISTRATIONS: usize = 3_000;

/// How many different programs register repeatedly.
const PROGRAMS: usize = 20;

fn registrations() -> usize {
    let wanted = env::var("OAUTH_DCR_GROWTH").ok();
    wanted.map_or(REGISTRATIONS, |text| text.parse().expect("a number"))
}

fn is_public(body: &Value) -> bool {
    body["token_endpoint_auth_method"] == "none"
}

/// Registrations of real clients: public clients and a few confidential clients, with those on
/// loopback addresses first.
fn programs() -> Vec<Value> {
    let mut bodies: Vec<Value> = Vec::new();
    for case in cases::interop() {
        let Ok(body) = serde_json::from_slice::<Value>(&case.body) else {
            continue;
        };
        let is_good = case.is_plain_json() && case.expected.statuses == [201];
        if is_good && !bodies.contains(&body) {
            bodies.push(body);
        }
    }
    let on_loopback = |body: &Value| {
        body["redirect_uris"]
            .to_string()
            .contains("http://127.0.0.1")
    };
    bodies.sort_by_key(|body| !on_loopback(body));
    let (public, confidential): (Vec<_>, Vec<_>) = bodies.into_iter().partition(is_public);
    let public = public.into_iter().take(PROGRAMS - 4);
    let programs: Vec<Value> = public.chain(confidential.into_iter().take(4)).collect();
    assert_eq!(programs.len(), PROGRAMS);
    assert!(programs.iter().filter(|it| on_loopback(it)).count() >= 5);
    programs
}

/// One install of a program: it listens on any free port.
fn install(program: &Value, random: &mut Random) -> Value {
    let mut body = program.clone();
    let port = 1024 + random.below(60_000);
    for uri in body["redirect_uris"].as_array_mut().unwrap() {
        let text = uri.as_str().unwrap();
        for host in ["http://127.0.0.1", "http://[::1]", "http://localhost"] {
            let Some(rest) = text.strip_prefix(host) else {
                continue;
            };
            let path = rest.find('/').map_or("", |at| &rest[at..]);
            *uri = format!("{host}:{port}{path}").into();
            break;
        }
    }
    body
}

#[tokio::test]
async fn many_installs_need_only_a_few_rows() {
    let fixture = Fixture::new(json!({
        "fold_identical": true, "redirect_uris": { "localhost_any_port": true },
    }));
    let programs = programs();
    let mut random = Random(1);
    let mut confidential = 0;
    let mut ids = BTreeSet::new();
    for number in 0..registrations() {
        fixture.set_hour(u64::try_from(number / 100).unwrap());
        let program = &programs[random.below(PROGRAMS)];
        let body = install(program, &mut random);
        let answer = fixture.register(&body).await;
        if is_public(program) {
            // Each install gets its own ports in the answer.
            assert_eq!(
                answer["redirect_uris"],
                deduplicated(&body["redirect_uris"])
            );
            ids.insert(answer["client_id"].to_string());
        } else {
            confidential += 1;
        }
    }
    let public = programs.iter().filter(|it| is_public(it)).count();
    assert!(ids.len() <= public, "{} public clients", ids.len());
    assert_eq!(fixture.store.len(), ids.len() + confidential);
}

/// A list as registration stores it: duplicates are removed.
fn deduplicated(uris: &Value) -> Value {
    let mut kept: Vec<&Value> = Vec::new();
    for uri in uris.as_array().unwrap() {
        if !kept.contains(&uri) {
            kept.push(uri);
        }
    }
    json!(kept)
}

#[tokio::test]
async fn sweeps_bound_a_table_and_keep_active_clients() {
    // A hundred clients register per hour; a client that is not used within ten hours is removed.
    const PER_HOUR: usize = 100;
    let fixture = Fixture::new(json!({
        "remove_unused_after_seconds": 36_000, "remove_idle_after_seconds": 72_000,
    }));
    let programs = programs();
    let mut random = Random(2);
    let in_use = fixture.register(&programs[0]).await;
    fixture.mark_used(&in_use, None).await;
    let owner = fixture.owner().await;
    let mut most = 0;
    for number in 0..registrations() {
        let hour = u64::try_from(number / PER_HOUR).unwrap();
        fixture.set_hour(hour);
        fixture
            .register(&install(&programs[random.below(PROGRAMS)], &mut random))
            .await;
        if number % PER_HOUR == 0 {
            while !owner.sweep(1000).await.unwrap().is_empty() {}
            if hour % 10 == 0 {
                fixture.mark_used(&in_use, None).await;
            }
            assert!(fixture.stored(&in_use).await.is_some(), "hour {hour}");
        }
        most = most.max(fixture.store.len());
    }
    assert!(most <= 12 * PER_HOUR + 1, "{most} rows");
    let later = u64::try_from(registrations()).unwrap() + 1_000;
    fixture.set_hour(later);
    while !owner.sweep(1000).await.unwrap().is_empty() {}
    assert_eq!(fixture.store.len(), 0, "no client is in use at the end");
}

#[tokio::test]
async fn limit_bounds_a_table_and_keeps_active_clients() {
    let fixture = Fixture::new(json!({ "max_clients": 50 }));
    let programs = programs();
    let mut random = Random(3);
    let in_use = fixture.register(&programs[0]).await;
    fixture.mark_used(&in_use, None).await;
    for _ in 0..registrations() {
        fixture
            .register(&install(&programs[random.below(PROGRAMS)], &mut random))
            .await;
        assert!(fixture.store.len() <= 50);
    }
    assert_eq!(fixture.store.len(), 50);
    assert!(fixture.stored(&in_use).await.is_some());
}
