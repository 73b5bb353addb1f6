//! Random calls. They use few ids, keys, users and moments, so that they often concern the same client.

use std::{num::NonZeroU64, sync::Arc};

use crate::{
    client::Client,
    conformance::{
        random::Random,
        store::{
            audit::user,
            call::Call,
            fixture::{Fixture, hour, id, just_after},
            trial::Trial,
        },
    },
    store::{Activity, ClientStore, ClientUpdate, DuplicateKey, Sweep},
    types::{ErrorRedirectPolicy, Timestamp},
};

const IDS: [&str; 7] = ["a", "b", "c", "A", "aa", "a:b", "b:a"];

/// A random call, which often changes a stored client.
pub(super) fn call<S: ClientStore>(random: &mut Random, trial: &Trial<S>) -> Call {
    match random.below(100) {
        0..35 => insertion(random, &trial.fixture),
        35..51 => update(random, trial),
        51..59 => Call::Block {
            id: id(random.pick(&IDS)),
            blocked: random.chance(60),
        },
        59..66 => Call::Remove(id(random.pick(&IDS))),
        66..88 => Call::Touch {
            id: id(random.pick(&IDS)),
            activity: activity(random),
        },
        88..94 => Call::Sweep(sweep(random)),
        _ => Call::List {
            after: random.chance(60).then(|| id(random.pick(&IDS))),
            limit: random.pick(&[0, 1, 2, 3, u32::MAX]),
        },
    }
}

fn moment(random: &mut Random) -> Timestamp {
    let hours = hour(random.below(8));
    if random.chance(20) {
        just_after(hours)
    } else {
        hours
    }
}

fn client<S: ClientStore>(random: &mut Random, fixture: &Fixture<S>) -> Client {
    let name = format!("name {}", random.below(100));
    Client {
        issued_at: moment(random),
        blocked: random.chance(10),
        error_redirect_policy: random
            .chance(40)
            .then_some(ErrorRedirectPolicy::AllowAlways),
        ..fixture.named(random.pick(&IDS), &name)
    }
}

fn insertion<S: ClientStore>(random: &mut Random, fixture: &Fixture<S>) -> Call {
    let max = random.chance(60).then(|| 1 + random.below(6));
    Call::Insert {
        client: Arc::new(client(random, fixture)),
        key: random.chance(50).then(|| key(random)),
        max: max.and_then(NonZeroU64::new),
    }
}

/// One of four keys that differ in one or two bytes.
fn key(random: &mut Random) -> DuplicateKey {
    let mut bytes = [7; 32];
    let places = [&[][..], &[0], &[31], &[15, 16]];
    for place in random.pick(&places) {
        if let Some(byte) = bytes.get_mut(*place) {
            *byte = 8;
        }
    }
    DuplicateKey::from_bytes(bytes)
}

fn update<S: ClientStore>(random: &mut Random, trial: &Trial<S>) -> Call {
    let client = client(random, &trial.fixture);
    let stored = trial.state().rows().get(client.id());
    let next = stored.map_or(1, |row| row.client.revision().saturating_add(1));
    let revision = if random.chance(75) {
        next
    } else {
        random.below(4)
    };
    let update = ClientUpdate::new(Arc::new(Client { revision, ..client }));
    Call::Update(if random.chance(30) {
        update.without_duplicate_key()
    } else {
        update
    })
}

fn activity(random: &mut Random) -> Activity {
    if random.chance(20) {
        return Activity::registered_again(moment(random));
    }
    let live_until = random.chance(30).then(|| moment(random));
    let by = random.pick(&[None, Some(user(1)), Some(user(1)), Some(user(2))]);
    let max = random.chance(60).then(|| 1 + random.below(3));
    Activity::used(moment(random), live_until)
        .by(by)
        .max_clients_per_user(max.and_then(NonZeroU64::new))
}

fn sweep(random: &mut Random) -> Sweep {
    let mut sweep = Sweep::new();
    if random.chance(70) {
        sweep = sweep.unused_before(moment(random));
    }
    if random.chance(70) {
        sweep = sweep.idle_before(moment(random));
    }
    if random.chance(30) {
        sweep = sweep.limit(random.pick(&[0, 1, 2]));
    }
    sweep
}
