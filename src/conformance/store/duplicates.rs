//! Clients that register the same metadata are stored once.

use std::{sync::Arc, time::Duration};

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, inserted, insertion, just_after, key, limited},
        race::race,
    },
    store::{Activity, ClientStore, InsertOutcome, Insertion, Sweep, UpdateOutcome},
};

/// How many registrations with one key race.
const RACERS: usize = 64;

fn keyed<S: ClientStore>(fixture: &Fixture<S>, name: &str, byte: u8) -> Insertion {
    fixture.insertion(name).deduplicated_by(Some(key(byte)))
}

fn duplicate_of(client: Client) -> InsertOutcome {
    InsertOutcome::Duplicate(Arc::new(client))
}

/// "If another client of the tenant has the duplicate key, nothing is stored", and the stored client is returned.
pub async fn the_same_key_is_a_duplicate(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let outcome = fixture.insert(keyed(&fixture, "a", 1)).await;
    assert_eq!(outcome, inserted(), "the first client is stored");
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("a")),
        "the second client is a duplicate of the first"
    );
    assert_eq!(fixture.find("b").await, None, "a duplicate is not stored");
    assert_eq!(fixture.names().await, ["a"], "a duplicate is not stored");
}

/// A client with another key, or with no key, is stored.
pub async fn a_different_key_is_not_a_duplicate(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.insert(keyed(&fixture, "a", 1)).await;
    for (name, insertion) in [
        ("b", keyed(&fixture, "b", 2)),
        ("c", fixture.insertion("c")),
        ("d", fixture.insertion("d")),
    ] {
        let outcome = fixture.insert(insertion).await;
        assert_eq!(outcome, inserted(), "{name} is no duplicate");
    }
    let elsewhere = fixture.another();
    let outcome = elsewhere.insert(keyed(&elsewhere, "e", 1)).await;
    assert_eq!(outcome, inserted(), "keys of other tenants do not count");
}

/// "In this order": an insertion checks the key first, then the id and then the limit.
pub async fn duplicates_are_checked_first(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.insert(keyed(&fixture, "a", 1)).await;
    fixture.put(fixture.client("b")).await;
    fixture.touch("b", Activity::used(hour(0), None)).await;
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("a")),
        "the key is checked before the id"
    );
    let outcome = fixture.insert(limited(keyed(&fixture, "c", 1), 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("a")),
        "the key is checked before the limit"
    );
    assert_eq!(fixture.names().await, ["a", "b"], "no client is evicted");
    // A caller may retry an insertion whose answer was lost.
    let outcome = fixture.insert(keyed(&fixture, "a", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("a")),
        "the same insertion is a duplicate"
    );
    // The id is checked before the limit.
    let outcome = fixture.insert(limited(keyed(&fixture, "b", 2), 1)).await;
    assert_eq!(
        outcome,
        InsertOutcome::IdTaken,
        "the id is checked before the limit"
    );
    assert_eq!(fixture.names().await, ["a", "b"], "no client is evicted");
}

/// "That client is touched by `Insertion::registered_again`": this is written at most once an hour, and does not
/// count as use.
pub async fn a_duplicate_touches_the_stored_client(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.insert(keyed(&fixture, "a", 1)).await;
    let half_an_hour = hour(2).saturating_add(Duration::from_mins(30));
    for issued_at in [hour(2), half_an_hour] {
        let again = Client {
            issued_at,
            ..fixture.client("again")
        };
        fixture
            .insert(insertion(again).deduplicated_by(Some(key(1))))
            .await;
    }
    let rule =
        "registering again moves the idle time to an hour later, and is written once an hour";
    let swept = fixture.sweep(Sweep::new().idle_before(hour(99))).await;
    assert_eq!(swept, [""; 0], "registering again is not a use");
    let swept = fixture.sweep(Sweep::new().unused_before(hour(3))).await;
    assert_eq!(swept, [""; 0], "{rule}");
    let swept = fixture
        .sweep(Sweep::new().unused_before(just_after(hour(3))))
        .await;
    assert_eq!(swept, ["a"], "{rule}");
}

