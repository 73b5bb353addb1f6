//! Which clients are evicted for a new client, and when none can be evicted.

use std::collections::BTreeSet;

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, inserted, insertion, just_after, key, limited},
        race::race,
    },
    store::{Activity, ClientStore, InsertOutcome, RemoveOutcome, Sweep, UpdateOutcome},
};

/// How many insertions race for a few places.
const RACERS: usize = 64;

/// The ids of the evicted clients, in the order of their eviction.
fn removed(outcome: InsertOutcome) -> Vec<String> {
    match outcome {
        InsertOutcome::Inserted { removed } => removed.iter().map(ToString::to_string).collect(),
        other => fail("the new client is stored", &other),
    }
}

/// "The longest idle first (and of those the lowest id)": ids are compared by bytes.
pub async fn the_longest_idle_client_is_evicted(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for (name, since) in [("d", 2), ("a", 3), ("c", 1), ("B", 1), ("e", 0)] {
        let issued_at = hour(since);
        let client = fixture.client(name);
        fixture
            .put(Client {
                issued_at,
                ..client
            })
            .await;
    }
    for (newcomer, expected) in [("v", "e"), ("w", "B"), ("x", "c"), ("y", "d"), ("z", "a")] {
        let client = Client {
            issued_at: hour(9),
            ..fixture.client(newcomer)
        };
        let outcome = fixture.insert(limited(insertion(client), 5)).await;
        assert_eq!(
            removed(outcome),
            [expected],
            "the longest idle client is evicted"
        );
        assert_eq!(
            fixture.find(expected).await,
            None,
            "an evicted client is gone"
        );
    }
    assert_eq!(
        fixture.names().await,
        ["v", "w", "x", "y", "z"],
        "the new clients are stored"
    );
}

/// A client that registers again counts as idle from that time on.
pub async fn registering_again_delays_eviction(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for (name, byte) in [("a", 1), ("b", 2)] {
        let first = fixture.insertion(name).deduplicated_by(Some(key(byte)));
        fixture.insert(first).await;
    }
    let again = Client {
        issued_at: hour(5),
        ..fixture.client("again")
    };
    fixture
        .insert(insertion(again).deduplicated_by(Some(key(1))))
        .await;
    let outcome = fixture.insert(limited(fixture.insertion("c"), 2)).await;
    assert_eq!(
        removed(outcome),
        ["b"],
        "the longest idle client is evicted"
    );
}

/// Blocked clients are never evicted. Used clients are not evicted while their grants may be live.
pub async fn active_and_blocked_clients_are_not_evicted(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["used", "blocked-later", "unused"]).await;
    let blocked = |name, revision| Client {
        blocked: true,
        revision,
        ..fixture.client(name)
    };
    fixture.put(blocked("blocked", 0)).await;
    fixture.update(blocked("blocked-later", 1)).await;
    fixture.touch("used", Activity::used(hour(0), None)).await;

    let outcome = fixture.insert(limited(fixture.insertion("x"), 4)).await;
    assert_eq!(
        removed(outcome),
        ["unused"],
        "only the unused client is evicted"
    );
    // The new client is used as soon as it is registered.
    fixture.touch("x", Activity::used(hour(0), None)).await;
    let outcome = fixture.insert(limited(fixture.insertion("y"), 4)).await;
    assert_eq!(outcome, InsertOutcome::Full, "no client can be evicted");

    let unblocked = Client {
        revision: 2,
        ..fixture.client("blocked-later")
    };
    fixture.update(unblocked).await;
    let outcome = fixture.insert(limited(fixture.insertion("z"), 4)).await;
    assert_eq!(
        removed(outcome),
        ["blocked-later"],
        "an unblocked client is evicted"
    );
}

