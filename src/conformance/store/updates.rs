//! Updates in the order of revisions, and removals.

use crate::{
    client::Client,
    conformance::store::scene::{Scene, fail, hour, inserted, just_after, limited, race},
    store::{
        Activity, ClientStore, InsertOutcome, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
};

/// How many updates race for each revision.
const RACERS: usize = 32;

fn at_revision<S: ClientStore>(scene: &Scene<S>, name: &str, revision: u64) -> Client {
    Client {
        revision,
        ..scene.named("a", name)
    }
}

/// "If that one's revision is the one before."
pub async fn an_update_follows_the_previous_revision(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.put(scene.client("a")).await;
    for revision in [1, 2, 3] {
        let update = at_revision(&scene, &format!("update {revision}"), revision);
        let outcome = scene.update(update.clone()).await;
        assert_eq!(outcome, UpdateOutcome::Updated, "it has the next revision");
        assert_eq!(scene.find("a").await, Some(update), "an update is stored");
    }
    for revision in [0, 1, 2, 3, 5, u64::MAX] {
        let outcome = scene
            .update(at_revision(&scene, "too late", revision))
            .await;
        assert_eq!(
            outcome,
            UpdateOutcome::Changed,
            "{revision} does not follow 3"
        );
    }
    let found = scene.find("a").await;
    assert_eq!(
        found,
        Some(at_revision(&scene, "update 3", 3)),
        "nothing was changed"
    );
    assert_eq!(scene.names().await, ["a"], "an update adds no client");
}

/// What is not there is not updated, and not stored either.
pub async fn an_update_needs_a_stored_client(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.put_all(&["a", "b"]).await;
    let outcome = scene.remove("a").await;
    assert_eq!(outcome, RemoveOutcome::Removed, "it was there");
    let outcome = scene.update(at_revision(&scene, "a", 1)).await;
    assert_eq!(outcome, UpdateOutcome::Missing, "it is gone");
    assert_eq!(scene.names().await, ["b"], "an update adds no client");
}

/// Of updates that race for one revision exactly one is stored, whole, and the others are told.
pub async fn racing_updates_store_one_per_revision(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.put(scene.client("a")).await;
    for revision in 1..=6 {
        let outcomes = race((0..RACERS).map(|number| {
            let scene = scene.clone();
            async move {
                let update = at_revision(&scene, &format!("racer {number}"), revision);
                (scene.update(update.clone()).await, update)
            }
        }))
        .await;
        let (stored, others): (Vec<_>, Vec<_>) = outcomes
            .into_iter()
            .partition(|(outcome, _)| *outcome == UpdateOutcome::Updated);
        assert_eq!(
            stored.len(),
            1,
            "one update of revision {revision} is stored"
        );
        for (outcome, _) in others {
            assert_eq!(outcome, UpdateOutcome::Changed, "the others are told so");
        }
        let stored = stored.into_iter().map(|(_, update)| update).next();
        assert_eq!(
            scene.find("a").await,
            stored,
            "the one that is told so is stored"
        );
    }
}

/// "Its usage stays as it is."
pub async fn an_update_keeps_usage(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.put(scene.client("a")).await;
    scene.touch("a", Activity::used(hour(2), None)).await;
    // A later moment of registration is none of its usage.
    let update = Client {
        issued_at: hour(50),
        ..at_revision(&scene, "a", 1)
    };
    assert_eq!(
        scene.update(update).await,
        UpdateOutcome::Updated,
        "it is the next"
    );
    let rule = "an update keeps usage";
    let outcome = scene.insert(limited(scene.insertion("b"), 1)).await;
    assert_eq!(outcome, InsertOutcome::Full, "{rule}: it is still used");
    let touched = scene.touch("a", Activity::used(hour(3), None)).await;
    assert_eq!(
        touched,
        TouchOutcome::Unchanged,
        "{rule}: it is idle since hour 3"
    );
    let swept = scene.sweep(Sweep::new().idle_before(hour(3))).await;
    assert_eq!(swept, [""; 0], "{rule}: it is idle since hour 3");
    let swept = scene
        .sweep(Sweep::new().idle_before(just_after(hour(3))))
        .await;
    assert_eq!(swept, ["a"], "{rule}: it is idle since hour 3");
}

/// "Removes a client", and every trace of it.
pub async fn a_removed_client_is_gone(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.put_all(&["a", "b"]).await;
    scene.touch("a", Activity::used(hour(5), None)).await;
    assert_eq!(
        scene.remove("a").await,
        RemoveOutcome::Removed,
        "it was there"
    );
    assert_eq!(
        scene.remove("a").await,
        RemoveOutcome::Missing,
        "it is gone"
    );
    assert_eq!(scene.find("a").await, None, "what is removed is not found");
    assert_eq!(scene.names().await, ["b"], "what is removed is not listed");
    let again = scene.named("a", "again");
    scene.put(again.clone()).await;
    assert_eq!(scene.find("a").await, Some(again), "its id is free again");
    let swept = scene.sweep(Sweep::new().unused_before(hour(1))).await;
    assert_eq!(
        swept,
        ["a", "b"],
        "who has its id now has a usage of its own"
    );
}

/// Of removals that race, one has removed the client.
pub async fn racing_removals_remove_once(store: impl ClientStore) {
    let scene = Scene::new(store);
    scene.put(scene.client("a")).await;
    let outcomes = race((0..RACERS).map(|_| {
        let scene = scene.clone();
        async move { scene.remove("a").await }
    }))
    .await;
    let removed = outcomes.iter().filter(|it| **it == RemoveOutcome::Removed);
    assert_eq!(removed.count(), 1, "one of them removes it: {outcomes:?}");
    assert_eq!(
        scene.insert(scene.insertion("a")).await,
        inserted(),
        "its id is free"
    );
}

/// An update and a removal that race: whichever comes first, the client is gone in the end.
pub async fn an_update_restores_no_removed_client(store: impl ClientStore) {
    let scene = Scene::new(store);
    for round in 0..16 {
        let name = format!("{round}");
        scene.put(scene.client(&name)).await;
        let racers = [true, false].map(|removes| {
            let (scene, name) = (scene.clone(), name.clone());
            async move {
                if removes {
                    let outcome = scene.remove(&name).await;
                    assert_eq!(outcome, RemoveOutcome::Removed, "it is there");
                    return;
                }
                let next = Client {
                    revision: 1,
                    ..scene.client(&name)
                };
                if scene.update(next).await == UpdateOutcome::Changed {
                    fail("nobody else has changed it", &name);
                }
            }
        });
        race(racers).await;
        assert_eq!(
            scene.find(&name).await,
            None,
            "an update brings nobody back"
        );
    }
}
