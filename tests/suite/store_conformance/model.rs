//! The store in memory against the store of the example: both give the same answers to the same
//! calls. The first maintains indexes; the second looks at every row.

use std::{num::NonZeroU64, sync::Arc};

use oauth_dcr::{
    Client, ClientId, MemoryStore, TenantId, Timestamp,
    store::{Activity, ClientStore, ClientUpdate, DuplicateKey, Insertion, Sweep},
};
use serde_json::json;

use super::example::MyStore;
use crate::support::random::Random;

/// The number of histories, and the length of each.
const HISTORIES: u64 = 300;
const STEPS: usize = 200;

fn moment(random: &mut Random) -> Timestamp {
    let hours = u64::try_from(random.below(48)).unwrap();
    Timestamp::from_unix_millis(hours * 3_600_000 + u64::try_from(random.below(2)).unwrap())
}

fn tenant(random: &mut Random) -> TenantId {
    TenantId::parse(random.pick(&["t1", "t2"])).unwrap()
}

fn id(random: &mut Random) -> ClientId {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "A", "aa"];
    ClientId::parse(random.pick(&ids)).unwrap()
}

fn client(random: &mut Random, revision: u64) -> Client {
    let record = json!({
        "version": 1, "tenant": tenant(random), "client_id": id(random), "issued_at": moment(random),
        "security_mode": "strict", "revision": revision, "blocked": random.chance(20),
        "metadata": {
            "redirect_uris": [format!("https://app.example.com/{}", random.below(1000))],
            "token_endpoint_auth_method": "none",
        },
    });
    serde_json::from_value(record).unwrap()
}

fn touch(random: &mut Random) -> Activity {
    let until = random.chance(40).then(|| moment(random));
    Activity::used(moment(random), until)
}

fn sweep(random: &mut Random) -> Sweep {
    let mut sweep = Sweep::new();
    if random.chance(70) {
        sweep = sweep.unused_before(moment(random));
    }
    // Only one kind at a time, because no rule gives the order of eviction of different kinds.
    if sweep == Sweep::new() || random.chance(30) {
        sweep = sweep.idle_before(moment(random));
    }
    sweep
}

/// The step of a history, applied to one store, and its outcome.
async fn step(store: &impl ClientStore, mut random: Random, revision: u64) -> String {
    let random = &mut random;
    match random.below(13) {
        0..=4 => {
            let max = random.chance(60).then(|| random.below(6) as u64);
            let key = random
                .chance(50)
                .then(|| u8::try_from(random.below(4)).unwrap());
            let insertion = Insertion::new(Arc::new(client(random, 0)))
                .max_clients(max.and_then(NonZeroU64::new))
                .deduplicated_by(key.map(|key| DuplicateKey::from_bytes([key; 32])));
            format!("{:?}", store.insert(insertion).await.unwrap())
        }
        5 | 6 => {
            let update = ClientUpdate::new(Arc::new(client(random, revision)));
            let removes_duplicate_key = random.chance(30);
            let update = if removes_duplicate_key {
                update.without_duplicate_key()
            } else {
                update
            };
            format!("{:?}", store.update(update).await.unwrap())
        }
        7 => format!(
            "{:?}",
            store.remove(&tenant(random), &id(random)).await.unwrap()
        ),
        8 | 9 => {
            let touched = store
                .touch(&tenant(random), &id(random), touch(random))
                .await;
            format!("{:?}", touched.unwrap())
        }
        10 => {
            let blocked = random.chance(50);
            let set = store
                .set_blocked(&tenant(random), &id(random), blocked)
                .await;
            format!("{:?}", set.unwrap())
        }
        11 => {
            let mut swept = store.sweep(&tenant(random), sweep(random)).await.unwrap();
            swept.sort();
            format!("{swept:?}")
        }
        _ => {
            let after = random.chance(50).then(|| id(random));
            let limit = u32::try_from(random.below(5)).unwrap();
            let page = store.list(&tenant(random), after.as_ref(), limit).await;
            format!("{:?}", page.unwrap())
        }
    }
}

#[tokio::test]
async fn both_stores_answer_the_same() {
    let mut outcomes = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..HISTORIES {
        let (own, example) = (MemoryStore::new(), MyStore::default());
        let mut random = Random(seed);
        for number in 0..STEPS {
            let (next_u64, revision) = (random.next_u64(), random.below(4) as u64);
            let expected = step(&example, Random(next_u64), revision).await;
            let found = step(&own, Random(next_u64), revision).await;
            assert_eq!(found, expected, "step {number} of history {seed}");
            let kind = found.split(['(', ' ']).next().unwrap().to_owned();
            *outcomes.entry(kind).or_default() += 1;
        }
        for tenant in ["t1", "t2"].map(|name| TenantId::parse(name).unwrap()) {
            let found = own.list(&tenant, None, 1000).await.unwrap();
            let expected = example.list(&tenant, None, 1000).await.unwrap();
            assert_eq!(found, expected, "after history {seed}");
        }
    }
    // Everything that can happen has happened in these histories.
    for kind in [
        "Inserted",
        "IdTaken",
        "Duplicate",
        "Full",
        "Updated",
        "Changed",
        "Missing",
        "Removed",
        "Written",
        "Unchanged",
    ] {
        let seen = outcomes.get(kind).copied().unwrap_or_default();
        assert!(seen > 50, "{kind} was seen {seen} times: {outcomes:?}");
    }
}
