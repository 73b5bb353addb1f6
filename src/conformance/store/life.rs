//! Activity of clients, and the sweeps that remove clients without activity.

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, hour, inserted, just_after, limited, written},
        race::race,
    },
    store::{Activity, ClientStore, InsertOutcome, Sweep, TouchOutcome, Usage},
    types::Timestamp,
};

/// How many activities race.
const RACERS: usize = 32;

/// "Applies `activity` to a client's usage by `Usage::touched`, and writes nothing if that gives `None`."
pub async fn a_touch_follows_usage_touched(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let last = Timestamp::MAX;
    let almost = Timestamp::from_unix_millis(last.unix_millis() - 1);
    let touches = [
        Activity::registered_again(hour(0)),
        Activity::registered_again(just_after(hour(0))),
        Activity::registered_again(hour(1)),
        Activity::used(hour(0), None),
        Activity::used(hour(0), None),
        Activity::used(hour(2), None),
        Activity::used(hour(2), Some(hour(1))),
        Activity::used(hour(3), Some(hour(40))),
        Activity::used(hour(40), None),
        Activity::used(hour(41), None),
        Activity::used(just_after(hour(41)), None),
        Activity::registered_again(hour(90)),
        Activity::used(hour(0), None),
        Activity::used(hour(90), Some(almost)),
        Activity::used(hour(90), Some(last)),
        Activity::used(hour(90), Some(Timestamp::from_unix_millis(u64::MAX))),
    ];
    // The usage is checked after each number of activities, not only after all of them.
    for count in 0..=touches.len() {
        let name = format!("after-{count:02}");
        fixture.put(fixture.client(&name)).await;
        let mut usage = Usage::registered(hour(0));
        for touch in touches.iter().take(count).copied() {
            let after = usage.touched(touch);
            usage = after.unwrap_or(usage);
            let expected = match after {
                Some(_) => written(),
                None => TouchOutcome::Unchanged,
            };
            let outcome = fixture.touch(&name, touch).await;
            assert_eq!(
                outcome, expected,
                "{touch:?} is written if it changes the usage"
            );
        }
        assert_usage(&fixture, &name, usage).await;
    }
}

/// Checks a usage by sweeps, because no call returns it.
async fn assert_usage<S: ClientStore>(fixture: &Fixture<S>, name: &str, usage: Usage) {
    let before = |is_used, moment| {
        if is_used {
            Sweep::new().idle_before(moment)
        } else {
            Sweep::new().unused_before(moment)
        }
    };
    let since = usage.idle_since();
    let other = fixture
        .sweep(before(!usage.is_used(), Timestamp::MAX))
        .await;
    assert_eq!(other, [""; 0], "{name} has {usage:?}");
    let swept = fixture.sweep(before(usage.is_used(), since)).await;
    assert_eq!(swept, [""; 0], "{name} has {usage:?}");
    if since < Timestamp::MAX {
        let swept = fixture
            .sweep(before(usage.is_used(), just_after(since)))
            .await;
        assert_eq!(swept, [name], "{name} has {usage:?}");
    } else {
        fixture.remove(name).await;
    }
}

/// "There is no client with this id."
pub async fn a_touch_of_a_missing_client_writes_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    fixture.remove("a").await;
    for name in ["a", "b"] {
        let outcome = fixture.touch(name, Activity::used(hour(0), None)).await;
        assert_eq!(
            outcome,
            TouchOutcome::Missing,
            "a missing client cannot be touched"
        );
    }
    assert_eq!(fixture.names().await, [""; 0], "a touch adds no client");
}

/// An activity changes only the usage of a client. It never undoes a racing update.
pub async fn racing_touches_write_once_and_lose_no_update(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    let updates = async |fixture: Fixture<_>| {
        for revision in 1..=8 {
            let next = Client {
                revision,
                ..fixture.client("a")
            };
            fixture.update(next).await;
        }
        TouchOutcome::Unchanged
    };
    let racers = (0..=RACERS).map(|number| {
        let fixture = fixture.clone();
        async move {
            if number == RACERS {
                return updates(fixture).await;
            }
            fixture.touch("a", Activity::used(hour(1), None)).await
        }
    });
    let outcomes = race(racers).await;
    let written = outcomes.iter().filter(|outcome| **outcome == written());
    assert_eq!(
        written.count(),
        1,
        "one of the equal activities is written: {outcomes:?}"
    );
    let last = Client {
        revision: 8,
        ..fixture.client("a")
    };
    assert_eq!(
        fixture.find("a").await,
        Some(last),
        "a touch undoes no update"
    );
    let outcome = fixture.insert(limited(fixture.insertion("b"), 1)).await;
    assert_eq!(outcome, InsertOutcome::Full, "an update undoes no touch");
}

/// A tenant with an unused and a used client from hour 2, and an unused and a used client from hour 4. The used
/// clients are idle from an hour later.
async fn four_clients<S: ClientStore>(store: S) -> Fixture<S> {
    let fixture = Fixture::new(store);
    for (name, since) in [
        ("unused-2", 2),
        ("unused-4", 4),
        ("used-3", 2),
        ("used-5", 4),
    ] {
        let issued_at = hour(since);
        let client = fixture.client(name);
        fixture
            .put(Client {
                issued_at,
                ..client
            })
            .await;
        if name.starts_with("used") {
            fixture.touch(name, Activity::used(issued_at, None)).await;
        }
    }
    fixture
}

