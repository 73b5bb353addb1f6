//! Two calls that concern one client and overlap.

use std::time::Duration;

use crate::{
    conformance::{
        random::{Random, seed},
        store::{
            call::Call,
            fixture::Fixture,
            prepared::{BOTH, Before, calls, detours, insertions, prepared},
            race::race,
            schedule::{AT_ONCE, Budget, MAX_WAITS},
        },
    },
    store::ClientStore,
};

/// No further round of races begins after this time.
const TIME_LIMIT: Duration = Duration::from_secs(7);

/// The largest number of races of each pair in separate tasks.
const ROUNDS: u32 = 12;

/// Pauses each call where it waits for the first time, then for the second time, and so on, and runs each other call
/// in between. One of the two orders explains both outcomes and the clients that are stored afterwards.
pub async fn interleaved_calls_have_an_order(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let pairs = pairs(&fixture);
    interleave_all(&fixture, pairs).await;
}

/// Pauses each call where it waits. In between, a client is removed and inserted again, or blocked and unblocked. The
/// paused call must not overwrite these changes with what it has read before.
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

/// Tries each pair with the first call paused after more and more waits. The order is random, so that a run on a slow
/// store, which ends before all cases are tried, tries other cases the next time.
async fn interleave_all<S: ClientStore>(fixture: &Fixture<S>, pairs: Vec<Pair>) {
    let budget = Budget::new(TIME_LIMIT);
    let mut random = Random::new(seed());
    let mut left: Vec<(Pair, usize)> = pairs.into_iter().map(|pair| (pair, 0)).collect();
    while !left.is_empty() {
        let chosen = random.take(&mut left, AT_ONCE);
        let trials = chosen.into_iter().map(|(pair, waits)| {
            let fixture = fixture.clone();
            async move {
                let has_waited = interleave(&fixture, &pair, waits).await;
                (has_waited && waits < MAX_WAITS).then_some((pair, waits + 1))
            }
        });
        left.extend(race(trials).await.into_iter().flatten());
        let are_all_begun = left.iter().all(|(_, waits)| *waits > 0);
        if budget.is_overdrawn() || (budget.is_spent() && are_all_begun) {
            return;
        }
    }
}

/// Returns whether the first call was paused, because it waited more than `waits` times.
async fn interleave<S: ClientStore>(fixture: &Fixture<S>, pair: &Pair, waits: usize) -> bool {
    let mut trial = prepared(fixture, pair.before).await;
    let has_waited = trial.interleave(&pair.first, &pair.others, waits).await;
    trial.audit().await;
    has_waited
}

/// Both calls run in separate tasks, on different nodes.
pub async fn racing_calls_have_an_order(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(TIME_LIMIT);
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

/// A call, the calls that overlap with it, and the state of the client before.
#[derive(Clone)]
struct Pair {
    before: Before,
    first: Call,
    others: Vec<Call>,
}

/// All pairs of calls in both orders, except pairs of two reading calls, which cannot conflict.
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
            let is_race = |second: &&Call| !first.is_read() || !second.is_read();
            let seconds = all.iter().filter(is_race);
            pairs.extend(seconds.map(|second| Pair {
                before,
                first: first.clone(),
                others: vec![second.clone()],
            }));
        }
    }
    pairs
}
