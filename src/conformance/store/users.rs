//! Limits on the clients of a user, and the clients that they evict.

use std::{collections::BTreeSet, num::NonZeroU64};

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, id, inserted, insertion, key, limited, written},
        race::race,
    },
    store::{Activity, BlockOutcome, ClientStore, TouchOutcome, UpdateOutcome, UserKey},
    types::Timestamp,
};

/// How many activities race.
const RACERS: usize = 32;

const fn user(byte: u8) -> UserKey {
    UserKey::from_bytes([byte; 32])
}

/// A use by a user who may have `max` clients.
fn used(by: UserKey, now: Timestamp, max: u64) -> Activity {
    let touch = Activity::used(now, None).by(Some(by));
    touch.max_clients_per_user(NonZeroU64::new(max))
}

fn evicted(outcome: TouchOutcome) -> Vec<String> {
    match outcome {
        TouchOutcome::Written { evicted } => evicted.iter().map(ToString::to_string).collect(),
        other => fail("a touch is written", &other),
    }
}

/// "Those that are idle for longest are evicted, with or without a live grant". The touched client and clients of
/// other users stay.
pub async fn a_users_longest_idle_client_is_evicted(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "the user's longest idle client is evicted";
    let (first, second) = (user(1), user(2));
    fixture
        .put_all(&["a", "b", "c", "d", "e", "other", "unused"])
        .await;
    let other = fixture.touch("other", used(second, hour(0), 1)).await;
    assert_eq!(other, written(), "{rule}: one client is within the limit");
    for (name, hours) in [("c", 3), ("a", 5), ("b", 3)] {
        let touch = fixture.touch(name, used(first, hour(hours), 3)).await;
        assert_eq!(
            touch,
            written(),
            "{rule}: three clients are within the limit"
        );
    }
    // The touched client stays, although it has been idle for the longest time.
    let touch = fixture.touch("d", used(first, hour(1), 3)).await;
    assert_eq!(evicted(touch), ["b"], "{rule}, or of several the lowest id");
    let granted = Activity::used(hour(3), Some(hour(99))).by(Some(first));
    fixture.touch("d", granted).await;
    fixture
        .touch("a", Activity::used(hour(5), Some(hour(98))))
        .await;
    let touch = fixture.touch("e", used(first, hour(6), 1)).await;
    assert_eq!(
        evicted(touch),
        ["c", "a", "d"],
        "{rule}, with or without a live grant"
    );
    assert_eq!(fixture.names().await, ["e", "other", "unused"], "{rule}");
    // The tenant's count of clients is right.
    let insertion = limited(fixture.insertion("f"), 4);
    assert_eq!(fixture.insert(insertion).await, inserted(), "{rule}");
}

/// A client keeps the key of its first user, and counts for no other user.
pub async fn a_client_counts_for_its_first_user(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "a client counts for its first user";
    let (first, second) = (user(1), user(2));
    fixture.put_all(&["a", "b", "c"]).await;
    // The first use may have no user, and a later use names one.
    assert_eq!(
        fixture.touch("a", Activity::used(hour(0), None)).await,
        written()
    );
    let named = fixture.touch("a", used(first, hour(0), 2)).await;
    assert_eq!(named, written(), "{rule}: the user is written once");
    let again = fixture.touch("a", used(first, hour(0), 2)).await;
    assert_eq!(again, TouchOutcome::Unchanged, "{rule}");
    let other = fixture.touch("a", used(second, hour(0), 1)).await;
    assert_eq!(other, written(), "{rule}: the sharing is written once");
    let other = fixture.touch("a", used(second, hour(0), 1)).await;
    assert_eq!(other, TouchOutcome::Unchanged, "{rule}");
    let other = fixture.touch("a", used(second, hour(5), 1)).await;
    assert_eq!(other, written(), "{rule}");
    assert_eq!(
        fixture.touch("b", used(second, hour(6), 1)).await,
        written()
    );
    let touch = fixture.touch("c", used(first, hour(7), 1)).await;
    assert_eq!(evicted(touch), ["a"], "{rule}");
}

