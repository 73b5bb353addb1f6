//! The store in memory against the one of the example: whatever is done to both, they answer the
//! same. One has indexes to keep in step; the other looks at every row.

use std::{num::NonZeroU64, sync::Arc};

use oauth_dcr::{
    Client, ClientId, MemoryStore, TenantId, Timestamp,
    store::{Activity, ClientStore, ClientUpdate, DuplicateKey, Insertion, Sweep},
};
use serde_json::json;

use super::example::MyStore;
use crate::support::dice::Dice;

/// How many histories are tried, and how long each is.
const HISTORIES: u64 = 300;
const STEPS: usize = 200;

fn moment(dice: &mut Dice) -> Timestamp {
    let hours = u64::try_from(dice.below(48)).unwrap();
    Timestamp::from_unix_millis(hours * 3_600_000 + u64::try_from(dice.below(2)).unwrap())
}

fn tenant(dice: &mut Dice) -> TenantId {
    TenantId::parse(dice.pick(&["t1", "t2"])).unwrap()
}

fn id(dice: &mut Dice) -> ClientId {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "A", "aa"];
    ClientId::parse(dice.pick(&ids)).unwrap()
}

fn client(dice: &mut Dice, revision: u64) -> Client {
    let record = json!({
        "version": 1, "tenant": tenant(dice), "client_id": id(dice), "issued_at": moment(dice),
        "security_mode": "strict", "revision": revision, "blocked": dice.chance(20),
        "metadata": {
            "redirect_uris": [format!("https://app.example.com/{}", dice.below(1000))],
            "token_endpoint_auth_method": "none",
        },
    });
    serde_json::from_value(record).unwrap()
}

fn touch(dice: &mut Dice) -> Activity {
    let until = dice.chance(40).then(|| moment(dice));
    Activity::used(moment(dice), until)
}

fn sweep(dice: &mut Dice) -> Sweep {
    let mut sweep = Sweep::new();
    if dice.chance(70) {
        sweep = sweep.unused_before(moment(dice));
    }
    // One kind at a time where the limit decides who goes: the order of kinds is nobody's rule.
    if sweep == Sweep::new() || dice.chance(30) {
        sweep = sweep.idle_before(moment(dice));
    }
    sweep
}

/// The step of a history, done to one store; what it came to.
async fn step(store: &impl ClientStore, mut dice: Dice, revision: u64) -> String {
    let dice = &mut dice;
    match dice.below(13) {
        0..=4 => {
            let max = dice.chance(60).then(|| dice.below(6) as u64);
            let key = dice
                .chance(50)
                .then(|| u8::try_from(dice.below(4)).unwrap());
            let insertion = Insertion::new(Arc::new(client(dice, 0)))
                .max_clients(max.and_then(NonZeroU64::new))
                .deduplicated_by(key.map(|key| DuplicateKey::from_bytes([key; 32])));
            format!("{:?}", store.insert(insertion).await.unwrap())
        }
        5 | 6 => {
            let update = ClientUpdate::new(Arc::new(client(dice, revision)));
            let removes_duplicate_key = dice.chance(30);
            let update = if removes_duplicate_key {
                update.without_duplicate_key()
            } else {
                update
            };
            format!("{:?}", store.update(update).await.unwrap())
        }
        7 => format!(
            "{:?}",
            store.remove(&tenant(dice), &id(dice)).await.unwrap()
        ),
        8 | 9 => {
            let touched = store.touch(&tenant(dice), &id(dice), touch(dice)).await;
            format!("{:?}", touched.unwrap())
        }
        10 => {
            let blocked = dice.chance(50);
            let set = store.set_blocked(&tenant(dice), &id(dice), blocked).await;
            format!("{:?}", set.unwrap())
        }
        11 => {
            let mut swept = store.sweep(&tenant(dice), sweep(dice)).await.unwrap();
            swept.sort();
            format!("{swept:?}")
        }
        _ => {
            let after = dice.chance(50).then(|| id(dice));
            let limit = u32::try_from(dice.below(5)).unwrap();
            let page = store.list(&tenant(dice), after.as_ref(), limit).await;
            format!("{:?}", page.unwrap())
        }
    }
}

#[tokio::test]
async fn both_stores_answer_the_same() {
    let mut outcomes = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..HISTORIES {
        let (own, example) = (MemoryStore::new(), MyStore::default());
        let mut dice = Dice(seed);
        for number in 0..STEPS {
            let (roll, revision) = (dice.roll(), dice.below(4) as u64);
            let expected = step(&example, Dice(roll), revision).await;
            let found = step(&own, Dice(roll), revision).await;
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
    // The histories came by everything that can happen.
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
