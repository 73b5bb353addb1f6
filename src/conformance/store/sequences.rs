//! Short sequences of calls, compared with the model of the contract.

use std::num::NonZeroU64;

use crate::{
    client::Client,
    conformance::store::{
        audit::user,
        call::Call,
        fixture::{Fixture, hour, id, insertion, key},
        trial::Trial,
    },
    store::{Activity, ClientStore, Sweep},
    types::Timestamp,
};

/// In a tenant that can evict no client, the key and the id are checked before the limit.
pub async fn a_full_tenant_still_finds_duplicates(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    put(&mut trial, "a", hour(0), Some(1), None).await;
    put(&mut trial, "b", hour(0), None, None).await;
    for name in ["a", "b"] {
        touch(&mut trial, name, Activity::used(hour(0), Some(hour(99)))).await;
    }
    for (name, byte) in [
        ("k", Some(1)),
        ("a", None),
        ("b", Some(1)),
        ("b", Some(2)),
        ("n", None),
    ] {
        for max in [2, 1] {
            put(&mut trial, name, hour(1), byte, Some(max)).await;
            trial.list().await;
        }
    }
    trial.audit().await;
}

/// An insertion that stores nothing leaves its id, its key and its place free.
pub async fn what_is_not_stored_reserves_nothing(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    put(&mut trial, "a", hour(0), Some(1), None).await;
    touch(&mut trial, "a", Activity::used(hour(0), None)).await;
    for (name, byte, max) in [
        // These fail: a duplicate, a full tenant and a taken id.
        ("b", Some(1), Some(9)),
        ("c", Some(2), Some(1)),
        ("a", Some(3), Some(9)),
        // These ids, keys and places are all free.
        ("b", Some(2), Some(2)),
        ("c", Some(3), Some(3)),
        ("d", None, Some(4)),
    ] {
        put(&mut trial, name, hour(0), byte, max).await;
    }
    trial.audit().await;
}

/// A client that reuses a removed client's id inherits no block, revision, usage, user or key. The calls are spread
/// over the nodes in every way.
pub async fn a_reused_id_starts_anew(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for skips in 0..16_u32 {
        let mut trial = Trial::new(fixture.another());
        let used = Activity::used(hour(3), None).by(Some(user(1)));
        put(&mut trial, "a", hour(2), Some(1), None).await;
        skip_turn(&mut trial, skips & 1).await;
        touch(&mut trial, "a", used).await;
        touch(&mut trial, "a", used.by(Some(user(2)))).await;
        for blocked in [true, false, true] {
            let id = id("a");
            trial.call(Call::Block { id, blocked }).await;
        }
        skip_turn(&mut trial, skips & 2).await;
        trial.call(Call::Remove(id("a"))).await;
        skip_turn(&mut trial, skips & 4).await;
        touch(&mut trial, "a", used).await;
        put(&mut trial, "a", hour(1), Some(2), None).await;
        skip_turn(&mut trial, skips & 8).await;
        trial.call(Call::Find(id("a"))).await;
        trial.call(Call::Find(id("a"))).await;
        touch(&mut trial, "a", used).await;
        touch(&mut trial, "a", used).await;
        trial.audit().await;
    }
}

/// Makes a call that changes nothing, so that the other node makes the next call.
async fn skip_turn<S: ClientStore>(trial: &mut Trial<S>, is_skipped: u32) {
    if is_skipped > 0 {
        trial.call(Call::Find(id("nobody"))).await;
    }
}

