//! One row for all that register the same.

use std::{sync::Arc, time::Duration};

use crate::{
    client::Client,
    conformance::store::scene::{
        Scene, fail, hour, inserted, insertion, just_after, key, limited, race,
    },
    store::{Activity, ClientStore, InsertOutcome, Insertion, Sweep, UpdateOutcome},
};

/// How many registrations of one program race.
const RACERS: usize = 64;

fn keyed<S: ClientStore>(scene: &Scene<S>, name: &str, byte: u8) -> Insertion {
    scene.insertion(name).deduplicated_by(Some(key(byte)))
}

fn folded(client: Client) -> InsertOutcome {
    InsertOutcome::Duplicate(Arc::new(client))
}

/// "If another client of the tenant has the fold key, nothing is stored", and that client is given
/// back.
pub async fn the_same_key_is_a_duplicate(store: impl ClientStore) {
    let scene = Scene::new(store);
    let outcome = scene.insert(keyed(&scene, "a", 1)).await;
    assert_eq!(outcome, inserted(), "the first is stored");
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(
        outcome,
        folded(scene.client("a")),
        "the second is folded into it"
    );
    assert_eq!(scene.find("b").await, None, "what is folded is not stored");
    assert_eq!(scene.names().await, ["a"], "what is folded is not stored");
}

/// Another key, or none, is no reason to fold.
pub async fn a_different_key_is_not_a_duplicate(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.insert(keyed(&scene, "a", 1)).await;
    for (name, insertion) in [
        ("b", keyed(&scene, "b", 2)),
        ("c", scene.insertion("c")),
        ("d", scene.insertion("d")),
    ] {
        let outcome = scene.insert(insertion).await;
        assert_eq!(outcome, inserted(), "{name} is like no other");
    }
    let elsewhere = scene.another();
    let outcome = elsewhere.insert(keyed(&elsewhere, "e", 1)).await;
    assert_eq!(outcome, inserted(), "keys of other tenants don't count");
}

/// "In this order": folding comes before the id and before the limit.
pub async fn duplicates_are_checked_first(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.insert(keyed(&scene, "a", 1)).await;
    scene.put(scene.client("b")).await;
    scene.touch("b", Activity::used(hour(0), None)).await;
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(
        outcome,
        folded(scene.client("a")),
        "before the id is looked at"
    );
    let outcome = scene.insert(limited(keyed(&scene, "c", 1), 1)).await;
    assert_eq!(
        outcome,
        folded(scene.client("a")),
        "before clients are counted"
    );
    assert_eq!(scene.names().await, ["a", "b"], "and nobody goes");
    // As an answer that was lost and is asked for again.
    let outcome = scene.insert(keyed(&scene, "a", 1)).await;
    assert_eq!(
        outcome,
        folded(scene.client("a")),
        "the same once more is folded"
    );
    // And the id comes before the limit.
    let outcome = scene.insert(limited(keyed(&scene, "b", 2), 1)).await;
    assert_eq!(
        outcome,
        InsertOutcome::IdTaken,
        "before clients are counted"
    );
    assert_eq!(scene.names().await, ["a", "b"], "and nobody goes");
}

/// "That client is touched by `Insertion::registered_again`": written at most once an hour, and no
/// use.
pub async fn a_duplicate_touches_the_stored_client(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.insert(keyed(&scene, "a", 1)).await;
    let half_an_hour = hour(2).saturating_add(Duration::from_mins(30));
    for issued_at in [hour(2), half_an_hour] {
        let again = Client {
            issued_at,
            ..scene.client("again")
        };
        scene
            .insert(insertion(again).deduplicated_by(Some(key(1))))
            .await;
    }
    let rule = "registering again counts as idle since then, an hour ahead, written once an hour";
    let swept = scene.sweep(Sweep::new().idle_before(hour(99))).await;
    assert_eq!(swept, [""; 0], "registering again is no use");
    let swept = scene.sweep(Sweep::new().unused_before(hour(3))).await;
    assert_eq!(swept, [""; 0], "{rule}");
    let swept = scene
        .sweep(Sweep::new().unused_before(just_after(hour(3))))
        .await;
    assert_eq!(swept, ["a"], "{rule}");
}

