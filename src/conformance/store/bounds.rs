//! The smallest and the largest values.

use std::num::NonZeroU64;

use crate::{
    client::Client,
    conformance::store::{
        audit::user,
        call::Call,
        fixture::{Fixture, hour, id, insertion, just_after},
        trial::{Trial, insert},
    },
    store::{Activity, ClientStore, ClientUpdate, Sweep},
    types::Timestamp,
};

/// Large limits. Many of them would become 1 in an integer of too few bits.
const LARGE: [u64; 8] = [
    (1 << 8) + 1,
    (1 << 16) + 1,
    (1 << 31) + 1,
    (1 << 32) + 1,
    (1 << 53) + 1,
    (1 << 63) - 1,
    (1 << 63) + 1,
    u64::MAX,
];

/// A limit of a tenant or of a user evicts no client if it is far above the number of clients.
pub async fn a_large_limit_evicts_no_client(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    for name in ["a", "b", "c"] {
        trial.call(insert(trial.fixture.client(name))).await;
        touch(&mut trial, name, used(hour(0))).await;
    }
    for (number, max) in LARGE.into_iter().enumerate() {
        let max = NonZeroU64::new(max);
        let client = trial.fixture.client(&format!("large-{number}"));
        let limited = insertion(client).max_clients(max);
        trial.call(Call::of(&limited)).await;
        let later = u64::try_from(number).unwrap_or_default() * 2 + 2;
        touch(&mut trial, "a", used(hour(later)).max_clients_per_user(max)).await;
    }
    trial.audit().await;
}

/// Clients register, and are used, at the first and at the last possible moment.
pub async fn the_first_and_last_moments_are_valid(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let start = Timestamp::from_unix_millis(0);
    let last = Timestamp::MAX;
    let before_last = Timestamp::from_unix_millis(last.unix_millis() - 1);
    for before in [start, just_after(start), before_last, last] {
        let mut trial = Trial::new(fixture.another());
        for (number, at) in [start, just_after(start), before_last, last]
            .into_iter()
            .enumerate()
        {
            for name in ["unused", "used", "granted"] {
                let client = Client {
                    issued_at: at,
                    ..trial.fixture.client(&format!("{name}-{number}"))
                };
                trial.call(insert(client)).await;
            }
            touch(
                &mut trial,
                &format!("used-{number}"),
                Activity::used(at, None),
            )
            .await;
            let granted = Activity::used(start, Some(at));
            touch(&mut trial, &format!("granted-{number}"), granted).await;
        }
        let client = Client {
            issued_at: before,
            ..trial.fixture.client("new")
        };
        let limited = insertion(client).max_clients(NonZeroU64::new(9));
        trial.call(Call::of(&limited)).await;
        for sweep in [
            Sweep::new().unused_before(before),
            Sweep::new().idle_before(before),
        ] {
            trial.call(Call::Sweep(sweep)).await;
            trial.list().await;
        }
        trial.audit().await;
    }
}

/// If clients are idle since the same moment, the client with the lowest id is evicted first. This holds for the
/// limits of tenants and of users.
pub async fn the_lowest_id_goes_first_of_equals(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for is_used in [false, true] {
        let mut trial = Trial::new(fixture.another());
        for name in ["m", "z", "B", "a", "aa", "_", "9", "10", "Z", "-"] {
            trial.call(insert(trial.fixture.client(name))).await;
            if is_used {
                touch(&mut trial, name, used(hour(0))).await;
            }
        }
        for (name, places) in [("n", 10), ("o", 8), ("p", 5)] {
            let client = Client {
                issued_at: hour(30),
                ..trial.fixture.client(name)
            };
            let limited = insertion(client).max_clients(NonZeroU64::new(places));
            trial.call(Call::of(&limited)).await;
        }
        for (hours, max) in [(40, 3), (50, 2), (60, 1)] {
            let activity = used(hour(hours)).max_clients_per_user(NonZeroU64::new(max));
            touch(&mut trial, "z", activity).await;
        }
        trial.audit().await;
    }
}

/// "At most 100 at once": an activity evicts the longest idle clients first.
pub async fn a_user_loses_at_most_100_clients_at_once(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    for number in 0..104 {
        let name = format!("{number:03}");
        trial.call(insert(trial.fixture.client(&name))).await;
        touch(&mut trial, &name, used(hour(number % 7))).await;
    }
    for hours in [20, 30, 40] {
        let activity = used(hour(hours)).max_clients_per_user(NonZeroU64::new(2));
        touch(&mut trial, "050", activity).await;
        trial.list().await;
    }
}

/// Revisions count up to the largest number of 64 bits.
pub async fn a_revision_may_be_large(store: impl ClientStore) {
    let mut trial = Trial::new(Fixture::new(store));
    for (name, revision) in [
        ("a", u64::from(u32::MAX)),
        ("b", (1 << 53) - 1),
        ("c", (1 << 63) - 2),
        ("d", (1 << 63) - 1),
        ("e", u64::MAX - 2),
    ] {
        let client = Client {
            revision,
            ..trial.fixture.client(name)
        };
        trial.call(insert(client.clone())).await;
        let blocked = true;
        let id = id(name);
        trial.call(Call::Block { id, blocked }).await;
        for revision in [0, 1, revision, revision + 1, revision + 2, 0] {
            let update = Client {
                revision,
                ..client.clone()
            };
            let update = ClientUpdate::new(update.into());
            trial.call(Call::Update(update)).await;
        }
        trial.read().await;
    }
}

/// A use by the first user.
fn used(now: Timestamp) -> Activity {
    Activity::used(now, None).by(Some(user(1)))
}

async fn touch<S: ClientStore>(trial: &mut Trial<S>, name: &str, activity: Activity) {
    let id = id(name);
    trial.call(Call::Touch { id, activity }).await;
}
