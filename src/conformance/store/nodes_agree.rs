//! Each node sees the changes of the other node.

use crate::{
    client::Client,
    conformance::store::{
        call::Call,
        fixture::{Fixture, insertion},
        prepared::{BOTH, Before, calls, prepared},
        race::race,
        trial::Trial,
    },
    store::{ClientStore, DuplicateKey},
    types::Timestamp,
};

/// After each change, both nodes read the current clients and keys, although they have read the earlier ones before
/// the change.
pub async fn every_change_is_seen_at_once(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = calls(&fixture);
    for change in calls.iter().filter(|call| !call.is_read()) {
        let cases = BOTH.map(|before| [(before, false), (before, true)]);
        let checks = cases.as_flattened().iter().map(|(before, skips_turn)| {
            let fixture = fixture.clone();
            see_change(fixture, change.clone(), *before, *skips_turn)
        });
        race(checks).await;
    }
}

/// Makes the change on one of the nodes. With `skips_turn`, the other node makes it.
async fn see_change<S: ClientStore>(
    fixture: Fixture<S>,
    change: Call,
    before: Before,
    skips_turn: bool,
) {
    let mut trial = prepared(&fixture, before).await;
    let change = trial.localize(&change);
    see_all(&mut trial).await;
    if skips_turn {
        let (after, limit) = (None, 1);
        trial.call(Call::List { after, limit }).await;
    }
    trial.call(change).await;
    see_all(&mut trial).await;
    trial.audit().await;
}

/// Reads each client and checks each key on each node.
async fn see_all<S: ClientStore>(trial: &mut Trial<S>) {
    trial.list().await;
    for id in trial.ids.clone() {
        for _ in 0..2 {
            trial.call(Call::Find(id.clone())).await;
        }
    }
    for key in trial.keys.clone() {
        for _ in 0..2 {
            check_key(trial, key).await;
        }
    }
}

/// Checks whether a key is free by an insertion of a taken id, which stores nothing.
async fn check_key<S: ClientStore>(trial: &mut Trial<S>, key: DuplicateKey) {
    let Some(row) = trial.state().rows().values().next() else {
        return;
    };
    let client = Client {
        issued_at: Timestamp::from_unix_millis(0),
        ..Client::clone(&row.client)
    };
    let insertion = insertion(client).deduplicated_by(Some(key));
    trial.call(Call::of(&insertion)).await;
}