/// A duplicate returns the client as it is now: a blocked client stays blocked.
pub async fn a_duplicate_returns_the_current_client(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.insert(keyed(&fixture, "a", 1)).await;
    let blocked = Client {
        blocked: true,
        revision: 1,
        ..fixture.client("a")
    };
    fixture.update(blocked.clone()).await;
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(blocked),
        "the current client is returned"
    );
}

/// A key is removed with its client, however the client is removed.
pub async fn a_removed_client_frees_its_key(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let take_again = async |name: &str, how: &str| {
        let outcome = fixture.insert(keyed(&fixture, name, 1)).await;
        assert_eq!(
            outcome,
            inserted(),
            "a key is free when its client is {how}"
        );
    };
    take_again("a", "not stored yet").await;
    fixture.remove("a").await;
    take_again("b", "removed").await;
    fixture.sweep(Sweep::new().unused_before(hour(1))).await;
    take_again("c", "swept").await;
    fixture.insert(limited(fixture.insertion("d"), 1)).await;
    assert_eq!(
        fixture.names().await,
        ["d"],
        "the client with the key was evicted"
    );
    take_again("e", "evicted").await;
    let outcome = fixture.insert(keyed(&fixture, "f", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("e")),
        "the next client takes the key"
    );
}

/// A removed client leaves no key behind for the next client with its id.
pub async fn a_reused_id_has_its_new_key(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.insert(keyed(&fixture, "a", 1)).await;
    fixture.remove("a").await;
    fixture.insert(keyed(&fixture, "a", 2)).await;
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(outcome, inserted(), "the old key is free");
    let outcome = fixture.insert(keyed(&fixture, "c", 2)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("a")),
        "the new key is taken"
    );
}

/// "Its duplicate key is removed if the update says so", and stays otherwise.
pub async fn an_update_removes_the_key_if_asked(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.insert(keyed(&fixture, "a", 1)).await;
    let revision = |revision| Client {
        revision,
        ..fixture.client("a")
    };
    let outcome = fixture.update(revision(1)).await;
    assert_eq!(
        outcome,
        UpdateOutcome::Updated,
        "an update with the next revision is stored"
    );
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(revision(1)),
        "an update keeps the duplicate key"
    );

    let outcome = fixture.update_without_key(revision(1)).await;
    assert_eq!(
        outcome,
        UpdateOutcome::Changed,
        "an update with the same revision is not stored"
    );
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(revision(1)),
        "a failed update changes nothing"
    );

    let outcome = fixture.update_without_key(revision(2)).await;
    assert_eq!(
        outcome,
        UpdateOutcome::Updated,
        "an update with the next revision is stored"
    );
    let outcome = fixture.insert(keyed(&fixture, "b", 1)).await;
    assert_eq!(outcome, inserted(), "the key of the updated client is free");
    // Its removal does not remove the key of the other client.
    fixture.remove("a").await;
    let outcome = fixture.insert(keyed(&fixture, "c", 1)).await;
    assert_eq!(
        outcome,
        duplicate_of(fixture.client("b")),
        "the other client keeps the key"
    );
}

/// "If insertions race for one duplicate key, exactly one is stored", and all others return the stored client.
pub async fn racing_insertions_of_one_key_store_one(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for round in 0..4_u8 {
        let racers = (0..RACERS).map(|number| {
            let fixture = fixture.clone();
            async move {
                let name = format!("{round}-{number}");
                let outcome = fixture.insert(keyed(&fixture, &name, round)).await;
                (name, outcome)
            }
        });
        let outcomes = race(racers).await;
        let stored: Vec<&String> = outcomes
            .iter()
            .filter(|(_, outcome)| *outcome == inserted())
            .map(|(name, _)| name)
            .collect();
        let [stored] = *stored.as_slice() else {
            fail("one client is stored", &stored);
        };
        for (name, outcome) in outcomes.iter().filter(|(name, _)| name != stored) {
            let expected = duplicate_of(fixture.client(stored));
            assert_eq!(
                *outcome, expected,
                "{name} is a duplicate of the stored client"
            );
        }
        let names = fixture.names().await;
        assert_eq!(
            names.len(),
            usize::from(round) + 1,
            "one client is stored in each round: {names:?}"
        );
    }
}
