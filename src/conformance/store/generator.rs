//! Random calls for few ids, keys, users and moments, so that they often meet.

use std::{num::NonZeroU64, sync::Arc};

use crate::{
    client::Client,
    conformance::store::{
        audit::user,
        call::Call,
        fixture::{Fixture, hour, id, just_after},
        random::Dice,
        trial::Trial,
    },
    store::{Activity, ClientStore, ClientUpdate, DuplicateKey, Sweep},
    types::{ErrorRedirectPolicy, Timestamp},
};

const IDS: [&str; 7] = ["a", "b", "c", "A", "aa", "a:b", "b:a"];

/// A call that often does something to the clients that there are.
pub(super) fn call<S: ClientStore>(dice: &mut Dice, trial: &Trial<S>) -> Call {
    match dice.below(100) {
        0..35 => insertion(dice, &trial.fixture),
        35..51 => update(dice, trial),
        51..59 => Call::Block {
            id: id(dice.pick(&IDS)),
            blocked: dice.chance(60),
        },
        59..66 => Call::Remove(id(dice.pick(&IDS))),
        66..88 => Call::Touch {
            id: id(dice.pick(&IDS)),
            activity: activity(dice),
        },
        88..94 => Call::Sweep(sweep(dice)),
        _ => Call::List {
            after: dice.chance(60).then(|| id(dice.pick(&IDS))),
            limit: dice.pick(&[0, 1, 2, 3, u32::MAX]),
        },
    }
}

fn moment(dice: &mut Dice) -> Timestamp {
    let hours = hour(dice.below(8));
    if dice.chance(20) {
        just_after(hours)
    } else {
        hours
    }
}

fn client<S: ClientStore>(dice: &mut Dice, fixture: &Fixture<S>) -> Client {
    let name = format!("name {}", dice.below(100));
    Client {
        issued_at: moment(dice),
        blocked: dice.chance(10),
        error_redirect_policy: dice.chance(40).then_some(ErrorRedirectPolicy::AllowAlways),
        ..fixture.named(dice.pick(&IDS), &name)
    }
}

fn insertion<S: ClientStore>(dice: &mut Dice, fixture: &Fixture<S>) -> Call {
    let max = dice.chance(60).then(|| 1 + dice.below(6));
    Call::Insert {
        client: Arc::new(client(dice, fixture)),
        key: dice.chance(50).then(|| key(dice)),
        max: max.and_then(NonZeroU64::new),
    }
}

/// One of four keys that differ in a byte.
fn key(dice: &mut Dice) -> DuplicateKey {
    let mut bytes = [7; 32];
    let places = [&[][..], &[0], &[31], &[15, 16]];
    for place in dice.pick(&places) {
        if let Some(byte) = bytes.get_mut(*place) {
            *byte = 8;
        }
    }
    DuplicateKey::from_bytes(bytes)
}

fn update<S: ClientStore>(dice: &mut Dice, trial: &Trial<S>) -> Call {
    let client = client(dice, &trial.fixture);
    let stored = trial.state().rows().get(client.id());
    let next = stored.map_or(1, |row| row.client.revision().saturating_add(1));
    let revision = if dice.chance(75) { next } else { dice.below(4) };
    let update = ClientUpdate::new(Arc::new(Client { revision, ..client }));
    Call::Update(if dice.chance(30) {
        update.without_duplicate_key()
    } else {
        update
    })
}

fn activity(dice: &mut Dice) -> Activity {
    if dice.chance(20) {
        return Activity::registered_again(moment(dice));
    }
    let live_until = dice.chance(30).then(|| moment(dice));
    let by = dice.pick(&[None, Some(user(1)), Some(user(1)), Some(user(2))]);
    let max = dice.chance(60).then(|| 1 + dice.below(3));
    Activity::used(moment(dice), live_until)
        .by(by)
        .max_clients_per_user(max.and_then(NonZeroU64::new))
}

fn sweep(dice: &mut Dice) -> Sweep {
    let mut sweep = Sweep::new();
    if dice.chance(70) {
        sweep = sweep.unused_before(moment(dice));
    }
    if dice.chance(70) {
        sweep = sweep.idle_before(moment(dice));
    }
    if dice.chance(30) {
        sweep = sweep.limit(dice.pick(&[0, 1, 2]));
    }
    sweep
}
