//! What one node has done, the other node sees.

use crate::{
    conformance::store::{
        call::Call,
        fixture::Fixture,
        scene::{BOTH, calls, scene},
    },
    store::ClientStore,
};

/// After each change, both nodes read what there is, although they have read it before.
pub async fn every_change_is_seen_at_once(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = calls(&fixture);
    let changes = calls.iter().filter(|call| !call.is_read());
    for change in changes {
        for before in BOTH {
            for is_of_second in [false, true] {
                let mut trial = scene(&fixture, before).await;
                let change = change.within(&trial.fixture.tenant);
                trial.note(&change);
                trial.read().await;
                trial.look_up_keys().await;
                if is_of_second {
                    let (after, limit) = (None, 1);
                    trial.call(Call::List { after, limit }).await;
                }
                trial.call(change).await;
                trial.read().await;
                trial.look_up_keys().await;
            }
        }
    }
}
