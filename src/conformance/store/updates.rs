//! Updates in the order of revisions, and removals.

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, inserted, just_after, limited},
        race::race,
    },
    store::{
        Activity, ClientStore, InsertOutcome, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
};

/// How many updates race for each revision.
const RACERS: usize = 32;

fn at_revision<S: ClientStore>(fixture: &Fixture<S>, name: &str, revision: u64) -> Client {
    Client {
        revision,
        ..fixture.named("a", name)
    }
}

/// "If that one's revision is the one before": an update with any other revision is not stored.
pub async fn an_update_follows_the_previous_revision(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    for revision in [1, 2, 3] {
        let update = at_revision(&fixture, &format!("update {revision}"), revision);
        let outcome = fixture.update(update.clone()).await;
        assert_eq!(
            outcome,
            UpdateOutcome::Updated,
            "an update with the next revision is stored"
        );
        assert_eq!(fixture.find("a").await, Some(update), "an update is stored");
    }
    for revision in [0, 1, 2, 3, 5, u64::MAX] {
        let outcome = fixture
            .update(at_revision(&fixture, "too late", revision))
            .await;
        assert_eq!(
            outcome,
            UpdateOutcome::Changed,
            "{revision} does not follow 3"
        );
    }
    let found = fixture.find("a").await;
    assert_eq!(
        found,
        Some(at_revision(&fixture, "update 3", 3)),
        "a refused update changes nothing"
    );
    assert_eq!(fixture.names().await, ["a"], "an update adds no client");
}

/// An update of a client that is not stored does nothing.
pub async fn an_update_needs_a_stored_client(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["a", "b"]).await;
    let outcome = fixture.remove("a").await;
    assert_eq!(outcome, RemoveOutcome::Removed, "the client was stored");
    let outcome = fixture.update(at_revision(&fixture, "a", 1)).await;
    assert_eq!(outcome, UpdateOutcome::Missing, "the client is gone");
    assert_eq!(fixture.names().await, ["b"], "an update adds no client");
}

/// If updates to one revision race, exactly one is stored with all of its fields, and the others return `Changed`.
pub async fn racing_updates_store_one_per_revision(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    for revision in 1..=6 {
        let outcomes = race((0..RACERS).map(|number| {
            let fixture = fixture.clone();
            async move {
                let update = at_revision(&fixture, &format!("racer {number}"), revision);
                (fixture.update(update.clone()).await, update)
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
            assert_eq!(
                outcome,
                UpdateOutcome::Changed,
                "the other updates return this"
            );
        }
        let stored = stored.into_iter().map(|(_, update)| update).next();
        assert_eq!(
            fixture.find("a").await,
            stored,
            "the update that returned `Updated` is stored"
        );
    }
}

/// "Its usage stays as it is."
pub async fn an_update_keeps_usage(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    fixture.touch("a", Activity::used(hour(2), None)).await;
    // The time of registration is not part of the usage.
    let update = Client {
        issued_at: hour(50),
        ..at_revision(&fixture, "a", 1)
    };
    assert_eq!(
        fixture.update(update).await,
        UpdateOutcome::Updated,
        "an update with the next revision is stored"
    );
    let rule = "an update keeps usage";
    let outcome = fixture.insert(limited(fixture.insertion("b"), 1)).await;
    assert_eq!(
        outcome,
        InsertOutcome::Full,
        "{rule}: the client is still used"
    );
    let touched = fixture.touch("a", Activity::used(hour(3), None)).await;
    assert_eq!(
        touched,
        TouchOutcome::Unchanged,
        "{rule}: the client is idle since hour 3"
    );
    let swept = fixture.sweep(Sweep::new().idle_before(hour(3))).await;
    assert_eq!(swept, [""; 0], "{rule}: the client is idle since hour 3");
    let swept = fixture
        .sweep(Sweep::new().idle_before(just_after(hour(3))))
        .await;
    assert_eq!(swept, ["a"], "{rule}: the client is idle since hour 3");
}

/// "Removes a client", with its id and its usage.
pub async fn a_removed_client_is_gone(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["a", "b"]).await;
    fixture.touch("a", Activity::used(hour(5), None)).await;
    assert_eq!(
        fixture.remove("a").await,
        RemoveOutcome::Removed,
        "the client was stored"
    );
    assert_eq!(
        fixture.remove("a").await,
        RemoveOutcome::Missing,
        "the client is gone"
    );
    assert_eq!(
        fixture.find("a").await,
        None,
        "a removed client is not found"
    );
    assert_eq!(
        fixture.names().await,
        ["b"],
        "a removed client is not listed"
    );
    let again = fixture.named("a", "again");
    fixture.put(again.clone()).await;
    assert_eq!(fixture.find("a").await, Some(again), "the id is free again");
    let swept = fixture.sweep(Sweep::new().unused_before(hour(1))).await;
    assert_eq!(
        swept,
        ["a", "b"],
        "the new client with the id has its own usage"
    );
}

/// If removals race, one of them removes the client.
pub async fn racing_removals_remove_once(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    let outcomes = race((0..RACERS).map(|_| {
        let fixture = fixture.clone();
        async move { fixture.remove("a").await }
    }))
    .await;
    let removed = outcomes.iter().filter(|it| **it == RemoveOutcome::Removed);
    assert_eq!(removed.count(), 1, "one of them removes it: {outcomes:?}");
    assert_eq!(
        fixture.insert(fixture.insertion("a")).await,
        inserted(),
        "the id is free"
    );
}

/// If an update and a removal race, the client is gone in the end, in either order.
pub async fn an_update_restores_no_removed_client(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for round in 0..16 {
        let name = format!("{round}");
        fixture.put(fixture.client(&name)).await;
        let racers = [true, false].map(|removes| {
            let (fixture, name) = (fixture.clone(), name.clone());
            async move {
                if removes {
                    let outcome = fixture.remove(&name).await;
                    assert_eq!(outcome, RemoveOutcome::Removed, "the client was stored");
                    return;
                }
                let next = Client {
                    revision: 1,
                    ..fixture.client(&name)
                };
                if fixture.update(next).await == UpdateOutcome::Changed {
                    fail("no other call has changed the client", &name);
                }
            }
        });
        race(racers).await;
        assert_eq!(
            fixture.find(&name).await,
            None,
            "an update restores no removed client"
        );
    }
}
