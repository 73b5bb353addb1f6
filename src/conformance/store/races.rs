//! Two calls for one client at once.

use std::time::Duration;

use crate::{
    conformance::store::{
        call::Call,
        fixture::Fixture,
        scene::{BOTH, Before, calls, scene},
        schedule::{Budget, MOST_WAITS},
    },
    store::ClientStore,
};

/// After so long no further round of races begins. The first round is always complete.
const LONG_ENOUGH: Duration = Duration::from_secs(8);

/// How often each pair races in tasks of its own, on a quick store.
const ROUNDS: u32 = 8;

/// Each call stops where it waits for the first, second, third time, and any other call runs in between.
/// One of the two orders explains both outcomes and all that is there afterwards.
pub async fn interleaved_calls_have_an_order(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(LONG_ENOUGH);
    let mut pairs = pairs(&fixture);
    for waits in 0..=MOST_WAITS {
        let mut longer = Vec::new();
        for before in BOTH {
            for pair in &pairs {
                let [first, second] = pair;
                let has_waited = interleave(&fixture, before, [first, second], waits).await;
                if has_waited && matches!(before, Before::Unused) {
                    longer.push(pair.clone());
                }
            }
            if budget.is_spent() {
                return;
            }
        }
        pairs = longer;
    }
}

async fn interleave<S: ClientStore>(
    fixture: &Fixture<S>,
    before: Before,
    pair: [&Call; 2],
    waits: usize,
) -> bool {
    let mut trial = scene(fixture, before).await;
    let has_waited = trial.interleave(pair, waits).await;
    trial.audit().await;
    has_waited
}

/// Both calls run in tasks of their own, on different nodes.
pub async fn racing_calls_have_an_order(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(LONG_ENOUGH);
    let pairs = pairs(&fixture);
    for _ in 0..ROUNDS {
        for before in BOTH {
            for [first, second] in &pairs {
                let mut trial = scene(&fixture, before).await;
                trial.race([first, second]).await;
                trial.audit().await;
            }
            if budget.is_spent() {
                return;
            }
        }
    }
}

/// All pairs of calls, in both orders. Two calls that read are no race.
fn pairs<S: ClientStore>(fixture: &Fixture<S>) -> Vec<[Call; 2]> {
    let calls = calls(fixture);
    let pairs = calls.iter().flat_map(|first| {
        let seconds = calls.iter().filter(|it| !first.is_read() || !it.is_read());
        seconds.map(|second| [first.clone(), second.clone()])
    });
    pairs.collect()
}