/// "That `Sweep::removes`": a sweep removes unused and used clients that are idle since before the moment for their
/// kind.
pub async fn a_sweep_removes_only_due_clients(store: impl ClientStore) {
    let fixture = four_clients(store).await;
    assert_eq!(
        fixture.sweep(Sweep::new()).await,
        [""; 0],
        "a sweep without moments removes no client"
    );
    let sweep = Sweep::new().unused_before(hour(2)).idle_before(hour(3));
    assert_eq!(
        fixture.sweep(sweep).await,
        [""; 0],
        "no client is idle since before these moments"
    );
    let sweep = Sweep::new().unused_before(just_after(hour(2)));
    assert_eq!(
        fixture.sweep(sweep).await,
        ["unused-2"],
        "unused clients are swept"
    );
    let sweep = Sweep::new().idle_before(just_after(hour(3)));
    assert_eq!(
        fixture.sweep(sweep).await,
        ["used-3"],
        "used clients are swept"
    );
    assert_eq!(fixture.find("used-3").await, None, "a swept client is gone");
    let names = ["unused-4", "used-5"];
    assert_eq!(fixture.names().await, names, "the other clients stay");
    let sweep = Sweep::new().unused_before(hour(9)).idle_before(hour(9));
    assert_eq!(
        fixture.sweep(sweep).await,
        ["unused-4", "used-5"],
        "a sweep removes clients of both kinds"
    );
    assert_eq!(fixture.names().await, [""; 0], "swept clients are gone");
}

/// "Up to `Sweep::max_removed`. If there are more, it removes that many": the limit is for both kinds together.
pub async fn a_sweep_stops_at_its_limit(store: impl ClientStore) {
    let fixture = four_clients(store).await;
    let all = Sweep::new().unused_before(hour(9)).idle_before(hour(9));
    for (limit, removed, left) in [(0, 0, 4), (3, 3, 1), (3, 1, 0), (3, 0, 0)] {
        let swept = fixture.sweep(all.limit(limit)).await;
        assert_eq!(
            swept.len(),
            removed,
            "a sweep with the limit {limit} removes {removed}: {swept:?}"
        );
        let names = fixture.names().await;
        assert_eq!(names.len(), left, "the swept clients are gone");
        let stays = names.iter().find(|name| swept.contains(name));
        assert_eq!(stays, None, "the swept clients are gone");
    }
}

/// "That are not blocked": removing a blocked client would lift its block.
pub async fn blocked_clients_are_not_swept(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let blocked = |name, blocked, revision| Client {
        blocked,
        revision,
        ..fixture.client(name)
    };
    fixture.put(blocked("blocked", true, 0)).await;
    fixture.put_all(&["a", "b"]).await;
    fixture.update(blocked("a", true, 1)).await;
    fixture.touch("b", Activity::used(hour(0), None)).await;
    fixture.update(blocked("b", true, 1)).await;
    // A blocked client stays even if it is touched.
    fixture.touch("a", Activity::used(hour(1), None)).await;
    let all = Sweep::new().unused_before(hour(99)).idle_before(hour(99));
    assert_eq!(fixture.sweep(all).await, [""; 0], "blocked clients stay");
    fixture.update(blocked("a", false, 2)).await;
    assert_eq!(
        fixture.sweep(all).await,
        ["a"],
        "an unblocked client is swept"
    );
    let names = ["b", "blocked"];
    assert_eq!(fixture.names().await, names, "blocked clients stay");
}

/// A client with a live grant is not idle, however long ago it was used.
pub async fn a_client_with_a_live_grant_is_not_swept(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["month", "unlimited", "none"]).await;
    let month = hour(30 * 24);
    fixture
        .touch("month", Activity::used(hour(0), Some(month)))
        .await;
    fixture
        .touch("unlimited", Activity::used(hour(0), Some(Timestamp::MAX)))
        .await;
    fixture.touch("none", Activity::used(hour(0), None)).await;
    let swept = fixture.sweep(Sweep::new().idle_before(month)).await;
    assert_eq!(swept, ["none"], "a live grant keeps a client");
    let swept = fixture
        .sweep(Sweep::new().idle_before(Timestamp::MAX))
        .await;
    let rule = "a client whose grant never ends is never idle";
    assert_eq!(swept, ["month"], "{rule}");
    assert_eq!(fixture.names().await, ["unlimited"], "{rule}");
}

/// "A client that is touched meanwhile stays": if an activity and a sweep race, only the first has an effect.
pub async fn a_client_touched_meanwhile_is_not_swept(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let names: Vec<String> = (0..RACERS).map(|number| format!("{number:02}")).collect();
    for name in &names {
        fixture.put(fixture.client(name)).await;
    }
    let sweep = Sweep::new().unused_before(hour(1)).limit(3);
    let racers = names.iter().flat_map(|name| {
        [true, false].map(|touches| {
            let (fixture, name) = (fixture.clone(), name.clone());
            async move {
                if touches {
                    let outcome = fixture.touch(&name, Activity::used(hour(5), None)).await;
                    let stays = outcome == written();
                    (stays.then_some(name), Vec::new())
                } else {
                    (None, fixture.sweep(sweep).await)
                }
            }
        })
    });
    let mut touched = Vec::new();
    let mut swept = Vec::new();
    for (name, removed) in race(racers).await {
        touched.extend(name);
        swept.extend(removed);
    }
    touched.sort();
    swept.sort();
    assert_eq!(
        fixture.names().await,
        touched,
        "clients that were touched before the sweep stay"
    );
    let mut all = [touched, swept].concat();
    all.sort();
    assert_eq!(all, names, "each other client was swept once");
    let outcome = fixture.insert(fixture.insertion("new")).await;
    assert_eq!(outcome, inserted(), "another client can register");
}