/// "Then those that were used and are idle": a client is not evicted while its grant is live.
pub async fn used_idle_clients_are_evicted_last(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "without unused clients, the longest idle client without a live grant is evicted";
    fixture
        .put_all(&["blocked", "granted", "late", "soon", "unused"])
        .await;
    for (name, used_at, live_until) in [
        ("blocked", 0, None),
        ("granted", 0, Some(hour(5))),
        ("late", 1, None),
        ("soon", 0, None),
    ] {
        let touch = Activity::used(hour(used_at), live_until);
        fixture.touch(name, touch).await;
    }
    fixture.set_blocked("blocked", true).await;
    let insert = async |name, issued_at| {
        let client = Client {
            issued_at,
            ..fixture.client(name)
        };
        fixture.insert(limited(insertion(client), 5)).await
    };
    // A used client is idle from an hour after its use, or from an hour after the end of its grant.
    for (name, issued_at, expected) in [
        ("v", hour(4), "unused"),
        ("w", hour(4), "soon"),
        ("x", hour(4), "late"),
        ("y", just_after(hour(6)), "granted"),
    ] {
        if expected == "granted" {
            let outcome = insert("none", hour(6)).await;
            assert_eq!(outcome, InsertOutcome::Full, "a live grant keeps a client");
        }
        assert_eq!(removed(insert(name, issued_at).await), [expected], "{rule}");
        fixture
            .touch(name, Activity::used(issued_at, Some(hour(99))))
            .await;
    }
    let names = ["blocked", "v", "w", "x", "y"];
    assert_eq!(fixture.names().await, names, "{rule}");
    // A lowered limit evicts the unused client first.
    fixture.put(fixture.client("z")).await;
    let client = Client {
        issued_at: hour(200),
        ..fixture.client("last")
    };
    let outcome = fixture.insert(limited(insertion(client), 4)).await;
    assert_eq!(removed(outcome), ["z", "v", "w"], "{rule}");
}

/// "If there is none, nothing changes."
pub async fn a_full_tenant_is_not_changed(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["a", "b"]).await;
    for name in ["a", "b"] {
        fixture.touch(name, Activity::used(hour(0), None)).await;
    }
    let keyed = |name| fixture.insertion(name).deduplicated_by(Some(key(1)));
    let outcome = fixture.insert(limited(keyed("c"), 2)).await;
    assert_eq!(outcome, InsertOutcome::Full, "the tenant is full");
    assert_eq!(
        fixture.find("c").await,
        None,
        "the new client is not stored"
    );
    assert_eq!(fixture.names().await, ["a", "b"], "no client is evicted");
    let outcome = fixture.insert(keyed("d")).await;
    assert_eq!(outcome, inserted(), "the key is still free");
}

/// After a limit was lowered, an insertion evicts "at least one of them, if any", and up to a hundred at once.
pub async fn a_lowered_limit_shrinks_a_tenant(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let names: Vec<String> = (0..130).map(|number| format!("{number:03}")).collect();
    for name in &names {
        fixture.put(fixture.client(name)).await;
    }
    let outcome = fixture.insert(limited(fixture.insertion("x"), 10)).await;
    let (first, rest) = names.split_at(100);
    assert_eq!(
        removed(outcome),
        first,
        "a hundred clients are evicted at once, in order"
    );
    let outcome = fixture.insert(limited(fixture.insertion("y"), 10)).await;
    let (second, left) = rest.split_at(22);
    assert_eq!(
        removed(outcome),
        second,
        "then the other clients beyond the limit are evicted"
    );
    assert_eq!(
        fixture.names().await.len(),
        left.len() + 2,
        "the limit is reached"
    );

    // Two clients are over the limit, and only one of them can be evicted.
    for name in left.iter().map(String::as_str).chain(["x"]) {
        fixture.touch(name, Activity::used(hour(0), None)).await;
    }
    let outcome = fixture.insert(limited(fixture.insertion("z"), 9)).await;
    assert_eq!(
        removed(outcome),
        ["y"],
        "every client that can be evicted is evicted"
    );
}

/// No client is evicted below the limit, or if there is no limit.
pub async fn nothing_is_evicted_below_the_limit(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["a", "b", "c"]).await;
    let outcome = fixture.insert(limited(fixture.insertion("d"), 4)).await;
    assert_eq!(outcome, inserted(), "the limit allows one more client");
    let outcome = fixture.insert(fixture.insertion("e")).await;
    assert_eq!(outcome, inserted(), "there is no limit");
    assert_eq!(
        fixture.names().await,
        ["a", "b", "c", "d", "e"],
        "no client is evicted"
    );
}