/// "A shared client is evicted only when all of the user's other clients are shared". A client is shared if a second
/// user has used it, and counts for the limit like any other.
pub async fn a_shared_client_is_evicted_last(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "a client that a second user has used is evicted last";
    let (first, second, third) = (user(1), user(2), user(3));
    fixture
        .put_all(&["a", "b", "c", "d", "shared", "shared-too"])
        .await;
    for (name, hours) in [("shared-too", 0), ("shared", 1)] {
        let touch = fixture.touch(name, used(first, hour(hours), 9)).await;
        assert_eq!(touch, written(), "{rule}");
        let touch = fixture.touch(name, used(second, hour(hours), 9)).await;
        assert_eq!(touch, written(), "{rule}: the sharing is written once");
        for by in [Some(first), Some(second), Some(third), None] {
            let touch = Activity::used(hour(hours), None).by(by);
            let again = fixture.touch(name, touch).await;
            assert_eq!(
                again,
                TouchOutcome::Unchanged,
                "{rule}: the sharing is written once"
            );
        }
    }
    // A use by the same user or without a user does not share a client.
    fixture.touch("a", Activity::used(hour(4), None)).await;
    fixture.touch("a", used(first, hour(4), 9)).await;
    fixture.touch("a", used(first, hour(6), 9)).await;
    fixture.touch("a", Activity::used(hour(8), None)).await;
    fixture.touch("b", used(first, hour(6), 9)).await;
    // No call ends the sharing.
    let client = Client {
        revision: 1,
        ..fixture.client("shared")
    };
    assert_eq!(fixture.update(client).await, UpdateOutcome::Updated);
    fixture.set_blocked("shared", true).await;
    fixture.set_blocked("shared", false).await;
    fixture.touch("shared", used(first, hour(3), 9)).await;
    let touch = fixture.touch("c", used(first, hour(10), 4)).await;
    assert_eq!(
        evicted(touch),
        ["b"],
        "{rule}, even if it has been idle longer"
    );
    let touch = fixture.touch("d", used(first, hour(11), 2)).await;
    assert_eq!(
        evicted(touch),
        ["a", "c", "shared-too"],
        "{rule}, and the longest idle of several first"
    );
    assert_eq!(fixture.names().await, ["d", "shared"], "{rule}");
}

/// "The user's clients that are not blocked": blocked clients do not count, and are not evicted.
pub async fn a_users_blocked_clients_are_not_evicted(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "blocked clients of a user do not count and are not evicted";
    let first = user(1);
    fixture.put_all(&["a", "b", "c", "d"]).await;
    fixture.touch("a", used(first, hour(0), 2)).await;
    let blocked = fixture.set_blocked("a", true).await;
    assert_eq!(blocked, BlockOutcome::Written { revision: 1 });
    for name in ["b", "c"] {
        let touch = fixture.touch(name, used(first, hour(1), 2)).await;
        assert_eq!(touch, written(), "{rule}");
    }
    fixture.set_blocked("a", false).await;
    let touch = fixture.touch("d", used(first, hour(2), 2)).await;
    assert_eq!(
        evicted(touch),
        ["a", "b"],
        "{rule} until they are unblocked"
    );
}

/// Updates, blocks and duplicates do not change the user of a client. Each tenant has its own users.
pub async fn a_client_keeps_its_user(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "a client keeps its user until it is removed";
    let first = user(1);
    fixture
        .insert(fixture.insertion("a").deduplicated_by(Some(key(1))))
        .await;
    fixture.touch("a", used(first, hour(0), 1)).await;
    let client = Client {
        revision: 1,
        ..fixture.client("a")
    };
    assert_eq!(fixture.update(client).await, UpdateOutcome::Updated);
    fixture.set_blocked("a", true).await;
    fixture.set_blocked("a", false).await;
    let again = Client {
        issued_at: hour(9),
        ..fixture.client("again")
    };
    fixture
        .insert(insertion(again).deduplicated_by(Some(key(1))))
        .await;
    let elsewhere = fixture.another();
    elsewhere.put(elsewhere.client("b")).await;
    let touch = elsewhere.touch("b", used(first, hour(0), 1)).await;
    assert_eq!(touch, written(), "each tenant has its own limit");
    fixture.put(fixture.client("b")).await;
    let touch = fixture.touch("b", used(first, hour(0), 1)).await;
    assert_eq!(evicted(touch), ["a"], "{rule}");
}

/// "Calls that race never exceed a limit together", and each client is evicted once.
pub async fn racing_touches_never_exceed_a_users_limit(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let names: Vec<String> = (0..RACERS).map(|number| format!("c{number:02}")).collect();
    for name in &names {
        fixture.put(fixture.client(name)).await;
    }
    let touch = |name: String| {
        let fixture = fixture.clone();
        async move {
            let name = id(&name);
            let touch = used(user(1), hour(0), 5);
            fixture.store.touch(&fixture.tenant, &name, touch).await
        }
    };
    let outcomes = race(names.iter().cloned().map(touch)).await;
    let mut gone = BTreeSet::new();
    for outcome in outcomes {
        // A client belongs to the user only after its own touch, so it cannot be evicted before this touch.
        let Ok(TouchOutcome::Written { evicted }) = outcome else {
            fail("each client is touched before it can be evicted", &outcome)
        };
        for id in evicted {
            assert!(gone.insert(id.to_string()), "{id} was evicted twice");
        }
    }
    let left: Vec<String> = names.into_iter().filter(|it| !gone.contains(it)).collect();
    assert_eq!(left.len(), 5, "a limit of 5 holds: {left:?}");
    assert_eq!(fixture.names().await, left, "evicted clients are gone");
}
