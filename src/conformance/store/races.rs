//! Two calls for one client at once.

use std::time::Duration;

use crate::{
    conformance::{
        random::{Random, seed},
        store::{
            call::Call,
            fixture::Fixture,
            prepared::{BOTH, Before, calls, detours, insertions, prepared},
            race::race,
            schedule::{AT_ONCE, Budget, MOST_WAITS},
        },
    },
    store::ClientStore,
};

/// After so long no further round of races begins.
const LONG_ENOUGH: Duration = Duration::from_secs(7);

/// How often each pair races in tasks of its own, on a quick store.
const ROUNDS: u32 = 12;

/// Each call stops where it waits for the first, second, third time, and any other call runs in between.
/// One of the two orders explains both outcomes and all that is there afterwards.
pub async fn interleaved_calls_have_an_order(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let pairs = pairs(&fixture);
    interleave_all(&fixture, pairs).await;
}

/// Each call stops where it waits, and in between a client is removed and comes back, or is blocked and
/// unblocked: what the call has read before is not what it writes over.
pub async fn a_call_notices_a_client_that_came_back(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let mut pairs = Vec::new();
    for before in BOTH {
        for first in calls(&fixture) {
            pairs.extend(detours(&fixture).into_iter().map(|others| Pair {
                before,
                first: first.clone(),
                others,
            }));
        }
    }
    interleave_all(&fixture, pairs).await;
}

/// Tries each pair where its first call waits for the first, second, third time, in any order: a slow store that does
/// not get through all of them tries others the next time.
async fn interleave_all<S: ClientStore>(fixture: &Fixture<S>, pairs: Vec<Pair>) {
    let budget = Budget::new(LONG_ENOUGH);
    let mut random = Random::new(seed());
    let mut left: Vec<(Pair, usize)> = pairs.into_iter().map(|pair| (pair, 0)).collect();
    while !left.is_empty() {
        let chosen = random.take(&mut left, AT_ONCE);
        let trials = chosen.into_iter().map(|(pair, waits)| {
            let fixture = fixture.clone();
            async move {
                let has_waited = interleave(&fixture, &pair, waits).await;
                (has_waited && waits < MOST_WAITS).then_some((pair, waits + 1))
            }
        });
        left.extend(race(trials).await.into_iter().flatten());
        let are_all_begun = left.iter().all(|(_, waits)| *waits > 0);
        if budget.is_overdrawn() || (budget.is_spent() && are_all_begun) {
            return;
        }
    }
}

/// Whether the first call has waited so often.
async fn interleave<S: ClientStore>(fixture: &Fixture<S>, pair: &Pair, waits: usize) -> bool {
    let mut trial = prepared(fixture, pair.before).await;
    let has_waited = trial.interleave(&pair.first, &pair.others, waits).await;
    trial.audit().await;
    has_waited
}

/// Both calls run in tasks of their own, on different nodes.
pub async fn racing_calls_have_an_order(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(LONG_ENOUGH);
    let pairs = pairs(&fixture);
    let mut random = Random::new(seed());
    for _ in 0..ROUNDS {
        let mut left = pairs.clone();
        while !left.is_empty() {
            let chosen = random.take(&mut left, AT_ONCE);
            let trials = chosen.into_iter().map(|pair| {
                let fixture = fixture.clone();
                async move {
                    let mut trial = prepared(&fixture, pair.before).await;
                    let Pair { first, others, .. } = &pair;
                    if let [second] = others.as_slice() {
                        trial.race(first, second).await;
                    }
                    trial.audit().await;
                }
            });
            race(trials).await;
            if budget.is_overdrawn() {
                return;
            }
        }
        if budget.is_spent() {
            return;
        }
    }
}

/// A call, the calls that it meets, and what the client is like before.
#[derive(Clone)]
struct Pair {
    before: Before,
    first: Call,
    others: Vec<Call>,
}

/// All pairs of calls, in both orders. Two calls that read are no race.
fn pairs<S: ClientStore>(fixture: &Fixture<S>) -> Vec<Pair> {
    let all = calls(fixture);
    let cases = [
        (Before::Unused, all.clone()),
        (Before::Used, all.clone()),
        (Before::OnlyEvictable, insertions(fixture)),
    ];
    let mut pairs = Vec::new();
    for (before, firsts) in cases {
        for first in firsts {
            let seconds = all.iter().filter(|it| !first.is_read() || !it.is_read());
            pairs.extend(seconds.map(|second| Pair {
                before,
                first: first.clone(),
                others: vec![second.clone()],
            }));
        }
    }
    pairs
}