/// A limit counts only stored clients. It does not count removed clients or insertions that stored nothing.
pub async fn a_limit_counts_stored_clients(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "a limit counts stored clients";
    let fill = async |name| fixture.insert(limited(fixture.insertion(name), 3)).await;
    for name in ["a", "b"] {
        assert_eq!(fill(name).await, inserted(), "{rule}");
    }
    let keyed = |name| limited(fixture.insertion(name).deduplicated_by(Some(key(1))), 3);
    assert_eq!(fixture.insert(keyed("c")).await, inserted(), "{rule}");
    // These store nothing.
    assert_eq!(fill("a").await, InsertOutcome::IdTaken, "{rule}");
    let outcome = fixture.insert(keyed("d")).await;
    assert!(
        matches!(outcome, InsertOutcome::Duplicate(_)),
        "{rule}: {outcome:?}"
    );
    // An update does not change the number of clients.
    let update = Client {
        revision: 1,
        ..fixture.client("a")
    };
    assert_eq!(
        fixture.update(update).await,
        UpdateOutcome::Updated,
        "{rule}"
    );
    assert_eq!(fixture.remove("a").await, RemoveOutcome::Removed, "{rule}");
    assert_eq!(fixture.remove("a").await, RemoveOutcome::Missing, "{rule}");
    assert_eq!(
        fill("e").await,
        inserted(),
        "{rule}: one client was removed"
    );
    let swept = fixture
        .sweep(Sweep::new().unused_before(hour(1)).limit(2))
        .await;
    assert_eq!(swept.len(), 2, "{rule}");
    for name in ["f", "g"] {
        assert_eq!(
            fill(name).await,
            inserted(),
            "{rule}: two clients were swept"
        );
    }
    let evicted = removed(fill("h").await);
    assert_eq!(evicted.len(), 1, "{rule}: the limit is reached again");
    assert_eq!(fixture.names().await.len(), 3, "{rule}");
}

/// "Insertions that race never exceed a limit together", and no client is lost: each stored client is still stored,
/// or was evicted for another stored client.
pub async fn racing_insertions_never_exceed_a_limit(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["used-1", "used-2", "used-3"]).await;
    for name in ["used-1", "used-2", "used-3"] {
        fixture.touch(name, Activity::used(hour(0), None)).await;
    }
    let outcomes = race((0..RACERS).map(|number| {
        let fixture = fixture.clone();
        async move {
            let name = format!("racer-{number}");
            let outcome = fixture.insert(limited(fixture.insertion(&name), 5)).await;
            let most = fixture.names().await.len();
            (name, outcome, most)
        }
    }))
    .await;
    let mut stored = BTreeSet::from(["used-1", "used-2", "used-3"].map(str::to_owned));
    let mut evicted = BTreeSet::new();
    for (name, outcome, seen) in outcomes {
        assert!(seen <= 5, "a limit of 5 is never exceeded: {seen}");
        stored.insert(name);
        for name in removed(outcome) {
            assert!(evicted.insert(name.clone()), "{name} was evicted twice");
        }
    }
    let left: Vec<String> = stored.difference(&evicted).cloned().collect();
    assert_eq!(left.len(), 5, "as many stay as the limit allows: {left:?}");
    assert_eq!(fixture.names().await, left, "only evicted clients are gone");
}

/// Insertions that race for a full tenant evict no client.
pub async fn racing_insertions_do_not_change_a_full_tenant(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("used")).await;
    fixture.touch("used", Activity::used(hour(0), None)).await;
    let outcomes = race((0..RACERS).map(|number| {
        let fixture = fixture.clone();
        async move {
            let name = format!("racer-{number}");
            fixture.insert(limited(fixture.insertion(&name), 1)).await
        }
    }))
    .await;
    for outcome in outcomes {
        assert_eq!(outcome, InsertOutcome::Full, "the tenant is full");
    }
    assert_eq!(
        fixture.names().await,
        ["used"],
        "the tenant does not change"
    );
}