/// What is folded into a client gets it as it is now: a blocked one stays blocked.
pub async fn a_duplicate_returns_the_current_client(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.insert(keyed(&scene, "a", 1)).await;
    let blocked = Client {
        blocked: true,
        revision: 1,
        ..scene.client("a")
    };
    scene.update(blocked.clone()).await;
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(outcome, folded(blocked), "it is given back as it is now");
}

/// A key goes with its client, whichever way that goes.
pub async fn a_removed_client_frees_its_key(store: impl ClientStore) {
    let scene = Scene::new(store);
    let take_again = async |name: &str, how: &str| {
        let outcome = scene.insert(keyed(&scene, name, 1)).await;
        assert_eq!(
            outcome,
            inserted(),
            "a key is free when its client is {how}"
        );
    };
    take_again("a", "not there yet").await;
    scene.remove("a").await;
    take_again("b", "removed").await;
    scene.sweep(Sweep::new().unused_before(hour(1))).await;
    take_again("c", "swept").await;
    scene.insert(limited(scene.insertion("d"), 1)).await;
    assert_eq!(scene.names().await, ["d"], "it made room");
    take_again("e", "evicted").await;
    let outcome = scene.insert(keyed(&scene, "f", 1)).await;
    assert_eq!(
        outcome,
        folded(scene.client("e")),
        "and taken by the next one"
    );
}

/// A client that makes room for one with a key, and one with the same id as one that is gone, leave
/// no key behind.
pub async fn a_reused_id_has_its_new_key(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.insert(keyed(&scene, "a", 1)).await;
    scene.remove("a").await;
    scene.insert(keyed(&scene, "a", 2)).await;
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(outcome, inserted(), "the key before is free");
    let outcome = scene.insert(keyed(&scene, "c", 2)).await;
    assert_eq!(outcome, folded(scene.client("a")), "the key now is taken");
}

/// "Its fold key goes if the update says so", and stays if not.
pub async fn an_update_removes_the_key_if_asked(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.insert(keyed(&scene, "a", 1)).await;
    let revision = |revision| Client {
        revision,
        ..scene.client("a")
    };
    let outcome = scene.update(revision(1)).await;
    assert_eq!(outcome, UpdateOutcome::Updated, "it has the next revision");
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(outcome, folded(revision(1)), "an update keeps the fold key");

    let outcome = scene.update_unfolded(revision(1)).await;
    assert_eq!(outcome, UpdateOutcome::Changed, "it has the same revision");
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(
        outcome,
        folded(revision(1)),
        "one that fails changes nothing"
    );

    let outcome = scene.update_unfolded(revision(2)).await;
    assert_eq!(outcome, UpdateOutcome::Updated, "it has the next revision");
    let outcome = scene.insert(keyed(&scene, "b", 1)).await;
    assert_eq!(
        outcome,
        inserted(),
        "nothing is folded into one that is unfolded"
    );
    // Its end takes nobody else's key away.
    scene.remove("a").await;
    let outcome = scene.insert(keyed(&scene, "c", 1)).await;
    assert_eq!(
        outcome,
        folded(scene.client("b")),
        "the key is the next one's"
    );
}

/// "Of insertions that race for one fold key exactly one is stored", and it is given to all others.
pub async fn racing_insertions_of_one_key_store_one(store: impl ClientStore) {
    let scene = Scene::new(store);
    for round in 0..4_u8 {
        let racers = (0..RACERS).map(|number| {
            let scene = scene.clone();
            async move {
                let name = format!("{round}-{number}");
                let outcome = scene.insert(keyed(&scene, &name, round)).await;
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
            fail("one is stored", &stored);
        };
        for (name, outcome) in outcomes.iter().filter(|(name, _)| name != stored) {
            let expected = folded(scene.client(stored));
            assert_eq!(
                *outcome, expected,
                "{name} is folded into the one that is stored"
            );
        }
        let names = scene.names().await;
        assert_eq!(
            names.len(),
            usize::from(round) + 1,
            "one is stored: {names:?}"
        );
    }
}