/// If clients are idle since almost the same moment, the longest idle client is evicted first, not the lowest id.
pub async fn a_millisecond_decides_who_is_evicted(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let moments = [("e", 0), ("d", 1), ("c", 999), ("b", 1_000), ("a", 59_999)];
    let at = |millis: u64| Timestamp::from_unix_millis(hour(1).unix_millis() + millis);
    for is_used in [false, true] {
        let mut trial = Trial::new(fixture.another());
        for (name, millis) in moments {
            put(&mut trial, name, at(millis), None, None).await;
            if is_used {
                touch(&mut trial, name, Activity::used(at(millis), None)).await;
            }
        }
        for (name, max) in [("x", 5), ("y", 5), ("z", 4)] {
            put(&mut trial, name, hour(30), None, Some(max)).await;
        }
        trial.audit().await;
    }
    let mut trial = Trial::new(fixture.another());
    put(&mut trial, "touched", hour(0), None, None).await;
    for (name, millis) in moments {
        put(&mut trial, name, hour(0), None, None).await;
        touch(&mut trial, name, used_by_first(at(millis))).await;
    }
    for (hours, max) in [(10, 5), (20, 4), (30, 2)] {
        let limit = NonZeroU64::new(max);
        let activity = used_by_first(hour(hours)).max_clients_per_user(limit);
        touch(&mut trial, "touched", activity).await;
    }
    trial.audit().await;
}

/// Sharing a client with a second user does not affect evictions for new clients, or sweeps.
pub async fn sharing_matters_only_to_its_user(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    for (name, hours) in [("shared", 1), ("a", 2), ("also-shared", 3), ("b", 4)] {
        put(&mut trial, name, hour(0), None, None).await;
        touch(&mut trial, name, used_by_first(hour(hours))).await;
    }
    for (name, hours) in [("shared", 1), ("also-shared", 3)] {
        touch(
            &mut trial,
            name,
            used_by_first(hour(hours)).by(Some(user(2))),
        )
        .await;
    }
    put(&mut trial, "new", hour(50), None, Some(4)).await;
    let sweep = Sweep::new().idle_before(hour(50));
    trial.call(Call::Sweep(sweep.limit(3))).await;
    trial.audit().await;
}

/// Blocked clients of a user do not count for the limit. They stay even if they have been idle for the longest time.
pub async fn blocked_clients_of_a_user_stay(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    for (name, hours) in [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4)] {
        put(&mut trial, name, hour(0), None, None).await;
        touch(&mut trial, name, used_by_first(hour(hours))).await;
    }
    for name in ["a", "c"] {
        let (id, blocked) = (id(name), true);
        trial.call(Call::Block { id, blocked }).await;
    }
    // Both blocked and other clients are touched.
    for (name, hours, max) in [("a", 10, 2), ("e", 20, 2), ("e", 30, 1), ("c", 40, 1)] {
        let limit = NonZeroU64::new(max);
        let activity = used_by_first(hour(hours)).max_clients_per_user(limit);
        touch(&mut trial, name, activity).await;
        trial.list().await;
    }
    trial.audit().await;
}

/// A sweep with a small limit finds the due clients, wherever they are in the order of ids and of times.
pub async fn a_sweep_finds_due_clients_anywhere(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    for (number, hours) in [5, 1, 6, 2, 7, 3, 8, 1].into_iter().enumerate() {
        for kind in ["unused", "used", "blocked"] {
            let name = format!("{number}-{kind}");
            put(&mut trial, &name, hour(hours), None, None).await;
            if kind != "unused" {
                touch(&mut trial, &name, Activity::used(hour(hours), None)).await;
            }
            if kind == "blocked" {
                let (id, blocked) = (id(&name), true);
                trial.call(Call::Block { id, blocked }).await;
            }
        }
    }
    let both = Sweep::new().unused_before(hour(3)).idle_before(hour(4));
    for sweep in [both.limit(1), both.limit(2), both.limit(9)] {
        trial.call(Call::Sweep(sweep)).await;
        trial.list().await;
    }
    trial.audit().await;
}

/// A use by the first user.
fn used_by_first(now: Timestamp) -> Activity {
    Activity::used(now, None).by(Some(user(1)))
}

async fn put<S: ClientStore>(
    trial: &mut Trial<S>,
    name: &str,
    issued_at: Timestamp,
    byte: Option<u8>,
    max: Option<u64>,
) {
    let client = Client {
        issued_at,
        ..trial.fixture.client(name)
    };
    let insertion = insertion(client)
        .deduplicated_by(byte.map(key))
        .max_clients(max.and_then(NonZeroU64::new));
    trial.call(Call::of(&insertion)).await;
}

async fn touch<S: ClientStore>(trial: &mut Trial<S>, name: &str, activity: Activity) {
    let id = id(name);
    trial.call(Call::Touch { id, activity }).await;
}
