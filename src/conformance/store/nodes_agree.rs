//! What one node has done, the other node sees.

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

/// After each change, both nodes read what there is, although they have read it before. A key that was free may be
/// taken, and a key that was taken may be free.
pub async fn every_change_is_seen_at_once(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = calls(&fixture);
    for change in calls.iter().filter(|call| !call.is_read()) {
        let cases = BOTH.map(|before| [(before, false), (before, true)]);
        let checks = cases.as_flattened().iter().map(|(before, is_of_second)| {
            let fixture = fixture.clone();
            see(fixture, change.clone(), *before, *is_of_second)
        });
        race(checks).await;
    }
}

/// The node that makes the change is the second, or the first.
async fn see<S: ClientStore>(
    fixture: Fixture<S>,
    change: Call,
    before: Before,
    is_of_second: bool,
) {
    let mut trial = prepared(&fixture, before).await;
    let change = trial.own(&change);
    see_all(&mut trial).await;
    if is_of_second {
        let (after, limit) = (None, 1);
        trial.call(Call::List { after, limit }).await;
    }
    trial.call(change).await;
    see_all(&mut trial).await;
    trial.audit().await;
}

/// Each node reads each client, and looks for each key.
async fn see_all<S: ClientStore>(trial: &mut Trial<S>) {
    trial.list().await;
    for id in trial.ids.clone() {
        for _ in 0..2 {
            trial.call(Call::Find(id.clone())).await;
        }
    }
    for key in trial.keys.clone() {
        for _ in 0..2 {
            look_for(trial, key).await;
        }
    }
}

/// Finds out whether a key is free by an insertion of a taken id, which stores nothing.
async fn look_for<S: ClientStore>(trial: &mut Trial<S>, key: DuplicateKey) {
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
